"""The modifiers of a claim line: which there are, and in which order they stand.

Discipline (CMS Pub. 100-04 ch. 5 §20.1), assistant, KX (SSA §1833(g)(7)(A)), distinct service
(NCCI Policy Manual ch. 1 §E), then what the provider put on for reasons of its own.
"""

from collections.abc import Iterable
from functools import lru_cache

from schemas.values import Discipline, DistinctModifier

KX = "KX"
"""Over the threshold and attested as necessary."""
ABN = "GA"
"""The patient was told that Medicare may not pay: never with KX (CMS Pub. 100-04 ch. 30)."""
OF_DISCIPLINE = {Discipline.PT: "GP", Discipline.OT: "GO", Discipline.SLP: "GN"}
"""By the discipline of the plan of care, whoever treated."""
OF_ASSISTANT = {Discipline.PT: "CQ", Discipline.OT: "CO"}
"""SSA §1834(v); speech-language pathology has none."""
GIVEN_BY_RULES = frozenset(
    {KX, *OF_DISCIPLINE.values(), *OF_ASSISTANT.values(), *map(str, DistinctModifier)}
)
"""The kinds that the rules give: one that came and is not given is left off."""
POSITIONS = ("SV101-3", "SV101-4", "SV101-5", "SV101-6")
"""Where a claim line holds modifiers: the elements of ASC X12N 837P's SV101 after the code."""


@lru_cache
def assign_modifiers(
    discipline: Discipline | None,
    came: tuple[str, ...],
    *,
    has_kx: bool,
    assistant: Discipline | None = None,
    distinct: DistinctModifier | None = None,
) -> tuple[str, ...]:
    """Return a line's modifiers in their order, each once; no discipline where none is asked for.

    ``assistant`` is the discipline of the assistant who furnished the line (SSA §1834(v));
    ``distinct`` what the clinician stated where an edit asks for it (NCCI Policy Manual ch. 1 §E).
    """
    of_discipline = () if discipline is None else (OF_DISCIPLINE[discipline],)
    of_assistant = () if assistant is None else (OF_ASSISTANT[assistant],)
    of_threshold = (KX,) if has_kx else ()
    of_distinct_service = () if distinct is None else (distinct.value,)
    others = (modifier for modifier in dict.fromkeys(came) if modifier not in GIVEN_BY_RULES)
    return (*of_discipline, *of_assistant, *of_threshold, *of_distinct_service, *others)


def disagreeing_modifiers(came: Iterable[str], given: tuple[str, ...]) -> tuple[str, ...]:
    """Return those that came, are of a kind that the rules give, and are not what they give."""
    return tuple(
        modifier
        for modifier in dict.fromkeys(came)
        if modifier in GIVEN_BY_RULES and modifier not in given
    )
