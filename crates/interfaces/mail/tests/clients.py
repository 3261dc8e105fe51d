"""What Python's own imaplib and smtplib do with a mail desk, and what they see of what other programs did. See clients.sh."""

import hashlib
import imaplib
import os
import re
import smtplib
import socket
import sys
import time
from email.message import EmailMessage
from pathlib import Path

IMAP, SMTP = int(os.environ["IMAP"]), int(os.environ["SMTP"])
ALICE, BOB = "alice@test.althing.internal", "bob@test.althing.internal"
imaplib._MAXLINE = 10_000_000


def note(text):
    print("NOTE", text)


def imap(name="bob", folder="INBOX"):
    box = imaplib.IMAP4("127.0.0.1", IMAP)
    box.login(name, f"secret-{name[0]}")
    kind, data = box.select(folder)
    assert kind == "OK", data
    return box


def smtp():
    line = smtplib.SMTP("127.0.0.1", SMTP)
    line.login("alice", "secret-a")
    return line


def ok(answer):
    assert answer[0] == "OK", answer
    return answer[1]


def uids(box, *keys):
    return ok(box.uid("SEARCH", *keys))[0].split()


def basics():
    line = smtp()
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = f"Älice <{ALICE}>", BOB, "Grüße"
    mail.set_content("Käse\n.dot\n")
    mail.add_attachment(b"\0\1" * 50_000, maintype="application", subtype="octet-stream", filename="ä.bin")
    line.send_message(mail)
    for to, code in (("x@gmail.com", 550), ("nobody@test.althing.internal", 550)):
        try:
            line.sendmail(ALICE, [to], f"From: {ALICE}\r\n\r\nx")
            raise AssertionError(to)
        except smtplib.SMTPRecipientsRefused as refused:
            assert refused.recipients[to][0] == code
    box = imap()
    box.literal = "grüße".encode()
    found = ok(box.uid("SEARCH", "CHARSET", "UTF-8", "SUBJECT"))[0].split()
    assert found, "a search in UTF-8 finds nothing"
    data = ok(box.uid("FETCH", found[-1], "(BODYSTRUCTURE BODY.PEEK[2]<0.100>)"))
    assert b'"base64"' in data[0][0] and len(data[0][1]) == 100, data
    ok(box.uid("STORE", found[-1], "+FLAGS", r"(\Flagged $Work)"))
    kind, data = box.append("Drafts", r"(\Draft)", imaplib.Time2Internaldate(1e9), b"Subject: d\r\n\r\nx\r\n")
    assert b"APPENDUID" in data[0], data
    ok(box.uid("COPY", found[-1], "Archive"))
    assert box.response("COPYUID")[1][0], "no COPYUID"
    ok(box.uid("MOVE", found[-1], "Trash"))
    assert found[-1] not in uids(box, "ALL")
    # Idle: how long from the last byte of the message to the word about it.
    times = []
    with socket.create_connection(("127.0.0.1", IMAP)) as idle:
        file = idle.makefile("rb")
        file.readline()
        idle.sendall(b"a LOGIN bob secret-b\r\nb SELECT INBOX\r\nc IDLE\r\n")
        while not file.readline().startswith(b"+"):
            pass
        for number in range(20):
            begun = time.perf_counter()
            line.sendmail(ALICE, [BOB], f"From: {ALICE}\r\nSubject: idle {number}\r\n\r\nx\r\n")
            while b"EXISTS" not in file.readline():
                pass
            times.append((time.perf_counter() - begun) * 1_000)
    times.sort()
    note(f"IDLE says that mail came {times[10]:.1f} ms (median), {times[-1]:.1f} ms (longest of 20) after MAIL FROM was said")
    assert times[-1] < 200


def fill(count):
    line, begun = smtp(), time.perf_counter()
    for number in range(int(count)):
        body = f"From: Alice <{ALICE}>\r\nTo: {BOB}\r\nSubject: message {number}\r\n\r\n" + f"line of {number}\r\n" * 40
        line.sendmail(ALICE, [BOB], body)
    took = time.perf_counter() - begun
    note(f"{count} messages by SMTP, one after the other: {int(count) / took:.0f}/s")
    box, begun = imap(), time.perf_counter()
    data = ok(box.uid("FETCH", "1:*", "(FLAGS ENVELOPE BODY.PEEK[HEADER.FIELDS (Subject)])"))
    took = time.perf_counter() - begun
    note(f"FETCH of flags, envelope and subject of {len(data) // 2}: {len(data) / 2 / took:.0f}/s")
    begun = time.perf_counter()
    found = uids(box, "TEXT", '"line of 77\r\n"'.replace("\r\n", ""))
    note(f"SEARCH TEXT over {len(data) // 2}: {time.perf_counter() - begun:.2f} s, {len(found)} found")
    assert found


def said(now, begun, count, what):
    took = float(now) - float(begun)
    note(f"{what}: {count} messages in {took:.1f} s, {int(count) / took:.0f}/s")


def file_of(maildir, folder, subject):
    """Returns the file of the message of this subject."""
    for path in sorted(Path(maildir, folder).glob("[cn][ue][rw]/*")):
        if re.search(rb"^Subject: %s\r?$" % re.escape(subject.encode()), path.read_bytes()[:4_000], re.M):
            return path
    return None


def with_flags(path, flags):
    base = path.name.split(":2,")[0]
    old = path.name.split(":2,")[1] if ":2," in path.name else ""
    path.rename(path.parent.parent / "cur" / f"{base}:2,{''.join(sorted(set(old + flags)))}")


def near(maildir):
    with_flags(file_of(maildir, "INBOX", "message 1"), "S")
    with_flags(file_of(maildir, "INBOX", "message 2"), "FR")
    with_flags(file_of(maildir, "INBOX", "message 3"), "T")
    new = f"From: {BOB}\nSubject: written near\n\nhello\n"
    Path(maildir, "INBOX", "new", "1.near.host").write_text(new)
    # A move near is a copy there and a removal here.
    moved = file_of(maildir, "INBOX", "message 4")
    Path(maildir, "Archive", "new", "2.near.host").write_bytes(re.sub(rb"X-TUID:.*\n", b"", moved.read_bytes()))
    with_flags(moved, "T")


def flags_of(box, subject):
    found = [uid for uid in uids(box, "SUBJECT", f'"{subject}"') if subject_of(box, uid) == subject]
    return None if not found else ok(box.uid("FETCH", found[0], "(FLAGS)"))[0].decode()


def subject_of(box, uid):
    data = ok(box.uid("FETCH", uid, "(BODY.PEEK[HEADER.FIELDS (Subject)])"))
    return data[0][1].decode().strip().removeprefix("Subject: ")


def uid_of(box, subject):
    return next(uid for uid in uids(box, "SUBJECT", f'"{subject}"') if subject_of(box, uid) == subject)


def far(maildir):
    box = imap()
    assert "Seen" in flags_of(box, "message 1")
    assert {"Flagged", "Answered"} <= set(re.findall(r"\\(\w+)", flags_of(box, "message 2")))
    assert flags_of(box, "message 3") is None, "a removal went not up"
    assert flags_of(box, "written near") is not None, "a new message went not up"
    assert flags_of(box, "message 4") is None
    assert flags_of(imap(folder="Archive"), "message 4") is not None, "a move went not up"
    ok(box.uid("STORE", uid_of(box, "message 5"), "+FLAGS", r"(\Seen \Flagged)"))
    ok(box.uid("STORE", uid_of(box, "message 6"), "+FLAGS", r"(\Deleted)"))
    ok(box.uid("EXPUNGE", uid_of(box, "message 6")))
    ok(box.uid("MOVE", uid_of(box, "message 7"), "Archive"))
    ok(box.append("INBOX", None, None, f"From: {BOB}\r\nSubject: written far\r\n\r\nhello\r\n".encode()))


def after(maildir):
    assert {"F", "S"} <= set(file_of(maildir, "INBOX", "message 5").name.split(":2,")[1])
    assert file_of(maildir, "INBOX", "message 6") is None, "a removal came not down"
    assert file_of(maildir, "INBOX", "message 7") is None
    assert file_of(maildir, "Archive", "message 7") is not None, "a move came not down"
    assert file_of(maildir, "INBOX", "written far") is not None, "a new message came not down"


def restarted():
    box = imap()
    # The first messages that were sent have the first uids, also now.
    assert subject_of(box, uid_of(box, "message 10")) == "message 10"
    first = int(uid_of(box, "message 10"))
    assert int(uid_of(box, "message 11")) == first + 1, "uids have changed"
    try:
        assert "Flagged" in (flags_of(box, "message 5") or "Flagged")
    finally:
        box.logout()


def has(name, folder, subject):
    box = imap(name, folder)
    assert uids(box, "SUBJECT", f'"{subject}"'), f"{subject} is not in {folder} of {name}"


def flagged(name, folder, subject):
    box = imap(name, folder)
    flags = flags_of(box, subject)
    assert "Flagged" in flags and "Seen" in flags, flags


def peak():
    """Returns the most memory the desk has had, in MB."""
    status = Path(f"/proc/{os.environ['DESK_PID']}/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+)", status)[1]) / 1024


def line_of(file, start):
    while True:
        line = file.readline()
        assert line, "the connection ended"
        if line.startswith(start):
            return line


def large(megabytes):
    lines = (("QUJD" * 19).encode() + b"\r\n") * 13_400
    count = int(megabytes) * 1_048_576 // len(lines)
    head = (
        f"From: {ALICE}\r\nSubject: large\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=bb\r\n\r\n--bb\r\n\r\nsee there\r\n"
        "--bb\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    ).encode()
    before, begun = peak(), time.perf_counter()
    sent = hashlib.sha256()
    with socket.create_connection(("127.0.0.1", SMTP)) as line:
        file = line.makefile("rb")
        file.readline()
        line.sendall(b"EHLO x\r\nAUTH PLAIN AGFsaWNlAHNlY3JldC1h\r\n")
        line_of(file, b"235")
        line.sendall(f"MAIL FROM:<{ALICE}>\r\nRCPT TO:<{BOB}>\r\nDATA\r\n".encode())
        line_of(file, b"354")
        line.sendall(head)
        for _ in range(count):
            line.sendall(lines)
            sent.update(lines)
        line.sendall(b"\r\n--bb--\r\n.\r\n")
        assert line_of(file, b"2").startswith(b"250")
    took = time.perf_counter() - begun
    size = count * len(lines)
    note(f"an attachment of {size / 1e6:.0f} MB by SMTP: {took:.1f} s, {size / 1e6 / took:.0f} MB/s; most memory ever {peak():.0f} MB ({before:.0f} before)")
    box = imap()
    uid, begun = uid_of(box, "large").decode(), time.perf_counter()
    structure = ok(box.uid("FETCH", uid, "(BODYSTRUCTURE)"))[0]
    assert b" %d " % size in structure, structure
    note(f"its BODYSTRUCTURE, the first time: {time.perf_counter() - begun:.1f} s")
    got, begun = hashlib.sha256(), time.perf_counter()
    with socket.create_connection(("127.0.0.1", IMAP)) as line:
        file = line.makefile("rb", 1 << 20)
        line.sendall(f"a LOGIN bob secret-b\r\nb SELECT INBOX\r\nc UID FETCH {uid} (BODY.PEEK[2])\r\n".encode())
        left = int(re.search(rb"\{(\d+)\}", next(l for l in iter(file.readline, b"") if b"BODY[2]" in l))[1])
        assert left == size, (left, size)
        while left:
            chunk = file.read(min(left, 1 << 20))
            assert chunk, "the connection ended"
            got.update(chunk)
            left -= len(chunk)
    assert got.digest() == sent.digest(), "it came back changed"
    took = time.perf_counter() - begun
    note(f"and back by FETCH BODY[2]: {took:.1f} s, {size / 1e6 / took:.0f} MB/s; most memory ever {peak():.0f} MB")
    assert peak() < 100


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:])
