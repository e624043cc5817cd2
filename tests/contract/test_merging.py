"""Two patients who are one end where one patient would be, whenever the hospital finds it out."""
# ruff: noqa: TID251, S311 - who goes on is drawn by a seed

import json
import random
from collections.abc import Iterable, Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from commands.composition import build_pipeline
from reference.rulebook import RuleBook
from runtime.pipeline import StepFailed
from schemas.envelope import Event, write_structured
from schemas.events import CLINICAL, EventType
from schemas.reading import Reader
from tests.clinic import (
    Clinic,
    Json,
    event,
    plan_of_care,
    report,
    service,
    session,
    signature,
)
from tests.contract.bus import Bus

RETIRED, SURVIVOR, LAST = "P-1", "P-2", "P-3"
DATES = st.sampled_from(["2026-03-02", "2026-03-04", "2026-03-06"])
Happened = tuple[str, str, Json]
"""The patient, the kind of event and its data."""
Claim = tuple[str, ...]


def day_of(data: Json) -> Claim:
    """Return the parts of a visit day but its patient."""
    provider, payer = data["billing_provider"]["npi"], data["payer"]["payer_id"]
    return data["date_of_service"], data["discipline"], provider, payer


def on_the_claim(data: Json) -> object:
    """Return what goes on a claim, in no order."""
    lines = [(each["code"], each["units"], each["modifiers"]) for each in data["lines"]]
    return sorted(lines), sorted(data.get("diagnoses", ()))


def final(emitted: Iterable[Json]) -> dict[Claim, Json]:
    """Return what was decided last of each visit day, by its parts; of those with sessions."""
    decisions: dict[str, Json] = {}
    days: dict[str, Json] = {}
    for each in emitted:
        if each["type"].startswith("therapy.claim."):
            decisions[each["subject"]] = each
        elif each["type"] == "therapy.spend.accrued.v1":
            days[each["subject"]] = each["data"]
    found: dict[Claim, Json] = {}
    for name, each in decisions.items():
        data = each["data"]
        if not days[name]["sessions"]:
            continue
        assert day_of(data) not in found
        found[day_of(data)] = {
            "type": each["type"],
            "claim": on_the_claim(data),
            "missing": sorted(code["code"] for code in data.get("missing", ())),
            "blocked_by": sorted(code["code"] for code in data.get("blocked_by", ())),
        }
    return found


def assert_sent_once(emitted: Iterable[Json]) -> None:
    """No claim goes out again as it was, and no visit day has two claims out in the end."""
    sent: dict[str, Json] = {}
    for each in emitted:
        data = each["data"]
        if each["type"] == "therapy.claim.ready.v1":
            before = sent.get(data["claim_id"])
            assert (data["frequency_code"] == "1") is (before is None)
            if before is not None:
                assert (
                    on_the_claim(before) != on_the_claim(data) or before["lines"] != data["lines"]
                )
            sent[data["claim_id"]] = data
        elif each["type"] == "therapy.claim.withdrawn.v1":
            del sent[data["claim_id"]]
    days = [day_of(data) for data in sent.values()]
    assert len(days) == len(set(days))


@st.composite
def _session(draw: st.DrawFn, patient: str) -> Happened:
    name = draw(st.sampled_from(["S-1", "S-2", "S-3"]))
    code, minutes = draw(st.sampled_from([("97110", 20), ("97140", 13), ("97530", 26)]))
    note: Json = {"note_id": "N", "one_on_one": True}
    if draw(st.integers(0, 3)):
        note["signed_at"] = "2026-03-02T15:00:00-06:00"
    data = session(
        name,
        [service(1, code, minutes)],
        revision=draw(st.integers(1, 3)),
        discipline=draw(st.sampled_from(["PT", "PT", "OT"])),
        date_of_service=draw(DATES),
        note=note,
    )
    return patient, draw(st.sampled_from(["session.completed", "session.amended"])), data


@st.composite
def _other(draw: st.DrawFn, patient: str) -> Happened:
    name = draw(st.sampled_from(["S-1", "S-2", "S-3"]))
    match draw(st.integers(0, 3)):
        case 0:
            void = {"session_id": name, "revision": 1, "reason": "entered twice"}
            return patient, "session.voided", void
        case 1:
            return patient, "documentation.received", signature(name)
        case 2:
            revision = draw(st.integers(1, 2))
            certified = "2026-01-12" if revision == 2 else None
            plan = plan_of_care(
                certified_on=certified, certification="signature" if certified else "none"
            )
            return patient, "documentation.received", {**plan, "revision": revision}
        case _:
            amount = draw(st.sampled_from(["100.00", "200.00"]))
            at = draw(st.sampled_from(["2026-03-01T00:00:00Z", "2026-04-01T00:00:00Z"]))
            return patient, "accrual.reported", report(amount, at)


@st.composite
def histories(draw: st.DrawFn, patients: Sequence[str]) -> list[Happened]:
    """Draw what happens to the patients in one week."""
    return draw(
        st.lists(
            st.sampled_from(patients).flatmap(
                lambda one: st.one_of(_session(one), _session(one), _other(one))
            ),
            min_size=2,
            max_size=12,
        )
    )


def _events(happened: Iterable[Happened]) -> list[Json]:
    return [
        event(
            kind,
            {**data, "patient_id": patient},
            time=f"2026-03-02T15:{number:02}:00-06:00",
            event_id=f"e-{number}",
        )
        for number, (patient, kind, data) in enumerate(happened)
    ]


def as_one(happened: Iterable[Happened], patient: str) -> list[Happened]:
    """Return the same under one id from the beginning, with names that stay apart."""
    return [
        (patient, kind, _named(one, data))
        for one, kind, data in happened
        if kind != "patient.merged"
    ]


def _named(patient: str, data: Json) -> Json:
    named = dict(data)
    for field in ("session_id", "document_id"):
        if field in named:
            named[field] = f"{patient} {named[field]}"
    if "session_id" in named.get("content", {}):
        named["content"] = {
            **named["content"],
            "session_id": f"{patient} {named['content']['session_id']}",
        }
    return named


def merge(retired: str, survivor: str) -> Happened:
    """Return the merge of two patients."""
    return retired, "patient.merged", {"surviving_id": survivor, "revision": 1}


def replayed(rulebook: RuleBook, happened: Iterable[Happened]) -> list[Json]:
    """Return what comes out of a replay."""
    clinic = Clinic(rulebook)
    return [emitted for each in _events(happened) for emitted in clinic.send_event(each)]


def on_a_bus(rulebook: RuleBook, happened: Iterable[Happened], seed: int) -> list[Json]:
    """Return what comes out where every topic's key has its own pace and the gateway repeats."""
    bus = Bus(rulebook, random.Random(seed))
    for each in _read(happened):
        bus.send(each)
    bus.run()
    assert not bus.refused
    return [json.loads(write_structured(each)) for each in bus.emitted]


def _read(happened: Iterable[Happened]) -> list[Event]:
    reader = Reader(CLINICAL)
    read = [reader.read_structured(json.dumps(each).encode()) for each in _events(happened)]
    return [each for each in read if isinstance(each, Event)]


@settings(max_examples=10)
@given(happened=histories([RETIRED, SURVIVOR]))
def test_at_every_moment_a_merge_ends_where_one_patient_would(
    rulebook: RuleBook, happened: list[Happened]
) -> None:
    """Wherever the merge stands among the events, each day is decided as one patient's."""
    expected = final(replayed(rulebook, as_one(happened, SURVIVOR)))
    for place in range(len(happened) + 1):
        merged = [*happened[:place], merge(RETIRED, SURVIVOR), *happened[place:]]
        emitted = replayed(rulebook, merged)
        assert final(emitted) == expected
        assert_sent_once(emitted)


@settings(max_examples=30)
@given(
    happened=histories([RETIRED, SURVIVOR]),
    place=st.integers(0, 12),
    seed=st.integers(0, 2**32),
)
def test_on_a_bus_a_merge_ends_where_one_patient_would(
    rulebook: RuleBook, happened: list[Happened], place: int, seed: int
) -> None:
    """Whatever comes first, and comes again, no claim is sent twice."""
    merged = [*happened[:place], merge(RETIRED, SURVIVOR), *happened[place:]]
    emitted = on_a_bus(rulebook, merged, seed)
    assert final(emitted) == final(replayed(rulebook, as_one(happened, SURVIVOR)))
    assert_sent_once(emitted)


@settings(max_examples=30)
@given(
    happened=histories([RETIRED, SURVIVOR, LAST]),
    places=st.tuples(st.integers(0, 12), st.integers(0, 12)),
    seed=st.integers(0, 2**32),
)
def test_a_chain_of_merges_ends_at_its_last_id(
    rulebook: RuleBook, happened: list[Happened], places: tuple[int, int], seed: int
) -> None:
    """What came under any of three ids is decided under the last."""
    merged = list(happened)
    merged.insert(places[0], merge(RETIRED, SURVIVOR))
    merged.insert(places[1], merge(SURVIVOR, LAST))
    emitted = on_a_bus(rulebook, merged, seed)
    assert final(emitted) == final(replayed(rulebook, as_one(happened, LAST)))
    assert_sent_once(emitted)


def test_a_merge_into_an_id_that_is_merged_into_it_is_refused_by_name(rulebook: RuleBook) -> None:
    """A circle of merges is not closed: the last of them is a dead letter, the rest goes on."""
    done = ("session.completed", session("S-1", [service(1, "97110", 20)]))
    happened = [
        (RETIRED, "documentation.received", plan_of_care()),
        (RETIRED, *done),
        merge(RETIRED, SURVIVOR),
        merge(SURVIVOR, LAST),
    ]
    for circle in (merge(LAST, RETIRED), merge(LAST, SURVIVOR), merge(LAST, LAST)):
        pipeline = build_pipeline(rulebook)
        out = [each for one in _read([*happened, circle]) for each in pipeline.run(one)]
        (failed,) = [each for each in out if isinstance(each, StepFailed)]
        assert failed == StepFailed("/therapy/units", "MergeRefused")


def test_a_circle_that_closes_at_once_ends_in_dead_letters_and_sends_nothing(
    rulebook: RuleBook,
) -> None:
    """Where two merges cross on their way, what comes round to its own id is refused by name."""
    happened = [
        (RETIRED, "documentation.received", plan_of_care()),
        (RETIRED, "session.completed", session("S-1", [service(1, "97110", 20)])),
        merge(RETIRED, SURVIVOR),
        merge(SURVIVOR, RETIRED),
    ]
    for seed in range(20):
        bus = Bus(rulebook, random.Random(seed))
        for each in _read(happened):
            bus.send(each)
        bus.run()
        ready = [each for each in bus.emitted if each.type == EventType.CLAIM_READY]
        assert bus.refused
        assert len(ready) == 1
