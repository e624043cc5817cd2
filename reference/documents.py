"""The shapes of the YAML files: closed, and checked where a file is loaded."""

from datetime import date
from decimal import Decimal
from string import Formatter
from typing import Annotated, Generic, Self, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, RootModel, model_validator

from reference.edit_tables import Column
from reference.facts import Counted, InPart, Pricing, Scope
from schemas.values import (
    Effect,
    FindingCode,
    Owner,
    Program,
    Setting,
    Severity,
    ThresholdGroup,
    UnitRule,
)


class Document(BaseModel):
    """A closed, frozen piece of a file."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _one_entry_for_each_group(
    amounts: dict[ThresholdGroup, Decimal],
) -> dict[ThresholdGroup, Decimal]:
    if set(amounts) != set(ThresholdGroup):
        message = "an amount for each threshold group is needed"
        raise ValueError(message)
    return amounts


def _one_entry_for_each_setting(tables: dict[Setting, str]) -> dict[Setting, str]:
    if set(tables) != set(Setting):
        message = "a table for each setting is needed"
        raise ValueError(message)
    return tables


def _is_a_template(text: str) -> str:
    for _literal, field, _format, _conversion in Formatter().parse(text):
        if field is not None and not field.isidentifier():
            message = f"{{{field}}} is not the name of a field"
            raise ValueError(message)
    return text


Text = Annotated[str, Field(min_length=1)]
Amount = Annotated[Decimal, Field(ge=0)]
Share = Annotated[Decimal, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=0)]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
CitationIds = Annotated[tuple[Text, ...], Field(min_length=1)]
AmountByGroup = Annotated[dict[ThresholdGroup, Amount], AfterValidator(_one_entry_for_each_group)]
TableBySetting = Annotated[dict[Setting, Text], AfterValidator(_one_entry_for_each_setting)]


class Dates(Document):
    """Dates of service, inclusive; an open end needs the day on which it was verified."""

    first: date = Field(alias="from")
    through: date | None = None
    verified_on: date | None = None

    @model_validator(mode="after")
    def _has_an_end(self) -> Self:
        if self.through is None and self.verified_on is None:
            message = "give 'through', or 'verified_on' where the end is open"
            raise ValueError(message)
        if self.through is not None and self.through < self.first:
            message = "'through' is before 'from'"
            raise ValueError(message)
        return self


V = TypeVar("V")


class ParameterValue(Dates, Generic[V]):
    """One value of a parameter with its dates and citations."""

    value: V
    cites: CitationIds
    note: Text | None = None


class ParameterFile(Document, Generic[V]):
    """A parameter: what it is, its unit, and its values."""

    label: Text
    unit: Text
    note: Text | None = None
    values: Annotated[tuple[ParameterValue[V], ...], Field(min_length=1)]


class TimedUnitValue(Document):
    """Minutes of a timed unit, and the fewest that earn the first."""

    minutes_per_unit: Annotated[int, Field(gt=0)]
    minutes_first_unit: Annotated[int, Field(gt=0)]


class ConversionFactors(Document):
    """Dollars per relative value unit, without and with a qualifying payment model."""

    standard: Amount
    qualifying_apm: Amount


class StatusIndicators(Document):
    """What each status letter of the fee schedule means for the price."""

    pricing: dict[Text, Pricing]
    contractor_when_zero: frozenset[Text]


class CertificationValue(Document):
    """Calendar days for the certification of a plan of care."""

    days_to_certify: Count
    days_certified: Count
    days_to_sign_verbal: Count
    order_on_file_allowed: bool


class AssistantValue(Document):
    """Whether CQ and CO are asked for, and where not; what no assistant may furnish."""

    applies: bool
    exempt_settings: frozenset[Setting]
    re_evaluations: frozenset[Text]


class AssistantSplitValue(Document):
    """How units fall to therapist and assistant: minutes of the units that both have a part in."""

    in_part: InPart
    de_minimis_share: Share
    minutes_last_unit: Count
    minutes_of_two_least: Count
    minutes_of_two_most: Count


class MedicareShareValue(Document):
    """Medicare's part of the allowed amount, and the settings that it pays in another way."""

    share: Share
    paid_otherwise: frozenset[Setting]


class FilingPeriod(Document):
    """Calendar years after the date of service."""

    calendar_years: Count


class OwnCodePair(Document):
    """A code pair of a payer's own: column two is not paid beside column one."""

    column_one: Text
    column_two: Text
    modifier_indicator: Annotated[int, Field(ge=0, le=1)]
    """0: never; 1: where a distinct service is stated."""


def _differ(pairs: tuple[OwnCodePair, ...]) -> tuple[OwnCodePair, ...]:
    """Refuse a pair of one code, and two codes that stand twice, in whichever order."""
    if any(pair.column_one == pair.column_two for pair in pairs):
        message = "a pair has two codes"
        raise ValueError(message)
    if len({frozenset((pair.column_one, pair.column_two)) for pair in pairs}) < len(pairs):
        message = "the same two codes are a pair more than once"
        raise ValueError(message)
    return pairs


OwnCodePairs = Annotated[tuple[OwnCodePair, ...], AfterValidator(_differ)]


class DailyLimitValue(Document):
    """The most that a payer pays on a date of service; without codes, of all timed codes."""

    counts: Counted
    at_most: Annotated[int, Field(gt=0)]
    per: Scope
    codes: frozenset[Text] = frozenset()
    exempt_settings: frozenset[Setting] = frozenset()


class TherapyNormValue(Document):
    """The most therapies and modalities of a visit that a payer finds usual; never a limit."""

    at_most: Annotated[int, Field(gt=0)]
    codes: Annotated[frozenset[Text], Field(min_length=1)]


class AuthorizationValue(Document):
    """When a payer asks for an authorization; years are calendar years of the dates of service."""

    visits_before: Count = 0
    excepts_evaluations: bool = False


class ProfileValue(Dates):
    """The policies of a payer profile in one window; what is not said is off."""

    unit_rule: UnitRule
    fee_schedule: bool = False
    mppr: bool = False
    thresholds: bool = False
    assistant_modifiers: bool = False
    code_pairs: bool = False
    own_code_pairs: OwnCodePairs = ()
    distinct_modifier_column: Column = Column.TWO
    unit_limits: bool = False
    timely_filing: bool = False
    discipline_modifiers: bool = False
    requires_plan_of_care: bool = False
    requires_certification: bool = False
    requires_certifying_npi: bool = False
    requires_progress_report: bool = False
    activity_documentation_codes: frozenset[Text] = frozenset()
    requires_intervals: bool = False
    interval_tolerance_minutes: Count = 0
    speech_assistants: bool = False
    payment_estimate: bool = False
    notes_compared: Count = 0
    note_likeness: Share = Decimal(1)
    pooled_codes: frozenset[Text] = frozenset()
    whole_unit_codes: frozenset[Text] = frozenset()
    daily_limits: tuple[DailyLimitValue, ...] = ()
    therapy_norm: TherapyNormValue | None = None
    authorization: AuthorizationValue | None = None
    visits_per_year: Annotated[int, Field(gt=0)] | None = None
    continued_use_codes: frozenset[Text] = frozenset()
    cites: CitationIds
    note: Text | None = None


class PayerFile(Document):
    """A payer profile; one that bears its program's name is the fallback and names no payer."""

    profile: Text
    program: Program
    payer_ids: frozenset[Text]
    note: Text | None = None
    values: Annotated[tuple[ProfileValue, ...], Field(min_length=1)]


class EffectiveDates(Document):
    """A release's dates of service, inclusive."""

    first: date = Field(alias="from")
    through: date | None = None


class ReleaseFile(Document):
    """A published table: where it comes from, when it holds, and the file it must be."""

    label: Text
    source: Text
    source_sha256: Annotated[tuple[Sha256, ...], Field(min_length=1)] | None = None
    """Of the official files, in the order of its parts."""
    published: date | None = None
    retrieved: date
    effective: EffectiveDates
    verified_on: date | None = None
    confidence: Text | None = None
    note: Text | None = None
    file: Text
    sha256: Sha256
    rows: Count
    columns: dict[Text, Text] = Field(default_factory=dict)
    cites: CitationIds

    @model_validator(mode="after")
    def _has_an_end(self) -> Self:
        Dates.model_validate(
            {
                "from": self.effective.first,
                "through": self.effective.through,
                "verified_on": self.verified_on,
            }
        )
        return self


class CitationEntry(Document):
    """An authority and the place in it; ``verified`` says whether we saw the text itself."""

    id: Text
    title: Text
    issuer: Text
    locator: Text
    url: Text | None = None
    published: date | None = None
    retrieved: date | None = None
    verified: bool
    note: Text | None = None


class CitationsFile(RootModel[tuple[CitationEntry, ...]]):
    """All citations."""


class FindingEntry(Document):
    """One finding: how it weighs, who cures it, what the biller reads."""

    severity: Severity
    effect: Effect | None = None
    owner: Owner | None = None
    when: Text
    message: Annotated[Text, AfterValidator(_is_a_template)]
    cure: Text
    cites: CitationIds


class FindingsFile(RootModel[dict[FindingCode, FindingEntry]]):
    """The finding catalogue."""
