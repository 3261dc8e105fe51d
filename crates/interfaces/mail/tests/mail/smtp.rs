//! What can be sent, and what is refused.

use crate::house::{ALICE, BOB, House, send};

#[tokio::test]
async fn nothing_is_said_before_a_password() {
    let house = House::start().await;
    let mut line = house.smtp().await;
    assert!(line.say(&format!("MAIL FROM:<{ALICE}>")).await.starts_with("530 5.7.0"));
    assert!(line.say("AUTH PLAIN AGFsaWNlAHdyb25n").await.starts_with("535 5.7.8"));
    // The third wrong word of a stranger is its last.
    assert!(line.say("VRFY bob").await.starts_with("502"));
    assert!(line.rest().await.starts_with("421"));
    let mut browser = house.smtp().await;
    browser.send("POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: y\r\n\r\nEHLO x\r\nMAIL FROM:<x>\r\n").await;
    let said = browser.rest().await;
    assert!(said.contains("421 4.7.0") && !said.contains("250"), "{said}");
    house.stop().await;
}

#[tokio::test]
async fn a_message_arrives_as_it_was_sent() {
    let house = House::start().await;
    let mut line = house.writing("alice").await;
    let head = format!(
        "From: {ALICE}\r\nDate: Mon, 7 Feb 1994 21:52:25 -0800\r\nMessage-ID: <1@x>\r\nSubject: dots\r\n"
    );
    let said =
        send(&mut line, BOB, &format!("{head}Bcc: carol@x\r\n\r\n..one\r\nGr\u{fc}\u{df}e\r\n...")).await;
    assert!(said.starts_with("250 2.0.0"), "{said}");
    let mut bob = house.reading("bob", "INBOX").await;
    let fetched = bob.ask("FETCH 1 (RFC822.SIZE BODY[])").await;
    let expected = format!("{head}\r\n.one\r\nGr\u{fc}\u{df}e\r\n..\r\n");
    assert!(
        fetched.contains(&format!("{{{}}}\r\n{expected} FLAGS (\\Seen \\Recent))", expected.len())),
        "{fetched}"
    );
    house.stop().await;
}

#[tokio::test]
async fn mail_never_leaves_althing() {
    let house = House::start().await;
    let mut line = house.writing("alice").await;
    line.say(&format!("MAIL FROM:<{ALICE}>")).await;
    for to in ["bob@gmail.com", "bob@althing.internal", "bob@x.althing.internal.evil.com"] {
        let said = line.say(&format!("RCPT TO:<{to}>")).await;
        assert!(said.starts_with("550 5.7.1") && said.contains("never out into the internet"), "{said}");
    }
    assert!(line.say("RCPT TO:<nobody@test.althing.internal>").await.starts_with("550 5.1.1 nobody here"));
    assert!(line.say("DATA").await.starts_with("503"));
    house.stop().await;
}

#[tokio::test]
async fn nobody_sends_as_somebody_else() {
    let house = House::start().await;
    let mut line = house.writing("alice").await;
    assert!(line.say(&format!("MAIL FROM:<{BOB}>")).await.starts_with("553 5.7.1"));
    let said = send(&mut line, BOB, &format!("From: {BOB}\r\n\r\nx\r\n")).await;
    assert!(said.starts_with("550 5.7.1 the message says From: bob@"), "{said}");
    let said =
        send(&mut line, BOB, &format!("Subject: x\r\nFrom: {ALICE}\r\nSender: {BOB}\r\n\r\nx\r\n")).await;
    assert!(said.starts_with("550 5.7.1"), "{said}");
    assert!(bobs_inbox(&house).await.contains("* 0 EXISTS"));
    house.stop().await;
}

async fn bobs_inbox(house: &House) -> String {
    let mut bob = house.imap().await;
    bob.ask("LOGIN bob pb").await;
    bob.ask("SELECT INBOX").await
}

#[tokio::test]
async fn a_smuggled_message_is_neither_sent_nor_obeyed() {
    let house = House::start().await;
    for end in ["\n.\n", "\n.\r\n", "\r\n.\n", "\r.\r", "\r\n.\r"] {
        let mut line = house.writing("alice").await;
        let inner =
            format!("MAIL FROM:<{ALICE}>\r\nRCPT TO:<{BOB}>\r\nDATA\r\nFrom: {ALICE}\r\n\r\nsmuggled");
        let said = send(&mut line, BOB, &format!("From: {ALICE}\r\n\r\nx{end}{inner}")).await;
        assert!(said.starts_with("550 5.6.0"), "{end:?}: {said}");
        assert!(line.say("NOOP").await.starts_with("250 2.0.0 still here"));
    }
    let mut line = house.writing("alice").await;
    line.send("NOOP\nQUIT\r\n").await;
    assert!(line.rest().await.starts_with("500 5.5.2"));
    assert!(bobs_inbox(&house).await.contains("* 0 EXISTS"));
    house.stop().await;
}

#[tokio::test]
async fn what_is_too_much_is_refused_with_the_limit() {
    let house = House::start().await;
    let mut line = house.writing("alice").await;
    let said = line.say(&format!("MAIL FROM:<{ALICE}> SIZE=99999999999")).await;
    assert!(said.starts_with("552 5.3.4") && said.contains("4294967295"), "{said}");
    let many: String = (0..10_000).map(|number| format!("X-{number}: y\r\n")).collect();
    assert!(send(&mut line, BOB, &format!("From: {ALICE}\r\n{many}\r\nx\r\n")).await.starts_with("250"));
    let endless = format!("X: {}\r\n", "y".repeat(998)).repeat(1_200);
    let said = send(&mut line, BOB, &format!("From: {ALICE}\r\n{endless}\r\nx\r\n")).await;
    assert!(said.starts_with("550 5.6.0") && said.contains("1048576 bytes"), "{said}");
    line.send("x".repeat(10_000)).await;
    assert!(line.rest().await.starts_with("500 5.5.6"));
    house.stop().await;
}

#[tokio::test]
async fn commands_that_come_together_are_answered_in_order() {
    let house = House::start().await;
    let mut line = house.writing("alice").await;
    let message = format!("From: {ALICE}\r\nSubject: both\r\n\r\nx\r\n.\r\n");
    let one = format!("MAIL FROM:<{ALICE}>\r\nRCPT TO:<{BOB}>\r\nRCPT TO:<x@gmail.com>\r\nDATA\r\n{message}");
    line.send(format!("{one}{one}RSET\r\nQUIT\r\n")).await;
    let said = line.rest().await;
    let codes: Vec<&str> = said.lines().map(|line| &line[..3]).collect();
    assert_eq!(
        codes,
        ["250", "250", "550", "354", "250", "250", "250", "550", "354", "250", "250", "221"],
        "{said}"
    );
    assert!(bobs_inbox(&house).await.contains("* 2 EXISTS"));
    house.stop().await;
}
