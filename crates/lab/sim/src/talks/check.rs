//! What must hold in a town that talks, looked at from outside: every message at everybody it is for exactly once and at nobody else, causes
//! before effects, one state everywhere, nothing left of what was taken away, nothing new for who was removed.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::{Value, json};

use crate::check::{list, text};
use crate::world::{PeerIndex, World};

use super::{ALICE, BOB, CAROL, DAVE, LATE, MALLORY, PEERS, Pages, TED, Town, ids, named};

/// Reads all of a conversation, page by page from its end; none when the peer does not know it.
pub(super) fn all_of(world: &World, index: PeerIndex, room: &str) -> Option<Vec<Value>> {
    let mut all: Vec<Value> = Vec::new();
    let mut before: Option<String> = None;
    for _ in 0..100 {
        let asked = json!({ "room": room, "limit": 7, "before": before });
        let page = world.read(index, "talk.messages", asked).ok()?;
        let mut messages: Vec<Value> = list(&page, "messages").cloned().collect();
        before = messages.first().map(|message| text(message, "id"));
        messages.append(&mut all);
        all = messages;
        if page.get("has_before") != Some(&Value::Bool(true)) {
            break;
        }
    }
    Some(all)
}

/// Reads a thread, without the message that it stands under.
fn thread_of(world: &World, index: PeerIndex, root: &str) -> Vec<Value> {
    let page = world.read(index, "talk.thread", json!({ "message": root, "limit": 100 })).unwrap_or_default();
    list(&page, "messages").skip(1).cloned().collect()
}

impl Town {
    /// Returns who a peer is, also of one that is off.
    pub(super) fn person(&self, peer: PeerIndex) -> String {
        let rows = self.world.peer(ALICE).rows();
        let person = people::read::person_of(&*rows, self.web, self.world.peer(peer).device);
        person.ok().flatten().map(|person| person.to_string()).unwrap_or_default()
    }

    pub(super) fn check(&mut self) {
        for peer in 0..PEERS {
            let paused = self.world.peer(peer).paused();
            self.report.claim(paused.is_empty(), || format!("peer {peer} paused {paused:?}"));
        }
        let pages = self.everybodys_pages();
        self.all_have_the_same(&pages);
        self.each_is_there_once(&pages);
        self.causes_come_first(&pages);
        self.nobody_else_holds_it();
        self.what_was_taken_away_is_nowhere();
        self.the_removed_learns_nothing();
        self.what_was_forged_is_nothing(&pages);
        self.words_find_messages();
        self.look_at_states();
        self.unread_is_counted();
        self.flooding_fills_no_page();
    }

    /// Reads everything at everybody honest, threads behind their messages.
    fn everybodys_pages(&mut self) -> Pages {
        let mut pages = Pages::new();
        for room in 0..self.rooms.len() {
            for peer in self.honest() {
                if !self.room(room).persons.contains(&peer) {
                    continue;
                }
                let shown = all_of(&self.world, peer, &self.room(room).id);
                self.report.claim(shown.is_some(), || format!("peer {peer} does not know room {room}"));
                let mut all = Vec::new();
                for message in shown.unwrap_or_default() {
                    let thread = thread_of(&self.world, peer, &text(&message, "id"));
                    all.push(message);
                    all.extend(thread);
                }
                pages.insert((room, peer), all);
            }
        }
        pages
    }

    fn all_have_the_same(&mut self, pages: &Pages) {
        for ((room, peer), shown) in pages {
            let first = pages.range((*room, 0)..).next().map(|(at, shown)| (*at, shown));
            let Some(((_, first), theirs)) = first else { continue };
            let plain = |messages: &[Value], peer| -> Vec<Value> {
                messages.iter().map(|message| without_self(message, peer)).collect()
            };
            let (one, other) = (plain(shown, *peer), plain(theirs, first));
            let is_same = one == other;
            self.report.claim(is_same, || {
                let differ = one.iter().zip(&other).find(|(one, other)| one != other);
                format!(
                    "room {room} at {peer} is not as at {first}: {} and {} messages, first {differ:?}",
                    one.len(),
                    other.len()
                )
            });
        }
    }

    /// Everything said by who still belongs to the web is at everybody once, and says one of the things that it said.
    fn each_is_there_once(&mut self, pages: &Pages) {
        let mut hidden = 0;
        for spoken in &self.spoken {
            if spoken.by == TED && self.is_ted_removed {
                continue;
            }
            for peer in self.honest() {
                let Some(shown) = pages.get(&(spoken.room, peer)) else { continue };
                let is_it = |message: &&Value| text(message, "id") == spoken.id;
                let mut count = shown.iter().filter(is_it).count();
                let root = spoken.thread.as_ref();
                if root.is_some_and(|root| shown.iter().all(|message| text(message, "id") != *root)) {
                    // What it stands under was kept off, or is void: it is found by its name.
                    let asked = json!({ "message": spoken.id });
                    count += usize::from(self.world.read(peer, "talk.message", asked).is_ok());
                }
                let is_kept_off = spoken.by == MALLORY && spoken.room == 0 && self.muted;
                // What the moderator had heard by then stays, everything else of Mallory is kept off.
                let expected = usize::from(!is_kept_off || spoken.was_heard == Some(true));
                hidden += u64::from(expected == 0);
                self.report.claim(count == expected, || {
                    format!("{:?} by {} is {count} times at {peer}, not {expected}", spoken.words, spoken.by)
                });
                let Some(message) = shown.iter().find(is_it) else { continue };
                let is_gone = spoken.is_deleted || !spoken.moderated_by.is_empty();
                let said = text(message, "text");
                let mut words = spoken.words.iter().rev();
                // Of a muted person's edits those count that the moderator had heard.
                let newest = match is_kept_off {
                    true => words.any(|word| said.contains(word.as_str())),
                    false => words.next().is_some_and(|word| said.contains(word.as_str())),
                };
                let is_right = if is_gone { said.is_empty() } else { newest };
                self.report.claim(is_right, || {
                    format!("{:?} says {said:?} at {peer}, gone: {is_gone}", spoken.words)
                });
                let by = text(message, "person");
                self.report.claim(by == self.person(spoken.by), || format!("{:?} is by {by}", spoken.words));
            }
        }
        self.tally.hidden += hidden;
    }

    /// What somebody had seen stands before what it said then.
    fn causes_come_first(&mut self, pages: &Pages) {
        for spoken in &self.spoken {
            for peer in self.honest() {
                let Some(shown) = pages.get(&(spoken.room, peer)) else { continue };
                // Threads have an order of their own.
                let main: Vec<&Value> =
                    shown.iter().filter(|message| message.get("thread").is_none_or(Value::is_null)).collect();
                let places: BTreeMap<String, usize> =
                    main.iter().enumerate().map(|(at, message)| (text(message, "id"), at)).collect();
                let Some(own) = places.get(&spoken.id) else { continue };
                let late = spoken.seen.iter().find(|cause| places.get(*cause).is_some_and(|at| at >= own));
                self.report
                    .claim(late.is_none(), || format!("{:?} stands before {late:?} at {peer}", spoken.words));
            }
        }
    }

    /// No row of anybody else holds a word of a direct conversation.
    fn nobody_else_holds_it(&mut self) {
        for spoken in &self.spoken {
            if !self.room(spoken.room).is_direct {
                continue;
            }
            let persons = self.room(spoken.room).persons.clone();
            for peer in (0..PEERS).filter(|peer| !persons.contains(peer)) {
                for word in &spoken.words {
                    let holding = self.world.peer(peer).table_holding(word.as_bytes());
                    self.report
                        .claim(holding.is_none(), || format!("peer {peer} holds {word} in {holding:?}"));
                }
            }
        }
    }

    fn what_was_taken_away_is_nowhere(&mut self) {
        for spoken in &self.spoken {
            let is_gone = spoken.is_deleted || !spoken.moderated_by.is_empty();
            if !is_gone || (spoken.by == TED && self.is_ted_removed) {
                continue;
            }
            for peer in self.honest() {
                for word in &spoken.words {
                    let holding = self.world.peer(peer).table_holding(word.as_bytes());
                    self.report.claim(holding.is_none(), || {
                        format!("peer {peer} still holds {word} in {holding:?}")
                    });
                }
            }
        }
    }

    fn the_removed_learns_nothing(&mut self) {
        if !self.is_ted_removed {
            return;
        }
        for spoken in self.spoken.iter().filter(|spoken| spoken.knows_of_removal && spoken.by != TED) {
            for word in spoken.words.iter().take(1) {
                let holding = self.world.peer(TED).table_holding(word.as_bytes());
                self.report.claim(holding.is_none(), || format!("Ted has learned {word}: {holding:?}"));
            }
        }
    }

    /// What Mallory forged has changed nothing of others; what she said again is her own.
    fn what_was_forged_is_nothing(&mut self, pages: &Pages) {
        let mallory = self.person(MALLORY);
        for ((room, peer), shown) in pages {
            for message in shown {
                let said = text(message, "text");
                let is_known = self.spoken.iter().any(|spoken| spoken.id == text(message, "id"));
                let is_hers = text(message, "person") == mallory;
                self.report
                    .claim(is_known || is_hers, || format!("nobody said {said:?} in room {room} at {peer}"));
                let is_forged = said.contains("forged") && !is_hers;
                self.report.claim(!is_forged, || format!("{said:?} was forged, at {peer}"));
                self.report.claim(!said.contains("leapt"), || format!("{said:?} leapt, at {peer}"));
            }
        }
        for peer in self.honest() {
            let rooms = self.world.read(peer, "talk.rooms", json!({ "web": "town", "archived": true }));
            let rooms = rooms.unwrap_or_default();
            let names: BTreeSet<String> = list(&rooms, "rooms")
                .filter(|room| text(room, "kind") == "room")
                .map(|room| text(room, "name"))
                .collect();
            let expected: BTreeSet<String> = ["kitchen".to_owned(), "cellar".to_owned()].into();
            self.report.claim(names == expected, || format!("peer {peer} has rooms {names:?}"));
        }
        let alice = list(&self.world.read(BOB, "talk.rooms", json!({})).unwrap_or_default(), "rooms").count();
        self.report.claim(alice >= 2, || format!("Bob lists {alice} rooms"));
        let muted = self.world.read(ALICE, "talk.rooms", json!({})).unwrap_or_default();
        let is_muted = list(&muted, "rooms").any(|room| room.get("is_muted") == Some(&Value::Bool(true)));
        self.report.claim(!is_muted, || "Mallory has muted Alice".to_owned());
    }

    fn words_find_messages(&mut self) {
        for spoken in self.spoken.iter().step_by(5) {
            if spoken.by == MALLORY || (spoken.by == TED && self.is_ted_removed) {
                continue;
            }
            let is_gone = spoken.is_deleted || !spoken.moderated_by.is_empty();
            for peer in self.honest() {
                let may = self.room(spoken.room).persons.contains(&peer);
                let word = spoken.words.last().cloned().unwrap_or_default().to_uppercase();
                let found = self.world.read(peer, "talk.find", json!({ "query": word })).unwrap_or_default();
                let found: Vec<String> = list(&found, "found").map(|found| text(found, "message")).collect();
                let expected: Vec<String> =
                    if may && !is_gone { vec![spoken.id.clone()] } else { Vec::new() };
                self.report.claim(found == expected, || {
                    format!("{word} is found at {peer} as {found:?}, not {expected:?}")
                });
            }
        }
    }

    /// Whoever is said to have a message has it.
    pub(super) fn look_at_states(&mut self) {
        for at in (0..self.spoken.len()).step_by(7) {
            let Some(spoken) = self.spoken.get(at) else { continue };
            let (by, id) = (spoken.by, spoken.id.clone());
            // Whoever is removed is told nothing more, so what it knows may be past.
            if by == TED && self.is_ted_removed {
                continue;
            }
            let Ok(message) = self.world.read(by, "talk.message", json!({ "message": id })) else { continue };
            for label in named(&message, "delivered") {
                let peer: Option<PeerIndex> =
                    label.strip_prefix("Person ").and_then(|number| number.parse().ok());
                let honest = self.honest();
                let Some(peer) = peer.filter(|peer| honest.contains(peer) && *peer < LATE) else { continue };
                let rows = self.world.peer(peer).rows();
                let has = holds(&*rows, &id);
                self.tally.states += 1;
                self.report
                    .claim(has, || format!("{id} by {by} is said to be at {peer}, which does not have it"));
            }
        }
    }

    /// Who reads everything has nothing unread, and one who then says something makes it one at everybody.
    fn unread_is_counted(&mut self) {
        let room = self.room(0).id.clone();
        for peer in self.honest() {
            self.world.ask(peer, "talk.mark_read", json!({ "room": room }));
        }
        self.world.run_for(Duration::from_secs(2));
        let unread = |town: &Self, peer| -> Option<(u64, u64)> {
            let rooms = town.world.read(peer, "talk.rooms", json!({ "web": "town" })).ok()?;
            let room = list(&rooms, "rooms").find(|view| text(view, "id") == room)?.clone();
            Some((room.get("unread")?.as_u64()?, room.get("mentions")?.as_u64()?))
        };
        for peer in self.honest() {
            let count = unread(self, peer);
            self.report
                .claim(count == Some((0, 0)), || format!("peer {peer} read all and has {count:?} unread"));
        }
        let word = self.word(ALICE);
        let asked = json!({ "room": room, "text": format!("{word} @Person {DAVE}") });
        let said = self.ask(ALICE, "talk.say", asked);
        self.world.run_for(Duration::from_secs(20));
        for peer in self.honest() {
            let expected = match peer {
                ALICE => (0, 0),
                DAVE => (1, 1),
                _ => (1, 0),
            };
            let count = unread(self, peer);
            self.report.claim(count == Some(expected), || {
                format!("peer {peer} has {count:?} unread, not {expected:?}")
            });
        }
        // In calm all who are here say that they have it, to whom they are connected.
        let message = json!({ "message": said.map(|said| text(&said, "id")) });
        let state = self.world.read(ALICE, "talk.message", message).unwrap_or_default();
        let is_sent = state.get("sent").and_then(Value::as_u64) > Some(0);
        self.report.claim(is_sent, || format!("nobody says that it has {word}: {state}"));
    }

    /// A page never shows more of one person in a row than it may.
    fn flooding_fills_no_page(&mut self) {
        let page = self.world.read(CAROL, "talk.messages", json!({ "room": self.room(1).id, "limit": 100 }));
        let page = page.unwrap_or_default();
        let (mut run, mut last) = (0, String::new());
        for message in list(&page, "messages") {
            let person = text(message, "person");
            let carol = self.person(CAROL);
            run = if person == last { run + 1 } else { 1 };
            last = person;
            self.report.claim(run <= 20 || last == carol, || {
                format!("{run} messages of one person in a row on a page")
            });
        }
        self.report.claim(!ids(&list(&page, "messages").cloned().collect::<Vec<_>>()).is_empty(), || {
            "a page is empty".to_owned()
        });
    }
}

/// Returns a message without what depends on who looks.
fn without_self(message: &Value, peer: PeerIndex) -> Value {
    let own = format!("Person {peer}");
    let mut message = message.clone();
    if let Some(fields) = message.as_object_mut() {
        for field in ["names_you", "state", "sent", "delivered", "read", "persons", "folded"] {
            fields.remove(field);
        }
        for reaction in fields.get_mut("reactions").and_then(Value::as_array_mut).into_iter().flatten() {
            if let Some(reaction) = reaction.as_object_mut() {
                reaction.remove("is_yours");
            }
        }
    }
    renamed(message, &own)
}

/// Puts a name in place of `you`, and sorts lists of names: they are in the order of ids, which is the same, but for whom.
fn renamed(value: Value, own: &str) -> Value {
    match value {
        Value::String(text) if text == "you" => Value::String(own.to_owned()),
        Value::Array(items) => Value::Array(items.into_iter().map(|item| renamed(item, own)).collect()),
        Value::Object(fields) => {
            Value::Object(fields.into_iter().map(|(name, field)| (name, renamed(field, own))).collect())
        }
        other => other,
    }
}

/// Says whether a peer's rows hold a message, looked up by hand.
fn holds(rows: &dyn store::Rows, id: &str) -> bool {
    let id = data_encoding::HEXLOWER.decode(id.as_bytes()).unwrap_or_default();
    let all = rows.range("talk.messages", std::ops::Bound::Unbounded, std::ops::Bound::Unbounded);
    all.filter_map(Result::ok).any(|(key, _)| key.ends_with(&id))
}
