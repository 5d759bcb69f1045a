"""The gate of a class: the code lets in, wrong codes are limited, and nobody is locked out who is in."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable

import httpx2
import pytest
from starlette.responses import PlainTextResponse

from mcp_notebook.server import class_code
from mcp_notebook.server.class_code import (
    ALL_AT_ONCE,
    ALPHABET,
    AT_ONCE,
    CODE_HEADER,
    GUEST_HEADER,
    LENGTH,
    CodeGate,
    as_code,
    in_groups,
    new_code,
)

CODE = as_code("kxq7-m4tr")
GUEST = "0" * 32


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def gate(clock: Clock) -> CodeGate:
    return CodeGate(PlainTextResponse("in"), CODE, {GUEST}.__contains__, clock)


def statuses(gate: CodeGate, requests: Iterable[dict[str, str]], address: str = "10.0.0.1") -> list[int]:
    async def send() -> list[int]:
        transport = httpx2.ASGITransport(gate, client=(address, 1))
        async with httpx2.AsyncClient(transport=transport, base_url="http://board") as client:
            return [(await client.post("/mcp", headers=headers)).status_code for headers in requests]

    return asyncio.run(send())


def test_codes_are_short_and_are_not_mistaken_when_they_are_read_aloud() -> None:
    made = {new_code() for _ in range(200)}
    assert len(made) == 200
    assert all(len(code) == LENGTH and set(code) <= set(ALPHABET) for code in made)
    assert not set(ALPHABET) & set("01OIL")
    assert in_groups(CODE) == "KXQ7-M4TR"
    assert as_code(" kxq7 m4tr\n") == as_code("KXQ7-M4TR") == CODE
    assert CODE not in repr(CODE)


def test_the_code_lets_in_as_a_header_or_as_a_token(gate: CodeGate) -> None:
    good: list[dict[str, str]] = [{CODE_HEADER: CODE}, {"Authorization": f"Bearer {CODE}"}, {CODE_HEADER: "kxq7-m4tr"}]
    assert statuses(gate, good) == [200] * 3
    wrong = [CODE[:-1], CODE + "X", "", "KXQ7M4TS"]
    bad: list[dict[str, str]] = [{}, {"Authorization": f"Basic {CODE}"}, *({CODE_HEADER: code} for code in wrong)]
    assert statuses(gate, bad) == [401] * 6


def test_after_many_wrong_codes_even_the_right_one_is_not_compared(gate: CodeGate, clock: Clock) -> None:
    wrong = [{CODE_HEADER: "BBBBBBBB"}] * (AT_ONCE + 20)
    assert Counter(statuses(gate, wrong)) == {401: AT_ONCE, 429: 20}
    assert statuses(gate, [{CODE_HEADER: CODE}]) == [429]
    clock.now += 2
    assert statuses(gate, [{CODE_HEADER: CODE}, *wrong[:3]]) == [200, 401, 401, 429]


def test_those_who_are_in_stay_in_while_others_guess(gate: CodeGate) -> None:
    statuses(gate, [{CODE_HEADER: "BBBBBBBB"}] * (AT_ONCE + 1))
    assert statuses(gate, [{CODE_HEADER: CODE, GUEST_HEADER: GUEST}]) == [200]
    assert statuses(gate, [{CODE_HEADER: CODE, GUEST_HEADER: "1" * 32}]) == [429]
    assert statuses(gate, [{CODE_HEADER: CODE}], "10.0.0.2") == [200]


def test_many_addresses_have_a_limit_together_and_are_forgotten(
    gate: CodeGate, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(class_code, "MOST_ADDRESSES", 5)
    answered = Counter(
        status for i in range(ALL_AT_ONCE + 50) for status in statuses(gate, [{CODE_HEADER: "B"}], str(i))
    )
    assert answered == {401: ALL_AT_ONCE, 429: 50}
    assert len(gate._wrong) == 5


def test_no_one_guesses_a_code_in_a_year() -> None:
    tries = class_code.ALL_A_SECOND * 365 * 24 * 3600
    assert tries / len(ALPHABET) ** LENGTH < 0.001
