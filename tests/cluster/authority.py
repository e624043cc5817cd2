"""Certificates of the tests' own: a good authority, a stranger, and one that has expired."""

from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from trustme import CA, LeafCert

from tests.cluster.ports import LOOPBACK

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
ENDED = datetime(2021, 1, 1, tzinfo=UTC)


class Authority:
    """An authority that the servers trust, and whose certificates lie in a folder as PEM."""

    def __init__(self, folder: Path) -> None:
        """Make it, and a second one that nobody trusts."""
        self._folder = folder
        self._ours, self._strange = CA(), CA()
        self.certificates = folder / "ca.pem"
        self._ours.cert_pem.write_to_path(str(self.certificates))
        self.strange = folder / "strange-ca.pem"
        self._strange.cert_pem.write_to_path(str(self.strange))

    def server(self) -> Path:
        """Return key and certificates of a server on loopback, by its address and no name."""
        return self._written("server", self._ours.issue_cert(LOOPBACK, common_name="kafka"))

    def expired_server(self) -> Path:
        """Return those of a server whose certificate has expired."""
        issued = self._ours.issue_cert(
            LOOPBACK, common_name="kafka", not_before=LONG_AGO, not_after=ENDED
        )
        return self._written("expired", issued)

    def client(self, name: str) -> Path:
        """Return key and certificates of a client."""
        return self._written(name, self._ours.issue_cert(name, common_name=name))

    def strange_client(self, name: str) -> Path:
        """Return those of a client by that name that an authority issued that nobody trusts."""
        return self._written(f"strange-{name}", self._strange.issue_cert(name, common_name=name))

    def _written(self, name: str, leaf: LeafCert) -> Path:
        """Write the key, in the form that Kafka reads too, and after it the certificates."""
        key = load_pem_private_key(leaf.private_key_pem.bytes(), password=None)
        path = self._folder / f"{name}.pem"
        path.write_bytes(
            b"".join(
                (
                    key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
                    *(part.bytes() for part in leaf.cert_chain_pems),
                )
            )
        )
        return path
