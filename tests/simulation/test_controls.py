"""Each rule of the engine is needed: left out, some seed loses, doubles, or stops by mistake."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest

from tests.simulation.mixes import MIXES, Mix, some_faults
from tests.simulation.seeds import Failed, simulation
from tests.simulation.without_log_rules import (
    a_transactional_id_for_each_owner,
    answers_not_awaited,
    applied_before_the_commit,
    burial_in_the_changelog_alone,
    burial_not_seen,
    commit_not_seen,
    no_burial,
    no_settle,
    nothing_sent_again,
    position_record_first,
    sent_again_once,
    settle_where_something_hangs,
    the_same_writer_goes_on,
)
from tests.simulation.without_view_rules import (
    a_quiet_partition_does_not_rest,
    a_quiet_view_is_not_looked_after,
    applies_without_comparing,
    markers_not_passed_over,
    neither_asked_nor_counted,
    position_and_values_read_apart,
    reads_not_validated,
    rebuilds_without_comparing,
    records_below_the_position_taken,
    records_held_across_a_seek,
    restored_to_the_very_end,
    the_changelog_s_end_is_asked_for_first,
    the_group_says_where_to_go_on,
    the_view_says_where_it_stands,
)

NAMED = {mix.name: mix for mix in MIXES}
REBALANCES, LOST_ANSWERS = NAMED["rebalances"], NAMED["lost answers"]
ZOMBIES, REFUSED = NAMED["zombies"], NAMED["refused"]
MARKERS, ALL_MARKERS = NAMED["lost markers"], NAMED["all, more markers"]
REDIS_BACK = NAMED["Redis put back"]
MANY_MARKERS = Mix("many lost markers", some_faults(marker_lost=0.2))
WAITING_ANSWERS = Mix("lost answers, waiting", some_faults(lose=0.05, wait=0.3))
SLOW_READS = Mix(
    "slow reads",
    replace(some_faults(slow=0.1, short=0.9, view_back=0.05), only=frozenset({"read"})),
    moves=2.0,
)


@dataclass(frozen=True, slots=True)
class Control:
    """A rule left out, and among how many seeds of which mix one breaks."""

    leave_out: Callable[[pytest.MonkeyPatch], None]
    mix: Mix
    within: int = 100


CONTROLS = (
    Control(no_settle, MARKERS),
    Control(settle_where_something_hangs, ALL_MARKERS),
    Control(no_burial, MARKERS),
    Control(burial_in_the_changelog_alone, MARKERS),
    Control(burial_not_seen, ALL_MARKERS),
    Control(nothing_sent_again, MARKERS),
    Control(sent_again_once, MANY_MARKERS, within=500),
    Control(commit_not_seen, MANY_MARKERS, within=300),
    Control(applied_before_the_commit, MANY_MARKERS, within=300),
    Control(the_same_writer_goes_on, WAITING_ANSWERS, within=500),
    Control(a_transactional_id_for_each_owner, MARKERS),
    Control(answers_not_awaited, REFUSED),
    Control(position_record_first, REBALANCES),
    Control(reads_not_validated, REDIS_BACK),
    Control(position_and_values_read_apart, REDIS_BACK, within=500),
    Control(applies_without_comparing, REDIS_BACK, within=500),
    Control(rebuilds_without_comparing, ZOMBIES, within=500),
    Control(the_view_says_where_it_stands, ZOMBIES, within=500),
    Control(neither_asked_nor_counted, ZOMBIES),
    Control(the_changelog_s_end_is_asked_for_first, ZOMBIES, within=500),
    Control(restored_to_the_very_end, REBALANCES),
    Control(the_group_says_where_to_go_on, LOST_ANSWERS),
    Control(records_held_across_a_seek, SLOW_READS, within=500),
    Control(records_below_the_position_taken, LOST_ANSWERS),
    Control(a_quiet_view_is_not_looked_after, REBALANCES),
    Control(a_quiet_partition_does_not_rest, REBALANCES),
    Control(markers_not_passed_over, REBALANCES),
)


@pytest.mark.parametrize("control", CONTROLS, ids=lambda each: each.leave_out.__name__)
def test_a_rule_left_out_is_found_by_a_seed(
    control: Control, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same seed holds with the rule."""
    seeds = range(control.within)
    for seed in seeds:
        simulation().expect(seed, control.mix)
    with monkeypatch.context() as patch:
        control.leave_out(patch)
        tries = (simulation().try_seed(seed, control.mix) for seed in seeds)
        found = next((each for each in tries if isinstance(each, Failed)), None)
    assert found is not None, f"no seed of {control.mix.name} below {control.within} breaks"
    assert not isinstance(simulation().try_seed(found.seed, control.mix), Failed), found
