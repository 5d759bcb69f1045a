#!/usr/bin/env bash
# Writes binder/requirements.txt: what pip chooses today for the course, on the Python Binder will use.
set -euo pipefail

version=$(sed 's/^python-//' binder/runtime.txt)
if ! base=$(sh scripts/python.sh "$version"); then
    echo "binder/runtime.txt names Python $version and none runs here: install it, then run this again." >&2
    exit 1
fi

tmp=$(mktemp -d)
trap 'rm -rf -- "$tmp"' EXIT
"$base" -m venv "$tmp/venv"
pip() { "$tmp/venv/bin/python" -m pip --disable-pip-version-check "$@"; }

pip install --quiet '.[tutorial]'
{
    echo "# The course's packages, all pinned, for Python $version on Linux. Made by 'make binder-lock':"
    echo "# a new environment, pip install '.[tutorial]', pip freeze without mcp-notebook itself."
    pip freeze --exclude mcp-notebook
} >"$tmp/requirements.txt"

if grep -Ev '^#|^[A-Za-z0-9._-]+==[A-Za-z0-9.!+_-]+$' "$tmp/requirements.txt"; then
    echo "These lines are not plain pins, so Binder could not install them." >&2
    exit 1
fi
# Binder's image may have no compiler.
pip download --quiet --no-deps --only-binary=:all: --dest "$tmp/wheels" -r "$tmp/requirements.txt"
cp "$tmp/requirements.txt" binder/requirements.txt
echo "binder/requirements.txt: $(grep -c == binder/requirements.txt) packages, each there as a wheel"
