"""The one place that reaches behind the API of aiokafka's producer (0.14).

Three things are needed that it does not offer: to be told that a connection was closed, to end
the producer without flushing, deciding or asking anything again, and to know its epoch.
"""
# ruff: noqa: SLF001 - this is what the module is for

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.conn import CloseReason
from aiokafka.errors import ProducerClosed

# What the sender starts as tasks of their own, each of which sends requests.
_SENDING = ("_send_produce_req", "_do_add_partitions_to_txn", "_do_txn_commit")
_HARMLESS = (None, CloseReason.IDLE_DROP, CloseReason.SHUTDOWN)
_CLOSING_SECONDS = 5.0


class Inside:
    """A producer, watched from the moment it is made."""

    def __init__(self, producer: AIOKafkaProducer, on_lost: Callable[[], None]) -> None:
        """Watch a producer that is not started; ``on_lost`` hears of a broken connection."""
        self._producer = producer
        self._on_lost = on_lost
        self._sending: set[asyncio.Task[Any]] = set()
        self._is_closed = False
        self._refresh = producer.client._on_connection_closed
        producer.client._on_connection_closed = self._connection_closed
        for name in _SENDING:
            setattr(producer._sender, name, self._watched(getattr(producer._sender, name)))

    @property
    def epoch(self) -> str:
        """Return producer id and epoch, as the broker's tools name them."""
        transactions = self._producer._txn_manager
        return f"{transactions.producer_id}/{transactions.producer_epoch}"

    def close(self) -> Awaitable[None] | None:
        """End the producer now, and return what is left to wait for; None the second time.

        After this statement nothing more is sent, not even what stands in a socket's buffer.
        """
        if self._is_closed:
            return None
        self._is_closed = True
        producer = self._producer
        producer._closed = True
        tasks = {*self._sending}
        if producer._sender.sender_task is not None:
            tasks.add(producer._sender.sender_task)
        for task in tasks:
            task.cancel()
        for connection in producer.client._conns.values():
            if connection._writer is not None:
                connection._writer.transport.abort()
        return self._closed(tasks)

    async def _closed(self, tasks: set[asyncio.Task[Any]]) -> None:
        if tasks:
            await asyncio.gather(*tasks, return_exceptions=True)
        for waiter in self._waiters():
            if waiter.done() and not waiter.cancelled():
                # Else the loop reports an error that nobody heard.
                waiter.exception()
        try:
            async with asyncio.timeout(_CLOSING_SECONDS):
                await self._producer.client.close()
        except TimeoutError:
            pass

    def _waiters(self) -> Iterator[asyncio.Future[Any]]:
        """Yield the futures that a sender that fails gives its error to, for nobody."""
        if (decided := self._producer._txn_manager._transaction_waiter) is not None:
            yield decided
        accumulated = self._producer._message_accumulator
        queued = (batch for batches in accumulated._batches.values() for batch in batches)
        for batch in (*queued, *accumulated._pending_batches):
            yield batch._drain_waiter
            yield batch.future

    def _connection_closed(self, connection: object, reason: CloseReason | None) -> None:
        if not self._is_closed:
            if reason not in _HARMLESS:
                self._on_lost()
            self._refresh(connection, reason)

    def _watched(self, send: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def run(*arguments: object) -> Any:  # noqa: ANN401 - whatever the sender makes of it
            if self._is_closed:
                raise ProducerClosed
            task = asyncio.current_task()
            assert task is not None
            self._sending.add(task)
            try:
                return await send(*arguments)
            finally:
                self._sending.discard(task)

        return run
