#!/bin/sh
# Drives the real page of real peers in Chromium. Needs the built program with its page inside.
set -eu
cd "$(dirname "$0")"
althing=${ALTHING_BIN:-${CARGO_TARGET_DIR:-../../target}/debug/althing}
[ -d node_modules/playwright-core ] || npm ci --silent --no-audit --no-fund
exec node run.mjs --althing "$althing" "$@"
