"""Timed codes outside the pool of 15-minute codes: each by thresholds of its own.

A code and the code of its further time are one service: their minutes of a day are added up, the
first unit is the one's, and every further unit the other's. The authorities are silent on how
these codes relate to the pool; ``reference/parameters/units/timed_codes.yaml`` says what we do.
"""

from collections.abc import Mapping

from reference.facts import Facts, NoValueInForce, UnitBasis
from reference.unit_facts import TimedSeries
from rules.recording import RecordedCode
from schemas.model import Struct


class SeriesCount(Struct, frozen=True):
    """The units of one service by its codes, whose minutes earned them, and the arithmetic."""

    units: Mapping[str, int]
    shares: Mapping[str, tuple[int, int]]
    """By code, where a code with units has no minutes of its own: those of the whole service, the
    therapist's and those of an assistant alone."""
    steps: tuple[str, ...]


def series_of(code: str, facts: Facts) -> TimedSeries | None:
    """Return how a code is timed outside the pool; None where no rule for it is in force."""
    if isinstance(facts.timed_codes, NoValueInForce):
        return None
    return facts.timed_codes.get(code)


def pooled_series(code: str, facts: Facts) -> TimedSeries | None:
    """Return the series that the payer counts in the pool, where the code is one of it.

    Only series of the pool's own length can be in it (CMS Pub. 100-04 ch. 5 §20.2 is silent on
    them; 97129 and 97130 are pooled by some).
    """
    if code not in facts.profile.pooled_codes or isinstance(facts.timed_unit, NoValueInForce):
        return None
    series, length = series_of(code, facts), facts.timed_unit.minutes_per_unit
    if series is None or (series.minutes, series.further_minutes) != (length, length):
        return None
    return series


def count_series(recorded: Mapping[str, RecordedCode], facts: Facts) -> tuple[SeriesCount, ...]:
    """Count the units of every service outside the pool, in the order in which it was recorded.

    Source: the CPT convention that a unit is reached when its midpoint is passed; a payer may
    want units whole (``whole_unit_codes``).
    """
    assert not isinstance(facts.procedures, NoValueInForce)
    found: dict[str, TimedSeries] = {}
    for code in recorded:
        procedure = facts.procedures.get(code)
        if procedure is None or procedure.unit_basis is not UnitBasis.TIMED_OUTSIDE_POOL:
            continue
        series = series_of(code, facts)
        if series is not None and pooled_series(code, facts) is None:
            found[series.code] = series
    return tuple(
        _count(series, recorded, facts.profile.whole_unit_codes) for series in found.values()
    )


def share_pooled(
    series: TimedSeries, earned: int, recorded: Mapping[str, RecordedCode]
) -> SeriesCount:
    """Give the units that a series earned in the pool to its codes, and say what they cannot bear.

    The first code is billed once on a date.
    """
    first = min(earned, 1)
    units, steps = _bear(series, first, earned - first, recorded)
    return SeriesCount(units, _share(units, recorded), steps)


def _count(
    series: TimedSeries, recorded: Mapping[str, RecordedCode], whole: frozenset[str]
) -> SeriesCount:
    done = [recorded[code] for code in dict.fromkeys(_codes(series)) if code in recorded]
    minutes = sum(each.minutes for each in done)
    fewest = series.minutes if series.code in whole else series.fewest
    more = series.further_minutes if series.further_code in whole else series.further_fewest
    first = 1 if minutes >= fewest else 0
    rest = max(minutes - series.minutes, 0)
    further = (rest + series.further_minutes - more) // series.further_minutes
    units, steps = _bear(series, first, further, recorded)
    stated = _state(series, minutes, fewest if not first else more, units=(first, further))
    return SeriesCount(units, _share(units, recorded), (stated, *steps))


def _share(
    units: Mapping[str, int], recorded: Mapping[str, RecordedCode]
) -> Mapping[str, tuple[int, int]]:
    """Say who furnished the service, where its minutes stand on one code and its units on two."""
    if all(recorded[code].minutes for code, count in units.items() if count):
        return {}
    minutes = sum(recorded[code].minutes for code in units)
    by_assistant = sum(recorded[code].assistant_minutes for code in units)
    return dict.fromkeys(units, (minutes - by_assistant, by_assistant))


def _codes(series: TimedSeries) -> tuple[str, str]:
    return series.code, series.further_code


def _bear(
    series: TimedSeries, first: int, further: int, recorded: Mapping[str, RecordedCode]
) -> tuple[Mapping[str, int], tuple[str, ...]]:
    """Return the units that the recorded codes can bear: no code is put on that was not recorded.

    Further units without the first have nothing to be added to, so they are not billed.
    """
    if series.further_code == series.code:
        return {series.code: first + further}, ()
    code, added = _codes(series)
    if code not in recorded:
        said = f"{added} is added to {code}, which is not recorded: it earns no unit."
        return {added: 0}, (said,)
    if added in recorded:
        return {code: first, added: further}, ()
    if not further:
        return {code: first}, ()
    said = f"{further} more would be {added}, which is not recorded: nothing is billed for them."
    return {code: first}, (said,)


def _state(series: TimedSeries, minutes: int, fewest: int, *, units: tuple[int, int]) -> str:
    """Say the arithmetic of a series in a sentence."""
    named = " with ".join(dict.fromkeys(_codes(series)))
    first, further = units
    if not first:
        return f"{named}: {minutes} minutes, fewer than the {fewest} that the first unit needs."
    rest = max(minutes - series.minutes, 0)
    return (
        f"{named}: {minutes} minutes; the first {series.minutes} are 1 unit, and the {rest} after"
        f" them {further} more ({fewest} of each further {series.further_minutes} earn one)."
    )
