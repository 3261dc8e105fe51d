#!/bin/sh
# A home whose secrets lie under a key in a real keyring: GNOME's daemon on a D-Bus of its own, in a folder of its own, so that the
# keyring of whoever runs this is not touched. The story is keys-in-the-keyring.md.
set -eu
cd "$(dirname "$0")/../.."
. tools/prepare.sh

if ! need_keyring; then
    echo 'NOTE the keyring was not tested: gnome-keyring or dbus is missing and could not be installed'
    exit 0
fi
build_althing
folder=$(mktemp -d)
trap 'if [ -f "$folder/cast/keyring" ]; then kill "$(cat "$folder/cast/keyring")" 2>/dev/null || true; fi; rm -rf "$folder"' EXIT
mkdir -m 700 "$folder/user" "$folder/run"
# Without a folder of services nothing starts a keyring by itself: the story says when there is one.
env -u XDG_DATA_HOME -u XDG_CONFIG_HOME HOME="$folder/user" XDG_RUNTIME_DIR="$folder/run" \
    dbus-run-session --config-file=tests/keyring/session.conf -- \
    "$CARGO_TARGET_DIR/debug/stories" --althing "$CARGO_TARGET_DIR/debug/althing" --folder "$folder/cast" \
    tests/keyring/keys-in-the-keyring.md </dev/null
