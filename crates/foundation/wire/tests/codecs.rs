//! Every format that crosses between peers: it reads what it writes, arbitrary bytes never panic, and a value has one
//! encoding only.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that fails here has found something"
)]

use base::{DeviceId, EntryId, KeyId, PersonId, TicketId, Timestamp, WebId};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use wire::codec::{Bytes, WireError};
use wire::crypto::{EpochKey, PersonKey, SignKey, Signature, Signer, Strict, seal_to};
use wire::entry::{Entry, Header, Log, web_of_genesis};
use wire::governance::{
    Action, Admission, Cosignature, Cut, DeviceWrap, NewWords, OlderKey, Operation, Role, Rotation,
    SealedSecret, Wrap,
};
use wire::identity::{Adoption, Inception, Key, WordsChange};
use wire::record::{Batch, Nonce, Place, Record};
use wire::ticket::{Door, Ticket};
use wire::{join, sync, to_bytes};

/// A codec as a peer meets it: bytes from outside in, and the bytes the value is written as.
type Read = fn(&[u8]) -> Option<Vec<u8>>;

/// Every reader of hostile bytes in this crate.
const READERS: &[(&str, Read)] = &[
    ("operation", |bytes| Some(to_bytes(&Operation::read(bytes).ok()?))),
    ("batch", |bytes| Some(to_bytes(&Batch::read(bytes).ok()?))),
    ("sync", |bytes| Some(to_bytes(&sync::Message::read(bytes).ok()?))),
    ("join", |bytes| Some(to_bytes(&join::Message::read(bytes).ok()?))),
    ("inception", |bytes| Some(Inception::read(bytes).ok()?.to_bytes())),
    ("entry", |bytes| Some(Entry::read(bytes, &Strict).ok()?.bytes)),
    ("stored entry", |bytes| {
        let entry = Entry::read_known(bytes).ok()?;
        Some([&bytes[..64], &to_bytes(&entry.header)].concat())
    }),
];

/// Bytes that any reader accepts are the bytes it would write.
fn check_hostile(bytes: &[u8]) {
    for (name, read) in READERS {
        if let Some(written) = read(bytes) {
            assert_eq!(written, bytes, "{name} accepts a second encoding");
        }
    }
}

macro_rules! ids {
    ($($name:ident -> $id:ident;)*) => {$(
        fn $name() -> impl Strategy<Value = $id> {
            any::<[u8; 32]>().prop_map($id::new)
        }
    )*};
}

ids! {
    web -> WebId;
    device -> DeviceId;
    entry_id -> EntryId;
    key_id -> KeyId;
    ticket_id -> TicketId;
    person -> PersonId;
}

fn bytes(max: usize) -> impl Strategy<Value = Bytes> {
    vec(any::<u8>(), 0..max).prop_map(Bytes::from)
}

fn signature() -> impl Strategy<Value = Signature> {
    vec(any::<u8>(), 64).prop_map(|bytes| Signature(bytes.try_into().unwrap()))
}

fn log() -> impl Strategy<Value = Log> {
    prop_oneof![Just(Log::Governance), Just(Log::Records)]
}

fn role() -> impl Strategy<Value = Role> {
    prop_oneof![Just(Role::Member), Just(Role::Admin), Just(Role::Owner)]
}

fn time() -> impl Strategy<Value = Timestamp> {
    any::<u64>().prop_map(Timestamp::from_millis)
}

fn cuts() -> impl Strategy<Value = Vec<Cut>> {
    let cut = (device(), log(), any::<u64>(), entry_id()).prop_map(|(device, log, seq, entry)| Cut {
        device,
        log,
        seq,
        entry,
    });
    vec(cut, 0..5).prop_map(sorted)
}

fn sorted<T: Ord>(mut values: Vec<T>) -> Vec<T> {
    values.sort();
    values.dedup();
    values
}

fn epoch() -> impl Strategy<Value = Action> {
    let wrap = (person(), bytes(100)).prop_map(|(person, sealed)| Wrap { person, sealed });
    let older = (key_id(), bytes(100)).prop_map(|(key, sealed)| OlderKey { key, sealed });
    (key_id(), vec(wrap, 0..4), vec(older, 0..4)).prop_map(|(key, wraps, older)| Action::Epoch {
        key,
        wraps,
        older,
    })
}

fn key() -> impl Strategy<Value = Key> {
    any::<[u8; 32]>().prop_map(Key)
}

fn chain() -> impl Strategy<Value = Vec<Adoption>> {
    let adoption = (device(), any::<bool>(), signature(), option::of(signature())).prop_map(
        |(device, by_recovery, signature, words)| Adoption { device, by_recovery, signature, words },
    );
    vec(adoption, 1..8)
}

fn words() -> impl Strategy<Value = NewWords> {
    let sealed = || vec(any::<u8>(), 80).prop_map(Bytes::from);
    let older = (key(), sealed()).prop_map(|(key, sealed)| SealedSecret { key, sealed });
    (person(), key(), key(), signature(), signature(), vec(older, 0..3)).prop_map(
        |(person, old, new, by_old, by_new, older)| NewWords {
            person,
            change: WordsChange { old, new, by_old, by_new },
            older,
        },
    )
}

fn rotation() -> impl Strategy<Value = Rotation> {
    let sealed = || vec(any::<u8>(), 80).prop_map(Bytes::from);
    let devices = vec(device(), 0..5).prop_map(sorted);
    (key(), devices, sealed(), sealed()).prop_map(|(key, devices, sealed, recovery)| Rotation {
        key,
        wraps: devices.into_iter().map(|device| DeviceWrap { device, sealed: sealed.clone() }).collect(),
        recovery,
    })
}

fn cosignatures() -> impl Strategy<Value = Vec<Cosignature>> {
    let one = (device(), any::<u64>(), signature());
    vec(one, 1..4).prop_map(|mut all| {
        all.sort_by_key(|(device, ..)| *device);
        all.dedup_by_key(|(device, ..)| *device);
        all.into_iter()
            .map(|(device, lamport, signature)| Cosignature { device, lamport, signature })
            .collect()
    })
}

fn later_action() -> impl Strategy<Value = Action> {
    let admission = prop_oneof![Just(Admission::Open), Just(Admission::Approve)];
    prop_oneof![
        (ticket_id(), role(), time(), 1..=10_000_u32, admission).prop_map(
            |(ticket, role, expires, uses, admission)| Action::Invite {
                ticket,
                role,
                expires,
                uses,
                admission
            }
        ),
        ticket_id().prop_map(|ticket| Action::RevokeInvite { ticket }),
        (ticket_id(), signature(), bytes(300)).prop_map(|(ticket, proof, inception)| Action::Join {
            ticket,
            proof,
            inception,
            chain: None,
            key: None,
        }),
        (ticket_id(), signature(), bytes(300), chain(), key()).prop_map(
            |(ticket, proof, inception, chain, key)| Action::Join {
                ticket,
                proof,
                inception,
                chain: Some(chain),
                key: Some(key),
            }
        ),
        (person(), device(), signature()).prop_map(|(person, device, proof)| Action::AddDevice {
            person,
            device,
            proof
        }),
        (vec(device(), 0..4), cuts(), rotation(), option::of(words())).prop_map(
            |(devices, cuts, rotation, words)| Action::Revoke {
                devices: sorted(devices),
                cuts,
                rotation,
                words
            }
        ),
        (bytes(300), signature(), option::of(key())).prop_map(|(inception, proof, key)| Action::Recover {
            inception,
            proof,
            key
        }),
        entry_id().prop_map(|join| Action::Accept { join }),
        (person(), role(), cuts()).prop_map(|(person, role, cuts)| Action::SetRole { person, role, cuts }),
        (person(), cuts()).prop_map(|(person, cuts)| Action::Remove { person, cuts }),
        (person(), person(), entry_id(), option::of(person()), cuts(), cosignatures()).prop_map(
            |(by, person, admission, same, cuts, signatures)| Action::Dismiss {
                by,
                person,
                admission,
                same,
                cuts,
                signatures,
            }
        ),
        Just(Action::Leave),
        epoch(),
    ]
}

fn operation() -> impl Strategy<Value = Operation> {
    let genesis = (entry_id(), bytes(300), time()).prop_map(|(nonce, inception, time)| Operation {
        deps: Vec::new(),
        lamport: 1,
        time,
        action: Action::Genesis { nonce, inception, chain: None, key: None },
    });
    let later = (vec(entry_id(), 1..16), 2_u64.., time(), later_action())
        .prop_map(|(deps, lamport, time, action)| Operation { deps: sorted(deps), lamport, time, action });
    prop_oneof![1 => genesis, 6 => later]
}

fn header() -> impl Strategy<Value = Header> {
    (web(), log(), 1_u64..9, any::<[u8; 32]>(), bytes(200)).prop_map(|(web, log, seq, previous, body)| {
        let previous = if seq == 1 { [0; 32] } else { previous.map(|byte| byte | 1) };
        let author = alice().device();
        Header { version: 1, web, log, author, seq, previous: EntryId::new(previous), body }
    })
}

fn records() -> impl Strategy<Value = Vec<Record>> {
    let record = ("[a-z]{1,32}", bytes(300)).prop_map(|(service, body)| Record { service, body });
    vec(record, 0..20)
}

fn batch() -> impl Strategy<Value = Batch> {
    (vec(entry_id(), 0..16), key_id(), any::<[u8; 24]>(), bytes(400)).prop_map(
        |(heads, key, nonce, sealed)| Batch { governance: sorted(heads), key, nonce: Nonce(nonce), sealed },
    )
}

fn sync_message() -> impl Strategy<Value = sync::Message> {
    let head = || {
        (device(), log(), any::<u64>(), entry_id()).prop_map(|(device, log, seq, entry)| sync::Head {
            device,
            log,
            seq,
            entry,
        })
    };
    let range = (device(), log(), any::<u64>(), any::<u64>())
        .prop_map(|(device, log, from, to)| sync::Range { device, log, from, to });
    prop_oneof![
        (web(), entry_id()).prop_map(|(web, digest)| sync::Message::Summary { web, digest }),
        (web(), vec(head(), 0..5), any::<bool>(), any::<bool>()).prop_map(
            |(web, heads, is_last, is_question)| sync::Message::Heads { web, heads, is_last, is_question }
        ),
        (web(), vec(head(), 0..5), vec(bytes(100), 0..4))
            .prop_map(|(web, heads, entries)| sync::Message::News { web, heads, entries }),
        (web(), vec(range, 0..5)).prop_map(|(web, ranges)| sync::Message::Want { web, ranges }),
        (web(), vec(bytes(100), 0..4), any::<bool>())
            .prop_map(|(web, entries, is_last)| sync::Message::Entries { web, entries, is_last }),
        (web(), bytes(200), bytes(200)).prop_map(|(web, one, other)| sync::Message::Fork { web, one, other }),
    ]
}

fn join_message() -> impl Strategy<Value = join::Message> {
    use join::{KeyWrap, Message, Refusal};
    let wrap = (key_id(), bytes(100)).prop_map(|(key, sealed)| KeyWrap { key, sealed });
    let why = prop::sample::select(vec![
        Refusal::Unknown,
        Refusal::Expired,
        Refusal::UsedUp,
        Refusal::Revoked,
        Refusal::Removed,
    ]);
    prop_oneof![
        (web(), ticket_id(), signature(), bytes(300)).prop_map(|(web, ticket, proof, inception)| {
            Message::Hello { web, ticket, proof, inception, chain: None }
        }),
        (web(), bytes(300), vec(entry_id(), 0..5), any::<u64>())
            .prop_map(|(web, genesis, heads, lamport)| Message::Offer { web, genesis, heads, lamport }),
        (bytes(300), option::of(vec(bytes(300), 1..4)))
            .prop_map(|(entry, before)| Message::Request { entry, before }),
        (web(), vec(wrap, 0..4)).prop_map(|(web, keys)| Message::Welcome { web, keys }),
        web().prop_map(|web| Message::Waiting { web }),
        (web(), why).prop_map(|(web, why)| Message::Refused { web, why }),
    ]
}

fn ticket() -> impl Strategy<Value = Ticket> {
    let door =
        (device(), vec("[0-9.:a-f]{1,40}", 0..8)).prop_map(|(device, addresses)| Door { device, addresses });
    (web(), any::<[u8; 32]>(), time(), vec(door, 0..4), ".{0,40}", ".{0,40}").prop_map(
        |(web, secret, expires, doors, web_name, inviter)| {
            let mut ticket = Ticket::new(web, secret, expires);
            (ticket.doors, ticket.web_name, ticket.inviter) = (doors, web_name, inviter);
            ticket
        },
    )
}

fn alice() -> SignKey {
    SignKey::from_seed(&[1; 32])
}

fn alice_inception() -> Inception {
    Inception::new(&SignKey::from_seed(&[2; 32]), &alice(), &PersonKey::from_seed(&[3; 32]))
}

/// Valid bytes of some format.
fn valid() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        operation().prop_map(|value| to_bytes(&value)),
        batch().prop_map(|value| to_bytes(&value)),
        sync_message().prop_map(|value| to_bytes(&value)),
        join_message().prop_map(|value| to_bytes(&value)),
        header().prop_map(|header| Entry::sign(header, &alice()).bytes),
        Just(alice_inception().to_bytes()),
    ]
}

/// One thing Mallory does to bytes.
fn mangled((mut bytes, place, byte, how): (Vec<u8>, prop::sample::Index, u8, u8)) -> Vec<u8> {
    let place = place.index(bytes.len());
    match how % 5 {
        0 => bytes[place] ^= byte,
        1 => bytes.truncate(place),
        2 => bytes.insert(place, byte),
        3 => drop(bytes.remove(place)),
        _ => bytes.push(byte),
    }
    bytes
}

proptest! {
    #[test]
    fn operations_read_what_they_write(value in operation()) {
        prop_assert_eq!(Operation::read(&to_bytes(&value)).unwrap(), value);
    }

    #[test]
    fn batches_read_what_they_write(value in batch()) {
        prop_assert_eq!(Batch::read(&to_bytes(&value)).unwrap(), value);
    }

    #[test]
    fn words_between_members_read_what_they_write(value in sync_message()) {
        prop_assert_eq!(sync::Message::read(&to_bytes(&value)).unwrap(), value);
    }

    #[test]
    fn words_of_a_joiner_read_what_they_write(value in join_message()) {
        prop_assert_eq!(join::Message::read(&to_bytes(&value)).unwrap(), value);
    }

    #[test]
    fn an_entry_reads_what_was_signed_and_nothing_else(header in header(), place in any::<prop::sample::Index>()) {
        let entry = Entry::sign(header, &alice());
        prop_assert_eq!(&Entry::read(&entry.bytes, &Strict).unwrap(), &entry);
        let mut forged = entry.bytes.clone();
        forged[place.index(entry.bytes.len())] ^= 1;
        prop_assert!(Entry::read(&forged, &Strict).is_err());
    }

    #[test]
    fn records_come_out_as_they_went_in_with_the_right_key_and_place_only(
        records in records(), nonce in any::<[u8; 24]>(), web in web(), seq in 1_u64..99
    ) {
        let key = EpochKey::new([5; 32]);
        let place = Place { web, author: alice().device(), seq };
        let batch = Batch::seal(&records, Vec::new(), &key, nonce, place).unwrap();
        prop_assert_eq!(batch.open(&key, place).unwrap(), records);
        prop_assert!(batch.open(&EpochKey::new([6; 32]), place).is_err());
        let moved = Place { seq: seq + 1, ..place };
        let stolen = Place { author: SignKey::from_seed(&[9; 32]).device(), ..place };
        prop_assert!(batch.open(&key, moved).is_err());
        prop_assert!(batch.open(&key, stolen).is_err());
    }

    #[test]
    fn a_ticket_reads_what_it_writes_however_it_was_pasted(ticket in ticket(), at in any::<prop::sample::Index>()) {
        let text = ticket.to_text();
        prop_assume!(!text.is_empty());
        prop_assert_eq!(&Ticket::from_text(&text).unwrap(), &ticket);
        prop_assert_eq!(&Ticket::from_text(&format!("  althing:{text}\n")).unwrap(), &ticket);
        prop_assert_eq!(&Ticket::from_text(&text.to_uppercase()).unwrap(), &ticket);
        let mut broken = text.clone();
        broken.insert(at.index(text.len()), '\n');
        prop_assert_eq!(&Ticket::from_text(&broken).unwrap(), &ticket);
    }

    #[test]
    fn a_ticket_with_a_wrong_letter_is_refused(ticket in ticket(), at in any::<prop::sample::Index>()) {
        let mut letters: Vec<char> = ticket.to_text().chars().collect();
        prop_assume!(!letters.is_empty());
        let at = at.index(letters.len());
        letters[at] = if letters[at] == 'q' { 'p' } else { 'q' };
        prop_assert!(Ticket::from_text(&letters.into_iter().collect::<String>()).is_err());
    }

    #[test]
    fn what_is_sealed_to_a_person_opens_for_that_person_and_purpose_only(
        plain in vec(any::<u8>(), 0..100), seed in any::<[u8; 32]>(), at in any::<prop::sample::Index>()
    ) {
        let bob = PersonKey::from_seed(&[4; 32]);
        let mut sealed = seal_to(&bob.public(), "althing/epoch/1", b"web", &plain, &seed).unwrap();
        prop_assert_eq!(bob.open(&sealed, "althing/epoch/1", b"web").unwrap(), plain);
        prop_assert!(bob.open(&sealed, "althing/other/1", b"web").is_none());
        prop_assert!(bob.open(&sealed, "althing/epoch/1", b"another web").is_none());
        prop_assert!(PersonKey::from_seed(&[5; 32]).open(&sealed, "althing/epoch/1", b"web").is_none());
        let at = at.index(sealed.len());
        sealed[at] ^= 0x40;
        prop_assert!(bob.open(&sealed, "althing/epoch/1", b"web").is_none());
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in vec(any::<u8>(), 0..400)) {
        check_hostile(&bytes);
        prop_assert!(PersonKey::from_seed(&[5; 32]).open(&bytes, "p", b"c").is_none());
    }

    #[test]
    fn arbitrary_texts_are_no_tickets_and_never_panic(text in ".{0,200}", tail in "[a-z0-9]{0,100}") {
        prop_assert!(Ticket::from_text(&text).is_err());
        let lookalike = format!("althing1{tail}");
        prop_assert!(Ticket::from_text(&lookalike).is_err());
    }

    #[test]
    fn mangled_bytes_never_panic_and_are_accepted_in_one_encoding_only(
        bytes in (valid(), any::<prop::sample::Index>(), any::<u8>(), any::<u8>()).prop_map(mangled)
    ) {
        check_hostile(&bytes);
    }

    #[test]
    fn another_encoding_of_the_same_value_is_refused(value in operation()) {
        let bytes = to_bytes(&value);
        // The outer array with an indefinite length: the same value to a lenient reader.
        let Some((first, rest)) = bytes.split_first() else { unreachable!("an operation is no empty thing") };
        prop_assert_eq!(first >> 5, 4, "an operation is an array");
        let loose = [&[0x9f], rest, &[0xff]].concat();
        prop_assert!(Operation::read(&loose).is_err());
        let padded = [&bytes[..], &[0]].concat();
        prop_assert!(Operation::read(&padded).is_err());
    }
}

#[test]
fn an_inception_reads_what_it_writes_and_no_byte_of_it_may_change() {
    let inception = alice_inception();
    let bytes = inception.to_bytes();
    assert_eq!(Inception::read(&bytes).unwrap(), inception);
    for place in 0..bytes.len() {
        let mut forged = bytes.clone();
        forged[place] ^= 1;
        assert!(Inception::read(&forged).is_err(), "byte {place}");
    }
}

#[test]
fn two_webs_of_the_same_genesis_bytes_are_one_and_of_others_are_not() {
    let genesis = |nonce: u8| {
        let action = Action::Genesis {
            nonce: EntryId::new([nonce; 32]),
            inception: alice_inception().to_bytes().into(),
            chain: None,
            key: None,
        };
        let time = Timestamp::from_millis(0);
        let body = to_bytes(&Operation { deps: Vec::new(), lamport: 1, time, action }).into();
        let (web, previous) = (WebId::new([0; 32]), EntryId::new([0; 32]));
        let header = Header {
            version: 1,
            web,
            log: Log::Governance,
            author: alice().device(),
            seq: 1,
            previous,
            body,
        };
        web_of_genesis(&Entry::sign(header, &alice()))
    };
    assert_eq!(genesis(1), genesis(1));
    assert_ne!(genesis(1), genesis(2));
}

#[test]
fn a_frame_that_unfolds_beyond_the_limit_is_refused() {
    let key = EpochKey::new([5; 32]);
    let place = Place { web: WebId::new([1; 32]), author: alice().device(), seq: 1 };
    let context =
        [place.web.as_bytes().as_slice(), place.author.as_bytes(), &place.seq.to_be_bytes()].concat();
    let hostile = |plain: &[u8]| {
        let frame = zstd::bulk::compress(plain, 19).unwrap();
        let sealed = key.seal("althing record key v1", &[0; 24], &context, &frame).into();
        Batch { governance: Vec::new(), key: key.id(), nonce: Nonce([0; 24]), sealed }.open(&key, place)
    };
    assert!(
        hostile(&to_bytes(&Vec::<Record>::new())).is_ok(),
        "the frame itself is what a member would make"
    );
    let bomb = hostile(&vec![0; 64 << 20]);
    assert!(matches!(bomb, Err(WireError::OutOfLimits { .. })), "{bomb:?}");
    let huge = Record { service: "files".to_owned(), body: vec![0; 200_000].into() };
    assert!(hostile(&to_bytes(&vec![huge.clone()])).is_err(), "one record beyond its limit");
    let many = vec![Record { service: String::new(), body: Vec::new().into() }; 257];
    assert!(hostile(&to_bytes(&many)).is_err(), "more records than a batch may hold");
    let over = vec![huge; 6];
    assert!(Batch::seal(&over, Vec::new(), &key, [0; 24], place).is_none(), "nobody seals what nobody reads");
}

#[test]
fn a_message_over_its_limit_is_refused_before_it_is_read() {
    let long = vec![0; sync::MESSAGE_SIZE_MAX + 1];
    assert!(matches!(sync::Message::read(&long), Err(WireError::TooLong { .. })));
    assert!(matches!(join::Message::read(&long), Err(WireError::TooLong { .. })));
    assert!(matches!(Operation::read(&long), Err(WireError::TooLong { .. })));
    assert!(matches!(Entry::read(&long, &Strict), Err(WireError::TooLong { .. })));
}
