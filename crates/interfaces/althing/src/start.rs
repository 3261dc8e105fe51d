//! `althing start`: runs the peer in the foreground, until Ctrl-C, SIGTERM or `althing stop`.

use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use base::Fault;
use clap::ArgMatches;
use peer::{Claim, Config, Ending, Peer, Protection, Set, Start};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tracing_subscriber::EnvFilter;

use crate::failure::Failure;
use crate::out::{self, Stop};
use crate::secret;
use crate::words::harmless;

/// What is left to do with a home that has become a new device.
const NEW_DEVICE: &str = "This home is a new computer now: nobody yet, in no web. On the other one: althing device add; \
    then here: althing device join LINK NAME\n";

/// Runs the peer until it is stopped.
pub(crate) fn run(home: &Path, matches: &ArgMatches) -> Result<(), Stop> {
    let mut config = Config::load(home).map_err(Fault::from)?;
    if let Some(port) = matches.get_one::<u16>("port") {
        config.page_port = Set::given(*port);
    }
    begin_log(&config.log.value)?;
    peer::keep_memory_private();
    let claim = match (matches.get_flag("same-computer"), matches.get_flag("new-device")) {
        (true, _) => Claim::OnlyOne,
        (_, true) => Claim::NewDevice,
        _ => Claim::Nothing,
    };
    // Before anything else happens: a person should not have to look for the question among lines of the log.
    let passphrase = match peer::protection(home).map_err(Fault::from)? {
        Some(Protection::Passphrase) => Some(secret::at_start()?),
        _ => None,
    };
    let start = Start { home, config: &config, passphrase, claim };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::CannotStart { why: error.to_string() })?;
    let ended = runtime.block_on(live(start, matches.get_flag("open")));
    // Reads under way may block on a slow disk; they change nothing.
    runtime.shutdown_background();
    ended
}

async fn live(start: Start<'_>, shall_open: bool) -> Result<(), Stop> {
    let (mut interrupt, mut terminate) = (listen(SignalKind::interrupt())?, listen(SignalKind::terminate())?);
    let peer = Peer::start_with(start).await?;
    if peer.is_new_device() {
        out::talk(NEW_DEVICE);
    }
    let opener = greet(&peer, shall_open)?;
    let ending = tokio::select! {
        ending = peer.wait() => ending,
        _ = interrupt.recv() => Ending::Asked,
        _ = terminate.recv() => Ending::Asked,
    };
    drop(opener);
    tokio::select! {
        () = peer.stop() => {}
        // A second Ctrl-C: what is committed is safe at any moment.
        _ = interrupt.recv() => {}
    }
    match ending {
        Ending::Asked => Ok(()),
        Ending::Broken => Err(Failure::PeerEnded.into()),
    }
}

/// Says where the page is. A link with a code goes to a person's terminal only, never into a log.
fn greet(peer: &Peer, shall_open: bool) -> Result<Option<Opener>, Stop> {
    out::talk(&format!("Althing runs with the home {}.\n", harmless(&peer.home().display().to_string())));
    if !out::is_data_seen() && !shall_open {
        out::data(format!("{}\n", peer.page()).as_bytes())?;
        return Ok(None);
    }
    let link = peer.page_link()?;
    if out::is_data_seen() {
        out::talk("The page, for the next 30 seconds (later: althing page):\n");
        out::data(format!("{link}\n").as_bytes())?;
        out::talk("Stop with Ctrl-C or: althing stop\n");
    } else {
        out::data(format!("{}\n", peer.page()).as_bytes())?;
    }
    if !shall_open {
        return Ok(None);
    }
    let opener = Opener::open(&link);
    if opener.is_none() {
        out::talk("No browser could be started here: open the link yourself.\n");
    }
    Ok(opener)
}

/// A file that only its owner can read and that leads to the page: other users of this computer can read the
/// arguments of every program, so the link may not be one. Removed on drop.
#[derive(Debug)]
struct Opener {
    file: PathBuf,
}

impl Opener {
    fn open(link: &str) -> Option<Self> {
        let folder = std::env::var_os("XDG_RUNTIME_DIR").map_or_else(std::env::temp_dir, PathBuf::from);
        let file = folder.join(format!("althing-{}.html", std::process::id()));
        let mut options = std::fs::OpenOptions::new();
        // Never follows or takes over what somebody else has put there.
        let mut out = options.write(true).create_new(true).mode(0o600).open(&file).ok()?;
        let opener = Self { file };
        let page = format!(
            "<!doctype html><meta charset=\"utf-8\"><meta http-equiv=\"refresh\" content=\"0; url={link}\">\n"
        );
        out.write_all(page.as_bytes()).ok()?;
        let program = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };
        let quiet = || Stdio::null();
        let started =
            Command::new(program).arg(&opener.file).stdin(quiet()).stdout(quiet()).stderr(quiet()).spawn();
        started.is_ok().then_some(opener)
    }
}

impl Drop for Opener {
    fn drop(&mut self) {
        drop(std::fs::remove_file(&self.file));
    }
}

fn begin_log(level: &str) -> Result<(), Fault> {
    let filter = EnvFilter::try_new(level)
        .map_err(|error| Failure::LogLevel { value: level.to_owned(), why: error.to_string() })?;
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    log.with_ansi(out::is_talk_seen()).init();
    Ok(())
}

fn listen(kind: SignalKind) -> Result<Signal, Fault> {
    signal(kind).map_err(|error| Failure::CannotStart { why: error.to_string() }.into())
}
