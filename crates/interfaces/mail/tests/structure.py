"""How messages are built, as the mail desk says it, beside Python's `email` and (if it is here) dovecot: a corpus that is made from a
seed, good and nasty. See clients.sh.

Compared with `email`: types, parameters' charset, and the very bytes of every part. With dovecot: ENVELOPE and BODYSTRUCTURE whole, where it
sees the same parts; where it does not, `email` decides, and how often that was is said."""

import email
import imaplib
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
from email.utils import getaddresses

SEED = int(os.environ.get("SEED", random.randrange(1 << 30)))
dice = random.Random(SEED)
imaplib._MAXLINE = 10_000_000

ADDRESSES = ["a@b.example", "Alice <a@b.example>", '"Last, First" <x.y@z.example>', "c@d.example (Carol (C) D)", "=?utf-8?q?Zo=C3=AB?= <z@e.example>",
             "Some One <s@o.example>, t@w.example", '"q\\"uote" <q@u.example>', "friends: a@b.example, c@d.example;", "undisclosed-recipients:;",
             "A. B. Dot <d@o.example>", '"quoted local"@h.example', "x@[127.0.0.1]"]
TYPES = ["text/plain; charset=utf-8", 'text/html; charset="iso-8859-1"', "TEXT/Plain", "application/octet-stream; name=\"a b.bin\"", "image/png",
         "text/plain; charset=us-ascii; format=flowed", "application/x-y; a=1; b=\"c;d\"", "text/plain; name=\"a\\\"b\""]
TEXTS = ["", "x", "line\n", "two\nlines\n", "\n", "\n\n", "--not a boundary\n", "a\n--\nb\n", "long " * 300 + "\n", "Gr\u00fc\u00dfe\n", "trail  \n \n"]


def leaf():
    head = ["Content-Type: " + dice.choice(TYPES)] if dice.random() < 0.8 else []
    if dice.random() < 0.4:
        head.append("Content-Transfer-Encoding: " + dice.choice(["7bit", "8bit", "base64", "quoted-printable", "BASE64"]))
    if dice.random() < 0.3:
        head.append("Content-Disposition: " + dice.choice(["inline", 'attachment; filename="x y.txt"', "attachment;\n filename=z"]))
    if dice.random() < 0.2:
        head += ["Content-ID: <id@x>", "Content-Description: a thing\n\tfolded"]
    if dice.random() < 0.1:
        head += ["Content-Language: en, de", "Content-Location: here", "Content-MD5: xyz"]
    return head, dice.choice(TEXTS)


def multipart(depth):
    boundary = dice.choice(["b", "=_x", "a b", "----x", "0123456789" * 7]) + f"{depth}.{dice.randrange(1000)}"
    kind = dice.choice(["mixed", "mixed", "alternative", "related", "digest", "signed", "report"])
    quoted = f'"{boundary}"' if " " in boundary or "=" in boundary or dice.random() < 0.5 else boundary
    parts = [part(depth + 1) for _ in range(dice.randrange(1, 4))]
    if kind == "digest":
        # Its parts are messages, and need not say so.
        parts = [([], embedded(depth)[1]) for _ in parts]
    body = dice.choice(["", "preamble\n", "pre\namble\n\n"])
    for head, text in parts:
        body += f"--{boundary}{dice.choice(['', '', ' ', '  '])}\n" + "".join(line + "\n" for line in head) + "\n" + text + "\n"
    body += f"--{boundary}--" + dice.choice(["", "\n", "\nepilogue\n", "\n\n"])
    return [f"Content-Type: multipart/{kind}; boundary={quoted}"], body


def embedded(depth):
    head, body = message(depth + 1)
    return ["Content-Type: message/rfc822"], "".join(line + "\n" for line in head) + "\n" + body


def part(depth):
    roll = dice.random()
    if depth < 5 and roll < 0.3:
        return multipart(depth)
    return embedded(depth) if depth < 4 and roll < 0.4 else leaf()


def message(depth=0):
    head = ["Date: Mon, 7 Feb 1994 21:52:25 -0800 (PST)", "MIME-Version: 1.0", f"From: {dice.choice(ADDRESSES)}"]
    for name in ["To", "Cc", "Bcc", "Reply-To", "Sender"]:
        if dice.random() < 0.4:
            head.append(f"{name}: {dice.choice(ADDRESSES[:5] if name == 'Sender' else ADDRESSES)}")
    head.append("Subject: " + dice.choice(["plain", "folded\n here", '=?utf-8?q?Gr=C3=BC=C3=9Fe?=', "with \"quotes\" and \\", "", "raw \u00e4"]))
    if dice.random() < 0.7:
        head.append("Message-ID: <1@x>")
    if dice.random() < 0.3:
        head.append("In-Reply-To: <0@x> <00@x>")
    inner, body = part(depth)
    return head + inner, body


def good():
    head, body = message()
    return ("".join(line + "\n" for line in head) + "\n" + body).replace("\n", "\r\n").encode()


NASTY = {
    "no end": "Content-Type: multipart/mixed; boundary=b\n\n--b\n\none\n--b\n\ntwo",
    "no parts": "Content-Type: multipart/mixed; boundary=b\n\nnothing here\n",
    "no boundary": "Content-Type: multipart/mixed\n\n--b\n\nx\n--b--\n",
    "end first": "Content-Type: multipart/mixed; boundary=b\n\n--b--\n--b\n\nx\n",
    "after the end": "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nx\n--b--\n--b\n\ny\n--b--\n",
    "boundary within boundary": "Content-Type: multipart/mixed; boundary=b\n\n--bb\n\nx\n--b\n\ny\n--b--\n",
    "inner never ends": "Content-Type: multipart/mixed; boundary=o\n\n--o\nContent-Type: multipart/mixed; boundary=i\n\n--i\n\nx\n--o\n\ny\n--o--\n",
    "same boundary twice": "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nx\n--b--\n--b\n\ny\n--b--\n",
    "part in its head": "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/html\n--b\n\nx\n--b--\n",
    "no type": "Content-Type: nonsense\n\nx\n",
    "empty type": "Content-Type:\n\nx\n",
    "nothing": "\n",
    "head only": "Subject: x\n\n",
    "no subtype": "Content-Type: text\n\nx\n",
    "digest": "Content-Type: multipart/digest; boundary=b\n\n--b\n\nSubject: in\n\nx\n--b\nContent-Type: text/plain\n\ny\n--b--\n",
    "message in message": "Content-Type: message/rfc822\n\nContent-Type: message/rfc822\n\nSubject: x\n\ny\n",
    "8 bit": "Subject: \u00e4\u00f6\nFrom: \u00fc <a@b>\nContent-Type: text/plain; name=\"\u00df\"\n\n\u00e4\n",
    "many": "Content-Type: multipart/mixed; boundary=b\n\n" + "--b\n\nx\n" * 900 + "--b--\n",
    "broken words": "Subject: =?utf-8?q?=C3\nFrom: <a@b\nTo: \"x <y@z>\nCc: a@b@c, , ;\n\nx\n",
    "blank lines": "\n\n\nx\n",
    "spaces before colon": "Subject : x\nContent-Type : text/html\n\ny\n",
    "two types": "Content-Type: text/html\nContent-Type: text/plain\n\nx\n",
    "encoded message": "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\nU3ViamVjdDogeA==\n--b--\n",
    "text without a head": "this is just text\nand more: of it\n\nx\n",
    "delivery status": "Content-Type: multipart/report; boundary=b\n\n--b\nContent-Type: message/delivery-status\n\nA: b\n\nC: d\n--b--\n",
}


def mangled():
    data = bytearray(good())
    for _ in range(dice.randrange(1, 4)):
        at = dice.randrange(len(data))
        if dice.random() < 0.5:
            del data[at:at + dice.randrange(1, 30)]
        else:
            data[at:at] = dice.choice([b"\r\n", b"--b", b"\r\n\r\n", b";", b'"', b":", data[at:at + 40]])
    data = bytes(data).replace(b"\r\n", b"\n").replace(b"\r", b"").replace(b"\n", b"\r\n")
    return data or b"x"


def parse(data):
    """Reads one parenthesised value as Python lists, None and bytes; literals stand in the bytes as they came."""
    at = 0

    def value():
        nonlocal at
        while data[at:at + 1] == b" ":
            at += 1
        first = data[at:at + 1]
        if first == b"(":
            at += 1
            out = []
            while data[at:at + 1] != b")":
                out.append(value())
                while data[at:at + 1] == b" ":
                    at += 1
            at += 1
            return out
        if first == b'"':
            end, out = at + 1, b""
            while data[end:end + 1] != b'"':
                end += data[end:end + 1] == b"\\"
                out += data[end:end + 1]
                end += 1
            at = end + 1
            return out
        literal = re.compile(rb"\{(\d+)\}\r\n").match(data, at)
        if literal:
            at = literal.end() + int(literal[1])
            return data[literal.end():at]
        word = re.compile(rb"[^ ()]+").match(data, at)
        at = word.end()
        return None if word[0] == b"NIL" else word[0]

    return value()


class Server:
    def __init__(self, box):
        self.box = box

    def put(self, data):
        kind, said = self.box.append("INBOX", None, None, data)
        assert kind == "OK", said
        return re.search(rb"APPENDUID \d+ (\d+)", said[0])[1].decode()

    def fetch(self, uid, item):
        kind, said = self.box.uid("FETCH", uid, f"({item})")
        assert kind == "OK" and said[0], (item, said)
        # imaplib cuts at literals; put together again it is what came.
        whole = b""
        for piece in said:
            whole += piece[0] + b"\r\n" + piece[1] if isinstance(piece, tuple) else piece
        return whole

    def value(self, uid, item):
        whole = self.fetch(uid, item)
        return parse(whole[whole.index(item.encode() + b" ") + len(item) + 1:])

    def bytes(self, uid, section):
        kind, said = self.box.uid("FETCH", uid, f"(BODY.PEEK[{section}])")
        assert kind == "OK", said
        piece = said[0]
        if isinstance(piece, tuple):
            return piece[1]
        return b"" if b'""' in piece or b"{0}" in piece else None


def is_multipart(structure):
    return isinstance(structure[0], list)


def kind_of(structure):
    if is_multipart(structure):
        return b"multipart/" + next(one for one in structure if not isinstance(one, list)).lower()
    return (structure[0] + b"/" + structure[1]).lower()


def tree_of(structure):
    if is_multipart(structure):
        return [kind_of(structure), [tree_of(one) for one in structure if isinstance(one, list) and is_part(one)]]
    if kind_of(structure) in (b"message/rfc822", b"message/global"):
        return [kind_of(structure), [tree_of(structure[8])]]
    return [kind_of(structure), []]


def is_part(one):
    # The parameters of a multipart are a list of strings, too; those of a part begin with two strings and a list or NIL.
    return is_multipart(one) or (len(one) >= 7 and (one[2] is None or isinstance(one[2], list)))


def is_encoded(message):
    """A message in base64: Python reads the letters, we give it out as a file, which programs decode."""
    encoding = str(message.get("content-transfer-encoding", "")).strip().lower()
    return message.get_content_type() == "message/rfc822" and encoding not in ("", "7bit", "8bit", "binary")


def their_tree(message):
    """The same from Python. What says it has parts and has none is shown as text by us; there it keeps its name."""
    kind = message.get_content_type().encode()
    if is_encoded(message):
        return [b"application/octet-stream", []]
    if not re.fullmatch(rb"[!-~]+/[!-~]+", kind):
        # A name with blanks or the like is none, whatever Python makes of its first half.
        return [b"text/plain", []]
    if kind.startswith(b"message/") and kind not in (b"message/rfc822", b"message/global"):
        # Python takes all of these for messages; reports and halves of messages are none.
        return [kind, []]
    if message.is_multipart() and not kind.startswith(b"message/delivery"):
        return [kind, [their_tree(one) for one in message.get_payload()]]
    if kind.startswith(b"multipart/"):
        kind = b"text/plain"
    if kind == b"message/rfc822":
        kind = b"application/octet-stream"
    return [kind, []]


def leaves(message, path=()):
    """Numbers of parts and their bytes, as Python has them."""
    if is_encoded(message):
        return
    if message.is_multipart() and message.get_content_type() == "message/rfc822" and path:
        yield from leaves_within(message.get_payload()[0], path)
    elif message.is_multipart() and message.get_content_maintype() == "multipart":
        for number, one in enumerate(message.get_payload(), 1):
            yield from leaves(one, path + (number,))
    elif not message.is_multipart():
        # Of what should have had parts Python forgets some lines.
        if message.get_content_maintype() != "multipart":
            yield path or (1,), message._payload.encode("ascii", "surrogateescape")


def leaves_within(message, path):
    if message.get_content_maintype() == "multipart" and message.is_multipart():
        yield from leaves(message, path)
    elif not message.is_multipart() and message.get_content_maintype() != "multipart":
        yield path + (1,), message._payload.encode("ascii", "surrogateescape")


def lowered(value):
    """Types, names of parameters and encodings do not mind their case; dates, names and texts do."""
    return [lowered(one) for one in value] if isinstance(value, list) else value.lower().replace(b"\t", b" ") if value else value


def main():
    desk = imaplib.IMAP4("127.0.0.1", int(os.environ["IMAP"]))
    desk.login("alice", "secret-a")
    desk.create("Corpus")
    desk.select("INBOX")
    servers = [Server(desk)]
    work = tempfile.mkdtemp()
    os.chmod(work, 0o777)
    if shutil.which("doveadm"):
        with open(f"{work}/conf", "w") as conf:
            conf.write(f"protocols = imap\nbase_dir = {work}/run\nstate_dir = {work}/run\nlog_path = {work}/log\nssl = no\n"
                       f"mail_location = maildir:{work}/mail\nfirst_valid_uid = 1\n")
        as_nobody = "setpriv --reuid nobody --regid nogroup --clear-groups " if os.getuid() == 0 else ""
        os.environ.update(USER="nobody" if as_nobody else os.environ.get("USER", "nobody"), HOME=work)
        dovecot = imaplib.IMAP4_stream(f"{as_nobody}doveadm -c {work}/conf exec imap 2>/dev/null")
        dovecot.state = "AUTH"
        dovecot.select("INBOX")
        servers.append(Server(dovecot))
    corpus = [(name, text.replace("\n", "\r\n").encode()) for name, text in NASTY.items()]
    count = int(os.environ.get("COUNT", "300"))
    corpus += [(f"good {number}", good()) for number in range(count)]
    corpus += [(f"mangled {number}", mangled()) for number in range(count)]
    wrong, counts = [], {"trees": 0, "bytes": 0, "dovecot": 0, "dovecot envelope": 0, "dovecot sees other parts": 0, "dovecot other envelope": 0, "good differ": 0}
    for name, data in corpus:
        try:
            compare(servers, name, data, wrong, counts)
        except Exception as error:  # What one message does must not hide what the others do.
            wrong.append((name, f"{type(error).__name__}: {error}", data[:200]))
    print(f"NOTE structure: {len(corpus)} messages, seed {SEED}: {counts['trees']} trees and {counts['bytes']} parts' bytes as email has them")
    if len(servers) > 1:
        print(f"NOTE dovecot: {counts['dovecot']} structures the same, {counts['dovecot sees other parts']} differ; "
              f"of {count} good ones {counts['good differ']}; {counts['dovecot envelope']} envelopes the same, {counts['dovecot other envelope']} differ")
    # An embedded message without a body: its empty line is of its head (email) or of the boundary (dovecot).
    if counts["good differ"] > count // 10:
        wrong.append(("dovecot", "sees too many good messages in another way; SHOW=1 shows them", b""))
    for name, why, data in wrong[:12]:
        print(name, why, data, sep="\n    ")
    shutil.rmtree(work, ignore_errors=True)
    print(len(wrong), "wrong")
    return 1 if wrong else 0


def compare(servers, name, data, wrong, counts):
    python = email.message_from_bytes(data)
    uids = [server.put(data) for server in servers]
    ours = servers[0].value(uids[0], "BODYSTRUCTURE")
    expected = their_tree(python)
    # What is no type at all is cut out of the line differently, and shown as text or a file either way.
    if any(not re.fullmatch(r"[\w.+-]+/[\w.+-]+", one.get_content_type()) for one in python.walk()):
        return
    # A blank before the colon is an old way of writing (RFC 5322, 4.5) that Python does not know.
    if re.search(rb"^[!-9;-~]+[ \t]+:", data, re.M):
        return
    if tree_of(ours) != expected:
        wrong.append((name, f"email: {expected}\n    ours:  {tree_of(ours)}", data))
        return
    counts["trees"] += 1
    for path, text in leaves(python):
        section = ".".join(map(str, path))
        got = servers[0].bytes(uids[0], section)
        # Of a multipart that never ends Python leaves out the last line end.
        if got != text and not (name.startswith("mangled") and got == text + b"\r\n"):
            wrong.append((name, f"part {section}: {got!r} instead of {text!r}", data))
            return
        counts["bytes"] += 1
    if name.startswith("good"):
        envelope = servers[0].value(uids[0], "ENVELOPE")
        said = [(one[0] or b"", one[2] + b"@" + one[3]) for one in envelope[2] or [] if one[3] is not None and one[2] is not None]
        theirs = [(a.encode("ascii", "surrogateescape"), b.encode()) for a, b in getaddresses([str(python["From"]).replace("\r\n", "")]) if b]
        if [address.replace(b'"', b"") for _, address in said] != [address.replace(b'"', b"") for _, address in theirs]:
            wrong.append((name, f"From: {said} instead of {theirs}", data))
    if len(servers) > 1:
        theirs = servers[1].value(uids[1], "BODYSTRUCTURE")
        same = lowered(ours) == lowered(theirs)
        counts["dovecot" if same else "dovecot sees other parts"] += 1
        counts["good differ"] += name.startswith("good") and not same
        if not same and os.environ.get("SHOW"):
            wrong.append((name, f"dovecot: {theirs}\n    ours:    {ours}", data))
        one, other = servers[0].value(uids[0], "ENVELOPE"), servers[1].value(uids[1], "ENVELOPE")
        counts["dovecot envelope" if one == other else "dovecot other envelope"] += 1
        if one != other and os.environ.get("SHOW"):
            wrong.append((name, f"dovecot: {other}\n    ours:    {one}", data))


if __name__ == "__main__":
    sys.exit(main())
