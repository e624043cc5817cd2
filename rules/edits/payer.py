"""What a payer's own policy allows on a date of service: its limits, and what it finds usual.

The numbers and codes are the payer profile's, and so is the authority that a finding cites. A
payer may count over a provider or a member; what is seen here is one visit day, which a payer
that counts more widely sees whole.
"""

from collections.abc import Sequence

from msgspec.structs import replace

from reference.facts import Counted, DailyLimit, Facts
from rules.authorizations import codes_asked_for
from rules.edits.day import NOTHING, EditedDay, Reported, about
from rules.findings import report
from rules.statements import is_stated
from schemas.claims import ClaimLine
from schemas.finding import Citation, Finding
from schemas.values import FindingCode


def authorization_is_on_file(day: EditedDay, facts: Facts) -> Sequence[Reported]:
    """An authorization on file covers the day where the payer asks for one (payer's policy)."""
    judged = day.authorized
    if judged is None or judged.problem is not FindingCode.AUTHORIZATION_MISSING:
        return NOTHING
    return _about_asked(day, facts, judged.problem, reason=judged.reason)


def authorization_is_not_used_up(day: EditedDay, facts: Facts) -> Sequence[Reported]:
    """What the payer authorized, or pays in a year, has room for the day (payer's policy)."""
    judged = day.authorized
    if judged is None or judged.problem is not FindingCode.AUTHORIZATION_EXHAUSTED:
        return NOTHING
    return _about_asked(day, facts, judged.problem, used=judged.reason)


def daily_limits_are_kept(day: EditedDay, facts: Facts) -> Sequence[Reported]:
    """A day over the payer's daily limit states why that much was necessary (payer's policy)."""
    limits = facts.profile.daily_limits
    if not limits:
        return NOTHING
    setting = day.priced.billing_provider.setting
    return [
        reported
        for limit in limits
        if setting not in limit.exempt_settings
        for reported in _report_over(day, facts, limit)
    ]


def therapies_are_usual(day: EditedDay, facts: Facts) -> Sequence[Reported]:
    """A visit has no more therapies and modalities than the payer finds usual (its policy)."""
    norm = facts.profile.therapy_norm
    if norm is None:
        return NOTHING
    lines = [line for line in day.billed if line.code in norm.codes]
    count = len({line.code for line in lines})
    if count <= norm.at_most:
        return NOTHING
    code = FindingCode.MODALITIES_OVER_PAYER_NORM
    numbers = [each.line for each in lines]
    finding = report(facts, code, numbers, count=str(count), at_most=str(norm.at_most))
    return about(cite_payer(finding, facts), lines)


def cite_payer(finding: Finding, facts: Facts) -> Finding:
    """Return the finding with what the payer profile cites as its authority."""
    cites = facts.profile.cites
    authority = "; ".join(dict.fromkeys(cite.authority for cite in cites))
    locator = "; ".join(dict.fromkeys(cite.locator for cite in cites))
    return replace(finding, citation=Citation(authority, locator))


def _about_asked(
    day: EditedDay, facts: Facts, code: FindingCode, **values: str
) -> Sequence[Reported]:
    """Report about the lines that need an authorization."""
    codes = codes_asked_for(day.priced.lines, facts)
    lines = [line for line in day.lines if line.code in codes]
    finding = report(facts, code, [each.line for each in lines], **values)
    return about(cite_payer(finding, facts), lines)


def _report_over(day: EditedDay, facts: Facts, limit: DailyLimit) -> Sequence[Reported]:
    lines = _counted_lines(day, limit)
    count = _count(day, limit, lines)
    if count <= limit.at_most or _is_necessity_stated(day, lines):
        return NOTHING
    finding = report(
        facts,
        FindingCode.UNITS_OVER_PAYER_LIMIT,
        [each.line for each in lines],
        count=str(count),
        counted=limit.counts.value,
        codes=", ".join(dict.fromkeys(each.code for each in lines)),
        at_most=str(limit.at_most),
    )
    return about(cite_payer(finding, facts), lines)


def _counted_lines(day: EditedDay, limit: DailyLimit) -> list[ClaimLine]:
    """Return the billed lines of the limit's codes; of all timed codes where it names none."""
    if limit.codes:
        return [line for line in day.billed if line.code in limit.codes]
    timed = {line.number for line in day.priced.lines if line.timed}
    return [line for line in day.billed if line.line in timed]


def _count(day: EditedDay, limit: DailyLimit, lines: Sequence[ClaimLine]) -> int:
    match limit.counts:
        case Counted.UNITS:
            return sum(line.units or 0 for line in lines)
        case Counted.CODES:
            return len({line.code for line in lines})
        case Counted.MINUTES:
            # A code whose units are parted stands on two lines, each with all its services.
            spent = {
                (session.session_id, service.line): service.therapist_minutes
                + service.assistant_minutes
                for line in lines
                for session, service in day.services[line.line]
            }
            return sum(spent.values())


def _is_necessity_stated(day: EditedDay, lines: Sequence[ClaimLine]) -> bool:
    """Say whether a service behind these lines states why its amount was necessary."""
    return any(
        is_stated(service.necessity) for line in lines for _, service in day.services[line.line]
    )
