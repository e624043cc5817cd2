"""State values as JSON, by the kinds that a consumer declares."""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any

from runtime.errors import StateUnreadable
from runtime.processor import Key, Value

REMEMBERED = 4_096
"""Values that are remembered by their bytes: a patient's last ones are read again soon."""
Shape = tuple[str, int]
"""The first part of a key, and how many parts it has."""


class JsonCodec:
    """Writes every kind alike, and reads each as its type; values are frozen, so may be shared."""

    def __init__(
        self, write: Callable[[Value], bytes], readers: Mapping[Shape, Callable[[bytes], Any]]
    ) -> None:
        """Write with ``write``, and read each shape of key with its reader."""
        self._write = write
        self._readers = readers
        self._known: OrderedDict[tuple[Shape, bytes], Value] = OrderedDict()

    def encode(self, key: Key, value: Value) -> bytes:
        """Return a value's bytes, and remember that it is what they mean."""
        raw = self._write(value)
        self._remember(((key[0], len(key)), raw), value)
        return raw

    def decode(self, key: Key, raw: bytes) -> Value:
        """Return the value of a key; raises ``StateUnreadable``."""
        shape = key[0], len(key)
        value = self._known.get((shape, raw))
        if value is None:
            try:
                value = self._readers[shape](raw)
            except (KeyError, ValueError):
                raise StateUnreadable(f"state: a value of kind {key[0]} cannot be read") from None
            self._remember((shape, raw), value)
        return value

    def _remember(self, name: tuple[Shape, bytes], value: Value) -> None:
        self._known[name] = value
        if len(self._known) > REMEMBERED:
            self._known.popitem(last=False)
