"""What goes on in the background, on a thread and on the loop of a page."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable

import pytest

from mcp_notebook import browser_tab
from mcp_notebook.background import Background, Rests
from tests.support.waiting import until


def counting(seen: list[int], rest: float | None) -> Rests:
    while True:
        yield rest
        seen.append(threading.get_ident())


def test_work_goes_on_after_each_rest_on_one_thread_until_it_is_ended() -> None:
    seen: list[int] = []
    work = Background(counting(seen, 0.001), "test")
    until(lambda: len(seen) > 2)
    work.end()
    work.join()
    assert len(set(seen)) == 1
    assert seen[0] != threading.get_ident()


def test_work_without_a_time_goes_on_only_when_it_is_woken() -> None:
    seen: list[int] = []
    work = Background(counting(seen, None), "test")
    assert seen == []
    work.wake()
    until(lambda: len(seen) == 1)
    work.end()
    work.join()
    assert len(seen) == 1


def test_on_a_page_the_work_is_a_task_of_its_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(browser_tab, "HERE", True)
    seen: list[int] = []

    async def page() -> None:
        work = Background(counting(seen, 0.001), "test")
        slow = Background(counting(seen, None), "test")
        while len(seen) < 3:
            await asyncio.sleep(0)
        work.end()
        slow.end()
        work.join()
        await asyncio.gather(*asyncio.all_tasks() - {asyncio.current_task()})

    asyncio.run(page())
    assert set(seen) == {threading.get_ident()}


def on_a_page(test: Callable[[browser_tab.Page], object]) -> None:
    async def page() -> None:
        await test(browser_tab.Page())  # type: ignore[misc]

    asyncio.run(page())


def test_a_page_returns_the_result_or_the_exception_of_what_it_starts() -> None:
    async def fail() -> None:
        raise KeyError("no such book")

    async def test(page: browser_tab.Page) -> None:
        good, plain, bad = (page.start_task_soon(asyncio.sleep, 0, "slept"), page.start_task_soon(len, "Dune"),
                            page.start_task_soon(fail))  # fmt: skip
        assert await asyncio.wrap_future(good) == "slept"
        assert await asyncio.wrap_future(plain) == 4
        with pytest.raises(KeyError):
            await asyncio.wrap_future(bad)

    on_a_page(test)


def test_what_a_page_started_is_cancelled_by_its_future_or_all_at_once() -> None:
    ended: list[str] = []

    async def forever(name: str) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(name)

    async def test(page: browser_tab.Page) -> None:
        first, _second = page.start_task_soon(forever, "first"), page.start_task_soon(forever, "second")
        await asyncio.sleep(0.01)
        first.cancel()
        await asyncio.sleep(0.01)
        assert ended == ["first"]
        page.stop(True)
        await asyncio.sleep(0.01)
        assert ended == ["first", "second"]

    on_a_page(test)


def test_outside_a_browser_nothing_is_missing() -> None:
    assert browser_tab.missing_here() is None


def test_the_line_about_a_browser_tab_says_what_why_and_what_to_do() -> None:
    line = browser_tab.elsewhere(browser_tab.CANNOT_LISTEN)
    assert line.startswith("Not in a browser tab: a page cannot listen")
    assert 'uvx --from "mcp-notebook[tutorial]" mcp-notebook lab' in line
    assert "\n" not in line
