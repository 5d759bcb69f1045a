#!/bin/sh
# Prints a Python that can make environments.
#   sh scripts/python.sh        the first of 3.10 or newer; PYTHON names one instead
#   sh scripts/python.sh 3.12   one of exactly that version, or fails silently
set -u

# Being on PATH is not enough: a version manager leaves names there that refuse to run.
runs() { "$1" -c "import sys; sys.exit(not ($2))" >/dev/null 2>&1; }
makes_environments() { "$1" -c "import ensurepip, venv" >/dev/null 2>&1; }
modern="sys.version_info >= (3, 10)"

if [ $# -gt 0 ]; then
    exact="sys.version_info[:2] == ($(echo "$1" | tr . ,))"
    for python in "python$1" python3 python "${PYENV_ROOT:-$HOME/.pyenv}/versions/$1"*/bin/python; do
        if runs "$python" "$exact" && makes_environments "$python"; then
            echo "$python"
            exit 0
        fi
    done
    exit 1
fi

if [ -n "${PYTHON:-}" ] && ! runs "$PYTHON" "$modern"; then
    echo "PYTHON=$PYTHON is not a Python 3.10 or newer that runs here: name another, or leave PYTHON out." >&2
    exit 1
fi

bare=
for python in ${PYTHON:+"$PYTHON"} python3 python3.15 python3.14 python3.13 python3.12 python3.11 python3.10 python; do
    runs "$python" "$modern" || continue
    if makes_environments "$python"; then
        echo "$python"
        exit 0
    fi
    bare=$python
    [ -z "${PYTHON:-}" ] || break
done

if [ -n "$bare" ]; then
    echo "$bare cannot make environments (no venv or ensurepip): install it (Debian, Ubuntu: apt install python3-venv) and run this again." >&2
else
    echo "No Python 3.10 or newer found: install one (Debian, Ubuntu: apt install python3 python3-venv; macOS: brew install python; or python.org), or name one with PYTHON=..." >&2
fi
exit 1
