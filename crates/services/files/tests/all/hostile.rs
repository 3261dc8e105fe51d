//! What Mallory, a member, can say about files, and what it comes to.

use base::{ContentId, FileId, RevisionId, ShareId, Timestamp};
use files::Kind;
use files::statement::{Held, Listed, Statement};
use serde_json::json;

use crate::disk::content;
use crate::town::Town;

fn listed(file: u8, path: &str, number: u64, content: Option<ContentId>) -> Listed {
    Listed {
        file: FileId::new([file; 16]),
        path: path.to_owned(),
        kind: Kind::File,
        size: 100,
        changed: Timestamp::from_millis(1),
        number,
        revision: RevisionId::new([file ^ u8::try_from(number).unwrap_or(0); 16]),
        parents: vec![],
        content,
        target: None,
    }
}

#[test]
fn nobody_speaks_for_another_ones_share() {
    let (mut town, web) = Town::web(3);
    town.peers[0].disk.write("plan.md", 100, "plan");
    let view = town
        .ask(0, "files.share", json!({ "web": "family", "folder": "/srv/shared", "name": "docs" }))
        .unwrap();
    town.pass(5_000);
    let share: ShareId = view["id"].as_str().unwrap().parse().unwrap();
    let at = Timestamp::from_millis(5);
    for statement in [
        Statement::Ended { share },
        Statement::Listed { share, at, entries: vec![listed(9, "virus.exe", 1, None)] },
        Statement::Gone { share, at, items: vec![] },
        Statement::Declared { share, name: "mine now".to_owned() },
    ] {
        town.say(1, web, &statement.to_bytes());
    }
    assert_eq!(town.ls(2, "family/alice"), ["docs"]);
    assert_eq!(town.ls(2, "family/alice/docs"), ["plan.md"]);
}

#[test]
fn an_id_known_from_another_web_gets_nothing_out_of_who_is_in_both() {
    let mut town = Town::new(3);
    town.found("work", &[0, 1]);
    let family = town.found("family", &[1, 2]);
    town.peers[0].disk.write("secret.doc", 200_000, "secret");
    town.ask(0, "files.share", json!({ "web": "work", "folder": "/srv/shared", "name": "docs" })).unwrap();
    town.pass(10_000);
    town.ask(1, "files.get", json!({ "path": "work/alice/docs/secret.doc" })).unwrap();
    town.pass(10_000);
    let secret = content("secret");
    let carol = town.peers[2].device;
    assert!(files::source(&*town.rows(1), town.peers[0].device, secret).unwrap().is_some());
    assert!(files::source(&*town.rows(1), carol, secret).unwrap().is_none());
    // Carol lists the id in the family, as if the file were hers; Bob even "gets" it.
    let share = ShareId::new([7; 16]);
    let at = Timestamp::from_millis(5);
    let mut entry = listed(1, "holiday.jpg", 1, Some(secret));
    entry.size = 200_000;
    town.say(2, family, &Statement::Declared { share, name: "bait".to_owned() }.to_bytes());
    town.say(2, family, &Statement::Listed { share, at, entries: vec![entry] }.to_bytes());
    let got = town.ask(1, "files.get", json!({ "path": "family/carol/bait/holiday.jpg" })).unwrap();
    assert_eq!(got["state"], "done", "it is here: {got}");
    town.pass(5_000);
    assert!(files::source(&*town.rows(1), carol, secret).unwrap().is_none(), "Carol has shown nothing");
}

#[test]
fn bytes_out_of_limits_are_dropped() {
    let (mut town, web) = Town::web(2);
    let share = ShareId::new([7; 16]);
    let at = Timestamp::from_millis(5);
    town.say(0, web, &Statement::Declared { share, name: "docs".to_owned() }.to_bytes());
    for path in ["", "/", "/etc/passwd", "a//b", "a/../b", "..", ".", "a\0b", "a/"] {
        let statement = Statement::Listed { share, at, entries: vec![listed(1, path, 1, None)] };
        town.say(0, web, &statement.to_bytes());
    }
    let mut huge = listed(1, "huge", 1, None);
    huge.size = u64::MAX;
    town.say(0, web, &Statement::Listed { share, at, entries: vec![huge] }.to_bytes());
    town.say(0, web, &Statement::Listed { share, at, entries: vec![listed(1, "zero", 0, None)] }.to_bytes());
    town.say(0, web, &[0xff; 100]);
    town.say(0, web, &[]);
    assert!(town.ls(1, "family/alice/docs").is_empty());
    // Hostile names of shares and persons are safe in paths.
    for (seq, name) in ["../../x", "\u{202e}gnp.exe", "\n", "docs", "DOCS"].iter().enumerate() {
        let share = ShareId::new([20 + u8::try_from(seq).unwrap(); 16]);
        town.say(0, web, &Statement::Declared { share, name: (*name).to_owned() }.to_bytes());
    }
    let names = town.ls(1, "family/alice");
    assert_eq!(names.len(), 6, "{names:?}");
    assert!(
        names.iter().all(|name| !name.contains(['/', '\n', '\u{202e}']) && name != ".." && !name.is_empty()),
        "{names:?}"
    );
    let folded: std::collections::BTreeSet<String> = names.iter().map(|name| name.to_lowercase()).collect();
    assert_eq!(folded.len(), 6, "{names:?}");
}

#[test]
fn claims_to_have_contents_cost_a_question_each_and_are_told_at_removal() {
    let (mut town, web) = Town::web(3);
    town.peers[0].disk.write("film.mp4", 64 << 20, "film");
    town.ask(0, "files.share", json!({ "web": "family", "folder": "/srv/shared", "name": "docs" })).unwrap();
    town.pass(5_000);
    let held = Held { content: content("film"), size: 64 << 20 };
    town.say(2, web, &Statement::Held { contents: vec![held, held] }.to_bytes());
    assert_eq!(town.entry(1, "family/alice/docs/film.mp4")["who"], json!(["alice", "carol"]));
    let begun = town.ask(1, "files.get", json!({ "path": "family/alice/docs/film.mp4" })).unwrap();
    town.pass(20_000);
    let done = town.read(1, "files.transfer", json!({ "id": begun["id"] })).unwrap();
    assert_eq!(done["state"], "done");
    assert_eq!(done["gave"][0]["who"], "alice");
    town.say(2, web, &Statement::Held { contents: vec![held, held] }.to_bytes());
    let removed = town.ask(0, "people.remove", json!({ "web": "family", "person": "carol" })).unwrap();
    assert_eq!((&removed["files_kept"], &removed["bytes_kept"]), (&json!(1), &json!(64 << 20)), "{removed}");
}
