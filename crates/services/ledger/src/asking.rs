//! What a person asks of ledgers: starting, wishing, giving up, other keepers.

use std::time::Duration;

use api::ledger::{GiveUp, Need, OpenLedger, Put, SetKeepers, Start, Submit};
use base::{Fault, LedgerId, OperationId, PersonId, Timestamp, WebId};
use kernel::{AskId, Step};
use store::StoreError;

use crate::announcing::LEDGERS_MAX;
use crate::faults::LedgerError;
use crate::reading::{self, Looker};
use crate::service::Ledgers;
use crate::tables::{HEADS, LedgerRow, NAMED, OPENED, WAITING, WISHES, WishRow, WishState};
use crate::value::{
    Announcement, Body, KEEPERS_MAX, KEY_SIZE_MAX, Keeper, PARTS_MAX, TRANSACTION_SIZE_MAX, VALUE_SIZE_MAX,
    Wants, is_key_sound, is_name_sound,
};

/// Wishes of one device that may wait in a ledger (spec ledger, rule 35: not more than results are remembered).
const WISHES_MAX: usize = 64;
/// How long an answer waits for a decision.
const ANSWER_WAIT: Duration = Duration::from_secs(2);
/// The alarm of an answer that has waited so long.
pub(crate) const ANSWER: &str = "answer";
/// Digits that name a device.
const DEVICE_DIGITS_MIN: usize = 8;

/// Somebody waits for a wish to be decided.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Awaited {
    ask: AskId,
    wish: OperationId,
    until: Timestamp,
}

impl Ledgers {
    pub(crate) fn ask_start(&mut self, step: &mut Step<'_>, ask: AskId, start: &Start) -> Result<(), Fault> {
        let web = people::read::web_named(step.view(), &start.web)?;
        let web = web.ok_or_else(|| LedgerError::NoSuchWeb { web: start.web.clone() })?;
        let me = writer(step, web)?;
        let name = start.name.trim().to_owned();
        if !is_name_sound(&name) {
            return Err(LedgerError::BadName { name: start.name.chars().take(200).collect() }.into());
        }
        let own: Vec<String> =
            NAMED.within(step.view(), &(web, me)).map(|row| Ok(row?.1)).collect::<Result<_, StoreError>>()?;
        if own.contains(&name) {
            return Err(LedgerError::Exists { name }.into());
        }
        if own.len() >= LEDGERS_MAX {
            return Err(LedgerError::TooManyLedgers { name, limit: LEDGERS_MAX }.into());
        }
        let keepers = keepers_of(step, web, me, &start.keepers)?;
        let mut random = [0; 16];
        for (to, from) in random.iter_mut().zip(step.random("ledger id")) {
            *to = from;
        }
        let announcement = Announcement { random, name, keepers };
        records::publish(step, web, "ledger", wire::to_bytes(&Body::Announcement(announcement.clone())))?;
        let author = step.me();
        let id = self.take_announcement(step, (web, author), announcement)?;
        let id = id.ok_or(LedgerError::NotWriting { web: start.web.clone() })?;
        OPENED.put(step.rows(), &id, &());
        let (id, row) = reading::named(step.view(), &id.to_string())?;
        let view = reading::view(step.view(), id, &row)?;
        step.reply(ask, &view);
        Ok(())
    }

    pub(crate) fn ask_open(
        &mut self,
        step: &mut Step<'_>,
        ask: AskId,
        open: &OpenLedger,
    ) -> Result<(), Fault> {
        let (id, row) = reading::named(step.view(), &open.ledger)?;
        OPENED.put(step.rows(), &id, &());
        if let Some(work) = self.works.get_mut(&id) {
            work.ask_due = step.now();
            work.heard_at = Timestamp::from_millis(0);
            work.tend(step)?;
        }
        let view = reading::view(step.view(), id, &row)?;
        step.reply(ask, &view);
        Ok(())
    }

    pub(crate) fn ask_submit(
        &mut self,
        step: &mut Step<'_>,
        ask: AskId,
        submit: Submit,
    ) -> Result<(), Fault> {
        let (id, row) = reading::named(step.view(), &submit.ledger)?;
        let wish = match &submit.id {
            Some(text) => Some(reading::wish_id(text)?),
            None => None,
        };
        let wants = read_wants(submit)?;
        self.wish(step, ask, (id, &row), (wish, wants))
    }

    pub(crate) fn ask_keepers(
        &mut self,
        step: &mut Step<'_>,
        ask: AskId,
        asked: &SetKeepers,
    ) -> Result<(), Fault> {
        let (id, row) = reading::named(step.view(), &asked.ledger)?;
        let me = writer(step, row.web)?;
        let keepers = keepers_of(step, row.web, me, &asked.keepers)?;
        let instead_of = HEADS.get(step.view(), &id)?.unwrap_or_default().keepers_since;
        self.wish(step, ask, (id, &row), (None, Wants::Keepers { instead_of, keepers }))
    }

    /// Makes a wish durable and sets it going; the answer waits for the decision if there can be one.
    fn wish(
        &mut self,
        step: &mut Step<'_>,
        ask: AskId,
        (ledger, row): (LedgerId, &LedgerRow),
        (id, wants): (Option<OperationId>, Wants),
    ) -> Result<(), Fault> {
        writer(step, row.web)?;
        let id = id.unwrap_or_else(|| {
            let mut bytes = [0; OperationId::LEN];
            for (to, from) in bytes.iter_mut().zip(step.random("wish")) {
                *to = from;
            }
            OperationId::new(bytes)
        });
        if let Some(known) = WISHES.get(step.view(), &id)? {
            if known.ledger != ledger || known.wants != wants {
                return Err(LedgerError::OtherWish { id: id.to_string() }.into());
            }
            return self.answer_later(step, ask, (ledger, row), id);
        }
        if WAITING.within(step.view(), &ledger).count() >= WISHES_MAX {
            return Err(LedgerError::TooManyWishes { limit: WISHES_MAX }.into());
        }
        OPENED.put(step.rows(), &ledger, &());
        let since = HEADS.get(step.view(), &ledger)?.unwrap_or_default().slot;
        let made = step.now();
        let state = WishState::Waiting;
        let wish = WishRow { ledger, wants, since, made, state, is_handed_on: false, is_given_up: false };
        WISHES.put(step.rows(), &id, &wish);
        WAITING.put(step.rows(), &(ledger, made.millis(), id), &());
        if let Some(work) = self.works.get_mut(&ledger) {
            work.call_due = made;
            work.is_changed = true;
            work.tend(step)?;
        }
        self.answer_later(step, ask, (ledger, row), id)
    }

    pub(crate) fn ask_give_up(
        &mut self,
        step: &mut Step<'_>,
        ask: AskId,
        asked: &GiveUp,
    ) -> Result<(), Fault> {
        let id = reading::wish_id(&asked.id)?;
        let wish = WISHES.get(step.view(), &id)?;
        let mut wish = wish.ok_or_else(|| LedgerError::NoSuchWish { id: asked.id.clone() })?;
        let (ledger, row) = reading::named(step.view(), &wish.ledger.to_string())?;
        if wish.state == WishState::Waiting {
            let is_own = !wish.is_handed_on;
            wish.is_given_up = true;
            WISHES.put(step.rows(), &id, &wish);
            let me = step.me();
            if let Some(work) = self.works.get_mut(&ledger) {
                if is_own {
                    // Nobody else can have it.
                    work.dequeue(me, id);
                    work.end(step, (wish.made.millis(), id), WishState::Withdrawn)?;
                } else {
                    work.sent.remove(&id);
                    work.is_changed = true;
                }
                work.tend(step)?;
            }
        }
        self.answer_later(step, ask, (ledger, &row), id)
    }

    /// Answers when the wish is decided, or after a short while; at once when nothing can be decided now.
    fn answer_later(
        &mut self,
        step: &mut Step<'_>,
        ask: AskId,
        (ledger, row): (LedgerId, &LedgerRow),
        wish: OperationId,
    ) -> Result<(), Fault> {
        let looker = Looker { me: step.me(), now: step.now() };
        let (here, _, needed) = reading::counts(step.view(), looker, (ledger, row))?;
        let wait = if here >= needed { ANSWER_WAIT } else { Duration::ZERO };
        self.awaited.push(Awaited { ask, wish, until: step.now().after(wait) });
        self.answer(step)
    }

    /// Answers whoever waits for what is decided, or has waited long enough.
    pub(crate) fn answer(&mut self, step: &mut Step<'_>) -> Result<(), Fault> {
        let looker = Looker { me: step.me(), now: step.now() };
        let mut next: Option<Timestamp> = None;
        for awaited in std::mem::take(&mut self.awaited) {
            let Some(row) = WISHES.get(step.view(), &awaited.wish)? else {
                let id = awaited.wish.to_string();
                step.refuse(awaited.ask, LedgerError::NoSuchWish { id }.into());
                continue;
            };
            if row.state == WishState::Waiting && awaited.until > looker.now {
                next = Some(next.map_or(awaited.until, |next| next.min(awaited.until)));
                self.awaited.push(awaited);
                continue;
            }
            let view = reading::wish_view(step.view(), looker, awaited.wish, &row)?;
            step.reply(awaited.ask, &view);
        }
        if let Some(next) = next {
            step.alarm(next.since(looker.now), ANSWER);
        }
        Ok(())
    }
}

/// Returns this peer's person, if it writes in a web.
fn writer(step: &Step<'_>, web: WebId) -> Result<PersonId, Fault> {
    let rows = step.view();
    if let Some(me) = people::read::my_person(rows)?
        && people::read::writes(rows, web, me)?
    {
        return Ok(me);
    }
    Err(LedgerError::NotWriting { web: people::read::web_label(rows, web)? }.into())
}

/// Finds the computers of those who are named: of a person that one which is here, or else was heard from last.
fn keepers_of(step: &Step<'_>, web: WebId, me: PersonId, names: &[String]) -> Result<Vec<Keeper>, Fault> {
    let rows = step.view();
    let members = people::read::members(rows, web)?;
    let mut keepers: Vec<Keeper> = Vec::new();
    for name in names {
        let unknown = || LedgerError::NoSuchKeeper { who: name.clone() };
        let is_device = |device: &base::DeviceId| {
            name.len() >= DEVICE_DIGITS_MIN && device.to_string().starts_with(name.as_str())
        };
        let by_device = members.iter().find_map(|member| {
            let device = member.devices.iter().find(|device| is_device(device))?;
            Some(Keeper { device: *device, person: member.person })
        });
        let person = match name.as_str() {
            "you" => Some(me),
            name => people::read::person_named(rows, web, name)?,
        };
        let keeper = match (person, by_device) {
            (Some(person), _) if person == me => Some(Keeper { device: step.me(), person }),
            (Some(person), _) => {
                let mut best = None;
                for device in people::read::devices_of(rows, web, person)? {
                    let is_here = records::is_connected(rows, device)?;
                    let rank = (is_here, records::last_heard(rows, device)?);
                    if people::read::is_member(rows, web, device)?
                        && best.is_none_or(|(known, _)| rank > known)
                    {
                        best = Some((rank, device));
                    }
                }
                best.map(|(_, device)| Keeper { device, person })
            }
            (None, by_device) => by_device,
        };
        let keeper = keeper.ok_or_else(unknown)?;
        if !people::read::writes(rows, web, keeper.person)? {
            return Err(unknown().into());
        }
        keepers.push(keeper);
    }
    keepers.sort_unstable();
    keepers.dedup();
    if keepers.is_empty() || keepers.len() > KEEPERS_MAX {
        return Err(LedgerError::KeeperCount { count: keepers.len(), limit: KEEPERS_MAX }.into());
    }
    Ok(keepers)
}

/// Reads conditions and writes, and says which limit one passes.
fn read_wants(submit: Submit) -> Result<Wants, LedgerError> {
    let Submit { mut needs, mut puts, need, put, drop, .. } = submit;
    let bad = |why: String| LedgerError::BadArguments { operation: "ledger.submit".to_owned(), why };
    for text in need {
        let (key, version) = text.rsplit_once('=').ok_or_else(|| bad(format!("no = in {text}")))?;
        let version = version.parse().map_err(|error| bad(format!("{version} is no version: {error}")))?;
        needs.push(Need { key: key.to_owned(), version });
    }
    for text in put {
        let (key, value) = text.split_once('=').ok_or_else(|| bad(format!("no = in {text}")))?;
        puts.push(Put { key: key.to_owned(), value: Some(value.to_owned()) });
    }
    puts.extend(drop.into_iter().map(|key| Put { key, value: None }));
    let count = needs.len().max(puts.len());
    if count > PARTS_MAX {
        return Err(LedgerError::TooManyParts { count, limit: PARTS_MAX });
    }
    if count == 0 {
        return Err(LedgerError::Nothing);
    }
    for key in needs.iter().map(|need| &need.key).chain(puts.iter().map(|put| &put.key)) {
        if !is_key_sound(key) {
            let (size, limit) = (key.len(), KEY_SIZE_MAX);
            return Err(LedgerError::BadKey { key: key.chars().take(40).collect(), size, limit });
        }
    }
    for put in &puts {
        let size = put.value.as_ref().map_or(0, String::len);
        if size > VALUE_SIZE_MAX {
            return Err(LedgerError::ValueTooLarge { key: put.key.clone(), size, limit: VALUE_SIZE_MAX });
        }
    }
    let wants = reading::wants_of(needs, puts);
    if let Wants::Write { needs, puts } = &wants {
        let twice = needs.iter().zip(needs.iter().skip(1)).find(|(one, next)| one.key == next.key);
        let twice = twice.map(|(one, _)| &one.key);
        let written = puts.iter().zip(puts.iter().skip(1)).find(|(one, next)| one.key == next.key);
        if let Some(key) = twice.or(written.map(|(one, _)| &one.key)) {
            return Err(LedgerError::KeyTwice { key: key.clone() });
        }
    }
    if wants.size() > TRANSACTION_SIZE_MAX {
        return Err(LedgerError::TooLarge { size: wants.size(), limit: TRANSACTION_SIZE_MAX });
    }
    Ok(wants)
}
