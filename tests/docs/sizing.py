"""The figures of the page on sizing: what was measured, and what follows from it."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from tests.docs.pages import ROOT, table

FIGURES = ROOT / "docs" / "sizing.yaml"
MEASURED = "measured:"
MILLION = 1_000_000
YEARLY = (MILLION, 10 * MILLION, 100 * MILLION)
SECONDS_AN_HOUR = 3600
PERCENT = 100
FULL, ALONE = "", "_alone"
"""How a figure's name ends: of full batches, and of one record a transaction."""
A_PATIENT_YEAR = "sessions_a_patient_year"
PROCESSES_LEAST = 2
"""Of each consumer, so that one may go."""
UNITS_OF_BYTES = ((10**12, "TB"), (10**9, "GB"), (10**6, "MB"), (10**3, "KB"))
SPANS = ((86_400, "days"), (3600, "hours"), (60, "minutes"))

SUPPOSED: Mapping[str, str] = {
    "sessions_a_patient_year": "sessions of a patient in a year",
    "working_days_a_year": "working days in a year",
    "busiest_hour_percent": "percent of a day's sessions in its busiest hour",
    "headroom_percent": "percent of each core that is free in that hour",
    "replicas": "replicas of each topic",
    "retention_days": "days that topics of events are kept, as `therapy topics create` makes them",
    "changelog_days": "days until the broker compacts what was appended to a changelog",
    "redis_headroom_percent": "percent of Redis' memory besides the state values",
    "partitions_least": "partitions at least",
}

Figures = Mapping[str, Any]


@dataclass(frozen=True)
class Sizing:
    """What follows from the figures of ``docs/sizing.yaml``; times in seconds, sizes in bytes."""

    figures: Figures

    @cached_property
    def assumed(self) -> Figures:
        """What was supposed."""
        found: Figures = self.figures["assumed"]
        return found

    @cached_property
    def sessions(self) -> Figures:
        """What sessions took."""
        found: Figures = self.figures["measured"]["sessions"]
        return found

    @property
    def free(self) -> float:
        """The share of a core that is used at most."""
        used: int = PERCENT - self.assumed["headroom_percent"]
        return used / PERCENT

    @property
    def busiest_share(self) -> float:
        """The share of a day's sessions that come in its busiest hour."""
        percent: int = self.assumed["busiest_hour_percent"]
        return percent / PERCENT

    def rate(self, consumer: str, way: str = FULL) -> float:
        """Return the sessions a second of one full core."""
        return MILLION / float(self.sessions[f"cpu_us_a_session{way}"][consumer])

    def busiest(self, yearly: int) -> float:
        """Return the sessions a second in the busiest hour."""
        return self.daily(yearly) * self.busiest_share / SECONDS_AN_HOUR

    def daily(self, yearly: int) -> float:
        """Return the sessions of a working day."""
        return yearly / float(self.assumed["working_days_a_year"])

    def daily_of(self, rate: float) -> float:
        """Return the sessions of a day whose busiest hour leaves the headroom at this rate."""
        return rate * self.free * SECONDS_AN_HOUR / self.busiest_share

    def cores(self, consumer: str, yearly: int) -> float:
        """Return the cores in the busiest hour with headroom, each session on its own."""
        return self.busiest(yearly) / self.rate(consumer, ALONE) / self.free

    def partitions(self, yearly: int) -> int:
        """Return the partitions: as many as the slowest consumer needs cores, or the least."""
        slowest = max(self.cores(each, yearly) for each in self.sessions["cpu_us_a_session"])
        return max(int(self.assumed["partitions_least"]), math.ceil(slowest))

    def processes(self, yearly: int) -> int:
        """Return the processes of all consumers and the gateway."""
        return sum(
            max(PROCESSES_LEAST, math.ceil(self.cores(each, yearly)))
            for each in self.sessions["cpu_us_a_session"]
        )

    def redis(self, consumer: str) -> tuple[float, float]:
        """Return the bytes of a patient-year, and of each of its sessions."""
        took, sessions = self.sessions["redis_bytes"][consumer], self.assumed[A_PATIENT_YEAR]
        year = float(took["a_patient"] + sessions * took["a_session"])
        return year, year / sessions

    def redis_a_session(self) -> float:
        """Return the bytes of a session at all consumers."""
        return sum(self.redis(each)[1] for each in self.sessions["redis_bytes"])

    def redis_memory(self, a_session: float, yearly: int) -> float:
        """Return the memory of a Redis that holds a year, with headroom."""
        return a_session * yearly * (1 + float(self.assumed["redis_headroom_percent"]) / PERCENT)

    def rebuild(self, yearly: int) -> float:
        """Return the seconds in which one process reads a year's states into an empty Redis."""
        values: float = sum(self.sessions["values_a_session"].values())
        return values * yearly / float(self.figures["benchmark"]["states_rebuilt_a_second"])

    def events_disk(self, yearly: int) -> float:
        """Return the bytes of the topics of events on all brokers."""
        alone = self.sessions[f"topic_bytes_a_session{ALONE}"]
        a_session: int = sum(size for name, size in alone.items() if not self._is_changelog(name))
        kept = self.daily(yearly) * float(self.assumed["retention_days"])
        return a_session * kept * float(self.assumed["replicas"])

    def changelog_disk(self, yearly: int) -> float:
        """Return the bytes of the changelogs on all brokers, a year's states and what is new."""
        alone = self.sessions[f"topic_bytes_a_session{ALONE}"]
        appended: int = sum(size for name, size in alone.items() if self._is_changelog(name))
        compacted: int = sum(self.sessions[f"compacted_bytes_a_session{ALONE}"].values())
        # The broker compacts once as much again has come as there was.
        lately = self.daily(yearly) * float(self.assumed["changelog_days"])
        held = 2.0 * compacted * yearly + appended * lately
        return held * float(self.assumed["replicas"])

    def _is_changelog(self, topic: str) -> bool:
        return topic in self.sessions["compacted_bytes_a_session"]


def read_figures(path: Path = FIGURES) -> Sizing:
    """Return the figures that stand in the file."""
    return Sizing(yaml.safe_load(path.read_text(encoding="utf-8")))


def replace_measured(text: str, measured: Figures) -> str:
    """Return the file's text with parts of what was measured written anew; others stay."""
    head, mark, before = text.partition(f"\n{MEASURED}")
    assert mark, "the file says nothing of what is measured"
    both = yaml.safe_load(f"{MEASURED}{before}")["measured"] | measured
    return f"{head}\n{yaml.safe_dump({'measured': both}, sort_keys=False)}"


def cpu(sizing: Sizing) -> str:
    """Return what a core does of each consumer's work, and of all."""
    full, alone = (sizing.sessions[f"cpu_us_a_session{each}"] for each in (FULL, ALONE))
    most = sizing.sessions["loaded_mib"]
    rows = [
        (f"`{name}`", *_speed(sizing, full[name], alone[name]), f"{most[name]} MiB")
        for name in full
    ]
    rows.append(("all", *_speed(sizing, sum(full.values()), sum(alone.values())), ""))
    costs = ("µs a session, full batches", "µs a session, alone")
    gives = ("sessions a second and core", "sessions a day and core")
    return table(("process", *costs, *gives, "memory at most"), rows)


def _speed(sizing: Sizing, full: int, alone: int) -> tuple[str, ...]:
    rate = MILLION / full
    return (f"{full:,}", f"{alone:,}", short(rate), short(sizing.daily_of(rate)))


def redis(sizing: Sizing) -> str:
    """Return what Redis holds by consumer."""
    values, took = sizing.sessions["values_a_session"], sizing.sessions["redis_bytes"]
    rows = []
    for name, number in values.items():
        year, each = sizing.redis(name)
        further = size(took[name]["a_session"])
        rows.append((f"`{name}`", f"{number:.1f}", further, size(year), size(each)))
    year = sum(sizing.redis(name)[0] for name in values)
    further = size(sum(each["a_session"] for each in took.values()))
    each_of_it = size(sizing.redis_a_session())
    rows.append(("all", f"{sum(values.values()):.1f}", further, size(year), each_of_it))
    head = ("consumer", "state values a session", "each further session", "a patient-year")
    return table((*head, "by session of it"), rows)


def topics(sizing: Sizing) -> str:
    """Return what each topic takes on one broker's disk."""
    columns = [
        sizing.sessions[f"{what}_bytes_a_session{way}"]
        for way in (FULL, ALONE)
        for what in ("topic", "compacted")
    ]
    rows = [
        (f"`{name}`", *(size(each.get(name, 0)) or "–" for each in columns)) for name in columns[0]
    ]
    head = ("topic", "full batches", "compacted", "alone", "alone, compacted")
    return table(head, rows)


def processes(sizing: Sizing) -> str:
    """Return what processes weigh by their partitions."""
    rows = [
        (
            str(each["partitions"]),
            f"`{each['process']}`",
            f"{each['idle_mib']:.0f} MiB",
            f"{each['loaded_mib']:.0f} MiB",
            f"{each['idle_cpu_percent']:.1f} %",
            str(each["connections"]),
        )
        for each in sizing.figures["measured"]["processes"]["weights"]
    ]
    head = ("partitions", "process", "memory idle", "memory at most", "of a core idle")
    return table((*head, "connections"), rows)


def needs(sizing: Sizing) -> str:
    """Return what so many sessions a year need."""
    made: list[tuple[str, Callable[[int], str]]] = [
        ("patients", lambda n: short(n / sizing.assumed[A_PATIENT_YEAR])),
        ("sessions a working day", lambda n: short(sizing.daily(n))),
        ("sessions a second, busiest hour", lambda n: short(sizing.busiest(n))),
        ("cores, all consumers", lambda n: short(_cores(sizing, n))),
        ("cores, `claims`", lambda n: short(sizing.cores("claims", n))),
        ("partitions", lambda n: str(sizing.partitions(n))),
        ("processes", lambda n: str(sizing.processes(n))),
        ("Redis' memory for each year kept", lambda n: size(_redis(sizing, n))),
        ("of it, the largest consumer's", lambda n: size(_largest(sizing, n))),
        ("one process fills an empty Redis in", lambda n: span(sizing.rebuild(n))),
        ("brokers' disks, events", lambda n: size(sizing.events_disk(n))),
        ("brokers' disks, changelogs, each year", lambda n: size(sizing.changelog_disk(n))),
    ]
    rows = [(said, *(make(yearly) for yearly in YEARLY)) for said, make in made]
    return table(("sessions a year", *(f"{each // MILLION} million" for each in YEARLY)), rows)


def limits(sizing: Sizing) -> str:
    """Return how far the slowest consumer goes with one core for each partition."""
    rows = []
    for count in (1, 12, 48):
        full, alone = (count * sizing.rate("claims", way) for way in (FULL, ALONE))
        rows.append((str(count), short(full), short(alone), short(sizing.daily_of(full))))
    head = ("partitions and cores", "sessions a second", "alone")
    return table((*head, "sessions a day, with headroom"), rows)


def assumed(sizing: Sizing) -> str:
    """Return what was supposed."""
    rows = [(SUPPOSED[name], str(value)) for name, value in sizing.assumed.items()]
    return table(("supposed", ""), rows)


def measured(sizing: Sizing) -> str:
    """Return when the figures were measured, and how quiet the machine was."""
    took = sizing.sessions
    waited = f"without a CPU for up to {took['waited_percent']} % of the time"
    day = sizing.figures["measured"]["processes"]["date"]
    return (
        f"Sessions: {took['date']}, {took['sent']:,} of them; a process was {waited}.\n"
        f"Processes: {day}.\n"
    )


def _cores(sizing: Sizing, yearly: int) -> float:
    return sum(sizing.cores(each, yearly) for each in sizing.sessions["cpu_us_a_session"])


def _redis(sizing: Sizing, yearly: int) -> float:
    return sizing.redis_memory(sizing.redis_a_session(), yearly)


def _largest(sizing: Sizing, yearly: int) -> float:
    each = max(sizing.redis(consumer)[1] for consumer in sizing.sessions["redis_bytes"])
    return sizing.redis_memory(each, yearly)


def short(number: float) -> str:
    """Return a number with two figures that count: all of it is no more exact than that."""
    if not number:
        return "0"
    places = 1 - math.floor(math.log10(abs(number)))
    return f"{round(number, places):,.{max(places, 0)}f}"


def size(number: float) -> str:
    """Return bytes in words, and nothing for none."""
    for unit, name in UNITS_OF_BYTES:
        if number >= unit:
            return f"{short(number / unit)} {name}"
    return f"{number:.0f} B" if number else ""


def span(seconds: float) -> str:
    """Return a time in words."""
    for unit, name in SPANS:
        if seconds >= 2 * unit:
            return f"{short(seconds / unit)} {name}"
    return f"{short(seconds)} seconds"


BLOCKS: Mapping[str, Callable[[Sizing], str]] = {
    "sizing assumed": assumed,
    "sizing measured": measured,
    "sizing cpu": cpu,
    "sizing redis": redis,
    "sizing topics": topics,
    "sizing processes": processes,
    "sizing needs": needs,
    "sizing limits": limits,
}
