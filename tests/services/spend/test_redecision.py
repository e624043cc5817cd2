"""What a request for redecision computes again when the reference data have changed."""

from decimal import Decimal
from shutil import copytree, rmtree

import pytest
from msgspec.structs import replace
from yaml import safe_dump, safe_load

from reference.rulebook import PACKAGE, RuleBook, load
from services.spend.state import Ledger
from tests.clinic import COMMERCIAL, of_type, service, session, types
from tests.services.spend.driver import Driver

ACTIVITIES = [service(1, "97530", 15)]


@pytest.fixture
def driver() -> Driver:
    """Return the two consumers before their first event."""
    return Driver()


@pytest.fixture(scope="session")
def without_values(tmp_path_factory: pytest.TempPathFactory) -> RuleBook:
    """Return the rulebook before the relative values of 2026 were loaded."""
    folder = tmp_path_factory.mktemp("rulebook") / "reference"
    copytree(PACKAGE, folder)
    rmtree(folder / "tables" / "relative_values" / "rvu26c")
    return load(folder)


@pytest.fixture(scope="session")
def without_thresholds(tmp_path_factory: pytest.TempPathFactory) -> RuleBook:
    """Return the rulebook before the KX threshold of 2026 was loaded."""
    folder = tmp_path_factory.mktemp("rulebook") / "reference"
    copytree(PACKAGE, folder)
    kx = folder / "parameters" / "thresholds" / "kx_threshold.yaml"
    dated = safe_load(kx.read_text())
    kx.write_text(safe_dump(dated | {"values": dated["values"][:-1]}))
    return load(folder)


def test_held_days_are_priced_when_the_data_come(
    driver: Driver, rulebook: RuleBook, without_values: RuleBook
) -> None:
    """Every held day is emitted again by date of service, then the request goes on."""
    for day in (5, 3, 4):
        sent = session(f"S-{day}", ACTIVITIES, date_of_service=f"2026-03-0{day}")
        (held,) = of_type(driver.send(without_values, "session.completed", sent), "spend.accrued")
        assert held["lines"][0]["unpriced"] == {"reason": "no_value_in_force"}
        assert held["total_allowed"] == "0.00"
    emitted = driver.decide_again(rulebook)
    assert types(emitted) == [*["spend.accrued"] * 3, "redecision.requested"]
    days = of_type(emitted, "spend.accrued")
    assert [day["date_of_service"] for day in days] == ["2026-03-03", "2026-03-04", "2026-03-05"]
    assert {day["total_allowed"] for day in days} == {"35.08"}
    assert {day["spend"]["running_total"] for day in days} == {"105.24"}
    # Each keeps the place that it had when it was worth nothing.
    assert {day["spend"]["balance_before"] for day in days} == {"0.00"}
    assert all(day["findings"] == [] for day in days)
    assert types(driver.decide_again(rulebook)) == ["redecision.requested"]


def test_a_ledger_has_the_thresholds_of_its_year_once_they_are_loaded(
    driver: Driver, rulebook: RuleBook, without_thresholds: RuleBook
) -> None:
    """Though not one of its amounts changes by them."""
    sent = session("S-1", ACTIVITIES)
    driver.send(without_thresholds, "session.completed", sent)
    (before,) = ledgers(driver)
    assert (before.kx_threshold, before.review_threshold) == (None, Decimal("3000.00"))
    driver.decide_again(rulebook)
    (after,) = ledgers(driver)
    assert after == replace(before, kx_threshold=Decimal("2480.00"))


def test_a_ledger_of_which_nothing_is_known_is_not_kept(
    driver: Driver, rulebook: RuleBook
) -> None:
    """A payer to whom the thresholds do not apply opens none."""
    driver.send(rulebook, "session.completed", session("S-1", ACTIVITIES, payer=COMMERCIAL))
    assert ledgers(driver) == []


def ledgers(driver: Driver) -> list[Ledger]:
    """Return the heads of the ledgers."""
    return [value for key, value in driver.spend.items() if key[0] == "ledger"]


def test_a_named_day_comes_first_and_its_neighbours_follow(
    driver: Driver, rulebook: RuleBook, without_values: RuleBook
) -> None:
    """Only the day that is named, and what shares its payment reduction, is computed again."""
    ids = []
    for name, discipline, day in (("S-1", "OT", 2), ("S-2", "PT", 2), ("S-3", "PT", 3)):
        code = "97161" if discipline == "PT" else "97530"
        date_of_service = f"2026-03-0{day}"
        sent = session(
            name,
            [service(1, code, 15)],
            discipline=discipline,
            date_of_service=date_of_service,
        )
        (held,) = of_type(driver.send(without_values, "session.completed", sent), "spend.accrued")
        ids.append(held["visit_day_id"])
    emitted = driver.decide_again(rulebook, ids[1])
    days = of_type(emitted, "spend.accrued")
    assert [(day["visit_day_id"], day["total_allowed"]) for day in days] == [
        (ids[1], "98.10"),
        (ids[0], "25.10"),
    ]
    assert types(emitted)[-1] == "redecision.requested"


def test_a_day_that_comes_out_the_same_is_not_emitted(driver: Driver, rulebook: RuleBook) -> None:
    """Other days' amounts alone change nothing of a day, so asking again emits nothing."""
    first = session("S-1", ACTIVITIES)
    (day,) = of_type(driver.send(rulebook, "session.completed", first), "spend.accrued")
    second = session("S-2", ACTIVITIES, date_of_service="2026-03-03")
    driver.send(rulebook, "session.completed", second)
    assert types(driver.decide_again(rulebook, day["visit_day_id"])) == ["redecision.requested"]


def test_an_unknown_day_is_nobody_s(driver: Driver, rulebook: RuleBook) -> None:
    """A request for a day that was never seen is passed on and does nothing else."""
    assert types(driver.decide_again(rulebook, "unknown")) == ["redecision.requested"]


def test_documents_are_passed_on(driver: Driver, rulebook: RuleBook) -> None:
    """A document that is not an addendum goes through unchanged."""
    content = {"statement": "necessary", "threshold_group": "pt_slp", "year": 2026}
    data = {
        "patient_id": "P-1",
        "document_id": "D-1",
        "revision": 1,
        "kind": "kx_attestation",
        "dated": "2026-03-02",
        "content": content,
    }
    (passed_on,) = driver.send(rulebook, "documentation.received", data)
    assert passed_on["data"] == data
