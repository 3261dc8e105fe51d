//! Where a device is, as a record of the BitTorrent mainline DHT (spec dht): under a name that only members of an epoch
//! can compute, sealed, and always of one size. Not for: when it is written or looked for (`people`), or how (`network`).

use base::{DeviceId, WebId};
use minicbor::{Decode, Encode};
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::codec::{from_bytes, to_bytes};
use crate::crypto::{EpochKey, SignKey, Signature, Signer, Verifier};

/// Bytes of every value; BEP 44 allows 1,000 with its framing.
pub const VALUE_SIZE: usize = 900;

/// Addresses of one record at most.
pub const ADDRESSES_MAX: usize = 8;

/// What the record's signature covers besides its bytes.
pub const DOMAIN: &str = "althing/dht/1";

const NAME: &str = "althing dht name v1";
const SEAL: &str = "althing dht address v1";
const NONCE_SIZE: usize = 24;
const TAG_SIZE: usize = 16;
const LENGTH_SIZE: usize = 2;
const PLAIN_SIZE: usize = VALUE_SIZE - NONCE_SIZE - TAG_SIZE;
const RECORD_SIZE_MAX: usize = PLAIN_SIZE - LENGTH_SIZE;
const DAY_MS: u64 = 24 * 60 * 60 * 1_000;

/// A day, by the clock of whoever asks; nothing is believed because of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Slot(pub u64);

impl Slot {
    /// Returns the slot of a time.
    pub fn of(now: base::Timestamp) -> Self {
        Self(now.millis() / DAY_MS)
    }

    /// Returns this slot and its neighbours: clocks differ, and days end.
    pub fn and_neighbours(self) -> [Self; 3] {
        [self, Self(self.0.saturating_sub(1)), Self(self.0.saturating_add(1))]
    }
}

/// Where the record of one device stands in one slot, under one epoch of one web.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    web: WebId,
    device: DeviceId,
    slot: Slot,
    epoch: EpochKey,
}

/// The secret of an item's key pair. It is encoded for jobs of one process: it is in no message and in no row.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop, Encode, Decode)]
#[cbor(transparent)]
pub struct Seed(#[cbor(n(0), with = "minicbor::bytes")] [u8; 32]);

impl Seed {
    /// Returns the secret.
    pub fn secret(&self) -> &[u8; 32] {
        &self.0
    }
}

impl std::fmt::Debug for Seed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Seed(..)")
    }
}

/// What a device says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Record {
    /// Greater than that of every record of the device before.
    #[n(0)]
    pub number: u64,
    /// As [`crate::address`] reads them, most useful first. Hints: who answers there proves who it is.
    #[n(1)]
    pub addresses: Vec<String>,
    #[n(2)]
    signature: Signature,
}

impl Place {
    /// Names a place; the epoch's key has to be held.
    pub fn new(epoch: &EpochKey, web: WebId, device: DeviceId, slot: Slot) -> Self {
        Self { web, device, slot, epoch: epoch.clone() }
    }

    /// Returns the secret of the item's key pair (rule 2).
    pub fn seed(&self) -> Seed {
        Seed(*blake3::keyed_hash(&self.epoch.derive(NAME), &self.context()).as_bytes())
    }

    /// Returns the public half, by which the item is found.
    pub fn public(&self) -> [u8; 32] {
        SignKey::from_seed(self.seed().secret()).public()
    }

    /// Returns whose record it is.
    pub fn device(&self) -> DeviceId {
        self.device
    }

    /// Signs and seals what this device says (rules 3 to 5); addresses that do not fit are left out. `nonce` is used once.
    pub fn seal(&self, number: u64, addresses: &[String], signer: &dyn Signer, nonce: &[u8; 24]) -> Vec<u8> {
        let mut addresses: Vec<String> = addresses.iter().take(ADDRESSES_MAX).cloned().collect();
        let record = loop {
            let signature = signer.sign(DOMAIN, &self.covered(number, &addresses));
            let record = to_bytes(&Record { number, addresses: addresses.clone(), signature });
            if record.len() <= RECORD_SIZE_MAX || addresses.pop().is_none() {
                break record;
            }
        };
        let mut plain = u16::try_from(record.len()).unwrap_or_default().to_be_bytes().to_vec();
        plain.extend_from_slice(&record);
        plain.resize(PLAIN_SIZE, 0);
        let mut value = nonce.to_vec();
        value.extend(self.epoch.seal(SEAL, nonce, &self.context(), &plain));
        value
    }

    /// Opens a value that somebody keeps under this place's name; `None` when it is not as rule 6 wants it.
    pub fn open(&self, value: &[u8], verifier: &dyn Verifier) -> Option<Record> {
        let (nonce, sealed) =
            value.split_first_chunk::<NONCE_SIZE>().filter(|_| value.len() == VALUE_SIZE)?;
        let plain = self.epoch.open(SEAL, nonce, &self.context(), sealed)?;
        let (length, rest) = plain.split_first_chunk::<LENGTH_SIZE>()?;
        let (record, padding) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
        let record: Record = from_bytes(record, RECORD_SIZE_MAX).ok()?;
        let covered = self.covered(record.number, &record.addresses);
        let is_good = padding.iter().all(|byte| *byte == 0)
            && record.addresses.len() <= ADDRESSES_MAX
            && verifier.verify(&self.device, DOMAIN, &covered, &record.signature);
        is_good.then_some(record)
    }

    fn context(&self) -> Vec<u8> {
        [self.web.as_bytes().as_slice(), self.device.as_bytes(), &self.slot.0.to_be_bytes()].concat()
    }

    fn covered(&self, number: u64, addresses: &[String]) -> Vec<u8> {
        let said = to_bytes(&(number, addresses));
        [self.web.as_bytes().as_slice(), &self.slot.0.to_be_bytes(), &said].concat()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::crypto::Strict;

    const WEB: WebId = WebId::new([1; 32]);
    const TODAY: Slot = Slot(20_000);

    fn bob() -> SignKey {
        SignKey::from_seed(&[2; 32])
    }

    fn place(epoch: u8, slot: Slot) -> Place {
        Place::new(&EpochKey::new([epoch; 32]), WEB, bob().device(), slot)
    }

    fn addresses(count: usize) -> Vec<String> {
        (0..count).map(|number| format!("192.0.2.{number}:4000")).collect()
    }

    #[test]
    fn members_of_the_epoch_find_and_open_it_and_nobody_else_does() {
        let mine = place(9, TODAY);
        let value = mine.seal(7, &addresses(3), &bob(), &[5; 24]);
        let record = place(9, TODAY).open(&value, &Strict).unwrap();
        assert_eq!((record.number, record.addresses), (7, addresses(3)));
        let others = [
            place(8, TODAY),
            place(9, Slot(TODAY.0 + 1)),
            Place::new(&EpochKey::new([9; 32]), WebId::new([3; 32]), bob().device(), TODAY),
            Place::new(&EpochKey::new([9; 32]), WEB, DeviceId::new([4; 32]), TODAY),
        ];
        for other in others {
            assert_ne!(other.public(), mine.public());
            assert_eq!(other.open(&value, &Strict), None);
        }
    }

    #[test]
    fn another_member_cannot_say_where_bob_is() {
        let mallory = SignKey::from_seed(&[66; 32]);
        let value = place(9, TODAY).seal(7, &addresses(3), &mallory, &[5; 24]);
        assert_eq!(place(9, TODAY).open(&value, &Strict), None);
    }

    #[test]
    fn every_value_has_one_size_and_what_does_not_fit_is_left_out() {
        for count in [0, 1, 8, 20] {
            let value = place(9, TODAY).seal(1, &addresses(count), &bob(), &[5; 24]);
            assert_eq!(value.len(), VALUE_SIZE);
            let record = place(9, TODAY).open(&value, &Strict).unwrap();
            assert_eq!(record.addresses, addresses(count.min(ADDRESSES_MAX)));
        }
        let long: Vec<String> = (0..8).map(|_| format!("http://{}:1/", "a".repeat(115))).collect();
        let value = place(9, TODAY).seal(u64::MAX, &long, &bob(), &[5; 24]);
        let record = place(9, TODAY).open(&value, &Strict).unwrap();
        assert_eq!((value.len(), record.addresses.len()), (VALUE_SIZE, 6));
    }

    #[test]
    fn a_day_ends_for_everybody_at_another_moment() {
        let midnight = base::Timestamp::from_millis(20_001 * DAY_MS);
        assert_eq!(Slot::of(midnight), Slot(20_001));
        assert!(Slot::of(midnight).and_neighbours().contains(&Slot(20_000)));
    }

    proptest! {
        #[test]
        fn any_bytes_do_not_panic_and_do_not_open(bytes in prop::collection::vec(any::<u8>(), 0..1_000)) {
            prop_assert_eq!(place(9, TODAY).open(&bytes, &Strict), None);
        }

        #[test]
        fn one_changed_bit_is_found(at in 0..VALUE_SIZE, bit in 0..8_u8) {
            let mut value = place(9, TODAY).seal(1, &addresses(2), &bob(), &[5; 24]);
            if let Some(byte) = value.get_mut(at) {
                *byte ^= 1 << bit;
            }
            prop_assert_eq!(place(9, TODAY).open(&value, &Strict), None);
        }
    }
}
