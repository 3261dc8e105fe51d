//! Looks at the head of a message that is to be sent: who it says it is from, and what is missing in it.

use base::Timestamp;
use chrono::DateTime;

use crate::DOMAIN;
use crate::mime::address::{Entry, entries};
use crate::mime::field::{HEAD_BYTES_MAX, fields, head_length, unfolded};

/// Fields that say who has written or sent a message.
const AUTHORS: [&[u8]; 4] = [b"from", b"sender", b"resent-from", b"resent-sender"];

/// Fields that others must not see.
const HIDDEN: [&[u8]; 2] = [b"bcc", b"resent-bcc"];

/// Why a message is not sent.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum HeadError {
    #[error("the head of the message has more than {HEAD_BYTES_MAX} bytes; no mail program reads so much")]
    TooLong,
    #[error(
        "a line in the head of the message is no field (name, colon, text), so programs read it differently"
    )]
    NoField,
    #[error("the message does not say who it is from: it has no field From, or an empty one")]
    NoAuthor,
    #[error("the message has several fields {name}, so programs would show different people")]
    Twice { name: String },
    #[error("the field {name} can be read in several ways; write it as Name <person@web.{DOMAIN}>")]
    Unclear { name: String },
    #[error("the message says {name}: {said}, which is not an address of yours ({own})")]
    Foreign { name: String, said: String, own: String },
}

/// Checks a whole head, with the empty line at its end. Returns the head to be sent: without hidden recipients, with a
/// date and an id (RFC 6409, 8).
pub(super) fn stamped(head: &[u8], own: &[String], now: Timestamp) -> Result<Vec<u8>, HeadError> {
    if head.len() > HEAD_BYTES_MAX {
        return Err(HeadError::TooLong);
    }
    let is_whole = head_length(head) == Some(head.len()) && head.ends_with(b"\r\n");
    let length: usize = fields(head).map(|field| field.raw.len()).sum();
    // What is neither a field nor the empty line is a line that programs disagree about.
    if !is_whole || length.saturating_add(2) != head.len() {
        return Err(HeadError::NoField);
    }
    check_authors(head, own)?;
    let has = |name: &[u8]| fields(head).any(|field| field.name.eq_ignore_ascii_case(name));
    let mut sent = Vec::with_capacity(head.len().saturating_add(128));
    if !has(b"date") {
        let millis = i64::try_from(now.millis()).unwrap_or(i64::MAX);
        let date = DateTime::from_timestamp_millis(millis).unwrap_or_default();
        sent.extend_from_slice(format!("Date: {}\r\n", date.to_rfc2822()).as_bytes());
    }
    if !has(b"message-id") {
        let mut random = [0; 16];
        // Without dice the id would not be one, so it is left out.
        if getrandom::fill(&mut random).is_ok() {
            let id = data_encoding::HEXLOWER.encode(&random);
            sent.extend_from_slice(format!("Message-ID: <{id}@{DOMAIN}>\r\n").as_bytes());
        }
    }
    for field in fields(head) {
        if !HIDDEN.iter().any(|hidden| field.name.eq_ignore_ascii_case(hidden)) {
            sent.extend_from_slice(field.raw);
        }
    }
    sent.extend_from_slice(b"\r\n");
    Ok(sent)
}

fn check_authors(head: &[u8], own: &[String]) -> Result<(), HeadError> {
    for author in AUTHORS {
        let mut found = fields(head).filter(|field| field.name.eq_ignore_ascii_case(author));
        let first = found.next();
        let Some(field) = first else {
            if author == b"from" {
                return Err(HeadError::NoAuthor);
            }
            continue;
        };
        let name = String::from_utf8_lossy(field.name).into_owned();
        if found.next().is_some() {
            return Err(HeadError::Twice { name });
        }
        let entries = entries(&unfolded(field.value));
        if entries.is_empty() {
            return Err(HeadError::NoAuthor);
        }
        for entry in entries {
            let Entry::Mailbox(mailbox) = entry else { return Err(HeadError::Unclear { name }) };
            if !mailbox.is_plain {
                return Err(HeadError::Unclear { name });
            }
            let said = mailbox.address();
            if !own.contains(&said) {
                return Err(HeadError::Foreign { name, said, own: own.join(" or ") });
            }
        }
    }
    Ok(())
}
