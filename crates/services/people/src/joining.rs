//! The newcomer's side of a join (spec tickets): knocking, asking, being let in. Every state is a row, so a restart
//! goes on where it was.

use std::time::Duration;

use base::{DeviceId, Fault, WebId};
use kernel::{Channel, Step};
use store::StoreError;
use wire::codec::Bytes;
use wire::crypto::Signer as _;
use wire::entry::{Entry, Log, web_of_genesis};
use wire::governance::{Action, Operation};
use wire::join::{BEFORE_SIZE_MAX, Message, PROOF_DOMAIN, Refusal, proof_bytes};
use wire::ticket::{Ticket, TicketError};

use crate::apply;
use crate::fault::PeopleError;
use crate::keys;
use crate::recovering::is_asked_of;
use crate::service::People;
use crate::tables::{JOINS, JoinRecord, JoinStep, ME, Standing, WEB_LABELS, WEBS, WebRecord};

/// The first wait before knocking again; doubled each time.
const RETRY_FIRST: Duration = Duration::from_secs(2);

/// The longest wait: a laptop opened in the evening should find its friends within a minute.
const RETRY_MOST: Duration = Duration::from_mins(1);

/// Alarm, followed by a web: knock again.
const KNOCK: &str = "knock ";

/// Reads pasted text as a ticket that may be used now.
pub(crate) fn read_ticket(step: &Step<'_>, link: &str) -> Result<Ticket, Fault> {
    let ticket = Ticket::from_text(link).map_err(|error| match error {
        TicketError::Damaged => PeopleError::TicketDamaged,
        TicketError::Unreadable(wire::WireError::FutureVersion { version, known }) => {
            PeopleError::TicketFuture { version, known }
        }
        TicketError::Unreadable(why) => PeopleError::TicketUnreadable { why: why.to_string() },
    })?;
    let web = || crate::label::safe(&ticket.web_name, &ticket.web.to_string());
    if step.now() > ticket.expires {
        return Err(PeopleError::TicketExpired { web: web() }.into());
    }
    if ticket.doors.is_empty() {
        return Err(PeopleError::TicketWithoutDoor { web: web() }.into());
    }
    Ok(ticket)
}

impl People {
    /// Begins a join, or goes on with it when the same invitation is pasted again.
    pub(crate) fn begin_join(step: &mut Step<'_>, link: &str) -> Result<WebId, Fault> {
        let ticket = read_ticket(step, link)?;
        let web = ticket.web;
        let known = WEBS.get(step.view(), &web)?;
        if known.as_ref().is_some_and(|known| known.standing.is_in()) {
            return Err(PeopleError::AlreadyMember { web: crate::read::web_label(step.view(), web)? }.into());
        }
        let text = ticket.to_text();
        let before = JOINS.get(step.view(), &web)?.filter(|join| join.ticket == text);
        if before.is_none_or(|before| before.step == JoinStep::Refused) {
            let record = JoinRecord {
                ticket: text,
                inviter: ticket.inviter.clone(),
                step: JoinStep::Asking,
                why: String::new(),
                entry: None,
                attempts: 0,
                welcomer: None,
            };
            JOINS.put(step.rows(), &web, &record);
        }
        let now = step.now();
        let record = known.unwrap_or(WebRecord {
            label: String::new(),
            suggested: ticket.web_name.clone(),
            standing: Standing::Joining,
            members: 0,
            has_key: false,
            since: now,
            founder: None,
        });
        WEBS.put(step.rows(), &web, &WebRecord { standing: Standing::Joining, ..record });
        apply::relabel_web(step, web)?;
        crate::serving::tell_relays(step)?;
        Self::knock(step, web)?;
        step.emit("people.changed", &serde_json::json!({ "web": web }));
        Ok(web)
    }

    /// Goes on with every join that a stop has interrupted.
    pub(crate) fn go_on_joining(step: &mut Step<'_>) -> Result<(), Fault> {
        for web in open_joins(step)? {
            keys::unwrap_all(step, web)?;
            Self::knock(step, web)?;
        }
        Ok(())
    }

    pub(crate) fn join_alarm(step: &mut Step<'_>, key: &str) -> Result<(), Fault> {
        match key.strip_prefix(KNOCK).and_then(|web| web.parse().ok()) {
            Some(web) => Self::knock(step, web),
            None => Ok(()),
        }
    }

    /// Has a connection made to every door, and tries again later.
    fn knock(step: &mut Step<'_>, web: WebId) -> Result<(), Fault> {
        let Some(mut join) = JOINS.get(step.view(), &web)?.filter(is_open) else { return Ok(()) };
        let Ok(ticket) = Ticket::from_text(&join.ticket) else { return Ok(()) };
        let me = step.me();
        for door in ticket.doors.iter().filter(|door| door.device != me) {
            step.addresses(door.device, crate::body::usable(&door.addresses));
            step.connect(door.device, Channel::Join);
        }
        let wait = RETRY_FIRST.saturating_mul(1_u32 << join.attempts.min(6)).min(RETRY_MOST);
        join.attempts = join.attempts.saturating_add(1);
        JOINS.put(step.rows(), &web, &join);
        step.alarm(wait, format!("{KNOCK}{web}"));
        Ok(())
    }

    /// A connection for joining stands: says hello, or shows the join that was written before.
    pub(crate) fn door_opened(step: &mut Step<'_>, device: DeviceId) -> Result<(), Fault> {
        for web in open_joins(step)? {
            let Some(join) = JOINS.get(step.view(), &web)? else { continue };
            let Ok(ticket) = Ticket::from_text(&join.ticket) else { continue };
            if !ticket.doors.iter().any(|door| door.device == device) {
                continue;
            }
            let message = match join.entry {
                Some(entry) => request(step, web, entry)?,
                None => hello(step, &ticket)?,
            };
            step.send(device, Channel::Join, wire::to_bytes(&message));
        }
        Ok(())
    }

    /// A member answers. Only doors of the ticket are heard while joining, and members for keys.
    pub(crate) fn answered(
        &mut self,
        step: &mut Step<'_>,
        from: DeviceId,
        channel: Channel,
        message: Message,
    ) -> Result<(), Fault> {
        let (Message::Offer { web, .. }
        | Message::Welcome { web, .. }
        | Message::Waiting { web }
        | Message::Refused { web, .. }) = message
        else {
            return Ok(());
        };
        if channel == Channel::Member {
            return self.heard_keys(step, from, message);
        }
        let Some(join) = JOINS.get(step.view(), &web)?.filter(is_open) else { return Ok(()) };
        let ticket = Ticket::from_text(&join.ticket).ok();
        let doors = ticket.iter().flat_map(|ticket| &ticket.doors);
        let first = doors.clone().next().map(|door| door.device).or(join.welcomer);
        if !doors.map(|door| door.device).any(|door| door == from) && !is_asked_of(&join, from) {
            return Ok(());
        }
        match message {
            Message::Offer { genesis, heads, lamport, .. } => match ticket {
                Some(ticket) => {
                    let offered = Offered { genesis: &genesis, heads: &heads, lamport };
                    Self::offered(step, from, &ticket, join, &offered)
                }
                None => Ok(()),
            },
            Message::Welcome { keys, .. } => self.welcomed(step, from, web, join, &keys),
            Message::Waiting { .. } => {
                let why = "waiting for approval, or for a member to hand over the keys";
                note_join(step, web, &JoinRecord { step: JoinStep::Waiting, why: why.to_owned(), ..join });
                Ok(())
            }
            Message::Refused { why, .. } => self.refused(step, web, join, why, first == Some(from)),
            _ => Ok(()),
        }
    }

    /// Checks what a door offers and writes the join entry, once.
    fn offered(
        step: &mut Step<'_>,
        from: DeviceId,
        ticket: &Ticket,
        mut join: JoinRecord,
        offered: &Offered<'_>,
    ) -> Result<(), Fault> {
        let web = ticket.web;
        if let Some(entry) = join.entry {
            let message = request(step, web, entry)?;
            step.send(from, Channel::Join, wire::to_bytes(&message));
            return Ok(());
        }
        // A door that lies about the web's beginning is not a door of the web this ticket names.
        let genesis = Entry::read(offered.genesis, step.verifier());
        let genesis = genesis.ok().filter(|genesis| web_of_genesis(genesis) == web);
        let Some(genesis) = genesis else { return Ok(()) };
        records::accept_governance(step, web, offered.genesis)?;
        if let Some(record) = WEBS.get(step.view(), &web)? {
            WEBS.put(step.rows(), &web, &WebRecord { founder: Some(genesis.header.author), ..record });
        }
        let (person, device) = (my_person(step)?, step.me());
        let proof = ticket.key().sign(PROOF_DOMAIN, &proof_bytes(web, person, device));
        let identity = crate::devices::identity(step)?;
        let chain = identity.chain();
        let (inception, key) = (identity.inception, identity.key);
        let action = Action::Join { ticket: ticket.id(), proof, inception, chain, key };
        let own = own_lamport(step, web)?;
        let Some(lamport) = offered.lamport.max(own).checked_add(1) else { return Ok(()) };
        let operation = Operation { deps: offered.heads.to_vec(), lamport, time: step.now(), action };
        // A door may offer anything; what our own reading refuses would void this device's whole log.
        if lamport < 2 || Operation::read(&wire::to_bytes(&operation)).is_err() {
            return Ok(());
        }
        let entry = records::append_governance(step, web, &operation)?;
        join.entry = Some(entry.bytes.clone().into());
        JOINS.put(step.rows(), &web, &join);
        let message = request(step, web, entry.bytes.into())?;
        step.send(from, Channel::Join, wire::to_bytes(&message));
        Ok(())
    }

    fn welcomed(
        &mut self,
        step: &mut Step<'_>,
        from: DeviceId,
        web: WebId,
        mut join: JoinRecord,
        wraps: &[wire::join::KeyWrap],
    ) -> Result<(), Fault> {
        // A carrier is welcomed without keys; a member asks others for them once it is in.
        let is_useless = !wraps.is_empty() && keys::take_over(step, web, wraps) == 0;
        // Who has come back by its words may lack the key it had: it makes a new one once it is in.
        if join.entry.is_none() || (is_useless && !is_asked_of(&join, from)) {
            return Ok(());
        }
        join.step = JoinStep::Waiting;
        "admitted; bringing the history of the web".clone_into(&mut join.why);
        join.welcomer = Some(from);
        note_join(step, web, &join);
        self.refresh(step, web)?;
        if let Some(evaluation) = self.evaluation(web) {
            apply::say_authors(step, web, &evaluation.state)?;
        }
        self.settle(step, web)
    }

    /// Keys from a member, asked for on the member channel.
    fn heard_keys(&mut self, step: &mut Step<'_>, from: DeviceId, message: Message) -> Result<(), Fault> {
        let Message::Welcome { web, keys: wraps } = message else { return Ok(()) };
        let is_member = crate::read::is_member(step.view(), web, from)?;
        let is_mine = WEBS.get(step.view(), &web)?.is_some_and(|web| web.standing == Standing::Member);
        if !is_member || !is_mine || keys::take_over(step, web, &wraps) == 0 {
            return Ok(());
        }
        keys::unwrap_all(step, web)?;
        self.refresh(step, web)?;
        self.settle(step, web)?;
        step.emit("people.changed", &serde_json::json!({ "web": web }));
        Ok(())
    }

    fn refused(
        &mut self,
        step: &mut Step<'_>,
        web: WebId,
        join: JoinRecord,
        why: Refusal,
        is_inviter: bool,
    ) -> Result<(), Fault> {
        // Another door may not have heard of the invitation yet; the inviter has.
        if why == Refusal::Unknown && !is_inviter {
            return Ok(());
        }
        let why = match why {
            Refusal::Unknown => "the web does not know this invitation",
            Refusal::Expired => "the invitation has expired",
            Refusal::UsedUp => "the invitation was used up by others",
            Refusal::Revoked => "the invitation was ended",
            Refusal::Removed => "you were removed from this web; ask for a new invitation",
        };
        let over = JoinRecord { ticket: String::new(), step: JoinStep::Refused, why: why.to_owned(), ..join };
        note_join(step, web, &over);
        crate::serving::tell_relays(step)?;
        let me = my_person(step)?;
        let was_in = crate::read::member(step.view(), web, me)?.is_some();
        if let Some(record) = WEBS.get(step.view(), &web)? {
            if was_in {
                WEBS.put(step.rows(), &web, &WebRecord { standing: Standing::Removed, ..record });
            } else {
                // A web this peer has never been in is not listed.
                WEBS.delete(step.rows(), &web);
                WEB_LABELS.delete(step.rows(), &record.label);
                self.webs.remove(&web);
            }
        }
        Ok(())
    }

    /// The evaluation says that this peer is in.
    pub(crate) fn joined(step: &mut Step<'_>, web: WebId) -> Result<(), Fault> {
        if let Some(join) = JOINS.get(step.view(), &web)? {
            for door in Ticket::from_text(&join.ticket).into_iter().flat_map(|ticket| ticket.doors) {
                step.disconnect(door.device, Channel::Join);
            }
            // The ticket's secret has done its work.
            let over =
                JoinRecord { ticket: String::new(), step: JoinStep::Member, why: String::new(), ..join };
            note_join(step, web, &over);
            crate::serving::tell_relays(step)?;
        }
        Ok(())
    }
}

struct Offered<'a> {
    genesis: &'a [u8],
    heads: &'a [base::EntryId],
    lamport: u64,
}

/// Says whether a join is under way: asked for, or because another device of this person is in.
pub(crate) fn is_open(join: &JoinRecord) -> bool {
    matches!(join.step, JoinStep::Asking | JoinStep::Waiting)
}

fn open_joins(step: &Step<'_>) -> Result<Vec<WebId>, StoreError> {
    let joins = JOINS.all(step.view()).filter_map(|row| match row {
        Ok((web, join)) => is_open(&join).then_some(Ok(web)),
        Err(error) => Some(Err(error)),
    });
    joins.collect()
}

fn note_join(step: &mut Step<'_>, web: WebId, join: &JoinRecord) {
    JOINS.put(step.rows(), &web, join);
    step.emit("people.changed", &serde_json::json!({ "web": web }));
}

fn my_person(step: &Step<'_>) -> Result<base::PersonId, Fault> {
    Ok(ME.get(step.view(), &())?.map(|me| me.person).ok_or(PeopleError::NotJoining)?)
}

/// Returns what a newcomer shows a relay that does not know it: the same that it says at the door.
pub(crate) fn relay_token(step: &Step<'_>, ticket: &Ticket) -> Result<String, Fault> {
    Ok(data_encoding::BASE64URL_NOPAD.encode(&wire::to_bytes(&hello(step, ticket)?)))
}

fn hello(step: &Step<'_>, ticket: &Ticket) -> Result<Message, Fault> {
    let identity = crate::devices::identity(step)?;
    let person = my_person(step)?;
    let proof = ticket.key().sign(PROOF_DOMAIN, &proof_bytes(ticket.web, person, step.me()));
    let chain = identity.chain();
    Ok(Message::Hello { web: ticket.web, ticket: ticket.id(), proof, inception: identity.inception, chain })
}

/// Shows a join entry, and what this device wrote before it in that web: the entry goes on from there.
fn request(step: &Step<'_>, web: WebId, entry: Bytes) -> Result<Message, Fault> {
    let own = Entry::read_known(&entry).map(|entry| entry.header.seq).unwrap_or_default();
    let (mut before, mut room) = (Vec::new(), BEFORE_SIZE_MAX);
    for seq in (1..own).rev() {
        let Some(bytes) = records::entry(step.view(), web, step.me(), Log::Governance, seq)? else { break };
        let Some(left) = room.checked_sub(bytes.len()) else { break };
        room = left;
        before.push(bytes.into());
    }
    before.reverse();
    Ok(Message::Request { entry, before: Some(before).filter(|before| !before.is_empty()) })
}

/// The lamport number of this device's newest operation in a web: somebody who rejoins has a log already.
fn own_lamport(step: &Step<'_>, web: WebId) -> Result<u64, Fault> {
    let me = step.me();
    let heads = records::heads(step.view(), web)?;
    let own = heads.iter().find(|head| head.device == me && head.log == Log::Governance);
    let Some(head) = own else { return Ok(0) };
    let bytes = records::entry(step.view(), web, me, head.log, head.seq)?;
    let entry = bytes.and_then(|bytes| Entry::read_known(&bytes).ok());
    let operation = entry.and_then(|entry| Operation::read(&entry.header.body).ok());
    Ok(operation.map_or(0, |operation| operation.lamport))
}
