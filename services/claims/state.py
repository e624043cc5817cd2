"""What ``claims`` remembers: small values, each by its kind and the ids it belongs to."""

from collections.abc import Iterable
from datetime import date

from rules.attestation import Attestation
from rules.authorizations import Place
from rules.decision import History
from rules.edits.day import PricedDay
from rules.notes import KeptNote, NoteJudgement
from rules.plan_of_care import PlanOnFile
from rules.progress import ReportOnFile, TreatmentDay
from runtime.processor import Key
from schemas.model import Amount, Day, Identifier, Instant, Money, ProcedureCode, Struct
from schemas.spend import Spend
from schemas.values import Discipline, FindingCode, Owner, ThresholdGroup

SEGMENT = 32
"""Entries in one segment of a list that grows."""


class KeptFinding(Struct, frozen=True, array_like=True, gc=False):
    """A finding that came with a day: the rest of it is in the catalogue."""

    code: FindingCode
    lines: tuple[int, ...]
    message: str


class DayState(Struct, frozen=True, gc=False):
    """A visit day as spend priced it, without its sessions, which are values of their own."""

    priced: PricedDay
    findings: tuple[KeptFinding, ...]
    session_count: int
    plan_of_care_ids: tuple[Identifier, ...]
    first_event_time: Instant
    notes: tuple[NoteJudgement, ...] = ()
    """Of the sessions whose notes were compared."""


class NotesState(Struct, frozen=True, gc=False):
    """The patient's last notes in one discipline, by date of service, then arrival."""

    last: tuple[KeptNote, ...] = ()
    """As many as the payer's profile has compared."""


class Waiting(Struct, frozen=True, array_like=True, gc=False):
    """What a day waits for by its last decision, as far as it is counted; nothing once empty."""

    missing: tuple[tuple[Owner, FindingCode], ...] = ()
    """Whose documents by which findings, each pair once, where documents would cure it all."""
    due: Day | None = None
    """The earliest day by which one of them is due."""
    blocked_by: tuple[FindingCode, ...] = ()
    """What holds the day, each once."""
    amount: Amount | None = None
    """Of its priced lines, in dollars; None where none is priced."""


class DecisionState(Struct, frozen=True, gc=False):
    """What was decided on a visit day, and the lists that it stands in."""

    history: History
    listed_plans: tuple[Identifier, ...] = ()
    ledger_segment: int | None = None
    """Where the day stands in its ledger's list; None where it does not."""
    held_segment: int | None = None
    """Where the day stands in the patient's list of held days."""
    needs_kx: bool = False
    """A line was over the threshold when the day was decided last."""
    waiting: Waiting | None = None
    """Of a day that is held or needs documentation; None where a release did not keep it."""
    first_event_time: Instant | None = None
    """Of the day under the retired id that it came from."""
    place: Place | None = None
    """What it took of visits and authorizations there; None once it has it here."""


class ListTail(Struct, frozen=True, gc=False):
    """The last segment of a list and its number: how many full ones are values of their own."""

    number: int = 0
    visit_day_ids: tuple[Identifier, ...] = ()
    """Up to 32, in the order in which they were listed."""


class ListSegment(Struct, frozen=True, gc=False):
    """A segment that was full; days may have left it since."""

    visit_day_ids: tuple[Identifier, ...]


class LedgerState(Struct, frozen=True, gc=False):
    """A patient's year in one threshold group, and the bound on what waits. Money in dollars.

    Its list has the days that wait without ever having been ready, and those that need KX.
    """

    running_total: Money
    decided_total: Money
    """The running total that the days that wait were last decided on."""
    largest_allowed: Money
    """The most that a listed day has ever come to."""


class AttestationsState(Struct, frozen=True, gc=False):
    """The valid attestations of a patient's year and threshold group."""

    attestations: tuple[Attestation, ...]


class ChangedDay(Struct, frozen=True, gc=False):
    """A treatment day before a change; None where it was none."""

    date_of_service: Day
    visit_day_id: Identifier
    before: TreatmentDay | None


class PlanState(Struct, frozen=True, gc=False):
    """The documents of a plan of care, in the order in which they came."""

    documents: tuple[PlanOnFile, ...]


class ReportSegment(Struct, frozen=True, gc=False):
    """Progress reports of a patient's discipline, by the last day of their periods."""

    reports: tuple[ReportOnFile, ...] = ()
    since: Day | None = None
    """The last days of earlier reports are before it; None where none is earlier."""
    previous: int | None = None
    """The number of the segment that has those."""


class TreatmentState(ReportSegment, frozen=True, gc=False):
    """A patient's treatment in one discipline: its years, and its latest reports."""

    years: tuple[int, ...] = ()
    """Those with a treatment day, ascending."""
    segments: int = 0
    """How many earlier segments of reports are values of their own."""
    unsettled: tuple[ChangedDay, ...] = ()
    """Changed by a cause that changes another day too: others are decided after that."""


class KeptUse(Struct, frozen=True, array_like=True, gc=False):
    """The dates of a year on which a code is used under a plan of care, in hexadecimal."""

    plan_of_care_id: Identifier | None
    code: ProcedureCode
    dates: str


class TreatmentYear(Struct, frozen=True, array_like=True, gc=False):
    """The treatment days of a year: the lowest bit is 1 January's; in hexadecimal."""

    dates: str
    uses: tuple[KeptUse, ...] = ()


class TreatedDays(Struct, frozen=True, gc=False):
    """The visit days on one date, in the order in which they came."""

    days: tuple[TreatmentDay, ...]


class TreatmentKeys(Struct, frozen=True, gc=False):
    """Where the treatment of a visit day's discipline and date is kept."""

    state: Key
    year: Key
    date: Key


class LedgerKeys(Struct, frozen=True, gc=False):
    """Where a patient's year in one threshold group is kept."""

    state: Key
    attestations: Key
    days: Key
    """The list of the days that a balance or an attestation may change."""


class PlanKeys(Struct, frozen=True, gc=False):
    """Where a plan of care is kept."""

    state: Key
    days: Key
    """The list of the days that ever named the plan."""


class DayKeys(Struct, frozen=True, gc=False):
    """Where a visit day, its decision and what that rests on are kept."""

    day: Key
    decision: Key
    held_days: Key
    treatment: TreatmentKeys
    plans: dict[str, PlanKeys]
    """By the plan of care's id, in the order of the sessions."""
    ledger: LedgerKeys | None
    """None where no ledger has the day."""

    def all(self) -> list[Key]:
        """Return the keys that every decision reads, to be read at once."""
        treatment = self.treatment
        keys = [self.day, self.decision, self.held_days]
        # What else is on its date is asked for where the day does not come after all others.
        keys += (treatment.state, treatment.year)
        for plan in self.plans.values():
            keys += (plan.state, plan.days)
        if self.ledger is not None:
            keys += (self.ledger.state, self.ledger.attestations, self.ledger.days)
        return keys


def day_keys(
    patient_id: str,
    visit_day_id: str,
    treatment: TreatmentKeys,
    spend: Spend | None,
    plan_of_care_ids: Iterable[str],
) -> DayKeys:
    """Name all that the decision on a priced day needs."""
    return DayKeys(
        day_key(patient_id, visit_day_id),
        decision_key(patient_id, visit_day_id),
        held_list(patient_id),
        treatment,
        {each: plan_keys(patient_id, each) for each in plan_of_care_ids},
        None if spend is None else ledger_keys(patient_id, spend.year, spend.threshold_group),
    )


def day_key(patient_id: str, visit_day_id: str) -> Key:
    """Name the state of a visit day."""
    return ("day", patient_id, visit_day_id)


def day_session_key(patient_id: str, visit_day_id: str, number: int) -> Key:
    """Name one session of a visit day, counted from 0; its state is the session itself."""
    return ("day_session", patient_id, visit_day_id, str(number))


def decision_key(patient_id: str, visit_day_id: str) -> Key:
    """Name what was decided on a visit day."""
    return ("decision", patient_id, visit_day_id)


def ledger_keys(patient_id: str, year: int, group: ThresholdGroup) -> LedgerKeys:
    """Name all that is kept of a patient's year in one threshold group."""
    of = (patient_id, str(year), str(group))
    return LedgerKeys(ledger_key(*of), attestations_key(*of), ledger_list(*of))


def ledger_key(patient_id: str, year: str, group: str) -> Key:
    """Name a patient's year in one threshold group."""
    return ("ledger", patient_id, year, group)


def attestations_key(patient_id: str, year: str, group: str) -> Key:
    """Name the attestations of a patient's year and threshold group."""
    return ("attestations", patient_id, year, group)


def ledger_list(patient_id: str, year: str, group: str) -> Key:
    """Name the list of the days of a ledger that a balance or an attestation may change."""
    return ("ledger_days", patient_id, year, group)


def plan_keys(patient_id: str, plan_of_care_id: str) -> PlanKeys:
    """Name all that is kept of a plan of care."""
    return PlanKeys(plan_key(patient_id, plan_of_care_id), plan_list(patient_id, plan_of_care_id))


def plan_key(patient_id: str, plan_of_care_id: str) -> Key:
    """Name the documents of a plan of care."""
    return ("plan", patient_id, plan_of_care_id)


def plan_list(patient_id: str, plan_of_care_id: str) -> Key:
    """Name the list of the days that ever named a plan of care."""
    return ("plan_days", patient_id, plan_of_care_id)


def document_key(patient_id: str, document_id: str) -> Key:
    """Name a document; its state is the highest revision itself."""
    return ("document", patient_id, document_id)


def treatment_keys(patient_id: str, discipline: Discipline, on: date) -> TreatmentKeys:
    """Name all that is kept of the treatment in a discipline on one date."""
    state = treatment_key(patient_id, discipline)
    return TreatmentKeys(state, year_key(state, on.year), date_key(state, on))


def treatment_key(patient_id: str, discipline: Discipline) -> Key:
    """Name a patient's treatment in one discipline."""
    return ("treatment", patient_id, discipline)


def year_key(treatment: Key, year: int) -> Key:
    """Name the treatment days of one year."""
    return ("treatment_year", *treatment[1:], str(year))


def date_key(treatment: Key, on: date) -> Key:
    """Name the visit days on one date."""
    return ("treatment_date", *treatment[1:], on.isoformat())


def reports_key(treatment: Key, number: int) -> Key:
    """Name an earlier segment of progress reports, counted from 0."""
    return ("progress_reports", *treatment[1:], str(number))


def held_list(patient_id: str) -> Key:
    """Name the list of the patient's held days."""
    return ("held_days", patient_id)


def notes_key(patient_id: str, discipline: Discipline) -> Key:
    """Name the patient's last notes in a discipline."""
    return ("notes", patient_id, str(discipline))


def authorizations_key(patient_id: str, payer_id: str) -> Key:
    """Name what a payer authorized for a patient, and what is taken of it."""
    return ("authorizations", patient_id, payer_id)


def visits_key(patient_id: str, payer_id: str, discipline: Discipline, year: int) -> Key:
    """Name the count of a payer's visit days of a discipline and calendar year."""
    return ("visits", patient_id, payer_id, str(discipline), str(year))


def place_key(patient_id: str, visit_day_id: str) -> Key:
    """Name what a visit day has taken of visits and authorizations."""
    return ("place", patient_id, visit_day_id)


def taking_list(patient_id: str, payer_id: str, number: str) -> Key:
    """Name the list of the days that take of an authorization."""
    return ("taking_days", patient_id, payer_id, number)


def waiting_list(patient_id: str, payer_id: str) -> Key:
    """Name the list of the days that wait for an authorization of the payer's."""
    return ("waiting_days", patient_id, payer_id)
