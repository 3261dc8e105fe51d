//! A person's inception: the keys a person begins with (spec identity).
//!
//! ```text
//! inception = [version, recovery key, first device, person key, nonce, signature by recovery, signature by device]
//! person id = BLAKE3-derive("althing person v1", inception)
//! ```
//! Later devices are added in each web (spec governance, rules 70 to 80).

use base::{DeviceId, PersonId};
use bech32::Hrp;
use minicbor::{Decode, Encode};

use zeroize::Zeroizing;

use crate::codec::{WireError, from_bytes, to_bytes};
use crate::crypto::{PersonKey, SignKey, Signature, Signer, Verifier, verify};
use crate::ticket::{TICKET_LEN_MAX, TicketError, bytes_of, text_of};

/// The newest inception format.
pub const VERSION: u16 = 1;

/// Bytes of an inception at most.
pub const INCEPTION_SIZE_MAX: usize = 512;

const DOMAIN: &str = "althing/inception/1";

#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
struct Signed {
    #[n(0)]
    version: u16,
    #[n(1)]
    recovery: Key,
    #[n(2)]
    device: DeviceId,
    #[n(3)]
    person_key: Key,
}

/// 32 bytes of a public key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(transparent)]
pub struct Key(#[cbor(n(0), with = "minicbor::bytes")] pub [u8; 32]);

/// The keys a person begins with, signed by the recovery key and by the first device.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Inception {
    #[n(0)]
    signed: Signed,
    #[n(1)]
    by_recovery: Signature,
    #[n(2)]
    by_device: Signature,
}

impl Inception {
    /// Makes the inception of a new person; the same keys give the same inception.
    pub fn new(recovery: &SignKey, device: &SignKey, person: &PersonKey) -> Self {
        let signed = Signed {
            version: VERSION,
            recovery: Key(recovery.public()),
            device: device.device(),
            person_key: Key(person.public()),
        };
        let bytes = to_bytes(&signed);
        Self { by_recovery: recovery.sign(DOMAIN, &bytes), by_device: device.sign(DOMAIN, &bytes), signed }
    }

    /// Reads an inception and checks both signatures.
    pub fn read(bytes: &[u8]) -> Result<Self, WireError> {
        let inception = Self::read_unchecked(bytes)?;
        let signed = &inception.signed;
        if signed.version != VERSION {
            return Err(WireError::FutureVersion { version: signed.version, known: VERSION });
        }
        let covered = to_bytes(signed);
        let is_signed = verify(&signed.recovery.0, DOMAIN, &covered, &inception.by_recovery)
            && verify(signed.device.as_bytes(), DOMAIN, &covered, &inception.by_device);
        is_signed.then_some(inception).ok_or(WireError::BadSignature)
    }

    /// Reads an inception without checking what was checked before, or will be.
    pub fn read_unchecked(bytes: &[u8]) -> Result<Self, WireError> {
        from_bytes(bytes, INCEPTION_SIZE_MAX)
    }

    /// Returns the bytes as they travel.
    pub fn to_bytes(&self) -> Vec<u8> {
        to_bytes(self)
    }

    /// Returns the person that begins here.
    pub fn person(&self) -> PersonId {
        PersonId::new(blake3::derive_key("althing person v1", &to_bytes(self)))
    }

    /// Returns the person's first device.
    pub fn device(&self) -> DeviceId {
        self.signed.device
    }

    /// Returns the public half of the key that is kept offline.
    pub fn recovery(&self) -> &[u8; 32] {
        &self.signed.recovery.0
    }

    /// Returns the public key to which secrets for this person are sealed.
    pub fn person_key(&self) -> &[u8; 32] {
        &self.signed.person_key.0
    }
}

/// The key that is kept offline, as 24 words: it outranks every device of the person.
#[derive(Clone)]
pub struct RecoveryKey {
    secret: Zeroizing<[u8; 32]>,
    key: SignKey,
}

impl std::fmt::Debug for RecoveryKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RecoveryKey(..)")
    }
}

impl RecoveryKey {
    /// Makes the key of a 32-byte secret.
    pub fn from_seed(secret: &[u8; 32]) -> Self {
        Self { secret: Zeroizing::new(*secret), key: SignKey::from_seed(secret) }
    }

    /// Returns the key pair, which signs for the person and opens what was sealed to its public half.
    pub fn key(&self) -> &SignKey {
        &self.key
    }

    /// Returns the secret of the key a person begins with, so that who has the words can open what was sealed to it.
    pub fn first_person_seed(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(blake3::derive_key("althing first person key v1", &*self.secret))
    }
}

/// Statements of one chain at most: each device was added by one that was there.
pub const CHAIN_MAX: usize = 8;

/// A person's devices in one web at most.
pub const DEVICES_MAX: usize = 16;

/// Covers a new device's word that it is a person's.
pub const DEVICE_DOMAIN: &str = "althing/device/1";

/// Covers the word of whoever adds a device.
pub const ADOPT_DOMAIN: &str = "althing/adopt/1";

/// Covers the recovery key's word that a device is the person's.
pub const RECOVER_DOMAIN: &str = "althing/recover/1";

/// Covers the proof that a device knows a person's recovery words (spec identity rule 61).
pub const RECOVERING_DOMAIN: &str = "althing/recovering/1";

/// Covers the recovery key's word that another recovery key takes its place (spec governance rule 90).
pub const WORDS_DOMAIN: &str = "althing/words/1";

/// Covers the word of the key that takes its place.
pub const NEW_WORDS_DOMAIN: &str = "althing/new-words/1";

/// What all of those about a device cover.
pub fn device_bytes(person: PersonId, device: DeviceId) -> Vec<u8> {
    [person.as_bytes().as_slice(), device.as_bytes()].concat()
}

/// One recovery key takes the place of another.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct WordsChange {
    /// The key until then.
    #[n(0)]
    pub old: Key,
    /// The key from then on.
    #[n(1)]
    pub new: Key,
    /// Of the old key over person || old || new, domain [`WORDS_DOMAIN`].
    #[n(2)]
    pub by_old: Signature,
    /// Of the new key over the same, domain [`NEW_WORDS_DOMAIN`].
    #[n(3)]
    pub by_new: Signature,
}

impl WordsChange {
    /// Signs with both keys: who has only the old words can't name a key that is somebody else's.
    pub fn new(person: PersonId, old: &RecoveryKey, new: &RecoveryKey) -> Self {
        let (from, to) = (Key(old.key().public()), Key(new.key().public()));
        let covered = words_bytes(person, from, to);
        let (by_old, by_new) =
            (old.key().sign(WORDS_DOMAIN, &covered), new.key().sign(NEW_WORDS_DOMAIN, &covered));
        Self { old: from, new: to, by_old, by_new }
    }

    /// Says whether both keys have signed this for a person.
    pub fn holds(&self, person: PersonId, verifier: &dyn Verifier) -> bool {
        let covered = words_bytes(person, self.old, self.new);
        self.old != self.new
            && verifier.verify(&DeviceId::new(self.old.0), WORDS_DOMAIN, &covered, &self.by_old)
            && verifier.verify(&DeviceId::new(self.new.0), NEW_WORDS_DOMAIN, &covered, &self.by_new)
    }
}

fn words_bytes(person: PersonId, old: Key, new: Key) -> Vec<u8> {
    [person.as_bytes().as_slice(), &old.0, &new.0].concat()
}

/// One step from a person's beginning to a later device (spec governance rule 80).
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Adoption {
    /// The device that came, or the recovery key that took the place of the one before.
    #[n(0)]
    pub device: DeviceId,
    /// Whether the recovery key signed, and not the device before.
    #[n(1)]
    pub by_recovery: bool,
    /// Over person || device, domain [`ADOPT_DOMAIN`]; of new recovery words as in [`WordsChange::by_old`].
    #[n(2)]
    pub signature: Signature,
    /// The new recovery key's own word, where this is about one ([`WordsChange::by_new`]).
    #[n(3)]
    pub words: Option<Signature>,
}

impl Adoption {
    /// A device came.
    pub fn of_device(device: DeviceId, by_recovery: bool, signature: Signature) -> Self {
        Self { device, by_recovery, signature, words: None }
    }

    /// New recovery words came.
    pub fn of_words(change: &WordsChange) -> Self {
        Self {
            device: DeviceId::new(change.new.0),
            by_recovery: true,
            signature: change.by_old,
            words: Some(change.by_new),
        }
    }

    /// Returns the change of recovery words that this is, when they were `old` before; none for a device.
    pub fn change_of(&self, old: Key) -> Option<WordsChange> {
        let by_new = self.words?;
        Some(WordsChange { old, new: Key(*self.device.as_bytes()), by_old: self.signature, by_new })
    }
}

impl Inception {
    /// Says whether a chain leads from this person's first device to `device`; the empty one does to the first.
    pub fn leads_to(&self, chain: &[Adoption], device: DeviceId, verifier: &dyn Verifier) -> bool {
        self.follow(chain, verifier).is_some_and(|(last, _)| last == device)
    }

    /// Returns the recovery key after changes of it, if these hold and are nothing else.
    pub fn recovery_after(&self, changes: &[Adoption], verifier: &dyn Verifier) -> Option<Key> {
        let is_change = changes.iter().all(|change| change.words.is_some());
        let (_, keys) = self.follow(changes, verifier).filter(|_| is_change)?;
        keys.last().copied()
    }

    /// Follows a chain to its last device; returns that and the recovery keys, the inception's first. None if it does not hold.
    pub fn follow(&self, chain: &[Adoption], verifier: &dyn Verifier) -> Option<(DeviceId, Vec<Key>)> {
        let person = self.person();
        let mut seen = vec![self.device()];
        let (mut last, mut key) = (self.device(), Key(*self.recovery()));
        let mut keys = vec![key];
        if chain.len() > CHAIN_MAX {
            return None;
        }
        for step in chain {
            let is_signed = if let Some(change) = step.change_of(key) {
                step.by_recovery && change.holds(person, verifier)
            } else {
                let signer = if step.by_recovery { DeviceId::new(key.0) } else { last };
                let covered = device_bytes(person, step.device);
                verifier.verify(&signer, ADOPT_DOMAIN, &covered, &step.signature)
            };
            if !is_signed || seen.contains(&step.device) {
                return None;
            }
            seen.push(step.device);
            if step.words.is_some() {
                key = Key(*step.device.as_bytes());
                keys.push(key);
            } else {
                last = step.device;
            }
        }
        Some((last, keys))
    }
}

/// Groups of five digits in a safety code.
const SAFETY_GROUPS: usize = 10;

const SAFETY_PREFIX: Hrp = Hrp::parse_unchecked("althingperson");

/// What one person shows another to compare (spec identity rule 42): who it is, and whom it takes the other for. No secret.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct SafetyLink {
    #[n(0)]
    version: u16,
    /// Who shows it.
    #[n(1)]
    pub person: PersonId,
    /// To whom.
    #[n(2)]
    pub other: PersonId,
}

impl SafetyLink {
    /// Makes what `person` shows to `other`.
    pub fn new(person: PersonId, other: PersonId) -> Self {
        Self { version: crate::ticket::VERSION, person, other }
    }

    /// Says whether it is about these two, whoever of them shows it.
    pub fn is_of(&self, one: PersonId, other: PersonId) -> bool {
        (self.person, self.other) == (one, other) || (self.person, self.other) == (other, one)
    }

    /// Returns the digits both compare, the same whoever of them shows it: 166 bits, so that somebody who makes persons by
    /// the billion to sit in the middle of two needs about 2^83 of them (decisions/safety-codes.md).
    pub fn code(&self) -> String {
        let mut persons = [self.person, self.other];
        persons.sort_unstable();
        let mut hasher = blake3::Hasher::new_derive_key("althing safety code v1");
        for person in &persons {
            hasher.update(person.as_bytes());
        }
        let mut stream = hasher.finalize_xof();
        let mut group = || {
            let mut bytes = [0; 8];
            stream.fill(&mut bytes);
            format!("{:05}", u64::from_be_bytes(bytes) % 100_000)
        };
        (0..SAFETY_GROUPS).map(|_| group()).collect::<Vec<_>>().join(" ")
    }

    /// Writes it as text, `althingperson1…`.
    pub fn to_text(&self) -> String {
        text_of(SAFETY_PREFIX, &to_bytes(self))
    }

    /// Reads it from pasted text, as forgivingly as a ticket.
    pub fn from_text(text: &str) -> Result<Self, TicketError> {
        let bytes = bytes_of(SAFETY_PREFIX, text)?;
        let link: Self = from_bytes(&bytes, TICKET_LEN_MAX).map_err(TicketError::Unreadable)?;
        let is_within = link.version == crate::ticket::VERSION;
        is_within
            .then_some(link)
            .ok_or(TicketError::Unreadable(WireError::OutOfLimits { field: "safety code" }))
    }
}
