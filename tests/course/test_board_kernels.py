"""The board in a teacher's kernel and a learner's: sharing, later checks, what is sent, wrong codes, floods."""

from __future__ import annotations

import json
import platform
import re
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

import httpx2
import pytest

from mcp_notebook.course.board import MOST_LEARNERS
from mcp_notebook.course.exercises import exercises
from mcp_notebook.course.progress import Progress
from mcp_notebook.errors import RequestError
from mcp_notebook.portal import Portal
from mcp_notebook.server.auth import Token
from mcp_notebook.server.class_code import AT_ONCE, CODE_HEADER
from mcp_notebook.session import class_board, sharing
from mcp_notebook.session.sharing import Sharing
from tests.support.kernels import Kernel, running_kernel
from tests.support.outside import call, connected

pytestmark = pytest.mark.slow

BOARD = "get_ipython()._mcp_notebook.session.board"
SHARING = "get_ipython()._mcp_notebook.session.sharing"
ANSWER = exercises()["1.1"].solution.strip()
BEGIN = (
    "from typing import Annotated\nfrom pydantic import Field\nfrom mcp_notebook import NotebookServer\n"
    "library = NotebookServer('library')"
)


class Class(NamedTuple):
    teacher: Kernel
    learner: Kernel
    url: str
    code: str
    folder: Path

    def share(self, name: str = "Ada", code: str | None = None) -> str:
        line = f"%mcp progress --share {self.url} --as '{name}'"
        return self.learner.dialog(line, code or self.code).everything

    def rows(self) -> list[str]:
        found: list[str] = self.teacher.value(f"[row.name for row in {BOARD}.reports.standing().rows]")
        return found


def joining(teacher: Kernel) -> tuple[str, str]:
    """Return the URL and the class code, as the teacher shows them on purpose."""
    url, code = teacher.good("%mcp board --show-code").stdout.splitlines()
    return url, code.removeprefix("class code: ")


@pytest.fixture(scope="module")
def kernels(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Kernel, Kernel, Path]]:
    folder = tmp_path_factory.mktemp("learner")
    with running_kernel() as teacher, running_kernel(MCP_NOTEBOOK_COURSE=str(folder)) as learner:
        for kernel in (teacher, learner):
            kernel.good("%load_ext mcp_notebook")
        learner.good(BEGIN)
        yield teacher, learner, folder


@pytest.fixture
def klass(kernels: tuple[Kernel, Kernel, Path]) -> Iterator[Class]:
    teacher, learner, folder = kernels
    teacher.good("%mcp board")
    yield Class(teacher, learner, *joining(teacher), folder)
    learner.good("%mcp progress --stop-sharing")
    teacher.good("%mcp board --clear --stop")


def test_a_learner_shares_once_and_then_after_each_check(klass: Class) -> None:
    said = klass.share()
    assert "sent: the name 'Ada'" in said
    assert "and a random id; nothing else" in said
    assert "--stop-sharing" in said
    assert klass.rows() == ["Ada"]
    before = klass.teacher.value(f"{BOARD}.reports.moves")
    klass.learner.good(ANSWER)
    assert klass.learner.good("%mcp check 1.1").text.startswith("passed")
    klass.teacher.wait_for(f"{BOARD}.reports.moves > {before}")
    shown = klass.teacher.good("%mcp board").text
    assert re.search(r"Ada +■□□", shown)
    assert "passed" in klass.learner.good("%mcp check 1.1").text
    klass.teacher.wait_for(f"{BOARD}.reports.moves > {before} + 1")
    assert "stopped" in klass.learner.good("%mcp progress --stop-sharing").text
    klass.learner.good("%mcp check 1.1")
    assert klass.teacher.value(f"{BOARD}.reports.moves") == before + 2
    assert klass.rows() == ["Ada"]


def test_a_name_is_corrected_and_its_row_stays(klass: Class) -> None:
    klass.share("Adda")
    klass.share("Ada")
    assert klass.rows() == ["Ada"]


def test_neither_notebook_nor_log_has_the_code_and_the_log_has_no_report(klass: Class) -> None:
    klass.share()
    code = klass.code.replace("-", "")
    outputs = [klass.teacher.good(line).everything for line in ("%mcp board", "%mcp", "%mcp log", "%mcp stats")]
    outputs += [klass.learner.good(line).everything for line in ("%mcp progress", "%mcp", "%mcp log")]
    outputs.append("".join(path.read_text("utf-8") for path in klass.folder.glob("*.json")))
    assert not any(klass.code in one or code in one for one in outputs)
    assert not any("report" in one for one in outputs[2:3])
    assert code not in klass.learner.good(f"print(repr({SHARING}), vars({SHARING}))").stdout.replace("-", "")


def test_the_board_survives_its_cell_and_a_restart_keeps_address_and_code(klass: Class) -> None:
    klass.share()
    klass.teacher.good("%mcp board", cell="one")
    klass.teacher.good("%mcp board", cell="one")
    assert klass.rows() == ["Ada"]
    assert joining(klass.teacher) == (klass.url, klass.code)
    klass.teacher.good("%mcp board --stop")
    klass.teacher.good("%reload_ext mcp_notebook\n%mcp board")
    assert joining(klass.teacher) == (klass.url, klass.code)
    assert klass.rows() == ["Ada"]


def test_a_wrong_code_shares_nothing_and_says_so_in_one_line(klass: Class) -> None:
    said = klass.share(code="BBBB-BBBB")
    assert "The board does not know this class code." in said
    assert "Nothing is shared, and your progress is kept here." in said
    assert klass.rows() == []
    assert klass.learner.value(f"{SHARING} is None")
    assert "letters and digits" in klass.share(code="'; --")


def test_a_new_code_ends_what_others_share_and_their_checks_go_on(klass: Class) -> None:
    klass.share()
    assert "another class code" in klass.teacher.good("%mcp board --new-code").text
    assert joining(klass.teacher)[0] == klass.url
    klass.learner.good(ANSWER)
    assert klass.learner.good("%mcp check 1.1").text.startswith("passed")
    klass.learner.wait_for(f"{SHARING}._trouble")
    checked = klass.learner.good("%mcp check 1.1")
    assert checked.text.startswith("passed")
    assert "another class code now, so sharing has ended" in checked.stderr
    assert klass.learner.good("%mcp check 1.1").stderr == ""


def test_a_board_that_is_away_costs_a_line_and_nothing_else(klass: Class) -> None:
    klass.share()
    klass.teacher.good("%mcp board --stop")
    klass.learner.good(ANSWER)
    assert klass.learner.good("%mcp check 1.1").text.startswith("passed")
    klass.learner.wait_for(f"{SHARING}._trouble")
    checked = klass.learner.good("%mcp check 1.1")
    assert checked.stderr.count("\n") == 1
    assert "was not reached" in checked.stderr
    said = klass.share()
    assert "Nothing listens at" in said
    assert "Nothing is shared" in said
    moves = klass.teacher.value(f"{BOARD}.reports.moves")
    klass.teacher.good("%mcp board")
    klass.learner.good("%mcp check 1.1")
    klass.teacher.wait_for(f"{BOARD}.reports.moves > {moves}")


def test_the_code_comes_from_a_variable_of_the_environment_where_nobody_types(klass: Class) -> None:
    line = f"%mcp progress --share {klass.url} --as Ada --class-code CLASS_CODE"
    assert "'CLASS_CODE' is not set" in klass.learner.run(line).everything
    klass.learner.good(f"import os\nos.environ['CLASS_CODE'] = {klass.code!r}")
    assert "sent: the name 'Ada'" in klass.learner.good(line).text


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("%mcp progress --share http://127.0.0.1:9/mcp", "Choose the name that the board shows"),
        ("%mcp progress --as Ada", "go with --share URL"),
        ("%mcp progress --share nowhere --as Ada --class-code HOME", "use http:// or https://"),
        ("%mcp progress --share http://127.0.0.1:9/mcp --as '--' --class-code HOME", "1 to 40 visible characters"),
    ],
)
def test_a_line_that_cannot_work_says_what_to_write(klass: Class, line: str, said: str) -> None:
    klass.learner.good("import os\nos.environ['HOME'] = 'CODE'")
    assert said in klass.learner.run(line).everything


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "example.org", "224.0.0.1"])
def test_a_board_listens_on_one_address_of_this_machine(klass: Class, host: str) -> None:
    klass.teacher.good("%mcp board --stop")
    assert "is not one address of this machine" in klass.teacher.run(f"%mcp board --host {host}").everything


def test_on_an_address_of_the_network_the_host_is_checked_and_a_line_says_who_can_read(klass: Class) -> None:
    klass.teacher.good("%mcp board --stop")
    # Another address of this machine than the usual one, as that of a network would be.
    opened = klass.teacher.run("%mcp board --host 127.0.0.2 --any-port")
    if not opened.ok:
        pytest.skip("this system has no such address")
    assert opened.stderr == (
        "mcp: Plain HTTP at 127.0.0.2: everyone in your network can read what is sent, and report with the code.\n"
    )
    assert "already listens" in klass.teacher.run("%mcp board --host 127.0.0.1").everything
    url, code = joining(klass.teacher)
    assert url.startswith("http://127.0.0.2:")
    said = klass.learner.dialog(f"%mcp progress --share {url} --as Ada", code).everything
    assert "Over plain HTTP, which others in your network can read." in said
    headers = {CODE_HEADER: code, "Accept": "application/json, text/event-stream"}
    assert httpx2.post(url, json={}, headers={**headers, "Host": "evil.example"}).status_code == 421
    assert httpx2.post(url, json={}, headers={**headers, "Origin": "http://evil.example"}).status_code == 403
    klass.teacher.good("%mcp board --stop")


def test_a_plain_serve_does_not_take_the_short_code_as_its_token(klass: Class) -> None:
    klass.teacher.good("%mcp new board")
    assert "Another server named 'board' listens" in klass.teacher.run("%mcp serve --any-port").everything
    klass.teacher.good("%mcp board --stop\nlistener = %mcp serve --any-port")
    assert klass.teacher.value("len(listener.token)") == 43
    assert "Another server named 'board' listens" in klass.teacher.run("%mcp board --any-port").everything
    klass.teacher.good("%mcp stop\nget_ipython()._mcp_notebook.session.registry.servers.pop('board')")
    klass.teacher.good("get_ipython()._mcp_notebook.session.registry._current = None")


def test_any_client_with_the_code_can_report(klass: Class) -> None:
    report = {"learner": "f" * 32, "name": "Ada", "exercises": {"1.1": {"tries": 2, "passed": True}}, "right": 1}
    assert call(klass.url, klass.code, "report", report)[:3] == [["report"], {"result": "taken"}, False]


HOSTILE: list[dict[str, Any]] = [
    {"name": "x" * 100_000},
    {"name": "a\u202eb"},
    {"name": ""},
    {"learner": "../../etc/passwd"},
    {"right": -1},
    {"right": 10**300},
    {"exercises": {"1.1": {"tries": 10**300, "passed": True}}},
    {"exercises": {"1.1": {"tries": -5, "passed": True}}},
    {"exercises": {"1.1": {"tries": 1, "passed": "yes"}}},
    {"exercises": {"1.1": {"tries": 1, "passed": True, "source": "code"}}},
    {"exercises": {str(number): {"tries": 1, "passed": True} for number in range(600)}},
]


@pytest.mark.parametrize("wrong", HOSTILE, ids=lambda wrong: next(iter(wrong)))
def test_a_hostile_report_is_refused(klass: Class, wrong: dict[str, Any]) -> None:
    report = {"learner": "f" * 32, "name": "Ada", "exercises": {}, "right": 0, **wrong}
    headers = {CODE_HEADER: klass.code, "Accept": "application/json, text/event-stream"}
    with connected(klass.url, klass.code) as client:
        try:
            answer = client.call("report", **report)
        except Exception as error:  # noqa: BLE001 - the SDK's client has several for an answer of 413
            answer = f"{error}" if len(json.dumps(report)) > 64 * 1024 else "taken"
    assert answer != "taken"
    assert httpx2.post(klass.url, content=b"x" * 70_000, headers=headers).status_code == 413
    assert klass.rows() == []


def test_a_flood_of_wrong_codes_keeps_nobody_out_who_is_in(klass: Class) -> None:
    klass.share()

    def guess(number: int) -> int:
        return httpx2.post(klass.url, json={}, headers={CODE_HEADER: f"{number:08}"}).status_code

    with ThreadPoolExecutor(8) as pool:
        answered = Counter(pool.map(guess, range(AT_ONCE + 100)))
    assert set(answered) == {401, 429}
    assert answered[429] > 50
    klass.learner.good(ANSWER)
    moves = klass.teacher.value(f"{BOARD}.reports.moves")
    klass.learner.good("%mcp check 1.1")
    klass.teacher.wait_for(f"{BOARD}.reports.moves > {moves}")
    klass.teacher.good("%mcp board --stop\n%mcp board")  # forgets the wrong ones


def test_a_flood_of_ids_fills_no_more_than_the_board(klass: Class) -> None:
    klass.share()
    with connected(klass.url, klass.code) as client:
        failed = 0
        for first in range(0, MOST_LEARNERS + 60, 60):
            started = [
                client.start("report", learner=f"{number:032x}", name=f"bot {number}", exercises={}, right=0)
                for number in range(first, first + 60)
            ]
            failed += sum(future.result(60).is_error for future in started)
    assert failed == 61
    assert klass.teacher.value(f"len({BOARD}.reports.standing().rows)") == MOST_LEARNERS
    assert "Ada" in klass.rows()
    shown = klass.teacher.good("%mcp board")
    assert "300 learners" in shown.text


class Silent(BaseHTTPRequestHandler):
    """A server that takes a request, and answers only when it is told."""

    go_on = threading.Event()
    seen: list[dict[str, str]] = []  # noqa: RUF012
    bodies: list[str] = []  # noqa: RUF012

    def do_POST(self) -> None:
        self.seen.append(dict(self.headers))
        self.bodies.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
        self.go_on.wait(30)

    def log_message(self, format: str, *args: Any) -> None:
        pass


def test_a_board_that_never_answers_does_not_hold_a_check_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, portal: Portal
) -> None:
    monkeypatch.setenv("MCP_NOTEBOOK_COURSE", str(tmp_path))
    monkeypatch.setattr(sharing, "SECONDS", 0.3)
    with ThreadingHTTPServer(("127.0.0.1", 0), Silent) as server:
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        url = f"http://127.0.0.1:{server.server_port}/mcp"
        one = Sharing(portal, url, Token("KXQ7M4TR"), "0" * 32, "Ada")
        progress = Progress.load()
        progress.done("1.1").tries = 1
        one.changed(progress)  # returns at once
        try:
            with pytest.raises(RequestError, match="was not reached"):
                one.begin(progress)
        finally:
            Silent.go_on.set()
            server.shutdown()
            serving.join()
    usual = {"Host", "Accept", "Accept-Encoding", "Connection", "User-Agent", "Content-Type", "Content-Length"}
    sent = {name.title() for headers in Silent.seen for name in headers} - usual
    assert sent == {"Mcp-Class-Code", "Mcp-Class-Guest", "Mcp-Method", "Mcp-Protocol-Version"}
    everything = json.dumps([Silent.seen, Silent.bodies])
    assert platform.node() not in everything
    assert str(tmp_path) not in everything


def test_the_limits_hold_for_a_whole_class_at_once() -> None:
    """All learners of a hub come from one address: each opens a connection of a few requests."""
    assert class_board.LIMITS.burst >= 3 * MOST_LEARNERS
