"""Whatever bytes come over HTTP, a server answers, logs no surprise, and keeps none of it."""

from __future__ import annotations

import os
import sys

import pytest

from tests.support.hostile_http import run
from tests.support.hostile_inputs import inputs

pytestmark = [pytest.mark.slow, pytest.mark.skipif(os.name == "nt", reason="POSIX is enough for it")]

COUNT = 1_500


def test_the_same_seed_gives_the_same_inputs() -> None:
    assert list(inputs("t", 1, 50)) == list(inputs("t", 1, 50))
    assert list(inputs("t", 1, 50)) != list(inputs("t", 2, 50))


@pytest.mark.parametrize("kind", ["notebook", "package"])
def test_hostile_inputs_leave_a_server_as_it_was(kind: str) -> None:
    report = run(kind, COUNT)
    assert not report.failures, str(report)
    assert not report.uncaught, str(report)
    assert {200, 400, 401, 404, 413, 421, 431} <= set(report.statuses), "they reach too little of it"
    if sys.platform == "linux":
        before, after = report.memory
        assert after < before * 1.1, str(report)
