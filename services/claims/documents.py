"""Documents on file: the highest revision is the truth, and says what to decide again."""

from collections.abc import Sequence
from functools import partial

from reference.rulebook import RuleBook
from rules.attestation import read_attestation
from rules.plan_of_care import may_establish, read_plan_of_care
from rules.progress import read_progress_report
from schemas.documentation import (
    Document,
    KxAttestation,
    PayerAuthorization,
    PlanOfCare,
    ProgressReport,
)
from schemas.values import Discipline
from services.claims.authorizations import keep_authorization
from services.claims.desk import AskingFor, Desk, listed, load_list
from services.claims.progress import facts_on_date, keep_report
from services.claims.state import (
    AttestationsState,
    DecisionState,
    PlanState,
    decision_key,
    document_key,
    ledger_keys,
    plan_keys,
    treatment_key,
)


def file_document(desk: Desk, rulebook: RuleBook, document: Document) -> AskingFor[Sequence[str]]:
    """Keep the document if its revision is the highest; return the visit days that it may change.

    An addendum is in its session already, and is kept so that an earlier revision of another kind
    is left.
    """
    key = document_key(document.patient_id, document.document_id)
    yield from desk.load([key])
    known: Document | None = desk[key]
    if known is not None and known.revision >= document.revision:
        return ()
    desk.put(key, document)
    left = () if known is None else (yield from _take_out(desk, rulebook, known))
    entered = yield from _put_in(desk, rulebook, document)
    return (*left, *entered)


def _take_out(desk: Desk, rulebook: RuleBook, document: Document) -> AskingFor[Sequence[str]]:
    """Take the earlier revision from its place; return the days of that place."""
    match document:
        case PlanOfCare():
            return (yield from _keep_plan(desk, document, is_on_file=False))
        case KxAttestation():
            return (yield from _keep_attestation(desk, document, is_on_file=False))
        case PayerAuthorization():
            return (yield from keep_authorization(desk, document, is_on_file=False))
        case ProgressReport():
            return (yield from _keep_report(desk, rulebook, document, is_on_file=False))
        case _:
            return ()


def _put_in(desk: Desk, rulebook: RuleBook, document: Document) -> AskingFor[Sequence[str]]:
    """Put the document in its place; return the days of that place."""
    match document:
        case PlanOfCare():
            return (yield from _keep_plan(desk, document, is_on_file=True))
        case KxAttestation():
            return (yield from _keep_attestation(desk, document, is_on_file=True))
        case PayerAuthorization():
            return (yield from keep_authorization(desk, document, is_on_file=True))
        case ProgressReport():
            return (yield from _keep_report(desk, rulebook, document, is_on_file=True))
        case _:
            return ()


def _keep_plan(desk: Desk, document: PlanOfCare, *, is_on_file: bool) -> AskingFor[Sequence[str]]:
    keys = plan_keys(document.patient_id, document.plan_of_care_id)
    yield from desk.load([keys.state])
    yield from load_list(desk, keys.days)
    plan: PlanState | None = desk[keys.state]
    documents = () if plan is None else plan.documents
    kept = tuple(each for each in documents if each.document_id != document.document_id)
    if is_on_file and may_establish(document):
        kept = (*kept, read_plan_of_care(document))
    desk.put(keys.state, PlanState(documents=kept) if kept else None)
    return listed(desk, keys.days)


def _keep_attestation(
    desk: Desk, document: KxAttestation, *, is_on_file: bool
) -> AskingFor[Sequence[str]]:
    content = document.content
    keys = ledger_keys(document.patient_id, content.year, content.threshold_group)
    yield from desk.load([keys.attestations])
    yield from load_list(desk, keys.days)
    known: AttestationsState | None = desk[keys.attestations]
    attestations = () if known is None else known.attestations
    kept = tuple(each for each in attestations if each.document_id != document.document_id)
    attestation = read_attestation(document) if is_on_file else None
    if attestation is not None:
        kept = (*kept, attestation)
    desk.put(keys.attestations, AttestationsState(attestations=kept) if kept else None)
    return (yield from _days_over(desk, document.patient_id, listed(desk, keys.days)))


def _keep_report(
    desk: Desk, rulebook: RuleBook, document: ProgressReport, *, is_on_file: bool
) -> AskingFor[Sequence[str]]:
    """Keep a report in its discipline; one that names a plan alone may be of any."""
    report = read_progress_report(document)
    if report is None:
        return ()
    disciplines = Discipline if document.discipline is None else (document.discipline,)
    before, after = (None, report) if is_on_file else (report, None)
    facts_on = partial(facts_on_date, rulebook)
    touched: list[str] = []
    for discipline in disciplines:
        treatment = treatment_key(document.patient_id, discipline)
        touched += yield from keep_report(desk, treatment, before, after, facts_on)
    return touched


def _days_over(
    desk: Desk, patient_id: str, visit_day_ids: Sequence[str]
) -> AskingFor[Sequence[str]]:
    """Return the days that have a line over the threshold: an attestation changes no other."""
    yield from desk.load([decision_key(patient_id, each) for each in visit_day_ids])
    decisions: list[tuple[str, DecisionState]] = [
        (each, desk[decision_key(patient_id, each)]) for each in visit_day_ids
    ]
    return [each for each, decision in decisions if decision.needs_kx]
