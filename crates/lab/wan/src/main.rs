//! The program: builds a world and runs a command in it, or on one host of a world that stands.

mod ping;

use std::io::Write as _;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use wan::{Entered, Forwarder, Machine, NotAllowed, World, command_in, enter, standing};

const USAGE: &str = "usage: wan check                            says whether this machine allows worlds
       wan show WORLD.toml                  says who is where
       wan up WORLD.toml                    builds a world that stands until Ctrl-C
       wan run WORLD.toml HOST COMMAND ...  builds a world, runs a command on one of its hosts, takes it down
       wan measure WORLD.toml FROM TO ...   builds a world and lets one host ask others 500 times
       wan exec HOST COMMAND ...            runs a command on a host of the world that stands
       wan line WORLD.toml SITE IP:PORT     lays a line like that site's to a UDP port, without namespaces
       wan echo                             on a host: answers wan ping
       wan ping COUNT ADDRESS ...           on a host: asks COUNT times who runs wan echo there";

/// How often `wan measure` asks.
const MEASURED_COUNT: u32 = 500;

#[expect(clippy::print_stderr, reason = "printing is what this program is for")]
fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    run(&words).unwrap_or_else(|error| {
        eprintln!("Error: {error:#}");
        ExitCode::FAILURE
    })
}

fn run(words: &[&str]) -> Result<ExitCode> {
    match words {
        ["check"] => check(),
        ["show", world] => say(&World::read(Path::new(world))?.describe()),
        ["up", file] => on_stage(file, |machine| stand(&machine)),
        ["run", file, host, program, arguments @ ..] => on_stage(file, |machine| {
            let mut command = machine.command(host, Path::new(program))?;
            status(command.args(arguments))
        }),
        ["measure", file, from, to @ ..] if !to.is_empty() => {
            on_stage(file, |machine| say(&ping::measure(&machine, from, to, MEASURED_COUNT)?))
        }
        ["line", file, site, target] => line(&World::read(Path::new(file))?, site, target),
        ["echo"] => ping::echo(),
        ["ping", count, addresses @ ..] if !addresses.is_empty() => {
            let count = count.parse().with_context(|| format!("{count:?} is no number"))?;
            let parsed =
                addresses.iter().map(|text| text.parse().with_context(|| format!("{text:?} is no address")));
            say(&ping::ping(&parsed.collect::<Result<Vec<IpAddr>>>()?, count)?)
        }
        ["exec", host, program, arguments @ ..] => {
            status(command_in(the_one_with(host)?, host).arg(program).args(arguments))
        }
        _ => bail!("{USAGE}"),
    }
}

fn check() -> Result<ExitCode> {
    match enter("check")? {
        Entered::OnStage => say("This machine allows worlds.\n"),
        Entered::Ended(code) => Ok(code),
        Entered::NotAllowed(NotAllowed { reason }) => bail!("this machine allows no worlds: {reason}"),
    }
}

#[expect(clippy::print_stdout, reason = "printing is what this program is for")]
fn say(text: &str) -> Result<ExitCode> {
    print!("{text}");
    std::io::stdout().flush().context("writing to stdout")?;
    Ok(ExitCode::SUCCESS)
}

/// Does something with a world, on a stage of its own.
fn on_stage(file: &str, what: impl FnOnce(Machine) -> Result<ExitCode>) -> Result<ExitCode> {
    // Read outside, too: a bad file is reported before anything is built.
    let world = World::read(Path::new(file))?;
    let name = PathBuf::from(file).file_stem().unwrap_or_default().to_string_lossy().into_owned();
    match enter(&name)? {
        Entered::OnStage => what(Machine::build(&world)?),
        Entered::Ended(code) => Ok(code),
        Entered::NotAllowed(NotAllowed { reason }) => bail!("this machine allows no worlds: {reason}"),
    }
}

/// Lets a world stand. It ends when the program outside ends, which Ctrl-C does.
#[expect(clippy::infinite_loop, reason = "the kernel ends this process when the one outside ends")]
fn stand(machine: &Machine) -> Result<ExitCode> {
    let end = "The world stands until Ctrl-C. In another terminal: wan exec HOST COMMAND\n";
    say(&(machine.world().describe() + end))?;
    loop {
        std::thread::sleep(Duration::from_secs(3600));
    }
}

/// Lays a line on loopback that stands until Ctrl-C.
fn line(world: &World, site: &str, target: &str) -> Result<ExitCode> {
    let found = world.sites.iter().find(|one| one.name == site);
    let site = found.with_context(|| format!("no site of this world is called {site}"))?;
    let target = target.parse().with_context(|| format!("{target:?} is no IP:PORT"))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("starting")?;
    runtime.block_on(async {
        let line = Forwarder::begin(target, site.quality(), world.seed).await?;
        say(&format!("{} leads to {target} until Ctrl-C\n", line.address()))?;
        tokio::signal::ctrl_c().await.context("waiting for Ctrl-C")?;
        Ok(ExitCode::SUCCESS)
    })
}

fn the_one_with(host: &str) -> Result<u32> {
    let worlds = standing()?;
    ensure!(!worlds.is_empty(), "no world stands: build one with wan up WORLD.toml");
    let has_host =
        |stage: u32| command_in(stage, host).arg("true").output().is_ok_and(|output| output.status.success());
    let found: Vec<_> = worlds.iter().filter(|world| has_host(world.stage)).collect();
    match found.as_slice() {
        [world] => Ok(world.stage),
        [] => bail!("no world that stands has a host called {host}"),
        several => {
            let names: Vec<&str> = several.iter().map(|world| world.name.as_str()).collect();
            bail!("several worlds have a host called {host}: {}; end all but one", names.join(", "))
        }
    }
}

fn status(command: &mut Command) -> Result<ExitCode> {
    let status = command.status().context("cannot start the command")?;
    Ok(status.code().and_then(|code| u8::try_from(code).ok()).map_or(ExitCode::FAILURE, ExitCode::from))
}
