//! Mail for the mail programs of this computer: switched on and off, with a password of its own, at ports that stay.
//!
//! Not for: the two protocols (`mail`), and keeping mail (`post`); between them stands [`account`].

mod account;
mod arriving;
mod bodies;
mod files;
mod inbox;
mod passing;
mod saving;
mod settings;
mod views;
mod whole;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use api::EventNumber;
use api::mail::{MailPassword, MailSettings};
use base::Fault;
use data_encoding::{BASE32_NOPAD, HEXLOWER};
use kernel::Readers;
use mail::{MailConfig, MailPorts, PasswordHash, ServingMail};
use network::Contents;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::PeerError;
use crate::engine::Engine;
use crate::home::{MAIL, write_whole};
use account::MailPost;
pub(crate) use arriving::look_at_arrivals;
use files::Taken;
pub(crate) use inbox::with_mail;
use passing::Known;
pub(crate) use views::{is_view, read};

/// Bytes of a password: nobody guesses them, so that one hash protects it enough.
const PASSWORD_SIZE: usize = 16;

/// Events looked through at once for changes of mail.
const EVENTS_AT_ONCE: usize = 1_000;

/// What a home remembers of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Kept {
    /// Whether mail programs are served.
    is_on: bool,
    /// Chosen when it was switched on first: mail programs have them in their settings.
    imap_port: Option<u16>,
    smtp_port: Option<u16>,
    /// Hex of the hash of the password.
    password_hash: Option<String>,
}

/// The mail of this peer, as mail programs see it.
pub(crate) struct MailDesk {
    engine: Arc<Engine>,
    readers: Arc<Readers>,
    contents: Contents,
    last_event: watch::Receiver<EventNumber>,
    home: PathBuf,
    kept: Arc<Mutex<Kept>>,
    taken: Taken,
    known: Known,
    running: tokio::sync::Mutex<Option<Running>>,
}

/// What runs while it is on.
struct Running {
    serving: ServingMail,
    /// Tells sessions of changes; ends with this.
    _following: JoinSet<()>,
}

impl std::fmt::Debug for MailDesk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MailDesk").field("home", &self.home).finish_non_exhaustive()
    }
}

impl MailDesk {
    pub(crate) fn new(
        engine: Arc<Engine>,
        (readers, contents): (Arc<Readers>, Contents),
        last_event: watch::Receiver<EventNumber>,
        home: PathBuf,
    ) -> Self {
        let text = std::fs::read_to_string(home.join(MAIL)).unwrap_or_default();
        // A damaged file is as none: the password is made anew, and mail programs are told so.
        let kept = Arc::new(Mutex::new(toml::from_str(&text).unwrap_or_default()));
        passing::tidy(&home);
        let (taken, known, running) = (Taken::default(), Known::default(), tokio::sync::Mutex::default());
        Self { engine, readers, contents, last_event, home, kept, taken, known, running }
    }

    /// Serves mail programs if a person has wanted that; a port that is taken is no reason for a peer not to start.
    pub(crate) async fn start(&self) {
        if self.kept().is_on
            && let Err(fault) = self.serve().await
        {
            tracing::warn!(code = fault.code, "mail programs are not served: {fault}");
        }
    }

    /// Serves mail programs from now on.
    pub(crate) async fn on(&self) -> Result<MailSettings, Fault> {
        self.serve().await?;
        self.change(|kept| kept.is_on = true)?;
        self.settings()
    }

    /// Serves them no more.
    pub(crate) async fn off(&self) -> Result<MailSettings, Fault> {
        self.change(|kept| kept.is_on = false)?;
        self.stop().await;
        self.settings()
    }

    /// Ends what runs.
    pub(crate) async fn stop(&self) {
        if let Some(running) = self.running.lock().await.take() {
            running.serving.stop().await;
        }
    }

    /// Makes the password anew. Programs that have the one before are shut out at once.
    pub(crate) async fn new_password(&self) -> Result<MailPassword, Fault> {
        let mut bytes = [0; PASSWORD_SIZE];
        getrandom::fill(&mut bytes).map_err(|_none| PeerError::NoRandomness)?;
        let password = BASE32_NOPAD.encode(&bytes).to_lowercase();
        let hash = HEXLOWER.encode(PasswordHash::of(&password).as_bytes());
        self.change(|kept| kept.password_hash = Some(hash))?;
        let was_running = self.running.lock().await.is_some();
        if was_running {
            self.stop().await;
            self.serve().await?;
        }
        Ok(MailPassword { user: self.settings()?.user, password })
    }

    /// Says what to enter in mail programs.
    pub(crate) fn settings(&self) -> Result<MailSettings, Fault> {
        let addresses = post::read::own_addresses(&*self.readers.snapshot()?)?;
        Ok(settings::settings(&self.kept(), addresses))
    }

    async fn serve(&self) -> Result<(), Fault> {
        let mut running = self.running.lock().await;
        if running.is_some() {
            return Ok(());
        }
        let kept = self.kept().clone();
        let config = MailConfig {
            imap_port: kept.imap_port.unwrap_or_default(),
            smtp_port: kept.smtp_port.unwrap_or_default(),
        };
        let ports = MailPorts::bind(&config).await.map_err(PeerError::Mail)?;
        let (imap, smtp) = (ports.imap_port(), ports.smtp_port());
        self.change(|kept| (kept.imap_port, kept.smtp_port) = (Some(imap), Some(smtp)))?;
        let changed = Arc::new(watch::Sender::new(0));
        let post = MailPost {
            engine: Arc::clone(&self.engine),
            readers: Arc::clone(&self.readers),
            contents: self.contents.clone(),
            kept: Arc::clone(&self.kept),
            changed: Arc::clone(&changed),
        };
        let mut following = JoinSet::new();
        following.spawn(follow(Arc::clone(&self.readers), self.last_event.clone(), changed));
        *running = Some(Running { serving: ports.serve(Arc::new(post)), _following: following });
        tracing::info!(imap, smtp, "mail programs are served");
        Ok(())
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, change: impl FnOnce(&mut Kept)) -> Result<(), PeerError> {
        let mut kept = self.kept();
        let mut new = kept.clone();
        change(&mut new);
        if new != *kept {
            let text = toml::to_string(&new).unwrap_or_default();
            write_whole(&self.home.join(MAIL), text.as_bytes())
                .map_err(|error| PeerError::of_home(&self.home, error))?;
            *kept = new;
        }
        Ok(())
    }
}

impl Kept {
    fn hash(&self) -> Option<PasswordHash> {
        let bytes = HEXLOWER.decode(self.password_hash.as_ref()?.as_bytes()).ok()?;
        Some(PasswordHash::from_bytes(bytes.try_into().ok()?))
    }
}

/// Counts changes of mail for those who wait for one.
async fn follow(
    readers: Arc<Readers>,
    mut last_event: watch::Receiver<EventNumber>,
    changed: Arc<watch::Sender<u64>>,
) {
    let mut seen = *last_event.borrow_and_update();
    while last_event.changed().await.is_ok() {
        let last = *last_event.borrow_and_update();
        let readers = Arc::clone(&readers);
        let from = seen;
        let looked = tokio::task::spawn_blocking(move || readers.events_after(from, EVENTS_AT_ONCE)).await;
        // What cannot be looked at, or is more than that, counts as a change: whoever waits looks by itself.
        let is_change = looked.ok().and_then(Result::ok).is_none_or(|page| {
            page.is_cut_off
                || page.events.len() >= EVENTS_AT_ONCE
                || page.events.iter().any(|event| event.kind == "mail.changed")
        });
        seen = last;
        if is_change {
            count(&changed);
        }
    }
}

/// Something has changed.
fn count(changed: &watch::Sender<u64>) {
    changed.send_modify(|count| *count = count.saturating_add(1));
}
