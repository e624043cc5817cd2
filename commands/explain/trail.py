"""How each decision on a visit day came about: from event to event back to what came in."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from commands.tallies import DECISION_WORDS
from schemas.claims import Decision
from schemas.envelope import Event
from schemas.events import DECISIONS, ON_TOPIC, EventType, Topic
from schemas.model import Struct
from schemas.session import Session
from schemas.spend import SpendAccrued

UPSTREAM = (Topic.SESSIONS, Topic.UNITS, Topic.SPEND)
"""The topics behind the decisions, that on which an event is first seen before the others."""
WRITTEN_BEFORE: Mapping[Topic, Topic] = {
    Topic.CLAIMS: Topic.SPEND,
    Topic.SPEND: Topic.UNITS,
    Topic.UNITS: Topic.SESSIONS,
}
"""The topic on which the cause of what stands on a topic stands."""


class Seen(NamedTuple):
    """An event, and where it stands: topic, partition and offset, or the line of a file."""

    where: str | None
    """None for what a replay emits, which stands nowhere."""
    event: Event


class Link(Struct, frozen=True, kw_only=True):
    """One event on the way to a decision."""

    where: str | None = None
    type: str
    id: str
    source: str
    subject: str | None = None
    time: str
    rulebook: str | None = None


class SessionSeen(Struct, frozen=True, kw_only=True):
    """A session that the decision counted, at the revision that it had then."""

    session_id: str
    revision: int
    where: str | None = None
    """None where it is no longer held."""


class Explained(Struct, frozen=True, kw_only=True):
    """One decision and what led to it, the decision first and what came in last."""

    decided: str
    """The decision in a word."""
    links: tuple[Link, ...]
    lost: Topic | None = None
    """Where the next link should stand and does not; None where the trail is whole."""
    sessions: tuple[SessionSeen, ...]
    decision: Decision
    priced: SpendAccrued | None = None
    """The priced visit day that was decided; None where another event was the cause."""


class Trail(Struct, frozen=True, kw_only=True):
    """All decisions on a visit day that are held, in their order."""

    visit_day_id: str
    decisions: tuple[Explained, ...]


class TrailKeeper:
    """Takes what may have led to the decisions on one visit day, in any order of topics."""

    def __init__(self, visit_day_id: str) -> None:
        """Know no event."""
        self._visit_day_id = visit_day_id
        self._decided: list[Seen] = []
        self._events: dict[str, tuple[Topic, Seen]] = {}
        self._sessions: dict[tuple[str, int], str | None] = {}

    def is_decision(self, event: Event) -> bool:
        """Tell whether an event is a decision on the visit day."""
        return event.type in DECISIONS and event.subject == self._visit_day_id

    def take(self, topic: Topic, seen: Seen) -> None:
        """Keep an event; of one that was passed on, or came twice, what is nearest to the bus."""
        event = seen.event
        if topic is Topic.CLAIMS:
            if self.is_decision(event):
                self._decided.append(seen)
            return
        known = self._events.get(event.id)
        if known is None or UPSTREAM.index(topic) < UPSTREAM.index(known[0]):
            self._events[event.id] = topic, seen

    def take_session(self, seen: Seen) -> None:
        """Note where a session stands, if the event is one; the first of a revision counts."""
        match seen.event.data:
            case Session() as session:
                self._sessions.setdefault((session.session_id, session.revision), seen.where)
            case _:
                pass

    def trail(self) -> Trail:
        """Return the trail of what was taken."""
        explained = tuple(self._explain(seen) for seen in self._decided)
        return Trail(visit_day_id=self._visit_day_id, decisions=explained)

    def _explain(self, decided: Seen) -> Explained:
        way = list(self._follow(decided))
        event = decided.event
        priced = next((seen.event.data for _, seen in way if _is_day(seen, event)), None)
        last_topic, last = way[-1]
        lost = None if _came_in(last.event) else WRITTEN_BEFORE[last_topic]
        return Explained(
            decided=DECISION_WORDS[event.type],
            links=tuple(_link(seen) for _, seen in way),
            lost=lost,
            sessions=tuple(self._counted(priced)),
            decision=event.data,
            priced=priced,
        )

    def _follow(self, decided: Seen) -> Iterator[tuple[Topic, Seen]]:
        """Yield the decision, and each cause of what was yielded, as far as they are held."""
        found: tuple[Topic, Seen] | None = (Topic.CLAIMS, decided)
        while found is not None:
            yield found
            event = found[1].event
            cause = None if _came_in(event) else event.causationid
            found = None if cause is None else self._events.get(cause)

    def _counted(self, priced: SpendAccrued | None) -> Iterator[SessionSeen]:
        for session in () if priced is None else priced.sessions:
            where = self._sessions.get((session.session_id, session.revision))
            yield SessionSeen(
                session_id=session.session_id, revision=session.revision, where=where
            )


def _came_in(event: Event) -> bool:
    """Tell whether an event came onto the bus, and was not made of another one on the way."""
    return event.type in ON_TOPIC[Topic.SESSIONS]


def _is_day(seen: Seen, decided: Event) -> bool:
    """Tell whether an event is the priced visit day that a decision is about."""
    return seen.event.type == EventType.SPEND_ACCRUED and seen.event.subject == decided.subject


def _link(seen: Seen) -> Link:
    event = seen.event
    return Link(
        where=seen.where,
        type=event.type,
        id=event.id,
        source=event.source,
        subject=event.subject,
        time=event.time.isoformat().replace("+00:00", "Z"),
        rulebook=event.rulebook,
    )
