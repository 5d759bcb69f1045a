"""Find problems in the environment and in the kernel, with fixes, without using the network beyond this machine."""

from __future__ import annotations

import os
from collections.abc import Mapping

from mcp_notebook.doctor.diagnosis import STATUSES, Diagnosis, report, summary
from mcp_notebook.doctor.environment import in_environment
from mcp_notebook.doctor.kernel import KernelFacts, in_kernel
from mcp_notebook.doctor.places import front_end, parent_command, place_of

__all__ = ["Diagnosis", "KernelFacts", "examine", "front_end", "parent_command", "report", "summary"]


def examine(kernel: KernelFacts | None = None, environ: Mapping[str, str] = os.environ) -> list[Diagnosis]:
    """Make all checks; problems come first, then notes.

    Args:
        kernel: The kernel's own data; None outside a kernel, where only the environment is checked.
        environ: The environment variables.
    """
    shown_in = kernel.front_end if kernel else ""
    place = place_of(environ, shown_in)
    diagnoses = [*in_environment(environ, shown_in, place), *(in_kernel(kernel, place) if kernel else ())]
    return sorted(diagnoses, key=lambda found: STATUSES.index(found.status))
