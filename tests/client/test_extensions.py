from __future__ import annotations

import pytest

from mcp_notebook.client.answering import Answering
from mcp_notebook.client.extensions import EXTENSIONS, declared
from mcp_notebook.errors import RequestError

ANSWERING = Answering("", None)


def test_a_client_declares_all_none_or_the_named_extensions() -> None:
    assert len(declared("all", ANSWERING)) == len(EXTENSIONS)
    assert declared("none", ANSWERING) == []
    assert declared(["none"], ANSWERING) == []
    for name in EXTENSIONS:
        (one,) = declared([name, name], ANSWERING)
        assert one.identifier.endswith(f"/{name}")


@pytest.mark.parametrize("chosen", ["dreams", ["dreams"], ["all", "none"]])
def test_an_unknown_extension_is_one_line(chosen: str | list[str]) -> None:
    with pytest.raises(RequestError, match=r"There is no extension '\w+'\. Give one of all, none"):
        declared(chosen, ANSWERING)
