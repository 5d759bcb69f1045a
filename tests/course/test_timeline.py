"""A timeline: the order of events, as text and as a picture."""

from __future__ import annotations

import pytest

from mcp_notebook.course.timeline import Timeline


def test_a_row_shows_its_beginning_its_events_and_its_end() -> None:
    timeline = Timeline()
    with timeline.bar("the desk"):
        timeline.event("the desk")
        with timeline.bar("Ada"):
            timeline.event("the desk")
    assert repr(timeline).splitlines() == ["the desk  [*-*-]", "Ada         [-]"]


def test_a_row_that_has_not_ended_goes_on() -> None:
    timeline = Timeline()
    assert repr(timeline) == "nothing yet"
    timeline.begin("the desk")
    with timeline.bar("Ada"):
        pass
    assert repr(timeline).splitlines() == ["the desk  [--", "Ada        []"]


def test_a_bar_ends_when_its_block_raises() -> None:
    timeline = Timeline()
    with pytest.raises(KeyError), timeline.bar("the desk"):
        raise KeyError
    assert timeline.rows() == {"the desk": [("[", 0), ("]", 1)]}


def test_it_is_a_picture_in_a_notebook() -> None:
    timeline = Timeline()
    with timeline.bar("the desk"):
        timeline.event("Ada")
    assert timeline._repr_png_().startswith(b"\x89PNG")
