"""Print pip constraints that pin every core dependency to the lowest version pyproject.toml allows."""

import re
import sys
from pathlib import Path

if sys.version_info >= (3, 11):
    import tomllib
else:
    from pip._vendor import tomli as tomllib

REQUIREMENT = re.compile(r"(?P<name>[\w.-]+)(\[[^]]*\])?\s*[^;]*?>=\s*(?P<lowest>[\w.]+)[^;]*(?P<marker>;.*)?")


def main() -> None:
    """Read the pyproject.toml of the current directory."""
    project = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["project"]
    for requirement in project["dependencies"]:
        parts = REQUIREMENT.fullmatch(requirement)
        if parts is None:
            sys.exit(f"{requirement!r} has no lower bound (>=) to test")
        print(f"{parts['name']}=={parts['lowest']}{parts['marker'] or ''}")


if __name__ == "__main__":
    main()
