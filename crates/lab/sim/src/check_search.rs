//! The checkers of searches: what was shown, against what lay on the disks; apart from the code that shows it.

use std::collections::{BTreeMap, BTreeSet};

use base::{ContentId, DeviceId, WebId};
use serde_json::{Value, json};

use crate::check::{self, Report, list, text};
use crate::lying::{self, FORGED, Liar};
use crate::searching::{Ground, KeptSearch, Open, Searches};
use crate::texts::{common_word, revision_word, text_of, topic_word};
use crate::town::TownWeb;
use crate::world::{PeerIndex, World};

/// How long a change may take to be known to whoever can be reached, in milliseconds.
const KNOWN_AFTER_MS: u64 = 30_000;

/// An answer that comes before is heard for certain.
const IN_TIME_MS: u64 = 1_890;

/// Looks at an answer about texts as it leaves: nobody outside gets one, and nobody whose removal is known.
pub(crate) fn watch_answer(world: &mut World, from: PeerIndex, to: DeviceId, web: WebId) {
    world.watch.answers += 1;
    let is_let_in = world.watch.let_in.get(&web).is_some_and(|devices| devices.contains(&to));
    let person = world.watch.removed.get(&(web, to)).cloned();
    let is_known_removed = person.is_some_and(|person| {
        let seen = check::members_seen_by(world, from, web);
        seen.get(&person).is_none_or(Value::is_null)
    });
    if !is_let_in || is_known_removed {
        world.watch.wrong.push(format!("peer {from} answered {}, who is not of {}", to.short(), web.short()));
    }
}

/// Where a hit is: whose disk, and which file on it.
fn spot(path: &str) -> Option<(PeerIndex, &str)> {
    let mut parts = path.splitn(4, '/');
    let (_, person, _, rest) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    Some((person.strip_prefix("Person ")?.parse().ok()?, rest))
}

/// A text that somebody who could be asked had when a search began, and that the asker knew to be listed.
#[derive(Debug, Clone)]
pub(crate) struct There {
    peer: PeerIndex,
    life: Option<u64>,
    web: WebId,
    content: ContentId,
    /// Where the asker saw it.
    path: String,
}

/// Collects the texts with all words of a query, at everybody who is connected with the asker: what asking all of them
/// would find.
pub(crate) fn what_is_there(world: &World, ground: Ground<'_>, asker: PeerIndex, find: &Value) -> Vec<There> {
    let query = text(find, "query");
    if query.contains('"') || find.get("names").and_then(Value::as_bool) == Some(true) {
        return Vec::new();
    }
    let words: Vec<String> = search::words::words(&query).map(|word| word.text).collect();
    let mut there = Vec::new();
    for web in ground.webs.iter().filter(|web| web.had(asker) && !web.removed.contains_key(&asker)) {
        let others = (0..world.peers.len()).filter(|peer| {
            web.had(*peer) && !web.removed.contains_key(peer) && world.is_connected(asker, *peer)
        });
        for peer in others.filter(|peer| world.peer(*peer).liar.is_none()) {
            for content in world.peer(peer).index_driver.with_words(web.id, &words) {
                let life = world.peer(peer).life();
                if let Some(path) = place_of(world, asker, (peer, life), (web.id, content)) {
                    there.push(There { peer, life, web: web.id, content, path });
                }
            }
        }
    }
    there
}

/// Returns where the asker sees a text as a file's newest, if whoever has it would give it.
fn place_of(
    world: &World,
    asker: PeerIndex,
    (peer, life): (PeerIndex, Option<u64>),
    (web, content): (WebId, ContentId),
) -> Option<String> {
    let holder = world.peer(peer);
    let is_given = holder.source_for(world.now_ms(), &world.peer(asker).device, content).is_some();
    if holder.life() != life || !is_given || !holder.index_driver.contents(web).contains(&content) {
        return None;
    }
    let rows = world.peer(asker).rows();
    let showing = files::look::showing(&*rows, web, content, 8).ok()?;
    let newest = showing.into_iter().find(|one| one.past.is_none())?;
    let place = files::look::place(&*rows, newest.number, newest.file).ok()??;
    let is_member = people::read::role_of(&*rows, web, place.person).ok()?.is_some();
    is_member.then_some(place.path)
}

/// Whatever asking everybody would find is found, though only some were asked: with a broker, and by what members say of
/// their words.
fn nothing_is_missed(world: &World, open: &Open, found: &Value, searches: &mut Searches) {
    let number = |field: &str| found.get(field).and_then(Value::as_u64).unwrap_or(0);
    searches.tally.members += number("members");
    searches.tally.brokered += u64::from(text(found, "how").contains("broker"));
    let is_complete = number("answered") == number("members") && text(found, "why").is_empty();
    if !is_complete || found.get("has_more").and_then(Value::as_bool) == Some(true) {
        return;
    }
    for there in &open.there {
        let path = &there.path;
        let at_end = place_of(world, open.asker, (there.peer, there.life), (there.web, there.content));
        // One that was renamed when the search was about to end may stand there under either name.
        if at_end.as_ref() != Some(path) {
            continue;
        }
        searches.tally.recalled += 1;
        let is_it = |one: &str| one.ends_with(&format!("/{path}"));
        let is_found = list(found, "hits").any(|hit| {
            let copies = hit.get("copies").and_then(Value::as_array);
            is_it(&text(hit, "path"))
                || copies.into_iter().flatten().any(|copy| copy.as_str().is_some_and(is_it))
        });
        if !is_found {
            let line = format!(
                "peer {} asked {} and did not find {path}, which peer {} has ({}): {found}",
                open.asker, open.find, there.peer, there.content
            );
            searches.wrong.push(line);
        }
    }
}

/// Looks at a search that is over.
pub(crate) fn over(world: &World, ground: Ground<'_>, open: &Open, found: &Value, searches: &mut Searches) {
    let since_ms = open.begun_ms.saturating_sub(KNOWN_AFTER_MS);
    let say = |what: &str, hit: &Value| format!("peer {} asked {}: {what}: {hit}", open.asker, open.find);
    for (place, hit) in list(found, "hits").enumerate() {
        searches.tally.hits += 1;
        let path = text(hit, "path");
        let Some((owner, file)) = spot(&path).filter(|_| text(hit, "kind") == "file") else { continue };
        let snippet = text(hit, "snippet");
        let is_held =
            || world.library.all().any(|known| known.owner == owner && known.text.line.contains(&snippet));
        if snippet.contains(FORGED) || !is_held() {
            searches.wrong.push(say("nobody had such a text", hit));
        }
        let is_past = text(hit, "note").starts_with("found in rev");
        searches.tally.past += u64::from(is_past);
        if !is_in_reach(world, ground, open.asker, owner, since_ms) {
            continue;
        }
        let Some(made) = world.watch.since(owner, file, since_ms) else { continue };
        searches.tally.certain += 1;
        let size = hit.get("size").and_then(Value::as_u64);
        let is_newest_size = made.iter().any(|(_, newest)| Some(*newest) == size);
        let is_newest_text = made.iter().any(|(made_of, _)| text_of(*made_of).contains(&snippet));
        if is_past {
            searches.wrong.push(say("an older revision, though the newest was in reach", hit));
        }
        if !is_newest_size || !is_newest_text {
            searches.tally.stale_tops += u64::from(place == 0);
            let lag: Vec<u64> = made.iter().map(|(_, size)| *size).collect();
            searches.wrong.push(say(&format!("not the newest, which has {lag:?} bytes"), hit));
        }
    }
    liars_are_named(world, open, found, searches);
    nothing_is_missed(world, open, found, searches);
}

/// Whoever answered with contents it never listed is left out and named.
fn liars_are_named(world: &World, open: &Open, found: &Value, searches: &mut Searches) {
    let question = u64::from_str_radix(&text(found, "id"), 16).unwrap_or(0);
    let (why, how) = (text(found, "why"), text(found, "how"));
    // Nobody waits for the answer of a member for whom a broker has answered before.
    let is_covered = |liar: PeerIndex, by_ms: u64| {
        let short = lying::short(world.peer(liar).device);
        world.watch.covered.get(&(open.asker, question)).into_iter().flatten().any(|answer| {
            answer.at_ms <= by_ms
                && answer.devices.contains(&short)
                && how.contains(&format!("the broker at Person {} answered", answer.broker))
        })
    };
    for (liar, at) in world.watch.forged.get(&(open.asker, question)).into_iter().flatten() {
        let is_in_time = *at < open.begun_ms + IN_TIME_MS;
        let is_asked =
            world.peer(*liar).liar == Some(Liar::Unlisted) && world.is_connected(open.asker, *liar);
        if !is_in_time || !is_asked || is_covered(*liar, *at) {
            continue;
        }
        let is_named =
            why.contains("answered with what they do not have") && why.contains(&format!("Person {liar}"));
        if is_named {
            searches.tally.liars_named += 1;
        } else {
            searches.wrong.push(format!("peer {} was lied to by {liar}, and says {why:?}", open.asker));
        }
    }
}

/// Says whether two could talk all the time from a moment on, in weather that carries news.
fn is_in_reach(world: &World, ground: Ground<'_>, asker: PeerIndex, owner: PeerIndex, since_ms: u64) -> bool {
    let Some(web) = ground.sharing.get(&owner).and_then(|id| ground.webs.iter().find(|web| web.id == *id))
    else {
        return false;
    };
    let is_there = |index: PeerIndex| {
        let peer = world.peer(index);
        peer.is_running()
            && peer.same_since_ms <= since_ms
            && !web.removed.contains_key(&index)
            && web.had(index)
    };
    is_there(asker)
        && is_there(owner)
        && world.peer(asker).side == world.peer(owner).side
        && world.weather.loss == 0
        && world.weather_since_ms <= since_ms
}

/// Lists what a peer sees of a web: paths of files with their revisions.
pub(crate) fn listing(world: &World, index: PeerIndex, web: WebId) -> Option<BTreeMap<String, u64>> {
    let label = check::web_label(world, index, web)?;
    let mut files = BTreeMap::new();
    let mut folders = vec![label];
    while let Some(folder) = folders.pop() {
        let Ok(listing) = world.read(index, "files.list", json!({ "path": folder, "limit": 10_000 })) else {
            continue;
        };
        for entry in list(&listing, "entries") {
            let path = format!("{folder}/{}", text(entry, "name"));
            if text(entry, "kind") == "file" {
                files.insert(path, entry.get("revision").and_then(Value::as_u64).unwrap_or(0));
            } else {
                folders.push(path);
            }
        }
    }
    Some(files)
}

/// Looks at the quiet end of a town: answers agree and are complete, what was kept rang once.
pub(crate) fn quiet(world: &mut World, ground: Ground<'_>, searches: &mut Searches, report: &mut Report) {
    for web in ground.webs {
        answers_agree(world, web, searches, report);
        everything_is_found(world, ground, web, searches, report);
    }
    for web in ground.webs {
        brokers_have_forgotten(world, ground, web, report);
    }
    for kept in std::mem::take(&mut searches.kept) {
        kept_searches_ring_once(world, &kept, report);
    }
    report.checked += searches.tally.certain + world.watch.answers;
    report.wrong.extend(searches.wrong.iter().take(50).cloned());
    report.wrong.extend(world.watch.wrong.iter().take(50).cloned());
}

/// Two members who ask the same see the same ten first hits.
fn answers_agree(world: &mut World, web: &TownWeb, searches: &mut Searches, report: &mut Report) {
    for _ in 0..3 {
        let (Some(one), Some(other)) = (searches.some_member(world, web), searches.some_member(world, web))
        else {
            return;
        };
        let (first, second) = (searches.dice().below(30), searches.dice().below(12));
        for query in [common_word(first), format!("file {second}"), format!("{} txt", common_word(first))] {
            let mut ask = |index| {
                let label = check::web_label(world, index, web.id);
                let found =
                    searches.ask_now(world, index, json!({ "query": query, "web": label, "limit": 10 }));
                let found = found.unwrap_or_default();
                let paths: Vec<String> = list(&found, "hits").map(|hit| text(hit, "path")).collect();
                (paths, text(&found, "state"), text(&found, "why"))
            };
            let (mine, theirs) = (ask(one), ask(other));
            report.claim(mine.0 == theirs.0 && mine.1 == "done", || {
                format!("{}: {query:?} at {one}: {mine:?}; at {other}: {theirs:?}", web.name)
            });
        }
    }
}

/// What lies on the disk of a member who is there is found by its words, and is the first hit.
fn everything_is_found(
    world: &mut World,
    ground: Ground<'_>,
    web: &TownWeb,
    searches: &mut Searches,
    report: &mut Report,
) {
    let owners: Vec<PeerIndex> = ground
        .sharing
        .iter()
        .filter(|(owner, id)| **id == web.id && !web.removed.contains_key(owner))
        .map(|(owner, _)| *owner)
        .collect();
    for owner in owners {
        let files: Vec<(String, u64)> =
            world.peer(owner).disk.files().map(|(path, file)| (path.clone(), file.made_of())).collect();
        let Some((path, made_of)) = files.get(searches.dice().index(files.len())) else { continue };
        let Some(asker) = searches.some_member(world, web) else { continue };
        for query in [revision_word(*made_of), topic_word(*made_of)] {
            let found = searches.ask_now(world, asker, json!({ "query": query })).unwrap_or_default();
            let is_found = list(&found, "hits").any(|hit| spot(&text(hit, "path")) == Some((owner, path)));
            report.claim(is_found, || {
                let content = world.peer(owner).disk.file(path).map(crate::disk::SimFile::content);
                format!(
                    "{}: peer {asker} does not find {query} in {path} of {owner} ({content:?}, {} texts there): {found}",
                    web.name,
                    world.peer(owner).index_driver.texts_count(web.id)
                )
            });
        }
    }
}

/// A broker has read what members list now, and has nothing else, in its index or on its disk.
fn brokers_have_forgotten(world: &World, ground: Ground<'_>, web: &TownWeb, report: &mut Report) {
    let reading = WebId::new(web.id.as_bytes().map(|byte| !byte));
    let mut listed: BTreeSet<ContentId> = BTreeSet::new();
    let sharers =
        ground.sharing.iter().filter(|(owner, id)| **id == web.id && !web.removed.contains_key(owner));
    let mut to_be_had: BTreeSet<ContentId> = BTreeSet::new();
    for (owner, _) in sharers {
        let peer = world.peer(*owner);
        listed.extend(peer.disk.files().map(|(_, file)| file.content()));
        // Whoever gives wrong bytes is barred, and nobody else has what it lists.
        if !peer.is_liar {
            to_be_had.extend(peer.disk.files().map(|(_, file)| file.content()));
        }
    }
    for broker in web.brokers.iter().filter(|broker| !web.removed.contains_key(broker)) {
        if check::web_label(world, *broker, web.id).is_none() {
            continue;
        }
        let read = world.peer(*broker).index_driver.contents(reading);
        report.claim(read.iter().all(|content| listed.contains(content)), || {
            format!("{}: broker {broker} still has texts of what nobody lists", web.name)
        });
        let own: BTreeSet<ContentId> =
            world.peer(*broker).index_driver.contents(web.id).into_iter().collect();
        let missing: Vec<String> = to_be_had
            .iter()
            .filter(|content| !read.contains(content) && !own.contains(content))
            .filter(|content| {
                world.library.get(**content).is_some_and(|known| !is_large(world, known.owner, **content))
            })
            .map(|content: &ContentId| content.short())
            .collect();
        report.claim(missing.is_empty(), || {
            format!("{}: broker {broker} has not read {missing:?}, having read {}", web.name, read.len())
        });
    }
}

/// Says whether a file is too large for a broker.
fn is_large(world: &World, owner: PeerIndex, content: ContentId) -> bool {
    let mut files = world.peer(owner).disk.files();
    files.any(|(_, file)| file.content() == content && file.stat().size > 16 * 1024 * 1024)
}

/// A kept search rang for each file that came or changed, once, and for nothing that was there.
fn kept_searches_ring_once(world: &World, kept: &KeptSearch, report: &mut Report) {
    let KeptSearch { peer, id, query, web, before } = kept;
    let Some(now) = listing(world, *peer, *web) else { return };
    let label = check::web_label(world, *peer, *web).unwrap_or_default();
    let was_gone = |path: &str| {
        spot(path).is_none_or(|(owner, file)| {
            let made = world.watch.disks.get(&(owner, file.to_owned()));
            made.is_none_or(|made| made.iter().any(|(_, made)| made.is_none()))
        })
    };
    let mut rang: BTreeSet<(String, u64)> = BTreeSet::new();
    for (_, at, about) in
        world.watch.rang.iter().filter(|(at, _, about)| at == peer && text(about, "id") == *id)
    {
        let (path, revision) =
            (text(about, "path"), about.get("revision").and_then(Value::as_u64).unwrap_or(0));
        let is_first = rang.insert((path.clone(), revision));
        if path.starts_with(&format!("{label}/")) && !was_gone(&path) {
            report.claim(is_first, || format!("{query:?} at {peer} rang again for rev {revision} of {path}"));
            let was_there = before.get(&path).is_some_and(|before| *before >= revision);
            report.claim(!was_there, || {
                format!("{query:?} at {peer} rang at {at} for rev {revision} of {path}, which was there")
            });
        }
    }
    let words: Vec<String> = query.split(' ').map(str::to_owned).collect();
    for (path, revision) in now {
        // The web's own name is no part of what is matched.
        let below = path.split_once('/').map_or("", |(_, below)| below);
        let there: Vec<String> = search::words::words(below).map(|word| word.text).collect();
        let is_meant = words.iter().all(|word| there.contains(word));
        let is_new = before.get(&path).is_none_or(|before| *before < revision);
        if is_meant && is_new && !was_gone(&path) && spot(&path).is_some_and(|(owner, _)| owner != *peer) {
            report.claim(rang.contains(&(path.clone(), revision)), || {
                format!(
                    "{query:?} at {peer} did not ring for rev {revision} of {path} (before: {:?})",
                    before.get(&path)
                )
            });
        }
    }
}
