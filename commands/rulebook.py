"""``therapy rulebook``: what is in force, whether it can be read, and how new files come in."""

import argparse
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from pathlib import Path

from pydantic import BaseModel
from rich.console import Console
from rich.table import Table

from commands.exits import FAILED, READ
from reference.errors import ReferenceFileError
from reference.facts import Facts, NoValueInForce
from reference.holdings import EDIT_TABLES
from reference.importers.release_folder import ImportRequest, Kind, import_release
from reference.rulebook import PACKAGE, RuleBook, load
from reference.series import DatedValue, Series
from schemas.values import Program

ROWS_SHOWN = 8
"""A mapping of more is a table, and only its rows are counted."""
NOTHING = "NO VALUE IN FORCE"
NOT_ASKED = "none"
ENDS_SOON = timedelta(days=60)
VERIFIED_LONG_AGO = timedelta(days=365)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's actions."""
    actions = parser.add_subparsers(dest="action", required=True)
    _add_list(actions)
    _add_show(actions)
    check = actions.add_parser("check", help="read and check everything; print the version")
    check.set_defaults(run=_check)
    check.add_argument("--on", type=day_of, metavar="DATE", help="warn as of; default: today")
    add_from_folder(check)
    _add_import(actions)


def _add_list(actions: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = actions.add_parser("list", help="what is in force, its dates and its source")
    parser.set_defaults(run=_list)
    parser.add_argument("--on", type=day_of, metavar="DATE", help="default: today")
    parser.add_argument("--all", action="store_true", help="what was and will be in force too")
    add_from_folder(parser)


def _add_show(actions: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = actions.add_parser("show", help="what is in force on a date of service for a payer")
    parser.set_defaults(run=_show)
    parser.add_argument("date", type=day_of, metavar="DATE", help="date of service, YYYY-MM-DD")
    parser.add_argument("payer", metavar="PAYER", help="a payer's id, or a program")
    parser.add_argument(
        "--program",
        type=Program,
        choices=list(Program),
        help="the payer's program, whose profile serves where no profile has the id",
    )
    add_from_folder(parser)


def _add_import(actions: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = actions.add_parser("import", help="make a release of an official CMS file")
    parser.set_defaults(run=_import)
    parser.add_argument("kind", type=Kind, choices=list(Kind))
    parser.add_argument("files", type=Path, nargs="+", metavar="FILE", help="CSV, text or zip")
    parser.add_argument("--release", required=True, help="name of the new folder")
    parser.add_argument("--from", dest="first", type=day_of, required=True, metavar="DATE")
    parser.add_argument("--through", type=day_of, required=True, metavar="DATE")
    parser.add_argument(
        "--edits",
        choices=EDIT_TABLES,
        help="which NCCI or MUE tables, where the file does not say",
    )
    parser.add_argument("--retrieved", type=day_of, metavar="DATE", help="default: today")
    parser.add_argument("--into", type=Path, default=PACKAGE, metavar="DIR")


def add_from_folder(parser: argparse.ArgumentParser) -> None:
    """Declare the folder of the reference data that a command decides by."""
    parser.add_argument("--reference", type=Path, default=PACKAGE, metavar="DIR")


def day_of(text: str) -> date:
    """Read an argument that is a date; argparse says what is wrong with another word."""
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        message = f"{text} is not a date YYYY-MM-DD"
        raise argparse.ArgumentTypeError(message) from error


def _console() -> Console:
    return Console(markup=False, highlight=False)


def _list(args: argparse.Namespace) -> int:
    _console().print(_listed(load(args.reference), args.on or _today(), is_all=args.all))
    return READ


def _today() -> date:
    return datetime.now(tz=UTC).date()


def _check(args: argparse.Namespace) -> int:
    try:
        rulebook = load(args.reference)
    except ReferenceFileError as error:
        sys.stderr.write(f"{error}\n")
        return FAILED
    count = sum(1 for _series in rulebook.series())
    console = _console()
    console.print(f"{count} parameters, tables and profiles are right")
    console.print(f"version {rulebook.version}")
    for warning in _warnings(rulebook, args.on or _today()):
        console.print(warning)
    return READ


def _warnings(rulebook: RuleBook, today: date) -> Iterator[str]:
    """Say what ends soon, and what is open-ended and was verified long ago."""
    for name, series in rulebook.series():
        current = series.at(today)
        if current is None:
            yield f"{name} has no value in force on {today}"
            continue
        last, verified = series.covered_through(today), current.window.verified_on
        if last is not None and last - today <= ENDS_SOON:
            yield f"{name} ends on {last}: load what follows"
        if last is None and verified is not None and today - verified > VERIFIED_LONG_AGO:
            yield f"{name} was verified on {verified}: look at the authority again"


def _listed(rulebook: RuleBook, today: date, *, is_all: bool) -> Table:
    """Return a row for what is in force today and for what is not; with all, for every value."""
    table = _table("name", "from", "through", "days left", "file", "source", title=f"on {today}")
    for name, series in rulebook.series():
        current = series.at(today)
        if current is None:
            table.add_row(name, NOTHING, style="bold")
        for parts in _by_source(series):
            if is_all or current in parts:
                left = _days_left(series, today) if current in parts else ""
                table.add_row(name, *_dates(parts), left, *_origin(parts[0]))
    return table


def _dates(parts: list[DatedValue[object]]) -> tuple[str, str]:
    return str(parts[0].window.first), _end(parts[-1])


def _origin(dated: DatedValue[object]) -> tuple[str, str]:
    source = dated.source
    return f"{source.path.parent.name}/{source.path.name}", source.origin


def _by_source(series: Series[object]) -> Iterator[list[DatedValue[object]]]:
    """Give the parts of what one place in a file says: a release may be cut where rows begin."""
    for _source, parts in groupby(series.values, key=lambda dated: dated.source):
        yield list(parts)


def _end(dated: DatedValue[object]) -> str:
    if dated.window.through is not None:
        return str(dated.window.through)
    return f"open, verified {dated.window.verified_on}"


def _days_left(series: Series[object], today: date) -> str:
    last = series.covered_through(today)
    return "" if last is None else str((last - today).days)


def _show(args: argparse.Namespace) -> int:
    rulebook, console = load(args.reference), _console()
    program = args.program or program_of(rulebook, args.payer)
    facts = rulebook.on(args.date, args.payer, program)
    console.print(_profile(rulebook, facts))
    console.print(_in_force(rulebook, facts))
    return READ


def program_of(rulebook: RuleBook, payer: str) -> Program:
    """Return the program that the word names, else that of the profile that has the payer's id."""
    if payer in {program.value for program in Program}:
        return Program(payer)
    for program in Program:
        name = rulebook.profile_name(payer, program)
        if name != program.value:
            return rulebook.profiles[name].values[0].value.program
    names = ", ".join(program.value for program in Program)
    raise ReferenceFileError(
        Path(payer), f"no profile has this id: name the program in its place, one of {names}"
    )


def _profile(rulebook: RuleBook, facts: Facts) -> Table:
    """Return every policy of the profile that holds on the date, then on whose word it does."""
    profile = facts.profile
    table = _table("policy", "value", title=f"{profile.name} on {facts.date_of_service}")
    dated = rulebook.profiles[profile.name].at(facts.date_of_service)
    if dated is not None:
        table.add_row("in force", f"{dated.window.first} to {_end(dated)}")
    for field in fields(profile):
        if field.name != "cites":
            table.add_row(field.name, _text(getattr(profile, field.name)))
    for cite in profile.cites:
        unseen = "" if cite.is_verified else " (the text itself was not seen)"
        table.add_row("cites", f"{cite.authority}, {cite.locator}{unseen}")
    return table


def _in_force(rulebook: RuleBook, facts: Facts) -> Table:
    """Return what every parameter and table says on the date, with its authority."""
    table = _table("name", "value", "from", "through", "authority", title="in force")
    for name, series in rulebook.series():
        if name.startswith("payers/"):
            continue
        dated = series.at(facts.date_of_service)
        if dated is None:
            table.add_row(name, NOTHING, style="bold")
            continue
        cites = "; ".join(f"{cite.authority}, {cite.locator}" for cite in dated.cites)
        table.add_row(name, _text(dated.value), str(dated.window.first), _end(dated), cites)
    table.add_row("filing due", _text(facts.filing_due))
    return table


def _table(*columns: str, title: str) -> Table:
    """Return a table whose cells go on in the next line where they are too wide."""
    table = Table(title=title, title_justify="left")
    for name in columns:
        table.add_column(name, overflow="fold")
    return table


def _text(value: object) -> str:
    """Return a value for a person: a table as its number of rows, anything else in full."""
    match value:
        case NoValueInForce():
            return NOTHING
        case None | tuple() | frozenset():
            return _listed_text(value)
        case Mapping():
            return f"{len(value)} rows" if len(value) > ROWS_SHOWN else _pairs(value.items())
        case BaseModel():
            return _pairs(value)
        case _ if is_dataclass(value):
            parts = [(field.name, getattr(value, field.name)) for field in fields(value)]
            return _pairs(part for part in parts if part[1] != frozenset())
        case _:
            return str(value)


def _listed_text(value: tuple[object, ...] | frozenset[object] | None) -> str:
    """Return several values in one order; that there is none is said."""
    if isinstance(value, frozenset):
        return ", ".join(sorted(map(str, value))) or NOT_ASKED
    return "; ".join(map(_text, value or ())) or NOT_ASKED


def _pairs(items: Iterable[tuple[object, object]]) -> str:
    return ", ".join(f"{name} {_text(value)}" for name, value in items)


def _import(args: argparse.Namespace) -> int:
    imported = import_release(
        ImportRequest(
            kind=args.kind,
            files=tuple(args.files),
            release=args.release,
            first=args.first,
            through=args.through,
            retrieved=args.retrieved or _today(),
            into=args.into,
            edits=args.edits,
        )
    )
    console = _console()
    console.print(f"{imported.rows} rows written to {imported.folder}")
    console.print(f"the rulebook's version is now {load(args.into).version}")
    return READ
