"""Build and start the image of a package: by Docker, or by the steps of its Dockerfile where no engine answers."""

from __future__ import annotations

import atexit
import os
import shutil
import subprocess
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

import httpx2

from mcp_notebook.course import images
from mcp_notebook.course.environments import uv_or_none

__all__ = ["BuiltImage", "Container", "build_image"]

PATIENCE = 60.0
"""Seconds until a container must answer."""


class Container(NamedTuple):
    """A container that runs, or the process in its place.

    Attributes:
        url: Its address.
        passes_its_check: Runs the image's ``HEALTHCHECK``, and returns whether it passes.
    """

    url: str
    passes_its_check: Callable[[], bool]


class BuiltImage(ABC):
    """An image that was built.

    Attributes:
        by: The tool that built it, in words.
    """

    by: str

    @abstractmethod
    def started(self, files: Mapping[str, Path], **variables: str) -> AbstractContextManager[Container]:
        """Start a container, and stop it at the end.

        Args:
            files: Files of this machine that the container gets, by the variable that names their place.
            variables: Other variables.
        """


def build_image(package: Path) -> BuiltImage:
    """Build the image of a package.

    Raises:
        RuntimeError: It cannot be built; the message has the output.
    """
    return _ByDocker(package) if _docker_answers() else _BySteps(package)


def _docker_answers() -> bool:
    if shutil.which("docker") is None:
        return False
    with suppress(subprocess.TimeoutExpired):
        return subprocess.run(["docker", "info"], capture_output=True, timeout=15, check=False).returncode == 0
    return False


class _ByDocker(BuiltImage):
    def __init__(self, package: Path) -> None:
        self.by = "Docker"
        self._tag = f"{package.name.lower()}-of-the-course"
        text = (package / "Dockerfile").read_text(encoding="utf-8")
        self._steps = dict(images.instructions(text))
        _docker("build", "--quiet", "--tag", self._tag, str(package))

    @contextmanager
    def started(self, files: Mapping[str, Path], **variables: str) -> Iterator[Container]:
        port = self._steps["EXPOSE"]
        inside = {variable: f"/data/{file.name}" for variable, file in files.items()}
        given = {**variables, **inside}
        options = ["--read-only", "--tmpfs", "/tmp", "--cap-drop", "ALL", "--security-opt", "no-new-privileges"]
        options += [word for variable in given for word in ("--env", variable)]
        options += [f"--volume={file.resolve()}:{inside[variable]}" for variable, file in files.items()]
        # The values are in the environment of the command, and not on its line, which other programs can read.
        container = _docker("run", "--detach", "--rm", "--publish", f"127.0.0.1::{port}", *options, self._tag, **given)
        try:
            address = _docker("port", container, port).splitlines()[0]
            _wait_for(url := f"http://{address}")
            check = images.words(self._steps["HEALTHCHECK"])
            yield Container(url, lambda: _passes("exec", container, *check))
        finally:
            _docker("stop", container)


class _BySteps(BuiltImage):
    def __init__(self, package: Path) -> None:
        if os.name == "nt":
            raise RuntimeError("No Docker engine answers, and the steps of the Dockerfile need a shell. Start Docker.")
        self.by = "its steps as written, because no Docker engine answers here"
        uv = uv_or_none()
        if uv is not None:
            self.by += "; uv did the work of pip"
        folder = tempfile.mkdtemp(prefix="image-")
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        self._image = images.build(package, Path(folder), uv=uv)

    @contextmanager
    def started(self, files: Mapping[str, Path], **variables: str) -> Iterator[Container]:
        with self._image.start(**variables, **{variable: str(file) for variable, file in files.items()}) as process:
            try:
                _wait_for(self._image.url)
                yield Container(self._image.url, self._image.check)
            finally:
                process.terminate()


def _docker(*words: str, **variables: str) -> str:
    done = subprocess.run(
        ["docker", *words], env={**os.environ, **variables}, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise RuntimeError(f"docker {words[0]}: {done.stderr.strip()}")
    return done.stdout.strip()


def _passes(*words: str) -> bool:
    with suppress(RuntimeError):
        _docker(*words)
        return True
    return False


def _wait_for(url: str) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        with suppress(httpx2.TransportError):
            httpx2.get(f"{url}/health/live")
            return
        time.sleep(0.1)
    raise RuntimeError(f"Nothing answers at {url}.")
