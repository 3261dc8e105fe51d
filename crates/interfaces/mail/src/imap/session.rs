//! One connection of IMAP: reads commands, has them done, answers.

use std::sync::Arc;
use std::time::Duration;

use imap_codec::CommandCodec;
use imap_codec::decode::Decoder as _;
use tokio::sync::{OwnedSemaphorePermit, watch};

use super::outlines::Outlines;
use super::read::{Request, request, tag};
use super::reply::{Reply, Stop};
use super::view::{Expunges, View};
use crate::login::Entered;
use crate::plain::sentence;
use crate::post::Account;
use crate::server::Shared;
use crate::wire::{Wire, WireEnd};

/// What this server can do. Mail programs ask again and again.
pub(super) const CAPABILITIES: &str = "IMAP4rev1 LITERAL+ SASL-IR AUTH=PLAIN IDLE UIDPLUS MOVE SPECIAL-USE NAMESPACE UNSELECT ID \
     ENABLE CHILDREN";

/// Wrong commands in a row before the connection ends.
const WRONG_MAX_STRANGER: u32 = 3;
const WRONG_MAX: u32 = 50;

/// How long a mail program that is logged in may be silent (RFC 3501, 5.4).
const PATIENCE: Duration = Duration::from_mins(30);

/// One connection.
pub(super) struct Session {
    pub(super) wire: Wire,
    pub(super) shared: Arc<Shared>,
    pub(super) stranger: Option<OwnedSemaphorePermit>,
    pub(super) user: Option<User>,
    pub(super) is_over: bool,
    wrong: u32,
}

/// Who is logged in, and what it looks at.
pub(super) struct User {
    pub(super) entered: Entered,
    pub(super) account: Arc<dyn Account>,
    pub(super) changes: watch::Receiver<u64>,
    pub(super) view: Option<View>,
    pub(super) outlines: Outlines,
}

/// Serves one connection until it ends.
pub(crate) async fn serve(
    wire: Wire,
    shared: Arc<Shared>,
    room: OwnedSemaphorePermit,
) -> Result<(), WireEnd> {
    let mut session = Session { wire, shared, stranger: Some(room), user: None, is_over: false, wrong: 0 };
    let ended = session.run().await;
    let farewell = match ended {
        Err(WireEnd::LineTooLong) => "* BYE a line or literal is longer than allowed\r\n",
        Err(WireEnd::BareLineFeed) => "* BYE lines end with CR LF here, others are not taken\r\n",
        Err(WireEnd::TooSlow) => "* BYE nothing was said for too long\r\n",
        Err(WireEnd::Stopping) => "* BYE Althing stops\r\n",
        Ok(()) | Err(WireEnd::Gone) => "",
    };
    session.wire.write(farewell.as_bytes()).await?;
    session.wire.flush().await?;
    ended
}

impl Session {
    async fn run(&mut self) -> Result<(), WireEnd> {
        let greeting = format!("* OK [CAPABILITY {CAPABILITIES}] Althing\r\n");
        self.wire.write(greeting.as_bytes()).await?;
        while !self.is_over {
            let (tag, done) = match request(&mut self.wire, self.user.is_none()).await? {
                Request::Command(command) => (tag(&command), self.command(&command).await),
                Request::Append { command, literal } => (tag(&command), self.append(&command, literal).await),
                Request::Refused { tag, reply } => (tag, Ok(reply)),
            };
            let reply = match done {
                Ok(reply) | Err(Stop::Reply(reply)) => reply,
                Err(Stop::Wire(end)) => return Err(end),
            };
            self.wire.write(reply.line(&tag).as_bytes()).await?;
            self.count(&reply).await?;
        }
        self.wire.flush().await
    }

    async fn command(&mut self, command: &[u8]) -> Result<Reply, Stop> {
        match CommandCodec::default().decode(command) {
            Ok(([], command)) => self.obey(command.body).await,
            _ => Ok(Reply::bad("this is no command that is known here, or its arguments are wrong")),
        }
    }

    /// Ends the connection when too much is wrong.
    async fn count(&mut self, reply: &Reply) -> Result<(), WireEnd> {
        let is_stranger = self.user.is_none();
        self.wrong = match reply {
            Reply::Bad(_) => self.wrong.saturating_add(1),
            Reply::No(_) if is_stranger => self.wrong.saturating_add(1),
            Reply::Ok(_) | Reply::No(_) => 0,
        };
        if self.wrong >= if is_stranger { WRONG_MAX_STRANGER } else { WRONG_MAX } {
            self.is_over = true;
            self.wire.write(b"* BYE too many wrong commands\r\n").await?;
        }
        Ok(())
    }

    pub(super) async fn enter(&mut self, name: &[u8], password: &[u8]) -> Result<Reply, Stop> {
        match self.shared.login.enter(name, password).await {
            Ok(entered) => {
                let account = Arc::clone(&entered.account);
                let changes = account.watch();
                self.user =
                    Some(User { entered, account, changes, view: None, outlines: Outlines::default() });
                self.stranger = None;
                self.wire.patience = PATIENCE;
                Ok(Reply::Ok(format!("[CAPABILITY {CAPABILITIES}] welcome")))
            }
            Err(error) => {
                let code = match &error {
                    crate::login::LoginError::Wrong => "[AUTHENTICATIONFAILED] ",
                    crate::login::LoginError::Crowded => "[LIMIT] ",
                    crate::login::LoginError::Post(_) => "[UNAVAILABLE] ",
                };
                Ok(Reply::No(format!("{code}{}", sentence(&error))))
            }
        }
    }

    /// Tells the mail program what has changed in its folder.
    pub(super) async fn update(&mut self, expunges: Expunges) -> Result<(), Stop> {
        let Some(user) = &mut self.user else { return Ok(()) };
        user.refresh(&self.shared).await?;
        let Some(view) = &mut user.view else { return Ok(()) };
        let mut out = Vec::new();
        view.announce(&mut out, expunges);
        Ok(self.wire.write(&out).await?)
    }

    pub(super) fn user(&mut self) -> Result<&mut User, Stop> {
        self.user.as_mut().ok_or_else(|| Reply::bad("log in first").into())
    }
}

impl User {
    /// Brings the view up to date if anything has happened.
    pub(super) async fn refresh(&mut self, shared: &Shared) -> Result<(), Stop> {
        let Some(view) = &mut self.view else { return Ok(()) };
        // Taken for seen before it is looked at: what happens meanwhile is looked at again.
        let has_changed = self.changes.has_changed().unwrap_or(false);
        if !has_changed && view.at != 0 {
            return Ok(());
        }
        self.changes.mark_unchanged();
        let listing = self.account.messages(view.folder.id, view.at).await?;
        view.take(listing);
        let below = view.last_uid().saturating_add(1);
        let kept = if view.is_read_only { 0 } else { below };
        let first = shared.recents.claim(&self.entered.name, view.folder.id, kept);
        view.add_recent(first, below);
        Ok(())
    }

    pub(super) fn view(&mut self) -> Result<&mut View, Stop> {
        self.view.as_mut().ok_or_else(|| Reply::bad("select a folder first").into())
    }

    /// Returns the view, if it may be changed.
    pub(super) fn writable(&mut self) -> Result<&mut View, Stop> {
        let view = self.view()?;
        if view.is_read_only {
            return Err(Reply::no("the folder was opened for reading only").into());
        }
        Ok(view)
    }
}
