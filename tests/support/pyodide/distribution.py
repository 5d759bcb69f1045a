"""Make a folder like Pyodide's distribution, with the packages that the course needs."""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
import zipfile
from pathlib import Path
from typing import Any

from scripts import lite

__all__ = ["NEWER", "STAND_INS", "make"]

STAND_INS = Path(__file__).parent / "stand_ins"

REPLACED = ("cryptography", "regex", "rpds-py")
"""Compiled packages that only Pyodide's distribution has; each has a module in `STAND_INS`."""

NOT_NEEDED = ("cffi", "pycparser")
"""What only those need."""

NEWER = ("pydantic", "pydantic-core", "typing-inspection")
"""The versions in the distribution are not taken: of pydantic-core, PyPI has no wheel for Pyodide of that version."""

CORE = ("pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip", "package.json")


def make(folder: Path, package: Path) -> None:
    """Make the distribution in a new folder, with what the wheel `package` needs."""
    folder.mkdir(parents=True)
    for name in CORE:
        shutil.copy(lite.PYODIDE / name, folder)
    lock = json.loads((lite.PYODIDE / "pyodide-lock.json").read_text(encoding="utf-8"))
    packages: dict[str, Any] = lock["packages"]
    needed = lite.resolved(package, {**lock, "packages": {k: v for k, v in packages.items() if k not in NEWER}})
    pins = {
        name: version if name in NEWER else packages[name]["version"]
        for name, version in needed.items()
        if name in packages and name not in (*REPLACED, *NOT_NEEDED)
    }
    lite.download(pins, folder, lock)
    entries = {}
    for name, version in pins.items():
        (wheel,) = folder.glob(f"{name.replace('-', '_')}-{version}-*.whl")
        depends = [other for other in map(_normal, packages[name]["depends"]) if other in pins or other in REPLACED]
        entries[name] = _entry(packages[name], wheel, version, depends)
    for name in REPLACED:
        wheel = _stand_in(name.replace("-", "_"), packages[name]["version"], folder)
        entries[name] = _entry(packages[name], wheel, packages[name]["version"], [])
    (folder / "pyodide-lock.json").write_text(json.dumps({**lock, "packages": entries}), encoding="utf-8")


def _normal(name: str) -> str:
    return name.lower().replace("_", "-")


def _entry(original: dict[str, Any], wheel: Path, version: str, depends: list[str]) -> dict[str, Any]:
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    return {**original, "version": version, "file_name": wheel.name, "sha256": digest, "depends": depends}


def _stand_in(name: str, version: str, folder: Path) -> Path:
    """Write the wheel of a stand-in, from its module or package in `STAND_INS`."""
    wheel = folder / f"{name}-{version}-py3-none-any.whl"
    about = f"{name}-{version}.dist-info"
    with zipfile.ZipFile(wheel, "w") as archive:
        module = {"rpds_py": "rpds"}.get(name, name)
        archive.write(STAND_INS / f"{module}.py", f"{module}.py")
        archive.writestr(f"{about}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        archive.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{about}/RECORD", "")
    return wheel


if __name__ == "__main__":
    make(Path(sys.argv[1]), Path(sys.argv[2]))
