"""What the rows of each table mean."""

from collections.abc import Iterable

from reference.csv_files import Row
from reference.documents import StatusIndicators
from reference.edit_tables import Adjudication, CodePair, Limit
from reference.facts import Gpci, Pricing, Procedure, RelativeValue, UnitBasis
from reference.releases import Item, Release, Table
from reference.series import Series, Window
from schemas.values import Discipline

PROCEDURE_COLUMNS = (
    "code",
    "label",
    "unit_basis",
    "disciplines",
    "is_evaluation",
    "is_one_on_one",
    "instead",
    "from",
    "through",
)
RELATIVE_VALUE_COLUMNS = (
    "code",
    "status",
    "work",
    "practice_expense",
    "malpractice",
    "is_mppr",
)
GPCI_COLUMNS = (
    "mac",
    "locality",
    "state",
    "locality_name",
    "work",
    "practice_expense",
    "malpractice",
)
LIMIT_COLUMNS = ("code", "units", "adjudication", "vintage")
CODE_PAIR_COLUMNS = ("column_one", "column_two", "effective", "deletion", "modifier_indicator")

# Indicator 9 says that the pair never took effect.
ACTIVE_INDICATORS = frozenset({0, 1})


def _own_window(row: Row, first: str, through: str, release: Release) -> Window:
    """Return the row's own dates; a blank one is the release's."""
    begins = row.day(first) or release.window.first
    ends = row.day(through) or release.window.through
    return Window(begins, ends, release.window.verified_on)


def _procedures(release: Release) -> Iterable[Item[str, Procedure]]:
    for row in release.rows:
        try:
            unit_basis = UnitBasis(row.text("unit_basis"))
            disciplines = frozenset(map(Discipline, row.cells["disciplines"].split()))
        except ValueError as error:
            raise row.error(str(error)) from error
        procedure = Procedure(
            code=row.text("code"),
            label=row.text("label"),
            unit_basis=unit_basis,
            disciplines=disciplines,
            is_evaluation=row.flag("is_evaluation"),
            is_one_on_one=row.flag("is_one_on_one"),
            instead=row.cells["instead"] or None,
        )
        yield Item(row, procedure.code, procedure, _own_window(row, "from", "through", release))


PROCEDURES = Table("procedures", PROCEDURE_COLUMNS, _procedures)


def relative_values(statuses: Series[StatusIndicators]) -> Table[str, RelativeValue]:
    """Return the table of relative values; the status letters mean what ``statuses`` says."""

    def items(release: Release) -> Iterable[Item[str, RelativeValue]]:
        dated = statuses.at(release.window.first)
        for row in release.rows:
            if dated is None:
                raise row.error(f"no status indicators are in force on {release.window.first}")
            value = _relative_value(row, release.name, dated.value)
            yield Item(row, value.code, value, release.window)

    return Table("relative_values", RELATIVE_VALUE_COLUMNS, items)


def _relative_value(row: Row, release: str, statuses: StatusIndicators) -> RelativeValue:
    status = row.text("status")
    if status not in statuses.pricing:
        raise row.error(f"column status: {status} is not among the status indicators")
    pricing = statuses.pricing[status]
    work = row.number("work")
    practice_expense = row.number("practice_expense")
    malpractice = row.number("malpractice")
    if status in statuses.contractor_when_zero and not work + practice_expense + malpractice:
        pricing = Pricing.CONTRACTOR
    return RelativeValue(
        code=row.text("code"),
        status=status,
        pricing=pricing,
        work=work,
        practice_expense=practice_expense,
        malpractice=malpractice,
        is_mppr=row.flag("is_mppr"),
        release=release,
    )


def _gpcis(release: Release) -> Iterable[Item[tuple[str, str], Gpci]]:
    for row in release.rows:
        gpci = Gpci(
            work=row.number("work"),
            practice_expense=row.number("practice_expense"),
            malpractice=row.number("malpractice"),
            release=release.name,
        )
        yield Item(row, (row.text("mac"), row.text("locality")), gpci, release.window)


GPCIS = Table("gpci", GPCI_COLUMNS, _gpcis)


def _limits(release: Release) -> Iterable[Item[str, Limit]]:
    for row in release.rows:
        number = row.whole("adjudication")
        try:
            adjudication = Adjudication(number)
        except ValueError as error:
            reason = "column adjudication is not 1, 2 or 3"
            raise row.error(reason) from error
        limit = Limit(units=row.whole("units"), adjudication=adjudication)
        yield Item(row, row.text("code"), limit, release.window)


def _code_pairs(release: Release) -> Iterable[Item[tuple[str, str], CodePair]]:
    """Keep what can be active; a blank effective date lies before the release."""
    for row in release.rows:
        pair = CodePair(
            column_one=row.text("column_one"),
            column_two=row.text("column_two"),
            modifier_indicator=row.whole("modifier_indicator"),
        )
        window = _own_window(row, "effective", "deletion", release)
        if pair.modifier_indicator in ACTIVE_INDICATORS:
            yield Item(row, (pair.column_one, pair.column_two), pair, window)


def limits(table: str) -> Table[str, Limit]:
    """Return the MUE table of one set of edits."""
    return Table(f"mue_{table}", LIMIT_COLUMNS, _limits)


def code_pairs(table: str) -> Table[tuple[str, str], CodePair]:
    """Return the NCCI PTP table of one set of edits."""
    return Table(f"ncci_ptp_{table}", CODE_PAIR_COLUMNS, _code_pairs)
