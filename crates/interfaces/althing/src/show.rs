//! Writes answers for a person: a sentence, `key: value` lines, or tables, by the answer's schema.

use base::Timestamp;
use serde_json::Value;

use crate::shape::Shape;
use crate::words::{self, Room};

/// Widest column; a longer name is more useful whole than aligned.
const COLUMN_MAX: usize = 60;

/// Fills a sentence such as `{path} is paused at {done} of {total}.` from the answer, then from the arguments.
pub(crate) fn sentence(
    says: &str,
    answer: &Value,
    shape: Shape<'_>,
    arguments: &Value,
    now: Timestamp,
) -> String {
    let mut out = String::new();
    let mut rest = says;
    while let Some((before, after)) = rest.split_once('{') {
        let Some((name, after)) = after.split_once('}') else { break };
        out.push_str(before);
        match answer.get(name) {
            Some(value) => out.push_str(&words::value(value, shape.property(name), Room::Cell, now)),
            None => out.push_str(&words::value(
                arguments.get(name).unwrap_or(&Value::Null),
                None,
                Room::Cell,
                now,
            )),
        }
        rest = after;
    }
    out.push_str(rest);
    out.push('\n');
    out
}

/// Writes an object: its single values first, then what it consists of, then its lists.
pub(crate) fn object(answer: &Value, shape: Shape<'_>, now: Timestamp) -> String {
    let mut out = String::new();
    let mut tables = String::new();
    let list_count = lists(answer, shape).count();
    let mut width = 0;
    let mut lines = Vec::new();
    for (name, part) in shape.properties() {
        let Some(value) = answer.get(name) else { continue };
        if let Some(of) = part.items().filter(|of| of.is_object()) {
            let heading = if list_count > 1 { Some(words_of(name)) } else { None };
            tables.push_str(&titled_table(heading.as_deref(), value, of, now));
        } else if part.is_object() {
            out.push_str(&object(value, part, now));
        } else {
            let text = words::value(value, Some(part), Room::Line, now);
            // Beside a list, "has more: no" says nothing.
            let is_said = !text.is_empty() && (list_count == 0 || value != &Value::Bool(false));
            if is_said {
                width = width.max(name.chars().count());
                lines.push((words_of(name), text));
            }
        }
    }
    let width = width + 1;
    for (name, text) in lines {
        let name = format!("{name}:");
        out.push_str(&format!("{name:<width$} {text}\n"));
    }
    out + &tables
}

/// Returns the names of the parts that are lists of objects.
fn lists<'a>(answer: &'a Value, shape: Shape<'a>) -> impl Iterator<Item = &'a str> {
    let is_list = |(name, part): &(&str, Shape<'_>)| {
        part.items().is_some_and(Shape::is_object) && answer.get(*name).is_some_and(Value::is_array)
    };
    shape.properties().filter(is_list).map(|(name, _)| name)
}

fn titled_table(heading: Option<&str>, value: &Value, of: Shape<'_>, now: Timestamp) -> String {
    let none = Vec::new();
    let rows = value.as_array().unwrap_or(&none);
    match heading {
        Some(heading) if rows.is_empty() => format!("{heading}: none\n"),
        Some(heading) => format!("{heading}:\n{}", table(rows, of, now)),
        None if rows.is_empty() => "none\n".to_owned(),
        None => table(rows, of, now),
    }
}

/// Writes a table; columns that say nothing are left out.
fn table(rows: &[Value], of: Shape<'_>, now: Timestamp) -> String {
    let hidden = hidden_column(rows);
    let columns: Vec<(&str, Shape<'_>)> = of
        .properties()
        .filter(|(name, _)| Some(*name) != hidden)
        .filter(|(name, _)| rows.iter().any(|row| row.get(*name).is_some_and(says_something)))
        .collect();
    let mut lines: Vec<Vec<String>> = vec![columns.iter().map(|(name, _)| words_of(name)).collect()];
    for row in rows {
        let cell = |(name, part): &(&str, Shape<'_>)| {
            words::value(row.get(*name).unwrap_or(&Value::Null), Some(*part), Room::Cell, now)
        };
        lines.push(columns.iter().map(cell).collect());
    }
    let width = |column: usize| {
        let longest = lines.iter().filter_map(|line| line.get(column)).map(|cell| cell.chars().count()).max();
        longest.unwrap_or(0).min(COLUMN_MAX)
    };
    let widths: Vec<usize> = (0..columns.len()).map(width).collect();
    let mut out = String::new();
    for line in lines {
        let cells = line.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        out.push_str(cells.collect::<Vec<_>>().join("  ").trim_end());
        out.push('\n');
    }
    out
}

/// Names and paths say the same twice: in one folder the names are enough, from all over the paths are.
fn hidden_column(rows: &[Value]) -> Option<&'static str> {
    let text = |row: &Value, key: &str| row.get(key).and_then(Value::as_str).map(str::to_owned);
    let mut parents = std::collections::BTreeSet::new();
    for row in rows {
        let (path, name) = (text(row, "path")?, text(row, "name")?);
        parents.insert(path.strip_suffix(&name)?.to_owned());
    }
    Some(if parents.len() == 1 && rows.len() > 1 { "path" } else { "name" })
}

fn says_something(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        _ => true,
    }
}

fn words_of(name: &str) -> String {
    name.replace('_', " ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_795_000_000_000);

    fn shown(operation: &str, answer: &Value) -> String {
        let schema = (api::find(operation).unwrap().answer)().to_value();
        object(answer, Shape::of(&schema), NOW)
    }

    #[test]
    fn an_object_is_lines_of_what_it_says() {
        let me = json!({"name": "Alice", "person": "ab".repeat(32), "device": "cd".repeat(32)});
        assert_eq!(
            shown("people.me", &me),
            format!("name:   Alice\nperson: {}\ndevice: {}\n", "ab".repeat(32), "cd".repeat(32))
        );
    }

    #[test]
    fn a_list_is_a_table_without_empty_columns() {
        let entry = |name: &str, size: Option<u64>| {
            json!({"name": name, "kind": "file", "size": size, "changed": NOW.millis() - 240_000, "revision": 1,
                   "have": null, "freshness": "elsewhere", "who": ["alice", "you"], "note": "",
                   "path": format!("family/alice/plans/{name}")})
        };
        let listing =
            json!({"entries": [entry("Q4\u{202e} Roadmap.md", Some(1234)), entry("b", None)], "next": null});
        assert_eq!(
            shown("files.list", &listing),
            "name                   kind  size    changed    revision  freshness  who\n\
             Q4\\u{202e} Roadmap.md  file  1.2 kB  4 min ago  1         elsewhere  alice, you\n\
             b                      file          4 min ago  1         elsewhere  alice, you\n"
        );
        assert_eq!(shown("files.list", &json!({"entries": [], "next": null})), "none\n");
    }

    #[test]
    fn a_large_file_being_read_is_told_in_its_shares_row() {
        let share = |reading: Value| {
            json!({"shares": [{"path": "family/alice/films", "folder": "/films", "files": 1, "bytes": 4_000_000_000_u64,
                   "hashed": 0, "reading": reading, "state": "reading", "skipped": 0, "last_problem": "", "id": "ab"}]})
        };
        let reading = json!({"name": "film\u{202e}.mp4", "done": 1_234_567_890, "size": 4_000_000_000_u64});
        let text = shown("files.shares", &share(reading));
        assert!(text.contains("film\\u{202e}.mp4, done 1.2 GB, size 4.0 GB"), "{text}");
        assert!(!shown("files.shares", &share(Value::Null)).contains("done"));
    }

    #[test]
    fn sentences_take_their_words_from_the_answer_and_the_arguments() {
        let entry = api::find("files.pause").unwrap();
        let schema = (entry.answer)().to_value();
        let answer = json!({"path": "a/b\u{1b}", "done": 1500, "total": 3_000_000});
        let text = sentence(
            "{path} is paused at {done} of {total}, {id}.",
            &answer,
            Shape::of(&schema),
            &json!({"id": "7"}),
            NOW,
        );
        assert_eq!(text, "a/b\\u{1b} is paused at 1.5 kB of 3.0 MB, 7.\n");
    }
}
