#!/bin/sh
# sh scripts/venv.sh EXTRA: .venv, with this package installed editable with that extra.
set -eu
extra=$1
venv=.venv
python=$venv/bin/python

version() { "$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null; }

if have=$(version "$python"); then
    if ! "$python" -c "import sys; sys.exit(sys.version_info < (3, 10))"; then
        echo "$venv is Python $have and this needs 3.10 or newer: run 'make clean', then this again." >&2
        exit 1
    fi
    if [ -n "${PYTHON:-}" ] && [ "$(version "$PYTHON")" != "$have" ]; then
        echo "$venv is Python $have, PYTHON=$PYTHON is not: run 'make clean' first, or leave PYTHON out." >&2
        exit 1
    fi
fi

# It may be there and still not work: its Python is gone, making it was interrupted, another tool made it without pip.
if ! "$python" -c "import pip" >/dev/null 2>&1 && ! "$python" -m ensurepip >/dev/null 2>&1; then
    base=$(sh scripts/python.sh)
    echo "Making $venv with $base ($(version "$base"))"
    if ! "$base" -m venv --clear "$venv"; then
        echo "Could not make $venv with $base; the reason is above (Debian, Ubuntu: apt install python3-venv may help)." >&2
        exit 1
    fi
fi

# An editable install points to this folder: a moved folder counts as a change.
wanted() { pwd; cat pyproject.toml; }
stamp=$venv/installed-$extra
if wanted | cmp -s - "$stamp"; then
    exit 0
fi

# uv takes seconds, but is configured in its own way: pip may reach an index that uv does not.
by_uv() { command -v uv >/dev/null 2>&1 && uv pip install --quiet --python "$python" -e ".[$extra]"; }

echo "Installing into $venv (extra: $extra); the first time takes a minute or two"
if ! by_uv && ! "$python" -m pip install --quiet --disable-pip-version-check -e ".[$extra]"; then
    echo "Installing failed; pip's reason is above. No network? Connect, and run this again." >&2
    exit 1
fi

case $extra in
    dev) covered="dev test tutorial lite" ;;
    bench) covered="bench test tutorial lite" ;;
    test) covered="test tutorial lite" ;;
    *) covered=$extra ;;
esac
for name in $covered; do
    wanted >"$venv/installed-$name"
done
