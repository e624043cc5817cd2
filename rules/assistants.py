"""Therapy assistants: how a code's units fall to therapist and assistant, for CQ and CO.

SSA §1834(v); 42 CFR 410.59(a)(4) and 410.60(a)(4); the steps are those of the CY2022 PFS final
rule. The minutes of an assistant who works together with the therapist are the therapist's.
"""

from collections.abc import Iterable, Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from types import MappingProxyType
from typing import assert_never

from msgspec.structs import replace

from reference.facts import AssistantSplit, Facts, InPart, NoValueInForce, TimedUnit, UnitBasis
from rules.findings import report, report_missing
from schemas.finding import Finding
from schemas.model import Struct
from schemas.session import Service, Session
from schemas.units import ServiceReference, UnitsLine
from schemas.values import Discipline, FindingCode

MINUTE = Decimal(1)
BOTH = 2
"""Units of which each side has one."""
Services = Mapping[ServiceReference, Service]
"""The services of a day's sessions, by where they stand."""
Minutes = tuple[int, int]
"""The therapist's minutes, and those of an assistant alone."""
NO_SHARES: Mapping[str, Minutes] = MappingProxyType({})
Side = tuple[int, tuple[ServiceReference, ...]]
"""Units, and the services that they come from."""


class Share(Struct, frozen=True):
    """A code's units, and the minutes that each side furnished of it."""

    code: str
    units: int
    therapist: int
    assistant: int


class Split(Struct, frozen=True):
    """How the units fall, whether the rule left a choice of who takes one, and the arithmetic."""

    therapist_units: int
    assistant_units: int
    steps: tuple[str, ...]
    is_choice: bool = False


class Divided(Struct, frozen=True):
    """What a line becomes: itself or two, whether the rule left a choice, and the arithmetic."""

    parts: list[UnitsLine]
    steps: tuple[str, ...]
    is_choice: bool = False


class DividedDay(Struct, frozen=True):
    """A day's lines, a code that both furnished in two, and what explains them."""

    lines: tuple[UnitsLine, ...]
    steps: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()


def divide_lines(
    lines: tuple[UnitsLine, ...],
    sessions: Sequence[Session],
    facts: Facts,
    shares: Mapping[str, Minutes] = NO_SHARES,
) -> DividedDay:
    """Divide a day's lines between therapist and assistant, where CQ and CO are asked for.

    A code whose units both furnished becomes two lines, the therapist's first (SSA §1834(v)).
    ``shares`` are the minutes of codes that rest on others than those of their own services.
    """
    rule = _find_rule(sessions[0], facts)
    if rule is None:
        return DividedDay(lines)
    services = _services_of(sessions)
    furnished = {
        line.line: shares.get(line.code) or _minutes(line.services, services) for line in lines
    }
    assisted = [line for line in lines if furnished[line.line][1]]
    if isinstance(rule, NoValueInForce):
        numbers = [line.line for line in assisted]
        return DividedDay(lines, (), (report_missing(facts, rule, numbers),) if numbers else ())
    divided = []
    for line in lines:
        if line not in assisted or line.units is None:
            divided.append(Divided([line], ()))
        elif line.code in shares:
            divided.append(_judge(line, shares[line.code], rule))
        else:
            divided.append(_divide(line, services, facts, rule))
    parts = [part for each in divided for part in each.parts]
    numbered = tuple([replace(line, line=number) for number, line in enumerate(parts, 1)])
    steps = tuple([step for each in divided for step in each.steps])
    choices = [each.parts[0].code for each in divided if each.is_choice]
    return DividedDay(numbered, steps, _report_choices(numbered, choices, facts))


def split_units(share: Share, timed_unit: TimedUnit, rule: AssistantSplit) -> Split:
    """Split the units of a 15-minute code: whole units of each side, then what is left.

    CY2022 PFS final rule. Where the payer allots fewer units than both sides have whole ones (the
    authority is silent) the therapist's come first.
    """
    if not share.therapist:
        step = f"{share.code}: all {share.assistant} minutes are the assistant's."
        return Split(0, share.units, (step,))
    length = timed_unit.minutes_per_unit
    therapist = min(share.therapist // length, share.units)
    assistant = min(share.assistant // length, share.units - therapist)
    step = (
        f"{share.code}: {share.therapist} minutes are the therapist's and {share.assistant} the"
        f" assistant's; whole units: {therapist} and {assistant}."
    )
    left = Share(
        share.code,
        share.units - therapist - assistant,
        share.therapist % length,
        share.assistant % length,
    )
    if not left.units:
        return Split(therapist, assistant, (step,))
    rest = _split_rest(left, rule)
    return Split(
        therapist + rest.therapist_units,
        assistant + rest.assistant_units,
        (step, *rest.steps),
        rest.is_choice,
    )


def is_in_part(assistant: int, total: int, rule: AssistantSplit) -> bool:
    """Say whether so many of the minutes are the assistant's that the service is in part theirs.

    More than a tenth of it (42 CFR 410.59(a)(4)(iv)); the exact ratio where the authority is
    silent on rounding.
    """
    match rule.in_part:
        case InPart.EXACT_RATIO:
            return assistant > rule.de_minimis_share * total
        case InPart.SIMPLE:
            return assistant >= _simple(total, rule)
        case _:
            assert_never(rule.in_part)


def _simple(total: int, rule: AssistantSplit) -> int:
    """Return the fewest of the assistant's minutes that count, by the simple way."""
    return int((rule.de_minimis_share * total).quantize(MINUTE, ROUND_HALF_UP)) + 1


def _find_rule(first: Session, facts: Facts) -> AssistantSplit | NoValueInForce | None:
    """Find how to split; None where the payer, discipline, date or setting has no CQ and CO.

    SSA §1834(v) has none for speech-language pathology, whose assistants an edit reports.
    """
    if not facts.profile.assistant_modifiers or first.discipline is Discipline.SLP:
        return None
    rule = facts.assistants
    if isinstance(rule, NoValueInForce):
        return rule
    if not rule.applies or first.billing_provider.setting in rule.exempt_settings:
        return None
    return facts.assistant_split


def _services_of(sessions: Sequence[Session]) -> Services:
    return {
        ServiceReference(session.session_id, service.line): service
        for session in sessions
        for service in session.services
    }


def _minutes(at: Iterable[ServiceReference], services: Services) -> tuple[int, int]:
    """Return the therapist's and the assistant's minutes of these services."""
    found = [services[each] for each in at]
    return sum(each.therapist_minutes for each in found), sum(
        each.assistant_minutes for each in found
    )


def _divide(line: UnitsLine, services: Services, facts: Facts, rule: AssistantSplit) -> Divided:
    """Split one line's units, and make a line of each side that has any."""
    procedures, timed_unit = facts.procedures, facts.timed_unit
    assert not isinstance(procedures, NoValueInForce), "the line has units"
    if procedures[line.code].unit_basis is not UnitBasis.PER_15_MINUTES:
        return _divide_whole(line, services, rule)
    assert line.units is not None
    assert not isinstance(timed_unit, NoValueInForce), "the line has units"
    therapist, assistant = _minutes(line.services, services)
    split = split_units(Share(line.code, line.units, therapist, assistant), timed_unit, rule)
    if not (split.therapist_units and split.assistant_units):
        whole = replace(line, assistant=not split.therapist_units)
        return Divided([whole], split.steps, split.is_choice)
    # A service without minutes stays with the therapist's.
    own = tuple([at for at in line.services if services[at].assistant_minutes])
    others = [at for at in line.services if services[at].therapist_minutes or at not in own]
    parts = [
        _part(line, (split.therapist_units, tuple(others)), therapist, assistant=False),
        _part(line, (split.assistant_units, own), assistant, assistant=True),
    ]
    return Divided(parts, split.steps, split.is_choice)


def _divide_whole(line: UnitsLine, services: Services, rule: AssistantSplit) -> Divided:
    """Give each service as a whole to one side, with the units that it was recorded with.

    Where units are not counted by service, as for codes timed otherwise than by 15 minutes, the
    code is one service; the CY2022 PFS final rule speaks of 15-minute units and whole services.
    """
    counts = {at: services[at].units or 1 for at in line.services}
    is_by_service = sum(counts.values()) == line.units
    groups = [(at,) for at in line.services] if is_by_service else [line.services]
    sides: dict[bool, tuple[ServiceReference, ...]] = {False: (), True: ()}
    steps = []
    for group in groups:
        therapist, assistant = _minutes(group, services)
        by_assistant = is_in_part(assistant, therapist + assistant, rule)
        sides[by_assistant] += group
        if assistant:
            of_all = _state_part(assistant, therapist + assistant, rule)
            side = "assistant" if by_assistant else "therapist"
            steps.append(f"{line.code}: {of_all}; the whole service is the {side}'s.")
    if not (sides[False] and sides[True]):
        return Divided([replace(line, assistant=bool(sides[True]))], tuple(steps))
    parts = [
        _part(
            line,
            (sum(counts[each] for each in at), at),
            sum(_minutes(at, services)),
            assistant=side,
        )
        for side, at in sides.items()
    ]
    return Divided(parts, tuple(steps))


def _judge(line: UnitsLine, share: Minutes, rule: AssistantSplit) -> Divided:
    """Give a line as a whole to one side, by the minutes that its units rest on."""
    therapist, assistant = share
    by_assistant = is_in_part(assistant, therapist + assistant, rule)
    side = "assistant" if by_assistant else "therapist"
    of_all = _state_part(assistant, therapist + assistant, rule)
    step = f"{line.code}: {of_all}; the whole service is the {side}'s."
    return Divided([replace(line, assistant=by_assistant)], (step,))


def _part(line: UnitsLine, side: Side, minutes: int, *, assistant: bool) -> UnitsLine:
    units, services = side
    return replace(line, units=units, minutes=minutes, assistant=assistant, services=services)


def _split_rest(left: Share, rule: AssistantSplit) -> Split:
    """Split the units that are left, each side with fewer minutes than a unit has."""
    if left.units == 1:
        return _split_last(left, rule)
    of_both = f"{left.therapist} and {left.assistant}"
    least, most = rule.minutes_of_two_least, rule.minutes_of_two_most
    is_of_each = least <= left.therapist <= most and least <= left.assistant <= most
    if is_of_each and left.units == BOTH:
        step = f"{left.code}: {of_both} minutes are left for 2 units: one of each."
        return Split(1, 1, (step,))
    # Whoever takes the first unit has used up the minutes left.
    by_therapist = left.therapist >= left.assistant
    taker = "therapist" if by_therapist else "assistant"
    step = (
        f"{left.code}: {of_both} minutes are left for {left.units} units: the {taker}, with more,"
        " takes the first."
    )
    therapist, assistant = (0, left.assistant) if by_therapist else (left.therapist, 0)
    rest = _split_rest(Share(left.code, left.units - 1, therapist, assistant), rule)
    return Split(
        rest.therapist_units + by_therapist,
        rest.assistant_units + (not by_therapist),
        (step, *rest.steps),
        is_choice=True,
    )


def _split_last(left: Share, rule: AssistantSplit) -> Split:
    """Give one unit that is left to one side."""
    therapist, assistant, fewest = left.therapist, left.assistant, rule.minutes_last_unit
    start = f"{left.code}: the unit left is the"
    if therapist >= fewest:
        return Split(1, 0, (f"{start} therapist's, with {therapist} minutes left.",))
    if assistant >= fewest:
        reason = f"with {assistant} minutes left against {therapist}"
        return Split(0, 1, (f"{start} assistant's, {reason}.",))
    total = therapist + assistant
    reason = f"of the minutes left {_state_part(assistant, total, rule)}"
    if is_in_part(assistant, total, rule):
        return Split(0, 1, (f"{start} assistant's: {reason}.",))
    return Split(1, 0, (f"{start} therapist's: {reason}.",))


def _state_part(assistant: int, total: int, rule: AssistantSplit) -> str:
    """Say how the assistant's minutes stand to all, in the terms of the test in force."""
    said = f"{assistant} of {total} are the assistant's"
    is_more = is_in_part(assistant, total, rule)
    if rule.in_part is InPart.EXACT_RATIO:
        return f"{said}, {'' if is_more else 'not '}more than {rule.de_minimis_share:.0%}"
    return f"{said}, {'' if is_more else 'not '}as many as the {_simple(total, rule)} that count"


def _report_choices(
    lines: Sequence[UnitsLine], codes: Sequence[str], facts: Facts
) -> tuple[Finding, ...]:
    if not codes:
        return ()
    numbers = [line.line for line in lines if line.code in codes]
    split = FindingCode.ASSISTANT_SPLIT_CHOICE
    return (report(facts, split, numbers, codes=", ".join(codes)),)
