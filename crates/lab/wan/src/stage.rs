//! Gets onto the stage: starts this program again inside namespaces of its own, in which it may build networks.
//!
//! The stage has its own processes, mounts and networks. When the program outside ends, by whatever signal, the kernel
//! kills the one that is process number 1 inside, with it every process on the stage, and then the networks go: nothing
//! has to be cleaned up, not even after a crash.

use std::process::{Command, ExitCode, ExitStatus, Stdio};

use anyhow::{Context as _, Result};

use crate::machine;
use crate::registry::Registry;

/// Says to the program that it is on the stage, and what it is to do there.
const ON_STAGE: &str = "ALTHING_WAN_STAGE";

/// How to get namespaces: as root, and as a user who is root in a namespace of users only.
const WAYS: [&[&str]; 2] = [
    &["--mount", "--net", "--pid", "--fork", "--mount-proc", "--kill-child"],
    &["--user", "--map-root-user", "--mount", "--net", "--pid", "--fork", "--mount-proc", "--kill-child"],
];

/// Where this program stands now.
#[derive(Debug)]
pub enum Entered {
    /// On the stage: go on.
    OnStage,
    /// Outside, and what ran on the stage has ended like this.
    Ended(ExitCode),
    /// Outside, because this machine does not allow it.
    NotAllowed(NotAllowed),
}

/// Why a world cannot be built here.
#[derive(Debug)]
pub struct NotAllowed {
    /// The reason, in one line.
    pub reason: String,
}

/// Gets this program onto the stage. Call it first: the program is started again, with the same arguments.
///
/// `name` is what `wan exec` calls the world.
pub fn enter(name: &str) -> Result<Entered> {
    match std::env::var(ON_STAGE).as_deref() {
        Ok("probe") => {
            let tried = machine::probe();
            if let Err(error) = &tried {
                complain(error);
            }
            return Ok(Entered::Ended(if tried.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }));
        }
        Ok("play") => return Ok(Entered::OnStage),
        _ => {}
    }
    let registry = Registry::open()?;
    let way = match find_way()? {
        Ok(way) => way,
        Err(reason) => return Ok(Entered::NotAllowed(NotAllowed { reason })),
    };
    let mut stage = again(way, "play")?.spawn().context("cannot start unshare")?;
    let entry = registry.add(name, stage.id());
    let status = stage.wait().context("waiting for the stage")?;
    drop(entry);
    Ok(Entered::Ended(code(status)))
}

/// Returns a command that runs inside a stage others built, on one of its hosts.
pub fn command_in(stage: u32, host: &str) -> Command {
    let mut command = Command::new("nsenter");
    command.env("PATH", machine::search_path());
    command.args(["--target", &stage.to_string()]);
    if !rustix::process::geteuid().is_root() {
        command.args(["--user", "--preserve-credentials"]);
    }
    if let Ok(folder) = std::env::current_dir() {
        // Entering other mounts leads to their root; the command is to run where we stand.
        command.arg(format!("--wdns={}", folder.display()));
    }
    command.args(["--mount", "--net", "--pid", "ip", "netns", "exec", host]);
    command
}

/// Finds out how this machine gives us namespaces, by building a small world in them; or says why it does not.
fn find_way() -> Result<Result<&'static [&'static str], String>> {
    let missing = machine::missing_programs();
    if let Some((program, package)) = missing.first() {
        return Ok(Err(format!("the program {program} is missing (package {package})")));
    }
    let is_root = rustix::process::geteuid().is_root();
    let mut reason = String::new();
    for way in WAYS.into_iter().skip(usize::from(!is_root)) {
        let output = again(way, "probe")?.stdin(Stdio::null()).output().context("cannot start unshare")?;
        if output.status.success() {
            return Ok(Ok(way));
        }
        reason = String::from_utf8_lossy(&output.stderr).trim().replace('\n', "; ");
    }
    Ok(Err(reason))
}

/// Returns the command that starts this program again in namespaces of its own.
fn again(way: &[&str], what: &str) -> Result<Command> {
    let this = std::env::current_exe().context("cannot find this program")?;
    // The signal is set for unshare: it dies with us, and its child dies with it.
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL", "unshare"]).args(way).arg("--").arg(this);
    command.args(std::env::args_os().skip(1)).env(ON_STAGE, what).env("PATH", machine::search_path());
    Ok(command)
}

fn code(status: ExitStatus) -> ExitCode {
    status.code().and_then(|code| u8::try_from(code).ok()).map_or(ExitCode::FAILURE, ExitCode::from)
}

#[expect(clippy::print_stderr, reason = "the only way to tell the program outside")]
fn complain(error: &anyhow::Error) {
    eprintln!("{error:#}");
}
