//! Where a text ends, and who may say what in a head.

use base::Timestamp;
use smtp_proto::Request;

use super::dots::Dots;
use super::is_ours;
use super::stamp::stamped;

/// Returns the text, whether it can be read in two ways, and what stands behind its end.
fn read(bytes: &[u8], length: usize) -> Option<(Vec<u8>, bool, Vec<u8>)> {
    let (mut dots, mut out, mut at) = (Dots::new(), Vec::new(), 0);
    for piece in bytes.chunks(length) {
        if let Some(end) = dots.push(piece, &mut out) {
            return Some((out, dots.is_ambiguous, bytes[at + end..].to_vec()));
        }
        at += piece.len();
    }
    None
}

#[test]
fn only_a_dot_between_two_whole_line_ends_ends_a_text() {
    let check = |bytes: &str, expected: Option<(&str, bool, &str)>| {
        for length in [1, 2, 3, 100] {
            let found = read(bytes.as_bytes(), length);
            let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
            let found = found.map(|(out, odd, rest)| (text(&out), odd, text(&rest)));
            let expected = expected.map(|(out, odd, rest)| (out.to_owned(), odd, rest.to_owned()));
            assert_eq!(found, expected, "{bytes:?} in pieces of {length}");
        }
    };
    check("a\r\n.\r\nQUIT\r\n", Some(("a\r\n", false, "QUIT\r\n")));
    check(".\r\n", Some(("", false, "")));
    check("..a\r\n.b\r\n...\r\n.\r\n", Some((".a\r\nb\r\n..\r\n", false, "")));
    // Smuggling: none of these ends the text, and each is refused.
    check("a\n.\nMAIL FROM:<x>\r\n.\r\n", Some(("a\n.\nMAIL FROM:<x>\r\n", true, "")));
    check("a\n.\r\nMAIL FROM:<x>\r\n.\r\n", Some(("a\n.\r\nMAIL FROM:<x>\r\n", true, "")));
    check("a\r\n.\nb\r\n.\r\n", Some(("a\r\n\nb\r\n", true, "")));
    check("a\r.\r\nb\r\n.\r\n", Some(("a\r.\r\nb\r\n", true, "")));
    check("a\r\n.\rb\r\n.\r\n", Some(("a\r\n\rb\r\n", true, "")));
    check("a\r\r\n.\r\n", Some(("a\r\r\n", true, "")));
    check("a\r\n.\r", None);
    check("a\n.\n", None);
}

fn stamp(head: &str) -> Result<String, String> {
    let own = ["alice@family.althing.internal".to_owned(), "alice@club.althing.internal".to_owned()];
    let head = head.replace('\n', "\r\n");
    let stamped = stamped(head.as_bytes(), &own, Timestamp::from_millis(0));
    stamped
        .map(|head| String::from_utf8(head).unwrap().replace("\r\n", "\n"))
        .map_err(|error| error.to_string())
}

#[test]
fn what_is_missing_is_added_and_what_is_hidden_is_left_out() {
    let head = "From: Alice <Alice@Family.althing.internal>\nTo: x\nBcc: bob@family.althing.internal,\n carol@x\nSubject: y\n\n";
    let sent = stamp(head).unwrap();
    assert!(sent.starts_with("Date: Thu, 1 Jan 1970 00:00:00 +0000\nMessage-ID: <"), "{sent}");
    assert!(
        sent.ends_with(
            "@althing.internal>\nFrom: Alice <Alice@Family.althing.internal>\nTo: x\nSubject: y\n\n"
        ),
        "{sent}"
    );
    let whole = "Date: now\nMessage-Id: <1>\nFrom: alice@club.althing.internal\n\n";
    assert_eq!(stamp(whole).unwrap(), whole);
}

#[test]
fn nobody_writes_as_somebody_else() {
    let check = |head: &str, why: &str| {
        let error = stamp(head).unwrap_err();
        assert!(error.contains(why), "{head:?}: {error}");
    };
    let own = "alice@family.althing.internal";
    check("From: bob@family.althing.internal\n\n", "not an address of yours");
    check(&format!("From: {own}, bob@family.althing.internal\n\n"), "not an address of yours");
    check(&format!("From: {own}\nSender: bob@family.althing.internal\n\n"), "Sender: bob@");
    check(&format!("From: {own}\nResent-From: bob@family.althing.internal\n\n"), "not an address of yours");
    check(&format!("From: {own}\nfrom : bob@family.althing.internal\n\n"), "several fields");
    check(&format!("From: {own}\nFrom: {own}\n\n"), "several fields");
    check("Subject: x\n\n", "does not say who");
    check("From:\n\n", "does not say who");
    check(&format!("From: friends: {own};\n\n"), "several ways");
    check(&format!("From: <{own}> <bob@x>\n\n"), "several ways");
    check(&format!("From: {own}\nnonsense\nFrom: bob@x\n\n"), "no field");
    check(&format!("From bob@x\nFrom: {own}\n\n"), "no field");
    check(&format!(" folded\nFrom: {own}\n\n"), "no field");
}

#[test]
fn only_addresses_of_althing_are_sent_to() {
    for good in ["bob@family.althing.internal", "the-list@a.b.althing.internal", "grüße@ä.althing.internal"]
    {
        assert!(is_ours(good), "{good}");
    }
    for bad in [
        "bob@gmail.com",
        "bob@althing.internal",
        "bob@.althing.internal",
        "bob@evilalthing.internal",
        "bob@x.althing.internal.evil.com",
        "bob@evil.com@x.althing.internal",
        "@x.althing.internal",
        "bob",
        "",
        "b ob@x.althing.internal",
    ] {
        assert!(!is_ours(bad), "{bad}");
    }
}

#[test]
fn fuzz_requests() {
    let seeds = [
        "EHLO x\r\n",
        "AUTH PLAIN AGEAYg==\r\n",
        "MAIL FROM:<a@b> SIZE=1 BODY=8BITMIME SMTPUTF8\r\n",
        "RCPT TO:<\"a b\"@c> NOTIFY=NEVER\r\n",
        "MAIL FROM:<>\r\n",
        "BDAT 10 LAST\r\n",
    ];
    let read = |bytes: &[u8]| Request::parse(&mut bytes.iter()).is_ok().then(|| bytes.to_vec());
    crate::engine::run("mail", &[("request", read)], seeds.map(|text| text.as_bytes().to_vec()).to_vec());
}
