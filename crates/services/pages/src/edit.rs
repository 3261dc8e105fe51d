//! One edit of a text: what is kept, taken out and put in, counted as browsers count (UTF-16 code units).
//!
//! The form is that of `CodeMirror`, `ChangeSet.toJSON`. Not for: merging (`text.rs`).

use serde_json::Value;

/// Sections of one edit at most.
const SECTIONS_MAX: usize = 10_000;

/// One step along a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Section {
    /// So much stays.
    Keep(usize),
    /// So much goes, and this comes in its place.
    Change {
        /// How much goes.
        removed: usize,
        /// What comes.
        inserted: String,
    },
}

/// One edit.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ChangeSet(pub(crate) Vec<Section>);

impl ChangeSet {
    /// Reads the form of `CodeMirror`; `None` when it is not that.
    pub fn read(json: &Value) -> Option<Self> {
        let sections = json.as_array()?;
        if sections.len() > SECTIONS_MAX {
            return None;
        }
        sections.iter().map(read_section).collect::<Option<_>>().map(Self)
    }

    /// Writes the form of `CodeMirror`.
    pub fn write(&self) -> Value {
        self.0.iter().map(write_section).collect()
    }

    /// Keeps so much.
    pub fn keep(&mut self, length: usize) {
        match self.0.last_mut() {
            _ if length == 0 => {}
            Some(Section::Keep(last)) => *last = last.saturating_add(length),
            _ => self.0.push(Section::Keep(length)),
        }
    }

    /// Takes out and puts in.
    pub fn change(&mut self, removed: usize, inserted: &str) {
        match self.0.last_mut() {
            _ if removed == 0 && inserted.is_empty() => {}
            Some(Section::Change { removed: last, inserted: text }) => {
                *last = last.saturating_add(removed);
                text.push_str(inserted);
            }
            _ => self.0.push(Section::Change { removed, inserted: inserted.to_owned() }),
        }
    }

    /// Returns how long a text is that this edit fits.
    pub fn length_before(&self) -> usize {
        let length = |section: &Section| match section {
            Section::Keep(length) => *length,
            Section::Change { removed, .. } => *removed,
        };
        self.0.iter().map(length).fold(0, usize::saturating_add)
    }

    /// Says whether anything changes.
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(|section| matches!(section, Section::Keep(_)))
    }

    /// Returns how much is put in and taken out.
    pub fn tally(&self) -> (usize, usize) {
        self.0.iter().fold((0, 0), |(added, gone), section| match section {
            Section::Keep(_) => (added, gone),
            Section::Change { removed, inserted } => (added + utf16(inserted), gone.saturating_add(*removed)),
        })
    }

    /// Returns what is put in, in order.
    pub fn inserted(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|section| match section {
            Section::Change { inserted, .. } if !inserted.is_empty() => Some(inserted.as_str()),
            _ => None,
        })
    }

    /// Returns the edit that makes one text of another: lines that they share at both ends stay, and of the others what they
    /// share at both ends. Lines first, so that a line that goes is that line and not the end of one and the beginning of another,
    /// which somebody may be taking out at the same time.
    pub fn between(before: &str, after: &str) -> Self {
        let lines = |text: &str| text.split_inclusive('\n').map(str::to_owned).collect::<Vec<_>>();
        let (old, new) = (lines(before), lines(after));
        let head = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
        let left = old.len().min(new.len()) - head;
        let tail = old.iter().rev().zip(new.iter().rev()).take(left).take_while(|(a, b)| a == b).count();
        let part =
            |lines: &[String], from: usize, to: usize| lines.get(from..to).unwrap_or_default().concat();
        let mut edit = Self::default();
        edit.keep(utf16(&part(&old, 0, head)));
        edit.trimmed(&part(&old, head, old.len() - tail), &part(&new, head, new.len() - tail));
        edit.keep(utf16(&part(&old, old.len() - tail, old.len())));
        edit
    }

    /// Adds the change of one part to another, without what they share at both ends.
    fn trimmed(&mut self, before: &str, after: &str) {
        let head: usize =
            before.chars().zip(after.chars()).take_while(|(a, b)| a == b).map(|(a, _)| a.len_utf8()).sum();
        let (rest_before, rest_after) =
            (before.get(head..).unwrap_or_default(), after.get(head..).unwrap_or_default());
        let tail: usize = rest_before
            .chars()
            .rev()
            .zip(rest_after.chars().rev())
            .take_while(|(a, b)| a == b)
            .map(|(a, _)| a.len_utf8())
            .sum();
        let middle = |text: &str| text.get(..text.len() - tail).unwrap_or_default().to_owned();
        self.keep(utf16(before.get(..head).unwrap_or_default()));
        self.change(utf16(&middle(rest_before)), &middle(rest_after));
        self.keep(utf16(rest_before.get(rest_before.len() - tail..).unwrap_or_default()));
    }
}

fn read_section(json: &Value) -> Option<Section> {
    if let Some(length) = json.as_u64() {
        return usize::try_from(length).ok().map(Section::Keep);
    }
    let mut parts = json.as_array()?.iter();
    let removed = usize::try_from(parts.next()?.as_u64()?).ok()?;
    let lines = parts.map(Value::as_str).collect::<Option<Vec<&str>>>()?;
    // A line that holds line ends would count otherwise here than in the browser.
    let is_sound = lines.iter().all(|line| !line.contains(['\n', '\r']));
    is_sound.then(|| Section::Change { removed, inserted: lines.join("\n") })
}

fn write_section(section: &Section) -> Value {
    match section {
        Section::Keep(length) => Value::from(*length),
        Section::Change { removed, inserted } => {
            let mut parts = vec![Value::from(*removed)];
            if !inserted.is_empty() {
                parts.extend(inserted.split('\n').map(Value::from));
            }
            Value::from(parts)
        }
    }
}

/// Counts UTF-16 code units.
pub fn utf16(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}

/// Returns a text in which a line ends as browsers count it: one code unit.
pub fn with_plain_lines(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n")
}

#[cfg(test)]
pub(crate) fn applied(text: &str, edit: &ChangeSet) -> Option<String> {
    let units: Vec<u16> = text.encode_utf16().collect();
    let (mut out, mut at) = (Vec::new(), 0);
    for section in &edit.0 {
        match section {
            Section::Keep(length) => {
                out.extend_from_slice(units.get(at..at + length)?);
                at += length;
            }
            Section::Change { removed, inserted } => {
                units.get(at..at + removed)?;
                at += removed;
                out.extend(inserted.encode_utf16());
            }
        }
    }
    (at == units.len()).then(|| String::from_utf16(&out).ok())?
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn codemirrors_form_is_read_and_written() {
        let json = json!([5, [2, "a", "b"], 3, [1], [0, "", ""]]);
        let edit = ChangeSet::read(&json).unwrap();
        assert_eq!(edit.write(), json);
        assert_eq!(edit.length_before(), 11);
        for bad in
            [json!([-1]), json!([["a"]]), json!([[1, 2]]), json!([[1, "a\nb"]]), json!({}), json!([1.5])]
        {
            assert_eq!(ChangeSet::read(&bad), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn the_edit_between_two_texts_makes_one_of_the_other(before in "[ab😀\n]{0,12}", after in "[ab😀\n]{0,12}") {
            let edit = ChangeSet::between(&before, &after);
            prop_assert_eq!(applied(&before, &edit), Some(after));
            prop_assert_eq!(edit.length_before(), utf16(&before));
            prop_assert_eq!(ChangeSet::read(&edit.write()), Some(edit));
        }
    }
}
