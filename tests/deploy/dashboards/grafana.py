"""A described dashboard as the JSON that Grafana reads: its model in schema version 39."""

import json
from collections.abc import Iterator
from typing import Any

from tests.deploy.dashboards.described import WIDTH, Dashboard, Kind, Panel, Query, Row

Json = dict[str, Any]
SCHEMA_VERSION = 39
SOURCE = {"type": "prometheus", "uid": "${datasource}"}
GREEN, RED = "green", "red"
TYPES = {
    Kind.STAT: "stat",
    Kind.TIMESERIES: "timeseries",
    Kind.BARS: "bargauge",
    Kind.PIE: "piechart",
    Kind.TABLE: "table",
}
HEIGHTS = {Kind.STAT: 4, Kind.TIMESERIES: 8, Kind.BARS: 8, Kind.PIE: 8, Kind.TABLE: 8}
LAST = {"calcs": ["lastNotNull"], "fields": "", "values": False}
LEGEND = {"calcs": [], "displayMode": "list", "placement": "bottom", "showLegend": True}
OPTIONS: dict[Kind, Json] = {
    Kind.STAT: {
        "colorMode": "value",
        "graphMode": "area",
        "justifyMode": "auto",
        "orientation": "auto",
        "reduceOptions": LAST,
        "textMode": "auto",
    },
    Kind.TIMESERIES: {"legend": LEGEND, "tooltip": {"mode": "multi", "sort": "desc"}},
    Kind.BARS: {
        "displayMode": "basic",
        "orientation": "horizontal",
        "reduceOptions": LAST,
        "showUnfilled": True,
        "valueMode": "color",
    },
    Kind.PIE: {
        "legend": {**LEGEND, "placement": "right", "values": ["value", "percent"]},
        "pieType": "donut",
        "reduceOptions": LAST,
        "tooltip": {"mode": "single", "sort": "none"},
    },
    Kind.TABLE: {"cellHeight": "sm", "showHeader": True},
}
OVER_TIME = {Kind.STAT, Kind.TIMESERIES}
"""What is drawn over the time shown; the others show how it is now."""


def write(dashboard: Dashboard) -> str:
    """Return the file's text."""
    return json.dumps(model(dashboard), indent=2, ensure_ascii=False) + "\n"


def model(dashboard: Dashboard) -> Json:
    """Return Grafana's dashboard model."""
    return {
        "annotations": {"list": []},
        "description": dashboard.description,
        "editable": True,
        "fiscalYearStartMonth": 0,
        "graphTooltip": 1,
        "links": [],
        "panels": list(_laid_out(dashboard)),
        "refresh": "30s",
        "schemaVersion": SCHEMA_VERSION,
        "tags": ["therapy"],
        "templating": {"list": [_datasource(), _namespace()]},
        "time": {"from": "now-6h", "to": "now"},
        "timepicker": {},
        "timezone": "browser",
        "title": dashboard.title,
        "uid": dashboard.uid,
        "version": 1,
        "weekStart": "",
    }


def _laid_out(dashboard: Dashboard) -> Iterator[Json]:
    """Yield rows and panels, numbered from 1, side by side while they fit and then below."""
    number, y = 1, 0
    for row in dashboard.rows:
        yield _row(row, number, y)
        number, y = number + 1, y + 1
        x = tallest = 0
        for panel in row.panels:
            if x + panel.width > WIDTH:
                x, y, tallest = 0, y + tallest, 0
            height = panel.height or HEIGHTS[panel.kind]
            grid = {"h": height, "w": panel.width, "x": x, "y": y}
            yield _panel(panel, number, grid)
            number, x, tallest = number + 1, x + panel.width, max(tallest, height)
        y += tallest


def _row(row: Row, number: int, y: int) -> Json:
    return {
        "collapsed": False,
        "gridPos": {"h": 1, "w": WIDTH, "x": 0, "y": y},
        "id": number,
        "panels": [],
        "title": row.title,
        "type": "row",
    }


def _panel(panel: Panel, number: int, grid: Json) -> Json:
    made = {
        "datasource": SOURCE,
        "description": panel.description,
        "fieldConfig": {"defaults": _field(panel), "overrides": []},
        "gridPos": grid,
        "id": number,
        "options": OPTIONS[panel.kind],
        "targets": [
            _target(panel, query, chr(ord("A") + place))
            for place, query in enumerate(panel.queries)
        ],
        "title": panel.title,
        "type": TYPES[panel.kind],
    }
    if panel.kind is Kind.TABLE:
        made["transformations"] = [_columns(panel)]
    return made


def _field(panel: Panel) -> Json:
    field: Json = {
        "color": {"mode": "thresholds" if _is_judged(panel) else "palette-classic"},
        "mappings": [],
        # A service that is gone is no zero.
        "noValue": "no data",
        "thresholds": {"mode": "absolute", "steps": _steps(panel)},
        "unit": panel.unit,
    }
    if panel.decimals is not None:
        field["decimals"] = panel.decimals
    if panel.kind is Kind.BARS:
        field["min"] = 0
    if panel.kind is Kind.TIMESERIES:
        field["min"] = 0
        field["custom"] = {
            "drawStyle": "line",
            "fillOpacity": 30 if panel.stacked else 5,
            "lineWidth": 1,
            "showPoints": "never",
            "spanNulls": False,
            "stacking": {"group": "A", "mode": "normal" if panel.stacked else "none"},
        }
    return field


def _is_judged(panel: Panel) -> bool:
    return panel.kind is Kind.STAT or panel.red_from is not None or panel.red_below is not None


def _steps(panel: Panel) -> list[Json]:
    if panel.red_below is not None:
        return [{"color": RED, "value": None}, {"color": GREEN, "value": panel.red_below}]
    steps: list[Json] = [{"color": GREEN, "value": None}]
    if panel.red_from is not None:
        steps.append({"color": RED, "value": panel.red_from})
    return steps


def _target(panel: Panel, query: Query, name: str) -> Json:
    is_over_time = panel.kind in OVER_TIME
    return {
        "datasource": SOURCE,
        "editorMode": "code",
        "expr": query.expr,
        "format": "table" if panel.kind is Kind.TABLE else "time_series",
        "instant": not is_over_time,
        "legendFormat": query.legend or "__auto",
        "range": is_over_time,
        "refId": name,
    }


def _columns(panel: Panel) -> Json:
    """Show a table's labels in their order, and the value last."""
    order = {name: place for place, name in enumerate((*panel.columns, "Value"))}
    hidden = {"Time": True}
    return {
        "id": "organize",
        "options": {"excludeByName": hidden, "indexByName": order, "renameByName": {}},
    }


def _datasource() -> Json:
    return {
        "hide": 0,
        "includeAll": False,
        "label": "Data source",
        "multi": False,
        "name": "datasource",
        "options": [],
        "query": "prometheus",
        "refresh": 1,
        "regex": "",
        "skipUrlSync": False,
        "type": "datasource",
    }


def _namespace() -> Json:
    """Choose installations; where Prometheus gives no namespace, all is all there is."""
    asked = "label_values(therapy_partitions, namespace)"
    return {
        "allValue": ".*",
        "current": {"selected": True, "text": ["All"], "value": ["$__all"]},
        "datasource": SOURCE,
        "hide": 0,
        "includeAll": True,
        "label": "Namespace",
        "multi": True,
        "name": "namespace",
        "options": [],
        "query": {"query": asked, "refId": "namespace"},
        "refresh": 2,
        "regex": "",
        "skipUrlSync": False,
        "sort": 1,
        "type": "query",
    }
