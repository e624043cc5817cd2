"""The rights that are shipped are those that the code needs, by the names that the code has."""

import pytest

from commands.composition import Service
from commands.plans import build_plan
from commands.redeciding import TRANSACTIONAL_ID
from reference.rulebook import RuleBook
from runtime.kafka.topics import topics_of
from schemas.events import ROUTES, Topic
from tests.deploy.acls import Rights, allowed, read_rights

LOOKS = {"Describe", "DescribeConfigs"}
OPERATIONS = {"Create", "Describe", "DescribeConfigs", "Read", "Write"}
PARTITIONS = 12


@pytest.fixture(scope="module")
def rights() -> Rights:
    """Return the rights that are shipped."""
    return read_rights()


@pytest.mark.parametrize("service", list(Service))
def test_a_consumer_may_do_what_it_does_and_no_more(
    service: Service, rulebook: RuleBook, rights: Rights
) -> None:
    """It reads its input, reads and writes what it writes, and looks at the other topics."""
    plans = [build_plan(each, rulebook) for each in Service]
    plan = plans[list(Service).index(service)]
    wanted = {topic.name: LOOKS for topic in topics_of(plans, PARTITIONS)}
    wanted[plan.input] = LOOKS | {"Read"}
    for written in (plan.output, plan.dead_letters, plan.changelog):
        wanted[written] = LOOKS | {"Read", "Write"}
    own = rights[service.value]
    assert {name: allowed(own, "topic", name) for name in wanted} == wanted
    for other in plans:
        is_own = other is plan
        assert allowed(own, "group", other.group) == ({"Read"} if is_own else set())
        written_by = allowed(own, "transactionalId", other.transactional_id(0))
        assert written_by == ({"Write"} if is_own else set())


def test_the_gateway_may_take_events_its_ways_and_no_other(rights: Rights) -> None:
    """It reads and writes the topics of its ways, under their groups, and no changelog."""
    own = rights["gateway"]
    reads = {route.reads for route in ROUTES.values()}
    writes = {route.writes for route in ROUTES.values()}
    for topic in Topic:
        wanted = {"Read"} if topic in reads else set()
        wanted |= {"Write"} if topic in writes else set()
        assert allowed(own, "topic", topic) - LOOKS == wanted
    assert allowed(own, "topic", "therapy.units.changelog") == LOOKS
    assert all(allowed(own, "group", f"therapy-{name}") == {"Read"} for name in ROUTES)


def test_redecide_may_ask_and_look_for_what_is_held(rights: Rights) -> None:
    """Under its own transactional id."""
    own = rights["redecide"]
    assert allowed(own, "topic", Topic.CLAIMS) == {"Read"}
    assert allowed(own, "topic", Topic.SESSIONS) == {"Write"}
    assert allowed(own, "transactionalId", TRANSACTIONAL_ID) == {"Write"}


def test_nobody_may_delete_or_alter(rights: Rights) -> None:
    """Nor do anything with the cluster, or with all that there is."""
    every = [right for own in rights.values() for right in own]
    assert {name for right in every for name in right.operations} == OPERATIONS
    assert {right.resource for right in every} == {"topic", "group", "transactionalId"}
    assert {right.pattern for right in every} == {"literal", "prefix"}
    assert not [right for right in every if right.name in ("", "*")]
