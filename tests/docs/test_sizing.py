"""The page on sizing follows from its figures, and its figures are of what there is."""

from typing import Any

import yaml

from commands.composition import Service
from commands.plans import build_plan
from reference.rulebook import RuleBook
from runtime.host.settings import read_settings
from runtime.kafka.topics import CHANGELOG, EVENTS
from schemas.events import Topic
from tests.docs import sizing
from tests.docs.pages import text_of
from tests.docs.sizing import Sizing, read_figures, replace_measured

SECONDS_A_DAY = 86_400
MIB = 1024 * 1024
FIGURES: dict[str, Any] = {
    "assumed": {
        "sessions_a_patient_year": 10,
        "working_days_a_year": 250,
        "busiest_hour_percent": 18,
        "headroom_percent": 50,
        "replicas": 3,
        "retention_days": 7,
        "changelog_days": 8,
        "redis_headroom_percent": 50,
        "partitions_least": 12,
    },
    "benchmark": {"states_rebuilt_a_second": 50_000},
    "measured": {
        "sessions": {
            "cpu_us_a_session": {"units": 100, "claims": 400},
            "cpu_us_a_session_alone": {"units": 2_000, "claims": 5_000},
            "redis_bytes": {"units": {"a_patient": 1_000, "a_session": 900}},
            "values_a_session": {"units": 2.5},
            "topic_bytes_a_session": {"t": 10, "log": 20},
            "topic_bytes_a_session_alone": {"t": 100, "log": 50},
            "compacted_bytes_a_session": {"log": 5},
            "compacted_bytes_a_session_alone": {"log": 40},
        },
    },
}
MILLION = 1_000_000


def test_a_core_handles_what_its_cpu_allows() -> None:
    """400 µs a session are 2,500 a second; half of it for an hour that has 18 % is 25 million."""
    figures = Sizing(FIGURES)
    assert figures.rate("claims") == 2_500
    assert round(figures.daily_of(figures.rate("claims"))) == 25_000_000


def test_cores_are_those_of_the_busiest_hour() -> None:
    """4,000 sessions a day are 0.2 a second: at 5 ms each, half a core free, 0.002 cores."""
    figures = Sizing(FIGURES)
    assert round(figures.busiest(MILLION), 9) == 0.2
    assert round(figures.cores("claims", MILLION), 9) == 0.002


def test_partitions_are_at_least_the_cores_of_the_slowest() -> None:
    """Few sessions have the least of partitions, and many as many as claims needs cores."""
    figures = Sizing(FIGURES)
    assert figures.partitions(MILLION) == 12
    assert figures.partitions(20_000 * MILLION) == 40


def test_processes_are_two_each_or_one_for_each_core() -> None:
    """Units needs 16 cores and claims 40."""
    figures = Sizing(FIGURES)
    assert figures.processes(MILLION) == 4
    assert figures.processes(20_000 * MILLION) == 56


def test_redis_holds_patients_and_their_sessions() -> None:
    """1,000 bytes of a patient and ten sessions of 900 each are 1,000 a session."""
    figures = Sizing(FIGURES)
    assert figures.redis("units") == (10_000, 1_000)
    assert figures.redis_memory(figures.redis_a_session(), MILLION) == 1.5e9
    assert figures.rebuild(MILLION) == 50


def test_disks_hold_what_is_kept_on_every_replica() -> None:
    """Of events seven days; of changelogs twice what is compacted, and eight days besides."""
    figures = Sizing(FIGURES)
    assert figures.events_disk(MILLION) == 100 * 4_000 * 7 * 3
    assert figures.changelog_disk(MILLION) == (2 * 40 * MILLION + 50 * 4_000 * 8) * 3


def test_a_changed_figure_changes_the_page() -> None:
    """Each block of the page is another one where every figure is higher by half."""
    now = read_figures()
    higher = Sizing(_higher(now.figures))
    assert [name for name, make in sizing.BLOCKS.items() if make(now) == make(higher)] == []


def test_what_was_measured_is_replaced_in_parts() -> None:
    """What people wrote stays to the byte, and so does the part that was not measured again."""
    head = "# Supposed.\nassumed:\n  headroom_percent: 50\n\n"
    text = f"{head}measured:\n  sessions:\n    patients: 1\n  processes:\n    weights: []\n"
    replaced = replace_measured(text, {"sessions": {"patients": 2}})
    assert replaced.startswith(head)
    measured = yaml.safe_load(replaced)["measured"]
    assert measured == {"sessions": {"patients": 2}, "processes": {"weights": []}}


def test_every_topic_is_measured(rulebook: RuleBook) -> None:
    """The figures have each topic of ours, the changelogs once compacted, and each consumer."""
    measured = read_figures().sessions
    changelogs = {build_plan(service, rulebook).changelog for service in Service}
    topics = {topic.value for topic in Topic}
    assert set(measured["compacted_bytes_a_session"]) == changelogs
    assert set(measured["topic_bytes_a_session"]) == changelogs | topics
    assert set(measured["redis_bytes"]) == {service.value for service in Service}


def test_what_is_supposed_of_topics_is_how_they_are_made() -> None:
    """Events are kept as long as supposed, and a changelog is compacted within its days."""
    supposed = read_figures().assumed
    kept = int(str(EVENTS["retention.ms"])) / 1000 / SECONDS_A_DAY
    lag = int(str(CHANGELOG["min.compaction.lag.ms"])) / 1000 / SECONDS_A_DAY
    assert supposed["retention_days"] == kept
    assert supposed["changelog_days"] > lag


def test_what_may_wait_is_said_as_the_defaults_are() -> None:
    """The page says in words how much a partition may hold waiting, in records and in bytes."""
    page, settings = text_of("docs/sizing.md"), read_settings({})
    waiting = (settings.waiting_bytes + settings.kafka_fetch_bytes) // MIB
    assert f"{waiting} MiB a partition by default" in page
    assert f"up to {settings.waiting_records:,} records a partition" in page


def test_numbers_have_two_places_that_count() -> None:
    """Numbers, sizes and times are as exact as what they are made of."""
    said = [sizing.short(each) for each in (0.01234, 0.96, 7, 12.34, 123_456)]
    assert said == ["0.012", "0.96", "7.0", "12", "120,000"]
    sizes = [sizing.size(each) for each in (0, 512, 1_490, 16_500_000, 2.3e12)]
    assert sizes == ["", "512 B", "1.5 KB", "16 MB", "2.3 TB"]
    spans = [sizing.span(each) for each in (5, 240, 7_200, 200_000)]
    assert spans == ["5.0 seconds", "4.0 minutes", "2.0 hours", "2.3 days"]


def _higher(figures: Any) -> Any:  # noqa: ANN401 - a tree of numbers
    """Return figures with every number in them higher by half."""
    if isinstance(figures, dict):
        return {name: _higher(each) for name, each in figures.items()}
    if isinstance(figures, list):
        return [_higher(each) for each in figures]
    return 1.5 * figures if isinstance(figures, int | float) else figures
