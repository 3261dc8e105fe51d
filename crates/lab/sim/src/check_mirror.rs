//! Checkers for mirrors: a carrier reads nothing, what is said to be at a mirror is there, and nothing is lost.
//!
//! Apart from the code that makes it so: what a sealed copy must be is computed here from the keys members hold.

use std::collections::BTreeSet;

use base::{ContentId, WebId};
use serde_json::{Value, json};
use wire::sealed::{ContentKey, sealed_size};

use crate::check::{Report, web_label};
use crate::drivers::sealed_id;
use crate::world::{PeerIndex, World};

/// A carrier has no key, and no row, message or stored content of it holds a marker.
pub fn is_blind(world: &World, carrier: PeerIndex, web: WebId, report: &mut Report) {
    let peer = world.peer(carrier);
    let keys = peer.keyring().map_or(0, |keyring| keyring.of(web).count());
    report.claim(keys == 0, || format!("carrier {carrier} holds {keys} keys"));
    for marker in &world.markers {
        let table = peer.table_holding(marker);
        report.claim(table.is_none(), || {
            let shown = String::from_utf8_lossy(marker).into_owned();
            format!("carrier {carrier} has {shown:?} in {}", table.unwrap_or_default())
        });
    }
    report.claim(world.leaks == 0, || format!("{} messages with markers came to a carrier", world.leaks));
    let markers: BTreeSet<&[u8]> = world.markers.iter().map(Vec::as_slice).collect();
    for content in peer.disk.contents() {
        let is_plain = markers.contains(content.as_bytes().as_slice());
        report.claim(!is_plain, || format!("carrier {carrier} has the plain content {content}"));
    }
    let seen = world.read(carrier, "files.list", json!({ "path": web.to_string() }));
    let is_refused = seen.as_ref().is_err_and(|fault| fault.code == "files.carried");
    report.claim(is_refused, || format!("carrier {carrier} lists {seen:?}"));
}

/// Every content on a member's disk is at a mirror, sealed under some key the member holds, all of it.
pub fn all_is_there(world: &World, member: PeerIndex, mirror: PeerIndex, web: WebId, report: &mut Report) {
    let disk = &world.peer(mirror).disk;
    for (content, size) in contents_of(world, member) {
        let Some(bytes) = sealed_size(size) else { continue };
        let keyring = world.peer(member).keyring();
        let ids = keyring
            .into_iter()
            .flat_map(|keyring| keyring.of(web))
            .map(|epoch| sealed_id(&ContentKey::of(epoch, content), content));
        let is_there = ids.into_iter().any(|sealed| disk.missing(sealed, bytes).is_empty());
        report.claim(is_there, || format!("{content} of {member} is not at mirror {mirror}"));
    }
}

/// A mirror keeps no more than the newest contents of the web: what was replaced is gone.
pub fn nothing_is_left_over(world: &World, mirror: PeerIndex, contents: usize, report: &mut Report) {
    let kept = world.peer(mirror).disk.contents().count();
    report.claim(kept <= contents, || format!("mirror {mirror} keeps {kept} copies of {contents} contents"));
}

/// A member has, whole, every content on another member's disk.
pub fn has_come(world: &World, reader: PeerIndex, owner: PeerIndex, report: &mut Report) {
    for (content, size) in contents_of(world, owner) {
        let missing = world.peer(reader).disk.missing(content, size);
        report.claim(missing.is_empty(), || format!("{content} of {owner} is not at {reader}"));
    }
}

/// What a member says of mirrors: how many of its contents wait.
pub fn waiting(world: &World, member: PeerIndex, web: WebId) -> Option<u64> {
    let label = web_label(world, member, web)?;
    let mirrored = world.read(member, "files.mirrored", json!({ "web": label })).ok()?;
    mirrored.get("waiting").and_then(Value::as_u64)
}

/// What a member says of mirrors: how many contents of the web are there.
pub fn mirrored(world: &World, member: PeerIndex, web: WebId) -> Option<u64> {
    let label = web_label(world, member, web)?;
    let mirrored = world.read(member, "files.mirrored", json!({ "web": label })).ok()?;
    mirrored.get("mirrored").and_then(Value::as_u64)
}

/// What a mirror says of itself: the bytes it keeps for a web.
pub fn stock(world: &World, mirror: PeerIndex, web: WebId) -> u64 {
    let mirrored = world.read(mirror, "files.mirrored", json!({ "web": web })).unwrap_or_default();
    mirrored.get("here").and_then(|here| here.get("bytes")).and_then(Value::as_u64).unwrap_or(0)
}

/// Returns the contents of a peer's shared folder, each once.
pub fn contents_of(world: &World, index: PeerIndex) -> Vec<(ContentId, u64)> {
    let all: BTreeSet<(ContentId, u64)> =
        world.peer(index).disk.files().map(|(_, file)| (file.content(), file.stat().size)).collect();
    all.into_iter().collect()
}
