"""Share between all fields of a form: the schema's root, styles and layouts, and the callback for changes."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from html import escape
from typing import Any, Final

import ipywidgets as w

from mcp_notebook.schema import Checker, Schema

__all__ = ["MOST_FIELDS", "STYLE", "Complete", "FormContext", "wrong"]

MOST_FIELDS: Final = 500
"""Fields that are made at once; more are written as JSON. A thousand fields take half a second."""

Complete = Callable[[str, str], Sequence[str]]
"""Suggests values for a text, from its name and the characters typed so far."""

STYLE = """<style>
.mcpnb-form{--mcpnb-dim:var(--jp-content-font-color2,var(--vscode-descriptionForeground,#666));
--mcpnb-line:var(--jp-border-color2,var(--vscode-panel-border,#bbb));
--mcpnb-bad:var(--jp-error-color1,var(--vscode-errorForeground,#b00020))}
.mcpnb-form .widget-label{font-family:var(--jp-code-font-family,var(--vscode-editor-font-family,monospace))}
.mcpnb-form.mcpnb-form .widget-text,.mcpnb-form.mcpnb-form .widget-dropdown{height:auto}
.mcpnb-form.mcpnb-form .widget-dropdown>select{height:var(--jp-widgets-inline-height,28px)}
.mcpnb-form.mcpnb-form .widget-label[style*="9em"]{white-space:normal;overflow-wrap:anywhere;overflow:visible;
height:auto;line-height:1.2;padding-top:6px;align-self:flex-start}
.mcpnb-form .mcpnb-label{display:inline-block;min-width:8.6em;text-align:right}
.mcpnb-hint{color:var(--mcpnb-dim);line-height:1.35;position:relative;top:3px}
.mcpnb-hint summary{cursor:pointer}
.mcpnb-hint .wrong{display:block;color:var(--mcpnb-bad);font-weight:600}
.mcpnb-blank select{background:transparent;color:var(--mcpnb-dim);border-color:transparent;box-shadow:none}
.mcpnb-parts{border-left:2px solid var(--mcpnb-line)}
</style>"""
"""The style sheet of a form; without it, a form looks plain but works."""


def wrong(text: str) -> str:
    """Return a problem as HTML, marked by a sign and words besides the color."""
    return f'<span class="wrong" role="alert">! {escape(text)}</span>'


class FormContext:
    """Makes the widgets of one form, which share layouts and styles because each of those is a widget too.

    Args:
        root: The whole schema, in which references are followed.
        field: Makes a field, also inside other fields.
        complete: Suggests values for texts.
    """

    def __init__(self, root: Schema, field: Callable[..., Any], complete: Complete | None = None) -> None:
        self.root = root
        self.field = functools.partial(field, self)
        self.checker = Checker(root)
        self.complete = complete
        self.changed: Callable[[], None] = lambda: None
        self._filling = 0
        self._room = MOST_FIELDS
        self._styles: dict[tuple[type, str], Any] = {}
        self._layouts: dict[str, w.Layout] = {}

    def replenish(self) -> None:
        """Allow as many fields again, because a person asked for some."""
        self._room = MOST_FIELDS

    def has_room_for(self, fields: int) -> bool:
        """Return whether so many more fields may be made now, and if so, count them."""
        if fields > self._room:
            return False
        self._room -= fields
        return True

    @contextmanager
    def filling(self) -> Iterator[None]:
        """Report no changes while the form itself makes them."""
        self._filling += 1
        self.replenish()
        try:
            yield
        finally:
            self._filling -= 1

    def notice(self, *_: object) -> None:
        """Report that a person changed something."""
        if not self._filling:
            self.changed()

    def input(self, kind: type[Any], label: str, *, about: str = "", **traits: Any) -> Any:
        """Make an input with a label; without a label, `about` names it for screen readers."""
        # Without this, each key typed would be a message.
        if "continuous_update" not in traits and issubclass(kind, w.Text | w.Textarea):
            traits["continuous_update"] = False
        return kind(
            # Only text inputs take a tooltip for a name; the others get a label, which has no room and so is not seen.
            description=label or ("" if issubclass(kind, w.Text | w.Textarea) else f"{about}, value"),
            tooltip=None if label else about,
            style=self.style(kind, description_width="9em" if label else "0"),
            layout=self.layout("labelled" if label else "bare"),
            **traits,
        )

    def style(self, kind: type[Any], **traits: str) -> Any:
        """Return the style of a kind of widget."""
        key = kind.style.klass, str(traits)
        if key not in self._styles:
            self._styles[key] = key[0](**traits)
        return self._styles[key]

    def layout(self, name: str) -> w.Layout:
        """Return one of the layouts."""
        if name not in self._layouts:
            self._layouts[name] = w.Layout(**_LAYOUTS[name])
        return self._layouts[name]

    def html(self, value: str = "", kind: str = "hint") -> w.HTML:
        """Make a piece of HTML."""
        return w.HTML(value, layout=self.layout(kind), style=self.style(w.HTML))

    def button(self, words: str, act: Callable[[], None], about: str) -> w.Button:
        """Make a small button."""
        button = w.Button(description=words, tooltip=about, layout=self.layout("small"), style=self.style(w.Button))
        button.on_click(lambda _: act())
        return button

    def label(self, words: str) -> w.HTML:
        """Make a label that does not belong to an input."""
        return self.html(f'<span class="mcpnb-label">{escape(words)}</span>', "head")

    def line(self, children: Sequence[w.Widget]) -> w.HBox:
        """Put widgets side by side."""
        return w.HBox(children, layout=self.layout("line"))

    def below(self, children: Sequence[w.Widget]) -> w.VBox:
        """Put parts below the line that they belong to."""
        return w.VBox(children, layout=self.layout("parts"), _dom_classes=("mcpnb-parts",))

    def suggesting(self, name: str, label: str, placeholder: str) -> w.Combobox:
        """Make a text input that suggests values while a person types."""
        widget = self.input(w.Combobox, label, about=name, placeholder=placeholder, continuous_update=True)

        def suggest(change: Any) -> None:
            if self.complete is not None and not self._filling:
                widget.options = list(self.complete(name, change["new"]))

        widget.observe(suggest, "value")
        return widget


_LAYOUTS: Final[dict[str, dict[str, str]]] = {
    "labelled": {"width": "32em", "max_width": "calc(100% - 4px)", "flex": "0 1 auto"},
    "bare": {"width": "22.6em", "max_width": "calc(100% - 4px)", "flex": "0 1 auto"},
    "blank": {"width": "112px", "flex": "0 0 auto"},
    "no blank": {"width": "112px", "flex": "0 0 auto", "visibility": "hidden"},
    "row": {"flex_flow": "row wrap", "align_items": "flex-start", "width": "100%"},
    "hint": {"flex": "1 1 16em", "margin": "2px 2px 2px 8px"},
    # The margin is as wide as the chooser of other fields, so that all hints are aligned.
    "hint alone": {"flex": "1 1 16em", "margin": "2px 2px 2px 124px"},
    "head": {"flex": "0 0 auto", "margin": "2px"},
    "parts": {"width": "auto", "flex": "1 1 100%", "padding": "0 0 0 10px", "margin": "0 0 4px 12px"},
    "small": {"width": "auto", "flex": "0 0 auto", "align_self": "flex-start"},
    "line": {"width": "100%", "align_items": "flex-start"},
    "unseen": {"display": "none"},
}
