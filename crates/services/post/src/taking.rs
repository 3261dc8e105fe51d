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
use crate::statement::{Body, PIECES_MAX, Piece};
use crate::tables::{COME, LETTERS, PIECES, PieceRow};

/// Pieces of one device that wait for others: 64 mails of the greatest size. The oldest mail makes room.
const WAITING_MAX: usize = 64 * (PIECES_MAX as usize);

/// Returns the place of a record: one number for batch and place in it, of which there are at most 256.
fn place(seq: u64, index: u32) -> u64 {
    seq.saturating_mul(256).saturating_add(u64::from(index.min(255)))
}

impl Mail {
    /// Hears what `records` tells.
    pub(crate) fn hear_records(&mut self, step: &mut Step<'_>, message: &[u8]) -> Result<(), Fault> {
        match Told::from_bytes(message) {
            Ok(Told::Record { web, author, seq, index, body }) => {
                let place = place(seq, index);
                match Body::read(&body) {
                    Ok(Body::Letter(sealed)) => {
                        LETTERS.put(step.rows(), &(web, author, place), &sealed);
                        self.open_letters(step)
                    }
                    Ok(Body::Open(piece)) => self.take_piece(step, (web, author, place), piece),
                    Err(error) => {
                        tracing::warn!(author = %author.short(), %error, "a record of mail was dropped");
                        Ok(())
                    }
                }
            }
            Ok(Told::Cut { web, device, seq }) => letters::cut(step, (web, device), place(seq, 255)),
            _ => Ok(()),
        }
    }

    /// Takes a piece of a mail; when it was the last one that was missing, the mail.
    pub(crate) fn take_piece(
        &mut self,
        step: &mut Step<'_>,
        (web, author, place): (WebId, DeviceId, u64),
        piece: Piece,
    ) -> Result<(), Fault> {
        let id = piece.mail(web, author);
        let Some(whose) = people::read::person_of(step.view(), web, author)? else { return Ok(()) };
        let me = people::read::my_person(step.view())?;
        let folders = self.folders_for(step, web, (whose, me), &piece)?;
        if folders.is_empty() || COME.has(step.view(), &(web, id))? {
            return Ok(());
        }
        let Some(mail) = gather(step, (web, author, place), id, &piece)? else { return Ok(()) };
        COME.put(step.rows(), &(web, id), &());
        if *piece.digest.as_bytes() != *blake3::hash(&mail).as_bytes() {
            tracing::warn!(author = %author.short(), "a mail was dropped: its pieces are not what was announced");
            return Ok(());
        }
        let from = naming::of_person(step.view(), web, whose)?;
        let mut fault = None;
        let judge = |written: &str| {
            naming::claim(step.view(), web, whose, written).unwrap_or_else(|error| {
                fault = Some(error);
                Claim::Renamed
            })
        };
        let checked = head::received(&mail, &from, judge);
        if let Some(error) = fault {
            return Err(error.into());
        }
        let Some(mail) = checked else {
            tracing::warn!(author = %author.short(), "a mail was dropped: its From is not who has signed it");
            return Ok(());
        };
        let date = piece.at.min(step.now());
        let kept = folders::keep(step, &mail)?;
        for (folder, flags) in folders {
            self.deliver(step, folder, kept, (flags, date))?;
        }
        Ok(())
    }

    /// Returns where a mail goes: none, if it is not for this person, or not from somebody who may write.
    fn folders_for(
        &self,
        step: &Step<'_>,
        web: WebId,
        (whose, me): (PersonId, Option<PersonId>),
        piece: &Piece,
    ) -> Result<Vec<(&'static str, Flags)>, Fault> {
        let Some(me) = me else { return Ok(Vec::new()) };
        let mut folders = Vec::new();
        if whose == me {
            folders.push((SENT, Flags::of(&[SEEN])));
        }
        let is_open = piece.persons.is_empty() && whose != me;
        if is_open {
            // Newcomers hold the keys of what was said before them; it was not said to them.
            let mine = people::read::member(step.view(), web, me)?;
            if mine.is_some_and(|mine| mine.role.is_some() && mine.admitted <= piece.at) {
                folders.push((INBOX, Flags::default()));
            }
        } else if piece.persons.contains(&me) {
            folders.push((INBOX, Flags::default()));
        }
        let writes = people::read::writes(step.view(), web, whose)?;
        Ok(if writes { folders } else { Vec::new() })
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
            Err(_missing) => folders::create(step, folder)?,
        };
        self.changed.insert(id);
        folders::put(step, id, kept, as_what)
    }
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
