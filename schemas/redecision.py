"""A request to compute days again under the rulebook in force now."""

from schemas.model import Identifier, Model, Text


class RedecisionRequested(Model):
    """Names one visit day, or, without one, all of the patient's days that are held."""

    patient_id: Identifier
    visit_day_id: Identifier | None = None
    reason: Text
