"""What a process is told by its environment: one frozen object, read once, before anything starts.

A field ``http_port`` is the variable ``THERAPY_HTTP_PORT``. A secret may come as a file instead,
whose path stands in the variable with ``_FILE`` behind its name.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, get_args, get_origin
from urllib.parse import urlsplit

from annotated_types import Ge, Le
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
)
from pydantic.config import JsonDict
from pydantic.fields import FieldInfo

PREFIX = "THERAPY_"
FILE_SUFFIX = "_FILE"
UNSET = "–"
IN_THE_CLEAR = ("SASL_PLAINTEXT", "PLAIN")
SERVER = re.compile(r"[^\s:/]+:\d{1,5}|\[[0-9A-Fa-f:]+\]:\d{1,5}")
INSTANCE_ID = re.compile(r"[A-Za-z0-9._-]{1,249}")


class SettingsError(ValueError):
    """Settings that are wrong, each by its name and why; no value of a secret is said."""


def _split(text: object) -> object:
    if not isinstance(text, str):
        return text
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _servers(servers: tuple[str, ...]) -> tuple[str, ...]:
    if not servers:
        raise ValueError("no server is named")
    if not all(SERVER.fullmatch(server) for server in servers):
        raise ValueError("wanted: HOST:PORT, several with commas between them")
    return servers


def _redis_url(url: SecretStr) -> SecretStr:
    if not url.get_secret_value().startswith(("redis://", "rediss://", "unix://")):
        raise ValueError("wanted: redis://, rediss:// (TLS) or unix://")
    try:
        parsed = urlsplit(url.get_secret_value())
        _port = parsed.port
    except ValueError:
        # Its own words would quote the password.
        raise ValueError("it is no URL; a password's / : @ # ? are written as %2F …") from None
    if "ssl_" in parsed.query:
        # Else a certificate could be left unchecked by the way.
        raise ValueError("how TLS is checked is said by THERAPY_REDIS_TLS_CA_FILE and the others")
    return url


def _http_url(url: str) -> str:
    if not url.startswith(("http://", "https://")):
        raise ValueError("wanted: http:// or https://")
    return url


def _readable(path: Path) -> Path:
    try:
        path.open("rb").close()
    except OSError as error:
        raise ValueError(f"the file cannot be read ({error.strerror})") from None
    return path


def _instance_id(name: str) -> str:
    if not INSTANCE_ID.fullmatch(name):
        raise ValueError("wanted: letters, digits, dots, underscores and hyphens, at most 249")
    return name


def _lower(text: object) -> object:
    return text.lower() if isinstance(text, str) else text


def _upper(text: object) -> object:
    return text.upper() if isinstance(text, str) else text


Servers = Annotated[tuple[str, ...], BeforeValidator(_split), AfterValidator(_servers)]
ReadableFile = Annotated[Path, AfterValidator(_readable)]
MILLISECONDS: JsonDict = {"unit": "ms"}
BYTES: JsonDict = {"unit": "bytes"}
RECORDS: JsonDict = {"unit": "records"}


class Settings(BaseModel):
    """Every setting with its default; a process' and its commands'."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)

    kafka_bootstrap_servers: Servers = Field(
        ("localhost:9092",), description="Kafka's brokers, HOST:PORT with commas between them"
    )
    kafka_security_protocol: Annotated[
        Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"], BeforeValidator(_upper)
    ] = Field("PLAINTEXT", description="how to speak to Kafka")
    kafka_sasl_mechanism: Annotated[
        Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"], BeforeValidator(_upper)
    ] = Field("SCRAM-SHA-512", description="how to log in, where the protocol has SASL")
    kafka_sasl_username: str | None = Field(None, description="who logs in")
    kafka_sasl_password: SecretStr | None = Field(None, description="their password")
    kafka_tls_ca_file: ReadableFile | None = Field(
        None, description="PEM of the authorities that Kafka is trusted by; default the system's"
    )
    kafka_tls_cert_file: ReadableFile | None = Field(
        None, description="PEM of our own certificate, where Kafka asks for one"
    )
    kafka_tls_key_file: ReadableFile | None = Field(None, description="PEM of its key")
    kafka_tls_key_password: SecretStr | None = Field(None, description="what opens the key")
    kafka_compression: Annotated[Literal["none", "lz4", "zstd"], BeforeValidator(_lower)] = Field(
        "zstd", description="how records are compressed"
    )
    kafka_session_timeout_ms: int = Field(
        45_000,
        ge=1_000,
        le=1_800_000,
        description="silence after which a worker's partitions move to others",
        json_schema_extra=MILLISECONDS,
    )
    kafka_heartbeat_ms: int = Field(
        500,
        ge=100,
        le=60_000,
        description="between two signs of life; a rebalance is noticed by the next",
        json_schema_extra=MILLISECONDS,
    )
    kafka_fetch_bytes: int = Field(
        1_048_576,
        ge=65_536,
        le=52_428_800,
        description="fetched from one partition at a time, compressed",
        json_schema_extra=BYTES,
    )
    transaction_timeout_ms: int = Field(
        12_000,
        ge=10_000,
        le=15_000,
        description="after which Kafka aborts what a dead worker left open",
        json_schema_extra=MILLISECONDS,
    )
    group_instance_id: Annotated[str, AfterValidator(_instance_id)] | None = Field(
        None,
        description="a name that stays over restarts (the pod's), so that none moves anything",
    )
    redis_url: Annotated[SecretStr, AfterValidator(_redis_url)] = Field(
        SecretStr("redis://localhost:6379/0"), description="the state view; rediss:// is TLS"
    )
    redis_password: SecretStr | None = Field(None, description="where the URL has none")
    redis_tls_ca_file: ReadableFile | None = Field(
        None, description="PEM of the authorities that Redis is trusted by; default the system's"
    )
    redis_tls_cert_file: ReadableFile | None = Field(
        None, description="PEM of our own certificate, where Redis asks for one"
    )
    redis_tls_key_file: ReadableFile | None = Field(None, description="PEM of its key")
    redis_timeout_ms: int = Field(
        5_000,
        ge=100,
        le=60_000,
        description="for one answer of Redis",
        json_schema_extra=MILLISECONDS,
    )
    batch_records: int = Field(
        500,
        ge=1,
        le=10_000,
        description="in one transaction, at most",
        json_schema_extra=RECORDS,
    )
    batch_bytes: int = Field(
        4_194_304,
        ge=65_536,
        le=67_108_864,
        description="of input in one transaction, at most",
        json_schema_extra=BYTES,
    )
    waiting_records: int = Field(
        2_000,
        ge=1,
        le=1_000_000,
        description="waiting in one partition before it is paused",
        json_schema_extra=RECORDS,
    )
    waiting_bytes: int = Field(
        16_777_216,
        ge=65_536,
        le=1_073_741_824,
        description="waiting in one partition before it is paused",
        json_schema_extra=BYTES,
    )
    http_host: str = Field("127.0.0.1", description="the address of health and metrics")
    http_port: int = Field(
        8080, ge=0, le=65_535, description="their port; 0 is any free one, which the log names"
    )
    traces_endpoint: Annotated[str, AfterValidator(_http_url)] | None = Field(
        None,
        description="the OTLP/HTTP address that spans go to; it needs the extra traces",
    )
    log_level: Annotated[Literal["debug", "info", "warning", "error"], BeforeValidator(_lower)] = (
        Field("info", description="the least that is logged")
    )
    log_format: Annotated[Literal["auto", "json", "text"], BeforeValidator(_lower)] = Field(
        "auto", description="auto is text at a terminal, else JSON"
    )

    @property
    def has_tls(self) -> bool:
        """Tell whether Kafka is spoken to under TLS."""
        return self.kafka_security_protocol.endswith("SSL")

    @property
    def has_sasl(self) -> bool:
        """Tell whether Kafka asks who is there."""
        return self.kafka_security_protocol.startswith("SASL")


def variable(field: str) -> str:
    """Return the environment's name of a field."""
    return PREFIX + field.upper()


def is_secret(info: FieldInfo) -> bool:
    """Tell whether the values of a field are never shown."""
    return "SecretStr" in str(info.annotation)


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Read the settings; an empty variable is one that is not set. Raises ``SettingsError``."""
    wrong: list[str] = []
    given = dict(_given(environment, wrong))
    settings = None
    try:
        settings = Settings.model_validate(given)
    except ValidationError as error:
        wrong += [
            f"{variable(str(each['loc'][0]))}: {_why(each['msg'])}"
            for each in error.errors(include_url=False, include_context=False, include_input=False)
        ]
    if settings is not None:
        wrong += _disagreements(settings)
    if settings is None or wrong:
        raise SettingsError("\n".join(wrong))
    return settings


def _given(environment: Mapping[str, str], wrong: list[str]) -> Iterator[tuple[str, Any]]:
    """Give the fields that the environment sets, and note what it should not."""
    known = {variable(field): field for field in Settings.model_fields}
    files = {
        variable(field) + FILE_SUFFIX: field
        for field, info in Settings.model_fields.items()
        if is_secret(info)
    }
    for name, text in environment.items():
        if not name.startswith(PREFIX) or not text:
            continue
        if name in known:
            yield known[name], text
        elif name not in files:
            if not _is_link(name, environment):
                wrong.append(f"{name}: there is no such setting")
        elif environment.get(name.removesuffix(FILE_SUFFIX)):
            wrong.append(f"{name}: {name.removesuffix(FILE_SUFFIX)} is set as well")
        else:
            try:
                yield files[name], Path(text).read_text(encoding="utf-8").rstrip("\r\n")
            except (OSError, UnicodeError) as error:
                wrong.append(f"{name}: the file cannot be read ({type(error).__name__})")


def _is_link(name: str, environment: Mapping[str, str]) -> bool:
    """Tell whether Kubernetes wrote a variable: it names services of its own to every pod."""
    return any(
        f"{service}_SERVICE_HOST" in environment and f"{service}_SERVICE_PORT" in environment
        for service in re.split(r"_(?:SERVICE|PORT)(?:_|$)", name, maxsplit=1)[:1]
        if service != name
    )


def _why(message: str) -> str:
    said = message.removeprefix("Value error, ")
    return said[:1].lower() + said[1:]


def _disagreements(settings: Settings) -> Iterator[str]:
    """Say which settings, each right by itself, do not go together."""
    if settings.has_sasl and not (settings.kafka_sasl_username and settings.kafka_sasl_password):
        named = f"{variable('kafka_sasl_username')} and {variable('kafka_sasl_password')}"
        yield f"{variable('kafka_security_protocol')}: SASL needs {named}"
    if (settings.kafka_security_protocol, settings.kafka_sasl_mechanism) == IN_THE_CLEAR:
        yield f"{variable('kafka_sasl_mechanism')}: PLAIN shows the password without TLS"
    for server in ("kafka", "redis"):
        certificate, key = f"{server}_tls_cert_file", f"{server}_tls_key_file"
        values = settings.model_dump(include={certificate, key})
        if (values[certificate] is None) is not (values[key] is None):
            yield f"{variable(certificate)}: it needs {variable(key)}, and the other way round"
    if 3 * settings.kafka_heartbeat_ms > settings.kafka_session_timeout_ms:
        limit = variable("kafka_session_timeout_ms")
        yield f"{variable('kafka_heartbeat_ms')}: more than a third of {limit}"
    if settings.waiting_records < settings.batch_records:
        yield f"{variable('waiting_records')}: less than {variable('batch_records')}"


class Described(NamedTuple):
    """One setting, for a person."""

    variable: str
    default: str
    unit: str
    allowed: str
    """Its words or its range; nothing where any value may be right."""
    said: str


def described() -> Iterator[Described]:
    """Give every setting."""
    for field, info in Settings.model_fields.items():
        extra = info.json_schema_extra
        unit = str(extra["unit"]) if isinstance(extra, dict) else ""
        said = info.description or ""
        if is_secret(info):
            said += f"; or in a file, {variable(field)}{FILE_SUFFIX}"
        yield Described(variable(field), _shown(info.default), unit, _allowed(info), said)


def _allowed(info: FieldInfo) -> str:
    if get_origin(info.annotation) is Literal:
        return ", ".join(get_args(info.annotation))
    least = [str(each.ge) for each in info.metadata if isinstance(each, Ge)]
    most = [str(each.le) for each in info.metadata if isinstance(each, Le)]
    return " to ".join(least + most)


def _shown(default: object) -> str:
    match default:
        case None:
            return UNSET
        case SecretStr():
            return default.get_secret_value()
        case tuple():
            return ",".join(default)
        case _:
            return str(default)
