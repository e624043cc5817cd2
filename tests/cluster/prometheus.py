"""A real Prometheus on loopback with our rules, which scrapes one process every second."""

import json
import shutil
import tempfile
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

import yaml

from tests.cluster.ports import LOOPBACK, ask, free_ports, wait_until
from tests.cluster.server import Missing, Server
from tests.style.tree import ROOT

START_SECONDS = 30.0
RULES = ROOT / "deploy" / "helm" / "therapy" / "alerts" / "therapy.yaml"


class Prometheus:
    """One server in a folder of its own; its job is called ``therapy``."""

    def __init__(self, port: int) -> None:
        """Lay it out, to scrape ``port``; ``Missing`` where the machine has none."""
        binary = _found("prometheus")
        self.folder = Path(tempfile.mkdtemp(prefix="prometheus-"))
        (self._port,) = free_ports(1)
        targets = [{"targets": [f"{LOOPBACK}:{port}"]}]
        settings = {
            "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
            "rule_files": [str(RULES)],
            "scrape_configs": [{"job_name": "therapy", "static_configs": targets}],
        }
        configured = self.folder / "prometheus.yml"
        configured.write_text(yaml.safe_dump(settings), encoding="utf-8")
        command = [
            binary,
            f"--config.file={configured}",
            f"--storage.tsdb.path={self.folder / 'data'}",
            f"--web.listen-address={LOOPBACK}:{self._port}",
            "--log.level=warn",
        ]
        self.server = Server(command, self.folder, "prometheus")

    def start(self) -> None:
        """Start it, and wait until it answers."""
        self.server.spawn()
        if not wait_until(self._is_ready, START_SECONDS):
            raise Missing(f"Prometheus did not start: {self.server.said()}")

    def query(self, expr: str) -> list[dict[str, Any]]:
        """Return what PromQL gives now: ``metric`` and ``value`` of each sample."""
        found: list[dict[str, Any]] = self._get("query", {"query": expr})["result"]
        return found

    def value(self, expr: str) -> float | None:
        """Return the one value that PromQL gives now; None where it gives nothing."""
        found = self.query(expr)
        return float(found[0]["value"][1]) if found else None

    def series(self, match: str) -> list[dict[str, str]]:
        """Return the labels of every series that a selector meets."""
        found: list[dict[str, str]] = self._get("series", {"match[]": match})
        return found

    def rules(self) -> list[dict[str, Any]]:
        """Return its groups of rules, as they were evaluated last."""
        groups: list[dict[str, Any]] = self._get("rules", {})["groups"]
        return groups

    def remove(self) -> None:
        """Kill it and delete its folder."""
        self.server.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _is_ready(self) -> bool:
        answer = ask(self._port, b"GET /-/ready HTTP/1.0\r\n\r\n")
        return answer.startswith(b"HTTP/1.0 200")

    def _get(self, path: str, asked: dict[str, str]) -> Any:  # noqa: ANN401 - as it answers
        address = f"http://{LOOPBACK}:{self._port}/api/v1/{path}?{urllib.parse.urlencode(asked)}"
        with urllib.request.urlopen(address, timeout=10) as answer:
            return json.load(answer)["data"]


def tool() -> str:
    """Return the path of promtool; ``Missing`` where the machine has none."""
    return _found("promtool")


def _found(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise Missing(f"Prometheus: there is no {name} on this machine")
    return found
