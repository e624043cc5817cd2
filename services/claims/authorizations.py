"""Authorizations in state: what is on file, what each visit day has taken, and which days wait.

A day takes its place when it comes, and keeps it: what is used up is a sum that changes by the
day's own, so a patient's last visit costs what the first does.
"""

from collections.abc import Sequence

from msgspec.structs import replace

from reference.facts import Facts
from reference.rulebook import RuleBook
from rules.authorizations import (
    NOTHING_TAKEN,
    AuthorizationJudgement,
    Grant,
    OnHand,
    Place,
    Taken,
    asks_for_places,
    grants_in_force,
    judge_authorization,
    need_of,
    read_authorization,
)
from rules.edits.day import PricedDay
from runtime.processor import Key
from schemas.documentation import PayerAuthorization
from schemas.model import Identifier, Struct
from services.claims.desk import (
    Asking,
    AskingFor,
    Desk,
    append,
    listed,
    load_list,
    remove,
    segment_behind,
)
from services.claims.keeping import facts_of, sessions_kept
from services.claims.state import (
    DayState,
    DecisionState,
    authorizations_key,
    decision_key,
    place_key,
    taking_list,
    visits_key,
    waiting_list,
)


class AuthorizationsState(Struct, frozen=True, gc=False):
    """A payer's authorizations for a patient, and what is taken of each."""

    documents: tuple[Grant, ...] = ()
    """Each document's highest revision, in the order in which they came."""
    used: tuple[tuple[Identifier, int], ...] = ()
    """Visits or 15-minute units by number."""


class DayPlaceState(Struct, frozen=True, gc=False):
    """A visit day's place, and the lists that it stands in."""

    judged: AuthorizationJudgement
    taking_segment: int | None = None
    """Where the day stands in the list of those that take of its authorization."""
    waiting_segment: int | None = None
    """Where the day stands in the list of those that wait for the payer's."""


NONE_ON_FILE = AuthorizationsState()
NO_PLACE = DayPlaceState(NOTHING_TAKEN)
NOBODY = Taken()


def place_days(
    desk: Desk, rulebook: RuleBook, days: Sequence[DayState]
) -> AskingFor[Sequence[str]]:
    """Give each day its place, in this order; return those that wait where one came back."""
    asking = [
        (day, facts) for day in days if asks_for_places(facts := facts_of(rulebook, day.priced))
    ]
    if not asking:
        return ()
    yield from _load(desk, [day.priced for day, _ in asking])
    came_back = [_waiting(day.priced) for day, facts in asking if _place(desk, day, facts)]
    for list_ in dict.fromkeys(came_back):
        yield from load_list(desk, list_)
    return [each for list_ in dict.fromkeys(came_back) for each in listed(desk, list_)]


def place_at_hand(desk: Desk, facts: Facts, priced: PricedDay) -> AuthorizationJudgement | None:
    """Return what was judged of a day that has been placed; None where the payer asks nothing."""
    if not asks_for_places(facts):
        return None
    known: DayPlaceState | None = desk[_place_key(priced)]
    return NOTHING_TAKEN if known is None else known.judged


def keep_authorization(
    desk: Desk, document: PayerAuthorization, *, is_on_file: bool
) -> AskingFor[Sequence[str]]:
    """Put an authorization on file or take it off; return the days that it may change."""
    patient_id, content = document.patient_id, document.content
    key = authorizations_key(patient_id, content.payer_id)
    taking = taking_list(patient_id, content.payer_id, content.number)
    waiting = waiting_list(patient_id, content.payer_id)
    yield from desk.load([key])
    yield from load_list(desk, taking)
    yield from load_list(desk, waiting)
    known: AuthorizationsState = desk[key] or NONE_ON_FILE
    kept = tuple(each for each in known.documents if each.document_id != document.document_id)
    if is_on_file:
        kept = (*kept, read_authorization(document))
    _keep(desk, key, AuthorizationsState(kept, known.used))
    return [*listed(desk, taking), *listed(desk, waiting)]


def _load(desk: Desk, days: Sequence[PricedDay]) -> Asking:
    """Ask for all that placing the days may read or change."""
    yield from desk.load(
        key
        for day in days
        for key in (_place_key(day), _visits_key(day), _waiting(day), _on_file_key(day))
    )
    yield from desk.load(_taking(day, number) for day in days for number in _numbers(desk, day))
    yield from desk.load(key for day in days for key in _segments(desk, day))


def _numbers(desk: Desk, day: PricedDay) -> list[str]:
    """Return the authorizations that the day may take of, and the one that it takes of."""
    on_file: AuthorizationsState = desk[_on_file_key(day)] or NONE_ON_FILE
    decision: DecisionState | None = desk.get(decision_key(day.patient_id, day.visit_day_id))
    carried = None if decision is None else decision.place
    own = (_place_of(desk, day).judged.place, carried)
    numbers = [each.number for each in on_file.documents]
    return numbers + [each.number for each in own if each is not None and each.number is not None]


def _segments(desk: Desk, day: PricedDay) -> list[Key]:
    """Name the full segments of lists that have the day."""
    known = _place_of(desk, day)
    keys = segment_behind(desk, _waiting(day), known.waiting_segment)
    if known.judged.place.number is not None:
        taking = _taking(day, known.judged.place.number)
        keys += segment_behind(desk, taking, known.taking_segment)
    return keys


def _place(desk: Desk, day: DayState, facts: Facts) -> bool:
    """Judge a loaded day and keep its place; say whether something came back by it."""
    priced = day.priced
    on_file: AuthorizationsState = desk[_on_file_key(priced)] or NONE_ON_FILE
    taken: Taken = desk[_visits_key(priced)] or NOBODY
    before = _place_of(desk, priced)
    if before == NO_PLACE:
        before = _take_over(desk, priced)
        on_file, taken = (
            desk[_on_file_key(priced)] or NONE_ON_FILE,
            desk[_visits_key(priced)] or NOBODY,
        )
    on = (priced.date_of_service, priced.discipline)
    need = need_of(on, priced.lines, sessions_kept(desk, day), facts)
    on_hand = OnHand(grants_in_force(on_file.documents), dict(on_file.used), taken)
    judged = judge_authorization(need, on_hand, before.judged.place, facts)
    old, new = before.judged.place, judged.place
    if old != new:
        _keep(desk, _on_file_key(priced), _exchange(on_file, old, new))
        _keep(desk, _visits_key(priced), _count(taken, old, new))
    after = DayPlaceState(
        judged,
        _list_taking(desk, priced, before, new),
        _list_waiting(desk, priced, before, judged),
    )
    if after != before:
        desk.put(_place_key(priced), None if after == NO_PLACE else after)
    return _comes_back(old, new)


def _take_over(desk: Desk, day: PricedDay) -> DayPlaceState:
    """Give a day what it had taken under a retired id, once; return its place."""
    key = decision_key(day.patient_id, day.visit_day_id)
    decision: DecisionState | None = desk[key]
    if decision is None or decision.place is None:
        return NO_PLACE
    place = decision.place
    on_file: AuthorizationsState = desk[_on_file_key(day)] or NONE_ON_FILE
    _keep(desk, _on_file_key(day), _exchange(on_file, NOTHING_TAKEN.place, place))
    _keep(
        desk,
        _visits_key(day),
        _count(desk[_visits_key(day)] or NOBODY, NOTHING_TAKEN.place, place),
    )
    segment = _list_taking(desk, day, NO_PLACE, place)
    desk.put(key, replace(decision, place=None))
    after = DayPlaceState(AuthorizationJudgement(place), segment)
    desk.put(_place_key(day), after)
    return after


def _comes_back(old: Place, new: Place) -> bool:
    """Say whether others may take what the day had."""
    if old.number is not None and (old.number != new.number or old.amount > new.amount):
        return True
    return (old.is_counted and not new.is_counted) or (old.is_free and not new.is_free)


def _exchange(on_file: AuthorizationsState, old: Place, new: Place) -> AuthorizationsState:
    """Give back what the day had and take what it has now."""
    used = dict(on_file.used)
    for place, sign in ((old, -1), (new, 1)):
        if place.number is not None:
            used[place.number] = used.get(place.number, 0) + sign * place.amount
    left = tuple((number, amount) for number, amount in used.items() if amount)
    return AuthorizationsState(on_file.documents, left)


def _count(taken: Taken, old: Place, new: Place) -> Taken:
    return Taken(
        taken.visits + new.is_counted - old.is_counted, taken.free + new.is_free - old.is_free
    )


def _list_taking(desk: Desk, day: PricedDay, before: DayPlaceState, new: Place) -> int | None:
    """Put the day into the list of the authorization that it takes of, and out of another's."""
    old, segment = before.judged.place, before.taking_segment
    if old.number == new.number:
        return segment
    if old.number is not None and segment is not None:
        remove(desk, _taking(day, old.number), segment, day.visit_day_id)
    return None if new.number is None else append(desk, _taking(day, new.number), day.visit_day_id)


def _list_waiting(
    desk: Desk, day: PricedDay, before: DayPlaceState, judged: AuthorizationJudgement
) -> int | None:
    """Put the day into the list of those that wait, or take it out."""
    segment = before.waiting_segment
    if (judged.problem is not None) is (segment is not None):
        return segment
    if segment is None:
        return append(desk, _waiting(day), day.visit_day_id)
    remove(desk, _waiting(day), segment, day.visit_day_id)
    return None


def _keep(desk: Desk, key: Key, value: AuthorizationsState | Taken) -> None:
    """Keep a value; an empty one is deleted."""
    kept = None if value in (NONE_ON_FILE, NOBODY) else value
    if kept != desk[key]:
        desk.put(key, kept)


def _place_of(desk: Desk, day: PricedDay) -> DayPlaceState:
    known: DayPlaceState | None = desk[_place_key(day)]
    return NO_PLACE if known is None else known


def _on_file_key(day: PricedDay) -> Key:
    return authorizations_key(day.patient_id, day.payer.payer_id)


def _taking(day: PricedDay, number: str) -> Key:
    return taking_list(day.patient_id, day.payer.payer_id, number)


def _visits_key(day: PricedDay) -> Key:
    year = day.date_of_service.year
    return visits_key(day.patient_id, day.payer.payer_id, day.discipline, year)


def _place_key(day: PricedDay) -> Key:
    return place_key(day.patient_id, day.visit_day_id)


def _waiting(day: PricedDay) -> Key:
    return waiting_list(day.patient_id, day.payer.payer_id)
