"""What the chart says of topics, groups, rights and settings is what the code says."""

import json
import tomllib
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
import yaml

from commands.composition import Service
from commands.plans import build_plan
from reference.rulebook import RuleBook
from runtime.host.settings import Settings, is_secret, variable
from runtime.kafka.topics import Topic, topics_of
from schemas.events import ROUTES
from tests.deploy.chart import CHART, Document, of_kind, pods, render
from tests.style.tree import ROOT

PROCESSES = ("units", "spend", "claims", "clinicians", "gateway", "topics", "probe")
SET_BY_OTHER_VALUES = ("kafka_", "redis_", "http_", "traces_")
BUT_FREE = {
    "kafka_compression",
    "kafka_session_timeout_ms",
    "kafka_heartbeat_ms",
    "kafka_fetch_bytes",
    "redis_timeout_ms",
}


@cache
def schema() -> Any:  # noqa: ANN401 - JSON
    """Return the schema of the values."""
    return json.loads((CHART / "values.schema.json").read_text(encoding="utf-8"))


def wanted(rulebook: RuleBook, partitions: int) -> tuple[Topic, ...]:
    """Return the topics that the code asks for."""
    return topics_of([build_plan(service, rulebook) for service in Service], partitions)


@pytest.mark.parametrize(
    ("values", "partitions", "replicas", "in_sync"),
    [("operators", 24, 3, "2"), ("strimzi-certificates", 12, 1, "1")],
)
def test_strimzi_makes_the_topics_that_the_code_asks_for(
    rulebook: RuleBook, values: str, partitions: int, replicas: int, in_sync: str
) -> None:
    """Each by its name, with its partitions and exactly its settings, and it stays for ever."""
    made = {each["metadata"]["name"]: each for each in of_kind(render(values), "KafkaTopic")}
    assert {name: each["spec"] for name, each in made.items()} == {
        topic.name: {
            "topicName": topic.name,
            "partitions": topic.partitions,
            "replicas": replicas,
            "config": {
                "min.insync.replicas": in_sync,
                **{name: str(demand) for name, demand in topic.demands.items()},
            },
        }
        for topic in wanted(rulebook, partitions)
    }
    for each in made.values():
        assert each["metadata"]["annotations"] == {"helm.sh/resource-policy": "keep"}


def test_strimzi_gives_each_user_its_rights_and_no_others() -> None:
    """Every right of the file is one of the user's, word for word, and nobody has more."""
    rights = yaml.safe_load((CHART / "files" / "acls.yaml").read_text(encoding="utf-8"))
    users = {each["metadata"]["name"]: each for each in of_kind(render("operators"), "KafkaUser")}
    assert users.keys() == {f"therapy-{name}" for name in (*PROCESSES, "redecide")}
    enabled = schema()["properties"]["strimzi"]["properties"]["users"]["properties"]["names"]
    assert set(enabled["items"]["enum"]) == rights.keys()
    for name in (*PROCESSES, "redecide"):
        lines = rights[name]
        assert users[f"therapy-{name}"]["spec"]["authorization"] == {
            "type": "simple",
            "acls": [
                {
                    "resource": {
                        "type": line["resource"],
                        "name": line["name"],
                        "patternType": line["pattern"],
                    },
                    "operations": line["operations"],
                }
                for line in lines
            ],
        }


@pytest.mark.parametrize("values", ["operators", "strimzi-certificates"])
def test_each_pod_has_its_own_user_of_strimzi(values: str) -> None:
    """The Secret that Strimzi makes for a user is the one that its pods mount."""
    users = {each["metadata"]["name"] for each in of_kind(render(values), "KafkaUser")}
    fullname = of_kind(render(values), "ServiceAccount")[0]["metadata"]["name"]
    for pod in pods(render(values)):
        sources = pod["spec"]["volumes"][0]["projected"]["sources"]
        secrets = {each["secret"]["name"] for each in sources if "secret" in each}
        component = pod["metadata"]["labels"]["app.kubernetes.io/component"]
        assert secrets & users == {f"{fullname}-{component}"}


def test_keda_reads_the_lag_of_the_groups_that_the_code_joins(rulebook: RuleBook) -> None:
    """Each service's group and input, and the two ways of the gateway."""
    joined = {
        (plan.name, plan.group, plan.input)
        for plan in (build_plan(service, rulebook) for service in Service)
    } | {("gateway", f"therapy-{name}", route.reads.value) for name, route in ROUTES.items()}
    assert joined == {
        (
            scaled["metadata"]["name"].removeprefix("therapy-"),
            trigger["metadata"]["consumerGroup"],
            trigger["metadata"]["topic"],
        )
        for scaled, trigger in triggers()
    }


def test_keda_keeps_its_guards() -> None:
    """Never below one, never more than lag, down by one pod in two minutes, only with a login."""
    for scaled, trigger in triggers():
        said = trigger["metadata"]
        assert (said["allowIdleConsumers"], said["limitToPartitionsWithLag"]) == ("false", "true")
        assert "ensureEvenDistributionOfPartitions" not in said
        assert said["offsetResetPolicy"] == "earliest"
        assert (said["tls"], said["sasl"]) == ("enable", "scram_sha512")
        assert trigger["authenticationRef"] == {"name": "therapy-keda"}
        spec = scaled["spec"]
        assert (spec["minReplicaCount"], spec["maxReplicaCount"]) == (2, 24)
        behavior = spec["advanced"]["horizontalPodAutoscalerConfig"]["behavior"]
        assert behavior["scaleDown"]["policies"] == [
            {"type": "Pods", "value": 1, "periodSeconds": 120}
        ]
    for service in of_kind(render("operators"), "StatefulSet"):
        assert "replicas" not in service["spec"]


@pytest.mark.parametrize(
    ("service", "lag"), [("units", "sessions"), ("gateway", "max(units, overlaps)")]
)
def test_keda_scales_to_numbers_that_divide_the_partitions(service: str, lag: str) -> None:
    """Its formula takes the least of them that is enough, by 2000 records behind for each pod."""
    steps = "".join(
        f"{lag} <= {2000 * pods} ? {pods} : " for pods in range(1, 24) if 24 % pods == 0
    )
    scaled = {each["metadata"]["name"]: each for each, _trigger in triggers()}
    assert scaled[f"therapy-{service}"]["spec"]["advanced"]["scalingModifiers"] == {
        "formula": f"({steps}24) * 2000",
        "target": "2000",
        "metricType": "AverageValue",
    }


def test_the_values_take_every_setting_that_nothing_else_sets() -> None:
    """A new setting of the code is in the schema, or stands in a value of its own."""
    free = {
        variable(name)
        for name, info in Settings.model_fields.items()
        if (name in BUT_FREE or not name.startswith(SET_BY_OTHER_VALUES))
        and name not in {"group_instance_id", "log_format"}
        and not is_secret(info)
    }
    assert set(schema()["definitions"]["settings"]["propertyNames"]["enum"]) == free


def test_the_schema_is_closed() -> None:
    """Every object with named fields refuses others."""
    open_ones = [
        path
        for path, part in parts(schema(), "")
        if "properties" in part and part.get("additionalProperties") is not False
    ]
    # The branches of a choice are closed by what they belong to.
    assert [path for path in open_ones if "/anyOf/" not in path] == []


def test_the_release_of_the_chart_is_the_program_s() -> None:
    """Its version is the one in pyproject.toml, and the image's tag with it."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text(encoding="utf-8"))
    assert chart["appVersion"] == project["project"]["version"]


def test_the_pods_are_who_the_image_says() -> None:
    """User and group are the image's, and its entry point takes what the containers are given."""
    lines = (ROOT / "deploy" / "Dockerfile").read_text(encoding="utf-8").splitlines()
    user = yaml.safe_load((CHART / "values.yaml").read_text(encoding="utf-8"))["user"]
    assert f"USER {user['uid']}:{user['gid']}" in lines
    assert 'ENTRYPOINT ["therapy"]' in lines


def test_alerts_and_dashboards_are_the_files_of_the_chart() -> None:
    """The rule is the rule file, and each dashboard its JSON, to the byte."""
    rules = yaml.safe_load((CHART / "alerts" / "therapy.yaml").read_text(encoding="utf-8"))
    assert [each["spec"] for each in of_kind(render("operators"), "PrometheusRule")] == [rules]
    shown = {
        name: text
        for each in of_kind(render("operators"), "ConfigMap")
        if each["metadata"]["labels"].get("grafana_dashboard") == "1"
        for name, text in each["data"].items()
    }
    assert shown.keys() == {"therapy-operator.json", "therapy-billing.json"}
    for name, text in shown.items():
        file = CHART / "dashboards" / name.removeprefix("therapy-")
        assert text.strip() == file.read_text(encoding="utf-8").strip()


def triggers() -> Iterator[tuple[Document, Document]]:
    """Give every trigger of KEDA with what it belongs to."""
    for scaled in of_kind(render("operators"), "ScaledObject"):
        for trigger in scaled["spec"]["triggers"]:
            yield scaled, trigger


def parts(schema: Any, path: str) -> Iterator[tuple[str, Any]]:  # noqa: ANN401 - JSON
    """Give every object of a schema with where it stands."""
    if isinstance(schema, list):
        for place, each in enumerate(schema):
            yield from parts(each, f"{path}/{place}")
    elif isinstance(schema, dict):
        yield path, schema
        for name, each in schema.items():
            # Names of values, of which one may be called as a word of the schema.
            if name == "properties":
                for named, of in each.items():
                    yield from parts(of, f"{path}/properties/{named}")
            else:
                yield from parts(each, f"{path}/{name}")
