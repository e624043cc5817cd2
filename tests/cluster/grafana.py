"""Grafana's published types of a dashboard, and the compiler that holds a file against them.

They are fetched by ``make types``.
"""

import shutil
from pathlib import Path

from tests.cluster.server import Missing
from tests.style.tree import ROOT

TYPES = ROOT / ".cache" / "grafana-types"


def fetched() -> Path:
    """Return the folder that has them; ``Missing`` where there is none."""
    if shutil.which("node") is None:
        raise Missing("Grafana's types: there is no node on this machine")
    if not (TYPES / ".fetched").exists():
        raise Missing(f"Grafana's types: none in {TYPES}: make types")
    return TYPES / "node_modules"
