"""Progress reports: the treatment days that one covers, and what the next one is due for.

CMS Pub. 100-02 ch. 15 §220.3.D. Days of treatment are dates: several visit days on one date are
one treatment day, the evaluation's is one, and a date without a session is none.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta

from msgspec.structs import replace

from rules.roles import CLINICIANS
from schemas.documentation import ProgressReport
from schemas.model import Day, Identifier, ProcedureCode, Struct

ONE_DAY = timedelta(days=1)
Use = tuple[str | None, str]
"""A plan of care, or none, and a code that is used under it."""


class TreatmentDay(Struct, frozen=True, array_like=True, gc=False):
    """A visit day that has a session, as other days of the discipline look at it."""

    visit_day_id: Identifier
    plan_ids: tuple[Identifier, ...]
    codes: tuple[ProcedureCode, ...]
    """Those of its lines whose continued use some payer wants justified."""
    is_report_asked: bool
    """Its own payer asks for progress reports."""
    asked_codes: tuple[ProcedureCode, ...]
    """Those of the codes that its own payer wants justified."""


class ReportOnFile(Struct, frozen=True, array_like=True, gc=False):
    """What a valid progress report covers, both days inclusive; no plan narrows nothing."""

    period_to: Day
    period_from: Day
    document_id: Identifier
    plan_of_care_id: Identifier | None
    justifies: tuple[ProcedureCode, ...]


class Treatment(Struct, frozen=True, gc=False):
    """What is at hand of a patient's treatment in one discipline.

    A set of dates is an integer: its lowest bit stands for the first date, the next for the day
    after it.
    """

    first: date
    """The first date at hand."""
    dates: int
    """The treatment days."""
    uses: Mapping[Use, int]
    """Those of them on which a code is used, by plan of care."""
    is_whole: bool
    """No treatment day is earlier."""
    reports: tuple[ReportOnFile, ...] = ()
    """By the last day of their periods."""
    reports_since: date | None = None
    """The last day of every earlier report is before it; None where none is earlier."""


class Asked(Struct, frozen=True, gc=False):
    """What is asked of the reports on file for one date of service under one plan of care."""

    date_of_service: date
    plan_of_care_id: str | None
    starts_on: date | None
    """The first treatment day of the plan; days before it are another episode's."""
    is_report_asked: bool
    codes: tuple[ProcedureCode, ...]
    """Those of the day whose continued use is to be justified."""
    report_days: int
    """Treatment days that a report may cover."""
    use_days: int
    """Treatment days of the plan on which a code needs no justification."""


class ProgressJudgement(Struct, frozen=True, gc=False):
    """What the reports on file leave open for a date of service under one plan of care."""

    plan_of_care_id: str | None
    due: date | None
    """The treatment day by which the report was due; None where none is."""
    unjustified: tuple[ProcedureCode, ...] = ()
    """Codes past their days whose continued use no report justifies."""


def read_progress_report(document: ProgressReport) -> ReportOnFile | None:
    """Return what the report covers; None where no clinician has signed it, or it covers nothing.

    A report that names neither its discipline nor its plan says of nothing that it is about it.
    """
    content = document.content
    if document.signed_at is None or document.author_role not in CLINICIANS:
        return None
    if document.discipline is None and document.plan_of_care_id is None:
        return None
    if content.period_to < content.period_from:
        return None
    return ReportOnFile(
        content.period_to,
        content.period_from,
        document.document_id,
        document.plan_of_care_id,
        tuple(dict.fromkeys(content.justifies or ())),
    )


def put_date(treatment: Treatment, on: date, days: Sequence[TreatmentDay]) -> Treatment:
    """Return the treatment with what a date's visit days say of it; none, and it is no day."""
    bit = 1 << (on - treatment.first).days
    dates = treatment.dates | bit if days else treatment.dates & ~bit
    used = uses_of(days)
    if not (used or treatment.uses):
        return replace(treatment, dates=dates)
    uses = {use: bits & ~bit for use, bits in treatment.uses.items()}
    for use in used:
        uses[use] = uses.get(use, 0) | bit
    left = {use: bits for use, bits in uses.items() if bits}
    return replace(treatment, dates=dates, uses=left)


def uses_of(days: Iterable[TreatmentDay]) -> list[Use]:
    """Return what a date's visit days use of the codes they are watched for, each once, sorted."""
    used = {
        (plan_id, code)
        for day in days
        for code in day.codes
        for plan_id in day.plan_ids or (None,)
    }
    return sorted(used, key=lambda use: (use[0] or "", use[1]))


def judge_progress(treatment: Treatment, asked: Asked) -> ProgressJudgement | None:
    """Judge a date of service; None where what is at hand does not reach back far enough.

    The report is due when more treatment days than one may cover lie after the last day of the
    last report's period, and after the episode began, up to the date and with it.
    """
    reports = [
        each
        for each in treatment.reports
        if each.period_from <= asked.date_of_service
        and each.plan_of_care_id in (None, asked.plan_of_care_id)
    ]
    due: date | None = None
    last = reports[-1].period_to if reports else None
    if asked.is_report_asked and (last is None or last < asked.date_of_service):
        if not _is_enough(treatment, asked, last):
            return None
        waiting = _treated(treatment, treatment.dates, asked, last)
        if waiting.bit_count() > asked.report_days:
            due = date_at(treatment.first, waiting, asked.report_days)
    unjustified = []
    for code in asked.codes:
        is_justified = _is_justified(code, reports, treatment, asked)
        if is_justified is None:
            return None
        if not is_justified:
            unjustified.append(code)
    return ProgressJudgement(asked.plan_of_care_id, due, tuple(unjustified))


def dates_from(treatment: Treatment, first: date) -> list[date]:
    """Return the treatment days at hand from a date on."""
    bits, at_hand = treatment.dates >> max((first - treatment.first).days, 0), []
    day = max(first, treatment.first)
    while bits:
        if bits & 1:
            at_hand.append(day)
        bits, day = bits >> 1, day + ONE_DAY
    return at_hand


def _is_enough(treatment: Treatment, asked: Asked, last: date | None) -> bool:
    """Say whether the last report, and all treatment days after it, are at hand."""
    starts_on, since = asked.starts_on, treatment.reports_since
    if last is None and since is not None and (starts_on is None or since > starts_on):
        return False
    begins = _begin(asked, last)
    return treatment.is_whole or (begins is not None and treatment.first <= begins)


def _begin(asked: Asked, after: date | None) -> date | None:
    """Return the first date after one date and within the episode; None where any may count."""
    starts_on = asked.starts_on
    if after is None or (starts_on is not None and after < starts_on):
        return starts_on
    return after + ONE_DAY


def _treated(treatment: Treatment, dates: int, asked: Asked, after: date | None) -> int:
    """Return those of the dates after one of them and within the episode, up to the date asked."""
    first = treatment.first
    bits = dates & ((2 << (asked.date_of_service - first).days) - 1)
    begins = _begin(asked, after)
    if begins is not None and begins > first:
        skipped = (begins - first).days
        bits = bits >> skipped << skipped
    return bits


def date_at(first: date, dates: int, count: int) -> date:
    """Return the date at a place among these, counted from 1; the lowest bit is the first's."""
    for _ in range(count - 1):
        dates &= dates - 1
    lowest = (dates & -dates).bit_length() - 1
    return first + timedelta(days=lowest)


def _is_justified(
    code: str, reports: Iterable[ReportOnFile], treatment: Treatment, asked: Asked
) -> bool | None:
    """Say whether a code is within its days, or justified past them; None where it is unknown.

    A justification serves its report's period and the treatment days after it that come before
    the next report is due.
    """
    starts_on, since = asked.starts_on, treatment.reports_since
    is_known = treatment.is_whole or (starts_on is not None and treatment.first <= starts_on)
    used = treatment.uses.get((asked.plan_of_care_id, code), 0)
    if _treated(treatment, used, asked, None).bit_count() <= asked.use_days:
        return True if is_known else None
    treated = _treated(treatment, treatment.dates, asked, None)
    if not is_known and treated.bit_count() <= asked.report_days:
        return None
    for report in reports:
        if code in report.justifies and _reaches(report, treatment, asked):
            return True
    if since is None:
        return False
    if since > asked.date_of_service:
        return None
    later = _treated(treatment, treatment.dates, asked, since - ONE_DAY)
    return None if later.bit_count() <= asked.report_days else False


def _reaches(report: ReportOnFile, treatment: Treatment, asked: Asked) -> bool:
    if report.period_to >= asked.date_of_service:
        return True
    after = _treated(treatment, treatment.dates, asked, report.period_to)
    return after.bit_count() <= asked.report_days
