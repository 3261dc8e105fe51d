//! The program's own commands, but `start`.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use base::{Fault, Timestamp};
use clap::ArgMatches;
use serde_json::{Value, json};

use crate::failure::{EXIT_CODES, Failure};
use crate::line::{self, Line};
use crate::out::{self, Stop};
use crate::{commands, happened, manual, words};

/// Writes a file's bytes.
pub(crate) async fn cat(home: &Path, matches: &ArgMatches) -> Result<(), Stop> {
    let path = matches.get_one::<String>("path").map_or("", String::as_str);
    let revision =
        matches.get_one::<u64>("revision").map_or_else(String::new, |number| format!("&revision={number}"));
    let mut line = Line::open(home).await?;
    let mut stream = line.stream(&format!("/content?path={}{revision}", in_query(path))).await?;
    let mut harmless = Harmless { is_on: out::is_data_seen(), is_after_c2: false };
    while let Some(bytes) = line::next(&mut stream).await? {
        out::data(&harmless.pass(&bytes))?;
    }
    Ok(())
}

/// Takes what could steer a terminal out of bytes on their way to one.
#[derive(Debug)]
struct Harmless {
    is_on: bool,
    /// The last byte began a character that may be a control one (U+0080 to U+009F).
    is_after_c2: bool,
}

impl Harmless {
    fn pass(&mut self, bytes: &[u8]) -> Vec<u8> {
        if !self.is_on {
            return bytes.to_vec();
        }
        let mut out = Vec::with_capacity(bytes.len());
        for byte in bytes {
            let is_control = matches!(byte, 0..=8 | 0x0b..=0x1f | 0x7f)
                || (self.is_after_c2 && *byte < 0xa0 && *byte >= 0x80);
            self.is_after_c2 = *byte == 0xc2;
            out.push(if is_control { b'?' } else { *byte });
        }
        out
    }
}

/// Writes the log of a web into a file, or to standard output.
pub(crate) async fn log_export(home: &Path, matches: &ArgMatches) -> Result<(), Stop> {
    let text = |name: &str| matches.get_one::<String>(name).cloned().unwrap_or_default();
    let mut line = Line::open(home).await?;
    let asked = json!({ "web": text("web"), "form": text("form") });
    let answer = line.ask("people.audit_export", &asked).await?;
    let written = answer.get("text").and_then(Value::as_str).unwrap_or_default();
    match matches.get_one::<PathBuf>("to") {
        None => out::data(written.as_bytes()),
        Some(file) => {
            let cannot =
                |error: std::io::Error| Failure::Output { why: format!("{}: {error}", file.display()) };
            // What stands there already is not overwritten.
            let mut new = File::create_new(file).map_err(cannot)?;
            new.write_all(written.as_bytes()).and_then(|()| new.sync_all()).map_err(cannot)?;
            let acts = answer.get("acts").and_then(Value::as_u64).unwrap_or_default();
            out::data(
                format!("{acts} acts are in {}\n", words::harmless(&file.display().to_string())).as_bytes(),
            )
        }
    }
}

/// Writes events as they come.
pub(crate) async fn watch(home: &Path, matches: &ArgMatches, is_json: bool) -> Result<(), Stop> {
    let after = matches.get_one::<u64>("after").map_or_else(String::new, |number| format!("?after={number}"));
    let mut line = Line::open(home).await?;
    let mut stream = line.stream(&format!("/api/events{after}")).await?;
    let mut waiting: Vec<u8> = Vec::new();
    while let Some(bytes) = line::next(&mut stream).await? {
        waiting.extend_from_slice(&bytes);
        while let Some(end) = waiting.windows(2).position(|two| two == b"\n\n") {
            let message: Vec<u8> = waiting.drain(..end.saturating_add(2)).collect();
            if let Some(text) = told(&String::from_utf8_lossy(&message), is_json) {
                out::data(text.as_bytes())?;
            }
        }
    }
    Ok(())
}

/// Writes one message of the stream, if it says something.
fn told(message: &str, is_json: bool) -> Option<String> {
    let field = |name: &str| message.lines().find_map(|line| line.strip_prefix(name));
    let value: Value = serde_json::from_str(field("data: ")?).ok()?;
    match field("event: ")? {
        "happened" if is_json => Some(words::json_line(&value) + "\n"),
        "happened" => {
            let at = value
                .get("at")
                .and_then(Value::as_u64)
                .map_or_else(Timestamp::default, Timestamp::from_millis);
            let kind = value.get("kind").and_then(Value::as_str).unwrap_or("");
            let about = value.get("about").unwrap_or(&Value::Null);
            let what = happened::sentence(kind, about)
                .unwrap_or_else(|| format!("{}  {}", words::harmless(kind), words::json_line(about)));
            Some(format!("{}  {what}\n", words::exact(at)))
        }
        "reload" => {
            out::talk("Some events are kept no more: what follows begins now.\n");
            None
        }
        _ => None,
    }
}

/// Writes all settings.
pub(crate) fn config_show(home: &Path, is_json: bool) -> Result<(), Stop> {
    let config = peer::Config::load_with_remembered(home).map_err(Fault::from)?;
    let settings = config.settings();
    if is_json {
        let one = |setting: &peer::Setting| {
            json!({ "key": setting.key, "value": setting.value, "origin": setting.origin.word(),
                    "what": setting.what, "default": setting.default, "when": setting.when })
        };
        let answer = json!({ "home": home.display().to_string(), "settings": settings.iter().map(one).collect::<Vec<_>>() });
        return out::data((words::json(&answer) + "\n").as_bytes());
    }
    let mut text = format!("# {}\n", words::harmless(&home.join(peer::CONFIG_FILE).display().to_string()));
    for setting in settings {
        text.push_str(&format!(
            "\n# {}\n# default {}; takes effect {}\n{} = {}  # {}\n",
            setting.what,
            setting.default,
            setting.when,
            setting.key,
            words::harmless(&setting.value),
            setting.origin.word()
        ));
    }
    out::data(text.as_bytes())
}

/// Writes completions.
pub(crate) fn completions(matches: &ArgMatches) -> Result<(), Stop> {
    let Some(shell) = matches.get_one::<clap_complete::Shell>("shell") else { return Ok(()) };
    let mut bytes = Vec::new();
    clap_complete::generate(*shell, &mut commands::command(), "althing", &mut bytes);
    out::data(&bytes)
}

/// Writes the manual.
pub(crate) fn manual() -> Result<(), Stop> {
    out::data(manual::operations().as_bytes())
}

/// Writes the list of exit codes.
pub(crate) fn exit_codes() -> Result<(), Stop> {
    out::data(EXIT_CODES.as_bytes())
}

fn in_query(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_cannot_steer_a_terminal_but_pass_unchanged_into_files() {
        let hostile = "a\u{1b}]0;x\u{7}b\u{9b}31mü木\tx\n".as_bytes();
        let mut on = Harmless { is_on: true, is_after_c2: false };
        let (first, second) = hostile.split_at(9);
        let shown = [on.pass(first), on.pass(second)].concat();
        assert!(
            !shown.contains(&0x1b)
                && !shown.contains(&7)
                && String::from_utf8_lossy(&shown).contains("ü木\tx\n")
        );
        assert!(!String::from_utf8_lossy(&shown).contains('\u{9b}'));
        assert_eq!(Harmless { is_on: false, is_after_c2: false }.pass(hostile), hostile);
    }

    #[test]
    fn events_are_lines() {
        let message = "id: 7\nevent: happened\ndata: {\"number\":7,\"at\":0,\"kind\":\"files.changed\",\"about\":{\"a\":\"\u{202e}\"}}\n\n";
        assert_eq!(
            told(message, false),
            Some("1970-01-01 00:00:00 UTC  files.changed  {\"a\":\"\\u202e\"}\n".to_owned())
        );
        assert!(told(message, true).unwrap().starts_with("{\"number\":7,"));
        assert_eq!(told("event: hello\ndata: {\"last\":7}\n\n", false), None);
        assert_eq!(told(":\n\n", false), None);
    }

    #[test]
    fn any_path_fits_into_a_query() {
        assert_eq!(in_query("a/b c&d=é#?"), "a/b%20c%26d%3D%C3%A9%23%3F");
    }
}
