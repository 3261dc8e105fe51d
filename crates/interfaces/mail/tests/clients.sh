#!/bin/sh
# Real mail programs against `mail-desk`: swaks, curl, Python, mbsync both ways, mutt; a restart in between.
#
#   clients.sh MAIL-DESK [MESSAGES [ATTACHMENT-MB]]      10000 messages and 100 MB if nothing is said; 1024 for a gigabyte
#
# MAIL-DESK is target/debug/examples/mail-desk (`cargo build -p mail --example mail-desk`). Needs python3; of Debian's packages swaks,
# curl, isync, mutt, tmux and dovecot-imapd each that is missing is said, and its part left out. Says its numbers in lines with NOTE.
set -u
here=$(cd "$(dirname "$0")" && pwd)
desk=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
messages=${2-10000} megabytes=${3-100}
work=$(mktemp -d) pid= passed=0 failed=0
trap 'stop; tmux -L "mail$$" kill-server 2>/dev/null; rm -rf "$work"' EXIT
trap 'exit 1' INT TERM
export HOME="$work" LC_ALL=C.UTF-8

start() {
    "$desk" "$work/desk" "${imap-0}" "${smtp-0}" alice=secret-a bob=secret-b >"$work/ready" 2>>"$work/errors" &
    pid=$!
    for _ in $(seq 200); do grep -q ready "$work/ready" && break; sleep 0.05; done
    imap=$(sed 's/.*IMAP \([0-9]*\).*/\1/' "$work/ready") smtp=$(sed 's/.*SMTP \([0-9]*\).*/\1/' "$work/ready")
    export IMAP="$imap" SMTP="$smtp" DESK_PID="$pid"
}
stop() { [ -z "$pid" ] || { kill "$pid" 2>/dev/null; wait "$pid" 2>/dev/null; pid=; }; }
# check NAME COMMAND...
check() {
    name=$1; shift
    if "$@" >"$work/log" 2>&1; then passed=$((passed + 1)) result=ok; else failed=$((failed + 1)) result=FAILED; fi
    printf '%-70s %s\n' "$name" "$result"
    grep -h '^NOTE ' "$work/log"
    [ $result = ok ] || tail -n 40 "$work/log"
}
have() { command -v "$1" >/dev/null || { echo "NOTE left out: $1 is not here"; return 1; }; }
py() { python3 "$here/clients.py" "$@"; }

start
check 'python: smtplib, imaplib, idle' py basics

swaks_all() {
    head -c 100000 /dev/urandom >"$work/picture.bin"
    to="--server 127.0.0.1 --port $smtp --from alice@test.althing.internal"
    login='--auth PLAIN --auth-user alice --auth-password secret-a'
    # shellcheck disable=SC2086
    swaks $to $login --to bob@test.althing.internal --header 'Subject: swaks' --attach "@$work/picture.bin" &&
        ! swaks $to $login --to bob@gmail.com >"$work/out" && grep 'never out into the internet' "$work/out" &&
        ! swaks $to $login --to bob@test.althing.internal --header 'From: bob@test.althing.internal' >"$work/out" &&
        grep '550 5.7.1' "$work/out" && ! swaks $to --to bob@test.althing.internal &&
        ! swaks $to --auth LOGIN --auth-user alice --auth-password wrong --to bob@test.althing.internal
}
have swaks && check 'swaks: an attachment; foreign, forged and without password refused' swaks_all

curl_all() {
    printf 'From: alice@test.althing.internal\r\nTo: bob@test.althing.internal\r\nSubject: curl\r\n\r\n.dots\r\n..\r\nend\r\n' >"$work/mail"
    curl -sS --url "smtp://127.0.0.1:$smtp" --user alice:secret-a --mail-from alice@test.althing.internal \
        --mail-rcpt bob@test.althing.internal --upload-file "$work/mail" || return 1
    box="imap://127.0.0.1:$imap" user='bob:secret-b'
    curl -sS --user $user "$box" | grep '\\Sent' || return 1
    found=$(curl -sS --user $user "$box/INBOX?SUBJECT%20curl" | tr -d '\r' | sed 's/.*SEARCH //')
    curl -sS --user $user "$box/INBOX;MAILINDEX=$found" | tail -n 3 >"$work/got"
    printf '.dots\r\n..\r\nend\r\n' | cmp - "$work/got" || return 1
    curl -sS --user $user -X "FETCH $found (ENVELOPE BODYSTRUCTURE)" "$box/INBOX" | grep '"curl"' || return 1
    curl -sS --user $user -T "$work/mail" "$box/Drafts" && ! curl -sS --user bob:wrong "$box"
}
have curl && check 'curl: send, list, search, fetch, append' curl_all

check "python: $messages messages by SMTP" py fill "$messages"
# Without waiting for the disk after each file: that would measure the disk.
cat >"$work/mbsyncrc" <<END
FSync no

IMAPAccount desk
Host 127.0.0.1
Port $imap
User bob
Pass secret-b
SSLType None
AuthMechs LOGIN

IMAPStore far
Account desk

MaildirStore near
Path $work/maildir/
Inbox $work/maildir/INBOX
SubFolders Verbatim

Channel all
Far :far:
Near :near:
Patterns *
Create Both
Expunge Both
SyncState *
END
sync() { mbsync -c "$work/mbsyncrc" -a; }
mbsync_first() {
    mkdir -p "$work/maildir"
    begun=$(date +%s.%N)
    sync || return 1
    py said "$(date +%s.%N)" "$begun" "$messages" "mbsync, first time"
    [ "$(find "$work/maildir/INBOX/cur" "$work/maildir/INBOX/new" -type f | wc -l)" -ge "$messages" ]
}
# Flags, a new message, a removal and a move go up; others come down.
mbsync_both() { py near "$work/maildir" && sync && py far "$work/maildir" && sync && py after "$work/maildir"; }
if have mbsync; then
    check "mbsync: $messages messages come down" mbsync_first
    check 'mbsync: flags, new, removed and moved messages, both ways' mbsync_both
    before=$(find "$work/maildir" -type f -path '*/cur/*' | wc -l)
    stop; start
    restarted() { sync 2>"$work/err"; cat "$work/err"; ! grep -qi uidvalidity "$work/err" && [ "$(find "$work/maildir" -type f -path '*/cur/*' | wc -l)" -ge "$before" ] && py after "$work/maildir"; }
    check 'after a restart mbsync goes on where it was' restarted
else
    stop; start
fi
check 'python: uids and flags are the same after the restart' py restarted

cat >"$work/.muttrc" <<END
set from=alice@test.althing.internal realname=Alice use_envelope_from=yes
set smtp_url="smtp://alice:secret-a@127.0.0.1:$smtp/" smtp_authenticators=plain
set imap_user=alice imap_pass=secret-a folder="imap://127.0.0.1:$imap/" spoolfile=+INBOX record=+Sent copy=yes
set ssl_starttls=no ssl_force_tls=no header_cache="$work/mutt-cache" quit=yes delete=yes mark_old=no timeout=2 mail_check=1
END
mutt_all() {
    printf 'attached' >"$work/a.txt"
    echo body | mutt -F "$work/.muttrc" -s 'from mutt' -a "$work/a.txt" -- bob@test.althing.internal alice@test.althing.internal || return 1
    py has bob INBOX 'from mutt' && py has alice Sent 'from mutt' || return 1
    have tmux || return 0
    tmux -L "mail$$" new-session -d -x 120 -y 30 "mutt -F $work/.muttrc"
    for _ in $(seq 100); do tmux -L "mail$$" capture-pane -p | grep -q 'from mutt' && break; sleep 0.1; done
    tmux -L "mail$$" capture-pane -p | grep 'from mutt' || return 1
    # Open it, flag it, leave: mutt writes the flags back.
    tmux -L "mail$$" send-keys Enter; sleep 1; tmux -L "mail$$" capture-pane -p | grep attached || return 1
    tmux -L "mail$$" send-keys i F q
    for _ in $(seq 50); do tmux -L "mail$$" has-session 2>/dev/null || break; sleep 0.1; done
    py flagged alice INBOX 'from mutt'
}
have mutt && check 'mutt: sends with an attachment, keeps a copy, reads, flags' mutt_all

check "python: $megabytes MB through SMTP and back, in little memory" py large "$megabytes"
check "structure: as Python's email sees it$(command -v dovecot >/dev/null && echo ', and dovecot')" python3 "$here/structure.py"
command -v dovecot >/dev/null || echo 'NOTE left out: dovecot-imapd is not here'
said_nothing() { cat "$work/errors"; [ ! -s "$work/errors" ]; }
check 'the desk never complained' said_nothing
stop
printf '%d passed, %d failed\n' "$passed" "$failed"
[ "$failed" = 0 ]
