use base::DeviceId;
use proptest::prelude::*;
use store::{Backing as _, MemoryBacking};
use wire::crypto::EpochKey;
use wire::record::{Batch, Place, Record};

use super::*;
use crate::statement::{Hashed, Statement, read};

const DEVICE: DeviceId = DeviceId::new([9; 32]);

fn key(share: u8) -> ShareKey {
    ShareKey { web: WebId::new([1; 32]), person: PersonId::new([2; 32]), share: ShareId::new([share; 16]) }
}

/// One thing an author says, small enough to collide often.
#[derive(Debug, Clone)]
enum Said {
    Listed { file: u8, path: u8, number: u8, content: bool },
    Hashed { file: u8, path: u8, number: u8 },
    Gone { file: u8, number: u8 },
}

/// A log as authors write it: a revision is hashed after it was listed.
fn log() -> impl Strategy<Value = Vec<Said>> {
    prop::collection::vec(said(), 0..30).prop_map(|mut log| {
        let mut known = std::collections::BTreeSet::new();
        log.retain(|said| match said {
            Said::Listed { file, path, number, .. } => {
                known.insert((*file, *path, *number));
                true
            }
            Said::Hashed { file, path, number } => known.contains(&(*file, *path, *number)),
            Said::Gone { .. } => true,
        });
        log
    })
}

fn said() -> impl Strategy<Value = Said> {
    prop_oneof![
        4 => (0..4_u8, 0..5_u8, 1..5_u8, any::<bool>())
            .prop_map(|(file, path, number, content)| Said::Listed { file, path, number, content }),
        2 => (0..4_u8, 0..5_u8, 1..5_u8).prop_map(|(file, path, number)| Said::Hashed { file, path, number }),
        1 => (0..4_u8, 1..5_u8).prop_map(|(file, number)| Said::Gone { file, number }),
    ]
}

/// One revision id stands for one set of fields, as with any author who follows the rules.
fn revision(file: u8, path: u8, number: u8) -> RevisionId {
    RevisionId::new([file, path, number, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])
}

fn content(file: u8, path: u8, number: u8) -> ContentId {
    ContentId::new(*blake3::hash(&[file, path, number]).as_bytes())
}

fn listed(file: u8, path: u8, number: u8, has_content: bool) -> Listed {
    Listed {
        file: FileId::new([file; 16]),
        path: ["a", "b", "b/c", "b/d", "e"][usize::from(path)].to_owned(),
        kind: Kind::File,
        size: u64::from(number) * 10,
        changed: Timestamp::from_millis(u64::from(number)),
        number: u64::from(number),
        revision: revision(file, path, number),
        parents: vec![],
        content: has_content.then(|| content(file, path, number)),
        target: None,
    }
}

fn apply(rows: &mut Overlay<'_>, share: u8, position: usize, said: &Said) {
    let mut shelf = match Shelf::open(rows, key(share)).unwrap() {
        Some(shelf) => shelf,
        None => Shelf::create(rows, key(share), DEVICE, "docs").unwrap(),
    };
    let position = position as u64;
    let told = Timestamp::from_millis(position);
    match said {
        Said::Listed { file, path, number, content } => {
            shelf.list(rows, &listed(*file, *path, *number, *content), told, position, None).unwrap();
        }
        Said::Hashed { file, path, number } => {
            let revision = revision(*file, *path, *number);
            shelf.hash(rows, FileId::new([*file; 16]), revision, content(*file, *path, *number)).unwrap();
        }
        Said::Gone { file, number } => {
            let revision = RevisionId::new([*file, 0, *number, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
            let gone = Gone {
                file: FileId::new([*file; 16]),
                number: u64::from(*number),
                revision,
                parents: vec![],
            };
            shelf.remove(rows, &gone, told, position).unwrap();
        }
    }
    shelf.close(rows);
}

/// All that a peer knows, without its own numbers for shares.
fn tree(rows: &Overlay<'_>) -> Vec<String> {
    let mut tree = Vec::new();
    for row in SHARES.all(rows) {
        let (share, row) = row.unwrap();
        tree.push(format!("{:?} {:?}", share.2, row.tally));
        for row in ENTRIES.within(rows, &row.number) {
            let ((_, path), entry) = row.unwrap();
            let place = PLACES.within(rows, &entry.head.content.unwrap_or(ContentId::new([0; 32]))).count();
            tree.push(format!("  {} {entry:?} {}", path_of(&path), place > 0));
        }
        for row in REVISIONS.within(rows, &row.number) {
            let ((_, file, number, id), row) = row.unwrap();
            tree.push(format!("  {file:?} {number} {id:?} {row:?}"));
        }
        for row in GONE.within(rows, &row.number) {
            let ((_, path), file) = row.unwrap();
            tree.push(format!("  gone {} {file:?}", path_of(&path)));
        }
    }
    tree
}

fn check_counts(rows: &Overlay<'_>) {
    for row in SHARES.all(rows) {
        let (_, row) = row.unwrap();
        let entries: Vec<EntryRow> = ENTRIES.within(rows, &row.number).map(|row| row.unwrap().1).collect();
        let count = |is: fn(&EntryRow) -> bool| entries.iter().filter(|entry| is(entry)).count() as u64;
        assert_eq!(row.tally.entries, count(|_| true));
        assert_eq!(row.tally.hashed, count(|entry| entry.head.content.is_some()));
        assert_eq!(row.tally.bytes, entries.iter().map(|entry| entry.head.size).sum::<u64>());
        assert_eq!(row.tally.gone, GONE.within(rows, &row.number).count() as u64);
        let placed =
            PLACES.all(rows).filter(|place| place.as_ref().unwrap().0.1 == row.number).count() as u64;
        assert_eq!(placed, row.tally.hashed);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1000) })]

    #[test]
    fn any_order_of_authors_and_any_repetition_gives_one_tree(
        one in log(),
        other in log(),
        choices in prop::collection::vec((any::<bool>(), any::<Option<prop::sample::Index>>()), 60),
    ) {
        let backing = MemoryBacking::default();
        let snapshot = backing.snapshot().unwrap();
        let mut plain = Overlay::new(&*snapshot);
        for (share, log) in [(1, &one), (2, &other)] {
            log.iter().enumerate().for_each(|(position, said)| apply(&mut plain, share, position, said));
        }
        let mut mixed = Overlay::new(&*snapshot);
        let (mut left, mut right) = (0, 0);
        for (is_left, again) in choices {
            if is_left && left < one.len() {
                apply(&mut mixed, 1, left, &one[left]);
                left += 1;
            } else if right < other.len() {
                apply(&mut mixed, 2, right, &other[right]);
                right += 1;
            }
            if let Some(again) = again && left > 0 {
                let at = again.index(left);
                apply(&mut mixed, 1, at, &one[at]);
            }
        }
        (left..one.len()).for_each(|at| apply(&mut mixed, 1, at, &one[at]));
        (right..other.len()).for_each(|at| apply(&mut mixed, 2, at, &other[at]));
        prop_assert_eq!(tree(&plain), tree(&mixed));
        check_counts(&mixed);
    }

    #[test]
    fn any_bytes_do_not_panic_and_a_statement_has_one_encoding(
        bytes in prop::collection::vec(any::<u8>(), 0..300),
        at in any::<prop::sample::Index>(),
    ) {
        drop(read(&bytes));
        let entries = vec![listed(1, 2, 3, true), listed(2, 3, 1, false)];
        let statement = Statement::Listed { share: ShareId::new([1; 16]), at: Timestamp::from_millis(7), entries };
        let encoded = statement.to_bytes();
        prop_assert_eq!(read(&encoded).ok(), Some(statement));
        let mut mangled = encoded.clone();
        let at = at.index(mangled.len());
        mangled[at] ^= bytes.first().copied().unwrap_or(1);
        if let Ok(read) = read(&mangled) {
            prop_assert_eq!(read.to_bytes(), mangled);
        }
    }
}

#[test]
fn a_listed_and_hashed_file_costs_at_most_200_bytes_on_the_wire() {
    const FILES: usize = 2_000;
    let random = |label: &str, number: usize| *blake3::hash(format!("{label}{number}").as_bytes()).as_bytes();
    let short = |label: &str, number: usize| -> [u8; 16] { random(label, number)[..16].try_into().unwrap() };
    let package = |number: usize| ["libfoo-dev", "python3-something", "x11-common", "zlib1g"][number / 7 % 4];
    let name = |number: usize| ["changelog.Debian.gz", "copyright", "README.md", "NEWS.gz"][number % 4];
    let mut records = Vec::new();
    let mut entries = Vec::new();
    let mut hashes = Vec::new();
    for number in 0..FILES {
        let file = FileId::new(short("file", number));
        let revision = RevisionId::new(short("revision", number));
        entries.push(Listed {
            file,
            path: format!("usr/share/doc/{}{}/{}", package(number), number / 4, name(number)),
            kind: Kind::File,
            size: 1_000 + (number as u64 * 7_919) % 50_000,
            changed: Timestamp::from_millis(1_700_000_000_000 + number as u64 * 86_400_123),
            number: 1,
            revision,
            parents: vec![],
            content: None,
            target: None,
        });
        hashes.push(Hashed { file, revision, content: ContentId::new(random("content", number)) });
    }
    let share = ShareId::new([1; 16]);
    for part in entries.chunks(400) {
        let body =
            Statement::Listed { share, at: Timestamp::from_millis(1), entries: part.to_vec() }.to_bytes();
        assert!(body.len() <= 64 * 1024, "{}", body.len());
        records.push(Record { service: "files".to_owned(), body: body.into() });
    }
    for part in hashes.chunks(800) {
        let body = Statement::Hashed { share, items: part.to_vec() }.to_bytes();
        assert!(body.len() <= 64 * 1024, "{}", body.len());
        records.push(Record { service: "files".to_owned(), body: body.into() });
    }
    let key = EpochKey::new([3; 32]);
    let place = Place { web: WebId::new([1; 32]), author: DEVICE, seq: 1 };
    let bytes = Batch::seal(&records, vec![], &key, [0; 24], place).map(|batch| wire::to_bytes(&batch).len());
    let per_file = bytes.unwrap() / FILES;
    println!("{per_file} bytes a file, listed and hashed");
    assert!(per_file <= 200, "{per_file}");
}
