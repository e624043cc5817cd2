"""Code pairs among the codes of a date: which line is never paid, which only if it is distinct.

Of a pair column one is paid. Column two is not paid beside it: by indicator 0 never, by indicator
1 only as a distinct service (NCCI Policy Manual ch. 1 §E). Pairs act over all that one provider
bills for a patient on a date, across disciplines; the table goes by the setting.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache

from reference.edit_tables import CodePair, CodePairs
from reference.facts import Facts, NoValueInForce
from schemas.model import Struct
from schemas.values import Setting

KEPT = 4096
"""4,096 sets of codes, the least used forgotten: a clinic bills the same together."""
NEVER = 0
"""The modifier indicator of a pair that nothing may bypass."""


class Pairs(Struct, frozen=True):
    """What the pairs in force come to among a date's codes."""

    leaving: Mapping[str, CodePair] = {}
    """By a code that is not billed: the pair of which it is column two."""
    asking: tuple[CodePair, ...] = ()
    """Both columns are billed if they are stated to be distinct."""
    waiting: tuple[CodePair, ...] = ()
    """The units of column one are not decided, so column two cannot be either."""


NO_PAIRS = Pairs()


def judge_pairs(
    facts: Facts, setting: Setting, codes: tuple[str, ...], undecided: frozenset[str]
) -> Pairs | NoValueInForce:
    """Judge the pairs among all codes of a date, some of which may have no units yet.

    A code that leaves is not on the claim, so it is column one of nothing any more (the authority
    is silent on chains of pairs).
    """
    profile = facts.profile
    if not profile.code_pairs:
        return _judge(profile.own_code_pairs, None, codes, undecided)
    table = facts.of_setting(facts.code_pairs, setting, "code pairs")
    if isinstance(table, NoValueInForce):
        return table
    return _judge(profile.own_code_pairs, table, codes, undecided)


@lru_cache(maxsize=KEPT)
def _judge(
    own: tuple[CodePair, ...],
    table: CodePairs | None,
    codes: tuple[str, ...],
    undecided: frozenset[str],
) -> Pairs:
    """Judge the payer's own pairs and those of a table, which serves all dates of its release."""
    found = _in_force(own, table, codes)
    decided = [pair for pair in found if pair.column_two not in undecided]
    sure = [pair for pair in decided if pair.column_one not in undecided]
    leaving = _find_leaving([pair for pair in sure if pair.modifier_indicator == NEVER])
    asking = [pair for pair in sure if pair.modifier_indicator != NEVER]
    waiting = [pair for pair in decided if pair.column_one in undecided]
    return Pairs(leaving, _of_those_left(asking, leaving), _of_those_left(waiting, leaving))


def _in_force(
    own_pairs: Sequence[CodePair], table: CodePairs | None, codes: Sequence[str]
) -> Sequence[CodePair]:
    """Return the payer's own pairs, then Medicare's where it follows them and has none instead."""
    own = [pair for pair in own_pairs if pair.column_one in codes and pair.column_two in codes]
    if table is None:
        return own
    instead = [{pair.column_one, pair.column_two} for pair in own]
    among = table.among(codes)
    return [*own, *[pair for pair in among if {pair.column_one, pair.column_two} not in instead]]


def _find_leaving(strict: Sequence[CodePair]) -> dict[str, CodePair]:
    """Find the column-two codes that leave, those first of which column one is sure to stay."""
    leaving: dict[str, CodePair] = {}
    still = tuple(strict)
    while still:
        seconds = {pair.column_two for pair in still}
        # In a circle none is sure to stay: the first pair in order decides.
        sure = [pair for pair in still if pair.column_one not in seconds] or still[:1]
        for pair in sure:
            leaving.setdefault(pair.column_two, pair)
        still = _of_those_left(still, leaving)
    return leaving


def _of_those_left(
    pairs: Sequence[CodePair], leaving: Mapping[str, CodePair]
) -> tuple[CodePair, ...]:
    return tuple(
        [
            pair
            for pair in pairs
            if pair.column_one not in leaving and pair.column_two not in leaving
        ]
    )
