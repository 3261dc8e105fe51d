//! Mails as a page and the command line show them: heads decoded, text without formatting.

use api::Operation as _;
use api::mail::{AskComing, AskMail, AskMails, AttachmentView, Coming, ComingMail, MailLine, MailView, Mails};
use base::{ByteCount, Fault};
use mail::shown_head;
use network::Contents;
use post::MailFault;
use serde_json::Value;
use store::Rows;

use super::bodies;
use crate::host::{answer, parse};

/// Mails of a page, if nothing else is said, and at most.
const PAGE: u64 = 50;
const PAGE_MAX: u64 = 200;

/// Bytes of a head that a line of a list looks at.
const HEAD_LOOKED_MAX: usize = 16 * 1024;

/// Says whether an operation needs to know how mails are built.
pub(crate) fn is_view(operation: &str) -> bool {
    [AskMails::NAME, AskMail::NAME, AskComing::NAME].contains(&operation)
}

/// Answers it.
pub(crate) fn read(
    rows: &dyn Rows,
    contents: &Contents,
    (operation, arguments): (&str, &Value),
) -> Result<Value, Fault> {
    match operation {
        AskMail::NAME => one(rows, contents, arguments),
        AskComing::NAME => coming(rows),
        _ => list(rows, arguments),
    }
}

fn list(rows: &dyn Rows, arguments: &Value) -> Result<Value, Fault> {
    let asked: AskMails = parse(AskMails::NAME, arguments.clone())?;
    let name = asked.folder.unwrap_or_else(|| "INBOX".to_owned());
    let folder = post::read::folder_named(rows, &name)?;
    let folder = folder.ok_or_else(|| MailFault::NoSuchFolder { folder: name.clone() })?;
    let limit = usize::try_from(asked.limit.unwrap_or(PAGE).min(PAGE_MAX)).unwrap_or_default();
    let mut found = post::read::page(rows, folder, asked.below.unwrap_or(u64::MAX), limit + 1)?;
    let has_more = found.len() > limit;
    found.truncate(limit);
    let mut mails = Vec::new();
    for message in found {
        let head = post::read::bytes(rows, (folder, message.uid), 0, HEAD_LOOKED_MAX)?.unwrap_or_default();
        let head = shown_head(&head);
        mails.push(MailLine {
            message: format!("{name}/{}", message.uid),
            from: head.from,
            subject: head.subject,
            at: message.date,
            size: ByteCount(message.size),
            flags: message.flags,
            uid: message.uid,
        });
    }
    answer(AskMails::NAME, &Mails { mails, has_more })
}

fn coming(rows: &dyn Rows) -> Result<Value, Fault> {
    let mut mails = Vec::new();
    for mail in post::read::coming(rows)? {
        let head = shown_head(&mail.head);
        let (from, subject, size) = (head.from, head.subject, ByteCount(mail.size));
        mails.push(ComingMail { from, subject, size, at: mail.date, is_asked: mail.is_asked });
    }
    answer(AskComing::NAME, &Coming { mails })
}

fn one(rows: &dyn Rows, contents: &Contents, arguments: &Value) -> Result<Value, Fault> {
    let asked: AskMail = parse(AskMail::NAME, arguments.clone())?;
    let unknown = || MailFault::NoSuchMessage { message: asked.message.chars().take(100).collect() };
    let (name, uid) = asked.message.rsplit_once('/').ok_or_else(unknown)?;
    let uid: u64 = uid.parse().map_err(|_no_number| unknown())?;
    let folder = post::read::folder_named(rows, name)?.ok_or_else(unknown)?;
    let message = post::read::one(rows, folder, uid)?.ok_or_else(unknown)?;
    let mut bytes = Vec::new();
    loop {
        let piece = post::read::bytes(rows, (folder, uid), bytes.len() as u64, usize::MAX)?;
        let piece = piece.filter(|piece| !piece.is_empty());
        let Some(piece) = piece else { break };
        bytes.extend_from_slice(&piece);
    }
    let is_whole = match post::read::large(rows, folder, uid)? {
        Some(large) => read_body(contents, &large, &mut bytes),
        None => true,
    };
    let shown = mail::shown(&bytes);
    let attached = |part: mail::ShownPart| AttachmentView {
        name: part.name,
        media: part.media,
        size: ByteCount(part.size),
    };
    let view = MailView {
        message: asked.message.clone(),
        from: shown.head.from,
        to: shown.head.to,
        cc: shown.head.cc,
        subject: shown.head.subject,
        date: shown.head.date,
        at: message.date,
        text: shown.text,
        is_html: shown.is_html,
        is_whole,
        attachments: shown.parts.into_iter().map(attached).collect(),
        flags: message.flags,
        size: ByteCount(message.size),
    };
    answer(AskMail::NAME, &view)
}

/// Bytes of a body that a page is shown.
const READ_MAX: u64 = 32 << 20;

/// Reads a body that is a content, or what of it is shown; says whether all of it could be read. This thread may block.
fn read_body(contents: &Contents, large: &post::read::Large, bytes: &mut Vec<u8>) -> bool {
    let Ok(runtime) = tokio::runtime::Handle::try_current() else { return false };
    let mut at = 0;
    while at < large.size {
        if at >= READ_MAX {
            return false;
        }
        match runtime.block_on(bodies::read(contents, large, at, usize::MAX)) {
            Ok(piece) if !piece.is_empty() => {
                at = at.saturating_add(piece.len() as u64);
                bytes.extend_from_slice(&piece);
            }
            Ok(_nothing) => return false,
            Err(fault) => {
                tracing::warn!(code = fault.code, "the body of a mail cannot be read: {fault}");
                return false;
            }
        }
    }
    true
}
