//! Bodies of large mails: sealed and kept before the mail that names them, opened piece by piece where they are read.

use std::time::Duration;

use api::mail::MailBody;
use base::{ByteCount, ContentId, Fault, FaultKind};
use data_encoding::HEXLOWER;
use files::jobs::Source;
use futures_lite::StreamExt as _;
use network::Contents;
use post::read::Large;
use wire::sealed::{SEGMENT_SIZE, Segment, TAG_SIZE, sealed_size, segments};

use crate::PeerError;

/// The body of a mail in a folder is here, so reading it needs no waiting.
const PATIENCE: Duration = Duration::from_secs(5);

/// A mail that is ready to be asked for.
pub(super) struct Ready {
    /// All of it, or its head.
    pub(super) in_letters: Vec<u8>,
    /// The rest, if it is large.
    pub(super) body: Option<MailBody>,
}

/// Seals the body of a mail and keeps it, if it is too large for letters.
pub(super) async fn ready(contents: &Contents, mail: Vec<u8>) -> Result<Ready, Fault> {
    if mail.len() as u64 <= post::IN_LETTERS_MAX {
        return Ok(Ready { in_letters: mail, body: None });
    }
    let end = mail.windows(4).take(post::HEAD_SIZE_MAX).position(|four| four == b"\r\n\r\n");
    let Some(end) = end.map(|end| end.saturating_add(4)).filter(|end| *end < mail.len()) else {
        let why = "it is longer than 24,000 bytes, and so large a mail needs a short one";
        return Err(post::MailFault::BadHead { why }.into());
    };
    let mut secret = [0; 32];
    getrandom::fill(&mut secret).map_err(|_none| PeerError::NoRandomness)?;
    let sealing = tokio::task::spawn_blocking(move || {
        let (head, rest) = mail.split_at_checked(end).unwrap_or_default();
        let digest = ContentId::new(*blake3::hash(rest).as_bytes());
        let sealed = post::read::large_key(&secret, digest).seal_all(rest);
        (head.to_vec(), rest.len() as u64, digest, sealed)
    });
    let (in_letters, size, digest, sealed) = sealing.await.map_err(|error| broken(&error))?;
    let sealed = contents.keep(sealed).await.map_err(|error| broken(&error))?;
    let secret = HEXLOWER.encode(&secret);
    Ok(Ready { in_letters, body: Some(MailBody { sealed, digest, size: ByteCount(size), secret }) })
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

fn broken(error: &dyn std::fmt::Display) -> Fault {
    Fault::new("mail.body", FaultKind::Broken, format!("the body of a mail cannot be kept or read: {error}"))
}
