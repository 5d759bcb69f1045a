"""Find problems in the environment and in the kernel, with fixes, without using the network."""

from __future__ import annotations

import os
from collections.abc import Mapping

from mcp_notebook.doctor.environment import in_environment
from mcp_notebook.doctor.finding import STATUSES, Finding, report, summary
from mcp_notebook.doctor.kernel import Kernel, in_kernel
from mcp_notebook.doctor.places import front_end, parent_command, place_of

__all__ = ["Finding", "Kernel", "examine", "front_end", "parent_command", "report", "summary"]


def examine(kernel: Kernel | None = None, environ: Mapping[str, str] = os.environ) -> list[Finding]:
    """Make all checks; problems come first, then notes.

    Args:
        kernel: The kernel's own data; None outside a kernel, where only the environment is checked.
        environ: The environment variables.
    """
    shown_in = kernel.front_end if kernel else ""
    place = place_of(environ, shown_in)
    findings = [*in_environment(environ, shown_in, place), *(in_kernel(kernel, place) if kernel else ())]
    return sorted(findings, key=lambda found: STATUSES.index(found.status))
