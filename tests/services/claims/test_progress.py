"""Progress reports in ``claims``: days wait and resume by themselves, and no others change."""

import json
from collections.abc import Iterable
from datetime import date, timedelta

import pytest

from commands.composition import Service, connect
from reference.rulebook import RuleBook
from runtime.memory import MemoryStateView
from runtime.processor import Key, Value
from schemas.envelope import Event
from schemas.events import CLINICAL
from schemas.reading import Reader
from tests.clinic import (
    COMMERCIAL,
    MEDICARE,
    PROVIDER,
    Clinic,
    Json,
    document,
    event,
    missing,
    of_type,
    plan_of_care,
    service,
    session,
    types,
)

NEEDS, READY = "claim.needs-documentation", "claim.ready"
FIRST = date(2026, 1, 5)
"""The first treatment day of POC-1."""
LATER = "2026-03-02T16:00:00-06:00"
ADVANTAGE = {"payer_id": "advantage-one", "program": "medicare_advantage"}


def on(place: int) -> str:
    """Return the date of a treatment day by its place, counted from 1: every second day."""
    return (FIRST + timedelta(days=2 * (place - 1))).isoformat()


def visit(place: int, code: str = "97110", **more: object) -> Json:
    """Return the session of a treatment day."""
    session_id = str(more.pop("session_id", f"S-{place}"))
    stated = {"payer": ADVANTAGE, "date_of_service": on(place), **more}
    return session(session_id, [service(1, code, 15, charge="70.00")], **stated)


def report(first: int, last: int, document_id: str = "D-PR", **more: object) -> Json:
    """Return a therapist's signed progress report on the days from one place to another."""
    content: Json = {"period_from": on(first), "period_to": on(last)}
    if "justifies" in more:
        content["justifies"] = more.pop("justifies")
    stated = {"discipline": "PT", "plan_of_care_id": "POC-1", **more}
    return document("progress_report", document_id, content, **stated)


def decided(emitted: list[Json]) -> list[tuple[str, str]]:
    """Return the kinds of the decisions with their dates, in their order."""
    claims = [each for each in emitted if ".claim." in each["type"]]
    return [
        (kind, each["data"]["date_of_service"])
        for kind, each in zip(types(claims), claims, strict=True)
    ]


@pytest.fixture
def treated(clinic: Clinic) -> Clinic:
    """Return a clinic with a certified plan and ten treatment days under it, all ready."""
    clinic.receive(plan_of_care())
    for place in range(1, 11):
        assert decided(clinic.complete(visit(place))) == [(READY, on(place))]
    return clinic


def test_the_eleventh_treatment_day_waits_for_the_report(treated: Clinic) -> None:
    """It waits for the therapist, whose report was due on the tenth day, and then is ready."""
    (waiting,) = of_type(treated.complete(visit(11)), NEEDS)
    assert waiting["missing"] == [
        {
            "code": "PROGRESS_REPORT_DUE",
            "owner": "therapist",
            "due": on(10),
            "lines": [],
            "session_ids": ["S-11"],
            "plan_of_care_id": "POC-1",
        }
    ]
    assert decided(treated.receive(report(1, 10))) == [(READY, on(11))]


def test_a_late_report_clears_all_days_that_it_covers(treated: Clinic) -> None:
    """Three days wait, and one report makes them ready in the order of their dates."""
    for place in (13, 11, 12):
        assert decided(treated.complete(visit(place)))[-1][0] == NEEDS
    assert decided(treated.receive(report(1, 13))) == [(READY, on(each)) for each in (11, 12, 13)]


def test_a_report_that_comes_first_serves_the_days_after_it(treated: Clinic) -> None:
    """With the report on file the next ten treatment days do not wait."""
    assert decided(treated.receive(report(1, 10))) == []
    for place in range(11, 21):
        assert decided(treated.complete(visit(place))) == [(READY, on(place))]
    assert decided(treated.complete(visit(21))) == [(NEEDS, on(21))]


def test_a_report_by_an_assistant_cures_nothing(treated: Clinic) -> None:
    """The day waits on until a clinician writes the report."""
    treated.complete(visit(11))
    assert decided(treated.receive(report(1, 11, author_role="assistant"))) == []
    assert decided(treated.receive(report(1, 11, signed_at=None, revision=2))) == []
    assert decided(treated.receive(report(1, 11, revision=3))) == [(READY, on(11))]


def test_a_revised_report_that_covers_less_puts_days_in_doubt(treated: Clinic) -> None:
    """Where a revision takes days out of the period, they wait again; the others stay."""
    treated.receive(report(1, 12))
    for place in (11, 12, 13):
        treated.complete(visit(place))
    emitted = treated.receive(report(1, 1, revision=2))
    assert decided(emitted) == [(NEEDS, on(12)), (NEEDS, on(13))]
    assert all("outstanding" in each["data"] for each in emitted)


def test_a_report_of_another_discipline_is_none(treated: Clinic) -> None:
    """An OT report does not speak for the PT days."""
    treated.complete(visit(11))
    assert decided(treated.receive(report(1, 11, discipline="OT"))) == []


def test_a_report_that_names_its_plan_alone_is_one(treated: Clinic) -> None:
    """A report without a discipline is about the days of the plan that it names."""
    treated.complete(visit(11))
    assert decided(treated.receive(report(1, 11, discipline=None))) == [(READY, on(11))]


def test_a_session_that_comes_late_makes_a_later_day_wait(treated: Clinic) -> None:
    """A tenth and an eleventh day are told by what came in between, and no other day changes."""
    late = visit(3, session_id="S-late", date_of_service="2026-01-06")
    assert decided(treated.complete(late)) == [(READY, "2026-01-06"), (NEEDS, on(10))]


def test_a_void_lets_a_day_resume(treated: Clinic) -> None:
    """With one treatment day fewer the eleventh is the tenth."""
    treated.complete(visit(11))
    emitted = treated.void("S-4")
    assert decided(emitted) == [("claim.withdrawn", on(4)), (READY, on(11))]


def test_a_second_session_of_a_date_is_no_second_day(treated: Clinic) -> None:
    """Two visit days on one date are one treatment day, also when one of them is voided."""
    elsewhere = {**PROVIDER, "npi": "1777777779"}
    other = visit(4, session_id="S-other", billing_provider=elsewhere)
    assert decided(treated.complete(other)) == [(READY, on(4))]
    treated.complete(visit(11))
    assert decided(treated.void("S-4")) == [("claim.withdrawn", on(4))]
    assert decided(treated.void("S-other")) == [("claim.withdrawn", on(4)), (READY, on(11))]


def test_a_moved_session_is_counted_where_it_went(treated: Clinic) -> None:
    """A corrected date that leaves the count alone changes no other day, not for a moment."""
    treated.complete(visit(11))
    moved = visit(4, revision=2, date_of_service="2026-01-12")
    emitted = treated.amend(moved)
    assert decided(emitted) == [("claim.withdrawn", on(4)), (READY, "2026-01-12")]


def test_a_session_that_moves_behind_the_tenth_day_changes_who_waits(treated: Clinic) -> None:
    """The day that was the eleventh is the tenth, and the moved one is the eleventh."""
    treated.complete(visit(11))
    emitted = treated.amend(visit(4, revision=2, date_of_service=on(15)))
    assert decided(emitted) == [
        ("claim.withdrawn", on(4)),
        (NEEDS, on(15)),
        (READY, on(11)),
    ]


def test_a_move_to_another_payer_leaves_the_days_after_it_alone(treated: Clinic) -> None:
    """The day counts under either payer, so that nothing flickers, priced or not."""
    treated.complete(visit(11))
    for revision, payer in ((2, COMMERCIAL), (3, MEDICARE)):
        emitted = treated.amend(visit(4, revision=revision, payer=payer))
        assert {day for _, day in decided(emitted)} == {on(4)}


def test_the_days_of_another_payer_count(treated: Clinic) -> None:
    """The clock goes on clinically where the payer changes; the payer that asks is asked about."""
    for place in range(11, 16):
        data = visit(place, payer=COMMERCIAL)
        assert decided(treated.complete(data)) == [(READY, on(place))]
    assert decided(treated.complete(visit(16))) == [(NEEDS, on(16))]


def test_a_new_plan_begins_a_new_count(treated: Clinic) -> None:
    """After a readmission the days of the old episode lie before the plan's first treatment."""
    for place in range(11, 21):
        again = visit(place, plan_of_care_id="POC-2")
        assert decided(treated.complete(again)) == [(NEEDS, on(place))]
    plan = plan_of_care(
        "POC-2", "D-2", established_on=on(11), first_treated_on=on(11), certified_on=on(11)
    )
    assert decided(treated.receive(plan)) == [(READY, on(place)) for place in range(11, 21)]
    again = visit(21, plan_of_care_id="POC-2")
    assert decided(treated.complete(again)) == [(NEEDS, on(21))]


def test_an_evaluation_without_a_plan_counts(clinic: Clinic) -> None:
    """The evaluation that names no plan is the first treatment day, and waits for nothing."""
    clinic.receive(plan_of_care())
    evaluation = visit(1, "97161", plan_of_care_id=None)
    assert decided(clinic.complete(evaluation)) == [(READY, on(1))]
    kinds = [decided(clinic.complete(visit(place)))[0][0] for place in range(2, 12)]
    assert kinds == [READY] * 9 + [NEEDS]


def test_continued_use_waits_for_its_justification(clinic: Clinic) -> None:
    """The thirteenth day of 97530 waits for a report that justifies it; 97110 does not."""
    clinic.receive(plan_of_care())
    clinic.receive(report(1, 13))
    for place in range(1, 13):
        assert decided(clinic.complete(visit(place, "97530"))) == [(READY, on(place))]
    assert decided(clinic.complete(visit(14))) == [(READY, on(14))]
    (waiting,) = of_type(clinic.complete(visit(13, "97530")), NEEDS)
    assert missing(waiting) == ["CONTINUED_USE_NOT_JUSTIFIED"]
    assert waiting["missing"][0]["lines"] == [1]
    emitted = clinic.receive(report(1, 13, revision=2, justifies=["97530"]))
    assert decided(emitted) == [(READY, on(13))]


def test_a_void_gives_a_code_a_day_back(clinic: Clinic) -> None:
    """With one use fewer before it the thirteenth day is the twelfth."""
    clinic.receive(plan_of_care())
    clinic.receive(report(1, 13))
    for place in range(1, 14):
        clinic.complete(visit(place, "97530"))
    assert decided(clinic.void("S-2")) == [("claim.withdrawn", on(2)), (READY, on(13))]


def test_many_reports_and_years_are_looked_back_on(clinic: Clinic) -> None:
    """Ninety reports over two years clear each its days, in whatever order they come."""
    clinic.receive(plan_of_care(certification="none", certified_on=None))
    reports = [report(first, first + 3, f"D-{first}") for first in range(1, 361, 4)]
    for each in reports[::2] + reports[::-2]:
        clinic.receive(each)
    for place in reversed(range(1, 361, 2)):
        for waiting in of_type(clinic.complete(visit(place)), NEEDS):
            assert "PROGRESS_REPORT_DUE" not in missing(waiting)
    # Without these six the twelve days from 161 to 183 come after the report that ends on 160.
    emitted: list[Json] = []
    for first in (161, 165, 169, 173, 177, 181):
        emitted = clinic.receive(report(1, 1, f"D-{first}", revision=2))
    assert [day for _, day in decided(emitted)] == [on(181), on(183)]


class CountingView(MemoryStateView):
    """A view that counts the values that are asked of it."""

    def __init__(self) -> None:
        """Start empty, with nothing asked."""
        super().__init__()
        self.asked = 0

    def get(self, keys: Iterable[Key]) -> dict[Key, Value]:
        """Return the values, and count them."""
        wanted = list(keys)
        self.asked += len(wanted)
        return super().get(wanted)


def test_a_day_costs_the_same_after_three_hundred(rulebook: RuleBook) -> None:
    """A day that waits like the 290 before it asks for as many values as the twentieth did."""
    view, asked = CountingView(), []
    others = {Service.UNITS: MemoryStateView(), Service.SPEND: MemoryStateView()}
    pipeline = connect(rulebook, {**others, Service.CLAIMS: view})
    for place in range(1, 301):
        stated = visit(place, "97530", date_of_service=(FIRST + timedelta(place)).isoformat())
        sent = event("session.completed", stated, time=LATER, event_id=f"e-{place}")
        read = Reader(CLINICAL).read_structured(json.dumps(sent).encode())
        assert isinstance(read, Event)
        view.asked = 0
        assert len(list(pipeline.run(read))) > 1
        asked.append(view.asked)
    assert asked[299] == asked[20]
    sizes = {key[0]: len(repr(value)) for key, value in view.items()}
    assert max(size for kind, size in sizes.items() if kind.startswith("treatment")) < 512
