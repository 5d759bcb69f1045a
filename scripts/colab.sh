#!/usr/bin/env bash
# bash scripts/colab.sh FOLDER: an environment like Colab's, in FOLDER, with this package and what its tests need.
# Fails if `pip install` of the package and of what the course needs changes a package that was there, except mcp and
# ruff: Colab's own parts rely on the versions of its image.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

folder=$1
pins=tests/support/colab-constraints.txt
base=$(sh scripts/python.sh 3.12) || { echo "Colab has Python 3.12, and none runs here." >&2; exit 1; }
export PIP_DISABLE_PIP_VERSION_CHECK=1

if command -v uv >/dev/null 2>&1; then
    uv venv --quiet --seed --python "$base" "$folder"
    fill() { uv pip install --quiet --python "$folder/bin/python" "$@"; }
else
    "$base" -m venv "$folder"
    fill() { "$folder/bin/python" -m pip install --quiet "$@"; }
fi
versions() { "$folder/bin/python" -m pip freeze --exclude mcp-notebook | LC_ALL=C sort; }

fill -r "$pins" mcp==1.25.0 ruff==0.14.13
versions >"$folder/before.txt"
# As a person installs it there: with pip, and without constraints.
"$folder/bin/python" -m pip install -qq '.[course]'
versions >"$folder/after.txt"
"$folder/bin/python" -m pip check

changed=$(LC_ALL=C comm -23 "$folder/before.txt" "$folder/after.txt" | sed 's/==.*//' | paste -sd ' ' -)
echo "pip install changed of Colab's packages: $changed"
if [ "$changed" != "mcp ruff" ]; then
    echo "It may change only mcp and ruff: lower a floor in pyproject.toml." >&2
    exit 1
fi

fill -e '.[test]' -c "$pins"
