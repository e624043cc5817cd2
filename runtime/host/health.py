"""Health, metrics and the description over HTTP, in the event loop of the process itself."""

import asyncio
import socket
from collections.abc import (
    AsyncIterator,
    Awaitable,
    Callable,
    Iterator,
    MutableMapping,
    Sequence,
)
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import msgspec
import structlog
import uvicorn

from runtime.host.contract import Contract
from runtime.host.member import Hosted
from runtime.host.metrics import CONTENT_TYPE, Metrics

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Page = Callable[[Scope, Receive, Send], Awaitable[None]]
Answer = Callable[[], tuple[int, str, bytes]]
"""Gives status, media type and body."""

JSON = "application/json"
CLOSE_WITHIN = 0.5
"""Seconds for the answers that are under way when the process ends."""

log = structlog.get_logger(__name__)


class Health:
    """Answers whether the process lives and is ready.

    It lives while its loop ticks, which an answer shows, and nothing ended that should run for
    ever. Whether Kafka and Redis can be reached is no part of it: a restart would not help.
    """

    def __init__(self, members: Sequence[Hosted]) -> None:
        """Answer for these members."""
        self._members = members

    def deaths(self) -> dict[str, str]:
        """Return what ended that should not have, by service."""
        found = {member.name: member.death() for member in self._members}
        return {name: why for name, why in found.items() if why is not None}

    def live(self) -> tuple[int, str, bytes]:
        """Answer 200 while all is alive."""
        deaths = self.deaths()
        return (503 if deaths else 200), JSON, msgspec.json.encode({"dead": deaths})

    def started(self) -> tuple[int, str, bytes]:
        """Answer 200 once every member has joined, whatever its partitions do.

        One that is stopped waits for a person, and a restart would stop it again.
        """
        joined = {member.name: member.has_joined for member in self._members}
        status = 200 if all(joined.values()) else 503
        return status, JSON, msgspec.json.encode({"joined": joined})

    def ready(self) -> tuple[int, str, bytes]:
        """Answer 200 once every member has joined and each of its partitions is recovered."""
        is_ready = all(member.is_ready() for member in self._members)
        services = {
            member.name: {
                "joined": member.has_joined,
                "partitions": {
                    str(place.partition): status.value
                    for place, status in sorted(member.status().items())
                },
            }
            for member in self._members
        }
        said = {"ready": is_ready, "services": services}
        return (200 if is_ready else 503), JSON, msgspec.json.encode(said)


def pages(health: Health, metrics: Metrics, contract: Contract) -> list[tuple[str, Page]]:
    """Return the paths that the process answers, each with its ASGI application."""
    return [
        ("/health/live", page(health.live)),
        ("/health/started", page(health.started)),
        ("/health/ready", page(health.ready)),
        ("/metrics", page(lambda: (200, CONTENT_TYPE, metrics.text()))),
        ("/asyncapi.json", page(lambda: (200, JSON, contract.to_json().encode()))),
    ]


def page(answer: Answer) -> Page:
    """Return an ASGI application that gives one answer to GET and HEAD."""

    async def respond(scope: Scope, receive: Receive, send: Send) -> None:
        del receive
        if scope["method"] not in {"GET", "HEAD"}:
            status, media_type, body = 405, "text/plain", b""
        else:
            status, media_type, body = answer()
        headers = [
            (b"content-type", media_type.encode()),
            (b"content-length", str(len(body)).encode()),
        ]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send(
            {"type": "http.response.body", "body": body if scope["method"] != "HEAD" else b""}
        )

    return respond


class Server(uvicorn.Server):
    """Serves in a loop that is not its own: signals stay with the process."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals alone."""
        yield


def bind(host: str, port: int) -> socket.socket:
    """Return a socket that listens; port 0 takes any free one. Raises ``OSError``."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family)


@asynccontextmanager
async def serving(app: Page, listening: socket.socket) -> AsyncIterator[None]:
    """Answer HTTP until the end of the block."""
    address = listening.getsockname()
    log.info("http_listening", host=address[0], port=address[1])
    server = Server(
        uvicorn.Config(
            app,
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            ws="none",
            timeout_graceful_shutdown=1,
        )
    )
    task = asyncio.create_task(server.serve(sockets=[listening]), name="http")
    try:
        yield
    finally:
        server.should_exit = True
        await asyncio.wait([task], timeout=CLOSE_WITHIN)
