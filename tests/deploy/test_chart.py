"""The chart renders what Kubernetes and its operators take, and keeps our policies."""

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml

from commands.main import main
from runtime.host.settings import Settings, read_settings
from tests.deploy import definitions
from tests.deploy.chart import (
    CHART,
    VALUES,
    Document,
    Refused,
    documents,
    lint,
    of_kind,
    pods,
    render,
    template,
)
from tests.deploy.planted import PLANTED, Planting
from tests.deploy.policies import POLICIES, Policy, containers, every_pod_is_isolated, name_of
from tests.style.tree import ROOT

MATRIX = (None, *sorted(path.stem for path in VALUES.glob("*.yaml")))
REFUSED = yaml.safe_load((ROOT / "tests" / "deploy" / "refused.yaml").read_text(encoding="utf-8"))
WITHOUT_NETWORK_POLICIES = "minimal"
NOTES = """
apiVersion: v1
kind: ConfigMap
metadata: {name: notes}
data: {notes: {{ include (print $.Template.BasePath "/NOTES.txt") . | quote }}}
"""


@pytest.mark.parametrize("values", MATRIX)
def test_helm_finds_nothing_wrong(values: str | None) -> None:
    """Its linter is content with the chart and these values, warnings counted as errors."""
    assert "0 chart(s) failed" in lint(*_files(values))


@pytest.mark.parametrize("values", MATRIX)
def test_every_resource_keeps_its_schema(values: str | None) -> None:
    """Kubernetes and the operators know every field, and each is of its type."""
    assert not [said for document in render(values) for said in definitions.wrong(document)]


@pytest.mark.parametrize("policy", POLICIES, ids=lambda policy: policy.__name__)
@pytest.mark.parametrize("values", MATRIX)
def test_the_policies_are_kept(values: str | None, policy: Policy) -> None:
    """What is rendered violates none of them."""
    if policy is every_pod_is_isolated and values == WITHOUT_NETWORK_POLICIES:
        assert not of_kind(render(values), "NetworkPolicy")
    else:
        assert not list(policy(render(values)))


@pytest.mark.parametrize(
    ("policy", "planting"),
    [pytest.param(*each, id=f"{each[0].__name__}-{place}") for place, each in enumerate(PLANTED)],
)
def test_a_planted_violation_is_found(policy: Policy, planting: Planting) -> None:
    """A policy finds the one thing that is changed in what keeps it."""
    rendered = deepcopy(render("password"))
    planting(rendered)
    assert list(policy(rendered))


def test_every_policy_has_a_planted_violation() -> None:
    """No policy stands unproven."""
    assert {policy for policy, _planting in PLANTED} == set(POLICIES)


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: str(case["values"]))
def test_wrong_values_are_refused(case: dict[str, Any], tmp_path: Path) -> None:
    """Nothing is rendered, and what is said names the value."""
    values = tmp_path / "values.yaml"
    values.write_text(yaml.safe_dump(case["values"]), encoding="utf-8")
    with pytest.raises(Refused) as refused:
        template(values)
    assert case["says"] in str(refused.value)


def test_a_resource_that_no_schema_knows_is_found() -> None:
    """A misspelt field of a pod, a budget or an operator's resource is named."""
    rendered = deepcopy(render("operators"))
    kinds = {"StatefulSet", "ScaledObject", "PodMonitor", "KafkaUser", "ExternalSecret"}
    for document in (each for each in rendered if each["kind"] in kinds):
        assert not list(definitions.wrong(document))
        document["spec"]["mispelt"] = 1
        assert any("mispelt" in said for said in definitions.wrong(document)), document["kind"]
    with pytest.raises(LookupError):
        list(definitions.wrong({**rendered[0], "apiVersion": "keda.sh/v9"}))


@pytest.mark.parametrize("values", MATRIX)
def test_every_container_runs_a_command_of_ours(
    values: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    """The command line takes the arguments of each container."""
    for _pod, container in containers(render(values)):
        with pytest.raises(SystemExit) as ended:
            main([*container["args"], "--help"])
        assert ended.value.code == 0, capsys.readouterr().err


@pytest.mark.parametrize("values", MATRIX)
def test_the_same_values_give_the_same_bytes(values: str | None) -> None:
    """Nothing is drawn by chance or taken from a clock."""
    assert template(*_files(values)) == template(*_files(values))


@pytest.mark.parametrize("values", MATRIX)
def test_the_program_reads_its_settings(values: str | None, tmp_path: Path) -> None:
    """Variables and mounted files of every container are settings that fit together."""
    for _pod, container in containers(render(values)):
        environment = {
            each["name"]: each.get("value", "therapy-0").replace("/run/therapy", str(tmp_path))
            for each in container["env"]
        }
        for name, path in environment.items():
            if name.endswith("_FILE"):
                text = "redis://redis:6380" if name == "THERAPY_REDIS_URL_FILE" else "secret"
                Path(path).write_text(text, encoding="utf-8")
        settings = read_settings(environment)
        assert settings.kafka_bootstrap_servers[0] != Settings().kafka_bootstrap_servers[0]
        assert settings.log_format == "json"


def test_the_services_differ_where_they_should() -> None:
    """Only what has state reaches Redis, and only who has its own identity shows another."""
    rendered = render("password")
    reaching = {
        pod["metadata"]["labels"]["app.kubernetes.io/component"]
        for pod in pods(rendered)
        if any(name.startswith("THERAPY_REDIS") for name in _environment(pod))
    }
    assert reaching == {"units", "spend", "claims", "clinicians"}
    users = {
        pod["metadata"]["labels"]["app.kubernetes.io/component"]: _environment(pod)[
            "THERAPY_KAFKA_SASL_USERNAME"
        ]
        for pod in pods(rendered)
    }
    assert users.pop("claims") == "therapy-claims"
    assert users.pop("topics") == "therapy-topics"
    assert set(users.values()) == {"therapy"}


def test_the_policies_open_the_ports_that_the_values_name() -> None:
    """Kafka's, Redis' and the collector's ports follow from their addresses."""
    assert _egress("password") == {53, 9094, 9095, 6380}
    assert _egress("certificates") == {53, 9092, 6380, 4318}
    assert _egress(None) == {53, 9092, 6379}


def test_a_change_of_the_topics_is_another_job() -> None:
    """A Job cannot be changed, so its name follows from what it does."""
    names = {name_of(each) for values in MATRIX for each in of_kind(render(values), "Job")}
    assert len(names) == len([values for values in MATRIX if of_kind(render(values), "Job")])


def test_the_notes_say_what_comes_next(tmp_path: Path) -> None:
    """They name the Job, the test and what is not secured, and leave out what is not there."""
    chart = tmp_path / "therapy"
    _copy(chart)
    (chart / "templates" / "notes.yaml").write_text(NOTES, encoding="utf-8")
    notes = _notes(template(chart=chart))
    assert "Job therapy-topics-" in notes
    assert "helm test therapy --namespace billing" in notes
    assert "in the clear" in notes
    quiet = _notes(template(VALUES / "operators.yaml", chart=chart))
    assert "in the clear" not in quiet
    assert "No alerts" not in quiet
    assert "helm test" not in _notes(template(VALUES / "minimal.yaml", chart=chart))


def _copy(chart: Path) -> None:
    for path in CHART.rglob("*"):
        if path.is_file():
            copy = chart / path.relative_to(CHART)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(path.read_bytes())


def _notes(text: str) -> str:
    said = [each for each in documents(text) if each["metadata"]["name"] == "notes"]
    return str(said[0]["data"]["notes"])


def _files(values: str | None) -> tuple[Path, ...]:
    return () if values is None else (VALUES / f"{values}.yaml",)


def _environment(pod: Document) -> dict[str, str]:
    return {each["name"]: each.get("value") for each in pod["spec"]["containers"][0]["env"]}


def _egress(values: str | None) -> set[int]:
    return {
        port["port"]
        for policy in of_kind(render(values), "NetworkPolicy")
        for rule in policy["spec"].get("egress", ())
        for port in rule["ports"]
    }
