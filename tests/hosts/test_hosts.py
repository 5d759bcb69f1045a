"""Configuration for the applications with an MCP client in them, and what writing it leaves alone."""

from __future__ import annotations

import json
import os
import stat
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from mcp_notebook.errors import HostError
from mcp_notebook.hosts import (
    HOSTS,
    BridgeLink,
    HttpLink,
    Link,
    Written,
    add_command,
    document,
    json_text,
    server_key,
    snippet,
    token_hint,
    write,
)

BRIDGE = BridgeLink("analysis/library")
URL = "http://127.0.0.1:8123/mcp"
SECRET = "s3cr3t-s3cr3t"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository in a home folder in which no host is installed; the notebook is in ``notebooks/``."""
    monkeypatch.setattr(Path, "home", lambda: tmp_path / "home")
    for variable in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(variable, str(tmp_path / "home"))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.setenv("APPDATA", str(tmp_path / "home" / "AppData"))
    folder = tmp_path / "home" / "project"
    (folder / ".git").mkdir(parents=True)
    (folder / "notebooks").mkdir()
    return folder


def written(project: Path, host: str, link: Link = BRIDGE) -> Written:
    return write(HOSTS[host], link, folder=project / "notebooks")


def test_by_bridge_the_running_python_is_named_by_its_whole_path_and_nothing_is_secret() -> None:
    for host in HOSTS.values():
        (only,) = document(host, BRIDGE)[host.servers].values()
        assert only["cmd" if host.key == "goose" else "command"] == sys.executable
        assert only["args"] == ["-m", "mcp_notebook", "connect", "analysis/library"]


def test_each_host_has_the_form_that_its_own_documentation_shows() -> None:
    http = HttpLink("library", URL)
    assert document(HOSTS["claude-code"], http) == {
        "mcpServers": {
            "library": {
                "type": "http",
                "url": URL,
                "headers": {"Authorization": "Bearer ${MCP_NOTEBOOK_TOKEN_LIBRARY}"},
            }
        }
    }
    assert document(HOSTS["cursor"], http) == {
        "mcpServers": {
            "library": {"url": URL, "headers": {"Authorization": "Bearer ${env:MCP_NOTEBOOK_TOKEN_LIBRARY}"}}
        }
    }
    assert document(HOSTS["gemini"], http) == {
        "mcpServers": {
            "library": {"httpUrl": URL, "headers": {"Authorization": "Bearer ${MCP_NOTEBOOK_TOKEN_LIBRARY}"}}
        }
    }
    vscode = document(HOSTS["vscode"], http)
    assert vscode["servers"]["library"]["headers"] == {"Authorization": "Bearer ${input:library-token}"}
    assert [(i["type"], i["id"], i["password"]) for i in vscode["inputs"]] == [("promptString", "library-token", True)]
    assert document(HOSTS["vscode"], BRIDGE)["servers"]["analysis-library"]["type"] == "stdio"
    assert set(document(HOSTS["claude-desktop"], BRIDGE)["mcpServers"]["analysis-library"]) == {"command", "args"}


def test_a_server_over_sse_is_named_as_one() -> None:
    link = HttpLink("library", "http://127.0.0.1:8123/sse", transport="sse")
    assert document(HOSTS["vscode"], link)["servers"]["library"]["type"] == "sse"
    assert "type" not in document(HOSTS["cursor"], link)["mcpServers"]["library"]
    assert "--transport sse" in add_command(HOSTS["claude-code"], link)


def test_claude_desktop_only_starts_processes() -> None:
    with pytest.raises(HostError, match="by bridge"):
        document(HOSTS["claude-desktop"], HttpLink("library", URL))


@pytest.mark.parametrize("host", [host for host in HOSTS.values() if host.calls is not None], ids=lambda host: host.key)
def test_the_token_is_in_the_configuration_only_on_request(host: Any) -> None:
    refers, literal = HttpLink("library", URL), HttpLink("library", URL, token=SECRET)
    assert token_hint(host, refers)
    assert f"Bearer {SECRET}" in json.dumps(document(host, literal))
    assert "inputs" not in document(host, literal)
    assert token_hint(host, literal) == ""
    assert SECRET not in add_command(host, literal)
    assert "headers" not in json.dumps(document(host, HttpLink("library", URL, asks_token=False)))


@pytest.mark.parametrize(
    ("name", "key"),
    [("library", "library"), ("my notebook/the server", "my-notebook-the-server"), ("a.b_c", "a-b_c")],
)
def test_a_name_is_made_safe(name: str, key: str) -> None:
    assert server_key(name) == key


def test_names_of_which_nothing_is_left_stay_different() -> None:
    assert server_key("日本") != server_key("中国")


def test_the_command_of_claude_code_is_quoted_for_a_shell() -> None:
    command = add_command(HOSTS["claude-code"], BridgeLink("my notebook"))
    assert command.startswith("claude mcp add my-notebook -- ")
    assert command.endswith("-m mcp_notebook connect 'my notebook'")
    assert "'Authorization: Bearer ${MCP_NOTEBOOK_TOKEN_A}'" in add_command(HOSTS["claude-code"], HttpLink("a", URL))
    assert add_command(HOSTS["cursor"], BRIDGE) == ""


def test_a_new_file_has_our_entry_and_writing_again_changes_nothing(project: Path) -> None:
    first = written(project, "claude-code")
    assert (first.path, first.change, first.backup) == (project / ".mcp.json", "added", None)
    text = first.path.read_text(encoding="utf-8")
    assert json.loads(text) == document(HOSTS["claude-code"], BRIDGE)
    assert text == json.dumps(json.loads(text), indent=2) + "\n"
    assert written(project, "claude-code").change == "nothing"
    assert first.path.read_text(encoding="utf-8") == text
    assert sorted(path.name for path in project.iterdir()) == [".git", ".mcp.json", "notebooks"]


def test_a_change_is_made_in_place_and_leaves_a_copy_of_each_earlier_file(project: Path) -> None:
    path = written(project, "claude-code").path
    earlier = path.read_bytes()
    second = written(project, "claude-code", HttpLink("analysis/library", URL))
    assert second.change == "changed"
    assert second.backup is not None
    assert second.backup.read_bytes() == earlier
    assert json.loads(path.read_bytes())["mcpServers"]["analysis-library"]["url"] == URL
    assert "command" not in json.loads(path.read_bytes())["mcpServers"]["analysis-library"]
    third = written(project, "claude-code")
    assert third.backup not in (None, second.backup)
    assert path.read_bytes() == earlier


def test_what_a_person_added_to_our_entry_stays(project: Path) -> None:
    path = project / ".mcp.json"
    path.write_text(
        '{"mcpServers": {"analysis-library": {"type": "stdio", "command": "old", '
        '"args": ["-m", "mcp_notebook", "connect", "analysis/library"], "env": {"A": "1"}}}}',
        encoding="utf-8",
    )
    assert written(project, "claude-code").change == "changed"
    entry = json.loads(path.read_bytes())["mcpServers"]["analysis-library"]
    assert entry["env"] == {"A": "1"}
    assert entry["command"] == sys.executable


def test_comments_trailing_commas_and_line_ends_stay(project: Path) -> None:
    (project / ".vscode").mkdir()
    path = project / ".vscode" / "mcp.json"
    before = (
        "// ours\r\n{\r\n\t\"servers\": {\r\n\t\t\"one\": { \"command\": \"x\", /* why */ \"args\": [], }, // last\r\n"
        "\t\t// end\r\n\t},\r\n\t\"inputs\": [], // none\r\n}"
    )  # fmt: skip
    path.write_bytes(before.encode())
    assert written(project, "vscode", HttpLink("library", URL)).change == "added"
    after = path.read_bytes().decode()
    assert "\n" not in after.replace("\r\n", "")
    assert after.startswith(before[: before.index("\r\n\t},")] + '\r\n\t\t"library": {\r\n\t\t\t"type": "http",\r\n')
    assert after.endswith("\r\n\t], // none\r\n}")
    value = json_text.parse(after)
    assert value["servers"]["one"] == {"command": "x", "args": []}
    assert value["servers"]["library"]["url"] == URL
    assert [prompt["id"] for prompt in value["inputs"]] == ["library-token"]
    assert written(project, "vscode", HttpLink("library", URL)).change == "nothing"


@pytest.mark.parametrize("text", ["{", "[]", '{"mcpServers": []}', '{"mcpServers": {"analysis-library": 1}}', "nul"])
def test_a_file_that_is_not_as_documented_is_left_as_it_is(project: Path, text: str) -> None:
    path = project / ".mcp.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(HostError, match="was not changed") as raised:
        written(project, "claude-code")
    assert "\n" not in str(raised.value)
    assert path.read_text(encoding="utf-8") == text
    assert [p.name for p in project.iterdir() if ".bak" in p.name] == []


def test_a_server_of_the_same_name_that_is_not_a_notebooks_is_left_alone(project: Path) -> None:
    path = project / ".mcp.json"
    path.write_text('{"mcpServers": {"analysis-library": {"command": "npx"}}}', encoding="utf-8")
    with pytest.raises(HostError, match="not a notebook"):
        written(project, "claude-code")
    assert "npx" in path.read_text(encoding="utf-8")


def test_bytes_that_are_no_text_are_left_as_they_are(project: Path) -> None:
    (project / ".mcp.json").write_bytes(b"\xff\xfe{}")
    with pytest.raises(HostError, match="UTF-8"):
        written(project, "claude-code")


def test_a_file_that_cannot_be_changed_gives_one_line_and_leaves_nothing_behind(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / ".mcp.json").mkdir()
    with pytest.raises(HostError, match=r"\.mcp\.json cannot be changed \(.+\)\. Paste"):
        written(project, "claude-code")
    (project / ".mcp.json").rmdir()
    path = written(project, "claude-code").path
    before = path.read_bytes()

    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(HostError, match="No space left"):
        written(project, "claude-code", HttpLink("analysis/library", URL))
    assert path.read_bytes() == before
    assert sorted(p.name for p in project.iterdir()) == [".git", ".mcp.json", ".mcp.json.bak1", "notebooks"]


def test_an_empty_file_and_a_byte_order_mark_are_taken(project: Path) -> None:
    path = project / ".mcp.json"
    path.write_bytes(b"\xef\xbb\xbf")
    written(project, "claude-code")
    assert path.read_bytes().startswith(b"\xef\xbb\xbf{")
    assert written(project, "claude-code").change == "nothing"


@pytest.mark.parametrize("host", ["claude-desktop", "cursor", "vscode"])
def test_no_folder_is_made_for_a_host_that_is_not_there(project: Path, host: str) -> None:
    before = sorted(Path.home().rglob("*"))
    with pytest.raises(HostError, match=f"{HOSTS[host].title} does not seem to be installed"):
        written(project, host)
    assert sorted(Path.home().rglob("*")) == before


def test_plain_json_has_no_file(project: Path) -> None:
    with pytest.raises(HostError, match="no file"):
        written(project, "json")


def test_the_file_of_the_project_is_taken_before_the_one_for_all_projects(project: Path) -> None:
    (Path.home() / ".cursor").mkdir()
    assert written(project, "cursor").path == Path.home() / ".cursor" / "mcp.json"
    (project / ".cursor").mkdir()
    assert written(project, "cursor").path == project / ".cursor" / "mcp.json"


def test_claude_desktops_file_is_where_each_platform_keeps_it(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for platform, folder in (
        ("linux", ".config/Claude"),
        ("darwin", "Library/Application Support/Claude"),
        ("win32", "AppData/Claude"),
    ):
        monkeypatch.setattr(sys, "platform", platform)
        (Path.home() / folder).mkdir(parents=True)
        assert written(project, "claude-desktop").path == Path.home() / folder / "claude_desktop_config.json"


def test_a_token_is_never_written_where_it_could_be_committed(project: Path) -> None:
    for folder in (".vscode", ".cursor"):
        (project / folder).mkdir()
    for host in ("claude-code", "cursor", "vscode"):
        with pytest.raises(HostError, match="may be committed"):
            written(project, host, HttpLink("library", URL, token=SECRET))
    assert [path for path in project.rglob("*") if path.is_file()] == []


@pytest.mark.skipif(os.name != "posix", reason="modes are those of POSIX")
def test_a_new_file_with_a_token_is_the_owners_alone_and_an_existing_one_keeps_its_mode(project: Path) -> None:
    (Path.home() / ".cursor").mkdir()
    link = HttpLink("library", URL, token=SECRET)
    new = written(project, "cursor", link)
    assert (stat.S_IMODE(new.path.stat().st_mode), new.readable) == (0o600, False)
    new.path.write_text("{}", encoding="utf-8")
    new.path.chmod(0o640)
    again = written(project, "cursor", link)
    assert (stat.S_IMODE(again.path.stat().st_mode), again.readable) == (0o640, True)
    assert again.backup is not None
    assert stat.S_IMODE(again.backup.stat().st_mode) == 0o640


@pytest.mark.skipif(os.name != "posix", reason="links are those of POSIX")
def test_a_file_that_is_a_link_stays_one(project: Path) -> None:
    kept = project / "dotfiles.json"
    kept.write_text("{}", encoding="utf-8")
    (project / ".mcp.json").symlink_to(kept)
    written(project, "claude-code")
    assert (project / ".mcp.json").is_symlink()
    assert "mcp_notebook" in kept.read_text(encoding="utf-8")


NAMES = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=6)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | NAMES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=8,
)
COMMENTS = st.sampled_from(["", " ", '// a, } "b" \n', "/* {x: ['\"'] */", "\n\n", "\t", "\r\n", "//\n //,\n"])


@st.composite
def commented(draw: st.DrawFn, value: Any) -> str:
    """Write a value as JSON with comments and trailing commas in every place where they may be."""
    if isinstance(value, (dict, list)) and value:
        items = value.items() if isinstance(value, dict) else ((None, item) for item in value)
        written = []
        for key, item in items:
            name = "" if key is None else f"{json.dumps(key)}{draw(COMMENTS)}:{draw(COMMENTS)}"
            written.append(draw(COMMENTS) + name + draw(commented(item)) + draw(COMMENTS))
        trailing = draw(st.sampled_from(["", ","])) + draw(COMMENTS)
        body = ",".join(written) + trailing
        return f"{{{body}}}" if isinstance(value, dict) else f"[{body}]"
    if isinstance(value, (dict, list)):
        return ("{%s}" if isinstance(value, dict) else "[%s]") % draw(COMMENTS)
    return json.dumps(value, ensure_ascii=draw(st.booleans()))


@st.composite
def files(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    value = draw(st.dictionaries(NAMES, VALUES, max_size=4))
    if draw(st.booleans()):
        value["mcpServers"] = draw(st.dictionaries(NAMES, VALUES, max_size=4))
    if draw(st.booleans()):
        return json.dumps(value, indent=draw(st.sampled_from([None, 2, 4, "\t"]))), value
    return draw(COMMENTS) + draw(commented(value)) + draw(COMMENTS), value


@given(files(), NAMES, VALUES)
def test_putting_a_value_loses_no_character_and_changes_no_other_value(
    file: tuple[str, dict[str, Any]], name: str, new: Any
) -> None:
    text, value = file
    assert json_text.parse(text) == value
    after = json_text.put(text, ("mcpServers", name), new)
    expected = {**value, "mcpServers": {**value.get("mcpServers", {}), name: new}}
    assert json_text.parse(after) == expected
    assert list(json_text.parse(after)) == list(expected)
    if name not in value.get("mcpServers", {}):
        left = iter(after)
        assert all(character in left for character in text), "every character is there still, in its order"
    assert json_text.put(after, ("mcpServers", name), new) == after


@given(files(), VALUES)
def test_appending_a_value_loses_no_character(file: tuple[str, dict[str, Any]], new: Any) -> None:
    text, value = file
    text = json_text.put(text, ("inputs",), [1, [2], {}])
    after = json_text.append(text, "inputs", new)
    assert json_text.parse(after) == {**value, "inputs": [1, [2], {}, new]}
    left = iter(after)
    assert all(character in left for character in text)


def test_codex_and_goose_get_texts_in_their_own_formats_to_paste(project: Path) -> None:
    secret = HttpLink("library", URL, token=SECRET)
    for link in (BRIDGE, HttpLink("library", URL), secret):
        key = "analysis-library" if link is BRIDGE else "library"
        goose = yaml.safe_load(snippet(HOSTS["goose"], link))
        assert goose == document(HOSTS["goose"], link)
        assert goose["extensions"][key]["type"] == ("stdio" if link is BRIDGE else "streamable_http")
        assert snippet(HOSTS["codex"], link).startswith(f"[mcp_servers.{key}]\n")
        if sys.version_info >= (3, 11):
            import tomllib

            assert tomllib.loads(snippet(HOSTS["codex"], link)) == document(HOSTS["codex"], link)
    assert document(HOSTS["codex"], HttpLink("library", URL))["mcp_servers"]["library"] == {
        "url": URL,
        "bearer_token_env_var": "MCP_NOTEBOOK_TOKEN_LIBRARY",
    }
    assert add_command(HOSTS["codex"], HttpLink("library", URL)) == (
        f"codex mcp add library --url {URL} --bearer-token-env-var MCP_NOTEBOOK_TOKEN_LIBRARY"
    )
    for host in ("codex", "goose"):
        with pytest.raises(HostError, match="does not have the SSE transport"):
            document(HOSTS[host], HttpLink("library", URL, transport="sse"))
        with pytest.raises(HostError, match="only JSON is written"):
            write(HOSTS[host], BRIDGE, folder=project)
    assert "url" in document(HOSTS["gemini"], HttpLink("library", URL, transport="sse"))["mcpServers"]["library"]


def test_gemini_keeps_its_other_settings(project: Path) -> None:
    settings = project / ".gemini" / "settings.json"
    settings.parent.mkdir()
    settings.write_text('{"theme": "dark"} // mine\n', encoding="utf-8")
    assert written(project, "gemini", HttpLink("library", URL)).change == "added"
    assert written(project, "gemini", HttpLink("library", URL)).change == "nothing"
    assert written(project, "gemini", BridgeLink("library")).change == "changed"
    assert "httpUrl" not in settings.read_text(encoding="utf-8")
    text = settings.read_text(encoding="utf-8")
    assert '"theme": "dark"' in text
    assert "// mine" in text
