"""The plain manifests are the chart's, and stand by themselves."""

from pathlib import Path

import pytest
import yaml

from tests.deploy import definitions
from tests.deploy.chart import Document, documents
from tests.deploy.manifests import FOLDER, ON_DEMAND, manifests, write
from tests.deploy.policies import POLICIES, Policy


@pytest.fixture(scope="module")
def plain() -> tuple[Document, ...]:
    """Return every resource of the folder."""
    texts = [path.read_text(encoding="utf-8") for path in sorted(FOLDER.glob("*.yaml"))]
    found = [document for text in texts for document in documents(text)]
    return tuple(each for each in found if each["kind"] != "Kustomization")


def test_they_are_current() -> None:
    """What the chart renders today is what stands in the folder, and nothing else does."""
    there = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.iterdir()}
    assert there == manifests()


def test_writing_them_removes_what_is_no_longer_made(tmp_path: Path) -> None:
    """A process that is gone leaves no file behind."""
    (tmp_path / "gone.yaml").touch()
    write(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == manifests().keys()


def test_kustomize_takes_all_but_what_is_applied_by_hand() -> None:
    """Its file names every other one."""
    said = yaml.safe_load((FOLDER / "kustomization.yaml").read_text(encoding="utf-8"))
    names = {path.name for path in FOLDER.glob("*.yaml")}
    assert set(said["resources"]) == names - {"kustomization.yaml", f"{ON_DEMAND}.yaml"}


@pytest.mark.parametrize("policy", POLICIES, ids=lambda policy: policy.__name__)
def test_they_keep_the_policies(plain: tuple[Document, ...], policy: Policy) -> None:
    """What holds of the chart holds of them."""
    assert not list(policy(plain))


def test_kubernetes_knows_every_field(plain: tuple[Document, ...]) -> None:
    """No operator is needed: all are Kubernetes' own resources."""
    assert not [said for each in plain for said in definitions.wrong(each)]
    assert all("." not in each["apiVersion"] or "k8s.io" in each["apiVersion"] for each in plain)


def test_nothing_says_that_helm_manages_them(plain: tuple[Document, ...]) -> None:
    """A label of Helm on what Helm does not know would mislead it."""
    for each in plain:
        assert not [name for name in each["metadata"]["labels"] if "helm" in name]
        assert "app.kubernetes.io/managed-by" not in each["metadata"]["labels"]
