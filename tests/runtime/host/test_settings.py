"""The settings: from the environment alone, frozen, and wrong ones refused by name."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from runtime.host.settings import (
    Settings,
    SettingsError,
    described,
    is_secret,
    read_settings,
    variable,
)

SECRET = "s3cret"  # noqa: S105 - made up


def refused(**environment: str) -> list[str]:
    """Return what is said of settings that are wrong, a line each."""
    with pytest.raises(SettingsError) as error:
        read_settings({f"THERAPY_{name.upper()}": text for name, text in environment.items()})
    return str(error.value).splitlines()


def test_an_empty_environment_gives_the_defaults() -> None:
    """Every setting has a default; what is not ours in the environment is left alone."""
    settings = read_settings({"PATH": "/bin", "HOME": "/root"})
    assert settings == Settings()
    assert settings.kafka_bootstrap_servers == ("localhost:9092",)


def test_settings_do_not_change() -> None:
    """They are read once."""
    settings = read_settings({})
    with pytest.raises(ValidationError):
        settings.http_port = 1  # type: ignore[misc]


def test_servers_are_parted_by_commas() -> None:
    """Spaces around them are nothing, and an address in brackets is one."""
    settings = read_settings({"THERAPY_KAFKA_BOOTSTRAP_SERVERS": "a:9092, b.c:9093,[::1]:9094"})
    assert settings.kafka_bootstrap_servers == ("a:9092", "b.c:9093", "[::1]:9094")


def test_an_empty_variable_is_not_set() -> None:
    """A manifest may leave one empty."""
    assert read_settings({"THERAPY_GROUP_INSTANCE_ID": ""}).group_instance_id is None
    assert read_settings({"THERAPY_HTTP_PORT": ""}).http_port == Settings().http_port


def test_words_may_be_in_any_case() -> None:
    """Closed words are told apart by their letters alone."""
    settings = read_settings(
        {
            "THERAPY_LOG_LEVEL": "WARNING",
            "THERAPY_KAFKA_SECURITY_PROTOCOL": "ssl",
            "THERAPY_KAFKA_COMPRESSION": "LZ4",
        }
    )
    assert settings.log_level == "warning"
    assert settings.kafka_security_protocol == "SSL"
    assert settings.kafka_compression == "lz4"


@pytest.mark.parametrize(
    ("environment", "why"),
    [
        ({"http_port": "99999"}, "THERAPY_HTTP_PORT: input should be less than or equal to 65535"),
        ({"http_port": "eighty"}, "THERAPY_HTTP_PORT: input should be a valid integer"),
        ({"log_level": "loud"}, "THERAPY_LOG_LEVEL: input should be 'debug'"),
        (
            {"kafka_bootstrap_servers": "kafka"},
            "THERAPY_KAFKA_BOOTSTRAP_SERVERS: wanted: HOST:PORT",
        ),
        ({"kafka_bootstrap_servers": ","}, "THERAPY_KAFKA_BOOTSTRAP_SERVERS: no server is named"),
        ({"kafka_tls_ca_file": "/no/such"}, "THERAPY_KAFKA_TLS_CA_FILE: the file cannot be read"),
        ({"group_instance_id": "a b"}, "THERAPY_GROUP_INSTANCE_ID: wanted: letters, digits"),
        ({"redis_url": "http://x"}, "THERAPY_REDIS_URL: wanted: redis://"),
        ({"htpp_port": "1"}, "THERAPY_HTPP_PORT: there is no such setting"),
        ({"kafka_security_protocol": "SASL_SSL"}, "THERAPY_KAFKA_SECURITY_PROTOCOL: SASL needs"),
        ({"kafka_heartbeat_ms": "20000"}, "THERAPY_KAFKA_HEARTBEAT_MS: more than a third of"),
        ({"waiting_records": "10"}, "THERAPY_WAITING_RECORDS: less than THERAPY_BATCH_RECORDS"),
        ({"kafka_tls_cert_file": "/dev/null"}, "THERAPY_KAFKA_TLS_CERT_FILE: it needs"),
    ],
)
def test_a_wrong_setting_is_refused_by_name(environment: dict[str, str], why: str) -> None:
    """The name is said, and why."""
    (said,) = refused(**environment)
    assert said.startswith(why)


def test_all_that_is_wrong_is_said_at_once() -> None:
    """Nobody mends them one by one."""
    assert len(refused(http_port="-1", log_level="loud", no_such="1")) == 3


def test_the_value_of_a_secret_is_never_said() -> None:
    """Neither where it is wrong nor where the settings are shown."""
    (said,) = refused(redis_url=f"http://:{SECRET}@redis")
    assert SECRET not in said
    settings = read_settings(
        {"THERAPY_REDIS_URL": f"redis://:{SECRET}@redis", "THERAPY_KAFKA_SASL_PASSWORD": SECRET}
    )
    assert SECRET not in f"{settings!r} {settings}"


def test_a_secret_may_stand_in_a_file(tmp_path: Path) -> None:
    """The end of its last line is no part of it."""
    file = tmp_path / "password"
    file.write_text(f"{SECRET}\n", encoding="utf-8")
    settings = read_settings({"THERAPY_REDIS_PASSWORD_FILE": str(file)})
    assert settings.redis_password is not None
    assert settings.redis_password.get_secret_value() == SECRET


def test_a_secret_stands_in_one_place(tmp_path: Path) -> None:
    """Of two places nobody could say which holds."""
    (said,) = refused(redis_password=SECRET, redis_password_file=str(tmp_path))
    assert said == "THERAPY_REDIS_PASSWORD_FILE: THERAPY_REDIS_PASSWORD is set as well"
    (said,) = refused(redis_password_file=str(tmp_path / "none"))
    assert said == "THERAPY_REDIS_PASSWORD_FILE: the file cannot be read (FileNotFoundError)"
    (said,) = refused(http_port_file=str(tmp_path))
    assert said == "THERAPY_HTTP_PORT_FILE: there is no such setting"


def test_what_kubernetes_writes_is_left_alone() -> None:
    """It names a service called therapy-units to every pod beside it, in words like ours."""
    links = {
        "THERAPY_UNITS_SERVICE_HOST": "10.0.0.7",
        "THERAPY_UNITS_SERVICE_PORT": "8080",
        "THERAPY_UNITS_SERVICE_PORT_HTTP": "8080",
        "THERAPY_UNITS_PORT": "tcp://10.0.0.7:8080",
        "THERAPY_UNITS_PORT_8080_TCP_ADDR": "10.0.0.7",
    }
    assert read_settings(links) == Settings()
    assert refused(units_port="tcp://10.0.0.7:8080") == [
        "THERAPY_UNITS_PORT: there is no such setting"
    ]


def test_every_setting_is_described() -> None:
    """Each has a sentence, each number a unit but for the port, each secret its file."""
    rows = {each.variable: each for each in described()}
    assert list(rows) == [variable(field) for field in Settings.model_fields]
    for field, info in Settings.model_fields.items():
        row = rows[variable(field)]
        assert row.said
        assert (f"{variable(field)}_FILE" in row.said) is is_secret(info)
        assert bool(row.unit) is (info.annotation is int and field != "http_port")
        assert bool(row.allowed) >= (info.annotation is int)
    assert rows["THERAPY_HTTP_PORT"].allowed == "0 to 65535"
    assert rows["THERAPY_LOG_LEVEL"].allowed == "debug, info, warning, error"
    assert rows["THERAPY_GROUP_INSTANCE_ID"].default == "–"


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("rediss://redis:6380?ssl_cert_reqs=none", "how TLS is checked is said by"),
        ("rediss://redis:6380?ssl_check_hostname=False", "how TLS is checked is said by"),
        ("redis://:s3/cret@redis:6379", "it is no URL"),
        ("redis://:s3cret\N{FULLWIDTH NUMBER SIGN}@redis", "it is no URL"),
    ],
)
def test_a_url_of_redis_leaves_nothing_unchecked(url: str, why: str) -> None:
    """Nor is a password in one that cannot be read ever said."""
    with pytest.raises(SettingsError, match=f"THERAPY_REDIS_URL: {why}") as wrong:
        read_settings({"THERAPY_REDIS_URL": url})
    assert "s3" not in str(wrong.value)


def test_a_password_does_not_travel_in_the_clear() -> None:
    """PLAIN needs TLS; SCRAM shows no password, but what it protects is in the clear."""
    told = {
        "THERAPY_KAFKA_SECURITY_PROTOCOL": "SASL_PLAINTEXT",
        "THERAPY_KAFKA_SASL_USERNAME": "units",
        "THERAPY_KAFKA_SASL_PASSWORD": "pw",
    }
    assert read_settings(told).has_sasl
    with pytest.raises(SettingsError, match="PLAIN shows the password without TLS"):
        read_settings(told | {"THERAPY_KAFKA_SASL_MECHANISM": "PLAIN"})
