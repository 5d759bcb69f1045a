"""Marked constants and secrets become settings; the module does as before where its environment has them."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as tuned
from hypothesis import strategies as st
from mcp.server.mcpserver import MCPServer

from mcp_notebook.export.module.writing import Module
from mcp_notebook.export.ran import RanCell, Subject
from mcp_notebook.export.settings.lifting import lift
from mcp_notebook.export.settings.secrets import refuse

OPENAI = "sk-" + "proj-abcDEF1234567890abcdef"
URL = "postgresql://me:" + "s3cr3tpw@db/x"


def subject_of(source: str, **namespace: Any) -> Subject:
    return Subject(MCPServer("s"), "mcp", (RanCell(1, "first = 1"), RanCell(7, source)), namespace)


def lifted(source: str, environment: Mapping[str, str] = {}, **namespace: Any) -> Module:
    module = lift(
        Module({"server.py": source}, "mcp"), subject_of(source, **namespace), environment, package="my_server"
    )
    known = [setting.live for setting in module.settings if setting.secret and setting.live]
    stops = [finding for finding in module.findings if finding.weight == "stops"]
    assert stops or refuse(module.files, environment, known) == []
    return module


def ran(module: Module, monkeypatch: pytest.MonkeyPatch, environment: Mapping[str, str] = {}) -> dict[str, Any]:
    """Run the module with its secrets, and only these, in the environment."""
    for setting in module.settings:
        monkeypatch.delenv(setting.variable, raising=False)
    for name, value in {**environment, **{s.variable: s.live for s in module.settings if s.live is not None}}.items():
        monkeypatch.setenv(name, value)
    package = ModuleType("lifted")
    package.__path__ = []
    monkeypatch.setitem(sys.modules, "lifted", package)
    for path in sorted(module.files, reverse=True):  # settings before server
        part = ModuleType(f"lifted.{path.removesuffix('.py')}")
        part.__package__ = "lifted"
        monkeypatch.setitem(sys.modules, part.__name__, part)
        exec(compile(module.files[path], path, "exec", dont_inherit=True), part.__dict__)
    return sys.modules["lifted.server"].__dict__


def test_a_constant_marked_as_a_setting_is_a_field_with_its_value_as_default(monkeypatch):
    module = lifted(
        '''"""A server."""

from __future__ import annotations

from pathlib import Path
from typing import Final

URL = "https://a.b/c"  # setting: where the API is
LIMIT: int = 1_000  # Setting
TAGS = [
    "a",  # SETTING
    "b",
]
RATES: Final = {"a": 1, "b": 2.5}  # setting
ROOT = Path("data")  # setting
SCHEMA = "public"  # setting
LOUD = False  # setting
''',
        Path=Path,
    )
    settings = module.files["settings.py"]
    assert "api_url" not in settings
    assert '    url: str = "https://a.b/c"\n    """Where the API is."""\n' in settings
    assert 'env_prefix="MY_SERVER_"' in settings
    assert [s.annotation for s in module.settings] == [
        "str", "int", "list[str]", "dict[str, float | int]", "Path", "str", "bool",
    ]  # fmt: skip
    assert "URL = settings.url\n" in module.files["server.py"]
    values = ran(module, monkeypatch)
    assert (values["LIMIT"], values["TAGS"], values["ROOT"]) == (1000, ["a", "b"], Path("data"))
    values = ran(
        module, monkeypatch, {"MY_SERVER_LIMIT": "5", "MY_SERVER_TAGS": '["c"]', module.settings[5].variable: "own"}
    )
    assert (values["LIMIT"], values["TAGS"], values["SCHEMA"]) == (5, ["c"], "own")


PLAIN = st.recursive(
    st.booleans() | st.integers(-(2**60), 2**60) | st.text("abc '\"\\{}\n\u00e9#", max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab", max_size=3), inner, max_size=3),
    max_leaves=6,
)


@tuned(max_examples=25, deadline=None)
@given(st.dictionaries(st.from_regex(r"[A-Z][A-Z_]{0,5}", fullmatch=True), st.tuples(PLAIN, st.booleans()), max_size=4))
def test_a_lifted_module_has_the_values_that_it_had(constants):
    marked = {True: "secret", False: "setting"}
    source = "".join(f"{name} = {value!r}  # {marked[secret]}\n" for name, (value, secret) in constants.items())
    subject = Subject(MCPServer("s"), "mcp", (), {})
    module = lift(Module({"server.py": source}, "mcp"), subject, {}, package="p")
    assert module.findings == ()
    assert all(setting.default is None for setting in module.settings if setting.secret)
    with pytest.MonkeyPatch.context() as monkeypatch:
        values = ran(module, monkeypatch)
    for name, (value, _) in constants.items():
        assert values[name] == value


def test_a_secret_has_no_default_and_its_value_is_for_the_proof_alone(monkeypatch):
    module = lifted("TOKEN = 'abcdef'  # secret: of the API\nPIN = 4711  # secret\nHOSTS = ['a', 'bc']  # secret\n")
    assert [s.default for s in module.settings] == [None] * 3
    assert [s.live for s in module.settings] == ["abcdef", "4711", '["a", "bc"]']
    assert "abcdef" not in repr(module)
    assert "TOKEN = settings.token_value.get_secret_value()\n" in module.files["server.py"]
    values = ran(module, monkeypatch)
    assert (values["TOKEN"], values["PIN"], values["HOSTS"]) == ("abcdef", 4711, ["a", "bc"])


READS = """import os

KEY = os.environ["MY_API_KEY"]
REGION = os.environ.get("REGION", "eu")
ZONE = os.getenv("ZONE")
OTHER_TOKEN = os.getenv("OTHER_TOKEN")
EMPTY_TOKEN = os.getenv("EMPTY_TOKEN", "")
DATABASE = os.environ["DATABASE_URL"]


def read():
    return f"{os.environ['MY_API_KEY']}, {os.getenv('REGION')}"
"""


def test_variables_of_the_environment_are_settings_that_read_the_same_variables(monkeypatch):
    environment = {"MY_API_KEY": "k-live-123456", "DATABASE_URL": URL}
    module = lifted(READS, environment)
    assert "os" not in {
        node.id for node in ast.walk(ast.parse(module.files["server.py"])) if isinstance(node, ast.Name)
    }
    secret = {setting.variable for setting in module.settings if setting.secret}
    assert secret == {"MY_API_KEY", "OTHER_TOKEN", "EMPTY_TOKEN", "DATABASE_URL"}
    values = ran(module, monkeypatch, environment)
    assert [values[n] for n in ("KEY", "REGION", "ZONE", "OTHER_TOKEN", "EMPTY_TOKEN", "DATABASE")] == [
        "k-live-123456", "eu", None, None, "", URL,
    ]  # fmt: skip
    assert values["read"]() == "k-live-123456, None"


def test_a_variable_that_the_module_sets_or_that_is_not_there_is_read_as_before():
    source = "import os\n\nos.environ['A'] = 'x'\n\n\ndef f():\n    return os.environ['A'] + os.environ['NOT_THERE']\n"
    module = lifted(source, {"A": "x"})
    assert module.files == {"server.py": source}
    assert [(f.weight, f.name) for f in module.findings] == [("notes", "NOT_THERE")]


def test_what_a_person_typed_is_a_secret_or_a_setting(monkeypatch):
    source = "import getpass\n\nWORD = getpass.getpass()\nTOKEN = input('Token? ').strip()\nCITY = input('City? ')\n"
    module = lifted(source, WORD="opensesame", TOKEN="abcdef12", CITY="Graz")
    assert [(s.secret, s.default) for s in module.settings] == [(True, None), (True, None), (False, "'Graz'")]
    assert "input" not in module.files["server.py"]
    values = ran(module, monkeypatch)
    assert (values["WORD"], values["TOKEN"], values["CITY"]) == ("opensesame", "abcdef12", "Graz")


INSIDE = f"""HEADERS = {{"Authorization": "Bearer {OPENAI}", "Accept": "json"}}
DATABASE = {URL!r}


def call(q: str, api_key: str = "zx81zx82") -> str:
    settings = "a name of its own"
    return f"{{q!r:>{{6}}}} {OPENAI} {{settings}}" + ("sk-" "ant-" "abcdefgh12345678xyz") + api_key


def encoded() -> bytes:
    return b"ghp_{"a1B2" * 9}"
"""


def test_secrets_inside_functions_strings_and_defaults_are_lifted_out_and_nothing_else_changes(monkeypatch):
    module = lifted(INSIDE)
    before: dict[str, Any] = {}
    exec(INSIDE, before)
    after = ran(module, monkeypatch)
    assert after["HEADERS"] == before["HEADERS"]
    assert after["DATABASE"] == before["DATABASE"]
    assert after["call"]("a") == before["call"]("a")
    assert after["encoded"]() == before["encoded"]()
    assert "from .settings import settings as app_settings\n" in module.files["server.py"]
    assert [setting.name for setting in module.settings] == [
        "openai_api_key", "database", "api_key", "anthropic_api_key", "github_token",
    ]  # fmt: skip


def test_a_secret_is_taken_also_from_where_nothing_says_that_it_is_one(monkeypatch):
    module = lifted("people = {'ann-7-x1': Access(token='ann-7-x1')}\nword = 'ann'", Access=dict)
    assert module.files["server.py"].count("get_secret_value()") == 2
    assert "ann-7-x1" not in module.files["server.py"]


def test_each_secret_is_said_with_its_cell_and_never_shown():
    module = lifted(INSIDE)
    said = "\n".join(map(str, module.findings)) + repr(module)
    assert "cell 7, openai_api_key: an OpenAI key (sk...) became this setting." in said
    for secret in (OPENAI, URL, "zx81zx82", "s3cr3tpw", "a1B2a1B2"):
        assert secret not in said


@pytest.mark.parametrize(
    "source",
    [
        f"x = 1  # the key is {OPENAI}\n",
        f'def f():\n    """Use {OPENAI}."""\n',
        f"def f(x):\n    match x:\n        case {OPENAI!r}:\n            return 1\n",
        f"def f(x: Literal[{OPENAI!r}]): ...\n",
    ],
    ids=["comment", "docstring", "pattern", "annotation"],
)
def test_a_secret_where_no_setting_can_stand_stops(source):
    subject = subject_of(source)
    module = lift(Module({"server.py": source}, "mcp"), subject, {}, package="my_server")
    assert module.files == {"server.py": source}
    files = {"README.md": source, "src/my_server/server.py": source}
    (finding,) = refuse(files, {}, [], subject.cells)
    assert (finding.weight, finding.cell) == ("stops", 7)
    assert re.fullmatch(r"src/my_server/server.py, line \d and 1 more", finding.name)
    assert OPENAI not in str(finding)


def test_a_setting_that_no_environment_can_give_stops_and_a_mark_of_nothing_warns():
    module = lifted("ITEMS = [object()]  # setting\n", ITEMS=[object()])
    assert [(f.weight, f.cell, f.name) for f in module.findings] == [("stops", 7, "ITEMS")]
    for source in ("def f():\n    x = 1  # setting\n    return x\n", "(a, b) = (1, 2)  # setting\n"):
        module = lifted(source)
        assert [(f.weight, f.cell, f.name) for f in module.findings] == [("warns", 7, "# setting")]
        assert module.files == {"server.py": source}


def test_a_module_without_any_stays_as_it_is():
    source = "x = 1\n\n\ndef f(token: str) -> str:\n    return token  # secret sauce\n"
    module = lifted(source)
    assert module == Module({"server.py": source}, "mcp")


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("int(os.environ['PORT'])", 4711),
        ("os.environ.get('PORT', 8000)", "4711"),
        ("os.environ['P' + 'ORT']", "4711"),
        ("int(BASE) + 1", 4712),
        ("os.environ['PORT']", "4711"),
        ("os.environ['PORT'] or input()", "4711"),
    ],
)
def test_what_this_machine_has_in_its_environment_is_no_default(line, value):
    source = f"import os\nBASE = os.environ['PORT']\nX = {line}  # setting\n"
    module = lifted(source, {"PORT": "4711"}, X=value, BASE="4711")
    assert not any("471" in text for text in module.files.values()), module.files
    assert all(setting.default is None for setting in module.settings)
