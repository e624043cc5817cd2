"""Free ports on loopback, and waiting until something answers there."""
# ruff: noqa: TID251 - a real server takes real time to start

import socket
import ssl
import time
from collections.abc import Callable
from contextlib import ExitStack

LOOPBACK = "127.0.0.1"
FIRST, LAST = 20_000, 32_000
"""Below the ports that Linux gives to connections, so that a restarted server finds its own."""
_STEP = 7


def free_ports(count: int) -> list[int]:
    """Return so many ports that nothing listens on, different in every process that asks."""
    found: list[int] = []
    port = FIRST + time.time_ns() // 1_000 % (LAST - FIRST)
    while len(found) < count:
        port = FIRST + (port + _STEP - FIRST) % (LAST - FIRST)
        with socket.socket() as tried:
            try:
                tried.bind((LOOPBACK, port))
            except OSError:
                continue
        found.append(port)
    return found


def wait_until(ready: Callable[[], bool], seconds: float, pause: float = 0.05) -> bool:
    """Tell whether it came true within so many seconds."""
    end = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > end:
            return False
        time.sleep(pause)
    return True


def ask(
    port: int, question: bytes, seconds: float = 2.0, tls: ssl.SSLContext | None = None
) -> bytes:
    """Return the first bytes of a server's answer; nothing where there is none in time."""
    try:
        with ExitStack() as closing:
            connection = closing.enter_context(
                socket.create_connection((LOOPBACK, port), timeout=seconds)
            )
            if tls is not None:
                connection = closing.enter_context(
                    tls.wrap_socket(connection, server_hostname=LOOPBACK)
                )
            connection.settimeout(seconds)
            connection.sendall(question)
            return connection.recv(4096)
    except OSError:
        return b""
