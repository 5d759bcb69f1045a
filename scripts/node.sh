#!/bin/sh
# Find Node and the programs of tests/support/npm/package.json in .node, for the tests marked 'outside', or install them there
# where possible. Say so if they are missing.
set -u
wanted=tests/support/npm
node=.node

found() { [ -x "$node/node_modules/.bin/node" ] && cat "$wanted/package.json" "$wanted/package-lock.json" | cmp -s - "$node/installed"; }
found && exit 0

if ! command -v npm >/dev/null 2>&1 && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "Installing npm for the tests with outside clients (apt-get)"
    export DEBIAN_FRONTEND=noninteractive
    apt-get -qq update </dev/null >/dev/null &&
        apt-get -qq install -y --no-install-recommends npm </dev/null >/dev/null
fi

if command -v npm >/dev/null 2>&1; then
    echo "Installing Node and clients from npm into $node (570 MB); the first time takes half a minute"
    mkdir -p "$node" && cp "$wanted/package.json" "$wanted/package-lock.json" "$node" &&
        (cd "$node" && npm ci --no-audit --no-fund --loglevel=error </dev/null >/dev/null) &&
        "$node/node_modules/.bin/node" --version >/dev/null &&
        cat "$wanted/package.json" "$wanted/package-lock.json" >"$node/installed"
    found && exit 0
    why="npm's reason is above"
else
    why="install npm (Debian: apt install npm)"
fi

echo "NO OUTSIDE CLIENTS: the tests marked 'outside' are skipped: $why." >&2
if [ "${REQUIRE_OUTSIDE:-}" = 1 ]; then
    echo "REQUIRE_OUTSIDE=1: stopping, because they must not be skipped." >&2
    exit 1
fi
