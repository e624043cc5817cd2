"""Documentation over time: whatever order sessions and documents come in, the end is the same."""

from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from reference.rulebook import RuleBook
from tests.clinic import (
    COMMERCIAL,
    PROVIDER,
    Clinic,
    Json,
    document,
    plan_of_care,
    service,
    session,
)

ADVANTAGE = {"payer_id": "advantage-one", "program": "medicare_advantage"}
"""Asks for plans and reports, and has no thresholds: a ledger's order does not matter."""
FIRST = date(2025, 12, 1)
ELSEWHERE = {**PROVIDER, "npi": "1777777779"}
Sent = tuple[str, Json]


def _on(place: int) -> str:
    """Return the date of a treatment day, every third day, by its place."""
    return (FIRST + timedelta(days=3 * place)).isoformat()


def _session(session_id: str, on: str, code: str = "97530", **more: object) -> Json:
    stated = {"payer": ADVANTAGE, "date_of_service": on, **more}
    return session(session_id, [service(1, code, 15, charge="70.00")], **stated)


def _report(document_id: str, first: int, last: int, **more: object) -> Json:
    justifies = more.pop("justifies", ["97530"])
    content = {"period_from": _on(first), "period_to": _on(last), "justifies": justifies}
    stated = {"discipline": "PT", "plan_of_care_id": "POC-1", **more}
    return document("progress_report", document_id, content, **stated)


@st.composite
def _sent(draw: st.DrawFn) -> list[Sent]:
    """Draw what a clinic sends of one patient's episode, in the order of the calendar."""
    count = draw(st.integers(11, 26))
    sent: list[Sent] = []
    for place in range(count):
        code = draw(st.sampled_from(["97530", "97530", "97110"]))
        payer = draw(st.sampled_from([ADVANTAGE, ADVANTAGE, ADVANTAGE, COMMERCIAL]))
        plan_id = draw(st.sampled_from(["POC-1", "POC-1", "POC-1", "POC-1", "POC-2", None]))
        data = _session(f"S-{place}", _on(place), code, payer=payer, plan_of_care_id=plan_id)
        sent.append(("session.completed", data))
    places = st.integers(0, count - 1)
    for place in draw(st.lists(places, max_size=2, unique=True)):
        other = _session(f"T-{place}", _on(place), billing_provider=ELSEWHERE)
        sent.append(("session.completed", other))
    for place in draw(st.lists(places, max_size=3, unique=True)):
        moved = _session(f"S-{place}", draw(st.sampled_from([_on(5), _on(30), "2025-12-02"])))
        sent.append(("session.amended", {**moved, "revision": 2}))
    for place in draw(st.lists(places, max_size=2, unique=True)):
        voided = {"session_id": f"S-{place}", "revision": 9, "patient_id": "P-1", "reason": "x"}
        sent.append(("session.voided", voided))
    documents = [
        plan_of_care(established_on=_on(0), first_treated_on=_on(0), certified_on=_on(3)),
        plan_of_care("POC-2", "D-2", established_on=_on(9), first_treated_on=_on(9)),
        {
            **plan_of_care(
                "POC-1",
                "D-3",
                established_on=_on(0),
                first_treated_on=_on(0),
                certified_from=_on(20),
                certified_on=_on(21),
            ),
            "revision": draw(st.integers(1, 2)),
        },
    ]
    for number in range(draw(st.integers(0, 3))):
        first, last = sorted((draw(places), draw(places)))
        role = draw(st.sampled_from(["therapist", "therapist", "assistant"]))
        justifies = draw(st.sampled_from([["97530"], ["97530"], []]))
        plan_id = draw(st.sampled_from(["POC-1", "POC-2", None]))
        discipline = draw(st.sampled_from(["PT", None]))
        more = {"author_role": role, "justifies": justifies, "plan_of_care_id": plan_id}
        documents.append(_report(f"R-{number}", first, last, discipline=discipline, **more))
        if draw(st.booleans()):
            first, last = sorted((draw(places), draw(places)))
            again = _report(f"R-{number}", first, last, discipline=discipline, **more)
            documents.append({**again, "revision": 2})
    return [*sent, *[("documentation.received", each) for each in documents]]


def _end(rulebook: RuleBook, sent: list[Sent]) -> dict[str, object]:
    """Send all of it; return the last decision of each visit day that has sessions."""
    clinic, last, days = Clinic(rulebook), {}, {}
    for kind, data in sent:
        for emitted in clinic.send(kind, data, time="2026-03-02T08:00:00-06:00"):
            name, said = emitted["subject"], emitted["data"]
            if emitted["type"] == "therapy.units.computed.v1":
                days[name] = bool(said["sessions"])
            elif emitted["type"].startswith("therapy.claim."):
                missing = sorted(
                    (
                        each["code"],
                        each.get("due", ""),
                        each.get("plan_of_care_id", ""),
                        each["lines"],
                    )
                    for each in said.get("missing", [])
                )
                last[name] = (emitted["type"], said["date_of_service"], missing)
    return {name: last.get(name) for name, has_sessions in days.items() if has_sessions}


def _sessions_at_the_end(sent: list[Sent]) -> list[Json]:
    """Return the sessions as they stand: the highest revision of each that is not void."""
    last: dict[str, Json] = {}
    voided = {data["session_id"] for kind, data in sent if kind == "session.voided"}
    for kind, data in sent:
        if kind in ("session.completed", "session.amended"):
            known = last.get(data["session_id"])
            if known is None or known["revision"] < data["revision"]:
                last[data["session_id"]] = data
    return [data for name, data in last.items() if name not in voided]


def _reports_at_the_end(sent: list[Sent]) -> list[Json]:
    """Return the progress reports of clinicians that name what they are about."""
    last: dict[str, Json] = {}
    for _, data in sent:
        if data.get("kind") == "progress_report":
            known = last.get(data["document_id"])
            if known is None or known["revision"] < data["revision"]:
                last[data["document_id"]] = data
    return [
        data
        for data in last.values()
        if data["author_role"] == "therapist"
        and ("discipline" in data or "plan_of_care_id" in data)
    ]


def _due_by_hand(sent: list[Sent]) -> dict[tuple[str, str, str], set[tuple[str, str]]]:
    """Count for each day that Medicare Advantage pays, by lists of dates and nothing else."""
    sessions, reports = _sessions_at_the_end(sent), _reports_at_the_end(sent)
    treated = sorted({each["date_of_service"] for each in sessions})
    found: dict[tuple[str, str, str], set[tuple[str, str]]] = {}
    for each in sessions:
        if each["payer"] is COMMERCIAL or each["payer"] == COMMERCIAL:
            continue
        on, plan_id = each["date_of_service"], each.get("plan_of_care_id")
        begins = {"POC-1": _on(0), "POC-2": _on(9)}.get(plan_id or "", "")
        begins = begins if begins <= on else ""
        ends = [
            report["content"]["period_to"]
            for report in reports
            if report.get("plan_of_care_id") in (None, plan_id)
            and report["content"]["period_from"] <= on
        ]
        waiting = [day for day in treated if max(ends, default="") < day <= on and begins <= day]
        day = (each["billing_provider"]["npi"], on, each["payer"]["payer_id"])
        due = found.setdefault(day, set())
        if len(waiting) > 10:
            due.add((plan_id or "", waiting[9]))
    return found


@settings(max_examples=25, deadline=None)
@given(sent=_sent(), data=st.data())
def test_reports_are_due_as_counted_by_hand(
    rulebook: RuleBook, sent: list[Sent], data: st.DataObject
) -> None:
    """In whatever order, the days that wait for a report are those that lists of dates give."""
    clinic, said = Clinic(rulebook), {}
    for kind, each in data.draw(st.permutations(sent)):
        for emitted in clinic.send(kind, each, time="2026-03-02T08:00:00-06:00"):
            if emitted["type"].startswith("therapy.claim."):
                decided = emitted["data"]
                provider, payer = decided["billing_provider"], decided["payer"]
                day = (provider["npi"], decided["date_of_service"], payer["payer_id"])
                said[day] = {
                    (missing.get("plan_of_care_id", ""), missing["due"])
                    for missing in decided.get("missing", [])
                    if missing["code"] == "PROGRESS_REPORT_DUE"
                }
    expected = _due_by_hand(sent)
    assert {day: said[day] for day in expected} == expected


@settings(max_examples=25, deadline=None)
@given(sent=_sent(), data=st.data())
def test_the_order_of_arrival_does_not_matter(
    rulebook: RuleBook, sent: list[Sent], data: st.DataObject
) -> None:
    """Sessions, moves, voids, plans and reports end in the same decisions in every order."""
    permuted = data.draw(st.permutations(sent))
    assert _end(rulebook, permuted) == _end(rulebook, sent)
