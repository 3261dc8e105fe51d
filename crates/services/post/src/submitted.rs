//! Mails that a mail program has sent: it puts its copy into `Sent` by itself, and that copy is the mail that other devices have there (spec
//! post, rule 55).

use base::ContentId;
use kernel::Step;
use store::StoreError;

use crate::flags::{Flags, SEEN};
use crate::folders::SENT;
use crate::head::Head;
use crate::ids::FolderKey;
use crate::notes::Place;
use crate::placing;
use crate::tables::{Origin, PLACINGS, SUBMITTED, SubmittedRow};

/// Mails remembered: a program puts its copy away at once, or when it is connected again.
const SUBMITTED_MAX: usize = 256;

/// Returns by what a copy is found: its program has written the Message-ID, and nobody else has seen it when the copy comes.
fn name_of(head: &Head<'_>) -> Option<ContentId> {
    let id = head.one("message-id").ok().flatten()?;
    Some(ContentId::new(*blake3::hash(id.unfolded().trim().as_bytes()).as_bytes()))
}

/// Remembers a mail of which no copy is put into `Sent` here.
pub(crate) fn remember(step: &mut Step<'_>, head: &Head<'_>, (web, mail): Origin) -> Result<(), StoreError> {
    let Some(name) = name_of(head) else { return Ok(()) };
    let all: Vec<_> = SUBMITTED.all(step.view()).collect::<Result<_, StoreError>>()?;
    if all.len() >= SUBMITTED_MAX
        && let Some((oldest, _)) = all.iter().min_by_key(|(_, row)| row.at)
    {
        SUBMITTED.delete(step.rows(), oldest);
    }
    let at = step.now();
    SUBMITTED.put(step.rows(), &name, &SubmittedRow { web, mail, at });
    Ok(())
}

/// A mail program puts a message away: which mail it is, if it was sent from here.
pub(crate) fn found(step: &mut Step<'_>, bytes: &[u8]) -> Result<Option<Origin>, StoreError> {
    let Some(name) = Head::read(bytes).ok().as_ref().and_then(name_of) else { return Ok(None) };
    let Some(row) = SUBMITTED.get(step.view(), &name)? else { return Ok(None) };
    SUBMITTED.delete(step.rows(), &name);
    let origin = (row.web, row.mail);
    let is_removed = PLACINGS.get(step.view(), &origin)?.is_some_and(|known| known.places.is_empty());
    Ok(Some(origin).filter(|_| !is_removed))
}

/// A mail that was sent from here is kept here now.
pub(crate) fn is_here(step: &mut Step<'_>, origin: Origin, kept: u64) -> Result<(), StoreError> {
    placing::belongs(step, kept, origin)?;
    if !PLACINGS.has(step.view(), &origin)? {
        let sent = Place { folder: FolderKey::of(0, SENT), flags: Flags::of(&[SEEN]) };
        placing::begins_at(step, origin, vec![sent])?;
    }
    Ok(())
}
