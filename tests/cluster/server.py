"""A server process of the tests, that is killed, stopped for a while and started again."""

import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path


class Missing(Exception):  # noqa: N818 - what is missing is no error of the tests
    """A server that cannot be had on this machine, and why."""


class Server:
    """One process; what it says goes to a file of its folder."""

    def __init__(
        self,
        command: Sequence[str],
        folder: Path,
        name: str,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """Describe it; ``spawn`` starts it. Without an environment it has ours."""
        self.log = folder / f"{name}.log"
        self._command = command
        self._environment = environment
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def is_running(self) -> bool:
        """Tell whether there is a process that has not ended."""
        return self._process is not None and self._process.poll() is None

    def spawn(self) -> None:
        """Start the process, and do not wait until it serves."""
        assert not self.is_running, "it runs already"
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                cwd=self._folder,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def kill(self) -> None:
        """End it at once, as ``kill -9`` and a power cut do."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def end(self, seconds: float) -> int | None:
        """Tell it to end and wait; return its exit status, or None where it takes longer."""
        assert self._process is not None, "it does not run"
        self.terminate()
        try:
            return self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None

    def terminate(self) -> None:
        """Tell it to end, and do not wait."""
        self._signal(signal.SIGTERM)

    def pause(self) -> None:
        """Stop it where it stands; its connections stay open and nothing answers."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let a paused process go on as if no time had passed."""
        self._signal(signal.SIGCONT)

    def said(self, characters: int = 2_000) -> str:
        """Return the end of what it said."""
        return self.log.read_text(encoding="utf-8", errors="replace")[-characters:]

    def _signal(self, number: signal.Signals) -> None:
        assert self._process is not None, "it does not run"
        self._process.send_signal(number)
