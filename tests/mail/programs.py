"""What Python's own imaplib and smtplib do with the mail of two peers, and what they see of what other programs did. See check.sh."""

import hashlib
import imaplib
import os
import re
import smtplib
import socket
import sys
import time
from base64 import b64encode
from email import message_from_bytes
from email.message import EmailMessage
from pathlib import Path

ALICE, BOB = "alice@family.althing.internal", "bob@family.althing.internal"
imaplib._MAXLINE = 10_000_000


def env(name, what):
    return os.environ[f"{name[0].upper()}_{what}"]


def imap(name="bob", folder="INBOX"):
    box = imaplib.IMAP4("127.0.0.1", int(env(name, "IMAP")))
    box.login(name, env(name, "WORD"))
    kind, data = box.select(folder)
    assert kind == "OK", data
    return box


def smtp(name="alice"):
    line = smtplib.SMTP("127.0.0.1", int(env(name, "SMTP")))
    line.login(name, env(name, "WORD"))
    return line


def ok(answer):
    assert answer[0] == "OK", answer
    return answer[1]


def uids(box, *keys):
    return ok(box.uid("SEARCH", *keys))[0].split()


def wait_for(name, subject, folder="INBOX", seconds=60):
    """Waits until a mail about that is in a folder; returns its uids."""
    until = time.time() + seconds
    while time.time() < until:
        box = imap(name, folder)
        found = uids(box, "SUBJECT", f'"{subject}"')
        box.logout()
        if found:
            return found
        time.sleep(0.3)
    raise AssertionError(f"nothing about {subject} in {name}'s {folder}")


def mail_about(subject, text="hello\n", sender=ALICE, to=BOB):
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = sender, to, subject
    mail.set_content(text)
    return mail


def basics():
    line = smtp()
    mail = mail_about("Grüße", "Käse\n.dot\n", f"Älice <{ALICE}>")
    mail["Bcc"] = ALICE
    mail.add_attachment(b"\0\1" * 50_000, maintype="application", subtype="octet-stream", filename="ä.bin")
    line.send_message(mail)
    for to, code in (("x@gmail.com", 550), ("nobody@family.althing.internal", 550)):
        try:
            line.sendmail(ALICE, [to], f"From: {ALICE}\r\n\r\nx")
            raise AssertionError(to)
        except smtplib.SMTPRecipientsRefused as refused:
            assert refused.recipients[to][0] == code
    until = time.time() + 60
    while not (found := uids(box := imap(), "ALL")):
        assert time.time() < until, "nothing has come"
        time.sleep(0.3)
    box.literal = "grüße".encode()
    assert ok(box.uid("SEARCH", "CHARSET", "UTF-8", "SUBJECT"))[0].split() == found, "a search in UTF-8 finds nothing"
    data = ok(box.uid("FETCH", found[-1], "(BODYSTRUCTURE BODY.PEEK[2]<0.100> BODY.PEEK[HEADER])"))
    whole = b"".join(piece for item in data for piece in (item if isinstance(item, tuple) else (item,)))
    assert b'"base64"' in whole and b"bcc" not in whole.lower(), whole
    ok(box.uid("STORE", found[-1], "+FLAGS", r"(\Flagged $Work)"))
    kind, data = box.append("Drafts", r"(\Draft)", imaplib.Time2Internaldate(1e9), b"Subject: d\r\n\r\nx\r\n")
    assert b"APPENDUID" in data[0], data
    ok(box.create("Work/Done"))
    ok(box.uid("COPY", found[-1], "Archive"))
    assert box.response("COPYUID")[1][0], "no COPYUID"
    ok(box.uid("MOVE", found[-1], "Work/Done"))
    assert found[-1] not in uids(box, "ALL")
    other = imap(folder="Work/Done")
    flags = ok(other.uid("FETCH", "1", "(FLAGS)"))[0]
    assert b"$Work" in flags and rb"\Flagged" in flags, flags
    other.close()
    ok(other.rename("Work/Done", "Work/Old"))
    ok(other.delete("Work/Old"))
    # Idle: how long from Alice's last byte to the word at Bob's.
    times = []
    with socket.create_connection(("127.0.0.1", int(env("bob", "IMAP")))) as idle:
        file = idle.makefile("rb")
        file.readline()
        idle.sendall(f"a LOGIN bob {env('bob', 'WORD')}\r\nb SELECT INBOX\r\nc IDLE\r\n".encode())
        while not file.readline().startswith(b"+"):
            pass
        for number in range(10):
            begun = time.time()
            line.send_message(mail_about(f"idle {number}"))
            while b"EXISTS" not in file.readline():
                pass
            times.append(time.time() - begun)
        idle.sendall(b"DONE\r\n")
    print(f"NOTE from Alice's mail program to Bob's, which waits: {sorted(times)[5] * 1000:.0f} ms")
    # The list of all reaches Bob, and what Bob answers reaches Alice.
    line.send_message(mail_about("to all", to="all@family.althing.internal"))
    wait_for("bob", "to all")
    smtp("bob").send_message(mail_about("an answer", sender=BOB, to=ALICE))
    wait_for("alice", "an answer")


def fill(count):
    line = smtp()
    begun = time.time()
    for number in range(int(count)):
        line.send_message(mail_about(f"fill {number}"))
    sent = time.time()
    wait_for("bob", f"fill {int(count) - 1}")
    box = imap()
    assert len(uids(box, "SUBJECT", '"fill "')) == int(count)
    print(f"NOTE {count} mails: sent in {sent - begun:.2f} s, there after {time.time() - begun:.2f} s")


def large(megabytes):
    """An attachment that does not fit into letters: sealed, brought, and the same at Bob's."""
    size = int(float(megabytes) * 1_000_000)
    block = os.urandom(1_000_000)
    data = (block * (size // len(block) + 1))[:size]
    mail = mail_about(f"large {megabytes}", "see what is attached\n")
    mail.add_attachment(data, maintype="application", subtype="octet-stream", filename="large.bin")
    begun = time.time()
    smtp().send_message(mail)
    sent = time.time()
    uid = wait_for("bob", f"large {megabytes}")[-1]
    there = time.time()
    box = imap()
    structure = ok(box.uid("FETCH", uid, "(BODYSTRUCTURE)"))[0]
    assert b"large.bin" in structure, structure
    got = message_from_bytes(ok(box.uid("FETCH", uid, "(BODY.PEEK[])"))[0][1])
    parts_of = list(got.walk())
    assert parts_of[-1].get_payload(decode=True) == data, "the attachment is another"
    print(f"NOTE {megabytes} MB attached: sent in {sent - begun:.2f} s, at Bob's after {there - sent:.2f} s more, read in {time.time() - there:.2f} s")
    # Kept by the mail program in Sent, too, and copied there.
    own = imap("alice", "Sent")
    kind, answer = own.append("Sent", r"(\Seen)", None, mail.as_bytes(policy=mail.policy.clone(linesep="\r\n")))
    assert kind == "OK", answer
    own.select("Sent")
    uid = uids(own, "SUBJECT", f'"large {megabytes}"')[-1]
    ok(own.uid("COPY", uid, "Archive"))
    got = message_from_bytes(ok(own.uid("FETCH", uid, "(BODY.PEEK[])"))[0][1])
    assert list(got.walk())[-1].get_payload(decode=True) == data
    ok(own.uid("STORE", uid, "+FLAGS", r"(\Deleted)"))
    ok(own.expunge())
    archive = imap("alice", "Archive")
    uid = uids(archive, "SUBJECT", f'"large {megabytes}"')[-1]
    assert len(ok(archive.uid("FETCH", uid, "(BODY.PEEK[])"))[0][1]) > size


def refused():
    """What says that it is too large is refused before it comes; of what ends in the middle nothing stays."""
    line = smtp()
    code, _ = line.docmd("MAIL", f"FROM:<{ALICE}> SIZE={3 << 30}")
    assert code == 552, code
    line.close()
    line = smtp()
    line.mail(ALICE), line.rcpt(BOB)
    code, _ = line.docmd("DATA")
    assert code == 354, code
    line.sock.sendall(f"From: {ALICE}\r\nTo: {BOB}\r\nSubject: half\r\n\r\n".encode())
    for _ in range(200):
        line.sock.sendall(b"0123456789" * 7 + b"\r\n" + (b"abcdefghij" * 7 + b"\r\n") * 100)
    line.sock.close()
    smtp().send_message(mail_about("after the half"))
    wait_for("bob", "after the half")
    assert not uids(imap(), "SUBJECT", '"half"', "NOT", "SUBJECT", '"after"'), "half a mail has come"


def huge(megabytes):
    """Sends an attachment as a mail program streams it, and fetches it as one does: a piece after the other."""
    block = b64encode(os.urandom(57 * 1000))
    block = b"".join(block[at : at + 76] + b"\r\n" for at in range(0, len(block), 76))
    blocks = int(float(megabytes) * 1_000_000) // 57_000
    subject = f"huge {megabytes}"
    head = (
        f"From: {ALICE}\r\nTo: {BOB}\r\nSubject: {subject}\r\nMIME-Version: 1.0\r\n"
        'Content-Type: application/octet-stream; name="huge.bin"\r\nContent-Transfer-Encoding: base64\r\n\r\n'
    ).encode()
    line = smtp()
    line.mail(ALICE), line.rcpt(BOB)
    assert line.docmd("DATA")[0] == 354
    begun = time.time()
    line.sock.sendall(head)
    sent = hashlib.blake2b()
    for _ in range(blocks):
        sent.update(block)
        line.sock.sendall(block)
    line.sock.settimeout(600)
    line.sock.sendall(b".\r\n")
    code, text = line.getreply()
    assert code == 250, (code, text)
    there = time.time()
    uid = wait_for("bob", subject, seconds=600)[-1].decode()
    come = time.time()
    box = imap()
    size = int(re.search(rb"RFC822.SIZE (\d+)", ok(box.uid("FETCH", uid, "(RFC822.SIZE)"))[0])[1])
    assert size > blocks * len(block)
    got, at, step = hashlib.blake2b(), 0, 1 << 22
    while True:
        item = ok(box.uid("FETCH", uid, f"(BODY.PEEK[TEXT]<{at}.{step}>)"))[0]
        piece = item[1] if isinstance(item, tuple) else b""
        got.update(piece)
        at += len(piece)
        if len(piece) < step:
            break
    assert (at, got.digest()) == (blocks * len(block), sent.digest()), "the attachment is another"
    rate = lambda seconds: f"{seconds:.1f} s ({size / 1e6 / seconds:.0f} MB/s)"
    print(f"NOTE {megabytes} MB attached, {size / 1e6:.0f} MB on the way: sent in {rate(there - begun)}, at Bob's after {rate(come - there)} more, read in {rate(time.time() - come)}")


def mailbox(count):
    """Fills Archive as a mail program does that moves an old mailbox here."""
    text = "\r\n".join(["a line of some text as people write it to each other"] * 30)
    begun = time.time()
    with socket.create_connection(("127.0.0.1", int(env("bob", "IMAP")))) as line:
        file = line.makefile("rb")
        file.readline()
        line.sendall(f"a LOGIN bob {env('bob', 'WORD')}\r\n".encode())
        while not file.readline().startswith(b"a OK"):
            pass
        for number in range(int(count)):
            mail = f"From: {ALICE}\r\nTo: {BOB}\r\nSubject: old {number}\r\nMessage-ID: <{number}@old>\r\n\r\n{text}\r\n".encode()
            line.sendall(b"b%d APPEND Archive (\\Seen) {%d+}\r\n" % (number, len(mail)) + mail + b"\r\n")
            while not (answer := file.readline()).startswith(b"b%d " % number):
                pass
            assert b" OK" in answer, answer
    print(f"NOTE {count} messages appended one after the other: {int(count) / (time.time() - begun):.0f} each second")


def send_large():
    mail = mail_about("while away, large")
    mail.add_attachment(os.urandom(3_000_000), maintype="application", subtype="octet-stream", filename="a.bin")
    smtp().send_message(mail)


def parts(folder):
    return [path for sub in ("cur", "new") for path in (folder / sub).iterdir()]


def about(folder, subject):
    found = [path for path in parts(folder) if f"Subject: {subject}\n" in path.read_text(errors="replace").replace("\r", "")]
    assert len(found) == 1, (folder, subject, found)
    return found[0]


def flagged_file(path, flags):
    name = path.name.split(":2,")[0]
    path.rename(path.parent.parent / "cur" / f"{name}:2,{flags}")


def subjects(box):
    """Returns the uid of each subject."""
    data = ok(box.uid("FETCH", "1:*", "(BODY.PEEK[HEADER.FIELDS (SUBJECT)])"))
    items = [item for item in data if isinstance(item, tuple)]
    uid_of = lambda item: re.search(rb"UID (\d+)", item[0])[1].decode()
    return {item[1].decode().split("Subject: ")[-1].strip(): uid_of(item) for item in items}


def near(maildir):
    """Changes the copy here: a flag, a removal, a new message, a move."""
    inbox, sent = Path(maildir) / "INBOX", Path(maildir) / "Sent"
    flagged_file(about(inbox, "fill 1"), "FS")
    flagged_file(about(inbox, "fill 2"), "ST")
    (sent / "cur" / "1.new.here:2,S").write_text(f"From: {BOB}\nSubject: written here\n\nx\n")
    moved = about(inbox, "fill 3")
    (sent / "cur" / "2.moved.here:2,S").write_bytes(moved.read_bytes())
    moved.unlink()


def far():
    """Sees what came up, and changes other messages there."""
    box = imap()
    one = uids(box, "SUBJECT", '"fill 1"', "FLAGGED", "SEEN")
    assert len(one) == 1, one
    here = subjects(box)
    assert "fill 2" not in here and "fill 3" not in here, ("not removed", here)
    sent = imap(folder="Sent")
    assert uids(sent, "SUBJECT", '"written here"') and uids(sent, "SUBJECT", '"fill 3"')
    ok(box.uid("STORE", here["fill 4"], "+FLAGS", r"(\Answered)"))
    ok(box.uid("STORE", here["fill 5"], "+FLAGS", r"(\Deleted)"))
    ok(box.uid("EXPUNGE", here["fill 5"]))


def after(maildir):
    """Sees what came down."""
    inbox = Path(maildir) / "INBOX"
    assert "R" in about(inbox, "fill 4").name.split(":2,")[1]
    assert not [path for path in parts(inbox) if "Subject: fill 5\n" in path.read_text(errors="replace").replace("\r", "")]


def keep():
    """Prints everything that must be the same after a restart."""
    box = imap()
    for line in ok(box.list()):
        name = re.search(rb'"?([^" ]+)"?$', line)[1].decode()
        status = ok(box.status(name, "(UIDVALIDITY UIDNEXT MESSAGES UNSEEN)"))
        print(name, status)
        box.select(name, readonly=True)
        # What is recent a peer knows for one run only.
        lines = [line for line in ok(box.uid("FETCH", "1:*", "(FLAGS RFC822.SIZE)")) if line]
        print([line.replace(b" \\Recent", b"").replace(b"\\Recent", b"") for line in lines])


def away():
    line = smtp()
    for number in range(3):
        line.send_message(mail_about(f"away {number}", "x" * 900 + "\n" if number else "words\n" * 20_000))


def flagged(name, subject):
    until = time.time() + 20
    while not uids(imap(name), "SUBJECT", f'"{subject}"', "FLAGGED", "SEEN"):
        assert time.time() < until, "the flags did not come"
        time.sleep(0.3)


def came(name, subject, folder="INBOX"):
    wait_for(name, subject, folder)


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:])
