#!/bin/sh
# Measures mail between two real peers (docs/benchmarks.md): a mailbox of 10,000 messages down to mbsync, and one large attachment.
#
# usage: sh tests/mail/measure.sh [MEGABYTES]
set -u
. "$(dirname "$0")/peers.sh"

check 'two peers of one web, mail switched on' begin
mkdir -p "$work/maildir"
as "$bob" mail settings --json | python3 -c 'import json,sys,os; print(json.load(sys.stdin)["mbsync"].replace("PASSWORD", os.environ["B_WORD"]).replace("~/Mail/althing", sys.argv[1]))' "$work/maildir" >"$work/mbsyncrc"
# Else mbsync waits for its own disk after every message.
sed -i '1i FSync no' "$work/mbsyncrc"
check 'a mailbox of 10,000 messages' py mailbox 10000
down() {
    begun=$(date +%s.%N); mbsync -c "$work/mbsyncrc" -a || return 1; ended=$(date +%s.%N)
    got=$(find "$work/maildir/Archive" -type f -path '*/???/*' | wc -l)
    python3 -c "print('NOTE mbsync brought $got messages in %.1f s, %.0f each second' % ($ended - $begun, $got / ($ended - $begun)))"
    begun=$(date +%s.%N); mbsync -c "$work/mbsyncrc" -a || return 1; ended=$(date +%s.%N)
    python3 -c "print('NOTE once more, nothing new: %.1f s' % ($ended - $begun))"
    [ "$got" -ge 10000 ]
}
check 'mbsync, the first time and once more' down
memory() { sed -n 's/^VmHWM:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$(cat "$1.pid")/status"; }
# The most that each had until now.
echo 5 >"/proc/$(cat "$alice.pid")/clear_refs"; echo 5 >"/proc/$(cat "$bob.pid")/clear_refs"
a=$(memory "$alice") b=$(memory "$bob")
check "an attachment of ${1:-1000} MB" py huge "${1:-1000}"
echo "NOTE memory at most: of Alice's peer $(($(memory "$alice") / 1024)) MiB (before: $((a / 1024))), of Bob's $(($(memory "$bob") / 1024)) MiB (before: $((b / 1024)))"

printf '%d passed, %d failed\n' "$passed" "$failed"
[ "$failed" = 0 ]
