//! APPEND: takes a message as it comes and puts it into a folder.

use base::Timestamp;
use imap_codec::CommandCodec;
use imap_codec::decode::Decoder as _;
use imap_types::command::CommandBody;

use super::change::flags;
use super::read::{Literal, accept, forget};
use super::reply::{Reply, Stop};
use super::session::Session;
use super::view::Expunges;
use crate::flags::Flags;
use crate::post::{Draft, Folder};
use crate::wire::CHUNK;

/// Where a message is to go.
struct Place {
    folder: Folder,
    flags: Flags,
    date: Option<Timestamp>,
    draft: Box<dyn Draft>,
}

impl Session {
    pub(super) async fn append(&mut self, command: &[u8], literal: Literal) -> Result<Reply, Stop> {
        let mut place = match self.place(command, literal).await {
            Ok(place) => place,
            Err(stop) => {
                forget(&mut self.wire, literal).await?;
                return Err(stop);
            }
        };
        accept(&mut self.wire, literal).await?;
        let mut left = literal.size;
        let mut failed = None;
        while left > 0 {
            let chunk = self.wire.chunk(left.min(CHUNK as u64)).await?;
            left = left.saturating_sub(chunk.len() as u64);
            // What is promised is read to its end, else it would be taken for commands.
            if failed.is_none() {
                failed = place.draft.write(chunk).await.err();
            }
        }
        if !self.wire.line(CHUNK).await?.is_empty() {
            return Ok(Reply::bad("one message at a time"));
        }
        if let Some(error) = failed {
            return Err(error.into());
        }
        let appended = place.draft.append(place.folder.id, place.flags, place.date).await?;
        self.update(Expunges::Now).await?;
        Ok(Reply::Ok(format!("[APPENDUID {} {}] put there", appended.uid_validity, appended.uid)))
    }

    async fn place(&mut self, command: &[u8], literal: Literal) -> Result<Place, Stop> {
        let Ok((_, command)) = CommandCodec::default().decode(command) else {
            return Err(Reply::bad("the arguments are wrong").into());
        };
        let CommandBody::Append { mailbox, flags: said, date, .. } = command.body else {
            return Err(Reply::bad("the arguments are wrong").into());
        };
        if literal.size == 0 {
            return Err(Reply::no("[CANNOT] the message is empty").into());
        }
        let size_max = self.shared.login.size_max();
        if literal.size > size_max {
            return Err(Reply::Bad(format!("[TOOBIG] a message has {size_max} bytes at most")).into());
        }
        let folder = self.target(&mailbox).await?;
        let flags = flags(&said)?;
        let millis = date.map(|date| u64::try_from(date.as_ref().timestamp_millis()).unwrap_or_default());
        let draft = self.user()?.account.draft().await?;
        Ok(Place { folder, flags, date: millis.map(Timestamp::from_millis), draft })
    }
}
