#!/bin/sh
# Real mail programs against two real peers that belong to one web: swaks, curl, Python, mbsync both ways, mutt; restarts in between.
#
# What the two protocols do with large mailboxes and broken messages is tested by crates/interfaces/mail/tests/clients.sh.
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
check 'two peers of one web, mail switched on' begin

check 'python: smtplib, imaplib, folders, flags, idle' py basics

swaks_all() {
    head -c 60000 /dev/urandom >"$work/picture.bin"
    to="--server 127.0.0.1 --port $A_SMTP --from alice@family.althing.internal"
    login="--auth PLAIN --auth-user alice --auth-password $A_WORD"
    # shellcheck disable=SC2086
    swaks $to $login --to bob@family.althing.internal --header 'Subject: swaks' --attach "@$work/picture.bin" &&
        ! swaks $to $login --to bob@gmail.com >"$work/out" && grep 'never out into the internet' "$work/out" &&
        ! swaks $to $login --to bobb@family.althing.internal >"$work/out" && grep 'nobody in family has the address' "$work/out" &&
        ! swaks $to $login --to bob@family.althing.internal --header 'From: bob@family.althing.internal' >"$work/out" &&
        grep '550 5.7.1' "$work/out" && ! swaks $to --to bob@family.althing.internal &&
        ! swaks $to --auth LOGIN --auth-user alice --auth-password wrong --to bob@family.althing.internal || return 1
    head -c 26000000 /dev/urandom >"$work/large.bin"
    # shellcheck disable=SC2086
    ! swaks $to $login --to bob@family.althing.internal --attach "@$work/large.bin" >"$work/out" && grep '552 5.3.4' "$work/out" || return 1
    py came bob swaks
}
check 'swaks: an attachment; foreign, unknown, forged, too large refused' swaks_all

curl_all() {
    printf 'From: alice@family.althing.internal\r\nTo: bob@family.althing.internal\r\nSubject: curl\r\n\r\n.dots\r\n..\r\nend\r\n' >"$work/mail"
    curl -sS --url "smtp://127.0.0.1:$A_SMTP" --user "alice:$A_WORD" --mail-from alice@family.althing.internal \
        --mail-rcpt bob@family.althing.internal --upload-file "$work/mail" && py came bob curl || return 1
    box="imap://127.0.0.1:$B_IMAP" user="bob:$B_WORD"
    curl -sS --user "$user" "$box" | grep '\\Sent' || return 1
    found=$(curl -sS --user "$user" "$box/INBOX?SUBJECT%20curl" | tr -d '\r' | sed 's/.*SEARCH //')
    curl -sS --user "$user" "$box/INBOX;MAILINDEX=$found" | tail -n 3 >"$work/got"
    printf '.dots\r\n..\r\nend\r\n' | cmp - "$work/got" || return 1
    curl -sS --user "$user" -X "FETCH $found (ENVELOPE BODYSTRUCTURE)" "$box/INBOX" | grep '"curl"' || return 1
    curl -sS --user "$user" -T "$work/mail" "$box/Drafts" && ! curl -sS --user bob:wrong "$box"
}
check 'python: 20 MB attached, brought and the same' py large 20
check 'curl: send, list, search, fetch, append' curl_all

check 'python: 60 mails from Alice to Bob' py fill 60
as "$bob" mail settings --json | python3 -c 'import json,sys,os; print(json.load(sys.stdin)["mbsync"].replace("PASSWORD", os.environ["B_WORD"]).replace("~/Mail/althing", sys.argv[1]))' "$work/maildir" >"$work/mbsyncrc"
sync() { mbsync -c "$work/mbsyncrc" -a; }
mbsync_first() { mkdir -p "$work/maildir"; sync && [ "$(find "$work/maildir/INBOX/cur" "$work/maildir/INBOX/new" -type f | wc -l)" -ge 60 ]; }
# Flags, a new message, a removal and a move go up; others come down.
mbsync_both() { py near "$work/maildir" && sync && py far && sync && py after "$work/maildir"; }
check 'mbsync, as settings say: everything comes down' mbsync_first
check 'mbsync: flags, new, removed and moved messages, both ways' mbsync_both

py keep >"$work/before"
restart() {
    stop "$bob" && start "$bob" || return 1
    [ "$(port "$bob" imap)" = "$B_IMAP" ] && py keep >"$work/after" && diff "$work/before" "$work/after" || return 1
    sync 2>"$work/err"; cat "$work/err"; ! grep -qi uidvalidity "$work/err" && py after "$work/maildir"
}
check "Bob's peer restarts: same ports, uids, flags; mbsync goes on" restart

away() {
    stop "$bob" && py away && py send_large || return 1
    start "$bob" && py came bob away && py came bob "while away, large"
}
check 'Bob was away: what Alice sent meanwhile is there' away

as "$alice" mail settings --json | python3 -c 'import json,sys,os; print(json.load(sys.stdin)["mutt"].replace("PASSWORD", os.environ["A_WORD"]))' >"$work/.muttrc"
printf 'set realname=Alice copy=yes header_cache="%s" quit=yes delete=yes mark_old=no timeout=2 mail_check=1\n' "$work/mutt-cache" >>"$work/.muttrc"
mutt_all() {
    printf 'attached' >"$work/a.txt"
    echo body | mutt -F "$work/.muttrc" -s 'from mutt' -a "$work/a.txt" -- bob@family.althing.internal alice@family.althing.internal || return 1
    py came bob 'from mutt' && py came alice 'from mutt' && py came alice 'from mutt' Sent || return 1
    command -v tmux >/dev/null || { echo 'NOTE left out: tmux is not here'; return 0; }
    tmux -L "mail$$" new-session -d -x 120 -y 30 "mutt -F $work/.muttrc"
    screen() { tmux -L "mail$$" capture-pane -p; }
    again sh -c "tmux -L mail$$ capture-pane -p | grep -q 'from mutt'" || return 1
    # Open it, flag it, leave: mutt writes the flags back.
    # The last one.
    tmux -L "mail$$" send-keys '*' Enter; sleep 2; screen | grep attached || { screen; return 1; }
    tmux -L "mail$$" send-keys i F q
    again sh -c "! tmux -L mail$$ has-session 2>/dev/null" && py flagged alice 'from mutt'
}
check 'mutt, as settings say: attachment, own copy, reads, flags' mutt_all

shut_out() {
    word=$(as "$bob" mail password) && ! curl -sS --user "bob:$B_WORD" "imap://127.0.0.1:$B_IMAP" || return 1
    curl -sS --user "bob:$word" "imap://127.0.0.1:$B_IMAP" && as "$bob" mail off && ! curl -sS --user "bob:$word" "imap://127.0.0.1:$B_IMAP"
}
check 'a new password ends the one before; off is off' shut_out

printf '%d passed, %d failed\n' "$passed" "$failed"
[ "$failed" = 0 ]
