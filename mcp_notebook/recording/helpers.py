"""The source of the helpers that written tests use."""

from __future__ import annotations

__all__ = ["HELPERS"]

HELPERS = {
    "plain(": """

def plain(blocks: Any) -> list[dict[str, Any]]:
    return [block.model_dump(mode="json", by_alias=True, exclude_none=True) for block in blocks]
""",
    "numbered(": '''

def numbered(value: Any) -> Any:
    """Number the links to the whole of a result, which differ on each run."""
    text = json.dumps(value)
    ids = list(dict.fromkeys(re.findall(LINK, text)))
    return json.loads(re.sub(LINK, lambda link: f"result://{ids.index(link[1]) + 1}/", text))


LINK = "result://([A-Za-z0-9_-]{22})/"
''',
    "answering(": '''

def answering(*answers: Any) -> Any:
    """Answer the server's questions in this order."""
    left = iter(answers)

    async def answer(*_: object) -> Any:
        return next(left)

    return answer
''',
    "Varies(": '''

class Varies:
    """Equal to every value of these types, for values that differ on each run."""

    def __init__(self, *types: type | None) -> None:
        self.types = types

    def __eq__(self, other: object) -> bool:
        return (None if other is None else type(other)) in self.types

    def __repr__(self) -> str:
        return f"Varies({', '.join(t.__name__ if t else 'None' for t in self.types)})"
''',
    "Digest(": '''

class Digest:
    """Equal to the long text with this SHA-256."""

    def __init__(self, sha256: str) -> None:
        self.sha256 = sha256

    def __eq__(self, other: object) -> bool:
        return isinstance(other, str) and hashlib.sha256(other.encode()).hexdigest() == self.sha256

    def __repr__(self) -> str:
        return f"Digest({self.sha256!r})"
''',
}
"""The helpers of the tests, by the beginning of their use."""
