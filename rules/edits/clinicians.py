"""Who may treat: assistants, students, aides, and codes of one discipline.

It is the law of who furnishes therapy, whoever pays. A payer's profile can say alone that the
assistants of speech-language pathology are paid; every other finding is every payer's.
"""

from collections.abc import Sequence

from reference.facts import Facts, NoValueInForce
from rules.edits.day import NOTHING, EditedDay, Reported, about_lines, about_services
from rules.findings import report_missing
from rules.roles import CLINICIANS, UNSKILLED
from schemas.session import Service, Session
from schemas.units import ServiceReference
from schemas.values import Discipline, FindingCode, Role

# A member is looked up each time that it is named by its enum: once is enough.
SLP = Discipline.SLP
ASSISTANT = Role.ASSISTANT
NO_THERAPIST = "a therapist, and the session names none"
NO_ASSISTANT = "an assistant, and the session names none"
STUDENT_OR_AIDE = "a student or an aide"


def minutes_are_a_clinicians(day: EditedDay, facts: Facts) -> Sequence[Reported]:
    """Minutes are those of a therapist or an assistant whom the session names.

    A student's and an aide's are no skilled therapy (CMS Pub. 100-02 ch. 15 §230). What earned no
    unit counts too: its minutes are in the day's total.
    """
    reasons: dict[str, None] = {}
    found: list[ServiceReference] = []
    for session in day.sessions:
        roles = {each.role for each in session.clinicians}
        assisted = [each for each in session.services if each.assistant_minutes]
        if roles and not assisted and roles <= CLINICIANS:
            continue
        for service in session.services:
            if wrong := _credited_to(service, session, roles):
                reasons.update(dict.fromkeys(wrong))
                found.append(ServiceReference(session.session_id, service.line))
    if not found:
        return NOTHING
    code = FindingCode.STUDENT_OR_AIDE_MINUTES
    return about_services(day, facts, code, found, whose="; ".join(reasons))


def assistants_are_paid(day: EditedDay, facts: Facts) -> Sequence[Reported]:
    """No assistant minutes stand on a discipline whose assistants are not paid (42 CFR 410.62)."""
    if day.priced.discipline is not SLP or facts.profile.speech_assistants:
        return NOTHING
    found = _assisted(day)
    if not found:
        return NOTHING
    return about_services(day, facts, FindingCode.ASSISTANT_WRONG_DISCIPLINE, found)


def evaluations_are_a_clinicians(day: EditedDay, facts: Facts) -> Sequence[Reported]:
    """No assistant evaluates or re-evaluates (CMS Pub. 100-02 ch. 15 §230)."""
    assisted = _assisted(day)
    rule, procedures = facts.assistants, facts.procedures
    if not assisted or isinstance(procedures, NoValueInForce):
        return NOTHING
    if isinstance(rule, NoValueInForce):
        return (Reported(report_missing(facts, rule)),)
    lines = []
    for line in day.lines:
        procedure = procedures.get(line.code)
        is_initial = procedure is not None and procedure.is_evaluation
        if is_initial or line.code in rule.re_evaluations:
            lines += [line] if any(at in assisted for at in line.services) else []
    codes = ", ".join(dict.fromkeys(line.code for line in lines))
    return about_lines(facts, FindingCode.EVALUATION_BY_ASSISTANT, lines, codes=codes)


def codes_are_of_the_discipline(day: EditedDay, facts: Facts) -> Sequence[Reported]:
    """A code that belongs to one discipline stands on a day of that one.

    CMS Pub. 100-04 ch. 5 §20; the procedure table says which codes do.
    """
    procedures, discipline = facts.procedures, day.priced.discipline
    if isinstance(procedures, NoValueInForce):
        return NOTHING
    lines = []
    for line in day.lines:
        procedure = procedures.get(line.code)
        if procedure is not None and procedure.disciplines:
            lines += [] if discipline in procedure.disciplines else [line]
    if not lines:
        return NOTHING
    codes = ", ".join(dict.fromkeys(line.code for line in lines))
    return about_lines(facts, FindingCode.DISCIPLINE_CODE_MISMATCH, lines, codes=codes)


def _credited_to(service: Service, session: Session, roles: set[Role]) -> list[str]:
    """Say to whom minutes of a service are credited who may not have them, in words.

    The ``roles`` are those of the session's clinicians.
    """
    wrong = []
    if service.therapist_minutes and CLINICIANS.isdisjoint(roles):
        wrong.append(NO_THERAPIST)
    if service.assistant_minutes and ASSISTANT not in roles:
        wrong.append(NO_ASSISTANT)
    if service.intervals and not UNSKILLED.isdisjoint(roles):
        skilled = {each.npi for each in session.clinicians if each.role not in UNSKILLED}
        unskilled = {each.npi for each in session.clinicians} - skilled
        if any(each.clinician in unskilled for each in service.intervals):
            wrong.append(STUDENT_OR_AIDE)
    return wrong


def _assisted(day: EditedDay) -> list[ServiceReference]:
    """Return where assistant minutes stand."""
    return [
        ServiceReference(session.session_id, service.line)
        for session in day.sessions
        for service in session.services
        if service.assistant_minutes
    ]
