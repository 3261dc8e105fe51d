//! Recovery words on the command line: coming back with them, and taking new ones.

use std::io::{BufRead as _, IsTerminal as _};
use std::path::Path;
use std::time::{Duration, Instant};

use base::Timestamp;
use clap::ArgMatches;
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::line::Line;
use crate::out::{self, Stop};
use crate::shape::Shape;
use crate::{show, words};

/// Words of one person.
const COUNT: usize = 24;

/// How long is waited for members; the peer goes on asking when this is over.
const PATIENCE: Duration = Duration::from_mins(2);

const PAUSE: Duration = Duration::from_millis(300);

/// Makes new words with the old ones, which are read like those of [`recover`], and shows them.
pub(crate) async fn renew(home: &Path, matches: &ArgMatches, is_json: bool) -> Result<(), Stop> {
    let revoke: Vec<&String> = matches.get_many::<String>("revoke").into_iter().flatten().collect();
    let mut line = Line::open(home).await?;
    let status = line.ask("host.status", &json!({})).await?;
    // Words that were never written down are still here: nobody can say them.
    let is_here = status.get("words_waiting").and_then(Value::as_bool).unwrap_or_default();
    let said = if is_here { String::new() } else { read_words()? };
    let shown = line.ask("host.new_words", &json!({ "words": said, "revoke": revoke })).await?;
    let text = if is_json {
        words::json(&shown) + "\n"
    } else {
        let schema = api::answer_schema::<api::host::AskNewWords>().to_value();
        show::object(&shown, Shape::of(&schema), Timestamp::default())
    };
    out::data(text.as_bytes())?;
    out::talk(
        "The old words count until you have said three of the new ones: althing words check \"WORD WORD WORD\"\n",
    );
    Ok(())
}

/// Reads the words from the terminal or a pipe, never from the arguments: those are seen by other programs.
pub(crate) async fn recover(home: &Path, matches: &ArgMatches) -> Result<(), Stop> {
    let address = matches.get_one::<String>("address").map_or("", String::as_str);
    let mut line = Line::open(home).await?;
    let said = read_words()?;
    let asked = json!({ "words": said, "address": address });
    line.ask("host.recover", &asked).await?;
    let begun = Instant::now();
    let mut told = String::new();
    loop {
        let devices = line.ask("people.devices", &json!({})).await?;
        let note = devices.get("note").and_then(Value::as_str).unwrap_or_default();
        if note.is_empty() {
            return say_webs(&mut line).await;
        }
        if note != told {
            out::talk(&format!("{}\n", words::harmless(note)));
            note.clone_into(&mut told);
        }
        if note.contains("check the words") || begun.elapsed() > PATIENCE {
            let state = "waiting".to_owned();
            return Err(Failure::NotDone { what: note.to_owned(), state }.into());
        }
        tokio::time::sleep(PAUSE).await;
    }
}

async fn say_webs(line: &mut Line) -> Result<(), Stop> {
    let me = line.ask("people.me", &json!({})).await?;
    let webs = line.ask("people.webs", &json!({})).await?;
    let name = me.get("name").and_then(Value::as_str).unwrap_or_default();
    let webs = webs.get("webs").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let names: Vec<&str> = webs.iter().filter_map(|web| web.get("name")?.as_str()).collect();
    let names = names.join(", ");
    let text = format!(
        "This computer is {name}'s again, in {names}. What was lost is ended by: althing device revoke DEVICE"
    );
    out::data((words::harmless(&text) + "\n").as_bytes())
}

/// Reads lines until there are 24 words, or no more lines.
fn read_words() -> Result<String, Stop> {
    let input = std::io::stdin().lock();
    if input.is_terminal() {
        out::talk("Your 24 recovery words, in their order; on as many lines as you like:\n");
    }
    let mut said = String::new();
    for read in input.lines() {
        said.push_str(&read.map_err(|error| Failure::Input { why: error.to_string() })?);
        said.push(' ');
        let is_word = |word: &&str| word.chars().any(char::is_alphabetic);
        if said.split_whitespace().filter(is_word).count() >= COUNT {
            break;
        }
    }
    Ok(said)
}
