"""A clinician's one-on-one time over visit days: nobody gives it to two patients in one minute.

CMS Pub. 100-04 ch. 5 §20.3. Within one visit day the edits of claims see to it; here two days
meet, of two patients or of one patient's two disciplines or payers.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from math import ceil, floor

from reference.facts import Facts, NoValueInForce, Procedure
from rules.findings import report
from rules.intervals import clinician_of, span_on
from schemas.clinicians import Block
from schemas.finding import Finding
from schemas.session import Session
from schemas.units import ServiceReference, UnitsLine
from schemas.values import FindingCode

HOUR = timedelta(hours=1).total_seconds()


def blocks_by_clinician(
    sessions: Iterable[Session], facts: Facts
) -> Mapping[str, tuple[Block, ...]]:
    """Return the one-on-one blocks of a visit day by the clinician's NPI, both in their order.

    Group codes and codes that need no constant contact do not count, nor does a block of which
    nobody says whose it is. Where an interval names no clinician, the only one of the session
    who can have treated is meant. What lies on another date is that date's: a time over midnight
    may stand whole in the sessions of both.
    """
    found: dict[str, list[Block]] = {}
    procedures = facts.procedures
    if isinstance(procedures, NoValueInForce):
        return {}
    for session in sessions:
        for service in session.services:
            if not service.intervals or not _is_one_on_one(procedures.get(service.code)):
                continue
            for each in service.intervals:
                npi, span = clinician_of(each, session), span_on(each, session.date_of_service)
                if npi is not None and span is not None:
                    block = Block(session.session_id, service.line, *span)
                    found.setdefault(npi, []).append(block)
    return {npi: tuple(found[npi]) for npi in sorted(found)} if found else {}


def hours_of(blocks: Iterable[Block]) -> list[int]:
    """Return the clock hours that the blocks touch, counted since 1970, UTC, in order.

    Blocks that overlap have an hour in common.
    """
    found: set[int] = set()
    for block in blocks:
        first, end = block.start.timestamp() / HOUR, block.end.timestamp() / HOUR
        found.update(range(floor(first), ceil(end)))
    return sorted(found)


def overlapping(
    ours: Sequence[Block], theirs: Sequence[Block]
) -> tuple[tuple[ServiceReference, ...], tuple[ServiceReference, ...]]:
    """Return the services of two days, ours first, in which one clinician is at both at once.

    Blocks that only touch do not overlap: the end of one may be the start of the next.
    """
    mine: set[tuple[str, int]] = set()
    others: set[tuple[str, int]] = set()
    for one in ours:
        for other in theirs:
            if one.start < other.end and other.start < one.end:
                mine.add((one.session_id, one.line))
                others.add((other.session_id, other.line))
    return _references(mine), _references(others)


def report_overlaps(
    services: Iterable[ServiceReference],
    sessions: Iterable[Session],
    lines: Iterable[UnitsLine],
    facts: Facts,
) -> tuple[Finding, ...]:
    """Report the services during which a clinician treated on another visit day too.

    A service that the day does not have any more is left out; one that earned no unit counts,
    since its minutes may have earned another's.
    """
    there = {
        (session.session_id, service.line) for session in sessions for service in session.services
    }
    named = {(each.session_id, each.line) for each in services} & there
    if not named:
        return ()
    concerned = [
        line.line
        for line in lines
        if any((at.session_id, at.line) in named for at in line.services)
    ]
    where = "with those on another visit day"
    return (report(facts, FindingCode.OVERLAPPING_INTERVALS, concerned, where=where),)


def _is_one_on_one(procedure: Procedure | None) -> bool:
    return procedure is not None and procedure.is_one_on_one


def _references(named: Iterable[tuple[str, int]]) -> tuple[ServiceReference, ...]:
    return tuple([ServiceReference(*each) for each in sorted(named)])
