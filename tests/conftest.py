from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.kernels import Kernel, running_kernel


@pytest.fixture(scope="module")
def shared_kernel() -> Iterator[Kernel]:
    with running_kernel() as kernel:
        kernel.good("%load_ext mcp_notebook")
        yield kernel


@pytest.fixture
def kernel() -> Iterator[Kernel]:
    """A fresh kernel with the extension loaded."""
    with running_kernel() as kernel:
        kernel.good("%load_ext mcp_notebook")
        yield kernel
