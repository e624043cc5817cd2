"""What docs/deploying-on-kubernetes.md tells a platform engineer to write and to run works."""

import re
import shlex
from pathlib import Path

import pytest
import yaml

from tests.deploy import definitions
from tests.deploy.chart import Document, documents, run
from tests.deploy.manifests import FOLDER
from tests.deploy.policies import POLICIES
from tests.style.tree import ROOT

TEXT = (ROOT / "docs" / "deploying-on-kubernetes.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```yaml\n(.*?)^```$", TEXT, re.DOTALL | re.MULTILINE)
COMMANDS = [
    shlex.split(line)
    for block in re.findall(r"^```sh\n(.*?)^```$", TEXT, re.DOTALL | re.MULTILINE)
    for line in block.splitlines()
]
INSTALLING = [command for command in COMMANDS if command[:3] == ["helm", "upgrade", "--install"]]
OF_A_CLUSTER = ("--create-namespace", "--wait", "--timeout", "10m")
"""What only an installation has a use for."""


def rendered(command: list[str], values: Path) -> tuple[Document, ...]:
    """Return what a command of the page would install."""
    given = [str(values) if each == "therapy-values.yaml" else each for each in command[3:]]
    given[1] = str(ROOT / given[1])
    return tuple(documents(run("template", *(each for each in given if each not in OF_A_CLUSTER))))


@pytest.mark.parametrize("example", EXAMPLES, ids=range(len(EXAMPLES)))
def test_an_example_renders_what_is_right(example: str, tmp_path: Path) -> None:
    """The chart takes the values, and what it makes of them keeps schemas and policies."""
    values = tmp_path / "values.yaml"
    values.write_text(example, encoding="utf-8")
    made = rendered(INSTALLING[0], values)
    assert not [said for each in made for said in definitions.wrong(each)]
    assert not [said for policy in POLICIES for said in policy(made)]


def test_an_upgrade_goes_from_the_readers_to_the_writers(tmp_path: Path) -> None:
    """Step by step more processes run the new release, and at last all of them."""
    values = tmp_path / "values.yaml"
    values.write_text("image: {tag: 0.2.0}", encoding="utf-8")
    steps = [_upgraded(rendered(command, values)) for command in INSTALLING[1:]]
    assert steps == [
        {"claims", "clinicians"},
        {"claims", "clinicians", "spend"},
        {"claims", "clinicians", "spend", "units"},
        {"claims", "clinicians", "spend", "units", "gateway"},
    ]


def _upgraded(made: tuple[Document, ...]) -> set[str]:
    return {
        container["name"]
        for each in made
        if each["kind"] == "StatefulSet"
        for container in each["spec"]["template"]["spec"]["containers"]
        if container["image"].endswith(":0.2.0")
    }


def test_the_commands_name_what_is_there() -> None:
    """Folders and files that kubectl applies are in the tree, and the release has one name."""
    for command in COMMANDS:
        if command[0] == "kubectl":
            assert (ROOT / command[-1]).exists(), command
            assert (ROOT / command[-1]).is_relative_to(FOLDER)
        else:
            assert "therapy" in command
        assert command[command.index("--namespace") + 1] == "billing"


def test_every_value_that_the_page_names_exists() -> None:
    """A dotted name in backticks is one of the chart's values."""
    values = yaml.safe_load((ROOT / "deploy/helm/therapy/values.yaml").read_text(encoding="utf-8"))
    named = re.findall(r"`((?:%s)(?:\.\w+)+)`" % "|".join(values), TEXT)  # noqa: UP031
    assert len(named) > 10
    for name in named:
        at = values
        for part in name.split("."):
            assert part in at, name
            at = at[part]
