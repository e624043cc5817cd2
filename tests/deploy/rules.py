"""The alerts as their file has them, and the page of each."""

import re
from collections.abc import Mapping
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict

from tests.cluster.prometheus import RULES
from tests.style.tree import ROOT

CASES = ROOT / "tests" / "deploy" / "alerts"
"""What promtool runs."""
RUNBOOKS = ROOT / "docs" / "runbooks"
INDEX = RUNBOOKS / "README.md"
BY_SERVICE = "page or ticket"
"""Said of an alert that wakes for some services and not for others."""
_WORD = re.compile(r"[A-Z][a-z]+")


class Alert(BaseModel):
    """One alert, with what it says and whom it tells."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    alert: str
    expr: str
    for_: str = ""
    labels: Mapping[str, str]
    annotations: Mapping[str, str]

    @property
    def page(self) -> Path:
        """The runbook that it leads to."""
        return ROOT / self.annotations["runbook"]

    @property
    def severity(self) -> str:
        """What the page and the index say of it."""
        severity = self.labels["severity"]
        return BY_SERVICE if "{{" in severity else severity


def alerts() -> list[Alert]:
    """Return every alert, in order."""
    groups = yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"]
    return [
        Alert.model_validate({("for_" if key == "for" else key): rule[key] for key in rule})
        for group in groups
        for rule in group["rules"]
        if "alert" in rule
    ]


def page_name(alert: str) -> str:
    """Return the file name of an alert's page: its words without the first."""
    return "-".join(_WORD.findall(alert.removeprefix("Therapy"))).lower() + ".md"
