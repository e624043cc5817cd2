"""Merging signed addenda into a session's note, key by key."""

from collections.abc import Sequence
from datetime import date

from schemas.documentation import AddendumLine, NoteAddendumContent
from schemas.model import Identifier, Model
from schemas.session import Documentation, Note, Service, Session

NOTE_FIELDS = ("signed_at", "signed_by", "one_on_one")
LINE_FIELDS = ("distinct", "necessity", "intervals")


class Addendum(Model):
    """A signed addendum as it is kept until its session comes, and after."""

    document_id: Identifier
    dated: date
    content: NoteAddendumContent


def merge_addenda(session: Session, addenda: Sequence[Addendum]) -> Session:
    """Return the session, its addenda merged by (``dated``, ``document_id``), later over earlier.

    A line that the session does not have is passed over. A late entry counts when it is dated and
    signed (CMS Pub. 100-08 ch. 3 §3.3.2.5), so unsigned addenda are not kept.
    """
    for addendum in sorted(addenda, key=lambda each: (each.dated, each.document_id)):
        session = _merge(session, addendum.content)
    return session


def _merge(session: Session, content: NoteAddendumContent) -> Session:
    changes: dict[str, object] = {}
    note = _stated(content, NOTE_FIELDS)
    if note:
        changes["note"] = (session.note or Note()).model_copy(update=note)
    if content.total_treatment_minutes is not None:
        changes["total_treatment_minutes"] = content.total_treatment_minutes
    lines = {line.line: line for line in content.lines or ()}
    if lines:
        changes["services"] = tuple(
            _merge_line(service, lines[service.line]) if service.line in lines else service
            for service in session.services
        )
    return session.model_copy(update=changes) if changes else session


def _merge_line(service: Service, line: AddendumLine) -> Service:
    changes = _stated(line, LINE_FIELDS)
    if line.documentation is not None:
        said = _stated(line.documentation, tuple(Documentation.model_fields))
        changes["documentation"] = (service.documentation or Documentation()).model_copy(
            update=said
        )
    return service.model_copy(update=changes)


def _stated(content: Model, fields: Sequence[str]) -> dict[str, object]:
    values = content.__dict__
    return {name: values[name] for name in fields if values[name] is not None}
