//! Names of persons: those they give themselves and those I give them (spec identity rules 15 to 26).
//!
//! A petname is mine alone: it travels sealed to me (`personal`). Not for: how labels are made (`apply`, `label`).

use std::time::Duration;

use api::people as ask;
use api::persons::NamePerson;
use base::{Fault, PersonId, Timestamp, WebId};
use kernel::Step;
use store::{Rows, StoreError};
use wire::governance::Role;

use crate::acts::web_with;
use crate::apply;
use crate::fault::PeopleError;
use crate::label;
use crate::notices;
use crate::personal;
use crate::read::MemberRow;
use crate::service::checked_name;
use crate::tables::{ME, MEMBERS, NAMED_AT, NAMES, PETNAMES, Standing, WEBS};

/// A name that is replaced sooner than this after it came was an old one: the history of its author is coming in.
const HISTORY_WITHIN: Duration = Duration::from_secs(10);

/// Names I give at most. More than anybody knows by name; a program gone wild must not fill the disk.
const PETNAMES_MAX: usize = 10_000;

/// Gives a person my own name, or takes it away.
pub(crate) fn name(step: &mut Step<'_>, asked: &NamePerson) -> Result<ask::Done, Fault> {
    let web = web_with(step, &asked.web, |_| true)?;
    let person = crate::read::person_named(step.view(), web, &asked.person)?
        .ok_or_else(|| PeopleError::UnknownPerson { web: asked.web.clone(), name: asked.person.clone() })?;
    if crate::read::my_person(step.view())? == Some(person) {
        return Err(PeopleError::NotOfYourself { act: "give a name of your own to" }.into());
    }
    let before = crate::read::label_of(step.view(), web, person)?;
    match (&asked.petname, asked.clear) {
        (Some(petname), false) => {
            let petname = checked_name(petname)?;
            may_be_called(step.view(), person, &petname)?;
            personal::set_petname(step, person, Some(&petname))?;
        }
        (None, true) => personal::set_petname(step, person, None)?,
        _ => return Err(PeopleError::PetnameOrClear.into()),
    }
    let label = crate::read::label_of(step.view(), web, person)?;
    let what = match asked.clear {
        true => format!("{before} has no name of yours any more and is called {label} here."),
        false => format!(
            "You call {before} {label} from now on, in all webs and on all your computers, and paths say so. Nobody \
             else sees it."
        ),
    };
    Ok(ask::Done { what })
}

/// A name of mine names one person: it may not look like another name of mine, nor like my own.
fn may_be_called<R: Rows + ?Sized>(rows: &R, person: PersonId, petname: &str) -> Result<(), Fault> {
    let looks = |name: &str| label::looks(&label::safe(name, ""));
    let wanted = looks(petname);
    let is_alike = |name: &str| looks(name).iter().any(|look| wanted.contains(look));
    let mine = ME.get(rows, &())?.map(|me| me.name).filter(|name| !name.is_empty() && is_alike(name));
    let mut count = 0;
    let mut taken = mine;
    for row in PETNAMES.all(rows) {
        let (other, name) = row?;
        count += 1;
        if other != person && is_alike(&name) {
            taken = Some(name);
        }
    }
    match taken {
        Some(name) => Err(PeopleError::PetnameTaken { name }.into()),
        None if count >= PETNAMES_MAX => {
            Err(PeopleError::TooMany { what: "names of your own", most: PETNAMES_MAX }.into())
        }
        None => Ok(()),
    }
}

/// A name somebody would be called by.
pub(crate) struct Claim {
    pub(crate) member: MemberRow,
    pub(crate) name: String,
    /// It is only kept from others: the person is called by a name of mine.
    pub(crate) is_kept_only: bool,
}

/// Returns the names of everybody, who has the first claim to one first: whom I have named, myself, members in the order in which
/// their names came here and by seniority where they came together, those who are gone. What a person calls itself whom I call otherwise is kept from others at its place.
pub(crate) fn by_claim<R: Rows + ?Sized>(rows: &R, web: WebId) -> Result<Vec<Claim>, StoreError> {
    let me = crate::read::my_person(rows)?;
    let (mut named, mut mine, mut others) = (Vec::new(), Vec::new(), Vec::new());
    for member in crate::read::everybody(rows, web)? {
        let name = own_name(rows, web, &member)?;
        let petname = PETNAMES.get(rows, &member.person)?;
        let is_kept_only = petname.is_some();
        if let Some(name) = petname {
            named.push(Claim { member: member.clone(), name, is_kept_only: false });
        }
        let of = if Some(member.person) == me { &mut mine } else { &mut others };
        of.push(Claim { member, name, is_kept_only });
    }
    Ok(named.into_iter().chain(mine).chain(by_arrival(rows, web, others)?).collect())
}

/// Puts those whose names came later behind, so that nobody takes the label of somebody who has it. What came in one stream, as
/// the history that a newcomer hears, stays in the order of seniority.
fn by_arrival<R: Rows + ?Sized>(rows: &R, web: WebId, claims: Vec<Claim>) -> Result<Vec<Claim>, StoreError> {
    let mut dated = Vec::new();
    for claim in claims {
        let at = NAMED_AT.get(rows, &(web, claim.member.person))?.unwrap_or_default();
        dated.push((claim.member.role.is_none(), at, claim));
    }
    let mut times: Vec<Timestamp> = dated.iter().map(|(_, at, _)| *at).collect();
    times.sort_unstable();
    // The first name of each stream.
    let mut streams: Vec<Timestamp> = Vec::new();
    let mut last = None;
    for at in times {
        if last.is_none_or(|last| at.since(last) >= HISTORY_WITHIN) {
            streams.push(at);
        }
        last = Some(at);
    }
    let stream_of = |at: Timestamp| streams.partition_point(|first| *first <= at);
    dated.sort_by_key(|(is_gone, at, _)| (*is_gone, stream_of(*at)));
    Ok(dated.into_iter().map(|(.., claim)| claim).collect())
}

/// Returns what a person is called without a name of mine.
fn own_name<R: Rows + ?Sized>(rows: &R, web: WebId, member: &MemberRow) -> Result<String, StoreError> {
    if member.role == Some(Role::Carrier) {
        // It holds no key under which it could say a name.
        return Ok(format!("carrier-{}", member.person.to_string().get(..4).unwrap_or_default()));
    }
    Ok(NAMES.get(rows, &(web, member.person))?.unwrap_or_default())
}

/// A person says what it calls itself; returns whether labels have changed.
pub(crate) fn heard_name(
    step: &mut Step<'_>,
    web: WebId,
    person: PersonId,
    name: &str,
) -> Result<bool, StoreError> {
    let now = step.now();
    let before = NAMES.get(step.view(), &(web, person))?;
    if before.as_deref() == Some(name) {
        return Ok(false);
    }
    NAMES.put(step.rows(), &(web, person), &name.to_owned());
    let since = NAMED_AT.get(step.view(), &(web, person))?.unwrap_or_default();
    NAMED_AT.put(step.rows(), &(web, person), &now);
    if !MEMBERS.has(step.view(), &(web, person))? {
        return Ok(false);
    }
    let is_changed = apply::relabel(step, web)?;
    let is_news =
        now < since || now.since(since) >= HISTORY_WITHIN || notices::is_renamed(step.view(), web, person)?;
    let is_mine = crate::read::my_person(step.view())? == Some(person);
    match before.filter(|_| is_news && !is_mine) {
        Some(before) => notices::renamed(step, web, person, (&before, name)).map(|()| true),
        None => Ok(is_changed),
    }
}

/// Finds a person by its label in any web this peer belongs to, by its id, or by first digits of it.
pub(crate) fn anywhere<R: Rows + ?Sized>(
    rows: &R,
    name: &str,
    web: Option<&str>,
) -> Result<(WebId, PersonId), Fault> {
    let mut found = Vec::new();
    for row in WEBS.all(rows) {
        let (id, record) = row?;
        let is_meant = web.is_none_or(|web| web == record.label || web == id.to_string());
        if !is_meant || record.standing != Standing::Member {
            continue;
        }
        if let Some(person) = crate::read::person_named(rows, id, name)? {
            let is_gone = crate::read::role_of(rows, id, person)?.is_none();
            found.push((is_gone, id, person));
        }
    }
    // Whoever is a member comes before who only was.
    found.sort_by_key(|(is_gone, ..)| *is_gone);
    let Some((is_gone, id, person)) = found.first().copied() else {
        let web = web.unwrap_or("your webs").to_owned();
        return Err(PeopleError::UnknownPerson { web, name: name.to_owned() }.into());
    };
    if found.iter().any(|(gone, _, other)| *gone == is_gone && *other != person) {
        return Err(PeopleError::PersonAmbiguous { name: name.to_owned() }.into());
    }
    Ok((id, person))
}
