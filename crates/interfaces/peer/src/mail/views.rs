//! Mails as a page and the command line show them: heads decoded, text without formatting.

use api::Operation as _;
use api::mail::{
    AskComing, AskMail, AskMailPart, AskMails, AttachmentView, Coming, ComingMail, MailLine, MailView, Mails,
};
use base::{ByteCount, Fault};
use mail::shown_head;
use network::Contents;
use post::MailFault;
use serde_json::Value;
use store::Rows;

use super::files;
use super::whole::Whole;
use crate::host::{answer, parse};

/// Mails of a page, if nothing else is said, and at most.
const PAGE: u64 = 50;
const PAGE_MAX: u64 = 200;

/// Bytes of a head that a line of a list looks at.
const HEAD_LOOKED_MAX: usize = 16 * 1024;

/// Says whether an operation needs to know how mails are built.
pub(crate) fn is_view(operation: &str) -> bool {
    [AskMails::NAME, AskMail::NAME, AskMailPart::NAME, AskComing::NAME].contains(&operation)
}

/// Answers it.
pub(crate) fn read(
    rows: &dyn Rows,
    contents: &Contents,
    (operation, arguments): (&str, &Value),
) -> Result<Value, Fault> {
    match operation {
        AskMail::NAME => one(rows, contents, arguments),
        AskComing::NAME => coming(rows, contents),
        AskMailPart::NAME => {
            let asked = parse(AskMailPart::NAME, arguments.clone())?;
            answer(AskMailPart::NAME, &files::about_part(rows, contents, asked)?)
        }
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

/// Lists mails that are on their way. This thread may block.
fn coming(rows: &dyn Rows, contents: &Contents) -> Result<Value, Fault> {
    let mut mails = Vec::new();
    for mail in post::read::coming(rows)? {
        let head = shown_head(&mail.head);
        let (content, size) = mail.sealed;
        let runtime = tokio::runtime::Handle::try_current().ok();
        let come = runtime.and_then(|runtime| runtime.block_on(contents.here(content, size)));
        // Sealed it is a little longer than it will be.
        let here = (mail.head.len() as u64).saturating_add(come.unwrap_or_default()).min(mail.size);
        mails.push(ComingMail {
            folder: mail.folder.to_owned(),
            from: head.from,
            subject: head.subject,
            size: ByteCount(mail.size),
            here: ByteCount(here),
            at: mail.date,
            is_reachable: mail.is_reachable,
            is_asked: mail.is_asked,
        });
    }
    answer(AskComing::NAME, &Coming { mails })
}

fn one(rows: &dyn Rows, contents: &Contents, arguments: &Value) -> Result<Value, Fault> {
    let asked: AskMail = parse(AskMail::NAME, arguments.clone())?;
    let whole = Whole::find(rows, &asked.message)?;
    let looked = whole.outline(rows, contents).and_then(|outline| shown(rows, contents, (&whole, &outline)));
    let (shown, is_whole) = match looked {
        Ok(shown) => (shown, true),
        Err(fault) => {
            tracing::warn!(code = fault.code, "the body of a mail cannot be read: {fault}");
            let outline = whole.outline_of_rows(rows)?;
            (
                mail::Shown {
                    head: shown(rows, contents, (&whole, &outline))?.head,
                    ..mail::Shown::default()
                },
                false,
            )
        }
    };
    let attached = |part: mail::ShownPart| AttachmentView {
        part: part.number,
        name: part.name,
        media: part.media,
        size: ByteCount(part.size),
    };
    let view = MailView {
        message: asked.message,
        from: shown.head.from,
        to: shown.head.to,
        cc: shown.head.cc,
        subject: shown.head.subject,
        date: shown.head.date,
        at: whole.message.date,
        text: shown.text,
        is_html: shown.is_html,
        is_whole,
        attachments: shown.parts.into_iter().map(attached).collect(),
        flags: whole.message.flags,
        size: ByteCount(whole.message.size),
    };
    answer(AskMail::NAME, &view)
}

fn shown(
    rows: &dyn Rows,
    contents: &Contents,
    (whole, outline): (&Whole, &mail::Outline),
) -> Result<mail::Shown, Fault> {
    mail::shown(outline, |range| whole.range(rows, contents, range))
}
