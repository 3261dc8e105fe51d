//! Vectors of a person's devices: adding, revoking, coming back by recovery words, and what devices say to each other.

use base::{DeviceId, EntryId, Timestamp, WebId};
use wire::codec::Bytes;
use wire::crypto::{PersonKey, SignKey, Signer, seal_to_device};
use wire::entry::Log;
use wire::governance::{
    Action, Cosignature, Cut, DISMISS_DOMAIN, DeviceWrap, Dismissal, NewWords, ROTATION_PURPOSE, Rotation,
    SealedSecret, dismiss_bytes,
};
use wire::identity::{
    ADOPT_DOMAIN, Adoption, DEVICE_DOMAIN, Inception, Key, RECOVER_DOMAIN, RECOVERING_DOMAIN, RecoveryKey,
    WordsChange, device_bytes,
};
use wire::join::{LostWeb, Message, OurDevice, OurWeb, Ours, PAIR_DOMAIN, SealedKey};
use wire::pairing::{DeviceLink, DoorLink};
use wire::ticket::Door;
use wire::to_bytes;

use crate::{Chain, Person, Vector, ZERO, hex, operation};

/// Returns the recovery secret of a person of the vectors.
fn recovery(number: u8) -> RecoveryKey {
    RecoveryKey::from_seed(&[number + 100; 32])
}

fn rotation(person: &Person, devices: &[DeviceId], number: u8) -> Rotation {
    let key = PersonKey::from_seed(&[60; 32]);
    let context = [person.inception.person().as_bytes().as_slice(), &key.public()].concat();
    let seal = |to: &[u8; 32]| {
        seal_to_device(to, ROTATION_PURPOSE, &context, &[60; 32], &[8; 32]).expect("a valid public key")
    };
    let mut devices = devices.to_vec();
    devices.sort_unstable();
    let wraps =
        devices.into_iter().map(|device| DeviceWrap { device, sealed: seal(device.as_bytes()).into() });
    Rotation {
        key: Key(key.public()),
        wraps: wraps.collect(),
        recovery: seal(&recovery(number).key().public()).into(),
    }
}

pub(crate) fn accepted(web: WebId, invite: EntryId, alice: &Person) -> Vec<Vector> {
    let person = alice.inception.person();
    let phone = SignKey::from_seed(&[11; 32]);
    let covered = device_bytes(person, phone.device());
    let consent = phone.sign(DEVICE_DOMAIN, &covered);
    let mut log = Chain::new(web, &alice.device, Log::Governance);
    let added = log.write(operation(
        &[invite],
        4,
        Action::AddDevice { person, device: phone.device(), proof: consent },
    ));
    let cut = Cut { device: phone.device(), log: Log::Governance, seq: 0, entry: ZERO };
    let rotation = rotation(alice, &[alice.device.device()], 1);
    let revoked = log.write(operation(
        &[added.id],
        5,
        Action::Revoke {
            devices: vec![phone.device()],
            cuts: vec![cut],
            rotation: rotation.clone(),
            words: None,
        },
    ));
    let fresh = SignKey::from_seed(&[12; 32]);
    let words = recovery(1);
    let proof = words.key().sign(RECOVER_DOMAIN, &device_bytes(person, fresh.device()));
    let recovered = Chain::new(web, &fresh, Log::Governance).write(operation(
        &[revoked.id],
        6,
        Action::Recover { inception: alice.inception.to_bytes().into(), proof, key: None },
    ));
    let by_recovery = words.key().sign(ADOPT_DOMAIN, &device_bytes(person, fresh.device()));
    let chain = vec![Adoption::of_device(fresh.device(), true, by_recovery)];
    let founded = Chain::new(WebId::new([0; 32]), &fresh, Log::Governance).write(operation(
        &[],
        1,
        Action::Genesis {
            nonce: EntryId::new([13; 32]),
            inception: alice.inception.to_bytes().into(),
            chain: Some(chain.clone()),
            key: Some(rotation.key),
        },
    ));
    let new = recovery(2);
    let change = WordsChange::new(person, &words, &new);
    let by_words = seal_to_device(
        &new.key().public(),
        ROTATION_PURPOSE,
        &[person.as_bytes().as_slice(), &rotation.key.0].concat(),
        &[60; 32],
        &[8; 32],
    );
    let sealed: Bytes = by_words.expect("a valid public key").into();
    let changed = log.write(operation(
        &[revoked.id],
        6,
        Action::Revoke {
            devices: vec![],
            cuts: vec![],
            rotation: Rotation { recovery: sealed.clone(), ..rotation.clone() },
            words: Some(NewWords {
                person,
                change: change.clone(),
                older: vec![SealedSecret { key: rotation.key, sealed }],
            }),
        },
    ));
    let later = SignKey::from_seed(&[15; 32]);
    let proof = new.key().sign(RECOVER_DOMAIN, &device_bytes(person, later.device()));
    let key = Some(Key(new.key().public()));
    let recovered_later = Chain::new(web, &later, Log::Governance).write(operation(
        &[changed.id],
        7,
        Action::Recover { inception: alice.inception.to_bytes().into(), proof, key },
    ));
    let by_new = new.key().sign(ADOPT_DOMAIN, &device_bytes(person, later.device()));
    let led = vec![Adoption::of_words(&change), Adoption::of_device(later.device(), true, by_new)];
    let founded_later = Chain::new(WebId::new([0; 32]), &later, Log::Governance).write(operation(
        &[],
        1,
        Action::Genesis {
            nonce: EntryId::new([16; 32]),
            inception: alice.inception.to_bytes().into(),
            chain: Some(led),
            key: Some(rotation.key),
        },
    ));
    // Who has signed is for the evaluation; here the phone signs that another person goes.
    let other = crate::person(2).inception.person();
    let about = Dismissal { web, by: person, person: other, admission: invite, same: None };
    let signature = phone.sign(DISMISS_DOMAIN, &dismiss_bytes(&about, 5));
    let dismissed = log.write(operation(
        &[revoked.id],
        7,
        Action::Dismiss {
            by: person,
            person: other,
            admission: invite,
            same: None,
            cuts: vec![],
            signatures: vec![Cosignature { device: phone.device(), lamport: 5, signature }],
        },
    ));
    let entries = [
        ("dismiss", dismissed),
        ("add a device", added),
        ("revoke a device", revoked.clone()),
        ("recover", recovered),
        ("new recovery words", changed),
        ("recover by new words", recovered_later),
        ("a genesis by a device that came by new words", founded_later),
        ("a genesis by a recovered device", founded.clone()),
    ];
    let mut vectors: Vec<Vector> = entries
        .into_iter()
        .map(|(name, entry)| Vector {
            kind: "entry",
            name,
            finds: vec![
                ("id", entry.id.to_string()),
                ("web", entry.header.web.to_string()),
                ("author", entry.header.author.to_string()),
                ("seq", entry.header.seq.to_string()),
            ],
            bytes: entry.bytes,
        })
        .collect();
    vectors.push(Vector {
        kind: "device-wrap",
        name: "a person's new key for its recovery words",
        bytes: rotation.recovery.to_vec(),
        finds: vec![
            ("secret", hex(&[101; 32])),
            ("purpose", ROTATION_PURPOSE.to_owned()),
            ("context", hex(&[person.as_bytes().as_slice(), &rotation.key.0].concat())),
            ("opens", hex(&[60; 32])),
        ],
    });
    let door = Door { device: alice.device.device(), addresses: vec!["192.0.2.1:4000".to_owned()] };
    let expires = Timestamp::from_millis(1_790_000_000_000);
    let link = DeviceLink::new(person, [14; 32], expires, door.clone(), "Alice".to_owned());
    vectors.push(Vector {
        kind: "device-link",
        name: "a computer of Alice's",
        bytes: link.to_text().into_bytes(),
        finds: vec![
            ("person", person.to_string()),
            ("key", hex(&link.key().public())),
            ("name", "Alice".to_owned()),
        ],
    });
    vectors.push(Vector {
        kind: "door-link",
        name: "where Alice is",
        bytes: DoorLink::new(vec![door]).to_text().into_bytes(),
        finds: vec![("doors", alice.device.device().to_string())],
    });
    let ours = Ours {
        devices: vec![OurDevice { device: phone.device(), consent, name: "phone".to_owned() }],
        webs: vec![OurWeb { web, genesis: founded.bytes.clone().into(), name: "family".to_owned() }],
    };
    let public = words.key().public();
    let proven = [public.as_slice(), fresh.device().as_bytes()].concat();
    let lost = LostWeb {
        web,
        genesis: founded.bytes.into(),
        name: "family".to_owned(),
        heads: vec![revoked.id],
        lamport: 5,
        key: Some(SealedKey { key: rotation.key, sealed: rotation.recovery }),
    };
    let paired = Message::Paired {
        inception: alice.inception.to_bytes().into(),
        chain,
        key: None,
        secret: rotation.wraps[0].sealed.clone(),
        name: "Alice".to_owned(),
        ours: ours.clone(),
    };
    let inception = alice.inception.to_bytes();
    let messages = [
        (
            "pair",
            Message::Pair {
                proof: link.key().sign(PAIR_DOMAIN, &covered),
                consent,
                name: "phone".to_owned(),
            },
        ),
        ("paired", paired),
        ("ours", Message::Ours { ours }),
        (
            "recovering",
            Message::Recovering {
                recovery: Key(public),
                proof: words.key().sign(RECOVERING_DOMAIN, &proven),
            },
        ),
        (
            "recovered",
            Message::Recovered {
                inception: inception.clone().into(),
                name: "Alice".to_owned(),
                webs: vec![lost],
                words: None,
            },
        ),
        (
            "recovered: nobody",
            Message::Recovered { inception: vec![].into(), name: String::new(), webs: vec![], words: None },
        ),
    ];
    vectors.extend(messages.into_iter().map(|(name, message)| Vector {
        kind: "device-message",
        name,
        bytes: to_bytes(&message),
        finds: vec![("says", name.split(':').next().unwrap_or_default().to_owned())],
    }));
    assert!(Inception::read(&inception).is_ok());
    vectors
}

/// Operations about devices that break a limit.
pub(crate) fn refused(alice: &Person) -> Vec<(&'static str, Vec<u8>)> {
    let device = |number: u8| SignKey::from_seed(&[number; 32]).device();
    let good = rotation(alice, &[device(1), device(2)], 1);
    let revoke = |devices: Vec<DeviceId>, rotation: Rotation| {
        operation(&[ZERO], 2, Action::Revoke { devices, cuts: vec![], rotation, words: None })
    };
    let mut swapped = good.clone();
    swapped.wraps.reverse();
    let mut short = good.clone();
    short.recovery = vec![0; 79].into();
    let mut twice = good.clone();
    twice.wraps[1] = twice.wraps[0].clone();
    let mut devices: Vec<DeviceId> = (0..17).map(device).collect();
    devices.sort_unstable();
    let many = devices.clone();
    devices.truncate(2);
    devices.reverse();
    let chain = |count: u8| {
        let step =
            |number: u8| Adoption::of_device(device(number), false, alice.device.sign(ADOPT_DOMAIN, &[]));
        let action = Action::Genesis {
            nonce: ZERO,
            inception: alice.inception.to_bytes().into(),
            chain: Some((0..count).map(step).collect()),
            key: None,
        };
        operation(&[], 1, action)
    };
    vec![
        ("revoked devices out of order", revoke(devices, good.clone())),
        ("seventeen revoked devices", revoke(many, good)),
        ("wraps of a new key out of order", revoke(vec![], swapped)),
        ("a device's wrap twice", revoke(vec![], twice)),
        ("a wrap for the recovery words that is too short", revoke(vec![], short)),
        ("a chain without statements", chain(0)),
        ("a chain of nine statements", chain(9)),
    ]
}
