//! What mail programs do with their folders.

use crate::house::{ALICE, House, Line};

fn has(said: &str, expected: &[&str]) {
    for text in expected {
        assert!(said.contains(text), "{text:?} is missing in:\n{said}");
    }
}

async fn append(line: &mut Line, folder: &str, message: &str) -> String {
    line.ask(&format!(
        "APPEND {folder} (\\Seen work) \"01-Feb-2026 03:04:05 +0100\" {{{}+}}\r\n{message}",
        message.len()
    ))
    .await
}

#[tokio::test]
async fn nobody_gets_in_without_the_password() {
    let house = House::start().await;
    let mut line = house.imap().await;
    has(&line.ask("SELECT INBOX").await, &["BAD log in first"]);
    has(&line.ask("LOGIN alice pb").await, &["NO [AUTHENTICATIONFAILED]"]);
    has(&line.ask("LOGIN nobody x").await, &["NO [AUTHENTICATIONFAILED]"]);
    has(&line.rest().await, &["BYE too many wrong commands"]);
    let mut line = house.imap().await;
    has(&line.ask("AUTHENTICATE PLAIN AGFsaWNlAHBh").await, &["OK [CAPABILITY IMAP4rev1"]);
    has(&line.ask("LOGIN alice pa").await, &["BAD you are logged in already"]);
    house.stop().await;
}

#[tokio::test]
async fn folders_are_made_listed_renamed_and_removed() {
    let house = House::start().await;
    let mut line = house.reading("alice", "INBOX").await;
    has(&line.ask("LIST \"\" *").await, &["* LIST (\\HasNoChildren \\Sent) \"/\" \"Sent\"", "\"INBOX\""]);
    has(&line.ask("CREATE \"Pl&AOQ-ne/2026/\"").await, &["OK made"]);
    has(&line.ask("CREATE \"Pl&AOQ-ne/2026\"").await, &["NO [ALREADYEXISTS]"]);
    has(&line.ask("LIST \"\" \"P%\"").await, &["* LIST (\\Noselect \\HasChildren) \"/\" \"Pl&AOQ-ne\""]);
    has(&line.ask("RENAME \"Pl&AOQ-ne/2026\" new/year").await, &["OK"]);
    has(&line.ask("LIST \"\" new/%").await, &["\"new/year\""]);
    has(&line.ask("UNSUBSCRIBE new/year").await, &["OK"]);
    assert!(!line.ask("LSUB \"\" *").await.contains("year"));
    has(&line.ask("DELETE new/year").await, &["OK"]);
    has(&line.ask("DELETE inbox").await, &["NO [CANNOT] INBOX stays"]);
    has(&line.ask("SELECT new/year").await, &["NO [NONEXISTENT]"]);
    has(&line.ask("CREATE \"a//b\"").await, &["NO [CANNOT]"]);
    has(&line.ask("NAMESPACE").await, &["* NAMESPACE ((\"\" \"/\")) NIL NIL"]);
    house.stop().await;
}

#[tokio::test]
async fn an_appended_message_is_fetched_in_all_its_pieces() {
    let house = House::start().await;
    let mut line = house.reading("alice", "INBOX").await;
    let message = format!("From: {ALICE}\r\nX: 1\r\nSubject: a\r\n b\r\n\r\nline one\r\nline two\r\n");
    has(&append(&mut line, "INBOX", &message).await, &["* 1 EXISTS", "OK [APPENDUID ", " 1] put there"]);
    let all = line.ask("UID FETCH 1 (FLAGS INTERNALDATE RFC822.SIZE BODY.PEEK[HEADER.FIELDS (subject x-y)] BODY.PEEK[TEXT]<5.9>)").await;
    has(
        &all,
        &[
            "* 1 FETCH (UID 1 FLAGS (\\Seen work \\Recent) INTERNALDATE \"01-Feb-2026 02:04:05 +0000\"",
            &format!("RFC822.SIZE {}", message.len()),
            "BODY[HEADER.FIELDS (subject x-y)] {18}\r\nSubject: a\r\n b\r\n\r\n BODY[TEXT]<5> {9}\r\none\r\nline)",
        ],
    );
    has(&line.ask("FETCH 1 BODY[HEADER.FIELDS.NOT (From Subject)]").await, &["{8}\r\nX: 1\r\n\r\n)"]);
    has(
        &line.ask("FETCH 1 (BODY[1] BODY[2] BODY[1.MIME])").await,
        &["BODY[1] {20}\r\nline one", "BODY[2] NIL", "BODY[1.MIME] {"],
    );
    has(&line.ask("FETCH 1 (BODY[]<99999.5>)").await, &["BODY[]<99999> {0}\r\n)"]);
    has(&line.ask("FETCH 2 FLAGS").await, &["BAD there is no message of that number"]);
    has(&line.ask("UID FETCH 7 FLAGS").await, &["OK fetched"]);
    has(
        &line.ask("FETCH 1 ALL").await,
        &["ENVELOPE (NIL \"a b\" ((NIL NIL \"alice\" \"test.althing.internal\"))"],
    );
    house.stop().await;
}

#[tokio::test]
async fn literals_that_wait_are_told_to_come_and_large_ones_are_not() {
    let house = House::start().await;
    let mut line = house.reading("alice", "INBOX").await;
    line.send("a APPEND {4}\r\n").await;
    has(&line.until("\r\n").await, &["+ go on"]);
    line.send("Sent {9}\r\n").await;
    has(&line.until("\r\n").await, &["+ go on"]);
    line.send("A: b\r\n\r\nc\r\n").await;
    has(&line.until("\r\n").await, &["a OK [APPENDUID"]);
    line.send("b APPEND nowhere {9}\r\n").await;
    has(&line.until("\r\n").await, &["b NO [TRYCREATE]"]);
    line.send("c APPEND nowhere {9+}\r\nA: b\r\n\r\nc\r\nd NOOP\r\n").await;
    has(&line.until("d OK").await, &["c NO [TRYCREATE]"]);
    line.until("\r\n").await;
    line.send("e SEARCH SUBJECT {99999999}\r\n").await;
    has(&line.until("\r\n").await, &["e BAD [TOOBIG]"]);
    line.send("f SEARCH SUBJECT {300000+}\r\n").await;
    line.send("x".repeat(300_000)).await;
    line.send("\r\ng NOOP\r\n").await;
    has(&line.until("g OK").await, &["f BAD [TOOBIG]"]);
    line.until("\r\n").await;
    line.send("h APPEND INBOX {4294967296}\r\n").await;
    has(&line.until("\r\n").await, &["h BAD [TOOBIG] a message has 4294967295"]);
    line.send("i SEARCH SUBJECT {99999999999999999999999+}\r\n").await;
    has(&line.rest().await, &["BYE"]);
    let mut stranger = house.imap().await;
    stranger.send("a LOGIN {100000+}\r\n").await;
    stranger.send("x".repeat(100_000)).await;
    stranger.send(" x\r\n").await;
    has(&stranger.until("\r\n").await, &["a BAD [TOOBIG]"]);
    house.stop().await;
}

#[tokio::test]
async fn two_sessions_agree_while_one_removes() {
    let house = House::start().await;
    let mut one = house.reading("alice", "INBOX").await;
    for number in 1..=5 {
        append(&mut one, "INBOX", &format!("Subject: {number}\r\n\r\nx\r\n")).await;
    }
    let mut other = house.reading("alice", "INBOX").await;
    one.ask("STORE 2,4 +FLAGS.SILENT (\\Deleted)").await;
    has(&one.ask("EXPUNGE").await, &["* 4 EXPUNGE\r\n* 2 EXPUNGE"]);
    // The other one is told when numbers may change, and not before.
    let said = other.ask("FETCH 5 (UID)").await;
    assert!(said.contains("* 5 FETCH (UID 5)") && !said.contains("EXPUNGE"), "{said}");
    let said = other.ask("FETCH 2,3 (UID BODY.PEEK[])").await;
    has(&said, &["* 3 FETCH (UID 3", "NO [EXPUNGEISSUED]"]);
    assert!(!said.contains("EXPUNGE\r\n"));
    let said = other.ask("STORE 3 FLAGS (\\Flagged)").await;
    assert!(said.contains("* 3 FETCH (UID 3 FLAGS (\\Flagged") && !said.contains("EXPUNGE"), "{said}");
    has(&other.ask("NOOP").await, &["* 4 EXPUNGE\r\n* 2 EXPUNGE\r\n"]);
    has(&other.ask("FETCH 2 (UID)").await, &["* 2 FETCH (UID 3)"]);
    has(&one.ask("NOOP").await, &["* 2 FETCH (UID 3 FLAGS (\\Flagged"]);
    house.stop().await;
}

#[tokio::test]
async fn messages_are_copied_moved_and_removed_by_uid() {
    let house = House::start().await;
    let mut line = house.reading("alice", "INBOX").await;
    for number in 1..=4 {
        append(&mut line, "INBOX", &format!("Subject: {number}\r\n\r\nx\r\n")).await;
    }
    has(&line.ask("UID COPY 1:2,4 Archive").await, &["OK [COPYUID ", " 1:2,4 1:3] copied"]);
    has(
        &line.ask("UID MOVE 2:3 Archive").await,
        &["* OK [COPYUID ", " 2:3 4:5] moved\r\n* 3 EXPUNGE\r\n* 2 EXPUNGE"],
    );
    has(&line.ask("MOVE 1 nowhere").await, &["NO [TRYCREATE]"]);
    has(
        &line.ask("UID STORE 1,4 +FLAGS (\\Deleted)").await,
        &["* 1 FETCH (UID 1 FLAGS (\\Deleted \\Seen work"],
    );
    has(&line.ask("UID EXPUNGE 4").await, &["* 2 EXPUNGE\r\n"]);
    has(
        &line.ask("STATUS INBOX (MESSAGES UIDNEXT UNSEEN)").await,
        &["* STATUS \"INBOX\" (MESSAGES 1 UIDNEXT 5 UNSEEN 0)"],
    );
    has(&line.ask("CLOSE").await, &["OK"]);
    has(&line.ask("EXAMINE INBOX").await, &["* 0 EXISTS", "[READ-ONLY]"]);
    has(&line.ask("STORE 1:* FLAGS ()").await, &["NO the folder was opened for reading only"]);
    has(&line.ask("EXAMINE Archive").await, &["* 5 EXISTS", "[UIDNEXT 6]"]);
    has(&line.ask("STORE 1 FLAGS (\\Nonsense)").await, &["NO [LIMIT]"]);
    house.stop().await;
}

#[tokio::test]
async fn uids_outlive_a_restart() {
    let house = House::start().await;
    let mut line = house.reading("alice", "INBOX").await;
    for number in 1..=3 {
        append(&mut line, "INBOX", &format!("Subject: {number}\r\n\r\nx\r\n")).await;
    }
    line.ask("STORE 2 +FLAGS (\\Deleted)").await;
    line.ask("EXPUNGE").await;
    let validity =
        |said: &str| said.split("UIDVALIDITY ").nth(1).unwrap().split(']').next().unwrap().to_owned();
    let before = validity(&line.ask("SELECT INBOX").await);
    let house = house.restart().await;
    has(&line.rest().await, &["* BYE Althing stops"]);
    let mut line = house.imap().await;
    line.ask("LOGIN alice pa").await;
    let said = line.ask("SELECT INBOX").await;
    has(&said, &["* 2 EXISTS", "[UIDNEXT 4]"]);
    assert_eq!(validity(&said), before);
    has(&line.ask("FETCH 1:* (UID FLAGS)").await, &["* 2 FETCH (UID 3 FLAGS (\\Seen work"]);
    house.stop().await;
}

#[tokio::test]
async fn searches_find_by_all_keys() {
    let house = House::start().await;
    let mut line = house.reading("alice", "INBOX").await;
    let one = "From: Zo\u{eb} <zoe@x>\r\nTo: bob@y\r\nDate: Sat, 31 Jan 2026 23:30:00 -0500\r\n\
         Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\nContent-Transfer-Encoding: base64\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nS8OkZSB1bmQgV2Vpbg==\r\n";
    let two = "From: carol@x\r\nCc: dave@z\r\nBcc: eve@z\r\nX-Mark: deep\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nwine and cheese\r\n--b--\r\n";
    append(&mut line, "INBOX", one).await;
    append(&mut line, "INBOX", two).await;
    line.ask("STORE 2 FLAGS (\\Answered $Label)").await;
    for (key, expected) in [
        ("ALL", "1 2"),
        ("2:*", "2"),
        ("UID 1", "1"),
        ("SEEN", "1"),
        ("UNSEEN ANSWERED", "2"),
        ("KEYWORD work", "1"),
        ("UNKEYWORD $LABEL", "1"),
        ("NOT (OR FROM zoe CC dave)", ""),
        ("OR BCC eve TO bob", "1 2"),
        ("HEADER x-mark \"\"", "2"),
        ("HEADER X-Mark DEEP", "2"),
        ("BODY cheese", "2"),
        ("TEXT carol", "2"),
        ("SENTON 31-Jan-2026", "1"),
        ("SENTBEFORE 1-Jan-2026", ""),
        ("SENTSINCE 1-Jan-2026", "1"),
        ("ON 1-Feb-2026", "1 2"),
        ("BEFORE 1-Feb-2026", ""),
        ("SINCE 1-Feb-2026 LARGER 10", "1 2"),
        ("SMALLER 10", ""),
        ("RECENT", "1 2"),
        ("NEW", "2"),
        ("OLD", ""),
        ("CHARSET UTF-8 SUBJECT {7+}\r\ngr\u{fc}\u{df}e", "1"),
        ("CHARSET UTF-8 BODY {5+}\r\nK\u{e4}se", ""),
        ("CHARSET UTF-8 BODY {5+}\r\nK\u{c4}e ", "1"),
        ("FROM \"zo\u{eb}\"", "1"),
    ] {
        let said = line.ask(&format!("SEARCH {key}")).await;
        let expected = format!("* SEARCH{}{expected}\r\n", if expected.is_empty() { "" } else { " " });
        assert!(
            said.contains(&expected) || key.contains('"') && said.contains("BAD") && !key.is_ascii(),
            "{key}: {said}"
        );
    }
    has(&line.ask("SEARCH CHARSET KOI8-R SUBJECT x").await, &["NO [BADCHARSET (UTF-8 US-ASCII)]"]);
    house.stop().await;
}

#[tokio::test]
async fn an_idle_program_hears_at_once() {
    let house = House::start().await;
    let mut bob = house.reading("bob", "INBOX").await;
    bob.send("i IDLE\r\n").await;
    has(&bob.until("\r\n").await, &["+ idling"]);
    house.post("news").await;
    has(&bob.until("RECENT\r\n").await, &["* 1 EXISTS\r\n* 1 RECENT"]);
    let mut other = house.reading("bob", "INBOX").await;
    other.ask("STORE 1 +FLAGS (\\Deleted)").await;
    has(&bob.until(")\r\n").await, &["* 1 FETCH (UID 1 FLAGS (\\Deleted"]);
    other.ask("EXPUNGE").await;
    has(&bob.until("\r\n").await, &["* 1 EXPUNGE"]);
    bob.send("DONE\r\n").await;
    has(&bob.until("\r\n").await, &["i OK"]);
    house.stop().await;
}
