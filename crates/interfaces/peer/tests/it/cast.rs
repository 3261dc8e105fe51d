//! Peers for the tests, and how to ask them.

use std::path::{Path, PathBuf};
use std::time::Duration;

use api::files::{EntryDetail, EntryView, Get, List, Listing, Share, ShareView, TransferState, TransferView};
use api::people::{AskJoining, Introduce, Invitation, Invite, Join, JoinState, Joining, StartWeb, WebView};
use api::{Kind, Operation};
use base::Fault;
use peer::{Config, Peer, Set};
use tempfile::TempDir;

/// Longer than anything here takes on a busy machine; a test that reaches it has failed.
const DEADLINE: Duration = Duration::from_mins(1);

/// A person with a peer and some folders.
pub(crate) struct Person {
    pub(crate) name: &'static str,
    pub(crate) peer: Peer,
    pub(crate) folder: TempDir,
}

pub(crate) fn config() -> Config {
    Config { listen: Set::given(vec!["127.0.0.1:0".to_owned()]), ..Config::default() }
}

impl Person {
    /// Starts a peer with a new home and says who it is.
    pub(crate) async fn new(name: &'static str) -> Self {
        let folder = tempfile::Builder::new().prefix("althing-").tempdir().unwrap();
        let peer = Peer::start(&folder.path().join("home"), &config()).await.unwrap();
        let person = Self { name, peer, folder };
        person.ask(Introduce { name: name.to_owned() }).await;
        person
    }

    /// Stops the peer and starts it again with the same home.
    pub(crate) async fn restart(self) -> Self {
        let Self { name, peer, folder } = self;
        peer.stop().await;
        let peer = Peer::start(&folder.path().join("home"), &config()).await.unwrap();
        Self { name, peer, folder }
    }

    pub(crate) async fn try_ask<O: Operation>(&self, question: O) -> Result<O::Answer, Fault> {
        let arguments = serde_json::to_value(&question).unwrap();
        let answer = match api::find(O::NAME).unwrap().kind {
            Kind::Act => self.peer.ask(O::NAME, arguments, None).await?,
            Kind::Read => self.peer.read(O::NAME, arguments).await?,
        };
        Ok(serde_json::from_value(answer).unwrap())
    }

    pub(crate) async fn ask<O: Operation>(&self, question: O) -> O::Answer {
        let name = self.name;
        self.try_ask(question).await.unwrap_or_else(|fault| panic!("{name}: {} {fault:?}", O::NAME))
    }

    /// Asks again whenever something happened, until the answer fulfils a claim.
    pub(crate) async fn until<O: Operation + Clone>(
        &self,
        question: O,
        claim: impl Fn(&O::Answer) -> bool,
    ) -> O::Answer {
        let mut watch = self.peer.watch();
        let mut last = String::new();
        let asking = async {
            loop {
                watch.mark_unchanged();
                match self.try_ask(question.clone()).await {
                    Ok(answer) if claim(&answer) => return answer,
                    Ok(answer) => last = serde_json::to_string(&answer).unwrap(),
                    Err(fault) => last = format!("{fault:?}"),
                }
                // Not everything that can be read is an event, such as speeds.
                let _is_news =
                    tokio::time::timeout(Duration::from_millis(200), watch.changed()).await.is_ok();
            }
        };
        let answer = tokio::time::timeout(DEADLINE, asking).await;
        answer.unwrap_or_else(|_| panic!("{}: {} never became what it should: {last}", self.name, O::NAME))
    }

    pub(crate) async fn start_web(&self, name: &str) -> WebView {
        self.ask(StartWeb { name: name.to_owned() }).await
    }

    pub(crate) async fn invite(&self, web: &str) -> Invitation {
        self.ask(Invite { web: web.to_owned(), role: None, uses: None, hours: None, approve: false }).await
    }

    /// Joins by an invitation of somebody and waits until it is done.
    pub(crate) async fn join(&self, link: &str) -> Joining {
        let joining = self.ask(Join { link: link.to_owned() }).await;
        self.until(AskJoining { id: joining.id }, |joining| joining.state == JoinState::Member).await
    }

    /// Makes a folder with files and shares it.
    pub(crate) async fn share(&self, web: &str, name: &str, files: &[(&str, &[u8])]) -> ShareView {
        for (path, bytes) in files {
            self.write(&format!("{name}/{path}"), bytes);
        }
        let folder = self.path(name).to_str().unwrap().to_owned();
        self.ask(Share { web: web.to_owned(), folder, name: None }).await
    }

    pub(crate) fn path(&self, relative: &str) -> PathBuf {
        self.folder.path().join(relative)
    }

    pub(crate) fn write(&self, relative: &str, bytes: &[u8]) {
        let path = self.path(relative);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }

    /// Waits until a folder of the tree has these names.
    pub(crate) async fn sees(&self, path: &str, names: &[&str]) -> Vec<EntryView> {
        let list = List { path: Some(path.to_owned()), after: None, limit: None };
        let listing: Listing = self
            .until(list, |listing| {
                let found: Vec<&str> = listing.entries.iter().map(|entry| entry.name.as_str()).collect();
                found == names
            })
            .await;
        listing.entries
    }

    /// Brings a path and waits until it is here.
    pub(crate) async fn get(&self, path: &str, to: &str) -> TransferView {
        let to = self.path(to).to_str().unwrap().to_owned();
        let transfer = self.ask(Get { path: path.to_owned(), to: Some(to), revision: None }).await;
        let question = api::files::AskTransfer { id: transfer.id.to_string() };
        let ended = self.until(question, |transfer| transfer.is_over).await;
        assert_eq!(ended.state, TransferState::Done, "{ended:?}");
        ended
    }

    pub(crate) async fn about(&self, path: &str, claim: impl Fn(&EntryDetail) -> bool) -> EntryDetail {
        self.until(api::files::About { path: path.to_owned() }, claim).await
    }
}

/// Returns what a file holds.
pub(crate) fn read(path: impl AsRef<Path>) -> Vec<u8> {
    let path = path.as_ref();
    std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
