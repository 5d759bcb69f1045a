"""Build the course as a JupyterLite site in dist/lite: `python scripts/lite.py`, called by `make lite`.

The site has the package and all that Pyodide's own distribution lacks, as wheels from PyPI. The distribution itself, at
the version of tests/support/npm/package.json, is loaded by the browser from Pyodide's public address; with
`--pyodide FOLDER` the site has it, too.
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

from mcp_notebook.course.copy import course_source

ROOT = Path(__file__).parent.parent
BUILD, SITE = ROOT / "build" / "lite", ROOT / "dist" / "lite"

PYODIDE = ROOT / ".node" / "node_modules" / "pyodide"
"""Pyodide from npm: its core, and the list of the packages that its distribution has."""

TAG = "needs-jupyter"
"""The tag of cells that cannot run in a browser tab."""

NOTE = (
    "> **Not in a browser tab.** The next cell needs a port, another process or a package that a page cannot have. "
    "It works in Jupyter on your machine: `uvx --from 'mcp-notebook[tutorial]' mcp-notebook lab`"
)

KERNEL = {"name": "python", "display_name": "Python (Pyodide)", "language": "python"}

AT_START = ["comm", "ipython", "jedi", "micropip"]
"""The packages that JupyterLite's kernel loads by itself."""


def main(destination: Path, pyodide: Path | None) -> None:
    shutil.rmtree(BUILD, ignore_errors=True)
    shutil.rmtree(destination, ignore_errors=True)
    wheels = BUILD / "pypi"
    package = built(wheels)
    lock = json.loads((PYODIDE / "pyodide-lock.json").read_text(encoding="utf-8"))
    download(lacking(resolved(package, lock), lock), wheels, lock)
    contents(BUILD / "files")
    if pyodide is not None:
        shutil.copytree(pyodide, BUILD / "static" / "pyodide")
    configure(BUILD / "jupyter-lite.json", None if pyodide else version(lock))
    run(
        "jupyterlite_core",
        "build",
        "--lite-dir",
        BUILD,
        "--output-dir",
        destination,
        "--apps",
        "lab",
        "--apps",
        "notebooks",
    )
    size = sum(file.stat().st_size for file in destination.rglob("*") if file.is_file())
    print(f"The course is in {destination} ({size / 1e6:.0f} MB). To try it: python -m http.server -d {destination}")


def run(*words: str | Path, **options: Any) -> None:
    subprocess.run([sys.executable, "-m", *map(str, words)], check=True, cwd=ROOT, stdin=subprocess.DEVNULL, **options)


def built(folder: Path) -> Path:
    """Build the package's wheel into a folder, and return it."""
    run("build", "--wheel", "--outdir", folder, stdout=subprocess.DEVNULL)
    (wheel,) = folder.glob("mcp_notebook-*.whl")
    return wheel


def resolved(package: Path, lock: Mapping[str, Any]) -> dict[str, str]:
    """Return the packages of the course in a browser tab, with their versions: Pyodide's own where these fit."""
    chosen = BUILD / "resolved.txt"
    # The versions in this file are kept as far as the requirements allow that.
    chosen.write_text("".join(f"{name}=={made['version']}\n" for name, made in lock["packages"].items()))
    wanted = BUILD / "wanted.txt"
    wanted.write_text("\n".join([f"mcp-notebook[course] @ {package.resolve().as_uri()}", *AT_START]))
    platform = (
        "--python-platform",
        "wasm32-pyodide2025",
        "--python-version",
        lock["info"]["python"].rpartition(".")[0],
    )
    command = ("uv", "pip", "compile", wanted, "--quiet", "--no-annotate", "--no-header", *platform, "-o", chosen)
    run(*command)
    pins = [line.partition("==") for line in chosen.read_text().splitlines() if "==" in line]
    return {name: version for name, _, version in pins}


def lacking(needed: Mapping[str, str], lock: Mapping[str, Any]) -> dict[str, str]:
    """Return those packages that Pyodide's distribution does not have at their version."""
    # JupyterLite has its own stand-in for this one.
    has = {name: made["version"] for name, made in lock["packages"].items()} | {"widgetsnbextension": ""}
    return {name: version for name, version in needed.items() if has.get(name) not in ("", version)}


def download(pins: Mapping[str, str], folder: Path, lock: Mapping[str, Any]) -> None:
    """Download wheels for Pyodide, without what they depend on.

    Raises:
        subprocess.CalledProcessError: One of them has no such wheel.
    """
    info = lock["info"]
    target = ("--platform", f"pyemscripten_{info['abi_version']}_{info['arch']}", "--implementation", "cp")
    python = info["python"].rpartition(".")[0]
    abi = (
        "--python-version",
        python,
        "--abi",
        f"cp{python.replace('.', '')}",
        "--abi",
        "none",
        "--only-binary",
        ":all:",
    )
    pinned = [f"{name}=={version}" for name, version in pins.items()]
    run("pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps", *target, *abi, "-d", folder, *pinned)


def contents(folder: Path) -> None:
    """Copy the course, with a note above each cell that cannot run in a browser tab."""
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


def version(lock: Mapping[str, Any]) -> str:
    return str(json.loads((PYODIDE / "package.json").read_text(encoding="utf-8"))["version"])


def configure(file: Path, pyodide: str | None) -> None:
    """Write the site's configuration: its name, and the version of Pyodide that the browser loads."""
    kernel = "@jupyterlite/pyodide-kernel-extension:kernel"
    settings = (
        {} if pyodide is None else {"pyodideUrl": f"https://cdn.jsdelivr.net/pyodide/v{pyodide}/full/pyodide.mjs"}
    )
    data = {"appName": "mcp_notebook", "litePluginSettings": {kernel: settings}}
    file.write_text(json.dumps({"jupyter-lite-schema-version": 0, "jupyter-config-data": data}, indent=2))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--pyodide", type=Path, metavar="FOLDER", help="put this Pyodide distribution into the site")
    parser.add_argument("--to", type=Path, default=SITE, metavar="FOLDER", help=f"default: {SITE.relative_to(ROOT)}")
    chosen = parser.parse_args()
    main(chosen.to.resolve(), chosen.pyodide)
