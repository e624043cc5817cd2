"""The clinic played through the three consumers: what came in, and what came of it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from commands.composition import build_pipeline
from commands.dead_letters import Line
from commands.demo.clinic import Episode
from reference.rulebook import RuleBook
from rules.money import ZERO, write_money
from runtime.pipeline import StepFailed
from schemas.claims import Decision
from schemas.envelope import Event
from schemas.events import CLINICAL
from schemas.reading import Reader, Unreadable
from schemas.spend import SpendAccrued, SpendBalance
from schemas.values import Basis, ThresholdGroup


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision, and the visit day's prices that it was made on."""

    type: str
    decision: Decision
    day: SpendAccrued


@dataclass(frozen=True, slots=True)
class Repricing:
    """A visit day whose price another day changed; its claim stays as it is. Money in dollars."""

    day: SpendAccrued
    total_before: str


@dataclass(frozen=True, slots=True)
class Turn:
    """One line of the clinic, numbered from 1, and what came of it."""

    line_number: int
    came: Event | Unreadable
    emitted: tuple[Event, ...] = ()
    decided: tuple[Decided, ...] = ()
    repricings: tuple[Repricing, ...] = ()
    failures: tuple[StepFailed, ...] = ()


@dataclass(frozen=True, slots=True)
class Scene:
    """An episode as it was played."""

    episode: Episode
    turns: tuple[Turn, ...]

    @property
    def has_failed(self) -> bool:
        """Whether a consumer failed on a line: a bug of ours, never the line's fault."""
        return any(turn.failures for turn in self.turns)


@dataclass(frozen=True, slots=True)
class Standing:
    """Where one ledger stands at the end, in dollars; a threshold not in force is None."""

    patient_id: str
    year: int
    threshold_group: ThresholdGroup
    balance: str
    basis: Basis
    kx_threshold: str | None
    review_threshold: str | None

    @property
    def left_to_kx(self) -> str | None:
        """What may still accrue before KX is needed; a balance at the threshold is not over it."""
        if self.kx_threshold is None:
            return None
        return write_money(max(ZERO, Decimal(self.kx_threshold) - Decimal(self.balance)))


class Story:
    """Plays episodes in turn and keeps what the tables at the end need."""

    def __init__(self, rulebook: RuleBook) -> None:
        """Start with consumers that know nothing."""
        self._reader = Reader(CLINICAL)
        self._pipeline = build_pipeline(rulebook)
        self._days: dict[str, SpendAccrued] = {}
        self._decisions: dict[str, str] = {}
        self._standings: dict[tuple[str, int, ThresholdGroup], Standing] = {}

    def play(self, episode: Episode, lines: Iterable[Line]) -> Scene:
        """Run an episode's lines through the consumers."""
        return Scene(episode, tuple(self._take(line) for line in lines))

    def standings(self) -> list[Standing]:
        """Return where every ledger stands, by patient, year and group."""
        return [self._standings[key] for key in sorted(self._standings)]

    def current_decisions(self) -> list[str]:
        """Return the type of each visit day's last decision."""
        return list(self._decisions.values())

    def _take(self, line: Line) -> Turn:
        came = self._reader.read_structured(line.head)
        if isinstance(came, Unreadable):
            return Turn(line.number, came)
        outcomes = list(self._pipeline.run(came))
        emitted = tuple(each for each in outcomes if isinstance(each, Event))
        before = dict(self._days)
        for event in emitted:
            self._remember(event)
        decided = tuple(
            Decided(event.type, event.data, self._days[event.data.visit_day_id])
            for event in emitted
            if isinstance(event.data, Decision)
        )
        return Turn(
            line_number=line.number,
            came=came,
            emitted=emitted,
            decided=decided,
            repricings=self._find_repricings(before, decided),
            failures=tuple(each for each in outcomes if isinstance(each, StepFailed)),
        )

    def _find_repricings(
        self, before: Mapping[str, SpendAccrued], decided: Iterable[Decided]
    ) -> tuple[Repricing, ...]:
        told = {each.decision.visit_day_id for each in decided}
        return tuple(
            Repricing(self._days[name], day.total_allowed)
            for name, day in before.items()
            if name not in told and day.total_allowed != self._days[name].total_allowed
        )

    def _remember(self, event: Event) -> None:
        match event.data:
            case SpendAccrued() as day:
                self._days[day.visit_day_id] = day
                self._stand(day)
            case SpendBalance() as balance:
                self._stand_reported(balance)
            case Decision() as decision:
                self._decisions[decision.visit_day_id] = event.type
            case _:
                pass

    def _stand_reported(self, balance: SpendBalance) -> None:
        key = (balance.patient_id, balance.year, balance.threshold_group)
        known = self._standings.get(key)
        self._standings[key] = Standing(
            *key,
            balance=balance.running_total,
            basis=balance.basis,
            kx_threshold=known.kx_threshold if known else None,
            review_threshold=known.review_threshold if known else None,
        )

    def _stand(self, day: SpendAccrued) -> None:
        spend = day.spend
        if spend is None:
            return
        key = (day.patient_id, spend.year, spend.threshold_group)
        known = self._standings.get(key)
        # The day rests on what placed it; the ledger on a report, once there was one.
        is_reported = known is not None and known.basis is Basis.REPORTED
        self._standings[key] = Standing(
            *key,
            balance=spend.running_total,
            basis=Basis.REPORTED if is_reported else spend.basis,
            kx_threshold=spend.kx_threshold,
            review_threshold=spend.review_threshold,
        )
