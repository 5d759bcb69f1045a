#!/bin/sh
# Find a redis-server for the tests of tasks in a Redis, or install one where possible. Say so if there is none.
set -u

found() { command -v redis-server >/dev/null 2>&1; }
found && exit 0

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "Installing redis-server for the tests (apt-get)"
    export DEBIAN_FRONTEND=noninteractive
    apt-get -qq update </dev/null >/dev/null &&
        apt-get -qq install -y --no-install-recommends redis-server </dev/null >/dev/null
    found && exit 0
fi

echo "NO REDIS: the tests of tasks in a Redis are skipped. Install it (Debian: apt install redis-server)." >&2
if [ "${REQUIRE_REDIS:-}" = 1 ]; then
    echo "REQUIRE_REDIS=1: stopping, because they must not be skipped." >&2
    exit 1
fi
