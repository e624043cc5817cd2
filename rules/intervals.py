"""Start and stop times as spans of instants: what they add up to, and where they overlap.

An instant has an offset of its own, so elapsed time is right across a change of the clock. CMS
Pub. 100-04 ch. 5 §20.3; the manual is silent on seconds: they are added up and floored once.
"""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import TypeVar

from rules.roles import UNSKILLED
from schemas.session import Interval, Session

Owner = TypeVar("Owner", bound=Hashable)
Span = tuple[datetime, datetime]
"""A start and a later end, the end not in it."""
MINUTE = timedelta(minutes=1)
NO_TIME = timedelta()
MIDNIGHT = time()


def clinician_of(interval: Interval, session: Session) -> str | None:
    """Return who treated: as stated, else the only one of the session who can have."""
    if interval.clinician is not None:
        return interval.clinician
    if len(session.clinicians) == 1:
        only = session.clinicians[0]
        return None if only.role in UNSKILLED else only.npi
    could = {each.npi for each in session.clinicians if each.role not in UNSKILLED}
    return next(iter(could)) if len(could) == 1 else None


def spans_of(intervals: Iterable[Interval]) -> list[Span]:
    """Return the time that the intervals take; one that ends before it starts takes none."""
    return [(each.start, each.end) for each in intervals if each.start < each.end]


def spans_on(intervals: Iterable[Interval], day: date) -> list[Span]:
    """Return the time that the intervals take of one calendar day, split at its midnights.

    Midnight is that of the interval's own offset. An offset of zero says nothing of the place,
    since no place of service has it: such a time may lie on the day, or on the day beside it.
    """
    return [part for each in intervals if (part := span_on(each, day)) is not None]


def span_on(interval: Interval, day: date) -> Span | None:
    """Return the time that one interval takes of a calendar day; None where it takes none."""
    start, end = interval.start, interval.end
    if start >= end:
        return None
    if start.date() == day == end.date():
        return start, end
    return _part_on((start, end), day)


def unite(spans: Iterable[Span]) -> list[Span]:
    """Return the same time as spans that neither overlap nor touch, in their order."""
    given = list(spans)
    if len(given) <= 1:
        return given
    united: list[Span] = []
    for start, end in sorted(given):
        if united and start <= united[-1][1]:
            united[-1] = (united[-1][0], max(end, united[-1][1]))
        else:
            united.append((start, end))
    return united


def minutes_in(spans: Iterable[Span]) -> int:
    """Return whole minutes by the clock: a minute counts once, seconds are floored at the end."""
    return sum([end - start for start, end in unite(spans)], NO_TIME) // MINUTE


def minutes_on(intervals: Sequence[Interval], day: date) -> int | None:
    """Return the minutes by the clock on a calendar day; None where a time ends before it starts.

    Instants with offsets are slow to compare, so one time that lies on the day is taken once.
    """
    if len(intervals) == 1:
        start, end = intervals[0].start, intervals[0].end
        if start.date() == day == end.date():
            spent = end - start
            return None if spent < NO_TIME else spent // MINUTE
    if [each for each in intervals if each.end < each.start]:
        return None
    return minutes_in(spans_on(intervals, day))


def overlap(left: Iterable[Span], right: Iterable[Span]) -> list[Span]:
    """Return the time that two sets of spans have in common; none where they only touch."""
    ours, theirs = unite(left), unite(right)
    common, at, other = [], 0, 0
    while at < len(ours) and other < len(theirs):
        start = max(ours[at][0], theirs[other][0])
        end = min(ours[at][1], theirs[other][1])
        if start < end:
            common.append((start, end))
        if ours[at][1] <= theirs[other][1]:
            at += 1
        else:
            other += 1
    return common


def owners_that_overlap(spans: Mapping[Owner, Sequence[Span]]) -> list[Owner]:
    """Return the owners of a span that overlaps another one, their own included, in their order.

    A span that overlaps an earlier one starts before the latest end so far, and the span that ends
    latest is the other one: two at a time, all that overlap are found.
    """
    timeline = sorted(
        [(start, end, owner) for owner, owned in spans.items() for start, end in owned],
        key=lambda each: each[:2],
    )
    found: set[Owner] = set()
    latest: tuple[datetime, Owner] | None = None
    for start, end, owner in timeline:
        if latest is not None and start < latest[0]:
            found |= {latest[1], owner}
        if latest is None or latest[0] < end:
            latest = (end, owner)
    return [owner for owner in spans if owner in found]


def is_over_midnight(start: datetime, end: datetime) -> bool:
    """Say whether local midnight lies between two instants; at offset zero nobody knows."""
    day = start.date()
    return day < end.date() and _part_on((start, end), day) != (start, end)


def _part_on(span: Span, day: date) -> Span | None:
    start, end = span
    if start.date() == day == end.date():
        return span
    if not (_has_place(start) and _has_place(end)):
        return span if _is_near(start, day) and _is_near(end, day) else None
    if start.date() > day or end.date() < day:
        return None
    if start.date() < day:
        start = datetime.combine(day, MIDNIGHT, start.tzinfo)
    if end.date() > day:
        end = datetime.combine(day + timedelta(days=1), MIDNIGHT, end.tzinfo)
    return (start, end) if start < end else None


def _has_place(instant: datetime) -> bool:
    return bool(instant.utcoffset())


def _is_near(instant: datetime, day: date) -> bool:
    return abs((instant.date() - day).days) <= 1
