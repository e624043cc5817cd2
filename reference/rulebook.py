"""The rulebook: what is in force on a date of service under a payer's profile.

``load`` reads and checks everything once; ``RuleBook.on`` is asked several times for each event.
"""

from calendar import isleap
from collections.abc import Iterator, Mapping
from datetime import MAXYEAR, date
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType

from reference.edit_tables import CodePairs, Limit
from reference.facts import (
    Facts,
    FindingText,
    NoValueInForce,
    PayerProfile,
    PaymentShares,
    Thresholds,
)
from reference.holdings import Holdings, read_holdings
from reference.series import Series
from reference.version import rulebook_version
from schemas.values import FindingCode, Program, Setting, ThresholdGroup

PACKAGE = Path(__file__).resolve().parent
CENT = Decimal("0.01")
CACHED_FACTS = 4096
"""Most facts kept: a profile's year is 366 of them, each a few hundred bytes."""


class RuleBook:
    """Everything in force, by date of service and payer; frozen once it is loaded."""

    def __init__(self, holdings: Holdings, version: str) -> None:
        self._holdings = holdings
        self._pairs: dict[int, CodePairs] = {}
        self._facts: dict[tuple[date, str], Facts] = {}
        self.continued_use_codes = frozenset(
            code
            for profiles in holdings.profiles.values()
            for dated in profiles.values
            for code in dated.value.continued_use_codes
        )
        """Those whose continued use any payer wants justified on any date."""
        self.version = version
        """16 hexadecimal digits over ``reference/`` and ``rules/``."""
        self.monitored_codes = frozenset(
            code for dated in holdings.parameters.monitoring.values for code in dated.value.codes
        )
        """The codes of remote therapeutic monitoring on any date."""

    @property
    def findings(self) -> Mapping[FindingCode, FindingText]:
        """The finding catalogue."""
        return self._holdings.findings

    @property
    def profiles(self) -> Mapping[str, Series[PayerProfile]]:
        """The payer profiles by name."""
        return self._holdings.profiles

    def series(self) -> Iterator[tuple[str, Series[object]]]:
        """Give every parameter, table and profile with the name of its file or folder."""
        return self._holdings.series()

    def profile_name(self, payer_id: str, program: Program) -> str:
        """Return the profile that has the payer's id, else the program's own."""
        return self._holdings.profile_by_payer_id.get(payer_id, program.value)

    def on(self, date_of_service: date, payer_id: str, program: Program) -> Facts:
        """Return what is in force on the date of service for the payer."""
        name = self._holdings.profile_by_payer_id.get(payer_id, program)
        key = (date_of_service, name)
        facts = self._facts.get(key)
        if facts is None:
            facts = self._decide(date_of_service, self._holdings.profiles[name])
            if len(self._facts) >= CACHED_FACTS:
                # The oldest goes first: dates come in near their order.
                del self._facts[next(iter(self._facts))]
            self._facts[key] = facts
        return facts

    def _decide(self, day: date, profiles: Series[PayerProfile]) -> Facts:
        profile = profiles.value(day)
        if isinstance(profile, NoValueInForce):
            return self._nothing_in_force(profile, profiles.values[0].value)
        parameters, tables = self._holdings.parameters, self._holdings.tables
        standard, qualifying_apm = self._conversion_factors(day)
        return Facts(
            date_of_service=day,
            profile=profile,
            findings=self.findings,
            procedures=tables.procedures.value(day),
            timed_unit=parameters.timed_unit.value(day),
            low_minutes_per_unit=parameters.low_minutes_per_unit.value(day),
            timed_codes=parameters.timed_codes.value(day),
            monitoring=parameters.monitoring.value(day),
            relative_values=tables.relative_values.value(day),
            gpcis=tables.gpcis.value(day),
            conversion_factor=standard,
            conversion_factor_qualifying_apm=qualifying_apm,
            mppr_practice_expense_share=parameters.mppr_practice_expense_share.value(day),
            thresholds=self._thresholds(day),
            certification=parameters.certification.value(day),
            progress_report_days=parameters.progress_report_days.value(day),
            continued_use_days=parameters.continued_use_days.value(day),
            assistants=parameters.assistants.value(day),
            code_pairs=self._code_pairs(day),
            unit_limits=self._unit_limits(day),
            assistant_split=parameters.assistant_split.value(day),
            payment_shares=self._payment_shares(day),
            assistant_accrual_share=parameters.assistant_accrual_share.value(day),
            supervised_modalities=parameters.supervised_modalities.value(day),
            filing_due=self._filing_due(day),
        )

    def _nothing_in_force(self, missing: NoValueInForce, known: PayerProfile) -> Facts:
        """Hold every day outside a profile's dates: no fact is given, and no policy is on."""
        bare = PayerProfile(known.name, known.program, known.cites, known.unit_rule)
        return Facts(
            date_of_service=missing.date_of_service,
            profile=bare,
            findings=self.findings,
            procedures=missing,
            timed_unit=missing,
            low_minutes_per_unit=missing,
            timed_codes=missing,
            monitoring=missing,
            relative_values=missing,
            gpcis=missing,
            conversion_factor=missing,
            conversion_factor_qualifying_apm=missing,
            mppr_practice_expense_share=missing,
            thresholds=missing,
            certification=missing,
            progress_report_days=missing,
            continued_use_days=missing,
            assistants=missing,
            code_pairs=missing,
            unit_limits=missing,
            assistant_split=missing,
            payment_shares=missing,
            assistant_accrual_share=missing,
            supervised_modalities=missing,
            filing_due=missing,
        )

    def _conversion_factors(
        self, day: date
    ) -> tuple[Decimal | NoValueInForce, Decimal | NoValueInForce]:
        factors = self._holdings.parameters.conversion_factor.value(day)
        if isinstance(factors, NoValueInForce):
            return factors, factors
        return factors.standard, factors.qualifying_apm

    def _thresholds(self, day: date) -> Mapping[ThresholdGroup, Thresholds]:
        parameters = self._holdings.parameters
        kx, review = parameters.kx_threshold.value(day), parameters.review_threshold.value(day)
        share = parameters.approaching_share.value(day)
        approaching: Mapping[ThresholdGroup, Decimal] | NoValueInForce
        if isinstance(kx, NoValueInForce):
            approaching = kx
        elif isinstance(share, NoValueInForce):
            approaching = share
        else:
            approaching = {
                group: (kx[group] * share).quantize(CENT, ROUND_HALF_UP)
                for group in ThresholdGroup
            }
        thresholds = {
            group: Thresholds(
                approaching_kx=_of_group(approaching, group),
                kx=_of_group(kx, group),
                review=_of_group(review, group),
            )
            for group in ThresholdGroup
        }
        return MappingProxyType(thresholds)

    def _code_pairs(self, day: date) -> Mapping[Setting, CodePairs] | NoValueInForce:
        chosen = self._holdings.parameters.tables_by_setting.value(day)
        if isinstance(chosen, NoValueInForce):
            return chosen
        by_table: dict[str, CodePairs] = {}
        for name, table in self._holdings.tables.code_pairs.items():
            pairs = table.value(day)
            if isinstance(pairs, NoValueInForce):
                return pairs
            # One object for each part of a release, shared by all its dates.
            if id(pairs) not in self._pairs:
                self._pairs[id(pairs)] = CodePairs(pairs)
            by_table[name] = self._pairs[id(pairs)]
        return MappingProxyType({setting: by_table[name] for setting, name in chosen.items()})

    def _unit_limits(self, day: date) -> Mapping[Setting, Mapping[str, Limit]] | NoValueInForce:
        chosen = self._holdings.parameters.tables_by_setting.value(day)
        if isinstance(chosen, NoValueInForce):
            return chosen
        by_table: dict[str, Mapping[str, Limit]] = {}
        for name, table in self._holdings.tables.unit_limits.items():
            unit_limits = table.value(day)
            if isinstance(unit_limits, NoValueInForce):
                return unit_limits
            by_table[name] = unit_limits
        return MappingProxyType({setting: by_table[name] for setting, name in chosen.items()})

    def _payment_shares(self, day: date) -> PaymentShares | NoValueInForce:
        parameters = self._holdings.parameters
        medicare = parameters.medicare_share.value(day)
        assistant = parameters.assistant_payment_share.value(day)
        sequestration = parameters.sequestration.value(day)
        if isinstance(medicare, NoValueInForce):
            return medicare
        if isinstance(assistant, NoValueInForce):
            return assistant
        if isinstance(sequestration, NoValueInForce):
            return sequestration
        return _shares(medicare.share, medicare.paid_otherwise, assistant, sequestration)

    def _filing_due(self, day: date) -> date | NoValueInForce:
        period = self._holdings.parameters.filing_period.value(day)
        if isinstance(period, NoValueInForce):
            return period
        year = day.year + period.calendar_years
        if year > MAXYEAR:
            return NoValueInForce("filing period", day)
        is_lost = (day.month, day.day) == (2, 29) and not isleap(year)
        return date(year, 2, 28) if is_lost else date(year, day.month, day.day)


def _of_group(
    values: Mapping[ThresholdGroup, Decimal] | NoValueInForce, group: ThresholdGroup
) -> Decimal | NoValueInForce:
    return values if isinstance(values, NoValueInForce) else values[group]


def load(path: Path = PACKAGE) -> RuleBook:
    """Read and check everything below the folder; ``ReferenceFileError`` says what is wrong."""
    return RuleBook(read_holdings(path), rulebook_version(path))


@lru_cache(CACHED_FACTS)
def _shares(
    medicare: Decimal,
    paid_otherwise: frozenset[Setting],
    assistant: Decimal,
    sequestration: Decimal,
) -> PaymentShares:
    """Return the one object of these shares."""
    return PaymentShares(medicare, paid_otherwise, assistant, sequestration)
