"""The biller's words for the contract's closed lists, dollars and citations."""

from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum

from schemas.events import EventType
from schemas.finding import Citation
from schemas.values import Basis, Threshold, ThresholdGroup, WithdrawalReason

DECISIONS: Mapping[str, tuple[str, str]] = {
    EventType.CLAIM_READY: ("READY", "bold green"),
    EventType.CLAIM_NEEDS_DOCUMENTATION: ("NEEDS DOCUMENTATION", "bold yellow"),
    EventType.CLAIM_HELD: ("HELD", "bold red"),
    EventType.CLAIM_NOT_BILLABLE: ("NOT BILLABLE", "bold"),
    EventType.CLAIM_WITHDRAWN: ("WITHDRAWN", "bold magenta"),
}
"""Each decision's name and colour."""

FREQUENCIES: Mapping[str, str] = {
    "1": "original claim",
    "7": "replacement (frequency 7)",
    "8": "void (frequency 8)",
}
"""The claim frequency codes that are in use."""

WITHDRAWALS: Mapping[WithdrawalReason, str] = {
    WithdrawalReason.VOIDED: "its session was voided",
    WithdrawalReason.MOVED: "its session moved to another day",
    WithdrawalReason.NO_UNIT: "no unit is left",
}

GROUPS: Mapping[ThresholdGroup, str] = {
    ThresholdGroup.PT_SLP: "PT and SLP",
    ThresholdGroup.OT: "OT",
}

THRESHOLDS: Mapping[Threshold, str] = {
    Threshold.APPROACHING_KX: "the line that warns of the KX threshold",
    Threshold.KX: "the KX threshold",
    Threshold.REVIEW: "the medical review threshold",
}

BASES: Mapping[Basis, str] = {Basis.FLOOR: "sessions", Basis.REPORTED: "report"}
"""What a balance rests on, in a word for a table."""


def say(value: StrEnum) -> str:
    """Return a value of a closed list as words."""
    return value.replace("_", " ")


def say_dollars(amount: str) -> str:
    """Return the contract's money with its thousands set apart."""
    return f"{Decimal(amount):,.2f}"


def say_citation(citation: Citation) -> str:
    """Return each authority beside its own place, where both are listed in pairs."""
    authorities, locators = citation.authority.split("; "), citation.locator.split("; ")
    if len(authorities) != len(locators):
        return f"[{citation.authority}, {citation.locator}]"
    pairs = zip(authorities, locators, strict=True)
    return f"[{'; '.join(f'{authority}, {locator}' for authority, locator in pairs)}]"
