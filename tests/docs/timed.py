"""The figures of the page on timed codes and monitoring, computed by the rules."""

from collections.abc import Sequence

from reference.facts import NoValueInForce
from reference.rulebook import RuleBook
from rules.recording import RecordedCode
from rules.timed_codes import count_series
from tests.docs.pages import table
from tests.docs.worked import facts_on

COGNITIVE = {"97129": 38, "97130": 0}


def timed_codes(rulebook: RuleBook) -> str:
    """Return from how many minutes on each code outside the pool has its units."""
    series = facts_on(rulebook).timed_codes
    assert not isinstance(series, NoValueInForce)
    rows = [
        (
            each.code,
            f"{each.minutes}",
            f"{each.fewest}",
            "itself" if each.further_code == each.code else each.further_code,
            f"{each.further_minutes}",
            ", ".join(
                str(each.minutes + count * each.further_minutes + each.further_fewest)
                for count in range(3)
            ),
        )
        for each in dict.fromkeys(series.values())
    ]
    heads = ("code", "minutes", "from", "further time", "minutes of each", "in all, from")
    return table(heads, rows)


def cognitive_minutes(rulebook: RuleBook) -> str:
    """Return the steps of 38 minutes of cognitive intervention."""
    recorded = {code: RecordedCode(code, minutes, 0, 1, ()) for code, minutes in COGNITIVE.items()}
    (counted,) = count_series(recorded, facts_on(rulebook))
    return _listed(counted.steps)


def _listed(steps: Sequence[str]) -> str:
    return "".join(f"- {step}\n" for step in steps)
