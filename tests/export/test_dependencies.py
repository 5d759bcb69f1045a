"""What an exported package requires."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import pytest

from mcp_notebook.export import dependencies
from mcp_notebook.export.dependencies import Dependencies
from mcp_notebook.export.module.writing import Module

Install = Callable[..., None]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Install a distribution that has only files, for the time of a test."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def installed(name: str, number: str, *files: str, requires: tuple[str, ...] = (), url: object = None) -> None:
        info = tmp_path / f"{name.replace('-', '_')}-{number}.dist-info"
        info.mkdir()
        needs = "".join(f"Requires-Dist: {need}\n" for need in requires)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {number}\n{needs}", "utf-8")
        (info / "RECORD").write_text("".join(f"{file},,\n" for file in files), "utf-8")
        if url:
            (info / "direct_url.json").write_text(json.dumps(url), "utf-8")
        importlib.invalidate_caches()

    return installed


def of(*sources: str, pip: tuple[str, ...] = ()) -> Dependencies:
    names = ("server.py", "helpers.py", "more.py")
    return dependencies.of(Module(dict(zip(names, sources, strict=False)), "mcp", pip=pip))


def beyond(found: Dependencies) -> list[str]:
    """What is required beside what every package requires."""
    return [text for text in found.requirements if not text.startswith(dependencies.SERVING)]


def said(found: Dependencies) -> list[tuple[str, str]]:
    return [(finding.weight, finding.name) for finding in found.findings]


def test_every_package_requires_the_sdk_below_its_next_major_version() -> None:
    assert f"mcp>={version('mcp')},<{int(version('mcp').partition('.')[0]) + 1}" in of("").requirements


def test_an_import_requires_what_has_it_at_the_version_that_ran(install: Install) -> None:
    install("Glue.Shop", "1.2.3", "glueshop/__init__.py")
    found = of("import json\n\ndef late():\n    import glueshop.parts as parts\n")
    assert beyond(found) == ["glue-shop>=1.2.3"]
    assert "glue-shop==1.2.3" in found.locked
    assert said(found) == []


def test_modules_of_the_package_itself_are_no_dependency() -> None:
    assert beyond(of("from .helpers import a\nimport more\n", "", "")) == []


def test_a_namespace_of_several_distributions_is_told_apart_by_files(install: Install) -> None:
    install("glue-paper", "1.0", "glueing/paper/__init__.py")
    install("glue-wood", "2.0", "glueing/wood/__init__.py", "glueing/wood/oak.py")
    assert beyond(of("from glueing.wood import oak")) == ["glue-wood>=2.0"]
    assert beyond(of("from glueing import paper\nimport glueing.wood.oak")) == ["glue-paper>=1.0", "glue-wood>=2.0"]


def test_an_extension_module_is_found(install: Install) -> None:
    install("glue-fast", "1.0", "gluefast.cpython-311-x86_64-linux-gnu.so")
    assert beyond(of("import gluefast")) == ["glue-fast>=1.0"]


def test_stubs_of_a_module_are_not_the_module(install: Install) -> None:
    install("types-glue", "1.0", "glue-stubs/__init__.pyi")
    assert said(of("import glue")) == [("stops", "glue")]


def test_what_may_be_missing_is_not_required_and_said_where_it_was_there(install: Install) -> None:
    install("glue", "1.0", "glue/__init__.py")
    found = of(
        "try:\n    import glue\nexcept ImportError:\n    glue = None\ntry:\n    import nails\nexcept ImportError: ...\n"
    )
    assert beyond(found) == []
    assert said(found) == [("notes", "glue")]
    assert "%pip install glue" in found.findings[0].way_out


def test_what_is_required_somewhere_is_required(install: Install) -> None:
    install("glue", "1.0", "glue/__init__.py")
    found = of("try:\n    import glue\nexcept ImportError:\n    glue = None\n", "import glue\n")
    assert beyond(found) == ["glue>=1.0"]


def test_an_import_that_nothing_has_stops_the_export() -> None:
    found = of("import nails_of_nobody")
    assert said(found) == [("stops", "nails_of_nobody")]
    assert "%pip install" in found.findings[0].way_out


def test_a_file_of_this_machine_stops_the_export(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "myglue.py").touch()
    monkeypatch.syspath_prepend(str(tmp_path))
    found = of("import myglue")
    assert said(found) == [("stops", "myglue")]
    assert "a file of this machine" in str(found.findings[0])
    assert str(tmp_path) not in str(found.findings[0])


def test_the_workbench_itself_stops_the_export() -> None:
    assert said(of("from mcp_notebook import NotebookServer")) == [("stops", "mcp_notebook")]


def test_what_is_installed_from_a_folder_is_required_and_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, install: Install
) -> None:
    source = tmp_path / "my glue"
    (source / "src" / "myglue").mkdir(parents=True)
    (source / "src" / "myglue" / "__init__.py").touch()
    monkeypatch.syspath_prepend(str(source / "src"))
    install("my-glue", "0.1", "my_glue.pth", url={"url": source.as_uri(), "dir_info": {"editable": True}})
    found = of("import myglue")
    assert beyond(found) == ["my-glue>=0.1"]
    assert said(found) == [("warns", "my-glue")]


def test_what_the_notebook_installs_is_taken_as_it_says(install: Install) -> None:
    install("glue", "1.5", "glue/__init__.py", requires=("nails; extra == 'hard'", "paper; extra == 'soft'"))
    install("nails", "3.0")
    install("paper", "4.0")
    found = of("import glue", pip=("glue[hard]",))
    assert beyond(found) == ["glue[hard]>=1.5"]
    assert {"glue==1.5", "nails==3.0"} <= set(found.locked)
    assert "paper==4.0" not in found.locked
    assert beyond(of("import glue", pip=("glue~=1.2",))) == ["glue~=1.2"]
    assert beyond(of("", pip=("glue",))) == ["glue>=1.5"]


def test_a_requirement_that_is_none_is_said() -> None:
    found = of("", pip=("-r requirements.txt",))
    assert said(found) == [("warns", "-r requirements.txt")]


def test_the_lock_follows_what_this_python_needs(install: Install) -> None:
    install("glue", "1.0", "glue/__init__.py", requires=("nails", "screws; python_version < '3'", "hooks"))
    install("nails", "3.0+local.1")
    install("hooks", "1.0", requires=("glue",))
    found = of("import glue")
    assert {"glue==1.0", "hooks==1.0", "nails==3.0"} <= set(found.locked)
    assert found.unlocked == ()


def test_what_is_not_installed_is_left_to_pip_and_named(install: Install) -> None:
    install("glue", "1.0", "glue/__init__.py", requires=("nails-of-nobody",))
    found = of("import glue")
    assert found.unlocked == ("nails-of-nobody",)
    assert said(found) == [("warns", "nails-of-nobody")]


def test_remains_of_a_distribution_are_passed_over(tmp_path: Path, install: Install) -> None:
    (tmp_path / "~lue-1.0.dist-info").mkdir()
    install("glue", "1.0", "glue/__init__.py")
    assert beyond(of("import glue\nimport nails")) == ["glue>=1.0"]


def test_the_standard_library_needs_nothing() -> None:
    assert beyond(of("\n".join(f"import {name}" for name in sorted(sys.stdlib_module_names)))) == []
