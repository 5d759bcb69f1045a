"""Checks of the environment, with or without a kernel."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import platform
import runpy
import shutil
import stat
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from packaging.requirements import Requirement
from packaging.version import Version

from mcp_notebook import browser_tab
from mcp_notebook.addresses import runtime_dir
from mcp_notebook.doctor.diagnosis import Diagnosis, Status
from mcp_notebook.doctor.jupyter import in_jupyter
from mcp_notebook.doctor.places import Place
from mcp_notebook.hosts import HOSTS

__all__ = ["in_environment"]

_PACKAGE = "mcp-notebook"
_SHOWN = ("mcp", "ipykernel", "ipython", "ipywidgets", "jupyterlab", "uvicorn", "httptools", "anyio")
_OF_THE_IMAGE = ("ipykernel", "ipython", "ipywidgets", "jupyterlab", "jupyterlab_widgets", "traitlets")
"""The packages that a notebook service pins: its front end depends on their versions."""
_ONLY_FASTER = ("httptools",)
_DRAW_WIDGETS_THEMSELVES = ("VS Code", "Colab", "Kaggle", "Databricks", "Deepnote", "PyCharm")
_NETWORK_FILE_SYSTEMS = ("nfs", "nfs4", "cifs", "smb3", "smbfs", "afs", "lustre", "gpfs", "ceph", "fuse.sshfs", "9p")


def in_environment(environ: Mapping[str, str], front_end: str = "", place: Place | None = None) -> Iterator[Diagnosis]:
    """Check versions, eras, widgets, proxies, hubs, the door, the runtime folder, the bridge and the hosts.

    Args:
        environ: The environment variables.
        front_end: The front end of the notebook; "" outside a kernel.
        place: The service that this runs on; None on the user's own machine.
    """
    yield from _versions(place)
    yield from _eras()
    yield from _widgets(front_end, place)
    if browser_tab.HERE:
        yield from _tab()
        return
    yield from _proxies(environ)
    yield from _hub(environ)
    yield from in_jupyter(environ)
    yield from _runtime_folder()
    yield from _bridge()
    yield from _hosts()


def _versions(place: Place | None) -> Iterator[Diagnosis]:
    try:
        requirements = [Requirement(line) for line in importlib.metadata.requires(_PACKAGE) or ()]
    except importlib.metadata.PackageNotFoundError:
        yield Diagnosis(f"{_PACKAGE} is not installed in this Python", "problem", f"pip install {_PACKAGE}")
        return
    good = {"python": platform.python_version()}
    for wanted in requirements:
        needed = wanted.marker is None or wanted.marker.evaluate({"extra": ""})
        version = _version(wanted.name)
        fix = f'pip install -U "{wanted.name}{wanted.specifier}", then restart the kernel'
        if place is not None and wanted.name in _OF_THE_IMAGE:
            fix = place.fix(fix)
        if version is None and needed:
            status: Status = "note" if wanted.name in _ONLY_FASTER else "problem"
            yield Diagnosis(f"{wanted.name} is not installed", status, fix)
        elif version is not None and (needed or wanted.name in _SHOWN):
            good[wanted.name] = version
            if needed and not wanted.specifier.contains(version, prereleases=True):
                yield Diagnosis(f"{wanted.name} {version} does not work: it must be {wanted.specifier}", "problem", fix)
    yield Diagnosis(f"versions: {', '.join(f'{name} {good[name]}' for name in ('python', *_SHOWN) if name in good)}")


def _eras() -> Iterator[Diagnosis]:
    sdk = importlib.util.find_spec("mcp_types")
    # Read only this file: importing the package takes more than a second.
    registry = Path(sdk.origin).with_name("version.py") if sdk and sdk.origin else None
    if registry is None or not registry.exists():
        return
    versions = runpy.run_path(str(registry))
    modern, legacy = versions["MODERN_PROTOCOL_VERSIONS"], versions["HANDSHAKE_PROTOCOL_VERSIONS"]
    yield Diagnosis(f"clients served: modern ({', '.join(modern)}) and legacy ({legacy[0]} to {legacy[-1]})")


def _widgets(front_end: str, place: Place | None) -> Iterator[Diagnosis]:
    version = _version("jupyterlab_widgets")
    widgets = _widgets_major()
    lowest = 3 if widgets >= 8 else 1
    newer = f'pip install -U "jupyterlab_widgets>={lowest}", then reload the page'
    if front_end.startswith("classic Notebook"):
        yield from _classic_widgets()
    elif front_end in _DRAW_WIDGETS_THEMSELVES:
        yield Diagnosis(f"widgets: {front_end} displays them itself")
    elif version is not None and Version(version).major < lowest:
        yield Diagnosis(
            f"jupyterlab_widgets {version} cannot display the widgets of ipywidgets {widgets}",
            "problem",
            newer if place is None else place.fix(newer),
        )
    elif version is not None and not (missing := _missing_labextensions()):
        yield Diagnosis("widgets: JupyterLab's extensions for them are in this environment")
    else:
        names = " ".join(missing) if version is not None else "jupyterlab_widgets anywidget"
        yield Diagnosis(
            f"widgets: JupyterLab's extension for them is not in this environment ({names})",
            "note",
            f"in JupyterLab's environment: pip install {names}, then reload the page",
        )


def _classic_widgets() -> Iterator[Diagnosis]:
    version = _version("widgetsnbextension")
    widgets = _widgets_major()
    fitting = 4 if widgets >= 8 else 3
    if version is not None and Version(version).major == fitting:
        yield Diagnosis("widgets: the classic Notebook's extension for them is in this environment")
    else:
        yield Diagnosis(
            f"widgets: the classic Notebook's extension for ipywidgets {widgets} is not in this environment",
            "note",
            f'in the Notebook\'s environment: pip install "widgetsnbextension=={fitting}.*", then reload the page',
        )


def _widgets_major() -> int:
    return Version(_version("ipywidgets") or "8").major


def _missing_labextensions() -> list[str]:
    """Return the packages whose files, which a page loads to display widgets, are not in place."""
    wanted = {"jupyterlab_widgets": "*/jupyterlab-manager/package.json", "anywidget": "*/anywidget/package.json"}
    return [name for name, pattern in wanted.items() if not _has_file(name, pattern)]


def _has_file(package: str, pattern: str) -> bool:
    try:
        files = importlib.metadata.files(package) or ()
    except importlib.metadata.PackageNotFoundError:
        return False
    return any(file.match(pattern) and Path(file.locate()).exists() for file in files)


def _tab() -> Iterator[Diagnosis]:
    missing = browser_tab.missing_here()
    if missing is None:
        yield Diagnosis("browser: it can wait inside a cell")
    else:
        yield Diagnosis("browser: it cannot wait inside a cell", "problem", missing)
    yield Diagnosis(
        "this is a browser tab: no program can connect to a server here, and no command can be started",
        "note",
        f"on your own machine: {browser_tab.COURSE}",
    )


def _proxies(environ: Mapping[str, str]) -> Iterator[Diagnosis]:
    proxies = {name.lower(): value for name, value in environ.items() if value}
    past = {host.strip() for host in proxies.get("no_proxy", "").split(",")}
    if proxies.keys() & {"http_proxy", "all_proxy"} and not past & {"*", "127.0.0.1"}:
        yield Diagnosis(
            "the proxy in HTTP_PROXY is also used for 127.0.0.1, so clients on this machine cannot connect",
            "problem",
            "set NO_PROXY=127.0.0.1,localhost for the clients; the bridge uses no proxy",
        )
    else:
        yield Diagnosis("proxies: none between clients and 127.0.0.1")


def _hub(environ: Mapping[str, str]) -> Iterator[Diagnosis]:
    if any(name in environ for name in ("JUPYTERHUB_API_URL", "JUPYTERHUB_SERVICE_PREFIX", "JUPYTERHUB_USER")):
        yield Diagnosis(
            "this runs under a JupyterHub: 127.0.0.1 is the hub's machine, not your browser's",
            "note",
            "%mcp clients, for clients on your own machine; with --local, for those in a terminal of the hub",
        )
    if _version("jupyter-server-proxy"):
        yield Diagnosis(
            "jupyter-server-proxy is installed: the requests that it forwards have another Host and get 421; it also "
            "delays streamed answers",
            "note",
            "%mcp serve --allow-host HOST, with the host name in the browser's address bar",
        )


def _runtime_folder() -> Iterator[Diagnosis]:
    folder = runtime_dir()
    what, elsewhere = f"runtime folder {folder}", "set JUPYTER_RUNTIME_DIR to a folder of your own on a local disk"
    there = next(place for place in (folder, *folder.parents) if place.exists())
    if not (there.is_dir() and os.access(there, os.W_OK | os.X_OK)):
        yield Diagnosis(f"{what}: not writable, so no client can find a server by its name", "problem", elsewhere)
        return
    mode = stat.S_IMODE(folder.stat().st_mode) if folder.exists() and os.name == "posix" else 0
    if mode & 0o022:
        yield Diagnosis(f"{what}: other users may write there", "problem", f"chmod 700 {folder}")
    elif mode & 0o055:
        yield Diagnosis(
            f"{what}: other users can list it, but not read the files with the tokens", "note", f"chmod 700 {folder}"
        )
    elif (kind := _file_system(there)) in _NETWORK_FILE_SYSTEMS:
        yield Diagnosis(f"{what}: on a network drive ({kind}), so other machines see the tokens", "note", elsewhere)
    else:
        yield Diagnosis(f"{what}: private and local")


def _file_system(folder: Path) -> str:
    """Return the type of the file system that a folder is on; "" if the system does not tell."""
    mounts = Path("/proc/self/mounts")
    if not mounts.exists():
        return ""
    kinds = {
        Path(point): kind
        for _, point, kind, *_ in map(str.split, mounts.read_text(encoding="utf-8", errors="replace").splitlines())
    }
    return next((kinds[place] for place in (folder.resolve(), *folder.resolve().parents) if place in kinds), "")


def _bridge() -> Iterator[Diagnosis]:
    if not (sys.executable and Path(sys.executable).exists()):
        yield Diagnosis(
            "the path of the running Python is not known, so hosts cannot start the bridge",
            "problem",
            "start the kernel with the python of an environment",
        )
    elif shutil.which(_PACKAGE):
        yield Diagnosis(f"bridge: {_PACKAGE} is on the PATH")
    else:
        yield Diagnosis(
            f"bridge: {_PACKAGE} is not on the PATH; configurations from %mcp clients name this Python instead",
            "note",
            f"in a shell: {sys.executable} -m mcp_notebook",
        )


def _hosts() -> Iterator[Diagnosis]:
    deaf = [host for host in HOSTS.values() if host.follows is False]
    yield Diagnosis(
        f"{' and '.join(host.title for host in deaf)} do not notice when tools change while they are connected",
        "note",
        "%mcp serve --stable-tools, or restart them after a change",
    )


def _version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None
