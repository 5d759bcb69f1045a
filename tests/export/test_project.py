"""The files around the modules of an exported package."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from mcp_notebook.errors import ExportError
from mcp_notebook.export import dependencies, project
from mcp_notebook.export.module.writing import Module, Setting
from mcp_notebook.export.naming import package_name
from tests.support.packages import SERVER, package, run, texts, write

AUTHORIZED = """from mcp.server.auth.provider import AccessToken
from mcp.server.auth.settings import AuthSettings
from mcp.server.mcpserver import MCPServer


class Verifier:
    async def verify_token(self, token: str) -> AccessToken | None:
        if token != "known":
            return None
        return AccessToken(token=token, client_id="someone", scopes=[], resource="https://shop.example/mcp")


mcp = MCPServer(
    "bookshop",
    token_verifier=Verifier(),
    auth=AuthSettings.model_validate(
        {"issuer_url": "https://issuer.example", "resource_server_url": "https://shop.example/mcp",
         "validate_token_resource": True}
    ),
)
"""

OWN_HEALTH = """from mcp.server.mcpserver import MCPServer
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

mcp = MCPServer("bookshop")


@mcp.custom_route("/health", methods=["GET"])
async def is_it_well(request: Request) -> Response:
    return PlainTextResponse("as the author has it", status_code=203)
"""

SETTINGS = """from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="BOOKSHOP_")

    api_key: SecretStr
    copies: int = 3


settings = Settings.model_validate({})
"""

WITH_SETTINGS = """from mcp.server.mcpserver import MCPServer

from .settings import settings

mcp = MCPServer("bookshop")


@mcp.tool()
def copies() -> int:
    return settings.copies
"""


def with_settings() -> project.Package:
    module = Module(
        {"server.py": WITH_SETTINGS, "settings.py": SETTINGS},
        "mcp",
        settings=(
            Setting("api_key", "SecretStr", None, secret=True, variable="BOOKSHOP_API_KEY", description="Opens it."),
            Setting("copies", "int", "3", secret=False, variable="BOOKSHOP_COPIES"),
        ),
    )
    stands_for_it = WITH_SETTINGS.replace("from .settings import settings", "class settings:\n    copies = 3")
    return replace(package(stands_for_it), module=module)


def own_tests(folder: Path) -> str:
    command = ("-m", "pytest", "-q", "-p", "anyio", "-p", "no:cacheprovider", "-W", "error")
    done = run(folder, *command, PYTEST_DISABLE_PLUGIN_AUTOLOAD="1")
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("health", [None, pytest.param("is_well", marks=pytest.mark.slow)])
def test_the_package_passes_its_own_tests(tmp_path: Path, health: str | None) -> None:
    assert "6 passed" in own_tests(write(tmp_path, texts(project.files(package(health=health)))))


def test_the_package_is_clean_under_its_own_lint(tmp_path: Path) -> None:
    untidy = SERVER.replace("import os\n", "import os\nfrom math import *\n") + "\n\nspare = lambda: 1\n"
    write(tmp_path, texts(project.files(package(untidy))))
    for command in (["format", "--check"], ["check"]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *command, "--no-cache", "."],
            cwd=tmp_path, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout
    excused = (tmp_path / "pyproject.toml").read_text("utf-8")
    assert '"src/bookshop/server.py" = ["E731", "F403"]' in excused


def test_the_package_has_no_word_of_the_workbench() -> None:
    for path, text in texts(project.files(package())).items():
        assert not re.search(r"mcp.notebook|jupyter(?!hub)", path + text, re.IGNORECASE), path


def test_the_readme_says_what_is_served_and_how_clients_reach_it() -> None:
    text = texts(project.files(package()))["README.md"]
    assert "Look up the price of a book \\| in euros." in text
    for word in ("note://shelf", "note://{name}", "advise", "Claude Code", "Claude Desktop", "Cursor", "VS Code"):
        assert word in text
    assert "Authorization: Bearer TOKEN" in text


@pytest.mark.slow
def test_a_server_with_authorization_of_its_own_gets_no_second_gate(tmp_path: Path) -> None:
    files = texts(project.files(package(AUTHORIZED)))
    assert "BOOKSHOP_TOKEN" not in "".join(files.values())
    write(tmp_path, files)
    assert "3 passed" in own_tests(tmp_path)


@pytest.mark.slow
def test_a_health_route_of_the_author_stays_the_only_one(tmp_path: Path) -> None:
    files = texts(project.files(package(OWN_HEALTH)))
    assert "src/bookshop/health.py" not in files
    asked = "\n\nasync def test_health() -> None:\n    async with http_client() as client:\n"
    asked += '        assert (await client.get("/health")).status_code == 203\n'
    write(tmp_path, {**files, "tests/test_server.py": files["tests/test_server.py"] + asked})
    assert "5 passed" in own_tests(tmp_path)


@pytest.mark.slow
def test_settings_that_must_be_given_are_named_for_people_and_stood_in_for_in_tests(tmp_path: Path) -> None:
    files = texts(project.files(with_settings()))
    assert "# Opens it (required)\nBOOKSHOP_API_KEY=\n" in files[".env.example"]
    assert "# BOOKSHOP_COPIES=3\n" in files[".env.example"]
    assert "| `BOOKSHOP_API_KEY` | required, secret | Opens it |" in files["README.md"]
    assert '"BOOKSHOP_API_KEY": "<' in files["README.md"]
    write(tmp_path, files)
    assert "6 passed" in own_tests(tmp_path)


def test_a_setting_that_is_not_given_is_one_line_without_the_values_of_others(tmp_path: Path) -> None:
    write(tmp_path, texts(project.files(with_settings())))
    done = run(tmp_path, "-m", "bookshop", BOOKSHOP_COPIES="forty-two")
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "BOOKSHOP_API_KEY (Field required)" in done.stderr
    assert "forty-two" not in done.stderr


@pytest.mark.parametrize(
    ("health", "says"), [("missing", "no function 'missing'"), ("note", "it requires arguments")]
)  # fmt: skip
def test_a_health_check_that_cannot_be_is_refused(health: str, says: str) -> None:
    with pytest.raises(ExportError, match=says):
        texts(project.files(package(health=health)))


def test_a_license_is_one_that_others_know() -> None:
    assert (
        'license = "MIT OR Apache-2.0"' in texts(project.files(package(license="mit or apache-2.0")))["pyproject.toml"]
    )
    with pytest.raises(ExportError, match="not an SPDX license"):
        texts(project.files(package(license="mine")))


def test_a_module_of_the_notebook_does_not_take_the_place_of_the_packages_own() -> None:
    with pytest.raises(ExportError, match=r"web\.py"):
        texts(project.files(package(files={"web.py": ""})))


def test_the_lock_pins_all_that_is_needed() -> None:
    lock = texts(project.files(package()))["requirements.lock"]
    for name in ("mcp", "mcp-types", "starlette", "h11", "pydantic-core"):
        assert re.search(rf"^{name}==\d", lock, re.MULTILINE), name


@pytest.mark.parametrize(
    ("wanted", "name"),
    [
        ("book-shop", "book_shop"),
        ("Book Shop!", "book_shop"),
        ("Bücher", "bucher"),
        ("2024 report", "server_2024_report"),
        ("class", "class_server"),
        ("match", "match_server"),
        ("http", "http_server"),
        ("httpx", "httpx_server"),
        ("test", "test_server"),
        ("商店", "server"),
        ("", "server"),
    ],
)
def test_a_package_gets_a_name_that_hides_nothing(wanted: str, name: str) -> None:
    assert package_name(wanted, {"httpx"})[0] == name


def test_a_name_is_changed_aloud() -> None:
    assert package_name("book-shop")[1] == ()
    assert [str(finding) for finding in package_name("httpx", {"httpx"})[1]] == [
        "httpx: The package is called httpx_server, because 'httpx' is a package that it imports itself."
    ]


def test_a_package_is_not_called_as_what_the_sdk_stands_on() -> None:
    taken = dependencies.top_levels(Module({"server.py": ""}, "mcp"))
    assert [package_name(name, taken)[0] for name in ("pydantic", "mcp_types")] == [
        "pydantic_server",
        "mcp_types_server",
    ]
    assert len(package_name("x" * 300)[0]) == 60


@pytest.mark.parametrize(
    ("annotation", "given"),
    [("Secret[int]", "1"), ("Secret[Json[list[str]]]", "[]"), ("dict[str, int]", "{}"), ("SecretStr", "example")],
)
def test_a_stand_in_of_a_setting_has_its_type(annotation: str, given: str) -> None:
    pin = Setting("pin", annotation, None, True, "BOOKSHOP_PIN")
    module = Module({"server.py": SERVER}, "mcp", settings=(pin,))
    assert (
        f'os.environ.setdefault("BOOKSHOP_PIN", "{given}")'
        in texts(project.files(package(module=module)))["tests/conftest.py"]
    )


def test_the_readme_says_what_must_be_set_before_it_runs() -> None:
    before = "Before that, set `BOOKSHOP_PIN` in the environment"
    module = Module({"server.py": SERVER}, "mcp", settings=(Setting("pin", "str", None, True, "BOOKSHOP_PIN"),))
    assert before in texts(project.files(package(module=module)))["README.md"]
    assert "Before that" not in texts(project.files(package()))["README.md"]
