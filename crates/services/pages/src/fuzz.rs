//! Mutated bytes for what members send about documents: statements, updates, live messages, links.

#[path = "../../../foundation/wire/tests/fuzz/engine.rs"]
mod engine;

use base::{ContentId, DeviceId, DocumentId, FileId, ShareId, Timestamp, WebId};
use engine::Read;

use crate::edit::ChangeSet;
use crate::link::Link;
use crate::statement::{LinkSaid, Message, Statement};
use crate::text::Text;

const READERS: [(&str, Read); 4] = [
    ("pages statement", |bytes| Some(Statement::read(bytes).ok()?.to_bytes())),
    ("pages message", |bytes| Some(wire::to_bytes(&Message::read(bytes).ok()?))),
    // A link may be written in more than one way; as it is written again it is the same.
    ("pages link", |bytes| {
        let link = Link::read(std::str::from_utf8(bytes).ok()?).ok()?;
        assert_eq!(Link::read(&link.to_string()), Ok(link), "a link that does not come back");
        None
    }),
    // Whatever is taken of it, the text can be read and written afterwards.
    ("pages update", |bytes| {
        let mut text = Text::new(2);
        let _is_taken = text.take(bytes, 1).is_ok();
        let _length = text.read().len();
        None
    }),
];

#[test]
fn fuzz_what_members_send_about_documents() {
    let (web, document, at) = (WebId::new([1; 32]), DocumentId::new([2; 16]), Timestamp::from_millis(3));
    let mut text = Text::new(1);
    text.edit(&ChangeSet::between("", "# Words to be damaged\n\n😀 and more of them\n")).unwrap();
    let update = text.since(1, 0).unwrap();
    let link =
        format!("althing:file/{}/{}/{}@3#lines=1-2", "07".repeat(10), "01".repeat(16), "02".repeat(16));
    let said = LinkSaid { link: link.clone(), words: "words".to_owned(), line: 3 };
    let (share, file, content) = (ShareId::new([4; 16]), FileId::new([5; 16]), ContentId::new([6; 32]));
    let mut seeds = vec![
        Statement::Begun { nonce: document, at }.to_bytes(),
        Statement::Edited { document, at, update: update.clone().into() }.to_bytes(),
        Statement::Kept { document, of: DeviceId::new([7; 32]), at, update: update.clone().into() }
            .to_bytes(),
        Statement::Listed { document, at, is_removed: true }.to_bytes(),
        Statement::Site { name: "notes".to_owned(), at, share, path: "a/b".to_owned(), is_published: true }
            .to_bytes(),
        Statement::Links { share, file, at, content, links: vec![said] }.to_bytes(),
        wire::to_bytes(&Message::Here { web, document, cursor: Some((vec![1, 2].into(), vec![3].into())) }),
        wire::to_bytes(&Message::Gone { web, document }),
        link.into_bytes(),
        update,
    ];
    let vectors = [
        include_str!("../../../../specs/vectors/pages-accept.json"),
        include_str!("../../../../specs/vectors/pages-refuse.json"),
    ];
    seeds.extend(vectors.into_iter().flat_map(engine::bytes_of));
    assert!(seeds.len() > 100, "the vectors are not where they were: {}", seeds.len());
    engine::run("pages", &READERS, seeds);
}
