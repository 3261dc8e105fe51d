//! Coming back with nothing but recovery words (spec identity, rules 60 to 66): asking any member, and being asked.

use std::time::Duration;

use api::people as ask;
use base::{DeviceId, Fault, PersonId, Timestamp, WebId};
use kernel::{Channel, Step};
use minicbor::{Decode, Encode};
use store::{Rows, StoreError, Table};
use wire::codec::Bytes;
use wire::crypto::{PersonKey, Signature, Signer as _};
use wire::entry::{Entry, web_of_genesis};
use wire::governance::{Action, DEPS_MAX, Operation};
use wire::identity::{
    ADOPT_DOMAIN, Adoption, Inception, Key, RECOVER_DOMAIN, RECOVERING_DOMAIN, RecoveryKey, device_bytes,
};
use wire::join::{LOST_WEBS_MAX, LostWeb, Message, SealedKey};
use wire::pairing::{DOORS_MAX, DoorLink};
use wire::ticket::{Door, Ticket};

use crate::devices::{Identity, keep_identity, keep_secret, open_with_recovery};
use crate::fault::PeopleError;
use crate::service::{People, checked_name};
use crate::tables::{JOINS, JoinRecord, JoinStep, ME, MeRecord, Standing, WEBS};

/// How members begin, by recovery key: found when somebody comes who knows the words and nothing else.
pub(crate) const INCEPTIONS: Table<(DeviceId, WebId), Bytes> = Table::new("people.inceptions");
/// Whom this device asks who it is.
const RECOVERING: Table<(), RecoveringRecord> = Table::new("people.recovering");

/// How long members are asked: the words are in memory only, and not for long.
const RECOVERY_TIME: Duration = Duration::from_mins(30);

/// Waits between attempts to reach a member.
const KNOCK_EVERY: Duration = Duration::from_secs(3);

/// Alarm: try to reach the members who may know this person.
pub(crate) const RECOVER: &str = "recover";

/// Bytes of webs in one answer at most.
const ANSWER_SIZE_MAX: usize = 56 * 1024;

#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
struct RecoveringRecord {
    #[n(0)]
    doors: Vec<DoorRecord>,
    #[n(1)]
    expires: Timestamp,
}

/// A member to ask.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
struct DoorRecord {
    #[n(0)]
    device: DeviceId,
    #[n(1)]
    addresses: Vec<String>,
    /// Whether it knew the person; none until it has answered.
    #[n(2)]
    knows: Option<bool>,
}

/// Notes how a member begins, so that it can be found by its recovery key.
pub(crate) fn note_inception(step: &mut Step<'_>, web: WebId, entry: &Entry) -> Result<(), StoreError> {
    let Ok(Operation { action, .. }) = Operation::read(&entry.header.body) else { return Ok(()) };
    let (Action::Genesis { inception, chain, .. } | Action::Join { inception, chain, .. }) = action else {
        return Ok(());
    };
    let Ok(began) = Inception::read_unchecked(&inception) else { return Ok(()) };
    let place = (DeviceId::new(*began.recovery()), web);
    crate::words::note_chain(step, web, Key(*began.recovery()), chain.as_deref().unwrap_or_default())?;
    if !INCEPTIONS.has(step.view(), &place)? {
        INCEPTIONS.put(step.rows(), &place, &inception);
    }
    Ok(())
}

impl People {
    /// Begins to ask members who the holder of the recovery words is.
    pub(crate) fn recover(step: &mut Step<'_>, asked: &ask::Recover) -> Result<ask::Done, Fault> {
        let doors = doors_of(&asked.address)?;
        let Some(recovery) = step.recovery() else { return Err(PeopleError::WordsFirst.into()) };
        if WEBS.all(step.view()).next().transpose()?.is_some() && !is_mine(step, &recovery)? {
            return Err(PeopleError::RecoverInUse.into());
        }
        let doors = doors.into_iter().map(|door| {
            let addresses = crate::body::usable(&door.addresses);
            DoorRecord { device: door.device, addresses, knows: None }
        });
        let expires = step.now().after(RECOVERY_TIME);
        let record = RecoveringRecord { doors: doors.collect(), expires };
        RECOVERING.put(step.rows(), &(), &record);
        Self::knock_to_recover(step)?;
        let what = "Members are asked who you are. See: althing device list".to_owned();
        Ok(ask::Done { what })
    }

    /// Has connections made with the members to ask, and tries again until the words are forgotten.
    pub(crate) fn knock_to_recover(step: &mut Step<'_>) -> Result<(), Fault> {
        let Some(record) = RECOVERING.get(step.view(), &())? else { return Ok(()) };
        let waits = waits_for(step.view(), &record)?;
        let is_answered = record.doors.iter().all(|door| door.knows.is_some()) && waits == 0;
        let is_known = record.doors.iter().any(|door| door.knows == Some(true));
        if step.now() > record.expires || (is_answered && is_known) {
            RECOVERING.delete(step.rows(), &());
        }
        if is_answered {
            return Ok(());
        }
        for door in record.doors {
            step.addresses(door.device, door.addresses);
            step.connect(door.device, Channel::Join);
            Self::ask_to_recover(step, door.device)?;
        }
        step.alarm(KNOCK_EVERY, RECOVER);
        Ok(())
    }

    /// A connection with a member stands: asks who this is, or shows the entries that were written by then.
    pub(crate) fn ask_to_recover(step: &mut Step<'_>, device: DeviceId) -> Result<(), Fault> {
        let Some(record) = RECOVERING.get(step.view(), &())? else { return Ok(()) };
        let Some(door) = record.doors.iter().find(|door| door.device == device) else { return Ok(()) };
        if door.knows.is_none()
            && let Some(recovery) = step.recovery()
        {
            let public = recovery.key().public();
            let covered = [public.as_slice(), step.me().as_bytes()].concat();
            let proof = recovery.key().sign(RECOVERING_DOMAIN, &covered);
            let message = Message::Recovering { recovery: Key(public), proof };
            step.send(device, Channel::Join, wire::to_bytes(&message));
        }
        let waiting: Vec<_> = JOINS.all(step.view()).collect::<Result<_, _>>()?;
        for (_, join) in waiting {
            if is_asked_of(&join, device)
                && let Some(entry) = join.entry
            {
                step.send(device, Channel::Join, wire::to_bytes(&Message::Request { entry, before: None }));
            }
        }
        Ok(())
    }

    /// Somebody shows that it knows recovery words: whoever does is the person.
    pub(crate) fn asked_to_recover(
        &mut self,
        step: &mut Step<'_>,
        from: DeviceId,
        (recovery, proof): (Key, &Signature),
    ) -> Result<(), Fault> {
        let public = DeviceId::new(recovery.0);
        let covered = [recovery.0.as_slice(), from.as_bytes()].concat();
        if !step.verifier().verify(&public, RECOVERING_DOMAIN, &covered, proof) {
            return Ok(());
        }
        let mut found = (Bytes::from(Vec::new()), String::new(), None);
        let mut webs = Vec::new();
        let mut size = 0;
        for (web, inception, path) in crate::words::owners(step.view(), &public)? {
            let Ok(person) = Inception::read(&inception).map(|inception| inception.person()) else {
                continue;
            };
            let Some(lost) = self.lost_web(step, web, (person, recovery))? else { continue };
            size += wire::to_bytes(&lost).len();
            if webs.len() >= LOST_WEBS_MAX || size > ANSWER_SIZE_MAX {
                break;
            }
            let path = Some(path).filter(|path| !path.is_empty());
            found = (inception, crate::read::name_of(step.view(), web, person)?.unwrap_or_default(), path);
            webs.push(lost);
        }
        let (inception, name, words) = found;
        let answer = Message::Recovered { inception, name, webs, words };
        step.send(from, Channel::Join, wire::to_bytes(&answer));
        Ok(())
    }

    /// Collects what a person needs to come back to a web; none when it does not belong to it, or has other words now.
    fn lost_web(
        &mut self,
        step: &mut Step<'_>,
        web: WebId,
        (person, recovery): (PersonId, Key),
    ) -> Result<Option<LostWeb>, Fault> {
        let may_admit = Self::my_webs(step)?.contains(&web) && !Self::is_guest(step, web)?;
        let state = self.state(step, web)?;
        let member = state.members.get(&person).filter(|member| member.power.is_some());
        if !may_admit || member.is_none_or(|member| member.recovery != recovery) {
            return Ok(None);
        }
        let Message::Offer { genesis, heads, lamport, .. } = self.offer(step, web)? else { return Ok(None) };
        let newest = self.rotations(step, web, person)?.pop();
        let key = newest.map(|(rotation, _)| SealedKey { key: rotation.key, sealed: rotation.recovery });
        let name = crate::read::web_label(step.view(), web)?;
        Ok(Some(LostWeb { web, genesis, name, heads, lamport, key }))
    }

    /// A member says who this is.
    pub(crate) fn recovered(step: &mut Step<'_>, from: DeviceId, message: Message) -> Result<(), Fault> {
        let Message::Recovered { inception, name, webs, words } = message else { return Ok(()) };
        let Some(mut record) = RECOVERING.get(step.view(), &())? else { return Ok(()) };
        let Some(recovery) = step.recovery() else { return Ok(()) };
        let Some(door) = record.doors.iter_mut().find(|door| door.device == from) else { return Ok(()) };
        let began = Inception::read(&inception).ok();
        let path = words.unwrap_or_default();
        let public = Key(recovery.key().public());
        let began = began.filter(|began| began.recovery_after(&path, step.verifier()) == Some(public));
        door.knows = Some(began.is_some());
        RECOVERING.put(step.rows(), &(), &record);
        let is_free = WEBS.all(step.view()).next().transpose()?.is_none();
        if let Some(began) = began.filter(|_| is_free || is_mine(step, &recovery).unwrap_or(false)) {
            become_again(step, &recovery, (&began, path), &name)?;
            for lost in webs.into_iter().take(LOST_WEBS_MAX) {
                come_back(step, &recovery, (from, &inception, &began), lost)?;
            }
        }
        step.emit("people.changed", &serde_json::json!({}));
        Ok(())
    }
}

/// Makes this device one of the person that begins so.
fn become_again(
    step: &mut Step<'_>,
    recovery: &RecoveryKey,
    (began, path): (&Inception, Vec<Adoption>),
    name: &str,
) -> Result<(), Fault> {
    let (me, person) = (step.me(), began.person());
    let Some(mine) = ME.get(step.view(), &())?.filter(|mine| mine.person != person) else { return Ok(()) };
    let signature = recovery.key().sign(ADOPT_DOMAIN, &device_bytes(person, me));
    crate::words::keep_path(step, Key(*began.recovery()), &path);
    let mut chain = path;
    chain.push(Adoption::of_device(me, true, signature));
    keep_identity(step, |_| Identity { inception: began.to_bytes().into(), chain, key: None })?;
    let first = PersonKey::from_seed(&recovery.first_person_seed());
    if first.public() == *began.person_key() {
        keep_secret(step, person, first);
    }
    let name = checked_name(name).unwrap_or_default();
    ME.put(step.rows(), &(), &MeRecord { person, name, ..mine });
    Ok(())
}

/// Writes the entry by which this device belongs to one of the person's webs, and shows it.
fn come_back(
    step: &mut Step<'_>,
    recovery: &RecoveryKey,
    (from, inception, began): (DeviceId, &Bytes, &Inception),
    lost: LostWeb,
) -> Result<(), Fault> {
    let LostWeb { web, genesis, name, heads, lamport, key } = lost;
    let genesis =
        Entry::read(&genesis, step.verifier()).ok().filter(|genesis| web_of_genesis(genesis) == web);
    let Some(genesis) = genesis else { return Ok(()) };
    // This device's first entry recovers it, or none does (spec governance rule 75).
    if WEBS.has(step.view(), &web)? || heads.len() > DEPS_MAX {
        return Ok(());
    }
    let person = began.person();
    if let Some(sealed) = key {
        // For opening only: whether it is the person's key the web itself will say.
        open_with_recovery(step, recovery, person, &sealed);
    }
    let proof = recovery.key().sign(RECOVER_DOMAIN, &device_bytes(person, step.me()));
    let by = Key(recovery.key().public());
    let key = Some(by).filter(|by| by.0 != *began.recovery());
    let action = Action::Recover { inception: inception.clone(), proof, key };
    let Some(lamport) = lamport.checked_add(1) else { return Ok(()) };
    let operation = Operation { deps: heads, lamport, time: step.now(), action };
    if Operation::read(&wire::to_bytes(&operation)).is_err() {
        return Ok(());
    }
    People::follow_into(step, web, (from, &genesis, &name))?;
    let entry = records::append_governance(step, web, &operation)?;
    if let Some(join) = JOINS.get(step.view(), &web)? {
        let why = "you have come back; bringing the history of the web".to_owned();
        JOINS.put(step.rows(), &web, &JoinRecord { entry: Some(entry.bytes.clone().into()), why, ..join });
    }
    step.send(
        from,
        Channel::Join,
        wire::to_bytes(&Message::Request { entry: entry.bytes.into(), before: None }),
    );
    Ok(())
}

/// Says whether a web is come back to through that member.
pub(crate) fn is_asked_of(join: &JoinRecord, device: DeviceId) -> bool {
    join.ticket.is_empty() && join.welcomer == Some(device) && join.step == JoinStep::Waiting
}

/// Says whether this device belongs to the person of the words.
fn is_mine(step: &Step<'_>, recovery: &RecoveryKey) -> Result<bool, Fault> {
    crate::words::is_my_key(step, Key(recovery.key().public()))
}

/// Counts the webs that are still to be come back to.
fn waits_for<R: Rows + ?Sized>(rows: &R, record: &RecoveringRecord) -> Result<usize, StoreError> {
    let waits = |join: &JoinRecord| record.doors.iter().any(|door| is_asked_of(join, door.device));
    let joins: Vec<_> = JOINS.all(rows).collect::<Result<_, _>>()?;
    Ok(joins.iter().filter(|(_, join)| waits(join)).count())
}

/// Reads where members are found: an address link, or any invitation, also one that has expired.
fn doors_of(text: &str) -> Result<Vec<Door>, Fault> {
    let doors = DoorLink::from_text(text).map(|link| link.doors);
    let doors =
        doors.or_else(|error| Ticket::from_text(text).map(|ticket| ticket.doors).map_err(|_neither| error));
    match doors {
        Ok(doors) if !doors.is_empty() => Ok(doors),
        _ => Err(PeopleError::AddressDamaged.into()),
    }
}

/// Says in words how a recovery gets on; empty when there is none.
pub(crate) fn note(rows: &dyn Rows) -> Result<String, StoreError> {
    let Some(record) = RECOVERING.get(rows, &())? else { return Ok(String::new()) };
    let note = match record.doors.iter().filter_map(|door| door.knows).max() {
        Some(true) if waits_for(rows, &record)? == 0 => "",
        Some(true) => "a member knows you; your webs are on their way",
        Some(false) => "the member you named knows nobody with these words; check the words, or name another",
        None => "asks members who you are",
    };
    Ok(note.to_owned())
}

/// Answers `people.address`: this peer, and members who are here.
pub(crate) fn address(rows: &dyn Rows, me: DeviceId) -> Result<ask::Address, Fault> {
    let mine = ME.get(rows, &())?.map(|me| me.addresses).unwrap_or_default();
    let webs = crate::read::webs(rows)?.into_iter().filter(|web| web.standing == Standing::Member);
    let webs: Vec<WebId> = webs.map(|web| web.id).collect();
    let mut doors = crate::acts::other_doors(rows, (&webs, me), DOORS_MAX - 1)?;
    doors.insert(0, Door { device: me, addresses: crate::acts::with_relay(mine, DOORS_MAX) });
    Ok(ask::Address { link: format!("althing:{}", DoorLink::new(doors).to_text()) })
}
