"""The clinician's statement that two services of a code pair were distinct.

Only on that statement may a modifier bypass a pair, and never without a pair that asks for it; two
services are distinct in time where their times do not overlap (NCCI Policy Manual ch. 1 §E and
ch. 11).
"""

from collections.abc import Iterable, Mapping, Sequence

from reference.facts import Facts, NoValueInForce
from rules.intervals import Span, overlap, spans_of
from rules.statements import is_stated
from schemas.model import Struct
from schemas.session import Distinct, Service, Session
from schemas.values import DistinctModifier

Done = tuple[Session, Service]
"""A service with its session."""
ByCode = Mapping[str, Sequence[Done]]
"""The services behind the lines of a date, by code."""


class Statements(Struct, frozen=True):
    """What was stated of a pair; without a modifier, not all of column two is stated."""

    modifier: DistinctModifier | None
    overlaps: bool = False
    """Services of the two columns have times that overlap."""


NOTHING_STATED = Statements(None)


def judge_statements(ones: Sequence[Done], twos: Sequence[Done], facts: Facts) -> Statements:
    """Say with which modifier column two was stated to be distinct from column one.

    Each service of column two needs a statement about column one in every session that has it: of
    its own about the other, or of the other about it.
    """
    stated: list[Distinct] = []
    for two in twos:
        for in_session in _by_session(ones):
            found = _about(two, in_session)
            if not found:
                return NOTHING_STATED
            stated += found
    modifier = choose_modifier([each.modifier for each in stated])
    if _may_share_time(ones, twos, facts):
        return Statements(modifier)
    return Statements(modifier, bool(overlap(_times(ones), _times(twos))))


def choose_modifier(modifiers: Sequence[DistinctModifier]) -> DistinctModifier:
    """Choose the one modifier of a line: the first stated that is more specific than 59.

    59 is for what no other fits (NCCI Policy Manual ch. 1 §E).
    """
    specific = [each for each in modifiers if each is not DistinctModifier.M59]
    return (specific or modifiers)[0]


def statement_of(done: Done) -> Distinct | None:
    """Return a service's statement; one without a reason states nothing."""
    distinct = done[1].distinct
    return distinct if distinct is not None and is_stated(distinct.reason) else None


def is_about(done: Done, other: Done) -> bool:
    """Say whether a service's statement is about the other service.

    ``from_line`` names a line of the same session, so one that names no other line there is about
    what other sessions of the date did.
    """
    distinct = statement_of(done)
    if distinct is None:
        return False
    session, service = done
    if session.session_id == other[0].session_id:
        return distinct.from_line == other[1].line != service.line
    lines = [each.line for each in session.services if each.line != service.line]
    return distinct.from_line not in lines


def _about(two: Done, ones: Sequence[Done]) -> list[Distinct]:
    """Return the statements of a service about these of one session, or of these about it."""
    pairs = [(two, one) for one in ones] + [(one, two) for one in ones]
    found = [statement_of(done) for done, other in pairs if is_about(done, other)]
    return [each for each in found if each is not None]


def _by_session(services: Iterable[Done]) -> Iterable[Sequence[Done]]:
    found: dict[str, list[Done]] = {}
    for done in services:
        found.setdefault(done[0].session_id, []).append(done)
    return found.values()


def _may_share_time(ones: Sequence[Done], twos: Sequence[Done], facts: Facts) -> bool:
    """Say whether a column is a modality that needs no clinician beside the patient.

    Only such a one may have the time of another service (NCCI Policy Manual ch. 11).
    """
    supervised = facts.supervised_modalities
    if isinstance(supervised, NoValueInForce):
        return False
    return not supervised.isdisjoint(service.code for _, service in (*ones, *twos))


def _times(services: Iterable[Done]) -> list[Span]:
    return spans_of([each for _, service in services for each in service.intervals or ()])
