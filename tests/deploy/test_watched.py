"""The alerts and the dashboards on what a process really tells, asked of a real Prometheus."""

import math
from collections.abc import Iterator
from operator import attrgetter

import pytest

from tests.cluster.prometheus import Prometheus
from tests.deploy.dashboards.described import Panel, Query, read, sources
from tests.deploy.queries import labels_of, metrics_of
from tests.deploy.rules import Alert, alerts
from tests.deploy.watched import bundled_clinic, waiting_days, watched

SHOWN = {"$__rate_interval": "1m", "$__range": "1m", "$namespace": ".*"}
"""What Grafana puts in for its own variables."""
QUERIES = [
    pytest.param(panel, query, id=f"{source.stem}: {panel.title}, {panel.kind} {number}")
    for source in sources()
    for panel in read(source).panels()
    for number, query in enumerate(panel.queries, 1)
]
FIRES_AT_ONCE = "TherapyDeadLetters"


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    """Yield a Prometheus that saw all consumers before the sample, in its midst and after it."""
    with watched(tmp_path_factory.mktemp("watched")) as all_consumers:
        # A rate needs a look before what comes in, and one after it.
        all_consumers.play(waiting_days())
        all_consumers.play(bundled_clinic())
        all_consumers.until(f'ALERTS{{alertname="{FIRES_AT_ONCE}", alertstate="firing"}}')
        yield all_consumers.prometheus


@pytest.fixture(scope="module")
def told(prometheus: Prometheus) -> dict[str, set[str]]:
    """Return the names of the metrics that the process tells, each with its labels' names."""
    found: dict[str, set[str]] = {}
    for labels in prometheus.series('{__name__=~"therapy_.*"}'):
        found.setdefault(labels["__name__"], set()).update(labels)
    return found


@pytest.mark.parametrize("alert", alerts(), ids=attrgetter("alert"))
def test_an_alert_asks_for_what_is_told(alert: Alert, told: dict[str, set[str]]) -> None:
    """Every metric of its query is there, and has the labels that the query asks for."""
    names = metrics_of(alert.expr)
    assert names
    assert names - set(told) == set()
    assert labels_of(alert.expr) <= set().union(*(told[name] for name in names))


@pytest.mark.parametrize(("panel", "query"), QUERIES)
def test_a_panel_shows_something(panel: Panel, query: Query, prometheus: Prometheus) -> None:
    """Its query is read, and gives at least one number, with every label that a table shows."""
    expr = query.expr
    for name, value in SHOWN.items():
        expr = expr.replace(name, value)
    found = prometheus.query(expr)
    numbers = [each for each in found if math.isfinite(float(each["value"][1]))]
    assert numbers
    columns = set(panel.columns) - {"namespace"}
    assert all(columns <= set(each["metric"]) for each in numbers)


def test_no_rule_fails(prometheus: Prometheus) -> None:
    """Prometheus evaluates every rule on what the process tells."""
    rules = [rule for group in prometheus.rules() for rule in group["rules"]]
    assert len(rules) > len(alerts())
    assert [rule["name"] for rule in rules if rule["health"] != "ok"] == []
