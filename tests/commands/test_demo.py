"""The demo shows each thing that it promises: the decisions are tested, not their looks."""

import io
import json
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

import pytest
from rich.console import Console

from commands.demo import tell
from commands.demo.clinic import EVENTS, read_clinic
from commands.demo.story import Decided, Scene, Story
from commands.demo.tables import ONWARDS
from commands.main import main
from commands.replay import replay
from commands.words import BASES, DECISIONS, GROUPS, THRESHOLDS, WITHDRAWALS
from reference.rulebook import RuleBook, load
from schemas.claims import (
    ClaimHeld,
    ClaimNeedsDocumentation,
    ClaimNotBillable,
    ClaimReady,
    ClaimWithdrawn,
    Decision,
)
from schemas.events import DECISIONS as DECISION_TYPES
from schemas.reading import Unreadable
from schemas.spend import SpendAccrued, ThresholdCrossed
from schemas.values import (
    Basis,
    DeadLetterReason,
    Discipline,
    FindingCode,
    Owner,
    Threshold,
    ThresholdGroup,
    UnitRule,
    WithdrawalReason,
)

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def rulebook() -> RuleBook:
    """The rulebook that ships."""
    return load()


@pytest.fixture(scope="module")
def story(rulebook: RuleBook) -> Story:
    """A story of which nothing has been played."""
    return Story(rulebook)


@pytest.fixture(scope="module")
def scenes(story: Story) -> Mapping[str, Scene]:
    """Every episode of the bundled clinic, played in order, by name."""
    return {episode.name: story.play(episode, lines) for episode, lines in read_clinic()}


def decided(scene: Scene) -> list[Decided]:
    """All decisions of an episode, in order."""
    return [each for turn in scene.turns for each in turn.decided]


def units(decision: Decision) -> dict[str, int | None]:
    """Units by code."""
    return {line.code: line.units for line in decision.lines}


def minutes(each: Decided) -> list[tuple[str, int]]:
    """The codes of the day's first session with the therapist's minutes."""
    services = each.day.sessions[0].services
    return [(service.code, service.therapist_minutes) for service in services]


def test_27_minutes_are_two_units(scenes: Mapping[str, Scene]) -> None:
    """10, 12 and 5 minutes are 27, two units: one each to the largest two; 5 earn none."""
    [only] = decided(scenes["total_time"])
    assert isinstance(only.decision, ClaimReady)
    assert units(only.decision) == {"97530": 1, "97110": 1}
    assert [service.code for service in only.decision.unbilled] == ["97140"]
    assert (only.day.timed_minutes, only.day.timed_units) == (27, 2)


def test_a_tie_goes_as_the_clinician_chose(scenes: Mapping[str, Scene]) -> None:
    """Three times 8 minutes are two units, and they go to the two codes that the session names."""
    [only] = decided(scenes["tie"])
    assert isinstance(only.decision, ClaimReady)
    assert units(only.decision) == {"97140": 1, "97530": 1}
    [choice] = only.day.choices
    assert set(choice.units_go_to) == {"97140", "97530"}
    assert choice.could_go_to == ("97110",)


def test_a_commercial_payer_counts_by_the_midpoint(scenes: Mapping[str, Scene]) -> None:
    """The 27 minutes are two units there too, and the three times 8 minutes are three."""
    first, second = decided(scenes["midpoint"])
    assert first.day.unit_rule is UnitRule.CPT_MIDPOINT
    assert units(first.decision) == {"97530": 1, "97110": 1}
    assert units(second.decision) == {"97110": 1, "97140": 1, "97530": 1}


def test_the_commercial_minutes_are_those_of_medicare(scenes: Mapping[str, Scene]) -> None:
    """The two commercial sessions have the minutes of the first two Medicare sessions."""
    medicare = (*decided(scenes["total_time"]), *decided(scenes["tie"]))
    assert [minutes(each) for each in medicare] == [
        minutes(each) for each in decided(scenes["midpoint"])
    ]


def test_seven_minutes_are_not_billable(scenes: Mapping[str, Scene]) -> None:
    """A day of 7 timed minutes has nothing to bill."""
    [only] = decided(scenes["too_short"])
    assert isinstance(only.decision, ClaimNotBillable)
    assert FindingCode.NO_BILLABLE_TIME in {finding.code for finding in only.decision.findings}


def test_an_unsigned_day_goes_on_with_the_addendum(scenes: Mapping[str, Scene]) -> None:
    """The day waits for the therapist's signature and is ready when the addendum comes."""
    session, addendum = scenes["signature"].turns
    [waiting], [ready] = session.decided, addendum.decided
    assert isinstance(waiting.decision, ClaimNeedsDocumentation)
    [missing] = waiting.decision.missing
    assert (missing.code, missing.owner) == (FindingCode.NOTE_NOT_SIGNED, Owner.THERAPIST)
    assert isinstance(ready.decision, ClaimReady)
    assert ready.decision.visit_day_id == waiting.decision.visit_day_id


def test_treatment_waits_for_the_certification(scenes: Mapping[str, Scene]) -> None:
    """The evaluation goes out; the next visit's plan is due 30 days after the first treatment."""
    evaluation, waiting, ready = decided(scenes["certification"])
    assert isinstance(evaluation.decision, ClaimReady)
    assert isinstance(waiting.decision, ClaimNeedsDocumentation)
    [missing] = waiting.decision.missing
    assert (missing.code, missing.owner, str(missing.due)) == (
        FindingCode.PLAN_OF_CARE_NOT_CERTIFIED,
        Owner.PHYSICIAN,
        "2026-04-15",
    )
    assert isinstance(ready.decision, ClaimReady)


def test_an_amended_session_replaces_its_claim(scenes: Mapping[str, Scene]) -> None:
    """The second decision has the same claim id, frequency code 7, and fewer units."""
    first, second = (each.decision for each in decided(scenes["amended"]))
    assert isinstance(first, ClaimReady)
    assert isinstance(second, ClaimReady)
    assert (first.frequency_code, second.frequency_code) == ("1", "7")
    assert second.claim_id == first.claim_id
    assert second.replaces is not None
    assert second.replaces.version == first.version
    assert (units(first)["97110"], units(second)["97110"]) == (2, 1)


def test_a_voided_session_withdraws_its_claim(scenes: Mapping[str, Scene]) -> None:
    """The claim is withdrawn as voided, and the day's amount in the year is nothing."""
    first, second = decided(scenes["voided"])
    assert isinstance(first.decision, ClaimReady)
    assert isinstance(second.decision, ClaimWithdrawn)
    assert second.decision.reason is WithdrawalReason.VOIDED
    assert second.decision.claim_id == first.decision.claim_id
    assert second.day.spend is not None
    assert second.day.spend.amount == "0.00"


def test_an_ot_session_moves_the_price_of_a_pt_day(scenes: Mapping[str, Scene]) -> None:
    """The PT day loses its one full price; spend is emitted again, and no decision with it."""
    pt, ot = scenes["mppr"].turns[-2:]
    [repricing] = ot.repricings
    assert [each.decision.discipline for each in ot.decided] == [Discipline.OT]
    assert repricing.day.discipline is Discipline.PT
    assert repricing.total_before == pt.decided[0].day.total_allowed
    # 97110 twice: 29.09 + 22.27 becomes 22.27 + 22.27.
    assert Decimal(repricing.total_before) - Decimal(repricing.day.total_allowed) == Decimal(
        "6.82"
    )


def test_the_line_that_crosses_kx_waits_for_its_attestation(scenes: Mapping[str, Scene]) -> None:
    """2,440.00 and 22.27 stay below 2,480.00; the second line is over it and gets KX, alone."""
    [session, attestation] = scenes["kx"].turns[-2:]
    [waiting], [ready] = session.decided, attestation.decided
    assert isinstance(waiting.decision, ClaimNeedsDocumentation)
    [missing] = waiting.decision.missing
    assert (missing.code, missing.lines) == (FindingCode.KX_ATTESTATION_MISSING, (2,))
    assert isinstance(ready.decision, ClaimReady)
    assert [line.modifiers for line in ready.decision.lines] == [("GP",), ("GP", "KX")]
    crossed = [event.data for event in session.emitted if isinstance(event.data, ThresholdCrossed)]
    assert [each.threshold for each in crossed] == [Threshold.KX]


def test_a_bad_line_is_named_and_the_rest_goes_on(scenes: Mapping[str, Scene]) -> None:
    """Minutes below zero are a dead letter that names their field; the corrected line is ready."""
    bad, corrected = scenes["bad_line"].turns
    assert isinstance(bad.came, Unreadable)
    assert bad.came.reason is DeadLetterReason.INVALID_DATA
    assert "therapist_minutes" in bad.came.detail
    assert isinstance(corrected.decided[0].decision, ClaimReady)


def test_a_2027_date_is_held_by_name(scenes: Mapping[str, Scene]) -> None:
    """The day is held for want of 2027's values, and what is missing is named."""
    [only] = decided(scenes["next_year"])
    assert isinstance(only.decision, ClaimHeld)
    assert {block.code for block in only.decision.blocked_by} == {FindingCode.NO_VALUE_IN_FORCE}
    said = " ".join(finding.message for finding in only.decision.findings)
    assert "relative values" in said
    assert "KX threshold" in said
    assert "2027-01-04" in said


def test_no_consumer_fails(scenes: Mapping[str, Scene]) -> None:
    """Every line that can be read is handled."""
    assert not [scene.episode.name for scene in scenes.values() if scene.has_failed]


def test_the_years_are_those_of_spend(scenes: Mapping[str, Scene], story: Story) -> None:
    """Each standing is the sum of its days' last amounts, or the report and the days since."""
    days: dict[str, SpendAccrued] = {}
    for scene in scenes.values():
        for turn in scene.turns:
            accrued = [e.data for e in turn.emitted if isinstance(e.data, SpendAccrued)]
            days.update({day.visit_day_id: day for day in accrued})
    sums: dict[tuple[str, int, ThresholdGroup], Decimal] = {}
    for day in days.values():
        if day.spend is not None:
            key = (day.patient_id, day.spend.year, day.spend.threshold_group)
            sums[key] = sums.get(key, Decimal(0)) + Decimal(day.spend.amount)
    sums["patient-5", 2026, ThresholdGroup.PT_SLP] += Decimal("2440.00")
    standings = {(s.patient_id, s.year, s.threshold_group): s for s in story.standings()}
    assert {key: Decimal(each.balance) for key, each in standings.items()} == sums
    reported = standings["patient-5", 2026, ThresholdGroup.PT_SLP]
    assert (reported.basis, reported.left_to_kx) == (Basis.REPORTED, "0.00")


def test_replay_decides_the_clinic_alike(scenes: Mapping[str, Scene], rulebook: RuleBook) -> None:
    """``therapy replay`` of the bundled file makes the decisions that the demo shows."""
    with EVENTS.open("rb") as file:
        written = [json.loads(line) for line, is_dead in replay(file, rulebook) if not is_dead]
    replayed = [event["type"] for event in written if event["type"] in DECISION_TYPES]
    shown = [each.type for scene in scenes.values() for each in decided(scene)]
    assert replayed == shown


def test_the_command_ends_well_and_says_every_title(capsys: pytest.CaptureFixture[str]) -> None:
    """``therapy demo`` has the exit status 0 and prints each episode's title."""
    assert main(["demo"]) == 0
    printed = capsys.readouterr().out
    for episode, _ in read_clinic():
        assert episode.title in printed


def test_the_output_is_the_same_each_time_and_plain(capsys: pytest.CaptureFixture[str]) -> None:
    """Two runs print the same; where there is no terminal there is no colour."""
    outputs = []
    for _ in range(2):
        main(["demo"])
        outputs.append(capsys.readouterr().out)
    assert outputs[0] == outputs[1]
    assert "\x1b" not in outputs[0]


@pytest.mark.parametrize("width", [80, 100])
def test_no_line_is_wider_than_the_console(width: int, rulebook: RuleBook) -> None:
    """At 80 and at 100 columns every line fits."""
    file = io.StringIO()
    console = Console(file=file, width=width, emoji=False, markup=False, highlight=False)
    story = Story(rulebook)
    tell(console, rulebook, story, [story.play(*each) for each in read_clinic()])
    assert max(map(len, file.getvalue().splitlines())) <= width


def test_every_value_has_its_words() -> None:
    """The biller's words cover the closed lists that they speak of."""
    assert set(DECISIONS) == set(DECISION_TYPES)
    assert set(GROUPS) == set(ThresholdGroup)
    assert set(THRESHOLDS) == set(Threshold)
    assert set(BASES) == set(Basis)
    assert set(WITHDRAWALS) == set(WithdrawalReason)


@pytest.mark.parametrize("place", [place for place, _ in ONWARDS if " " not in place])
def test_the_files_to_look_at_exist(place: str) -> None:
    """Each file that the demo points to is in the tree."""
    assert (ROOT / place).is_file()


@pytest.mark.parametrize("place", [place for place, _ in ONWARDS if " " in place])
def test_the_commands_to_try_exist(place: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Each command that the demo points to is one."""
    command = [word for word in place.split()[1:] if word.islower()]
    with pytest.raises(SystemExit) as ended:
        main([*command, "--help"])
    assert ended.value.code == 0
    assert "usage" in capsys.readouterr().out
