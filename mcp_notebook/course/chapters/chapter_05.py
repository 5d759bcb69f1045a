"""Chapter 5: bearer tokens, the answer of a sign-in, tools for one person, and tokens that are verified."""

from __future__ import annotations

from mcp_notebook.course.checking.bench import rows
from mcp_notebook.course.checking.call_cases import SignedIn
from mcp_notebook.course.checking.cases import Case, Listed, Probe
from mcp_notebook.course.exercises import Chapter, Exercise, Prediction
from mcp_notebook.course.checking.sign_in_cases import ADA, arguments_of, GRACE, ISSUER, OTHER, back, forged, header, issued, ways_to_compare

CALLER_OF = Exercise(
    number="5.1",
    name="caller_of",
    kind="code",
    title="a token for each caller",
    read="1 · A token at the door",
    start="# Exercise 5.1. Define caller_of(header).",
    cases=(
        header(f"Bearer {ADA}", "a right token gives the name of its caller", "ada"),
        header(f"bearer {GRACE}", "the scheme may be written in any case", "grace"),
        header(None, "without the header nobody is let in", None),
        header(f"Bearer {ADA[:-1]}", "a part of a token is not a token", None),
        header(f"Bearer {ADA}!", "neither is a longer text", None),
        header(f"Basic {ADA}", "another scheme is not a bearer token", None),
        header(ADA, "without a scheme it is not one either", None),
        header("Bearer schlüssel", "a text that is not ASCII is only a wrong token", None),
        Probe("the ways to compare", "no token is compared with ==, also not by a dict or a list", ways_to_compare, []),
    ),
    hints=(
        "First take the header apart: a scheme, a space, a token. Then compare with each token of `CALLERS`.",
        "`str.partition(' ')` and `hmac.compare_digest`. The latter takes texts only if they are ASCII; it takes any "
        "`bytes`.",
        "`hmac.compare_digest(given.encode(), token.encode())` for each `name, token in CALLERS.items()`",
    ),
    solution='''
def caller_of(header):
    """Return the name of the caller for a value of the header Authorization; None for anything else."""
    scheme, _, given = (header or "").partition(" ")
    if scheme.lower() != "bearer":
        return None
    pairs = CALLERS.items()
    names = [name for name, token in pairs if hmac.compare_digest(given.encode(), token.encode())]
    return names[0] if names else None
''',
    why="Servers with a few callers work like this. `==` passes each test of its results, so only a rule keeps it out.",
)

CODE_FROM = Exercise(
    number="5.2",
    name="code_from",
    kind="code",
    title="the answer of a sign-in",
    read="4 · The code comes back",
    start="# Exercise 5.2. Define code_from(url, sent).",
    cases=(
        back("an answer to our question, from our issuer", "c-27"),
        back("another state: not the answer to our question", "refused", "state", state="s-80"),
        back("no state at all", "refused", "state", state=None),
        back("another issuer: the mix-up attack", "refused", "iss", iss=OTHER),
        back("a final slash makes another issuer", "refused", "iss", iss=f"{ISSUER}/"),
        back("it promised iss, and iss is missing", "refused", "iss", iss=None),
        back("it promised nothing: iss may be missing", "c-27", promised=False, iss=None),
        back("it promised nothing, but iss is wrong", "refused", "iss", promised=False, iss=OTHER),
        back("an error of another issuer is not believed", "refused", "iss", code=None, error="x", iss=OTHER),
        back("the person said no", "refused", "access_denied", code=None, error="access_denied"),
        back("neither a code nor an error", "refused", code=None),
    ),
    hints=(
        "There are four questions: is it the answer to our request, is it from our issuer, is it an error, is there a "
        "code? Ask the first two before the others.",
        "`parse_qs(urlsplit(url).query)` gives lists; `.get('iss', [None])[0]` is the text or None. `iss` is wrong if "
        "it is there and differs, or if it is missing although it was promised.",
        "`if iss != sent['issuer'] and (iss is not None or sent['iss_promised']): raise ValueError('iss ...')`",
    ),
    solution='''
from urllib.parse import parse_qs, urlsplit


def code_from(url, sent):
    """Return the code in the address that the browser came back with, if it answers what was sent."""
    came = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
    if came.get("state") != sent["state"]:
        raise ValueError("The state is not the one that was sent.")
    iss = came.get("iss")
    if iss != sent["issuer"] and (iss is not None or sent["iss_promised"]):
        raise ValueError("The iss is not the issuer that was asked.")
    if "error" in came:
        raise ValueError(f"Not signed in: {came['error']}.")
    if "code" not in came:
        raise ValueError("There is no code.")
    return came["code"]
''',
    why="A client that skips one of these lines works with every honest server. That is why it is forgotten.",
)

LOANS = "SELECT title, member, due FROM loans WHERE returned IS NULL ORDER BY id"
ENDED = "SELECT title, member FROM loans WHERE returned = '2026-11-02' ORDER BY id"
LENT = """
INSERT INTO loans (title, member, lent, due) VALUES
    ('Dune', 'Grace', '2026-10-19', '2026-11-09'), ('Dune', 'Ada', '2026-10-20', '2026-11-10'),
    ('Emma', 'Grace', '2026-10-21', '2026-11-11');
"""
GRACES, EMMA = ("Dune", "Grace", "2026-11-09"), ("Emma", "Grace", "2026-11-11")
AFTER = [rows(LOANS, GRACES, EMMA, ("Kindred", "Ada", "2026-11-23")), rows(ENDED, ("Dune", "Ada"))]
WRITE = ("loans:write",)

SWAP = Exercise(
    number="5.3",
    name="swap",
    title="one book for another",
    read="5 · A scope for each tool",
    start="# Exercise 5.3. Define the tool swap(old, new).",
    cases=(
        SignedIn(
            {"old": "Dune", "new": "Kindred"},
            "Ada's Dune comes back, and Grace's stays with her",
            result="Kindred: lent to Ada until 2026-11-23",
            given=LENT,
            then=AFTER,
            person="Ada",
            scopes=WRITE,
        ),
        SignedIn(
            {"old": "Emma", "new": "Beloved"},
            "Emma is Grace's: the error names it",
            error="Emma",
            then=AFTER,
            person="Ada",
            scopes=WRITE,
        ),
        SignedIn(
            {"old": "Kindred", "new": "Moby Dick"},
            "the library does not have Moby Dick: Ada keeps Kindred",
            error="Moby Dick",
            then=AFTER,
            person="Ada",
            scopes=WRITE,
        ),
        SignedIn(
            {"old": "Dune", "new": "Beloved"},
            "what was brought back cannot come back again",
            error="Dune",
            then=AFTER,
            person="Ada",
            scopes=WRITE,
        ),
        SignedIn(
            {"old": "Kindred", "new": "Beloved"},
            "a token without loans:write is answered with the scope",
            error='scope="loans:write"',
            person="Ada",
            scopes=("loans:read",),
        ),
        Case({"old": "Kindred", "new": "Beloved"}, "without a sign-in the tool refuses", error="signed in"),
        Probe("the arguments of swap", "the person is not an argument", arguments_of, ["new", "old"]),
        Listed({"annotations": {"destructiveHint": False}}, "it destroys nothing, and says so"),
    ),
    hints=(
        "Begin with a copy of `bring_back`. Ask both questions before you change anything.",
        "`--scope loans:write`; `caller()` says whose loan it is; an `UPDATE` as in `bring_back`, and an `INSERT` as in "
        "`lend` of chapter 1, with `str(TODAY + timedelta(days=21))`.",
        '`if not query("SELECT 1 FROM books WHERE title = ?", new): raise ToolError(...)`, then `bring_back(old)`, which '
        "is a function, too, and checks the other half. Then the `INSERT`.",
    ),
    solution='''
%%mcp_tool --scope loans:write --no-destructive --closed-world
from datetime import timedelta


def swap(
    old: Annotated[str, Field(description="The title that you bring back.")],
    new: Annotated[str, Field(description="The title that you borrow.")],
) -> str:
    """Bring back one book and borrow another, for three weeks."""
    member, due = caller(), str(TODAY + timedelta(days=21))
    if not query("SELECT 1 FROM books WHERE title = ?", new):
        raise ToolError(f"{new!r} is not in the library. Use search to find the exact title.")
    bring_back(old)
    loan = (new, member, str(TODAY), due)
    query("INSERT INTO loans (title, member, lent, due) VALUES (?, ?, ?, ?)", *loan)
    return f"{new}: lent to {member} until {due}"
''',
    why="The token proves who it is. An argument would be the model's word, and a model repeats what it has read.",
)

ALL = "ada by reading-app, scopes loans:read loans:write"

VERIFY = Exercise(
    number="5.4",
    name="verify",
    kind="code",
    title="verify a token",
    read="7 · Tokens of another issuer",
    start="# Exercise 5.4. Define verify(token).",
    cases=(
        issued("a good token", "it is let in, with all that it says", ALL),
        issued("for a list with us", "aud may be a list", ALL, aud="a list"),
        issued("without scope", "it allows nothing more, and does not fail", "ada by reading-app, scopes none",
                scope=None),
        issued("without client_id", "then the subject counts as the client", "ada by ada, scopes loans:read loans:write",
                client_id=None),
        issued("without sub", "nobody could say whose it is", "refused", sub=None),
        forged("claims changed", "the signature is for other claims"),
        forged("signed with another key", "only the issuer's key counts"),
        forged("not signed (alg: none)", "the token does not choose the algorithm"),
        forged("HMAC with the public key", "the token does not choose it, again: key confusion"),
        forged("expired a minute ago", "its time is over"),
        forged("without an expiry", "a token has to say when it ends"),
        forged("for the swimming pool", "it is genuine, and for somebody else"),
        forged("for a list without us", "the same with a list"),
        forged("from another issuer", "the iss is not ours"),
        forged("not a token", "a text that cannot be read is refused, too"),
    ),
    hints=(
        "Each case but the first four is refused by one argument of `jwt.decode`. Its errors have one parent.",
        "`KEYS.get_signing_key_from_jwt(token)`, then `jwt.decode` with `algorithms`, `issuer`, `audience` and "
        "`options={'require': [...]}`; `except jwt.PyJWTError`. For claims that may be missing: `claims.get(...)`.",
        "`claims = jwt.decode(token, KEYS.get_signing_key_from_jwt(token), algorithms=['ES256'], "
        "issuer=town_hall.url, audience=AUDIENCE, options={'require': ['exp', 'iss', 'aud', 'sub']})`",
    ),
    solution='''
def verify(token):
    """Return what a token allows; None if it is not one of the town hall's for us."""
    try:
        claims = jwt.decode(
            token,
            KEYS.get_signing_key_from_jwt(token),
            algorithms=["ES256"],
            issuer=town_hall.url,
            audience=AUDIENCE,
            options={"require": ["exp", "iss", "aud", "sub"]},
        )
    except jwt.PyJWTError:
        return None
    return AccessToken(
        token=token,
        client_id=claims.get("client_id", claims["sub"]),
        scopes=claims.get("scope", "").split(),
        expires_at=claims["exp"],
        resource=AUDIENCE,
        subject=claims["sub"],
        claims=claims,
    )
''',
    why="A verifier that was tried with good tokens only was not tried at all. Keep the forgeries as tests.",
)

CHAPTER = Chapter(
    "5",
    "Signing in",
    exercises=(CALLER_OF, CODE_FROM, SWAP, VERIFY),
    predictions=(
        Prediction(
            "5.a",
            "Four visitors: one without a token, one with a wrong one, one with the right token in the URL "
            "(`?token=...`), one with the right token in the header. Who is let in?",
            ("The last two", "Only the last", "All but the first"),
            1,
            "The specification forbids tokens in URLs, so the server does not look there: URLs end up in logs and in "
            "histories.",
        ),
        Prediction(
            "5.b",
            "Ada's token has the scope `loans:read`. The app calls `bring_back`, which needs `loans:write`. What does "
            "the app get?",
            (
                "A result that is marked as an error, for the model",
                "HTTP 401: sign in first",
                "HTTP 403, with the name of the scope that is missing",
                "The answer for an unknown tool, because the list does not have it",
            ),
            2,
            "More permission is something that the app has to ask the person for. A header tells it what to ask for; a "
            "model could do nothing with it.",
        ),
        Prediction(
            "5.c",
            "A refresh token was replaced. Later, somebody sends the old one. What does the town hall do?",
            (
                "It gives new tokens: it is still Ada's",
                "It refuses, and the newer tokens go on",
                "It refuses, and ends all tokens of this sign-in",
            ),
            2,
            "An honest client never sends a replaced token. So there are two who have it, and one is a thief. Nobody "
            "can tell which, so both have to sign in again.",
        ),
        Prediction(
            "5.d",
            "`read_only` decodes a token without checking its signature. How many of ten forgeries does it let in?",
            ("None: a forgery cannot be decoded", "Those that have not expired", "All that can be decoded"),
            2,
            "Without a check of the signature, every text of the right form is believed, and PyJWT checks no other "
            "claim then, also not the expiry.",
        ),
    ),
)
