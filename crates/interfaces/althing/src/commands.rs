//! The command line, made of the table of operations and a few commands of its own.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use api::OperationEntry;
use base::{ByteCount, Fault};
use clap::builder::{PossibleValue, PossibleValuesParser};
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use serde_json::{Map, Value};

use crate::failure::{EXIT_CODES, Failure};
use crate::shape::{Form, Meaning, Property, Shape};

/// An operation with its words and arguments, as the command line offers it.
#[derive(Debug, Clone)]
pub(crate) struct Offered {
    pub(crate) entry: OperationEntry,
    pub(crate) words: Vec<&'static str>,
    /// Arguments without a name, in order.
    pub(crate) positional: Vec<&'static str>,
    pub(crate) arguments: Vec<Property>,
}

/// Returns the operations that have a command.
pub(crate) fn offered() -> Vec<Offered> {
    let offer = |entry: OperationEntry| {
        let (positional, words): (Vec<&str>, Vec<&str>) =
            entry.command.split_whitespace().partition(|word| word.starts_with('{'));
        let bare =
            |word: &'static str| word.trim_start_matches('{').trim_end_matches('}').trim_end_matches('?');
        let schema = (entry.arguments)().to_value();
        Offered {
            entry,
            words,
            positional: positional.into_iter().map(bare).collect(),
            arguments: Shape::of(&schema).arguments(),
        }
    };
    api::table().into_iter().filter(|entry| !entry.command.is_empty()).map(offer).collect()
}

/// Returns the whole command line.
pub(crate) fn command() -> Command {
    let mut tree = Branch::default();
    for offered in offered() {
        let words = offered.words.clone();
        tree.add(&words, offered);
    }
    let root = Command::new("althing")
        .about("A private web that belongs to its people")
        .version(env!("CARGO_PKG_VERSION"))
        .subcommand_required(true)
        .arg_required_else_help(true)
        .arg(
            Arg::new("json")
                .long("json")
                .global(true)
                .action(ArgAction::SetTrue)
                .help("Writes the answer as JSON; faults as JSON on stderr"),
        )
        .arg(
            Arg::new("home")
                .long("home")
                .global(true)
                .value_name("FOLDER")
                .value_parser(value_parser!(PathBuf))
                .help("The home of the peer; ALTHING_HOME if not said"),
        );
    root.subcommands(own())
        .subcommands(tree.into_commands())
        .mut_subcommand("words", |words| words.subcommand(new_words()))
}

/// Returns the command that is the peer itself.
fn start() -> Command {
    Command::new("start")
        .about("Starts the peer of this home and runs it until it is stopped")
        .arg(Arg::new("open").long("open").action(ArgAction::SetTrue).help("Opens the page in the browser"))
        .arg(
            Arg::new("port")
                .long("port")
                .value_name("NUMBER")
                .value_parser(value_parser!(u16))
                .help("The page's port, for this run; 0 is any free one"),
        )
        .arg(
            Arg::new("same-computer")
                .long("same-computer")
                .action(ArgAction::SetTrue)
                .help("Says of a home that looks like a copy: it is the only one, moved or restored"),
        )
        .arg(
            Arg::new("new-device")
                .long("new-device")
                .action(ArgAction::SetTrue)
                .conflicts_with("same-computer")
                .help("Makes of a home that is a copy a new computer: new keys, the contents, nothing else"),
        )
}

/// Returns the command that takes new recovery words: an operation that is asked for a secret, so no argument says it.
fn new_words() -> Command {
    Command::new("new")
        .about("Takes new recovery words in place of the old ones, for which it asks, on the terminal or from a pipe")
        .arg(
            Arg::new("revoke")
                .long("revoke")
                .value_name("DEVICE")
                .action(ArgAction::Append)
                .help("A computer that is not yours, though it came by the old words; may be said several times"),
        )
}

/// Returns the commands that are no operations.
fn own() -> Vec<Command> {
    let path = Arg::new("path").value_name("PATH").required(true);
    vec![
        start(),
        crate::key::command(),
        Command::new("cat")
            .about("Writes a file's bytes, verified, fetching what is not here")
            .arg(path.help("A file's path"))
            .arg(
                Arg::new("revision")
                    .long("revision")
                    .value_name("NUMBER")
                    .value_parser(value_parser!(u64))
                    .help("Which revision; the newest if not said"),
            ),
        Command::new("recover")
            .about("Makes this computer yours again: asks for your 24 recovery words, on the terminal or from a pipe")
            .arg(Arg::new("address").value_name("ADDRESS").required(true).help(
                "Where a member is found: what `althing address` says there, or any invitation of a web of yours",
            )),
        Command::new("log-export")
            .about("Writes the log of a web for other programs: who did what, when, and whether it counts")
            .arg(Arg::new("web").value_name("WEB").required(true).help("The web"))
            .arg(
                Arg::new("form")
                    .long("form")
                    .value_name("FORM")
                    .value_parser(["csv", "jsonl"])
                    .default_value("csv")
                    .help("A table for spreadsheets, or one JSON object a line"),
            )
            .arg(
                Arg::new("to")
                    .long("to")
                    .value_name("FILE")
                    .value_parser(value_parser!(PathBuf))
                    .help("A file that does not exist yet; standard output if not said"),
            ),
        Command::new("watch").about("Writes what happens, as it happens, until interrupted").arg(
            Arg::new("after")
                .long("after")
                .value_name("NUMBER")
                .value_parser(value_parser!(u64))
                .help("Begins after the event of this number; with what happens next if not said"),
        ),
        Command::new("config")
            .about("Settings")
            .subcommand_required(true)
            .arg_required_else_help(true)
            .subcommand(Command::new("show").about("Shows every setting, its value and where it comes from")),
        Command::new("completions").about("Writes completions for a shell").arg(
            Arg::new("shell")
                .value_name("SHELL")
                .required(true)
                .value_parser(value_parser!(clap_complete::Shell)),
        ),
        Command::new("commands").about("Writes the manual of all commands, as Markdown"),
        Command::new("faults").about("Writes all faults a person can meet, as Markdown"),
        Command::new("exit-codes")
            .about("Explains the exit codes")
            .long_about(format!("The exit codes of every command:\n\n{EXIT_CODES}")),
    ]
}

/// Commands on their way into clap: `web` has no operation of its own, `me` has one and a `set` below it.
#[derive(Debug, Default)]
struct Branch {
    offered: Option<Offered>,
    below: BTreeMap<&'static str, Branch>,
    order: Vec<&'static str>,
}

impl Branch {
    fn add(&mut self, words: &[&'static str], offered: Offered) {
        match words.split_first() {
            None => self.offered = Some(offered),
            Some((word, rest)) => {
                if !self.below.contains_key(word) {
                    self.order.push(word);
                }
                self.below.entry(word).or_default().add(rest, offered);
            }
        }
    }

    fn into_commands(mut self) -> Vec<Command> {
        let order = std::mem::take(&mut self.order);
        order.into_iter().filter_map(|word| Some(self.below.remove(word)?.into_command(word))).collect()
    }

    fn into_command(self, word: &'static str) -> Command {
        let command = match &self.offered {
            Some(offered) => operation(word, offered),
            None => Command::new(word)
                .about(format!("More: althing help {word}"))
                .subcommand_required(true)
                .arg_required_else_help(true),
        };
        command.args_conflicts_with_subcommands(true).subcommands(self.into_commands())
    }
}

fn operation(word: &'static str, offered: &Offered) -> Command {
    let mut command = Command::new(word).about(offered.entry.summary.trim_end_matches('.'));
    let mut named = Vec::new();
    for property in &offered.arguments {
        match offered.positional.iter().position(|name| *name == property.name) {
            Some(place) => command = command.arg(argument(property).index(place + 1)),
            None => named.push(argument(property).long(property.name.replace('_', "-"))),
        }
    }
    command = command.args(named);
    if offered.entry.follow.is_some() {
        let help = "Does not wait until it is done";
        command = command.arg(Arg::new("no-wait").long("no-wait").action(ArgAction::SetTrue).help(help));
    }
    command
}

fn argument(property: &Property) -> Arg {
    let arg = Arg::new(property.name.clone())
        .help(property.doc.trim_end_matches('.').to_owned())
        .value_name(value_name(property))
        .required(property.is_required && property.form != Form::Flag);
    match &property.form {
        Form::Flag => arg.action(ArgAction::SetTrue),
        Form::Whole(_) if property.meaning == Meaning::Bytes => {
            arg.value_parser(|text: &str| text.parse::<ByteCount>().map(|bytes| bytes.0))
        }
        Form::Whole(most) => arg.value_parser(value_parser!(u64).range(..=*most)),
        Form::Words(words) => {
            let word = |(word, doc): &(String, String)| PossibleValue::new(word.clone()).help(doc.clone());
            arg.value_parser(PossibleValuesParser::new(words.iter().map(word)))
        }
        Form::Text if property.meaning == Meaning::LocalPath => {
            arg.value_parser(value_parser!(PathBuf)).value_hint(clap::ValueHint::AnyPath)
        }
        Form::Texts => arg.num_args(1..).action(ArgAction::Append),
        Form::Text => arg,
    }
}

/// Returns how an argument's value is called in help and manual.
pub(crate) fn value_name(property: &Property) -> String {
    match property.form {
        Form::Whole(_) if property.meaning == Meaning::Bytes => "SIZE".to_owned(),
        Form::Whole(_) => "NUMBER".to_owned(),
        Form::Texts => format!("{}...", property.name.trim_end_matches('s').to_uppercase()),
        _ => property.name.to_uppercase(),
    }
}

/// Finds the operation that was typed, with its own matches.
pub(crate) fn typed<'a>(
    matches: &'a ArgMatches,
    offered: &'a [Offered],
) -> Option<(&'a Offered, &'a ArgMatches)> {
    let mut words = Vec::new();
    let mut here = matches;
    while let Some((word, below)) = here.subcommand() {
        words.push(word);
        here = below;
    }
    offered.iter().find(|one| one.words == words).map(|one| (one, here))
}

/// Makes the arguments of an operation out of what was typed.
pub(crate) fn arguments(offered: &Offered, matches: &ArgMatches) -> Result<Value, Fault> {
    let mut out = Map::new();
    for property in &offered.arguments {
        let name = property.name.as_str();
        let value = match &property.form {
            Form::Flag => matches.get_flag(name).then_some(Value::Bool(true)),
            Form::Whole(_) => matches.get_one::<u64>(name).map(|number| Value::from(*number)),
            Form::Text if property.meaning == Meaning::LocalOrTree => {
                let said = matches.get_one::<String>(name).cloned();
                let is_here = |text: &String| text.starts_with('.') || Path::new(text).exists();
                match said.as_ref().is_some_and(is_here) {
                    true => said.map(|text| whole_path(Path::new(&text))).transpose()?.map(Value::String),
                    false => said.map(Value::String),
                }
            }
            Form::Text if property.meaning == Meaning::LocalPath => {
                matches.get_one::<PathBuf>(name).map(|path| whole_path(path)).transpose()?.map(Value::String)
            }
            Form::Texts if property.meaning == Meaning::LocalPath => matches
                .get_many::<String>(name)
                .map(|paths| paths.map(|path| whole_path(Path::new(path)).map(Value::String)).collect())
                .transpose()?
                .map(Value::Array),
            Form::Texts => matches
                .get_many::<String>(name)
                .map(|texts| texts.cloned().map(Value::String).collect())
                .map(Value::Array),
            Form::Text | Form::Words(_) => matches.get_one::<String>(name).cloned().map(Value::String),
        };
        if let Some(value) = value {
            out.insert(name.to_owned(), value);
        }
    }
    Ok(Value::Object(out))
}

/// Names a path from the root on: the peer has another present folder.
fn whole_path(path: &Path) -> Result<String, Fault> {
    let whole = std::fs::canonicalize(path)
        .or_else(|_missing| std::path::absolute(path))
        .map_err(|error| Failure::NoFolder { why: error.to_string() })?;
    let text = whole.to_str().ok_or_else(|| Failure::PathNotText { path: whole.display().to_string() })?;
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn parse(line: &str) -> Result<(String, Value), String> {
        let words = std::iter::once("althing").chain(line.split(' ').filter(|word| !word.is_empty()));
        let matches = command().try_get_matches_from(words).map_err(|error| error.to_string())?;
        let offered = offered();
        let (one, matches) = typed(&matches, &offered).ok_or("no operation")?;
        Ok((one.entry.name.to_owned(), arguments(one, matches).map_err(|fault| fault.what)?))
    }

    #[test]
    fn the_command_line_is_sound() {
        command().debug_assert();
    }

    #[test]
    fn what_is_typed_becomes_arguments() {
        let check = |line: &str, name: &str, arguments: Value| {
            assert_eq!(parse(line), Ok((name.to_owned(), arguments)), "{line}");
        };
        check("me", "people.me", json!({}));
        check("me set Alice", "people.introduce", json!({"name": "Alice"}));
        check("web start family", "people.start_web", json!({"name": "family"}));
        check("web list --json", "people.webs", json!({}));
        check("ls", "files.list", json!({}));
        check("ls family --limit 5", "files.list", json!({"path": "family", "limit": 5}));
        check(
            "get a/b/c --to / --revision 3",
            "files.get",
            json!({"path": "a/b/c", "to": "/", "revision": 3}),
        );
        check("get a --no-wait", "files.get", json!({"path": "a"}));
        check(
            "invite f --uses 3 --approve --role admin",
            "people.invite",
            json!({"web": "f", "uses": 3, "approve": true, "role": "admin"}),
        );
        check("invite f", "people.invite", json!({"web": "f"}));
        check("serve f --mirror 100GB", "people.serve", json!({"web": "f", "mirror": 100_000_000_000_u64}));
        check(
            "web with three Bob Carol",
            "people.start_web_with",
            json!({"name": "three", "persons": ["Bob", "Carol"]}),
        );
        check("name f Bob Bobby", "people.name", json!({"web": "f", "person": "Bob", "petname": "Bobby"}));
        check("name f Bob --clear", "people.name", json!({"web": "f", "person": "Bob", "clear": true}));
        check("role f bob admin", "people.set_role", json!({"web": "f", "person": "bob", "role": "admin"}));
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        for line in [
            "",
            "me set",
            "role f bob king",
            "invite f --uses -1",
            "invite f --uses 4294967296",
            "serve f --mirror much",
            "web",
            "nothing",
            "ls --no-wait",
            "web with three",
        ] {
            assert!(parse(line).is_err(), "{line}");
        }
    }

    #[test]
    fn paths_of_this_computer_are_named_from_the_root_on() {
        let here = std::env::current_dir().unwrap().canonicalize().unwrap();
        assert_eq!(whole_path(Path::new("src")), Ok(here.join("src").to_str().unwrap().to_owned()));
        assert_eq!(
            whole_path(Path::new("not/there")),
            Ok(here.join("not/there").to_str().unwrap().to_owned())
        );
        assert_eq!(whole_path(Path::new("src/../src/")), Ok(here.join("src").to_str().unwrap().to_owned()));
    }

    #[test]
    fn every_place_in_a_command_is_an_argument_of_its_operation() {
        for one in offered() {
            for name in &one.positional {
                assert!(
                    one.arguments.iter().any(|property| property.name == *name),
                    "{} {name}",
                    one.entry.name
                );
            }
        }
    }
}
