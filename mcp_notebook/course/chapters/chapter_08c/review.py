"""Exercise 8c.3: a review of a workflow that a model made."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mcp_notebook.course.checking.cases import Probe
from mcp_notebook.course.exercises import Exercise
from mcp_notebook.course.n8n import workflow

__all__ = ["REVIEW"]

HOOK, TRIGGER = "n8n-nodes-base.webhook", "@n8n/n8n-nodes-langchain.mcpTrigger"
REQUEST = "n8n-nodes-base.httpRequest"
RUN = "calls an address that is known only in the run"


def _reviewed(about: str, nodes: Sequence[Sequence[Any]], *found: str) -> Probe:
    shown = ", ".join(f"{name} {parameters}" for name, _, parameters in nodes)
    return Probe(f"review of {shown}", about, lambda bench: bench.namespace["review"](workflow(*nodes)), list(found))


def _request(url: str, **parameters: Any) -> tuple[str, str, dict[str, Any]]:
    return "Ask", REQUEST, {"url": url, **parameters}


REVIEW = Exercise(
    number="8c.3",
    name="review",
    kind="code",
    title="what a reviewer must see",
    read="6 · When a model edits workflows",
    start="# Exercise 8c.3. Define the function review(workflow).",
    cases=(
        _reviewed(
            "a webhook with a sign-in that asks a known host is fine",
            [("Start", HOOK, {"authentication": "headerAuth"}), _request("https://archive.example/copies")],
        ),
        _reviewed("without the parameter, there is no sign-in", [("Start", HOOK, {})], "Start: open to everyone"),
        _reviewed(
            "that holds for tools of the MCP Server Trigger, too",
            [("Tools", TRIGGER, {"authentication": "none"})],
            "Tools: open to everyone",
        ),
        _reviewed("code is shown", [("Count", "n8n-nodes-base.code", {"jsCode": "return []"})], "Count: runs code"),
        _reviewed(
            "a host that nobody allowed",
            [_request("https://evil.example/archive.example", method="POST")],
            "Ask: calls evil.example",
        ),
        _reviewed(
            "a host that only begins like an allowed one",
            [_request("https://archive.example.evil.example/")],
            "Ask: calls archive.example.evil.example",
        ),
        _reviewed(
            "a user name that looks like an allowed host",
            [_request("https://archive.example@evil.example/")],
            "Ask: calls evil.example",
        ),
        _reviewed("capital letters and a port do not matter", [_request("https://Archive.EXAMPLE:443/")]),
        _reviewed("an expression can be any address", [_request("={{ $json.url }}")], f"Ask: {RUN}"),
        _reviewed(
            "all findings, in the order of the nodes",
            [("Shell", "n8n-nodes-base.executeCommand", {}), ("Start", HOOK, {"authentication": "none"})],
            "Shell: runs code",
            "Start: open to everyone",
        ),
    ),
    hints=(
        "A parameter that is missing has n8n's default. Which one is that for `authentication`?",
        '`node["parameters"].get("authentication", "none")`. For addresses, `urlsplit(url).hostname`: it is in small '
        "letters, without port and user name.",
        'For each node: `url = node["parameters"].get("url", "")`; if its type is `REQUEST`, first ask '
        '`url.startswith("=")`, else compare `urlsplit(url).hostname` with `HOSTS`.',
    ),
    solution='''
def review(workflow):
    """Return what a person has to look at before the workflow is published."""
    findings = []
    for node in workflow["nodes"]:
        kind, parameters = node["type"], node["parameters"]
        if kind in OPEN and parameters.get("authentication", "none") == "none":
            findings.append(f"{node['name']}: open to everyone")
        if kind in CODE:
            findings.append(f"{node['name']}: runs code")
        if kind == REQUEST and parameters["url"].startswith("="):
            findings.append(f"{node['name']}: calls an address that is known only in the run")
        elif kind == REQUEST and (host := urlsplit(parameters["url"]).hostname) not in HOSTS:
            findings.append(f"{node['name']}: calls {host}")
    return findings
''',
    why="A person who reviews two hundred lines of JSON sees nothing. A program can point at the three lines that matter.",
)
