"""What an edit or a documentation check reports."""

from schemas.model import Struct, Text
from schemas.values import FindingCode, Severity


class Citation(Struct, frozen=True):
    """The authority and the place in it."""

    authority: Text
    locator: Text


class Finding(Struct, frozen=True):
    """A reason in plain English for a biller, with its authority and its cure; it holds no PHI."""

    code: FindingCode
    severity: Severity
    message: Text
    lines: tuple[int, ...]
    """Line numbers of the visit day, ascending; empty where it is about the day."""
    citation: Citation
    cure: Text
