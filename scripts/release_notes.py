"""Print the notes of a release, from CHANGELOG.md, once its tag is known to be the version of pyproject.toml."""

import re
import sys
from pathlib import Path

if sys.version_info >= (3, 11):
    import tomllib
else:
    from pip._vendor import tomli as tomllib


def notes(changelog: str, version: str) -> str:
    """Return the text of a version's section, without its heading.

    Raises:
        ValueError: The changelog has no dated section for the version, or the section is empty.
    """
    heading = rf"^## \[?{re.escape(version)}\]? - \d{{4}}-\d{{2}}-\d{{2}}$"
    parts = re.split(heading, changelog, maxsplit=1, flags=re.MULTILINE)
    section = re.split(r"^## ", parts[-1], maxsplit=1, flags=re.MULTILINE)[0].strip()
    if len(parts) == 1 or not section:
        raise ValueError(f"CHANGELOG.md has no notes under '## {version} - YYYY-MM-DD': write them, then tag again.")
    return section


def main(tag: str) -> None:
    """Print the notes for a tag, or exit with the reason why it cannot be released."""
    version = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    if tag != f"v{version}":
        sys.exit(f"The tag is {tag}, but pyproject.toml has version {version}: tag v{version}, or change the version.")
    try:
        print(notes(Path("CHANGELOG.md").read_text(encoding="utf-8"), version))
    except ValueError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main(sys.argv[1])
