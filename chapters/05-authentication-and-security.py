# ---
# jupyter:
#   jupytext:
#     comment_magics: false
#     cell_markers: '"""'
# ---

# %% [markdown]
"""
# 5 · Signing in

**You will** put a token on a server's door, let people sign in by OAuth 2.1, give each tool its own permission, and
verify tokens that attackers have tampered with.

**Time** about MINUTES minutes. **Fast track:** parts 2, 3 and 5, with exercise 5.3. **You need** chapter 1: a tool in a
cell, `%mcp serve`, and what an HTTP status is. You need no account, no key and no network.

This chapter is about *who* may call. Chapter 5b is about what a call may do.
"""

# %%
# Where the course is missing, as on Colab and Kaggle, this cell installs it.
import importlib.util

if importlib.util.find_spec("mcp_notebook") is None:
    %pip install -q "mcp-notebook[course]"
    print("Installed. If the page offers to restart the session, do that. Then run the next cell.")

# %%
%load_ext mcp_notebook
%mcp checkpoint 5

# %% [markdown]
"""
## 1 · A token at the door

As soon as a server listens on a port, every program on the machine can reach it. So `%mcp serve` requires a **bearer
token**: a long random text. Anyone who presents it is let in; nobody checks who they are.

`Town` is scaffolding for this chapter. It has people and an application that call the server, all of them stand-ins.
`town.request` sends one HTTP request by hand, as you did in chapter 1.
"""

# %% tags=["needs-jupyter"]
from mcp_notebook.course.town import Town, Wallet

served = %mcp serve
token = %mcp token
town = Town(served.url)

# %%
%mcp predict 5.a

# %% tags=["needs-jupyter"]
print("no token:      ", await town.request(None))
print("a wrong one:   ", await town.request("sesame"))
print("in the URL:    ", await town.request(None, query=f"?token={token}"))
print("in the header: ", await town.request(token))

# %% [markdown]
"""
<details><summary>Explanation</summary>

Only the last is let in. Status 401 means: *I do not know you*. The header `WWW-Authenticate` says what the server takes.
A token in a URL is not even looked at, because URLs end up in logs, histories and `Referer` headers.

</details>

A server compares the token that it gets with the right one. Python's `==` may stop at the first character that differs.
Then the time tells how many characters were right. Here is the attack, with a counter in place of a clock, so that
everybody sees the same.
"""

# %%
PIN = "408173"


def steps(given, valid):
    """Compare two texts as a simple == does, and return how many characters were looked at."""
    return next((n for n, (a, b) in enumerate(zip(given, valid), 1) if a != b), len(valid) + 1)


found, guesses = "", 0
while found != PIN:
    took = {digit: steps((found + digit).ljust(6, "?"), PIN) for digit in "0123456789"}
    guesses += len(took)
    found += max(took, key=took.get)
    print(found.ljust(6, "."), "".join(f"  {digit}{'▪' * n}" for digit, n in took.items() if digit in "3478"))
print(guesses, "guesses. Without the counter: up to a million.")

# %% [markdown]
"""
In each line, the right digit took one step more. Over a network the difference is a few nanoseconds in much noise, but
attackers can measure it many times. **`hmac.compare_digest`** takes the same time wherever the difference is.

### Exercise 5.1: a token for each caller

A small server can have several tokens, one for each caller. Define `caller_of(header)`. `header` is the value of the
header `Authorization`, such as `"Bearer abc"`, or None. It returns the name of the caller, or None. The name of the
scheme may be written in any case. Compare in constant time: the check notices a `==`. The text in the header may be
anything that an attacker can send.
"""

# %%
import hmac
import secrets

CALLERS = {"ada": secrets.token_urlsafe(32), "grace": secrets.token_urlsafe(32)}

# %% exercise="5.1"

# %%
%mcp check 5.1

# %% [markdown] tags=["teacher"]
"""
**For teachers.** Let people guess a four-digit code in pairs: one holds the code and says only how many leading digits
are right. It takes them a minute. In 5.1, the common answers are `==`, a dict from tokens to names, and a `TypeError`
for text that is not ASCII. Ask: "What would your test have had to look like to find that?"
"""

# %% [markdown]
"""
## 2 · Who is who

A token that you hand out yourself does for a few callers. For more, four things are wrong: it never expires, it says
nothing about the person, it allows everything, and somebody has to hand it out. **OAuth 2.1** answers all four: it lets
a person give an application limited access for a limited time, without telling it a password.

![Ada allows the reading app to act for her. The app gets a token at the town hall, which is the authorization server, and brings it to the library, which is the resource server. The library verifies the token, and never sees how Ada signs in.](drawings/oauth-roles.svg)

| role | in this chapter | does |
|---|---|---|
| **resource owner** | Ada | decides what an application may do in her name |
| **client** | the reading app, an MCP host | calls tools in her name |
| **authorization server** | the town hall | knows the people, asks them, issues tokens |
| **resource server** | the library, your MCP server | verifies tokens, and serves |

An MCP server is the last one and nothing else. It sees no password and fetches no token. It says who issues the tokens
that it accepts, and it checks each token.

`%mcp serve --oauth` puts a **stand-in** for a town hall in front of your server. It asks for no password, because its
people are invented. All else is real: the endpoints, the codes, the tokens. First, three definitions. `caller` asks the
SDK for the token of the running call, and finds the member it belongs to. It is stricter than `person` of chapter 4:
without a token, it refuses.
"""

# %% tags=["project"]
from mcp.server.auth.middleware.auth_context import get_access_token


def caller():
    """Return the member of the library in whose name the running call is made."""
    token = get_access_token()
    if token is None:
        raise ToolError("Nobody is signed in. Connect over HTTP and sign in.")
    found = query("SELECT name FROM members WHERE lower(name) = lower(?)", token.subject)
    if not found:
        raise ToolError(f"{token.subject!r} is not a member of the library.")
    return found[0][0]

# %% [markdown]
"""
A **scope** is a permission in a token. `--scope` says which one the callers of a tool need. Neither tool has an
argument for the person: the token says who it is, and never the model.
"""

# %% tags=["project"]
%%mcp_tool --scope loans:read --read-only --closed-world
def my_loans() -> list[str]:
    """List the books that you have borrowed, each with the day on which it is due."""
    loans = "SELECT title, due FROM loans WHERE member = ? AND returned IS NULL ORDER BY due, title"
    return [f"{title}, due {due}" for title, due in query(loans, caller())]

# %% tags=["project"]
%%mcp_tool --scope loans:write --no-destructive --closed-world
def bring_back(title: Title) -> str:
    """Bring back a book that you have borrowed."""
    member = caller()
    mine = "title = ? AND member = ? AND returned IS NULL"
    if not query(f"SELECT 1 FROM loans WHERE {mine}", title, member):
        raise ToolError(f"You have not borrowed {title!r}. my_loans lists your loans.")
    query(f"UPDATE loans SET returned = ? WHERE {mine}", str(TODAY), title, member)
    return f"{title}: thank you, {member}"

# %% [markdown]
"""
Your own call from the notebook has no token. A tool that needs to know the person should refuse it. If it let such
calls through, it would be open wherever somebody forgets to turn on the sign-in.
"""

# %%
%mcp call my_loans

# %% [markdown]
"""
The next cell lends two books for the examples and starts the server again. On a machine that other people use,
`--oauth` is refused, because each of them could sign in as Ada. The library's data is invented, so the course adds
`--allow-other-users`.
"""

# %% tags=["needs-jupyter"]
query("DELETE FROM loans WHERE returned IS NULL")
query("""INSERT INTO loans (title, member, lent, due) VALUES
    ('Dune', 'Ada', '2026-10-20', '2026-11-10'), ('Emma', 'Grace', '2026-10-21', '2026-11-11')""")
%mcp stop
served = %mcp serve --oauth --allow-other-users

# %% [markdown]
"""
## 3 · A client finds its way

The reading app knows the URL of the library and nothing else. Follow its path by hand. It begins with a refusal.
"""

# %% tags=["needs-jupyter"]
refusal = await town.request(None)
print(town.shown(refusal).replace(", ", ",\n    "))

# %% [markdown]
"""
The 401 is not a dead end any more. `resource_metadata` is the address of the **protected-resource metadata** (RFC
9728): a JSON document in which the library names the town hall. The town hall has metadata of its own (RFC 8414), at a
well-known address. `town.shown` writes names in place of the ports, which differ in each run.
"""

# %% tags=["needs-jupyter"]
import json
import re

import httpx2

where = re.search('resource_metadata="([^"]+)"', refusal.challenge)[1]
resource = httpx2.get(where).json()
print(town.shown(json.dumps(resource, indent=1)))

(issuer,) = resource["authorization_servers"]
hall = httpx2.get(f"{issuer}/.well-known/oauth-authorization-server").json()
for name in ("issuer", "authorization_endpoint", "token_endpoint", "code_challenge_methods_supported",
             "client_id_metadata_document_supported", "authorization_response_iss_parameter_supported"):
    print(f"{name}: {town.shown(hall[name])}")

# %% [markdown]
"""
The stand-in is at the library's own address, to save you a second one. A real town hall (Keycloak, Auth0, Entra ID) is
elsewhere, and often serves many servers.

How does the town hall know the app? They have never met. So the app's id *is* a URL, and at that URL is a document that
describes it: its **Client ID Metadata Document**. Nobody else can put a document there, and the certificate of the site
proves it.
"""

# %% tags=["needs-jupyter"]
print(town.shown(json.dumps(town.app.document, indent=1)))

# %% [markdown]
"""
The SDK's `OAuthClientProvider` goes the whole way by itself. It is an authentication for an HTTP client: the first 401
sets it in motion. It needs a place to keep tokens (`Wallet`), a function that opens a browser, and one that returns what
the browser brought back. Here `ada` plays both the browser and the person. She allows `loans:read` only.
"""

# %% tags=["needs-jupyter"]
from contextlib import asynccontextmanager

from mcp import Client
from mcp.client.auth import OAuthClientProvider
from mcp.client.streamable_http import streamable_http_client


@asynccontextmanager
async def app_of(person, wallet, **options):
    """The reading app in a person's hands: a client that signs in when the server asks for it."""
    handlers = {"redirect_handler": person.open, "callback_handler": person.come_back}
    town.steps.clear()
    sign_in = OAuthClientProvider(town.url, town.client, wallet, **handlers, **options)
    async with httpx2.AsyncClient(auth=sign_in, event_hooks={"response": [town.note]}) as http:
        async with Client(streamable_http_client(town.url, http_client=http)) as client:
            yield client
    town.print_steps()


ada, adas_wallet = town.person("ada", allows=["loans:read"]), Wallet()
async with app_of(ada, adas_wallet, client_metadata_url=town.app.url) as client:
    print((await client.call_tool("my_loans")).structured_content)

# %% [markdown]
"""
![Nine steps in order. The app calls the library and gets 401. It reads the library's metadata, then the town hall's. It sends the browser to the town hall with its client id, a state and a challenge. The town hall reads the app's document and asks Ada. The browser comes back with a code, the state and the issuer. The app exchanges the code and its verifier for tokens. It calls the library again with the token.](drawings/sign-in-steps.svg)

Compare the steps with the drawing. (The last three lines are the client's discovery, the call, and the list of tools
that the SDK uses to check results.) Then look at what Ada saw in the browser.
"""

# %% tags=["needs-jupyter"]
print(ada.page)

# %% [markdown]
"""
*Which* application, verified by TLS; *what* it wants; *where* the browser goes afterwards. In your own browser, try
`%mcp connect URL --oauth --as me`, with the URL that `served` shows.

**Dynamic client registration** is the earlier way: the app posts its description to `/register` and gets an id. Nobody
verifies that description, and each registration stays at the town hall. The specification has deprecated it. Clients
fall back on it at town halls that do not know documents. The SDK's client does so here, without
`client_metadata_url`. (First of all, a client uses an id that somebody registered for it by hand.)
"""

# %% tags=["needs-jupyter"]
stranger = town.person("grace")
async with app_of(stranger, Wallet()) as client:
    await client.list_tools()
print(stranger.page.splitlines()[1], *stranger.page.splitlines()[2:4], sep="\n")

# %% [markdown] tags=["teacher"]
"""
**For teachers.** Print the drawing of the steps without its texts, and let pairs fill in who talks to whom. Common
mistake: "the MCP server logs the user in". It never meets the user. Ask: "Which of these requests would still be there
if the library moved to another machine?" Short of time? Skip the registration.
"""

# %% [markdown]
"""
## 4 · The code comes back

Three small values protect the way through the browser. A request by hand shows them. **PKCE** (say *pixie*) comes
first: the app makes up a secret, the *verifier*, and sends only its hash, the *challenge*.
"""

# %% tags=["needs-jupyter"]
import base64
import hashlib
from urllib.parse import parse_qsl, urlencode, urlsplit

verifier = secrets.token_urlsafe(48)
challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
asked = {
    "response_type": "code", "client_id": town.app.url, "redirect_uri": "http://127.0.0.1/back",
    "resource": town.url, "scope": "loans:read", "state": secrets.token_urlsafe(16),
    "code_challenge": challenge, "code_challenge_method": "S256",
}
await ada.open(f"{hall['authorization_endpoint']}?{urlencode(asked)}")
came = dict(parse_qsl(urlsplit(ada.back).query))
print("came back:", *came)
print("the same state:", came["state"] == asked["state"])
print("the same issuer:", came["iss"] == hall["issuer"])

# %% [markdown]
"""
The **authorization code** is good once, for a minute. It went through the browser, so somebody may have read it. `resource` names the
library: the token will be for this server alone. Now three attempts to exchange the code: by a thief, by the app, and
by the thief again, who has found the verifier.
"""

# %% tags=["needs-jupyter"]
def exchange(verifier):
    form = {name: asked[name] for name in ("client_id", "redirect_uri", "resource")}
    form |= {"grant_type": "authorization_code", "code": came["code"], "code_verifier": verifier}
    return httpx2.post(hall["token_endpoint"], data=form)


print("a thief: ", exchange("a guess, which is long enough to be a verifier").json())
tokens = exchange(verifier).json()
print("the app: ", tokens["token_type"], tokens["scope"], tokens["expires_in"], "s")
print("twice:   ", exchange(verifier).json()["error"])
print("the app's token now:", (await town.request(tokens["access_token"])).status)

# %% [markdown]
"""
A code that is used twice has leaked, so the stand-in ends what it gave for it.

**state** is the app's random mark. An answer without it belongs to a sign-in that somebody else started. **iss** is the
issuer, and it answers a subtler attack. An application talks to many town halls, and one of them may be Mallory's:

![The mix-up attack. The app believes that it signs in at Mallory's town hall. Mallory sends the browser on to the honest one. The honest code comes back, and the app would carry it to Mallory. The issuer in the answer says honest, the app expected Mallory, so it stops.](drawings/mix-up.svg)

PKCE does not help here: the app itself would hand the verifier to Mallory. So the client remembers which issuer it
asked, and compares (RFC 9207):

| the metadata promise `iss` | `iss` in the answer | the client |
|---|---|---|
| yes or no | present | compares the two texts, character by character |
| yes | missing | refuses |
| no | missing | goes on |

### Exercise 5.2: the answer of a sign-in

Define `code_from(url, sent)`. `url` is the address that the browser came back with. `sent` is what the client remembers:
`{"state": "...", "issuer": "https://...", "iss_promised": True}`. It returns the code. For everything else it raises a
`ValueError` that names the reason: `state`, `iss`, or the error in the answer, such as `access_denied`. It checks the
issuer before it believes an error.
"""

# %% exercise="5.2"

# %%
%mcp check 5.2

# %% [markdown]
"""
## 5 · A scope for each tool

Ada's app has a token with `loans:read`. What does it see, and what may it call?
"""

# %% tags=["needs-jupyter"]
adas_token = adas_wallet.tokens.access_token


async def listed(token):
    """Return the names of the tools that a server lists for a token."""
    async with httpx2.AsyncClient(headers={"Authorization": f"Bearer {token}"}) as http:
        async with Client(streamable_http_client(town.url, http_client=http)) as client:
            return {tool.name for tool in (await client.list_tools()).tools}


everything = {tool.name for tool in await library.list_tools()}
print("not for Ada's token:", sorted(everything - await listed(adas_token)))

# %% [markdown]
"""
The list leaves out what the caller may not use. That spares a model a useless attempt. It is not the protection: a
client can call what it was never shown.
"""

# %%
%mcp predict 5.b

# %% tags=["needs-jupyter"]
answer = await town.call(adas_token, "bring_back", title="Dune")
print(answer.status)
print(town.shown(answer.challenge).replace(", ", ",\n    "))

# %% [markdown]
"""
<details><summary>Explanation</summary>

401 says *I do not know you*; 403 says *I know you, and you may not*. The header names the missing scope. All scopes
that the call needs come at once, so that the person is asked once. A `ToolError` would go to the model, which cannot
open a browser.

</details>

The app can now ask Ada for more: the **step-up**. The SDK's client does it by itself. It asks for the old scopes and
the new one together, since the new token takes the place of the old one.
"""

# %% tags=["needs-jupyter"]
ada.allows = ["loans:read", "loans:write"]
async with app_of(ada, adas_wallet, client_metadata_url=town.app.url) as client:
    print((await client.call_tool("bring_back", {"title": "Dune"})).structured_content)
print("scopes now:", adas_wallet.tokens.scope)

# %% [markdown]
"""
Small scopes are worth the trouble. A stolen token that reads cannot write, and Ada understands what she allows.

### Exercise 5.3: one book for another

Define the tool `swap(old, new)`. The caller brings back the book `old` and borrows the book `new` for three weeks from
`TODAY`. It returns `"Kindred: lent to Ada until 2026-11-23"`, and needs the scope `loans:write`. If the caller has not
borrowed `old`, or the library does not have `new`, it is a `ToolError` that names that title. Then nothing has changed.
Other people's loans stay as they are.
"""

# %% exercise="5.3" tags=["project"]

# %%
%mcp check 5.3

# %% [markdown] tags=["teacher"]
"""
**For teachers.** Three wrong answers to 5.3 are worth a talk: `member` as an argument; a statement that ends everybody's
loan of the title; one that brings back `old` before it looks for `new`. Ask: "Which of them would a test with one member
find?" and "Who decides which scopes exist?" (The
server's author; the town hall only passes them on.)
"""

# %% [markdown]
"""
## 6 · Tokens that end

An access token is short-lived: ten minutes here. After that, the app does not bother Ada again. It has a second token,
the **refresh token**, which it shows to nobody but the town hall.
"""

# %% tags=["needs-jupyter"]
def refresh(token):
    form = {"grant_type": "refresh_token", "refresh_token": token, "client_id": town.app.url}
    return httpx2.post(hall["token_endpoint"], data=form).json()


first = adas_wallet.tokens
second = refresh(first.refresh_token)
print("another access token: ", second["access_token"] != first.access_token)
print("another refresh token:", second["refresh_token"] != first.refresh_token)
print("the first access token: ", (await town.request(first.access_token)).status)
print("the second:             ", (await town.request(second["access_token"])).status)

# %% [markdown]
"""
Both tokens were replaced. For clients without a secret, such as desktop applications, the specification requires that
for refresh tokens. The reason is a thief.
"""

# %%
%mcp predict 5.c

# %% tags=["needs-jupyter"]
print("the old refresh token:  ", refresh(first.refresh_token)["error"])
print("the second access token:", (await town.request(second["access_token"])).status)
print("the newer refresh token:", refresh(second["refresh_token"])["error"])

# %% [markdown]
"""
<details><summary>Explanation</summary>

Somebody used a replaced token, so two have it. The town hall cannot tell the thief from the app, and ends the sign-in
for both. Ada signs in again; the thief cannot.

</details>

A client asks for a refresh token with `refresh_token` in the `grant_types` of its document. Some town halls want the
scope `offline_access` as well. That one is between client and town hall, so a server never asks for it. The tokens of
this stand-in are random, and only the town hall knows what they mean. For a server elsewhere, there is another kind.
"""

# %%
%mcp stop

# %% [markdown]
"""
## 7 · Tokens of another issuer

Most town halls issue a **JSON Web Token** (JWT): three parts with dots between them, each in base64. `TownHall` is a
stand-in that issues such tokens, and publishes its public key as a *JWK set*. The library is known to it by its public
address, `AUDIENCE`.
"""

# %% tags=["needs-jupyter"]
from mcp_notebook.course.town_hall import TownHall

AUDIENCE = "https://library.example/mcp"
town_hall = TownHall()
town.name(town_hall.url, "town-hall")
good = {"sub": "ada", "aud": AUDIENCE, "client_id": "reading-app", "scope": "loans:read"}
signed = town_hall.sign(**good)

header, claims = (json.loads(base64.urlsafe_b64decode(part + "==")) for part in signed.split(".")[:2])
print("header:", header)
print("claims:", town.shown(claims | {"exp": "in eight hours"}))

# %% [markdown]
"""
![A token has three parts. The header names the algorithm and the key. The claims say who issued it, for whom, until when, whose it is and what it allows. The signature covers both. Each check of the library refuses another forgery.](drawings/token-checks.svg)

Everybody can read this, so it is not a place for secrets. And everybody can *write* it. Only the signature needs the
private key of the town hall. Here is a verifier that was written after a long fight with an error about signatures.
"""

# %% tags=["needs-jupyter"]
import jwt
from mcp.server.auth.provider import AccessToken


def read_only(token):
    """Read the claims of a token."""
    claims = jwt.decode(token, options={"verify_signature": False})
    scopes = claims["scope"].split()
    return AccessToken(token=token, client_id=claims["client_id"], scopes=scopes, subject=claims["sub"])


brought = town_hall.forgeries(AUDIENCE)

# %%
%mcp predict 5.d

# %% tags=["needs-jupyter"]
def try_all(verify):
    """Try each forgery, and a good token that lacks two claims."""
    for name, token in {**brought, "good, without scope": town_hall.sign(**good | {"scope": None})}.items():
        try:
            verdict = "let in" if verify(token) else "refused"
        except Exception as error:
            verdict = f"{type(error).__name__}, so the client gets HTTP 500"
        print(f"{name:26}{verdict}")


try_all(read_only)

# %% [markdown]
"""
<details><summary>Explanation</summary>

Every text of the right form is believed. *HMAC with the public key* is **key confusion**: the attacker writes
`alg: HS256`, a method with one shared key, and signs with the town hall's *public* key. A verifier that lets the token
choose the algorithm would verify it with that same key. The last line is as bad in another way. The token is good, and
the server crashes: not every issuer writes `scope` or `client_id`.

</details>

### Exercise 5.4: verify a token

Define `verify(token)`. It returns an `AccessToken` for a token that the town hall signed for `AUDIENCE`, and None for
everything else. A token must have `exp`, `iss`, `aud` and `sub`; `aud` may be a list. A token without `scope` has no
scopes. Without `client_id`, its subject takes that place. `KEYS` fetches the public keys.
"""

# %% tags=["needs-jupyter"]
KEYS = jwt.PyJWKClient(town_hall.keys)

# %% exercise="5.4" tags=["needs-jupyter"]

# %% tags=["needs-jupyter"]
%mcp check 5.4

# %% [markdown]
"""
In a server, this is the method of a `TokenVerifier`, and `AuthSettings` says who issues the tokens. `JwtVerifier` is the
one of this project, and `%mcp export --auth jwt` puts it into your package. It also allows for clocks that differ, and
answers 503 while the issuer is down. For tokens that are only random text, a server asks the issuer about each one
(*introspection*, RFC 7662): that is `--auth introspection`.
"""

# %% tags=["needs-jupyter"]
from mcp.server.auth.settings import AuthSettings
from mcp_notebook import NotebookServer
from mcp_notebook.server.sign_in import JwtVerifier

settings = AuthSettings(issuer_url=town_hall.url, resource_server_url=AUDIENCE, validate_token_resource=True)
branch = NotebookServer("branch", token_verifier=JwtVerifier(town_hall.url, [AUDIENCE]), auth=settings)


@branch.tool()
def open_until() -> str:
    """Say when the branch library closes."""
    return "17:00"


at_branch = %mcp serve --server branch
for name, text in {"good": signed, "good, without scope": town_hall.sign(**good | {"scope": None}), **brought}.items():
    print(f"{name:26}{(await town.request(text, url=at_branch.url)).status}")

# %%
%mcp stop --server branch

# %% [markdown]
"""
## Looking back

- A bearer token is in the header, compared in constant time, never in a URL. It says *may come in*, not *who*.
- An MCP server verifies tokens. 401, metadata, sign-in, token, again: a client finds its way by itself.
- The app's id is the URL of its document. PKCE, `state` and `iss` protect the way through the browser.
- A tool needs its scope. Lists show what the caller may use; 403 names what is missing.
- A verifier checks signature, algorithm, issuer, audience and expiry. Each of them refuses another forgery.
- `caller`, `my_loans`, `bring_back` and `swap` belong to the project now.

**Test yourself**

<details><summary>1. Which of the four roles does an MCP server have?</summary>

The resource server. It verifies tokens, and never issues or fetches one for its clients.

</details>
<details><summary>2. A client gets 401, another gets 403. What does each do next?</summary>

After 401 it reads `resource_metadata` and signs in. After 403 with `insufficient_scope`, it asks the person for the
scope that the header names.

</details>
<details><summary>3. Why does PKCE not stop the mix-up attack?</summary>

The client hands its verifier to the town hall that it believes in, which is the attacker's. The comparison of `iss`
stops it.

</details>
<details><summary>4. A genuine token of Ada's is for another server. Why do you refuse it?</summary>

It was not issued for you. If you accepted it, every server that Ada uses could call yours in her name.

</details>
<details><summary>5. Where does a tool learn in whose name it is called?</summary>

From the token (`get_access_token`). An argument is only what a model has written.

</details>

**Outdated elsewhere**

- *Dynamic client registration first.* It is deprecated. A Client ID Metadata Document needs no registration.
- *The MCP server as its own authorization server*, with `/authorize` in it. That was the specification of March 2025.
- *Session ids as a proof of who calls.* The current protocol has no sessions, and they never proved anything.
- *The token in the URL of an SSE server.* It is forbidden, and that transport is superseded.

WORDS bearer token, authorization server, resource owner, resource server, protected-resource metadata, metadata
document, PKCE, authorization code, access token, refresh token, issuer, audience, JSON Web Token, JWK set, key
confusion, introspection, scope, step-up, dynamic client registration, TLS

**In the specification:**
[authorization](https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization) ·
[discovery](https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization/authorization-server-discovery) ·
[client registration](https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization/client-registration) ·
[security considerations](https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization/security-considerations)

**Next:** [chapter 5b](05b-security.ipynb), what a call may do once its caller is known.
"""
