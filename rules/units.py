"""Minutes to billable units: Medicare's total-time rule, the CPT midpoint rule, and others."""

from collections.abc import Callable, Mapping, Sequence

from reference.facts import TimedUnit
from schemas.model import Struct
from schemas.units import UnitChoice
from schemas.values import UnitRule


class Allocation(Struct, frozen=True):
    """Units by code, the choices that the rule left open, and the arithmetic in sentences."""

    units: Mapping[str, int]
    choices: tuple[UnitChoice, ...]
    steps: tuple[str, ...]


def units_in(minutes: int, timed_unit: TimedUnit) -> int:
    """Return the units that ``minutes`` earn: the first at its fewest, then one a unit's length.

    Source: CMS Pub. 100-04 ch. 5 §20.2.C; 8 to 22 minutes are 1 unit, 23 to 37 are 2, and so on.
    """
    if minutes < timed_unit.minutes_first_unit:
        return 0
    spare = timed_unit.minutes_per_unit - timed_unit.minutes_first_unit
    return (minutes + spare) // timed_unit.minutes_per_unit


def allocate_by_total_time(
    minutes: Mapping[str, int], timed_unit: TimedUnit, unit_choice: Sequence[str] = ()
) -> Allocation:
    """Bill whole units first, then the units that the total still allows to the largest rests.

    ``minutes`` by code, in the order in which the codes were recorded. Equal remainders are the
    clinician's choice: ``unit_choice`` decides, else more minutes in all, else the code recorded
    first.
    Source: CMS Pub. 100-04 ch. 5 §20.2.C.
    """
    total = sum(minutes.values())
    allowed = units_in(total, timed_unit)
    stated = _state_total(minutes, total, allowed, timed_unit)
    return _allocate(_Total(minutes, timed_unit, allowed, stated), unit_choice)


def allocate_by_midpoint(
    minutes: Mapping[str, int], timed_unit: TimedUnit, _unit_choice: Sequence[str] = ()
) -> Allocation:
    """Give each code the units of its own minutes: no pool and no cap on the total.

    Source: the CPT convention that a unit is reached when its midpoint is passed.
    """
    units = {code: units_in(spent, timed_unit) for code, spent in minutes.items()}
    steps = tuple(
        f"{code}: {spent} minutes are {_units(units[code])} by the midpoint of each unit."
        for code, spent in minutes.items()
    )
    return Allocation(units, (), steps)


def allocate_by_division(
    minutes: Mapping[str, int], timed_unit: TimedUnit, unit_choice: Sequence[str] = ()
) -> Allocation:
    """Divide the day's minutes by a unit's; a remainder of the first unit's fewest is one more.

    It comes to CMS's number of units; whose they are the payer does not say, so as CMS has it.
    Source: Texas Medicaid Provider Procedures Manual 2012, Children's Services Handbook §2.3.4.
    """
    return _divide(minutes, timed_unit, timed_unit.minutes_first_unit, unit_choice)


def allocate_by_floor(
    minutes: Mapping[str, int], timed_unit: TimedUnit, unit_choice: Sequence[str] = ()
) -> Allocation:
    """Divide the day's minutes by a unit's; what is left of them earns nothing.

    No source: a rule that a payer's contract may name.
    """
    return _divide(minutes, timed_unit, timed_unit.minutes_per_unit, unit_choice)


def allocate_by_ceiling(
    minutes: Mapping[str, int], timed_unit: TimedUnit, unit_choice: Sequence[str] = ()
) -> Allocation:
    """Divide the day's minutes by a unit's; a minute that is left of them is one unit more.

    No source: a rule that a payer's contract may name.
    """
    return _divide(minutes, timed_unit, 1, unit_choice)


def allocate_by_midpoint_within_total(
    minutes: Mapping[str, int], timed_unit: TimedUnit, unit_choice: Sequence[str] = ()
) -> Allocation:
    """Give each code its own midpoint's units, and in all no more than the day's total earns.

    The stricter of the two rules for each code and for the day, where a payer merges them and
    its own definition is not known.
    Source: CMS Pub. 100-04 ch. 5 §20.2.C, and the CPT convention of the midpoint.
    """
    total = sum(minutes.values())
    allowed = units_in(total, timed_unit)
    stated = _state_total(minutes, total, allowed, timed_unit)
    day = _Total(minutes, timed_unit, allowed, stated, timed_unit.minutes_first_unit)
    return _allocate(day, unit_choice)


Allocate = Callable[[Mapping[str, int], TimedUnit, Sequence[str]], Allocation]

UNIT_RULES: Mapping[UnitRule, Allocate] = {
    UnitRule.CMS_TOTAL_TIME: allocate_by_total_time,
    UnitRule.CPT_MIDPOINT: allocate_by_midpoint,
    UnitRule.DAY_TOTAL_ROUNDED: allocate_by_division,
    UnitRule.DAY_TOTAL_ROUNDED_DOWN: allocate_by_floor,
    UnitRule.DAY_TOTAL_ROUNDED_UP: allocate_by_ceiling,
    UnitRule.MIDPOINT_WITHIN_TOTAL: allocate_by_midpoint_within_total,
}
"""The function of each unit rule that a payer profile can name."""


class _Total(Struct, frozen=True):
    """The minutes of a day by code, and the units that their total allows."""

    minutes: Mapping[str, int]
    timed_unit: TimedUnit
    allowed: int
    stated: str
    fewest: int = 0
    """Of a code's remainder, for it to take a unit: 0 where none is asked for."""


def _allocate(day: _Total, unit_choice: Sequence[str]) -> Allocation:
    """Bill whole units first, then the units left to the largest remainders."""
    length, minutes = day.timed_unit.minutes_per_unit, day.minutes
    steps = [day.stated]
    units, rests, whole, left = {}, {}, [], day.allowed
    for code, spent in minutes.items():
        units[code] = count = spent // length
        rest = spent % length
        if rest >= day.fewest:
            rests[code] = rest
        if count:
            left -= count
            whole.append(f"{code} {count}")
    if whole:
        steps.append(f"Whole units of {length} minutes first: {', '.join(whole)}.")
    if day.fewest and left > len(rests):
        steps.append(_state_unearned(left - len(rests), day.fewest))
        left = len(rests)
    choices: tuple[UnitChoice, ...] = ()
    if left:
        takers, choices = _give_to_largest(rests, left, minutes, unit_choice)
        for code in takers:
            units[code] += 1
        steps.append(_state_rest(takers, rests, left))
        if choices:
            steps += [_state_choice(choice) for choice in choices]
    return Allocation(units, choices, tuple(steps))


def _divide(
    minutes: Mapping[str, int], timed_unit: TimedUnit, fewest: int, unit_choice: Sequence[str]
) -> Allocation:
    """Divide the day's total; ``fewest`` minutes of remainder are one unit more."""
    total, length = sum(minutes.values()), timed_unit.minutes_per_unit
    rest = total % length
    allowed = total // length + (rest >= fewest)
    each = ", ".join([f"{code} {spent}" for code, spent in minutes.items()])
    more = "one unit more" if rest >= fewest else "no unit more"
    stated = (
        f"Timed minutes: {each}; {total} in all, divided by {length}, are"
        f" {_units(total // length)}, and the {rest} left are {more}: {_units(allowed)}."
    )
    return _allocate(_Total(minutes, timed_unit, allowed, stated), unit_choice)


def _preference(minutes: Mapping[str, int], unit_choice: Sequence[str]) -> Mapping[str, int]:
    """Rank the codes for equal remainders: the clinician's wish, then minutes, then order."""
    wanted = {code: place for place, code in enumerate(dict.fromkeys(unit_choice))}
    ranked = sorted(minutes, key=lambda code: (wanted.get(code, len(wanted)), -minutes[code]))
    return {code: place for place, code in enumerate(ranked)}


def _give_to_largest(
    rests: Mapping[str, int], left: int, minutes: Mapping[str, int], unit_choice: Sequence[str]
) -> tuple[list[str], tuple[UnitChoice, ...]]:
    """Return who takes the units left, one each, and the choice where the last places are tied."""
    ranked = sorted(rests, key=rests.__getitem__, reverse=True)
    smallest = rests[ranked[left - 1]]
    if left == len(ranked) or rests[ranked[left]] < smallest:
        return ranked[:left], ()
    preference = _preference(minutes, unit_choice)
    ranked.sort(key=lambda code: (-rests[code], preference[code]))
    takers, others = ranked[:left], ranked[left:]
    could = [code for code in others if rests[code] == smallest]
    tied = [code for code in takers if rests[code] == smallest]
    order = list(rests)
    choice = UnitChoice(
        units_go_to=tuple(sorted(tied, key=order.index)),
        could_go_to=tuple(sorted(could, key=order.index)),
    )
    return takers, (choice,)


def _state_total(
    minutes: Mapping[str, int], total: int, allowed: int, timed_unit: TimedUnit
) -> str:
    each = ", ".join([f"{code} {spent}" for code, spent in minutes.items()])
    if not allowed:
        return (
            f"Timed minutes: {each}; {total} in all, fewer than the"
            f" {timed_unit.minutes_first_unit} that the first unit needs."
        )
    return f"Timed minutes: {each}; {total} in all are {_units(allowed)} for the day."


def _state_rest(takers: Sequence[str], rests: Mapping[str, int], left: int) -> str:
    if left == 1:
        taker = takers[0]
        return f"The unit left goes to the largest remainder: {taker} ({rests[taker]} minutes)."
    each = ", ".join([f"{code} ({rests[code]} minutes)" for code in takers])
    return f"The {left} units left go to the largest remainders: {each}."


def _state_unearned(count: int, fewest: int) -> str:
    return (
        f"Not billed of the total: {_units(count)}, since no other code has {fewest} minutes left."
    )


def _state_choice(choice: UnitChoice) -> str:
    return (
        f"The remainders of {', '.join((*choice.units_go_to, *choice.could_go_to))} are equal:"
        f" the clinician may choose; here {', '.join(choice.units_go_to)} has it."
    )


def _units(count: int) -> str:
    return "1 unit" if count == 1 else f"{count} units"
