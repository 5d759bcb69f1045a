"""Build the image of an exported package: by Docker, or by the steps of its Dockerfile, run as they are written.

Without a Docker engine, these parts have stand-ins in one temporary folder:

| in the image | here |
|---|---|
| ``FROM python:X-slim`` | a new virtual environment of this Python, first on ``PATH`` |
| ``WORKDIR /app`` and other whole paths | the same path below the folder |
| the build context | the files that ``.dockerignore`` admits, copied to a folder of their own |
| ``RUN`` | ``sh -e`` in the working directory, with the Dockerfile's ``ENV`` and ``PATH`` and ``HOME``, nothing else |
| ``useradd`` | a program that only notes the name: the machine gets no user, and nothing runs as root of the image |
| pip | takes the wheels of this machine's cache, and compiles no bytecode; uv does its work, where it is wanted |
| the published port | a free one, in ``CMD`` and ``HEALTHCHECK`` in the place of the exposed one |
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
import venv
from collections.abc import Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path

__all__ = ["Image", "build", "in_context", "instructions", "words"]

PASSED_ON = ("PIP_CERT", "PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS", "PIP_CONFIG_FILE", "SSL_CERT_FILE")
"""Variables that say where packages come from, as Docker's host has them with a proxy."""


def instructions(text: str) -> list[tuple[str, str]]:
    """Return the instructions of a Dockerfile and their arguments, continued lines joined."""
    joined = re.sub(r"\\\n\s*", "", text)
    lines = [line for line in joined.splitlines() if line.strip() and not line.startswith("#")]
    return [(line.partition(" ")[0], line.partition(" ")[2].strip()) for line in lines]


def words(argument: str) -> list[str]:
    """Return the words of a command that an instruction has as JSON, such as that of ``HEALTHCHECK``."""
    found: list[str] = json.loads(argument[argument.index("[") :])
    return found


def in_context(folder: Path, dockerfile: str = "Dockerfile") -> Iterator[Path]:
    """Yield the files that Docker would be sent: of the patterns that fit a file or its folders, the last counts."""
    own = folder / f"{dockerfile}.dockerignore"
    ignored = (own if own.exists() else folder / ".dockerignore").read_text("utf-8").splitlines()
    patterns = [line for line in ignored if line[:1] not in ("", "#")]
    # Nothing is looked for in folders of which no pattern brings anything back.
    wanted = {p.lstrip("!").partition("/")[0] for p in patterns if p.startswith("!")} if "*" in patterns else None
    tops = [path for path in folder.iterdir() if wanted is None or path.name in wanted]
    found = (path for top in tops for path in (top.rglob("*") if top.is_dir() else [top]))
    for path in sorted(path for path in found if path.is_file()):
        relative = path.relative_to(folder)
        names = [relative.as_posix(), *(parent.as_posix() for parent in relative.parents)][:-1]
        fitting = [p for p in patterns if any(fnmatch(n, p.lstrip("!").replace("**/", "*")) for n in names)]
        if not fitting or fitting[-1].startswith("!"):
            yield relative


@dataclass
class Image:
    """The result of the steps of a Dockerfile.

    Attributes:
        root: Its file system.
        environment: The variables of ``ENV``.
        workdir: The working directory.
        user: The user who runs the command.
        command: The words of ``CMD``.
        healthcheck: The words of ``HEALTHCHECK``.
        port: The port that is exposed, and the free one in its place.
        uv: The path of uv, if it is to do the work of pip.
    """

    root: Path
    environment: dict[str, str] = field(default_factory=dict)
    workdir: str = "/"
    user: str = "root"
    command: list[str] = field(default_factory=list)
    healthcheck: list[str] = field(default_factory=list)
    port: tuple[str, str] = ("", "")
    uv: str | None = None

    @property
    def users(self) -> list[str]:
        """The users that were made."""
        return (self.root / "users").read_text("utf-8").split()

    @property
    def url(self) -> str:
        """The address at which it answers when it is started."""
        return f"http://127.0.0.1:{self.port[1]}"

    def path(self, place: str) -> Path:
        """Return the place of a path of the image."""
        return self.root / os.path.normpath(os.path.join(self.workdir, place)).lstrip("/")  # noqa: PTH118

    def run(self, command: list[str], **variables: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        return subprocess.run(
            command, cwd=self.path("."), env=self._environment(variables),
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300, check=False,
        )  # fmt: skip

    def start(self, **variables: str) -> subprocess.Popen[str]:
        """Start ``CMD``."""
        return subprocess.Popen(
            self.mapped(self.command), cwd=self.path("."), env=self._environment(variables),
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    def check(self, **variables: str) -> bool:
        """Run ``HEALTHCHECK``, and return whether it passes."""
        return self.run(self.mapped(self.healthcheck), **variables).returncode == 0

    def mapped(self, command: list[str]) -> list[str]:
        """Return a command with the free port, and its program as the image's ``PATH`` finds it."""
        program = self.root / "venv" / "bin" / command[0]
        return [str(program), *(word.replace(*self.port) for word in command[1:])]

    def _environment(self, variables: dict[str, str]) -> dict[str, str]:
        path = os.pathsep.join([str(self.root / "bin"), str(self.root / "venv" / "bin"), "/usr/bin", "/bin"])
        machine = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
        # The home directory is the machine's, for pip's cache.
        return {
            **machine,
            "PIP_NO_COMPILE": "1",
            "HOME": os.environ.get("HOME", "/"),
            "VIRTUAL_ENV": str(self.root / "venv"),
            **self.environment,
            "PATH": path,
            **variables,
        }


def build(folder: Path, root: Path, dockerfile: str = "Dockerfile", *, uv: str | None = None) -> Image:
    """Run the steps of a Dockerfile with `folder` as the context, in a new file system below `root`.

    Raises:
        RuntimeError: A step failed.
    """
    image = Image(root, uv=uv)
    context = root / "context"
    for file in in_context(folder, dockerfile):
        (context / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(folder / file, context / file)
    for name, rest in instructions((folder / dockerfile).read_text("utf-8")):
        STEPS[name](image, rest, context)
    return image


def _from(image: Image, rest: str, _: Path) -> None:
    own = f"python:{sys.version_info.major}.{sys.version_info.minor}-slim"
    if rest != own:
        raise RuntimeError(f"The image is made from {rest}, and this Python can only play {own}.")
    venv.create(image.root / "venv", with_pip=image.uv is None)
    programs = {"useradd": f'for name; do :; done\necho "$name" >> {shlex.quote(str(image.root / "users"))}'}
    if image.uv is not None:
        programs["pip"] = f'exec {shlex.quote(image.uv)} pip "$@"'
    (image.root / "bin").mkdir()
    for name, steps in programs.items():
        program = image.root / "bin" / name
        program.write_text(f"#!/bin/sh\n{steps}\n", encoding="utf-8")
        program.chmod(0o755)


def _env(image: Image, rest: str, _: Path) -> None:
    image.environment |= dict(word.split("=", 1) for word in shlex.split(rest))
    image.environment.pop("PIP_NO_CACHE_DIR", None)


def _workdir(image: Image, rest: str, _: Path) -> None:
    image.workdir = rest
    image.path(".").mkdir(parents=True, exist_ok=True)


def _run(image: Image, rest: str, _: Path) -> None:
    done = image.run(["/bin/sh", "-e", "-c", rest])
    if done.returncode != 0:
        raise RuntimeError(f"RUN {rest}\n{done.stdout}\n{done.stderr}")


def _copy(image: Image, rest: str, context: Path) -> None:
    *sources, target = shlex.split(rest)
    for source in sources:
        found, place = context / source, image.path(target)
        if found.is_dir():
            shutil.copytree(found, place, dirs_exist_ok=True)
        else:
            shutil.copy(found, place)


def _user(image: Image, rest: str, _: Path) -> None:
    image.user = rest


def _expose(image: Image, rest: str, _: Path) -> None:
    image.port = (rest, str(_free_port()))


def _healthcheck(image: Image, rest: str, _: Path) -> None:
    image.healthcheck = words(rest)


def _cmd(image: Image, rest: str, _: Path) -> None:
    image.command = words(rest)


STEPS = {
    "FROM": _from, "ENV": _env, "WORKDIR": _workdir, "RUN": _run, "COPY": _copy, "USER": _user,
    "EXPOSE": _expose, "HEALTHCHECK": _healthcheck, "CMD": _cmd,
}  # fmt: skip


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
