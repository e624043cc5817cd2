"""A Redis behind a wire that takes its time: a proxy that passes every answer on later."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

from tests.cluster.ports import LOOPBACK

CHUNK = 65_536


@asynccontextmanager
async def delayed(url: str, seconds: float) -> AsyncIterator[str]:
    """Yield the address of a Redis whose answers come so much later."""
    there = urlsplit(url)
    tasks: set[asyncio.Task[None]] = set()

    async def connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        answers, questions = await asyncio.open_connection(there.hostname, there.port)
        try:
            await asyncio.gather(_pass(reader, questions, 0.0), _pass(answers, writer, seconds))
        finally:
            tasks.discard(task)
            questions.close()
            writer.close()

    server = await asyncio.start_server(connect, LOOPBACK, 0)
    try:
        port = server.sockets[0].getsockname()[1]
        yield f"redis://{LOOPBACK}:{port}{there.path}"
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _pass(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, seconds: float
) -> None:
    """Pass on what comes; what comes in one piece waits once."""
    while data := await reader.read(CHUNK):
        await asyncio.sleep(seconds)
        writer.write(data)
    writer.close()
