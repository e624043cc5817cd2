"""A visit day's sessions to its lines: codes recorded, units counted, what stays in the note."""

from collections.abc import Mapping, Sequence
from datetime import date
from uuid import UUID

from reference.facts import Facts, NoValueInForce, Procedure, UnitBasis
from reference.unit_facts import TimedSeries
from rules.assistants import divide_lines
from rules.findings import report, report_missing
from rules.monitoring import CountedPeriods, MonitoredDay, count_periods
from rules.recording import RecordedCode, record_codes
from rules.timed_codes import count_series, pooled_series, share_pooled
from rules.units import UNIT_RULES, Allocation
from schemas.envelope import name_id
from schemas.finding import Finding
from schemas.model import Struct
from schemas.session import Session
from schemas.units import UnbilledService, UnitChoice, UnitsLine
from schemas.values import Discipline, FindingCode, Unbilled

VISIT_DAYS = UUID("0d6c8f5a-2f0e-5f6b-8b0a-7d1c2e3f4a5b").bytes
"""The namespace of visit day ids."""
# A member is looked up each time that it is named by its enum: once is enough.
PER_15_MINUTES = UnitBasis.PER_15_MINUTES
NOTHING_TIMED = Allocation({}, (), ())
NO_PERIODS = CountedPeriods({}, {}, {}, ())


def visit_day_id(session: Session) -> str:
    """Return the opaque id of the session's visit day.

    It is a function of (patient, billing NPI, payer, discipline, date of service).
    """
    return identify_visit_day(
        session.patient_id,
        session.billing_provider.npi,
        session.payer.payer_id,
        session.discipline,
        session.date_of_service,
    )


def identify_visit_day(
    patient_id: str, npi: str, payer_id: str, discipline: Discipline, date_of_service: date
) -> str:
    """Return the id of the visit day of the five parts."""
    return name_id(VISIT_DAYS, patient_id, npi, payer_id, discipline, date_of_service.isoformat())


class CountedDay(Struct, frozen=True):
    """A visit day's lines and all that explains them."""

    timed_minutes: int
    timed_units: int
    lines: tuple[UnitsLine, ...]
    unbilled: tuple[UnbilledService, ...]
    choices: tuple[UnitChoice, ...]
    findings: tuple[Finding, ...]
    steps: tuple[str, ...]


class _Counted(Struct, frozen=True):
    """Units by code, of what is timed and of what goes by periods, and why."""

    units: Mapping[str, int]
    steps: tuple[str, ...]
    of_periods: Mapping[str, int] = {}
    shares: Mapping[str, tuple[int, int]] = {}
    """The therapist's and the assistant's minutes of codes that rest on others' minutes."""


def count_day(
    sessions: Sequence[Session], facts: Facts, monitored: MonitoredDay | None = None
) -> CountedDay:
    """Compute the billable units of a visit day from its sessions, in their order of arrival.

    Minutes pool over one patient, billing provider, payer, discipline and date, by the unit rule
    of the payer's profile (CMS Pub. 100-04 ch. 5 §20.2.C); untimed codes are billed as recorded,
    and codes of remote monitoring have what ``monitored`` says.
    """
    recorded: Mapping[str, RecordedCode] = record_codes(sessions)
    periods = NO_PERIODS
    if monitored is not None:
        periods = count_periods(recorded, monitored)
        recorded = periods.recorded
    procedures = facts.procedures
    if isinstance(procedures, NoValueInForce):
        return _undecided_day(recorded, procedures, facts)
    pool, series = _pool(recorded, procedures, facts)
    allocation = NOTHING_TIMED
    if pool:
        if isinstance(facts.timed_unit, NoValueInForce):
            return _undecided_day(recorded, facts.timed_unit, facts)
        choice = [code for each in sessions if each.unit_choice for code in each.unit_choice]
        allocation = UNIT_RULES[facts.profile.unit_rule](pool, facts.timed_unit, choice)
    counted = _Counted(allocation.units, allocation.steps)
    # A series in the pool stands there under its first code, whichever of its codes were recorded.
    some_apart = bool(series) or len(pool) < len(recorded)
    if some_apart:
        counted = _count_apart(recorded, series, allocation, periods, facts)
    lines, unbilled = _bill(recorded, procedures, counted)
    timed_minutes = sum(pool.values())
    steps, findings = counted.steps, []
    if unbilled or some_apart:
        steps = _state_steps(counted, lines, unbilled)
    if facts.profile.assistant_modifiers and _is_assisted(recorded):
        divided = divide_lines(lines, sessions, facts, counted.shares)
        lines, findings = divided.lines, list(divided.findings)
        steps += divided.steps
    if some_apart:
        findings = _report_codes(lines, procedures, facts) + findings
    if not lines or allocation.choices:
        findings += _report_time(allocation.choices, lines, unbilled, facts)
    findings += _report_few_minutes(timed_minutes, allocation, lines, facts)
    return CountedDay(
        timed_minutes,
        sum(allocation.units.values()),
        lines,
        unbilled,
        allocation.choices,
        tuple(findings),
        steps,
    )


def sessions_disagree(sessions: Sequence[Session]) -> bool:
    """Say whether the day's sessions name different settings, localities or programs."""
    named = {
        (
            session.billing_provider.setting,
            session.billing_provider.mac,
            session.billing_provider.locality,
            bool(session.billing_provider.qualifying_apm),
            session.payer.program,
        )
        for session in sessions
    }
    return len(named) > 1


def _is_assisted(recorded: Mapping[str, RecordedCode]) -> bool:
    return any(each.assistant_minutes for each in recorded.values())


def _pool(
    recorded: Mapping[str, RecordedCode], procedures: Mapping[str, Procedure], facts: Facts
) -> tuple[dict[str, int], list[TimedSeries]]:
    """Return the minutes of the pool by code, and the series that this payer counts in it."""
    pool: dict[str, int] = {}
    pooled: list[TimedSeries] = []
    for code, each in recorded.items():
        procedure = procedures.get(code)
        if procedure is None:
            continue
        if procedure.unit_basis is PER_15_MINUTES:
            pool[code] = each.minutes
        elif series := pooled_series(code, facts):
            if series.code not in pool:
                pooled.append(series)
            pool[series.code] = pool.get(series.code, 0) + each.minutes
    return pool, pooled


def _count_apart(
    recorded: Mapping[str, RecordedCode],
    pooled: Sequence[TimedSeries],
    allocation: Allocation,
    periods: CountedPeriods,
    facts: Facts,
) -> _Counted:
    """Add what is timed by thresholds of its own, and by periods, to what the pool gives."""
    units, steps, shares = dict(allocation.units), allocation.steps, dict(periods.shares)
    counts = [share_pooled(series, units.pop(series.code), recorded) for series in pooled]
    for each in (*counts, *count_series(recorded, facts)):
        units.update(each.units)
        shares.update(each.shares)
        steps += each.steps
    return _Counted(units, steps + periods.steps, periods.units, shares)


def _bill(
    recorded: Mapping[str, RecordedCode],
    procedures: Mapping[str, Procedure],
    counted: _Counted,
) -> tuple[tuple[UnitsLine, ...], tuple[UnbilledService, ...]]:
    """Make a line of every code with a unit or without a decision; the rest stays in the note."""
    lines: list[UnitsLine] = []
    unbilled: list[UnbilledService] = []
    by_time = counted.units
    for code, each in recorded.items():
        units: int | None = by_time.get(code)
        timed: bool | None = True
        if units is None:
            units, timed = _units_not_counted(each, procedures.get(code), counted.of_periods)
        if units == 0:
            reason = Unbilled.NO_UNIT_EARNED
            unbilled.append(UnbilledService(code=code, minutes=each.minutes, reason=reason))
        else:
            lines.append(_line(len(lines) + 1, each, units, timed=timed))
    return tuple(lines), tuple(unbilled)


def _units_not_counted(
    recorded: RecordedCode, procedure: Procedure | None, of_periods: Mapping[str, int]
) -> tuple[int | None, bool | None]:
    """Return the units of a code that no rule counted by time, and whether it is timed."""
    if procedure is None:
        return None, None
    match procedure.unit_basis:
        case UnitBasis.UNTIMED | UnitBasis.CONTRACTOR:
            return recorded.units, False
        case UnitBasis.PERIOD:
            return of_periods.get(recorded.code), False
        case UnitBasis.TIMED_OUTSIDE_POOL:
            return None, True
        case UnitBasis.PER_15_MINUTES:
            raise AssertionError(recorded.code)


def _line(
    number: int, recorded: RecordedCode, units: int | None, *, timed: bool | None
) -> UnitsLine:
    return UnitsLine(
        line=number,
        code=recorded.code,
        units=units,
        minutes=recorded.minutes,
        timed=timed,
        assistant=False,
        services=recorded.services,
    )


def _state_steps(
    counted: _Counted, lines: Sequence[UnitsLine], unbilled: Sequence[UnbilledService]
) -> tuple[str, ...]:
    """Return the arithmetic of what is counted, then what is untimed, then what earned no unit."""
    untimed = [
        f"{line.code}: untimed, {line.units} as recorded."
        for line in lines
        if not line.timed and line.units is not None and line.code not in counted.of_periods
    ]
    unearned = [
        f"{each.code}: {each.minutes} minutes earn no unit."
        for each in unbilled
        if each.code not in counted.of_periods
    ]
    return (*counted.steps, *untimed, *unearned)


def _undecided_day(
    recorded: Mapping[str, RecordedCode], missing: NoValueInForce, facts: Facts
) -> CountedDay:
    lines = tuple(
        _line(number, each, None, timed=None) for number, each in enumerate(recorded.values(), 1)
    )
    finding = report_missing(facts, missing, (line.line for line in lines))
    return CountedDay(0, 0, lines, (), (), (finding,), ())


def _report_codes(
    lines: Sequence[UnitsLine], procedures: Mapping[str, Procedure], facts: Facts
) -> list[Finding]:
    findings = []
    for line in lines:
        if line.units is not None:
            continue
        if line.code in procedures:
            rule = NoValueInForce(f"the unit rule of {line.code}", facts.date_of_service)
            findings.append(report_missing(facts, rule, (line.line,)))
        else:
            unknown = FindingCode.UNKNOWN_CODE
            findings.append(report(facts, unknown, (line.line,), code=line.code))
    return findings


def _report_time(
    choices: Sequence[UnitChoice],
    lines: Sequence[UnitsLine],
    unbilled: Sequence[UnbilledService],
    facts: Facts,
) -> list[Finding]:
    findings = []
    if not lines:
        minutes = str(sum(each.minutes for each in unbilled))
        findings.append(report(facts, FindingCode.NO_BILLABLE_TIME, minutes=minutes))
    for choice in choices:
        tied = {*choice.units_go_to, *choice.could_go_to}
        findings.append(
            report(
                facts,
                FindingCode.CLINICIAN_CHOICE_OF_UNIT,
                (line.line for line in lines if line.code in tied),
                units_go_to=", ".join(choice.units_go_to),
                could_go_to=", ".join(choice.could_go_to),
            )
        )
    return findings


def _report_few_minutes(
    timed_minutes: int, allocation: Allocation, lines: Sequence[UnitsLine], facts: Facts
) -> list[Finding]:
    """Report timed minutes a unit that are well below a unit's length: watched as a pattern.

    CMS Pub. 100-04 ch. 5 §20.2: about 15 minutes a unit are expected; how few are few is ours.
    """
    units, fewest = sum(allocation.units.values()), facts.low_minutes_per_unit
    if isinstance(fewest, NoValueInForce) or timed_minutes >= fewest * units:
        return []
    code, pooled = FindingCode.MINUTES_PER_UNIT_LOW, allocation.units
    return [
        report(
            facts,
            code,
            (line.line for line in lines if line.code in pooled),
            minutes=str(timed_minutes),
            units="1 unit" if units == 1 else f"{units} units",
        )
    ]
