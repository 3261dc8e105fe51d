//! The checkers: what must hold at the end of a run, looked at from outside, apart from the code that makes it hold.

use std::collections::{BTreeMap, BTreeSet};

use base::{KeyId, WebId};
use serde_json::{Value, json};
use wire::governance::{Action, Operation};

use crate::town::TownWeb;
use crate::world::{PeerIndex, World};

/// What was looked at and what was wrong.
#[derive(Debug, Default)]
pub struct Report {
    /// How many claims were checked.
    pub checked: u64,
    /// Those that did not hold; the first hundred.
    pub wrong: Vec<String>,
}

impl Report {
    pub(crate) fn claim(&mut self, holds: bool, what: impl FnOnce() -> String) {
        self.checked += 1;
        if !holds && self.wrong.len() < 100 {
            self.wrong.push(what());
        }
    }
}

/// Checks a whole town.
pub fn town(world: &World, webs: &[TownWeb], sharing: &BTreeMap<PeerIndex, WebId>, report: &mut Report) {
    for peer in &world.peers {
        report.claim(peer.paused().is_empty(), || format!("peer {} paused {:?}", peer.index, peer.paused()));
    }
    for web in webs {
        let members = members_by_founder(world, web);
        everybody_agrees(world, web, &members, report);
        everything_is_read(world, web, &members, report);
        removed_ones_learn_nothing(world, web, report);
        the_tree_is_the_disks(world, web, &members, sharing, report);
    }
    transfers_end(world, report);
}

/// Who the founder says belongs to the web, as peers.
fn members_by_founder(world: &World, web: &TownWeb) -> BTreeSet<PeerIndex> {
    let persons: BTreeMap<String, PeerIndex> =
        world.peers.iter().map(|peer| (person_of(world, peer.index), peer.index)).collect();
    members_seen_by(world, web.founder, web.id)
        .iter()
        .filter(|(_, role)| !role.is_null())
        .filter_map(|(person, _)| persons.get(person).copied())
        .collect()
}

pub(crate) fn members_seen_by(world: &World, index: PeerIndex, web: WebId) -> BTreeMap<String, Value> {
    let Some(label) = web_label(world, index, web) else { return BTreeMap::new() };
    let members = world.read(index, "people.members", json!({ "web": label })).unwrap_or_default();
    list(&members, "members")
        .map(|member| (text(member, "id"), member.get("role").cloned().unwrap_or_default()))
        .collect()
}

/// All honest peers converge: the same entries, the same members with the same roles.
fn everybody_agrees(world: &World, web: &TownWeb, members: &BTreeSet<PeerIndex>, report: &mut Report) {
    let heads = |index| {
        let mut heads = records::heads(&*world.peer(index).rows(), web.id).unwrap_or_default();
        heads.sort_unstable();
        heads
    };
    let (their_heads, their_members) = (heads(web.founder), members_seen_by(world, web.founder, web.id));
    for index in &web.invited {
        let is_expected = !web.removed.contains_key(index);
        report.claim(members.contains(index) == is_expected, || {
            format!("{}: peer {index} member {}, expected {is_expected}", web.name, members.contains(index))
        });
    }
    for index in members.iter().copied().filter(|index| *index != web.founder) {
        let own = heads(index);
        report.claim(own == their_heads, || {
            let lacks = their_heads.iter().filter(|head| !own.contains(head)).count();
            format!(
                "{}: peer {index} has {} heads, founder {}, {lacks} differ",
                web.name,
                own.len(),
                their_heads.len()
            )
        });
        let seen = members_seen_by(world, index, web.id);
        report.claim(seen == their_members, || {
            let differ: Vec<_> =
                their_members.iter().filter(|(id, role)| seen.get(*id) != Some(*role)).take(3).collect();
            format!(
                "{}: peer {index} sees {} members, founder {}; {differ:?}",
                web.name,
                seen.len(),
                their_members.len()
            )
        });
    }
}

/// Every member has opened every batch it holds, and nothing waits to be sealed.
fn everything_is_read(world: &World, web: &TownWeb, members: &BTreeSet<PeerIndex>, report: &mut Report) {
    for index in members {
        let rows = world.peer(*index).rows();
        let waiting = records::waiting_count(&*rows, web.id).unwrap_or(u64::MAX);
        let queued = records::queued_count(&*rows, web.id).unwrap_or(u64::MAX);
        let unreadable = records::unreadable_count(&*rows, web.id).unwrap_or(u64::MAX);
        report.claim(waiting + queued + unreadable == 0, || {
            format!("{}: peer {index} has {waiting} batches without key, {unreadable} unreadable, {queued} records unsealed", web.name)
        });
    }
}

/// A removed member holds no key that was minted by somebody who knew of the removal, and is served by nobody.
fn removed_ones_learn_nothing(world: &World, web: &TownWeb, report: &mut Report) {
    let rows = world.peer(web.founder).rows();
    let me = person_of(world, web.founder);
    let minted: BTreeSet<KeyId> = records::governance(&*rows, web.id)
        .filter_map(Result::ok)
        .filter_map(|entry| match Operation::read(&entry.header.body).ok()?.action {
            Action::Epoch { key, .. } => Some(key),
            _ => None,
        })
        .collect();
    let newest = world.peer(web.founder).keyring().and_then(|keyring| Some(keyring.current(web.id)?.id()));
    report.claim(newest.is_some_and(|key| minted.contains(&key)), || {
        format!("{}: the founder {me} writes under no minted key", web.name)
    });
    for removed in web.removed.keys() {
        let device = world.peer(*removed).device;
        let holds = newest.is_some_and(|key| {
            world.peer(*removed).keyring().is_some_and(|keyring| keyring.get(web.id, key).is_some())
        });
        report.claim(!holds, || format!("{}: removed peer {removed} holds the current key", web.name));
        let is_admitted = people::read::is_member(&*rows, web.id, device).unwrap_or(true);
        report.claim(!is_admitted, || format!("{}: removed peer {removed} is still a member", web.name));
    }
}

/// Every member's tree shows, for every share of a member, what is on the owner's disk, in its newest revision.
fn the_tree_is_the_disks(
    world: &World,
    web: &TownWeb,
    members: &BTreeSet<PeerIndex>,
    sharing: &BTreeMap<PeerIndex, WebId>,
    report: &mut Report,
) {
    let owners = members.iter().filter(|index| sharing.get(index) == Some(&web.id));
    for owner in owners.copied() {
        let disk: BTreeMap<String, u64> =
            world.peer(owner).disk.files().map(|(path, file)| (path.clone(), file.stat().size)).collect();
        for member in members {
            let tree = share_as_seen(world, *member, web.id, &person_of(world, owner));
            report.claim(tree.as_ref() == Some(&disk), || {
                let tree = tree.unwrap_or_default();
                let lacks: Vec<_> =
                    disk.iter().filter(|(path, size)| tree.get(*path) != Some(size)).take(3).collect();
                let more: Vec<_> = tree.keys().filter(|path| !disk.contains_key(*path)).take(3).collect();
                format!(
                    "{}: share of {owner} at {member}: lacks or old {lacks:?} (seen {:?}), too many {more:?}",
                    web.name,
                    lacks.iter().map(|(path, _)| tree.get(*path)).collect::<Vec<_>>()
                )
            });
        }
    }
}

/// Lists a whole share as a peer sees it: file paths and sizes.
fn share_as_seen(world: &World, index: PeerIndex, web: WebId, owner: &str) -> Option<BTreeMap<String, u64>> {
    let label = web_label(world, index, web)?;
    let members = world.read(index, "people.members", json!({ "web": label })).ok()?;
    let owner = list(&members, "members")
        .find(|member| text(member, "id") == owner)
        .map(|member| text(member, "name"))?;
    let root = format!("{label}/{owner}/things");
    let mut files = BTreeMap::new();
    let mut folders = vec![String::new()];
    while let Some(folder) = folders.pop() {
        let listing = world
            .read(index, "files.list", json!({ "path": format!("{root}{folder}"), "limit": 10_000 }))
            .ok()?;
        for entry in list(&listing, "entries") {
            let path = format!("{folder}/{}", text(entry, "name"));
            if text(entry, "kind") == "folder" {
                folders.push(path);
            } else {
                let size = entry.get("size").and_then(Value::as_u64).unwrap_or(0);
                files.insert(path.trim_start_matches('/').to_owned(), size);
            }
        }
    }
    Some(files)
}

/// After calm weather no transfer says it runs: it is done, or says what it waits for.
fn transfers_end(world: &World, report: &mut Report) {
    for peer in &world.peers {
        let Ok(transfers) = world.read(peer.index, "files.transfers", json!({})) else { continue };
        for transfer in list(&transfers, "transfers") {
            let state = text(transfer, "state");
            report.claim(state != "running", || {
                format!("peer {}: transfer still running: {transfer}", peer.index)
            });
            let is_short = transfer.get("done") != transfer.get("total");
            report.claim(!(state == "done" && is_short), || {
                format!("peer {}: done but short: {transfer}", peer.index)
            });
        }
    }
}

/// Returns how a peer calls a web.
pub(crate) fn web_label(world: &World, index: PeerIndex, web: WebId) -> Option<String> {
    let webs = world.read(index, "people.webs", json!({})).ok()?;
    list(&webs, "webs").find(|view| text(view, "id") == web.to_string()).map(|view| text(view, "name"))
}

/// Returns a peer's person, by asking it; by its keys when it is off.
pub(crate) fn person_of(world: &World, index: PeerIndex) -> String {
    let me = world.read(index, "people.me", json!({})).unwrap_or_default();
    text(&me, "person")
}

/// Walks a list in an answer.
pub(crate) fn list<'a>(value: &'a Value, field: &str) -> impl Iterator<Item = &'a Value> {
    value.get(field).and_then(Value::as_array).into_iter().flatten()
}

pub(crate) fn text(value: &Value, field: &str) -> String {
    value.get(field).and_then(Value::as_str).unwrap_or_default().to_owned()
}
