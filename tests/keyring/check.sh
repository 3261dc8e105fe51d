#!/bin/sh
# Keys under a key in a real keyring: GNOME Keyring on a session bus of its own. Where that is missing a NOTE says so.
set -eu
cd "$(dirname "$0")/../.."
althing=${ALTHING:-${CARGO_TARGET_DIR:-target}/debug/althing}

for program in dbus-run-session gnome-keyring-daemon; do
    command -v "$program" >/dev/null 2>&1 || {
        echo "NOTE the system's keyring was not tried: $program is missing (Debian: gnome-keyring, dbus-daemon)"
        exit 0
    }
done

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/data" "$work/run" "$work/run2" "$work/run3"
chmod 700 "$work/run" "$work/run2" "$work/run3"
export XDG_DATA_HOME="$work/data" XDG_RUNTIME_DIR="$work/run" ALTHING_HOME="$work/home"
export althing work

cat >"$work/inside" <<'INSIDE'
set -eu
say() { "$althing" key status --json | grep protection; }
# refused CODE COMMAND...: the command fails with this fault, soon.
refused() {
    code=$1; shift
    if timeout 30 "$@" >"$work/out" 2>&1 </dev/null; then echo "not refused: $*"; exit 1; fi
    grep -q "\[$code\]" "$work/out" || { echo "no $code:"; cat "$work/out"; exit 1; }
}

# runs HOME: a peer starts with it, answers and stops.
runs() {
    "$althing" --home "$1" start --port 0 >"$work/log" 2>&1 </dev/null &
    peer=$!
    for _ in $(seq 100); do "$althing" --home "$1" status >/dev/null 2>&1 && break; sleep 0.2; done
    "$althing" --home "$1" status >/dev/null || { cat "$work/log"; exit 1; }
    "$althing" --home "$1" stop >/dev/null
    wait "$peer"
}

# Nobody has unlocked a keyring: nothing hangs, nothing is changed.
refused peer.no-keyring "$althing" key keyring on
[ ! -e "$work/home/keys" ]

# The stand-in for a login.
printf 'login password' | gnome-keyring-daemon --unlock --components=secrets >/dev/null
runs "$work/home"
"$althing" key keyring on >/dev/null
say | grep -q keyring
runs "$work/home"
[ "$(od -An -tx1 -N2 "$work/home/keys" | tr -d ' ')" = 8403 ]

# A copy of the home alone opens nothing: no keyring answers on another bus, or on none.
refused peer.keyring env DBUS_SESSION_BUS_ADDRESS=unix:path=/nowhere "$althing" start
refused peer.keyring env XDG_DATA_HOME="$work/other" XDG_RUNTIME_DIR="$work/run3" dbus-run-session -- "$althing" start

# Of a passphrase instead, and back; the key in the keyring goes with the need for it.
printf 'plums on friday\n' | "$althing" key passphrase >/dev/null
say | grep -q passphrase
printf 'plums on friday\n' | "$althing" key keyring on >/dev/null
"$althing" key keyring off >/dev/null
say | grep -q file-rights
runs "$work/home"

# Somebody empties the keyring: the fault says what is left to do.
"$althing" key keyring on >/dev/null
refused althing.not-protected-so "$althing" key passphrase --remove
cat >"$work/emptied" <<'EMPTIED'
printf 'login password' | gnome-keyring-daemon --unlock --components=secrets >/dev/null
exec "$althing" start
EMPTIED
refused peer.keyring env XDG_DATA_HOME="$work/emptied-data" XDG_RUNTIME_DIR="$work/run2" dbus-run-session -- sh "$work/emptied"
grep -q 'no key for this home' "$work/out"
INSIDE
dbus-run-session -- sh "$work/inside"
echo 'the keyring opens, and nothing else does'
