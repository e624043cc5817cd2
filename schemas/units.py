"""A visit day with its billable units."""

from schemas.finding import Finding
from schemas.model import Day, Identifier, ProcedureCode, Struct, Text
from schemas.session import BillingProvider, Session
from schemas.values import Discipline, EmptiedBy, Program, Unbilled, UnitRule


class ServiceReference(Struct, frozen=True):
    """Where a line comes from: a session and its own line number there."""

    session_id: Identifier
    line: int


class ProfiledPayer(Struct, frozen=True):
    """The payer as it came, with the payer profile that was used."""

    payer_id: Identifier
    program: Program
    profile: Identifier


class UnitsLine(Struct, frozen=True):
    """One code of the day; ``units`` is null where it cannot be decided."""

    line: int
    code: ProcedureCode
    units: int | None
    minutes: int
    timed: bool | None
    assistant: bool
    services: tuple[ServiceReference, ...]


class UnbilledService(Struct, frozen=True):
    """A service that earned no unit or is not on the claim: it stays in the note."""

    code: ProcedureCode
    minutes: int
    reason: Unbilled


class UnitChoice(Struct, frozen=True):
    """Equal remainders: who has the units now, and who could have them instead."""

    units_go_to: tuple[ProcedureCode, ...]
    could_go_to: tuple[ProcedureCode, ...]


class VisitDay(Struct, frozen=True, kw_only=True):
    """What every stage says of a visit day."""

    visit_day_id: Identifier
    revision: int
    """1, then one more for each emission."""
    patient_id: Identifier
    date_of_service: Day
    discipline: Discipline
    billing_provider: BillingProvider
    payer: ProfiledPayer
    unit_rule: UnitRule
    timed_minutes: int
    """Minutes of the codes in the 15-minute pool."""
    timed_units: int
    unbilled: tuple[UnbilledService, ...]
    choices: tuple[UnitChoice, ...]
    findings: tuple[Finding, ...]
    steps: tuple[Text, ...]
    sessions: tuple[Session, ...]
    """The sessions that the day is made of, as they stand, addenda merged."""
    followed_by: tuple[Identifier, ...] = ()
    """Days of the same ledger that the same cause changes after this one; left out where none."""
    is_followed: bool = False
    """The same cause changes another day of the discipline after this one; left out where not."""
    emptied_by: EmptiedBy | None = None
    """Why no session is left; present only then."""


class UnitsComputed(VisitDay, frozen=True, kw_only=True):
    """One visit day, whole again each time that anything in it changes."""

    lines: tuple[UnitsLine, ...]
