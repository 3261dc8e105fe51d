//! Takes the message after `DATA` and passes it on as it comes.

use std::time::{SystemTime, UNIX_EPOCH};

use base::Timestamp;
use bytes::Bytes;

use super::dots::Dots;
use super::stamp::{HeadError, stamped};
use super::{Next, Session, too_large};
use crate::mime::field::{HEAD_BYTES_MAX, head_length};
use crate::post::{Draft, PostError, Submitted};
use crate::wire::{CHUNK, WireEnd};

/// A message on its way.
struct Passing {
    own: Vec<String>,
    draft: Box<dyn Draft>,
    /// The head, until it is whole.
    head: Option<Vec<u8>>,
    size: u64,
    size_max: u64,
    /// Why it is not sent; the rest is read and forgotten.
    wrong: Option<Wrong>,
}

/// Why a message is not sent.
enum Wrong {
    Ambiguous,
    TooLarge,
    Head(HeadError),
    Post(PostError),
}

impl Session {
    pub(super) async fn take_message(&mut self) -> Result<Next, WireEnd> {
        let Some(envelope) = self.envelope.take_if(|envelope| !envelope.to.is_empty()) else {
            return self.refuse(503, "5.5.1", "say MAIL FROM and RCPT TO first").await;
        };
        let Some(entered) = &self.entered else { return self.refuse(530, "5.7.0", "log in first").await };
        let account = std::sync::Arc::clone(&entered.account);
        let begun = async { Ok::<_, PostError>((account.addresses().await?, account.draft().await?)) };
        let (own, draft) = match begun.await {
            Ok(begun) => begun,
            Err(error) => return self.fail(&error).await,
        };
        self.say(354, "", "go on, and end with a dot").await?;
        let size_max = self.shared.login.size_max();
        let mut passing = Passing { own, draft, head: Some(Vec::new()), size: 0, size_max, wrong: None };
        let mut dots = Dots::new();
        loop {
            let chunk = self.wire.chunk(CHUNK as u64).await?;
            let mut text = Vec::with_capacity(chunk.len().saturating_add(2));
            let end = dots.push(&chunk, &mut text);
            if dots.is_ambiguous && passing.wrong.is_none() {
                passing.wrong = Some(Wrong::Ambiguous);
            }
            passing.take(text).await;
            if let Some(end) = end {
                self.wire.put_back(chunk.get(end..).unwrap_or_default());
                break;
            }
        }
        passing.end_head().await;
        match passing.wrong {
            None => self.send(passing.draft, envelope).await,
            Some(wrong) => self.decline(wrong).await,
        }
    }

    async fn send(&mut self, draft: Box<dyn Draft>, envelope: super::Envelope) -> Result<Next, WireEnd> {
        match draft.submit(envelope.from, envelope.to).await {
            Ok(Submitted::Accepted(id)) => self.say(250, "2.0.0", &format!("on its way as {id}")).await?,
            Ok(Submitted::Refused(refused)) => {
                let all: Vec<String> = refused.iter().map(|(to, fault)| format!("{to}: {fault}")).collect();
                self.say(550, "5.1.1", &format!("sent to nobody: {}", all.join("; "))).await?;
            }
            Err(PostError::Refused(fault)) => self.say(451, "4.3.0", &fault.to_string()).await?,
            Err(error) => return self.fail(&error).await,
        }
        Ok(Next::GoOn)
    }

    async fn decline(&mut self, wrong: Wrong) -> Result<Next, WireEnd> {
        match wrong {
            Wrong::Ambiguous => {
                let text =
                    "the message has a bare CR or LF, which programs read differently; lines end with CR LF";
                self.refuse(550, "5.6.0", text).await
            }
            Wrong::TooLarge => self.refuse(552, "5.3.4", &too_large(self.shared.login.size_max())).await,
            Wrong::Head(error) => {
                let status = match &error {
                    HeadError::TooLong | HeadError::NoField => "5.6.0",
                    _ => "5.7.1",
                };
                self.refuse(550, status, &error.to_string()).await
            }
            Wrong::Post(error) => self.fail(&error).await,
        }
    }
}

impl Passing {
    /// Passes text on, after the head has been looked at.
    async fn take(&mut self, text: Vec<u8>) {
        self.size = self.size.saturating_add(text.len() as u64);
        if self.size > self.size_max && self.wrong.is_none() {
            self.wrong = Some(Wrong::TooLarge);
        }
        if self.wrong.is_some() {
            return;
        }
        let Some(head) = &mut self.head else { return self.write(text).await };
        // An empty line can only be among the new bytes, or just before them.
        let known = head.len();
        head.extend_from_slice(&text);
        let is_near =
            |start: usize| head.get(start..).unwrap_or_default().windows(4).any(|four| four == b"\r\n\r\n");
        if head.starts_with(b"\r\n") || is_near(known.saturating_sub(3)) {
            self.end_head().await;
        } else if head.len() > HEAD_BYTES_MAX {
            self.wrong = Some(Wrong::Head(HeadError::TooLong));
        }
    }

    /// The head is whole, or the message has ended without a body.
    async fn end_head(&mut self) {
        let Some(mut head) = self.head.take().filter(|_| self.wrong.is_none()) else { return };
        let mut length = head_length(&head);
        if length.is_none() {
            head.extend_from_slice(b"\r\n");
            length = Some(head.len());
        }
        let body = head.split_off(length.unwrap_or_default().min(head.len()));
        match stamped(&head, &self.own, now()) {
            Ok(head) => {
                self.write(head).await;
                self.write(body).await;
            }
            Err(error) => self.wrong = Some(Wrong::Head(error)),
        }
    }

    async fn write(&mut self, text: Vec<u8>) {
        let mut text = Bytes::from(text);
        while !text.is_empty() && self.wrong.is_none() {
            let piece = text.split_to(text.len().min(CHUNK));
            if let Err(error) = self.draft.write(piece).await {
                self.wrong = Some(Wrong::Post(error));
            }
        }
    }
}

/// Returns the time, by this computer's clock.
fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_millis(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}
