"""Exercise 8b.3: a webhook that takes signed and fresh letters, each once."""

from __future__ import annotations

import hmac
import itertools
import json
from collections.abc import Awaitable
from typing import Any

import httpx2
from starlette.applications import Starlette
from starlette.routing import Route

from mcp_notebook.course.checking.bench import Bench, rows
from mcp_notebook.course.checking.cases import Probe
from mcp_notebook.course.exercises import Exercise

__all__ = ["SECOND_DOOR"]

COPIES = "SELECT copies FROM books WHERE title = 'Emma'"
GIFT = {"title": "Emma", "added": 1}

_ids = itertools.count(1)


class Post:
    """A letter to the learner's door.

    Args:
        body: The body: JSON, or bytes as they are.
        age: The seconds since it was sent.
        letter: Letters of one sending with the same name have the same id.
        sent: The body that is sent, if it is not the one that was signed.
        key: The secret; the true one if it is None.
        unsigned: Whether the signature is left out.
        signs: The text that is signed, with places for the id, the time and the body.
        late: Whether the time in the header is changed after signing.
    """

    def __init__(
        self,
        body: Any = None,
        *,
        age: int = 5,
        letter: str = "a",
        sent: bytes | None = None,
        key: bytes | None = None,
        unsigned: bool = False,
        signs: str = "{id}.{time}.{body}",
        late: bool = False,
    ) -> None:
        self.body = body if isinstance(body, bytes) else json.dumps(GIFT if body is None else body).encode()
        self.age, self.letter, self.sent, self.key = age, letter, sent, key
        self.unsigned, self.signs, self.late = unsigned, signs, late

    def request(self, namespace: Any, number: int) -> tuple[bytes, dict[str, str]]:
        """Return the body and the headers."""
        sent_at = namespace["clock"]() - self.age
        names = {"id": f"{self.letter}-{number}", "time": str(sent_at), "body": self.body.decode()}
        signature = hmac.new(self.key or namespace["SECRET"], self.signs.format(**names).encode(), "sha256").hexdigest()
        headers = {"id": names["id"], "time": str(sent_at + 200 if self.late else sent_at), "signature": signature}
        if self.unsigned:
            del headers["signature"]
        return self.body if self.sent is None else self.sent, headers


def _letters(about: str, request: str, expected: tuple[list[int], int], *letters: Post) -> Probe:
    """Send letters, and expect the statuses and the copies of Emma afterwards; there is one before."""

    async def send(bench: Bench) -> Any:
        bench.fill("UPDATE books SET copies = 1 WHERE title = 'Emma'")
        app = Starlette(routes=[Route("/", bench.namespace["second_door"], methods=["POST"])])
        number, statuses = next(_ids), []
        async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://door") as http:
            for letter in letters:
                body, headers = letter.request(bench.namespace, number)
                statuses.append((await http.post("/", content=body, headers=headers)).status_code)
        return statuses, rows(COPIES).look(bench)[0][0]

    def look(bench: Bench) -> Awaitable[Any]:
        return send(bench)

    return Probe(request, about, look, expected)


SECOND_DOOR = Exercise(
    number="8b.3",
    name="second_door",
    title="the second door",
    kind="code",
    read="6 · Webhooks: signed, fresh, once",
    start="# Exercise 8b.3. Define the endpoint second_door(request).",
    cases=(
        _letters("a good letter counts", "a letter of five seconds ago; the status, and the copies", ([204], 2), Post()),
        _letters(
            "the same letter again is acknowledged, and does not count",
            "a letter, and the same once more; the statuses, and the copies",
            ([204, 204], 2),
            Post(),
            Post(),
        ),
        _letters(
            "a second gift with the same words counts",
            "two letters with the same body and two ids; the statuses, and the copies",
            ([204, 204], 3),
            Post(),
            Post(letter="b"),
        ),
        _letters(
            "forged letters do not count, and a good one with the same id does",
            "another's secret, no signature, another body, then the good letter; the statuses, and the copies",
            ([401, 401, 401, 204], 2),
            Post(key=b"guessed"),
            Post(unsigned=True),
            Post(sent=b'{"title": "Emma", "added": 9}'),
            Post(),
        ),
        _letters(
            "the id and the time must be signed, too",
            "a signature of the body only, one without the id, a time that was changed; the statuses, and the copies",
            ([401, 401, 401], 1),
            Post(signs="{body}"),
            Post(signs="{time}.{body}"),
            Post(late=True),
        ),
        _letters(
            "five minutes are in time, and more are not",
            "letters of exactly five minutes ago, and of one second more; the statuses, and the copies",
            ([204, 401], 2),
            Post(age=300),
            Post(age=301, letter="b"),
        ),
        _letters(
            "a letter from the future could be used for too long",
            "a letter with a time five minutes and a second from now; the status, and the copies",
            ([401], 1),
            Post(age=-301),
        ),
        _letters(
            "signed says by whom, not that it makes sense",
            "signed: no JSON, a list, no title, 'added' as -1 and as a text; the statuses, and the copies",
            ([422] * 5, 1),
            Post(b"hello"),
            Post([], letter="b"),
            Post({"added": 1}, letter="c"),
            Post({"title": "Emma", "added": -1}, letter="d"),
            Post({"title": "Emma", "added": "many"}, letter="e"),
        ),
    ),
    hints=(
        "Three questions, and their order matters. What may you believe before the signature is checked?",
        "`request.headers.get(...)`, `signature_of`, `hmac.compare_digest`, `abs(clock() - int(sent_at))`, a pydantic "
        "model for the news, and a `set` of ids outside the function.",
        "`expected = signature_of(f'{id}.{sent_at}.'.encode() + body)`, compared first. The time is digits then, because "
        "the sender signed it. Validate the body, then ask whether the id is in the set; add it when the news counts.",
    ),
    solution='''
from pydantic import BaseModel, ValidationError

seen_ids = set()


class News(BaseModel):
    title: str
    added: Annotated[int, Field(ge=1)]


async def second_door(request):
    body = await request.body()
    letter, sent_at, given = (request.headers.get(n, "") for n in ("id", "time", "signature"))
    expected = signature_of(f"{letter}.{sent_at}.".encode() + body)
    genuine = hmac.compare_digest(given.encode(), expected.encode())
    if not genuine or abs(clock() - int(sent_at)) > 300:
        return Response(status_code=401)
    try:
        news = News.model_validate_json(body)
    except ValidationError:
        return Response(status_code=422)
    if letter not in seen_ids:
        query("UPDATE books SET copies = copies + ? WHERE title = ?", news.added, news.title)
    seen_ids.add(letter)
    return Response(status_code=204)
''',
    why="The window says how long an id must be remembered. Without the window, it would be forever; without the ids, "
    "five minutes are enough to send a letter a hundred times.",
)
