//! Makes the vectors of `specs/vectors` and compares: every implementation must accept or refuse these bytes.
//!
//! `UPDATE_VECTORS=1 cargo test -p wire --test vectors` writes them anew; a change of a vector is a change of format.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::struct_field_names,
    clippy::too_many_lines,
    reason = "tests panic when they fail"
)]

use std::fmt::Write as _;
use std::path::PathBuf;

use base::{ContentId, DeviceId, EntryId, TicketId, Timestamp, WebId};
use wire::codec::Bytes;
use wire::crypto::{EpochKey, PersonKey, SignKey, Signer, Strict, seal_to};
use wire::entry::{Entry, Header, Log, web_of_genesis};
use wire::governance::{Action, Admission, Cut, OlderKey, Operation, Role, Serving, Wrap};
use wire::identity::{Inception, SafetyLink};
use wire::pairing::{DeviceLink, DoorLink};
use wire::record::{Batch, Place, Record};
use wire::sealed::{ContentKey, SEGMENT_SIZE, TAG_SIZE};
use wire::ticket::{Door, Ticket, TicketError};
use wire::{join, sync, to_bytes};

#[path = "vectors/devices.rs"]
mod devices;
#[path = "vectors/dht.rs"]
mod dht;

const ZERO: EntryId = EntryId::new([0; 32]);

/// One vector: a name, the bytes, and what a reader must find or why it must refuse.
struct Vector {
    kind: &'static str,
    name: &'static str,
    bytes: Vec<u8>,
    finds: Vec<(&'static str, String)>,
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("writing to a string cannot fail");
        text
    })
}

struct Person {
    device: SignKey,
    person: PersonKey,
    inception: Inception,
}

fn person(number: u8) -> Person {
    let recovery = SignKey::from_seed(&[number + 100; 32]);
    let device = SignKey::from_seed(&[number; 32]);
    let person = PersonKey::from_seed(&[number + 50; 32]);
    Person { inception: Inception::new(&recovery, &device, &person), device, person }
}

struct Chain {
    web: WebId,
    author: SignKey,
    log: Log,
    seq: u64,
    previous: EntryId,
}

impl Chain {
    fn new(web: WebId, author: &SignKey, log: Log) -> Self {
        Self { web, author: author.clone(), log, seq: 0, previous: ZERO }
    }

    fn write(&mut self, body: Vec<u8>) -> Entry {
        self.seq += 1;
        let header = Header {
            version: 1,
            web: self.web,
            log: self.log,
            author: self.author.device(),
            seq: self.seq,
            previous: self.previous,
            body: body.into(),
        };
        let entry = Entry::sign(header, &self.author);
        self.previous = entry.id;
        entry
    }
}

fn operation(deps: &[EntryId], lamport: u64, action: Action) -> Vec<u8> {
    let mut deps = deps.to_vec();
    deps.sort_unstable();
    to_bytes(&Operation { deps, lamport, time: Timestamp::from_millis(1_790_000_000_000), action })
}

#[allow(clippy::too_many_lines, reason = "one history, told in order")]
fn accepted() -> Vec<Vector> {
    let (alice, bob) = (person(1), person(2));
    let mut vectors = Vec::new();
    for (name, who) in [("alice", &alice), ("bob", &bob)] {
        vectors.push(Vector {
            kind: "inception",
            name,
            bytes: who.inception.to_bytes(),
            finds: vec![
                ("person", who.inception.person().to_string()),
                ("device", who.inception.device().to_string()),
                ("person_key", hex(who.inception.person_key())),
            ],
        });
    }

    let safety = SafetyLink::new(bob.inception.person(), alice.inception.person());
    vectors.push(Vector {
        kind: "safety",
        name: "what bob shows to alice",
        bytes: safety.to_text().into_bytes(),
        finds: vec![
            ("person", safety.person.to_string()),
            ("other", safety.other.to_string()),
            ("code", safety.code()),
        ],
    });

    let mut governance = Chain::new(WebId::new([0; 32]), &alice.device, Log::Governance);
    let genesis = governance.write(operation(
        &[],
        1,
        Action::Genesis {
            nonce: EntryId::new([7; 32]),
            inception: alice.inception.to_bytes().into(),
            chain: None,
            key: None,
        },
    ));
    let web = web_of_genesis(&genesis);
    governance.web = web;
    let epoch_key = EpochKey::new([9; 32]);
    let context = [web.as_bytes().as_slice(), epoch_key.id().as_bytes()].concat();
    let wrap = |who: &Person, key: &EpochKey, context: &[u8]| Wrap {
        person: who.inception.person(),
        sealed: seal_to(who.inception.person_key(), "althing/epoch/1", context, key.secret(), &[3; 32])
            .expect("a valid public key")
            .into(),
    };
    let epoch = governance.write(operation(
        &[genesis.id],
        2,
        Action::Epoch { key: epoch_key.id(), wraps: vec![wrap(&alice, &epoch_key, &context)], older: vec![] },
    ));
    let mut ticket = Ticket::new(web, [5; 32], Timestamp::from_millis(1_790_600_000_000));
    ticket.doors = vec![Door { device: alice.device.device(), addresses: vec!["192.0.2.1:4000".to_owned()] }];
    "family".clone_into(&mut ticket.web_name);
    "Alice".clone_into(&mut ticket.inviter);
    let invite = governance.write(operation(
        &[epoch.id],
        3,
        Action::Invite {
            ticket: ticket.id(),
            role: Role::Member,
            expires: ticket.expires,
            uses: 2,
            admission: Admission::Open,
        },
    ));
    let proof = ticket
        .key()
        .sign(join::PROOF_DOMAIN, &join::proof_bytes(web, bob.inception.person(), bob.device.device()));
    let mut bobs = Chain::new(web, &bob.device, Log::Governance);
    let joined = bobs.write(operation(
        &[invite.id],
        4,
        Action::Join {
            ticket: ticket.id(),
            proof,
            inception: bob.inception.to_bytes().into(),
            chain: None,
            key: None,
        },
    ));
    let accept = governance.write(operation(&[joined.id], 5, Action::Accept { join: joined.id }));
    let newer_key = EpochKey::new([10; 32]);
    let newer_context = [web.as_bytes().as_slice(), newer_key.id().as_bytes()].concat();
    let older_context = [newer_context.as_slice(), epoch_key.id().as_bytes()].concat();
    let nonce = [4; 24];
    let older = OlderKey {
        key: epoch_key.id(),
        sealed: [
            nonce.as_slice(),
            &newer_key.seal("althing older epoch v1", &nonce, &older_context, epoch_key.secret()),
        ]
        .concat()
        .into(),
    };
    let cut = Cut { device: bob.device.device(), log: Log::Governance, seq: 1, entry: joined.id };
    let removal = governance.write(operation(
        &[accept.id],
        6,
        Action::Remove { person: bob.inception.person(), cuts: vec![cut] },
    ));
    let newer = governance.write(operation(
        &[removal.id],
        7,
        Action::Epoch {
            key: newer_key.id(),
            wraps: vec![wrap(&alice, &newer_key, &newer_context)],
            older: vec![older],
        },
    ));
    let revoked = governance.write(operation(&[newer.id], 8, Action::RevokeInvite { ticket: ticket.id() }));
    let serving = Serving {
        addresses: vec!["192.0.2.1:4000".to_owned(), "[2001:db8::1]:4000".to_owned()],
        relay: Some("http://192.0.2.1:4000/".to_owned()),
        mirror: Some(100_000_000_000),
        broker: false,
    };
    let serves = governance.write(operation(&[revoked.id], 9, Action::Serve { serving }));
    for (name, entry) in [
        ("genesis", &genesis),
        ("epoch", &epoch),
        ("invite", &invite),
        ("join", &joined),
        ("accept", &accept),
        ("remove", &removal),
        ("newer epoch with an older key", &newer),
        ("revoke", &revoked),
        ("serve", &serves),
    ] {
        vectors.push(Vector {
            kind: "entry",
            name,
            bytes: entry.bytes.clone(),
            finds: vec![
                ("id", entry.id.to_string()),
                ("web", entry.header.web.to_string()),
                ("author", entry.header.author.to_string()),
                ("seq", entry.header.seq.to_string()),
            ],
        });
    }
    vectors.push(Vector {
        kind: "web",
        name: "the web of a genesis",
        bytes: genesis.bytes.clone(),
        finds: vec![("web", web.to_string())],
    });

    let mut records = Chain::new(web, &alice.device, Log::Records);
    let place = Place { web, author: alice.device.device(), seq: 1 };
    let facts = [Record {
        service: "people".to_owned(),
        body: Bytes::from(vec![0x82, 0x01, 0x65, b'A', b'l', b'i', b'c', b'e']),
    }];
    let batch = Batch::seal(&facts, vec![accept.id], &epoch_key, [6; 24], place).expect("within limits");
    let sealed = records.write(to_bytes(&batch));
    vectors.push(Vector {
        kind: "batch",
        name: "one record under the first epoch",
        bytes: sealed.bytes,
        finds: vec![
            ("id", sealed.id.to_string()),
            ("epoch_key", hex(epoch_key.secret())),
            ("key", epoch_key.id().to_string()),
            ("service", "people".to_owned()),
            ("body", hex(&facts[0].body)),
        ],
    });
    let opened = Wrap { person: alice.inception.person(), sealed: wrap(&alice, &epoch_key, &context).sealed };
    vectors.push(Vector {
        kind: "wrap",
        name: "the first epoch for alice",
        bytes: opened.sealed.to_vec(),
        finds: vec![
            ("person_seed", hex(&[51; 32])),
            ("purpose", "althing/epoch/1".to_owned()),
            ("context", hex(&context)),
            ("opens", hex(epoch_key.secret())),
        ],
    });
    assert_eq!(
        alice.person.open(&opened.sealed, "althing/epoch/1", &context).as_deref(),
        Some(epoch_key.secret().as_slice())
    );
    vectors.push(Vector {
        kind: "ticket",
        name: "two uses, one door",
        bytes: ticket.to_text().into_bytes(),
        finds: vec![
            ("web", web.to_string()),
            ("id", ticket.id().to_string()),
            ("web_name", "family".to_owned()),
        ],
    });
    let head = sync::Head { device: alice.device.device(), log: Log::Records, seq: 1, entry: sealed.id };
    vectors.push(Vector {
        kind: "sync",
        name: "news of one head",
        bytes: to_bytes(&sync::Message::News { web, heads: vec![head], entries: vec![] }),
        finds: vec![("web", web.to_string())],
    });
    vectors.push(Vector {
        kind: "join-message",
        name: "hello",
        bytes: to_bytes(&join::Message::Hello {
            web,
            ticket: ticket.id(),
            proof,
            inception: bob.inception.to_bytes().into(),
            chain: None,
        }),
        finds: vec![("web", web.to_string())],
    });
    vectors.extend(devices::accepted(web, invite.id, &alice));
    for (name, plain) in [
        ("a short text", b"Q4 Roadmap, rev 1.3".to_vec()),
        ("two segments", [vec![0x61; SEGMENT_SIZE], vec![0x62]].concat()),
    ] {
        let (content, key) = copy_key(&plain);
        let sealed = key.seal_all(&plain);
        vectors.push(Vector {
            kind: "sealed",
            name,
            finds: sealed_finds(content, plain.len(), &blake3::hash(&sealed).to_string()),
            bytes: sealed,
        });
    }
    vectors.extend(dht::accepted(web));
    vectors
}

/// Returns a content's id and the key of its copies under the vectors' epoch.
fn copy_key(plain: &[u8]) -> (ContentId, ContentKey) {
    let content = ContentId::new(*blake3::hash(plain).as_bytes());
    (content, ContentKey::of(&EpochKey::new([9; 32]), content))
}

fn sealed_finds(content: ContentId, size: usize, sealed: &str) -> Vec<(&'static str, String)> {
    vec![
        ("epoch_key", hex(&[9; 32])),
        ("content", content.to_string()),
        ("size", size.to_string()),
        ("sealed", sealed.to_owned()),
    ]
}

/// Bytes that look right and must be refused.
fn refused() -> Vec<Vector> {
    let mut vectors = Vec::new();
    let mut refuse = |kind, name, bytes: Vec<u8>| vectors.push(Vector { kind, name, bytes, finds: vec![] });
    let alice = person(1);
    let device = DeviceId::new(alice.device.public());
    let header = |version, seq, previous| Header {
        version,
        web: WebId::new([1; 32]),
        log: Log::Governance,
        author: device,
        seq,
        previous,
        body: Bytes::from(operation(&[ZERO], 2, Action::Leave)),
    };
    let good = Entry::sign(header(1, 1, ZERO), &alice.device);
    refuse("entry", "a bit of the body flipped", flipped(&good.bytes, good.bytes.len() - 1));
    refuse("entry", "a bit of the signature flipped", flipped(&good.bytes, 5));
    refuse("entry", "signed for another domain", {
        let signed = to_bytes(&header(1, 1, ZERO));
        [alice.device.sign("althing/entry/2", &signed).0.as_slice(), &signed].concat()
    });
    refuse("entry", "a byte after the end", {
        let signed = [to_bytes(&header(1, 1, ZERO)), vec![0]].concat();
        [alice.device.sign("althing/entry/1", &signed).0.as_slice(), &signed].concat()
    });
    refuse("entry", "a number longer than it need be", {
        // The version 1 as 0x18 0x01 instead of 0x01; signed, so that only the encoding is wrong.
        let mut signed = to_bytes(&header(1, 1, ZERO));
        signed.splice(1..2, [0x18, 0x01]);
        [alice.device.sign("althing/entry/1", &signed).0.as_slice(), &signed].concat()
    });
    refuse("entry", "a later version", Entry::sign(header(2, 1, ZERO), &alice.device).bytes);
    refuse("entry", "place zero", Entry::sign(header(1, 0, ZERO), &alice.device).bytes);
    refuse(
        "entry",
        "a first entry with a previous",
        Entry::sign(header(1, 1, EntryId::new([1; 32])), &alice.device).bytes,
    );
    refuse(
        "entry",
        "a second entry without a previous",
        Entry::sign(header(1, 2, ZERO), &alice.device).bytes,
    );
    refuse("entry", "shorter than a signature", vec![0; 63]);
    refuse("entry", "empty", vec![]);
    for (name, relay) in [
        ("a relay with a path", "http://192.0.2.1:4000/admin"),
        ("a relay with a user", "http://root@192.0.2.1:4000/"),
        ("a relay without a port", "http://192.0.2.1/"),
    ] {
        let serving = Serving { relay: Some(relay.to_owned()), ..Serving::default() };
        refuse("operation", name, operation(&[ZERO], 2, Action::Serve { serving }));
    }
    let unsorted = to_bytes(&Operation {
        deps: vec![EntryId::new([2; 32]), EntryId::new([1; 32])],
        lamport: 3,
        time: Timestamp::default(),
        action: Action::Leave,
    });
    refuse("operation", "dependencies out of order", unsorted);
    refuse("operation", "no dependencies but no genesis", operation(&[], 1, Action::Leave));
    refuse("operation", "an invitation without uses", {
        let (ticket, expires) = (TicketId::new([1; 32]), Timestamp::default());
        operation(
            &[ZERO],
            2,
            Action::Invite { ticket, role: Role::Member, expires, uses: 0, admission: Admission::Open },
        )
    });
    for (name, bytes) in devices::refused(&alice) {
        refuse("operation", name, bytes);
    }
    let mut inception = alice.inception.to_bytes();
    let last = inception.len() - 1;
    inception = flipped(&inception, last);
    refuse("inception", "not signed by its device", inception);
    let text = Ticket::new(WebId::new([1; 32]), [5; 32], Timestamp::default()).to_text();
    refuse("ticket", "a letter changed", text.replacen('q', "p", 1).into_bytes());
    refuse("ticket", "cut short", text.as_bytes()[..text.len() - 3].to_vec());
    refuse("ticket", "nothing", vec![]);
    refuse("sync", "garbage", vec![0xff; 40]);
    let plain = [vec![0x61; SEGMENT_SIZE], vec![0x62; SEGMENT_SIZE]].concat();
    let (content, key) = copy_key(&plain);
    let sealed = key.seal_all(&plain);
    let (first, second) = sealed.split_at(SEGMENT_SIZE + TAG_SIZE);
    let (short, short_key) = copy_key(b"Q4 Roadmap");
    let short_sealed = short_key.seal_all(b"Q4 Roadmap");
    let other = short_key.seal_all(b"Q5 Roadmap");
    for (name, content, bytes, size) in [
        ("the last segment cut off", content, first.to_vec(), SEGMENT_SIZE),
        ("two segments in each other's places", content, [second, first].concat(), plain.len()),
        ("a bit of a tag flipped", short, flipped(&short_sealed, short_sealed.len() - 1), 10),
        ("opens, but to another content", short, other, 10),
    ] {
        vectors.push(Vector { kind: "sealed", name, bytes, finds: sealed_finds(content, size, "") });
    }
    vectors.extend(dht::refused());
    // Right letters and a later version: the one reason that a person can do something about, so it is told apart.
    let known = to_bytes(&Ticket::new(WebId::new([1; 32]), [5; 32], Timestamp::default()));
    let later = [&known[..1], &[2], &known[2..]].concat();
    // An array of 9 with a map at its end, which no format of today has: the version alone must be read.
    let reshaped = [&[0x89, 3], &known[2..known.len() - 1], &[0xa1, 1, 2, 0xf6]].concat();
    for (name, body) in [("a later version", later), ("a later version in another shape", reshaped)] {
        let finds = vec![("why", "a later version".to_owned())];
        vectors.push(Vector { kind: "ticket", name, bytes: ticket_text(&body).into_bytes(), finds });
    }
    vectors
}

/// Writes any bytes as a ticket is written: bech32m, without its limit of 90 characters.
fn ticket_text(body: &[u8]) -> String {
    enum Long {}
    impl bech32::Checksum for Long {
        type MidstateRepr = u32;
        const CODE_LENGTH: usize = wire::ticket::TICKET_LEN_MAX;
        const CHECKSUM_LENGTH: usize = bech32::Bech32m::CHECKSUM_LENGTH;
        const GENERATOR_SH: [u32; 5] = bech32::Bech32m::GENERATOR_SH;
        const TARGET_RESIDUE: u32 = bech32::Bech32m::TARGET_RESIDUE;
    }
    bech32::encode_lower::<Long>(bech32::Hrp::parse_unchecked("althing"), body).unwrap()
}

fn flipped(bytes: &[u8], at: usize) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes[at] ^= 1;
    bytes
}

fn json(vectors: &[Vector]) -> String {
    let quoted = |text: &str| format!("\"{text}\"");
    let rows: Vec<String> = vectors
        .iter()
        .map(|vector| {
            let finds: Vec<String> = vector
                .finds
                .iter()
                .map(|(key, value)| format!("{}: {}", quoted(key), quoted(value)))
                .collect();
            format!(
                "  {{\"kind\": {}, \"name\": {}, \"bytes\": {}, \"finds\": {{{}}}}}",
                quoted(vector.kind),
                quoted(vector.name),
                quoted(&hex(&vector.bytes)),
                finds.join(", ")
            )
        })
        .collect();
    format!("[\n{}\n]\n", rows.join(",\n"))
}

fn compare(file: &str, vectors: &[Vector]) {
    let path = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").unwrap())
        .join("../../../specs/vectors")
        .join(file);
    let made = json(vectors);
    if std::env::var_os("UPDATE_VECTORS").is_some() {
        std::fs::write(&path, &made).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == made, "{} differs from what this code makes: a format has changed", path.display());
}

fn is_accepted(vector: &Vector) -> bool {
    let bytes = vector.bytes.as_slice();
    match vector.kind {
        "sealed" => opens(vector),
        "dht" => dht::opens(vector),
        "entry" | "web" => Entry::read(bytes, &Strict).is_ok(),
        "batch" => Entry::read(bytes, &Strict).is_ok_and(|entry| Batch::read(&entry.header.body).is_ok()),
        "operation" => Operation::read(bytes).is_ok(),
        "inception" => Inception::read(bytes).is_ok(),
        "ticket" => Ticket::from_text(&String::from_utf8_lossy(bytes)).is_ok(),
        "safety" => SafetyLink::from_text(&String::from_utf8_lossy(bytes)).is_ok(),
        "sync" => sync::Message::read(bytes).is_ok(),
        "join-message" | "device-message" => join::Message::read(bytes).is_ok(),
        "wrap" | "device-wrap" => bytes.len() == 80,
        "device-link" => DeviceLink::from_text(&String::from_utf8_lossy(bytes)).is_ok(),
        "door-link" => DoorLink::from_text(&String::from_utf8_lossy(bytes)).is_ok(),
        other => panic!("no reader for {other}"),
    }
}

/// Says whether a copy opens to the content that it is said to be of.
fn opens(vector: &Vector) -> bool {
    let find = |name| vector.finds.iter().find(|(key, _)| *key == name).unwrap().1.clone();
    let content: ContentId = find("content").parse().unwrap();
    let key = ContentKey::of(&EpochKey::new([9; 32]), content);
    let plain = key.open_all(&vector.bytes, find("size").parse().unwrap());
    plain.is_some_and(|plain| blake3::hash(&plain).as_bytes() == content.as_bytes())
}

#[test]
fn what_must_be_accepted_is_accepted() {
    let vectors = accepted();
    for vector in &vectors {
        assert!(is_accepted(vector), "{} {}", vector.kind, vector.name);
    }
    compare("accept.json", &vectors);
}

#[test]
fn what_must_be_refused_is_refused() {
    let vectors = refused();
    for vector in &vectors {
        assert!(!is_accepted(vector), "{} {}", vector.kind, vector.name);
    }
    compare("refuse.json", &vectors);
}

#[test]
fn a_ticket_of_a_later_version_is_told_from_a_damaged_one() {
    let vectors = refused();
    let later = vectors.iter().filter(|vector| vector.kind == "ticket" && !vector.finds.is_empty());
    let whys: Vec<String> = later
        .map(|vector| match Ticket::from_text(&String::from_utf8_lossy(&vector.bytes)) {
            Err(TicketError::Unreadable(why)) => format!("{why:?}"),
            other => panic!("{}: {other:?}", vector.name),
        })
        .collect();
    assert_eq!(whys, ["FutureVersion { version: 2, known: 1 }", "FutureVersion { version: 3, known: 1 }"]);
}
