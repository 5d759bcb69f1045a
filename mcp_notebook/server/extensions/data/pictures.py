"""Figures, charts and images as PNG, by the methods with which they draw themselves in a notebook or without one."""

from __future__ import annotations

import base64
import io
import struct
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from importlib import import_module
from typing import Any

from .kinds import figure_of

__all__ = ["LONGEST_SIDE", "MOST_BYTES", "Picture", "picture_of"]

MOST_BYTES = 750_000
"""Most bytes of the picture in a result; the link has the whole."""

LONGEST_SIDE = 1_024
SHORTEST_SIDE = 64
"""Pixels of the longer side of the picture in a result, if it was made smaller."""

PNG, JPEG = ("png", "image/png"), ("jpeg", "image/jpeg")
SVG, HTML, JSON = ("svg", "image/svg+xml"), ("html", "text/html"), ("json", "application/json")

Form = tuple[str, str]


@dataclass
class Picture:
    """A picture, drawn once.

    Attributes:
        words: The kind and the size of the picture.
        shown: The media type and the bytes for a result; None if there is no picture of a bounded size.
        whole: The files with the whole, by suffix and media type.
        notes: Sentences about what is missing, and how to get it.
    """

    words: str
    shown: tuple[str, bytes] | None
    whole: dict[Form, Callable[[], str | bytes]]
    notes: list[str] = field(default_factory=list)

    size: int = 0


def picture_of(value: Any) -> Picture:
    """Draw a value.

    Raises:
        TypeError: It has no picture.
    """
    figure = value if hasattr(value, "savefig") else figure_of(value)
    if figure is not None:
        return _of_matplotlib(figure)
    roots = {each.__module__.partition(".")[0] for each in type(value).__mro__}
    if roots & {"plotly", "altair"}:
        return _of_chart(value)
    return _of_image(value)


def _made(value: Any, form: Form, whole: bytes, smaller: Callable[[int], bytes]) -> Picture:
    shown: bytes | None = whole
    notes = []
    if len(whole) > MOST_BYTES:
        shown = _fitting(smaller)
        notes = ["The picture here is smaller than the whole." if shown else "The picture is too large to be shown."]
    size = _size_of_png(whole) if form == PNG else ""
    words = f"{type(value).__name__}{size}"
    return Picture(words, None if shown is None else (form[1], shown), {form: lambda: whole}, notes, len(whole))


def _fitting(smaller: Callable[[int], bytes]) -> bytes | None:
    """Return the largest picture that a result may have; None if there is none."""
    side = LONGEST_SIDE
    with suppress(Exception):  # it is the author's object, or Pillow is missing
        while side >= SHORTEST_SIDE:
            drawn = smaller(side)
            if len(drawn) <= MOST_BYTES:
                return drawn
            side //= 2
    return None


def _size_of_png(png: bytes) -> str:
    width, height = struct.unpack(">II", png[16:24])
    return f", {width} × {height} pixels"


# --- matplotlib


def _of_matplotlib(figure: Any) -> Picture:
    whole = _saved(figure)
    found = _made(figure, PNG, whole, lambda side: _saved(figure, dpi=_dpi_for(figure, side)))
    _close(getattr(figure, "figure", figure))
    return found


def _saved(figure: Any, **options: Any) -> bytes:
    out = io.BytesIO()
    figure.savefig(out, format="png", bbox_inches="tight", **options)
    return out.getvalue()


def _dpi_for(figure: Any, side: int) -> float:
    inches = getattr(getattr(figure, "figure", figure), "get_size_inches", lambda: (10, 10))()
    return float(side / 2 / max(inches))


def _close(figure: Any) -> None:
    """Take a figure out of pyplot's list: a notebook would display it once more, below the cell that ends next.

    A figure in a window of its own stays open.
    """
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is not None and str(pyplot.get_backend()).lower().rpartition("_")[2] in ("agg", "inline"):
        pyplot.close(figure)


# --- charts that need a program to be drawn


def _of_chart(value: Any) -> Picture:
    """Draw a figure of plotly or a chart of altair; without the program for that, only its page and its data."""
    files: dict[Form, Callable[[], str | bytes]] = {}
    page, data = value.to_html(), value.to_json()
    files[HTML], files[JSON] = (lambda: page), (lambda: data)
    name, size = type(value).__name__, len(page) + len(data)
    try:
        png = _drawn(value)
    except Exception as error:  # noqa: BLE001 - each version of these libraries has its own
        helper = "kaleido" if hasattr(value, "to_image") else "vl-convert-python"
        why = " ".join(str(error).strip().split("\n")[0].split()) or type(error).__name__
        notes = [f"There is no picture of it: {why[:200].rstrip(' .,:;')}. To have one: pip install {helper}."]
        return Picture(name, None, files, notes, size)
    found = _made(value, PNG, png, partial(_thumbnail, png, PNG))
    found.whole |= files
    found.size += size
    return found


def _drawn(value: Any) -> bytes:
    if hasattr(value, "to_image"):
        return bytes(value.to_image(format="png"))
    out = io.BytesIO()
    value.save(out, format="png")
    return out.getvalue()


# --- images, and whatever draws itself for IPython


def _of_image(value: Any) -> Picture:
    for form, method in ((PNG, "_repr_png_"), (JPEG, "_repr_jpeg_")):
        drawn = _called(value, method)
        if drawn:
            whole = base64.b64decode(drawn) if isinstance(drawn, str) else bytes(drawn)
            source = value if hasattr(value, "thumbnail") else whole
            return _made(value, form, whole, partial(_thumbnail, source, form))
    if hasattr(value, "convert") and hasattr(value, "mode"):  # an image of Pillow in colors that PNG does not have
        return _of_image(value.convert("RGB"))
    svg = _called(value, "_repr_svg_")
    if isinstance(svg, str):
        return Picture(type(value).__name__, None, {SVG: lambda: svg}, size=len(svg))
    raise TypeError(f"a {type(value).__qualname__} that has no picture. Return text or data instead.")


def _called(value: Any, method: str) -> Any:
    draw = getattr(value, method, None)
    drawn = draw() if callable(draw) else None
    return drawn[0] if isinstance(drawn, tuple) else drawn  # with metadata


def _thumbnail(picture: Any, form: Form, side: int) -> bytes:
    """Draw an image of Pillow, or a file with one, smaller."""
    opened = import_module("PIL.Image").open(io.BytesIO(picture)) if isinstance(picture, bytes) else picture
    small = opened.copy()
    small.thumbnail((side, side))
    out = io.BytesIO()
    small.save(out, format=form[0])
    return out.getvalue()
