//! Vectors of records in the DHT: found under the right name, opened, and said by the device itself.

use base::{DeviceId, WebId};
use wire::crypto::{EpochKey, SignKey, Signer, Strict};
use wire::dht::{DOMAIN, Place, Slot, VALUE_SIZE};
use wire::to_bytes;

use crate::{Vector, hex};

const EPOCH: [u8; 32] = [9; 32];
const SLOT: u64 = 20_718;

fn bob() -> SignKey {
    SignKey::from_seed(&[2; 32])
}

fn place(web: WebId, slot: u64) -> Place {
    Place::new(&EpochKey::new(EPOCH), web, bob().device(), Slot(slot))
}

fn finds(web: WebId, device: DeviceId, slot: u64, said: (u64, &[String])) -> Vec<(&'static str, String)> {
    vec![
        ("epoch_key", hex(&EPOCH)),
        ("web", web.to_string()),
        ("device", device.to_string()),
        ("slot", slot.to_string()),
        ("item", hex(&place(web, slot).public())),
        ("number", said.0.to_string()),
        ("addresses", said.1.join(" ")),
    ]
}

fn addresses() -> Vec<String> {
    ["192.0.2.2:4000", "[2001:db8::2]:4000", "http://192.0.2.9:3340/"].map(str::to_owned).to_vec()
}

pub(crate) fn accepted(web: WebId) -> Vec<Vector> {
    let make = |name, slot, number, addresses: &[String]| Vector {
        kind: "dht",
        name,
        bytes: place(web, slot).seal(number, addresses, &bob(), &[5; 24]),
        finds: finds(web, bob().device(), slot, (number, addresses)),
    };
    vec![
        make("where bob is", SLOT, 1_790_000_000, &addresses()),
        make("where bob is the day after", SLOT + 1, 1_790_086_400, &addresses()[..1]),
        make("nowhere", SLOT, 1, &[]),
    ]
}

/// Seals any plain bytes as a record would be.
fn sealed(web: WebId, plain: &[u8]) -> Vec<u8> {
    let context = [web.as_bytes().as_slice(), bob().device().as_bytes(), &SLOT.to_be_bytes()].concat();
    let sealed = EpochKey::new(EPOCH).seal("althing dht address v1", &[5; 24], &context, plain);
    [&[5; 24], sealed.as_slice()].concat()
}

fn plain(record: &[u8], length: usize, padding: u8) -> Vec<u8> {
    let mut plain = u16::try_from(length).unwrap().to_be_bytes().to_vec();
    plain.extend_from_slice(record);
    plain.resize(VALUE_SIZE - 40, padding);
    plain
}

/// A record as any device of the epoch can make it, whatever it says.
fn record(web: WebId, addresses: &[String], by: &SignKey) -> Vec<u8> {
    let covered =
        [web.as_bytes().as_slice(), &SLOT.to_be_bytes(), &to_bytes(&(7_u64, addresses.to_vec()))].concat();
    to_bytes(&(7_u64, addresses.to_vec(), by.sign(DOMAIN, &covered)))
}

pub(crate) fn refused() -> Vec<Vector> {
    let web = WebId::new([1; 32]);
    let good = record(web, &addresses(), &bob());
    let mut flipped = sealed(web, &plain(&good, good.len(), 0));
    flipped[500] ^= 1;
    let many = record(web, &vec!["192.0.2.2:4000".to_owned(); 9], &bob());
    let mallory = record(web, &addresses(), &SignKey::from_seed(&[66; 32]));
    let whole = sealed(web, &plain(&good, good.len(), 0));
    assert!(place(web, SLOT).open(&whole, &Strict).is_some(), "what is changed below is right before");
    let make =
        |name, bytes| Vector { kind: "dht", name, bytes, finds: finds(web, bob().device(), SLOT, (7, &[])) };
    vec![
        make("a bit flipped", flipped),
        make("shorter than all others", whole[..whole.len() - 1].to_vec()),
        make("padding that is not zeros", sealed(web, &plain(&good, good.len(), 1))),
        make("a length beyond the end", sealed(web, &plain(&good, 859, 0))),
        make("a byte after the record", sealed(web, &plain(&good, good.len() + 1, 0))),
        make("nine addresses", sealed(web, &plain(&many, many.len(), 0))),
        make("said by another member", sealed(web, &plain(&mallory, mallory.len(), 0))),
        make("of another web", sealed(WebId::new([3; 32]), &plain(&good, good.len(), 0))),
        make("nothing", Vec::new()),
    ]
}

pub(crate) fn opens(vector: &Vector) -> bool {
    let find = |name| vector.finds.iter().find(|(key, _)| *key == name).unwrap().1.clone();
    let place = place(find("web").parse().unwrap(), find("slot").parse().unwrap());
    place.open(&vector.bytes, &Strict).is_some()
}
