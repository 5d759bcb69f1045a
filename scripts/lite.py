"""Build the course as a JupyterLite site in dist/lite: `python scripts/lite.py`, called by `make lite`.

The site has the package, and from PyPI all packages of the course that Pyodide's own distribution lacks. The browser
loads the distribution from its public address, at the version of tests/support/npm/package.json. With
`--pyodide FOLDER` the site has the distribution of that folder.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mcp_notebook.browser_tab import COURSE
from mcp_notebook.course.copy import course_source

ROOT = Path(__file__).parent.parent
BUILD, SITE = ROOT / "build" / "lite", ROOT / "dist" / "lite"

PYODIDE = ROOT / ".node" / "node_modules" / "pyodide"
"""Pyodide from npm: its core, and the list of the packages in its distribution."""

TAG = "needs-jupyter"
"""The tag of cells that cannot run in a browser tab."""

NOTE = (
    "> **Not in a browser tab:** the next cell needs a port, a process, a thread or a package that a page cannot have, "
    f"or a cell above that does. `{COURSE}` opens the course on your own machine, where it works."
)

KERNEL = {"name": "python", "display_name": "Python (Pyodide)", "language": "python"}

AT_START = ["comm", "ipython", "jedi", "micropip"]
"""The packages that JupyterLite's kernel loads by itself."""

STAND_INS = ["ipykernel", "pyodide-kernel", "widgetsnbextension"]
"""The packages that JupyterLite brings along."""


def build(site: Path, work: Path, pyodide: Path | None = None) -> None:
    """Build the site.

    Args:
        site: The folder to write.
        work: A folder for what is needed on the way; it is emptied first.
        pyodide: The folder of a distribution to put into the site.
    """
    if site.exists() and any(site.iterdir()) and not (site / "jupyter-lite.json").is_file():
        raise SystemExit(f"{site} is not empty and holds no earlier site: name another folder.")
    for folder in (work, site):
        shutil.rmtree(folder, ignore_errors=True)
    package = wheel(work / "pypi")
    lock = distribution()
    download(lacking(resolved(package, lock, work), lock), package.parent, lock)
    write_course(work / "files")
    address = None if pyodide else f"https://cdn.jsdelivr.net/pyodide/v{npm_version()}/full/pyodide.mjs"
    if pyodide is not None:
        shutil.copytree(pyodide, work / "static" / "pyodide")
    configure(work / "jupyter-lite.json", address)
    options = ("--lite-dir", work, "--output-dir", site, "--apps", "lab", "--apps", "notebooks", "--no-sourcemaps")
    run("jupyterlite_core", "build", *options, cwd=work, stdout=subprocess.DEVNULL)


def run(*words: str | Path, **options: Any) -> None:
    """Run a module of this Python.

    Raises:
        subprocess.CalledProcessError: It fails.
    """
    command = [sys.executable, "-m", *map(str, words)]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, **{"cwd": ROOT, **options})


def wheel(folder: Path) -> Path:
    """Build the package's wheel into a folder, and return it."""
    run("build", "--wheel", "--installer", "uv", "--outdir", folder, stdout=subprocess.DEVNULL)
    (made,) = folder.glob("mcp_notebook-*.whl")
    return made


def distribution() -> dict[str, Any]:
    """Return Pyodide's list of the packages in its distribution."""
    lock: dict[str, Any] = json.loads((PYODIDE / "pyodide-lock.json").read_text(encoding="utf-8"))
    return lock


def npm_version() -> str:
    """Return the version of Pyodide."""
    return str(json.loads((PYODIDE / "package.json").read_text(encoding="utf-8"))["version"])


def resolved(package: Path, lock: Mapping[str, Any], work: Path) -> dict[str, str]:
    """Return the packages of the course in a browser tab, with their versions: Pyodide's own where these fit."""
    wanted, chosen = work / "wanted.txt", work / "chosen.txt"
    wanted.write_text("\n".join([f"mcp-notebook[course] @ {package.resolve().as_uri()}", *AT_START]), encoding="utf-8")
    # uv keeps the versions in this file as far as the requirements allow.
    pins = [f"{name}=={made['version']}\n" for name, made in lock["packages"].items()]
    chosen.write_text("".join(pins), encoding="utf-8")
    # uv's newest name for the platform; the markers are the same for each.
    target = ("--python-platform", "wasm32-pyodide2025", "--python-version", _python(lock))
    run("uv", "pip", "compile", wanted, "--quiet", "--no-annotate", "--no-header", *target, "-o", chosen)
    lines = chosen.read_text(encoding="utf-8").splitlines()
    return {name: version for name, equals, version in (line.partition("==") for line in lines) if equals}


def lacking(needed: Mapping[str, str], lock: Mapping[str, Any]) -> dict[str, str]:
    """Return those packages that the browser gets neither from Pyodide nor from JupyterLite, at their version."""
    has = {name: made["version"] for name, made in lock["packages"].items()}
    return {name: version for name, version in needed.items() if has.get(name) != version and name not in STAND_INS}


def download(pins: Mapping[str, str], folder: Path, lock: Mapping[str, Any]) -> None:
    """Download wheels for Pyodide, without what they depend on.

    Raises:
        subprocess.CalledProcessError: One of them has no such wheel.
    """
    info, python = lock["info"], _python(lock)
    platform = f"pyemscripten_{info['abi_version']}_{info['arch']}"
    target = ["--platform", platform, "--implementation", "cp", "--python-version", python]
    target += ["--abi", f"cp{python.replace('.', '')}", "--abi", "none", "--only-binary", ":all:"]
    pinned = [f"{name}=={version}" for name, version in pins.items()]
    run("pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps", *target, "--dest", folder, *pinned)


def _python(lock: Mapping[str, Any]) -> str:
    return str(lock["info"]["python"]).rpartition(".")[0]


def write_course(folder: Path) -> None:
    """Write the notebooks, with a note above each cell that cannot run in a browser tab."""
    folder.mkdir(parents=True)
    for source in sorted(course_source().glob("*.ipynb")):
        notebook = json.loads(source.read_text(encoding="utf-8"))
        notebook["metadata"]["kernelspec"] = KERNEL
        notebook["cells"] = [each for cell in notebook["cells"] for each in noted(cell)]
        (folder / source.name).write_text(json.dumps(notebook, ensure_ascii=False, indent=1), encoding="utf-8")


def noted(cell: dict[str, Any]) -> list[dict[str, Any]]:
    """Return a cell, after a note if it cannot run in a browser tab."""
    if TAG not in cell["metadata"].get("tags", ()):
        return [cell]
    return [{"cell_type": "markdown", "id": f"note-{cell['id']}", "metadata": {}, "source": [NOTE]}, cell]


def configure(file: Path, pyodide: str | None) -> None:
    """Write the site's configuration: its name, and where Pyodide is if the site does not have it."""
    kernel = "@jupyterlite/pyodide-kernel-extension:kernel"
    settings = {} if pyodide is None else {kernel: {"pyodideUrl": pyodide}}
    data = {"appName": "mcp_notebook", "litePluginSettings": settings}
    file.write_text(json.dumps({"jupyter-lite-schema-version": 0, "jupyter-config-data": data}), encoding="utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--pyodide", type=Path, metavar="FOLDER", help="a Pyodide distribution to put into the site")
    parser.add_argument("--to", type=Path, default=SITE, metavar="FOLDER", help=f"default: {SITE.relative_to(ROOT)}")
    options = parser.parse_args()
    build(options.to.resolve(), BUILD, options.pyodide)
    megabytes = sum(file.stat().st_size for file in options.to.rglob("*") if file.is_file()) / 1e6
    print(f"The course is in {options.to} ({megabytes:.0f} MB). To try it: python -m http.server -d {options.to}")
