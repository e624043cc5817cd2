"""Violations to plant in what the chart renders, each for the policy that must find it."""

from collections.abc import Callable
from typing import Any

from tests.deploy import policies
from tests.deploy.chart import of_kind, pods
from tests.deploy.policies import Policy, Rendered

Planting = Callable[[Rendered], object]


def _pod(rendered: Rendered) -> Any:  # noqa: ANN401 - a document to change
    return pods(rendered)[0]


def _container(rendered: Rendered) -> Any:  # noqa: ANN401
    return _pod(rendered)["spec"]["containers"][0]


def _first(rendered: Rendered, kind: str) -> Any:  # noqa: ANN401
    return of_kind(rendered, kind)[0]


def _be(*names: str, value: Any) -> Planting:  # noqa: ANN401
    """Return what sets a field of the first container."""

    def plant(rendered: Rendered) -> None:
        at = _container(rendered)
        for name in names[:-1]:
            at = at[name]
        at[names[-1]] = value

    return plant


def _say(name: str, value: str) -> Planting:
    """Return what adds a variable to the first container."""
    return lambda rendered: _container(rendered)["env"].append({"name": name, "value": value})


def _drop(kind: str, *names: str) -> Planting:
    """Return what takes a field away from the first document of a kind."""

    def plant(rendered: Rendered) -> None:
        at = _first(rendered, kind)
        for name in names[:-1]:
            at = at[name]
        del at[names[-1]]

    return plant


def _open_to_all(rendered: Rendered) -> None:
    for rule in _first(rendered, "NetworkPolicy")["spec"]["egress"]:
        del rule["to"]


def _stranger(rendered: Rendered) -> None:
    _pod(rendered)["metadata"]["labels"]["app.kubernetes.io/instance"] = "other"


def _spec_of(kind: str) -> Callable[[Rendered], Any]:
    return lambda rendered: _first(rendered, kind)["spec"]


def _secret(rendered: Rendered) -> None:
    _first(rendered, "ServiceAccount")["kind"] = "Secret"


def _second(rendered: Rendered) -> None:
    one, other, *_rest = of_kind(rendered, "NetworkPolicy")
    other["metadata"]["name"] = one["metadata"]["name"]


_POD = ("spec", "template", "spec")
PLANTED: tuple[tuple[Policy, Planting], ...] = (
    (policies.nobody_is_root, _drop("StatefulSet", *_POD, "securityContext", "runAsUser")),
    (policies.nobody_is_root, _drop("Pod", "spec", "securityContext", "runAsNonRoot")),
    (
        policies.containers_are_confined,
        _be("securityContext", "readOnlyRootFilesystem", value=False),
    ),
    (policies.containers_are_confined, _be("securityContext", "capabilities", value={})),
    (policies.containers_are_confined, _drop("Job", *_POD, "securityContext", "seccompProfile")),
    (
        policies.nothing_of_the_host_is_shared,
        lambda rendered: _pod(rendered)["spec"].update(hostNetwork=True),
    ),
    (
        policies.nothing_of_the_host_is_shared,
        lambda rendered: _pod(rendered)["spec"]["volumes"].append({"name": "x", "hostPath": {}}),
    ),
    (policies.images_say_which, _be("image", value="host:5000/therapy")),
    (policies.images_say_which, _be("image", value="therapy:latest")),
    (policies.resources_are_bounded, _be("resources", "limits", value={"cpu": "1"})),
    (policies.services_are_probed, _be("startupProbe", "httpGet", "path", value="/health/ready")),
    (policies.no_token_is_mounted, _drop("Job", *_POD, "automountServiceAccountToken")),
    (policies.no_token_is_mounted, _drop("ServiceAccount", "automountServiceAccountToken")),
    (policies.services_are_static_members, _be("env", value=[])),
    (
        policies.services_are_static_members,
        lambda rendered: _spec_of("StatefulSet")(rendered).update(
            podManagementPolicy="OrderedReady"
        ),
    ),
    (policies.services_are_spread, _drop("PodDisruptionBudget", "spec", "maxUnavailable")),
    (policies.services_are_spread, _drop("StatefulSet", *_POD, "topologySpreadConstraints")),
    (policies.every_pod_is_isolated, _stranger),
    (policies.every_pod_is_isolated, _open_to_all),
    (policies.settings_exist, _say("THERAPY_KAFKA_SERVERS", "kafka:9092")),
    (policies.settings_exist, _say("THERAPY_HTTP_PORT", "8081")),
    (policies.secrets_are_files, _say("THERAPY_KAFKA_SASL_PASSWORD", "secret")),
    (policies.secrets_are_files, _say("THERAPY_REDIS_URL", "redis://me:secret@redis:6379")),
    (policies.secrets_are_files, _secret),
    (policies.files_are_mounted, _say("THERAPY_REDIS_TLS_KEY_FILE", "/run/therapy/redis.key")),
    (policies.files_are_mounted, _be("volumeMounts", value=[])),
    (policies.everything_has_its_name, _second),
    (policies.everything_has_its_name, _drop("Job", "metadata", "labels")),
)
