//! Waits for what takes time, with a line of progress on stderr, until it is over.

use std::time::{Duration, Instant};

use base::{ByteCount, Fault};
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::line::Line;
use crate::shape::{Meaning, Shape};
use crate::{out, words};

/// How often the peer is asked. It answers from a snapshot within a millisecond.
const PAUSE: Duration = Duration::from_millis(200);

/// How often a log gets a line.
const LOG_PAUSE: Duration = Duration::from_secs(1);

/// Follows until `is_over` and returns the last answer; an end without success is a fault.
pub(crate) async fn follow(line: &mut Line, operation: &str, first: Value) -> Result<Value, Fault> {
    let arguments = json!({ "id": first.get("id") });
    let mut teller = Teller { counts: Counts::of(operation), ..Teller::default() };
    let mut answer = first;
    let mut pause = Duration::from_millis(20);
    while !is_over(&answer) {
        teller.tell(&answer);
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(PAUSE);
        answer = line.ask(operation, &arguments).await?;
    }
    teller.end();
    let state = answer.get("state").and_then(Value::as_str).unwrap_or("");
    if ["failed", "refused", "cancelled"].contains(&state) {
        let said = |key: &str| answer.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
        let why = said("why").or_else(|| said("note"));
        let subject = ["path", "name", "web"].into_iter().find_map(said).unwrap_or("it");
        let what = why.map_or_else(|| format!("{subject} was {state}"), |why| format!("{subject}: {why}"));
        return Err(Failure::NotDone { what, state: state.to_owned() }.into());
    }
    Ok(answer)
}

fn is_over(answer: &Value) -> bool {
    answer.get("is_over").and_then(Value::as_bool).unwrap_or(true)
}

/// What `done` and `total` of an answer count.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Counts {
    Bytes,
    #[default]
    Things,
}

impl Counts {
    fn of(operation: &str) -> Self {
        let schema = api::find(operation).map(|entry| (entry.answer)().to_value());
        let meaning = schema.as_ref().and_then(|schema| Some(Shape::of(schema).property("done")?.meaning()));
        if meaning == Some(Meaning::Bytes) { Self::Bytes } else { Self::Things }
    }

    fn words(self, number: u64) -> String {
        match self {
            Self::Bytes => ByteCount(number).to_string(),
            Self::Things => number.to_string(),
        }
    }
}

/// Tells how it gets on: one line that changes on a terminal, few lines in a log.
#[derive(Debug, Default)]
struct Teller {
    counts: Counts,
    told: String,
    at: Option<Instant>,
}

impl Teller {
    fn tell(&mut self, answer: &Value) {
        let text = progress(answer, self.counts);
        // A state alone is nothing to read in a log.
        let says_nothing = !out::is_talk_seen() && !text.contains(", ");
        if text == self.told || says_nothing {
            return;
        }
        if out::is_talk_seen() {
            out::talk(&format!("\r\u{1b}[K{text}"));
        } else {
            if self.at.is_some_and(|at| at.elapsed() < LOG_PAUSE) {
                return;
            }
            out::talk(&format!("{text}\n"));
        }
        self.told = text;
        self.at = Some(Instant::now());
    }

    fn end(&self) {
        if out::is_talk_seen() && !self.told.is_empty() {
            out::talk("\r\u{1b}[K");
        }
    }
}

/// Writes one line: what, how far, how fast, until when, from whom.
fn progress(answer: &Value, counts: Counts) -> String {
    let text = |key: &str| {
        answer.get(key).and_then(Value::as_str).filter(|text| !text.is_empty()).map(words::harmless)
    };
    let number = |key: &str| answer.get(key).and_then(Value::as_u64);
    let mut parts: Vec<String> = Vec::new();
    parts.extend(text("state"));
    if let (Some(done), Some(total)) = (number("done"), number("total"))
        && (total > 0 || counts == Counts::Bytes)
    {
        let percent = done.saturating_mul(100).checked_div(total).unwrap_or(100);
        parts.push(format!("{percent} % ({} of {})", counts.words(done), counts.words(total)));
    }
    if let Some(speed) = number("speed").filter(|speed| *speed > 0) {
        parts.push(format!("{}/s", ByteCount(speed)));
    }
    parts.extend(number("seconds_left").map(|seconds| format!("{} left", words::span(seconds))));
    let from: Vec<&str> = answer
        .get("from")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    if !from.is_empty() {
        parts.push(format!("from {}", words::harmless(&from.join(", "))));
    }
    parts.extend(text("why").or_else(|| text("note")));
    parts.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_progress_says_what_how_much_how_fast_and_until_when() {
        let answer = json!({"state": "running", "done": 512, "total": 2048, "speed": 1000, "seconds_left": 90,
                            "from": ["alice", "b\u{1b}ob"], "why": "", "is_over": false});
        assert_eq!(
            progress(&answer, Counts::of("files.transfer")),
            "running, 25 % (512 B of 2.0 kB), 1.0 kB/s, 90 s left, from alice, b\\u{1b}ob"
        );
        assert_eq!(
            progress(&json!({"state": "asking", "why": "asking alice"}), Counts::Things),
            "asking, asking alice"
        );
        let job = json!({"state": "running", "done": 3, "total": 4});
        assert_eq!(progress(&job, Counts::of("compute.job")), "running, 75 % (3 of 4)");
        assert_eq!(
            progress(&json!({"state": "done", "done": 0, "total": 0}), Counts::Bytes),
            "done, 100 % (0 B of 0 B)"
        );
    }
}
