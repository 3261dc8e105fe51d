//! Mail comes in: pieces become a mail, its From is checked, it is put into a folder (spec post, rules 15 to 22).

use base::{DeviceId, Fault, PersonId, WebId};
use kernel::Step;
use records::Told;
use store::StoreError;

use crate::flags::{Flags, SEEN};
use crate::folders::{self, INBOX, SENT};
use crate::head;
use crate::ids::MailId;
use crate::large;
use crate::letters;
use crate::naming::{self, Claim};
use crate::service::Mail;
use crate::statement::{Body, Inside, Large, PIECES_MAX, Piece};
use crate::tables::{COME, LETTERS, OfStranger, PIECE_PLACES, PIECES, PieceRow, STRANGERS, WaitingRow};

/// Pieces of one device that wait for others: 64 mails of the greatest size. The oldest mail makes room.
const WAITING_MAX: usize = 64 * PIECES_MAX;

/// Records kept of a device that is not known to be a member's: its admission may be on its way.
const STRANGERS_MAX: usize = 64;
/// Of all of them in a web.
const OF_ALL_STRANGERS_MAX: usize = 4_096;

impl Mail {
    /// Hears what `records` tells.
    pub(crate) fn hear_records(&mut self, step: &mut Step<'_>, message: &[u8]) -> Result<(), Fault> {
        match Told::from_bytes(message) {
            Ok(Told::Record { web, author, seq, index, body }) => {
                let place = records::place(seq, index);
                match Body::read(&body) {
                    Ok(Body::Letter(sealed)) => {
                        LETTERS.put(step, (web, author, place), &sealed);
                        self.open_letters(step)
                    }
                    Ok(Body::Open(inside)) => self.take_inside(step, (web, author, place), inside),
                    Err(error) => {
                        tracing::warn!(author = %author.short(), %error, "a record of mail was dropped");
                        Ok(())
                    }
                }
            }
            Ok(Told::Cut { web, device, seq }) => letters::cut(step, (web, device), records::last_place(seq)),
            _ => Ok(()),
        }
    }

    /// Takes what stands in a letter, or in the open.
    pub(crate) fn take_inside(
        &mut self,
        step: &mut Step<'_>,
        (web, author, place): (WebId, DeviceId, u64),
        inside: Inside,
    ) -> Result<(), Fault> {
        let Some(whose) = member_of(step, web, author)? else {
            keep_of_stranger(step, (web, author, place), &OfStranger::Mail(inside));
            return Ok(());
        };
        let id = inside.mail(web, author);
        let me = people::read::my_person(step.view())?;
        let goes = way(step, web, (whose, me), &inside)?;
        if !(goes.is_sent || goes.is_received) || COME.has(step.view(), &(web, id))? {
            return Ok(());
        }
        let date = inside.at().min(step.now());
        match inside {
            Inside::Piece(piece) => {
                let Some(mail) = gather(step, (web, author, place), id, &piece)? else { return Ok(()) };
                COME.put(step.rows(), &(web, id), &());
                if *piece.digest.as_bytes() != *blake3::hash(&mail).as_bytes() {
                    let author = author.short();
                    tracing::warn!(%author, "a mail was dropped: its pieces are not what was announced");
                    return Ok(());
                }
                let Some(mail) = checked(step, web, (author, whose), &mail)? else { return Ok(()) };
                let kept = folders::keep(step, &mail)?;
                self.place_new(step, ((web, id), kept), &usual(goes.is_sent, goes.is_received), date)
            }
            Inside::Large(Large { head, body, .. }) => {
                COME.put(step.rows(), &(web, id), &());
                let Some(head) = checked(step, web, (author, whose), &head)? else { return Ok(()) };
                let Way { is_sent, is_received } = goes;
                let (head, since, is_asked) = (head.into(), step.now(), false);
                let row =
                    WaitingRow { author, place, head, body, is_sent, is_received, date, since, is_asked };
                large::wait_for(step, (web, id, whose), row)
            }
        }
    }

    /// Takes what came of devices before it was known here that they are a member's.
    pub(crate) fn take_of_strangers(&mut self, step: &mut Step<'_>, web: WebId) -> Result<(), Fault> {
        let waiting: Vec<_> = STRANGERS.within(step.view(), &web).collect::<Result<_, StoreError>>()?;
        for (key, what) in waiting {
            if member_of(step, web, key.1)?.is_none() {
                continue;
            }
            STRANGERS.delete(step.rows(), &key);
            match what {
                OfStranger::Mail(inside) => self.take_inside(step, key, inside)?,
                OfStranger::Notes(plain) => self.take_notes(step, key, &plain)?,
            }
        }
        Ok(())
    }

    /// Puts a mail that is kept into a folder by its name; the folder comes back if it was missing.
    pub(crate) fn deliver(
        &mut self,
        step: &mut Step<'_>,
        folder: &str,
        kept: u64,
        as_what: (Flags, base::Timestamp),
    ) -> Result<u64, Fault> {
        let id = match folders::named(step, folder) {
            Ok(id) => id,
            Err(_missing) => folders::add_own(step, folder)?,
        };
        self.changed.insert(id);
        folders::put(step, id, kept, as_what)
    }
}

/// Returns who a device belongs to, if that person may write in a web.
fn member_of(step: &Step<'_>, web: WebId, device: DeviceId) -> Result<Option<PersonId>, StoreError> {
    let Some(whose) = people::read::person_of(step.view(), web, device)? else { return Ok(None) };
    Ok(people::read::writes(step.view(), web, whose)?.then_some(whose))
}

/// Keeps what came of a device that is not known to be a member's; its first ones, since nothing follows if they are missing.
pub(crate) fn keep_of_stranger(step: &mut Step<'_>, place: (WebId, DeviceId, u64), what: &OfStranger) {
    let (web, author, _) = place;
    if STRANGERS.within(step.view(), &(web, author)).count() < STRANGERS_MAX
        && STRANGERS.within(step.view(), &web).count() < OF_ALL_STRANGERS_MAX
    {
        STRANGERS.put(step.rows(), &place, what);
    }
}

/// Returns in which folders a mail is until somebody moves it.
pub(crate) fn usual(is_sent: bool, is_received: bool) -> Vec<(&'static str, Flags)> {
    let sent = is_sent.then(|| (SENT, Flags::of(&[SEEN])));
    let received = is_received.then(|| (INBOX, Flags::default()));
    sent.into_iter().chain(received).collect()
}

/// Where a mail goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Way {
    /// This person has sent it, from another device.
    is_sent: bool,
    /// It is for this person.
    is_received: bool,
}

/// Returns where a mail goes: nowhere, if it is not for this person.
fn way(
    step: &Step<'_>,
    web: WebId,
    (whose, me): (PersonId, Option<PersonId>),
    inside: &Inside,
) -> Result<Way, Fault> {
    let Some(me) = me else { return Ok(Way { is_sent: false, is_received: false }) };
    let is_sent = whose == me;
    if !inside.persons().is_empty() || is_sent {
        return Ok(Way { is_sent, is_received: inside.persons().contains(&me) });
    }
    // Newcomers hold the keys of what was said before them; it was not said to them.
    let mine = people::read::member(step.view(), web, me)?;
    let is_received = mine.is_some_and(|mine| mine.role.is_some() && mine.admitted <= inside.at());
    Ok(Way { is_sent, is_received })
}

/// Checks who a mail says it is from; none if it is not shown.
fn checked(
    step: &Step<'_>,
    web: WebId,
    (author, whose): (DeviceId, PersonId),
    mail: &[u8],
) -> Result<Option<Vec<u8>>, Fault> {
    let from = naming::of_person(step.view(), web, whose)?;
    let mut fault = None;
    let judge = |written: &str| {
        naming::claim(step.view(), web, whose, written).unwrap_or_else(|error| {
            fault = Some(error);
            Claim::Renamed
        })
    };
    let checked = head::received(mail, &from, judge);
    if let Some(error) = fault {
        return Err(error.into());
    }
    if checked.is_none() {
        tracing::warn!(author = %author.short(), "a mail was dropped: its From is not who has signed it");
    }
    Ok(checked)
}

/// Adds a piece to the others; returns the mail when it is whole.
fn gather(
    step: &mut Step<'_>,
    (web, author, place): (WebId, DeviceId, u64),
    id: MailId,
    piece: &Piece,
) -> Result<Option<Vec<u8>>, StoreError> {
    if piece.count() == 1 {
        return Ok(Some(piece.bytes.to_vec()));
    }
    let key = (web, author, id, piece.index);
    if PIECES.has(step.view(), &key)? {
        return Ok(None);
    }
    PIECES.put(step.rows(), &key, &PieceRow { place, bytes: piece.bytes.clone() });
    PIECE_PLACES.put(step.rows(), &(web, author, place), &id);
    let here: Vec<_> = PIECES.within(step.view(), &(web, author, id)).collect::<Result<_, StoreError>>()?;
    if here.len() as u64 == piece.count() {
        let mut mail = Vec::new();
        for (key, row) in here {
            forget(step, &key, &row);
            mail.extend_from_slice(&row.bytes);
        }
        return Ok(Some(mail));
    }
    forget_oldest(step, web, author)?;
    Ok(None)
}

fn forget(step: &mut Step<'_>, key: &(WebId, DeviceId, MailId, u64), row: &PieceRow) {
    PIECES.delete(step.rows(), key);
    PIECE_PLACES.delete(step.rows(), &(key.0, key.1, row.place));
}

/// Forgets the oldest mail of a device of which pieces wait, if too many do.
fn forget_oldest(step: &mut Step<'_>, web: WebId, author: DeviceId) -> Result<(), StoreError> {
    let waiting = PIECE_PLACES.within(step.view(), &(web, author)).take(WAITING_MAX + 1);
    if waiting.count() <= WAITING_MAX {
        return Ok(());
    }
    let oldest = PIECE_PLACES.within(step.view(), &(web, author)).next().transpose()?;
    let Some((_, mail)) = oldest else { return Ok(()) };
    for (key, row) in
        PIECES.within(step.view(), &(web, author, mail)).collect::<Result<Vec<_>, StoreError>>()?
    {
        forget(step, &key, &row);
    }
    Ok(())
}

/// Forgets pieces of a device behind a place.
pub(crate) fn cut(
    step: &mut Step<'_>,
    (web, device): (WebId, DeviceId),
    last: u64,
) -> Result<(), StoreError> {
    for (key, row) in PIECES.within(step.view(), &(web, device)).collect::<Result<Vec<_>, StoreError>>()? {
        if row.place > last {
            forget(step, &key, &row);
        }
    }
    Ok(())
}
