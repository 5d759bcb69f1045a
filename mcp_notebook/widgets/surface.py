"""The one widget of this project: a view that the front end draws, with one state, and messages in both directions.

The front end is one file, `frontend.js`, made from the sources in ``frontend/``. It has a view for each kind.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from functools import cache, partial
from importlib.resources import files
from threading import RLock
from typing import Any, ClassVar
from uuid import uuid4

import anywidget
import traitlets as t

from mcp_notebook.errors import McpNotebookError
from mcp_notebook.rendering import look
from mcp_notebook.visible import visible

__all__ = ["Action", "Surface"]

Action = Callable[[dict[str, Any]], Any]
"""Does what the front end asks for, with the message's values, and returns the answer, which must be JSON, or a future.

The future's result is the answer, sent when it is there.
"""


@cache
def _file(name: str) -> str:
    return files("mcp_notebook.widgets").joinpath(name).read_text(encoding="utf-8")


def _shown_by_itself() -> str | None:
    return ""


def _heard_on_main_thread(_surface: Surface) -> None:
    """Do nothing: that is what ipywidgets does."""


class Surface(anywidget.AnyWidget):
    """A view in the notebook, with its static rendering for all places that show no widgets.

    Where the front end can attach a view to HTML (see `attached`), the output is only the static rendering, in an
    element that the front end finds. A saved notebook then shows that, and never an error about a missing widget.

    Subclasses name their view and its actions, and give a rendering.

    Attributes:
        key: Distinguishes it from all other surfaces.
        view: The name of the view in the front end.
        about: The values that the view needs once.
        state: The values that change.
        result: The result of a request as HTML, apart from the state because it can be large.
        kept: The changes that the person made there and the front end keeps, such as a draft.
        mount: The class of the elements that the front end attaches the view to.
        attached: Returns such a class for the cell that is running: the same each time the cell runs. It returns ""
            where the front end needs the message that names the widget, and None where nobody sees it.
    """

    _css = look.style_sheet() + _file("frontend.css")
    key = t.Unicode().tag(sync=True)
    view = t.Unicode().tag(sync=True)
    about = t.Dict().tag(sync=True)
    state = t.Dict().tag(sync=True)
    result = t.Unicode().tag(sync=True)
    kept = t.Dict().tag(sync=True)
    mount = t.Unicode().tag(sync=True)

    attached: ClassVar[Callable[[], str | None]] = staticmethod(_shown_by_itself)
    hear: ClassVar[Callable[[Surface], None]] = staticmethod(_heard_on_main_thread)
    """Is called with each new surface, so that its actions can run while a cell runs."""

    _esm = _file("frontend.js")

    # ipywidgets before 8, as on Colab and Kaggle, draws by this method; without it, IPython takes `_repr_mimebundle_`.
    _ipython_display_ = None

    @classmethod
    def fit(
        cls,
        attached: Callable[[], str | None] = _shown_by_itself,
        hear: Callable[[Surface], None] = _heard_on_main_thread,
    ) -> None:
        """Fit all surfaces into a notebook, see `attached` and `hear`; without arguments, into any front end."""
        cls.attached, cls.hear = staticmethod(attached), staticmethod(hear)

    def __init__(self, view: str, about: dict[str, Any] | None = None, state: dict[str, Any] | None = None) -> None:
        self._changing = RLock()
        super().__init__(key=uuid4().hex, view=view, about=about or {}, state=state or {})
        self.on_msg(self._heard)
        type(self).hear(self)

    @property
    def rendering(self) -> look.Rendering:
        """The surface for places that show no widgets: its present state as HTML and as text."""
        raise NotImplementedError

    @property
    def actions(self) -> dict[str, Action]:
        """The actions that the front end can ask for, by name."""
        return {}

    def set(self, **state: Any) -> None:
        """Change parts of the state; may be called from any thread."""
        with self._changing:
            self.state = {**self.state, **state}

    def inside(self) -> str:
        """Return the class of an element to show this surface in, for the view of another surface."""
        self.mount = f"mcpnb-in-{self.key}"
        return self.mount

    def close(self) -> None:
        """Remove the surface from the page, and from the kernel with its layout, which ipywidgets leaves open."""
        layout = self._trait_values.get("layout")
        super().close()
        if layout is not None:
            layout.close()

    def _heard(self, _: object, message: Any, __: object) -> None:
        if not isinstance(message, dict) or "do" not in message:
            return
        number = message.get("ask")
        try:
            done = self._done(message)
        except Exception as error:
            self._answer_failure(number, error)
            if not isinstance(error, McpNotebookError):
                raise
        else:
            if isinstance(done, Future):
                done.add_done_callback(partial(self._later, number))
            else:
                self.send({"answer": number, "ok": done})

    def _later(self, number: Any, done: Future[Any]) -> None:
        """Answer when an action is done; runs on any thread."""
        try:
            answer = done.result()
        except (Exception, CancelledError) as error:  # noqa: BLE001 - the page that waits for the answer is told
            self._answer_failure(number, error)
        else:
            self.send({"answer": number, "ok": answer})

    def _answer_failure(self, number: Any, error: BaseException) -> None:
        words = str(error) if isinstance(error, McpNotebookError) else repr(error)
        self.send({"answer": number, "error": visible(words, one_line=True)})

    def _done(self, message: dict[str, Any]) -> Any:
        name = message["do"]
        if name == "ping":
            return True
        action = self.actions.get(name) if isinstance(name, str) else None
        if action is None:  # a page of another version
            raise McpNotebookError(f"unknown action {name!r}")
        return action(message)

    def _repr_mimebundle_(self, **options: Any) -> Any:
        rendering, where = self.rendering, type(self).attached()
        plain = {"text/plain": rendering.text, "text/html": rendering.html}
        if where is None:
            return plain
        if where == "":
            data, metadata = super()._repr_mimebundle_(**options)
            return {**data, **plain}, metadata
        if not self.mount:
            self.mount = where
        return {**plain, "text/html": f'<div class="mcpnb-mount {self.mount}">{rendering.html}</div>'}

    def __repr__(self) -> str:
        return self.rendering.text
