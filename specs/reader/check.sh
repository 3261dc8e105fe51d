#!/bin/sh
# Runs the second reader over the vectors and the histories of governance, and over an exported web when one is named: check.sh [WEB_FOLDER]
# Its three packages live in a folder of their own, made once.
set -eu
cd "$(dirname "$0")"
venv="${XDG_CACHE_HOME:-$HOME/.cache}/althing/reader"
if ! cmp -s requirements.txt "$venv/requirements.txt"; then
    python3 -m venv "$venv" || { echo 'Error: no Python with venv: install python3 and python3-venv' >&2; exit 1; }
    "$venv/bin/pip" install --quiet --requirement requirements.txt
    cp requirements.txt "$venv/requirements.txt"
fi
"$venv/bin/python" reader.py vectors ../vectors
"$venv/bin/python" governance_test.py
"$venv/bin/python" governance.py ../vectors/histories.json
if [ $# -gt 0 ]; then "$venv/bin/python" reader.py web "$1"; fi
