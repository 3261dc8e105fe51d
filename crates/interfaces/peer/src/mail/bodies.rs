//! Bodies of large mails: sealed and kept while they are written, opened piece by piece where they are read.

use std::time::Duration;

use api::mail::MailBody;
use base::{ByteCount, ContentId, Fault, FaultKind};
use bytes::Bytes;
use data_encoding::HEXLOWER;
use files::jobs::Source;
use futures_lite::StreamExt as _;
use network::Contents;
use post::MailFault;
use post::read::Large;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use wire::sealed::{ContentKey, SEGMENT_SIZE, Segment, TAG_SIZE, sealed_size, segments};

use crate::PeerError;

/// The body of a mail in a folder is here, so reading it needs no waiting.
const PATIENCE: Duration = Duration::from_secs(5);

/// Sealed segments that wait for a slow disk.
const SEGMENTS_AHEAD: usize = 16;

/// A mail that is being written: in memory as long as it fits into letters; of a larger one only the head is.
pub(super) struct Writing {
    contents: Contents,
    /// All of it, or its head.
    bytes: Vec<u8>,
    body: Option<Sealing>,
}

/// A mail that is ready to be asked for.
pub(super) struct Ready {
    /// All of it, or its head.
    pub(super) in_letters: Vec<u8>,
    /// The rest, if it is large.
    pub(super) body: Option<MailBody>,
}

impl Writing {
    pub(super) fn new(contents: Contents) -> Self {
        Self { contents, bytes: Vec::new(), body: None }
    }

    /// Takes the next bytes.
    pub(super) async fn write(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        let before = self.bytes.len() as u64 + self.body.as_ref().map_or(0, |body| body.size);
        let size = before.saturating_add(bytes.len() as u64);
        if size > post::MESSAGE_SIZE_MAX {
            return Err(MailFault::TooLarge { size, limit: post::MESSAGE_SIZE_MAX }.into());
        }
        if let Some(body) = &mut self.body {
            return body.write(bytes).await;
        }
        self.bytes.extend_from_slice(bytes);
        if size <= post::IN_LETTERS_MAX {
            return Ok(());
        }
        let end = self.bytes.windows(4).take(post::HEAD_SIZE_MAX).position(|four| four == b"\r\n\r\n");
        let Some(end) = end.map(|end| end.saturating_add(4)) else {
            let why = "it is longer than 24,000 bytes, and so large a mail needs a short one";
            return Err(MailFault::BadHead { why }.into());
        };
        let rest = self.bytes.split_off(end);
        self.body.insert(Sealing::begin(&self.contents)?).write(&rest).await
    }

    /// Ends the mail.
    pub(super) async fn ready(self) -> Result<Ready, Fault> {
        let body = match self.body {
            Some(body) => Some(body.end().await?),
            None => None,
        };
        Ok(Ready { in_letters: self.bytes, body })
    }
}

/// A body that is being sealed.
struct Sealing {
    secret: [u8; 32],
    key: ContentKey,
    hasher: blake3::Hasher,
    size: u64,
    /// Which segment is next, and what of it has come: only what more bytes follow is not the last one.
    index: u64,
    segment: Vec<u8>,
    sealed: mpsc::Sender<Bytes>,
    /// Who keeps it: one task, which ends with this.
    keeping: JoinSet<std::io::Result<ContentId>>,
}

impl Sealing {
    fn begin(contents: &Contents) -> Result<Self, Fault> {
        let mut secret = [0; 32];
        getrandom::fill(&mut secret).map_err(|_none| PeerError::NoRandomness)?;
        let (sealed, pieces) = mpsc::channel(SEGMENTS_AHEAD);
        let contents = contents.clone();
        let mut keeping = JoinSet::new();
        keeping.spawn(async move { contents.keep_stream(pieces).await });
        let (key, hasher) = (post::read::large_key(&secret), blake3::Hasher::new());
        Ok(Self { secret, key, hasher, size: 0, index: 0, segment: Vec::new(), sealed, keeping })
    }

    async fn write(&mut self, mut bytes: &[u8]) -> Result<(), Fault> {
        self.hasher.update(bytes);
        self.size = self.size.saturating_add(bytes.len() as u64);
        while !bytes.is_empty() {
            if self.segment.len() == SEGMENT_SIZE {
                self.seal(Segment::Inner(self.index)).await?;
            }
            let room = SEGMENT_SIZE.saturating_sub(self.segment.len()).min(bytes.len());
            let (now, later) = bytes.split_at_checked(room).unwrap_or((bytes, &[]));
            self.segment.extend_from_slice(now);
            bytes = later;
        }
        Ok(())
    }

    async fn seal(&mut self, place: Segment) -> Result<(), Fault> {
        let sealed = self.key.seal(place, &self.segment);
        self.segment.clear();
        self.index = self.index.saturating_add(1);
        if self.sealed.send(sealed.into()).await.is_ok() {
            return Ok(());
        }
        // Whoever keeps it has stopped, and says why.
        self.kept().await.and_then(|_kept| Err(broken(&"it ended too early")))
    }

    async fn kept(&mut self) -> Result<ContentId, Fault> {
        let ended = self.keeping.join_next().await.ok_or_else(|| broken(&"nobody keeps it"))?;
        ended.map_err(|error| broken(&error))?.map_err(|error| not_kept(&error))
    }

    async fn end(mut self) -> Result<MailBody, Fault> {
        self.seal(Segment::Last(self.index)).await?;
        if self.sealed.send(Bytes::new()).await.is_err() {
            tracing::debug!("who keeps the body of a mail has stopped before its end");
        }
        let sealed = self.kept().await?;
        let digest = ContentId::new(*self.hasher.finalize().as_bytes());
        Ok(MailBody { sealed, digest, size: ByteCount(self.size), secret: HEXLOWER.encode(&self.secret) })
    }
}

/// Reads bytes of a body: at least one, none at its end.
pub(super) async fn read(contents: &Contents, large: &Large, at: u64, max: usize) -> Result<Vec<u8>, Fault> {
    if at >= large.size {
        return Ok(Vec::new());
    }
    let (segment, skipped) = (at / SEGMENT_SIZE as u64, at % SEGMENT_SIZE as u64);
    let of_sealed = (SEGMENT_SIZE + TAG_SIZE) as u64;
    let from = segment.saturating_mul(of_sealed);
    let to = from.saturating_add(of_sealed).min(sealed_size(large.size).unwrap_or_default());
    let mut reading = contents.read(large.sealed, Source::Store, from..to, PATIENCE);
    let mut sealed = Vec::new();
    while let Some(chunk) = reading.next().await {
        sealed.extend_from_slice(&chunk?);
    }
    let place = Segment::at(segment, segments(large.size));
    let plain = large.key().open(place, &sealed).ok_or_else(|| broken(&"the sealed body is another's"))?;
    let rest = plain.get(usize::try_from(skipped).unwrap_or(usize::MAX)..).unwrap_or_default();
    Ok(rest.get(..rest.len().min(max)).unwrap_or_default().to_vec())
}

fn not_kept(error: &std::io::Error) -> Fault {
    match error.kind() {
        std::io::ErrorKind::StorageFull => {
            let what = format!("the body of the mail cannot be kept: the disk is full ({error})");
            Fault::new("mail.disk-full", FaultKind::Settings, what)
                .remedy("", "make room on this disk and try again")
        }
        _ => broken(error),
    }
}

fn broken(error: &dyn std::fmt::Display) -> Fault {
    Fault::new("mail.body", FaultKind::Broken, format!("the body of a mail cannot be kept or read: {error}"))
}
