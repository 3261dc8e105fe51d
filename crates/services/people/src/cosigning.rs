//! What takes the signatures of several admins: removing somebody whom none of them outranks, and saying that a newcomer is
//! somebody who has lost all devices and words (spec governance rules 81 to 88). Signatures go from admin to admin in sealed
//! notes, so that who is removed hears of it when it is done. Not for: what it means in a web (`evaluate`).

use std::collections::BTreeSet;
use std::time::Duration;

use api::people::Done;
use api::persons::{Dismiss, DismissalView, Dismissals, SamePerson};
use base::{DeviceId, EntryId, Fault, PersonId, Timestamp, WebId};
use kernel::Step;
use minicbor::{Decode, Encode};
use store::{Rows, StoreError, Table};
use wire::crypto::Signature;
use wire::governance::{
    Action, COSIGNATURES_MAX, Cosignature, DISMISS_DOMAIN, Dismissal, Role, dismiss_bytes,
};

use crate::acts::{devices_of, governance_cuts, member_named, my_role, my_web, with_records};
use crate::body::Body;
use crate::evaluate::{Cosigned, State, cosigned};
use crate::fault::PeopleError;
use crate::meeting::Note;
use crate::sealed::Sealed;
use crate::service::{People, publish};
use crate::tables::MEMBERS;

/// What this person wants done together with others.
const WISHES: Table<(WebId, PersonId), WishRecord> = Table::new("people.wishes");

/// What others have signed for this person to use.
const SIGNED: Table<(WebId, PersonId, DeviceId), SignedRecord> = Table::new("people.signed");

/// Alarm, followed by a web: see whether there are enough signatures.
pub(crate) const COUNT: &str = "signatures ";

/// Signatures are kept for so long, and asked for anew after that.
const KEPT: Duration = Duration::from_hours(30 * 24);

/// Admins who are asked to sign at most: each is asked by a note of its own, and peers read 64 of a device on one day.
const ASKED_MAX: usize = 32;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
struct WishRecord {
    /// By which entry the person belongs to the web.
    #[n(0)]
    admission: EntryId,
    #[n(1)]
    same: Option<PersonId>,
    #[n(2)]
    since: Timestamp,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
struct SignedRecord {
    #[n(0)]
    admission: EntryId,
    #[n(1)]
    same: Option<PersonId>,
    #[n(2)]
    lamport: u64,
    #[n(3)]
    signature: Signature,
    /// Whose device it is.
    #[n(4)]
    by: PersonId,
    #[n(5)]
    at: Timestamp,
}

/// That the author of a note agrees, for the reader to use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Agreement {
    #[n(0)]
    person: PersonId,
    #[n(1)]
    admission: EntryId,
    #[n(2)]
    same: Option<PersonId>,
    #[n(3)]
    lamport: u64,
    #[n(4)]
    signature: Signature,
}

/// Signs that a person goes, and does it when enough have signed.
pub(crate) fn dismiss(people: &mut People, step: &mut Step<'_>, asked: &Dismiss) -> Result<Done, Fault> {
    let web = my_web(step, &asked.web)?;
    let person = member_named(step, web, (&asked.web, &asked.person))?;
    agree(people, step, (web, &asked.web), (person, None))
}

/// Signs that a newcomer is somebody who has lost everything.
pub(crate) fn same_person(
    people: &mut People,
    step: &mut Step<'_>,
    asked: &SamePerson,
) -> Result<Done, Fault> {
    let web = my_web(step, &asked.web)?;
    let person = member_named(step, web, (&asked.web, &asked.old))?;
    let same = member_named(step, web, (&asked.web, &asked.new))?;
    let state = people.state(step, web)?;
    let (old, new) = (state.role(person), state.role(same));
    let is_newcomer = new >= Some(Role::Guest) && new <= Some(Role::Member) && new <= old;
    if person == same || !is_newcomer {
        let person = crate::read::label_of(step.view(), web, same)?;
        return Err(PeopleError::NoNewcomer { person }.into());
    }
    agree(people, step, (web, &asked.web), (person, Some(same)))
}

fn agree(
    people: &mut People,
    step: &mut Step<'_>,
    (web, web_name): (WebId, &str),
    (person, same): (PersonId, Option<PersonId>),
) -> Result<Done, Fault> {
    let (mine, role) = my_role(people, step, web)?;
    if role < Role::Admin {
        let act = if same.is_some() { "confirm somebody" } else { "dismiss" };
        return Err(PeopleError::NotAllowed { act, web: web_name.to_owned(), needed: "admin" }.into());
    }
    if person == mine || same == Some(mine) {
        let act = if same.is_some() { "confirm" } else { "dismiss" };
        return Err(PeopleError::NotOfYourself { act }.into());
    }
    let state = people.state(step, web)?;
    let others = cosigned(state, (step.me(), person, same), &[]).others;
    let admission = state.members.get(&person).map_or(EntryId::new([0; 32]), |member| member.join);
    if others.len() < 2 {
        let person = crate::read::label_of(step.view(), web, person)?;
        return Err(PeopleError::TooFewAdmins { person, web: web_name.to_owned() }.into());
    }
    let wish = WishRecord { admission, same, since: step.now() };
    WISHES.put(step.rows(), &(web, person), &wish);
    let label = crate::read::label_of(step.view(), web, person)?;
    if try_now(people, step, (web, person))? {
        return Ok(Done { what: done_words(web_name, (&label, same)) });
    }
    tell_others(people, step, (web, mine), (person, wish))?;
    let state = people.state(step, web)?.clone();
    let view = view(step.view(), &state, (step.me(), step.now()), (web, person))?;
    let signed = view.signed.join(", ");
    let what = match same {
        Some(_) => format!("It is signed by {signed}"),
        None => format!("The removal of {label} is signed by {signed}"),
    };
    let more = match view.missing {
        1 => "one more is needed".to_owned(),
        missing => format!("{missing} more are needed"),
    };
    let who = view.could_sign.join(", ");
    let told = match same {
        Some(_) => "They are asked.".to_owned(),
        None => format!("They are asked; {label} is not told before it is done."),
    };
    let what = format!("{what}; {more} of: {who}. {told}");
    step.emit("people.changed", &serde_json::json!({ "web": web }));
    Ok(Done { what })
}

fn done_words(web_name: &str, (label, same): (&str, Option<PersonId>)) -> String {
    match same {
        None => format!(
            "{label} is removed from {web_name}, by signatures of several admins. Nothing new reaches {label}; what \
             {label} had it keeps."
        ),
        Some(_) => format!(
            "The newcomer is {label} from now on, with its role and rank in {web_name}; the devices {label} had are out. What \
             was sealed to {label} before stays closed."
        ),
    }
}

/// Sends a signature to each of the others who may use it.
fn tell_others(
    people: &mut People,
    step: &mut Step<'_>,
    (web, mine): (WebId, PersonId),
    (person, wish): (PersonId, WishRecord),
) -> Result<(), Fault> {
    let WishRecord { admission, same, .. } = wish;
    let me = step.me();
    let state = people.state(step, web)?;
    let lamport = state.lamport;
    let others = cosigned(state, (me, person, same), &[]).others;
    let by_rank = state.by_seniority().into_iter();
    let others = by_rank.filter(|(who, _)| others.contains(who) && *who != mine);
    let keys: Vec<(PersonId, [u8; 32])> =
        others.map(|(who, member)| (who, member.person_key)).take(ASKED_MAX).collect();
    let until = step.now().after(KEPT);
    for (by, key) in keys {
        let about = Dismissal { web, by, person, admission, same };
        let signature = step.sign(DISMISS_DOMAIN, &dismiss_bytes(&about, lamport));
        let agreement = Agreement { person, admission, same, lamport, signature };
        let plain = wire::to_bytes(&Note::Agreement { agreement });
        // Whose key can't be used can't be asked.
        if let Some(sealed) = Sealed::new(step, web, &[key], &plain) {
            publish(step, web, &Body::Note { until, sealed })?;
        }
    }
    Ok(())
}

/// Takes another person's signature; hostile until it is checked.
pub(crate) fn take_agreement(
    step: &mut Step<'_>,
    web: WebId,
    (author, by): (DeviceId, PersonId),
    agreement: &Agreement,
) -> Result<(), Fault> {
    let Agreement { person, admission, same, lamport, signature } = *agreement;
    let Some(mine) = crate::read::my_person(step.view())? else { return Ok(()) };
    let about = Dismissal { web, by: mine, person, admission, same };
    let is_admin = |role: Option<Role>| role >= Some(Role::Admin);
    let is_right = is_admin(crate::read::role_or_carrier(step.view(), web, by)?)
        && is_admin(crate::read::role_or_carrier(step.view(), web, mine)?)
        && MEMBERS.has(step.view(), &(web, person))?
        && person != by
        && person != mine
        && step.verifier().verify(&author, DISMISS_DOMAIN, &dismiss_bytes(&about, lamport), &signature);
    if !is_right {
        return Ok(());
    }
    let at = step.now();
    SIGNED.put(
        step.rows(),
        &(web, person, author),
        &SignedRecord { admission, same, lamport, signature, by, at },
    );
    step.emit("people.changed", &serde_json::json!({ "web": web }));
    if WISHES.has(step.view(), &(web, person))? {
        step.alarm(Duration::ZERO, format!("{COUNT}{web}"));
    }
    Ok(())
}

/// Does what enough have signed for by now.
pub(crate) fn count(people: &mut People, step: &mut Step<'_>, web: WebId) -> Result<(), Fault> {
    let wishes: Vec<_> = WISHES.within(step.view(), &web).collect::<Result<_, StoreError>>()?;
    for ((_, person), _) in wishes {
        try_now(people, step, (web, person))?;
    }
    Ok(())
}

/// Writes the operation if it would count; returns whether it did.
fn try_now(
    people: &mut People,
    step: &mut Step<'_>,
    (web, person): (WebId, PersonId),
) -> Result<bool, Fault> {
    let Some(wish) = WISHES.get(step.view(), &(web, person))? else { return Ok(false) };
    let signatures = signatures(step.view(), step.now(), (web, person), wish)?;
    let me = step.me();
    let state = people.state(step, web)?;
    let is_member =
        state.members.get(&person).is_some_and(|one| one.power.is_some() && one.join == wish.admission);
    if !is_member {
        forget(step, web, person)?;
        return Ok(false);
    }
    let signers: Vec<(DeviceId, u64)> = signatures.iter().map(|one| (one.device, one.lamport)).collect();
    let found = cosigned(state, (me, person, wish.same), &signers);
    let (Some(by), true) = (state.devices.get(&me).copied(), found.is_enough) else { return Ok(false) };
    let devices = devices_of(state, person);
    let cuts = with_records(step, web, (governance_cuts(state, &devices), &devices))?;
    let WishRecord { admission, same, .. } = wish;
    people.act(step, web, Action::Dismiss { by, person, admission, same, cuts, signatures })?;
    forget(step, web, person)?;
    Ok(true)
}

/// Returns the signatures for what is wished, by devices.
fn signatures(
    rows: &dyn Rows,
    now: Timestamp,
    (web, person): (WebId, PersonId),
    wish: WishRecord,
) -> Result<Vec<Cosignature>, StoreError> {
    let mut signatures = Vec::new();
    for row in SIGNED.within(rows, &(web, person)) {
        let ((.., device), record) = row?;
        let is_meant = record.admission == wish.admission && record.same == wish.same;
        if is_meant && now.since(record.at) <= KEPT && signatures.len() < COSIGNATURES_MAX {
            signatures.push(Cosignature { device, lamport: record.lamport, signature: record.signature });
        }
    }
    Ok(signatures)
}

fn forget(step: &mut Step<'_>, web: WebId, person: PersonId) -> Result<(), StoreError> {
    WISHES.delete(step.rows(), &(web, person));
    let signed: Vec<_> = SIGNED.within(step.view(), &(web, person)).collect::<Result<_, _>>()?;
    for (place, _) in signed {
        SIGNED.delete(step.rows(), &place);
    }
    Ok(())
}

/// Lists what several admins are asked to sign, as far as this person knows.
pub(crate) fn dismissals(
    rows: &dyn Rows,
    state: &State,
    (me, now): (DeviceId, Timestamp),
    web: WebId,
) -> Result<Dismissals, Fault> {
    let mut persons = BTreeSet::new();
    for row in WISHES.within(rows, &web) {
        persons.insert(row?.0.1);
    }
    for row in SIGNED.within(rows, &web) {
        persons.insert(row?.0.1);
    }
    let mut open = Vec::new();
    for person in persons {
        let view = view(rows, state, (me, now), (web, person))?;
        if state.role(person).is_some() && !view.signed.is_empty() {
            open.push(view);
        }
    }
    Ok(Dismissals { dismissals: open })
}

fn view(
    rows: &dyn Rows,
    state: &State,
    (me, now): (DeviceId, Timestamp),
    (web, person): (WebId, PersonId),
) -> Result<DismissalView, Fault> {
    let wish = WISHES.get(rows, &(web, person))?;
    let first = SIGNED.within(rows, &(web, person)).next().transpose()?;
    let first = first.map(|(_, one)| WishRecord { admission: one.admission, same: one.same, since: one.at });
    let meant = wish.or(first);
    let signatures = match meant {
        Some(meant) => signatures(rows, now, (web, person), meant)?,
        None => Vec::new(),
    };
    let signers: Vec<(DeviceId, u64)> = signatures.iter().map(|one| (one.device, one.lamport)).collect();
    let same = meant.and_then(|meant| meant.same);
    let Cosigned { signers, others, missing, .. } = cosigned(state, (me, person, same), &signers);
    let mine = state.devices.get(&me).copied();
    let has_signed = |who: &PersonId| signers.contains(who) && (wish.is_some() || Some(*who) != mine);
    let names = |is_meant: &dyn Fn(&PersonId) -> bool| -> Result<Vec<String>, StoreError> {
        let meant = others.iter().filter(|who| is_meant(who));
        let mut names: Vec<String> =
            meant.map(|who| crate::read::label_of(rows, web, *who)).collect::<Result<_, _>>()?;
        names.sort();
        Ok(names)
    };
    let mine_too = u64::from(wish.is_none() && mine.is_some_and(|mine| signers.contains(&mine)));
    Ok(DismissalView {
        person: crate::read::label_of(rows, web, person)?,
        same: same.map(|same| crate::read::label_of(rows, web, same)).transpose()?,
        signed: names(&has_signed)?,
        could_sign: names(&|who| !has_signed(who))?,
        missing: missing.saturating_add(mine_too),
        is_signed_by_me: wish.is_some(),
        id: person,
    })
}
