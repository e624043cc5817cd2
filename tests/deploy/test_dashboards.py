"""The dashboards as files: made of their descriptions, and whole."""

import json
from itertools import pairwise
from operator import attrgetter
from pathlib import Path
from typing import Any

import pytest

from tests.cluster.needed import grafana_types
from tests.deploy.dashboards.described import MADE, WIDTH, made_of, read, sources
from tests.deploy.dashboards.grafana import SOURCE, write
from tests.deploy.dashboards.typed import compile_

SOURCES = sources()
MADE_FILES = sorted(MADE.glob("*.json"))


def _panels(made: Path) -> list[dict[str, Any]]:
    panels: list[dict[str, Any]] = json.loads(made.read_text(encoding="utf-8"))["panels"]
    return panels


@pytest.mark.parametrize("source", SOURCES, ids=attrgetter("stem"))
def test_what_grafana_reads_is_made_of_the_description(source: Path) -> None:
    """``python -m tests.deploy.dashboards`` would change nothing."""
    assert made_of(source).read_text(encoding="utf-8") == write(read(source))


def test_no_dashboard_is_without_its_description() -> None:
    """There is one for the operator, one for the billing manager, and no other."""
    assert [made_of(source) for source in SOURCES] == MADE_FILES
    assert [each.stem for each in MADE_FILES] == ["billing", "operator"]


@pytest.mark.parametrize("made", MADE_FILES, ids=attrgetter("stem"))
def test_panels_have_numbers_of_their_own(made: Path) -> None:
    """From 1 on, rows too."""
    numbers = [panel["id"] for panel in _panels(made)]
    assert numbers == list(range(1, len(numbers) + 1))


@pytest.mark.parametrize("made", MADE_FILES, ids=attrgetter("stem"))
def test_panels_do_not_lie_on_each_other(made: Path) -> None:
    """Each stays within the grid, and no place of it is taken twice."""
    taken = [
        (x, y)
        for grid in (panel["gridPos"] for panel in _panels(made))
        for x in range(grid["x"], grid["x"] + grid["w"])
        for y in range(grid["y"], grid["y"] + grid["h"])
    ]
    assert len(taken) == len(set(taken))
    assert all(x < WIDTH for x, _y in taken)


@pytest.mark.parametrize("made", MADE_FILES, ids=attrgetter("stem"))
def test_every_panel_says_what_it_shows(made: Path) -> None:
    """A sentence, a unit, and queries whose letters differ, on the data source that is chosen."""
    for panel in _panels(made):
        if panel["type"] == "row":
            continue
        assert panel["description"].endswith(".")
        assert panel["fieldConfig"]["defaults"]["unit"]
        letters = [target["refId"] for target in panel["targets"]]
        assert all(one < next_ for one, next_ in pairwise(letters))
        assert [panel["datasource"], *(each["datasource"] for each in panel["targets"])] == [
            SOURCE
        ] * (1 + len(letters))


@pytest.mark.parametrize("made", MADE_FILES, ids=attrgetter("stem"))
def test_the_data_source_and_the_installation_are_chosen(made: Path) -> None:
    """By variables, and every query keeps to the chosen installation."""
    variables = json.loads(made.read_text(encoding="utf-8"))["templating"]["list"]
    kinds = {each["name"]: each["type"] for each in variables}
    assert kinds == {"datasource": "datasource", "namespace": "query"}
    for panel in _panels(made):
        for target in panel.get("targets", ()):
            braces = target["expr"].count("{")
            assert braces
            assert target["expr"].count('namespace=~"$namespace"') == braces


@pytest.mark.parametrize("made", MADE_FILES, ids=attrgetter("stem"))
def test_grafana_has_types_for_all_of_it(made: Path, tmp_path: Path) -> None:
    """The types that Grafana publishes of a dashboard and of each kind of panel allow the file."""
    assert not compile_(json.loads(made.read_text(encoding="utf-8")), grafana_types(), tmp_path)


@pytest.mark.parametrize(
    ("path", "wrong"),
    [
        (("panels", 1, "options", "graphMode"), "hills"),
        (("panels", 1, "options", "graph"), "area"),
        (("templating", "list", 0, "type"), "source"),
    ],
    ids=lambda each: str(each[-1]),
)
def test_what_grafana_does_not_know_is_refused(
    path: tuple[str | int, ...], wrong: str, tmp_path: Path
) -> None:
    """A word or a field that is none of its own, wherever it stands."""
    model = json.loads(MADE_FILES[0].read_text(encoding="utf-8"))
    place = model
    for part in path[:-1]:
        place = place[part]
    place[path[-1]] = wrong
    assert "error TS" in compile_(model, grafana_types(), tmp_path)


def test_dashboards_have_names_of_their_own() -> None:
    """Grafana knows a dashboard by its uid."""
    uids = [read(source).uid for source in SOURCES]
    assert len(uids) == len(set(uids))
