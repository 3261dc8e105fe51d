//! Peers in processes of their own, asked by the program that people use.

#![allow(dead_code, reason = "each test uses a part")]

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

/// A peer in a process of its own.
pub(crate) struct Peer {
    pub(crate) folder: PathBuf,
    pub(crate) child: Option<Child>,
}

impl Peer {
    pub(crate) fn start(root: &Path, name: &str) -> Self {
        let folder = root.join(name);
        std::fs::create_dir_all(&folder).unwrap();
        let mut peer = Self { folder, child: None };
        peer.go();
        peer
    }

    pub(crate) fn go(&mut self) {
        let log = std::fs::File::options().create(true).append(true).open(self.folder.join("log")).unwrap();
        let mut command = self.althing(&["start"]);
        command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
        self.child = Some(command.spawn().unwrap());
        self.until(&["status"], |_| true);
    }

    pub(crate) fn stop(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    /// Ends the process the hard way and starts it again.
    pub(crate) fn kill_and_start(&mut self) {
        self.stop();
        self.go();
    }

    /// Lets the process sleep where it stands, or wakes it.
    pub(crate) fn signal(&self, signal: &str) {
        let process = self.child.as_ref().unwrap().id().to_string();
        assert!(Command::new("kill").args([signal, &process]).status().unwrap().success());
    }

    pub(crate) fn althing(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_althing"));
        command.env("ALTHING_HOME", self.folder.join("home")).args(words);
        command
    }

    pub(crate) fn ask(&self, words: &[&str]) -> Option<Value> {
        let output = self.althing(words).arg("--json").output().unwrap();
        output.status.success().then(|| serde_json::from_slice(&output.stdout).unwrap_or(Value::Null))
    }

    pub(crate) fn until(&self, words: &[&str], is_fine: impl Fn(&Value) -> bool) -> Value {
        let begun = Instant::now();
        loop {
            let answer = self.ask(words);
            if let Some(answer) = answer.as_ref().filter(|answer| is_fine(answer)) {
                return answer.clone();
            }
            assert!(begun.elapsed() < Duration::from_secs(90), "{words:?}: {answer:?}");
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.stop();
    }
}
