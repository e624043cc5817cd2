"""A note against the patient's last notes: whether it says anew what was seen and done.

CMS Pub. 100-08 ch. 3 §3.3.2: a note that repeats an earlier one does not show the service of its
date. CMS gives no number for how alike is too alike: the payer's profile does.
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from functools import lru_cache
from math import ceil
from zlib import crc32

from rapidfuzz.distance import LCSseq

from reference.facts import Facts, PayerProfile
from rules.statements import is_stated
from schemas.model import Day, Identifier, ProcedureCode, Struct
from schemas.session import Documentation, Session

MOST_WORDS = 1024
"""Of a note that are compared, from its beginning: what is kept of a note is bounded."""
SIGNS = 16_384
"""Signs that a word can have; two words have the same one once in as many pairs."""
FIRST_SIGN = ord("一")
"""From here on every character is a sign of its own, and none joins with another."""
CACHED = 65_536
"""Most words whose sign is remembered: a clinic's vocabulary is smaller."""


class _Signs(dict[str, str]):
    """The sign of each word, worked out once: looking it up is most of what a note costs."""

    def __missing__(self, word: str) -> str:
        if len(self) >= CACHED:
            self.clear()
        sign = self[word] = chr(FIRST_SIGN + _digest(word) % SIGNS)
        return sign


SIGN_OF = _Signs()


class KeptNote(Struct, frozen=True, array_like=True, gc=False):
    """What is kept of a session's note, to compare later ones with."""

    session_id: Identifier
    date_of_service: Day
    words: str
    """A sign for each word; empty where the note has no text."""
    stated: tuple[tuple[ProcedureCode, int], ...]
    """Activity codes, each with a digest of what the note states of it."""


class NoteJudgement(Struct, frozen=True, array_like=True, gc=False):
    """How a session's note compares with those before it, judged when its words came."""

    session_id: Identifier
    digest: int
    """Of the words that were judged."""
    shared: tuple[int, int] | None = None
    """Words in common with the last note that is like it, and its own; None where none is."""
    repeated: tuple[ProcedureCode, ...] = ()
    """Activity codes of which it states just what an earlier note states."""


def read_note(session: Session, facts: Facts) -> KeptNote | None:
    """Return what a session's note can be compared by; None where it says nothing."""
    text = None if session.note is None else session.note.text
    words = sign_words(text) if text else ""
    codes = facts.profile.activity_documentation_codes
    stated = [
        (service.code, digest)
        for service in session.services
        if service.code in codes and (digest := _digest_stated(service.documentation)) is not None
    ]
    if not (words or stated):
        return None
    kept = tuple(dict.fromkeys(stated))
    return KeptNote(session.session_id, session.date_of_service, words, kept)


def judge_notes(
    sessions: Iterable[Session],
    known: Sequence[NoteJudgement],
    last: Sequence[KeptNote],
    facts: Facts,
) -> tuple[tuple[NoteJudgement, ...], tuple[KeptNote, ...]]:
    """Judge the notes of a visit day; return that, and the last notes with them among these.

    ``last`` are the patient's in one discipline, by date of service, then arrival. A note is
    judged once, against the notes before it that are known, and again where its words change or
    another note has left its day.
    """
    if not facts.profile.notes_compared:
        return (), ()
    notes = [note for each in sessions if (note := read_note(each, facts)) is not None]
    before: dict[str, NoteJudgement] = {}
    kept = list(last)
    if known:
        left = {each.session_id for each in known} - {each.session_id for each in notes}
        before = {} if left else {each.session_id: each for each in known}
        kept = [each for each in last if each.session_id not in left]
    judged = []
    for note in notes:
        others = [each for each in kept if each.session_id != note.session_id]
        place = _place(kept, note)
        earlier = others[:place]
        kept = [*earlier, note, *others[place:]][-facts.profile.notes_compared :]
        judgement, digest = before.get(note.session_id), _digest(f"{note.words}{note.stated}")
        if judgement is None or judgement.digest != digest:
            judgement = _judge(note, digest, earlier, facts.profile)
        judged.append(judgement)
    return tuple(judged), tuple(kept)


def sign_words(text: str) -> str:
    """Return a sign for each word of a text, whatever its case: a text of the same words."""
    return "".join(map(SIGN_OF.__getitem__, text.casefold().split()[:MOST_WORDS]))


def _place(kept: Sequence[KeptNote], note: KeptNote) -> int:
    """Count the notes before this one: it keeps its place, and a new one is its date's last."""
    is_latest = not kept or kept[-1].date_of_service <= note.date_of_service
    if is_latest and note.session_id not in [each.session_id for each in kept]:
        return len(kept)
    before = 0
    for each in kept:
        if each.session_id == note.session_id:
            if each.date_of_service == note.date_of_service:
                break
        elif each.date_of_service <= note.date_of_service:
            before += 1
    return before


def _judge(
    note: KeptNote, digest: int, earlier: Sequence[KeptNote], profile: PayerProfile
) -> NoteJudgement:
    repeated = [
        code
        for code, said in note.stated
        if [each for each in earlier if (code, said) in each.stated]
    ]
    shared = _shared_with_last(note.words, earlier, profile)
    return NoteJudgement(note.session_id, digest, shared, tuple(dict.fromkeys(repeated)))


def _shared_with_last(
    words: str, earlier: Sequence[KeptNote], profile: PayerProfile
) -> tuple[int, int] | None:
    """Count the words in common, in their order, with the last note that is alike, and all.

    Two notes are alike by twice the words in common over the words of both.
    """
    if not words:
        return None
    for other in reversed(earlier):
        fewest = _fewest_shared(len(words) + len(other.words), profile.note_likeness)
        shared = LCSseq.similarity(words, other.words, score_cutoff=fewest)
        if shared:
            return shared, len(words)
    return None


@lru_cache(CACHED)
def _fewest_shared(both: int, likeness: Decimal) -> int:
    return ceil(likeness * both / 2)


def _digest_stated(stated: Documentation | None) -> int | None:
    """Return a digest of what changes from visit to visit: activities, assistance and response."""
    if stated is None:
        return None
    said = [*(stated.activities or ()), stated.assistance_level, stated.patient_response]
    if not any(map(is_stated, said)):
        return None
    return _digest("\n".join([each or "" for each in said]))


def _digest(text: str) -> int:
    return crc32(text.encode())
