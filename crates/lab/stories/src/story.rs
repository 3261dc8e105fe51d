//! Reads a story: prose, and lines typed by people with the output they expect.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

/// One thing typed by one person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Typed {
    pub(crate) person: String,
    pub(crate) command: String,
    /// Whether the command is repeated until its output is as expected (`$~`).
    pub(crate) is_repeated: bool,
    pub(crate) expected: Vec<String>,
    pub(crate) line: usize,
}

/// A piece of a story.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Line {
    Prose(String),
    Typed(Typed),
}

/// A story.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Story {
    pub(crate) name: String,
    /// Whether it is of the folder `wan`: it tells of hosts at several places and is not true on one.
    pub(crate) needs_world: bool,
    /// Where it lies, with what it uses: `$STORY_FOLDER` in its commands.
    pub(crate) folder: PathBuf,
    pub(crate) lines: Vec<Line>,
}

impl Story {
    /// Reads a story from its file.
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let text =
            std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let needs_world =
            path.parent().is_some_and(|folder| folder.ends_with("wan") || folder.ends_with("two-homes"));
        let folder = path.canonicalize()?.parent().map(Path::to_path_buf).unwrap_or_default();
        let lines = parse(&text).with_context(|| format!("in {name}"))?;
        Ok(Self { name, needs_world, folder, lines })
    }
}

fn parse(text: &str) -> Result<Vec<Line>> {
    let mut lines = Vec::new();
    let mut is_console = false;
    for (index, line) in text.lines().enumerate() {
        if line.starts_with("```") {
            is_console = !is_console && line == "```console";
            continue;
        }
        if !is_console {
            lines.push(Line::Prose(line.to_owned()));
        } else if let Some((person, is_repeated, command)) = prompt(line) {
            let (person, command) = (person.to_owned(), command.to_owned());
            lines.push(Line::Typed(Typed {
                person,
                command,
                is_repeated,
                expected: Vec::new(),
                line: index + 1,
            }));
        } else {
            match lines.last_mut() {
                Some(Line::Typed(typed)) => typed.expected.push(line.to_owned()),
                _ => bail!("line {}: output before anything was typed", index + 1),
            }
        }
    }
    Ok(lines)
}

/// Takes `alice$ command` or `alice$~ command` apart.
fn prompt(line: &str) -> Option<(&str, bool, &str)> {
    let (person, rest) = line.split_once('$')?;
    let is_name = !person.is_empty() && person.bytes().all(|byte| byte.is_ascii_lowercase());
    let (is_repeated, rest) = match rest.strip_prefix('~') {
        Some(rest) => (true, rest),
        None => (false, rest),
    };
    is_name.then_some((person, is_repeated, rest.strip_prefix(' ')?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prose_commands_and_output_are_told_apart() {
        let lines = parse("# One\n```console\nalice$ althing me\nname: Alice\nbob$~ ls\n```\nEnd").unwrap();
        let typed = |person: &str, command: &str, is_repeated, expected: &[&str], line| {
            Line::Typed(Typed {
                person: person.to_owned(),
                command: command.to_owned(),
                is_repeated,
                expected: expected.iter().map(ToString::to_string).collect(),
                line,
            })
        };
        let expected = [
            Line::Prose("# One".to_owned()),
            typed("alice", "althing me", false, &["name: Alice"], 3),
            typed("bob", "ls", true, &[], 5),
            Line::Prose("End".to_owned()),
        ];
        assert_eq!(lines, expected);
    }

    #[test]
    fn output_without_a_command_is_an_error() {
        assert!(parse("```console\nwho says this?\n```").is_err());
    }
}
