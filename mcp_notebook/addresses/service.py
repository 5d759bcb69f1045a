"""Detect the service that runs this notebook, by its environment variables."""

from __future__ import annotations

import os
from collections.abc import Mapping

from mcp_notebook.addresses.entrance import Door

__all__ = ["SERVICES", "no_way_in", "service_of"]

SERVICES: Mapping[str, tuple[str, ...]] = {
    "Colab": ("COLAB_RELEASE_TAG", "COLAB_JUPYTER_IP", "COLAB_GPU"),
    "Kaggle": ("KAGGLE_KERNEL_RUN_TYPE", "KAGGLE_URL_BASE"),
    "Databricks": ("DATABRICKS_RUNTIME_VERSION",),
    "Deepnote": ("DEEPNOTE_PROJECT_ID",),
    "SageMaker": ("SAGEMAKER_APP_TYPE", "SAGEMAKER_INTERNAL_IMAGE_URI", "SAGEMAKER_SPACE_NAME"),
    "Binder": ("BINDER_REPO_URL", "BINDER_LAUNCH_HOST"),
    "JupyterHub": ("JUPYTERHUB_API_URL", "JUPYTERHUB_SERVICE_PREFIX", "JUPYTERHUB_USER"),
}
"""The services, with variables of which one is set there. Binder and others may run on a hub, so that comes last."""


def service_of(environ: Mapping[str, str] = os.environ) -> str | None:
    """Return the name of the service that this runs on; None on the user's own machine."""
    return next((name for name, variables in SERVICES.items() if any(each in environ for each in variables)), None)


def no_way_in(environ: Mapping[str, str] = os.environ) -> str | None:
    """Return why clients on the user's own machine cannot connect to a server that has no `Entrance`.

    It is None if the user is at this machine, and if there is a door, which the server is kept out of on purpose.
    """
    service = service_of(environ)
    if service is None or Door.told(environ) is not None:
        return None
    if service in ("JupyterHub", "Binder"):
        return f"This Jupyter, on {service}, has no door, so no client on your own machine can connect: %mcp doctor."
    return (
        f"No client on your own machine can connect: this is a machine of {service}, which lets only its page in. "
        "For that, run the notebook in a Jupyter of your own."
    )
