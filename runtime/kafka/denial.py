"""What Kafka denies, in words that name it: a login, a certificate, or an operation on what."""

from collections.abc import Iterable
from ssl import SSLCertVerificationError, SSLError

from aiokafka.conn import collect_hosts, create_conn
from aiokafka.errors import (
    ClusterAuthorizationFailedError,
    GroupAuthorizationFailedError,
    KafkaError,
    SaslAuthenticationFailed,
    TopicAuthorizationFailedError,
    TransactionalIdAuthorizationFailed,
    UnsupportedSaslMechanismError,
)

from runtime.errors import Denied
from runtime.kafka.settings import KafkaSettings

_RESOURCES = {
    TopicAuthorizationFailedError: "topic",
    GroupAuthorizationFailedError: "group",
    TransactionalIdAuthorizationFailed: "transactional id",
    ClusterAuthorizationFailedError: "cluster",
}


def denied(error: BaseException, operation: str) -> Denied | None:
    """Return the denial that an error, or what led to it, is; None where it is another one.

    ``operation`` is the right that is missing, in Kafka's word.
    """
    cause: BaseException | None = error
    while cause is not None:
        for kind, resource in _RESOURCES.items():
            if isinstance(cause, kind):
                where = " ".join((resource, *_names(cause.args)))
                return Denied(f"kafka: {operation} on {where} is not permitted")
        cause = cause.__cause__
    return None


def _names(said: Iterable[object]) -> list[str]:
    """Return the names of what was denied, which aiokafka gives one by one or as a set."""
    names: set[str] = set()
    for each in said:
        names |= {each} if isinstance(each, str) else set(each) if isinstance(each, set) else set()
    return [", ".join(sorted(names))] if names else []


async def refusal(settings: KafkaSettings) -> Denied | None:
    """Ask each server why it does not let us in; None where one does, or none says why.

    aiokafka says of a server that refuses the same as of one that is not there.
    """
    found: Denied | None = None
    login = {name: told for name, told in settings.connection().items() if name != _SERVERS}
    for host, port, _family in collect_hosts(settings.bootstrap_servers):
        try:
            connection = await create_conn(
                host, port, request_timeout_ms=settings.read_timeout_ms, **login
            )
        except (KafkaError, OSError) as error:
            if (why := _why(error, settings)) is not None:
                found = Denied(f"kafka: {host}:{port} {why}")
        else:
            connection.close()
            return None
    return found


_SERVERS = "bootstrap_servers"


def _why(error: BaseException, settings: KafkaSettings) -> str | None:
    match error:
        case SaslAuthenticationFailed():
            return f"refuses the login of {settings.sasl_username}"
        case UnsupportedSaslMechanismError():
            return f"does not take {settings.sasl_mechanism}"
        case SSLCertVerificationError():
            return f"has a certificate that is not trusted: {error.verify_message}"
        case SSLError():
            return f"does not agree on TLS: {error.reason}"
        case KafkaError() if isinstance(error.__cause__, SSLError):
            # Under TLS 1.3 our certificate is looked at when the handshake is over.
            return f"refuses our certificate, or wants one: {error.__cause__.reason}"
        case _:
            return None
