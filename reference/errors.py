"""What can be wrong with a file: one exception, which names the place and the reason."""

from pathlib import Path


class ReferenceFileError(Exception):
    """A file of the reference data, or one to be imported, cannot be used: path, line and why."""

    def __init__(self, path: Path, reason: str, line: int | None = None) -> None:
        place = f"{path}, line {line}" if line is not None else str(path)
        super().__init__(f"{place}: {reason}")
        self.path = path
        self.line = line
        self.reason = reason
