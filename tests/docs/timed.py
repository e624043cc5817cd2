"""The figures of the page on timed codes and monitoring, computed by the rules."""

from collections.abc import Sequence

from reference.facts import NoValueInForce
from reference.rulebook import RuleBook
from reference.unit_facts import DeviceCode, ManagementCode, MonitoringRule, SetUpCode
from rules.recording import RecordedCode
from rules.timed_codes import count_series
from schemas.events import EventType
from tests.docs.examples import run
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


def monitoring_by_days(rulebook: RuleBook) -> str:
    """Return what each code of monitoring that counts days is for."""
    rows = []
    for code, each in _monitoring(rulebook).codes.items():
        match each:
            case DeviceCode():
                days = f"{each.fewest_days} to {each.most_days}"
                rows.append((code, f"a {each.device} device, 30 days", days))
            case SetUpCode():
                rows.append((code, "set-up, once in an episode", f"{each.fewest_days} or more"))
            case ManagementCode():
                pass
    return table(("code", "for", "days with data"), rows)


def monitoring_by_minutes(rulebook: RuleBook) -> str:
    """Return what each code of monitoring that counts minutes is for."""
    rows = []
    for code, each in _monitoring(rulebook).codes.items():
        if isinstance(each, ManagementCode):
            most = "or more" if each.most_minutes is None else f"to {each.most_minutes}"
            again = "" if each.each_minutes is None else f"each further full {each.each_minutes}"
            rows.append((code, f"{each.fewest_minutes} {most}", again, each.added_to or ""))
    return table(("code", "minutes of the month", "again for", "added to"), rows)


def monitored_day(rulebook: RuleBook) -> str:
    """Return the steps of the example's day before and after the last record."""
    emitted = run(EventType.MONITORING_RECORDED, rulebook)
    computed = [each["data"] for each in emitted if each["type"] == EventType.UNITS_COMPUTED]
    return "\n".join(_listed(day["steps"]) for day in computed)


def _monitoring(rulebook: RuleBook) -> MonitoringRule:
    rule = facts_on(rulebook).monitoring
    assert isinstance(rule, MonitoringRule)
    return rule


def _listed(steps: Sequence[str]) -> str:
    return "".join(f"- {step}\n" for step in steps)
