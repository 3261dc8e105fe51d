//! Runs stories: Markdown files whose `console` blocks are typed by real people at real peers.
//!
//! The same files are the demo (`./run demo`), the manual and a test (`./test`). See `tests/stories/README.md`
//! for how they are written. Not for: asserting speed.

mod cast;
mod expect;
mod story;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use cast::Cast;
use story::{Line, Story};
use wan::{Entered, Machine, NotAllowed, World};

const USAGE: &str =
    "usage: stories --althing PROGRAM --folder FOLDER [--keep] [--wan WORLD.toml] STORY.md ...
  --folder FOLDER  where homes and example folders are made; must be empty or absent
  --keep           afterwards leave the peers running until Enter, a closed input or Ctrl-C
  --wan WORLD      every person sits at the host of that name in this world (docs/wan.md)";

#[allow(clippy::print_stdout, clippy::print_stderr, reason = "printing is what this program is for")]
fn main() -> ExitCode {
    match run(std::env::args().skip(1)) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("Error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

struct Options {
    althing: PathBuf,
    folder: PathBuf,
    is_kept: bool,
    world: Option<PathBuf>,
    stories: Vec<PathBuf>,
}

fn options(mut arguments: impl Iterator<Item = String>) -> Result<Options> {
    let (mut althing, mut folder, mut is_kept, mut world, mut stories) =
        (None, None, false, None, Vec::new());
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--althing" => althing = arguments.next().map(PathBuf::from),
            "--folder" => folder = arguments.next().map(PathBuf::from),
            "--keep" => is_kept = true,
            "--wan" => world = Some(arguments.next().map(PathBuf::from).context(USAGE)?),
            other if other.starts_with('-') => bail!("unknown option {other}\n{USAGE}"),
            story => stories.push(PathBuf::from(story)),
        }
    }
    match (althing, folder) {
        (Some(althing), Some(folder)) if !stories.is_empty() => {
            Ok(Options { althing, folder, is_kept, world, stories })
        }
        _ => bail!("{USAGE}"),
    }
}

/// Runs every story, here or on the hosts of a world.
fn run(arguments: impl Iterator<Item = String>) -> Result<ExitCode> {
    let options = options(arguments)?;
    let mut stories = options.stories.iter().map(|path| Story::read(path)).collect::<Result<Vec<_>>>()?;
    let world = match &options.world {
        None => None,
        Some(file) => {
            let world = World::read(file)?;
            match wan::enter("stories")? {
                Entered::Ended(code) => return Ok(code),
                Entered::OnStage => Some(build(&world)?),
                Entered::NotAllowed(reason) => {
                    let (told, left_out) = stories.into_iter().partition(|story| !story.needs_world);
                    stories = told;
                    say_without_world(&reason, &left_out);
                    None
                }
            }
        }
    };
    let failed = tell(&options, &stories, world)?;
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Builds a world and says who is where.
#[allow(clippy::print_stdout, reason = "the story is told on stdout")]
fn build(world: &World) -> Result<Machine> {
    println!("{}", world.describe());
    Machine::build(world)
}

/// Says that there is no world here and what that means, in a line that `./test` shows.
#[allow(clippy::print_stdout, reason = "the story is told on stdout")]
fn say_without_world(NotAllowed { reason }: &NotAllowed, left_out: &[Story]) {
    let names: Vec<&str> = left_out.iter().map(|story| story.name.as_str()).collect();
    let without = if names.is_empty() { String::new() } else { format!(", without {}", names.join(", ")) };
    println!(
        "NOTE no WAN: this machine allows no worlds ({reason}); the stories run on loopback, undelayed{without}"
    );
}

/// Tells every story with one cast of peers and returns how many lines failed.
#[allow(clippy::print_stdout, reason = "the story is told on stdout")]
fn tell(options: &Options, stories: &[Story], world: Option<Machine>) -> Result<usize> {
    let mut cast = Cast::new(&options.althing, &options.folder, world)?;
    let (mut passed, mut failed) = (0, 0);
    for story in stories {
        cast.begin(story);
        for line in &story.lines {
            match line {
                Line::Prose(text) => println!("{text}"),
                Line::Typed(typed) => {
                    println!("  {}$ {}", typed.person, typed.command);
                    match cast.play(typed) {
                        Ok(output) => {
                            passed += 1;
                            output.lines().for_each(|line| println!("  {line}"));
                        }
                        Err(error) => {
                            failed += 1;
                            println!("  FAILED in {} line {}: {error:#}", story.name, typed.line);
                        }
                    }
                }
            }
            if failed > 0 && !options.is_kept {
                break;
            }
        }
    }
    if options.is_kept && failed == 0 {
        keep(&mut cast)?;
    }
    cast.stop_all().context("stopping the peers")?;
    if let Some(packets) = cast.packets() {
        println!("\nWhat crossed the Internet:\n{packets}");
    }
    println!("\n{passed} passed, {failed} failed");
    Ok(failed)
}

/// Shows where the pages are and waits; a letter makes a fresh link, since a link is good once, for 30 seconds.
#[allow(clippy::print_stdout, reason = "the story is told on stdout")]
fn keep(cast: &mut Cast) -> Result<()> {
    println!("\nThe peers run on. Their pages (each link works once, for 30 seconds):");
    for (person, link) in cast.links()? {
        println!("  {person:6} {link}");
    }
    println!("Type a name and Enter for a fresh link; Enter alone stops everything.");
    let mut line = String::new();
    loop {
        line.clear();
        if std::io::stdin().read_line(&mut line).context("reading a name")? == 0 {
            // Without a terminal there is nobody to press Enter: wait for the signal that ends the demo.
            cast.wait_for_signal();
            break;
        }
        match line.trim() {
            "" => break,
            name => match cast.link(name) {
                Ok(link) => println!("  {name:6} {link}"),
                Err(error) => println!("  {error:#}"),
            },
        }
    }
    Ok(())
}
