"""The chart, rendered by helm."""

import subprocess
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from tests.cluster import needed
from tests.style.tree import ROOT

CHART = ROOT / "deploy" / "helm" / "therapy"
VALUES = ROOT / "tests" / "deploy" / "values"
NAMESPACE = "billing"
RELEASE = "therapy"
Document = Mapping[str, Any]


class Refused(Exception):  # noqa: N818 - named for what helm did
    """Helm rendered nothing, and says why."""


@cache
def render(values: str | None = None) -> tuple[Document, ...]:
    """Return the documents of the chart with the values of a file of ``values/``, by its stem."""
    files = () if values is None else (VALUES / f"{values}.yaml",)
    return tuple(documents(template(*files)))


def documents(text: str) -> list[Document]:
    """Return the documents of a stream of YAML that have something in them."""
    return [document for document in yaml.safe_load_all(text) if document]


def template(*values: Path, chart: Path = CHART) -> str:
    """Return what helm renders, as text; raises ``Refused``."""
    return run("template", RELEASE, str(chart), f"--namespace={NAMESPACE}", *_given(values))


def lint(*values: Path) -> str:
    """Return what helm says of the chart; raises ``Refused`` where it finds anything wrong."""
    return run("lint", "--strict", str(CHART), *_given(values))


def run(*arguments: str) -> str:
    """Run helm, whose output is returned; raises ``Refused`` with what it says."""
    helm = needed.helm() / "helm"
    done = subprocess.run([helm, *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise Refused(done.stdout + done.stderr)
    return done.stdout


def pods(rendered: tuple[Document, ...]) -> list[Document]:
    """Return the pods, and the templates of pods, with their metadata and spec."""
    found = []
    for document in rendered:
        if document["kind"] == "Pod":
            found.append(document)
        elif document["kind"] in {"StatefulSet", "Job"}:
            found.append({"kind": document["kind"], **document["spec"]["template"]})
    return found


def of_kind(rendered: tuple[Document, ...], kind: str) -> list[Document]:
    """Return the documents of a kind."""
    return [document for document in rendered if document["kind"] == kind]


def _given(values: tuple[Path, ...]) -> list[str]:
    return [f"--values={path}" for path in values]
