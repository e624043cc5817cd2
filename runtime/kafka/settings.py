"""How a process reaches Kafka, and how long it waits there."""

from dataclasses import dataclass, field
from ssl import SSLContext
from typing import Any

LARGEST_BATCH = 8 * 1024 * 1024
"""Bytes of a record batch that our topics take (``max.message.bytes``)."""


@dataclass(frozen=True, slots=True)
class KafkaSettings:
    """Where the brokers are, who we are, and every time limit. Times are in ms or seconds."""

    bootstrap_servers: str
    client_id: str = "therapy"
    security_protocol: str = "PLAINTEXT"
    ssl_context: SSLContext | None = None
    sasl_mechanism: str = "PLAIN"
    sasl_username: str | None = None
    sasl_password: str | None = field(default=None, repr=False)

    deadline: float = 8.0
    """Seconds that a transaction has from its first record to its decision, and a read to its
    next answer; what takes longer is indefinite."""
    write_timeout_ms: int = 9_000
    """Above the deadline: ours comes first."""
    read_timeout_ms: int = 4_000
    """Below the deadline: a broker that does not answer is asked again on a new connection."""
    transaction_timeout_ms: int = 12_000
    """A crashed owner's transaction holds up readers for so long, where nobody takes over."""
    retry_pause_ms: int = 50

    compression: str | None = "zstd"
    """``zstd``, ``lz4`` or none."""
    batch_bytes: int = 1024 * 1024
    """Records are sent in batches of so many bytes before compression."""
    largest_batch: int = LARGEST_BATCH
    """A record that needs more bytes than this is refused before anything is sent."""
    fetch_bytes: int = 2 * 1024 * 1024
    """A read asks for so many bytes at a time."""

    def connection(self) -> dict[str, Any]:
        """Return what every client of ours has in common, as aiokafka's clients take it."""
        return {
            "bootstrap_servers": self.bootstrap_servers,
            "client_id": self.client_id,
            "security_protocol": self.security_protocol,
            "ssl_context": self.ssl_context,
            "sasl_mechanism": self.sasl_mechanism,
            "sasl_plain_username": self.sasl_username,
            "sasl_plain_password": self.sasl_password,
        }
