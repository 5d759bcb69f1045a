"""Find secrets on command lines: ``--password x``, ``curl -u me:x``, ``mysql -px``, ``docker login -p x``."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mcp_notebook.export.settings.known_formats import SecretPart
from mcp_notebook.export.settings.wording import is_placeholder, is_shouted, says_secret

__all__ = ["in_commands", "is_program"]

SQL = "mysql mysqldump mysqladmin mysqlimport mysqlcheck mysqlsh mariadb mariadb-dump mariadb-admin"
LOGIN = "docker podman buildah skopeo nerdctl helm oc az crane oras cf npm ibmcloud"
BY_OPTION: dict[tuple[str, ...], str] = {
    ("-p=",): f"{SQL} 7z 7za rar unrar",
    ("-p",): f"{LOGIN} mongo mongosh mongodump mongorestore mongoexport mongoimport sshpass cqlsh twine "
    "rdesktop rabbitmqadmin crackmapexec hydra",
    ("-P",): "sqlcmd bcp osql isql zip unzip ipmitool mosquitto_pub mosquitto_sub",
    ("-w",): "ldapsearch ldapmodify ldapadd ldapdelete ldappasswd ldapwhoami",
    ("-a", "--auth"): "redis-cli http https httpie xh",
    ("-u", "-U", "--user", "--proxy-user"): "curl",
    ("-U",): "smbclient rpcclient",
    ("-A", "-X"): "snmpget snmpwalk",
    ("-passin", "-passout", "-pass", "-k"): "openssl",
    ("-storepass", "-keypass"): "keytool",
    ("-t",): "influx fly flyctl vercel doppler",
    ("-o",): "mount",
    (): "psql pg_dump wget gpg gh glab aws gcloud kubectl vault heroku git pip ssh ansible terraform rclone restic "
    "borg htpasswd ngrok snyk sentry-cli newrelic datadog wrangler huggingface-cli jupyter svn xfreerdp net kinit java",
}
SHORT = {program: options for options, programs in BY_OPTION.items() for program in programs.split()}
"""The short options of each program before a secret; ``=`` for one without a space."""

WORD = r"""(?:[^\s"'`|;&\\]|\\[^\n]|"[^"\n]{0,400}"|'[^'\n]{0,400}')+"""
WORDS = re.compile(rf"{WORD}|[|;&\n]+|\\\n")
OPTION = re.compile(
    r"""(?<![\w/.-])(?P<option>--?[A-Za-z][\w.-]{1,40}|/(?:p|pass|password|pwd|token)(?=:))(?:[=: ][ ]{0,3})"""
    r"""(?:"(?P<double>[^"\n]+)"|'(?P<single>[^'\n]+)'|(?P<bare>[^\s"'`,;|&<>()\[\]{}$@-][^\s"'`,;|&<>()\[\]{}]*))"""
)
"""A long option with its value, in a text of any kind."""

SETTING = re.compile(
    r"""(?:%env|%set_env|\bsetx|\bset|\bsetenv|\bconfig(?:ure)?\s+(?:set|add)|\bgit\s+config(?:\s+--\w+)?)\s+"""
    r"""(?:/m\s+)?(?P<name>[\w.:/-]{3,60})[\s=]\s*(?P<quote>["']?)(?P<value>[^\s"']{6,})(?P=quote)"""
)
"""A command that sets a variable of the environment or of a program's configuration."""

PIPED = re.compile(
    r"""\becho\s+(?:-n\s+)?["']?(?P<value>[^\s"'|$]{6,})["']?\s*\|[^\n|]*(?:--password-stdin|--with-token|-S\b|login)"""
)
POSITION = re.compile(
    r"""\b(?:htpasswd\s+-\w*b\w*\s+\S+\s+\S+|htpasswd\s+-\w*nb\w*\s+\S+|net\s+use\s+\S+|vault\s+login(?:\s+-\S+)*|"""
    r"""ngrok\s+(?:config\s+add-)?authtoken|ngrok\s+config\s+add-authtoken)\s+(?P<value>[^\s/-][^\s"']{5,})"""
)
"""Commands with a secret at a fixed place."""


def is_program(word: str) -> bool:
    """Return whether a word is a program whose options may be secret."""
    return word.rpartition("/")[2].removesuffix(".exe") in SHORT


def in_commands(text: str) -> Iterator[SecretPart]:
    """Yield the secrets on command lines in a text."""
    if "-" in text or "/" in text:
        for match in OPTION.finditer(text):
            group = match.lastgroup or "bare"
            option = match["option"].lstrip("-/")
            named = says_secret(option) or option.lower() in ("p", "pass", "storepass", "keypass", "auth")
            is_quoted = group != "bare" and " " not in match[group]
            if named and _is_value(match[group]) and (is_quoted or _is_alone(text, match)):
                yield _part(*match.span(group), match["option"])
        yield from _of_programs(text)
    for pattern in (SETTING, PIPED, POSITION):
        for match in pattern.finditer(text):
            name = match.groupdict().get("name")
            if pattern is SETTING and not match["quote"] and match["value"].isalpha() and "=" not in match[0]:
                continue  # a sentence: set TOKEN before you start
            if (name is None or says_secret(name)) and _is_value(match["value"]):
                yield _part(*match.span("value"), name or match[0].split()[0])


def _part(start: int, end: int, option: str) -> SecretPart:
    return SecretPart(start, end, f"a value for {option!r} on a command line", "password")


def _is_alone(text: str, match: re.Match[str]) -> bool:
    """Return whether a bare word is a value, not the next word of a sentence: made up, or on a command line."""
    value = match["bare"] or ""
    if match["option"].startswith("/") or not value.isalpha() or not value.islower():
        return True
    line = text[text.rfind("\n", 0, match.start()) + 1 : match.start()]
    behind = text[match.end() : match.end() + 3].lstrip(" ")
    is_command = any(map(is_program, line.replace("$", " ").replace("!", " ").split()))
    return is_command or not behind or behind[0] in "-|&;\n"


def _of_programs(text: str) -> Iterator[SecretPart]:
    """Yield the values behind the short options of known programs."""
    program, before = "", ""
    for match in WORDS.finditer(text):
        word = match[0]
        if word == "\\\n":
            continue
        if re.fullmatch(r"[|;&\n]+", word):
            program, before = "", ""
            continue
        if is_program(word.lstrip("!%$(")):
            program = word.lstrip("!%$(").rpartition("/")[2].removesuffix(".exe")
        options = SHORT.get(program, ())
        found = _attached(word, options) if word.startswith("-") else 0
        if before in options or found:
            start, end = match.start() + found, match.end()
            if text[start] in "\"'" and text[end - 1] == text[start]:
                start, end = start + 1, end - 1
            start += _user(text[start:end], program)
            if _is_value(text[start:end]) and _is_login(program, text[: match.start()]):
                yield _part(start, end, f"{program} {before if before in options else word[:2]}")
        before = word


def _attached(word: str, options: tuple[str, ...]) -> int:
    """Return the start of a value that follows its option without a space; 0 for none."""
    if word.startswith("--"):
        name, equals, _ = word.partition("=")
        return len(name) + 1 if equals and name in options else 0
    return 2 if len(word) > 2 and (f"{word[:2]}=" in options or word[:2] in options) else 0


def _is_login(program: str, before: str) -> bool:
    return program not in LOGIN.split() or "login" in before[-400:]


def _user(value: str, program: str) -> int:
    """Return the length of the user before a password."""
    if program == "openssl":
        return 5 if value.startswith("pass:") else len(value)
    if program == "mount":
        at = max(value.find("password="), value.find("pass="))
        return value.find("=", at) + 1 if at >= 0 else len(value)
    if program in ("curl", "smbclient", "rpcclient", "http", "https", "httpie", "xh"):
        at = max(value.find(":"), value.find("%"))
        return at + 1 if at >= 0 else (0 if program in ("http", "https", "xh") else len(value))
    return 0


def _is_value(value: str) -> bool:
    """Return whether a word is a secret, not a placeholder."""
    value = value.strip("\"'")
    is_sign = value[:1] in ("$", "<", "@", "{", "%", "-", "/", ".") or is_shouted(value) or not value
    return not is_sign and " " not in value and not is_placeholder(value, "pass")
