"""Notes against one another: the words of a text, the order of the last notes, what is kept."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference.facts import Facts
from reference.rulebook import RuleBook
from rules.notes import MOST_WORDS, KeptNote, NoteJudgement, judge_notes, sign_words
from schemas.session import Session
from tests.rules.visit_days import facts_of, sessions_of

GAIT = "Gait training with a rolling walker."
STAIRS = "Stairs, one flight, both rails."
WORDS = st.lists(st.text(min_size=1, max_size=4), max_size=8)
VISITS = st.lists(st.tuples(st.integers(0, 9), st.sampled_from([GAIT, STAIRS])), max_size=8)


@pytest.fixture(scope="module")
def facts(rulebook: RuleBook) -> Facts:
    """Return Medicare's facts: the last three notes, from nine words of ten."""
    return facts_of(rulebook, {})


def visit(session_id: str, text: str, days: int = 0) -> Session:
    """Return a session some days after 2026-03-02 with a note of this text."""
    (made,) = sessions_of({"sessions": [{"note": {"text": text}}]})
    on = date(2026, 3, 2) + timedelta(days=days)
    return made.model_copy(update={"session_id": session_id, "date_of_service": on})


def is_copied(judged: tuple[NoteJudgement, ...]) -> list[bool]:
    """Say of each note whether it is like an earlier one."""
    return [each.shared is not None for each in judged]


@given(WORDS)
def test_a_text_has_a_sign_for_each_word(words: list[str]) -> None:
    """Blanks do not matter, and neither do words after the most."""
    text = " ".join(words)
    signs = sign_words(text)
    assert len(signs) == len(text.casefold().split())
    assert sign_words(f"  {text}\n") == signs
    assert len(sign_words("word " * (MOST_WORDS + 1))) == MOST_WORDS
    assert signs.encode().decode() == signs


@given(VISITS)
def test_what_is_kept_is_the_last_notes_by_date(
    facts: Facts, visits: list[tuple[int, str]]
) -> None:
    """Whatever the order of arrival, at most the profile's number is kept, in order of date."""
    last: tuple[KeptNote, ...] = ()
    for number, (days, text) in enumerate(visits):
        _, last = judge_notes([visit(f"S-{number}", text, days)], (), last, facts)
    kept = [each.date_of_service for each in last]
    stated = sorted(date(2026, 3, 2) + timedelta(days=days) for days, _ in visits)
    assert kept == stated[-facts.profile.notes_compared :]


def test_a_late_note_is_compared_with_the_notes_before_its_date(facts: Facts) -> None:
    """The note of an earlier date that comes later is no copy of a later date's."""
    _, last = judge_notes([visit("S-2", GAIT, 3)], (), (), facts)
    judged, last = judge_notes([visit("S-1", GAIT)], (), last, facts)
    assert is_copied(judged) == [False]
    assert [each.session_id for each in last] == ["S-1", "S-2"]
    judged, _ = judge_notes([visit("S-3", GAIT, 1)], (), last, facts)
    assert is_copied(judged) == [True]


def test_an_amended_note_is_not_compared_with_itself(facts: Facts) -> None:
    """A note keeps its place; only its new words are judged again."""
    judged, last = judge_notes([visit("S-1", GAIT)], (), (), facts)
    again, last = judge_notes([visit("S-1", GAIT)], judged, last, facts)
    assert again == judged
    changed, last = judge_notes([visit("S-1", f"{GAIT} Twice.")], again, last, facts)
    assert is_copied(changed) == [False]
    assert len(last) == 1


def test_a_note_that_is_judged_keeps_its_judgement(facts: Facts) -> None:
    """A day that is emitted again long after is judged as it was, without the notes of then."""
    _, last = judge_notes([visit("S-1", GAIT)], (), (), facts)
    judged, last = judge_notes([visit("S-2", GAIT, 1)], (), last, facts)
    for days in range(2, 6):
        _, last = judge_notes([visit(f"S-{days + 1}", STAIRS, days)], (), last, facts)
    again, after = judge_notes([visit("S-2", GAIT, 1)], judged, last, facts)
    assert again == judged
    assert after == last


def test_a_note_that_left_the_day_is_forgotten(facts: Facts) -> None:
    """When the first of two like notes of a day is voided, the second is a copy no more."""
    both = [visit("S-1", GAIT), visit("S-2", GAIT)]
    judged, last = judge_notes(both, (), (), facts)
    assert is_copied(judged) == [False, True]
    judged, last = judge_notes(both[1:], judged, last, facts)
    assert is_copied(judged) == [False]
    assert judge_notes([], judged, last, facts) == ((), ())


def test_a_session_that_moves_to_another_date_moves_among_the_last_notes(facts: Facts) -> None:
    """The note stands once, at its new date, even where its old day was not cleared before."""
    _, last = judge_notes([visit("S-1", GAIT)], (), (), facts)
    _, last = judge_notes([visit("S-2", STAIRS, 1)], (), last, facts)
    judged, last = judge_notes([visit("S-1", GAIT, 4)], (), last, facts)
    assert is_copied(judged) == [False]
    assert [each.session_id for each in last] == ["S-2", "S-1"]


def test_how_many_notes_are_compared_is_the_profiles(facts: Facts) -> None:
    """With one note to compare, the one before the last is not looked at."""
    one = replace(facts, profile=replace(facts.profile, notes_compared=1))
    for chosen, expected in ((facts, True), (one, False)):
        last: tuple[KeptNote, ...] = ()
        for number, text in enumerate((GAIT, STAIRS)):
            _, last = judge_notes([visit(f"S-{number}", text, number)], (), last, chosen)
        judged, _ = judge_notes([visit("S-9", GAIT, 5)], (), last, chosen)
        assert is_copied(judged) == [expected]
