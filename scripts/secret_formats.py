"""Turn gitleaks' rules into the package's data: ``python scripts/secret_formats.py GIT_DIR [REVISION]``.

GIT_DIR is a clone of https://github.com/gitleaks/gitleaks, which may be bare. The rules are written for Go's RE2;
here they become what Python's `re` takes. Run it again to take over the rules of a later revision, then look at
the difference and run the tests.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

if sys.version_info >= (3, 11):
    import tomllib
else:
    from pip._vendor import tomli as tomllib

INTO = Path(__file__).parent.parent / "mcp_notebook" / "export" / "settings"
SOURCE = "https://github.com/gitleaks/gitleaks"

LEFT_OUT = re.compile(
    r"generic-api-key|curl-.*"  # by names and by command lines, which the package reads in its own way
    r"|.*-client-id|.*-access-id|.*-api-id|.*-pub(?:lic)?(?:-api)?-key"  # which are not secrets
)
"""Rules that are left out. Those for files of other languages (`path`) are left out too."""

NAMED = re.compile(
    r"""(?s)(?:\(\?i\))?(?:\[\\w\.-\]\{0,50\}\?)(?:\(\?i:\[\\w\.-\]\{0,50\}\?)?"""
    r"""\(\?:(?P<names>.*)\)\(\?:\[ \\t\\w\.-\]\{0,20\}\)\[\\s'"\]\{0,3\}\)?"""
    r"""\(\?:=\|>.*?,\)\[\\x60'"\\s=\]\{0,5\}"""
    r"""\((?P<value>.*?)\)\(\?:\[\\x60'"\\s;\]\|\\\\\[nr\]\|\$\)(?P<or>\|.*)?"""
)
"""The shape of a rule for what is given to a name: the names, the value, and a form beside them."""

GUARD = r"""(?:[\x60'"\s;]|\\[nr]|$)"""
"""The end of a rule: the quote behind the value. A sentence may have other characters there, so it becomes `END`."""

END = r"(?![\w-])"


def translated(pattern: str) -> str:
    """Return a pattern of RE2 as one of Python: flags in the middle hold to the end of their group."""
    pattern = pattern.replace(GUARD, END).replace("[[:alnum:]]", "[A-Za-z0-9]").replace(r"\z", r"\Z")
    at = 0
    while (at := pattern.find("(?i)", at)) >= 0:
        end = _end_of_group(pattern, at + 4)
        inner = pattern[at + 4 : end]
        assert "|" not in re.sub(r"\[.*?\]|\(.*\)", "", inner), pattern
        pattern = f"{pattern[:at]}(?i:{inner}){pattern[end:]}"
    re.compile(pattern, re.ASCII)
    return pattern


def _end_of_group(pattern: str, at: int) -> int:
    depth, in_class = 0, False
    while at < len(pattern):
        match pattern[at]:
            case "\\":
                at += 1
            case "[":
                in_class = True
            case "]":
                in_class = False
            case "(" if not in_class:
                depth += 1
            case ")" if not in_class:
                if depth == 0:
                    return at
                depth -= 1
        at += 1
    return at


def beginning(pattern: str) -> str:
    """Return the characters that all that matches begins with, as far as they are written out."""
    plain = re.match(r"(?:\\b|\(\?i\)|\((?!\?))*((?:[A-Za-z0-9_~-]|\\[.-])+)", pattern)
    if plain is None:
        return ""
    text = plain[1]
    return (text if pattern[plain.end() : plain.end() + 1] not in ("{", "?", "*", "+") else text[:-1]).replace("\\", "")


def prefixes(form: str, keywords: list[str]) -> list[str]:
    """Return the keywords that a value begins with and that end as prefixes do, in the letters of the rule."""
    plain = form.replace("\\", "")
    found = (plain.lower().find(keyword) for keyword in keywords)
    return [
        plain[at : at + len(keyword)]
        for at, keyword in zip(found, keywords, strict=True)
        if at >= 0 and re.search(r"[A-Za-z0-9][_.~-]$", keyword) and len(keyword) >= 4
    ]


def main() -> None:
    """Write the data, and the license beside it."""
    git_dir, revision = sys.argv[1], (sys.argv[2:] or ["HEAD"])[0]

    def git(*words: str) -> str:
        done = subprocess.run(["git", "--git-dir", git_dir, *words], check=True, capture_output=True, encoding="utf-8")
        return done.stdout

    config = tomllib.loads(git("show", f"{revision}:config/gitleaks.toml"))
    license = git("show", f"{revision}:LICENSE")
    forms: list[dict[str, Any]] = []
    named: list[dict[str, Any]] = []
    begin: set[str] = set()
    for rule in config["rules"]:
        if LEFT_OUT.fullmatch(rule["id"]) or "path" in rule:
            continue
        common = {"id": rule["id"], "keywords": rule["keywords"]}
        parts = NAMED.fullmatch(rule["regex"])
        form = rule["regex"]
        if parts:
            entropy = {"entropy": rule["entropy"]} if "entropy" in rule else {}
            names = translated(parts["names"].replace("(?-i:", "(?:"))
            named.append({**common, "names": names, "value": translated(parts["value"]), **entropy})
            start = beginning(parts["value"])
            form = parts["or"][1:] if parts["or"] else f"\\b({parts['value']}){GUARD}"
            if parts["or"]:
                common = {"id": rule["id"], "keywords": [k for k in rule["keywords"] if k in form.lower()]}
            elif re.search(r"[A-Za-z]{2,}[_.~-]|[A-Z]{4}", start):  # which identifies itself
                common = {"id": rule["id"], "keywords": [start.lower()]}
                form = f"(?i){form}" if "(?i)" in rule["regex"] else form
            else:
                continue
        form = translated(form)
        allowed = [r for each in rule.get("allowlists", []) for r in each.get("regexes", []) if not re.search(form, r)]
        unmarked = "entropy" in rule and not beginning(rule["regex"]) and not parts
        begin.update(prefixes(form, common["keywords"]))
        forms.append(
            {
                **common,
                "pattern": form,
                **({"entropy": rule["entropy"]} if unmarked else {}),
                **({"allowed": [translated(each) for each in allowed]} if allowed else {}),
            }
        )
    about = {
        "source": SOURCE,
        "revision": git("rev-parse", revision).strip(),
        "date": git("show", "-s", "--format=%cs", revision).strip(),
        "license": "MIT, " + next(line for line in license.splitlines() if line.startswith("Copyright")),
        "made": "by scripts/secret_formats.py; do not edit",
    }
    data = {"about": about, "prefixes": sorted(begin), "forms": forms, "named": named}
    (INTO / "secret_formats.json").write_text(_lines(data), encoding="utf-8")
    (INTO / "secret_formats.LICENSE").write_text(license, encoding="utf-8")
    print(f"{len(forms)} forms, {len(named)} for names, {len(begin)} prefixes")


def _lines(data: dict[str, Any]) -> str:
    """Return JSON with one rule on each line, so that a diff shows single rules."""
    parts = []
    for key, value in data.items():
        if isinstance(value, list):
            rows = ",\n".join("  " + json.dumps(each, ensure_ascii=True) for each in value)
            parts.append(f"{json.dumps(key)}: [\n{rows}\n]")
        else:
            parts.append(f"{json.dumps(key)}: {json.dumps(value, indent=1)}")
    return "{\n" + ",\n".join(parts) + "\n}\n"


if __name__ == "__main__":
    main()
