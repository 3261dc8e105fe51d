//! Mail that was not read, in the one inbox beside what is new in conversations.
//!
//! Not for: what is new there (`talk`). Each service knows its own; only the peer knows both.

use std::cmp::Reverse;

use api::Operation as _;
use api::talk::{AskInbox, Inbox, InboxEntry};
use base::Fault;
use serde_json::Value;
use store::Rows;

use crate::host::{answer, parse};

/// Mails at most: an inbox is looked over, and the folder lists all.
const MAILS_MAX: usize = 50;

/// Bytes of a head that an entry looks at.
const HEAD_LOOKED_MAX: usize = 16 * 1024;

/// Where mail comes in.
const FOLDER: &str = "INBOX";

/// Adds mail that was not read to what is new in conversations.
pub(crate) fn with_mail(rows: &dyn Rows, asked: Value, talk: Value) -> Result<Value, Fault> {
    let asked: AskInbox = parse(AskInbox::NAME, asked)?;
    let mut inbox: Inbox = parse(AskInbox::NAME, talk)?;
    for entry in unread(rows)? {
        if asked.web.as_ref().is_none_or(|web| *web == entry.web) {
            inbox.entries.push(entry);
        }
    }
    inbox.entries.sort_by_key(|entry| Reverse(entry.at));
    answer(AskInbox::NAME, &inbox)
}

fn unread(rows: &dyn Rows) -> Result<Vec<InboxEntry>, Fault> {
    let Some(folder) = post::read::folder_named(rows, FOLDER)? else { return Ok(Vec::new()) };
    let mut entries = Vec::new();
    for message in post::read::unseen(rows, folder, MAILS_MAX)? {
        let head = post::read::bytes(rows, (folder, message.uid), 0, HEAD_LOOKED_MAX)?.unwrap_or_default();
        let head = mail::shown_head(&head);
        entries.push(InboxEntry {
            kind: "mail".to_owned(),
            web: post::read::web_of(rows, address(&head.from))?.unwrap_or_default(),
            name: FOLDER.to_owned(),
            unread: 1,
            who: head.from,
            text: head.subject,
            at: message.date,
            room: String::new(),
            message: format!("{FOLDER}/{}", message.uid),
        });
    }
    Ok(entries)
}

/// Returns the address in what a field says. Nothing hangs on it but under which web a mail is listed.
fn address(from: &str) -> &str {
    let inner = from.rsplit_once('<').and_then(|(_, behind)| behind.split('>').next());
    inner.unwrap_or(from).trim()
}
