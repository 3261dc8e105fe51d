//! Bytes of others: whatever comes, nothing panics, and what is taken has one form.

use base::{ContentId, PersonId, ShareId, Timestamp};
use proptest::prelude::*;

use crate::capability::{Capability, Scope};
use crate::document;
use crate::statement::{Admission, Budget, Place, Said};
use crate::wishes::{GuardAct, GuardWish, GuardWord};

fn any_capability() -> impl Strategy<Value = Capability> {
    let scope = prop_oneof![
        Just(Scope::All),
        any::<([u8; 32], [u8; 16])>().prop_map(|(person, share)| Scope::Share {
            person: PersonId::new(person),
            share: ShareId::new(share)
        }),
    ];
    prop_oneof![
        scope.clone().prop_map(Capability::Changes),
        scope.clone().prop_map(Capability::Read),
        scope.prop_map(Capability::Names),
        Just(Capability::Members),
        Just(Capability::Guard),
        Just(Capability::Facts),
        Just(Capability::Notice),
        Just(Capability::Warn),
        Just(Capability::Hold),
    ]
}

fn any_said() -> impl Strategy<Value = Said> {
    let admission = (
        any::<[u8; 32]>(),
        1..=4_194_304_u64,
        prop::collection::btree_set(any_capability(), 0..12),
        prop::option::of(5..=10_080_u32),
        "[ -~]{0,200}",
        any::<bool>(),
    )
        .prop_map(|(program, size, capabilities, every, text, is_here)| {
            let mut capabilities: Vec<Capability> = capabilities.into_iter().collect();
            capabilities.extend(every.map(Capability::Every));
            capabilities.sort_unstable();
            Admission {
                program: ContentId::new(program),
                size,
                capabilities,
                budget: Budget::default(),
                place: if is_here { Place::Here } else { Place::Each },
                settings: text.clone(),
                note: text,
            }
        });
    ("[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?", any::<u32>(), prop::option::of(admission))
        .prop_map(|(name, at, admission)| Said { name, at: Timestamp::from_millis(u64::from(at)), admission })
}

proptest! {
    #[test]
    fn what_is_said_reads_as_it_was_written(said in any_said()) {
        prop_assert_eq!(Said::read(&said.to_bytes()).unwrap(), said);
    }

    #[test]
    fn what_was_changed_is_refused_or_has_one_form(
        said in any_said(), place in any::<prop::sample::Index>(), bits in 1..=255_u8
    ) {
        let mut bytes = said.to_bytes();
        let place = place.index(bytes.len());
        bytes[place] ^= bits;
        if let Ok(read) = Said::read(&bytes) {
            prop_assert_eq!(read.to_bytes(), bytes);
        }
    }

    #[test]
    fn any_bytes_do_not_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _is_said = Said::read(&bytes).is_ok();
        let _is_given = document::read(&bytes, 100).is_ok();
        let _is_wish = GuardWish::from_bytes(&bytes).is_ok();
        let _is_completed = document::completed(bytes.clone(), &[(0, bytes)], Some(document::Disk { free: 1, size: 2 }));
    }

    #[test]
    fn any_answer_of_a_program_is_within_its_limits(text in "\\PC{0,400}", count in 0..40_usize) {
        let actions = vec![serde_json::json!({ "do": "notice", "title": text, "text": text }); count];
        let answer = serde_json::json!({ "actions": actions, "state": text, "log": text }).to_string();
        match document::read(answer.as_bytes(), 200) {
            Ok(given) => {
                prop_assert!(given.actions.len() <= document::ACTIONS_MAX);
                prop_assert!(given.state.unwrap_or_default().len() <= 200);
                prop_assert!(given.said.len() <= document::TITLE_SIZE_MAX);
            }
            Err(why) => prop_assert!(!why.is_empty()),
        }
    }
}

#[test]
fn a_wish_reads_as_it_was_written() {
    let wish = GuardWish::Act(GuardWord {
        web: base::WebId::new([1; 32]),
        content: ContentId::new([2; 32]),
        size: 5,
        name: "invoice.pdf.exe".to_owned(),
        what: GuardAct::Hold,
        why: "a program that calls itself a document".to_owned(),
        agent: "virus-guard".to_owned(),
    });
    assert_eq!(GuardWish::from_bytes(&wish.to_bytes()).unwrap(), wish);
}

#[test]
fn what_is_beyond_a_limit_is_refused() {
    let said = |change: &dyn Fn(&mut Said)| {
        let admission = Admission {
            program: ContentId::new([1; 32]),
            size: 100,
            capabilities: vec![Capability::Every(5), Capability::Notice],
            budget: Budget::default(),
            place: Place::Each,
            settings: String::new(),
            note: String::new(),
        };
        let mut said =
            Said { name: "a".to_owned(), at: Timestamp::from_millis(1), admission: Some(admission) };
        change(&mut said);
        Said::read(&said.to_bytes()).is_ok()
    };
    let with = |change: &dyn Fn(&mut Admission)| said(&|said| change(said.admission.as_mut().unwrap()));
    assert!(said(&|_| {}));
    assert!(said(&|said| said.admission = None));
    assert!(!said(&|said| said.name = "A".to_owned()));
    assert!(!said(&|said| said.name = "a".repeat(41)));
    assert!(!with(&|one| one.size = 0));
    assert!(!with(&|one| one.size = 5 << 20));
    assert!(!with(&|one| one.capabilities = vec![Capability::Notice, Capability::Members]));
    assert!(!with(&|one| one.capabilities = vec![Capability::Notice; 2]));
    assert!(!with(&|one| one.capabilities = vec![Capability::Every(4)]));
    assert!(!with(&|one| one.capabilities = vec![Capability::Every(5), Capability::Every(6)]));
    assert!(!with(&|one| one.budget.cpu_ms = 20_000));
    assert!(!with(&|one| one.budget.memory_mib = 1_000));
    assert!(!with(&|one| one.budget.state_bytes = 1 << 20));
    assert!(!with(&|one| one.settings = "x".repeat(5_000)));
    assert!(!with(&|one| one.note = "a\u{202e}b".to_owned()));
}

#[test]
fn first_bytes_go_to_their_files() {
    let document = br#"{"event":{"files":[{"path":"a"},{"path":"b"}]}}"#.to_vec();
    let with = document::completed(document, &[(1, b"MZ\xff".to_vec()), (7, b"x".to_vec())], None);
    let value: serde_json::Value = serde_json::from_slice(&with).unwrap();
    assert_eq!(value["event"]["files"][1]["first"], "4d5aff");
    assert_eq!(value["event"]["files"][1]["text"], "MZ\u{fffd}");
    assert_eq!(value["event"]["files"][0], serde_json::json!({ "path": "a" }));
}

#[test]
fn names_in_keys_end() {
    use crate::tables::Name;
    use store::Key as _;
    let bytes = |name: &str| {
        let mut bytes = Vec::new();
        (Name::new(name), 7_u64).write(&mut bytes);
        bytes
    };
    let mut prefix = Vec::new();
    Name::new("digest").write(&mut prefix);
    assert!(bytes("digest").starts_with(&prefix) && !bytes("digest-2").starts_with(&prefix));
    assert_eq!(<(Name, u64)>::read(&mut bytes("digest").as_slice()), Some((Name::new("digest"), 7)));
}
