"""``therapy explain``: the same trail from a file and from topics, and what is not there said."""

import asyncio
import json
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete

from commands.exits import FAILED, READ, UNREAD, USAGE
from commands.main import main
from reference.rulebook import RuleBook
from schemas.events import Topic
from tests.clinic import THERAPIST, Clinic, Json, document, plan_of_care, service, session
from tests.cluster.ports import wait_until
from tests.commands.cluster import Cluster, own_cluster
from tests.commands.files import write_events

WITHIN = 90.0
UNKNOWN_DAY = "00000000-0000-5000-8000-000000000000"
UNSIGNED = {"note_id": "N-1", "one_on_one": True}
SIGNATURE = {"signed_at": "2026-03-03T10:00:00-06:00", "signed_by": THERAPIST}
ADDENDUM = document("note_addendum", "D-2", {"session_id": "S-1", **SIGNATURE})
EVENTS = (
    ("session.completed", session("S-1", [service(1, "97110", 30)], note=UNSIGNED)),
    ("documentation.received", plan_of_care()),
    ("session.completed", session("S-9", [service(1, "97110", 30)], patient_id="P-9")),
    ("documentation.received", ADDENDUM),
    ("session.completed", session("S-2", [service(1, "97140", 15)])),
)
"""A day that waits for a plan and a signature, gets one after the other, and then a session."""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Return a file of the events."""
    return write_events(tmp_path / "events.jsonl", EVENTS)


@pytest.fixture
def visit_day_id(rulebook: RuleBook) -> str:
    """Return the id of the visit day that the events are about."""
    emitted = Clinic(rulebook).complete(EVENTS[0][1])
    [subject] = {each["subject"] for each in emitted if each["source"] == "/therapy/claims"}
    return str(subject)


def explained(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[Json]:
    """Return the decisions of the command's JSON."""
    assert main(["explain", *arguments, "--json"]) == READ
    decisions: list[Json] = json.loads(capsys.readouterr().out)["decisions"]
    return decisions


def way(decision: Json) -> list[str]:
    """Return the types of a decision's links, in short."""
    return [
        each["type"].removeprefix("therapy.").removesuffix(".v1") for each in decision["links"]
    ]


def test_each_decision_leads_back_to_what_came_in(
    file: Path, visit_day_id: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A session over units and price, a document that was only passed on directly."""
    first, second, third, fourth = explained(capsys, visit_day_id, "--file", str(file))
    over_units = ["spend.accrued", "units.computed"]
    assert way(first) == ["claim.needs-documentation", *over_units, "session.completed"]
    assert way(second) == ["claim.needs-documentation", "documentation.received"]
    assert way(third) == ["claim.ready", *over_units, "documentation.received"]
    assert way(fourth) == ["claim.ready", *over_units, "session.completed"]
    came_in = [each["links"][-1]["where"] for each in (first, second, third, fourth)]
    assert came_in == ["line 1", "line 2", "line 4", "line 5"]
    assert [each["where"] for each in fourth["sessions"]] == ["line 1", "line 5"]
    assert all("lost" not in each for each in (first, second, third, fourth))


def test_each_link_is_the_cause_of_the_one_before(
    file: Path, visit_day_id: str, capsys: pytest.CaptureFixture[str], clinic: Clinic
) -> None:
    """By ``causationid``, as the events themselves say."""
    causes = {
        each["id"]: each.get("causationid")
        for line in file.read_text(encoding="utf-8").splitlines()
        for each in clinic.send_event(json.loads(line))
    }
    for decision in explained(capsys, visit_day_id, "--file", str(file)):
        ids = [each["id"] for each in decision["links"]]
        assert [causes[each] for each in ids[:-1]] == ids[1:]


def test_an_auditor_reads_reasons_and_places(
    file: Path, visit_day_id: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Findings with their citation, the arithmetic, and where each event stands."""
    assert main(["explain", visit_day_id, "--file", str(file)]) == READ
    said = " ".join(capsys.readouterr().out.split())
    assert f"Visit day {visit_day_id}: PT on 2026-03-02, patient P-1" in said
    assert "The treatment note is not signed." in said
    assert "Cure: sign the note. [Pub. 100-02, Medicare Benefit Policy Manual" in said
    assert "97110 30; 30 in all are 2 units for the day." in said
    assert "line 4 documentation.received e-3" in said
    assert "line 5 counts S-2, revision 1" in said


def test_the_same_file_gives_the_same_bytes(
    file: Path, visit_day_id: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """As text and as JSON."""
    for form in ([], ["--json"]):
        said = []
        for _ in range(2):
            main(["explain", visit_day_id, "--file", str(file), *form])
            said.append(capsys.readouterr().out)
        assert said[0] == said[1]


def test_a_line_that_cannot_be_read_is_said(
    file: Path, visit_day_id: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """By its number, with status 3, beside the trail of the rest."""
    with file.open("a", encoding="utf-8") as more:
        more.write("{}\n")
    assert main(["explain", visit_day_id, "--file", str(file)]) == UNREAD
    assert "therapy explain: line 6: " in capsys.readouterr().err


def test_a_day_without_a_decision_is_said(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With status 1; what is no visit day's id is wrong usage."""
    assert main(["explain", UNKNOWN_DAY, "--file", str(file)]) == FAILED
    assert "no decision on this visit day is held" in capsys.readouterr().err
    with pytest.raises(SystemExit) as stopped:
        main(["explain", "S-1"])
    assert stopped.value.code == USAGE


@pytest.fixture
def cluster(file: Path, tmp_path: Path) -> Iterator[Cluster]:
    """Yield a Kafka where the consumers decide the file's events."""
    for own in own_cluster():
        made = own.therapy("topics", "create", "--partitions", "3", "--replicas", "1")
        assert made.returncode == READ, made.stderr
        fed = own.therapy("feed", str(file))
        assert fed.returncode == READ, fed.stderr
        process = own.start(tmp_path / "log")
        try:
            yield own
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait()


def test_the_topics_tell_what_a_replay_tells(
    file: Path,
    visit_day_id: str,
    cluster: Cluster,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The same links, each with its partition and offset; what retention took is said."""
    monkeypatch.setenv("THERAPY_KAFKA_BOOTSTRAP_SERVERS", cluster.kafka)
    replayed = explained(capsys, visit_day_id, "--file", str(file))
    wait_until(lambda: decided(cluster, visit_day_id) == len(replayed), WITHIN)
    read = explained(capsys, visit_day_id)
    assert [ids(each) for each in read] == [ids(each) for each in replayed]
    assert [each["decision"] for each in read] == [each["decision"] for each in replayed]
    places = [link["where"] for each in read for link in each["links"]]
    partition, _, _ = places[0].removeprefix(f"{Topic.CLAIMS}-").partition(",")
    assert all(f"-{partition}, offset " in place for place in places)
    asyncio.run(forget(cluster.kafka, TopicPartition(Topic.SESSIONS, int(partition))))
    first = explained(capsys, visit_day_id)[0]
    assert (way(first)[-1], first["lost"]) == ("units.computed", Topic.SESSIONS)
    assert main(["explain", visit_day_id]) == READ
    said = " ".join(capsys.readouterr().out.split())
    assert f"What came before is not on {Topic.SESSIONS}, which holds records from" in said
    assert f"Session S-1, revision 1, is not on {Topic.SESSIONS}" in said


def decided(cluster: Cluster, visit_day_id: str) -> int:
    """Return how many decisions on the day the topics hold."""
    told = cluster.therapy("explain", visit_day_id, "--json")
    return len(json.loads(told.stdout)["decisions"]) if told.returncode == READ else 0


def ids(decision: Json) -> list[str]:
    """Return the ids of a decision's links."""
    return [each["id"] for each in decision["links"]]


async def forget(kafka: str, place: TopicPartition) -> None:
    """Delete all records of a partition, as retention does."""
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    try:
        await admin.delete_records({place: RecordsToDelete(before_offset=-1)})
    finally:
        await admin.close()
