#!/bin/sh
# Find nginx for the tests of what stands behind a proxy, or install one where possible. Say so if there is none.
set -u

found() { command -v nginx >/dev/null 2>&1 || [ -x /usr/sbin/nginx ]; }
found && exit 0

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "Installing nginx for the tests (apt-get)"
    export DEBIAN_FRONTEND=noninteractive
    apt-get -qq update </dev/null >/dev/null &&
        apt-get -qq install -y --no-install-recommends nginx-light </dev/null >/dev/null
    found && exit 0
fi

echo "NO NGINX: the tests of what stands behind a proxy are skipped. Install it (Debian: apt install nginx-light)." >&2
if [ "${REQUIRE_NGINX:-}" = 1 ]; then
    echo "REQUIRE_NGINX=1: stopping, because they must not be skipped." >&2
    exit 1
fi
