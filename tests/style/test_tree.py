"""The tree keeps our own checks, and each check finds what it is for."""

import pytest

from tests.style.checks import CHECKS
from tests.style.pages import event_types, finding_codes, topics
from tests.style.planted import ALLOWED, PLANTED, Case
from tests.style.tree import Check, Tree, read_tree


def names_of(cases: tuple[Case, ...]) -> list[str]:
    """A name for each case: its check and its place in the list."""
    return [f"{check.__name__}-{place}" for place, (check, _, _) in enumerate(cases)]


@pytest.fixture(scope="session")
def tree() -> Tree:
    """The project itself."""
    return read_tree()


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_the_tree_keeps_the_check(tree: Tree, check: Check) -> None:
    """Nothing in the project violates the check."""
    if violations := sorted(check(tree)):
        pytest.fail("\n".join(map(str, violations)), pytrace=False)


@pytest.mark.parametrize(("check", "path", "text"), PLANTED, ids=names_of(PLANTED))
def test_a_planted_violation_is_found(check: Check, path: str, text: str) -> None:
    """A tree with one file that violates the check has a violation."""
    assert list(check(Tree({path: text})))


@pytest.mark.parametrize(("check", "path", "text"), ALLOWED, ids=names_of(ALLOWED))
def test_what_only_looks_like_a_violation_is_left_alone(
    check: Check, path: str, text: str
) -> None:
    """A tree with one file that comes close to a violation has none."""
    assert not list(check(Tree({path: text})))


def test_every_check_has_a_planted_violation() -> None:
    """No check stands unproven."""
    assert {check for check, _, _ in PLANTED} == set(CHECKS)


def test_the_words_are_found(tree: Tree) -> None:
    """The docs' checks find finding codes, event types and topics to look for."""
    assert "NO_BILLABLE_TIME" in finding_codes(tree)
    assert "therapy.session.completed.v1" in event_types(tree)
    assert "therapy.sessions" in topics(tree)
