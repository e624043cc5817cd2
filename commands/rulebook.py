"""``therapy rulebook``: what is in force, whether it can be read, and how new files come in."""

import argparse
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from itertools import groupby
from pathlib import Path

from rich.console import Console
from rich.table import Table

from reference.errors import ReferenceFileError
from reference.facts import Facts, NoValueInForce
from reference.importers.release_folder import ImportRequest, Kind, import_release
from reference.rulebook import PACKAGE, RuleBook, load
from reference.series import DatedValue, Series
from schemas.values import Program

FAILED = 1
EDITS = ("practitioner", "outpatient_hospital")


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add ``rulebook`` and what it does to the command line."""
    parser = subparsers.add_parser("rulebook", help="what is in force on a date; import CMS files")
    actions = parser.add_subparsers(dest="action", required=True)
    _add_list(actions)
    _add_show(actions)
    check = actions.add_parser("check", help="read and check everything; print the version")
    _add_from_folder(check)
    _add_import(actions)


def _add_list(actions: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = actions.add_parser("list", help="every parameter, table and profile with its dates")
    parser.add_argument("--on", type=_day, metavar="DATE", help="count days to expiry from here")
    _add_from_folder(parser)


def _add_show(actions: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = actions.add_parser("show", help="what is in force on a date of service for a payer")
    parser.add_argument("date", type=_day, metavar="DATE", help="date of service, YYYY-MM-DD")
    parser.add_argument("payer", metavar="PAYER", help="a payer's id, or a program")
    parser.add_argument(
        "--program",
        type=Program,
        choices=list(Program),
        help="the payer's program, whose profile serves where no profile has the id",
    )
    _add_from_folder(parser)


def _add_import(actions: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = actions.add_parser("import", help="make a release of an official CMS file")
    parser.add_argument("kind", type=Kind, choices=list(Kind))
    parser.add_argument("files", type=Path, nargs="+", metavar="FILE", help="CSV, text or zip")
    parser.add_argument("--release", required=True, help="name of the new folder")
    parser.add_argument("--from", dest="first", type=_day, required=True, metavar="DATE")
    parser.add_argument("--through", type=_day, required=True, metavar="DATE")
    parser.add_argument(
        "--edits", choices=EDITS, help="which NCCI or MUE tables, where the file does not say"
    )
    parser.add_argument("--retrieved", type=_day, metavar="DATE", help="default: today")
    parser.add_argument("--into", type=Path, default=PACKAGE, metavar="DIR")


def _add_from_folder(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--reference", type=Path, default=PACKAGE, metavar="DIR")


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        message = f"{text} is not a date YYYY-MM-DD"
        raise argparse.ArgumentTypeError(message) from error


def run(args: argparse.Namespace) -> int:
    """Do what was asked; 0, or 1 where a file is wrong, with its path, line and reason."""
    try:
        return _run(args)
    except ReferenceFileError as error:
        Console(stderr=True, soft_wrap=True, markup=False, highlight=False).print(str(error))
        return FAILED


def _run(args: argparse.Namespace) -> int:
    console = Console(markup=False, highlight=False)
    match args.action:
        case "list":
            console.print(_listed(load(args.reference), args.on or date.today()))
        case "show":
            return _show(console, load(args.reference), args)
        case "check":
            rulebook = load(args.reference)
            count = sum(1 for _name in rulebook.series())
            console.print(
                f"{count} parameters, tables and profiles read; version {rulebook.version}"
            )
        case "import":
            return _import(console, args)
    return 0


def _listed(rulebook: RuleBook, today: date) -> Table:
    """Return a row for every value, table release and profile, those in force today marked."""
    table = Table("name", "from", "through", "days left", "source", title=str(today))
    for name, series in rulebook.series():
        for first, last in _by_source(series):
            is_now = first.window.first <= today and last.window.covers(
                max(today, last.window.first)
            )
            table.add_row(
                name,
                str(first.window.first),
                _end(last),
                _days_left(series, today) if is_now else "",
                _origin(first),
                style="bold" if is_now else "",
            )
    return table


def _by_source(
    series: Series[object],
) -> Iterator[tuple[DatedValue[object], DatedValue[object]]]:
    """Give the first and last part of what one place in a file says."""
    for _source, parts in groupby(series.values, key=lambda dated: dated.source):
        together = list(parts)
        yield together[0], together[-1]


def _origin(dated: DatedValue[object]) -> str:
    folder = dated.source.path.parent.name
    return f"{folder}/{dated.source.path.name}"


def _end(dated: DatedValue[object]) -> str:
    if dated.window.through is not None:
        return str(dated.window.through)
    return f"open, verified {dated.window.verified_on}"


def _days_left(series: Series[object], today: date) -> str:
    last = series.covered_through(today)
    return "" if last is None else str((last - today).days)


def _show(console: Console, rulebook: RuleBook, args: argparse.Namespace) -> int:
    program = args.program or _program_of(rulebook, args.payer)
    if program is None:
        names = ", ".join(program.value for program in Program)
        message = f"no profile has the id {args.payer}: give --program (one of {names})"
        raise ReferenceFileError(Path(args.payer), message)
    facts = rulebook.on(args.date, args.payer, program)
    name = rulebook.profile_name(args.payer, program)
    console.print(_profile(facts))
    console.print(_in_force(rulebook, facts, name))
    return 0


def _program_of(rulebook: RuleBook, payer: str) -> Program | None:
    """Return the program that the word names, or that of the profile that has the payer's id."""
    for program in Program:
        if payer == program.value:
            return program
        name = rulebook.profile_name(payer, program)
        if name != program.value:
            return rulebook.profiles[name].values[0].value.program
    return None


def _profile(facts: Facts) -> Table:
    table = Table("policy", "value", title=f"{facts.profile.name} on {facts.date_of_service}")
    for field in fields(facts.profile):
        if field.name != "cites":
            table.add_row(field.name, _text(getattr(facts.profile, field.name)))
    for cite in facts.profile.cites:
        table.add_row("cites", f"{cite.authority}, {cite.locator}")
    return table


def _in_force(rulebook: RuleBook, facts: Facts, profile: str) -> Table:
    """Return what every parameter and table says on the date, with its authority."""
    table = Table("name", "value", "from", "through", "authority", title="in force")
    for name, series in rulebook.series():
        if name.startswith("payers/") and name != f"payers/{profile}":
            continue
        dated = series.at(facts.date_of_service)
        if dated is None:
            table.add_row(name, "NO VALUE IN FORCE", "", "", "", style="bold")
            continue
        cites = "; ".join(f"{cite.authority}, {cite.locator}" for cite in dated.cites)
        table.add_row(name, _text(dated.value), str(dated.window.first), _end(dated), cites)
    due = facts.filing_due
    table.add_row("filing due", _text(due), "", "", "")
    return table


def _text(value: object) -> str:
    """Return a value for a person: a table as its number of rows, anything else in full."""
    if isinstance(value, NoValueInForce):
        return f"NO VALUE IN FORCE: {value.name}"
    if isinstance(value, Mapping):
        is_table = len(value) > len(Program) + 1
        return f"{len(value)} rows" if is_table else _pairs(value.items())
    if isinstance(value, frozenset):
        return ", ".join(sorted(str(item) for item in value)) or "none"
    if is_dataclass(value) and not isinstance(value, type):
        return _pairs((field.name, getattr(value, field.name)) for field in fields(value))
    return str(value)


def _pairs(items: object) -> str:
    return str(items)


def _import(console: Console, args: argparse.Namespace) -> int:
    imported = import_release(
        ImportRequest(
            kind=args.kind,
            files=tuple(args.files),
            release=args.release,
            first=args.first,
            through=args.through,
            retrieved=args.retrieved or date.today(),
            into=args.into,
            edits=args.edits,
        )
    )
    console.print(f"{imported.rows} rows written to {imported.folder}")
    console.print(f"the rulebook's version is now {load(args.into).version}")
    return 0
