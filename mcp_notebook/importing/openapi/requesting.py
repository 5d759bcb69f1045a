"""Hold the code of the first cell that sends requests and reads answers."""

from __future__ import annotations

from typing import Final

__all__ = ["DEEP", "FOR_TOOLS", "HELPERS", "REQUEST"]

FOR_TOOLS: Final = frozenset({"deep", "given", "joined", "json", "request"})
"""Names that a tool may use, so that no argument of one has them."""

HELPERS: Final = frozenset({"MOST_BYTES", "parts", "received", "text", *FOR_TOOLS})
"""Names that no tool has."""

DEEP: Final = '''

def deep(name: str, value: Any) -> dict[str, Any]:
    """Return an object as parameters of its keys: ``name[key]``."""
    return {f"{name}[{key}]": item for key, item in (value or {}).items()}
'''

REQUEST: Final = '''

MOST_BYTES = 20_000_000  # of an answer


def given(values: dict[str, Any]) -> dict[str, Any]:
    """Return the values without those that are None, which are not sent."""
    return {name: value for name, value in values.items() if value is not None}


def text(value: Any) -> str:
    """Return a value as it is written in an address, header or form: a text as it is, another value as JSON."""
    return value if isinstance(value, str) else json.dumps(value)


def joined(value: Any, separator: str = ",") -> str | None:
    """Return a value in one piece: the items of a list, or the keys and values of an object, one after another."""
    if isinstance(value, dict):
        value = [part for pair in value.items() for part in pair]
    if isinstance(value, list):
        return separator.join(map(text, value))
    return None if value is None else text(value)


def parts(values: dict[str, Any]) -> dict[str, Any]:
    """Return the values that are given as parameters of a query or form, a list with one for each item."""
    return {
        name: [text(item) for item in value] if isinstance(value, list) else text(value)
        for name, value in given(values).items()
    }


def received(response: httpx2.Response) -> bytes:
    """Return the body of an answer, if it is not too long."""
    data = bytearray()
    for part in response.iter_bytes():
        data += part
        if len(data) > MOST_BYTES:
            raise ToolError(f"The API answered with more than {MOST_BYTES:,} bytes.")
    return bytes(data)


def request(
    method: str,
    path: str,
    *,
    at: dict[str, Any] | None = None,
    query: dict[str, Any] | None = None,
    headers: dict[str, Any] | None = None,
    cookies: dict[str, Any] | None = None,
    signed: bool = True,
    **body: Any,
) -> Any:
    """Send a request, and return the answer: JSON as values, other text as it is, None if there is none.

    Args:
        at: The values for the path.
        query: The values for the query; those that are None are not sent, here and below.
        headers: The headers.
        cookies: The cookies.
        signed: Whether to send the credentials.
        body: The body, as `httpx2` takes it.
    """
    for name, value in (at or {}).items():
        part = quote(joined(value) or "", safe="")
        if part in ("", ".", ".."):  # it would lead to another path
            raise ToolError(f"{name} cannot be {value!r}.")
        path = path.replace("{" + name + "}", part)
    query, cookies = parts(query or {}), given(cookies or {})
    headers = {name: joined(value) for name, value in given(headers or {}).items()}
    if signed:
        sign(query, headers, cookies)
    if cookies:
        headers["Cookie"] = "; ".join(f"{name}={quote(joined(value) or '')}" for name, value in cookies.items())
    if isinstance(body.get("data"), dict):
        body["data"] = parts(body["data"])
    try:
        with client.stream(method, path, params=query, headers=headers, **body) as response:
            data = received(response)
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        raise ToolError(f"The API did not answer: {error or type(error).__name__}") from error
    except UnicodeEncodeError:
        raise ToolError("Nothing was sent, because a header can only have ASCII characters.") from None
    words = data.decode(response.encoding or "utf-8", "replace")
    if not response.is_success:
        raise ToolError(f"The API answered {response.status_code}: {words[:1000]}")
    if method == "HEAD":
        return dict(response.headers)
    if not data:
        return None
    if "json" not in response.headers.get("Content-Type", ""):
        return words
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        raise ToolError(f"The API said that it answers with JSON, but this is none: {words[:1000]}") from None
'''
