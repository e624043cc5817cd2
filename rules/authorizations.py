"""Authorizations: which one serves a visit day, and what the day takes of it.

When a payer asks for one is in its profile. First come, first served: a day that has its place
keeps it, whatever comes later, and what it no longer needs comes back. Payers' policies; where
they are silent the stricter reading holds, and nothing is chosen that is not plain.
"""

from collections.abc import Container, Iterable, Mapping, Sequence
from datetime import date

from msgspec.structs import replace

from reference.facts import Facts, NoValueInForce
from rules.claim_lines import DayLine
from schemas.documentation import PayerAuthorization
from schemas.model import Day, Identifier, Struct
from schemas.session import Session
from schemas.values import AuthorizationUnit, Discipline, FindingCode

MISSING = FindingCode.AUTHORIZATION_MISSING
EXHAUSTED = FindingCode.AUTHORIZATION_EXHAUSTED
NONE_COVERS = "none on file covers the date and codes"
NAMED_DOES_NOT_COVER = "the one that the session names is not on file for the date and codes"
SEVERAL_NAMED = "the day's sessions name different ones"
SEVERAL_COVER = "several on file cover the date and codes, and the session names none"


class Grant(Struct, frozen=True, gc=False):
    """What a payer authorized, as one document says it; dates inclusive."""

    document_id: Identifier
    dated: Day
    number: Identifier
    discipline: Discipline | None
    """None where it is for any."""
    unit: AuthorizationUnit
    quantity: int
    valid_from: Day
    valid_through: Day
    codes: tuple[str, ...] | None
    """None where it is for any."""


class Place(Struct, frozen=True, array_like=True, gc=False):
    """What a visit day has taken."""

    number: Identifier | None = None
    """Of its authorization."""
    amount: int = 0
    """Visits or 15-minute units of it."""
    is_counted: bool = False
    """One of the visits of its discipline and year."""
    is_free: bool = False
    """One of those visits that need no authorization."""


class Taken(Struct, frozen=True, array_like=True, gc=False):
    """The visit days of a payer, discipline and calendar year that have a place."""

    visits: int = 0
    free: int = 0
    """Those that need no authorization."""


class Need(Struct, frozen=True, gc=False):
    """What a visit day needs an authorization for."""

    date_of_service: Day
    discipline: Discipline
    codes: frozenset[str]
    units: int
    """Timed units."""
    named: tuple[str, ...]
    """The numbers that the sessions name."""


class OnHand(Struct, frozen=True, gc=False):
    """What a day's place depends on: the payer's authorizations, and what others have taken."""

    grants: Sequence[Grant]
    """One for each number."""
    used: Mapping[str, int]
    """Visits or units taken, the day's own included, by number."""
    taken: Taken


class AuthorizationJudgement(Struct, frozen=True, gc=False):
    """A day's place, and what is wrong with it, if anything; ``reason`` says it in words."""

    place: Place = Place()
    problem: FindingCode | None = None
    reason: str = ""


NOTHING_TAKEN = AuthorizationJudgement()


def asks_for_places(facts: Facts) -> bool:
    """Say whether the payer counts visits or asks for authorizations (its profile)."""
    profile = facts.profile
    return profile.authorization is not None or profile.visits_per_year is not None


def read_authorization(document: PayerAuthorization) -> Grant:
    """Return what the document says that the payer authorized."""
    content = document.content
    return Grant(
        document.document_id,
        document.dated,
        content.number,
        document.discipline,
        content.unit,
        content.quantity,
        content.valid_from,
        content.valid_through,
        content.codes,
    )


def grants_in_force(documents: Iterable[Grant]) -> tuple[Grant, ...]:
    """Return one grant for each number: the document dated last says what it is now."""
    last: dict[str, Grant] = {}
    for each in sorted(documents, key=lambda grant: (grant.dated, grant.document_id)):
        last[each.number] = each
    return tuple(last[number] for number in sorted(last))


def codes_asked_for(lines: Iterable[DayLine], facts: Facts) -> frozenset[str]:
    """Return the codes of the lines that need an authorization or count as a visit."""
    codes = frozenset(line.code for line in lines)
    rule, procedures = facts.profile.authorization, facts.procedures
    if rule is None or not rule.excepts_evaluations or isinstance(procedures, NoValueInForce):
        return codes
    return frozenset(
        code for code in codes if code not in procedures or not procedures[code].is_evaluation
    )


def need_of(
    on: tuple[date, Discipline],
    lines: Sequence[DayLine],
    sessions: Sequence[Session],
    facts: Facts,
) -> Need | None:
    """Return what a visit day of that date and discipline needs; None where nothing on it does."""
    codes = codes_asked_for(lines, facts)
    if not codes:
        return None
    date_of_service, discipline = on
    named = [each.authorization.number for each in sessions if each.authorization is not None]
    return Need(
        date_of_service,
        discipline,
        codes,
        sum(line.units or 0 for line in lines if line.timed and line.code in codes),
        tuple(dict.fromkeys(named)),
    )


def judge_authorization(
    need: Need | None, on_hand: OnHand, place: Place, facts: Facts
) -> AuthorizationJudgement:
    """Give a visit day its place, or say why it has none; a place once taken is kept."""
    if need is None:
        return NOTHING_TAKEN
    most = facts.profile.visits_per_year
    if most is not None and not place.is_counted and on_hand.taken.visits >= most:
        year = need.date_of_service.year
        reason = f"all {most} visits of {need.discipline} that the payer pays in {year}"
        return AuthorizationJudgement(place, EXHAUSTED, reason)
    rule, is_counted = facts.profile.authorization, most is not None
    if rule is None:
        return AuthorizationJudgement(Place(is_counted=is_counted))
    chosen = _choose(need, on_hand, place, rule.visits_before)
    return replace(chosen, place=replace(chosen.place, is_counted=is_counted))


def _choose(
    need: Need, on_hand: OnHand, place: Place, visits_before: int
) -> AuthorizationJudgement:
    """Take of the one that is named, or of none where none is needed, or of the only one."""
    covering = _covering(need, on_hand.grants)
    open_ = [each for each in covering if _has_room(each, need, on_hand, place)]
    kept = [each for each in open_ if each.number == place.number]
    may_be_free = place.is_free or on_hand.taken.free < visits_before
    if may_be_free and not kept and not (need.named and open_):
        return AuthorizationJudgement(Place(is_free=True))
    if kept or len(open_) == 1:
        grant = (kept or open_)[0]
        return AuthorizationJudgement(Place(grant.number, _amount(grant, need)))
    if covering and not open_:
        return AuthorizationJudgement(place, EXHAUSTED, _say_used(covering, on_hand))
    return AuthorizationJudgement(place, MISSING, _say_missing(need, open_))


def _covering(need: Need, grants: Sequence[Grant]) -> list[Grant]:
    """Return those that cover the day; of several that the sessions name, none."""
    if len(need.named) > 1:
        return []
    covering = [each for each in grants if _covers(each, need)]
    if need.named:
        return [each for each in covering if each.number in need.named]
    return covering


def _covers(grant: Grant, need: Need) -> bool:
    """Say whether the grant is for the day's date and discipline and for all of its codes."""
    if not grant.valid_from <= need.date_of_service <= grant.valid_through:
        return False
    if grant.discipline is not None and grant.discipline is not need.discipline:
        return False
    return grant.codes is None or _all_in(need.codes, grant.codes)


def _all_in(codes: Iterable[str], listed: Container[str]) -> bool:
    return all(code in listed for code in codes)


def _has_room(grant: Grant, need: Need, on_hand: OnHand, place: Place) -> bool:
    """Say whether the day's amount fits beside the others', or is no more than it has."""
    own = place.amount if place.number == grant.number else 0
    amount = _amount(grant, need)
    if place.number == grant.number and amount <= own:
        return True
    return on_hand.used.get(grant.number, 0) - own + amount <= grant.quantity


def _amount(grant: Grant, need: Need) -> int:
    """Return what the day takes: one visit, or its timed units."""
    match grant.unit:
        case AuthorizationUnit.VISIT:
            return 1
        case AuthorizationUnit.UNIT_15:
            return need.units


def _say_missing(need: Need, open_: Sequence[Grant]) -> str:
    if open_:
        return SEVERAL_COVER
    if need.named:
        return NAMED_DOES_NOT_COVER if len(need.named) == 1 else SEVERAL_NAMED
    return NONE_COVERS


def _say_used(covering: Sequence[Grant], on_hand: OnHand) -> str:
    """Say how much of each is used up; never its number, which names the patient."""
    return "; ".join(
        f"{on_hand.used.get(each.number, 0)} of {each.quantity}"
        f" {'visits' if each.unit is AuthorizationUnit.VISIT else 'units of 15 minutes'}"
        " of the authorization"
        for each in covering
    )
