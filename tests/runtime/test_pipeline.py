"""A consumer keeps all of a step or none of it; a pipeline runs consumers one behind the other."""

from datetime import UTC, datetime

from runtime.consumer import Consumer
from runtime.memory import MemoryLog, MemoryStateView
from runtime.pipeline import Pipeline, Stage, StepFailed, Way
from runtime.processor import Output, Step, Steps
from schemas.envelope import Event

COUNT = ("count",)


def event(name: str, type_: str = "in") -> Event:
    """Return an event whose data is its own name."""
    at = datetime(2026, 3, 2, 15, 5, tzinfo=UTC)
    return Event(type=type_, source="/bus", id=name, time=at, partitionkey="P-1", data=name)


class Counting:
    """Counts what it sees: emitted twice, passed on where the name says so, refused if bad."""

    source = "/counting"

    def process(self, event: Event) -> Steps:
        """Emit the count twice."""
        values = yield (COUNT,)
        count = (values[COUNT] or 0) + 1
        if event.id == "bad":
            raise ValueError(event.id)
        outputs = [Output("counted", "day", f"{event.data}:{count}")] * 2
        return Step({COUNT: count}, outputs, passes_on=event.id.startswith("pass"))


class Silent:
    """Remembers nothing and emits what it is given, under its own name."""

    source = "/silent"

    def process(self, event: Event) -> Steps:
        """Emit the event's data again."""
        yield ()
        return Step(outputs=[Output("heard", "day", event.data)])


def pipeline() -> Pipeline:
    """Return a counting consumer before a silent one."""
    counting = Consumer(Counting(), MemoryStateView(), "rulebook-1")
    silent = Consumer(Silent(), MemoryStateView(), "rulebook-1")
    return Pipeline([Stage(counting, "a", "b"), Stage(silent, "b", "c")], MemoryLog())


def test_what_is_emitted_is_stamped_by_its_cause() -> None:
    """Source, time, key, causation, correlation and rulebook are the runtime's to give."""
    view = MemoryStateView()
    first, second = Consumer(Counting(), view, "rulebook-1").handle(event("e")).emitted
    assert (first.source, first.causationid, first.correlationid) == ("/counting", "e", "e")
    assert (first.rulebook, first.partitionkey, first.subject) == ("rulebook-1", "P-1", "day")
    assert first.time == datetime(2026, 3, 2, 15, 5, tzinfo=UTC)
    assert first.id != second.id


def test_the_same_event_gives_the_same_ids() -> None:
    """A second emission of the same event has the same id."""
    once = Consumer(Counting(), MemoryStateView(), "r").handle(event("e")).emitted
    again = Consumer(Counting(), MemoryStateView(), "r").handle(event("e")).emitted
    assert [each.id for each in once] == [each.id for each in again]


def test_the_first_event_of_a_chain_is_its_correlation() -> None:
    """Through two consumers the causation is the last step's, the correlation the bus's."""
    emitted = list(pipeline().run(event("e")))
    heard = [each for each in emitted if isinstance(each, Event) and each.type == "heard"]
    counted = [each for each in emitted if isinstance(each, Event) and each.type == "counted"]
    assert [each.causationid for each in heard] == [each.id for each in counted]
    assert {each.correlationid for each in heard} == {"e"}


def test_stages_emit_one_behind_the_other() -> None:
    """All that the first consumer emits stands before what the second makes of it."""
    emitted = [each.type for each in pipeline().run(event("e")) if isinstance(each, Event)]
    assert emitted == ["counted", "counted", "heard", "heard"]


def test_what_is_passed_on_reaches_the_next_consumer_last_and_is_not_emitted() -> None:
    """The event itself follows the outputs of its step."""
    emitted = [each for each in pipeline().run(event("pass")) if isinstance(each, Event)]
    assert [each.type for each in emitted] == ["counted", "counted", "heard", "heard", "heard"]
    assert emitted[-1].data == "pass"
    assert emitted[-1].causationid == "pass"


def test_a_step_that_raises_keeps_nothing_and_the_next_event_goes_on() -> None:
    """The failure is told by the exception's name alone, and the count is as if it never came."""
    running = pipeline()
    assert list(running.run(event("bad"))) == [StepFailed("/counting", "ValueError")]
    first = next(running.run(event("e")))
    assert isinstance(first, Event)
    assert first.data == "e:1"


class Answering:
    """Answers what it is asked, once for each letter of it, and hears answers."""

    source = "/answering"

    def process(self, event: Event) -> Steps:
        """Emit an answer for each letter; of an answer nothing."""
        yield ()
        letters = event.data if event.type == "asked" else ""
        return Step(outputs=[Output("answered", "day", letter) for letter in letters])


class Asking:
    """Asks twice what it is given, and says what it is answered."""

    source = "/asking"

    def process(self, event: Event) -> Steps:
        """Emit two questions, or the answer."""
        yield ()
        if event.type == "answered":
            return Step(outputs=[Output("said", "day", f"{event.partitionkey}:{event.data}")])
        return Step(outputs=[Output("asked", "day", event.data)] * 2)


def test_what_is_forwarded_comes_after_all_that_its_cause_led_to() -> None:
    """One event after the other, in the order in which they were emitted, until none is left."""
    asked = {"asked": Way("questions", lambda event: f"to {event.partitionkey}")}
    answered = {"answered": Way("in", lambda _event: "back")}
    asking = Consumer(Asking(), MemoryStateView(), "r")
    silent = Consumer(Silent(), MemoryStateView(), "r")
    answering = Consumer(Answering(), MemoryStateView(), "r")
    running = Pipeline(
        [
            Stage(asking, "in", "middle", asked),
            Stage(silent, "middle", "out"),
            Stage(answering, "questions", "answers", answered),
        ],
        MemoryLog(),
    )
    emitted = [each for each in running.run(event("xy")) if isinstance(each, Event)]
    assert [f"{each.type} {each.data}" for each in emitted] == [
        *("asked xy", "asked xy", "heard xy", "heard xy"),
        *("answered x", "answered y", "answered x", "answered y"),
        *("said back:x", "heard back:x", "said back:y", "heard back:y"),
        *("said back:x", "heard back:x", "said back:y", "heard back:y"),
    ]
    answers = [each for each in emitted if each.type == "answered"]
    assert {each.partitionkey for each in answers} == {"to P-1"}
    assert {each.correlationid for each in emitted} == {"xy"}


def test_what_no_stage_reads_is_not_forwarded() -> None:
    """Nor kept: memory holds what is under way."""
    log = MemoryLog()
    asked = {"asked": Way("questions", lambda event: event.partitionkey)}
    asking = Consumer(Asking(), MemoryStateView(), "r")
    emitted = list(Pipeline([Stage(asking, "in", "middle", asked)], log).run(event("x")))
    assert len(emitted) == 2
    assert [list(log.take_all(topic)) for topic in ("middle", "questions")] == [[], []]
