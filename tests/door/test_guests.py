"""The door for guests: who has the class code reports without a token of Jupyter, and nothing else is open to them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import NamedTuple

import httpx2
import pytest

from mcp_notebook.addresses import Door, guests_url, live
from mcp_notebook.course.progress import Progress
from mcp_notebook.door.guests import MOST_BODY
from mcp_notebook.errors import RequestError
from mcp_notebook.portal import Portal
from mcp_notebook.server.class_code import CODE_HEADER, as_code
from mcp_notebook.session.sharing import Sharing
from tests.support.jupyter import TOKEN, running_jupyter
from tests.support.kernels import Kernel, running_kernel

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform == "win32", reason="signals and modes are POSIX's")]

BOARD = "get_ipython()._mcp_notebook.session.board.reports"
INITIALIZE = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
ACCEPT = {"Accept": "application/json, text/event-stream"}


class Place(NamedTuple):
    jupyter: str
    teacher: Kernel
    code: str

    @property
    def guests(self) -> str:
        return f"{self.jupyter}mcp-notebook-guests/board/mcp"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with running_jupyter(tmp_path_factory.mktemp("jupyter")) as told, running_kernel() as teacher:
        teacher.good("%load_ext mcp_notebook\n%mcp board")
        code = teacher.good("%mcp board --show-code").stdout.splitlines()[1].removeprefix("class code: ")
        teacher.good("%%mcp_tool\ndef secret() -> str:\n    return 'for those with a token'")
        teacher.good("listener = %mcp serve")
        yield Place(told["url"], teacher, code)


def test_a_guest_reports_with_the_code_alone(
    place: Place, portal: Portal, tmp_path: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MCP_NOTEBOOK_COURSE", str(tmp_path))
    Sharing(portal, place.guests, as_code(place.code), "a" * 32, "Ada").begin(Progress.load())
    assert place.teacher.value(f"[row.name for row in {BOARD}.standing().rows]") == ["Ada"]
    with pytest.raises(RequestError, match="does not know this class code"):
        Sharing(portal, place.guests, as_code("BBBB-BBBB"), "b" * 32, "Eve").begin(Progress.load())


def test_a_guest_reaches_boards_only(place: Place) -> None:
    names = [address.name for address in live()]
    assert sorted(names) == ["board", "notebook"]
    for name in ("notebook", "nothing", "../notebook", "notebook/board", "board/../notebook"):
        answer = httpx2.post(
            f"{place.jupyter}mcp-notebook-guests/{name}/mcp",
            json=INITIALIZE,
            headers={CODE_HEADER: place.code, **ACCEPT},
        )
        assert answer.status_code in (403, 404), name
        assert "Served here" not in answer.text


def test_jupyters_token_does_not_stand_for_the_code(place: Place) -> None:
    for headers in ({}, {"Authorization": f"token {TOKEN}"}, {"Authorization": f"Bearer {TOKEN}"}):
        answer = httpx2.post(place.guests, json=INITIALIZE, headers={**headers, **ACCEPT})
        assert (answer.status_code, "class code" in answer.text) == (401, True)


def test_the_code_does_not_stand_for_jupyters_token(place: Place) -> None:
    headers = {CODE_HEADER: place.code, "Authorization": f"Bearer {place.code}", **ACCEPT}
    for path in ("mcp-notebook/", "mcp-notebook/notebook/mcp", "mcp-notebook/board/mcp", "api/contents", "api/kernels"):
        assert httpx2.get(f"{place.jupyter}{path}", headers=headers).status_code == 403
    assert httpx2.post(f"{place.jupyter}mcp-notebook/notebook/mcp", json=INITIALIZE, headers=headers).status_code == 403


def test_a_guest_opens_no_stream_sends_no_large_body_and_is_no_page_of_another_site(place: Place) -> None:
    headers = {CODE_HEADER: place.code, **ACCEPT}
    assert httpx2.get(place.guests, headers=headers).status_code == 405
    assert httpx2.delete(place.guests, headers=headers).status_code == 405
    assert httpx2.post(place.guests, content=b"x" * (MOST_BODY + 1), headers=headers).status_code == 413
    assert httpx2.post(place.guests, json={}, headers={**headers, "Origin": "http://evil"}).status_code in (403, 404)


def test_a_board_that_is_away_says_so_and_no_more(place: Place) -> None:
    place.teacher.good("%mcp board --stop")
    answer = httpx2.post(place.guests, json=INITIALIZE, headers={CODE_HEADER: place.code, **ACCEPT})
    assert (answer.status_code, answer.json()["message"]) == (404, "No server 'board' with guests listens here now.")
    place.teacher.good("%mcp board --no-door")
    assert httpx2.post(place.guests, json=INITIALIZE, headers={CODE_HEADER: place.code, **ACCEPT}).status_code == 404
    place.teacher.good("%mcp board --stop\n%mcp board")


def test_the_address_for_guests_is_known_where_people_use_jupyter_from_elsewhere(place: Place) -> None:
    (board,) = (address for address in live() if address.name == "board")
    environ: dict[str, str] = {}
    assert guests_url(board, environ) is None
    Door("https://hub.example.org/user/ada/", "/hub/", True, 1).tell(environ)
    assert guests_url(board, environ) == "https://hub.example.org/user/ada/mcp-notebook-guests/board/mcp"
    (other,) = (address for address in live() if address.name == "notebook")
    assert guests_url(other, environ) is None
    Door("/user/ada/", "/hub/", False, 1).tell(environ)
    assert guests_url(board, environ) is None
