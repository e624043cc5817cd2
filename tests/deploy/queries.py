"""What an alert's or a dashboard's PromQL asks for: names of metrics, and names of labels."""

import re

METRIC = re.compile(r"(?<!\w)therapy_\w+")
IN_BRACES = re.compile(r"\{([^}]*)\}")
MATCHED = re.compile(r"(\w+)\s*(?:=~|!~|!=|=)")
GROUPED = re.compile(r"\bby\s*\(([^)]*)\)")
FROM_OUTSIDE = {"namespace", "instance"}
"""Labels that Prometheus gives to what it scrapes."""
FROM_RULES = {"alertname", "alertstate", "severity", "team"}
"""Labels of ALERTS, which is Prometheus' own."""


def metrics_of(expr: str) -> set[str]:
    """Return our metrics in PromQL; a recording rule is named for the one that it is made of."""
    return set(METRIC.findall(expr))


def labels_of(expr: str) -> set[str]:
    """Return the labels that PromQL matches or groups by, without those that come from outside."""
    matched = {name for braces in IN_BRACES.findall(expr) for name in MATCHED.findall(braces)}
    grouped = {name.strip() for names in GROUPED.findall(expr) for name in names.split(",")}
    return (matched | grouped) - FROM_OUTSIDE - FROM_RULES
