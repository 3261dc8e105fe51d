//! Mails that are being written in the page: kept as they are typed, and on all computers of their person when it pauses, by the marks of `people`
//! (spec post, rules 60 to 64).
//!
//! Not for: drafts of mail programs, which are messages of a folder and stay on one computer (rule 55).

use std::time::Duration;

use api::mail::{DraftKept, DraftView, KeepDraft};
use base::{Fault, OperationId, Timestamp, WebId};
use kernel::Step;
use minicbor::{Decode, Encode};
use people::Wish;
use store::{Rows, StoreError};
use wire::codec::Bytes;

use crate::faults::MailFault;
use crate::tables::{DRAFTS, DraftRow};

/// Drafts at most: nobody writes so many mails at once.
const DRAFTS_MAX: usize = 100;

/// Bytes of a draft at most: what a page sends at each pause is not without end.
const DRAFT_SIZE_MAX: usize = 1 << 20;

/// The mark of a draft.
const MARK: u64 = 110;

/// Bytes of a mark's value at most (spec identity, rule 80). A longer draft stays on its computer.
pub(crate) const FOLLOWS_MAX: usize = 1_024;

/// Who writes without such a pause says nothing yet: each saying is carried by everybody in the web for ever.
const PAUSE: Duration = Duration::from_mins(1);

/// Alarm: say drafts.
pub(crate) const ALARM: &str = "drafts";

/// What a mark says of a draft.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Said {
    #[n(0)]
    pub(crate) at: Timestamp,
    #[n(1)]
    pub(crate) to: String,
    #[n(2)]
    pub(crate) subject: String,
    #[n(3)]
    pub(crate) text: String,
}

impl Said {
    /// Returns a draft as a mark has it; none, if it is too long.
    fn written(&self) -> Option<Vec<u8>> {
        Some(wire::to_bytes(self)).filter(|bytes| bytes.len() <= FOLLOWS_MAX)
    }

    /// Reads what a mark says; it may be of a stolen computer.
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        wire::from_bytes(bytes, FOLLOWS_MAX).ok()
    }

    fn texts(&self) -> [&str; 3] {
        [&self.to, &self.subject, &self.text]
    }
}

/// Keeps what is being written; what is empty is forgotten, as what was sent.
pub(crate) fn keep(step: &mut Step<'_>, asked: KeepDraft) -> Result<DraftKept, Fault> {
    let KeepDraft { id, to, subject, text } = asked;
    let said = Said { at: step.now(), to, subject, text };
    let size = wire::to_bytes(&said).len();
    if size > DRAFT_SIZE_MAX {
        return Err(MailFault::TooLarge { size: size as u64, limit: DRAFT_SIZE_MAX as u64 }.into());
    }
    let id = match id {
        Some(id) => id,
        None => new_id(step),
    };
    let known = DRAFTS.get(step.view(), &id)?;
    if said.texts() == [""; 3] {
        if let Some(known) = known {
            DRAFTS.delete(step.rows(), &id);
            wish(step, id, known.web, None);
            step.emit("mail.draft", &serde_json::json!({}));
        }
        return Ok(DraftKept { id, follows: true });
    }
    let web = match known.as_ref().and_then(|known| known.web) {
        Some(web) => Some(web),
        None => first_web(step)?,
    };
    let follows = web.is_some() && said.written().is_some();
    if known.as_ref().is_some_and(|known| known.said.texts() == said.texts()) {
        return Ok(DraftKept { id, follows });
    }
    if known.is_none() && count(step.view())? >= DRAFTS_MAX {
        return Err(MailFault::TooManyDrafts { limit: DRAFTS_MAX }.into());
    }
    DRAFTS.put(step.rows(), &id, &DraftRow { web, said, is_unsaid: true });
    step.alarm(PAUSE, ALARM);
    step.emit("mail.draft", &serde_json::json!({}));
    Ok(DraftKept { id, follows })
}

fn new_id(step: &mut Step<'_>) -> OperationId {
    let mut id = [0; OperationId::LEN];
    for (to, from) in id.iter_mut().zip(step.random("mail draft")) {
        *to = from;
    }
    OperationId::new(id)
}

fn count<R: Rows + ?Sized>(rows: &R) -> Result<usize, StoreError> {
    DRAFTS.all(rows).try_fold(0_usize, |count, row| row.map(|_| count.saturating_add(1)))
}

/// Returns the first web in which this person writes: whom the mail will be for may not be said yet.
fn first_web(step: &Step<'_>) -> Result<Option<WebId>, StoreError> {
    let Some(me) = people::read::my_person(step.view())? else { return Ok(None) };
    let mut first = None;
    for row in people::read::webs(step.view())? {
        let is_less = first.is_none_or(|first| row.id < first);
        if is_less && row.standing.is_in() && people::read::writes(step.view(), row.id, me)? {
            first = Some(row.id);
        }
    }
    Ok(first)
}

fn wish(step: &mut Step<'_>, id: OperationId, web: Option<WebId>, value: Option<Vec<u8>>) {
    let Some(web) = web else { return };
    let about = [web.as_bytes().as_slice(), id.as_bytes()].concat();
    let wish = Wish::Mark { kind: MARK, about: about.into(), value: value.map(Bytes::from) };
    step.tell("people", wish.to_bytes());
}

/// Says drafts that were not said yet, after a pause or a start.
pub(crate) fn say(step: &mut Step<'_>) -> Result<(), Fault> {
    let unsaid: Vec<_> = DRAFTS
        .all(step.view())
        .filter(|row| row.as_ref().map_or(true, |(_, row)| row.is_unsaid))
        .collect::<Result<_, StoreError>>()?;
    for (id, row) in unsaid {
        let (web, value) = (row.web, row.said.written());
        DRAFTS.put(step.rows(), &id, &DraftRow { is_unsaid: false, ..row });
        if value.is_some() {
            wish(step, id, web, value);
        }
    }
    Ok(())
}

/// A mark of this person's is new, of this computer or another.
pub(crate) fn hear_mark(
    step: &mut Step<'_>,
    (kind, about): (u64, &[u8]),
    value: Option<&[u8]>,
) -> Result<(), Fault> {
    let Some((web, id)) = about.split_first_chunk().filter(|_| kind == MARK) else { return Ok(()) };
    let Some(id) = OperationId::from_slice(id) else { return Ok(()) };
    let known = DRAFTS.get(step.view(), &id)?;
    // What was written here meanwhile, or is too long to be said, is nowhere else: it stays.
    if known.as_ref().is_some_and(|known| known.is_unsaid || known.said.written().is_none()) {
        return Ok(());
    }
    match value.map(Said::read) {
        None if known.is_some() => DRAFTS.delete(step.rows(), &id),
        Some(Some(said)) if known.is_some() || count(step.view())? < DRAFTS_MAX => {
            DRAFTS.put(step.rows(), &id, &DraftRow { web: Some(WebId::new(*web)), said, is_unsaid: false });
        }
        _ => return Ok(()),
    }
    step.emit("mail.draft", &serde_json::json!({}));
    Ok(())
}

/// Lists drafts, the last changed first.
pub(crate) fn all<R: Rows + ?Sized>(rows: &R) -> Result<Vec<DraftView>, StoreError> {
    let mut drafts = Vec::new();
    for row in DRAFTS.all(rows) {
        let (id, DraftRow { web, said, .. }) = row?;
        let follows = web.is_some() && said.written().is_some();
        let Said { at, to, subject, text } = said;
        drafts.push(DraftView { id, at, to, subject, text, follows });
    }
    drafts.sort_by_key(|draft| (std::cmp::Reverse(draft.at), draft.id));
    Ok(drafts)
}
