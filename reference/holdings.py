"""All that the reference folder holds, read once and checked."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from decimal import Decimal
from pathlib import Path
from typing import TypeVar

from reference.citations import Citations, read_citations
from reference.documents import (
    AmountByGroup,
    AssistantSplitValue,
    AssistantValue,
    CertificationValue,
    ConversionFactors,
    Count,
    FilingPeriod,
    MedicareShareValue,
    ParameterFile,
    Share,
    StatusIndicators,
    TableBySetting,
    Text,
    TimedUnitValue,
)
from reference.edit_tables import CodePair, Limit
from reference.errors import ReferenceFileError
from reference.facts import (
    AssistantRule,
    AssistantSplit,
    CertificationRule,
    FindingText,
    Gpci,
    PayerProfile,
    Procedure,
    RelativeValue,
    TimedUnit,
)
from reference.parameter_files import (
    ParameterFolder,
    read_findings,
    read_profiles,
)
from reference.releases import read_table
from reference.rows import GPCIS, PROCEDURES, code_pairs, limits, relative_values
from reference.series import Series
from reference.unit_documents import (
    MonitoringValue,
    TimedCodes,
    monitoring_rule,
    timed_series,
)
from reference.unit_facts import MonitoringRule, TimedSeries
from schemas.values import FindingCode, Setting, ThresholdGroup

T = TypeVar("T")
Amounts = dict[ThresholdGroup, Decimal]
EDIT_TABLES = ("practitioner", "outpatient_hospital")


@dataclass(frozen=True, slots=True)
class Parameters:
    """The dated numbers; each field is the file of its name below ``parameters/``."""

    timed_unit: Series[TimedUnit]
    low_minutes_per_unit: Series[int]
    timed_codes: Series[Mapping[str, TimedSeries]]
    monitoring: Series[MonitoringRule]
    kx_threshold: Series[Amounts]
    review_threshold: Series[Amounts]
    approaching_share: Series[Decimal]
    conversion_factor: Series[ConversionFactors]
    mppr_practice_expense_share: Series[Decimal]
    status_indicators: Series[StatusIndicators]
    certification: Series[CertificationRule]
    progress_report_days: Series[int]
    continued_use_days: Series[int]
    assistants: Series[AssistantRule]
    assistant_split: Series[AssistantSplit]
    assistant_payment_share: Series[Decimal]
    assistant_accrual_share: Series[Decimal]
    medicare_share: Series[MedicareShareValue]
    sequestration: Series[Decimal]
    tables_by_setting: Series[dict[Setting, str]]
    supervised_modalities: Series[frozenset[str]]
    filing_period: Series[FilingPeriod]


@dataclass(frozen=True, slots=True)
class Tables:
    """The published tables; the edit tables by the name of their set."""

    procedures: Series[Mapping[str, Procedure]]
    relative_values: Series[Mapping[str, RelativeValue]]
    gpcis: Series[Mapping[tuple[str, str], Gpci]]
    unit_limits: Mapping[str, Series[Mapping[str, Limit]]]
    code_pairs: Mapping[str, Series[Mapping[tuple[str, str], CodePair]]]


@dataclass(frozen=True, slots=True)
class Holdings:
    """Everything that was read."""

    citations: Citations
    findings: Mapping[FindingCode, FindingText]
    profiles: Mapping[str, Series[PayerProfile]]
    profile_by_payer_id: Mapping[str, str]
    parameters: Parameters
    tables: Tables

    def series(self) -> Iterator[tuple[str, Series[object]]]:
        """Give every series with the name of its file or folder."""
        for field in fields(self.parameters):
            yield field.name, getattr(self.parameters, field.name)
        yield PROCEDURES.name, self.tables.procedures
        yield "relative_values", self.tables.relative_values
        yield GPCIS.name, self.tables.gpcis
        for name in EDIT_TABLES:
            yield limits(name).name, self.tables.unit_limits[name]
            yield code_pairs(name).name, self.tables.code_pairs[name]
        for name, profile in self.profiles.items():
            yield f"payers/{name}", profile


def read_holdings(root: Path) -> Holdings:
    """Read the whole folder; the first thing that is wrong raises ``ReferenceFileError``."""
    citations = read_citations(root / "citations.yaml")
    findings = read_findings(root / "findings.yaml", citations)
    profiles, profile_by_payer_id = read_profiles(root / "payers", citations)
    parameters = _read_parameters(ParameterFolder(root / "parameters", citations))
    tables = _read_tables(root / "tables", citations, parameters)
    _refuse_unknown_sets(parameters.tables_by_setting)
    return Holdings(citations, findings, profiles, profile_by_payer_id, parameters, tables)


def _read_parameters(folder: ParameterFolder) -> Parameters:
    """Read each parameter from its place; a file that nothing reads is refused."""
    amounts = ParameterFile[AmountByGroup]
    parameters = Parameters(
        timed_unit=folder.read("units/timed_unit", ParameterFile[TimedUnitValue], _timed_unit),
        low_minutes_per_unit=folder.read(
            "units/low_minutes_per_unit", ParameterFile[Count], _as_it_is
        ),
        timed_codes=folder.read("units/timed_codes", ParameterFile[TimedCodes], timed_series),
        monitoring=folder.read(
            "units/monitoring", ParameterFile[MonitoringValue], monitoring_rule
        ),
        kx_threshold=folder.read("thresholds/kx_threshold", amounts, dict),
        review_threshold=folder.read("thresholds/review_threshold", amounts, dict),
        approaching_share=folder.read(
            "thresholds/approaching_share", ParameterFile[Share], Decimal
        ),
        conversion_factor=folder.read(
            "payment/conversion_factor", ParameterFile[ConversionFactors], _as_it_is
        ),
        mppr_practice_expense_share=folder.read(
            "payment/mppr_practice_expense_share", ParameterFile[Share], Decimal
        ),
        status_indicators=folder.read(
            "payment/status_indicators", ParameterFile[StatusIndicators], _as_it_is
        ),
        certification=folder.read(
            "documentation/certification", ParameterFile[CertificationValue], _certification
        ),
        progress_report_days=folder.read(
            "documentation/progress_report_days", ParameterFile[Count], _as_it_is
        ),
        continued_use_days=folder.read(
            "documentation/continued_use_days", ParameterFile[Count], _as_it_is
        ),
        assistants=folder.read(
            "documentation/assistants", ParameterFile[AssistantValue], _assistants
        ),
        assistant_split=folder.read(
            "units/assistant_split", ParameterFile[AssistantSplitValue], _assistant_split
        ),
        assistant_payment_share=folder.read(
            "payment/assistant_payment_share", ParameterFile[Share], Decimal
        ),
        assistant_accrual_share=folder.read(
            "thresholds/assistant_accrual_share", ParameterFile[Share], Decimal
        ),
        medicare_share=folder.read(
            "payment/medicare_share", ParameterFile[MedicareShareValue], _as_it_is
        ),
        sequestration=folder.read("payment/sequestration", ParameterFile[Share], Decimal),
        tables_by_setting=folder.read(
            "edits/tables_by_setting", ParameterFile[TableBySetting], dict
        ),
        supervised_modalities=folder.read(
            "edits/supervised_modalities", ParameterFile[frozenset[Text]], _as_it_is
        ),
        filing_period=folder.read("filing/filing_period", ParameterFile[FilingPeriod], _as_it_is),
    )
    folder.refuse_unread()
    return parameters


def _as_it_is(value: T) -> T:
    return value


def _timed_unit(value: TimedUnitValue) -> TimedUnit:
    return TimedUnit(value.minutes_per_unit, value.minutes_first_unit)


def _certification(value: CertificationValue) -> CertificationRule:
    return CertificationRule(
        days_to_certify=value.days_to_certify,
        days_certified=value.days_certified,
        days_to_sign_verbal=value.days_to_sign_verbal,
        order_on_file_allowed=value.order_on_file_allowed,
    )


def _assistants(value: AssistantValue) -> AssistantRule:
    return AssistantRule(value.applies, value.exempt_settings, value.re_evaluations)


def _assistant_split(value: AssistantSplitValue) -> AssistantSplit:
    return AssistantSplit(
        in_part=value.in_part,
        de_minimis_share=value.de_minimis_share,
        minutes_last_unit=value.minutes_last_unit,
        minutes_of_two_least=value.minutes_of_two_least,
        minutes_of_two_most=value.minutes_of_two_most,
    )


def _read_tables(root: Path, citations: Citations, parameters: Parameters) -> Tables:
    rates = relative_values(parameters.status_indicators)
    edits = [table for name in EDIT_TABLES for table in (limits(name).name, code_pairs(name).name)]
    known = {PROCEDURES.name, rates.name, GPCIS.name, *edits}
    for folder in sorted(root.iterdir()):
        if folder.name not in known and not folder.name.startswith("."):
            raise ReferenceFileError(folder, "nothing reads this; is its name right?")
    return Tables(
        procedures=read_table(root, PROCEDURES, citations),
        relative_values=read_table(root, rates, citations),
        gpcis=read_table(root, GPCIS, citations),
        unit_limits={name: read_table(root, limits(name), citations) for name in EDIT_TABLES},
        code_pairs={name: read_table(root, code_pairs(name), citations) for name in EDIT_TABLES},
    )


def _refuse_unknown_sets(tables_by_setting: Series[dict[Setting, str]]) -> None:
    for dated in tables_by_setting.values:
        for name in dated.value.values():
            if name not in EDIT_TABLES:
                reason = f"{name} is not a set of edit tables ({', '.join(EDIT_TABLES)})"
                raise ReferenceFileError(dated.source.path, reason, dated.source.line)
