"""The trail of a visit day from a file of events, which is replayed."""

import gc
import sys
from collections.abc import Mapping

from commands.composition import build_pipeline
from commands.explain.trail import Seen, TrailKeeper
from commands.replay import GC_THRESHOLDS, read_event, read_lines
from commands.ways import open_lines
from reference.rulebook import RuleBook
from runtime.pipeline import StepFailed
from schemas.envelope import Event
from schemas.events import CLINICAL, ON_TOPIC, Topic
from schemas.reading import Reader, Unreadable

EMITTED_ON: Mapping[str, Topic] = {
    type_.value: topic
    for topic in (Topic.CLAIMS, Topic.SPEND, Topic.UNITS)
    for type_ in ON_TOPIC[topic]
}
"""The topic that an event of ours is first written to."""


def replay_trail(file: str, keeper: TrailKeeper, rulebook: RuleBook) -> int:
    """Replay a file and keep what led to the visit day's decisions; return how many lines failed.

    Memory holds the consumers' state, where each session stands, and the trail.
    """
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLDS)
    reader, pipeline, failed = Reader(CLINICAL), build_pipeline(rulebook), 0
    with open_lines(file) as lines:
        for line in read_lines(lines):
            event = read_event(reader, line)
            if isinstance(event, Unreadable):
                sys.stderr.write(f"therapy explain: line {line.number}: {event.reason}\n")
                failed += 1
                continue
            came = Seen(f"line {line.number}", event)
            keeper.take_session(came)
            emitted = [each for each in pipeline.run(event) if not isinstance(each, StepFailed)]
            if any(map(keeper.is_decision, emitted)):
                _take(keeper, came, emitted)
    return failed


def _take(keeper: TrailKeeper, came: Seen, emitted: list[Event]) -> None:
    """Keep an event that led to a decision on the day, and all that came of it."""
    keeper.take(Topic.SESSIONS, came)
    for event in emitted:
        topic = EMITTED_ON.get(event.type)
        if topic is not None:
            keeper.take(topic, Seen(None, event))
