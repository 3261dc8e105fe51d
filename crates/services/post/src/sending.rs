//! A person sends mail: whom it is for, and in how many letters (spec post, rules 5 to 9 and 26 to 29).

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use api::mail::SendMail;
use base::{Fault, PersonId, Timestamp, WebId};
use kernel::Step;
use people::{LETTER_PERSONS_MAX, Sealed};
use store::{Rows, StoreError};

use crate::compose::{self, Attached, Letter};
use crate::faults::MailFault;
use crate::folders;
use crate::head::{self, Head};
use crate::ids::MailId;
use crate::large;
use crate::naming::{self, Meant};
use crate::placing;
use crate::service::Mail;
use crate::statement::{
    Body, HEAD_SIZE_MAX, IN_LETTERS_MAX, Inside, Large, LargeBody, MESSAGE_SIZE_MAX, cut,
};
use crate::submitted;
use crate::tables::COME;
use crate::taking::usual;

/// Letters of one mail at most: 2 MiB that everybody in the web carries for ever.
const LETTERS_MAX: u64 = 64;

/// Letters sent from this computer within [`PACE_WITHIN`]: a fourth of what others try of all.
const PACE_MAX: u64 = 600;
const PACE_WITHIN: Duration = Duration::from_secs(20);

/// Whether a copy is put into `Sent`. Mail programs put theirs there by themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OwnCopy {
    Kept,
    Elsewhere,
}

/// Whom a mail is for in one web.
#[derive(Debug, Default)]
struct Readers {
    is_for_everybody: bool,
    /// Named in To or Cc.
    seen: BTreeSet<PersonId>,
    /// Not named: each gets a letter of its own.
    hidden: BTreeSet<PersonId>,
}

/// Looks whether mail can be sent to an address now.
pub(crate) fn accepts<R: Rows + ?Sized>(rows: &R, written: &str) -> Result<(WebId, Meant), MailFault> {
    let (web, meant) = naming::resolve(rows, written)?;
    let me = people::read::my_person(rows)?;
    let writes = me.map(|me| people::read::writes(rows, web, me)).transpose()?;
    if writes != Some(true) {
        return Err(MailFault::NotWriting { web: people::read::web_label(rows, web)? });
    }
    let persons = match &meant {
        Meant::Person(person) => std::slice::from_ref(person),
        Meant::Admins(persons) => persons,
        Meant::Everybody => &[],
    };
    for person in persons {
        if people::read::key_of(rows, web, *person)?.is_none() {
            return Err(MailFault::NoKey { address: naming::tagged(rows, web, *person)? });
        }
    }
    Ok((web, meant))
}

/// Writes a mail of plain text as it was asked for, with files; returns it, and all addresses it is for.
pub fn written<R: Rows + ?Sized>(
    rows: &R,
    asked: &SendMail,
    (at, random): (Timestamp, [u8; 32]),
    attached: &[Attached<'_>],
) -> Result<(Vec<u8>, Vec<String>), Fault> {
    let list = |text: &str| -> Vec<String> {
        let all = text.split([',', ' ']).map(str::trim).filter(|address| !address.is_empty());
        all.map(str::to_lowercase).collect()
    };
    let (to, cc) = (list(&asked.to), asked.cc.as_deref().map(list).unwrap_or_default());
    let Some(first) = to.first() else { return Err(MailFault::NobodyMeant.into()) };
    // The address of the web to which it goes first.
    let (web, _) = accepts(rows, first)?;
    let me = people::read::my_person(rows)?.ok_or(MailFault::NobodyMeant)?;
    let from = naming::of_person(rows, web, me)?;
    let name = naming::name_of(rows, web, me)?;
    let whole = |list: &[String]| -> Result<Vec<String>, MailFault> {
        list.iter().map(|address| everywhere(rows, address)).collect()
    };
    let (to, cc) = (whole(&to)?, whole(&cc)?);
    let letter = Letter {
        name: &name,
        from: &from,
        to: &to,
        cc: &cc,
        subject: &asked.subject,
        text: &asked.text,
        at,
        random,
        attached,
    };
    Ok((compose::write(&letter), [to.clone(), cc.clone()].concat()))
}

impl Mail {
    /// Writes and sends a mail of plain text.
    pub(crate) fn send(&mut self, step: &mut Step<'_>, asked: &SendMail) -> Result<MailId, Fault> {
        if let Some(name) = asked.attach.first() {
            // The bytes are for drivers to bring: a service reads no files.
            let why = "the peer has not brought it".to_owned();
            return Err(MailFault::NotAttached { name: name.clone(), why }.into());
        }
        let chance = (step.now(), step.random("message id"));
        let (mail, to) = written(step.view(), asked, chance, &[])?;
        self.submit(step, &mail, &to, (OwnCopy::Kept, None))
    }

    /// Sends a mail to all recipients, or to none.
    pub(crate) fn submit(
        &mut self,
        step: &mut Step<'_>,
        mail: &[u8],
        to: &[String],
        (own_copy, body): (OwnCopy, Option<LargeBody>),
    ) -> Result<MailId, Fault> {
        check_size(mail.len(), body.as_ref())?;
        let head = Head::read(mail).map_err(|why| MailFault::BadHead { why })?;
        check_author(step.view(), &head)?;
        let (readers, pairs) = readers(step.view(), &head, to)?;
        let mail = head::sent(&head, &pairs);
        // Addresses may have become longer.
        check_size(mail.len(), body.as_ref())?;
        let me = people::read::my_person(step.view())?.ok_or(MailFault::NobodyMeant)?;
        let mut first = None;
        let mut is_mine = false;
        let mut is_hidden = false;
        for (web, readers) in readers {
            is_hidden |= readers.hidden.contains(&me);
            is_mine |= readers.seen.contains(&me) || readers.hidden.contains(&me);
            let id = self.seal(step, web, me, (&mail, body, &readers))?;
            COME.put(step.rows(), &(web, id), &());
            first = first.or(Some((web, id)));
        }
        let Some(origin) = first else { return Err(MailFault::NobodyMeant.into()) };
        if own_copy == OwnCopy::Elsewhere {
            submitted::remember(step, &head, origin)?;
            if !is_mine {
                return Ok(origin.1);
            }
        }
        let kept = match body {
            Some(body) => folders::keep_large(step, origin.0, &mail, body)?,
            None => folders::keep(step, &mail)?,
        };
        let date = step.now();
        self.place_new(step, (origin, kept), &usual(own_copy == OwnCopy::Kept, is_mine), date)?;
        if is_hidden {
            placing::say(step, origin)?;
        }
        Ok(origin.1)
    }

    /// Puts a mail into this device's log of a web, sealed for its readers.
    fn seal(
        &mut self,
        step: &mut Step<'_>,
        web: WebId,
        me: PersonId,
        (mail, body, readers): (&[u8], Option<LargeBody>, &Readers),
    ) -> Result<MailId, Fault> {
        let at = step.now();
        let groups = readers.groups(me);
        // What is written for some readers, or in the open.
        let written = |persons: &[PersonId]| match body {
            Some(body) => {
                let (head, persons) = (mail.to_vec().into(), persons.to_vec());
                vec![Inside::Large(Large { at, persons, head, body })]
            }
            None => cut(mail, at, persons),
        };
        let pieces = written(&[]);
        let count = (groups.len() as u64).max(1).saturating_mul(pieces.len() as u64);
        if count > LETTERS_MAX {
            return Err(MailFault::TooManyLetters { letters: count, limit: LETTERS_MAX }.into());
        }
        self.pace(step, count)?;
        let id = pieces.first().map(|piece| piece.mail(web, step.me())).ok_or(MailFault::NobodyMeant)?;
        if let Some(body) = &body {
            large::offer(step, web, body);
        }
        if readers.is_for_everybody {
            for piece in pieces {
                records::publish(step, web, "mail", wire::to_bytes(&Body::Open(piece)))?;
            }
            return Ok(id);
        }
        for (index, persons) in groups.iter().enumerate() {
            // The author's other computers get it once: with the first letter.
            let mut sealed_for = persons.clone();
            let is_known = people::read::key_of(step.view(), web, me)?.is_some();
            if index == 0 && is_known && !persons.contains(&me) {
                sealed_for.push(me);
            }
            for piece in written(persons) {
                publish_letter(step, web, &sealed_for, &piece)?;
            }
        }
        Ok(id)
    }

    /// Counts what is sent from this computer.
    fn pace(&mut self, step: &Step<'_>, letters: u64) -> Result<(), MailFault> {
        let now = step.now();
        if now < self.pace.0 || now.since(self.pace.0) >= PACE_WITHIN {
            self.pace = (now, 0);
        }
        if self.pace.1.saturating_add(letters) > PACE_MAX {
            self.floods.note(records::Misdeed::Mailed);
            return Err(MailFault::TooFast { limit: PACE_MAX, seconds: PACE_WITHIN.as_secs() });
        }
        self.pace.1 = self.pace.1.saturating_add(letters);
        Ok(())
    }
}

impl Readers {
    /// Returns for whom each letter is, this person's first. One place in a letter is kept for the author.
    fn groups(&self, me: PersonId) -> Vec<Vec<PersonId>> {
        let mut seen: Vec<PersonId> = self.seen.iter().copied().collect();
        seen.sort_by_key(|person| (*person != me, *person));
        let mut groups: Vec<Vec<PersonId>> =
            seen.chunks(LETTER_PERSONS_MAX - 1).map(<[PersonId]>::to_vec).collect();
        for group in &mut groups {
            group.sort_unstable();
        }
        groups.extend(self.hidden.difference(&self.seen).map(|person| vec![*person]));
        groups
    }
}

fn publish_letter(
    step: &mut Step<'_>,
    web: WebId,
    persons: &[PersonId],
    inside: &Inside,
) -> Result<(), Fault> {
    if let Some(sealed) = Sealed::letter(step, (web, "mail"), persons, &wire::to_bytes(inside))? {
        return records::publish(step, web, "mail", wire::to_bytes(&Body::Letter(sealed)));
    }
    let address = persons.first().map(|person| naming::tagged(step.view(), web, *person)).transpose()?;
    Err(MailFault::NoKey { address: address.unwrap_or_default() }.into())
}

/// Looks whether the mail is from who sends it: others will.
fn check_author<R: Rows + ?Sized>(rows: &R, head: &Head<'_>) -> Result<(), MailFault> {
    let bad = |why| MailFault::BadHead { why };
    let own = naming::own(rows)?;
    let from = head.one("from").map_err(bad)?.ok_or(bad("there is no From"))?;
    let sender = head.one("sender").map_err(bad)?;
    for field in [Some(from), sender].into_iter().flatten() {
        let named = head::named(&field.unfolded());
        // What is written unusually is given the author's address by whoever gets it.
        if let Some(address) = named.map(|named| named.address).filter(|address| !own.contains(address)) {
            return Err(MailFault::NotYours { address });
        }
    }
    Ok(())
}

type ByWeb = (BTreeMap<WebId, Readers>, Vec<(String, String)>);

/// Finds whom a mail is for, and which addresses have to be written otherwise.
fn readers<R: Rows + ?Sized>(rows: &R, head: &Head<'_>, to: &[String]) -> Result<ByWeb, MailFault> {
    let mut readers: BTreeMap<WebId, Readers> = BTreeMap::new();
    let mut pairs = Vec::new();
    for written in to {
        let (web, meant) = accepts(rows, written)?;
        let of_web = readers.entry(web).or_default();
        let small = written.to_lowercase();
        let is_seen = head.names(&small);
        let people = if is_seen { &mut of_web.seen } else { &mut of_web.hidden };
        match meant {
            Meant::Everybody => of_web.is_for_everybody = true,
            Meant::Admins(persons) => people.extend(persons),
            Meant::Person(person) => {
                people.insert(person);
                let new = everywhere(rows, &small)?;
                if new != small {
                    pairs.push((small, new));
                }
            }
        }
    }
    Ok((readers, pairs))
}

/// Writes an address as all computers understand it.
fn everywhere<R: Rows + ?Sized>(rows: &R, written: &str) -> Result<String, MailFault> {
    match naming::resolve(rows, written)? {
        (web, Meant::Person(person)) => naming::of_person(rows, web, person),
        (web, Meant::Everybody) => Ok(list(rows, web, naming::ALL)?),
        (web, Meant::Admins(_)) => Ok(list(rows, web, naming::ADMINS)?),
    }
}

fn list<R: Rows + ?Sized>(rows: &R, web: WebId, name: &str) -> Result<String, StoreError> {
    Ok(crate::address::joined(name, &naming::side_of_web(rows, web)?))
}

/// Says whether a mail can be sent or kept: its head in one letter if its body is a content, else all of it in a few.
pub(crate) fn check_size(in_letters: usize, body: Option<&LargeBody>) -> Result<(), MailFault> {
    let size = body.map_or(0, |body| body.size).saturating_add(in_letters as u64);
    let limit = if body.is_some() { MESSAGE_SIZE_MAX } else { IN_LETTERS_MAX };
    if size > limit {
        return Err(MailFault::TooLarge { size, limit });
    }
    match body.is_some() && in_letters > HEAD_SIZE_MAX {
        true => Err(MailFault::BadHead {
            why: "it is longer than 24,000 bytes, and so large a mail needs a short one",
        }),
        false => Ok(()),
    }
}
