//! Mail comes in: pieces become a mail, its From is checked, it is put into a folder (spec post, rules 15 to 22).

use base::{DeviceId, Fault, PersonId, WebId};
use kernel::Step;
use records::Told;
use store::StoreError;

use crate::flags::{Flags, SEEN};
use crate::folders::{self, INBOX, SENT};
use crate::head;
use crate::ids::MailId;
use crate::letters;
use crate::naming::{self, Claim};
use crate::service::Mail;
use crate::statement::{Body, Inside, Large, PIECES_MAX, Piece};
use crate::tables::{COME, LETTERS, PIECES, PieceRow, WaitingRow};

/// Pieces of one device that wait for others: 64 mails of the greatest size. The oldest mail makes room.
const WAITING_MAX: usize = 64 * PIECES_MAX;

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
        let id = inside.mail(web, author);
        let Some(whose) = people::read::person_of(step.view(), web, author)? else { return Ok(()) };
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
                let row = WaitingRow { author, place, head: head.into(), body, is_sent, is_received, date };
                self.wait_for(step, web, id, &row)
            }
        }
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

/// Returns where a mail goes: nowhere, if it is not for this person, or not from somebody who may write.
fn way(
    step: &Step<'_>,
    web: WebId,
    (whose, me): (PersonId, Option<PersonId>),
    inside: &Inside,
) -> Result<Way, Fault> {
    let nowhere = Way { is_sent: false, is_received: false };
    let Some(me) = me else { return Ok(nowhere) };
    if !people::read::writes(step.view(), web, whose)? {
        return Ok(nowhere);
    }
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
    let row = PieceRow { place, bytes: piece.bytes.clone() };
    PIECES.put(step.rows(), &(web, author, id, piece.index), &row);
    let here: Vec<_> = PIECES.within(step.view(), &(web, author, id)).collect::<Result<_, StoreError>>()?;
    if here.len() as u64 == piece.count() {
        let mut mail = Vec::new();
        for (key, row) in here {
            PIECES.delete(step.rows(), &key);
            mail.extend_from_slice(&row.bytes);
        }
        return Ok(Some(mail));
    }
    let waiting: Vec<_> = PIECES.within(step.view(), &(web, author)).collect::<Result<_, StoreError>>()?;
    if waiting.len() > WAITING_MAX
        && let Some(oldest) = waiting.iter().min_by_key(|(_, row)| row.place).map(|(key, _)| key.2)
    {
        for (key, _) in waiting.iter().filter(|(key, _)| key.2 == oldest) {
            PIECES.delete(step.rows(), key);
        }
    }
    Ok(None)
}
