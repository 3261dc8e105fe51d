//! The people of a story: for each a folder, a home, and a real peer process.
//!
//! Words that are not shell commands: `@stop` (asks the peer to stop), `@kill` (kill -9), `@start`, and `@run COMMAND`
//! (a program that runs beside the peers until the last story is over).

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use wan::Machine;

use crate::expect;
use crate::story::{Story, Typed};

/// How long a line marked `$~` may take to become true; generous, because shared test machines stall.
const REPEAT_DEADLINE: Duration = Duration::from_secs(60);

/// How long any one command may take.
const COMMAND_DEADLINE: Duration = Duration::from_secs(120);

/// How long a peer may take to answer its first question.
const START_DEADLINE: Duration = Duration::from_secs(30);

/// What a command said.
#[derive(Debug)]
struct Said {
    is_success: bool,
    stdout: String,
    stderr: String,
}

/// The people of a story.
#[derive(Debug)]
pub(crate) struct Cast {
    althing: PathBuf,
    folder: PathBuf,
    peers: BTreeMap<String, Child>,
    /// Programs that run beside the peers, with where they say what.
    beside: Vec<(Child, PathBuf)>,
    /// Where the story lies that is being told.
    story_folder: PathBuf,
    /// The world whose hosts the people sit at; without it all sit at this machine.
    world: Option<Machine>,
}

impl Cast {
    /// Prepares an empty stage.
    pub(crate) fn new(althing: &Path, folder: &Path, world: Option<Machine>) -> Result<Self> {
        std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        ensure!(
            std::fs::read_dir(folder)?.next().is_none(),
            "{} is not empty: remove it or name another folder",
            folder.display()
        );
        let althing = althing.canonicalize().with_context(|| format!("no program {}", althing.display()))?;
        Ok(Self {
            althing,
            folder: folder.canonicalize()?,
            peers: BTreeMap::new(),
            beside: Vec::new(),
            story_folder: PathBuf::new(),
            world,
        })
    }

    /// Begins a story.
    pub(crate) fn begin(&mut self, story: &Story) {
        self.story_folder.clone_from(&story.folder);
    }

    /// Plays one line and returns what came out; an output that is not the expected one is an error.
    pub(crate) fn play(&mut self, typed: &Typed) -> Result<String> {
        match typed.command.as_str() {
            "@start" => self.start(&typed.person).map(|()| String::new()),
            "@stop" => self.stop(&typed.person).map(|()| String::new()),
            "@kill" => self.kill(&typed.person).map(|()| String::new()),
            other => match other.strip_prefix("@run ") {
                Some(command) => self.run_beside(&typed.person, command).map(|()| String::new()),
                None => self.type_command(typed),
            },
        }
    }

    /// Returns a fresh link to the page of every running peer.
    pub(crate) fn links(&self) -> Result<Vec<(String, String)>> {
        self.peers.keys().map(|person| Ok((person.clone(), self.link(person)?))).collect()
    }

    /// Returns a fresh link to a person's page.
    pub(crate) fn link(&self, person: &str) -> Result<String> {
        ensure!(self.peers.contains_key(person), "nobody here is called {person}");
        Ok(self.shell(person, "althing page")?.stdout.trim().to_owned())
    }

    /// Says what the world did to the packets; nothing without one.
    pub(crate) fn packets(&self) -> Option<String> {
        self.world.as_ref().map(Machine::counts)
    }

    /// Waits until somebody ends this program from outside.
    pub(crate) fn wait_for_signal(&mut self) {
        // A peer ends when the terminal's Ctrl-C reaches the whole group, or when it is stopped by hand.
        while self.peers.values_mut().all(|peer| matches!(peer.try_wait(), Ok(None))) {
            std::thread::sleep(Duration::from_millis(200));
        }
    }

    /// Stops every peer and what runs beside them; something beside that has ended already is an error.
    pub(crate) fn stop_all(&mut self) -> Result<()> {
        let people: Vec<String> = self.peers.keys().cloned().collect();
        people.iter().try_for_each(|person| self.stop(person))?;
        for (mut program, log) in std::mem::take(&mut self.beside) {
            let ended = program.try_wait()?;
            program.kill()?;
            program.wait()?;
            if let Some(status) = ended {
                let said = std::fs::read_to_string(&log).unwrap_or_default();
                bail!("what ran beside the peers ended too early ({status}); it said:\n{said}");
            }
        }
        Ok(())
    }

    fn type_command(&mut self, typed: &Typed) -> Result<String> {
        if !self.peers.contains_key(&typed.person) && !self.folder.join(&typed.person).exists() {
            self.start(&typed.person)?;
        }
        let begun = Instant::now();
        loop {
            let said = self.shell(&typed.person, &typed.command)?;
            let output = said.stdout.clone() + &said.stderr;
            let is_expected = expect::matches(&typed.expected, &output)
                || (typed.expected.is_empty() && said.is_success && !typed.is_repeated)
                // Over a WAN commands take long enough to say on stderr that they are still at it.
                || (self.world.is_some() && expect::matches(&typed.expected, &said.stdout));
            if is_expected {
                return Ok(output);
            }
            if !typed.is_repeated || begun.elapsed() > REPEAT_DEADLINE {
                bail!("expected\n{}\n  but got\n{output}", typed.expected.join("\n"));
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Starts a program at a person's computer that goes on while the story does.
    fn run_beside(&mut self, person: &str, command: &str) -> Result<()> {
        let log = self.folder.join(person).join(format!("beside-{}.log", self.beside.len() + 1));
        let output = File::create(&log).with_context(|| format!("{person} has no computer yet"))?;
        // The shell makes way for the program, so that the program itself is what is stopped.
        let program = self
            .in_place_of(person, Path::new("/bin/sh"))?
            .args(["-c", &format!("exec {command}")])
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output)
            .spawn()
            .context("cannot start a shell")?;
        self.beside.push((program, log));
        Ok(())
    }

    /// Runs a shell command in a person's folder and returns what it said.
    fn shell(&self, person: &str, command: &str) -> Result<Said> {
        let folder = self.folder.join(person);
        let (said, complained) = (folder.join(".said"), folder.join(".complained"));
        let mut child = self
            .in_place_of(person, Path::new("/bin/sh"))?
            .args(["-c", command])
            .stdin(Stdio::null())
            .stdout(File::create(&said)?)
            .stderr(File::create(&complained)?)
            .spawn()
            .context("cannot start a shell")?;
        let status = wait(&mut child, COMMAND_DEADLINE)?;
        let Some(status) = status else {
            child.kill()?;
            child.wait()?;
            bail!("no end after {} s", COMMAND_DEADLINE.as_secs());
        };
        let text =
            |path| -> Result<String> { Ok(String::from_utf8_lossy(&std::fs::read(path)?).into_owned()) };
        Ok(Said { is_success: status.success(), stdout: text(&said)?, stderr: text(&complained)? })
    }

    fn in_place_of(&self, person: &str, program: &Path) -> Result<Command> {
        let folder = self.folder.join(person);
        let own = self.althing.parent().unwrap_or(Path::new("/")).display().to_string();
        let path = std::env::var("PATH").unwrap_or_default();
        let mut command = match &self.world {
            Some(world) => world.command(person, program)?,
            None => Command::new(program),
        };
        command
            .current_dir(&folder)
            .env("ALTHING_HOME", folder.join("home"))
            .env("STORY_FOLDER", &self.story_folder)
            .env("PATH", format!("{own}:{path}"))
            .env("NO_COLOR", "1");
        Ok(command)
    }

    fn start(&mut self, person: &str) -> Result<()> {
        ensure!(!self.peers.contains_key(person), "{person}'s peer runs already");
        // Asked before the folder is made: a host that is missing is said at every attempt.
        let mut peer = self.in_place_of(person, &self.althing)?;
        let folder = self.folder.join(person);
        std::fs::create_dir_all(&folder)?;
        let log = File::options().create(true).append(true).open(folder.join("peer.log"))?;
        let peer = peer
            .arg("start")
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .context("cannot start a peer")?;
        self.peers.insert(person.to_owned(), peer);
        let begun = Instant::now();
        while !self.shell(person, "althing status")?.is_success {
            if begun.elapsed() > START_DEADLINE {
                let log = std::fs::read_to_string(folder.join("peer.log")).unwrap_or_default();
                bail!("{person}'s peer does not answer; it said:\n{log}");
            }
            std::thread::sleep(Duration::from_millis(30));
        }
        Ok(())
    }

    fn stop(&mut self, person: &str) -> Result<()> {
        let Some(mut peer) = self.peers.remove(person) else { return Ok(()) };
        if peer.try_wait()?.is_none() {
            let _answer = self.shell(person, "althing stop");
        }
        if wait(&mut peer, Duration::from_secs(20))?.is_none() {
            peer.kill()?;
            peer.wait()?;
            bail!("{person}'s peer did not stop within 20 s");
        }
        Ok(())
    }

    fn kill(&mut self, person: &str) -> Result<()> {
        let mut peer = self.peers.remove(person).with_context(|| format!("{person} has no peer"))?;
        peer.kill()?;
        peer.wait()?;
        Ok(())
    }
}

impl Drop for Cast {
    fn drop(&mut self) {
        let beside = self.beside.iter_mut().map(|(program, _)| program);
        for peer in self.peers.values_mut().chain(beside) {
            let _is_gone = peer.kill().and_then(|()| peer.wait());
        }
    }
}

fn wait(child: &mut Child, deadline: Duration) -> Result<Option<std::process::ExitStatus>> {
    let begun = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if begun.elapsed() > deadline {
            return Ok(None);
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}
