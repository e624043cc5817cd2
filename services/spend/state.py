"""What ``spend`` remembers: small values, each under its kind and the ids it belongs to."""

from collections.abc import Generator, Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal

from rules.money import ZERO
from runtime.processor import Key, Value
from schemas.finding import Finding
from schemas.model import Identifier, Money, Struct
from schemas.spend import Spend, SpendLine
from schemas.units import UnbilledService
from schemas.values import ThresholdGroup

SEGMENT = 16
"""Entries in one segment of a list that grows: a full one is about 2 KB."""
Loading = Generator[Sequence[Key], Mapping[Key, Value], None]


class Overlay(dict[Key, Value]):
    """The state values of one event as they are now: those loaded, and those that it changes."""

    def __init__(self) -> None:
        """Start with nothing loaded."""
        super().__init__()
        self.changes: dict[Key, Value] = {}

    def keep(self, key: Key, value: Value) -> None:
        """Change a value; None deletes it."""
        self[key] = self.changes[key] = value

    def load(self, keys: Iterable[Key]) -> Loading:
        """Ask for the values that are not there yet, None where absent."""
        wanted = [key for key in keys if key not in self]
        if wanted:
            self.update((yield wanted))


class Outcome(Struct, frozen=True):
    """What was emitted last of a visit day, beside what ``units`` says of it."""

    revision: int
    """Spend's own count of the day's emissions."""
    units_revision: int
    sessions: int
    """How many session values the day has."""
    place: int | None
    """The place of its entry in the ledger, from 0; null where thresholds never applied."""
    lines: tuple[SpendLine, ...]
    unbilled: tuple[UnbilledService, ...]
    findings: tuple[Finding, ...]
    """Spend's own."""
    total_allowed: Money
    spend: Spend | None
    is_listed: bool
    """It stands in the patient's list of days that were held here once."""


class Group(Struct, frozen=True):
    """The visit days of one patient, billing NPI, payer and date, the first accrued first."""

    visit_day_ids: tuple[Identifier, ...] = ()


class Entry(Struct, frozen=True, array_like=True):
    """A visit day's entry in its ledger: dollars, and the report that placed it last, if any."""

    visit_day_id: str
    date_of_service: date
    accrued_at: datetime
    amount: Decimal
    balance_before: Decimal
    reported_as_of: datetime | None


class LedgerReport(Struct, frozen=True):
    """The payer's latest report of a ledger, in dollars."""

    amount: Decimal
    as_of: datetime
    includes_through: date | None


class Ledger(Struct, frozen=True):
    """The head of a ledger: its sums in dollars, and the entries that fill no segment yet."""

    count: int = 0
    total: Decimal = ZERO
    """Of all entries' current amounts."""
    after_report: Decimal = ZERO
    """Of those after the report."""
    report: LedgerReport | None = None
    entries: tuple[Entry, ...] = ()
    kx_threshold: Decimal | None = None
    """That of the year when an event touched the ledger last; None where none was in force."""
    review_threshold: Decimal | None = None
    """The same of medical review."""


class LedgerSegment(Struct, frozen=True):
    """Sixteen entries of a ledger, in place order."""

    entries: tuple[Entry, ...]


class HeldList(Struct, frozen=True):
    """How many visit days of the patient were ever held here; it only grows."""

    count: int = 0


class HeldSegment(Struct, frozen=True):
    """Up to sixteen of them, in the order in which they were first held."""

    visit_day_ids: tuple[Identifier, ...] = ()


def day_key(patient_id: str, visit_day_id: str) -> Key:
    """Name what ``units`` says of a visit day: its ``UnitsComputed`` without the sessions."""
    return ("day", patient_id, visit_day_id)


def session_key(patient_id: str, visit_day_id: str, number: int) -> Key:
    """Name one ``Session`` of a visit day, counted from 0."""
    return ("session", patient_id, visit_day_id, str(number))


def outcome_key(patient_id: str, visit_day_id: str) -> Key:
    """Name the ``Outcome`` of a visit day."""
    return ("outcome", patient_id, visit_day_id)


def group_key(patient_id: str, npi: str, payer_id: str, date_of_service: date) -> Key:
    """Name the ``Group`` of visit days that share the payment reduction."""
    return ("group", patient_id, npi, payer_id, date_of_service.isoformat())


def ledger_key(patient_id: str, year: int, group: ThresholdGroup) -> Key:
    """Name the head of a ``Ledger``."""
    return ("ledger", patient_id, str(year), group)


def ledger_segment_key(ledger: Key, number: int) -> Key:
    """Name one full segment of a ledger, counted from 0."""
    return ("entries", *ledger[1:], str(number))


def held_key(patient_id: str) -> Key:
    """Name the head of the patient's ``HeldList``."""
    return ("held", patient_id)


def held_segment_key(patient_id: str, number: int) -> Key:
    """Name one segment of the patient's list of held days, counted from 0."""
    return ("held_days", patient_id, str(number))
