"""What a claim line has room for and cannot go without (ASC X12N 837), and the time to file."""

from collections import Counter
from collections.abc import Sequence

from reference.facts import Facts, NoValueInForce
from rules.edits.day import (
    NOTHING,
    EditedDay,
    Reported,
    about_lines,
)
from rules.findings import report, report_missing
from rules.modifiers import POSITIONS, disagreeing_modifiers
from rules.statements import is_stated
from schemas.claims import ClaimLine
from schemas.values import FindingCode


def lines_point_to_a_diagnosis(day: EditedDay, facts: Facts) -> Sequence[Reported]:
    """Every line points to a diagnosis, one without units yet too: it is billed once decided."""
    lines = [line for line in day.lines if not line.diagnosis_pointers]
    return about_lines(facts, FindingCode.DIAGNOSIS_POINTER_MISSING, lines) if lines else NOTHING


def lines_name_who_treated(day: EditedDay, facts: Facts) -> Sequence[Reported]:
    """Every line has a rendering provider, one without units yet too."""
    lines = [line for line in day.lines if line.rendering_npi is None]
    return about_lines(facts, FindingCode.RENDERING_PROVIDER_MISSING, lines) if lines else NOTHING


def lines_have_a_charge(day: EditedDay, facts: Facts) -> Sequence[Reported]:
    """Every billed line has the provider's charge."""
    lines = [line for line in day.billed if line.charge is None]
    return about_lines(facts, FindingCode.CHARGE_MISSING, lines) if lines else NOTHING


def modifiers_fit_the_line(day: EditedDay, facts: Facts) -> Sequence[Reported]:
    """No line has more modifiers than a claim line has positions for."""
    if not day.came:
        # The rules alone never give as many.
        return NOTHING
    code = FindingCode.TOO_MANY_MODIFIERS
    return [
        reported
        for line in day.lines
        if len(line.modifiers) > len(POSITIONS)
        for reported in about_lines(facts, code, [line], modifiers=", ".join(line.modifiers))
    ]


def modifiers_agree(day: EditedDay, facts: Facts) -> Sequence[Reported]:
    """What came with a line and is the rules' to give is what they give."""
    if not day.came:
        return NOTHING
    code = FindingCode.MODIFIER_DISAGREES
    return [
        reported
        for line in day.lines
        if (strays := disagreeing_modifiers(day.came.get(line.line, ()), _given(line, day)))
        for reported in about_lines(facts, code, [line], modifiers=", ".join(strays))
    ]


def _given(line: ClaimLine, day: EditedDay) -> tuple[str, ...]:
    """Return what the rules give to the line, and to the other line of a service that both share.

    A service that an assistant furnished in part came once, and its modifiers with it.
    """
    others = [
        each.modifiers
        for each in day.lines
        if each.code == line.code and not set(each.services).isdisjoint(line.services)
    ]
    return line.modifiers if len(others) == 1 else sum(others, ())


def claim_is_filed_in_time(day: EditedDay, facts: Facts) -> Sequence[Reported]:
    """The day's first event came within the filing period, or an exception is stated.

    42 CFR 424.44. A claim that only takes back what is outstanding is never late.
    """
    if not facts.profile.timely_filing:
        return NOTHING
    due = facts.filing_due
    if isinstance(due, NoValueInForce):
        return (Reported(report_missing(facts, due)),)
    if day.first_event_time.date() <= due or _takes_back(day):
        return NOTHING
    if any(is_stated(session.filing_exception) for session in day.sessions):
        return NOTHING
    return (Reported(report(facts, FindingCode.LATE_FILING, due=due.isoformat())),)


def _takes_back(day: EditedDay) -> bool:
    """Say whether a claim is outstanding and no code's units rise above its."""
    if day.outstanding is None:
        return False
    units: Counter[str] = Counter()
    for line in day.billed:
        units[line.code] += line.units or 0
    return units <= Counter(dict(day.outstanding))
