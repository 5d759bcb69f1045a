"""The service that runs a notebook, and whether a client elsewhere can get in there."""

from __future__ import annotations

import pytest

from mcp_notebook import browser_tab
from mcp_notebook.addresses import SERVICES, Door, no_way_in, service_of
from tests.support.shells import Shell

HUB = {"JUPYTERHUB_SERVICE_PREFIX": "/user/ada/", "JUPYTERHUB_API_URL": "http://hub/hub/api"}
VARIABLES = sorted({variable for variables in SERVICES.values() for variable in variables})


@pytest.mark.parametrize(
    ("environ", "service"),
    [
        ({}, None),
        ({"COLAB_RELEASE_TAG": "release"}, "Colab"),
        ({"KAGGLE_URL_BASE": "x"}, "Kaggle"),
        (HUB, "JupyterHub"),
        (HUB | {"BINDER_LAUNCH_HOST": "https://mybinder.org/"}, "Binder"),
        (HUB | {"SAGEMAKER_APP_TYPE": "JupyterLab"}, "SageMaker"),
    ],
)
def test_a_service_is_known_by_its_variables(environ: dict[str, str], service: str | None) -> None:
    assert service_of(environ) == service


def test_at_home_and_behind_a_door_there_is_nothing_to_say() -> None:
    told = dict(HUB)
    Door("/user/ada/", "/hub/", True, 1).tell(told)
    assert no_way_in({}) is None
    assert no_way_in(told) is None


def test_a_hub_without_a_door_and_a_machine_that_lets_nobody_in_are_told_with_what_to_do() -> None:
    assert "has no door" in (no_way_in(HUB) or "")
    assert "%mcp doctor" in (no_way_in(HUB) or "")
    words = no_way_in({"COLAB_GPU": ""}) or ""
    assert words.startswith("No client on your own machine can connect: this is a machine of Colab")
    assert "\n" not in words


@pytest.mark.skipif(browser_tab.HERE, reason="nothing listens in a tab")
@pytest.mark.parametrize("service", ["", "COLAB_RELEASE_TAG", "JUPYTERHUB_USER"])
def test_the_card_of_a_server_says_so(shell: Shell, monkeypatch: pytest.MonkeyPatch, service: str) -> None:
    for variable in (*VARIABLES, "MCP_NOTEBOOK_DOOR"):
        monkeypatch.delenv(variable, raising=False)
    if service:
        monkeypatch.setenv(service, "1")
    listener = shell.good("%mcp serve")
    data, _ = shell.shell.display_formatter.format(listener)
    for text in (data["text/plain"], data["text/html"]):
        assert ("on your own machine can connect" in text) == bool(service)
    assert ("out of reach" in data["text/html"]) == bool(service)
