#!/bin/sh
# Real mail programs against two real peers that belong to one web: swaks, curl, Python, mbsync both ways, mutt; restarts in between.
#
# What the two protocols do with large mailboxes and broken messages is tested by crates/interfaces/mail/tests/clients.sh.
set -u
. "$(dirname "$0")/peers.sh"

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
    py came bob swaks
}
check 'swaks: an attachment; foreign, unknown, forged refused' swaks_all
check 'python: what is too large, and what ends in the middle, is refused' py refused

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
