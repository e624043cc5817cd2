"""Reads parameters, payer profiles and the finding catalogue into series and values."""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

from reference.citations import Citations
from reference.documents import (
    AuthorizationValue,
    DailyLimitValue,
    Dates,
    Document,
    FindingsFile,
    OwnCodePair,
    ParameterFile,
    PayerFile,
    ProfileValue,
    TherapyNormValue,
)
from reference.edit_tables import CodePair
from reference.errors import ReferenceFileError
from reference.facts import (
    AuthorizationRule,
    Citation,
    DailyLimit,
    FindingText,
    PayerProfile,
    TherapyNorm,
)
from reference.series import DatedValue, Series, Source, Window
from reference.yaml_files import read_yaml
from schemas.values import FindingCode, Program

V = TypeVar("V")
T = TypeVar("T")
POLICIES = ProfileValue.model_fields.keys() - Dates.model_fields.keys() - {"cites", "note"}
"""The names that a policy has in a profile's file and in the facts."""
SHAPES: Mapping[type[Document], Callable[..., object]] = {
    DailyLimitValue: DailyLimit,
    TherapyNormValue: TherapyNorm,
    AuthorizationValue: AuthorizationRule,
    OwnCodePair: CodePair,
}
"""What a policy with parts of its own is in the facts; the parts have the same names."""


def _window(dates: Dates) -> Window:
    return Window(dates.first, dates.through, dates.verified_on)


def _words(cite: Citation) -> str:
    return f"{cite.authority}, {cite.locator}"


class ParameterFolder:
    """Reads parameters by their place below ``parameters/`` and knows which files it read."""

    def __init__(self, root: Path, citations: Citations) -> None:
        self._root = root
        self._citations = citations
        self._read: set[Path] = set()

    def read(
        self, place: str, model: type[ParameterFile[V]], convert: Callable[[V], T]
    ) -> Series[T]:
        """Read one parameter; ``convert`` makes of each value what the facts hold."""
        path = self._root / f"{place}.yaml"
        self._read.add(path)
        loaded = read_yaml(path, model)
        values = []
        for number, entry in enumerate(loaded.document.values):
            location = ("values", number)
            cites = self._citations.of(entry.cites, loaded, (*location, "cites"))
            source = Source(path, loaded.line(location), _words(cites[0]))
            values.append(DatedValue(_window(entry), convert(entry.value), cites, source))
        return Series(loaded.document.label, values)

    def refuse_unread(self) -> None:
        """Refuse a file that nothing read: a mistyped name must not go unseen."""
        for path in sorted(self._root.rglob("*.yaml")):
            if path not in self._read:
                raise ReferenceFileError(path, "nothing reads this; is its name right?")


def read_profile(path: Path, citations: Citations) -> tuple[PayerFile, Series[PayerProfile]]:
    """Read a payer profile; its file has its name."""
    loaded = read_yaml(path, PayerFile)
    document = loaded.document
    if document.profile != path.stem:
        raise loaded.error(f"the file's name says {path.stem}", ("profile",))
    is_fallback = document.profile == document.program.value
    if is_fallback == bool(document.payer_ids):
        reason = "a program's own profile names no payer, any other names at least one"
        raise loaded.error(reason, ("payer_ids",))
    values = []
    for place, entry in enumerate(document.values):
        cites = citations.of(entry.cites, loaded, ("values", place, "cites"))
        source = Source(path, loaded.line(("values", place)), _words(cites[0]))
        profile = _profile(document, entry, cites)
        values.append(DatedValue(_window(entry), profile, cites, source))
    return document, Series(f"payer profile {document.profile}", values)


def _profile(
    document: PayerFile, entry: ProfileValue, cites: tuple[Citation, ...]
) -> PayerProfile:
    policies: dict[str, Any] = {name: _policy(getattr(entry, name)) for name in POLICIES}
    return PayerProfile(name=document.profile, program=document.program, cites=cites, **policies)


def _policy(value: object) -> object:
    """Return a policy as the facts hold it."""
    if isinstance(value, tuple):
        return tuple(_policy(each) for each in value)
    return SHAPES[type(value)](**dict(value)) if isinstance(value, Document) else value


def read_profiles(
    folder: Path, citations: Citations
) -> tuple[Mapping[str, Series[PayerProfile]], Mapping[str, str]]:
    """Read all profiles: by their names, and the names by payer id."""
    profiles: dict[str, Series[PayerProfile]] = {}
    names: dict[str, str] = {}
    for path in sorted(folder.glob("*.yaml")):
        document, series = read_profile(path, citations)
        profiles[document.profile] = series
        for payer_id in sorted(document.payer_ids):
            if payer_id in names:
                reason = f"payer {payer_id} has the profile {names[payer_id]} already"
                raise ReferenceFileError(path, reason)
            names[payer_id] = document.profile
    for program in Program:
        if program.value not in profiles:
            raise ReferenceFileError(folder / f"{program.value}.yaml", "the profile is missing")
    return MappingProxyType(profiles), MappingProxyType(names)


def read_findings(path: Path, citations: Citations) -> Mapping[FindingCode, FindingText]:
    """Read the finding catalogue: one entry for every code of the closed list."""
    loaded = read_yaml(path, FindingsFile)
    for code in FindingCode:
        if code not in loaded.document.root:
            raise ReferenceFileError(path, f"{code.value} is missing")
    texts = {}
    for code, entry in loaded.document.root.items():
        cites = citations.of(entry.cites, loaded, (code.value, "cites"))
        texts[code] = FindingText(
            code=code,
            severity=entry.severity,
            effect=entry.effect,
            owner=entry.owner,
            message=entry.message,
            cure=entry.cure,
            citation=_joined(cites),
        )
    return MappingProxyType(texts)


def _joined(cites: tuple[Citation, ...]) -> Citation:
    """Make one citation of several, in their order."""
    return Citation(
        authority="; ".join(cite.authority for cite in cites),
        locator="; ".join(cite.locator for cite in cites),
    )
