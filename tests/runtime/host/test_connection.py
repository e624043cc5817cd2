"""How the clients of Kafka and Redis are told to connect."""

import ssl
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from redis.asyncio.connection import parse_url

from runtime.host.app import build_broker
from runtime.host.connection import kafka_settings, kafka_tls, redis_settings
from runtime.host.settings import SettingsError, read_settings


def test_kafka_is_spoken_to_in_the_clear_by_default() -> None:
    """Nothing is checked and nobody logs in, until the protocol says so."""
    told = kafka_settings(read_settings({}))
    assert told.security_protocol == "PLAINTEXT"
    assert told.ssl_context is None
    assert told.bootstrap_servers == "localhost:9092"


def test_a_login_goes_to_every_client_of_kafka() -> None:
    """The engine's clients and FastStream's consumer log in as the same."""
    settings = read_settings(
        {
            "THERAPY_KAFKA_SECURITY_PROTOCOL": "sasl_ssl",
            "THERAPY_KAFKA_SASL_MECHANISM": "scram-sha-256",
            "THERAPY_KAFKA_SASL_USERNAME": "units",
            "THERAPY_KAFKA_SASL_PASSWORD": "pw",
        }
    )
    told = kafka_settings(settings)
    assert isinstance(told.ssl_context, ssl.SSLContext)
    assert told.ssl_context.verify_mode is ssl.CERT_REQUIRED
    assert told.ssl_context.check_hostname
    assert told.ssl_context.minimum_version is ssl.TLSVersion.TLSv1_2
    ours = told.connection()
    theirs = build_broker(settings)._connection_kwargs  # noqa: SLF001
    names = ("security_protocol", "sasl_mechanism", "sasl_plain_username", "sasl_plain_password")
    assert [ours[name] for name in names] == ["SASL_SSL", "SCRAM-SHA-256", "units", "pw"]
    assert [theirs[name] for name in names] == [ours[name] for name in names]
    assert "pw" not in repr(told)


def test_no_compression_is_none() -> None:
    """The word none is no codec's name."""
    assert kafka_settings(read_settings({"THERAPY_KAFKA_COMPRESSION": "none"})).compression is None


def test_an_authority_that_is_none_is_refused(tmp_path: Path) -> None:
    """A file without a certificate stops the start by its setting's name."""
    file = tmp_path / "ca.pem"
    file.write_text("not a certificate", encoding="utf-8")
    settings = read_settings(
        {"THERAPY_KAFKA_SECURITY_PROTOCOL": "SSL", "THERAPY_KAFKA_TLS_CA_FILE": str(file)}
    )
    with pytest.raises(SettingsError, match="THERAPY_KAFKA_TLS_CA_FILE: there is no certificate"):
        kafka_tls(settings)


def test_a_certificate_that_is_none_is_refused(tmp_path: Path) -> None:
    """So does a certificate of ours that does not go with its key."""
    file = tmp_path / "own.pem"
    file.write_text("not a certificate", encoding="utf-8")
    settings = read_settings(
        {
            "THERAPY_KAFKA_SECURITY_PROTOCOL": "SSL",
            "THERAPY_KAFKA_TLS_CERT_FILE": str(file),
            "THERAPY_KAFKA_TLS_KEY_FILE": str(file),
        }
    )
    with pytest.raises(SettingsError, match="THERAPY_KAFKA_TLS_CERT_FILE"):
        kafka_tls(settings)


def test_a_password_of_redis_goes_into_its_url() -> None:
    """It is quoted, since it may hold anything; one in the URL comes before it."""
    told = redis_settings(
        read_settings(
            {
                "THERAPY_REDIS_URL": "redis://units@redis:6379/2",
                "THERAPY_REDIS_PASSWORD": "a/b@c d",
            }
        )
    )
    parsed = parse_url(told.url)
    assert (parsed["username"], parsed["password"]) == ("units", "a/b@c d")
    assert (parsed["host"], parsed["port"], parsed["db"]) == ("redis", 6379, 2)
    stated = redis_settings(
        read_settings(
            {"THERAPY_REDIS_URL": "redis://:own@redis", "THERAPY_REDIS_PASSWORD": "other"}
        )
    )
    assert parse_url(stated.url)["password"] == "own"  # noqa: S105 - made up


def test_files_of_tls_go_into_the_url_of_redis(tmp_path: Path) -> None:
    """They are named only where the URL asks for TLS."""
    file = tmp_path / "ca.pem"
    file.write_text("", encoding="utf-8")
    named = {"THERAPY_REDIS_TLS_CA_FILE": str(file)}
    secure = redis_settings(read_settings(named | {"THERAPY_REDIS_URL": "rediss://redis:6380"}))
    stated = parse_qs(urlsplit(secure.url).query)
    assert stated == {"ssl_ca_certs": [str(file)], "ssl_min_version": ["771"]}
    clear = redis_settings(read_settings(named | {"THERAPY_REDIS_URL": "redis://redis:6379"}))
    assert urlsplit(clear.url).query == ""
