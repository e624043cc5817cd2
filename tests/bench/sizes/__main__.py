"""``make sizes``: the bytes, the memory and the CPU that docs/sizing.md is computed from.

``--write`` writes them into ``docs/sizing.yaml``; ``python -m tests.docs`` then makes the page.
"""

import asyncio
from argparse import ArgumentParser
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import yaml

from reference.rulebook import RuleBook, load
from tests.bench.bus.servers import a_bus
from tests.bench.sizes.flow import Clinic, Flow, Taken, clinic
from tests.bench.sizes.memory import weigh
from tests.docs.sizing import FIGURES, replace_measured

PARTITIONS = 4
PATIENTS = 200
SELDOM, OFTEN = 12, 30
"""Visits of a patient in the two clinics whose difference is what a visit takes."""
FEW = 40
"""Patients whose messages go singly."""
WEIGHED = ((1, ("units", "all")), (12, ("units", "all")), (48, ("units",)))
"""Partitions of one process, and what it hosts: all of 48 is more than one core recovers."""


def main() -> None:
    """Measure, print, and write where told to."""
    parser = ArgumentParser(prog="python -m tests.bench.sizes", description=__doc__)
    parser.add_argument("--patients", type=int, default=PATIENTS, help="of each large clinic")
    parser.add_argument("--write", action="store_true", help="into docs/sizing.yaml")
    parser.add_argument("--part", choices=("sessions", "processes"), help="only this one")
    given = parser.parse_args()
    measured: dict[str, Any] = {}
    if given.part != "processes":
        measured["sessions"] = _today() | asyncio.run(_sessions(load(), given.patients))
    if given.part != "sessions":
        measured["processes"] = _today() | {"weights": _weights()}
    print(yaml.safe_dump(measured, sort_keys=False))
    if given.write:
        FIGURES.write_text(replace_measured(FIGURES.read_text("utf-8"), measured), "utf-8")


def _today() -> dict[str, str]:
    return {"date": str(datetime.now(tz=UTC).date())}


def _weights() -> list[dict[str, Any]]:
    """Return what processes weigh by the number of their partitions."""
    found = []
    for partitions, hosted in WEIGHED:
        for weighed in asyncio.run(weigh(partitions, hosted)):
            print(weighed, flush=True)
            found.append(weighed._asdict())
    return found


async def _sessions(rulebook: RuleBook, patients: int) -> dict[str, Any]:
    """Return what sessions take on the way through all consumers."""
    seldom = await _through(rulebook, clinic(patients, SELDOM), singly=False)
    often = await _through(rulebook, clinic(patients, OFTEN), singly=False)
    singly = await _through(rulebook, clinic(FEW, SELDOM), singly=True)
    return {
        "patients": patients,
        "sent": sum(each.clinic.visits for each in (seldom, often, singly)),
        "waited_percent": _waited(often),
        "cpu_us_a_session": _cpu(often),
        "cpu_us_a_session_alone": _cpu(singly),
        "loaded_mib": {name: round(each.memory / 2**20) for name, each in often.weights.items()},
        "redis_bytes": _by_patient_and_session(seldom, often),
        "values_a_session": _each(seldom.values, seldom, places=2),
        "topic_bytes_a_session": _each(seldom.topics, seldom),
        "topic_bytes_a_session_alone": _each(singly.topics, singly),
        "compacted_bytes_a_session": _each(seldom.compacted, seldom),
        "compacted_bytes_a_session_alone": _each(singly.compacted, singly),
        "transactions_a_session_alone": _each(
            {name: each.transactions for name, each in singly.weights.items()}, singly, places=2
        ),
    }


async def _through(rulebook: RuleBook, coming: Clinic, *, singly: bool) -> Taken:
    """Return what a clinic takes on servers of its own: clinics share their clinicians."""
    with a_bus(PARTITIONS) as bus:
        flow = Flow(bus, rulebook)
        async with flow.log:
            return await flow.take(coming, singly=singly)


def _each(
    numbers: Mapping[str, float], taken: Taken, places: int | None = None
) -> dict[str, float]:
    """Return numbers by session; without decimal places they are whole."""
    return {name: round(each / taken.clinic.visits, places) for name, each in numbers.items()}


def _cpu(taken: Taken) -> dict[str, int]:
    """Return microseconds of CPU for a session by process."""
    return {name: round(weight.cpu) for name, weight in taken.weights.items()}


def _waited(taken: Taken) -> int:
    """Return the most that a process could have run and had no CPU, in percent of the time."""
    return round(100 * max(each.waited for each in taken.weights.values()))


def _by_patient_and_session(seldom: Taken, often: Taken) -> dict[str, Any]:
    """Return for each consumer what a patient takes, and what each session takes besides."""
    found = {}
    patients = seldom.clinic.patients
    for name, few in seldom.redis.items():
        session = (often.redis[name] - few) / (patients * (OFTEN - SELDOM))
        patient = few / patients - SELDOM * session
        found[name] = {"a_patient": round(patient), "a_session": round(session)}
    return found


if __name__ == "__main__":
    main()
