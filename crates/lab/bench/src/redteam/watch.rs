//! Reads at every honest computer, all the time, what a person there could read of misdeeds, and remembers when each line
//! was there first.
//!
//! Only what operations show counts as noticed: the log of the guard, who misbehaves, what is held, what stopped, and news
//! of people. What stands in a program's own log file does not.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::peers::{ask_at, text};
use crate::redteam::cast::Seat;
use crate::redteam::report::Notice;

/// How often each computer is read.
const EVERY: Duration = Duration::from_millis(300);

/// One line, and when it was there first.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    pub(crate) by: String,
    pub(crate) place: &'static str,
    pub(crate) text: String,
    pub(crate) seen: Instant,
}

/// What was read so far.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    state: Mutex<State>,
    slowest: Mutex<BTreeMap<String, u64>>,
}

#[derive(Debug, Default)]
struct State {
    known: BTreeSet<(String, &'static str, String)>,
    lines: Vec<Line>,
}

/// What a line has to be to count as having noticed something.
pub(crate) type Sign = Box<dyn Fn(&Line) -> bool + Send>;

/// Returns a sign: the line holds all of these words.
pub(crate) fn says(words: &[&str]) -> Sign {
    let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
    Box::new(move |line| words.iter().all(|word| line.text.contains(word)))
}

/// Returns a sign: as [`says`], but it was there before then. What comes next leaves the same words.
pub(crate) fn says_before(words: &[&str], then: Instant) -> Sign {
    let said = says(words);
    Box::new(move |line| line.seen < then && said(line))
}

impl Watch {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads all computers until it is told to stop.
    pub(crate) fn run(&self, seats: &[Seat], stop: &AtomicBool) {
        while !stop.load(Ordering::Relaxed) {
            for seat in seats {
                self.look(seat);
            }
            std::thread::sleep(EVERY);
        }
    }

    /// Returns the milliseconds of the slowest answer to `status` of each computer.
    pub(crate) fn slowest(&self) -> Vec<(String, u64)> {
        let slowest = self.slowest.lock().unwrap_or_else(PoisonError::into_inner);
        slowest.iter().map(|(who, ms)| (who.clone(), *ms)).collect()
    }

    /// Returns the first line since then that is such a sign.
    pub(crate) fn notice(&self, since: Instant, sign: &Sign) -> Option<Notice> {
        let state = self.state();
        let line = state.lines.iter().find(|line| line.seen >= since && sign(line))?;
        Some(Notice {
            by: line.by.clone(),
            place: line.place.to_owned(),
            line: line.text.clone(),
            after: line.seen.saturating_duration_since(since),
        })
    }

    /// Waits until there is such a line, at most so long.
    pub(crate) fn wait(&self, since: Instant, sign: &Sign, at_most: Duration) -> Option<Notice> {
        loop {
            let notice = self.notice(since, sign);
            if notice.is_some() || since.elapsed() > at_most {
                return notice;
            }
            std::thread::sleep(EVERY);
        }
    }

    fn look(&self, seat: &Seat) {
        let begun = Instant::now();
        // Who is off says nothing, and is no fault here.
        if ask_at(&seat.home, "host.status", &json!({})).is_err() {
            return;
        }
        let took = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        let mut slowest = self.slowest.lock().unwrap_or_else(PoisonError::into_inner);
        let known = slowest.entry(seat.name.clone()).or_default();
        *known = took.max(*known);
        drop(slowest);
        for (place, operation, lines) in PLACES {
            let Ok(answer) = ask_at(&seat.home, operation, &json!({})) else { continue };
            let seen = Instant::now();
            for text in lines(&answer) {
                let mut state = self.state();
                if state.known.insert((seat.name.clone(), place, text.clone())) {
                    state.lines.push(Line { by: seat.name.clone(), place, text, seen });
                }
            }
        }
    }
}

type Reader = fn(&Value) -> Vec<String>;

/// Where misdeeds can be read, and how an answer becomes lines.
const PLACES: [(&str, &str, Reader); 5] = [
    ("guard log", "guard.log", log_lines),
    ("guard odd", "guard.odd", odd_lines),
    ("guard list", "guard.list", list_lines),
    ("guard status", "guard.status", status_lines),
    ("news", "people.news", news_lines),
];

fn rows<'a>(answer: &'a Value, field: &str) -> impl Iterator<Item = &'a Value> {
    answer.get(field).and_then(Value::as_array).into_iter().flatten()
}

fn log_lines(answer: &Value) -> Vec<String> {
    let line = |row: &Value| {
        let [what, name, why, who] = ["what", "name", "why", "who"].map(|field| text(row, field));
        // The time tells two that are otherwise the same apart.
        format!("{what}: {name}; {why}; {who} [{}]", row["at"])
    };
    rows(answer, "entries").map(line).collect()
}

/// One line for each device and deed; another one whenever it has done so more often or another computer says so, too.
fn odd_lines(answer: &Value) -> Vec<String> {
    let mut lines = Vec::new();
    for row in rows(answer, "odds") {
        let scan = if row["is_scan"] == true { "looks for computers; " } else { "" };
        let from: Vec<&str> = rows(row, "addresses").filter_map(Value::as_str).collect();
        for deed in rows(row, "deeds") {
            lines.push(format!(
                "{} {}: {scan}{} {} times from {} [{}]",
                text(row, "who"),
                text(row, "web"),
                text(deed, "deed"),
                deed["times"],
                from.join(" "),
                text(row, "device"),
            ));
        }
    }
    lines
}

fn list_lines(answer: &Value) -> Vec<String> {
    let line = |row: &Value| {
        format!(
            "{} is {}: {} [{}]",
            text(row, "name"),
            text(row, "level"),
            text(row, "meaning"),
            text(row, "content")
        )
    };
    rows(answer, "suspects").map(line).collect()
}

fn status_lines(answer: &Value) -> Vec<String> {
    let mut lines: Vec<String> = rows(answer, "stopped")
        .map(|row| format!("{} is stopped: {}", text(row, "path"), text(row, "why")))
        .collect();
    for web in rows(answer, "webs") {
        for computer in rows(web, "computers").filter(|computer| computer["is_guarded"] == false) {
            lines.push(format!("a computer of {} is not guarded", text(computer, "person")));
        }
    }
    lines
}

fn news_lines(answer: &Value) -> Vec<String> {
    rows(answer, "news").map(|row| format!("{} {}", text(row, "who"), text(row, "what"))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deed_done_once_more_is_a_new_line() {
        let odd = |times: u64| {
            json!({ "odds": [{ "who": "Mallory", "web": "town", "device": "ab", "is_scan": false, "addresses": [],
                "deeds": [{ "deed": "gave wrong bytes", "times": times }] }] })
        };
        assert_eq!(odd_lines(&odd(1)), ["Mallory town: gave wrong bytes 1 times from  [ab]"]);
        assert_ne!(odd_lines(&odd(1)), odd_lines(&odd(2)));
    }

    #[test]
    fn a_line_counts_only_from_the_attack_on_and_for_its_attacker() {
        let watch = Watch::default();
        let begun = Instant::now();
        let line =
            |text: &str, seen| Line { by: "Bob".to_owned(), place: "guard odd", text: text.to_owned(), seen };
        let later = begun + Duration::from_secs(3);
        watch.state().lines = vec![line("ab old", begun), line("cd new", later), line("ab new", later)];
        let since = begun + Duration::from_secs(1);
        let found = watch.notice(since, &says(&["ab"])).expect("there is one");
        assert_eq!((found.line.as_str(), found.after), ("ab new", Duration::from_secs(2)));
        assert_eq!(watch.notice(since, &says(&["ef"])), None);
    }

    #[test]
    fn who_is_not_guarded_and_what_is_stopped_can_be_read() {
        let status = json!({ "stopped": [{ "path": "town/Bob/a", "why": "30 files" }],
            "webs": [{ "computers": [{ "person": "Dan", "is_guarded": false }, { "person": "Eve", "is_guarded": true }] }] });
        assert_eq!(
            status_lines(&status),
            ["town/Bob/a is stopped: 30 files", "a computer of Dan is not guarded"]
        );
    }
}
