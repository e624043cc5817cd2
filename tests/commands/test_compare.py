"""``therapy compare``: the same sessions under two payers, side by side."""

import re
from pathlib import Path

import pytest

from commands.exits import READ, UNREAD, USAGE
from commands.main import main
from tests.clinic import COMMERCIAL, PROVIDER, Json, plan_of_care, service, session
from tests.commands.files import copy_reference, read_lines, write_events

TIE = [service(1, "97110", 8), service(2, "97140", 8), service(3, "97530", 8)]
"""24 minutes: two units by the day's total, three by the midpoint of each code."""
MEDICARE_AND_COMMERCIAL = "medicare_ffs,commercial"


def visit(session_id: str, services: list[Json], **more: object) -> tuple[str, Json]:
    """Return a completed session to send."""
    return "session.completed", session(session_id, services, **more)


class Compared:
    """What the command writes of a file, for a person and for a program."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """Write files into ``folder``."""
        self._folder = folder
        self._capsys = capsys

    def run(self, sent: list[tuple[str, Json]], payers: str, *options: str) -> list[Json]:
        """Return the head, the days and the total."""
        assert main(self._command(sent, payers, "--json", *options)) == READ
        return read_lines(self._capsys.readouterr().out)

    def text(self, sent: list[tuple[str, Json]], payers: str, *options: str) -> str:
        """Return what a person reads."""
        assert main(self._command(sent, payers, *options)) == READ
        return self._capsys.readouterr().out

    def _command(self, sent: list[tuple[str, Json]], payers: str, *options: str) -> list[str]:
        file = write_events(self._folder / "in.jsonl", sent)
        return ["compare", str(file), "--payers", payers, *options]


@pytest.fixture
def compared(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Compared:
    """Return what compares events."""
    return Compared(tmp_path, capsys)


def units(side: Json) -> dict[str, int]:
    """Return units by code."""
    return {line["code"]: line["units"] for line in side["lines"]}


def test_each_payer_counts_by_its_own_rule(compared: Compared) -> None:
    """Three times 8 minutes are two units by the day's total and three by the midpoint."""
    head, day, total = compared.run([visit("S-1", TIE)], MEDICARE_AND_COMMERCIAL)
    assert (head["a"]["payer_id"], head["b"]["payer_id"]) == ("medicare_ffs", "commercial")
    assert units(day["a"]) == {"97110": 1, "97140": 1}
    assert units(day["b"]) == {"97110": 1, "97140": 1, "97530": 1}
    assert (day["a"]["unit_rule"], day["b"]["unit_rule"]) == ("cms_total_time", "cpt_midpoint")
    assert (total["a"]["units"], total["b"]["units"]) == (2, 3)


def test_a_payer_without_a_fee_schedule_has_no_amount(compared: Compared) -> None:
    """Its lines are not priced, never zero, and no difference is said."""
    sent = [visit("S-1", TIE)]
    _, day, total = compared.run(sent, MEDICARE_AND_COMMERCIAL)
    assert [line["allowed_amount"] for line in day["b"]["lines"]] == [None] * 3
    assert (day["b"]["total_allowed"], day["difference"], total["difference"]) == (None,) * 3
    text = compared.text(sent, MEDICARE_AND_COMMERCIAL)
    assert "no fee schedule" in text
    assert "cannot be compared" in text
    assert not re.search(r"\b0\.00", text)


def test_a_day_with_nothing_to_bill_is_no_amount_of_such_a_payer(compared: Compared) -> None:
    """7 minutes are no unit under either: still, nothing is compared in dollars."""
    _, day, total = compared.run([visit("S-1", [service(1, "97110", 7)])], MEDICARE_AND_COMMERCIAL)
    assert (day["a"]["decision"], day["b"]["decision"]) == ("not-billable", "not-billable")
    assert day["difference"] is None
    assert total["compared_days"] == 0


def test_two_payers_of_one_fee_schedule_have_a_difference(
    compared: Compared, tmp_path: Path
) -> None:
    """The third unit is what B allows beyond A, by day and in all."""
    folder = copy_reference(tmp_path)
    profile = folder / "payers" / "commercial.yaml"
    text = profile.read_text(encoding="utf-8").replace(
        "    unit_rule: cpt_midpoint\n",
        "    unit_rule: cpt_midpoint\n    fee_schedule: true\n    mppr: true\n",
    )
    profile.write_text(text, encoding="utf-8")
    sent = [visit("S-1", TIE)]
    options = ("--reference", str(folder))
    _, day, total = compared.run(sent, MEDICARE_AND_COMMERCIAL, *options)
    [third] = [line for line in day["b"]["lines"] if line["code"] == "97530"]
    assert third["units"] == 1
    assert day["difference"] == total["difference"]
    assert float(day["b"]["total_allowed"]) > float(day["a"]["total_allowed"])
    assert total["compared_days"] == 1
    said = compared.text(sent, MEDICARE_AND_COMMERCIAL, *options)
    assert said.count(f"+{day['difference']}") == 2


def test_the_last_state_of_a_day_is_compared(compared: Compared) -> None:
    """An amended session counts as it is now, and a voided one is in no day."""
    first = session("S-1", [service(1, "97110", 30)])
    amended = session("S-1", [service(1, "97110", 15)], revision=2)
    void = {"session_id": "S-2", "revision": 2, "patient_id": "P-1", "reason": "entered twice"}
    sent = [
        ("session.completed", first),
        visit("S-2", [service(1, "97110", 15)], date_of_service="2026-03-04"),
        ("session.amended", amended),
        ("session.voided", void),
    ]
    _, day, total = compared.run(sent, MEDICARE_AND_COMMERCIAL)
    assert (units(day["a"]), units(day["b"])) == ({"97110": 1}, {"97110": 1})
    assert total["days"] == 1


def test_the_price_is_that_of_now(compared: Compared) -> None:
    """An OT day of the same date takes the PT day's one full price, though no decision follows."""
    sent = [
        visit("S-1", [service(1, "97110", 15)]),
        visit("S-2", [service(1, "97530", 15)], discipline="OT", plan_of_care_id="POC-2"),
    ]
    alone = compared.run(sent[:1], "medicare_ffs,va")[1]
    _, _ot, pt, _total = compared.run(sent, "medicare_ffs,va")
    assert pt["discipline"] == "PT"
    before, after = alone["a"]["total_allowed"], pt["a"]["total_allowed"]
    assert float(after) < float(before)


def test_a_blocked_day_is_shown_with_its_state_and_its_amount(compared: Compared) -> None:
    """Medicare waits for the plan of care and has a price; the commercial payer asks for none."""
    sent = [visit("S-1", [service(1, "97110", 15)])]
    _, day, _ = compared.run(sent, MEDICARE_AND_COMMERCIAL)
    assert (day["a"]["decision"], day["b"]["decision"]) == ("needs-documentation", "ready")
    assert "PLAN_OF_CARE_MISSING" in day["a"]["findings"]
    assert day["a"]["total_allowed"] is not None
    text = compared.text(sent, MEDICARE_AND_COMMERCIAL)
    assert "needs documentation" in text
    assert "PLAN_OF_CARE_MISSING" in text


def test_documents_count_as_they_came(compared: Compared) -> None:
    """With the plan of care on file the day is ready under Medicare too."""
    sent = [("documentation.received", plan_of_care()), visit("S-1", [service(1, "97110", 15)])]
    _, day, _ = compared.run(sent, MEDICARE_AND_COMMERCIAL)
    assert day["a"]["decision"] == "ready"


def test_a_missing_locality_is_no_price(compared: Compared) -> None:
    """The line is not priced, and why is said."""
    provider = {name: value for name, value in PROVIDER.items() if name != "locality"}
    sent = [visit("S-1", [service(1, "97110", 15)], billing_provider=provider)]
    _, day, _ = compared.run(sent, "medicare_ffs,va")
    [line] = day["a"]["lines"]
    assert (line["allowed_amount"], line["unpriced"]) == (None, "locality_missing")
    assert "locality missing" in compared.text(sent, "medicare_ffs,va")


def test_sessions_of_two_payers_become_one_day(compared: Compared) -> None:
    """Two sessions of a date are one visit day where both have the payer that is compared."""
    sent = [
        visit("S-1", [service(1, "97110", 8)]),
        visit("S-2", [service(1, "97110", 7)], payer=COMMERCIAL),
    ]
    _, day, total = compared.run(sent, MEDICARE_AND_COMMERCIAL)
    assert (units(day["a"]), units(day["b"])) == ({"97110": 1}, {"97110": 1})
    assert total["days"] == 1


def test_it_never_says_which_payer_or_code_to_choose(compared: Compared) -> None:
    """It states units and amounts, says what an amount is not, and recommends nothing."""
    text = compared.text([visit("S-1", TIE)], MEDICARE_AND_COMMERCIAL)
    assert "It is not a payment" in " ".join(text.split())
    hint = r"\b(better|best|higher|highest|more|gain|loss|lose|should|prefer|choose|recommend)"
    assert not re.search(hint, text, re.IGNORECASE)


def test_the_same_file_gives_the_same_text(compared: Compared) -> None:
    """By patient, date of service and discipline, at most 80 columns wide."""
    sent = [
        visit("S-1", TIE, date_of_service="2026-03-04"),
        visit("S-2", TIE, patient_id="P-0"),
        visit("S-3", TIE, discipline="OT"),
        visit("S-4", TIE),
    ]
    first, second = (compared.text(sent, MEDICARE_AND_COMMERCIAL) for _ in range(2))
    assert first == second
    named = re.findall(r"^(\d\S+)  (\w+)  patient (\S+)", first, re.MULTILINE)
    assert named == [
        ("2026-03-02", "PT", "P-0"),
        ("2026-03-02", "OT", "P-1"),
        ("2026-03-02", "PT", "P-1"),
        ("2026-03-04", "PT", "P-1"),
    ]
    assert max(map(len, first.splitlines())) <= 80


def test_a_line_that_cannot_be_read_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """By number and field, never by value; the rest goes on, and the status is 3."""
    bad = service(1, "97110", -15)
    sent = [visit("S-1", [bad], patient_id="P-SECRET"), visit("S-2", TIE)]
    file, out = write_events(tmp_path / "in.jsonl", sent), tmp_path / "out"
    command = ["compare", str(file), "--payers", MEDICARE_AND_COMMERCIAL, "--out", str(out)]
    assert main(command) == UNREAD
    said = capsys.readouterr().err
    assert said.startswith("therapy compare: line 1: invalid_data: data.services")
    assert "SECRET" not in said
    assert "In all: 1 visit days" in out.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "payers", ["medicare_ffs", "medicare_ffs,", "va,va", "va,tricare,medicaid"]
)
def test_two_different_payers_are_wanted(payers: str) -> None:
    """Anything else is wrong usage."""
    with pytest.raises(SystemExit) as stopped:
        main(["compare", "x", "--payers", payers])
    assert stopped.value.code == USAGE


def test_a_payer_that_no_profile_has_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """By its name, as wrong usage."""
    file = write_events(tmp_path / "in.jsonl", [visit("S-1", TIE)])
    assert main(["compare", str(file), "--payers", "va,nobody"]) == USAGE
    assert "nobody" in capsys.readouterr().err


def test_the_file_that_is_read_is_never_written(tmp_path: Path) -> None:
    """``--out`` with its name is wrong usage."""
    file = write_events(tmp_path / "in.jsonl", [visit("S-1", TIE)])
    before = file.read_bytes()
    command = ["compare", str(file), "--payers", "va,tricare", "--out", str(file)]
    assert main(command) == USAGE
    assert file.read_bytes() == before
