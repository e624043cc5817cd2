"""The state values of one event: loaded ones, and on top of them those that change."""

from collections.abc import Generator, Iterable, Mapping, Sequence

from runtime.processor import Key, Value

Loading = Generator[Sequence[Key], Mapping[Key, Value], None]


class LoadedValues:
    """What one event of a patient has loaded and changed so far."""

    __slots__ = ("changes", "patient_id", "values")

    def __init__(self, patient_id: str, values: Mapping[Key, Value]) -> None:
        """Start from the values that are loaded already."""
        self.patient_id = patient_id
        self.values = dict(values)
        self.changes: dict[Key, Value] = {}

    def set(self, key: Key, value: Value) -> None:
        """Change a value."""
        self.values[key] = self.changes[key] = value

    def load(self, keys: Iterable[Key]) -> Loading:
        """Ask for the values that are not loaded yet."""
        if wanted := self.unknown(keys):
            self.values.update((yield wanted))

    def unknown(self, keys: Iterable[Key]) -> list[Key]:
        """Name the values that are not loaded yet."""
        values = self.values
        return [key for key in keys if key not in values]
