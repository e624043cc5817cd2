"""A dashboard as its YAML file describes it: rows of panels, each with its queries."""

from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field, field_validator

from tests.style.tree import ROOT

SOURCES = ROOT / "deploy" / "dashboards"
MADE = ROOT / "deploy" / "helm" / "therapy" / "dashboards"
WIDTH = 24
"""Columns of Grafana's grid."""


class Kind(StrEnum):
    """How a panel shows what its queries return."""

    STAT = "stat"
    TIMESERIES = "timeseries"
    BARS = "bars"
    PIE = "pie"
    TABLE = "table"


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Query(_Part):
    """PromQL, and Grafana's template of what each series is called."""

    expr: str
    legend: str = ""

    @field_validator("expr")
    @classmethod
    def _on_one_line(cls, expr: str) -> str:
        return " ".join(expr.split())


class Panel(_Part):
    """One panel; ``unit`` is Grafana's id, ``none`` for a plain number."""

    title: str
    kind: Kind
    width: int = Field(ge=1, le=WIDTH)
    height: int = 0
    """In rows of the grid; 0 is what is usual for the kind."""
    description: str
    unit: str
    queries: tuple[Query, ...] = Field(min_length=1)
    columns: tuple[str, ...] = ()
    """Labels that a table shows, in order; the value comes last."""
    decimals: int | None = None
    red_from: float | None = None
    red_below: float | None = None
    stacked: bool = False

    @field_validator("queries", mode="before")
    @classmethod
    def _with_a_legend(cls, queries: list[object]) -> list[object]:
        return [{"expr": each} if isinstance(each, str) else each for each in queries]


class Row(_Part):
    """A titled row of panels."""

    title: str
    panels: tuple[Panel, ...] = Field(min_length=1)


class Dashboard(_Part):
    """A whole dashboard; ``uid`` is its name in Grafana's addresses."""

    title: str
    uid: str
    description: str
    rows: tuple[Row, ...] = Field(min_length=1)

    def panels(self) -> Iterator[Panel]:
        """Yield every panel, in order."""
        for row in self.rows:
            yield from row.panels


def sources() -> list[Path]:
    """Return the files that describe a dashboard, in order."""
    return sorted(SOURCES.glob("*.yaml"))


def read(source: Path) -> Dashboard:
    """Read a description; what it may not say is an error."""
    return Dashboard.model_validate(yaml.safe_load(source.read_text(encoding="utf-8")))


def made_of(source: Path) -> Path:
    """Return the file that Grafana reads, which is made of a description."""
    return MADE / f"{source.stem}.json"
