//! What comes with mail is looked through when it comes, not only when somebody saves it: so one computer that knows the harm
//! warns the others before they open theirs (spec guard, rule 34).

use std::sync::{Arc, Weak};
use std::time::Duration;

use api::mail::{AskMailPart, MailPart};
use base::Fault;

use super::MailDesk;
use super::files::about_part;
use super::whole::Whole;
use crate::PeerError;

/// Where mail comes in.
const FOLDER: &str = "INBOX";

/// Mails that are looked at of those that came while one was looked at.
const MAILS_MAX: usize = 100;

/// Parts of one mail that are looked at, and bytes of each, as it came: worms are small, and what is larger is looked through when
/// it is saved.
const PARTS_MAX: u64 = 32;
const PART_SIZE_MAX: u64 = 1 << 20;

/// How often it is looked whether something came, after something has happened.
const PAUSE: Duration = Duration::from_millis(200);

/// Looks through files that come with mail, until the desk is gone.
pub(crate) async fn look_at_arrivals(desk: Weak<MailDesk>) {
    let Some(mut last_event) = desk.upgrade().map(|desk| desk.last_event.clone()) else { return };
    let mut seen = None;
    loop {
        let Some(desk) = desk.upgrade() else { return };
        match desk.arrived_after(seen).await {
            Ok((last, parts)) => {
                seen = Some(last);
                for part in parts {
                    if let Err(fault) = desk.pass(&part).await {
                        tracing::info!(code = fault.code, "a part of a mail does not pass: {fault}");
                    }
                }
            }
            Err(fault) => tracing::warn!(code = fault.code, "new mail is not looked through: {fault}"),
        }
        drop(desk);
        if last_event.changed().await.is_err() {
            return;
        }
        tokio::time::sleep(PAUSE).await;
    }
}

impl MailDesk {
    /// Returns the number of the newest mail, and the small parts of those that came after one; none before the first look.
    async fn arrived_after(self: &Arc<Self>, seen: Option<u64>) -> Result<(u64, Vec<MailPart>), Fault> {
        let desk = Arc::clone(self);
        let looking = tokio::task::spawn_blocking(move || {
            let rows = desk.readers.snapshot()?;
            let Some(folder) = post::read::folder_named(&*rows, FOLDER)? else { return Ok((0, Vec::new())) };
            let newest = post::read::page(&*rows, folder, u64::MAX, MAILS_MAX)?;
            let last = newest.first().map_or(0, |message| message.uid);
            let Some(seen) = seen else { return Ok((last, Vec::new())) };
            if guard::is_off(&*rows)? {
                return Ok((last, Vec::new()));
            }
            let mut parts = Vec::new();
            for message in newest.iter().filter(|message| message.uid > seen) {
                parts.extend(desk.small_parts(&*rows, &format!("{FOLDER}/{}", message.uid))?);
            }
            Ok((last.max(seen), parts))
        });
        looking.await.map_err(|_ended| PeerError::Stopping)?
    }

    fn small_parts(&self, rows: &dyn store::Rows, message: &str) -> Result<Vec<MailPart>, Fault> {
        let whole = Whole::find(rows, message)?;
        if whole.is_elsewhere() {
            return Ok(Vec::new());
        }
        let outline = whole.outline(rows, &self.contents)?;
        let mut parts = Vec::new();
        for number in 1..=PARTS_MAX {
            let Some(part) = outline.part(number) else { break };
            let is_text = part.name.is_empty() && part.media.starts_with("text/");
            if !is_text && part.size <= PART_SIZE_MAX {
                let asked = AskMailPart { message: message.to_owned(), part: number };
                parts.push(about_part(rows, &self.contents, asked)?);
            }
        }
        Ok(parts)
    }
}
