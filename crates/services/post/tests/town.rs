//! A family that writes mail: who gets what, who does not, and what a liar achieves. Whole peers in the simulator.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that fails shall stop"
)]

use std::time::Duration;

use base::{ContentId, Fault};
use data_encoding::{BASE64, HEXLOWER};
use files::jobs::ByteRange;
use serde_json::{Value, json};
use sim::World;
use wire::sealed::sealed_size;

const ALICE: usize = 0;
const BOB: usize = 1;
const CAROL: usize = 2;
const NAMES: [&str; 3] = ["Alice", "Bob", "Carol"];

struct Town {
    world: World,
}

impl Town {
    /// All three are members of the web `family`, Alice its owner.
    fn new(seed: u64) -> Self {
        Self { world: World::family(seed, &NAMES) }
    }

    fn pass(&mut self, seconds: u64) {
        self.world.run_for(Duration::from_secs(seconds));
    }

    fn ask(&mut self, who: usize, operation: &str, arguments: Value) -> Result<Value, Fault> {
        self.world.ask_and_wait(who, operation, arguments)
    }

    fn send(&mut self, who: usize, to: &str, text: &str) -> Result<Value, Fault> {
        self.ask(who, "mail.send", json!({ "to": to, "subject": "hello", "text": text }))
    }

    /// Sends what a mail program would.
    fn submit(&mut self, who: usize, head: &str, to: &[&str]) -> Result<Value, Fault> {
        let mail = format!("{head}\n\nhello\n").replace('\n', "\r\n");
        self.ask(who, "mail.submit", json!({ "message": BASE64.encode(mail.as_bytes()), "to": to }))
    }

    /// Returns how many mails a folder has, and how many of them are unread.
    fn counts(&self, who: usize, folder: &str) -> (u64, u64) {
        let folders = self.world.read(who, "mail.folders", json!({})).unwrap();
        let all = folders["folders"].as_array().unwrap();
        let found = all.iter().find(|one| one["name"] == folder).unwrap();
        (found["messages"].as_u64().unwrap(), found["unseen"].as_u64().unwrap())
    }

    fn holds(&self, who: usize, text: &str) -> bool {
        self.world.peer(who).table_holding(text.as_bytes()).is_some()
    }
}

#[test]
fn a_mail_reaches_whom_it_is_for_and_no_row_of_others_holds_it() {
    let mut town = Town::new(21);
    town.send(ALICE, "bob@family", "a surprise7514 for Carol").unwrap();
    town.pass(10);
    assert_eq!((town.counts(BOB, "INBOX"), town.counts(ALICE, "Sent")), ((1, 1), (1, 0)));
    assert_eq!(town.counts(CAROL, "INBOX"), (0, 0));
    assert!(town.holds(BOB, "surprise7514") && !town.holds(CAROL, "surprise7514"));
    // A list, as a hidden recipient, and to oneself.
    town.send(BOB, "all@family.althing.internal", "dinner7515").unwrap();
    town.submit(
        CAROL,
        "From: carol@family.althing.internal\nTo: carol@family.althing.internal",
        &["carol@family.althing.internal", "bob@family.althing.internal"],
    )
    .unwrap();
    town.pass(10);
    assert_eq!((town.counts(ALICE, "INBOX").0, town.counts(CAROL, "INBOX").0), (1, 2));
    assert_eq!((town.counts(BOB, "INBOX").0, town.counts(BOB, "Sent").0), (2, 1));
    town.send(CAROL, "admins@family", "for you who lead7516").unwrap();
    town.pass(10);
    assert_eq!((town.counts(ALICE, "INBOX").0, town.counts(BOB, "INBOX").0), (2, 2));
    assert!(!town.holds(BOB, "lead7516"));
}

#[test]
fn who_calls_itself_like_a_list_gets_nothing_that_is_for_the_list() {
    let mut town = Town::new(26);
    town.ask(CAROL, "people.introduce", json!({ "name": "Admins" })).unwrap();
    town.pass(30);
    town.send(BOB, "admins@family", "for who leads7517").unwrap();
    town.pass(10);
    assert_eq!((town.counts(ALICE, "INBOX").0, town.counts(CAROL, "INBOX").0), (1, 0));
    assert!(!town.holds(CAROL, "leads7517"));
}

#[test]
fn whoever_was_away_gets_everything_once_also_after_power_cuts() {
    let mut town = Town::new(22);
    town.world.power_cut(BOB, Duration::from_secs(3_600));
    for number in 0..20 {
        town.send(ALICE, "bob@family", &format!("mail {number}")).unwrap();
    }
    // In pieces.
    town.send(ALICE, "bob@family", &"0123456789 ".repeat(12_000)).unwrap();
    town.pass(20);
    town.world.start(BOB);
    for _ in 0..4 {
        town.pass(2);
        town.world.power_cut(BOB, Duration::from_secs(1));
        town.pass(3);
    }
    town.pass(180);
    assert_eq!(town.counts(BOB, "INBOX"), (21, 21));
    // What was removed does not come back.
    let uids: Vec<u64> = (1..=21).collect();
    let names: Vec<String> = uids.iter().map(u64::to_string).collect();
    let messages = format!("INBOX/{}", names.join(","));
    town.ask(BOB, "mail.flag", json!({ "messages": messages, "flags": ["\\Deleted"] })).unwrap();
    town.ask(BOB, "mail.expunge", json!({ "folder": "INBOX", "uids": uids })).unwrap();
    town.world.power_cut(BOB, Duration::from_secs(1));
    town.pass(120);
    assert_eq!(town.counts(BOB, "INBOX"), (0, 0));
}

/// A large mail of Alice: what is submitted, and the id of its sealed body, which is on her disk.
fn large(town: &mut Town, to: &str, sealed: Option<ContentId>) -> Value {
    let (secret, digest, size) = ([7; 32], ContentId::new([8; 32]), 5_000_000);
    let sealed = sealed.unwrap_or_else(|| sim::sealed_id(&post::read::large_key(&secret), digest));
    let range = ByteRange { from: 0, to: sealed_size(size).unwrap() };
    town.world.disk(ALICE).store(sealed, range);
    let head = format!("From: alice@family.althing.internal\r\nTo: {to}\r\nSubject: large\r\n\r\n");
    let body =
        json!({ "sealed": sealed, "digest": digest, "size": size, "secret": HEXLOWER.encode(&secret) });
    json!({ "message": BASE64.encode(head.as_bytes()), "to": [to], "body": body })
}

#[test]
fn a_large_mail_comes_when_its_body_is_here_and_is_what_was_announced() {
    let mut town = Town::new(27);
    let mail = large(&mut town, "bob@family.althing.internal", None);
    town.ask(ALICE, "mail.submit", mail.clone()).unwrap();
    town.pass(60);
    assert_eq!((town.counts(BOB, "INBOX").0, town.counts(CAROL, "INBOX").0), (1, 0));
    // One whose body is something else is dropped, and its bytes with it.
    let other = ContentId::new([9; 32]);
    let mail = large(&mut town, "carol@family.althing.internal", Some(other));
    town.ask(ALICE, "mail.submit", mail).unwrap();
    town.pass(60);
    assert_eq!(town.counts(CAROL, "INBOX").0, 0);
    assert!(!town.world.peer(CAROL).disk.missing(other, 5_000_000).is_empty());
    // Alice is away: the mail waits, also over power cuts, and comes with her.
    let mail = large(&mut town, "carol@family.althing.internal", None);
    town.world.power_cut(CAROL, Duration::from_secs(3_600));
    town.ask(ALICE, "mail.submit", mail).unwrap();
    town.pass(20);
    town.world.power_cut(ALICE, Duration::from_secs(7_200));
    town.world.start(CAROL);
    town.pass(60);
    town.world.power_cut(CAROL, Duration::from_secs(1));
    town.pass(60);
    // Bob has it, too, but is not asked: Carol knows of Alice only.
    town.world.start(ALICE);
    town.pass(120);
    assert_eq!(town.counts(CAROL, "INBOX"), (1, 1));
}

#[test]
fn what_cannot_be_sent_is_refused_by_name() {
    let mut town = Town::new(23);
    let from = "From: alice@family.althing.internal";
    let checks: [(&str, &[&str], &str); 7] = [
        (from, &["bob@gmail.com"], "mail.no-address"),
        (from, &["bobb@family.althing.internal"], "mail.no-such-person"),
        (from, &["bob@famly.althing.internal"], "mail.no-such-web"),
        ("From: bob@family.althing.internal", &["carol@family.althing.internal"], "mail.not-yours"),
        (
            "From: alice@family.althing.internal\nSender: bob@family.althing.internal",
            &["carol@family.althing.internal"],
            "mail.not-yours",
        ),
        ("Subject: nobody", &["bob@family.althing.internal"], "mail.bad-head"),
        (from, &[], "mail.nobody-meant"),
    ];
    for (head, to, code) in checks {
        assert_eq!(town.submit(ALICE, head, to).unwrap_err().code, code, "{head} {to:?}");
    }
    // One of two is wrong: nobody gets it.
    town.submit(ALICE, from, &["bob@family.althing.internal", "bobb@family.althing.internal"]).unwrap_err();
    let large = format!("{from}\n\n{}", "0123456789 ".repeat(24_000));
    assert_eq!(
        town.submit(ALICE, &large, &["bob@family.althing.internal"]).unwrap_err().code,
        "mail.too-large"
    );
    town.pass(10);
    assert_eq!(town.counts(BOB, "INBOX"), (0, 0));
}

#[test]
fn numbers_are_given_once_and_folders_keep_their_counts() {
    let mut town = Town::new(24);
    let append = |flags: &[&str]| json!({ "folder": "Drafts", "message": BASE64.encode(b"Subject: a\r\n\r\nb\r\n"), "flags": flags });
    let placed = |answer: Value| answer["uids"].clone();
    assert_eq!(
        placed(town.ask(ALICE, "mail.append", append(&["\\Seen", "\\Deleted"])).unwrap()),
        json!([[0, 1]])
    );
    assert_eq!(placed(town.ask(ALICE, "mail.append", append(&[])).unwrap()), json!([[0, 2]]));
    assert_eq!(town.counts(ALICE, "Drafts"), (2, 1));
    town.ask(ALICE, "mail.expunge", json!({ "folder": "Drafts", "uids": [1, 2] })).unwrap();
    assert_eq!(town.counts(ALICE, "Drafts"), (1, 1));
    town.ask(ALICE, "mail.new_folder", json!({ "folder": "Work/2026" })).unwrap();
    let moved =
        town.ask(ALICE, "mail.move", json!({ "messages": "Drafts/2", "folder": "Work/2026" })).unwrap();
    assert_eq!(placed(moved), json!([[2, 1]]));
    assert_eq!((town.counts(ALICE, "Drafts"), town.counts(ALICE, "Work/2026")), ((0, 0), (1, 1)));
    town.world.power_cut(ALICE, Duration::from_secs(1));
    town.pass(30);
    assert_eq!(placed(town.ask(ALICE, "mail.append", append(&[])).unwrap()), json!([[0, 3]]));
    let rename = json!({ "folder": "Work/2026", "name": "Done/2026" });
    town.ask(ALICE, "mail.rename_folder", rename).unwrap();
    town.ask(ALICE, "mail.flag", json!({ "messages": "Done/2026/1", "flags": ["\\seen"] })).unwrap();
    assert_eq!(town.counts(ALICE, "Done/2026"), (1, 0));
    for (operation, asked, code) in [
        ("mail.remove_folder", json!({ "folder": "INBOX" }), "mail.folder-stays"),
        ("mail.new_folder", json!({ "folder": "Sent" }), "mail.folder-taken"),
        ("mail.new_folder", json!({ "folder": "a//b" }), "mail.bad-folder"),
        ("mail.new_folder", json!({ "folder": "inbox" }), "mail.bad-folder"),
        ("mail.move", json!({ "messages": "Drafts/1", "folder": "Sent" }), "mail.no-such-message"),
        ("mail.move", json!({ "messages": "Drafts/3", "folder": "Snt" }), "mail.no-such-folder"),
    ] {
        assert_eq!(town.ask(ALICE, operation, asked).unwrap_err().code, code);
    }
    town.ask(ALICE, "mail.remove_folder", json!({ "folder": "Done/2026" })).unwrap();
}

#[test]
fn names_of_ones_own_lead_to_people_and_do_not_leave() {
    let mut town = Town::new(25);
    town.ask(ALICE, "people.name", json!({ "web": "family", "person": "Bob", "petname": "Uncle" })).unwrap();
    town.pass(5);
    let head = "From: alice@family.althing.internal\nTo: uncle@family.althing.internal";
    town.submit(ALICE, head, &["uncle@family.althing.internal"]).unwrap();
    town.pass(10);
    assert_eq!(town.counts(BOB, "INBOX").0, 1);
    assert!(!town.holds(BOB, "uncle@") && town.holds(BOB, "bob@family"));
    // Carol is called Bob by Alice: who is meant by that is not guessed.
    town.ask(ALICE, "people.name", json!({ "web": "family", "person": "Carol", "petname": "Bob" })).unwrap();
    town.pass(5);
    let refused = town.send(ALICE, "bob@family", "for whom").unwrap_err();
    assert_eq!(refused.code, "mail.several-persons", "{refused:?}");
    let tagged = refused.what.split(": ").nth(1).unwrap().split(", ").next().unwrap().to_owned();
    town.send(ALICE, &tagged, "for this one").unwrap();
}

/// Alice with a phone, and Bob.
struct Two {
    world: World,
}

const PHONE: usize = 2;

impl Two {
    fn new(seed: u64) -> Self {
        let mut world = World::new(seed, 4, &sim::vault::Memory::shared());
        for (index, name) in [(ALICE, "Alice"), (BOB, "Bob")] {
            world.start(index);
            world.ask(index, "people.introduce", json!({ "name": name }));
        }
        world.ask_and_wait(ALICE, "people.start_web", json!({ "name": "family" })).unwrap();
        let link = world.ask_and_wait(ALICE, "people.invite", json!({ "web": "family" })).unwrap();
        world.ask_and_wait(BOB, "people.join", json!({ "link": link["link"] })).unwrap();
        world.run_for(Duration::from_secs(30));
        let mut two = Self { world };
        two.pair(PHONE);
        two
    }

    fn pair(&mut self, new: usize) {
        self.world.start(new);
        let link = self.world.ask_and_wait(ALICE, "people.add_device", json!({})).unwrap();
        let asked = json!({ "link": link["link"], "name": format!("computer {new}") });
        self.world.ask_and_wait(new, "people.pair", asked).unwrap();
        self.world.run_for(Duration::from_mins(2));
    }

    fn ask(&mut self, who: usize, operation: &str, arguments: Value) {
        self.world.ask_and_wait(who, operation, arguments).unwrap();
    }

    fn minute(&mut self) {
        self.world.run_for(Duration::from_mins(1));
    }

    /// Returns each folder that holds something, with the flags of its messages.
    fn shown(&self, who: usize) -> Vec<(String, Vec<String>)> {
        let rows = self.world.peer(who).rows();
        let mut shown = Vec::new();
        for folder in post::read::folders(&*rows).unwrap() {
            for message in post::read::messages(&*rows, folder.id, 0).unwrap().unwrap().messages {
                shown.push((folder.name.clone(), message.flags));
            }
        }
        shown
    }

    fn names(&self, who: usize) -> Vec<String> {
        let rows = self.world.peer(who).rows();
        post::read::folders(&*rows).unwrap().into_iter().skip(6).map(|folder| folder.name).collect()
    }
}

fn shown(places: &[(&str, &[&str])]) -> Vec<(String, Vec<String>)> {
    let flags = |flags: &[&str]| flags.iter().map(|flag| (*flag).to_owned()).collect();
    places.iter().map(|(folder, of)| ((*folder).to_owned(), flags(of))).collect()
}

#[test]
fn what_a_person_does_to_its_mail_stands_on_its_other_computer_within_a_minute() {
    let mut two = Two::new(31);
    two.ask(BOB, "mail.send", json!({ "to": "alice@family", "subject": "a", "text": "a" }));
    two.ask(ALICE, "mail.send", json!({ "to": "bob@family", "subject": "b", "text": "b" }));
    two.minute();
    let both = shown(&[("INBOX", &[]), ("Sent", &["\\Seen"])]);
    assert_eq!((two.shown(ALICE), two.shown(PHONE)), (both.clone(), both));
    two.ask(PHONE, "mail.new_folder", json!({ "folder": "Work" }));
    two.ask(PHONE, "mail.flag", json!({ "messages": "INBOX/1", "flags": ["\\Seen", "todo"] }));
    two.ask(PHONE, "mail.move", json!({ "messages": "INBOX/1", "folder": "Work" }));
    two.ask(ALICE, "mail.flag", json!({ "messages": "Sent/1", "flags": ["\\Deleted"] }));
    two.ask(ALICE, "mail.expunge", json!({ "folder": "Sent", "uids": [1] }));
    two.minute();
    let moved = shown(&[("Work", &["\\Seen", "todo"])]);
    assert_eq!((two.shown(ALICE), two.shown(PHONE)), (moved.clone(), moved.clone()));
    // A later computer has it so, too, and renames it for all.
    two.pair(3);
    assert_eq!(two.shown(3), moved);
    two.ask(3, "mail.rename_folder", json!({ "folder": "Work", "name": "Done" }));
    two.minute();
    for who in [ALICE, PHONE, 3] {
        assert_eq!(two.shown(who), shown(&[("Done", &["\\Seen", "todo"])]), "{who}");
    }
    // It was Bob's mail, too, and he has done nothing to it.
    assert_eq!(two.shown(BOB), shown(&[("INBOX", &[]), ("Sent", &["\\Seen"])]));
    two.ask(ALICE, "mail.remove_folder", json!({ "folder": "Done" }));
    two.minute();
    for who in [ALICE, PHONE, 3] {
        assert_eq!((two.shown(who), two.names(who)), (Vec::new(), Vec::new()), "{who}");
    }
}

#[test]
fn computers_that_were_apart_agree_and_nothing_is_lost_with_a_removed_folder() {
    let mut two = Two::new(32);
    for subject in ["a", "b", "c"] {
        two.ask(BOB, "mail.send", json!({ "to": "alice@family", "subject": subject, "text": subject }));
    }
    two.minute();
    two.ask(ALICE, "mail.new_folder", json!({ "folder": "Work" }));
    two.ask(ALICE, "mail.move", json!({ "messages": "INBOX/3", "folder": "Work" }));
    two.minute();
    two.world.move_to_side(PHONE, 1);
    two.ask(PHONE, "mail.move", json!({ "messages": "INBOX/1", "folder": "Work" }));
    two.ask(PHONE, "mail.new_folder", json!({ "folder": "Bills" }));
    two.ask(PHONE, "mail.rename_folder", json!({ "folder": "Bills", "name": "Trips" }));
    two.ask(PHONE, "mail.flag", json!({ "messages": "INBOX/2", "flags": ["\\Flagged"] }));
    two.ask(ALICE, "mail.remove_folder", json!({ "folder": "Work" }));
    two.ask(ALICE, "mail.new_folder", json!({ "folder": "Trips" }));
    two.ask(ALICE, "mail.new_folder", json!({ "folder": "Work" }));
    two.ask(ALICE, "mail.flag", json!({ "messages": "INBOX/2", "flags": ["\\Deleted"] }));
    two.ask(ALICE, "mail.expunge", json!({ "folder": "INBOX", "uids": [2] }));
    two.minute();
    two.world.move_to_side(PHONE, 0);
    two.world.power_cut(PHONE, Duration::from_secs(1));
    two.minute();
    two.minute();
    // The one that the phone has put into the removed folder is here; the one that was there when it was removed is not.
    assert_eq!((two.shown(ALICE), two.shown(PHONE)), (shown(&[("INBOX", &[])]), shown(&[("INBOX", &[])])));
    let names = |who| {
        let mut names = two.names(who);
        names.sort();
        names
    };
    assert_eq!(names(ALICE), ["Trips", "Trips (2)", "Work"]);
    assert_eq!(names(PHONE), names(ALICE));
}

#[test]
fn a_copy_that_a_mail_program_puts_away_is_the_mail_that_was_sent() {
    let mut two = Two::new(33);
    let address = "alice@family.althing.internal";
    let mail =
        format!("From: {address}\r\nTo: bob@family.althing.internal\r\nMessage-ID: <1@x>\r\n\r\nhello\r\n");
    let message = BASE64.encode(mail.as_bytes());
    two.ask(ALICE, "mail.submit", json!({ "message": message, "to": ["bob@family.althing.internal"] }));
    two.ask(ALICE, "mail.append", json!({ "folder": "Sent", "message": message, "flags": ["\\Seen"] }));
    two.minute();
    two.ask(PHONE, "mail.move", json!({ "messages": "Sent/1", "folder": "Archive" }));
    two.minute();
    let moved = shown(&[("Archive", &["\\Seen"])]);
    assert_eq!((two.shown(ALICE), two.shown(PHONE)), (moved.clone(), moved));
    // Hidden, to herself: on both it is for her.
    let hidden = mail.replace("<1@x>", "<2@x>");
    let message = BASE64.encode(hidden.as_bytes());
    let to = ["bob@family.althing.internal", address];
    two.ask(ALICE, "mail.submit", json!({ "message": message, "to": to }));
    two.ask(ALICE, "mail.append", json!({ "folder": "Sent", "message": message, "flags": ["\\Seen"] }));
    two.minute();
    let all = shown(&[("INBOX", &[]), ("Sent", &["\\Seen"]), ("Archive", &["\\Seen"])]);
    assert_eq!((two.shown(ALICE), two.shown(PHONE)), (all.clone(), all));
    // What is no mail of a web stays.
    two.ask(
        ALICE,
        "mail.append",
        json!({ "folder": "Drafts", "message": BASE64.encode(b"Subject: a\r\n\r\nb\r\n") }),
    );
    two.minute();
    assert_eq!((two.shown(ALICE).len(), two.shown(PHONE).len()), (4, 3));
}
