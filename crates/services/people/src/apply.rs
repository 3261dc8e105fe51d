//! Writes what an evaluation says into rows, and tells everybody whom it concerns.

use std::collections::{BTreeMap, BTreeSet};

use base::{DeviceId, Fault, PersonId, WebId};
use kernel::Step;
use store::StoreError;
use wire::governance::{Admission, Role};
use wire::identity::Key;

use crate::evaluate::{Departure, Evaluation, State};
use crate::history::Change;
use crate::label;
use crate::petnames::Claim;
use crate::tables::{
    DEVICES, INVITATIONS, InvitationRecord, JOINS, LABELS, ME, MEMBERS, MemberRecord, PERSON_KEYS, Standing,
    WAITING, WEB_LABELS, WEB_NAMES, WEBS, WEBS_OF, WaitingRecord, WebRecord,
};
use crate::told::Told;

/// What changed for this peer's own person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Turn {
    /// Nothing.
    None,
    /// It became a member, or a carrier.
    In,
    /// It is no member any more.
    Out,
}

/// Writes rows, tells records who may write, announces what changed.
pub(crate) fn apply(
    step: &mut Step<'_>,
    web: WebId,
    evaluation: &Evaluation,
    change: Change,
) -> Result<Turn, Fault> {
    let state = &evaluation.state;
    let mut turn = Turn::None;
    if change == Change::Members {
        let gone = write_members(step, web, state)?;
        write_keys(step, web, state)?;
        crate::same::write(step, web, state)?;
        relabel(step, web)?;
        turn = write_web(step, web, evaluation)?;
        if crate::serving::write(step, web, state)? || turn != Turn::None {
            crate::serving::tell_relays(step)?;
        }
        say_authors(step, web, state)?;
        step.announce(Told::Members { web }.to_bytes());
        for (person, devices) in gone {
            step.announce(Told::Removed { web, person, devices }.to_bytes());
        }
    }
    write_invitations(step, web, state)?;
    // Records names at most as many as an operation does.
    let (heads, _) = state.next();
    records::set_governance_heads(step, web, heads)?;
    match turn {
        Turn::In if WEBS.get(step.view(), &web)?.is_some_and(|web| web.standing == Standing::Carrier) => {}
        Turn::In => step.announce(Told::Joined { web }.to_bytes()),
        Turn::Out => step.announce(Told::Left { web }.to_bytes()),
        Turn::None => {}
    }
    step.emit("people.changed", &serde_json::json!({ "web": web }));
    Ok(turn)
}

/// Writes members and devices; returns who went.
fn write_members(
    step: &mut Step<'_>,
    web: WebId,
    state: &State,
) -> Result<Vec<(PersonId, Vec<DeviceId>)>, StoreError> {
    let mut before: BTreeMap<PersonId, MemberRecord> = BTreeMap::new();
    for row in MEMBERS.within(step.view(), &web) {
        let ((_, person), record) = row?;
        before.insert(person, record);
    }
    let mut order: Vec<_> = state.members.iter().collect();
    order.sort_by_key(|(_, member)| member.seniority);
    let mut gone = Vec::new();
    for (rank, (person, member)) in (0..).zip(order) {
        let old = before.remove(person);
        let record = MemberRecord {
            role: member.role(),
            rank,
            devices: member.devices.clone(),
            admitted: member.admitted,
            label: old.as_ref().map(|old| old.label.clone()).unwrap_or_default(),
        };
        if old.as_ref() == Some(&record) {
            continue;
        }
        MEMBERS.put(step.rows(), &(web, *person), &record);
        if let Some(old) = old.as_ref().filter(|old| old.devices != record.devices) {
            crate::notices::devices(step, web, *person, (&old.devices, &record.devices))?;
        }
        let revoked =
            old.iter().flat_map(|old| &old.devices).filter(|device| !record.devices.contains(device));
        for device in revoked {
            WEBS_OF.delete(step.rows(), &(*device, web));
        }
        for device in &member.devices {
            DEVICES.put(step.rows(), &(web, *device), person);
            match record.role {
                Some(role) => WEBS_OF.put(step.rows(), &(*device, web), &(role > Role::Carrier)),
                None => WEBS_OF.delete(step.rows(), &(*device, web)),
            }
        }
        if record.role.is_none() && old.is_some_and(|old| old.role.is_some()) {
            gone.push((*person, record.devices));
        }
    }
    // Whoever is left was admitted by something that turned out to be void: as if it had never been there.
    for (person, record) in before {
        MEMBERS.delete(step.rows(), &(web, person));
        LABELS.delete(step.rows(), &(web, record.label));
        for device in &record.devices {
            DEVICES.delete(step.rows(), &(web, *device));
            WEBS_OF.delete(step.rows(), &(*device, web));
        }
        if record.role.is_some() {
            gone.push((person, record.devices));
        }
    }
    Ok(gone)
}

/// Writes the keys to which letters are sealed: of members who read, and of nobody else.
pub(crate) fn write_keys(step: &mut Step<'_>, web: WebId, state: &State) -> Result<(), StoreError> {
    let mut before: BTreeMap<PersonId, Key> = PERSON_KEYS
        .within(step.view(), &web)
        .map(|row| row.map(|((_, person), key)| (person, key)))
        .collect::<Result<_, _>>()?;
    for (person, member) in state.members.iter().filter(|(_, member)| member.reads()) {
        let key = Key(member.person_key);
        if before.remove(person) != Some(key) {
            PERSON_KEYS.put(step.rows(), &(web, *person), &key);
        }
    }
    for person in before.into_keys() {
        PERSON_KEYS.delete(step.rows(), &(web, person));
    }
    Ok(())
}

fn write_invitations(step: &mut Step<'_>, web: WebId, state: &State) -> Result<(), StoreError> {
    let mut before = BTreeMap::new();
    for row in INVITATIONS.within(step.view(), &web) {
        let ((_, ticket), record) = row?;
        before.insert(ticket, record);
    }
    for (ticket, invitation) in &state.invitations {
        let record = InvitationRecord {
            by: invitation.by,
            role: invitation.role,
            uses: invitation.uses,
            used: invitation.used,
            expires: invitation.expires,
            is_revoked: invitation.revoked.is_some(),
            lamport: invitation.place.0,
            made: invitation.made,
            approve: Some(invitation.admission == Admission::Approve),
        };
        if before.remove(ticket).as_ref() != Some(&record) {
            INVITATIONS.put(step.rows(), &(web, *ticket), &record);
        }
    }
    for ticket in before.into_keys() {
        INVITATIONS.delete(step.rows(), &(web, ticket));
    }
    let mut before: BTreeSet<_> = WAITING
        .within(step.view(), &web)
        .map(|row| row.map(|((_, join), _)| join))
        .collect::<Result<_, _>>()?;
    for (join, waiting) in &state.waiting {
        if !before.remove(join) {
            let record = WaitingRecord { person: waiting.facts.person, since: waiting.since };
            WAITING.put(step.rows(), &(web, *join), &record);
        }
    }
    for join in before {
        WAITING.delete(step.rows(), &(web, join));
    }
    Ok(())
}

/// Gives every person of a web its label: whom I have named first, then myself, then seniors, so that a namesake who
/// comes later gets the tag (spec identity rules 22 to 26).
pub(crate) fn relabel(step: &mut Step<'_>, web: WebId) -> Result<bool, StoreError> {
    let mut is_changed = false;
    let mut taken = BTreeSet::new();
    let mut holders: BTreeMap<String, PersonId> = BTreeMap::new();
    let mut before: BTreeSet<String> = LABELS
        .within(step.view(), &web)
        .map(|row| row.map(|((_, label), _)| label))
        .collect::<Result<_, _>>()?;
    for Claim { member, name, is_kept_only } in crate::petnames::by_claim(step.view(), web)? {
        let id = member.person.to_string();
        let wanted = label::safe(&name, &id);
        if is_kept_only {
            keep(&mut taken, &mut holders, (&wanted, member.person));
            continue;
        }
        let label = label::unique(&wanted, &id, &taken);
        before.remove(&label);
        let holder = LABELS.get(step.view(), &(web, label.clone()))?;
        if holder != Some(member.person) {
            LABELS.put(step.rows(), &(web, label.clone()), &member.person);
        }
        if member.label != label
            && let Some(mut record) = MEMBERS.get(step.view(), &(web, member.person))?
        {
            let like = label::looks(&wanted).iter().find_map(|look| holders.get(look)).copied();
            if let Some(like) = like.filter(|_| !member.label.contains('~')) {
                crate::notices::namesake(step, web, (member.person, &wanted), like)?;
            }
            record.label.clone_from(&label);
            MEMBERS.put(step.rows(), &(web, member.person), &record);
            is_changed = true;
        }
        keep(&mut taken, &mut holders, (&label, member.person));
    }
    for label in before {
        LABELS.delete(step.rows(), &(web, label));
    }
    Ok(is_changed)
}

/// Keeps a label from those who come later.
fn keep(
    taken: &mut BTreeSet<String>,
    holders: &mut BTreeMap<String, PersonId>,
    (label, person): (&str, PersonId),
) {
    for look in label::looks(label) {
        holders.entry(look.clone()).or_insert(person);
        taken.insert(look);
    }
}

/// Writes the web's own row, and its label.
fn write_web(step: &mut Step<'_>, web: WebId, evaluation: &Evaluation) -> Result<Turn, Fault> {
    let state = &evaluation.state;
    let Some(me) = ME.get(step.view(), &())? else { return Ok(Turn::None) };
    let now = step.now();
    let mut record = WEBS.get(step.view(), &web)?.unwrap_or(WebRecord {
        label: String::new(),
        suggested: String::new(),
        standing: Standing::Joining,
        members: 0,
        has_key: false,
        since: now,
        founder: None,
    });
    let was_in = record.standing.is_in();
    // A device that was not added yet, or was revoked, does not belong to the web though its person does.
    let is_device = state.devices.get(&me.device) == Some(&me.person);
    let is_revoked = state.revoked.contains_key(&me.device);
    let mine = state.members.get(&me.person).filter(|_| is_device);
    record.standing = match mine.map(|mine| (mine.role(), mine.departure)) {
        Some((Some(Role::Carrier), _)) => Standing::Carrier,
        Some((Some(_), _)) => Standing::Member,
        // Somebody who rejoins is asking again, not gone.
        Some((None, _)) if is_joining(step, web)? => Standing::Joining,
        Some((None, Some(Departure::Left))) => Standing::Left,
        Some((None, _)) => Standing::Removed,
        // The admission turned out to be void: the invitation was ended, or its uses went to others.
        None if was_in || is_revoked => Standing::Removed,
        None => record.standing,
    };
    let readers = state.members.values().filter(|member| member.reads()).count();
    record.members = u64::try_from(readers).unwrap_or(u64::MAX);
    let turn = match (was_in, record.standing.is_in()) {
        (false, true) => Turn::In,
        (true, false) => Turn::Out,
        _ => Turn::None,
    };
    WEBS.put(step.rows(), &web, &record);
    relabel_web(step, web)?;
    Ok(turn)
}

fn is_joining(step: &Step<'_>, web: WebId) -> Result<bool, StoreError> {
    Ok(JOINS.get(step.view(), &web)?.is_some_and(|join| crate::joining::is_open(&join)))
}

/// Gives a web its label: what its most senior owner calls it, else what the invitation called it.
///
/// A label once given on this peer stays as long as the name does: paths must not move because another web came.
pub(crate) fn relabel_web(step: &mut Step<'_>, web: WebId) -> Result<bool, StoreError> {
    let Some(mut record) = WEBS.get(step.view(), &web)? else { return Ok(false) };
    let mut name = record.suggested.clone();
    for member in crate::read::members(step.view(), web)? {
        let is_owner = member.role == Some(Role::Owner);
        if let Some(said) = WEB_NAMES.get(step.view(), &(web, member.person))?.filter(|_| is_owner) {
            name = said;
            break;
        }
    }
    let id = web.to_string();
    let wanted = label::safe(&name, &id);
    let mut taken = BTreeSet::new();
    for row in WEBS.all(step.view()) {
        let (other, other_record) = row?;
        if other != web {
            taken.extend(label::looks(&other_record.label));
        }
    }
    let label = label::unique(&wanted, &id, &taken);
    if label == record.label && WEB_LABELS.get(step.view(), &label)? == Some(web) {
        return Ok(false);
    }
    WEB_LABELS.delete(step.rows(), &record.label);
    WEB_LABELS.put(step.rows(), &label, &web);
    record.label = label;
    WEBS.put(step.rows(), &web, &record);
    Ok(true)
}

/// Tells records who may write; a newcomer names the member who let it in before it can know the members.
pub(crate) fn say_authors(step: &mut Step<'_>, web: WebId, state: &State) -> Result<(), Fault> {
    let mut authors: BTreeMap<DeviceId, records::Author> = BTreeMap::new();
    for (person, member) in &state.members {
        for device in &member.devices {
            let is_member = member.power.is_some();
            let cut = member.records_cuts.get(device).copied().filter(|_| !is_member);
            let is_carrier = member.role() == Some(Role::Carrier);
            authors.insert(
                *device,
                records::Author { device: *device, is_member, cut, is_carrier, owner: Some(*person) },
            );
        }
    }
    for (device, revoked) in &state.revoked {
        let cut = Some(revoked.cut);
        let owner = Some(revoked.person);
        let author = records::Author { device: *device, is_member: false, cut, is_carrier: false, owner };
        authors.insert(*device, author);
    }
    let me = step.me();
    let is_member = authors.get(&me).is_some_and(|author| author.is_member);
    if !is_member {
        let join = JOINS.get(step.view(), &web)?;
        match join.as_ref().filter(|join| crate::joining::is_open(join)).map(|join| join.welcomer) {
            Some(Some(welcomer)) => {
                for device in [me, welcomer] {
                    let author = records::Author {
                        device,
                        is_member: true,
                        cut: None,
                        is_carrier: false,
                        owner: None,
                    };
                    authors.insert(device, author);
                }
            }
            Some(None) => return Ok(()),
            None if WEBS.get(step.view(), &web)?.is_none_or(|web| web.standing == Standing::Joining) => {
                return Ok(());
            }
            None => {}
        }
    }
    let authors: Vec<records::Author> = authors.into_values().collect();
    records::set_authors(step, web, &authors)
}
