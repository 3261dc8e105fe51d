//! A stand-in for a peer: real gateways on a real socket, with answers written down beforehand.
//!
//! Not for: what a real peer answers; the stories show that.

use std::collections::{BTreeMap, VecDeque};
use std::ops::Range;
use std::path::PathBuf;
use std::process::{Command, Output};
use std::sync::{Arc, Mutex};

use api::Event;
use api::files::Opened;
use api::mail::{MailPart, TakenFile};
use base::{Fault, OperationId, Timestamp};
use bytes::Bytes;
use gateways::{ContentStream, Events, GatewayConfig, Gateways, Host, Promise, Serving};
use serde_json::{Value, json};
use tokio::sync::watch;

/// Answers by operation; several answers are given one after the other, the last one for good.
#[derive(Default)]
pub(crate) struct Script {
    pub(crate) answers: Mutex<BTreeMap<String, VecDeque<Result<Value, Fault>>>>,
    pub(crate) asked: Mutex<Vec<(String, Value)>>,
    pub(crate) content: Vec<u8>,
}

impl Script {
    pub(crate) fn answer(self, operation: &str, answer: Result<Value, Fault>) -> Self {
        self.answers.lock().unwrap().entry(operation.to_owned()).or_default().push_back(answer);
        self
    }

    fn next(&self, operation: &str, arguments: Value) -> Result<Value, Fault> {
        self.asked.lock().unwrap().push((operation.to_owned(), arguments));
        let mut answers = self.answers.lock().unwrap();
        let answers = answers.get_mut(operation).unwrap_or_else(|| panic!("{operation} was not expected"));
        if answers.len() > 1 { answers.pop_front().unwrap() } else { answers.front().unwrap().clone() }
    }
}

impl Host for Script {
    fn ask(&self, operation: &str, arguments: Value, _: Option<OperationId>) -> Promise<'_, Value> {
        let answer = self.next(operation, arguments);
        Box::pin(async { answer })
    }

    fn read(&self, operation: &str, arguments: Value) -> Result<Value, Fault> {
        self.next(operation, arguments)
    }

    fn events(&self, after: u64, _: usize) -> Result<Events, Fault> {
        let event = |number| Event {
            number,
            at: Timestamp::from_millis(0),
            kind: "files.changed".into(),
            about: json!({"path": "a\u{1b}b"}),
        };
        Ok(Events { events: (after + 1..=3).map(event).collect(), is_cut_off: false })
    }

    fn watch(&self) -> watch::Receiver<u64> {
        watch::channel(3).1
    }

    fn content(&self, _: Opened, range: Range<u64>) -> Promise<'_, ContentStream> {
        let range = usize::try_from(range.start).unwrap()..usize::try_from(range.end).unwrap();
        let pieces: Vec<Result<Bytes, Fault>> =
            self.content[range].chunks(65_536).map(|piece| Ok(Bytes::copy_from_slice(piece))).collect();
        Box::pin(async { Ok(Box::pin(futures_lite::stream::iter(pieces)) as ContentStream) })
    }

    fn part(&self, _: MailPart, _: Range<u64>) -> Promise<'_, ContentStream> {
        panic!("no command saves a part of a mail")
    }

    fn attach(&self, _: ContentStream) -> Promise<'_, TakenFile> {
        panic!("commands name files by their paths")
    }
}

/// A home with a peer that answers by a script.
pub(crate) struct Peer {
    pub(crate) home: tempfile::TempDir,
    pub(crate) script: Arc<Script>,
    _serving: Serving,
}

impl Peer {
    pub(crate) async fn start(script: Script) -> Self {
        let home = tempfile::tempdir().unwrap();
        let path = |name: &str| -> PathBuf { home.path().join(name) };
        let config = GatewayConfig { port: 0, socket: path("althing.sock"), sessions: path("sessions") };
        let script = Arc::new(script);
        let serving = Gateways::bind(&config).await.unwrap().serve(Arc::clone(&script) as Arc<dyn Host>);
        Self { home, script, _serving: serving }
    }

    /// Runs `althing` with this home; words are separated by spaces.
    pub(crate) async fn run(&self, line: &str) -> Ran {
        let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        let home = self.home.path().to_path_buf();
        tokio::task::spawn_blocking(move || {
            Ran::from(althing().arg("--home").arg(home).args(words).output().unwrap())
        })
        .await
        .unwrap()
    }
}

/// The program, without the caller's own home.
pub(crate) fn althing() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_althing"));
    command.env_remove("ALTHING_HOME");
    command
}

/// What a run left.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) data: String,
    pub(crate) talk: String,
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap(),
            data: String::from_utf8_lossy(&output.stdout).into_owned(),
            talk: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}
