"""The workshop in deploy/jupyterhub: its image, built and started by a real hub, and its values."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx2
import pytest
import yaml

from mcp_notebook.course import images
from tests.support import ROOT
from tests.support.hub import UserServer, running_hub
from tests.support.outside import connected
from tests.support.raw_http import RawClient

pytestmark = [
    pytest.mark.slow,
    pytest.mark.outside,
    pytest.mark.skipif(sys.platform == "win32", reason="JupyterHub runs on Linux and macOS"),
]

FOLDER = "deploy/jupyterhub"
VALUES: dict[str, Any] = yaml.safe_load((ROOT / FOLDER / "values.yaml").read_text("utf-8"))

CHART = "https://github.com/jupyterhub/zero-to-jupyterhub-k8s/tree/48ea50e34daddde55d76e30df6ecd47e4abd4d8e/jupyterhub"
"""Where these facts are from, as of 2026-07-24: the chart's values.schema.yaml, which knows no other keys."""

IN_THE_CHART: dict[str, type | tuple[type, ...]] = {
    "hub.config": dict,
    "hub.concurrentSpawnLimit": int,
    "proxy.https.enabled": bool,
    "proxy.https.hosts": list,
    "proxy.https.letsencrypt.contactEmail": str,
    "singleuser.image.name": str,
    "singleuser.image.tag": str,
    "singleuser.defaultUrl": str,
    "singleuser.memory.guarantee": (int, float, str),
    "singleuser.memory.limit": (int, float, str),
    "singleuser.cpu.guarantee": (int, float),
    "singleuser.cpu.limit": (int, float),
    "singleuser.storage.capacity": str,
    "singleuser.extraEnv": dict,
    "cull.enabled": bool,
    "cull.timeout": int,
}
TOOL = "%%mcp_tool\ndef add(a: int, b: int) -> int:\n    'Add two numbers.'\n    return a + b"
PUBLIC = "https://hub.example.org/"


def test_the_values_are_such_that_the_chart_knows() -> None:
    def leaves(values: dict[str, Any], under: str = "") -> Iterator[tuple[str, Any]]:
        for name, value in values.items():
            path = f"{under}{name}"
            if isinstance(value, dict) and path not in IN_THE_CHART:
                yield from leaves(value, f"{path}.")
            else:
                yield path, value

    found = dict(leaves(VALUES))
    assert found.keys() <= IN_THE_CHART.keys(), CHART
    assert [path for path, value in found.items() if not isinstance(value, IN_THE_CHART[path])] == []
    bytes_ = [VALUES["singleuser"]["memory"][name] for name in ("guarantee", "limit")]
    assert all(re.fullmatch(r"\d+(\.\d+)?[KMGT]", size) for size in bytes_)
    environment = VALUES["singleuser"]["extraEnv"]
    assert all(isinstance(value, str) for value in environment.values())


def test_the_address_is_the_same_in_all_places() -> None:
    (host,) = VALUES["proxy"]["https"]["hosts"]
    config = VALUES["hub"]["config"]
    assert config["JupyterHub"]["public_url"] == f"https://{host}/"
    assert config["GitHubOAuthenticator"]["oauth_callback_url"] == f"https://{host}/hub/oauth_callback"


def test_the_values_have_no_secret_and_no_way_in_for_everybody() -> None:
    text = (ROOT / FOLDER / "values.yaml").read_text("utf-8")
    assert not re.search(r"^[^#\n]*(secret|password|token)\w*:", text, re.MULTILINE)
    assert "allow_all" not in text
    assert VALUES["hub"]["config"]["JupyterHub"]["authenticator_class"] not in ("dummy", "shared-password", "null")


def test_a_real_hub_takes_the_settings_and_sends_people_to_sign_in(tmp_path: Path) -> None:
    pytest.importorskip("oauthenticator")
    settings = {name: dict(values) for name, values in VALUES["hub"]["config"].items()}
    settings["GitHubOAuthenticator"] |= {"client_id": "a-client", "client_secret": "a-secret"}
    with running_hub(tmp_path, users=["nobody"], settings=settings) as hub:
        with httpx2.Client(timeout=60) as client:
            answer = client.get(f"{hub.url}/hub/oauth_login")
            there = urlsplit(answer.headers["location"])
            asked = dict(parse_qsl(there.query))
            assert (answer.status_code, there.hostname) == (302, "github.com")
            assert asked["redirect_uri"] == f"{PUBLIC}hub/oauth_callback"
            assert asked["client_id"] == "a-client"
            assert "a-secret" not in answer.headers["location"]
            assert asked["state"]
            # A made-up answer of the other side, without the state that this browser was given.
            forged = client.get(f"{hub.url}/hub/oauth_callback?code=1&state=2")
            assert forged.status_code in (400, 403)
            assert client.get(f"{hub.url}/hub/home").status_code in (302, 403)
        log = (tmp_path / "hub.log").read_text()
        assert "not recognized by" not in log, log  # what traitlets says of a setting that nothing has


@dataclass
class Workshop:
    """A hub that starts servers of the image, and two learners."""

    image: images.Image
    ada: UserServer
    bob: UserServer


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workshop]:
    steps = images.instructions((ROOT / FOLDER / "Dockerfile").read_text("utf-8"))
    here = f"python:{sys.version_info.major}.{sys.version_info.minor}-slim"
    if steps[0] != ("FROM", here):
        pytest.skip(f"the image is made {steps[0][1]}, and this is {here}")
    image = images.build(ROOT, tmp_path_factory.mktemp("root"), f"{FOLDER}/Dockerfile")
    command, home = image.mapped(image.command), tmp_path_factory.mktemp("hub")
    with running_hub(home, command=command, public=PUBLIC, patience=120) as hub:
        ada, bob = hub.start("ada", "bob")
        yield Workshop(image, ada, bob)


def test_a_learner_serves_a_tool_and_is_told_the_address_that_works_from_outside(workshop: Workshop) -> None:
    kernel = workshop.ada.open("lesson.ipynb")
    assert kernel.run("import sys; print(sys.prefix)").text.strip() == str(workshop.image.root / "venv")
    kernel.run("%load_ext mcp_notebook")
    kernel.run(TOOL)
    printed = kernel.run("%mcp serve").text
    assert f"{PUBLIC}user/ada/mcp-notebook/lesson/mcp" in printed
    assert f"{PUBLIC}hub/token" in printed
    assert "YOUR-HUB" not in printed
    with connected(workshop.ada.door("lesson"), workshop.ada.token) as client:
        assert client.call("add", a=1, b=2) == 3
    with RawClient(workshop.ada.door("lesson"), workshop.bob.token) as thief:
        assert thief.request("tools/list", {}).status_code == 403


def test_the_image_runs_as_the_user_that_the_chart_expects_and_has_no_secret(workshop: Workshop) -> None:
    assert (workshop.image.user, workshop.image.users) == ("jovyan", ["jovyan"])
    sent = {path.parts[0] for path in images.in_context(ROOT, f"{FOLDER}/Dockerfile")}
    assert sent == {"binder", "pyproject.toml", "README.md", "LICENSE", "mcp_notebook", "notebooks"}
    assert not [path for path in images.in_context(ROOT, f"{FOLDER}/Dockerfile") if "__pycache__" in path.parts]


def test_the_image_is_built_and_started_where_docker_answers() -> None:
    if not shutil.which("docker") or subprocess.run(["docker", "info"], capture_output=True, check=False).returncode:
        pytest.skip("no Docker engine: the steps of the Dockerfile are run as written instead")
    tag = "mcp-notebook-workshop-of-the-tests"
    build = ["docker", "build", "--quiet", "--file", f"{FOLDER}/Dockerfile", "--tag", tag, "."]
    subprocess.run(build, cwd=ROOT, env={**os.environ, "DOCKER_BUILDKIT": "1"}, check=True)
    script = (
        "import mcp_notebook.door, os, shutil; print(os.getuid(), shutil.which('jupyterhub-singleuser') is not None)"
    )
    ran = subprocess.run(
        ["docker", "run", "--rm", "--network", "none", tag, "python", "-c", script],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert ran.stdout.split() == ["1000", "/usr/local/bin/jupyterhub-singleuser"]
