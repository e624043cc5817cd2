"""Compose: its file, what it mounts, and its start commands run by hand, without an engine."""

import json
import re
import subprocess
import sys
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import pytest
import yaml

from commands.composition import Service
from commands.exits import READ
from commands.main import main
from commands.run import GATEWAY
from runtime.host.settings import read_settings
from tests.cluster.needed import own_kafka, own_redis, promtool
from tests.cluster.ports import LOOPBACK, ask, wait_until
from tests.deploy.composed import (
    COMPOSE,
    FOLDER,
    Json,
    Machine,
    Started,
    mounts,
    ours,
    read_compose,
    read_properties,
    running,
)
from tests.deploy.dockerfile import DOCKERFILE, Built, read_stages
from tests.docs.pages import text_of

PINNED = re.compile(
    r"[a-z/-]+:(?:\d+\.\d+\.\d+[\w.-]*|v\d+\.\d+\.\d+|\$\{THERAPY_VERSION:-[\d.]+\})"
)
ADDRESSES = {"controller.quorum.voters"}
"""What a broker of the tests says of itself."""
CHECK = Path(sys.executable).with_name("check-jsonschema")
READY_WITHIN = 90.0


@pytest.fixture(scope="module")
def compose() -> Json:
    """Return the file."""
    return read_compose()


def checked(path: Path) -> int:
    """Return the exit status of the check against the Compose specification's schema."""
    command = [str(CHECK), "--builtin-schema", "vendor.compose-spec", str(path)]
    return subprocess.run(command, capture_output=True, check=False).returncode


def test_it_is_of_the_compose_specification(tmp_path: Path) -> None:
    """The specification's schema takes it, and refuses a word that is none."""
    assert checked(COMPOSE) == 0
    planted = tmp_path / "compose.yaml"
    text = COMPOSE.read_text(encoding="utf-8")
    planted.write_text(text.replace("read_only:", "read_onyl:"), encoding="utf-8")
    assert checked(planted) == 1


def test_what_is_named_is_there(compose: Json) -> None:
    """Containers that others wait for, volumes, and files and folders of the tree."""
    for container in compose["services"].values():
        for other, how in container.get("depends_on", {}).items():
            waited = compose["services"][other]
            if how["condition"] == "service_healthy":
                assert waited["healthcheck"]["test"]
            else:
                assert waited["restart"] == "no"
        for volume in container.get("volumes", []):
            source = volume.split(":")[0]
            assert source.startswith(".") or source in compose["volumes"]
        for path in mounts(container).values():
            assert path.exists(), path


def test_every_image_is_pinned(compose: Json) -> None:
    """By a full version; none is the latest."""
    for container in compose["services"].values():
        assert PINNED.fullmatch(container["image"]), container["image"]


def test_every_container_is_confined(compose: Json) -> None:
    """No capability, no new privilege, a limit of memory and processes, ports of this machine."""
    for name, container in compose["services"].items():
        assert container["cap_drop"] == ["ALL"]
        assert container["security_opt"] == ["no-new-privileges:true"]
        assert container["mem_limit"]
        assert container["pids_limit"]
        assert all(port.startswith("127.0.0.1:") for port in container.get("ports", []))
        # Kafka's image writes its configuration beside its program.
        assert container.get("read_only", False) is (name != "kafka")


def test_there_is_no_password(compose: Json) -> None:
    """No container is told one, and Grafana lets nobody log in."""
    for container in compose["services"].values():
        told = container.get("environment", {})
        assert not [each for each in told if re.search("PASSWORD|SECRET|TOKEN", each)]
    grafana = compose["services"]["grafana"]["environment"]
    assert grafana["GF_AUTH_ANONYMOUS_ORG_ROLE"] == "Viewer"
    assert grafana["GF_SECURITY_DISABLE_INITIAL_ADMIN_CREATION"] == "true"
    assert grafana["GF_AUTH_DISABLE_LOGIN_FORM"] == "true"
    assert grafana["GF_AUTH_BASIC_ENABLED"] == "false"


def test_all_services_run(compose: Json) -> None:
    """Each consumer and the gateway has a container of its own, under its own name."""
    found = {name: each["command"] for name, each in running(compose).items()}
    assert found == {name: ["run", name] for name in [*Service, GATEWAY]}


def test_commands_and_settings_are_ours(compose: Json, capsys: pytest.CaptureFixture[str]) -> None:
    """What our containers are told is a command of ours, and settings that are right."""
    for container in ours(compose).values():
        read_settings(container["environment"])
        if "entrypoint" not in container:
            with pytest.raises(SystemExit) as help_:
                main([*container["command"], "--help"])
            assert help_.value.code == READ
    capsys.readouterr()


def test_what_ends_is_not_restarted(compose: Json) -> None:
    """A service comes back by itself, a command does not; it has longer to end than it needs."""
    forever = running(compose)
    for name, container in ours(compose).items():
        assert (container["restart"] == "unless-stopped") is (name in forever)
        if name in forever:
            assert int(container["stop_grace_period"].removesuffix("s")) > 8


def test_prometheus_scrapes_every_service(compose: Json) -> None:
    """By the names and the port that the containers have, with the rules that are mounted."""
    settings = yaml.safe_load((FOLDER / "compose" / "prometheus.yml").read_text(encoding="utf-8"))
    job = settings["scrape_configs"][0]
    [found] = job["dns_sd_configs"]
    assert (job["job_name"], set(found["names"])) == ("therapy", set(running(compose)))
    _arguments, stages = read_stages(DOCKERFILE.read_text(encoding="utf-8"))
    assert stages["therapy"].of("EXPOSE") == [str(found["port"])]
    [rules] = settings["rule_files"]
    assert str(Path(rules).parent) in mounts(compose["services"]["prometheus"])


def test_prometheus_takes_its_configuration(compose: Json, tmp_path: Path) -> None:
    """Prometheus' own tool checks it together with the alerts that it names."""
    text = (FOLDER / "compose" / "prometheus.yml").read_text(encoding="utf-8")
    for place, path in mounts(compose["services"]["prometheus"]).items():
        text = text.replace(place, str(path))
    configured = tmp_path / "prometheus.yml"
    configured.write_text(text, encoding="utf-8")
    done = subprocess.run(
        [promtool(), "check", "config", configured], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert re.search(r"SUCCESS: [1-9]\d* rules found", done.stdout)


def test_grafana_is_provisioned(compose: Json) -> None:
    """Its source is the Prometheus beside it, its dashboards are those of the chart."""
    folder = FOLDER / "compose" / "grafana" / "provisioning"
    [source] = yaml.safe_load((folder / "datasources" / "prometheus.yaml").read_text("utf-8"))[
        "datasources"
    ]
    [port] = compose["services"]["prometheus"]["ports"]
    assert source["url"] == f"http://prometheus:{port.rpartition(':')[2]}"
    [provider] = yaml.safe_load((folder / "dashboards" / "therapy.yaml").read_text("utf-8"))[
        "providers"
    ]
    seen = mounts(compose["services"]["grafana"])
    assert seen["/etc/grafana/provisioning"] == folder
    assert list(seen[provider["options"]["path"]].glob("*.json"))


def test_kafka_is_as_operations_ask() -> None:
    """Transactional ids live as long as the page says, and no broker that is behind leads."""
    settings = read_properties(FOLDER / "compose" / "kafka" / "server.properties")
    stated = f"transactional.id.expiration.ms={settings['transactional.id.expiration.ms']}"
    assert stated in text_of("docs/operations.md")
    assert settings["unclean.leader.election.enable"] == "false"
    assert settings["auto.create.topics.enable"] == "false"


def test_the_start_commands_run_by_hand(compose: Json, built: Built, tmp_path: Path) -> None:
    """With the files for Kafka and Redis, in the image's environment: a session is decided."""
    file = FOLDER / "compose" / "kafka" / "server.properties"
    settings = {n: text for n, text in read_properties(file).items() if n not in ADDRESSES}
    for kafka in own_kafka(settings):
        for redis in own_redis(FOLDER / "compose" / "redis.conf"):
            assert b"noeviction" in ask(redis.port, b"CONFIG GET maxmemory-policy\r\n")
            assert b"yes" in ask(redis.port, b"CONFIG GET appendonly\r\n")
            _arguments, stages = read_stages(DOCKERFILE.read_text(encoding="utf-8"))
            places = {
                "kafka:9092": kafka.bootstrap_servers,
                "redis:6379": f"{LOOPBACK}:{redis.port}",
            }
            image = stages["therapy"].environment()
            _run_all(compose, Machine(built, image, places, tmp_path))


def _run_all(compose: Json, machine: Machine) -> None:
    containers = ours(compose)
    made = machine.run(containers["topics"])
    assert made.returncode == READ, made.stderr
    with ExitStack() as stopping:
        started = {
            name: stopping.enter_context(machine.start(container))
            for name, container in running(compose).items()
        }
        for name, each in started.items():
            healthy = partial(_is_healthy, machine, running(compose)[name], each)
            assert wait_until(healthy, READY_WITHIN, 0.5), each.log.read_text(encoding="utf-8")
        sample = machine.run(containers["sample"])
        assert sample.returncode == READ, sample.stderr
        probed = machine.run(containers["probe"])
        assert probed.returncode == READ, probed.stderr
        assert probed.stdout.startswith("not-billable: ")
        for each in started.values():
            assert each.end(8) == READ
            lines = each.log.read_text(encoding="utf-8").splitlines()
            assert all(json.loads(line) for line in lines)


def _is_healthy(machine: Machine, container: Json, started: Started) -> bool:
    """Ask as the engine does."""
    test = container["healthcheck"]["test"]
    assert test[0] == "CMD"
    asked = machine.built.run(test[1:], machine.folder, started.environment)
    return asked.returncode == READ
