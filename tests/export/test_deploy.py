"""The files that an export with --deploy writes, for Compose, nginx and Kubernetes."""

from __future__ import annotations

import json
import os
import re
import subprocess
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import redis
import yaml

from mcp_notebook.export import project
from mcp_notebook.export.module.extensions import BUS, modules_of
from mcp_notebook.export.module.writing import Module
from mcp_notebook.export.options import ExportOptions
from mcp_notebook.export.project import deploying
from tests.support.packages import SERVER, free_port, package, texts
from tests.support.redis_server import program_or_skip as redis_or_skip
from tests.support.replica_nginx import checked, placed, with_tls
from tests.support.shells import Shell
from tests.support.waiting import until

pytestmark = pytest.mark.once

PLAIN = "%%mcp_tool\ndef add(a: int) -> int:\n    return a + 1\n"
KINDS = {
    "autoscaling": "HorizontalPodAutoscaler",
    "config": "ConfigMap",
    "deployment": "Deployment",
    "disruption": "PodDisruptionBudget",
    "secret": "Secret",
    "service": "Service",
}


def written(**options: Any) -> dict[str, str]:
    module = Module({"server.py": SERVER}, "mcp", extensions=modules_of(BUS), extras={"redis": ("redis",)})
    return texts(project.files(package(module=module, deploy=True, **options)))


@pytest.fixture(scope="module")
def made() -> dict[str, str]:
    return written()


def manifests(made: dict[str, str]) -> dict[str, Any]:
    place = re.compile(r"deploy/kubernetes/(\w+)\.yaml(\.template)?")
    return {found[1]: yaml.safe_load(text) for path, text in made.items() if (found := place.fullmatch(path))}


# --- Kubernetes


ODD = [{}, {"name": "Book__Shop_"}, {"name": "_2nd"}, {"name": "b" * 90}, {"version": "1.0+local.1"}]


@pytest.mark.parametrize("options", [*ODD, {"auth": "jwt"}, {"auth": "token"}], ids=str)
def test_the_manifests_are_those_of_the_official_schemas(options: Any) -> None:
    validate = pytest.importorskip("kubernetes_validate")
    found = manifests(written(**options))
    assert {name: one["kind"] for name, one in found.items()} == KINDS
    for one in found.values():
        for version in ("1.29", validate.latest_version()):
            validate.validate(one, version, strict=True)
        # What the schemas leave to the server: names are labels of DNS, values of labels are short and plain.
        assert re.fullmatch(r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?", one["metadata"]["name"])
        for value in one["metadata"]["labels"].values():
            assert re.fullmatch(r"([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?", value)


def test_a_manifest_with_an_error_is_found(made: dict[str, str]) -> None:
    validate = pytest.importorskip("kubernetes_validate")
    deployment = manifests(made)["deployment"]
    deployment["spec"]["template"]["spec"]["containers"][0]["readinessProbe"]["httpGet"]["port"] = None
    with pytest.raises(validate.ValidationError):
        validate.validate(deployment, validate.latest_version(), strict=True)


def test_the_manifests_belong_together(made: dict[str, str]) -> None:
    found = manifests(made)
    labels = found["deployment"]["spec"]["template"]["metadata"]["labels"]
    for selector in (
        found["deployment"]["spec"]["selector"]["matchLabels"],
        found["service"]["spec"]["selector"],
        found["disruption"]["spec"]["selector"]["matchLabels"],
    ):
        assert selector.items() <= labels.items()
    assert found["autoscaling"]["spec"]["scaleTargetRef"]["name"] == found["deployment"]["metadata"]["name"]
    assert "replicas" not in found["deployment"]["spec"]  # else each `kubectl apply` undoes the scaling
    pod = found["deployment"]["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    sources = [{kind: source["name"] for kind, source in one.items()} for one in container["envFrom"]]
    assert sources == [{"configMapRef": "bookshop"}, {"secretRef": "bookshop"}]
    ports = {port["name"] for port in container["ports"]}
    probes = {name: container[name]["httpGet"] for name in ("startupProbe", "livenessProbe", "readinessProbe")}
    assert {probe["port"] for probe in probes.values()} | {found["service"]["spec"]["ports"][0]["targetPort"]} == ports
    assert [probe["path"] for probe in probes.values()] == ["/health/live", "/health/live", "/health/ready"]


def test_a_pod_may_do_little(made: dict[str, str]) -> None:
    pod = manifests(made)["deployment"]["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert pod["automountServiceAccountToken"] is False
    assert pod["enableServiceLinks"] is False
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert {"cpu", "memory"} <= container["resources"]["requests"].keys()
    assert "memory" in container["resources"]["limits"]
    assert f"--uid {pod['securityContext']['runAsUser']} " in written()["Dockerfile"]


# --- what all of them say


def test_all_give_a_replica_the_time_to_stop(made: dict[str, str]) -> None:
    found = manifests(made)
    settings = found["config"]["data"]
    in_compose = yaml.safe_load(made["deploy/compose.yaml"])["services"]["bookshop"]
    for name in ("BOOKSHOP_STATELESS", "BOOKSHOP_DRAIN_SECONDS", "BOOKSHOP_GRACE_SECONDS"):
        assert settings[name] == in_compose["environment"][name]
    needed = float(settings["BOOKSHOP_DRAIN_SECONDS"]) + float(settings["BOOKSHOP_GRACE_SECONDS"])
    given = found["deployment"]["spec"]["template"]["spec"]["terminationGracePeriodSeconds"]
    assert in_compose["stop_grace_period"] == f"{given}s"
    assert given >= needed + 5
    # nginx leaves idle connections before the server ends them, and before the server has drained.
    (kept,) = re.findall(r"keepalive_timeout (\d+)s;", made["deploy/nginx.conf"])
    assert float(kept) < min(5, float(settings["BOOKSHOP_DRAIN_SECONDS"]))


def test_no_file_has_a_secret_and_each_setting_has_its_place(made: dict[str, str]) -> None:
    found = manifests(made)
    assert set(found["secret"]["stringData"].values()) == {""}
    secrets = set(found["secret"]["stringData"])
    assert secrets == {"BOOKSHOP_TOKEN", "BOOKSHOP_REQUEST_STATE_KEYS", "BOOKSHOP_REDIS_URL"}
    assert not secrets & set(found["config"]["data"])
    example = made["deploy/.env.example"]
    assert re.findall(r"^(\w+)=(.*)$", example, re.MULTILINE) == [
        ("BOOKSHOP_TOKEN", ""),
        ("BOOKSHOP_REQUEST_STATE_KEYS", ""),
        ("REDIS_PASSWORD", ""),
    ]
    assert "BOOKSHOP_REDIS_URL" not in example  # compose.yaml makes it of the password
    assert ".env\n" in made[".gitignore"]


def test_a_server_with_its_own_keys_is_not_given_others() -> None:
    source = SERVER.replace('MCPServer("bookshop"', 'MCPServer("bookshop", request_state_security=SECURITY')
    source = source.replace("mcp = MCP", "SECURITY = RequestStateSecurity(keys=['k' * 32])\nmcp = MCP")
    source = source.replace(
        "import pydantic", "import pydantic\nfrom mcp.server.request_state import RequestStateSecurity"
    )
    made = texts(project.files(package(source, deploy=True)))
    for path, text in made.items():
        if path.startswith("deploy/"):
            assert "REQUEST_STATE_KEYS" not in text, path
            assert "REDIS" not in text, path  # a package that shares nothing needs none


# --- Compose


def compose_schema() -> Any:
    pytest.importorskip("check_jsonschema")
    place = files("check_jsonschema") / "builtin_schemas" / "vendor" / "compose-spec.json"
    return json.loads(place.read_text(encoding="utf-8"))


@pytest.mark.parametrize("options", [*ODD, {"auth": "jwt"}], ids=str)
def test_compose_has_what_its_specification_has(options: Any) -> None:
    made = written(**options)
    for path in ("deploy/compose.yaml", "compose.yaml"):
        document = yaml.safe_load(made[path])
        jsonschema.validate(document, compose_schema())
        document["services"]["unheard-of"] = {"imge": "x"}
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(document, compose_schema())


def test_only_nginx_is_reached_from_outside(made: dict[str, str]) -> None:
    services = yaml.safe_load(made["deploy/compose.yaml"])["services"]
    assert {name for name, one in services.items() if "ports" in one} == {"nginx"}
    assert all(port.startswith("127.0.0.1:") for port in services["nginx"]["ports"])
    assert services["redis"]["networks"] == ["back"]
    assert yaml.safe_load(made["deploy/compose.yaml"])["networks"]["back"]["internal"] is True
    assert "back" not in services["nginx"]["networks"]
    assert services["bookshop"]["deploy"]["replicas"] == 2
    for one in services.values():
        assert one["cap_drop"] == ["ALL"]
        assert one["read_only"] is True


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="sh")
def test_the_redis_of_compose_starts_with_its_password_and_no_list_of_processes_has_it(
    made: dict[str, str], tmp_path: Path
) -> None:
    redis_or_skip()
    password, port = "7f3a" * 8, free_port()
    command = yaml.safe_load(made["deploy/compose.yaml"])["services"]["redis"]["command"]
    words = [word.replace("$$", "$") for word in command]
    words[2] = words[2].replace("/data", str(tmp_path)).replace("redis-server -", f"redis-server - --port {port}")
    process = subprocess.Popen(
        words, env={**os.environ, "REDIS_PASSWORD": password}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:

        def answers() -> bool:
            try:
                with redis.Redis(port=port, password=password) as client:
                    return bool(client.ping())
            except redis.ConnectionError:
                return False

        until(answers)
        with redis.Redis(port=port) as client, pytest.raises(redis.AuthenticationError):
            client.ping()
        listed = subprocess.run(
            ["ps", "-ww", "-p", str(process.pid), "-o", "args="], capture_output=True, text=True, check=True
        )
        assert "redis-server" in listed.stdout
        assert password not in listed.stdout
        assert list(tmp_path.glob("appendonly*"))
        process.terminate()  # as Docker stops it
        assert process.wait(20) == 0
    finally:
        process.kill()
        process.wait()


# --- nginx


@pytest.mark.slow
def test_nginx_accepts_its_configuration_with_and_without_tls(made: dict[str, str], tmp_path: Path) -> None:
    config = made["deploy/nginx.conf"]
    config = placed(config, tmp_path, free_port(), ["127.0.0.1:1", "127.0.0.1:2"])
    assert "syntax is ok" in checked(config, tmp_path)
    assert "syntax is ok" in checked(with_tls(config, tmp_path), tmp_path)
    with pytest.raises(AssertionError, match="unknown directive"):
        checked(config.replace("proxy_buffering", "proxy_bufering"), tmp_path)


# --- the option


@pytest.mark.slow
def test_only_with_deploy_there_is_a_bus_and_a_folder(shell: Shell, tmp_path: Path) -> None:
    shell.good(PLAIN, "%mcp export plain --no-proof", "%mcp export shop --no-proof --deploy")
    assert not (tmp_path / "plain" / "deploy").exists()
    assert "REDIS" not in (tmp_path / "plain" / ".env.example").read_text()
    assert "subscriptions=chosen_bus()" in (tmp_path / "shop" / "src" / "shop" / "server.py").read_text()
    assert (tmp_path / "shop" / "src" / "shop" / "extensions" / "redis_bus.py").exists()
    project_file = (tmp_path / "shop" / "pyproject.toml").read_text()
    assert '\nredis = ["redis' in project_file
    assert "\nredis==" in (tmp_path / "shop" / "requirements.lock").read_text()
    assert set(deploying.FILES) <= {
        path.relative_to(tmp_path / "shop").as_posix() for path in (tmp_path / "shop").rglob("*")
    }


@pytest.mark.slow
@pytest.mark.parametrize(
    ("made_by", "has"),
    [
        ('mcp = MCPServer("shop")', 'MCPServer("shop", subscriptions=chosen_bus())'),
        (
            'mcp = MCPServer(\n    "shop",\n    instructions="Sell.",\n)',
            'instructions="Sell.", subscriptions=chosen_bus()',
        ),
        ("mcp = MCPServer()", "MCPServer(subscriptions=chosen_bus())"),
        ('mcp = MCPServer("shop", subscriptions=InMemorySubscriptionBus())', "subscriptions=InMemorySubscriptionBus()"),
    ],
)
def test_a_server_of_the_authors_gets_the_bus_too(shell: Shell, tmp_path: Path, made_by: str, has: str) -> None:
    imports = "from mcp.server.mcpserver import MCPServer\nfrom mcp.server.subscriptions import InMemorySubscriptionBus"
    tool = "@mcp.tool()\ndef add(a: int) -> int:\n    return a + 1"
    report = shell.good(f"{imports}\n{made_by}", "%mcp use mcp", tool, "%mcp export shop --no-proof --deploy")
    source = " ".join((tmp_path / "shop" / "src" / "shop" / "server.py").read_text().split())
    assert has in source
    own = "InMemory" in made_by
    assert ("chosen_bus" in source) is not own
    assert ("subscriptions= that you gave it" in " ".join(str(report).split())) is own


def test_the_image_needs_the_library_redis(monkeypatch: pytest.MonkeyPatch) -> None:
    module = Module({"server.py": SERVER}, "mcp", extensions=modules_of(BUS), extras={"redis": ("redis",)})
    assert not list(deploying.findings(package(module=module, deploy=True)))
    without = package(module=module, deploy=True, dependencies=type(package().dependencies)((), ("mcp==2.3.0",)))
    (finding,) = deploying.findings(without)
    assert finding.weight == "warns"
    assert "mcp-notebook[redis]" in str(finding.way_out)


@pytest.mark.slow
def test_a_package_with_deploy_is_proven(shell: Shell, tmp_path: Path) -> None:
    shell.good(PLAIN, "%mcp call add a=1")
    exported = shell.good("%mcp export shop --deploy")
    assert "proven: the package behaves as the notebook" in str(exported), str(exported)


def test_options_have_it() -> None:
    assert ExportOptions(deploy=True).deploy
