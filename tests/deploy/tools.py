"""What the chart's tests need: helm, and the schemas of resources that are not Kubernetes' own.

Both come as Go modules, pinned; Go holds their checksums. ``make helm`` fetches them by running
this module. Without Go it says so, and the tests that need them are skipped.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from tests.cluster.server import Missing
from tests.style.tree import ROOT

HELM_VERSION = "v3.22.0"
FOLDER = ROOT / ".cache" / f"helm-{HELM_VERSION}"
HELM = FOLDER / "helm"
CRDS = FOLDER / "crds"
# As helm's own Makefile builds it: without them it takes every cluster for one of years ago.
_FOR_KUBERNETES = " ".join(
    f"-X helm.sh/helm/v3/pkg/{package}.k8sVersion{part}={number}"
    for package in ("chartutil", "lint/rules")
    for part, number in (("Major", 1), ("Minor", 37))
)


class Module(NamedTuple):
    """A Go module at a version, and the definitions that are taken from one of its folders."""

    name: str
    version: str
    folder: str
    files: tuple[str, ...]


MODULES = (
    Module(
        "github.com/prometheus-operator/prometheus-operator",
        "v0.85.0",
        "example/prometheus-operator-crd",
        (
            "monitoring.coreos.com_podmonitors.yaml",
            "monitoring.coreos.com_prometheusrules.yaml",
        ),
    ),
    Module(
        "github.com/kedacore/keda/v2",
        "v2.21.0",
        "config/crd/bases",
        ("keda.sh_scaledobjects.yaml",),
    ),
    Module(
        "github.com/external-secrets/external-secrets",
        "v1.3.2",
        "config/crds/bases",
        ("external-secrets.io_externalsecrets.yaml",),
    ),
)


def chart_tools() -> Path:
    """Return the folder with helm and the definitions; raises ``Missing``."""
    wanted = [HELM, *(CRDS / name for module in MODULES for name in module.files)]
    if not all(path.exists() for path in wanted):
        raise Missing("helm is not there: make helm fetches it, where there is Go")
    return FOLDER


def main() -> int:
    """Fetch what is not there yet; status 0 where that cannot be done too, and it is said."""
    if not shutil.which("go"):
        sys.stdout.write("Go is not there: no helm for the tests.\n")
        return 0
    try:
        _fetch()
    except subprocess.CalledProcessError:
        sys.stdout.write("Fetching failed: no helm for the tests.\n")
    return 0


def _fetch() -> None:
    CRDS.mkdir(parents=True, exist_ok=True)
    if not HELM.exists():
        sys.stdout.write(f"Building helm {HELM_VERSION} for the tests ...\n")
        sys.stdout.flush()
        linked = f"-ldflags=-s -w {_FOR_KUBERNETES}"
        _go("install", linked, f"helm.sh/helm/v3/cmd/helm@{HELM_VERSION}")
    for module in MODULES:
        if not all((CRDS / name).exists() for name in module.files):
            _take(module)


def _take(module: Module) -> None:
    said = json.loads(_go("mod", "download", "-json", f"{module.name}@{module.version}"))
    for name in module.files:
        shutil.copyfile(Path(said["Dir"]) / module.folder / name, CRDS / name)


def _go(*arguments: str) -> bytes:
    environment = {**os.environ, "GOBIN": str(FOLDER)}  # noqa: TID251
    return subprocess.run(
        ["go", *arguments],  # noqa: S607 - the one on the path
        cwd=FOLDER,
        env=environment,
        stdout=subprocess.PIPE,
        check=True,
    ).stdout


if __name__ == "__main__":
    sys.exit(main())
