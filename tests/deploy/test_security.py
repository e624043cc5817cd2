"""Kafka and Redis with TLS, logins and rights: ours decide there, and who lacks one is told so."""

import asyncio
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer

from commands.exits import FAILED, READ, UNREAD
from runtime.host.connection import kafka_settings
from runtime.host.settings import read_settings
from runtime.kafka.denial import refusal
from schemas.envelope import Event
from schemas.events import CLINICAL, Topic
from schemas.reading import Reader
from tests.clinic import Clinic, Json, event, plan_of_care, service, session
from tests.cluster.needed import secured_kafka, secured_redis
from tests.cluster.ports import wait_until
from tests.cluster.server import Server
from tests.deploy.acls import REDIS_USER, Right, read_rights
from tests.deploy.secured import Secured, is_discreet, redis_user, without
from tests.docs.pages import ROOT

DEMO = ROOT / "commands" / "demo" / "clinic.jsonl"
RIGHTS_KEY = "{therapy-units:rights}"
DECIDED_WITHIN = 90.0
TOLD_WITHIN = 60.0
ENDED_WITHIN = 15.0
LACKING: Mapping[str, tuple[list[Right], str]] = {
    "no-describe": (
        without("units", "topic", "therapy."),
        "kafka: Describe on topic therapy.claims",
    ),
    "no-configs": (
        without("units", "topic", "therapy.", "DescribeConfigs"),
        "kafka: DescribeConfigs on topic therapy.claims",
    ),
    "no-input": (
        without("units", "topic", "therapy.sessions"),
        "kafka: Read on topic therapy.sessions is not permitted",
    ),
    "no-changelog": (
        without("units", "topic", "therapy.units.changelog", "Read"),
        "kafka: Read on topic therapy.units.changelog is not permitted",
    ),
    "no-group": (
        without("units", "group", "therapy-units"),
        "kafka: Read on group therapy-units is not permitted",
    ),
}
"""Users of Kafka with the rights of ``units`` less one: the start is refused by name."""
LATER: Mapping[str, tuple[Right, str]] = {
    "no-output": (
        Right("topic", "therapy.units", "literal", ("Write",)),
        "kafka: Write on topic therapy.units is not permitted",
    ),
    "no-transactions": (
        Right("transactionalId", "therapy-units-", "prefix", ("Write",)),
        "kafka: Write on transactional id therapy-units-therapy.sessions-",
    ),
}
"""Users with the rights of ``units`` less this one, which is found when a partition is taken."""


def every_user() -> dict[str, Sequence[Right]]:
    """Return the users that are shipped, and those that lack something."""
    return {
        **read_rights(),
        **{user: own for user, (own, _why) in LACKING.items()},
        **{
            user: without("units", lacks.resource, lacks.name, *lacks.operations)
            for user, (lacks, _why) in LATER.items()
        },
        "no-way": without("gateway", "group", "therapy-gateway-clinicians"),
    }


@pytest.fixture(scope="module")
def secured() -> Iterator[Secured]:
    """Yield both servers, with the rights that are shipped and users that lack one."""
    rights = every_user()
    lines = [REDIS_USER, redis_user("no-hdel", "+hdel")]
    for kafka in secured_kafka(rights):
        for redis in secured_redis(lines):
            secured = Secured(kafka, redis)
            asyncio.run(kafka.grant(rights))
            made = secured.therapy(
                secured.login("topics"), "topics", "create", "--partitions=2", "--replicas=1"
            )
            assert made.returncode == READ, made.stderr
            yield secured


def demo() -> list[Json]:
    """Return the events of the demo's clinic, as far as they can be read."""
    reader = Reader(CLINICAL)
    lines = DEMO.read_bytes().splitlines()
    return [json.loads(each) for each in lines if isinstance(reader.read_structured(each), Event)]


def at_once() -> list[Json]:
    """Return what one clinician did with two patients in the same minutes."""
    events: list[Json] = []
    for number, (start, end) in enumerate((("30", "50"), ("45", "59"))):
        named = {"patient_id": f"MARKED-{number}"}
        times = {
            "start": f"2026-03-02T14:{start}:00-06:00",
            "end": f"2026-03-02T14:{end}:00-06:00",
        }
        done = [service(1, "97110", int(end) - int(start), intervals=[times], charge="70.00")]
        for kind, data in (
            ("documentation.received", plan_of_care() | named),
            ("session.completed", session("S", done) | named),
        ):
            at = f"2026-03-05T10:{len(events):02}:00-06:00"
            events.append(event(kind, data, time=at, event_id=f"once-{len(events)}"))
    return events


def decisions_of(clinic: Clinic, events: Iterable[Json]) -> list[Json]:
    """Return the decisions of a replay."""
    emitted = (each for one in events for each in clinic.send_event(one))
    return [each for each in emitted if each["source"] == "/therapy/claims"]


async def test_users_with_the_least_rights_decide_the_demo(
    secured: Secured, clinic: Clinic, tmp_path: Path
) -> None:
    """Some log in with a password, others with a certificate; each service is its own user."""
    decisions = decisions_of(clinic, demo())
    wanted: dict[str, list[str]] = defaultdict(list)
    for decision in decisions:
        wanted[decision["partitionkey"]].append(decision["id"])
    told = {
        "units": secured.login("units"),
        "spend": secured.certificate("spend"),
        "claims": secured.login("claims"),
        "clinicians": secured.certificate("clinicians"),
        "gateway": secured.login("gateway"),
    }
    running = [secured.start(own, name, tmp_path) for name, own in told.items()]
    arrived = tmp_path / "arrived.jsonl"
    lines = [*DEMO.read_text(encoding="utf-8").splitlines(), *map(json.dumps, at_once())]
    arrived.write_text("\n".join(lines), encoding="utf-8")
    try:
        await _runs(UNREAD, secured, secured.certificate("hospital"), "feed", str(arrived))
        found = await _decided(secured, wanted)
        await _runs(READ, secured, secured.login("probe"), "probe")
        day = decisions[-1]["data"]["visit_day_id"]
        await _runs(READ, secured, secured.login("explain"), "explain", day)
    finally:
        ended = [asyncio.to_thread(process.end, ENDED_WITHIN) for process in running]
        statuses = await asyncio.gather(*ended)
        for process in running:
            process.kill()
    assert statuses == [READ] * len(told)
    assert found == wanted
    for process in running:
        is_discreet(process.said(1_000_000))


async def _runs(
    status: int, secured: Secured, settings: Mapping[str, str], *arguments: str
) -> None:
    """Run a command beside what runs, to an end with this status."""
    done = await asyncio.to_thread(secured.therapy, settings, *arguments)
    assert done.returncode == status, done.stderr


async def test_who_asks_again_needs_no_more(secured: Secured) -> None:
    """``therapy redecide`` reads decisions and writes requests under a user of its own."""
    asked = secured.therapy(secured.login("redecide"), "redecide", "--held")
    assert asked.returncode == READ, asked.stderr
    assert "asked for under rulebook" in asked.stdout


def test_the_topics_are_checked_by_who_made_them(secured: Secured) -> None:
    """Under a certificate as well."""
    checked = secured.therapy(secured.certificate("topics"), "topics", "check")
    assert checked.returncode == READ, checked.stdout + checked.stderr


def test_a_consumer_may_make_no_topic(secured: Secured) -> None:
    """It is told what it lacks, with status 1."""
    made = secured.therapy(secured.login("units"), "topics", "create", "--partitions=2")
    assert made.returncode == FAILED
    assert "therapy: kafka: Create on topic therapy.claims, therapy.claims.c" in made.stderr
    is_discreet(made.stdout + made.stderr)


@pytest.mark.parametrize("user", LACKING)
def test_a_start_without_a_right_is_refused(secured: Secured, user: str, tmp_path: Path) -> None:
    """The process ends with 1, and the last line of its log names what is lacking."""
    process = secured.start(secured.login(user), "units", tmp_path)
    assert _ended(process) == FAILED
    assert LACKING[user][1] in _reason(process)


@pytest.mark.parametrize("user", LATER)
async def test_a_right_that_is_missing_later_is_named(
    secured: Secured, user: str, tmp_path: Path
) -> None:
    """The partition recovers until it is given, and goes on by itself then."""
    lacks, named = LATER[user]
    process = secured.start(secured.login(user), "units", tmp_path)
    try:
        await _says(process, named)
        await secured.kafka.grant({user: [lacks]})
        await _says(process, '"recovered"')
    finally:
        status = process.end(ENDED_WITHIN)
        process.kill()
    assert status == READ
    is_discreet(process.said(1_000_000))


def test_a_gateway_without_its_group_is_refused(secured: Secured, tmp_path: Path) -> None:
    """It ends with 1, whose other way may do all."""
    process = secured.start(secured.login("no-way"), "gateway", tmp_path)
    assert _ended(process) == FAILED
    wanted = "kafka: Read on group therapy-gateway-clinicians is not permitted"
    assert _reason(process) == wanted


def test_a_patient_is_erased_by_a_user_of_its_own(secured: Secured) -> None:
    """It may write where the consumers do, and make or read nothing else."""
    erased = secured.therapy(secured.login("erase"), "erase", "patient-1")
    assert erased.returncode == READ, erased.stderr
    is_discreet(erased.stdout + erased.stderr)


def test_a_user_that_redis_denies_is_refused_at_the_start(
    secured: Secured, tmp_path: Path
) -> None:
    """Before anything is polled, with status 1."""
    told = secured.login("units") | secured.as_redis_user("no-hdel")
    process = secured.start(told, "units", tmp_path)
    assert _ended(process) == FAILED
    assert _reason(process) == "redis: this user has no permissions to run the 'hdel' command"


def refusals(secured: Secured) -> dict[str, tuple[dict[str, str], str]]:
    """Return what is told to a command that Kafka or we do not trust, and what it says."""
    authority = secured.kafka.authority
    login, shown = secured.login("topics"), secured.certificate("topics")
    strange = str(authority.strange_client("topics"))
    servers, ca = "THERAPY_KAFKA_BOOTSTRAP_SERVERS", "THERAPY_KAFKA_TLS_CA_FILE"
    certificate, key = "THERAPY_KAFKA_TLS_CERT_FILE", "THERAPY_KAFKA_TLS_KEY_FILE"
    untrusted = "has a certificate that is not trusted"
    return {
        "wrong password": (
            login | {"THERAPY_KAFKA_SASL_PASSWORD_FILE": authority.certificates.as_posix()},
            "refuses the login of topics",
        ),
        "unknown user": (
            login | {"THERAPY_KAFKA_SASL_USERNAME": "stranger"},
            "refuses the login of stranger",
        ),
        "another mechanism": (
            login | {"THERAPY_KAFKA_SASL_MECHANISM": "PLAIN"},
            "does not take PLAIN",
        ),
        "unknown authority": (login | {ca: str(authority.strange)}, untrusted),
        "another name": (
            login | {servers: secured.kafka.login.replace("127.0.0.1", "localhost")},
            f"{untrusted}: Hostname mismatch",
        ),
        "expired": (shown | {servers: secured.kafka.expired}, f"{untrusted}: certificate has exp"),
        "no certificate": (
            {name: text for name, text in shown.items() if name not in {certificate, key}},
            "refuses our certificate, or wants one",
        ),
        "a stranger's certificate": (
            shown | {certificate: strange, key: strange},
            "refuses our certificate, or wants one",
        ),
    }


CASES = (
    "wrong password",
    "unknown user",
    "another mechanism",
    "unknown authority",
    "another name",
    "expired",
    "no certificate",
    "a stranger's certificate",
)


@pytest.mark.parametrize("case", CASES)
def test_who_is_not_trusted_is_refused(secured: Secured, case: str) -> None:
    """The last line names server and reason, with status 1."""
    told, why = refusals(secured)[case]
    checked = secured.therapy(told, "topics", "check")
    assert checked.returncode == FAILED
    last = checked.stderr.splitlines()[-1]
    assert last.startswith(f"therapy: kafka: {told['THERAPY_KAFKA_BOOTSTRAP_SERVERS']} {why}")
    is_discreet(checked.stdout + checked.stderr)


async def test_a_broker_that_is_not_there_is_no_denial(secured: Secured) -> None:
    """A server that does not answer may yet: the start tries again."""
    told = secured.login("topics") | {"THERAPY_KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1"}
    assert await refusal(kafka_settings(read_settings(told))) is None


async def _says(process: Server, words: str) -> None:
    """Wait until a process has said something."""
    said = await asyncio.to_thread(
        wait_until, lambda: words in process.said(1_000_000), TOLD_WITHIN
    )
    assert said, process.said()


def _ended(process: Server) -> int | None:
    """Return the status of a process that ends by itself."""
    try:
        assert wait_until(lambda: not process.is_running, TOLD_WITHIN), process.said()
        return process.end(0.0)
    finally:
        process.kill()


def _reason(process: Server) -> str:
    """Return why a process says that it ends; nothing that it said may be secret."""
    said = process.said(1_000_000)
    is_discreet(said)
    (ending,) = [line for line in map(json.loads, said.splitlines()) if line["event"] == "ending"]
    return str(ending["reason"])


async def _decided(secured: Secured, wanted: Mapping[str, list[str]]) -> dict[str, list[str]]:
    """Return the decisions of the demo, once both of one clinician's patients are asked about."""
    found: dict[str, list[str]] = defaultdict(list)
    ends: dict[str, str] = {}
    asked = "therapy.claim.needs-documentation.v1"
    count = sum(map(len, wanted.values()))
    consumer = AIOKafkaConsumer(
        Topic.CLAIMS,
        **kafka_settings(read_settings(secured.certificate("hospital"))).connection(),
        group_id="hospital-bills",
        auto_offset_reset="earliest",
        isolation_level="read_committed",
    )
    async with consumer, asyncio.timeout(DECIDED_WITHIN):
        while sum(map(len, found.values())) < count or set(ends.values()) != {asked}:
            record = await consumer.getone()
            headers, patient = dict(record.headers), record.key.decode()
            if headers["ce_source"] != b"/therapy/claims":
                continue
            if patient in wanted:
                found[patient].append(headers["ce_id"].decode())
            else:
                ends[patient] = headers["ce_type"].decode()
    return found
