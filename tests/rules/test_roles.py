"""Each role is a clinician's, an assistant's, or one whose time is no skilled therapy."""

from rules.roles import CLINICIANS, UNSKILLED
from schemas.values import Role


def test_each_role_is_of_one_kind() -> None:
    """A role that is new to the contract has to be given its kind."""
    assert CLINICIANS.isdisjoint(UNSKILLED)
    assert set(Role) - CLINICIANS - UNSKILLED == {Role.ASSISTANT}


def test_a_therapist_a_physician_and_a_practitioner_are_clinicians() -> None:
    """The contract lets these three attest, and they alone."""
    assert {Role.THERAPIST, Role.PHYSICIAN, Role.NPP} == CLINICIANS
