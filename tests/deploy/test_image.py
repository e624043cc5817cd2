"""The image: its Dockerfile is linted, and what it makes is made here and run elsewhere."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from commands.exits import READ
from runtime.host.settings import read_settings
from tests.deploy.dockerfile import DOCKERFILE, Built, Stage, read_stages
from tests.style.tree import ROOT

BIN = Path(sys.executable).parent
PINNED = re.compile(r"[a-z/]+:\d+\.\d+\.\d+[\w.-]*(?:@sha256:[0-9a-f]{64})?")


@pytest.fixture(scope="module")
def final() -> Stage:
    """Return the stage that runs."""
    _arguments, stages = read_stages(DOCKERFILE.read_text(encoding="utf-8"))
    assert list(stages) == ["build", "sbom", "therapy"]
    return stages["therapy"]


def lint(*arguments: str | Path) -> str:
    """Return what a linter of ours says of a file."""
    name, *rest = arguments
    done = subprocess.run([BIN / name, *rest], capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


def test_the_dockerfile_is_linted(tmp_path: Path) -> None:
    """Hadolint has nothing to say of it, and sees a plain mistake."""
    assert lint("hadolint", "--failure-threshold", "info", DOCKERFILE) == ""
    planted = tmp_path / "Dockerfile"
    text = DOCKERFILE.read_text(encoding="utf-8")
    planted.write_text(text.replace("WORKDIR /src", "WORKDIR src"), encoding="utf-8")
    assert "DL3000" in lint("hadolint", planted)


def test_the_scripts_are_linted(tmp_path: Path) -> None:
    """Shellcheck has nothing to say of them, and sees a plain mistake."""
    scripts = sorted((ROOT / "deploy").glob("*.sh"))
    assert scripts
    for script in scripts:
        assert lint("shellcheck", script) == ""
    planted = tmp_path / "planted.sh"
    planted.write_text("#!/bin/sh\nrm $1\n", encoding="utf-8")
    assert "SC2086" in lint("shellcheck", planted)


def test_the_base_is_pinned() -> None:
    """By a full version; the same for what is built and what runs."""
    arguments, stages = read_stages(DOCKERFILE.read_text(encoding="utf-8"))
    assert PINNED.fullmatch(arguments["BASE"])
    assert {name: each.base for name, each in stages.items()} == {
        "build": "${BASE}",
        "sbom": "scratch",
        "therapy": "${BASE}",
    }


def test_what_the_base_compiles_is_its_own_python(final: Stage) -> None:
    """The folder that is compiled is that of the base's version."""
    arguments, _stages = read_stages(DOCKERFILE.read_text(encoding="utf-8"))
    version = re.search(r"python:(\d+\.\d+)", arguments["BASE"])
    assert version
    assert any(said.endswith(f"/lib/python{version[1]}") for said in final.of("RUN"))


def test_it_runs_as_nobody(final: Stage) -> None:
    """As a number that is not root, after the last command that needs root."""
    [user] = final.of("USER")
    assert [int(each) > 0 for each in user.split(":")] == [True, True]
    words = [each.word for each in final.instructions]
    assert "RUN" not in words[words.index("USER") :]
    assert "COPY" not in words[words.index("USER") :]


def test_only_hashed_wheels_are_installed() -> None:
    """Every install of the build stage goes by hash, or takes the wheel that was just made."""
    _arguments, stages = read_stages(DOCKERFILE.read_text(encoding="utf-8"))
    installs = [
        command
        for said in stages["build"].of("RUN")
        for command in said.split("&&")
        if " install " in command
    ]
    assert len(installs) == 3
    for command in installs:
        by_hash = {"--require-hashes", "--only-binary"} <= set(command.split())
        assert by_hash or {"--no-index", "--no-deps"} <= set(command.split())


def test_the_context_is_the_program() -> None:
    """What .dockerignore lets in is what the stages copy, and all that is needed for the wheel."""
    _arguments, stages = read_stages(DOCKERFILE.read_text(encoding="utf-8"))
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    let_in = {line.removeprefix("!") for line in lines if line.startswith("!")}
    copied = {said.split()[0].rstrip("/") for said in stages["build"].of("COPY")}
    assert "*" in lines
    assert copied == let_in


def test_its_settings_are_known(final: Stage) -> None:
    """What the image sets are settings: logs as JSON, and a port that can be reached."""
    settings = read_settings(final.environment())
    assert settings.log_format == "json"
    assert settings.http_host == "0.0.0.0"  # noqa: S104 - a container has its own addresses
    assert final.of("EXPOSE") == [str(settings.http_port)]
    assert final.of("STOPSIGNAL") == ["SIGTERM"]


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (["demo"], "97530"),
        (["rulebook", "check"], ""),
        (["run", "--help"], "THERAPY_KAFKA_BOOTSTRAP_SERVERS"),
        (["feed", "--help"], "therapy.sessions"),
    ],
)
def test_the_entry_point_runs_from_anywhere(
    command: list[str], said: str, built: Built, final: Stage, tmp_path: Path
) -> None:
    """The commands find their data files where the wheel put them, and the folder stays empty."""
    entry_point = json.loads(final.of("ENTRYPOINT")[0])
    environment = final.environment()
    del environment["PATH"]
    done = built.run([*entry_point, *command], tmp_path, environment)
    assert done.returncode == READ, done.stderr
    assert said in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_it_writes_nothing(built: Built, final: Stage, tmp_path: Path) -> None:
    """No file of the environment is new or changed after a run, so it can be read-only."""
    before = stamps(built.therapy)
    assert any(path.suffix == ".pyc" for path in before)
    environment = final.environment()
    del environment["PATH"]
    assert built.run(["therapy", "demo"], tmp_path, environment).returncode == READ
    assert stamps(built.therapy) == before


def stamps(folder: Path) -> dict[Path, int]:
    """Return when each file below a folder was last written, in ns."""
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}


def test_every_module_is_compiled(built: Built) -> None:
    """None is compiled at a start, where nothing could be kept of it."""
    packages = next(built.therapy.glob("lib/python*/site-packages"))
    sources = [
        path for path in packages.rglob("*.py") if path.is_relative_to(packages / "runtime")
    ]
    assert sources
    for source in sources:
        assert list((source.parent / "__pycache__").glob(f"{source.stem}.*.pyc")), source


def test_spans_can_be_sent(built: Built, tmp_path: Path) -> None:
    """The extra for traces is in the image."""
    done = built.run(["python", "-c", "import runtime.host.spans"], tmp_path)
    assert done.returncode == READ, done.stderr


def test_no_installer_is_left(built: Built, tmp_path: Path) -> None:
    """The environment that runs has no pip, and nothing of what made the wheel."""
    done = built.run(["python", "-c", "import pip"], tmp_path)
    assert "No module named 'pip'" in done.stderr
    done = built.run(["python", "-c", "import hatchling"], tmp_path)
    assert "No module named 'hatchling'" in done.stderr


def test_the_list_of_parts_is_the_lock(built: Built) -> None:
    """The SBOM names each locked package that is installed, in its version, and the program."""
    sbom = json.loads((built.therapy / "sbom.cdx.json").read_text(encoding="utf-8"))
    assert (sbom["bomFormat"], sbom["metadata"]["component"]["name"]) == (
        "CycloneDX",
        "therapy-billing",
    )
    listed = {normal(each["name"]): each["version"] for each in sbom["components"]}
    lock = (ROOT / "requirements" / "traces.txt").read_text(encoding="utf-8")
    locked = {
        normal(name): version
        for name, version in re.findall(r"^([\w.-]+)(?:\[[\w,]+\])?==([\w.]+)", lock, re.MULTILINE)
    }
    assert set(listed) <= set(locked)
    assert {name: locked[name] for name in listed} == listed
    # What the lock has beyond it is for other systems alone.
    assert len(listed) > len(locked) - 5
    assert all(each["purl"].startswith("pkg:pypi/") for each in sbom["components"])


def normal(name: str) -> str:
    """Return a package's name as all its spellings have it."""
    return re.sub(r"[-_.]+", "-", name).lower()
