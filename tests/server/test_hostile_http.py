"""Whatever bytes come over HTTP, a server answers, logs no surprise, and keeps none of it."""

from __future__ import annotations

import json
import os
import random
from typing import get_args

import pytest

from tests.support.hostile_http import INPUTS, Kind, Left, faults, run, uncaught
from tests.support.hostile_inputs import Input, inputs

pytestmark = [pytest.mark.slow, pytest.mark.skipif(os.name == "nt", reason="POSIX is enough for it")]

EXPLORE = bool(os.environ.get("EXPLORE"))
COUNT = 10 * INPUTS if EXPLORE else INPUTS


def test_the_same_seed_gives_the_same_inputs() -> None:
    assert list(inputs(1, 50)) == list(inputs(1, 50))
    assert list(inputs(1, 1, 30)) == list(inputs(1, 50))[30:31]
    assert list(inputs(1, 50)) != list(inputs(2, 50))


def test_what_must_not_be_is_seen() -> None:
    before = Left(memory=50_000_000, files=9, tasks=7, threads=3, written=0)
    assert before._replace(memory=54_000_000, files=15, tasks=20, written=5).grown(before) == []
    grown = before._replace(memory=60_000_000, files=30, tasks=40, threads=60).grown(before)
    assert [each.split(":")[0] for each in grown] == ["memory", "files", "tasks", "threads"]
    entry = {"message": "Exception in ASGI application", "exception": "Traceback (most recent call last):\nKeyError: 1"}
    log = "\n".join(["Listening", json.dumps(entry), "Task was destroyed: coroutine was never awaited", '{"a": 1}'])
    assert len(list(uncaught(log))) == 2
    one = Input(7, "x", (b"GET /mcp HTTP/1.1\r\n\r\n",))
    answers = {
        b"HTTP/1.1 500 Internal Server Error\r\n\r\n": "the server's own error",
        b"HTTP/1.1 200 OK\r\n\r\n{}": "let in without the token",
        b"HTTP/1.1 400 Bad Request\r\nX-Injected: 1\r\n\r\n": "a header from the request",
        b"HTTP/1.1 401 Unauthorized\r\n\r\nnot s3cret": "the token in the answer",
        b"HTTP/1.1 404 Not Found\r\n\r\n" + b"x" * 300: "an answer of more than 200 bytes",
        b"HTTP/1.1 401 Unauthorized\r\n\r\n": "",
    }
    for received, why in answers.items():
        assert list(faults("s3cret", one, int(received[9:12]), received, 200)) == ([why] if why else [])


@pytest.mark.parametrize("kind", get_args(Kind))
def test_hostile_inputs_leave_a_server_as_it_was(kind: Kind) -> None:
    report = run(kind, COUNT, random.SystemRandom().randrange(2**32) if EXPLORE else 1)
    assert not report.wrong, str(report)
    assert {200, 400, 401, 404, 413, 421, 431} <= set(report.statuses), f"they reach too little of it: {report}"
