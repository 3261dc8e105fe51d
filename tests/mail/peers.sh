#!/bin/sh
# For the other scripts here: two real peers that belong to one web, mail switched on at both.
set -u
cd "$(dirname "$0")/../.."
here=$PWD/tests/mail
. tools/prepare.sh
need_mail_programs || { echo 'NOTE mail was not tested: swaks, isync or mutt is missing and could not be installed'; exit 0; }
build_althing
althing=$CARGO_TARGET_DIR/debug/althing
work=$(mktemp -d) passed=0 failed=0
alice="$work/a" bob="$work/b"
as() { home=$1; shift; ALTHING_HOME=$home "$althing" "$@"; }
# again COMMAND...: up to a minute, until it succeeds.
again() { for _ in $(seq 120); do "$@" && return 0; sleep 0.5; done; return 1; }
start() { ALTHING_HOME=$1 "$althing" start >>"$work/peers" 2>&1 & echo $! >"$1.pid"; again as "$1" status >/dev/null 2>&1; }
stop() { as "$1" stop && wait "$(cat "$1.pid")"; }
end() { as "$alice" stop >/dev/null 2>&1; as "$bob" stop >/dev/null 2>&1; wait; rm -rf "$work"; }
trap end EXIT
trap 'exit 1' INT TERM
export HOME="$work" LC_ALL=C.UTF-8
# check NAME COMMAND...
check() {
    name=$1; shift
    if "$@" >"$work/log" 2>&1; then passed=$((passed + 1)) result=ok; else failed=$((failed + 1)) result=FAILED; fi
    printf '%-70s %s\n' "$name" "$result"
    grep -h '^NOTE ' "$work/log"
    [ $result = ok ] || tail -n 40 "$work/log"
}
port() { as "$1" mail settings --json | sed -n "s/^  \"$2_port\": \([0-9]*\),*$/\1/p"; }
py() { python3 "$here/programs.py" "$@"; }

begin() {
    start "$alice" && start "$bob" || return 1
    as "$alice" me set Alice && as "$bob" me set Bob && as "$alice" web start family || return 1
    as "$bob" web join "$(as "$alice" invite family)" || return 1
    again sh -c "ALTHING_HOME='$alice' '$althing' mail addresses family | grep -q 'bob@family.althing.internal'" || return 1
    as "$alice" mail on && as "$bob" mail on || return 1
    A_WORD=$(as "$alice" mail password) B_WORD=$(as "$bob" mail password)
    A_IMAP=$(port "$alice" imap) A_SMTP=$(port "$alice" smtp) B_IMAP=$(port "$bob" imap) B_SMTP=$(port "$bob" smtp)
    export A_WORD B_WORD A_IMAP A_SMTP B_IMAP B_SMTP
    [ -n "$A_WORD" ] && [ "$A_IMAP" -gt 0 ] && [ "$B_SMTP" -gt 0 ]
}
