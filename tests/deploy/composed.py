"""``deploy/compose.yaml`` read, and its containers as processes of this machine."""

import os
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.cluster.ports import LOOPBACK, free_ports
from tests.deploy.dockerfile import Built
from tests.style.tree import ROOT

Json = dict[str, Any]
FOLDER = ROOT / "deploy"
COMPOSE = FOLDER / "compose.yaml"
IMAGE = "therapy-billing"


def read_compose() -> Json:
    """Return the file with its anchors resolved."""
    read: Json = yaml.safe_load(COMPOSE.read_text(encoding="utf-8"))
    return read


def ours(compose: Json) -> dict[str, Json]:
    """Return the containers of our image, by name."""
    containers: dict[str, Json] = compose["services"]
    return {name: each for name, each in containers.items() if each["image"].startswith(IMAGE)}


def running(compose: Json) -> dict[str, Json]:
    """Return those of our containers that run for ever."""
    found = ours(compose)
    return {name: each for name, each in found.items() if each["command"][0] == "run"}


def mounts(container: Json) -> dict[str, Path]:
    """Return what of the tree a container sees, by its path there."""
    found = {}
    for volume in container.get("volumes", []):
        source, target, *_ = volume.split(":")
        if source.startswith("."):
            found[target] = (FOLDER / source).resolve()
    return found


def read_properties(path: Path) -> dict[str, str]:
    """Return a Java properties file without comments: a name and a value a line."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


@dataclass(frozen=True)
class Machine:
    """What stands in for the engine: the image's files, and where Kafka and Redis really are."""

    built: Built
    image: Mapping[str, str]
    """The variables that the image sets."""
    places: Mapping[str, str]
    """The address here, by the one in the file."""
    folder: Path

    def run(self, container: Json) -> subprocess.CompletedProcess[str]:
        """Run a container's command to its end."""
        command = [*container.get("entrypoint", ["therapy"]), *container["command"]]
        seen = mounts(container)
        for place, path in seen.items():
            command = [each.replace(place, str(path)) for each in command]
        # In the file a dollar is two.
        command = [each.replace("$$", "$") for each in command]
        return self.built.run(command, self.folder, self.environment(container))

    @contextmanager
    def start(self, container: Json) -> Iterator["Started"]:
        """Start a container's command on a port of its own; kill it at the end."""
        (port,) = free_ports(1)
        environment = {**self.environment(container), "THERAPY_HTTP_PORT": str(port)}
        log = self.folder / f"{container['command'][-1]}.log"
        with log.open("wb") as said:
            process = subprocess.Popen(
                [self.built.therapy / "bin" / "therapy", *container["command"]],
                cwd=self.folder,
                env=environment,
                stderr=said,
            )
        try:
            yield Started(process, environment, log)
        finally:
            process.kill()
            process.wait()

    def environment(self, container: Json) -> dict[str, str]:
        """Return the variables that a container's process has, with the addresses here."""
        stated = {**self.image, **container["environment"], "THERAPY_HTTP_HOST": LOOPBACK}
        path = f"{self.built.therapy / 'bin'}:{os.defpath}"
        for there, here in self.places.items():
            stated = {name: text.replace(there, here) for name, text in stated.items()}
        return {**stated, "PATH": path}


@dataclass(frozen=True)
class Started:
    """A container's process, its variables and its log."""

    process: subprocess.Popen[bytes]
    environment: Mapping[str, str]
    log: Path

    def end(self, seconds: float) -> int:
        """Tell it to end as the engine does; return its exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(seconds)
