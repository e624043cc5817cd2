"""Each payer profile against a biller's days: an ordinary one, the boundaries, and the traps."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
import yaml

from reference.rulebook import RuleBook
from tests.clinic import PROVIDER, Clinic, Json, decision, document, service, session

FOLDER = Path(__file__).with_name("payers")
FILES = {path.stem: yaml.safe_load(path.read_text()) for path in sorted(FOLDER.glob("*.yaml"))}
CASES = [
    pytest.param(stated["payer"], case, id=f"{name}: {case['name']}")
    for name, stated in FILES.items()
    for case in stated["cases"]
]


@pytest.mark.parametrize(("payer", "case"), CASES)
def test_a_day_of_the_payer(rulebook: RuleBook, payer: Json, case: Json) -> None:
    """The day's units, modifiers, decision, and what is missing or warned of, are the case's."""
    decided = decide_last(Clinic(rulebook), payer, case)
    assert {name: said(decided, name) for name in case["gives"]} == case["gives"]
    if decided["kind"] == "ready":
        assert said(decided, "missing") == []


def test_every_profile_has_its_file(rulebook: RuleBook) -> None:
    """No profile goes without days that show what it does."""
    assert set(FILES) == set(rulebook.profiles)


@pytest.mark.parametrize("name", FILES)
def test_the_file_is_about_its_profile(rulebook: RuleBook, name: str) -> None:
    """The id that a file's sessions send leads to the profile of the file's name."""
    payer = FILES[name]["payer"]
    facts = rulebook.on(date(2026, 3, 2), payer["payer_id"], payer["program"])
    assert facts.profile.name == name


def decide_last(clinic: Clinic, payer: Json, case: Json) -> Json:
    """Send the case's documents and its visits of earlier days; return what its own day comes to.

    ``earlier`` visits stand on the days before, of the same services.
    """
    on = date.fromisoformat(str(case.get("date", "2026-03-02")))
    clinic.receive(plan_of(on))
    for content in case.get("authorizations", []):
        clinic.receive(authorization(payer, on, content))
    for number in range(case.get("earlier", 0), 0, -1):
        clinic.complete(visit(payer, case, on - timedelta(number)))
    return decision(clinic.complete(visit(payer, case, on)))


def visit(payer: Json, case: Json, on: date) -> Json:
    """Return the session of the case on a date."""
    start, done = datetime(on.year, on.month, on.day, 14, tzinfo=UTC), []
    for line, (code, minutes, *more) in enumerate(case["services"], 1):
        # One after the other, for payers that ask for start and stop times.
        end = start + timedelta(minutes=minutes)
        block = {"start": start.isoformat(), "end": end.isoformat()}
        stated = {"charge": "70.00", "intervals": [block], **(more[0] if more else {})}
        done.append(service(line, str(code), minutes, **stated))
        start = end
    return session(
        f"S-{on.isoformat()}",
        done,
        payer=payer,
        date_of_service=on.isoformat(),
        discipline=case.get("discipline", "PT"),
        billing_provider={**PROVIDER, "setting": case.get("setting", PROVIDER["setting"])},
        **case.get("session", {}),
    )


def plan_of(on: date) -> Json:
    """Return a plan of care that is certified for the date, for payers that ask for one."""
    first = (on - timedelta(30)).isoformat()
    content = {
        "established_on": first,
        "first_treated_on": first,
        "certification": "signature",
        "certified_on": first,
        "certifying_npi": "1222222220",
        "through": (on + timedelta(300)).isoformat(),
        "goals": [{"goal_id": "G1", "text": "rise from a chair without help"}],
        "frequency": "2 a week",
        "duration": "12 weeks",
    }
    return document("plan_of_care", "D-POC-1", content, plan_of_care_id="POC-1")


def authorization(payer: Json, on: date, stated: Json) -> Json:
    """Return an authorization of ten visits in the date's year, changed as stated."""
    content = {
        "number": "A-1",
        "payer_id": payer["payer_id"],
        "unit": "visit",
        "quantity": 10,
        "valid_from": f"{on.year}-01-01",
        "valid_through": f"{on.year}-12-31",
        **stated,
    }
    return document("authorization", f"D-{content['number']}", content)


def said(decided: Json, name: str) -> object:
    """Return what a decision says, in the words of the cases."""
    lines, findings = decided["lines"], decided["findings"]
    return {
        "kind": decided["kind"],
        "units": {int(line["code"]): line["units"] for line in lines},
        "modifiers": [line["modifiers"] for line in lines],
        "missing": [each["code"] for each in decided.get("missing", [])],
        "blocked_by": [each["code"] for each in decided.get("blocked_by", [])],
        # Where a payer has no fee schedule here, every line warns of that.
        "warns": [
            each["code"]
            for each in findings
            if each["severity"] == "warning" and each["code"] != "LINE_NOT_PRICED"
        ],
        "authorization": decided.get("authorization", {}).get("number"),
        "step": next(iter(decided["steps"]), None),
    }[name]
