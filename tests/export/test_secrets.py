"""What is taken for a secret, what is not, and that no finding says one."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_notebook.export.settings.secrets import find, hide, refuse, withheld
from mcp_notebook.recording import Call

ENVIRONMENT = {"OPENAI_API_KEY": "abcd1234efgh", "HOME": "/home/somebody", "SECRET_KEY": "development"}

# Put together, so that nobody takes this file for one that has secrets in it.
OPENAI = "sk-" + "proj-abcDEF1234567890abcdef"
ANTHROPIC = "sk-" + "ant-abcdefgh12345678xyz"
GITHUB = "ghp" + "_" + "a1B2" * 9
URL = "postgresql://me:" + "s3cr3tpw@db/x"

SECRETS = {
    "an OpenAI key": f"x = {OPENAI!r}",
    "an Anthropic key": f"x = {ANTHROPIC!r}",
    "two literals side by side": f"x = ({ANTHROPIC[:7]!r}\n    {ANTHROPIC[7:]!r})",
    "a GitHub token in bytes": f"x = b{GITHUB!r}",
    "a new GitHub token": f"x = {'github_' + 'pat_' + 'a1B2' * 12!r}",
    "an AWS key": f"x = {'AK' + 'IAABCDEFGHIJKLMNOP'!r}",
    "a Google key": f"x = {'AI' + 'za' + 'Sy1B-' * 7!r}",
    "a Slack token": f"x = {'xo' + 'xb-1234567890-abcdefghij'!r}",
    "a Stripe key": f"x = {'sk_' + 'live_abcdef1234567890'!r}",
    "a JSON Web Token": f"x = {'ey' + 'JhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.abc'!r}",
    "a private key": 'x = """-----BEGIN RSA PRI' + 'VATE KEY-----\nMIIabc123\n-----END RSA PRIVATE KEY-----"""',
    "a URL with a password": f"x = {URL!r}",
    "a key in a URL": "x = 'https://a.b/c?api_key=abcdef123456XY'",
    "a bearer token": "headers = {'Authorization': 'Bearer abcdefgh12345678xyz'}",
    "a part of an f-string": f"x = f'Bearer {OPENAI} {{q}}'",
    "a key in a comment": f"# {OPENAI}",
    "a password": "password = 'hunter2'",
    "a password in a dictionary": "d = {'password': 'hunter2'}",
    "an item": "os.environ['API_TOKEN'] = 'ab12cd34'",
    "an attribute": "client.api_key = 'zx81zx82'",
    "a keyword": "connect(token='abc123def')",
    "a default argument": "def f(api_key='zx81zx82'): pass",
    "a default of a field": "class C(BaseModel):\n    token: str = Field('abc123xyz')",
    "a default of a variable": "x = os.environ.get('API_TOKEN', 'ab12cd34')",
    "a wrapped secret": "DB_PASSWORD = SecretStr('s3cr3tt')",
    "a login": "c = httpx.BasicAuth('me', 'hunter22')",
    "a pair": "r = get(u, auth=('me', 'hunter22'))",
    "a comparison": "if token == 'hunter2x': pass",
    "a way out": "token = os.getenv('T') or 'hunter2x'",
    "a password beside a user": "USER, PASSWORD = 'bob', 'tr0ub4dor'",
    "one of several": "API_KEYS = ['tr0ub4dor']",
    "a key of several": "valid_tokens = {'tr0ub4dor-3': 'bob'}",
    "a password of no Latin letters": "password = 'п@роль-слово'",
    "a password with a dollar": "x = 'mysql://bob:p$w0rd!9@h/x'",
    "the beginning of a URL": "x = f'postgresql://me:s3cr3tpw@{host}/x'",
    "a URL with a user that is put in": "x = f'postgresql://{user}:s3cr3tpw@db/x'",
    "a connection string": "x = 'host=db user=bob password=s3cr3tpw dbname=x'",
    "another connection string": "x = 'Driver={SQL};Uid=bob;Pwd=s3cr3tpw9;'",
    "a configuration": 'x = """\nuser: bob\npassword: tr0ub4dor-and-3\n"""',
    "a configuration in JSON": """x = json.loads('{"password": "tr0ub4dor"}')""",
    "a password in a comment": "x = 1  # password: tr0ub4dor-and-3",
    "the value of a variable": "x = 'before abcd1234efgh after'",
    "a word that is the value of a variable": "x = 'development'",
}

PUT_TOGETHER = {
    "added constants": f"x = {ANTHROPIC[:7]!r} + {ANTHROPIC[7:]!r}",
    "added constants and variables": "x = 'postgresql://' + user + ':s3cr3tpw@db/x'",
    "str.format": "x = 'postgresql://{}:{}@db/x'.format(user, 's3cr3tpw')",
    "percent": "x = 'postgresql://%s:%s@db/x' % (user, 's3cr3tpw')",
    "str.join": f"x = ''.join([{OPENAI[:9]!r}, {OPENAI[9:]!r}])",
    "a constant in an f-string": f'x = f"{{{GITHUB[:4]!r}}}{GITHUB[4:]}"',
}
"""Secrets that no text of a program has as a whole, which docs/exporting.md lists as not found."""

NO_SECRETS = [
    "password = 'changeme'",
    "api_key = 'your-key-here'",
    "api_key = '<your key>'",
    "api_key = 'sk-...'",
    "api_key = 'sk-xxxxxxxxxxxxxxxxxxxx'",
    "t = '${TOKEN}'",
    "token = 'xxx'",
    "token = 'xxxxxxxxxxxx'",
    "token = ''",
    "def f(token: str): pass",
    "def f(password: Literal['password', 'otp']): pass",
    "class E(Enum):\n    PASSWORD = 'password'\n    TOKEN = 'session-value-1'",
    "token_url = 'https://a.b/token'",
    "token_file = '/run/secrets/token'",
    "password_file: str = '/run/secrets/token'",
    "max_tokens = 100",
    "x = 'development mode'",
    "aws = 'AKIA" + "IOSFODNN7EXAMPLE'",
    "url = 'postgresql://user:password@localhost/db'",
    "url = f'postgresql://{user}:{password}@{host}/db'",
    "url = 'postgresql://{}:{}@db/x'.format(user, password)",
    "url = 'postgresql://' + user + ':' + password + '@db/x'",
    "connect(token=registry.lookup_current())",
    "x = 'The token: a word.\\npassword: the password\\ntoken: OAuth2\\n'",
    "sql = 'SELECT * FROM users WHERE password = :password1 AND token=?'",
    "tokens = ['the', 'running', 'cat', '</s>']",
    "url = f'postgresql://{user}:{password}@localhost/db'",
    "url = 'ssh://git@host:22/x'",
    "url = 'https://example.com/a:b@c'",
    "token = os.environ['GITHUB_TOKEN']",
    "token = 'GITHUB_TOKEN'",
    "password = input('Your password: ')",
    "x = Field(description='The access token of the user')",
    "token_type = 'bearer'",
    "grant_type = 'client_credentials'",
    "schema = {'type': 'string', 'password': 'string'}",
    "schema = {'password': {'type': 'string'}}",
    "x = 'task-management-system-1'",
    "scopes = ['read:token']",
    "api_key_header = 'X-API-Key'",
    "if kind == 'password': pass",
    "TOKENIZER = 'gpt2-large-1'",
    "cookie = 'a cookie recipe'",
    f"x = {OPENAI!r}  # not a secret",
]


@pytest.mark.parametrize("text", SECRETS.values(), ids=SECRETS)
def test_secrets_are_found(text):
    (found,) = find(text, ENVIRONMENT)
    assert found.value not in repr(found)
    assert found.value not in str(found)


@pytest.mark.parametrize("text", PUT_TOGETHER.values(), ids=PUT_TOGETHER)
def test_what_code_puts_together_is_not_evaluated(text):
    assert find(text, ENVIRONMENT) == []


@pytest.mark.parametrize("text", PUT_TOGETHER.values(), ids=PUT_TOGETHER)
def test_a_whole_text_in_any_file_stops_what_code_puts_together(text):
    whole = eval(text.removeprefix("x = "), {"user": "me"})
    files = {"server.py": text, "tests/test_calls.py": f"assert call() == {whole!r}\n"}
    assert {finding.weight for finding in refuse(files, {}, [])} == {"stops"}


@pytest.mark.parametrize("text", NO_SECRETS)
def test_what_only_looks_like_one_is_not(text):
    assert find(text, ENVIRONMENT) == []


@pytest.mark.parametrize(
    "text",
    [
        "token: ${{ secrets.TOKEN }}\n",
        "export X_TOKEN=$(python -c 1)\n",
        "env: [API_KEY=${API_KEY}]\n",
        "API_KEY=\n# the token (required)\nTOKEN=\n",
        "The token: a word for it.\n",
    ],
)
def test_nor_is_it_in_files_that_are_no_python(text):
    assert find(text, ENVIRONMENT, "README.md") == []


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("compose.yaml", "name: x\npassword: hunter2\n"),
        (".env.example", "A=b\nAPI_TOKEN=ab12cd34\n"),
        ("ci.json", '{"name": "x", "password": "hunter2"}'),
        ("Dockerfile", f"ENV X={OPENAI}\n"),
    ],
)
def test_secrets_are_found_in_every_kind_of_file(path, text):
    assert len(find(text, {}, path)) == 1


def test_a_secret_is_found_where_it_is():
    (found,) = find(f"a = 1\n\nb = [{OPENAI!r}]\n", {})
    assert (found.line, found.column, found.value) == (3, 5, OPENAI)


KNOWN = 'p"w\u00e9 & \\ 12'


@pytest.mark.parametrize(
    "text",
    [KNOWN, repr(KNOWN), json.dumps(KNOWN), f"-e X={KNOWN}", base64.b64encode(KNOWN.encode()).decode()],
)
def test_no_file_has_a_secret_that_was_lifted_out_in_any_form(text):
    (finding,) = refuse({"README.md": f"hello\n{text}\n", "b.py": "x = 1"}, {}, [KNOWN])
    assert finding.weight == "stops"
    assert finding.name == "README.md, line 2"
    assert KNOWN[2:] not in str(finding)


def test_a_short_secret_is_not_looked_for_inside_other_words():
    assert refuse({"a.py": "port = 12345\nx = 'abcdef'"}, {}, ["1234", "abc"]) == []
    assert len(refuse({"a.py": "port = '1234'"}, {}, ["1234"])) == 1


@given(st.text(alphabet="abcDEF123-_", min_size=20, max_size=40).filter(lambda t: any(c.isdigit() for c in t)))
def test_no_finding_says_more_than_how_a_secret_begins(tail):
    value = f"sk-{tail}"
    for finding in refuse({"server.py": f"x = {value!r}"}, {}, [value]):
        assert value[:6] not in str(finding)
        assert value[:6] not in repr(finding)


def test_a_call_with_a_secret_in_it_is_withheld():
    def call(arguments, result=None):
        made = Call(server="s", method="tools/call", name="t", arguments=arguments)
        made.end("done", result or {})
        return made

    assert withheld(call({"q": "x", "n": 1, "none": None}), {}) is None
    assert withheld(call({"password": "hunter2"}), {}) == "its arguments has a secret in it".replace("has", "have")
    assert (
        withheld(call({}, {"content": [{"type": "text", "text": f"key {GITHUB}"}]}), {})
        == "its result has a secret in it"
    )
    assert withheld(call({"q": "the live one"}), {}, ["the live one"]) is not None
    asked = call({})
    asked.add("answer", {"action": "accept", "content": {"password": "hunter2"}})
    assert withheld(asked, {}) == "an answer to it has a secret in it"


def test_a_password_in_the_example_of_a_docstring_or_in_a_comment_is_found() -> None:
    source = 'def f(password: str) -> None:\n    """Log in.\n\n    >>> f(password="tr0ub4dor-and-3")\n    """\n'
    assert [(each.line, each.value) for each in find(source, {})] == [(4, "tr0ub4dor-and-3")]
    assert [each.value for each in find("# password = 'tr0ub4dor-and-3'\nx = 1\n", {})] == ["tr0ub4dor-and-3"]


def test_hiding_leaves_the_beginning_of_each_secret() -> None:
    assert hide("%env API_TOKEN=tr0ub4dor-and-3", {}) == "%env API_TOKEN=tr..."
    assert hide("login('tr0ub4dor-and-3') is left out", {}, ["tr0ub4dor-and-3"]) == "login('tr...') is left out"
    assert hide("%env API_TOKEN tr0ub4dor-and-3", {"API_TOKEN": "tr0ub4dor-and-3"}) == "%env API_TOKEN tr..."


def test_a_key_of_any_name_is_a_secret_where_its_value_was_made_by_chance() -> None:
    assert find('WEATHER_KEY = "f3b0c44298fc1c149afbf4c8996fb924"\n', {})
    assert find('MAPS_KEY = "kV9sQ2xTz7LmNp4RwYb8"\n', {})
    assert not find('CACHE_KEY = "user-profile-v2-2024"\nSORT_KEY = "created_at"\n', {})
    assert find('x = "an open-sesame-7 here"\n', {"DOOR_KEY": "open-sesame-7"})


def test_what_only_stands_for_a_secret_may_be_written():
    source = 'if KEY != "none":\n    ask("changeme")\n'
    assert refuse({"server.py": source}, {}, ["none", "changeme"]) == []
    assert len(refuse({"server.py": source.replace("none", "swordfish")}, {}, ["swordfish"])) == 1
