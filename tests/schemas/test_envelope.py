"""The envelope that we write: attributes, their order, and the ids of what we emit."""

from uuid import UUID, uuid5

from hypothesis import given
from hypothesis import strategies as st

from schemas.envelope import EVENT_IDS, attributes, emitted_id, name_id, write_structured
from schemas.events import CLINICAL
from schemas.reading import Reader
from tests.schemas.examples import VOID, as_line, expect_event, one

READER = Reader(CLINICAL)
CAUSE = expect_event(READER.read_structured(as_line(one("session.voided", VOID))))
names = st.text(alphabet=st.characters(exclude_categories=["Cc", "Cs"]), max_size=20)


def test_an_event_is_written_in_one_order_without_what_it_has_not() -> None:
    """The same event gives the same bytes, and an absent attribute is left out."""
    assert write_structured(CAUSE) == (
        b'{"specversion":"1.0","type":"therapy.session.voided.v1","source":"/clinic","id":"e-1",'
        b'"time":"2026-03-02T15:05:00-06:00","datacontenttype":"application/json",'
        b'"partitionkey":"P-1","data":{"session_id":"S-1","revision":2,"patient_id":"P-1",'
        b'"reason":"entered twice"}}'
    )


def test_extension_attributes_come_after_ours() -> None:
    """They are written as they came."""
    structured = one("session.voided", VOID, traceparent="00", hop=3, rulebook="abc")
    event = expect_event(READER.read_structured(as_line(structured)))
    assert list(attributes(event))[-3:] == ["rulebook", "traceparent", "hop"]


@given(names, names, st.integers(0, 9))
def test_the_id_of_what_we_emit_follows_from_its_cause(kind: str, subject: str, nth: int) -> None:
    """It is the UUIDv5 of type, subject, source and id of the cause, and ordinal."""
    emitted = emitted_id(kind, subject, CAUSE, nth)
    assert emitted == str(
        uuid5(EVENT_IDS, "\x1f".join((kind, subject, "/clinic", "e-1", str(nth))))
    )
    assert UUID(emitted).version == 5


def test_parts_of_an_id_do_not_run_together() -> None:
    """The same letters cut elsewhere are another name."""
    assert name_id(EVENT_IDS.bytes, "ab", "c") != name_id(EVENT_IDS.bytes, "a", "bc")
