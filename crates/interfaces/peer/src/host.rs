//! The peer as its gateways see it: questions go to the kernel, reads to snapshots, bytes come from the network.

use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use api::files::{Opened, Want, Wanted};
use api::host::{AskNet, AskNewWords, AskWords, Dht, Export, Lan, Recover, SetDht, SetLan};
use api::mail::{MailPart, SendMail, TakenFile};
use api::people::{Address, Done};
use api::talk::AskInbox;
use api::{EventNumber, Operation as _};
use base::{ByteCount, DeviceId, Fault, FaultKind, OperationId, Timestamp};
use bytes::Bytes;
use files::jobs::Source;
use futures_lite::StreamExt;
use gateways::{ContentStream, Events, Host, Promise, Trespass};
use guard::jobs::{TRESPASS, Trespassed};
use kernel::{Input, Readers};
use network::{Contents, Network};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use crate::PeerError;
use crate::components::Components;
use crate::engine::{Engine, now};
use crate::export::export;
use crate::mail::MailDesk;
use crate::status::{Outside, status};
use crate::words::{Kept, WordBook};

/// How long somebody who has a content and is not connected is waited for, and how often that is looked at.
const CALL_TIME_MAX: Duration = Duration::from_secs(1);
const CALL_LOOK_EVERY: Duration = Duration::from_millis(50);

/// How long a reader waits for bytes that are on their way, each time they stall.
const PATIENCE: Duration = Duration::from_secs(30);

/// Bytes asked for at once while somebody reads: one piece; `files` reads a little ahead by itself.
const WINDOW: u64 = 16 * 1024 * 1024;

/// What the gateways ask.
#[derive(Debug)]
pub(crate) struct PeerHost {
    pub(crate) engine: Arc<Engine>,
    pub(crate) readers: Arc<Readers>,
    pub(crate) network: Arc<Network>,
    pub(crate) contents: Contents,
    pub(crate) last_event: watch::Receiver<EventNumber>,
    pub(crate) me: DeviceId,
    pub(crate) home: PathBuf,
    pub(crate) page: String,
    /// Whether `config.toml` decides about the local network.
    pub(crate) is_lan_configured: bool,
    /// Whether `config.toml` decides about the DHT.
    pub(crate) is_dht_configured: bool,
    pub(crate) since: Timestamp,
    pub(crate) words: Arc<WordBook>,
    pub(crate) components: Components,
    pub(crate) mail: Arc<MailDesk>,
    /// To the kernel; does not keep it running.
    pub(crate) inputs: mpsc::WeakSender<Input>,
    /// Cancelled when a person asks the peer to stop.
    pub(crate) stop: CancellationToken,
}

impl PeerHost {
    async fn ask_host(&self, operation: &str, arguments: Value) -> Result<Value, Fault> {
        match operation {
            "host.export" => {
                let arguments: Export = parse(operation, arguments)?;
                let readers = Arc::clone(&self.readers);
                let written = tokio::task::spawn_blocking(move || export(&*readers.snapshot()?, &arguments));
                written
                    .await
                    .map_err(|error| broken(operation, error))?
                    .and_then(|done| answer(operation, &done))
            }
            "host.lan" => {
                let arguments: SetLan = parse(operation, arguments)?;
                answer(operation, &self.set_lan(arguments.lan == Lan::On)?)
            }
            "host.dht" => {
                let arguments: SetDht = parse(operation, arguments)?;
                answer(operation, &self.set_dht(arguments.dht == Dht::On)?)
            }
            "host.words" => {
                let arguments: AskWords = parse(operation, arguments)?;
                let AskWords {} = arguments;
                let asked = self.readers.read(now(), "people.address", serde_json::json!({}))?;
                let Address { link } = parse("people.address", asked)?;
                answer(operation, &self.words.show(&*self.readers.snapshot()?, link)?)
            }
            "host.new_words" => {
                let arguments: AskNewWords = parse(operation, arguments)?;
                let asked = self.readers.read(now(), "people.address", serde_json::json!({}))?;
                let Address { link } = parse("people.address", asked)?;
                answer(operation, &self.words.renew(&*self.readers.snapshot()?, &arguments, link)?)
            }
            "host.words_kept" => {
                let person = people::read::my_person(&*self.readers.snapshot()?)?;
                match self.words.keep(person, &parse(operation, arguments)?)? {
                    Kept::Done(done) => answer(operation, &done),
                    Kept::Change(change) => {
                        let asked = answer("people.change_words", &change)?;
                        let done = self.engine.ask("people.change_words", asked, None).await?;
                        // Only now: a peer that dies before that has the old words in force still.
                        self.words.forget_new()?;
                        Ok(done)
                    }
                }
            }
            "host.recover" => {
                let Recover { words, address } = parse(operation, arguments)?;
                self.words.say(&words)?;
                let asked = api::people::Recover { address };
                self.engine.ask("people.recover", answer(operation, &asked)?, None).await
            }
            "host.mail_save" => self.mail.save(arguments).await,
            "host.mail_on" => answer(operation, &self.mail.on().await?),
            "host.mail_off" => answer(operation, &self.mail.off().await?),
            "host.mail_password" => answer(operation, &self.mail.new_password().await?),
            "host.component" => answer(operation, &self.component(parse(operation, arguments)?).await?),
            "host.export_document" => {
                answer(operation, &self.export_document(parse(operation, arguments)?).await?)
            }
            "host.stop" => {
                self.stop.cancel();
                answer(operation, &Done { what: "This peer stops.".to_owned() })
            }
            _ => Err(unknown(operation)),
        }
    }

    /// Publishes a folder as a site; one that is not shared yet is shared first, if it is said with which web.
    ///
    /// Asking again does no harm, so no answer is kept: a refusal would stand in the way of the second part.
    async fn publish(&self, arguments: Value) -> Result<Value, Fault> {
        let published = self.engine.ask("pages.publish", arguments.clone(), None).await;
        let Err(fault) = published else { return published };
        let asked: api::pages::Publish = parse("pages.publish", arguments.clone())?;
        let Some(web) = asked.web.filter(|_| fault.code == "pages.not-shared") else { return Err(fault) };
        let share = api::files::Share { web, folder: asked.folder, name: None };
        self.engine.ask("files.share", answer("files.share", &share)?, None).await?;
        self.engine.ask("pages.publish", arguments, None).await
    }

    fn set_lan(&self, is_on: bool) -> Result<Done, Fault> {
        if self.is_lan_configured {
            return Err(PeerError::LanIsConfigured.into());
        }
        crate::ports::remember_lan(&self.home, is_on)?;
        self.network.set_lan(is_on);
        let what = match is_on {
            true => {
                "Others are looked for on the local network; everybody on it can see that Althing runs here."
            }
            false => {
                "Nobody is looked for on the local network any more, and nobody there sees this computer."
            }
        };
        Ok(Done { what: what.to_owned() })
    }

    fn set_dht(&self, is_on: bool) -> Result<Done, Fault> {
        if self.is_dht_configured {
            return Err(PeerError::DhtIsConfigured.into());
        }
        crate::ports::remember_dht(&self.home, is_on)?;
        self.network.set_dht(is_on);
        let what = match is_on {
            true => {
                "Members of your webs who have this on, too, find each other in the BitTorrent DHT when no known address \
                 works. What is kept there is sealed; that somebody at this address keeps something can be seen."
            }
            false => {
                "Nothing is said or looked for in the BitTorrent DHT any more; what is there fades within two hours."
            }
        };
        Ok(Done { what: what.to_owned() })
    }

    fn read_net(&self, operation: &str, asked: &AskNet) -> Result<Value, Fault> {
        let rows = self.readers.snapshot()?;
        let net = crate::net::net(&*rows, &self.network, asked)?;
        answer(operation, &net)
    }

    fn read_host(&self, operation: &str, arguments: Value) -> Result<Value, Fault> {
        match operation {
            "host.status" => {}
            "host.net" => return self.read_net(operation, &parse(operation, arguments)?),
            "host.mail_settings" => return answer(operation, &self.mail.settings()?),
            _ => return Err(unknown(operation)),
        }
        // This thread may block; outside of a runtime nobody counts.
        let runtime = tokio::runtime::Handle::try_current().ok();
        let kept =
            runtime.map_or_else(ByteCount::default, |runtime| runtime.block_on(self.network.kept_bytes()));
        let outside = Outside {
            home: &self.home,
            page: &self.page,
            since: self.since,
            health: self.engine.health(),
            kept,
            given: ByteCount(self.network.given()),
            me: self.me,
            words: &self.words,
        };
        answer(operation, &status(&self.readers, outside)?)
    }

    pub(crate) async fn open(&self, opened: Opened, range: Range<u64>) -> Result<ContentStream, Fault> {
        let mut windows = Windows {
            engine: Arc::clone(&self.engine),
            readers: Arc::clone(&self.readers),
            contents: self.contents.clone(),
            opened,
            range,
            reading: None,
        };
        self.pass(&mut windows).await?;
        // The first window is asked for at once, so that a fault is an answer and not a broken stream.
        windows.next_window().await?;
        Ok(Box::pin(futures_lite::stream::try_unfold(windows, Windows::next_bytes)))
    }
}

/// A content read window by window: what nobody reads any more is not asked for.
pub(crate) struct Windows {
    engine: Arc<Engine>,
    pub(crate) readers: Arc<Readers>,
    contents: Contents,
    pub(crate) opened: Opened,
    /// What has not been asked for yet.
    range: Range<u64>,
    reading: Option<ContentStream>,
}

impl Windows {
    async fn next_bytes(mut self) -> Result<Option<(Bytes, Self)>, Fault> {
        loop {
            if let Some(bytes) = match &mut self.reading {
                Some(reading) => reading.next().await,
                None => None,
            } {
                return Ok(Some((bytes?, self)));
            }
            if self.range.is_empty() {
                return Ok(None);
            }
            self.next_window().await?;
        }
    }

    async fn next_window(&mut self) -> Result<(), Fault> {
        let end = self.range.end.min(self.range.start.saturating_add(WINDOW));
        let window = self.range.start..end;
        self.range.start = end;
        let want = Want {
            web: self.opened.web,
            content: self.opened.content,
            offset: window.start,
            length: window.end.saturating_sub(window.start),
        };
        self.want(&want).await?;
        let readers = Arc::clone(&self.readers);
        let content = self.opened.content;
        let found = tokio::task::spawn_blocking(move || files::own_source(&*readers.snapshot()?, content));
        let source = found.await.map_err(|error| broken("files.want", error))??;
        // No source yet: it is on its way into the store.
        let reading = self.contents.read(content, source.unwrap_or(Source::Store), window, PATIENCE);
        self.reading = Some(Box::pin(reading.map(|bytes| bytes.map_err(Fault::from))));
        Ok(())
    }

    /// Has a window brought. Whoever has it and is not connected is called, which takes a moment.
    pub(crate) async fn want(&mut self, want: &Want) -> Result<(), Fault> {
        let until = tokio::time::Instant::now() + CALL_TIME_MAX;
        loop {
            let wanted = self.engine.ask("files.want", answer("files.want", want)?, None).await?;
            let wanted: Wanted = parse("files.want", wanted)?;
            if wanted.is_reachable {
                return Ok(());
            }
            if !wanted.is_called || tokio::time::Instant::now() >= until {
                return Err(PeerError::NobodyHere { name: self.opened.name.clone() }.into());
            }
            tokio::time::sleep(CALL_LOOK_EVERY).await;
        }
    }
}

impl Host for PeerHost {
    fn ask(&self, operation: &str, arguments: Value, id: Option<OperationId>) -> Promise<'_, Value> {
        let operation = operation.to_owned();
        // An answer that is kept is written to the disk: some would only cost.
        let id = id.filter(|_| api::find(&operation).is_none_or(|entry| entry.is_kept));
        Box::pin(async move {
            if operation.starts_with("host.") {
                self.ask_host(&operation, arguments).await
            } else if operation == SendMail::NAME && has_files(&arguments) {
                self.mail.send(arguments).await
            } else if operation == "pages.publish" {
                self.publish(arguments).await
            } else {
                self.engine.ask(&operation, arguments, id).await
            }
        })
    }

    fn read(&self, operation: &str, arguments: Value) -> Result<Value, Fault> {
        if operation.starts_with("host.") {
            self.read_host(operation, arguments)
        } else if operation == AskInbox::NAME {
            let talk = self.readers.read(now(), operation, arguments.clone())?;
            crate::mail::with_mail(&*self.readers.snapshot()?, arguments, talk)
        } else if crate::mail::is_view(operation) {
            crate::mail::read(&*self.readers.snapshot()?, &self.contents, (operation, &arguments))
        } else {
            self.readers.read(now(), operation, arguments)
        }
    }

    fn events(&self, after: EventNumber, limit: usize) -> Result<Events, Fault> {
        let page = self.readers.events_after(after, limit)?;
        Ok(Events { events: page.events, is_cut_off: page.is_cut_off })
    }

    fn watch(&self) -> watch::Receiver<EventNumber> {
        self.last_event.clone()
    }

    fn content(&self, opened: Opened, range: Range<u64>) -> Promise<'_, ContentStream> {
        Box::pin(self.open(opened, range))
    }

    fn part(&self, part: MailPart, range: Range<u64>) -> Promise<'_, ContentStream> {
        Box::pin(self.mail.part(part, range))
    }

    fn trespassed(&self, what: Trespass, times: u32) {
        let what = match what {
            Trespass::Program => guard::jobs::Trespass::Program,
            Trespass::Site => guard::jobs::Trespass::Site,
            Trespass::Guess => guard::jobs::Trespass::Guess,
        };
        let report = guard::jobs::to_bytes(&Trespassed { what, times });
        // Whoever asks as fast as it can must not keep the kernel busy: what finds no room is counted with the next.
        if let Some(inputs) = self.inputs.upgrade()
            && let Err(error) = inputs.try_send(Input::Noticed { kind: TRESPASS, report })
        {
            tracing::debug!(%error, "what was tried at the page is not told");
        }
    }

    fn attach(&self, bytes: ContentStream) -> Promise<'_, TakenFile> {
        Box::pin(self.mail.attach(bytes))
    }
}

/// Says whether files are to come with a mail: the service has no hands to bring them.
fn has_files(mail: &Value) -> bool {
    mail.get("attach").and_then(Value::as_array).is_some_and(|files| !files.is_empty())
}

/// Reads what was asked or answered.
pub(crate) fn parse<T: DeserializeOwned>(operation: &str, arguments: Value) -> Result<T, Fault> {
    serde_json::from_value(arguments).map_err(|error| broken(operation, error))
}

/// Writes an answer down.
pub(crate) fn answer<T: Serialize>(operation: &str, value: &T) -> Result<Value, Fault> {
    serde_json::to_value(value).map_err(|error| broken(operation, error))
}

pub(crate) fn broken(operation: &str, error: impl std::fmt::Display) -> Fault {
    Fault::new("host.broken", FaultKind::Broken, format!("{operation} failed inside the peer: {error}"))
}

fn unknown(operation: &str) -> Fault {
    Fault::new("host.unknown-operation", FaultKind::Yours, format!("there is no operation {operation}"))
}
