"""FastStream as host: it declares topics and handlers, joins the groups, polls, and describes all.

Everything that we take from FastStream's Kafka, and everything of it that we do not, is here.
It polls and hands over; commit, order, retry and state are the engine's. Its defaults that lose
or repeat records are all turned off by name; ``tests/runtime/host/test_faststream.py`` has a test
for each, so that an upgrade tells what moved.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from functools import reduce
from itertools import groupby
from operator import attrgetter, or_
from typing import Any, Self

from aiokafka import ConsumerRecord
from aiokafka.coordinator.assignors.roundrobin import RoundRobinPartitionAssignor
from faststream import AckPolicy
from faststream.asgi import AsgiFastStream
from faststream.asgi.handlers import HttpHandler
from faststream.kafka import KafkaBroker
from faststream.kafka.message import FAKE_CONSUMER, KafkaMessage
from faststream.kafka.schemas import Topic
from faststream.kafka.subscriber.usecase import BatchSubscriber
from faststream.message import StreamMessage
from faststream.security import BaseSecurity, SASLPlaintext, SASLScram256, SASLScram512
from faststream.specification.base import SpecificationFactory
from pydantic import RootModel, create_model

from runtime.engine.records import Place, Record
from runtime.host.connection import kafka_tls
from runtime.host.contract import Contract, Messages, Schema
from runtime.host.logs import FrameworkLog
from runtime.host.member import Member
from runtime.host.settings import Settings

POLL_MS = 10
"""How long a poll waits for records; an empty one sleeps as long again."""
POLL_RECORDS = 1_000
"""Taken by one poll, so that it holds the loop for few milliseconds; a fetch may bring far more,
since it is bounded by its compressed size."""
REBALANCE_TIMEOUT_MS = 10_000
"""How long the others wait for a member that does not rejoin; letting go takes 2 s at most."""
REQUEST_TIMEOUT_MS = 15_000
"""Longer than a rebalance, whose first request is answered at its end."""
MAX_POLL_INTERVAL_MS = 300_000
SASL = {
    "PLAIN": SASLPlaintext,
    "SCRAM-SHA-256": SASLScram256,
    "SCRAM-SHA-512": SASLScram512,
}

Polled = tuple[ConsumerRecord[Any, Any], ...]


class Raw:
    """FastStream's codec that leaves records as they were polled: the engine reads their bytes.

    It writes nothing: what goes out goes out in the engine's transactions.
    """

    async def decode(self, msg: StreamMessage[Any]) -> Any:  # noqa: ANN401 - FastStream's own
        """Give the handler what was polled."""
        return msg.raw_message

    async def decode_batch(self, msg: StreamMessage[Any]) -> Any:  # noqa: ANN401
        """Give the handler what was polled."""
        return msg.raw_message

    async def encode(self, msg: object, serializer: object = None) -> tuple[bytes, str | None]:
        """Refuse to write."""
        raise NotImplementedError

    async def encode_batch(
        self, msgs: object, serializer: object = None
    ) -> list[tuple[bytes, str | None]]:
        """Refuse to write."""
        raise NotImplementedError


def build_broker(settings: Settings) -> KafkaBroker:
    """Return a broker that only consumes: no producer, no admin, no topic made by the way."""
    return KafkaBroker(
        list(settings.kafka_bootstrap_servers),
        security=_security(settings),
        client_id="therapy",
        consumer_only=True,
        allow_auto_create_topics=False,
        request_timeout_ms=REQUEST_TIMEOUT_MS,
        graceful_timeout=1.0,
        # Injection runs what is not async in threads, and validates what nobody decoded.
        apply_types=False,
        logger=FrameworkLog("faststream.kafka"),
        # "Received" and "Processed" of every batch go below what is ever logged.
        log_level=logging.DEBUG,
    )


def _security(settings: Settings) -> BaseSecurity | None:
    if not settings.has_sasl:
        return BaseSecurity(kafka_tls(settings)) if settings.has_tls else None
    assert settings.kafka_sasl_username is not None
    assert settings.kafka_sasl_password is not None
    return SASL[settings.kafka_sasl_mechanism](
        settings.kafka_sasl_username,
        settings.kafka_sasl_password.get_secret_value(),
        ssl_context=kafka_tls(settings),
        use_ssl=settings.has_tls,
    )


def join(
    broker: KafkaBroker, settings: Settings, member: Member, reads: Messages
) -> BatchSubscriber:
    """Declare that ``member`` polls its topic, on which the messages ``reads`` stand."""
    subscriber = broker.subscriber(
        Topic(member.topic, declare=False),
        batch=True,
        batch_timeout_ms=POLL_MS,
        max_records=POLL_RECORDS,
        ack_policy=AckPolicy.MANUAL,
        group_id=member.group,
        group_instance_id=settings.group_instance_id,
        listener=member,
        parser=_parse,
        codec=Raw(),
        no_reply=True,
        auto_offset_reset="earliest",
        isolation_level="read_committed",
        partition_assignment_strategy=(RoundRobinPartitionAssignor,),
        session_timeout_ms=settings.kafka_session_timeout_ms,
        heartbeat_interval_ms=settings.kafka_heartbeat_ms,
        rebalance_timeout_ms=REBALANCE_TIMEOUT_MS,
        max_poll_interval_ms=MAX_POLL_INTERVAL_MS,
        max_partition_fetch_bytes=settings.kafka_fetch_bytes,
    )
    subscriber(_handler(member, reads))
    member.joins(lambda: subscriber.consumer, lambda: subscriber.tasks)
    return subscriber


async def _parse(polled: Polled) -> KafkaMessage:
    """Wrap what was polled, and look at nothing: FastStream's own parser decodes each header."""
    return KafkaMessage(
        polled, body=(), correlation_id="batch", message_id="batch", consumer=FAKE_CONSUMER
    )


def _handler(member: Member, reads: Messages) -> Callable[..., Any]:
    async def receive(polled: Polled) -> None:
        hand_over(member, polled)
        # A poll that finds records at hand does not suspend: give the others their turn.
        await asyncio.sleep(0)

    receive.__name__ = member.name
    # What FastStream describes; what it gives is what was polled.
    receive.__annotations__["polled"] = list[payload(reads)]  # type: ignore[misc]
    return receive


def hand_over(member: Member, polled: Polled) -> None:
    """Hand what one poll gave to the member, partition by partition; a poll mixes them."""
    for (topic, partition), records in groupby(polled, attrgetter("topic", "partition")):
        member.deliver(
            Place(topic, partition),
            [
                Record(each.offset, each.key, each.value, each.headers, each.timestamp)
                for each in records
            ],
        )


def announce(broker: KafkaBroker, topic: str, writes: Messages) -> None:
    """Describe what the engine writes to a topic; nothing is published through FastStream."""
    for name, schema in writes.items():
        broker.publisher(topic, title=f"{topic}:{name}", schema=payload({name: schema}))


def payload(messages: Messages) -> Any:  # noqa: ANN401 - a type that is made here
    """Return a type, a union where there are several, whose JSON schema is the messages'."""
    return reduce(or_, (_described(name, schema) for name, schema in messages.items()))


def _described(name: str, schema: Schema) -> Any:  # noqa: ANN401 - a type that is made here
    class Payload(RootModel[Any]):
        @classmethod
        def __get_pydantic_json_schema__(cls, *_: object) -> dict[str, Any]:
            return {"title": name, **schema}

    return create_model(name, __base__=Payload)


class Description(SpecificationFactory):
    """What the app says of itself: the contract's document, not one made of its endpoints.

    FastStream describes a channel an endpoint and a batch as a list; the contract has a channel a
    topic and a message an event. The endpoints are declared from the document, and a test holds
    what FastStream makes of them against it.
    """

    description = version = contact = license = None

    def __init__(self, contract: Contract) -> None:
        """Describe the app by ``contract``."""
        self.title = contract.title
        self._contract = contract

    def add_broker(self, broker: Any, /) -> Self:  # noqa: ANN401 - any broker
        """Take note of nothing: the document has the topics."""
        del broker
        return self

    def add_http_route(self, path: str, handler: HttpHandler) -> Self:
        """Take note of nothing: health and metrics are no part of the contract."""
        del path, handler
        return self

    def to_specification(self) -> Contract:
        """Return the document."""
        return self._contract


def build_app(
    broker: KafkaBroker, contract: Contract, routes: Sequence[tuple[str, Any]]
) -> AsgiFastStream:
    """Return the app that starts and stops the broker, describes it, and answers over HTTP."""
    return AsgiFastStream(
        broker,
        asgi_routes=routes,
        logger=FrameworkLog("faststream"),
        specification=Description(contract),
    )
