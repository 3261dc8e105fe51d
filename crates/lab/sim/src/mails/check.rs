//! What must hold in a town that sorts its mail, by a model of the rules: of all words about one thing the one counts that removes it, else the one
//! with the greatest count, then of the greatest device. Names and places follow from the words that count.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound::Unbounded;

use base::DeviceId;
use minicbor::Decode;

use super::{ALICE, BOB, BOBS_SECOND, LATE, MOMENTS, PHONE, Town};
use crate::world::PeerIndex;

/// Folders that are always there.
const OWN: [&str; 6] = ["INBOX", "Drafts", "Sent", "Archive", "Junk", "Trash"];

/// A word about a mail or a folder, in the order in which it counts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Word {
    removes: bool,
    pub(super) count: u64,
    by: DeviceId,
    /// A mail's places, with flags.
    places: Vec<(Vec<u8>, Vec<String>)>,
    /// A folder's name.
    name: Option<String>,
}

#[derive(Decode)]
struct PlaceRow(#[cbor(n(0), with = "minicbor::bytes")] Vec<u8>, #[n(1)] Vec<String>);

#[derive(Decode)]
struct PlacingRow(#[n(0)] u64, #[n(1)] DeviceId, #[n(2)] Vec<PlaceRow>);

#[derive(Decode)]
struct NamingRow(#[n(0)] u64, #[n(1)] DeviceId, #[n(2)] Option<String>);

/// Where a mail is: names of folders, with flags, in order.
type Shown = BTreeMap<String, Vec<(String, Vec<String>)>>;

impl Town {
    fn rows(&self, peer: PeerIndex, table: &'static str) -> Vec<(Vec<u8>, Vec<u8>)> {
        let rows = self.world.peer(peer).rows();
        rows.range(table, Unbounded, Unbounded).filter_map(Result::ok).collect()
    }

    fn words_at(&self, peer: PeerIndex) -> [BTreeMap<Vec<u8>, Word>; 2] {
        let placing = |(key, row): (Vec<u8>, Vec<u8>)| {
            let PlacingRow(count, by, places) = minicbor::decode(&row).ok()?;
            let places: Vec<_> = places.into_iter().map(|PlaceRow(key, flags)| (key, flags)).collect();
            Some((key, Word { removes: places.is_empty(), count, by, places, name: None }))
        };
        let naming = |(key, row): (Vec<u8>, Vec<u8>)| {
            let NamingRow(count, by, name) = minicbor::decode(&row).ok()?;
            Some((key, Word { removes: name.is_none(), count, by, places: Vec::new(), name }))
        };
        [
            self.rows(peer, "mail.placings").into_iter().filter_map(placing).collect(),
            self.rows(peer, "mail.namings").into_iter().filter_map(naming).collect(),
        ]
    }

    /// Writes down what computers have said of their own.
    pub(super) fn listen(&mut self) {
        for peer in [ALICE, PHONE, BOB, BOBS_SECOND, LATE] {
            let device = self.world.peer(peer).device;
            let phone = self.world.peer(PHONE).device;
            let [placings, namings] = self.words_at(peer);
            let named = self.names_of_mails(peer);
            self.words.extend(named);
            // Each person has folders of its own, so it stands before what a word is about.
            let person = u8::from([BOB, BOBS_SECOND].contains(&peer));
            for (said, words) in [(&mut self.placings, placings), (&mut self.namings, namings)] {
                for (about, word) in words {
                    let about = [vec![person], about].concat();
                    if word.by == phone && peer != PHONE {
                        self.heard.insert((about.clone(), word.clone()));
                    }
                    if word.by == device && word.count > 0 {
                        said.entry(about).or_default().insert(word);
                    }
                }
            }
        }
    }

    /// Returns the word that counts about each thing of a person.
    fn counting(&self, words: &BTreeMap<Vec<u8>, BTreeSet<Word>>, person: u8) -> BTreeMap<Vec<u8>, Word> {
        let phone = self.world.peer(PHONE).device;
        let is_there = |about: &Vec<u8>, word: &Word| {
            !self.is_lost || word.by != phone || self.heard.contains(&(about.clone(), word.clone()))
        };
        let of_person = words.iter().filter(|(about, _)| about.first() == Some(&person));
        let newest = of_person.filter_map(|(about, words)| {
            let word = words.iter().rev().find(|word| is_there(about, word))?;
            Some((about.get(1..)?.to_vec(), word.clone()))
        });
        newest.collect()
    }

    /// Returns how each mail that is kept at a peer is called by all.
    fn names_of_mails(&self, peer: PeerIndex) -> BTreeMap<Vec<u8>, String> {
        let bytes: BTreeMap<Vec<u8>, Vec<u8>> = self.rows(peer, "mail.bytes").into_iter().collect();
        let named = |(origin, mail): (Vec<u8>, Vec<u8>)| {
            let number: u64 = minicbor::decode(&mail).ok()?;
            let first = [number.to_be_bytes(), 0_u64.to_be_bytes()].concat();
            Some((origin, subject(bytes.get(&first)?)))
        };
        self.rows(peer, "mail.origins").into_iter().filter_map(named).collect()
    }

    /// Returns what a peer shows: mails by the word in them.
    fn shown_at(&self, peer: PeerIndex) -> (BTreeSet<String>, Shown) {
        let rows = self.world.peer(peer).rows();
        let mut shown = Shown::new();
        let mut names = BTreeSet::new();
        for folder in post::read::folders(&*rows).unwrap_or_default() {
            names.insert(folder.name.clone());
            let listing = post::read::messages(&*rows, folder.id, 0).ok().flatten();
            for message in listing.map(|listing| listing.messages).unwrap_or_default() {
                let at = (folder.id, message.uid);
                let bytes = post::read::bytes(&*rows, at, 0, 4_096).ok().flatten().unwrap_or_default();
                let mut flags = message.flags.clone();
                flags.sort_unstable();
                shown.entry(subject(&bytes)).or_default().push((folder.name.clone(), flags));
            }
        }
        for places in shown.values_mut() {
            places.sort_unstable();
        }
        (names, shown)
    }

    pub(super) fn check(&mut self) {
        for (person, own) in [("alice", vec![ALICE, PHONE, LATE]), ("bob", vec![BOB, BOBS_SECOND])] {
            let number = u8::from(person == "bob");
            let own: Vec<PeerIndex> = own
                .into_iter()
                .filter(|peer| *peer == LATE || self.devices(MOMENTS).contains(peer))
                .collect();
            let placings = self.counting(&self.placings, number);
            let namings = self.counting(&self.namings, number);
            let said = self.placings.iter().filter(|(about, _)| about.first() == Some(&number));
            self.tally.overruled += said.map(|(_, words)| overruled(words)).sum::<u64>();
            let names = self.names_by_model(&namings);
            for peer in own {
                self.words_are_those_that_count(peer, &placings, &namings);
                let (folders, shown) = self.shown_at(peer);
                let mut expected: BTreeSet<String> = names.values().cloned().collect();
                expected.extend(OWN.map(str::to_owned));
                self.report.claim(folders == expected, || {
                    format!("peer {peer} has folders {folders:?}, not {expected:?}")
                });
                self.places_follow(peer, &placings, &names, &shown);
                self.nothing_is_lost(peer, person, &placings, &shown);
            }
        }
        self.computers_show_the_same();
    }

    fn words_are_those_that_count(
        &mut self,
        peer: PeerIndex,
        placings: &BTreeMap<Vec<u8>, Word>,
        namings: &BTreeMap<Vec<u8>, Word>,
    ) {
        let [known, known_names] = self.words_at(peer);
        for (expected, known) in [(placings, known), (namings, known_names)] {
            for (about, word) in expected {
                let is_it = known.get(about) == Some(word);
                self.report.claim(is_it, || {
                    format!("peer {peer} has of {about:02x?} {:?}, not {word:?}", known.get(about))
                });
            }
        }
    }

    /// Returns the names of folders by key: of namesakes the least key has it.
    fn names_by_model(&mut self, namings: &BTreeMap<Vec<u8>, Word>) -> BTreeMap<Vec<u8>, String> {
        let living: Vec<(&Vec<u8>, &String)> =
            namings.iter().filter_map(|(key, word)| Some((key, word.name.as_ref()?))).collect();
        let mut names = BTreeMap::new();
        let mut taken: Vec<String> = OWN.map(str::to_owned).to_vec();
        let mut rest = Vec::new();
        for (key, name) in living {
            if taken.contains(name) {
                rest.push((key.clone(), name.clone()));
            } else {
                taken.push(name.clone());
                names.insert(key.clone(), name.clone());
            }
        }
        for (key, name) in rest {
            self.tally.namesakes += 1;
            let mut number = 2;
            while taken.contains(&format!("{name} ({number})")) {
                number += 1;
            }
            taken.push(format!("{name} ({number})"));
            names.insert(key, format!("{name} ({number})"));
        }
        names
    }

    /// Each mail that somebody moved or flagged is where the word that counts says.
    fn places_follow(
        &mut self,
        peer: PeerIndex,
        placings: &BTreeMap<Vec<u8>, Word>,
        names: &BTreeMap<Vec<u8>, String>,
        shown: &Shown,
    ) {
        let here = self.names_of_mails(peer);
        for (origin, word) in placings {
            let Some(mail) = here.get(origin) else { continue };
            let mut expected: Vec<(String, Vec<String>)> = Vec::new();
            for (key, flags) in &word.places {
                let own = OWN.iter().find(|name| folder_key(name) == *key).map(|name| (*name).to_owned());
                if let Some(name) = own.or_else(|| names.get(key).cloned()) {
                    expected.push((name, flags.clone()));
                }
            }
            if expected.is_empty()
                && let Some((_, flags)) = word.places.first()
            {
                expected.push(("INBOX".to_owned(), flags.clone()));
            }
            expected.sort_unstable();
            let is_right = shown.get(mail) == Some(&expected);
            self.report.claim(is_right, || {
                format!("peer {peer} has {mail} in {:?}, not {expected:?}", shown.get(mail))
            });
        }
    }

    /// Every mail of a person is somewhere at each of its computers, or was removed by somebody, and then it is nowhere.
    fn nothing_is_lost(
        &mut self,
        peer: PeerIndex,
        person: &str,
        placings: &BTreeMap<Vec<u8>, Word>,
        shown: &Shown,
    ) {
        // A computer that comes after a loss cannot open what was written before it (spec identity, rule 87).
        if peer == LATE && self.is_lost {
            return;
        }
        let removed: BTreeSet<&String> = placings
            .iter()
            .filter(|(_, word)| word.removes)
            .filter_map(|(origin, _)| self.words.get(origin))
            .collect();
        let phone = format!("q{PHONE}q");
        for (word, persons) in &self.mails {
            // What was written on the phone may have been lost with it.
            let may_be_lost = self.is_lost && word.contains(&phone);
            if persons.contains(person) && !may_be_lost {
                let (is_here, is_removed) = (shown.contains_key(word), removed.contains(word));
                self.report.claim(is_here != is_removed, || {
                    format!("{word} is at peer {peer}: {is_here}, was removed: {is_removed}")
                });
            }
        }
    }

    fn computers_show_the_same(&mut self) {
        for (one, other) in [(ALICE, PHONE), (ALICE, LATE), (BOB, BOBS_SECOND)] {
            if self.is_lost && other == PHONE {
                continue;
            }
            let ((names, shown), (other_names, mut others)) = (self.shown_at(one), self.shown_at(other));
            let mut mine = shown;
            if self.is_lost && other == LATE {
                mine.retain(|word, _| others.contains_key(word));
                others.retain(|word, _| mine.contains_key(word));
            }
            if self.is_lost {
                // What the lost computer wrote last may have come to one computer before it was cut off, and to no other.
                let phone = format!("q{PHONE}q");
                let (here, there): (BTreeSet<_>, BTreeSet<_>) =
                    (mine.keys().cloned().collect(), others.keys().cloned().collect());
                mine.retain(|word, _| !word.contains(&phone) || there.contains(word));
                others.retain(|word, _| !word.contains(&phone) || here.contains(word));
            }
            let differ = mine.iter().find(|(word, places)| others.get(*word) != Some(places));
            let is_same = differ.is_none() && mine.len() == others.len() && names == other_names;
            self.report.claim(is_same, || {
                let theirs = differ.and_then(|(word, _)| others.get(word));
                let folders: Vec<_> = names.symmetric_difference(&other_names).collect();
                format!("{one} and {other} show other things: {differ:?}, {theirs:?}; folders {folders:?}; {} and {} mails", mine.len(), others.len())
            });
        }
    }
}

/// Returns how many of the words about one thing were said apart from those that count more.
fn overruled(words: &BTreeSet<Word>) -> u64 {
    let counts: BTreeSet<u64> = words.iter().map(|word| word.count).collect();
    (words.len() - counts.len()) as u64
}

fn subject(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let line = text.lines().find_map(|line| line.strip_prefix("Subject: "));
    line.unwrap_or_default().to_owned()
}

/// Returns the key of a folder that is always there.
fn folder_key(name: &str) -> Vec<u8> {
    let mut hasher = blake3::Hasher::new_derive_key("althing mail folder 1");
    hasher.update(&0_u64.to_be_bytes()).update(name.as_bytes());
    hasher.finalize().as_bytes().get(..16).unwrap_or_default().to_vec()
}
