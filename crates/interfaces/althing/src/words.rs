//! How single values are written for a person. Names come from others: nothing of them may steer a terminal.

use std::fmt::Write as _;

use base::{ByteCount, Timestamp};
use serde_json::{Map, Value};

use crate::shape::{Meaning, Shape};

/// How much room there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Room {
    /// A cell of a table: ids are cut, times are only relative.
    Cell,
    /// A line of its own.
    Line,
}

/// Writes a value in words; empty when there is nothing to say.
pub(crate) fn value(value: &Value, shape: Option<Shape<'_>>, room: Room, now: Timestamp) -> String {
    let meaning = shape.map_or(Meaning::Plain, Shape::meaning);
    match (value, meaning) {
        (Value::Null, _) => String::new(),
        (Value::Bool(yes), _) => (if *yes { "yes" } else { "no" }).to_owned(),
        (Value::Number(number), Meaning::Bytes) => {
            number.as_u64().map_or_else(String::new, |bytes| ByteCount(bytes).to_string())
        }
        (Value::Number(number), Meaning::Time) => {
            let then = Timestamp::from_millis(number.as_u64().unwrap_or(0));
            match room {
                Room::Cell => relative(then, now),
                Room::Line => format!("{} ({})", relative(then, now), exact(then)),
            }
        }
        (Value::Number(number), _) => number.to_string(),
        (Value::String(text), Meaning::Id) if room == Room::Cell => harmless(text).chars().take(10).collect(),
        (Value::String(text), _) => harmless(text),
        (Value::Array(items), _) => {
            let inner = shape.and_then(Shape::items);
            items.iter().map(|item| self::value(item, inner, room, now)).collect::<Vec<_>>().join(", ")
        }
        (Value::Object(parts), _) => match shape.filter(|shape| shape.is_object()) {
            Some(shape) => of_parts(parts, shape, room, now),
            None => harmless(&value.to_string()),
        },
    }
}

/// Writes an object in one cell: texts as they are, everything else after its name.
fn of_parts(parts: &Map<String, Value>, shape: Shape<'_>, room: Room, now: Timestamp) -> String {
    let said = shape.properties().filter_map(|(name, part)| {
        let one = parts.get(name)?;
        let text = value(one, Some(part), room, now);
        (!text.is_empty()).then(|| if one.is_string() { text } else { format!("{name} {text}") })
    });
    said.collect::<Vec<_>>().join(", ")
}

/// Writes what could steer a terminal, hide, or turn the direction of writing as an escape.
pub(crate) fn harmless(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for one in text.chars() {
        if one.is_control() || gateways::is_deceptive(one) {
            out.extend(one.escape_default());
        } else {
            out.push(one);
        }
    }
    out
}

/// Writes JSON so that it can't steer a terminal either: such characters as `\uXXXX`, which means the same.
pub(crate) fn json(value: &Value) -> String {
    let text = serde_json::to_string_pretty(value).unwrap_or_default();
    escape_json(&text)
}

/// Writes JSON on one line.
pub(crate) fn json_line(value: &Value) -> String {
    escape_json(&value.to_string())
}

fn escape_json(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for one in text.chars() {
        // Line ends are JSON's own here: those of texts are escaped already.
        if one != '\n' && (one.is_control() || gateways::is_deceptive(one)) {
            let mut units = [0; 2];
            for unit in one.encode_utf16(&mut units) {
                write!(out, "\\u{unit:04x}").expect("a String takes all");
            }
        } else {
            out.push(one);
        }
    }
    out
}

/// Writes how long ago, or in how long.
pub(crate) fn relative(then: Timestamp, now: Timestamp) -> String {
    let (span, is_past) = if then <= now { (now.since(then), true) } else { (then.since(now), false) };
    let seconds = span.as_secs();
    let (number, unit) = match seconds {
        0..=1 => return "now".to_owned(),
        2..=119 => (seconds, "s"),
        120..=7_199 => (seconds / 60, "min"),
        7_200..=172_799 => (seconds / 3600, "h"),
        172_800..=63_071_999 => (seconds / 86_400, "days"),
        _ => (seconds / 31_536_000, "years"),
    };
    if is_past { format!("{number} {unit} ago") } else { format!("in {number} {unit}") }
}

/// Writes a span of seconds.
pub(crate) fn span(seconds: u64) -> String {
    match seconds {
        0..=119 => format!("{seconds} s"),
        120..=7_199 => format!("{} min", seconds / 60),
        _ => format!("{} h {} min", seconds / 3600, seconds / 60 % 60),
    }
}

/// Writes a time, in UTC: the zone of this computer is not asked for.
pub(crate) fn exact(then: Timestamp) -> String {
    let [year, month, day, hour, minute, second] = then.in_utc();
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02} UTC")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;

    use super::*;

    #[test]
    fn times_are_told_as_people_tell_them() {
        let now = Timestamp::from_millis(1_795_000_000_000);
        let check = |seconds: u64, text: &str| {
            let earlier = Timestamp::from_millis(now.millis() - seconds * 1000);
            assert_eq!(relative(earlier, now), text);
        };
        check(0, "now");
        check(90, "90 s ago");
        check(150, "2 min ago");
        check(4 * 3600, "4 h ago");
        check(3 * 86_400, "3 days ago");
        check(800 * 86_400, "2 years ago");
        assert_eq!(relative(now.after(Duration::from_hours(5)), now), "in 5 h");
        assert_eq!(span(7_300), "2 h 1 min");
    }

    #[test]
    fn dates_are_right_at_their_edges() {
        let check = |millis, text: &str| assert_eq!(exact(Timestamp::from_millis(millis)), text);
        check(0, "1970-01-01 00:00:00 UTC");
        check(951_782_400_000, "2000-02-29 00:00:00 UTC");
        check(1_795_359_201_000, "2026-11-22 14:53:21 UTC");
        check(4_107_542_399_000, "2100-02-28 23:59:59 UTC");
        exact(Timestamp::from_millis(u64::MAX));
    }

    #[test]
    fn names_of_others_cannot_steer_a_terminal() {
        let hostile = "a\u{1b}[2Jb\nc\u{202e}d\u{9b}31me\u{200b}\u{7f}";
        let shown = harmless(hostile);
        assert_eq!(shown, "a\\u{1b}[2Jb\\nc\\u{202e}d\\u{9b}31me\\u{200b}\\u{7f}");
        let written = json(&json!({ "name": hostile, "plain": "Grüße 木" }));
        assert!(written.chars().all(|one| one == '\n' || !(one.is_control() || gateways::is_deceptive(one))));
        let back: Value = serde_json::from_str(&written).unwrap();
        assert_eq!(back, json!({ "name": hostile, "plain": "Grüße 木" }));
        assert!(written.contains("Grüße 木"));
    }
}
