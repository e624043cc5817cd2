"""The Dockerfile read, and its build stage carried out without an engine: the same commands, here.

What would be ``/opt`` and ``/src`` in the image are folders below one of the test's; the base
image's Python is ours.
"""
# ruff: noqa: TID251 - the commands that are started here have our environment

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from tests.style.tree import ROOT

DOCKERFILE = ROOT / "deploy" / "Dockerfile"
OURS = re.compile(r"(?<![\w.])/(?=(?:opt|src)(?:/|\b))")
"""Where a path of the image begins that the build stage makes."""
NOT_HERE = {"PIP_NO_CACHE_DIR"}
"""A layer keeps no cache; a test that downloaded everything each time would keep nobody's time."""


class Instruction(NamedTuple):
    """One instruction: its word and what follows, on one line."""

    word: str
    said: str


@dataclass
class Stage:
    """A stage: what it begins from, and its instructions in order."""

    base: str
    instructions: list[Instruction] = field(default_factory=list)

    def of(self, word: str) -> list[str]:
        """Return what is said after each instruction of a word."""
        return [each.said for each in self.instructions if each.word == word]

    def environment(self) -> dict[str, str]:
        """Return the variables that the stage sets; none is made of an argument."""
        return dict(pair.split("=", 1) for said in self.of("ENV") for pair in shlex.split(said))


def read_stages(text: str) -> tuple[dict[str, str], dict[str, Stage]]:
    """Return the arguments before the first stage, and the stages by name."""
    arguments: dict[str, str] = {}
    stages: dict[str, Stage] = {}
    stage: Stage | None = None
    for word, said in _instructions(text):
        if word == "FROM":
            base, _, name = said.partition(" AS ")
            stage = stages[name] = Stage(base)
        elif stage is None:
            arguments |= dict([said.split("=", 1)])
        else:
            stage.instructions.append(Instruction(word, said))
    return arguments, stages


def _instructions(text: str) -> Iterable[Instruction]:
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    for line in re.sub(r"\\\n\s*", "", "\n".join(lines)).splitlines():
        if line.strip():
            word, _, said = line.partition(" ")
            yield Instruction(word, said.strip())


@dataclass(frozen=True)
class Built:
    """What the build stage left: the folder that is the root of what it made."""

    root: Path

    @property
    def therapy(self) -> Path:
        """Return the environment that the image gets."""
        return self.root / "opt" / "therapy"

    def run(
        self, command: Iterable[str], folder: Path, environment: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run a command as a container does: in a folder of its own, with no variable of ours."""
        return subprocess.run(
            list(command),
            cwd=folder,
            env={"PATH": f"{self.therapy / 'bin'}:{os.defpath}", **(environment or {})},
            capture_output=True,
            text=True,
            check=False,
        )


def carry_out(stage: Stage, root: Path) -> Built:
    """Carry a build stage out below a folder; ``CalledProcessError`` where a command fails."""
    built = Built(root)
    commands = root / "bin"
    commands.mkdir(parents=True)
    (commands / "python").symlink_to(sys.executable)
    (root / "opt").mkdir()
    environment = {name: text for name, text in os.environ.items() if name != "PYTHONPATH"}
    environment["PATH"] = f"{commands}:{environment['PATH']}"
    folder = root
    for word, said in stage.instructions:
        match word:
            case "ARG":
                # What a build is told from outside; this one is told nothing.
                continue
            case "ENV":
                pairs = Stage("", [Instruction(word, said)]).environment()
                environment |= {n: text for n, text in pairs.items() if n not in NOT_HERE}
            case "WORKDIR":
                folder = Path(_here(said, root))
                folder.mkdir(parents=True, exist_ok=True)
            case "COPY":
                _copy(said, folder)
            case "RUN":
                subprocess.run(
                    ["/bin/sh", "-c", _here(said, root)], cwd=folder, env=environment, check=True
                )
            case _:
                raise NotImplementedError(word)
    return built


def _here(said: str, root: Path) -> str:
    return OURS.sub(f"{root}/", said)


def _copy(said: str, folder: Path) -> None:
    """Copy from the tree what the engine would be given: .dockerignore leaves out the rest."""
    source, target = said.split()
    there = ROOT / source
    if there.is_dir():
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(there, folder / target, ignore=ignored)
    else:
        shutil.copy(there, folder / target)
