//! Who has which address (spec post, rules 10 to 14). Not for: how addresses are written (`address.rs`).
//!
//! Two kinds of names lead to a person: what it calls itself, which is the same on all computers, and what it is called here. When they
//! lead to two persons nothing is guessed. Who only looks like another has an address with digits.

use base::{PersonId, WebId};
use people::Role;
use people::read::{MemberRow, WebRow};
use store::{Rows, StoreError};

use crate::address::{self, TAG_DIGITS, WEB_DIGITS};
use crate::faults::MailFault;

/// Lists that every web has.
pub(crate) const ALL: &str = "all";
pub(crate) const ADMINS: &str = "admins";

/// Whom an address means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Meant {
    /// One person.
    Person(PersonId),
    /// All who read the web, also later.
    Everybody,
    /// Its admins and owners of now.
    Admins(Vec<PersonId>),
}

/// Finds the web and whom an address means; refuses in words.
pub(crate) fn resolve<R: Rows + ?Sized>(rows: &R, written: &str) -> Result<(WebId, Meant), MailFault> {
    let small = written.trim().to_lowercase();
    let (person, web) =
        address::split(&small).ok_or_else(|| MailFault::NoAddress { address: shown(written) })?;
    let row = web_of(rows, web)?;
    let members = members(rows, row.id)?;
    // A list is never a person, whatever somebody calls itself (spec post, rule 13).
    let is_list = [ALL, ADMINS].contains(&person);
    let found = if is_list { Vec::new() } else { persons(rows, row.id, &members, person)? };
    match found.as_slice() {
        [one] => Ok((row.id, Meant::Person(*one))),
        [] if person == ALL => Ok((row.id, Meant::Everybody)),
        [] if person == ADMINS => {
            let is_admin = |member: &&MemberRow| member.role >= Some(Role::Admin);
            let mut admins: Vec<_> = members.iter().filter(is_admin).map(|member| member.person).collect();
            admins.sort_unstable();
            Ok((row.id, Meant::Admins(admins)))
        }
        [] => Err(MailFault::NoSuchPerson { address: shown(written), web: row.label }),
        several => {
            let mut others = Vec::new();
            for person in several {
                others.push(tagged(rows, row.id, *person)?);
            }
            Err(MailFault::SeveralPersons { address: shown(written), others })
        }
    }
}

/// Returns this person's addresses, the one to write from first; one web after the other.
pub(crate) fn own<R: Rows + ?Sized>(rows: &R) -> Result<Vec<String>, MailFault> {
    let Some(me) = people::read::my_person(rows)? else { return Ok(Vec::new()) };
    let mut first = Vec::new();
    let mut others = Vec::new();
    for row in people::read::webs(rows)?.into_iter().filter(|row| row.standing.is_in()) {
        if !people::read::writes(rows, row.id, me)? {
            continue;
        }
        let (best, tagged) = (of_person(rows, row.id, me)?, tagged(rows, row.id, me)?);
        if best != tagged {
            others.push(tagged);
        }
        first.push(best);
    }
    first.append(&mut others);
    Ok(first)
}

/// Returns the address of a person that is the same on all computers, as far as names are: by the name that it gives itself if no other
/// has it, else with digits of its id.
pub(crate) fn of_person<R: Rows + ?Sized>(
    rows: &R,
    web: WebId,
    person: PersonId,
) -> Result<String, MailFault> {
    let name = address::of_person(&name_of(rows, web, person)?);
    let members = members(rows, web)?;
    let is_plain = !name.is_empty()
        && persons(rows, web, &members, &name)? == [person]
        && !looks_like_another(rows, web, &members, (person, &name))?;
    match is_plain {
        true => Ok(address::joined(&name, &side_of_web(rows, web)?)),
        false => tagged(rows, web, person),
    }
}

/// Says whether an address would be taken for a list's or for another person's.
fn looks_like_another<R: Rows + ?Sized>(
    rows: &R,
    web: WebId,
    members: &[MemberRow],
    (person, name): (PersonId, &str),
) -> Result<bool, StoreError> {
    let looks = people::looks(name);
    let is_alike = |other: &str| people::looks(other).iter().any(|look| looks.contains(look));
    if [ALL, ADMINS].into_iter().any(is_alike) {
        return Ok(true);
    }
    let label = members.iter().find(|member| member.person == person).map(|member| member.label.as_str());
    // Labels are told apart by how they look, and the later one of two has digits behind `~`.
    if let Some(label) = label
        && (label.contains('~') || address::of_person(label) == name)
    {
        return Ok(label.contains('~'));
    }
    // It is called otherwise here, so its own name was compared with nobody's.
    for other in members.iter().filter(|member| member.person != person) {
        let own = address::of_person(&name_of(rows, web, other.person)?);
        if is_alike(&own) || is_alike(&address::of_person(&other.label)) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Returns the address of a person with digits of its id: nobody else ever has it.
pub(crate) fn tagged<R: Rows + ?Sized>(rows: &R, web: WebId, person: PersonId) -> Result<String, MailFault> {
    let name = address::of_person(&name_of(rows, web, person)?);
    let id = person.to_string();
    let others = members(rows, web)?;
    let is_free = |digits: &str| {
        others.iter().all(|member| member.person == person || !member.person.to_string().starts_with(digits))
    };
    let lengths = TAG_DIGITS..=id.len();
    let digits = lengths.filter_map(|length| id.get(..length)).find(|digits| is_free(digits)).unwrap_or(&id);
    Ok(address::joined(&format!("{name}~{digits}"), &side_of_web(rows, web)?))
}

/// What the signature says about who a mail claims to be from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Claim {
    /// The author, in a way that leads to it here, too.
    True,
    /// The author, or a name that nobody has: shown under the author's address of here.
    Renamed,
    /// Somebody else.
    Forged,
}

/// Compares an address in From with whose log the mail stands in. What persons are called *here* does not count: the author cannot know it.
pub(crate) fn claim<R: Rows + ?Sized>(
    rows: &R,
    web: WebId,
    author: PersonId,
    written: &str,
) -> Result<Claim, MailFault> {
    let small = written.to_lowercase();
    let Some((person, _)) = address::split(&small) else { return Ok(Claim::Renamed) };
    let members = members(rows, web)?;
    let meant = match address::tag(person) {
        Some(digits) => by_digits(&members, digits),
        None => by_own_name(rows, web, &members, person)?,
    };
    if !meant.is_empty() && !meant.contains(&author) {
        return Ok(Claim::Forged);
    }
    let leads_here = resolve(rows, written).is_ok_and(|found| found == (web, Meant::Person(author)));
    // One without digits only if nobody takes it for another's.
    let is_plain = || -> Result<bool, MailFault> {
        let best = of_person(rows, web, author)?;
        Ok(address::tag(person).is_some() || address::split(&best).is_some_and(|(best, _)| best == person))
    };
    Ok(if leads_here && is_plain()? { Claim::True } else { Claim::Renamed })
}

/// Finds everybody whom the first side of an address may mean.
fn persons<R: Rows + ?Sized>(
    rows: &R,
    web: WebId,
    members: &[MemberRow],
    written: &str,
) -> Result<Vec<PersonId>, MailFault> {
    if let Some(digits) = address::tag(written) {
        return Ok(by_digits(members, digits));
    }
    let mut found = by_own_name(rows, web, members, written)?;
    for member in members {
        if address::of_person(&member.label) == written && !found.contains(&member.person) {
            found.push(member.person);
        }
    }
    Ok(found)
}

fn by_digits(members: &[MemberRow], digits: &str) -> Vec<PersonId> {
    let is_meant = |member: &&MemberRow| member.person.to_string().starts_with(digits);
    members.iter().filter(is_meant).map(|member| member.person).collect()
}

fn by_own_name<R: Rows + ?Sized>(
    rows: &R,
    web: WebId,
    members: &[MemberRow],
    written: &str,
) -> Result<Vec<PersonId>, MailFault> {
    let mut found = Vec::new();
    for member in members {
        if address::of_person(&name_of(rows, web, member.person)?) == written {
            found.push(member.person);
        }
    }
    Ok(found)
}

/// Returns who reads in a web.
fn members<R: Rows + ?Sized>(rows: &R, web: WebId) -> Result<Vec<MemberRow>, StoreError> {
    let mut members = people::read::members(rows, web)?;
    members.retain(|member| member.role.is_some());
    Ok(members)
}

/// Returns what a person calls itself; of this one also before the web has heard it.
pub(crate) fn name_of<R: Rows + ?Sized>(
    rows: &R,
    web: WebId,
    person: PersonId,
) -> Result<String, StoreError> {
    match people::read::name_of(rows, web, person)? {
        Some(name) => Ok(name),
        None if people::read::my_person(rows)? == Some(person) => people::read::my_name(rows),
        None => Ok(String::new()),
    }
}

/// Finds a web by the second side of an address.
pub(crate) fn web_of<R: Rows + ?Sized>(rows: &R, side: &str) -> Result<WebRow, MailFault> {
    let mut webs: Vec<WebRow> = people::read::webs(rows)?;
    webs.retain(|row| row.standing.is_in());
    let is_meant = |row: &WebRow| {
        address::of_web(&row.label) == side
            || (address::is_digits(side, WEB_DIGITS) && row.id.to_string().starts_with(side))
    };
    let mut meant = webs.into_iter().filter(is_meant);
    match (meant.next(), meant.next()) {
        (Some(row), None) => Ok(row),
        _ => Err(MailFault::NoSuchWeb { web: shown(side) }),
    }
}

/// Returns the second side of addresses of a web.
pub(crate) fn side_of_web<R: Rows + ?Sized>(rows: &R, web: WebId) -> Result<String, StoreError> {
    let side = address::of_web(&people::read::web_label(rows, web)?);
    let is_its = !side.is_empty() && web_of(rows, &side).is_ok_and(|row| row.id == web);
    Ok(if is_its { side } else { web.to_string().chars().take(WEB_DIGITS).collect() })
}

/// Cuts what somebody has written to what a sentence holds.
pub(crate) fn shown(written: &str) -> String {
    written.chars().filter(|letter| !letter.is_control()).take(100).collect()
}
