"""The finding catalogue: its templates have the fields that the rules fill, and no others."""

from string import Formatter

import pytest

from reference.rulebook import RuleBook
from schemas.values import Effect, FindingCode, Severity

FIELDS = {
    FindingCode.UNKNOWN_CODE: {"code"},
    FindingCode.NO_VALUE_IN_FORCE: {"name", "date_of_service"},
    FindingCode.CODE_NOT_PAYABLE: {"code", "instead"},
    FindingCode.CODE_BUNDLED: {"code"},
    FindingCode.LINE_NOT_PRICED: {"code", "reason"},
    FindingCode.CLINICIAN_CHOICE_OF_UNIT: {"units_go_to", "could_go_to"},
    FindingCode.NO_BILLABLE_TIME: {"minutes"},
    FindingCode.PLAN_OF_CARE_NOT_CERTIFIED: {"due"},
    FindingCode.CERTIFICATION_EXPIRED: {"through"},
    FindingCode.PROGRESS_REPORT_DUE: {"treatment_days", "due"},
    FindingCode.CONTINUED_USE_NOT_JUSTIFIED: {"treatment_days"},
    FindingCode.KX_ATTESTATION_MISSING: {"threshold"},
    FindingCode.REVIEW_THRESHOLD_PASSED: {"threshold"},
    FindingCode.MODIFIER_DISAGREES: {"modifiers"},
    FindingCode.NCCI_PAIR_NOT_ALLOWED: {"column_one", "column_two"},
    FindingCode.NCCI_PAIR_NEEDS_DISTINCT_SERVICE: {"column_one", "column_two"},
    FindingCode.DISTINCT_INTERVALS_OVERLAP: {"column_one", "column_two"},
    FindingCode.DISTINCT_SERVICE_NOT_NEEDED: {"code"},
    FindingCode.UNITS_OVER_ABSOLUTE_LIMIT: {"code", "units", "limit"},
    FindingCode.UNITS_OVER_CLINICAL_LIMIT: {"code", "units", "limit"},
    FindingCode.TOO_MANY_MODIFIERS: {"modifiers"},
    FindingCode.INTERVALS_DISAGREE_WITH_MINUTES: {"how"},
    FindingCode.OVERLAPPING_INTERVALS: {"where"},
    FindingCode.MINUTES_PER_UNIT_LOW: {"minutes", "units"},
    FindingCode.NOTE_LOOKS_COPIED: {"what"},
    FindingCode.AUTHORIZATION_MISSING: {"reason"},
    FindingCode.AUTHORIZATION_EXHAUSTED: {"used"},
    FindingCode.UNITS_OVER_PAYER_LIMIT: {"count", "counted", "codes", "at_most"},
    FindingCode.MODALITIES_OVER_PAYER_NORM: {"count", "at_most"},
    FindingCode.LATE_FILING: {"due"},
    FindingCode.STUDENT_OR_AIDE_MINUTES: {"whose"},
    FindingCode.EVALUATION_BY_ASSISTANT: {"codes"},
    FindingCode.DISCIPLINE_CODE_MISMATCH: {"codes"},
    FindingCode.ASSISTANT_SPLIT_CHOICE: {"codes"},
}


@pytest.mark.parametrize("code", list(FindingCode))
def test_a_message_has_the_fields_that_the_rules_fill(
    rulebook: RuleBook, code: FindingCode
) -> None:
    """A template names exactly the fields of its finding."""
    message = rulebook.findings[code].message
    fields = {
        name for _text, name, _format, _how in Formatter().parse(message) if name is not None
    }
    assert fields == FIELDS.get(code, set())


@pytest.mark.parametrize("code", list(FindingCode))
def test_a_message_is_a_sentence(rulebook: RuleBook, code: FindingCode) -> None:
    """A message is one sentence for a person: a capital first, a full stop last."""
    message = rulebook.findings[code].message
    assert message[0].isupper()
    assert message.endswith(".")


@pytest.mark.parametrize("code", list(FindingCode))
def test_what_blocks_has_an_effect_and_an_owner(rulebook: RuleBook, code: FindingCode) -> None:
    """A blocking finding says what becomes of the day and who can cure it; others do not block."""
    text = rulebook.findings[code]
    blocks = text.effect in {Effect.HELD, Effect.NEEDS_DOCUMENTATION}
    assert (text.severity is Severity.BLOCKING) is blocks
    assert text.owner is not None or not blocks


def test_several_authorities_stand_in_one_citation(rulebook: RuleBook) -> None:
    """A finding that rests on two texts cites both, in their order."""
    citation = rulebook.findings[FindingCode.CERTIFICATION_EXPIRED].citation
    assert citation.locator == "§424.24(c); §220.1.3"
