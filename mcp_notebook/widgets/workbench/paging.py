"""Show a list of any length, a page at a time, with search, filters and the arrow keys."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from typing import Any, Generic, TypeVar

import ipywidgets as w

__all__ = ["BESIDE", "DETAIL", "PagedList", "told_apart"]

T = TypeVar("T")

PAGE = 20
"""Rows on a page: as many as fit without scrolling."""

BESIDE = {"flex_flow": "row wrap", "grid_gap": "12px"}
"""The layout of a list and the details next to it; the details move below the list if there is no room."""

DETAIL = {"flex": "1.2 1 28em", "min_width": "0", "min_height": "26em"}
"""The layout of the details; they keep their place while they are empty."""

FEWEST_ROWS = 6
WIDEST = 32
"""Characters of a cell; a longer text is shown whole in the details."""


class PagedList(Generic[T]):
    """A list in which one item can be chosen; `box` is its widget.

    The page and the chosen item stay as a person left them. Until a person turns a page or chooses an item, a list with
    `following` shows its end, and moves on only when the page is full, so that rows do not shift under the mouse.

    Args:
        what: A word for the items, in the plural.
        key: Returns the key by which an item is found again when the list changes.
        cells: Returns the columns of an item's row.
        words: Returns the text to search in, in lower case.
        chosen: Called with each item that a person chooses, and with None if they choose none.
        filters: Further inputs, shown next to the search.
        filter_now: Returns the condition that the filters set; None if they let every item through.
        following: Whether to show the end of the list instead of the beginning.
    """

    def __init__(
        self,
        what: str,
        *,
        key: Callable[[T], Hashable],
        cells: Callable[[T], Sequence[str]],
        words: Callable[[T], str],
        chosen: Callable[[T | None], None],
        filters: Sequence[w.ValueWidget] = (),
        filter_now: Callable[[], Callable[[T], bool] | None] = lambda: None,
        following: bool = False,
    ) -> None:
        self._what = what
        self._key, self._cells, self._words = key, cells, words
        self._chosen, self._filter = chosen, filter_now
        self._items: Sequence[T] = ()
        self._found: Sequence[T] = ()
        self._page: Sequence[T] = ()
        self._first: Hashable = None
        self._follows_by_default = self._following = following
        self._key_of_chosen: Hashable = None
        self._drawing = False
        # A person's click arrives on another thread than news from the server.
        self._lock = threading.RLock()
        self.search = w.Text(
            placeholder=f"Search {what}", description="Search", layout={"width": "auto", "flex": "1 1 12em"}
        )
        self.search.style.description_width = "4em"
        self.select = w.Select(options=(), rows=PAGE, layout={"width": "auto", "flex": "0 0 auto"})
        self.select.add_class("mcpnb-list")
        self.select.tooltip = f"{what}; the arrow keys go from one to the next"
        self._previous = w.Button(description="Previous", tooltip="The previous page", layout={"width": "auto"})
        self._next = w.Button(description="Next", tooltip="The next page", layout={"width": "auto"})
        self._where = w.HTML()
        self.search.observe(self._search_again, "value")
        for chooser in filters:
            chooser.observe(self._search_again, "value")
        self.select.observe(self._choose, "index")
        self._previous.on_click(lambda _: self._turn(-PAGE))
        self._next.on_click(lambda _: self._turn(PAGE))
        pager = w.HBox([self._previous, self._next, self._where], layout={"align_items": "center", "flex": "0 0 auto"})
        if following:
            end = w.Button(description="Latest", tooltip="Go to the end, and follow", layout={"width": "auto"})
            end.on_click(lambda _: self._follow())
            pager.children = [self._previous, self._next, end, self._where]
        row_of_filters = w.HBox([self.search, *filters], layout={"flex_flow": "row wrap", "flex": "0 0 auto"})
        self.box = w.VBox(
            [row_of_filters, self.select, pager], layout={"flex": "1 1 28em", "min_width": "0", "overflow": "visible"}
        )

    def show(self, items: Sequence[T]) -> None:
        """Show these items, in this order; may be called from any thread."""
        with self._lock:
            self._items = items
            self._draw()

    def choose(self, key: Hashable) -> None:
        """Choose an item by its key, on any page."""
        with self._lock:
            self.search.value = ""
            place = next((i for i, item in enumerate(self._found) if self._key(item) == key), None)
            if place is None:
                return
            self._following = False
            self._first = self._key(self._found[place - place % PAGE])
            self._key_of_chosen = key
            self._draw()
            self._chosen(self._found[place])

    @property
    def chosen(self) -> T | None:
        """The chosen item, as it is in the current list."""
        return next((item for item in self._items if self._key(item) == self._key_of_chosen), None)

    def _search_again(self, _change: object) -> None:
        with self._lock:
            self._first, self._following = None, self._follows_by_default
            self._draw()

    def _turn(self, by: int) -> None:
        with self._lock:
            start = min(max(self._start() + by, 0), max(len(self._found) - 1, 0))
            self._following = False
            self._first = self._key(self._found[start]) if self._found else None
            self._draw()

    def _follow(self) -> None:
        with self._lock:
            self._following, self._first = True, None
            self._draw()

    def _choose(self, change: Any) -> None:
        with self._lock:
            if self._drawing:
                return
            item = self._page[change["new"]] if change["new"] is not None else None
            self._key_of_chosen = self._key(item) if item is not None else None
            self._following = self._following and item is None
            self._chosen(item)

    def _start(self) -> int:
        place = next((i for i, item in enumerate(self._found) if self._key(item) == self._first), None)
        if self._following and (place is None or len(self._found) - place > PAGE):
            # Leave half a page free, for the rows to come.
            return max(len(self._found) - PAGE // 2, 0) if len(self._found) > PAGE else 0
        return place or 0

    def _draw(self) -> None:
        words = self.search.value.lower().split()
        lets_through = self._filter()
        passing = self._items if lets_through is None else list(filter(lets_through, self._items))
        self._found = passing if not words else [i for i in passing if all(word in self._words(i) for word in words)]
        start = self._start()
        self._page = self._found[start : start + PAGE]
        self._first = self._key(self._page[0]) if self._page else None
        self._put(_columns([self._cells(item) for item in self._page]))
        end = start + len(self._page)
        self._previous.disabled, self._next.disabled = start == 0, end >= len(self._found)
        of = f"{len(self._found):,} of {len(self._items):,}" if words else f"{len(self._found):,}"
        self._where.value = f"{start + 1:,} to {end:,} of {of}" if self._page else f"no {self._what}"

    def _put(self, labels: Sequence[str]) -> None:
        keys = [self._key(item) for item in self._page]
        index = keys.index(self._key_of_chosen) if self._key_of_chosen in keys else None
        if tuple(labels) == self.select._options_labels and index == self.select.index:
            return
        self._drawing = True
        try:
            with self.select.hold_sync():
                if not self._follows_by_default:
                    self.select.rows = min(max(len(self._items), FEWEST_ROWS), PAGE)
                self.select.index = None
                # By number, because two rows may read the same.
                self.select.options = [(label, number) for number, label in enumerate(labels)]
                self.select.index = index
        finally:
            self._drawing = False


def told_apart(items: Sequence[T], name: Callable[[T], str]) -> dict[int, tuple[str, int]]:
    """Return a key for each item, by its `id`: its name and a number, since a server may list a name twice."""
    count: Counter[str] = Counter()
    keys = {}
    for item in items:
        keys[id(item)] = (name(item), count[name(item)])
        count[name(item)] += 1
    return keys


def _columns(rows: Sequence[Sequence[str]]) -> list[str]:
    """Lay out cells in columns, with no-break spaces because the browser would collapse ordinary ones."""
    cut = [[cell if len(cell) <= WIDEST else cell[: WIDEST - 1] + "…" for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*cut, strict=True)]
    lines = ("  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)) for row in cut)
    return [line.rstrip().replace(" ", "\N{NO-BREAK SPACE}") for line in lines]
