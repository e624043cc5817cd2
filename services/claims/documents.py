"""Documents on file: the highest revision is the truth, and says what to decide again."""

from collections.abc import Sequence

from rules.attestation import read_attestation
from schemas.documentation import Document, KxAttestation, PlanOfCare
from services.claims.desk import AskingFor, Desk, listed, load_list
from services.claims.state import (
    AttestationsState,
    DecisionState,
    PlanState,
    attestations_key,
    decision_key,
    document_key,
    ledger_list,
    plan_key,
    plan_list,
)


def file_document(desk: Desk, document: Document) -> AskingFor[Sequence[str]]:
    """Keep the document if its revision is the highest; return the visit days that it may change.

    A progress report and an authorization are kept; no decision rests on them yet. An addendum is
    in its session already, and is kept so that an earlier revision of another kind is left.
    """
    key = document_key(document.patient_id, document.document_id)
    yield from desk.load([key])
    known: Document | None = desk[key]
    if known is not None and known.revision >= document.revision:
        return ()
    desk.put(key, document)
    left = () if known is None else (yield from _take_out(desk, known))
    entered = yield from _put_in(desk, document)
    return (*left, *entered)


def _take_out(desk: Desk, document: Document) -> AskingFor[Sequence[str]]:
    """Take the earlier revision from its place; return the days of that place."""
    match document:
        case PlanOfCare():
            return (yield from _keep_plan(desk, document, is_on_file=False))
        case KxAttestation():
            return (yield from _keep_attestation(desk, document, is_on_file=False))
        case _:
            return ()


def _put_in(desk: Desk, document: Document) -> AskingFor[Sequence[str]]:
    """Put the document in its place; return the days of that place."""
    match document:
        case PlanOfCare():
            return (yield from _keep_plan(desk, document, is_on_file=True))
        case KxAttestation():
            return (yield from _keep_attestation(desk, document, is_on_file=True))
        case _:
            return ()


def _keep_plan(desk: Desk, document: PlanOfCare, *, is_on_file: bool) -> AskingFor[Sequence[str]]:
    key = plan_key(document.patient_id, document.plan_of_care_id)
    list_ = plan_list(document.patient_id, document.plan_of_care_id)
    yield from desk.load([key])
    yield from load_list(desk, list_)
    plan: PlanState | None = desk[key]
    ids = () if plan is None else plan.document_ids
    others = tuple(each for each in ids if each != document.document_id)
    kept = (*others, document.document_id) if is_on_file else others
    desk.put(key, PlanState(document_ids=kept) if kept else None)
    return listed(desk, list_)


def _keep_attestation(
    desk: Desk, document: KxAttestation, *, is_on_file: bool
) -> AskingFor[Sequence[str]]:
    of = (document.patient_id, document.content.year, document.content.threshold_group)
    key, list_ = attestations_key(*of), ledger_list(*of)
    yield from desk.load([key])
    yield from load_list(desk, list_)
    known: AttestationsState | None = desk[key]
    attestations = () if known is None else known.attestations
    kept = tuple(each for each in attestations if each.document_id != document.document_id)
    attestation = read_attestation(document) if is_on_file else None
    if attestation is not None:
        kept = (*kept, attestation)
    desk.put(key, AttestationsState(attestations=kept) if kept else None)
    return (yield from _days_over(desk, document.patient_id, listed(desk, list_)))


def _days_over(
    desk: Desk, patient_id: str, visit_day_ids: Sequence[str]
) -> AskingFor[Sequence[str]]:
    """Return the days that have a line over the threshold: an attestation changes no other."""
    yield from desk.load([decision_key(patient_id, each) for each in visit_day_ids])
    decisions: list[tuple[str, DecisionState]] = [
        (each, desk[decision_key(patient_id, each)]) for each in visit_day_ids
    ]
    return [each for each, decision in decisions if decision.needs_kx]
