#!/bin/sh
# Run one of the front end's steps with the Node of .node: `sh scripts/frontend.sh build|types|test|check`.
# Only who changes frontend/ needs this: the bundle is committed.
set -eu
cd "$(dirname "$0")/.."
REQUIRE_OUTSIDE=1 sh scripts/node.sh
node="$(pwd)/.node/node_modules/.bin/node"
cd frontend

# npm writes this file last; the lock is newer after a change of the packages.
if [ ! -e node_modules/.package-lock.json ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
    npm ci --no-audit --no-fund --loglevel=error </dev/null >/dev/null
fi
case "${1:-build}" in
    build) "$node" build.mjs ;;
    check) "$node" build.mjs --check ;;
    types) "$node" node_modules/typescript/bin/tsc --noEmit ;;
    test) "$node" node_modules/vitest/vitest.mjs run ;;
    *) echo "usage: sh scripts/frontend.sh build|types|test|check" >&2 && exit 2 ;;
esac
