//! From what was typed to an exit code.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use base::{Fault, Timestamp};
use clap::ArgMatches;
use serde_json::{Value, json};

use crate::commands::{self, Offered};
use crate::failure::{self, Failure};
use crate::line::Line;
use crate::out::{self, Stop};
use crate::shape::Shape;
use crate::{catalogue, follow, key, own, recover, show, start, words};

/// Pages of a list that are read on at most: a folder of a million entries.
const PAGES_MAX: usize = 1_000;

/// Runs what was typed.
pub(crate) fn run() -> ExitCode {
    let matches = commands::command().get_matches();
    let is_json = matches.get_flag("json");
    match carry_out(&matches, is_json) {
        Ok(()) | Err(Stop::NoReader) => ExitCode::SUCCESS,
        Err(Stop::Fault(fault)) => {
            out::talk(&match is_json {
                true => words::json(&json!(fault)) + "\n",
                false => failure::text(&fault),
            });
            ExitCode::from(failure::exit_code(fault.kind))
        }
    }
}

fn carry_out(matches: &ArgMatches, is_json: bool) -> Result<(), Stop> {
    match matches.subcommand() {
        Some(("completions", below)) => return own::completions(below),
        Some(("commands", _)) => return own::manual(),
        Some(("faults", _)) => return out::data(catalogue::page().as_bytes()),
        Some(("exit-codes", _)) => return own::exit_codes(),
        _ => {}
    }
    let home = home(matches)?;
    let words = matches.subcommand_matches("words");
    if let Some(below) = words.and_then(|words| words.subcommand_matches("new")) {
        return wait_for(recover::renew(&home, below, is_json));
    }
    match matches.subcommand() {
        Some(("start", below)) => start::run(&home, below),
        Some(("key", below)) => key::run(&home, below, is_json),
        Some(("config", _)) => own::config_show(&home, is_json),
        Some(("cat", below)) => wait_for(own::cat(&home, below)),
        Some(("recover", below)) => wait_for(recover::recover(&home, below)),
        Some(("log-export", below)) => wait_for(own::log_export(&home, below)),
        Some(("watch", below)) => wait_for(own::watch(&home, below, is_json)),
        _ => {
            let offered = commands::offered();
            match commands::typed(matches, &offered) {
                Some((one, below)) => wait_for(ask(&home, one, below, is_json)),
                None => Ok(()),
            }
        }
    }
}

fn home(matches: &ArgMatches) -> Result<PathBuf, Fault> {
    match matches.get_one::<PathBuf>("home") {
        Some(home) => {
            std::path::absolute(home).map_err(|error| Failure::NoFolder { why: error.to_string() }.into())
        }
        None => peer::home_from_environment().map_err(Fault::from),
    }
}

pub(crate) fn wait_for(work: impl Future<Output = Result<(), Stop>>) -> Result<(), Stop> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::CannotStart { why: error.to_string() })?
        .block_on(work)
}

async fn ask(
    home: &std::path::Path,
    offered: &Offered,
    matches: &ArgMatches,
    is_json: bool,
) -> Result<(), Stop> {
    let arguments = commands::arguments(offered, matches)?;
    let mut line = Line::open(home).await?;
    let entry = &offered.entry;
    let mut answer = line.ask(entry.name, &arguments).await?;
    if let Some(operation) = entry.follow.filter(|_| !matches.get_flag("no-wait")) {
        answer = follow::follow(&mut line, operation, answer).await?;
    }
    read_on(&mut line, offered, &arguments, &mut answer).await?;
    let text = if is_json {
        words::json(&answer) + "\n"
    } else {
        let schema = (entry.answer)().to_value();
        let shape = Shape::of(&schema);
        match entry.says {
            "" => show::object(&answer, shape, now()),
            says => show::sentence(says, &answer, shape, &arguments, now()),
        }
    };
    out::data(text.as_bytes())
}

/// Reads a list to its end when neither a beginning nor a length was asked for.
async fn read_on(
    line: &mut Line,
    offered: &Offered,
    arguments: &Value,
    answer: &mut Value,
) -> Result<(), Fault> {
    let goes_on = offered.arguments.iter().any(|one| one.name == "after");
    if !goes_on || arguments.get("after").is_some() || arguments.get("limit").is_some() {
        return Ok(());
    }
    for _ in 0..PAGES_MAX {
        let Some(next) = answer.get("next").filter(|next| !next.is_null()).cloned() else { return Ok(()) };
        let mut further = arguments.clone();
        if let Some(further) = further.as_object_mut() {
            further.insert("after".to_owned(), next);
        }
        let page = line.ask(offered.entry.name, &further).await?;
        let (Some(answer), Value::Object(page)) = (answer.as_object_mut(), page) else { return Ok(()) };
        for (name, value) in page {
            match (answer.get_mut(&name), value) {
                (Some(Value::Array(items)), Value::Array(more)) => items.extend(more),
                (_, value) => drop(answer.insert(name, value)),
            }
        }
    }
    Ok(())
}

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_millis(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}
