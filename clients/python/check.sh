#!/bin/sh
# Runs the tests of the Python client, those against a real peer among them: sh check.sh ALTHING
set -eu
here=$(cd "$(dirname "$0")" && pwd)
venv="${XDG_CACHE_HOME:-$HOME/.cache}/althing/python-client"
if ! cmp -s "$here/requirements-tests.txt" "$venv/requirements-tests.txt"; then
    python3 -m venv "$venv" || { echo 'Error: no Python with venv: install python3 and python3-venv' >&2; exit 1; }
    "$venv/bin/pip" install --quiet --requirement "$here/requirements-tests.txt"
    cp "$here/requirements-tests.txt" "$venv/requirements-tests.txt"
fi
PATH="$venv/bin:$PATH"
althing=${1:?the program under test}
folder=$(mktemp -d)
export ALTHING_HOME="$folder/home"
trap 'kill "$peer" 2>/dev/null || true; wait "$peer" 2>/dev/null || true; rm -rf "$folder"' EXIT
"$althing" start >"$folder/log" 2>&1 &
peer=$!
tries=0
until "$althing" status >/dev/null 2>&1; do
    tries=$((tries + 1))
    [ "$tries" -lt 150 ] || { cat "$folder/log" >&2; exit 1; }
    sleep 0.2
done
"$althing" me set Alice >/dev/null
"$althing" web start lab >/dev/null
"$althing" compute mode always >/dev/null
cd "$here"
ALTHING_HOME_FOR_TESTS=$ALTHING_HOME python3 -m unittest --quiet
