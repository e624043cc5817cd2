"""The workers in a chaos run: processes of ``therapy run all``, killed, frozen and restarted."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

from tests.cluster.ports import wait_until
from tests.cluster.server import Missing, Server

SESSION_TIMEOUT_MS = 6_000
TOPICS_SECONDS = 60.0
HEARD = ("recovering", "view_moved", "resent", "stopped", "broken")
"""The lines of their logs that are counted."""
THERAPY = Path(sys.executable).parent / "therapy"


class Workers:
    """Up to three processes on one group; each keeps its log in the folder."""

    def __init__(self, servers: str, redis: str) -> None:
        """Describe them; nothing runs yet."""
        self.folder = Path(tempfile.mkdtemp(prefix="workers-"))
        self._environment = {
            **os.environ,
            "THERAPY_KAFKA_BOOTSTRAP_SERVERS": servers,
            "THERAPY_REDIS_URL": redis,
            "THERAPY_HTTP_PORT": "0",
            "THERAPY_KAFKA_SESSION_TIMEOUT_MS": str(SESSION_TIMEOUT_MS),
            "THERAPY_BATCH_RECORDS": "100",
        }
        self._processes: list[Server] = []
        self.started = 0

    @property
    def running(self) -> list[Server]:
        """Return those that have not ended."""
        return [process for process in self._processes if process.is_running]

    def make_topics(self, partitions: int, replicas: int) -> None:
        """Make the topics, as an operator does: again where a young cluster was too slow."""
        command = [str(THERAPY), "topics", "create", "--partitions", str(partitions)]
        command += ["--replicas", str(replicas)]

        def is_made() -> bool:
            made = subprocess.run(command, env=self._environment, check=False, capture_output=True)
            return made.returncode == 0

        if not wait_until(is_made, TOPICS_SECONDS):
            raise Missing("the topics could not be made")

    def start(self, tree: Path | None = None) -> Server:
        """Start one more, of this tree or of another copy of it."""
        self.started += 1
        # A copy's tree comes before the one that is installed.
        environment = self._environment | ({} if tree is None else {"PYTHONPATH": str(tree)})
        command = [sys.executable, "-m", "commands.main", "run", "all"]
        process = Server(command, self.folder, f"worker-{self.started}", environment)
        process.spawn()
        self._processes.append(process)
        return process

    def remove(self) -> None:
        """Kill all of them, and delete their logs."""
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def said(self) -> Counter[str]:
        """Return how often they said what matters, and how many records they sent again."""
        counts: Counter[str] = Counter()
        for path in self.folder.glob("*.log"):
            for line in path.read_text(encoding="utf-8").splitlines():
                said = json.loads(line) if line.startswith("{") else {}
                event = said.get("event")
                if event in HEARD:
                    counts[f"({event})"] += 1
                if event == "resent":
                    counts["(records sent again)"] += said["records"]
        return counts

    def kill(self) -> None:
        """Kill all of them."""
        for process in self.running:
            process.resume()
            process.kill()
