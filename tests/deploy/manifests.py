"""The plain manifests of deploy/kubernetes/, for those without Helm: the chart with its defaults.

``python -m tests.deploy.manifests`` writes them anew; a test holds them current.
"""

from collections.abc import Mapping
from pathlib import Path

import yaml

from tests.deploy.chart import template
from tests.style.tree import ROOT

FOLDER = ROOT / "deploy" / "kubernetes"
HEADER = (
    "# Made from the chart by python -m tests.deploy.manifests: change the chart, not this file.\n"
)
EVERYWHERE = "common"
ON_DEMAND = "probe"
"""Applied by hand, after everything else runs."""
_OF_HELM = ("helm.sh/chart:", "app.kubernetes.io/managed-by:", "# Source:")


def manifests() -> Mapping[str, str]:
    """Return the text of each file by its name: one for each process, and what they share."""
    files: dict[str, list[str]] = {}
    for text in template().split("\n---\n"):
        plain = _without_helm(text.removeprefix("---\n"))
        labels = yaml.safe_load(plain)["metadata"]["labels"]
        files.setdefault(labels.get("app.kubernetes.io/component", EVERYWHERE), []).append(plain)
    made = {f"{name}.yaml": HEADER + "---\n".join(texts) for name, texts in files.items()}
    return {**made, "kustomization.yaml": HEADER + _kustomization(files)}


def _without_helm(text: str) -> str:
    """Return a document without what says that Helm manages it, and where it comes from."""
    lines = text.strip("\n").splitlines()
    return "".join(f"{line}\n" for line in lines if not line.strip().startswith(_OF_HELM))


def _kustomization(names: Mapping[str, object]) -> str:
    resources = "".join(f"  - {name}.yaml\n" for name in sorted(names) if name != ON_DEMAND)
    return (
        "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n"
        f"resources:\n{resources}"
    )


def write(folder: Path) -> None:
    """Write all files to a folder, and remove what is no longer made."""
    folder.mkdir(parents=True, exist_ok=True)
    made = manifests()
    for path in folder.glob("*.yaml"):
        if path.name not in made:
            path.unlink()
    for name, text in made.items():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write(FOLDER)
