"""Therapy assistants: the place where a code's units are split between therapist and assistant.

The split itself (SSA §1834(v), CY2022 PFS final rule) has no rule in force yet, so a visit day
that needs it is held with the rule's name and is not billed as a therapist's.
"""

from collections.abc import Mapping, Sequence

from reference.facts import Facts, NoValueInForce
from rules.findings import report_missing
from rules.recording import RecordedCode
from schemas.finding import Finding
from schemas.session import Session
from schemas.units import UnitsLine
from schemas.values import Discipline

MODIFIERS = "the assistant modifiers CQ and CO"
SPEECH = "the rule for assistant minutes of speech-language pathology"


def report_assistants(
    lines: Sequence[UnitsLine], recorded: Mapping[str, RecordedCode], first: Session, facts: Facts
) -> list[Finding]:
    """Report NO_VALUE_IN_FORCE on the billed lines whose assistant minutes need the split.

    Payers that do not follow the assistant modifiers, exempt settings (SSA §1834(v)) and dates
    before the law need none.
    """
    if not facts.profile.assistant_modifiers:
        return []
    assisted = [line.line for line in lines if recorded[line.code].assistant_minutes]
    if not assisted:
        return []
    if first.discipline is Discipline.SLP:
        return [report_missing(facts, NoValueInForce(SPEECH, facts.date_of_service), assisted)]
    rule = facts.assistants
    if isinstance(rule, NoValueInForce):
        return [report_missing(facts, rule, assisted)]
    if not rule.applies or first.billing_provider.setting in rule.exempt_settings:
        return []
    return [report_missing(facts, NoValueInForce(MODIFIERS, facts.date_of_service), assisted)]
