#!/bin/sh
# Checks the programs here, and the agents that are ready, against numpy, the C compiler and published numbers; its packages live in a folder of their own.
set -eu
cd "$(dirname "$0")"
venv="${XDG_CACHE_HOME:-$HOME/.cache}/althing/jobs"
if ! cmp -s requirements.txt "$venv/requirements.txt"; then
    python3 -m venv "$venv" || { echo 'Error: no Python with venv: install python3 and python3-venv' >&2; exit 1; }
    "$venv/bin/pip" install --quiet --requirement requirements.txt
    cp requirements.txt "$venv/requirements.txt"
fi
"$venv/bin/python" check.py
"$venv/bin/python" ../agents/check.py
