//! Mutated bytes for what members and mirrors send about files: statements in records, and messages about sealed copies.

#[path = "../../../foundation/wire/tests/fuzz/engine.rs"]
mod engine;

use base::{ContentId, DeviceId, FileId, KeyId, RevisionId, ShareId, Timestamp, WebId};
use engine::Read;

use crate::messages::{Answered, CopyState, Message, Offered};
use crate::statement::{self, Gone, Hashed, Held, Listed, Mirrored, Statement, WrongCopy};
use crate::tables::Kind;

const READERS: [(&str, Read); 2] = [
    ("files message", |bytes| Some(Message::read(bytes).ok()?.to_bytes())),
    ("files statement", |bytes| Some(statement::read(bytes).ok()?.to_bytes())),
];

const CONTENT: ContentId = ContentId::new([3; 32]);
const SHARE: ShareId = ShareId::new([2; 16]);

fn statements() -> Vec<Statement> {
    let (file, revision, at) = (FileId::new([4; 16]), RevisionId::new([5; 16]), Timestamp::from_millis(9));
    let (mirror, key, sealed) = (DeviceId::new([6; 32]), KeyId::new([7; 32]), ContentId::new([8; 32]));
    let listed = Listed {
        file,
        path: "plans/Ärger.md".to_owned(),
        kind: Kind::File,
        size: 1 << 40,
        changed: at,
        number: 300,
        revision,
        parents: vec![revision],
        content: Some(CONTENT),
        target: None,
    };
    vec![
        Statement::Declared { share: SHARE, name: "plans".to_owned() },
        Statement::Ended { share: SHARE },
        Statement::Listed { share: SHARE, at, entries: vec![listed.clone(), listed] },
        Statement::Hashed { share: SHARE, items: vec![Hashed { file, revision, content: CONTENT }] },
        Statement::Gone {
            share: SHARE,
            at,
            items: vec![Gone { file, number: 2, revision, parents: Vec::new() }],
        },
        Statement::Held { contents: vec![Held { content: CONTENT, size: 0 }] },
        Statement::NoLongerHeld { contents: vec![CONTENT] },
        Statement::Mirrored { mirror, key, copies: vec![Mirrored { content: CONTENT, size: 9, sealed }] },
        Statement::NoLongerMirrored { mirror, contents: vec![CONTENT] },
        Statement::Wrong { copies: vec![WrongCopy { content: CONTENT, sealed, author: mirror }] },
    ]
}

fn messages() -> Vec<Message> {
    let (web, sealed) = (WebId::new([1; 32]), ContentId::new([8; 32]));
    let answered = |state| Answered { sealed, state };
    let states = [CopyState::Stored, CopyState::NotHere, CopyState::Full, CopyState::Failed];
    vec![
        Message::Stock { web, stock: 7, copies: 3, bytes: 1 << 33, quota: 1 << 40 },
        Message::Offer { web, items: vec![Offered { sealed, size: 65_552 }; 2] },
        Message::Ask { web, sealed: vec![sealed] },
        Message::Drop { web, sealed: vec![sealed] },
        Message::Answer { web, items: states.map(answered).to_vec() },
    ]
}

#[test]
fn fuzz_what_members_send_about_files() {
    let statements = statements().into_iter().map(|statement| statement.to_bytes());
    let seeds: Vec<Vec<u8>> = statements.chain(messages().iter().map(Message::to_bytes)).collect();
    for bytes in &seeds {
        assert!(READERS.iter().any(|(_, read)| read(bytes).is_some()), "a seed is refused");
    }
    engine::run("files", &READERS, seeds);
}
