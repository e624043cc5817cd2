"""Records written by key on a real broker, and an answer waited for."""

import asyncio
import threading
from collections.abc import Iterator

import pytest

from runtime.engine.records import Message, Place, Record
from runtime.errors import Indefinite
from runtime.host.opening import StartRefused
from runtime.host.sending import TOGETHER, ask, send_all
from runtime.kafka.log import KafkaLog
from runtime.kafka.settings import KafkaSettings
from tests.runtime.host.stand_in import make_topic, new_name, settings_of

WITHIN = 30.0


async def values(broker: str, topic: str) -> list[bytes | None]:
    """Return what stands in a topic of one partition, in order."""
    place = Place(topic, 0)
    found: list[bytes | None] = []
    async with KafkaLog(KafkaSettings(broker)) as log:
        [end] = (await log.ends([place], committed=True)).values()
        async for records in log.read(place, 0, end, committed=True):
            found += [record.value for record in records]
    return found


async def test_all_are_written_in_order(broker: str) -> None:
    """However many there are more than wait for the broker at a time."""
    topic = await make_topic(broker, partitions=1)
    sent = [str(number).encode() for number in range(2 * TOGETHER + 1)]
    messages = (Message(b"P-1", value) for value in sent)
    assert await send_all(settings_of(broker), topic, messages) == len(sent)
    assert await values(broker, topic) == sent


async def test_what_is_there_goes_out_while_the_next_is_waited_for(broker: str) -> None:
    """A pipe that is silent keeps nothing back that came before."""
    topic = await make_topic(broker, partitions=1)
    go_on = threading.Event()

    def piped() -> Iterator[Message]:
        yield Message(b"P-1", b"first")
        assert go_on.wait(WITHIN)
        yield Message(b"P-1", b"second")

    sending = asyncio.create_task(send_all(settings_of(broker), topic, piped()))
    try:
        async with asyncio.timeout(WITHIN):
            while await values(broker, topic) != [b"first"]:
                assert not sending.done()
                await asyncio.sleep(0.05)
    finally:
        go_on.set()
    assert await sending == 2


async def test_the_answer_is_what_came_after_the_question(broker: str) -> None:
    """An earlier record that would be one is none, and others are passed over."""
    asked, answered = await make_topic(broker, 1), await make_topic(broker, 1)
    settings = settings_of(broker)
    early = [Message(b"P-1", b"yes")]
    await send_all(settings, answered, iter(early))

    async def answer() -> None:
        while await values(broker, asked) != [b"?"]:  # noqa: ASYNC110 - nothing tells of it
            await asyncio.sleep(0.05)
        late = [Message(b"P-2", b"no"), Message(b"P-1", b"yes")]
        await send_all(settings, answered, iter(late))

    answering = asyncio.create_task(answer())
    found = await ask(settings, Message(b"P-1", b"?"), (asked, answered), is_yes, WITHIN)
    await answering
    assert found is not None
    place, record = found
    assert (place, record.offset, record.value) == (Place(answered, 0), 2, b"yes")


def is_yes(record: Record) -> bool:
    """Tell an answer."""
    return record.value == b"yes"


async def test_topics_of_other_widths_are_refused(broker: str) -> None:
    """A key would stand in other partitions, and nothing is asked."""
    asked, answered = await make_topic(broker, 1), await make_topic(broker, 2)
    with pytest.raises(StartRefused, match="other numbers of partitions"):
        await ask(settings_of(broker), Message(b"P", b"?"), (asked, answered), is_yes, WITHIN)
    assert await values(broker, asked) == []


async def test_a_topic_that_is_not_there_is_refused(broker: str) -> None:
    """By its name; nothing makes it."""
    name = new_name("nowhere")
    with pytest.raises(StartRefused, match=name):
        await send_all(settings_of(broker), name, iter(()))


async def test_a_broker_that_is_not_there_is_said() -> None:
    """As what cannot be known."""
    with pytest.raises(Indefinite):
        await send_all(settings_of("127.0.0.1:1"), "anywhere", iter(()))
