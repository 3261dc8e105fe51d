//! Towns whose people write one document together, in storms, on sides that do not hear each other, with power cuts, and
//! with one who is removed while others build on what he writes.
//!
//! The checker is apart from what it checks: it keeps every word that a peer said it has taken, and applies the edits told
//! to browsers by its own hand.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::{Value, json};

use crate::check::{Report, list, text};
use crate::dice::Dice;
use crate::vault::Memory;
use crate::world::{PeerIndex, Weather, World};

/// Who writes; the first founds the web, the last may be removed.
const WRITERS: usize = 5;
/// Joins when all is over.
const LATE: PeerIndex = WRITERS;
const ALICE: PeerIndex = 0;
const TED: PeerIndex = WRITERS - 1;

/// Things that happen in one town.
const ROUNDS: u64 = 90;

/// What a quiet world gets everything done in.
const QUIET: Duration = Duration::from_mins(10);

/// Whoever is asked answers in less. Shorter than what is gathered before it is published.
const ANSWER: Duration = Duration::from_millis(30);

struct Town {
    world: World,
    dice: Dice,
    document: String,
    /// Words that a peer said it has taken, by who wrote them.
    written: BTreeMap<String, PeerIndex>,
    /// Words that were in what somebody took out.
    taken_out: BTreeSet<String>,
    is_ted_removed: bool,
    count: u64,
    tally: WritingTally,
    report: Report,
}

/// What happened in towns that write: a checker whose towns never do something checks nothing of it.
#[derive(Debug, Clone, Copy, Default)]
pub struct WritingTally {
    /// Removals of somebody whose words others have built on.
    pub removed: u64,
    /// Edits on a version that was not the newest any more.
    pub not_taken: u64,
    /// Lines taken out.
    pub taken_out: u64,
    /// Updates that others kept of a log that was cut.
    pub kept: u64,
}

/// Runs one town and says what was wrong.
pub fn run(seed: u64) -> (Report, WritingTally) {
    let mut town = Town::begin(seed);
    for _ in 0..ROUNDS {
        town.something();
    }
    town.quiet();
    town.late_one_comes();
    town.texts_are_one();
    town.nothing_is_lost();
    town.browsers_have_the_same();
    town.count_kept();
    (town.report, town.tally)
}

impl Town {
    fn begin(seed: u64) -> Self {
        let mut world = World::new(seed, WRITERS + 1, &Memory::shared());
        for index in 0..WRITERS {
            world.start(index);
            world.ask(index, "people.introduce", json!({ "name": format!("Person {index}") }));
        }
        act(&mut world, ALICE, "people.start_web", json!({ "name": "family" }));
        let invitation = act(&mut world, ALICE, "people.invite", json!({ "web": "family", "uses": WRITERS }));
        let link = text(&invitation, "link");
        for index in 1..WRITERS {
            act(&mut world, index, "people.join", json!({ "link": link }));
        }
        world.run_for(Duration::from_mins(2));
        let begun = act(&mut world, ALICE, "pages.new", json!({ "web": "family", "title": "Plan" }));
        world.run_for(Duration::from_secs(30));
        world.set_weather(if seed.is_multiple_of(3) { Weather::FAIR } else { Weather::STORM });
        Self {
            world,
            dice: Dice::new(seed ^ 0x7061_6765),
            document: text(&begun, "id"),
            written: BTreeMap::new(),
            taken_out: BTreeSet::new(),
            is_ted_removed: false,
            count: 0,
            tally: WritingTally::default(),
            report: Report::default(),
        }
    }

    fn something(&mut self) {
        // Often so short that edits of several people meet before anything is published.
        let pause = if self.dice.below(3) == 0 { self.dice.below(4_000) } else { self.dice.below(250) };
        let pause = Duration::from_millis(pause);
        self.world.run_for(pause);
        let index = self.dice.index(WRITERS);
        if !self.world.peer(index).is_running() {
            return;
        }
        match self.dice.below(20) {
            0 => self.world.power_cut(index, Duration::from_secs(3)),
            1 | 2 => {
                let side = u8::from(self.dice.below(2) == 0);
                self.world.move_to_side(index, side);
            }
            3 => {
                for index in 0..WRITERS {
                    self.world.move_to_side(index, 0);
                }
            }
            4 | 5 => self.take_out(index),
            6 if !self.is_ted_removed && self.written.len() > 20 => {
                let removal = json!({ "web": "family", "person": format!("Person {TED}") });
                let ask = self.world.ask(ALICE, "people.remove", removal);
                self.world.run_for(ANSWER);
                self.is_ted_removed = matches!(self.world.answer(ask), Some(Ok(_)));
            }
            7 => self.paste(index),
            8..=11 => self.add(index),
            _ => self.insert(index),
        }
    }

    fn word(&mut self, index: PeerIndex) -> String {
        self.count += 1;
        format!("w{}x{index}😀", self.count)
    }

    /// Adds a paragraph by one whole operation.
    fn add(&mut self, index: PeerIndex) {
        let word = self.word(index);
        let asked = json!({ "document": self.document, "text": word });
        if self.asked(index, "pages.append", asked).is_some() {
            self.written.insert(word, index);
        }
    }

    /// Adds a long text, more than one update holds.
    fn paste(&mut self, index: PeerIndex) {
        let word = self.word(index);
        let asked = json!({ "document": self.document, "text": format!("{word} {}", "ä ".repeat(9_000)) });
        if self.asked(index, "pages.append", asked).is_some() {
            self.written.insert(word, index);
        }
    }

    /// Puts a word somewhere, as a browser does.
    fn insert(&mut self, index: PeerIndex) {
        let Ok(read) = self.world.read(index, "pages.document", json!({ "document": self.document })) else {
            return;
        };
        let now: Vec<u16> = text(&read, "text").encode_utf16().collect();
        // Not within a word, or within a character of two units.
        let gaps: Vec<usize> = (0..now.len()).filter(|at| now.get(*at) == Some(&u16::from(b'\n'))).collect();
        let Some(at) = (!gaps.is_empty()).then(|| self.dice.index(gaps.len())).and_then(|at| gaps.get(at))
        else {
            return;
        };
        // Now and then on a version that is not the newest any more.
        if self.dice.below(4) == 0 {
            self.add(index);
        }
        let word = self.word(index);
        let edit = json!([at, [0, "", word], now.len() - at]);
        let version = read.get("version").cloned().unwrap_or_default();
        let asked =
            json!({ "document": self.document, "version": version, "client": "sim", "edits": [edit] });
        let Some(edited) = self.asked(index, "pages.edit", asked) else { return };
        if edited.get("is_taken") == Some(&Value::Bool(true)) {
            self.written.insert(word, index);
        } else {
            self.tally.not_taken += 1;
        }
    }

    /// Takes one line out.
    fn take_out(&mut self, index: PeerIndex) {
        let Ok(read) = self.world.read(index, "pages.document", json!({ "document": self.document })) else {
            return;
        };
        let now = text(&read, "text");
        let lines: Vec<&str> = now.split('\n').collect();
        let gone = self.dice.index(lines.len());
        let left: Vec<&str> =
            lines.iter().enumerate().filter(|(at, _)| *at != gone).map(|(_, line)| *line).collect();
        // Whether or not it is said to be done: a power cut may lie between.
        let words: Vec<String> =
            lines.get(gone).into_iter().flat_map(|line| line.split_whitespace()).map(str::to_owned).collect();
        if !words.is_empty() {
            self.tally.taken_out += 1;
        }
        self.taken_out.extend(words);
        self.asked(index, "pages.write", json!({ "document": self.document, "text": left.join("\n") }));
    }

    fn asked(&mut self, index: PeerIndex, operation: &str, arguments: Value) -> Option<Value> {
        let ask = self.world.ask(index, operation, arguments);
        self.world.run_for(ANSWER);
        match self.world.answer(ask) {
            Some(Ok(answer)) => Some(answer),
            Some(Err(fault)) => {
                // Whoever is removed may write no more; nothing else is refused.
                let is_right = index == TED && self.is_ted_removed;
                self.report.claim(is_right, || format!("peer {index} was refused {operation}: {fault:?}"));
                None
            }
            None => None,
        }
    }

    fn quiet(&mut self) {
        self.world.set_weather(Weather::FAIR);
        for index in 0..WRITERS {
            self.world.move_to_side(index, 0);
            self.world.start(index);
        }
        self.world.run_for(QUIET);
        for index in self.members() {
            let paused = self.world.peer(index).paused();
            self.report.claim(paused.is_empty(), || format!("{index} paused {paused:?}"));
        }
    }

    /// Somebody joins, who has heard nothing of it all.
    fn late_one_comes(&mut self) {
        self.world.start(LATE);
        self.world.ask(LATE, "people.introduce", json!({ "name": "Late" }));
        let invitation = act(&mut self.world, ALICE, "people.invite", json!({ "web": "family" }));
        act(&mut self.world, LATE, "people.join", json!({ "link": text(&invitation, "link") }));
        self.world.run_for(Duration::from_mins(3));
    }

    fn count_kept(&mut self) {
        let asked = json!({ "document": self.document });
        let history = self.world.read(ALICE, "pages.document_history", asked).unwrap_or_default();
        let kept = list(&history, "changes").filter(|change| text(change, "who").contains("kept by")).count();
        self.tally.kept = u64::try_from(kept).unwrap_or(0);
        self.tally.removed = u64::from(self.is_ted_removed);
    }

    fn members(&self) -> Vec<PeerIndex> {
        (0..WRITERS).filter(|index| *index != TED || !self.is_ted_removed).collect()
    }

    fn text_at(&self, index: PeerIndex) -> String {
        let read = self.world.read(index, "pages.document", json!({ "document": self.document }));
        read.map(|read| text(&read, "text")).unwrap_or_default()
    }

    fn texts_are_one(&mut self) {
        let first = self.text_at(ALICE);
        self.report.claim(!first.is_empty() || self.written.is_empty(), || "Alice has no text".to_owned());
        for index in self.members().into_iter().chain([LATE]) {
            let other = self.text_at(index);
            self.report.claim(other == first, || format!("peer {index} has {other:?}, Alice {first:?}"));
        }
    }

    /// Every word that was taken is there once, unless somebody took it out.
    fn nothing_is_lost(&mut self) {
        let now = self.text_at(ALICE);
        for (word, index) in &self.written {
            let times = now.matches(word.as_str()).count();
            let may_be_gone = self.taken_out.iter().any(|gone| gone.contains(word))
                || (*index == TED && self.is_ted_removed);
            let is_right = times == 1 || (may_be_gone && times == 0);
            self.report.claim(is_right, || format!("{word} is there {times} times in {now:?}"));
        }
    }

    /// The edits told to browsers make the text, from the first one on.
    fn browsers_have_the_same(&mut self) {
        for index in self.members() {
            let asked = json!({ "document": self.document, "since": 0 });
            let told = self.world.read(index, "pages.changes", asked);
            self.report.claim(told.is_ok(), || format!("peer {index} tells no changes: {told:?}"));
            let Ok(told) = told else { continue };
            let mut now: Vec<u16> = Vec::new();
            let mut is_fit = true;
            for change in list(&told, "changes") {
                is_fit &= apply(&mut now, change.get("edit").unwrap_or(&Value::Null)).is_some();
            }
            let made = String::from_utf16_lossy(&now);
            let text = self.text_at(index);
            self.report
                .claim(is_fit && made == text, || format!("a browser at {index} has {made:?}, not {text:?}"));
        }
    }
}

/// Applies one edit in the form of `CodeMirror`; `None` when it does not fit.
fn apply(now: &mut Vec<u16>, edit: &Value) -> Option<()> {
    let mut out: Vec<u16> = Vec::new();
    let mut at = 0;
    for section in edit.as_array()? {
        if let Some(kept) = section.as_u64() {
            let end = at + usize::try_from(kept).ok()?;
            out.extend_from_slice(now.get(at..end)?);
            at = end;
            continue;
        }
        let parts = section.as_array()?;
        at += usize::try_from(parts.first()?.as_u64()?).ok()?;
        let lines: Vec<&str> = parts.iter().skip(1).filter_map(Value::as_str).collect();
        out.extend(lines.join("\n").encode_utf16());
    }
    (at == now.len()).then(|| *now = out)
}

fn act(world: &mut World, index: PeerIndex, operation: &str, arguments: Value) -> Value {
    let ask = world.ask(index, operation, arguments);
    world.run_for(Duration::from_secs(10));
    match world.answer(ask) {
        Some(Ok(answer)) => answer,
        other => {
            debug_assert!(false, "{operation}: {other:?}");
            Value::Null
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_who_write_one_document_in_storms_end_with_one_text() {
        let mut sum = WritingTally::default();
        for seed in 1..=10 {
            let (report, tally) = run(seed);
            assert!(report.wrong.is_empty(), "seed {seed}: {:#?}", report.wrong);
            assert!(report.checked > 30, "{} claims", report.checked);
            sum.removed += tally.removed;
            sum.not_taken += tally.not_taken;
            sum.taken_out += tally.taken_out;
            sum.kept += tally.kept;
        }
        let WritingTally { removed, not_taken, taken_out, kept } = sum;
        assert!(
            removed > 0 && not_taken > 0 && taken_out > 0 && kept > 0,
            "something never happened: {sum:?}"
        );
    }
}
