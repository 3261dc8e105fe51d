//! Files that come with mails: parts that are saved, and bytes that are taken for a mail which is being written.
//!
//! Not for: what a page shows of a mail (`views`).

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use api::Operation as _;
use api::mail::{AskMailPart, MailPart, SendMail, SentMail, SubmitMail, TakenFile};
use base::{ByteCount, Fault, Timestamp};
use bytes::Bytes;
use data_encoding::{BASE64, HEXLOWER};
use futures_lite::StreamExt as _;
use gateways::ContentStream;
use kernel::Readers;
use mail::{Coding, Unwrapping};
use network::Contents;
use post::{Attached, MailFault};
use serde_json::Value;
use store::Rows;
use tokio::sync::Semaphore;

use super::MailDesk;
use super::bodies::{Ready, Writing};
use super::whole::Whole;
use crate::PeerError;
use crate::engine::now;
use crate::host::{answer, parse};

/// Bytes of a mail that the page or the command line writes, in memory. What is larger is for mail programs, which stream theirs, and for shares.
pub(super) const WRITTEN_MAX: u64 = 32 << 20;

/// How long bytes wait for the mail that they were taken for.
const WAIT_MAX: Duration = Duration::from_hours(1);

/// Bytes that wait at most, in memory: those of two mails. The oldest give way.
const WAITING_MAX: u64 = 2 * WRITTEN_MAX;

/// Files that are taken at the same time, each as large as a mail may be.
const TAKING_MAX: usize = 4;

/// Bytes that were taken for mails which are being written.
#[derive(Debug)]
pub(super) struct Taken {
    kept: Mutex<BTreeMap<String, Kept>>,
    room: Semaphore,
}

#[derive(Debug)]
struct Kept {
    at: Timestamp,
    bytes: Arc<Vec<u8>>,
}

impl Default for Taken {
    fn default() -> Self {
        Self { kept: Mutex::default(), room: Semaphore::new(TAKING_MAX) }
    }
}

impl Taken {
    fn put(&self, id: String, bytes: Vec<u8>, now: Timestamp) {
        let mut kept = self.kept();
        kept.retain(|_, one| now.since(one.at) < WAIT_MAX);
        kept.insert(id, Kept { at: now, bytes: Arc::new(bytes) });
        while kept.values().map(|one| one.bytes.len() as u64).sum::<u64>() > WAITING_MAX {
            let oldest = kept.iter().min_by_key(|(_, one)| one.at).map(|(id, _)| id.clone());
            if oldest.and_then(|id| kept.remove(&id)).is_none() {
                break;
            }
        }
    }

    fn find(&self, id: &str) -> Option<Arc<Vec<u8>>> {
        self.kept().get(id).map(|one| Arc::clone(&one.bytes))
    }

    fn forget(&self, id: &str) {
        self.kept().remove(id);
    }

    fn kept(&self) -> MutexGuard<'_, BTreeMap<String, Kept>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl MailDesk {
    /// Takes bytes for a mail that is being written.
    pub(crate) async fn attach(&self, mut pieces: ContentStream) -> Result<TakenFile, Fault> {
        // Whoever comes while others are taken waits: the bytes stay where they are until then.
        let _room = self.taken.room.acquire().await;
        let mut bytes = Vec::new();
        while let Some(piece) = pieces.next().await {
            bytes.extend_from_slice(&piece?);
            let size = bytes.len() as u64;
            if size > WRITTEN_MAX {
                return Err(MailFault::TooLarge { size, limit: WRITTEN_MAX }.into());
            }
        }
        let mut id = [0; 16];
        getrandom::fill(&mut id).map_err(|_none| PeerError::NoRandomness)?;
        let taken = TakenFile { id: HEXLOWER.encode(&id), size: ByteCount(bytes.len() as u64) };
        self.taken.put(taken.id.clone(), bytes, now());
        Ok(taken)
    }

    /// Sends a mail with files.
    pub(crate) async fn send(&self, asked: Value) -> Result<Value, Fault> {
        let asked: SendMail = parse(SendMail::NAME, asked)?;
        let mut files = Vec::new();
        let mut size = 0_u64;
        for named in &asked.attach {
            let (name, bytes) = self.file(named).await?;
            // On its way each file takes a third more than it has.
            size = size.saturating_add((bytes.len() as u64).saturating_mul(4) / 3);
            if size > WRITTEN_MAX {
                return Err(MailFault::TooLarge { size, limit: WRITTEN_MAX }.into());
            }
            files.push((name, bytes));
        }
        let mut random = [0; 32];
        getrandom::fill(&mut random).map_err(|_none| PeerError::NoRandomness)?;
        let (readers, wanted) = (Arc::clone(&self.readers), asked.clone());
        let writing = tokio::task::spawn_blocking(move || {
            let attached: Vec<_> = files.iter().map(|(name, bytes)| Attached { name, bytes }).collect();
            post::written(&*readers.snapshot()?, &wanted, (now(), random), &attached)
        });
        let (mail, to) = writing.await.map_err(|error| bodies_broken(&error))??;
        let mut whole = Writing::new(self.contents.clone());
        whole.write(&mail).await?;
        let Ready { in_letters, body } = whole.ready().await?;
        let submit = SubmitMail { message: BASE64.encode(&in_letters), to, body, is_kept: true };
        let sent = self.engine.ask(SubmitMail::NAME, answer(SubmitMail::NAME, &submit)?, None).await?;
        let sent: SentMail = parse(SubmitMail::NAME, sent)?;
        for named in &asked.attach {
            self.taken.forget(named.split('/').next().unwrap_or_default());
        }
        answer(SendMail::NAME, &SentMail { id: sent.id, to: asked.to })
    }

    /// Brings a file that is to come with a mail: one that was taken, or one of this computer.
    async fn file(&self, named: &str) -> Result<(String, Arc<Vec<u8>>), Fault> {
        let refused = |why: &str| MailFault::NotAttached { name: shown(named), why: why.to_owned() };
        if !named.starts_with('/') {
            let (id, name) = named.split_once('/').ok_or_else(|| refused("it is no path"))?;
            let bytes = self.taken.find(id).ok_or_else(|| refused("it is not kept any more"))?;
            return Ok((name.to_owned(), bytes));
        }
        let unread = |error: std::io::Error| refused(&error.to_string());
        let about = tokio::fs::metadata(named).await.map_err(unread)?;
        if !about.is_file() {
            return Err(refused("it is no file").into());
        }
        if about.len() > WRITTEN_MAX {
            return Err(MailFault::TooLarge { size: about.len(), limit: WRITTEN_MAX }.into());
        }
        let bytes = tokio::fs::read(named).await.map_err(unread)?;
        Ok((shown(named), Arc::new(bytes)))
    }

    /// Reads bytes of a part, unwrapped.
    pub(super) async fn bytes(&self, part: MailPart, range: Range<u64>) -> Result<ContentStream, Fault> {
        let (readers, contents) = (Arc::clone(&self.readers), self.contents.clone());
        let opening = tokio::task::spawn_blocking(move || Reading::open((readers, contents), &part, range));
        let reading = opening.await.map_err(|error| bodies_broken(&error))??;
        Ok(Box::pin(futures_lite::stream::try_unfold(reading, Reading::next)))
    }
}

/// Returns the last part of a path.
fn shown(path: &str) -> String {
    path.rsplit('/').next().unwrap_or_default().chars().take(100).collect()
}

fn bodies_broken(error: &dyn std::fmt::Display) -> Fault {
    Fault::new("mail.part", base::FaultKind::Broken, format!("a file of a mail was not brought: {error}"))
}

/// Says what is needed to save a part. This thread may block.
pub(super) fn about_part(
    rows: &dyn Rows,
    contents: &Contents,
    asked: AskMailPart,
) -> Result<MailPart, Fault> {
    let AskMailPart { message, part } = asked;
    let whole = Whole::find(rows, &message)?;
    let outline = whole.outline(rows, contents)?;
    if part == 0 {
        let head = mail::shown_head(&whole.range(rows, contents, outline.head())?);
        let subject = if head.subject.is_empty() { "mail".to_owned() } else { head.subject };
        let (name, size) = (format!("{subject}.eml"), ByteCount(whole.message.size));
        return Ok(MailPart { message, part, name, size });
    }
    let found = outline.part(part);
    let found = found.ok_or_else(|| MailFault::NoSuchPart { message: message.clone(), part })?;
    let size = match found.coding {
        Coding::Plain => found.size,
        // Known only when it was unwrapped: whoever saves it wants to know how much is to come.
        Coding::Base64 | Coding::QuotedPrintable => {
            let mut unwrapping = Unwrapping::new(found.coding);
            let mut size = 0_u64;
            let mut at = found.body.start;
            while at < found.body.end {
                let piece = wrapped(&whole, (rows, contents), at..found.body.end)?;
                if piece.is_empty() {
                    break;
                }
                at = at.saturating_add(piece.len() as u64);
                size = size.saturating_add(unwrapping.push(&piece).len() as u64);
            }
            size.saturating_add(unwrapping.finish().len() as u64)
        }
    };
    let name = if found.name.is_empty() { format!("attachment-{part}") } else { found.name };
    Ok(MailPart { message, part, name, size: ByteCount(size) })
}

fn wrapped(
    whole: &Whole,
    (rows, contents): (&dyn Rows, &Contents),
    range: Range<u64>,
) -> Result<Vec<u8>, Fault> {
    let mut piece = whole.piece(rows, contents, range.start)?;
    piece.truncate(usize::try_from(range.end.saturating_sub(range.start)).unwrap_or(usize::MAX));
    Ok(piece)
}

/// A part that is being read.
struct Reading {
    readers: Arc<Readers>,
    contents: Contents,
    whole: Whole,
    /// Where its wrapped bytes are that were not read yet.
    left: Range<u64>,
    unwrapping: Unwrapping,
    /// Unwrapped bytes to pass over, and to give then.
    skipped: u64,
    wanted: u64,
}

impl Reading {
    fn open(
        (readers, contents): (Arc<Readers>, Contents),
        part: &MailPart,
        range: Range<u64>,
    ) -> Result<Self, Fault> {
        let rows = readers.snapshot()?;
        let whole = Whole::find(&*rows, &part.message)?;
        let (mut left, coding) = match part.part {
            0 => (0..whole.message.size, Coding::Plain),
            number => {
                let found = whole.outline(&*rows, &contents)?.part(number);
                let unknown = || MailFault::NoSuchPart { message: part.message.clone(), part: number };
                let found = found.ok_or_else(unknown)?;
                (found.body, found.coding)
            }
        };
        drop(rows);
        let mut skipped = range.start;
        if coding == Coding::Plain {
            left.start = left.start.saturating_add(skipped).min(left.end);
            skipped = 0;
        }
        let (unwrapping, wanted) = (Unwrapping::new(coding), range.end.saturating_sub(range.start));
        Ok(Self { readers, contents, whole, left, unwrapping, skipped, wanted })
    }

    async fn next(self) -> Result<Option<(Bytes, Self)>, Fault> {
        let reading = tokio::task::spawn_blocking(move || self.next_now());
        reading.await.map_err(|error| bodies_broken(&error))?
    }

    /// Reads on until there is something to give. This thread may block.
    fn next_now(mut self) -> Result<Option<(Bytes, Self)>, Fault> {
        while self.wanted > 0 {
            let piece = if self.left.is_empty() {
                Vec::new()
            } else {
                let rows = self.readers.snapshot()?;
                wrapped(&self.whole, (&*rows, &self.contents), self.left.clone())?
            };
            let is_end = piece.is_empty();
            self.left.start = self.left.start.saturating_add(piece.len() as u64);
            let mut plain = if is_end { self.unwrapping.finish() } else { self.unwrapping.push(&piece) };
            let passed = self.skipped.min(plain.len() as u64);
            self.skipped = self.skipped.saturating_sub(passed);
            plain.drain(..usize::try_from(passed).unwrap_or(usize::MAX).min(plain.len()));
            plain.truncate(usize::try_from(self.wanted).unwrap_or(usize::MAX));
            self.wanted = self.wanted.saturating_sub(plain.len() as u64);
            if !plain.is_empty() {
                return Ok(Some((plain.into(), self)));
            }
            if is_end {
                break;
            }
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_waits_for_a_mail_is_bounded_by_size_and_age() {
        let (taken, begun) = (Taken::default(), Timestamp::from_millis(1_000_000));
        let later = |seconds| begun.after(Duration::from_secs(seconds));
        let large = usize::try_from(WAITING_MAX / 2).unwrap();
        for (at, id) in [(0, "a"), (1, "b"), (2, "c")] {
            taken.put(id.to_owned(), vec![0; large], later(at));
        }
        assert_eq!(["a", "b", "c"].map(|id| taken.find(id).is_some()), [false, true, true]);
        taken.put("d".to_owned(), b"x".to_vec(), later(3_601));
        assert_eq!(["b", "c", "d"].map(|id| taken.find(id).is_some()), [false, true, true]);
        taken.forget("d");
        assert!(taken.find("d").is_none());
    }

    #[test]
    fn a_file_is_called_by_the_last_part_of_its_path() {
        assert_eq!(shown("/home/alice/plan.pdf"), "plan.pdf");
        assert_eq!(shown("0123/"), "");
    }
}
