//! What other services, the network and the gateways may look up; every function reads rows and nothing else.

use base::{DeviceId, PersonId, Timestamp, WebId};
use store::{Rows, StoreError};
use wire::crypto::{Strict, Verifier as _};
use wire::governance::{Role, Serving};
use wire::identity::Inception;
use wire::join::{Message, PROOF_DOMAIN, proof_bytes};

use crate::tables::{
    ADDRESSES, DEVICES, DHT, INVITATIONS, LABELS, ME, MEMBERS, MemberRecord, NAMES, PERSON_KEYS, SERVES,
    SERVING, WEB_LABELS, WEBS, WEBS_OF, WebRecord,
};

pub use crate::tables::Standing;

/// Fewer digits than this would name a person by accident.
const ID_PREFIX_MIN: usize = 4;

/// A web of this peer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebRow {
    /// Its id.
    pub id: WebId,
    /// Path-safe, unique among the webs of this peer.
    pub label: String,
    /// How this peer stands in it.
    pub standing: Standing,
    /// How many persons belong to it.
    pub members: u64,
    /// Whether this peer holds a key under which it may write now.
    pub has_key: bool,
}

/// A person who is or was a member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberRow {
    /// Who.
    pub person: PersonId,
    /// Path-safe, unique in the web.
    pub label: String,
    /// None when the person was removed or has left.
    pub role: Option<Role>,
    /// Its devices.
    pub devices: Vec<DeviceId>,
    /// When it was admitted, by the clock of who admitted.
    pub admitted: Timestamp,
    /// Place by seniority, from 0; the founder is 0.
    pub rank: u64,
}

fn web_row(id: WebId, record: WebRecord) -> WebRow {
    let WebRecord { label, standing, members, has_key, .. } = record;
    WebRow { id, label, standing, members, has_key }
}

fn member_row(person: PersonId, record: MemberRecord) -> MemberRow {
    let MemberRecord { role, rank, devices, admitted, label } = record;
    MemberRow { person, label, role, devices, admitted, rank }
}

/// Returns the webs this peer belongs to, is joining, or belonged to, in order of labels.
pub fn webs<R: Rows + ?Sized>(rows: &R) -> Result<Vec<WebRow>, StoreError> {
    let mut webs: Vec<WebRow> =
        WEBS.all(rows).map(|row| row.map(|(id, record)| web_row(id, record))).collect::<Result<_, _>>()?;
    webs.sort_by(|a, b| a.label.cmp(&b.label));
    Ok(webs)
}

/// Returns one web.
pub fn web<R: Rows + ?Sized>(rows: &R, web: WebId) -> Result<Option<WebRow>, StoreError> {
    Ok(WEBS.get(rows, &web)?.map(|record| web_row(web, record)))
}

/// Finds a web by its label or its full id.
pub fn web_named<R: Rows + ?Sized>(rows: &R, name: &str) -> Result<Option<WebId>, StoreError> {
    if let Some(web) = WEB_LABELS.get(rows, &name.to_owned())? {
        return Ok(Some(web));
    }
    match name.parse() {
        Ok(web) if WEBS.has(rows, &web)? => Ok(Some(web)),
        _ => Ok(None),
    }
}

/// Returns a web's label; the first digits of its id when this peer does not know it.
pub fn web_label<R: Rows + ?Sized>(rows: &R, web: WebId) -> Result<String, StoreError> {
    Ok(WEBS.get(rows, &web)?.map_or_else(|| web.short(), |record| record.label))
}

/// Returns a person's label in a web; the first digits of its id when it never was a member.
pub fn label_of<R: Rows + ?Sized>(rows: &R, web: WebId, person: PersonId) -> Result<String, StoreError> {
    Ok(MEMBERS.get(rows, &(web, person))?.map_or_else(|| person.short(), |record| record.label))
}

/// Returns a person and all it has taken over from as the same human, itself first (spec governance rule 87).
pub fn same_human<R: Rows + ?Sized>(
    rows: &R,
    web: WebId,
    person: PersonId,
) -> Result<Vec<PersonId>, StoreError> {
    crate::same::all(rows, web, person)
}

/// Returns who a person is now: itself, or who took over from it as the same human.
pub fn same_human_now<R: Rows + ?Sized>(
    rows: &R,
    web: WebId,
    person: PersonId,
) -> Result<PersonId, StoreError> {
    crate::same::now(rows, web, person)
}

/// Returns the name a person gives itself, as it said it: for display, never for paths.
pub fn name_of<R: Rows + ?Sized>(
    rows: &R,
    web: WebId,
    person: PersonId,
) -> Result<Option<String>, StoreError> {
    NAMES.get(rows, &(web, person))
}

/// Finds a person of a web, also one who is gone, by label, id, or an unambiguous beginning of the id (4 digits on).
pub fn person_named<R: Rows + ?Sized>(
    rows: &R,
    web: WebId,
    name: &str,
) -> Result<Option<PersonId>, StoreError> {
    if let Some(person) = LABELS.get(rows, &(web, name.to_owned()))? {
        return Ok(Some(person));
    }
    if name.len() < ID_PREFIX_MIN {
        return Ok(None);
    }
    let mut found = None;
    for row in MEMBERS.within(rows, &web) {
        let ((_, person), _) = row?;
        if person.to_string().starts_with(name) {
            if found.is_some() {
                return Ok(None);
            }
            found = Some(person);
        }
    }
    Ok(found)
}

/// Returns everybody who is or was a member: members by seniority, then those who are gone. Carriers are no members.
pub fn members<R: Rows + ?Sized>(rows: &R, web: WebId) -> Result<Vec<MemberRow>, StoreError> {
    let mut members = everybody(rows, web)?;
    members.retain(|member| member.role != Some(Role::Carrier));
    Ok(members)
}

/// Returns the carriers of a web by seniority.
pub fn carriers<R: Rows + ?Sized>(rows: &R, web: WebId) -> Result<Vec<MemberRow>, StoreError> {
    let mut members = everybody(rows, web)?;
    members.retain(|member| member.role == Some(Role::Carrier));
    Ok(members)
}

/// Returns members, carriers, and those who are gone.
pub(crate) fn everybody<R: Rows + ?Sized>(rows: &R, web: WebId) -> Result<Vec<MemberRow>, StoreError> {
    let mut members: Vec<MemberRow> = MEMBERS
        .within(rows, &web)
        .map(|row| row.map(|((_, person), record)| member_row(person, record)))
        .collect::<Result<_, _>>()?;
    members.sort_by_key(|member| (member.role.is_none(), member.rank));
    Ok(members)
}

/// Returns one person of a web, also one who is gone.
pub fn member<R: Rows + ?Sized>(
    rows: &R,
    web: WebId,
    person: PersonId,
) -> Result<Option<MemberRow>, StoreError> {
    Ok(MEMBERS.get(rows, &(web, person))?.map(|record| member_row(person, record)))
}

/// Returns the newest key of a person who reads, as the web knows it; none when it belongs to the web no more.
pub fn key_of<R: Rows + ?Sized>(
    rows: &R,
    web: WebId,
    person: PersonId,
) -> Result<Option<[u8; 32]>, StoreError> {
    Ok(PERSON_KEYS.get(rows, &(web, person))?.map(|key| key.0))
}

/// Returns whose device it is in a web, also of persons who are gone.
pub fn person_of<R: Rows + ?Sized>(
    rows: &R,
    web: WebId,
    device: DeviceId,
) -> Result<Option<PersonId>, StoreError> {
    DEVICES.get(rows, &(web, device))
}

/// Returns a person's devices in a web; empty when it never was a member.
pub fn devices_of<R: Rows + ?Sized>(
    rows: &R,
    web: WebId,
    person: PersonId,
) -> Result<Vec<DeviceId>, StoreError> {
    Ok(MEMBERS.get(rows, &(web, person))?.map(|record| record.devices).unwrap_or_default())
}

/// Says whether a device belongs now to somebody who may read, guests among them; a carrier may not.
pub fn is_member<R: Rows + ?Sized>(rows: &R, web: WebId, device: DeviceId) -> Result<bool, StoreError> {
    Ok(WEBS_OF.get(rows, &(device, web))? == Some(true))
}

/// Says whether a device belongs to a carrier now.
pub fn is_carrier<R: Rows + ?Sized>(rows: &R, web: WebId, device: DeviceId) -> Result<bool, StoreError> {
    Ok(WEBS_OF.get(rows, &(device, web))? == Some(false))
}

/// Returns the role of a person who reads; none when it belongs to the web no more, or only carries.
pub fn role_of<R: Rows + ?Sized>(rows: &R, web: WebId, person: PersonId) -> Result<Option<Role>, StoreError> {
    Ok(role_or_carrier(rows, web, person)?.filter(|role| *role >= Role::Guest))
}

/// Says whether what a person writes is used: a guest's is not, while it is one (spec records rule 37).
pub fn writes<R: Rows + ?Sized>(rows: &R, web: WebId, person: PersonId) -> Result<bool, StoreError> {
    Ok(role_or_carrier(rows, web, person)? >= Some(Role::Member))
}

/// Returns a person's role, carrier included; none when it is neither a member nor a carrier.
pub(crate) fn role_or_carrier<R: Rows + ?Sized>(
    rows: &R,
    web: WebId,
    person: PersonId,
) -> Result<Option<Role>, StoreError> {
    Ok(MEMBERS.get(rows, &(web, person))?.and_then(|record| record.role))
}

/// Returns what computers of a web do for it, as each says; a broker among carriers is left out, since it could not read.
pub fn serving<R: Rows + ?Sized>(rows: &R, web: WebId) -> Result<Vec<(DeviceId, Serving)>, StoreError> {
    let mut all = Vec::new();
    for row in SERVING.within(rows, &web) {
        let ((_, device), mut serving) = row?;
        serving.broker &= is_member(rows, web, device)?;
        all.push((device, serving));
    }
    Ok(all)
}

/// Returns what this computer was asked to do for a web and can do; addresses and relay are left empty.
pub fn own_serving<R: Rows + ?Sized>(rows: &R, web: WebId) -> Result<Serving, StoreError> {
    let wish = SERVES.get(rows, &web)?.unwrap_or_default();
    let standing = WEBS.get(rows, &web)?.map(|record| record.standing);
    let broker = wish.broker && standing == Some(Standing::Member);
    let mirror = wish.mirror.filter(|_| standing.is_some_and(Standing::is_in));
    Ok(Serving { addresses: Vec::new(), relay: None, mirror, broker })
}

/// Says whether what a stranger shows ([`wire::join::Message::Hello`]) proves that it holds an invitation to a web this
/// device belongs to that may still be used at `now`, so that a relay may carry its knock.
pub fn is_invited<R: Rows + ?Sized>(
    rows: &R,
    device: DeviceId,
    hello: &[u8],
    now: Timestamp,
) -> Result<bool, StoreError> {
    let Ok(Message::Hello { web, ticket, proof, inception, chain }) = Message::read(hello) else {
        return Ok(false);
    };
    let Some(invitation) = INVITATIONS.get(rows, &(web, ticket))? else { return Ok(false) };
    let is_open = !invitation.is_revoked && now <= invitation.expires && invitation.used < invitation.uses;
    let Some(inception) = Inception::read(&inception).ok().filter(|_| is_open) else { return Ok(false) };
    let covered = proof_bytes(web, inception.person(), device);
    let key = DeviceId::new(*ticket.as_bytes());
    Ok(inception.leads_to(chain.as_deref().unwrap_or_default(), device, &Strict)
        && Strict.verify(&key, PROOF_DOMAIN, &covered, &proof))
}

/// Returns when nodes of the DHT last took a record of this device; none when never.
pub fn dht_stored_at<R: Rows + ?Sized>(rows: &R) -> Result<Option<Timestamp>, StoreError> {
    Ok(DHT.get(rows, &())?.and_then(|record| record.stored_at))
}

/// Returns this peer's person; none before the first start.
pub fn my_person<R: Rows + ?Sized>(rows: &R) -> Result<Option<PersonId>, StoreError> {
    Ok(ME.get(rows, &())?.map(|me| me.person))
}

/// Returns the name this peer's person gave itself; empty until it was said.
pub fn my_name<R: Rows + ?Sized>(rows: &R) -> Result<String, StoreError> {
    Ok(ME.get(rows, &())?.map(|me| me.name).unwrap_or_default())
}

/// Returns the webs where a device belongs to a member now; those it carries for are left out.
pub fn webs_of_device<R: Rows + ?Sized>(rows: &R, device: DeviceId) -> Result<Vec<WebId>, StoreError> {
    let webs = WEBS_OF.within(rows, &device).filter_map(|row| match row {
        Ok(((_, web), reads)) => reads.then_some(Ok(web)),
        Err(error) => Some(Err(error)),
    });
    webs.collect()
}

/// Returns where a device said it is reachable, by its newest signed record of any common web.
pub fn addresses_of<R: Rows + ?Sized>(
    rows: &R,
    web: WebId,
    device: DeviceId,
) -> Result<Vec<String>, StoreError> {
    Ok(ADDRESSES.get(rows, &(web, device))?.unwrap_or_default())
}
