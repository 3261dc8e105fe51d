//! What an agent is given and what it gives back: JSON, small, and checked (spec agents, rules 8 to 13).

use std::fmt::Write as _;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::statement::is_hidden;

/// First bytes of a file that an agent is given.
pub const HEAD_SIZE_MAX: usize = 16 * 1024;

/// Bytes of an event at most, without heads.
pub(crate) const EVENT_SIZE_MAX: usize = 64 * 1024;

/// Actions of one run at most.
pub(crate) const ACTIONS_MAX: usize = 32;

/// Bytes of a title, and of what an agent says of a run, at most.
pub(crate) const TITLE_SIZE_MAX: usize = 120;

/// Bytes of a text at most.
pub(crate) const TEXT_SIZE_MAX: usize = 2_000;

/// Bytes of a reason at most: one sentence.
pub(crate) const WHY_SIZE_MAX: usize = 200;

/// What an agent asks for. Hostile until [`read`] has checked it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) enum Action {
    /// Tell the person something.
    Notice {
        title: String,
        #[serde(default)]
        text: String,
    },
    /// Have the guard warn of a file.
    Warn { path: String, why: String },
    /// Have the guard hold a file.
    Hold { path: String, why: String },
}

/// What an agent gave back.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Given {
    /// Actions in order; one that cannot be understood comes with the reason.
    pub(crate) actions: Vec<Result<Action, String>>,
    /// What it will remember, as JSON; none when it remembers what it did.
    pub(crate) state: Option<String>,
    /// For whoever looks after it.
    pub(crate) said: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    #[serde(default)]
    actions: Vec<Value>,
    #[serde(default)]
    state: Option<Value>,
    #[serde(default)]
    log: String,
}

/// What an agent is given besides the event.
#[derive(Debug)]
pub(crate) struct Setting<'a> {
    pub(crate) now_ms: u64,
    pub(crate) web: &'a str,
    pub(crate) agent: &'a str,
    pub(crate) may: &'a [String],
    pub(crate) settings: &'a str,
    pub(crate) missed: u64,
}

/// Writes what an agent is given.
pub(crate) fn write(given: &Setting<'_>, event: &Value, state: &Value) -> Vec<u8> {
    let document = json!({
        "now": given.now_ms,
        "web": given.web,
        "agent": given.agent,
        "may": given.may,
        "settings": given.settings,
        "missed": given.missed,
        "event": event,
        "state": state,
    });
    document.to_string().into_bytes()
}

/// The disk that this computer's own things are on, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Disk {
    /// What can still be written.
    pub free: u64,
    /// All of it.
    pub size: u64,
}

/// Puts the first bytes of files into a document, each at its place in the event's list; as text, and the first 16 as digits.
///
/// Bytes that are no UTF-8 become U+FFFD. A document or place that is not as [`crate::jobs::Run`] says stays as it is. How full
/// the disk is stands in the event, too, when it was measured.
pub fn completed(document: Vec<u8>, heads: &[(u32, Vec<u8>)], disk: Option<Disk>) -> Vec<u8> {
    let Ok(mut value) = serde_json::from_slice::<Value>(&document) else { return document };
    if let (Some(disk), Some(event)) = (disk, value.get_mut("event").and_then(Value::as_object_mut)) {
        event.insert("disk".to_owned(), json!({ "free": disk.free, "size": disk.size }));
    }
    for (place, bytes) in heads {
        let bytes = bytes.get(..HEAD_SIZE_MAX).unwrap_or(bytes);
        let files = value.get_mut("event").and_then(|event| event.get_mut("files"));
        let file = files.and_then(|files| files.get_mut(*place as usize)).and_then(Value::as_object_mut);
        if let Some(file) = file {
            let mut first = String::new();
            for byte in bytes.iter().take(16) {
                let _is_written = write!(first, "{byte:02x}").is_ok();
            }
            file.insert("first".to_owned(), first.into());
            file.insert("text".to_owned(), String::from_utf8_lossy(bytes).into_owned().into());
        }
    }
    value.to_string().into_bytes()
}

/// Reads what an agent gave back; the error is a part of a sentence. Nothing of a wrong one counts.
pub(crate) fn read(bytes: &[u8], state_bytes_max: u32) -> Result<Given, String> {
    let raw: Raw = serde_json::from_slice(bytes)
        .map_err(|error| format!("its answer is not what it should be: {error}"))?;
    if raw.actions.len() > ACTIONS_MAX {
        return Err(format!("it asked for {} actions, {ACTIONS_MAX} are allowed", raw.actions.len()));
    }
    let state = raw.state.map(|state| state.to_string());
    if let Some(state) = &state
        && state.len() > state_bytes_max as usize
    {
        return Err(format!("it wants to remember {} bytes, {state_bytes_max} are allowed", state.len()));
    }
    let actions = raw.actions.into_iter().map(action).collect();
    Ok(Given { actions, state, said: shown(&raw.log, TITLE_SIZE_MAX) })
}

fn action(value: Value) -> Result<Action, String> {
    let action: Action =
        serde_json::from_value(value).map_err(|error| format!("it cannot be understood: {error}"))?;
    let is_plain =
        |text: &str, size_max: usize| (1..=size_max).contains(&text.len()) && !text.chars().any(is_hidden);
    match &action {
        Action::Notice { title, text } => {
            let is_text = text.len() <= TEXT_SIZE_MAX && !text.chars().any(|c| is_hidden(c) && c != '\n');
            if !is_plain(title, TITLE_SIZE_MAX) || !is_text {
                return Err(format!(
                    "its title has 1 to {TITLE_SIZE_MAX} bytes and its text up to {TEXT_SIZE_MAX}, without control characters"
                ));
            }
        }
        Action::Warn { path, why } | Action::Hold { path, why } => {
            if !is_plain(why, WHY_SIZE_MAX) || path.len() > 4_096 {
                return Err(format!("its reason has 1 to {WHY_SIZE_MAX} bytes, without control characters"));
            }
        }
    }
    Ok(action)
}

/// Makes a text of an agent fit for a line: cut, and without what hides or turns text.
pub(crate) fn shown(text: &str, size_max: usize) -> String {
    let mut text: String = text.chars().map(|c| if is_hidden(c) { ' ' } else { c }).collect();
    text.truncate(text.floor_char_boundary(size_max));
    text
}
