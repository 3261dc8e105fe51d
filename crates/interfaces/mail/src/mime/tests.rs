//! Messages as they should be, as they should not be, and as nobody ever wrote them.

use mail_parser::MessageParser;

use super::address::{Entry, entries};
use super::describe::{Detail, envelope, structure};
use super::field::{fields, head_length};
use super::outline::{Kind, OUTLINE_BYTES_MAX, PARTS_MAX, Part};
use super::scan::Scanner;

fn scan(message: &[u8]) -> Part {
    let mut scanner = Scanner::new();
    scanner.push(message);
    scanner.finish()
}

fn basic(message: &str) -> String {
    let mut out = Vec::new();
    structure(&mut out, &scan(message.replace('\n', "\r\n").as_bytes()), Detail::Basic);
    String::from_utf8(out).unwrap()
}

fn envelope_of(head: &str) -> String {
    let mut out = Vec::new();
    envelope(&mut out, &scan(head.replace('\n', "\r\n").as_bytes()));
    String::from_utf8_lossy(&out).into_owned()
}

const MIXED: &str = "From: Alice <alice@family.althing.internal>
Subject: Plans
Content-Type: multipart/mixed; boundary=\"out er\"

preamble
--out er
Content-Type: multipart/alternative; boundary=in

--in

plain
--in
Content-Type: text/html; charset=utf-8
Content-Transfer-Encoding: quoted-printable

<p>rich</p>

--in--
--out er
Content-Type: message/rfc822

Subject: inside
From: bob@family.althing.internal

old
--out er
Content-Type: image/png; name=\"a \\\"b\\\".png\"
Content-Transfer-Encoding: base64
Content-Disposition: attachment; filename=x.png

AAAA
--out er--
epilogue
";

#[test]
fn parts_are_found_where_they_are() {
    let message = MIXED.replace('\n', "\r\n").into_bytes();
    let outline = scan(&message);
    let text = |path: &[u32]| {
        let span = outline.find(path).unwrap().body;
        let at = |place: u64| usize::try_from(place).unwrap();
        String::from_utf8(message[at(span.from)..at(span.to)].to_vec()).unwrap()
    };
    assert_eq!(text(&[1, 1]), "plain");
    assert_eq!(text(&[1, 2]), "<p>rich</p>\r\n");
    assert_eq!(text(&[2, 1]), "old");
    assert_eq!(text(&[3]), "AAAA");
    assert_eq!(outline.find(&[2]).unwrap().kind, Kind::Message);
    for missing in [&[4][..], &[0], &[1, 3], &[3, 1], &[2, 2], &[1, 1, 1]] {
        assert_eq!(outline.find(missing), None, "{missing:?}");
    }
    assert_eq!(
        basic(MIXED),
        "(((\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7bit\" 5 0)\
         (\"text\" \"html\" (\"charset\" \"utf-8\") NIL NIL \"quoted-printable\" 13 1) \"alternative\")\
         (\"message\" \"rfc822\" NIL NIL NIL \"7bit\" 57 \
         (NIL \"inside\" ((NIL NIL \"bob\" \"family.althing.internal\")) ((NIL NIL \"bob\" \"family.althing.internal\")) \
         ((NIL NIL \"bob\" \"family.althing.internal\")) NIL NIL NIL NIL NIL) \
         (\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7bit\" 3 0) 3)\
         (\"image\" \"png\" (\"name\" \"a \\\"b\\\".png\") NIL NIL \"base64\" 4) \"mixed\")"
    );
}

#[test]
fn how_a_message_is_cut_into_pieces_does_not_matter() {
    let message = MIXED.replace('\n', "\r\n").into_bytes();
    let whole = scan(&message);
    for length in [1, 2, 3, 7, 64] {
        let mut scanner = Scanner::new();
        message.chunks(length).for_each(|piece| scanner.push(piece));
        assert_eq!(scanner.finish(), whole, "pieces of {length}");
    }
    assert_eq!(Part::decode(&whole.encode()), Some(whole));
    assert_eq!(Part::decode(b""), None);
    assert_eq!(Part::decode(b"\x09nonsense"), None);
}

#[test]
fn our_offsets_are_those_of_mail_parser() {
    let message = MIXED.replace('\n', "\r\n").into_bytes();
    let theirs = MessageParser::default().parse(&message).unwrap();
    let outline = scan(&message);
    let mut ours: Vec<(u64, u64)> = Vec::new();
    for path in [&[1, 1][..], &[1, 2], &[3]] {
        let part = outline.find(path).unwrap();
        ours.push((part.head.from, part.body.from));
    }
    let leaves = theirs.parts.iter().filter(|part| !part.is_multipart() && !part.is_message());
    let theirs: Vec<(u64, u64)> =
        leaves.map(|part| (u64::from(part.raw_header_offset()), u64::from(part.raw_body_offset()))).collect();
    assert_eq!(ours, theirs);
}

#[test]
fn a_part_ends_no_sooner_than_what_is_in_it() {
    // Found by mutated bytes: the empty line of the inner head is the line end before the boundary.
    assert!(is_sound(b"Content-Type: multipart/digest; boundary=d\n\n--d\n\nSubject: x\n\n--d\n\nSubject: "));
}

#[test]
fn a_boundary_may_follow_a_head_at_once() {
    // Found beside Python's `email`: it ends the head, whose empty line is missing, and begins the first part.
    let outline = scan(b"Content-Type: multipart/mixed; boundary=b\n--b\n\nx\n--b--\n");
    assert_eq!((outline.kind, outline.parts.len()), (Kind::Multipart, 1));
    assert!(is_sound(
        b"Content-Type: message/rfc822\n\nContent-Type: multipart/mixed; boundary=b\n--b\n\nx\n--b--\n"
    ));
}

#[test]
fn the_last_part_of_a_digest_may_be_empty() {
    let outline = scan(b"Content-Type: multipart/digest; boundary=b\n\n--b\n\nSubject: x\n\ny\n--b");
    let kinds: Vec<(Kind, usize)> = outline.parts.iter().map(|part| (part.kind, part.parts.len())).collect();
    assert_eq!(kinds, [(Kind::Message, 1), (Kind::Message, 1)]);
}

#[test]
fn what_claims_parts_and_has_none_is_text() {
    for claim in
        ["multipart/mixed; boundary=b", "multipart/mixed", "nonsense", "/", ";;;", "text/", "multipart"]
    {
        let described = basic(&format!("Content-Type: {claim}\n\nhello\n"));
        let text = "(\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7bit\" 7 1)";
        assert_eq!(described, text, "{claim}");
    }
    let encoded = basic("Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\nAAAA\n");
    assert!(encoded.starts_with("(\"application\" \"octet-stream\""), "{encoded}");
}

#[test]
fn a_body_that_begins_without_an_empty_line_is_a_body() {
    let outline = scan(b"Subject: x\r\nthis is no field\r\nFrom: y\r\n\r\nz\r\n");
    assert_eq!((outline.head.to, outline.body.to), (12, 44));
    assert_eq!(head_length(b"Subject: x\r\nthis is no field\r\n"), Some(12));
    let names: Vec<&[u8]> = fields(b"From somebody\r\nA: 1\r\n 2\r\nB : 3\r\nnothing\r\nC: 4\r\n")
        .map(|field| field.name)
        .collect();
    assert_eq!(names, [b"A", b"B"]);
}

#[test]
fn envelopes_leave_words_as_they_are() {
    assert_eq!(
        envelope_of(
            "Date: Mon, 7 Feb 1994 21:52:25 -0800\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\n\tan alle\n\
             From: \"Gray, Terry\" <gray@cac.washington.edu>, bob@x.y (Bob \\(B\\))\nReply-To:\n\
             To: friends: a@b, <@r1,@r2:c@d>;, \"q q\"@e\nCc: undisclosed:;\nMessage-Id: <1@x>\n\n"
        ),
        "(\"Mon, 7 Feb 1994 21:52:25 -0800\" \"=?utf-8?q?Gr=C3=BC=C3=9Fe?= an alle\" \
         ((\"Gray, Terry\" NIL \"gray\" \"cac.washington.edu\")(\"Bob (B)\" NIL \"bob\" \"x.y\")) \
         ((\"Gray, Terry\" NIL \"gray\" \"cac.washington.edu\")(\"Bob (B)\" NIL \"bob\" \"x.y\")) \
         ((\"Gray, Terry\" NIL \"gray\" \"cac.washington.edu\")(\"Bob (B)\" NIL \"bob\" \"x.y\")) \
         ((NIL NIL \"friends\" NIL)(NIL NIL \"a\" \"b\")(NIL \"@r1,@r2\" \"c\" \"d\")(NIL NIL NIL NIL)(NIL NIL \"q q\" \"e\")) \
         ((NIL NIL \"undisclosed\" NIL)(NIL NIL NIL NIL)) NIL NIL \"<1@x>\")"
    );
}

#[test]
fn only_an_address_that_all_read_alike_is_plain() {
    let check = |value: &str, expected: Option<&str>| {
        let found: Vec<Option<String>> = entries(value.as_bytes())
            .into_iter()
            .map(|entry| match entry {
                Entry::Mailbox(mailbox) if mailbox.is_plain => Some(mailbox.address()),
                _ => None,
            })
            .collect();
        assert_eq!(found.first().cloned().flatten().as_deref(), expected, "{value}");
    };
    check("alice@a.b", Some("alice@a.b"));
    check("Alice A. <ALICE@A.b>", Some("alice@a.b"));
    check("\"Alice <mallory@x>\" <alice@a.b>", Some("alice@a.b"));
    check("alice@a.b (Alice)", Some("alice@a.b"));
    for odd in [
        "<alice@a.b> <mallory@x>",
        "alice@a.b mallory@x",
        "<alice@a.b",
        "\"alice@a.b",
        "alice",
        "@a.b",
        "alice@",
        "alice@a.b@x",
        "<@x:alice@a.b>",
        "alice@a.b\u{0}",
        "mallory@x <alice@a.b> x",
        "(alice@a.b",
        "al ice@a.b",
        "x: alice@a.b;",
    ] {
        check(odd, None);
    }
}

#[test]
fn a_message_of_parts_without_end_stays_small() {
    let mut scanner = Scanner::new();
    scanner.push(b"Content-Type: multipart/mixed; boundary=b\r\n\r\n");
    for _ in 0..100_000 {
        scanner.push(b"--b\r\nContent-Description: ");
        scanner.push(&[b'x'; 100]);
        scanner.push(b"\r\n\r\n\r\n");
    }
    let wide = scanner.finish();
    assert_eq!(wide.parts.len(), PARTS_MAX - 1);
    assert!(wide.encode().len() < OUTLINE_BYTES_MAX);
    let mut scanner = Scanner::new();
    for number in 0..100_000 {
        scanner.push(
            format!("Content-Type: multipart/mixed; boundary=b{number}\r\n\r\n--b{number}\r\n").as_bytes(),
        );
    }
    let deep = scanner.finish();
    assert_eq!(Part::decode(&deep.encode()), Some(deep));
    let mut scanner = Scanner::new();
    for _ in 0..100_000 {
        scanner.push(b"Content-Type: message/rfc822\r\n\r\n");
    }
    let nested = scanner.finish();
    assert_eq!(Part::decode(&nested.encode()), Some(nested));
}

/// Says whether a message has parts that lie in it and in each other, and can be described.
fn is_sound(bytes: &[u8]) -> bool {
    let outline = scan(bytes);
    let mut open = vec![&outline];
    while let Some(part) = open.pop() {
        assert!(
            part.head.from <= part.head.to
                && part.head.to <= part.body.from
                && part.body.from <= part.body.to
        );
        assert!(part.body.to <= bytes.len() as u64);
        for inner in &part.parts {
            assert!(part.body.from <= inner.head.from && inner.body.to <= part.body.to);
        }
        open.extend(&part.parts);
    }
    let mut pieces = Scanner::new();
    bytes.chunks(5).for_each(|piece| pieces.push(piece));
    assert_eq!(pieces.finish(), outline, "cut into pieces it is another one");
    assert_eq!(Part::decode(&outline.encode()).as_ref(), Some(&outline));
    let mut out = Vec::new();
    structure(&mut out, &outline, Detail::Extended);
    envelope(&mut out, &outline);
    // What quotes can't hold stands in literals, so all else is one line of ASCII.
    assert!(!out.contains(&0));
    outline.kind != Kind::Leaf
}

#[test]
fn fuzz_messages() {
    let broken = "Content-Type: multipart/digest; boundary=d\n\n--d\n\nSubject: in a digest\n\nx\n--d--\n--d\nMore: x\n\n";
    let seeds = [MIXED, broken].map(|text| text.replace('\n', "\r\n").into_bytes());
    let seeds = seeds.into_iter().chain([MIXED, broken].map(|text| text.as_bytes().to_vec())).collect();
    crate::engine::run("mail", &[("message", |bytes| is_sound(bytes).then(|| bytes.to_vec()))], seeds);
}
