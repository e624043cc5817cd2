"""How the clients of Kafka and Redis connect, by the settings."""

import ssl
from pathlib import Path
from urllib.parse import quote, urlencode, urlsplit, urlunsplit

from runtime.host.settings import Settings, SettingsError, variable
from runtime.kafka.settings import KafkaSettings
from runtime.redis.view import RedisSettings

SECOND_MS = 1000


def kafka_settings(settings: Settings) -> KafkaSettings:
    """Return what the log port is told."""
    password = settings.kafka_sasl_password
    return KafkaSettings(
        bootstrap_servers=",".join(settings.kafka_bootstrap_servers),
        security_protocol=settings.kafka_security_protocol,
        ssl_context=kafka_tls(settings),
        sasl_mechanism=settings.kafka_sasl_mechanism,
        sasl_username=settings.kafka_sasl_username,
        sasl_password=None if password is None else password.get_secret_value(),
        transaction_timeout_ms=settings.transaction_timeout_ms,
        compression=None if settings.kafka_compression == "none" else settings.kafka_compression,
    )


def kafka_tls(settings: Settings) -> ssl.SSLContext | None:
    """Return how Kafka's certificate is checked and ours shown; None where there is no TLS."""
    if not settings.has_tls:
        return None
    try:
        context = ssl.create_default_context(cafile=settings.kafka_tls_ca_file)
    except ssl.SSLError:
        name = variable("kafka_tls_ca_file")
        raise SettingsError(f"{name}: there is no certificate in it") from None
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if settings.kafka_tls_cert_file is not None:
        _show(context, settings.kafka_tls_cert_file, settings)
    return context


def _show(context: ssl.SSLContext, certificate: Path, settings: Settings) -> None:
    """Load our certificate and its key."""
    secret = settings.kafka_tls_key_password
    # Without a password openssl would ask the terminal for one.
    password = "" if secret is None else secret.get_secret_value()
    try:
        context.load_cert_chain(certificate, settings.kafka_tls_key_file, password)
    except (ssl.SSLError, ValueError):
        names = f"{variable('kafka_tls_cert_file')}, {variable('kafka_tls_key_file')}"
        raise SettingsError(f"{names}: they do not make a certificate and its key") from None


def redis_settings(settings: Settings) -> RedisSettings:
    """Return what the view port is told; password and files of TLS go into the URL."""
    url = urlsplit(settings.redis_url.get_secret_value())
    secret = settings.redis_password
    if secret is not None and url.password is None:
        user = quote(url.username or "", safe="")
        password = quote(secret.get_secret_value(), safe="")
        place = url.netloc.rpartition("@")[2]
        url = url._replace(netloc=f"{user}:{password}@{place}")
    files = {
        "ssl_ca_certs": settings.redis_tls_ca_file,
        "ssl_certfile": settings.redis_tls_cert_file,
        "ssl_keyfile": settings.redis_tls_key_file,
    }
    named = {name: str(path) for name, path in files.items() if path is not None}
    if url.scheme == "rediss":
        named["ssl_min_version"] = str(ssl.TLSVersion.TLSv1_2.value)
        url = url._replace(query="&".join(filter(None, (url.query, urlencode(named)))))
    return RedisSettings(url=urlunsplit(url), timeout=settings.redis_timeout_ms / SECOND_MS)
