from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.shells import Shell, running_shell


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shell]:
    """A shell in a folder of its own, whose modules it can import."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    with running_shell() as shell:
        yield shell
