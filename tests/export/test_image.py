"""The Dockerfile of an exported package: its steps as written, and a build where there is a Docker engine."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from mcp_notebook.course import images
from mcp_notebook.export import project
from tests.support.packages import TOKEN, free_port, package, texts, wait_for, write

pytestmark = [pytest.mark.slow, pytest.mark.skipif(os.name == "nt", reason="the image is a Linux")]

SECRET = "a-secret-that-lies-about"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package, with secrets where people have them."""
    folder = write(tmp_path_factory.mktemp("shop"), texts(project.files(package(health="is_well"))))
    for place in (
        ".env",
        "notes.txt",
        "src/bookshop/__pycache__/old.pyc",
        ".git/config",
        "tests/secret.txt",
        "key.pem",
    ):
        write(folder, {place: SECRET})
    return folder


def tools(url: str) -> list[str]:
    async def listed() -> list[str]:
        async with (
            httpx2.AsyncClient(headers={"Authorization": f"Bearer {TOKEN}"}) as http,
            Client(streamable_http_client(f"{url}/mcp", http_client=http)) as client,
        ):
            return [tool.name for tool in (await client.list_tools()).tools]

    return asyncio.run(listed())


@pytest.fixture(scope="module")
def image(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> images.Image:
    return images.build(folder, tmp_path_factory.mktemp("root"))


def test_what_the_steps_make_serves_who_has_the_token(image: images.Image) -> None:
    url = f"http://127.0.0.1:{image.port[1]}"
    check = image.mapped(image.healthcheck)
    assert image.run(check).returncode == 1
    with image.start(BOOKSHOP_TOKEN=TOKEN) as process:
        try:
            wait_for(url, process)
            assert image.run(check).returncode == 0
            assert tools(url) == ["price", "buy"]
            assert httpx2.post(f"{url}/mcp", json={}).status_code == 401
        finally:
            process.terminate()


def test_without_a_token_the_image_does_not_start(image: images.Image) -> None:
    with image.start() as process:
        assert process.wait(30) == 1
        assert process.stderr is not None
        assert "set BOOKSHOP_TOKEN" in process.stderr.read()


def test_a_probe_of_a_sick_server_fails(image: images.Image) -> None:
    with image.start(BOOKSHOP_TOKEN=TOKEN, SICK="1") as process:
        try:
            wait_for(f"http://127.0.0.1:{image.port[1]}", process)
            assert image.run(image.mapped(image.healthcheck)).returncode == 1
        finally:
            process.terminate()


def test_it_runs_as_a_user_without_rights_who_is_there(image: images.Image) -> None:
    assert image.user in image.users
    assert image.user != "root"


def test_no_secret_reaches_a_layer(folder: Path, image: images.Image) -> None:
    sent = {path.as_posix() for path in images.in_context(folder)}
    assert sent == {"README.md", "pyproject.toml", "requirements.lock"} | {
        path.relative_to(folder).as_posix() for path in (folder / "src").rglob("*.py")
    }
    own = [path for path in image.root.rglob("*") if path.is_file() and "site-packages/pip/" not in path.as_posix()]
    assert [path for path in own if SECRET.encode() in path.read_bytes()] == []
    assert not [rest for name, rest in images.instructions((folder / "Dockerfile").read_text("utf-8")) if name == "ARG"]


@pytest.fixture
def container(folder: Path) -> Iterator[str]:
    """The image, built and started by Docker."""
    if not shutil.which("docker") or subprocess.run(["docker", "info"], capture_output=True, check=False).returncode:
        pytest.skip("no Docker engine: the steps of the Dockerfile are run as written instead")
    port = free_port()
    subprocess.run(["docker", "build", "--quiet", "--tag", "bookshop-of-the-tests", "."], cwd=folder, check=True)
    started = subprocess.run(
        ["docker", "run", "--detach", "--rm", "--read-only", "--tmpfs", "/tmp", "--env", "BOOKSHOP_TOKEN",
         "--publish", f"127.0.0.1:{port}:8000", "bookshop-of-the-tests"],
        env={**os.environ, "BOOKSHOP_TOKEN": TOKEN}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        subprocess.run(["docker", "stop", started.stdout.strip()], capture_output=True, check=True)


def test_where_docker_is_the_image_it_builds_serves(container: str) -> None:
    wait_for(container)
    assert tools(container) == ["price", "buy"]
