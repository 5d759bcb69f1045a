"""The kinds of secrets that an export keeps out of a package, each in the place where notebooks have it."""

# ruff: noqa: E501 - one kind, one line

from __future__ import annotations

import base64
import json
import random
import re
import string
import time

import pytest
from mcp.server.mcpserver import MCPServer

from mcp_notebook.export.module.writing import Module
from mcp_notebook.export.ran import RanCell, Subject
from mcp_notebook.export.settings.known_formats import by_form
from mcp_notebook.export.settings.lifting import lift
from mcp_notebook.export.settings.secrets import find, refuse, withheld
from mcp_notebook.recording import Call
from tests.support import ROOT

HEX = "0123456789abcdef"
SMALL = string.ascii_lowercase + string.digits
ANY = string.ascii_letters + string.digits


def made(length: int, letters: str = ANY, seed: int = 0) -> str:
    """Return a text by chance, the same in every run, that has letters and digits."""
    chance = random.Random(f"{length} {letters} {seed}")
    while True:
        text = "".join(chance.choice(letters) for _ in range(length))
        if any(c.isdigit() for c in text) and (letters.isdigit() or any(c.isalpha() for c in text)):
            return text


def uuid(seed: int = 0) -> str:
    return "-".join(made(n, HEX, seed + n) for n in (8, 4, 4, 4, 12))


# What services give out, under a name that says nothing. Put together, so that no scanner takes this file for a leak.
FORMATS = {
    "Vault": "hv" + "s." + made(95),
    "a short one of Vault": "hv" + "s." + made(24),
    "Vault, batch": "hv" + "b." + made(150),
    "Grafana": "gl" + "sa_" + made(32) + "_" + made(8, HEX),
    "Grafana Cloud": "gl" + "c_" + made(60),
    "Atlassian": "ATA" + "TT3xFfGF0" + made(180),
    "Bitbucket": "AT" + "BB" + made(32),
    "Postman": "PM" + "AK-" + made(24, HEX) + "-" + made(34, HEX),
    "New Relic": "NR" + "AK-" + made(27, string.ascii_uppercase + string.digits),
    "New Relic, browser": "NR" + "JS-" + made(19, HEX),
    "Doppler": "dp" + ".pt." + made(43),
    "Doppler, service": "dp" + ".st.dev." + made(43),
    "Sentry": "sn" + "tryu_" + made(64, HEX),
    "Sentry, organization": "sn" + "trys_" + made(80),
    "Supabase": "sb" + "p_" + made(40, HEX),
    "Supabase, new": "sb_" + "secret_" + made(22) + "_" + made(8),
    "PlanetScale": "pscale" + "_tkn_" + made(43),
    "PlanetScale, password": "pscale" + "_pw_" + made(43),
    "Fly": "FlyV1 " + "fm2_" + made(120),
    "Fly, older": "fo" + "1_" + made(43),
    "Airtable": "pat" + made(14) + "." + made(64, HEX),
    "Square": "EA" + "AAl" + made(59),
    "Square, secret": "sq0" + "csp-" + made(43),
    "Mailgun": "key-" + made(32, HEX),
    "Mailgun, new": made(32, HEX) + "-" + made(8, HEX) + "-" + made(8, HEX, 1),
    "Mailchimp": made(32, HEX) + "-us" + "14",
    "age": "AGE-SECRET-" + "KEY-1" + made(58, "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L"),
    "Discord": "M" + made(25) + "." + made(6) + "." + made(38),
    "Azure AD": made(3) + "8Q" + "~" + made(34),
    "Azure storage": made(76) + "+A" + "St" + made(6) + "==",
    "Terraform": made(14) + ".atlas" + "v1." + made(67),
    "Notion": "nt" + "n_" + made(11, string.digits) + made(35),
    "Notion, older": "sec" + "ret_" + made(43),
    "OpenAI": "sk-" + "proj-" + made(60),
    "Anthropic": "sk-" + "ant-api03-" + made(93) + "AA",
    "OpenRouter": "sk-" + "or-v1-" + made(64, HEX),
    "Hugging Face": "hf" + "_" + made(34),
    "npm": "np" + "m_" + made(36),
    "PyPI": "py" + "pi-AgEIcHlwaS5vcmc" + made(120),
    "Slack": "xo" + "xb-" + made(12, string.digits) + "-" + made(12, string.digits) + "-" + made(24),
    "Slack, app": "xa" + "pp-1-A" + made(10).upper() + "-" + made(12, string.digits) + "-" + made(60, HEX),
    "Stripe": "sk_" + "live_" + made(24),
    "Stripe, restricted": "rk_" + "live_" + made(60),
    "a webhook's secret of Stripe": "whs" + "ec_" + made(32),
    "Twilio": "S" + "K" + made(32, HEX),
    "SendGrid": "S" + "G." + made(22) + "." + made(43),
    "DigitalOcean": "dop" + "_v1_" + made(64, HEX),
    "Linear": "lin" + "_api_" + made(40),
    "Figma": "fi" + "gd_" + made(40),
    "Heroku": "HR" + "KU-AA" + made(58),
    "GitHub": "gh" + "p_" + made(36),
    "GitHub, app": "gh" + "s_" + made(36),
    "GitHub, fine-grained": "github" + "_pat_" + made(22) + "_" + made(59),
    "GitLab": "gl" + "pat-" + made(20),
    "GitLab, deploy": "gl" + "dt-" + made(20),
    "AWS": "AK" + "IA" + made(16, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"),
    "AWS, for a session": "IQoJ" + "b3JpZ2lu" + made(200),
    "Bedrock": "AB" + "SK" + made(120),
    "Google": "AI" + "za" + made(35),
    "Google, OAuth": "GOC" + "SPX-" + made(28),
    "Google, access": "ya" + "29." + made(80),
    "Databricks": "da" + "pi" + made(32, HEX),
    "Docker Hub": "dckr" + "_pat_" + made(27),
    "Tailscale": "ts" + "key-auth-" + made(17) + "-" + made(32),
    "CircleCI": "CC" + "IPAT_" + made(22) + "_" + made(40, HEX),
    "Buildkite": "bk" + "ua_" + made(40, HEX),
    "Netlify": "nf" + "p_" + made(36),
    "Pinecone": "pc" + "sk_" + made(6) + "_" + made(60),
    "Replicate": "r8" + "_" + made(37),
    "Groq": "gs" + "k_" + made(52),
    "xAI": "xa" + "i-" + made(80),
    "Perplexity": "pp" + "lx-" + made(48),
    "LangSmith": "lsv2" + "_pt_" + made(32, HEX) + "_" + made(10, HEX),
    "PostHog": "ph" + "x_" + made(43),
    "Contentful": "CF" + "PAT-" + made(43),
    "HubSpot": "pat" + "-na1-" + uuid(),
    "LaunchDarkly": "sd" + "k-" + uuid(),
    "Asana": "1/" + made(16, string.digits) + ":" + made(32, HEX),
    "Razorpay": "rz" + "p_live_" + made(14) + made(4, HEX),
    "Flutterwave": "FLW" + "SECK_TEST-" + made(32, "abcdefgh0123456789") + "-X",
    "Shopify": "sh" + "pat_" + made(32, HEX),
    "Sourcegraph": "sg" + "p_" + made(40, HEX),
    "SonarQube": "sq" + "p_" + made(40, HEX),
    "RubyGems": "ruby" + "gems_" + made(48, HEX),
    "Pulumi": "pu" + "l-" + made(40, HEX),
    "Dynatrace": "dt0" + "c01." + made(24).upper() + "." + made(64).upper(),
    "EasyPost": "EZ" + "AK" + made(54),
    "Brevo": "xkey" + "sib-" + made(64, HEX) + "-" + made(16),
    "Prefect": "pn" + "u_" + made(36),
    "Typeform": "tf" + "p_" + made(59),
    "Harness": "pa" + "t." + made(22) + "." + made(24) + "." + made(20),
    "1Password": "op" + "s_ey" + "J" + made(260),
    "Artifactory": "AK" + "Cp" + made(69),
    "OpenShift": "sha" + "256~" + made(43),
    "Octopus": "AP" + "I-" + made(26, string.ascii_uppercase + string.digits),
    "Plaid": "acc" + "ess-sandbox-" + uuid(),
    "Telegram": made(9, string.digits) + ":A" + "A" + made(33),
    "Twitter": "A" * 22 + made(80),
    "MaxMind": made(6) + "_" + made(29) + "_mm" + "k",
    "Infracost": "ic" + "o-" + made(32),
    "a JSON Web Token": "ey" + "J" + made(30) + ".ey" + "J" + made(60) + "." + made(43),
    "a private key": "-----BEGIN " + "PRIVATE KEY-----\n" + made(64) + "\n-----END PRIVATE KEY-----",
    "a key of OpenSSH": "-----BEGIN OPENSSH " + "PRIVATE KEY-----\n" + made(70) + "\n-----END OPENSSH PRIVATE KEY-----",
    "a key of PGP": "-----BEGIN PGP " + "PRIVATE KEY BLOCK-----\n\n" + made(64) + "\n-----END PGP PRIVATE KEY BLOCK-----",
    "a connection": "postgresql://me:" + made(12) + "@db.internal/x",
    "a connection of Redis": "redis://:" + made(12) + "@cache:6379/0",
    "a connection of Mongo": "mongodb+srv://app:" + made(14) + "@cluster0.mongodb.net",
    "a connection of ODBC": "Driver={SQL};Server=x;Uid=sa;Pwd=" + made(12) + ";",
    "a connection of .NET": "Server=x;User Id=sa;Password=" + made(12) + ";Encrypt=yes",
    "a connection of JDBC": "jdbc:postgresql://h/db?user=me&password=" + made(12),
    "a connection of Azure": "DefaultEndpointsProtocol=https;AccountName=x;AccountKey=" + made(86) + "==",
    "a service bus": "Endpoint=sb://x/;SharedAccessKeyName=a;SharedAccessKey=" + made(43) + "=",
    "a line of .pgpass": "db.internal:5432:shop:me:" + made(12),
    "a login of .netrc": "machine api.example.org login me password " + made(12),
    "a URL with a key as its user": "https://" + made(32, HEX) + "@o1.ingest.sentry.io/12",
    "a webhook of Slack": "https://hooks.slack." + "com/services/T" + made(8) + "/B" + made(8) + "/" + made(24),
    "a webhook of Discord": "https://discord.com/api/web" + "hooks/" + made(18, string.digits) + "/" + made(68),
    "a webhook of Teams": f"https://x.webhook.office.com/webhookb2/{uuid()}@{uuid(1)}/IncomingWebhook/{made(32, HEX)}/{uuid(2)}",
    "a webhook of Zapier": "https://hooks.zapier.com/hooks/catch/123456/" + made(7),
    "a bot's URL of Telegram": "https://api.telegram.org/bot" + made(9, string.digits) + ":A" + "A" + made(33) + "/sendMessage",
    "a signed URL of S3": "https://b.s3.amazonaws.com/k?X-Amz-Credential=x&X-Amz-Signature=" + made(64, HEX),
    "a signed URL of Google": "https://storage.googleapis.com/b/k?X-Goog-Signature=" + made(128, HEX),
    "a shared access signature": "https://x.blob.core.windows.net/c?sv=2024-01-01&sig=" + made(43) + "%3D",
    "a function of Azure": "https://x.azurewebsites.net/api/f?code=" + made(54) + "==",
    "a key in base64": base64.b64encode(("gh" + "p_" + made(36)).encode()).decode(),
}  # fmt: skip

SECRET = made(40)
SHORT = "tr0ub4dor"

# Schemes of headers: what follows is secret, whatever it looks like.
HEADERS = {
    "Token": f"Token {SECRET}",
    "token": f"token {SECRET}",
    "Bearer": f"Bearer {SECRET}",
    "Basic": "Basic " + base64.b64encode(b"me:tr0ub4dor").decode(),
    "ApiKey": f"ApiKey {SECRET}",
    "Api-Key": f"Api-Key {SECRET}",
    "Key": f"Key {SECRET}",
    "Digest": f'Digest username="me", realm="r", nonce="{made(16)}", uri="/", response="{made(32, HEX)}"',
    "AWS4": f"AWS4-HMAC-SHA256 Credential=AKID/20260101/eu/s3/aws4_request, SignedHeaders=host, Signature={made(64, HEX)}",
    "GoogleLogin": f"GoogleLogin auth={SECRET}",
    "SSWS": f"SSWS 00{SECRET}",
    "Splunk": f"Splunk {uuid()}",
    "Hawk": f'Hawk id="dh37", ts="1353832234", nonce="j4h3g2", mac="{made(43)}="',
    "NTLM": f"NTLM {made(56)}=",
    "Negotiate": f"Negotiate YII{made(80)}",
    "OAuth": f'OAuth oauth_consumer_key="{made(20)}", oauth_signature="{made(27)}%3D"',
    "DPoP": f"DPoP {SECRET}",
    "Bot": f"Bot {SECRET}",
    "GenieKey": f"GenieKey {uuid()}",
    "SharedKey": f"SharedKey account:{made(43)}=",
    "Zoho": f"Zoho-oauthtoken 1000.{made(32, HEX)}.{made(32, HEX, 1)}",
    "a scheme of somebody's own": f"Acme {SECRET}",
}  # fmt: skip

LINES = {
    "a password": f"tool --password {SHORT} run",
    "a password of letters": "mysqldump --password swordfish shop",
    "a password with a sign": "tool --password=hunter-two",
    "a quoted password": 'tool --password "swordfish" run',
    "a token": f"deploy --token={SECRET}",
    "an API key": f"deploy --api-key {SECRET}",
    "a login of curl": f"curl -u admin:{SHORT} https://x.org",
    "a login of curl in letters": "curl --user admin:swordfish https://x.org",
    "a header of curl": f'curl -H "Authorization: Token {SECRET}" https://x.org',
    "a key of curl": f"curl -H 'X-Api-Key: {SECRET}' https://x.org",
    "a cookie of curl": f"curl -H 'Cookie: session={SECRET}; theme=dark' https://x.org",
    "mysql": "mysql -u root -pswordfish shop",
    "psql": "PGPASSWORD=swordfish psql -h db shop",
    "docker": "docker login -u me -p swordfish registry.example.org",
    "a pipe into docker": "echo swordfish | docker login -u me --password-stdin",
    "sshpass": "sshpass -p swordfish ssh me@host",
    "redis": "redis-cli -h cache -a swordfish ping",
    "mongo": "mongosh -u me -p swordfish shop",
    "ldap": "ldapsearch -D cn=me -w swordfish -b dc=x",
    "smb": "smbclient //x/share -U me%swordfish",
    "openssl": "openssl enc -aes-256-cbc -pass pass:swordfish -in x",
    "zip": "zip -P swordfish out.zip x",
    "PowerShell": f"Connect-It -Password '{SHORT}' -User me",
    "Windows": f"xfreerdp /u:me /p:{SHORT} /v:host",
    "a variable": f"export API_TOKEN={SHORT}-3",
    "a variable of Windows": f"setx API_TOKEN {SHORT}-3",
    "a configuration of aws": f"aws configure set aws_secret_access_key {SECRET}",
    "a magic": f"%env API_TOKEN {SHORT}-3",
    "over two lines": "docker login -u me \\\n  -p swordfish registry.example.org",
}  # fmt: skip

PLACES = {
    "a tuple under auth": f"get(u, auth=('me', {SHORT!r}))",
    "a list under auth": f"get(u, auth=['me', {SHORT!r}])",
    "a dict under auth": f"connect(auth={{'user': 'me', 'pass': {SHORT!r}}})",
    "a user and a password under auth": f"auth = {{'admin': {SHORT!r}}}",
    "a tuple under credentials": f"credentials = ('me', {SHORT!r})",
    "a list under credentials": f"config = {{'credentials': ['me', {SHORT!r}]}}",
    "a dict under credentials": f"credentials = {{'login': 'me', 'pass': {SHORT!r}}}",
    "a text under credentials": f"credentials = 'me:{SHORT}'",
    "a text under auth": f"auth = 'me:{SHORT}'",
    "a class of credentials": f"c = PlainCredentials('me', {SHORT!r})",
    "an abbreviation": f"pw = {SHORT!r}",
    "a name without gaps": f"authtoken = {SHORT!r}",
    "a password of words": "password = 'correct horse battery staple'",
    "a seed phrase": "mnemonic = '" + "legal winner thank year wave sausage worth useful" + " legal winner thank yellow'",
    "a header of bytes": f"headers = [(b'authorization', b'Token {SECRET}')]",
    "a header of a tuple": f"headers = [('X-API-KEY', {SECRET!r})]",
    "a header that is set": f"r.add_header('Authorization', 'Token {SECRET}')",
    "a header as an item": f"s.headers['AUTHORIZATION'] = 'Token {SECRET}'",
    "a header of cookies": f"headers = {{'Cookie': 'sid={SECRET}; theme=dark'}}",
    "a key of a function": f"headers = {{'x-functions-key': {SECRET!r}}}",
    "a command in a list": "run(['mysql', '-u', 'root', '-pswordfish', 'shop'])",
    "an option in a list": f"run(['deploy', '--password', {SHORT!r}])",
    "a login of curl in a list": f"run(['curl', '-u', 'admin:{SHORT}', url])",
    "in an f-string": f"x = f'Authorization: Token {SECRET} {{q}}'",
    "in a docstring": f'def f():\n    """Call it.\n\n    >>> f(password="{SHORT}")\n    """',
    "in a comment": f"x = 1  # curl -u admin:{SHORT} https://x.org",
    "in comments of several lines": "# -----BEGIN " + f"PRIVATE KEY-----\n# {made(64)}\n# -----END PRIVATE KEY-----\nx = 1",
    "in a default": f"def f(authorization='Token {SECRET}'): pass",
    "in a key of a dict": f"x = {{{'gh' + 'p_' + made(36)!r}: 1}}",
    "in bytes": f"x = {('gh' + 'p_' + made(36)).encode()!r}",
    "in several literals": f"x = ('gl' 'sa_' {made(16)!r}\n     {made(16, seed=1)!r} '_0a1b2c3d')",
    "in a text of several lines": f'x = """\n[db]\nuser = me\npassword = {SHORT}\n"""',
    "in JSON within JSON": "x = " + repr(json.dumps({"body": json.dumps({"password": SHORT})})),
    "in an example of a schema": f"def f(q: Annotated[str, Field(examples=['Token {SECRET}', {'gh' + 'p_' + made(36)!r}])]): pass",
    "in a default of a schema": f"schema = {{'properties': {{'password': {{'type': 'string', 'default': {SHORT!r}}}}}}}",
    "in a key of encryption": f"f = Fernet({made(43) + '='!r})",
    "in a call with places": f"c = pymysql.connect('db', 'me', {SHORT!r}, 'shop')",
    "by the name of a service": f"datadog = {made(40, SMALL)!r}",
}  # fmt: skip

KINDS = {
    **{f"{kind}, by its form": f"x = {value!r}" for kind, value in FORMATS.items()},
    **{f"{kind}, in a header": f"headers = {{'Authorization': {value!r}}}" for kind, value in HEADERS.items()},
    **{f"{kind}, on a command line": f"run({line!r})" for kind, line in LINES.items()},
    **PLACES,
}


def test_there_are_many_kinds() -> None:
    assert len(KINDS) >= 200


@pytest.mark.parametrize("source", KINDS.values(), ids=KINDS)
def test_no_kind_of_secret_passes_the_search_before_writing(source: str) -> None:
    assert refuse({"src/p/server.py": source}, {}, [])


@pytest.mark.parametrize("value", [*FORMATS.values(), *HEADERS.values()], ids=[*FORMATS, *HEADERS])
def test_what_is_lifted_out_leaves_nothing_of_the_secret_behind(value: str) -> None:
    name = "Authorization" if value in HEADERS.values() else "x"
    source = f"VALUE = {value!r}\n\n\ndef f():\n    return {{{name!r}: {value!r}}}\n"
    subject = Subject(MCPServer("s"), "mcp", (RanCell(1, source),), {})
    module = lift(Module({"server.py": source}, "mcp"), subject, {}, package="p")
    known = [setting.live for setting in module.settings if setting.secret and setting.live]
    assert known
    assert refuse(module.files, {}, known) == []
    longest = max(re.findall(r"[\w+/]+", value), key=len)
    assert longest not in "".join(module.files.values())


@pytest.mark.parametrize("whole", ["FIRST + SECOND", "f'{FIRST}{SECOND}'", "''.join([FIRST, SECOND])"])
def test_a_marked_constant_whose_parts_are_in_the_module_stops_the_export(whole: str) -> None:
    first, second = "gh" + "p_", made(36)
    source = f"FIRST = {first!r}\nSECOND = {second!r}\nVALUE = {whole}  # secret\n"
    names = {"FIRST": first, "SECOND": second, "VALUE": first + second}
    module = lift(
        Module({"server.py": source}, "mcp"),
        Subject(MCPServer("s"), "mcp", (RanCell(1, source),), names),
        {},
        package="p",
    )
    known = [setting.live for setting in module.settings if setting.live]
    assert known == [first + second]
    (finding,) = refuse(module.files, {}, known)
    assert second not in str(finding)


@pytest.mark.parametrize("text", [*HEADERS.values()], ids=[*HEADERS])
@pytest.mark.parametrize("form", ["Authorization: {}", '{{"authorization": "{}"}}', "-H 'AUTHORIZATION: {}'"])
def test_headers_are_found_in_files_that_are_no_python(form: str, text: str) -> None:
    assert find(form.format(text.replace('"', "'") if '"' in form else text), {}, "README.md")


@pytest.mark.parametrize("text", [*FORMATS.values(), *LINES.values()], ids=[*FORMATS, *LINES])
def test_markdown_that_is_carried_is_searched_too(text: str) -> None:
    assert find(f"# A server\n\nStart it so:\n\n```\n{text}\n```\n", {}, "README.md")


@pytest.mark.parametrize("text", [*FORMATS.values(), *LINES.values()], ids=[*FORMATS, *LINES])
def test_a_call_with_any_of_them_becomes_no_test(text: str) -> None:
    call = Call(server="s", method="tools/call", name="t", arguments={"q": text})
    call.end("done", {"content": [{"type": "text", "text": "done"}]})
    assert withheld(call, {})


def test_the_list_of_formats_says_where_it_is_from_and_has_its_license_beside_it() -> None:
    folder = ROOT / "mcp_notebook" / "export" / "settings"
    about = json.loads((folder / "secret_formats.json").read_text("utf-8"))["about"]
    assert about["source"] == "https://github.com/gitleaks/gitleaks"
    assert re.fullmatch(r"[0-9a-f]{40}", about["revision"])
    license = (folder / "secret_formats.LICENSE").read_text("utf-8")
    assert license.startswith("MIT License")
    assert about["license"].removeprefix("MIT, ") in license


def test_every_pattern_of_the_list_is_one_for_python() -> None:
    data = json.loads((ROOT / "mcp_notebook" / "export" / "settings" / "secret_formats.json").read_text("utf-8"))
    assert len(data["forms"]) > 100
    for rule in data["forms"]:
        re.compile(rule["pattern"])
    for rule in data["named"]:
        re.compile(rule["names"] + rule["value"])


# --- what is none

INNOCENT = [
    "run('use --password to give one')",
    "run('tool --password PASSWORD --token TOKEN_FILE')",
    "run('tool --password <yours> --token $TOKEN -p 8080')",
    "run('tool --token-file /run/secrets/token --password-stdin')",
    "run(['docker', 'run', '-p', '8080:8080', 'image'])",
    "run('docker run -p 8080:8080 image; psql -p 5432 -U me')",
    "run('curl -u \"$USER:$PASSWORD\" https://x.org')",
    "run('curl -u user:password https://x.org')",
    "headers = {'Authorization': f'Bearer {token}'}",
    "headers = {'Authorization': 'Bearer ' + token}",
    "headers = {'Authorization': 'Bearer <token>'}",
    "headers = {'WWW-Authenticate': 'Bearer realm=\"x\", error=\"invalid_token\"'}",
    "x = 'The header Authorization: Bearer carries it'",
    "x = 'Authorization: a word for who may do what'",
    "cookies = {'theme': 'dark'}",
    "auth = 'oauth2'",
    "auth = ('user', 'password')",
    "auth = {'type': 'oauth2', 'flow': 'device', 'version': 'v2.1'}",
    "credentials = load_credentials('service-account-1')",
    "result = {'pass': 12, 'fail': 3}",
    "password = 'Enter the new password of the user'",
    "__all__ = ['Token', 'TokenGate']",
    "digest = 'sha256:" + made(64, HEX) + "'",
    "commit = '" + made(40, HEX) + "'",
    "x = '" + uuid() + "'",
    "image = 'python:3.12-slim@sha256:" + made(64, HEX) + "'",
    "url = 'https://example.org/a?page=2&sort=created_at_desc_2'",
    "x = 'https://docs.example.org/hooks/use-state-2'",
    "image = 'data:image/png;base64," + made(400) + "'",
    "model = 'claude-sonnet-4-5-20260101'",
    "x = 'test_parametrize_with_3_things_in_2026'",
    "x = 're_compile_2_patterns_of_3_kinds'",
    "x = 'npm_config_registry_url_of_2026'",
    "version = '2.3.0.post1+local20260101abc'",
    "password = data.encode('latin1')",
]


@pytest.mark.parametrize("source", INNOCENT)
def test_what_resembles_a_kind_is_none(source: str) -> None:
    assert find(source, {}) == []


TEACHING = {"sesame", "of-the-deployment", "guessed", "cards[card]", "get_access_token()"}
"""Passwords that the course makes up to talk about them, and code in its Markdown that gives a token its value."""


def cells() -> list[tuple[str, str, str]]:
    """Return the name, kind and text of all cells of the course and of the round trips."""
    found = []
    for path in sorted(ROOT.glob("notebooks/**/*.ipynb")):
        for number, cell in enumerate(json.loads(path.read_text("utf-8"))["cells"]):
            suffix = "py" if cell["cell_type"] == "code" else "md"
            found.append((f"{path.name}, {number}", f"x.{suffix}", "".join(cell["source"])))
    for folder in ("tests/export/round_trips", "docs", "mcp_notebook/export/project/templates"):
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in (".py", ".md", ".txt", ".ipynb"):
                found.append((path.name, path.name, path.read_text("utf-8")))
    return found


def test_nothing_in_the_course_the_documents_and_the_round_trips_is_taken_for_a_secret() -> None:
    everything = cells()
    wrong = [
        f"{name}, line {secret.line}: {secret}"
        for name, path, text in everything
        for secret in find(text, {}, path)
        if secret.value not in TEACHING
    ]
    assert len(everything) > 500
    assert wrong == []


def test_a_long_text_is_searched_in_a_time_that_grows_with_its_length() -> None:
    texts = [made(300_000), "a" * 300_000, "a." * 150_000, "a-b=c " * 50_000, "curl -u " * 40_000, '"' * 300_000,
             "-----BEGIN " + "PRIVATE KEY-----" + " " * 300_000, "https://" * 40_000, "Cookie: a=b; " * 25_000]  # fmt: skip
    begin = time.monotonic()
    for text in texts:
        find(text, {}, "README.md")
        list(by_form(text))
    assert time.monotonic() - begin < 120  # against a hang: it takes a few seconds
