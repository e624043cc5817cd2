"""What must hold of whatever the chart renders; each policy is proven by a planted violation."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from runtime.host.settings import FILE_SUFFIX, PREFIX, Settings, is_secret, variable
from tests.deploy.chart import Document, of_kind, pods

Rendered = tuple[Document, ...]
Policy = Callable[[Rendered], Iterator[str]]
_SECRETS = {variable(name) for name, info in Settings.model_fields.items() if is_secret(info)}
_KNOWN = {variable(name) for name in Settings.model_fields} | {
    secret + FILE_SUFFIX for secret in _SECRETS
}
_PROBES = {
    "startupProbe": "/health/started",
    "livenessProbe": "/health/live",
    "readinessProbe": "/health/ready",
}
_LONGEST_END = 8
"""Seconds that a process takes to end at most (docs/operations.md)."""
_LONGEST_NAME = 52
"""Characters of a StatefulSet's name, so that its pods' labels hold it with a hash behind."""


def nobody_is_root(rendered: Rendered) -> Iterator[str]:
    """Every pod runs as a numeric user that is not root."""
    for pod in pods(rendered):
        context = pod["spec"].get("securityContext", {})
        if not (context.get("runAsNonRoot") and context.get("runAsUser", 0) > 0):
            yield f"{name_of(pod)}: it may be root"


def containers_are_confined(rendered: Rendered) -> Iterator[str]:
    """Nothing can be written, no capability is had or gained, and seccomp filters calls."""
    for pod, container in containers(rendered):
        context = container.get("securityContext", {})
        profile = pod["spec"]["securityContext"].get("seccompProfile", {}).get("type")
        is_confined = (
            context.get("readOnlyRootFilesystem") is True
            and context.get("allowPrivilegeEscalation") is False
            and context.get("privileged") is False
            and context.get("runAsNonRoot") is True
            and context.get("capabilities") == {"drop": ["ALL"]}
            and profile == "RuntimeDefault"
        )
        if not is_confined:
            yield f"{name_of(pod)}: {context}, {profile}"


def nothing_of_the_host_is_shared(rendered: Rendered) -> Iterator[str]:
    """No pod shares the host's network, processes or files."""
    for pod in pods(rendered):
        spec = pod["spec"]
        if any(spec.get(each) for each in ("hostNetwork", "hostPID", "hostIPC")):
            yield f"{name_of(pod)}: it shares what is the host's"
        for volume in spec.get("volumes", ()):
            if set(volume) != {"name", "projected"}:
                yield f"{name_of(pod)}: volume {volume['name']} is no projected one"


def images_say_which(rendered: Rendered) -> Iterator[str]:
    """Every image has a digest, or a tag other than latest."""
    for pod, container in containers(rendered):
        repository, at, digest = container["image"].partition("@")
        tag = repository.rpartition("/")[2].partition(":")[2]
        if not (digest if at else tag and tag != "latest"):
            yield f"{name_of(pod)}: {container['image']}"


def resources_are_bounded(rendered: Rendered) -> Iterator[str]:
    """Every container asks for CPU and memory, and has a limit of both."""
    for pod, container in containers(rendered):
        for kind in ("requests", "limits"):
            if not {"cpu", "memory"} <= container.get("resources", {}).get(kind, {}).keys():
                yield f"{name_of(pod)}: {kind} of CPU and memory are asked for"


def services_are_probed(rendered: Rendered) -> Iterator[str]:
    """Every process that runs for ever has its three probes, each on its own path."""
    for service in of_kind(rendered, "StatefulSet"):
        for container in service["spec"]["template"]["spec"]["containers"]:
            for probe, path in _PROBES.items():
                if container.get(probe, {}).get("httpGet") != {"path": path, "port": "http"}:
                    yield f"{name_of(service)}: {probe}"


def no_token_is_mounted(rendered: Rendered) -> Iterator[str]:
    """Every pod has a service account of the release, without a token."""
    accounts = {
        each["metadata"]["name"]
        for each in of_kind(rendered, "ServiceAccount")
        if each.get("automountServiceAccountToken") is False
    }
    for pod in pods(rendered):
        spec = pod["spec"]
        if spec.get("automountServiceAccountToken") is not False:
            yield f"{name_of(pod)}: a token is mounted"
        if spec.get("serviceAccountName") not in accounts:
            yield f"{name_of(pod)}: {spec.get('serviceAccountName')} is not in the release"


def services_are_static_members(rendered: Rendered) -> Iterator[str]:
    """Every process that runs for ever has its pod's name in its group, and waits for no other."""
    for service in of_kind(rendered, "StatefulSet"):
        spec, pod = service["spec"], service["spec"]["template"]["spec"]
        named = variables(pod["containers"][0]).get("THERAPY_GROUP_INSTANCE_ID")
        is_static = (
            named == {"fieldRef": {"fieldPath": "metadata.name"}}
            and spec["podManagementPolicy"] == "Parallel"
            and pod["terminationGracePeriodSeconds"] > _LONGEST_END
            and pod["enableServiceLinks"] is False
        )
        if not is_static or len(service["metadata"]["name"]) > _LONGEST_NAME:
            yield name_of(service)


def services_are_spread(rendered: Rendered) -> Iterator[str]:
    """Each has a budget of one pod, and is spread over hosts and zones, by its own labels."""
    budgets = of_kind(rendered, "PodDisruptionBudget")
    for service in of_kind(rendered, "StatefulSet"):
        selector = service["spec"]["selector"]
        own = [each for each in budgets if each["spec"]["selector"] == selector]
        if [each["spec"].get("maxUnavailable") for each in own] != [1]:
            yield f"{name_of(service)}: its budget is not one pod"
        spread = service["spec"]["template"]["spec"].get("topologySpreadConstraints", ())
        over = {each["topologyKey"] for each in spread if each["labelSelector"] == selector}
        if over != {"kubernetes.io/hostname", "topology.kubernetes.io/zone"}:
            yield f"{name_of(service)}: it is not spread over hosts and zones"
        if not selects(selector, service["spec"]["template"]):
            yield f"{name_of(service)}: it does not select its own pods"


def every_pod_is_isolated(rendered: Rendered) -> Iterator[str]:
    """Every pod is selected by policies of both directions, which name peers and ports."""
    policies = of_kind(rendered, "NetworkPolicy")
    for pod in pods(rendered):
        directions = {
            direction
            for policy in policies
            if selects(policy["spec"]["podSelector"], pod)
            for direction in policy["spec"]["policyTypes"]
        }
        if directions != {"Ingress", "Egress"}:
            yield f"{name_of(pod)}: only {sorted(directions)}"
    for policy in policies:
        for way, peers in (("ingress", "from"), ("egress", "to")):
            for rule in policy["spec"].get(way, ()):
                if not (rule.get(peers) and rule.get("ports")):
                    yield f"{name_of(policy)}: {way} to anybody"


def settings_exist(rendered: Rendered) -> Iterator[str]:
    """Every variable of ours is a setting, and stands there once."""
    for pod, container in containers(rendered):
        names = Counter(each["name"] for each in container.get("env", ()))
        for name, times in names.items():
            if times > 1 or (name.startswith(PREFIX) and name not in _KNOWN):
                yield f"{name_of(pod)}: {name}, {times}"


def secrets_are_files(rendered: Rendered) -> Iterator[str]:
    """No secret stands in a manifest: what is one comes as a file, and no Secret is rendered."""
    for pod, container in containers(rendered):
        for name, value in variables(container).items():
            # The address of Redis may hold a password, and then counts as a secret.
            is_open = name == "THERAPY_REDIS_URL" and urlsplit(value).password is None
            if name in _SECRETS and not is_open:
                yield f"{name_of(pod)}: {name} stands in the manifest"
    yield from (f"{name_of(each)} is rendered" for each in of_kind(rendered, "Secret"))


def files_are_mounted(rendered: Rendered) -> Iterator[str]:
    """Every file that a setting names is mounted, read-only, and every mounted file is named."""
    for pod, container in containers(rendered):
        named = {
            value
            for name, value in variables(container).items()
            if name.startswith(PREFIX) and name.endswith(FILE_SUFFIX)
        }
        if named != set(_mounted(pod["spec"], container)):
            yield f"{name_of(pod)}: {sorted(map(str, named))}"


def _mounted(pod: Mapping[str, Any], container: Mapping[str, Any]) -> Iterator[str]:
    volumes = {each["name"]: each for each in pod.get("volumes", ())}
    for mount in container.get("volumeMounts", ()):
        for source in volumes[mount["name"]]["projected"]["sources"]:
            for each in source.values():
                for item in each["items"] if mount.get("readOnly") else ():
                    yield f"{mount['mountPath']}/{item['path']}"


def everything_has_its_name(rendered: Rendered) -> Iterator[str]:
    """No two resources of a kind share a name, and all say what they belong to."""
    names = Counter((each["kind"], each["metadata"]["name"]) for each in rendered)
    yield from (f"{kind} {name} twice" for (kind, name), times in names.items() if times > 1)
    for each in rendered:
        if "app.kubernetes.io/name" not in each["metadata"].get("labels", {}):
            yield f"{name_of(each)}: it does not say what it belongs to"


POLICIES: tuple[Policy, ...] = (
    nobody_is_root,
    containers_are_confined,
    nothing_of_the_host_is_shared,
    images_say_which,
    resources_are_bounded,
    services_are_probed,
    no_token_is_mounted,
    services_are_static_members,
    services_are_spread,
    every_pod_is_isolated,
    settings_exist,
    secrets_are_files,
    files_are_mounted,
    everything_has_its_name,
)


def containers(rendered: Rendered) -> Iterator[tuple[Document, Mapping[str, Any]]]:
    """Give every container, with its pod."""
    for pod in pods(rendered):
        for container in (*pod["spec"].get("initContainers", ()), *pod["spec"]["containers"]):
            yield pod, container


def variables(container: Mapping[str, Any]) -> dict[str, Any]:
    """Return what each variable of a container is, or where it comes from."""
    return {each["name"]: each.get("value", each.get("valueFrom")) for each in container["env"]}


def selects(selector: Mapping[str, Any], pod: Document) -> bool:
    """Tell whether a selector, of labels alone, selects a pod."""
    assert selector.keys() <= {"matchLabels"}
    wanted: Mapping[str, str] = selector.get("matchLabels", {})
    labels: Mapping[str, str] = pod["metadata"]["labels"]
    return wanted.items() <= labels.items()


def name_of(document: Document) -> str:
    """Return kind and name, or of a pod's template the process that it runs."""
    metadata = document["metadata"]
    said = metadata.get("name", metadata.get("labels", {}).get("app.kubernetes.io/component"))
    return f"{document['kind']} {said}"
