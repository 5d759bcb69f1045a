#!/bin/sh
# Find a Chromium for the browser tests, or install one where possible. Say so if there is none.
set -u

found() {
    for name in chromium chromium-browser google-chrome; do
        command -v "$name" >/dev/null 2>&1 && return 0
    done
    return 1
}

if [ -n "${MCP_NOTEBOOK_BROWSER:-}" ]; then
    command -v "$MCP_NOTEBOOK_BROWSER" >/dev/null 2>&1 && exit 0
    echo "MCP_NOTEBOOK_BROWSER=$MCP_NOTEBOOK_BROWSER is not a program: correct it, or unset it." >&2
    exit 1
fi
found && exit 0

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "Installing Chromium for the browser tests (apt-get)"
    export DEBIAN_FRONTEND=noninteractive
    apt-get -qq update </dev/null >/dev/null &&
        apt-get -qq install -y --no-install-recommends chromium </dev/null >/dev/null
    found && exit 0
fi

echo "NO BROWSER: the browser tests are skipped. Install Chromium (Debian: apt install chromium) or set MCP_NOTEBOOK_BROWSER to a Chromium or Chrome." >&2
if [ "${REQUIRE_BROWSER:-}" = 1 ]; then
    echo "REQUIRE_BROWSER=1: stopping, because they must not be skipped." >&2
    exit 1
fi
