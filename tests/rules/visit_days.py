"""Visit days for the tests of the law on claims: built from the few words of a case in YAML."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml
from pydantic import TypeAdapter
from pydantic_core import to_json

from reference.facts import Facts, NoValueInForce, PayerProfile
from reference.rulebook import RuleBook
from rules.attestation import Ledger, read_attestation
from rules.claim_lines import DayLine
from rules.decision import History, OnFile, OutstandingClaim
from rules.edits.day import PricedDay
from rules.findings import report
from rules.money import ZERO, write_money
from rules.notes import NoteJudgement, judge_notes
from rules.plan_of_care import read_plan_of_care
from rules.progress import ProgressJudgement
from schemas.documentation import KxAttestation, PlanOfCare
from schemas.finding import Finding
from schemas.session import Service, Session
from schemas.spend import Spend, SpendAccrued, SpendLine
from schemas.units import ProfiledPayer, ServiceReference
from schemas.values import Basis, Discipline, FindingCode, Program, ThresholdGroup
from tests.clinic import PROVIDER, document, plan_of_care, service, session

Case = dict[str, Any]
LATER = "2026-03-02T16:00:00-06:00"
"""When the first event of a day comes unless the case says otherwise."""


@dataclass(frozen=True, slots=True)
class Visit:
    """A case's visit day: as spend sends it, as it is decided, and what that rests on."""

    accrued: SpendAccrued
    priced: PricedDay
    on_file: OnFile


def load_cases(test: str) -> Any:  # noqa: ANN401 - whatever shape the cases have
    """Return the cases that stand beside a test module: ``x.yaml`` beside ``test_x.py``."""
    path = Path(test)
    return yaml.safe_load(path.with_name(f"{path.stem.removeprefix('test_')}.yaml").read_text())


def facts_of(rulebook: RuleBook, case: Mapping[str, Any]) -> Facts:
    """Return the facts of the case's date and payer, else program, with its own ``policies``."""
    on = date.fromisoformat(str(case.get("date", "2026-03-02")))
    payer_id, program = case.get("payer", "any"), Program(case.get("program", "medicare_ffs"))
    facts = rulebook.on(on, payer_id, program)
    return replace(facts, profile=_profile(facts.profile, case)) if "policies" in case else facts


def sessions_of(case: Mapping[str, Any]) -> tuple[Session, ...]:
    """Return the case's sessions: ``services`` are ``[code, minutes, more]``."""
    stated = case.get("sessions", [{}])
    return tuple(_session(f"S-{number}", each, case) for number, each in enumerate(stated, 1))


def price_day(case: Mapping[str, Any], facts: Facts) -> Visit:
    """Return the case's visit day: one line a code, each ``allowed`` as stated or 30.00."""
    sessions = sessions_of(case)
    lines = _lines(case, sessions)
    total = sum((Decimal(each.allowed_amount or 0) for each in lines), ZERO)
    accrued = SpendAccrued(
        visit_day_id="D-1",
        revision=1,
        patient_id="P-1",
        date_of_service=facts.date_of_service,
        discipline=Discipline(case.get("discipline", "PT")),
        billing_provider=sessions[0].billing_provider,
        payer=ProfiledPayer("any", facts.profile.program, "any"),
        unit_rule=facts.profile.unit_rule,
        timed_minutes=0,
        timed_units=0,
        unbilled=(),
        choices=(),
        findings=tuple(_finding(facts, each) for each in case.get("findings", [])),
        steps=(),
        sessions=sessions,
        units_revision=1,
        lines=lines,
        total_allowed=write_money(total),
        spend=_spend(case, facts, total),
    )
    plans = [read_plan_of_care(read_plan(each)) for each in case.get("plans", [{}])]
    on_file = OnFile(
        sessions,
        datetime.fromisoformat(case.get("first_event", LATER)),
        accrued.findings,
        {"POC-1": plans},
        ledger_of(case),
        notes_of(case, sessions, facts),
        progress=tuple(_open(each) for each in case.get("open", [])),
    )
    return Visit(accrued, _to_decide(accrued), on_file)


def notes_of(
    case: Mapping[str, Any], sessions: tuple[Session, ...], facts: Facts
) -> tuple[NoteJudgement, ...]:
    """Return how the sessions' notes compare with those of the case's ``earlier`` sessions."""
    earlier = [
        _session(f"E-{number}", {"date_of_service": f"2026-02-{number:02}", **each}, case)
        for number, each in enumerate(case.get("earlier", []), 1)
    ]
    _, last = judge_notes(earlier, (), (), facts)
    judged, _ = judge_notes(sessions, (), last, facts)
    return judged


def _open(stated: Mapping[str, Any]) -> ProgressJudgement:
    """Return what the progress reports leave open: ``due`` since a date, codes ``unjustified``."""
    unjustified = tuple(str(code) for code in stated.get("unjustified", []))
    return ProgressJudgement(stated.get("plan", "POC-1"), stated.get("due"), unjustified)


def ledger_of(case: Mapping[str, Any]) -> Ledger:
    """Return the case's ledger: ``running_total``, and what its attestations cover."""
    attested = [read_attestation(read_kx(each)) for each in case.get("attestations", [])]
    total = case.get("running_total", case.get("balance_before", "0.00"))
    return Ledger(total, tuple(each for each in attested if each is not None))


def history_of(case: Mapping[str, Any]) -> History:
    """Return a history with the units of the claim that is out and the balance that is kept."""
    units = case.get("outstanding")
    claim = None
    if units is not None:
        claim = OutstandingClaim(claim_id="C-1", version=1, units=tuple(units.items()))
    return History(outstanding=claim, kx_balance=case.get("kx_balance"))


def read_plan(stated: Mapping[str, Any]) -> PlanOfCare:
    """Return the plan of care of ``tests.clinic``, its content changed as stated."""
    document_id = stated.get("document_id", "D-POC-1")
    content = {name: value for name, value in stated.items() if name != "document_id"}
    data = plan_of_care("POC-1", document_id, **content)
    return TypeAdapter(PlanOfCare).validate_json(to_json(data))


def read_kx(stated: Mapping[str, Any]) -> KxAttestation:
    """Return an attestation for PT and SLP in 2026, changed as stated; ``by`` is its author."""
    own = {"by", "author_npi"}
    content = {
        "statement": "skilled therapy is necessary",
        "threshold_group": "pt_slp",
        "year": 2026,
        **{name: value for name, value in stated.items() if name not in own},
    }
    author = {"author_role": stated.get("by", "therapist")}
    if "author_npi" in stated:
        author["author_npi"] = stated["author_npi"]
    data = document("kx_attestation", "D-KX-1", content, **author)
    return TypeAdapter(KxAttestation).validate_json(to_json(data))


def _profile(profile: PayerProfile, case: Mapping[str, Any]) -> PayerProfile:
    """Return the profile with the policies of the case, a share as Decimal."""
    policies: dict[str, Any] = {
        name: Decimal(value) if isinstance(getattr(profile, name), Decimal) else value
        for name, value in case["policies"].items()
    }
    return replace(profile, **policies)


def _finding(facts: Facts, stated: str | tuple[str, list[int]]) -> Finding:
    """Return a finding that came with the day: its code, or its code and lines."""
    code, lines = (stated, []) if isinstance(stated, str) else stated
    return report(facts, FindingCode(code), lines)


def _to_decide(accrued: SpendAccrued) -> PricedDay:
    lines = [
        DayLine(
            number=each.line,
            code=each.code,
            units=each.units,
            timed=each.timed,
            allowed_amount=each.allowed_amount,
            services=each.services,
        )
        for each in accrued.lines
    ]
    return PricedDay(
        visit_day_id=accrued.visit_day_id,
        revision=accrued.revision,
        patient_id=accrued.patient_id,
        payer=accrued.payer,
        billing_provider=accrued.billing_provider,
        date_of_service=accrued.date_of_service,
        discipline=accrued.discipline,
        lines=tuple(lines),
        total_allowed=accrued.total_allowed,
        spend=accrued.spend,
        unbilled=accrued.unbilled,
        steps=accrued.steps,
    )


def _session(session_id: str, stated: Mapping[str, Any], case: Mapping[str, Any]) -> Session:
    services = [
        service(number, str(code), minutes, **{"charge": "70.00", **(more[0] if more else {})})
        for number, (code, minutes, *more) in enumerate(stated.get("services", [[97110, 15]]), 1)
    ]
    own = {name: value for name, value in stated.items() if name != "services"}
    common = {
        "date_of_service": str(case.get("date", "2026-03-02")),
        "discipline": case.get("discipline", "PT"),
        "billing_provider": {**PROVIDER, "setting": case.get("setting", PROVIDER["setting"])},
    }
    data = session(session_id, services, **{**common, **own})
    return Session.model_validate_json(to_json(data))


def _lines(case: Mapping[str, Any], sessions: tuple[Session, ...]) -> tuple[SpendLine, ...]:
    found: dict[str, list[tuple[str, Service]]] = {}
    for each in sessions:
        for done in each.services:
            found.setdefault(done.code, []).append((each.session_id, done))
    return tuple(
        _line(number, code, done, case) for number, (code, done) in enumerate(found.items(), 1)
    )


def _line(
    number: int, code: str, done: list[tuple[str, Service]], case: Mapping[str, Any]
) -> SpendLine:
    minutes = sum(each.therapist_minutes + each.assistant_minutes for _, each in done)
    return SpendLine(
        line=number,
        code=code,
        units=case.get("units", {}).get(int(code), max(minutes // 15, 1)),
        minutes=minutes,
        timed=int(code) not in case.get("untimed", []),
        assistant=False,
        services=tuple(ServiceReference(name, each.line) for name, each in done),
        allowed_amount=case.get("allowed", {}).get(int(code), "30.00"),
        requires_kx=False,
    )


def _spend(case: Mapping[str, Any], facts: Facts, amount: Decimal) -> Spend | None:
    if not facts.profile.thresholds or isinstance(facts.thresholds, NoValueInForce):
        return None
    group = ThresholdGroup.OT if case.get("discipline") == "OT" else ThresholdGroup.PT_SLP
    thresholds = facts.thresholds[group]
    kx, review = thresholds.kx, thresholds.review
    assert not isinstance(kx, NoValueInForce)
    assert not isinstance(review, NoValueInForce)
    before = Decimal(case.get("balance_before", "0.00"))
    return Spend(
        year=facts.date_of_service.year,
        threshold_group=group,
        balance_before=write_money(before),
        amount=write_money(amount),
        balance_after=write_money(before + amount),
        running_total=write_money(before + amount),
        kx_threshold=write_money(kx),
        review_threshold=write_money(review),
        over_kx=before + amount > kx,
        over_review=before + amount > review,
        basis=Basis(case.get("basis", "reported")),
    )
