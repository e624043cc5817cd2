"""What holds for any stream: order across patients, second deliveries, and what every event is."""

import json
from collections import defaultdict

from hypothesis import given, settings
from hypothesis import strategies as st

from reference.rulebook import RuleBook
from schemas.events import DECISIONS, MODELS, EventType
from tests.clinic import Clinic, Json
from tests.contract.streams import PATIENTS, streams

BLOCKED = ("therapy.claim.held.v1", "therapy.claim.needs-documentation.v1")


def run(rulebook: RuleBook, stream: list[Json]) -> list[Json]:
    """Return all that a fresh clinic emits for a stream."""
    clinic = Clinic(rulebook)
    return [each for sent in stream for each in clinic.send_event(sent)]


def by_patient(emitted: list[Json]) -> dict[str, list[Json]]:
    """Return each patient's events in their order."""
    found = defaultdict(list)
    for each in emitted:
        found[each["partitionkey"]].append(each)
    return found


@settings(max_examples=50)
@given(stream=streams(), data=st.data())
def test_any_interleaving_gives_each_patient_the_same_events(
    rulebook: RuleBook, stream: list[Json], data: st.DataObject
) -> None:
    """Only the order within a patient matters."""
    queues = by_patient(stream)
    order = data.draw(st.permutations([each["partitionkey"] for each in stream]))
    waiting = {patient: iter(queue) for patient, queue in queues.items()}
    interleaved = [next(waiting[patient]) for patient in order]
    assert by_patient(run(rulebook, interleaved)) == by_patient(run(rulebook, stream))


@settings(max_examples=50)
@given(stream=streams(PATIENTS[:1]), cut=st.integers(0, 16))
def test_a_second_delivery_of_any_prefix_changes_nothing(
    rulebook: RuleBook, stream: list[Json], cut: int
) -> None:
    """The prefix again emits nothing, and the rest comes out as if it had come once."""
    clinic = Clinic(rulebook)
    first = [each for sent in stream[:cut] for each in clinic.send_event(sent)]
    assert [each for sent in stream[:cut] for each in clinic.send_event(sent)] == []
    rest = [each for sent in stream[cut:] for each in clinic.send_event(sent)]
    assert first + rest == run(rulebook, stream)


@settings(max_examples=50)
@given(stream=streams())
def test_every_event_is_as_its_model_says(rulebook: RuleBook, stream: list[Json]) -> None:
    """What is emitted reads back under its model; ids and revisions are never used twice."""
    emitted = run(rulebook, stream)
    assert len({each["id"] for each in emitted}) == len(emitted)
    counts: dict[tuple[str, str], int] = {}
    for each in emitted:
        type_ = EventType(each["type"])
        MODELS[type_].model_validate_json(json.dumps(each["data"]))
        counter = "version" if type_ in DECISIONS else "revision"
        if counter in each["data"]:
            name = each["data"]["visit_day_id"], each["source"]
            counts[name] = counts.get(name, 0) + 1
            assert each["data"][counter] == counts[name]


@settings(max_examples=50)
@given(stream=streams(PATIENTS[:1]))
def test_a_claim_that_is_out_is_replaced_or_withdrawn_by_its_own_id(
    rulebook: RuleBook, stream: list[Json]
) -> None:
    """A day has at most one claim out; every decision names it as the contract says."""
    out: dict[str, Json] = {}
    for each in run(rulebook, stream):
        if each["type"] not in DECISIONS:
            continue
        data, claim = each["data"], out.get(each["data"]["visit_day_id"])
        if each["type"] == "therapy.claim.ready.v1":
            assert data["frequency_code"] == ("7" if claim else "1")
            assert data.get("replaces") == claim
            assert claim is None or data["claim_id"] == claim["claim_id"]
            out[data["visit_day_id"]] = {"claim_id": data["claim_id"], "version": data["version"]}
        elif each["type"] == "therapy.claim.withdrawn.v1":
            assert claim is not None
            assert data["claim_id"] == claim["claim_id"]
            del out[data["visit_day_id"]]
        elif each["type"] in BLOCKED:
            assert data.get("outstanding") == claim
        else:
            assert claim is None
