"""What the law may know about one date of service and one payer: typed and frozen.

``RuleBook.on`` makes a ``Facts``. A value that is not in force is ``NoValueInForce``, a value and
not an exception: the visit day is then held with the name of what is missing, and nothing is
carried forward.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import TypeVar

from reference.edit_tables import CodePair, CodePairs, Column, Limit
from reference.unit_facts import MonitoringRule, TimedSeries
from schemas.values import (
    Discipline,
    Effect,
    FindingCode,
    Owner,
    Program,
    Setting,
    Severity,
    ThresholdGroup,
    UnitRule,
)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class NoValueInForce:
    """Says that ``name`` has no value on ``date_of_service``."""

    name: str
    date_of_service: date


@dataclass(frozen=True, slots=True)
class Citation:
    """The authority and the place in it; primary authority only."""

    authority: str
    locator: str
    is_verified: bool = True
    """We saw the text itself."""


class UnitBasis(StrEnum):
    """What one unit of a code stands for."""

    PER_15_MINUTES = "per_15_minutes"
    """Timed, in the pool of 15-minute codes."""
    TIMED_OUTSIDE_POOL = "timed_outside_pool"
    """Timed by thresholds of its own."""
    UNTIMED = "untimed"
    CONTRACTOR = "contractor"
    """Unlisted: units as recorded, priced by the contractor."""
    PERIOD = "period"
    """Counted over a calendar month or a period of days."""


@dataclass(frozen=True, slots=True)
class Procedure:
    """One row of the procedure table; empty ``disciplines`` means any."""

    code: str
    label: str
    unit_basis: UnitBasis
    disciplines: frozenset[Discipline]
    is_evaluation: bool
    """An evaluation, which is its own plan of care; a re-evaluation is not one."""
    is_one_on_one: bool
    """The note must state that treatment was one-on-one."""
    instead: str | None = None
    """The code that Medicare's fee schedule takes where it does not pay this one."""


@dataclass(frozen=True, slots=True)
class TimedUnit:
    """Minutes of one timed unit, and the fewest minutes that earn the first."""

    minutes_per_unit: int
    minutes_first_unit: int


class Pricing(StrEnum):
    """What the fee schedule's status indicator of a code means for its price."""

    PRICED = "priced"
    BUNDLED = "bundled"
    CONTRACTOR = "contractor"
    NOT_PAYABLE = "not_payable"


@dataclass(frozen=True, slots=True, eq=False)
class RelativeValue:
    """A code's relative value units in one release; practice expense is the non-facility one."""

    code: str
    status: str
    pricing: Pricing
    """CONTRACTOR too for a status R or T row whose relative values are all zero."""
    work: Decimal
    practice_expense: Decimal
    malpractice: Decimal
    is_mppr: bool
    """In the multiple procedure payment reduction for therapy (MULT PROC = 5)."""
    release: str


@dataclass(frozen=True, slots=True, eq=False)
class Gpci:
    """The geographic practice cost indices of one MAC and locality; one object a row."""

    work: Decimal
    practice_expense: Decimal
    malpractice: Decimal
    release: str


class Counted(StrEnum):
    """What a payer's daily limit counts."""

    UNITS = "units"
    CODES = "codes"
    MINUTES = "minutes"


class Scope(StrEnum):
    """Over what a payer counts a date of service; we see one visit day, which is narrowest."""

    DISCIPLINE = "discipline"
    PROVIDER = "provider"
    MEMBER = "member"


@dataclass(frozen=True, slots=True)
class DailyLimit:
    """The most units, codes or minutes of a date; empty ``codes`` means all timed codes."""

    counts: Counted
    at_most: int
    per: Scope
    codes: frozenset[str] = frozenset()
    exempt_settings: frozenset[Setting] = frozenset()


@dataclass(frozen=True, slots=True)
class TherapyNorm:
    """The most therapies and modalities of a visit that the payer finds usual."""

    at_most: int
    codes: frozenset[str]


@dataclass(frozen=True, slots=True)
class AuthorizationRule:
    """When the payer asks for an authorization."""

    visits_before: int = 0
    """Visit days of a discipline and calendar year that need none."""
    excepts_evaluations: bool = False
    """An evaluation needs none; a re-evaluation does."""


@dataclass(frozen=True, slots=True)
class PayerProfile:
    """Which policies we follow for a payer on the date; what the profile does not say is off.

    Each policy has the name and the default that it has in the file (``ProfileValue``).
    """

    name: str
    program: Program
    cites: tuple[Citation, ...]
    unit_rule: UnitRule
    fee_schedule: bool = False
    """Priced by Medicare's physician fee schedule; else lines go at their charge."""
    mppr: bool = False
    thresholds: bool = False
    """The KX and medical-review thresholds apply."""
    assistant_modifiers: bool = False
    code_pairs: bool = False
    """Medicare's NCCI tables."""
    own_code_pairs: tuple[CodePair, ...] = ()
    """Pairs of the payer's own, beside Medicare's or alone; they go before Medicare's."""
    distinct_modifier_column: Column = Column.TWO
    """The column of a pair whose line bears the modifier of a stated distinct service."""
    unit_limits: bool = False
    timely_filing: bool = False
    discipline_modifiers: bool = False
    requires_plan_of_care: bool = False
    requires_certification: bool = False
    requires_certifying_npi: bool = False
    requires_progress_report: bool = False
    activity_documentation_codes: frozenset[str] = frozenset()
    """Codes that need activity, limitation, goal, skilled need and response in the note."""
    requires_intervals: bool = False
    """Timed services need start and stop times."""
    interval_tolerance_minutes: int = 0
    """How far a service's start and stop times may be from its minutes."""
    speech_assistants: bool = False
    """Assistants of speech-language pathology are paid."""
    payment_estimate: bool = False
    """Pays as Medicare Part B does, so that a payment can be estimated from the allowed amount."""
    notes_compared: int = 0
    """How many of the patient's last notes a note is compared with."""
    note_likeness: Decimal = Decimal(1)
    """From which share of the words in common a note is nearly the same, 0 to 1."""
    pooled_codes: frozenset[str] = frozenset()
    """Codes outside the pool of 15-minute codes whose minutes this payer counts in it."""
    whole_unit_codes: frozenset[str] = frozenset()
    """Timed codes outside the pool of which each unit needs all of its minutes."""
    daily_limits: tuple[DailyLimit, ...] = ()
    """Over one of them the day needs a stated necessity."""
    therapy_norm: TherapyNorm | None = None
    authorization: AuthorizationRule | None = None
    """None where the payer asks for none."""
    visits_per_year: int | None = None
    """Most visit days of a discipline in a calendar year, authorized or not."""
    continued_use_codes: frozenset[str] = frozenset()
    """Codes whose use past some treatment days a progress report has to justify."""


@dataclass(frozen=True, slots=True, eq=False)
class FindingText:
    """One row of the finding catalogue; ``message`` is a ``str.format`` template.

    Told apart by identity, so that the findings made of one can be remembered by it.
    """

    code: FindingCode
    severity: Severity
    effect: Effect | None
    owner: Owner | None
    message: str
    cure: str
    citation: Citation


@dataclass(frozen=True, slots=True)
class CertificationRule:
    """Days that the certification of a plan of care may take and last (42 CFR 424.24(c))."""

    days_to_certify: int
    """After the first treatment."""
    days_certified: int
    """Longest certified interval, counted from its first day."""
    days_to_sign_verbal: int
    order_on_file_allowed: bool
    """The exception for an order on file and a plan sent to the referrer is in force."""


@dataclass(frozen=True, slots=True)
class AssistantRule:
    """Where CQ and CO are asked for (SSA §1834(v)), and what no assistant may furnish."""

    applies: bool
    exempt_settings: frozenset[Setting]
    re_evaluations: frozenset[str]
    """Codes; evaluations are marked in the procedure table."""


class InPart(StrEnum):
    """How to tell that an assistant has furnished a service in part."""

    EXACT_RATIO = "exact_ratio"
    """The assistant's minutes are more than the share of all minutes."""
    SIMPLE = "simple"
    """They are as many as the share of all minutes, rounded to the minute, and one more."""


@dataclass(frozen=True, slots=True)
class AssistantSplit:
    """How a code's units fall to therapist and assistant; minutes, and a share from 0 to 1."""

    in_part: InPart
    de_minimis_share: Decimal
    """Up to this share of a service an assistant's minutes do not count."""
    minutes_last_unit: int
    """The fewest with which a side takes the last unit that both have a part in."""
    minutes_of_two_least: int
    minutes_of_two_most: int
    """With so many minutes of each side, two units that are left are one of each."""


@dataclass(frozen=True, slots=True, eq=False)
class PaymentShares:
    """What becomes of an allowed amount under Medicare Part B; shares from 0 to 1.

    Every line asks what it comes to by them: the same shares are one object, and told by that.
    """

    medicare: Decimal
    """Medicare's part of it; the rest is the patient's."""
    paid_otherwise: frozenset[Setting]
    """Settings that are not paid by the fee schedule."""
    assistant: Decimal
    """What is left of Medicare's part of a service of an assistant."""
    sequestration: Decimal
    """What is taken off Medicare's part."""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """The yearly thresholds of one group in dollars; balances strictly above are over."""

    approaching_kx: Decimal | NoValueInForce
    """90 % of the KX threshold, a parameter of ours."""
    kx: Decimal | NoValueInForce
    review: Decimal | NoValueInForce


@dataclass(frozen=True, slots=True, eq=False)
class Facts:
    """All that a rule may ask on one date of service under one payer profile.

    Told apart by identity, so that what a rule works out of one can be remembered by it.

    The mappings are read-only and shared by every ``Facts`` of the same release. Money is in
    dollars.
    """

    date_of_service: date
    profile: PayerProfile
    findings: Mapping[FindingCode, FindingText]
    procedures: Mapping[str, Procedure] | NoValueInForce
    timed_unit: TimedUnit | NoValueInForce
    low_minutes_per_unit: int | NoValueInForce
    """Fewer timed minutes a unit than these on a day are reported: a number of ours."""
    timed_codes: Mapping[str, TimedSeries] | NoValueInForce
    """By the code of the first unit and by that of the further ones."""
    monitoring: MonitoringRule | NoValueInForce
    relative_values: Mapping[str, RelativeValue] | NoValueInForce
    gpcis: Mapping[tuple[str, str], Gpci] | NoValueInForce
    """By (MAC, locality)."""
    conversion_factor: Decimal | NoValueInForce
    conversion_factor_qualifying_apm: Decimal | NoValueInForce
    mppr_practice_expense_share: Decimal | NoValueInForce
    """What is left of the practice expense of every unit but the first, 0 to 1."""
    thresholds: Mapping[ThresholdGroup, Thresholds] | NoValueInForce
    certification: CertificationRule | NoValueInForce
    progress_report_days: int | NoValueInForce
    """Treatment days of the discipline that one progress report may cover."""
    continued_use_days: int | NoValueInForce
    """Treatment days of a plan on which a code needs no justification of its own."""
    assistants: AssistantRule | NoValueInForce
    code_pairs: Mapping[Setting, CodePairs] | NoValueInForce
    unit_limits: Mapping[Setting, Mapping[str, Limit]] | NoValueInForce
    assistant_split: AssistantSplit | NoValueInForce
    payment_shares: PaymentShares | NoValueInForce
    assistant_accrual_share: Decimal | NoValueInForce
    """What of an assistant's line counts in the year's spend, 0 to 1."""
    supervised_modalities: frozenset[str] | NoValueInForce
    """Codes that need no clinician beside the patient, so may have the time of another service."""
    filing_due: date | NoValueInForce
    """The last day to file a claim for the date of service, inclusive."""

    def of_setting(
        self, tables: Mapping[Setting, T] | NoValueInForce, setting: Setting, name: str
    ) -> T | NoValueInForce:
        """Return the table that serves a setting, or what is missing of it by its ``name``."""
        if isinstance(tables, NoValueInForce):
            return tables
        table = tables.get(setting)
        if table is None:
            return NoValueInForce(f"the {name} of {setting}", self.date_of_service)
        return table
