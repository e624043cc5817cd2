"""``therapy restate``: what another rulebook would change of a period."""

import re
from pathlib import Path

import pytest

from commands.exits import CHANGED, READ, UNREAD, USAGE
from commands.main import main
from reference.rulebook import PACKAGE
from tests.clinic import Json, plan_of_care, service, session
from tests.commands.files import copy_reference, read_lines, write_events

KX_2026 = "2480.00"


def visit(session_id: str, day: str, minutes: int = 30, **more: object) -> tuple[str, Json]:
    """Return a session of 97110 on a day, to send."""
    services = [service(1, "97110", minutes)]
    return "session.completed", session(session_id, services, date_of_service=day, **more)


PLAN = ("documentation.received", plan_of_care())
THREE_DAYS = [
    PLAN,
    visit("S-1", "2026-03-02"),
    visit("S-2", "2026-03-04"),
    visit("S-3", "2026-03-06"),
]


@pytest.fixture
def other(tmp_path: Path) -> Path:
    """Return another rulebook: a copy of ours, to be changed."""
    return copy_reference(tmp_path)


@pytest.fixture
def lower_kx(other: Path) -> Path:
    """Return a rulebook whose KX threshold of 2026 is passed by the second day of two units."""
    change(other / "parameters/thresholds/kx_threshold.yaml", KX_2026, "80.00")
    return other


@pytest.fixture
def midpoint(other: Path) -> Path:
    """Return a rulebook by which Medicare counts as the CPT does."""
    change(other / "payers/medicare_ffs.yaml", "cms_total_time", "cpt_midpoint")
    return other


def change(file: Path, old: str, new: str) -> None:
    """Change a word of a file wherever it stands."""
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")


def restate(
    folder: Path, sent: list[tuple[str, Json]], rulebook: Path, *options: str
) -> tuple[int, str]:
    """Return status and output of the command."""
    file, out = write_events(folder / "in.jsonl", sent), folder / "out"
    command = ["restate", str(file), "--rulebook", str(rulebook), "--out", str(out), *options]
    return main(command), out.read_text(encoding="utf-8")


def test_the_same_rulebook_changes_nothing(tmp_path: Path, other: Path) -> None:
    """Status 0, and no day is listed."""
    status, text = restate(tmp_path, THREE_DAYS, other)
    assert status == READ
    assert "In all: 0 of 3 visit days would change" in text


def test_a_lower_threshold_puts_claims_in_doubt(tmp_path: Path, lower_kx: Path) -> None:
    """51.36 and 51.36 pass 80.00: from the second day on an attestation is missing."""
    status, text = restate(tmp_path, THREE_DAYS, lower_kx, "--json")
    assert status == CHANGED
    head, second, third, total = read_lines(text)
    assert head["before"] != head["after"]
    assert second["before"]["decision"] == "ready"
    assert second["after"]["decision"] == "needs-documentation"
    assert (second["findings_gone"], second["findings_new"]) == ([], ["KX_ATTESTATION_MISSING"])
    assert (second["claim"], third["claim"]) == ("in doubt", "in doubt")
    assert second["difference"] == "0.00"
    assert total["days"] == 3
    assert total["days_changed"] == 2
    assert total["claims"] == {"in doubt": 2}


def test_other_units_replace_the_claim(tmp_path: Path, midpoint: Path) -> None:
    """16 minutes in two codes are one unit by the total, two by midpoints: the claim changes."""
    services = [service(1, "97110", 8), service(2, "97140", 8)]
    sent = [PLAN, ("session.completed", session("S-1", services))]
    status, text = restate(tmp_path, sent, midpoint, "--json")
    assert status == CHANGED
    _, day, total = read_lines(text)
    assert [line["units"] for line in day["before"]["lines"]] == [1]
    assert [line["units"] for line in day["after"]["lines"]] == [1, 1]
    assert day["claim"] == "replaced"
    amounts = [float(day[side]["total_allowed"]) for side in ("before", "after")]
    assert float(day["difference"]) == pytest.approx(amounts[1] - amounts[0])
    assert total["difference"] == day["difference"]
    assert total["claims"] == {"replaced": 1}


def test_a_claim_without_units_would_be_withdrawn(
    tmp_path: Path, midpoint: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two times 5 minutes are a unit by the total, none by midpoints; and the other way round."""
    services = [service(1, "97110", 5), service(2, "97140", 5)]
    sent = [PLAN, ("session.completed", session("S-1", services))]
    _, text = restate(tmp_path, sent, midpoint, "--json")
    _, day, total = read_lines(text)
    assert day["after"]["decision"] == "not-billable"
    assert (day["claim"], total["claims"]) == ("withdrawn", {"withdrawn": 1})
    file = str(tmp_path / "in.jsonl")
    back = ["--reference", str(midpoint), "--rulebook", str(PACKAGE), "--json"]
    assert main(["restate", file, *back]) == CHANGED
    _, day, _ = read_lines(capsys.readouterr().out)
    assert day["claim"] == "goes out"


def test_new_reference_data_release_a_held_day(tmp_path: Path, other: Path) -> None:
    """A day of 2027 has no price before, one after; no difference is said of it."""
    for name in ("thresholds/kx_threshold", "payment/conversion_factor"):
        change(other / f"parameters/{name}.yaml", "through: 2026-12-31", "through: 2027-12-31")
    for release in other.glob("tables/*/*/release.yaml"):
        text = release.read_text(encoding="utf-8")
        release.write_text(text.replace("2026-12-31", "2027-12-31"), encoding="utf-8")
    sent = [visit("S-1", "2027-01-04")]
    status, text = restate(tmp_path, sent, other, "--json")
    assert status == CHANGED
    _, day, total = read_lines(text)
    assert day["before"]["decision"] == "held"
    assert "NO_VALUE_IN_FORCE" in day["findings_gone"]
    assert "NO_VALUE_IN_FORCE" not in day["after"]["findings"]
    assert day["after"]["total_allowed"] is not None
    assert (day["difference"], total["days_priced_in_both"]) == (None, 0)


def test_only_the_period_is_reported(tmp_path: Path, lower_kx: Path) -> None:
    """Dates of service are inclusive, and what came before still counts in the year's balance."""
    period = ("--from", "2026-03-06", "--through", "2026-03-06")
    _, text = restate(tmp_path, THREE_DAYS, lower_kx, "--json", *period)
    *_, day, total = read_lines(text)
    assert day["date_of_service"] == "2026-03-06"
    assert (total["days"], total["days_changed"]) == (1, 1)
    status, _ = restate(tmp_path, THREE_DAYS, lower_kx, "--through", "2026-03-02")
    assert status == READ


def test_a_voided_day_is_not_reported(tmp_path: Path, lower_kx: Path) -> None:
    """Nothing is left of it under either rulebook."""
    void = {"session_id": "S-2", "revision": 2, "patient_id": "P-1", "reason": "entered twice"}
    sent = [*THREE_DAYS[:3], ("session.voided", void)]
    status, _ = restate(tmp_path, sent, lower_kx)
    assert status == READ


def test_the_text_is_for_a_person(tmp_path: Path, lower_kx: Path) -> None:
    """It says what was compared, that nothing is sent, each day, and the sums; twice the same."""
    _, text = restate(tmp_path, THREE_DAYS, lower_kx)
    assert "Nothing is sent." in " ".join(text.split())
    assert "  new         KX_ATTESTATION_MISSING" in text
    assert re.search(r"claims +2 would be out and in doubt", text)
    assert max(map(len, text.splitlines())) <= 80
    assert restate(tmp_path, THREE_DAYS, lower_kx)[1] == text


def test_a_line_that_cannot_be_read_comes_first(tmp_path: Path, lower_kx: Path) -> None:
    """The report is then not whole, whatever it says: status 3."""
    status, _ = restate(tmp_path, [*THREE_DAYS, ("session.voided", {"patient_id": "P"})], lower_kx)
    assert status == UNREAD


@pytest.mark.parametrize("inside", [True, False])
def test_a_rulebook_is_a_folder_or_a_tree_that_has_it(
    tmp_path: Path, other: Path, *, inside: bool
) -> None:
    """Both ways of naming it are the same."""
    status, _ = restate(tmp_path, THREE_DAYS, other.parent if inside else other)
    assert status == READ


def test_a_folder_without_reference_data_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As wrong usage, by its path."""
    file = write_events(tmp_path / "in.jsonl", THREE_DAYS)
    empty = tmp_path / "empty"
    empty.mkdir()
    assert main(["restate", str(file), "--rulebook", str(empty)]) == USAGE
    assert "empty" in capsys.readouterr().err
