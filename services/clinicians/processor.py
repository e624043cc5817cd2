"""The consumer ``clinicians``: finds where a clinician is one-on-one in two visit days at once."""

from collections.abc import Collection, Iterable, Mapping

from msgspec.structs import replace

from reference.rulebook import RuleBook
from rules.clinicians import hours_of, overlapping
from runtime.processor import Key, Output, Step, Steps, Value
from schemas.clinicians import ClinicianDay, ClinicianOverlap
from schemas.envelope import Event
from schemas.events import EventType
from schemas.units import ServiceReference
from services.clinicians.state import DayState, HourState, Shared, day_key, hour_key

NOBODY = HourState(())


class CliniciansProcessor:
    """Turns each clinician's time by visit day into what overlaps, for both of the days.

    What it says follows from the time that every day states last, in whatever order that came.
    """

    source = "/therapy/clinicians"

    def __init__(self, rulebook: RuleBook) -> None:
        """Need nothing of ``rulebook``: what counts as one-on-one was decided by ``units``."""
        del rulebook

    def process(self, event: Event) -> Steps:
        """Handle one event of ``therapy.clinicians``."""
        day: ClinicianDay = event.data
        npi, name = day.npi, day.visit_day_id
        own = day_key(npi, name)
        entered = [hour_key(npi, hour) for hour in hours_of(day.blocks)]
        loaded = yield (own, *entered)
        before: DayState | None = loaded[own]
        if before is not None and day.revision <= before.revision:
            return Step()
        hours: dict[Key, HourState] = {key: loaded[key] or NOBODY for key in entered}
        if before is None:
            after = DayState(day.patient_id, day.revision, day.blocks)
        else:
            after = replace(before, revision=day.revision, blocks=day.blocks, shared=())
            left = [hour_key(npi, hour) for hour in hours_of(before.blocks)]
            if wanted := [key for key in left if key not in hours]:
                loaded = yield wanted
                hours.update({key: loaded[key] or NOBODY for key in wanted})
        keys = [day_key(npi, each) for each in _others(hours.values(), name)]
        others = (yield keys) if keys else {}
        days: dict[Key, DayState] = {own: after}
        for key in keys:
            other: DayState = others[key]
            days[own], shares = _meet(days[own], name, other, key[-1])
            if shares != other:
                days[key] = shares
        changes: dict[Key, Value] = _enter(hours, name, entered)
        outputs = []
        for key, each in days.items():
            changes[key] = said = _say(each)
            if said is not each:
                outputs.append(_output(npi, key[-1], said))
        return Step(changes, outputs)


def _others(hours: Iterable[HourState], name: str) -> list[str]:
    """Return the other days of these hours, in the order of their ids."""
    return sorted({each for hour in hours for each in hour.visit_day_ids} - {name})


def _meet(one: DayState, name: str, other: DayState, other_name: str) -> tuple[DayState, DayState]:
    """Return two days of a clinician, each with what it shares with the other now."""
    mine, theirs = overlapping(one.blocks, other.blocks)
    return _share(one, other_name, mine), _share(other, name, theirs)


def _share(day: DayState, other: str, lines: tuple[ServiceReference, ...]) -> DayState:
    shared = [each for each in day.shared if each.visit_day_id != other]
    if lines:
        shared.append(Shared(other, lines))
        shared.sort(key=lambda each: each.visit_day_id)
    return replace(day, shared=tuple(shared))


def _enter(
    hours: Mapping[Key, HourState], name: str, entered: Collection[Key]
) -> dict[Key, Value]:
    """Return the hours that the day entered or left; None for one in which nobody is left."""
    changes: dict[Key, Value] = {}
    for key, hour in hours.items():
        names = hour.visit_day_ids
        if (name in names) is (key in entered):
            continue
        names = (*names, name) if key in entered else tuple(e for e in names if e != name)
        changes[key] = HourState(names) if names else None
    return changes


def _say(day: DayState) -> DayState:
    """Return the day with what is to be said of it, once more where that is news."""
    if not (day.shared or day.lines):
        return day
    named = {(line.session_id, line.line) for each in day.shared for line in each.lines}
    lines = tuple([ServiceReference(*each) for each in sorted(named)])
    return day if lines == day.lines else replace(day, said=day.said + 1, lines=lines)


def _output(npi: str, name: str, day: DayState) -> Output:
    overlap = ClinicianOverlap(
        patient_id=day.patient_id,
        visit_day_id=name,
        npi=npi,
        revision=day.said,
        lines=day.lines,
    )
    return Output(EventType.CLINICIAN_OVERLAP, name, overlap)
