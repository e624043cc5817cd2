"""The alerts: Prometheus takes them, each fires and stays quiet, and each has its page."""

import re
import subprocess
from functools import cache
from operator import attrgetter
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cluster.needed import promtool
from tests.cluster.prometheus import RULES
from tests.deploy.rules import CASES, INDEX, RUNBOOKS, Alert, alerts, page_name

SEVERITIES = {"page", "ticket", "page or ticket"}
TEAMS = {"operations", "billing"}
PARTS = ["What it means", "How to look", "What to do", "When to leave it"]
HEADING = re.compile(r"^## (.+)$", re.MULTILINE)
ROW = re.compile(
    r"^\| \[(?P<alert>\w+)\]\((?P<page>[\w.-]+)\) \| (?P<severity>[a-z ]+) \|", re.MULTILINE
)
ALERTS = alerts()
CASE_FILES = sorted(CASES.glob("*.yaml"))


def test_prometheus_takes_the_rules() -> None:
    """Its own tool finds nothing wrong, not even a style that it warns of."""
    run = [promtool(), "check", "rules", "--lint=all", "--lint-fatal", str(RULES)]
    done = subprocess.run(run, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("cases", CASE_FILES, ids=attrgetter("stem"))
def test_the_alerts_fire_and_stay_quiet_as_stated(cases: Path) -> None:
    """Prometheus' own tool runs each case over made-up series."""
    run = [promtool(), "test", "rules", str(cases)]
    done = subprocess.run(run, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("alert", ALERTS, ids=attrgetter("alert"))
def test_an_alert_has_a_firing_and_a_quiet_case(alert: Alert) -> None:
    """In one of the files that are run, at some moment each."""
    fires = [bool(case.get("exp_alerts")) for case in _cases() if case["alertname"] == alert.alert]
    assert set(fires) == {True, False}


def test_every_case_is_of_an_alert() -> None:
    """A name that is spelled wrong would be quiet for ever."""
    assert {case["alertname"] for case in _cases()} <= {alert.alert for alert in ALERTS}


@pytest.mark.parametrize("alert", ALERTS, ids=attrgetter("alert"))
def test_an_alert_says_whom_it_tells_and_where_to_read_on(alert: Alert) -> None:
    """Whether somebody is woken, who it is for, and the page that is named for it."""
    assert set(alert.labels) == {"severity", "team"}
    assert alert.severity in SEVERITIES
    assert alert.labels["team"] in TEAMS
    assert set(alert.annotations) == {"summary", "runbook"}
    assert alert.page == RUNBOOKS / page_name(alert.alert)


@pytest.mark.parametrize("alert", ALERTS, ids=attrgetter("alert"))
def test_a_page_says_what_to_do(alert: Alert) -> None:
    """It is named for its alert and has the same four parts as every other."""
    text = alert.page.read_text(encoding="utf-8")
    assert text.splitlines()[0] == f"# {alert.alert}"
    assert HEADING.findall(text) == PARTS


def test_every_page_is_of_an_alert() -> None:
    """No page is left of an alert that is gone."""
    pages = {page for page in RUNBOOKS.glob("*.md") if page != INDEX}
    assert pages == {alert.page for alert in ALERTS}


def test_the_index_lists_every_alert() -> None:
    """With its page and whether it wakes somebody, in the order of the rules."""
    listed = [match.groups() for match in ROW.finditer(INDEX.read_text(encoding="utf-8"))]
    assert listed == [(each.alert, each.page.name, each.severity) for each in ALERTS]


@cache
def _cases() -> list[dict[str, Any]]:
    """Return every statement of the files: an alert, a moment, and what fires then."""
    return [
        case
        for cases in CASE_FILES
        for test in yaml.safe_load(cases.read_text(encoding="utf-8"))["tests"]
        for case in test["alert_rule_test"]
    ]
