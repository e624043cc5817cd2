"""What a visit day tells its clinicians, and what is said of their time on other days."""

from collections.abc import Iterable, Sequence
from hashlib import sha256

from msgspec.json import encode
from msgspec.structs import replace

from reference.facts import Facts
from rules.clinicians import blocks_by_clinician, report_overlaps
from runtime.processor import Output
from schemas.clinicians import ClinicianDay, ClinicianOverlap
from schemas.events import EventType
from schemas.finding import Finding
from schemas.session import Session
from schemas.units import UnitsComputed
from services.units.state import DayState, Overlap, Told

CLINICIAN_DAY = EventType.CLINICIAN_DAY


def has_times(sessions: Sequence[Session]) -> bool:
    """Say whether any service has start and stop times: without, there is nobody to tell."""
    for session in sessions:
        for service in session.services:
            if service.intervals:
                return True
    return False


def tell_clinicians(
    state: DayState, day: UnitsComputed, facts: Facts
) -> tuple[tuple[Told, ...], list[Output]]:
    """Return who knows of the day now, and what is news: of who left it too, without a block."""
    blocks = blocks_by_clinician(day.sessions, facts)
    told = tuple([Told(npi, sha256(encode(its)).hexdigest()) for npi, its in blocks.items()])
    if told == state.told:
        return told, []
    news: Iterable[str] = blocks
    if state.told:
        gone = {each.npi for each in state.told} - blocks.keys()
        changed = {each.npi for each in told if each not in state.told}
        news = sorted(gone | changed)
    outputs = []
    for npi in news:
        its = ClinicianDay(
            npi=npi,
            patient_id=day.patient_id,
            visit_day_id=day.visit_day_id,
            date_of_service=day.date_of_service,
            revision=day.revision,
            blocks=blocks.get(npi, ()),
        )
        outputs.append(Output(CLINICIAN_DAY, day.visit_day_id, its))
    return told, outputs


def take_overlap(state: DayState, said: ClinicianOverlap) -> DayState | None:
    """Return the day with what was said of it; None where a later word is known."""
    known = {each.npi: each for each in state.overlaps}
    before = known.get(said.npi)
    if before is not None and said.revision <= before.revision:
        return None
    known[said.npi] = Overlap(said.npi, said.revision, said.lines)
    return replace(state, overlaps=tuple([known[npi] for npi in sorted(known)]))


def findings_of(state: DayState, day: UnitsComputed, facts: Facts) -> tuple[Finding, ...]:
    """Report what overlaps, as far as the day still has it."""
    services = [service for each in state.overlaps for service in each.services]
    return report_overlaps(services, day.sessions, day.lines, facts) if services else ()
