"""What the process answers over HTTP, page by page."""

import json
from collections.abc import MutableMapping
from typing import Any

from runtime.engine.partition import Status
from runtime.engine.records import Place
from runtime.host.health import Health, Page, bind, page, pages
from runtime.host.lag import Lag
from runtime.host.member import Member
from runtime.host.metrics import Metrics
from tests.runtime.host.stand_in import CountingWorker, contract_of


def health_of(*names: str) -> tuple[Health, list[CountingWorker]]:
    """Return the health of services that have joined, each with one partition."""
    members, workers = [], []
    for name in names:
        member = Member(name, "g", "t", Lag(lambda: 0.0))
        worker = CountingWorker(member.feed)
        worker.assigned([Place("t", 0)])
        member.works_with(worker)
        member.has_joined = True
        members.append(member)
        workers.append(worker)
    return Health(members), workers


async def answer(of: Page, method: str = "GET") -> tuple[int, dict[bytes, bytes], bytes]:
    """Return status, headers and body."""
    sent: list[MutableMapping[str, Any]] = []

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    async def receive() -> MutableMapping[str, Any]:
        return {}

    await of({"type": "http", "method": method}, receive, send)
    start, body = sent
    return start["status"], dict(start["headers"]), body["body"]


async def test_a_page_answers_get_and_head() -> None:
    """The head says as much as the answer has; nothing else is taken."""
    greeting = page(lambda: (200, "text/plain", b"hello"))
    headers = {b"content-type": b"text/plain", b"content-length": b"5"}
    assert await answer(greeting) == (200, headers, b"hello")
    assert await answer(greeting, "HEAD") == (200, headers, b"")
    assert (await answer(greeting, "POST"))[0] == 405


def test_every_page_has_its_path() -> None:
    """Health, metrics and the contract."""
    health, _workers = health_of()
    metrics = Metrics(lambda _event: None, lambda: 0.0)
    assert [path for path, _page in pages(health, metrics, contract_of())] == [
        "/health/live",
        "/health/started",
        "/health/ready",
        "/metrics",
        "/asyncapi.json",
    ]


def test_one_service_that_is_dead_makes_it_dead() -> None:
    """It is named, with what ended."""
    health, (_units, spend) = health_of("units", "spend")
    assert health.live()[0] == 200
    spend.bug = KeyError("a patient")
    spend.broken.set()
    status, _media_type, body = health.live()
    assert (status, json.loads(body)) == (503, {"dead": {"spend": "bug: KeyError"}})


def test_it_is_ready_when_every_service_is() -> None:
    """A partition that is not running makes the whole process unready, and is named."""
    health, (units, _spend) = health_of("units", "spend")
    assert health.ready()[0] == 200
    units._status[Place("t", 0)] = Status.STOPPED  # noqa: SLF001
    status, _media_type, body = health.ready()
    assert status == 503
    assert json.loads(body)["services"]["units"] == {
        "joined": True,
        "partitions": {"0": "stopped"},
    }


def test_it_has_started_when_every_service_has_joined() -> None:
    """A partition that is stopped waits for a person, and is no reason to start anew."""
    health, (units, _spend) = health_of("units", "spend")
    units._status[Place("t", 0)] = Status.STOPPED  # noqa: SLF001
    assert health.started()[0] == 200
    before, _workers = health_of("units")
    joining = Member("spend", "g", "t", Lag(lambda: 0.0))
    status, _media_type, body = Health([*before._members, joining]).started()  # noqa: SLF001
    assert (status, json.loads(body)) == (503, {"joined": {"units": True, "spend": False}})


def test_any_free_port_is_one() -> None:
    """Port 0 takes one that nobody has."""
    with bind("127.0.0.1", 0) as one, bind("127.0.0.1", 0) as two:
        assert one.getsockname()[1] != two.getsockname()[1]
