"""The tallies are shown of those partitions that are ours, as they stand."""

from collections.abc import Iterable, Mapping

from runtime.doubles.clock import run
from runtime.engine.records import Place
from runtime.host.lag import Lag
from runtime.host.member import Member
from runtime.host.tallies import Shown
from tests.runtime.host.stand_in import CountingWorker
from tests.runtime.host.test_metrics import NOW, P, Samples, observed

Q = Place(P.topic, 4)


def show_words(tallies: Mapping[str, int], now: float) -> Iterable[Shown]:
    """Show each tally by its word, and when it was asked for."""
    yield Shown("words", "Each word.", ("word",), {(word,): n for word, n in tallies.items()})
    yield Shown("asked", "When.", (), {(): now})


def test_the_tallies_of_our_partitions_are_added_up() -> None:
    """Those of a partition that is another's now are left out, and none is shown of no showing."""
    metrics, observer, member = observed()
    metrics.show_tallies({"claims": show_words})
    other = metrics.observe(Member("units", "g", P.topic, Lag(lambda: NOW)))
    worker = CountingWorker(member.feed)
    member.works_with(worker)
    worker.assigned([P, Q])
    observer.standing(P, {"a": 2, "b": 1})
    observer.standing(Q, {"a": 3})
    other.standing(P, {"c": 1})
    found = Samples(metrics)
    assert (found["words", "a"], found["words", "b"], found["asked",]) == (5, 1, NOW)
    assert ("words", "c") not in found
    run(worker.revoked([P]))
    assert Samples(metrics)["words", "a"] == 3


def test_a_partition_that_comes_back_is_not_what_it_was() -> None:
    """Another process moved it meanwhile: it counts again once it has recovered."""
    metrics, observer, member = observed()
    metrics.show_tallies({"claims": show_words})
    worker = CountingWorker(member.feed)
    member.works_with(worker)
    worker.assigned([P])
    observer.standing(P, {"a": 2})
    observer.recovering(P, "ViewMoved")
    assert Samples(metrics)["words", "a"] == 2
    observer.recovering(P, "assigned")
    assert ("words", "a") not in Samples(metrics)
    observer.standing(P, {"a": 7})
    assert Samples(metrics)["words", "a"] == 7
