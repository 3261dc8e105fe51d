//! Words to messages, in rows: those of every text that a message has or had (spec talk, rule 40).
//!
//! Which of its texts it shows depends on rights, which change without it; so whoever finds a message looks at what it shows.

use std::collections::BTreeSet;

use base::words::words;
use base::{Timestamp, WebId};
use store::{Rows, RowsMut, StoreError};

use crate::ids::MessageId;
use crate::tables::{WORD_COUNTS, WORDS};

/// A message, and when it was said.
pub(crate) type MessageKey = (WebId, MessageId, Timestamp);

/// Different words of a message that are found at most: a text of 16 KiB of one's own words has fewer.
const WORDS_MAX: usize = 2_000;

/// Has a message be found by the words of one of its texts, too.
pub(crate) fn put<R: RowsMut>(rows: &mut R, (web, id, at): MessageKey, text: &str) -> Result<(), StoreError> {
    for word in all(text) {
        let key = (web, posting(&word, at, id));
        if !WORDS.has(rows, &key)? {
            WORDS.put(rows, &key, &());
            let count = count(rows, web, &word)?.saturating_add(1);
            WORD_COUNTS.put(rows, &(web, word), &count);
        }
    }
    Ok(())
}

/// Has a message no longer be found by the words of one of its texts, also not by those that others of its texts have.
pub(crate) fn drop_all<R: RowsMut>(
    rows: &mut R,
    (web, id, at): MessageKey,
    text: &str,
) -> Result<(), StoreError> {
    for word in all(text) {
        let key = (web, posting(&word, at, id));
        if WORDS.has(rows, &key)? {
            WORDS.delete(rows, &key);
            match count(rows, web, &word)?.saturating_sub(1) {
                0 => WORD_COUNTS.delete(rows, &(web, word)),
                count => WORD_COUNTS.put(rows, &(web, word), &count),
            }
        }
    }
    Ok(())
}

/// Returns the different words of a text, the first ones if there are too many.
pub(crate) fn all(text: &str) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for word in words(text).map(|word| word.text).filter(|word| !word.is_empty()) {
        if all.len() >= WORDS_MAX {
            break;
        }
        all.insert(word);
    }
    all
}

/// Returns in how many messages of a web a word stands.
pub(crate) fn count<R: Rows + ?Sized>(rows: &R, web: WebId, word: &str) -> Result<u64, StoreError> {
    Ok(WORD_COUNTS.get(rows, &(web, word.to_owned()))?.unwrap_or(0))
}

/// Returns the key of a message under a word: newest first, and no word is the beginning of another.
pub(crate) fn posting(word: &str, at: Timestamp, id: MessageId) -> Vec<u8> {
    let mut bytes = heading(word);
    bytes.extend_from_slice(&(!at.millis()).to_be_bytes());
    bytes.extend_from_slice(id.0.as_bytes());
    bytes
}

/// Returns how the keys under a word begin.
pub(crate) fn heading(word: &str) -> Vec<u8> {
    let mut bytes = word.as_bytes().to_vec();
    bytes.push(0);
    bytes
}

/// Reads when a message under a word was said, and which it is.
pub(crate) fn posted(key: &[u8]) -> Option<(Timestamp, MessageId)> {
    let (rest, id) = key.split_last_chunk::<16>()?;
    let at = rest.last_chunk::<8>()?;
    let id = MessageId(base::OperationId::new(*id));
    Some((Timestamp::from_millis(!u64::from_be_bytes(*at)), id))
}
