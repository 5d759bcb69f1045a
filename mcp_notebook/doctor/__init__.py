"""What would not work here, and the fix: looked up, without network, in the environment and in the kernel."""

from __future__ import annotations

import os
from collections.abc import Mapping

from mcp_notebook.doctor.environment import in_environment
from mcp_notebook.doctor.finding import STATUSES, Finding, report, summary
from mcp_notebook.doctor.kernel import Kernel, in_kernel
from mcp_notebook.doctor.places import front_end, parent_command, place_of

__all__ = ["Finding", "Kernel", "examine", "front_end", "parent_command", "report", "summary"]


def examine(kernel: Kernel | None = None, environ: Mapping[str, str] = os.environ) -> list[Finding]:
    """Look at everything; problems come first, then notes.

    Args:
        kernel: What the kernel says of itself; None outside of one, where only the environment is looked at.
        environ: The environment variables.
    """
    shown_in = kernel.front_end if kernel else ""
    place = place_of(environ, shown_in)
    findings = [*in_environment(environ, shown_in, place), *(in_kernel(kernel, place) if kernel else ())]
    return sorted(findings, key=lambda found: STATUSES.index(found.status))
