"""Who is a clinician, and whose time is no skilled therapy (CMS Pub. 100-02 ch. 15 §230)."""

from schemas.values import Role

CLINICIANS = frozenset({Role.THERAPIST, Role.PHYSICIAN, Role.NPP})
"""Who may furnish what stands as a therapist's minutes, attest, and report on progress.

An assistant may write elements of a progress report, never the report.
"""
UNSKILLED = frozenset({Role.STUDENT, Role.AIDE})
"""Whose time is no skilled therapy; a therapist who directs a student states it as the own."""
