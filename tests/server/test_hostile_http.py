"""Whatever bytes come over HTTP, a server answers, logs no surprise, and keeps none of it."""

from __future__ import annotations

import os
import random
from typing import get_args

import pytest

from tests.support.hostile_http import INPUTS, Kind, run
from tests.support.hostile_inputs import inputs

pytestmark = [pytest.mark.slow, pytest.mark.skipif(os.name == "nt", reason="POSIX is enough for it")]

EXPLORE = bool(os.environ.get("EXPLORE"))
COUNT = 10 * INPUTS if EXPLORE else INPUTS


def test_the_same_seed_gives_the_same_inputs() -> None:
    assert list(inputs(1, 50)) == list(inputs(1, 50))
    assert list(inputs(1, 1, 30)) == list(inputs(1, 50))[30:31]
    assert list(inputs(1, 50)) != list(inputs(2, 50))


@pytest.mark.parametrize("kind", get_args(Kind))
def test_hostile_inputs_leave_a_server_as_it_was(kind: Kind) -> None:
    report = run(kind, COUNT, random.SystemRandom().randrange(2**32) if EXPLORE else 1)
    assert not report.wrong, str(report)
    assert {200, 400, 401, 404, 413, 421, 431} <= set(report.statuses), f"they reach too little of it: {report}"
