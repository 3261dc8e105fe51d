//! What is done for which command.

use imap_types::auth::AuthMechanism;
use imap_types::command::CommandBody;

use super::reply::{Reply, Stop};
use super::session::{CAPABILITIES, Session};
use super::view::Expunges;
use crate::login::{decoded, plain};

/// Bytes of an answer to `AUTHENTICATE` at most.
const ANSWER_MAX: usize = 4_096;

impl Session {
    pub(super) async fn obey(&mut self, body: CommandBody<'_>) -> Result<Reply, Stop> {
        match body {
            CommandBody::Capability => self.tell(&format!("CAPABILITY {CAPABILITIES}")).await,
            CommandBody::Id { .. } => self.tell("ID (\"name\" \"Althing\")").await,
            CommandBody::Noop => self.checked("done").await,
            CommandBody::Logout => {
                self.is_over = true;
                self.tell("BYE goodbye").await
            }
            CommandBody::Login { username, password } => {
                self.need_stranger()?;
                let (name, password) = (username.as_ref().to_vec(), password.declassify().as_ref().to_vec());
                self.enter(&name, &password).await
            }
            CommandBody::Authenticate { mechanism: AuthMechanism::Plain, initial_response } => {
                self.need_stranger()?;
                let first = initial_response.map(|first| first.declassify().to_vec());
                self.authenticate(first).await
            }
            CommandBody::Authenticate { .. } => Ok(Reply::no("use AUTHENTICATE PLAIN")),
            body => {
                self.user()?;
                self.obey_user(body).await
            }
        }
    }

    async fn obey_user(&mut self, body: CommandBody<'_>) -> Result<Reply, Stop> {
        match body {
            CommandBody::Enable { .. } => self.tell("ENABLED").await,
            CommandBody::Namespace => self.tell("NAMESPACE ((\"\" \"/\")) NIL NIL").await,
            CommandBody::List { reference, mailbox_wildcard } => {
                self.list(&reference, &mailbox_wildcard).await
            }
            CommandBody::Lsub { reference, mailbox_wildcard } => {
                self.lsub(&reference, &mailbox_wildcard).await
            }
            CommandBody::Status { mailbox, item_names } => self.status(&mailbox, &item_names).await,
            CommandBody::Create { mailbox } => self.create(&mailbox).await,
            CommandBody::Delete { mailbox } => self.remove(&mailbox).await,
            CommandBody::Rename { from, to } => self.rename(&from, &to).await,
            CommandBody::Subscribe { mailbox } => self.subscribe(&mailbox, crate::Subscription::Shown).await,
            CommandBody::Unsubscribe { mailbox } => {
                self.subscribe(&mailbox, crate::Subscription::Hidden).await
            }
            CommandBody::Select { mailbox } => self.select(&mailbox, false).await,
            CommandBody::Examine { mailbox } => self.select(&mailbox, true).await,
            CommandBody::Idle => self.idle().await,
            // A message that fits into a command is streamed like any other: this one has no literal.
            CommandBody::Append { .. } => Ok(Reply::bad("send the message as a literal")),
            body => self.obey_selected(body).await,
        }
    }

    async fn obey_selected(&mut self, body: CommandBody<'_>) -> Result<Reply, Stop> {
        self.user()?.view()?;
        match body {
            CommandBody::Check => self.checked("checked").await,
            CommandBody::Close => self.close().await,
            CommandBody::Unselect => {
                self.user()?.view = None;
                Ok(Reply::ok("closed"))
            }
            CommandBody::Expunge => self.expunge(None).await,
            CommandBody::ExpungeUid { sequence_set } => self.expunge(Some(&sequence_set)).await,
            CommandBody::Search { charset, criteria, uid } => {
                self.search(charset.as_ref(), &criteria, uid).await
            }
            CommandBody::Fetch { sequence_set, macro_or_item_names, uid } => {
                self.fetch(&sequence_set, &macro_or_item_names, uid).await
            }
            CommandBody::Store { sequence_set, kind, response, flags, uid } => {
                self.store(&sequence_set, (kind, response), &flags, uid).await
            }
            CommandBody::Copy { sequence_set, mailbox, uid } => self.copy(&sequence_set, &mailbox, uid).await,
            CommandBody::Move { sequence_set, mailbox, uid } => {
                self.shift(&sequence_set, &mailbox, uid).await
            }
            _ => Ok(Reply::bad("this command is not served here")),
        }
    }

    async fn tell(&mut self, text: &str) -> Result<Reply, Stop> {
        self.wire.write(format!("* {text}\r\n").as_bytes()).await?;
        Ok(Reply::ok("done"))
    }

    async fn checked(&mut self, text: &str) -> Result<Reply, Stop> {
        self.update(Expunges::Now).await?;
        Ok(Reply::ok(text))
    }

    fn need_stranger(&self) -> Result<(), Stop> {
        if self.user.is_some() { Err(Reply::bad("you are logged in already").into()) } else { Ok(()) }
    }

    async fn authenticate(&mut self, first: Option<Vec<u8>>) -> Result<Reply, Stop> {
        let said = if first.is_some() {
            first
        } else {
            self.wire.write(b"+ \r\n").await?;
            decoded(&self.wire.line(ANSWER_MAX).await?)
        };
        let told = said.as_deref().and_then(plain).map(|(name, word)| (name.to_vec(), word.to_vec()));
        match told {
            Some((name, word)) => self.enter(&name, &word).await,
            None => Ok(Reply::bad("this is no name and password in base64")),
        }
    }
}
