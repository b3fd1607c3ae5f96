"""The files of `deploy/` are read strictly: what they name has to be there."""

import re
import shlex
from pathlib import Path
from typing import Annotated, Any

import click
import msgspec
import pytest
import yaml

from lookalike.cli.main import lookalike
from lookalike.server.metrics import Metrics
from lookalike.server.routes import about

ROOT = Path(__file__).parent.parent
DEPLOY = ROOT / "deploy"

Text = Annotated[str, msgspec.Meta(min_length=1)]


class Part(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    """A part of a Kubernetes manifest; a field that is not named here is an error."""


class HttpGet(Part):
    path: Text
    port: Text


class Probe(Part):
    http_get: HttpGet
    period_seconds: int
    timeout_seconds: int
    failure_threshold: int


class SecretKey(Part):
    name: Text
    key: Text


class ValueFrom(Part):
    secret_key_ref: SecretKey


class Env(Part):
    name: Text
    value_from: ValueFrom


class Port(Part):
    name: Text
    container_port: int


class Capabilities(Part):
    drop: list[Text]


class ContainerSecurity(Part):
    allow_privilege_escalation: bool
    read_only_root_filesystem: bool
    capabilities: Capabilities


class Resources(Part):
    requests: dict[str, Text]
    limits: dict[str, Text]


class Mount(Part):
    name: Text
    mount_path: Text
    read_only: bool = False


class Container(Part):
    name: Text
    image: Text
    args: list[Text]
    resources: Resources
    security_context: ContainerSecurity
    volume_mounts: list[Mount]
    env: list[Env] = []
    ports: list[Port] = []
    startup_probe: Probe | None = None
    liveness_probe: Probe | None = None
    readiness_probe: Probe | None = None


class Claim(Part):
    claim_name: Text
    read_only: bool = False


class EmptyFolder(Part):
    size_limit: Text


class Volume(Part):
    name: Text
    persistent_volume_claim: Claim | None = None
    empty_dir: EmptyFolder | None = None


class Profile(Part):
    type: Text


class PodSecurity(Part):
    run_as_non_root: bool
    run_as_user: int
    fs_group: int
    seccomp_profile: Profile


class Selector(Part):
    match_labels: dict[str, Text]


class Spread(Part):
    max_skew: int
    topology_key: Text
    when_unsatisfiable: Text
    label_selector: Selector


class Pod(Part):
    containers: list[Container]
    volumes: list[Volume]
    security_context: PodSecurity
    automount_service_account_token: bool
    restart_policy: Text = "Always"
    termination_grace_period_seconds: int = 30
    topology_spread_constraints: list[Spread] = []


class Meta(Part):
    name: Text = "template"
    labels: dict[str, Text] = {}


class Template(Part):
    metadata: Meta
    spec: Pod


class Rolling(Part):
    max_unavailable: int
    max_surge: int


class Strategy(Part):
    type: Text
    rolling_update: Rolling


class DeploymentSpec(Part):
    replicas: int
    selector: Selector
    strategy: Strategy
    template: Template


class JobSpec(Part):
    backoff_limit: int
    template: Template


class JobTemplate(Part):
    spec: JobSpec


class CronSpec(Part):
    schedule: Text
    concurrency_policy: Text
    job_template: JobTemplate


class ServicePort(Part):
    name: Text
    port: int
    target_port: Text


class ServiceSpec(Part):
    selector: dict[str, Text]
    session_affinity: Text
    ports: list[ServicePort]


class ClaimResources(Part):
    requests: dict[str, Text]


class ClaimSpec(Part):
    access_modes: list[Text]
    resources: ClaimResources


class DisruptionSpec(Part):
    min_available: int
    selector: Selector


SPECS: dict[tuple[str, str], Any] = {
    ("v1", "PersistentVolumeClaim"): ClaimSpec,
    ("v1", "Service"): ServiceSpec,
    ("apps/v1", "Deployment"): DeploymentSpec,
    ("batch/v1", "CronJob"): CronSpec,
    ("policy/v1", "PodDisruptionBudget"): DisruptionSpec,
}


class Bind(msgspec.Struct, forbid_unknown_fields=True):
    type: Text
    source: Text
    target: Text
    read_only: bool


class Healthcheck(msgspec.Struct, forbid_unknown_fields=True):
    test: list[Text]
    interval: Text
    timeout: Text
    retries: int
    start_period: str = ""


class Build(msgspec.Struct, forbid_unknown_fields=True):
    context: Text
    dockerfile: Text


class Condition(msgspec.Struct, forbid_unknown_fields=True):
    condition: Text


class Service(msgspec.Struct, forbid_unknown_fields=True):
    """Of a Compose file."""

    image: Text
    networks: list[Text]
    volumes: list[Text | Bind]
    command: list[Text] = []
    build: Build | None = None
    environment: dict[str, Text] = {}
    depends_on: dict[str, Condition] = {}
    healthcheck: Healthcheck | None = None
    restart: str = "no"
    ports: list[Text] = []
    profiles: list[Text] = []
    security_opt: list[Text] = []


class Compose(msgspec.Struct, forbid_unknown_fields=True):
    name: Text
    services: dict[str, Service]
    volumes: dict[str, dict[str, str]]
    networks: dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def compose() -> Compose:
    text = (DEPLOY / "compose.yaml").read_text(encoding="utf-8")
    plain = {k: v for k, v in yaml.safe_load(text).items() if not k.startswith("x-")}
    return msgspec.convert(plain, Compose)


@pytest.fixture(scope="module")
def manifest() -> dict[str, tuple[Meta, Any]]:
    """Metadata and spec, by kind and name."""
    found = {}
    for each in yaml.safe_load_all((DEPLOY / "kubernetes.yaml").read_text(encoding="utf-8")):
        assert each.keys() == {"apiVersion", "kind", "metadata", "spec"}
        meta = msgspec.convert(each["metadata"], Meta)
        spec = msgspec.convert(each["spec"], SPECS[each["apiVersion"], each["kind"]])
        found[f"{each['kind']}/{meta.name}"] = (meta, spec)
    return found


@pytest.fixture(scope="module")
def pods(manifest: dict[str, tuple[Meta, Any]]) -> list[Pod]:
    return [
        manifest["Deployment/lookalike"][1].template.spec,
        manifest["CronJob/index"][1].job_template.spec.template.spec,
    ]


def is_a_command(args: list[str]) -> None:
    """Parse as the program would; what Compose fills in stands as it is after a colon's minus."""
    args = [re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", arg) for arg in args]
    context = click.Context(lookalike, **lookalike.context_settings)
    command = lookalike.get_command(context, args[0])
    assert command is not None, f"there is no command {args[0]}"
    command.make_context(args[0], args[1:], parent=context)


def routes() -> set[str]:
    return {getattr(route, "path", "") for route in about.router(Metrics(lambda: 0)).routes}


def is_pinned(image: str) -> None:
    tag = image.rpartition("/")[2].partition(":")[2]
    assert tag, f"{image} has no version"
    assert tag != "latest"


def test_compose_names_only_what_it_has(compose: Compose) -> None:
    services = compose.services
    used: set[str] = set()
    for name, service in services.items():
        is_pinned(service.image)
        assert set(service.networks) <= compose.networks.keys()
        assert service.depends_on.keys() <= services.keys(), name
        for other, state in service.depends_on.items():
            assert state.condition == "service_healthy"
            assert services[other].healthcheck is not None
        for volume in service.volumes:
            if isinstance(volume, str):
                used.add(volume.partition(":")[0])
            elif not volume.source.startswith("$"):
                assert (DEPLOY / volume.source).is_file()
        if service.build is not None:
            assert (DEPLOY / service.build.context / service.build.dockerfile).is_file()
            is_a_command(service.command)
    assert used == compose.volumes.keys()
    assert {name for name, each in services.items() if each.ports} == {"proxy"}


def test_the_replicas_of_compose_differ_in_nothing_and_are_where_the_proxy_looks(
    compose: Compose,
) -> None:
    first, second = compose.services["replica-1"], compose.services["replica-2"]
    assert msgspec.to_builtins(first) == msgspec.to_builtins(second)
    caddy = (DEPLOY / "Caddyfile").read_text(encoding="utf-8")
    assert set(re.findall(r"(replica-\d):8765", caddy)) == {"replica-1", "replica-2"}
    [asked] = re.findall(r"health_uri (\S+)", caddy)
    assert asked in routes()
    [network] = compose.networks["inside"]["ipam"]["config"]
    assert f"--proxy={network['subnet']}" in first.command


def test_the_manifest_names_only_what_it_has(
    manifest: dict[str, tuple[Meta, Any]], pods: list[Pod]
) -> None:
    claims = {name.partition("/")[2] for name in manifest if name.startswith("Persistent")}
    for pod in pods:
        volumes = {volume.name for volume in pod.volumes}
        for volume in pod.volumes:
            assert (volume.persistent_volume_claim is None) != (volume.empty_dir is None)
            if volume.persistent_volume_claim is not None:
                assert volume.persistent_volume_claim.claim_name in claims
        for container in pod.containers:
            is_pinned(container.image)
            is_a_command(container.args)
            assert {mount.name for mount in container.volume_mounts} == volumes
            assert container.resources.requests.keys() >= {"cpu", "memory"}
            assert "memory" in container.resources.limits
    deployment = manifest["Deployment/lookalike"][1]
    labels = deployment.template.metadata.labels
    service = manifest["Service/lookalike"][1]
    assert deployment.selector.match_labels == labels == service.selector
    assert manifest["PodDisruptionBudget/lookalike"][1].selector.match_labels == labels
    assert deployment.replicas > manifest["PodDisruptionBudget/lookalike"][1].min_available
    [container] = deployment.template.spec.containers
    ports = {port.name for port in container.ports}
    assert {port.target_port for port in service.ports} <= ports
    indexing = manifest["CronJob/index"][1].job_template.spec.template
    assert indexing.metadata.labels != labels, "the service would send requests there"


def test_probes_ask_routes_that_answer_without_the_token(pods: list[Pod]) -> None:
    [container] = pods[0].containers
    probes = (container.startup_probe, container.liveness_probe, container.readiness_probe)
    paths = []
    for probe in probes:
        assert probe is not None
        assert probe.http_get.path in routes()
        assert probe.http_get.port in {port.name for port in container.ports}
        assert probe.timeout_seconds <= probe.period_seconds
        paths.append(probe.http_get.path)
    assert paths == ["/healthz", "/healthz", "/readyz"]


def test_nobody_is_root_and_nothing_secret_is_written_down(pods: list[Pod]) -> None:
    for pod in pods:
        assert pod.security_context.run_as_non_root
        assert not pod.automount_service_account_token
        for container in pod.containers:
            assert container.security_context.read_only_root_filesystem
            assert not container.security_context.allow_privilege_escalation
            assert container.security_context.capabilities.drop == ["ALL"]
    text = (DEPLOY / "compose.yaml").read_text(encoding="utf-8")
    for value in re.findall(r"(?:TOKEN|PASSWORD|SECRET_ACCESS_KEY): (.*)", text):
        assert value.startswith("${"), value


def test_the_image_is_made_of_what_is_there(pods: list[Pod], compose: Compose) -> None:
    lines = (DEPLOY / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ").splitlines()
    kept = set((DEPLOY / "Dockerfile.dockerignore").read_text(encoding="utf-8").splitlines())
    for words in (shlex.split(line) for line in lines if line.startswith("COPY ")):
        if not words[1].startswith("--from"):
            for source in words[1:-1]:
                assert (ROOT / source).exists()
                assert f"!{source}" in kept
    [extras] = [line.partition("=")[2] for line in lines if line.startswith("ARG EXTRAS=")]
    project = msgspec.toml.decode((ROOT / "pyproject.toml").read_bytes())["project"]
    assert set(extras.split(",")) <= project["optional-dependencies"].keys()
    user = [line.split()[1] for line in lines if line.startswith("USER ")][-1]
    assert {str(pod.security_context.run_as_user) for pod in pods} == {user}
    [command] = [line.partition(" ")[2] for line in lines if line.startswith("CMD ")]
    is_a_command(msgspec.json.decode(command))
    images = {container.image for pod in pods for container in pod.containers}
    assert images == {each.image for each in compose.services.values() if each.build is not None}
