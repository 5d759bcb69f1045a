"""Make a folder like Pyodide's distribution, with the packages that the course needs."""

from __future__ import annotations

import hashlib
import json
import shutil
import zipfile
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from scripts import lite

__all__ = ["make"]

STAND_INS = Path(__file__).parent / "stand_ins"

REPLACED = {"cryptography": "cryptography", "pyyaml": "yaml", "regex": "regex", "rpds-py": "rpds"}
"""The compiled packages that only Pyodide's distribution has, with their modules in `STAND_INS`. PyYAML needs no
stand-in of ours: without its compiled part, its own modules do the same."""

EMPTY = ("contourpy", "kiwisolver", "matplotlib", "numpy", "pandas", "pillow")
"""The packages that only Pyodide's distribution has, and that no tested chapter imports: here, they have no modules."""

NOT_NEEDED = ("cffi", "pycparser")
"""The packages that only those need."""

NEWER = ("pydantic", "pydantic-core", "typing-inspection")
"""The packages that are newer than in the distribution: PyPI has no wheel for Pyodide of its pydantic-core."""

CORE = ("pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip", "package.json")


def make(folder: Path, work: Path) -> None:
    """Make the distribution in a new folder.

    Args:
        folder: The folder.
        work: A folder for what is needed on the way.
    """
    folder.mkdir(parents=True)
    for name in CORE:
        shutil.copy(lite.PYODIDE / name, folder)
    lock = lite.distribution()
    packages: dict[str, Any] = lock["packages"]
    older = {**lock, "packages": {name: made for name, made in packages.items() if name not in NEWER}}
    pins = {
        name: version if name in NEWER else packages[name]["version"]
        for name, version in lite.resolved(lite.wheel(work), older, work).items()
        if name in packages and name not in (*REPLACED, *EMPTY, *NOT_NEEDED)
    }
    lite.download(pins, folder, lock)
    wheels = {name: next(folder.glob(f"{name.replace('-', '_')}-{version}-*.whl")) for name, version in pins.items()}
    wheels |= {name: _stand_in(name, packages[name]["version"], folder) for name in (*REPLACED, *EMPTY)}
    entries = {name: _entry(packages[name], wheel, list(wheels)) for name, wheel in wheels.items()}
    (folder / "pyodide-lock.json").write_text(json.dumps({**lock, "packages": entries}), encoding="utf-8")


def _entry(original: dict[str, Any], wheel: Path, known: list[str]) -> dict[str, Any]:
    depends = [name.lower().replace("_", "-") for name in original["depends"]]
    return {
        **original,
        "version": wheel.name.split("-")[1],
        "file_name": wheel.name,
        "sha256": hashlib.sha256(wheel.read_bytes()).hexdigest(),
        "depends": [name for name in depends if name in known],
    }


def _stand_in(package: str, version: str, folder: Path) -> Path:
    """Write the wheel of a stand-in."""
    name = f"{package.replace('-', '_')}-{version}"
    with zipfile.ZipFile(folder / f"{name}-py3-none-any.whl", "w") as archive:
        for source, path in _modules(REPLACED[package]) if package in REPLACED else ():
            archive.write(source, path)
        archive.writestr(f"{name}.dist-info/METADATA", f"Metadata-Version: 2.1\nName: {package}\nVersion: {version}\n")
        archive.writestr(f"{name}.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{name}.dist-info/RECORD", "")
    return folder / f"{name}-py3-none-any.whl"


def _modules(module: str) -> list[tuple[Path, str]]:
    """Return the files of a stand-in, each with its path in a wheel."""
    own = STAND_INS / f"{module}.py"
    if own.is_file():
        return [(own, own.name)]
    spec = find_spec(module)
    assert spec is not None
    assert spec.origin is not None
    return [(path, f"{module}/{path.name}") for path in Path(spec.origin).parent.glob("*.py")]
