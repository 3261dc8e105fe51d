//! What a person is shown of ledgers: rows, in words.

use std::time::Duration;

use api::ledger::{
    AskLedgers, AskLog, AskWishes, KeeperView, KeyVersion, LedgerEntry, LedgerLog, LedgerState, LedgerView,
    Ledgers, LogLine, Need, Put, ReadLedger, WishView, Wishes,
};
use base::{DeviceId, Fault, LedgerId, OperationId, PersonId, Timestamp, WebId};
use kernel::ReadContext;
use store::{Rows, StoreError};

use crate::announcing::trust;
use crate::faults::LedgerError;
use crate::tables::{
    ENTRIES, HEADS, HEARD, HERE, Head, LEDGERS, LOG, LedgerRow, NAMED, OPENED, Outcome, ResultRow, SILENCED,
    WAITING, WISHES, WishRow, WishState,
};
use crate::value::{Keeper, Wants, majority};
use crate::work::is_small;

/// Entries in an answer at most, and unless something else is said.
const ENTRIES_MAX: u32 = 1_000;
const ENTRIES_PLAIN: u32 = 100;
/// Slots in an answer at most.
const LOG_MAX: usize = 200;
/// For how long it counts what a keeper said about who is here.
const SAID_FOR: Duration = Duration::from_secs(75);

/// Who looks, and when.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Looker {
    pub(crate) me: DeviceId,
    pub(crate) now: Timestamp,
}

impl Looker {
    pub(crate) fn of(context: &ReadContext<'_>) -> Self {
        Self { me: context.me, now: context.now }
    }
}

/// Finds a ledger by its id, `web/name`, or `web/person/name`; of namesakes one's own is meant.
pub(crate) fn named(rows: &dyn Rows, text: &str) -> Result<(LedgerId, LedgerRow), Fault> {
    let unknown = || LedgerError::NoSuchLedger { ledger: text.to_owned() };
    if let Ok(id) = text.parse::<LedgerId>() {
        return Ok((id, LEDGERS.get(rows, &id)?.ok_or_else(unknown)?));
    }
    let (web, rest) = text.split_once('/').ok_or_else(unknown)?;
    let web = people::read::web_named(rows, web)?.ok_or_else(unknown)?;
    let (person, name) = match rest.split_once('/') {
        Some(("you", name)) => (people::read::my_person(rows)?, name),
        Some((person, name)) => {
            (Some(people::read::person_named(rows, web, person)?.ok_or_else(unknown)?), name)
        }
        None => (None, rest),
    };
    let me = people::read::my_person(rows)?;
    let mut found = Vec::new();
    for row in NAMED.within(rows, &web) {
        let ((_, by, id), known) = row?;
        if known == name && person.is_none_or(|person| person == by) {
            found.push((by, id));
        }
    }
    let own = found.iter().find(|(by, _)| Some(*by) == me).filter(|_| person.is_none());
    let id = match (own, found.as_slice()) {
        (Some((_, id)), _) | (None, [(_, id)]) => *id,
        (None, []) => return Err(unknown().into()),
        (None, _) => return Err(LedgerError::Ambiguous { ledger: text.to_owned() }.into()),
    };
    Ok((id, LEDGERS.get(rows, &id)?.ok_or_else(unknown)?))
}

fn who(rows: &dyn Rows, web: WebId, person: PersonId) -> Result<String, StoreError> {
    if people::read::my_person(rows)? == Some(person) {
        return Ok("you".to_owned());
    }
    people::read::label_of(rows, web, person)
}

/// Says of each keeper whether it can be reached: by this device, or by a keeper that is here and says so.
pub(crate) fn presence(
    rows: &dyn Rows,
    looker: Looker,
    (id, row): (LedgerId, &LedgerRow),
    (head, keepers): (&Head, &[Keeper]),
) -> Result<Vec<bool>, StoreError> {
    let mut said = 0_u64;
    for pair in HERE.within(rows, &id) {
        let ((_, device), here) = pair?;
        let is_fresh = looker.now.since(here.at) <= SAID_FOR && here.keepers_since == head.keepers_since;
        let is_keeper = head.keepers.iter().any(|keeper| keeper.device == device);
        if is_fresh && is_keeper && records::is_connected(rows, device)? {
            said |= here.here;
        }
    }
    let mut all = Vec::new();
    for keeper in keepers {
        let place = head.keepers.iter().position(|other| other.device == keeper.device);
        let is_said = place.is_some_and(|place| said >> (place % 64) & 1 == 1);
        let is_member = people::read::is_member(rows, row.web, keeper.device)?;
        let is_reached = keeper.device == looker.me || records::is_connected(rows, keeper.device)?;
        all.push(is_member && (is_reached || is_said));
    }
    Ok(all)
}

/// Says in words how many keepers are here, and what follows.
fn presence_note(here: usize, keepers: usize, needed: usize) -> String {
    let are = if here == 1 { "is" } else { "are" };
    let now = match keepers {
        1 if here == 1 => "the keeper is here".to_owned(),
        1 => "the keeper is not here".to_owned(),
        _ => format!("{here} of {keepers} keepers {are} here"),
    };
    match (here >= needed, keepers) {
        (true, _) => now,
        (false, 1) => format!("{now}; nothing is decided until it is"),
        (false, _) => format!("{now}; nothing is decided until {needed} are"),
    }
}

/// Returns how many keepers are here, how many there are, and how many are needed.
pub(crate) fn counts(
    rows: &dyn Rows,
    looker: Looker,
    (id, row): (LedgerId, &LedgerRow),
) -> Result<(usize, usize, usize), StoreError> {
    let head = HEADS.get(rows, &id)?.unwrap_or_default();
    let keepers = trust(rows, id, row, &head)?.keepers;
    let here = presence(rows, looker, (id, row), (&head, &keepers))?;
    Ok((here.into_iter().filter(|here| *here).count(), keepers.len(), majority(&keepers)))
}

pub(crate) fn view(rows: &dyn Rows, id: LedgerId, row: &LedgerRow) -> Result<LedgerView, StoreError> {
    let head = HEADS.get(rows, &id)?.unwrap_or_default();
    let keepers = trust(rows, id, row, &head)?.keepers;
    let labels = keepers.iter().map(|keeper| who(rows, row.web, keeper.person));
    let lost = keepers.len() - majority(&keepers).min(keepers.len());
    let note = match keepers.len() {
        1 => "With one keeper nothing is decided while its computer is off, and all is lost with it."
            .to_owned(),
        count if count % 2 == 0 => format!(
            "{count} keepers bear the loss of {lost}, as many as {} would: one more or one fewer is better.",
            count - 1
        ),
        count => format!("Of {count} keepers {lost} may be away."),
    };
    Ok(LedgerView {
        web: people::read::web_label(rows, row.web)?,
        name: row.name.clone(),
        started_by: who(rows, row.web, row.person)?,
        keepers: labels.collect::<Result<_, _>>()?,
        note,
        id,
    })
}

pub(crate) fn list(rows: &dyn Rows, asked: &AskLedgers) -> Result<Ledgers, Fault> {
    let only = match &asked.web {
        Some(name) => {
            let web = people::read::web_named(rows, name)?;
            Some(web.ok_or_else(|| LedgerError::NoSuchWeb { web: name.clone() })?)
        }
        None => None,
    };
    let mut ledgers = Vec::new();
    for row in LEDGERS.all(rows) {
        let (id, row) = row?;
        if only.is_none_or(|web| web == row.web) {
            ledgers.push(view(rows, id, &row)?);
        }
    }
    ledgers.sort_by(|a, b| (&a.web, &a.name, a.id).cmp(&(&b.web, &b.name, b.id)));
    Ok(Ledgers { ledgers })
}

pub(crate) fn state(rows: &dyn Rows, looker: Looker, asked: &ReadLedger) -> Result<LedgerState, Fault> {
    let (id, row) = named(rows, &asked.ledger)?;
    let head = HEADS.get(rows, &id)?.unwrap_or_default();
    let current = trust(rows, id, &row, &head)?.keepers;
    let here = presence(rows, looker, (id, &row), (&head, &current))?;
    let mut keepers = Vec::new();
    for (keeper, is_here) in current.iter().zip(&here) {
        let is_you = keeper.device == looker.me;
        keepers.push(KeeperView { who: who(rows, row.web, keeper.person)?, is_here: *is_here, is_you });
    }
    let (is_here, needed) = (here.iter().filter(|here| **here).count(), majority(&current));
    let (entries, next) = entries(rows, id, &row, asked)?;
    let heard = HEARD.get(rows, &id)?;
    let is_keeper = current.iter().any(|keeper| keeper.device == looker.me);
    // A keeper among a majority hears of every slot it takes part in.
    let is_first_hand = is_keeper && is_here >= needed;
    let heard_at = if is_first_hand { Some(looker.now) } else { heard.map(|heard| heard.at) };
    let mut note = presence_note(is_here, current.len(), needed);
    if heard.is_some_and(|heard| heard.slot > head.slot) {
        let is_kept = is_keeper || is_small(&head) || OPENED.has(rows, &id)?;
        note.push_str(if is_kept {
            "; what was decided last is on its way here"
        } else {
            "; the ledger is large and not kept here until it is opened"
        });
    }
    if is_keeper && SILENCED.has(rows, &row.web)? {
        note.push_str("; this computer's home was restored or copied: it is a keeper that votes no more");
    }
    Ok(LedgerState {
        entries,
        slot: head.slot,
        heard_at,
        keepers,
        majority: u32::try_from(needed).unwrap_or(u32::MAX),
        has_majority: is_here >= needed,
        note,
        next,
        id,
    })
}

fn entries(
    rows: &dyn Rows,
    id: LedgerId,
    row: &LedgerRow,
    asked: &ReadLedger,
) -> Result<(Vec<LedgerEntry>, Option<String>), StoreError> {
    let limit = asked.limit.unwrap_or(ENTRIES_PLAIN).clamp(1, ENTRIES_MAX);
    let limit = usize::try_from(limit).unwrap_or(1);
    let prefix = asked.prefix.clone().unwrap_or_default();
    let after = asked.after.clone().unwrap_or_default();
    let start = after.clone().max(prefix.clone());
    let (mut entries, mut next) = (Vec::new(), None);
    for pair in ENTRIES.within_from(rows, &(id, prefix), &(id, start)) {
        let ((_, key), entry) = pair?;
        if key <= after && !after.is_empty() {
            continue;
        }
        if entries.len() >= limit {
            next = entries.last().map(|entry: &LedgerEntry| entry.key.clone());
            break;
        }
        let who = who(rows, row.web, entry.person)?;
        entries.push(LedgerEntry { key, value: entry.value, version: entry.version, who, at: entry.at });
    }
    Ok((entries, next))
}

pub(crate) fn log(rows: &dyn Rows, asked: &AskLog) -> Result<LedgerLog, Fault> {
    let (id, row) = named(rows, &asked.ledger)?;
    let first = asked.after.map_or(1, |after| after.saturating_add(1));
    let (mut lines, mut next, mut last) = (Vec::new(), None, 0);
    for (count, pair) in LOG.within_from(rows, &id, &(id, first)).enumerate() {
        if count >= LOG_MAX {
            next = Some(last);
            break;
        }
        let ((_, slot), decided) = pair?;
        last = slot;
        for (one, outcome) in decided.batch.iter().zip(&decided.outcomes) {
            lines.push(LogLine {
                slot,
                at: one.at,
                who: who(rows, row.web, one.person)?,
                what: what(rows, row.web, &one.wants)?,
                outcome: outcome_in_words(outcome),
            });
        }
    }
    Ok(LedgerLog { lines, next })
}

fn what(rows: &dyn Rows, web: WebId, wants: &Wants) -> Result<String, StoreError> {
    Ok(match wants {
        Wants::Write { puts, .. } if puts.is_empty() => "looks".to_owned(),
        Wants::Write { puts, .. } => {
            let words = puts.iter().map(|put| match &put.value {
                Some(_) => format!("writes {}", put.key),
                None => format!("drops {}", put.key),
            });
            words.collect::<Vec<_>>().join(", ")
        }
        Wants::GiveUp => "gives a wish up".to_owned(),
        Wants::Keepers { keepers, .. } => {
            let names = keepers.iter().map(|keeper| who(rows, web, keeper.person));
            format!("makes keepers: {}", names.collect::<Result<Vec<_>, _>>()?.join(", "))
        }
    })
}

fn outcome_in_words(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Done { .. } => "done".to_owned(),
        Outcome::Refused { key, version: 0 } => format!("refused: there is no {key}"),
        Outcome::Refused { key, .. } => format!("refused: {key} has changed"),
        Outcome::Full => "refused: the ledger is full".to_owned(),
        Outcome::GivenUp => "given up before it was decided".to_owned(),
        Outcome::NoKeeper => "refused: only keepers and who started the ledger change keepers".to_owned(),
        Outcome::KeepersChanged => "refused: the keepers were changed meanwhile".to_owned(),
        Outcome::OutOfTime => "not done: it came too late, and is wished anew".to_owned(),
        Outcome::Again => "decided before".to_owned(),
    }
}

/// Reads a wish's id, with hyphens or without.
pub(crate) fn wish_id(text: &str) -> Result<OperationId, LedgerError> {
    let digits: String = text.chars().filter(|c| *c != '-').map(|c| c.to_ascii_lowercase()).collect();
    digits.parse().ok().ok_or_else(|| LedgerError::BadId { id: text.chars().take(64).collect() })
}

/// Returns a wish of this device.
pub(crate) fn wish(rows: &dyn Rows, looker: Looker, text: &str) -> Result<WishView, Fault> {
    let id = wish_id(text)?;
    let row = WISHES.get(rows, &id)?.ok_or_else(|| LedgerError::NoSuchWish { id: text.to_owned() })?;
    wish_view(rows, looker, id, &row)
}

pub(crate) fn wishes(rows: &dyn Rows, looker: Looker, asked: &AskWishes) -> Result<Wishes, Fault> {
    let only = asked.ledger.as_ref().map(|text| named(rows, text)).transpose()?.map(|(id, _)| id);
    let mut wishes = Vec::new();
    for row in WAITING.all(rows) {
        let ((ledger, _, id), ()) = row?;
        if let Some(row) = WISHES.get(rows, &id)?.filter(|_| only.is_none_or(|only| only == ledger)) {
            wishes.push(wish_view(rows, looker, id, &row)?);
        }
    }
    wishes.sort_by_key(|wish| wish.since);
    Ok(Wishes { wishes })
}

pub(crate) fn wish_view(
    rows: &dyn Rows,
    looker: Looker,
    id: OperationId,
    row: &WishRow,
) -> Result<WishView, Fault> {
    let ledger = LEDGERS.get(rows, &row.ledger)?;
    let ledger = ledger.ok_or_else(|| LedgerError::NoSuchLedger { ledger: row.ledger.to_string() })?;
    let (state, slot, why) = match &row.state {
        WishState::Waiting => ("waiting", None, waiting_note(rows, looker, (row.ledger, &ledger), row)?),
        WishState::Withdrawn => ("given-up", None, "given up before a keeper had it".to_owned()),
        WishState::Decided(ResultRow { slot, outcome }) => match outcome {
            Outcome::Done { .. } if row.is_given_up => {
                ("done", Some(*slot), "it was done before it could be given up".to_owned())
            }
            Outcome::Done { .. } => ("done", Some(*slot), String::new()),
            Outcome::GivenUp => ("given-up", Some(*slot), outcome_in_words(outcome)),
            _ => ("refused", Some(*slot), outcome_in_words(outcome)),
        },
    };
    let puts = match &row.wants {
        Wants::Write { puts, .. } => {
            puts.iter().map(|put| Put { key: put.key.clone(), value: put.value.clone() }).collect()
        }
        Wants::GiveUp | Wants::Keepers { .. } => Vec::new(),
    };
    Ok(WishView {
        ledger: format!(
            "{}/{}/{}",
            people::read::web_label(rows, ledger.web)?,
            people::read::label_of(rows, ledger.web, ledger.person)?,
            ledger.name
        ),
        state: state.to_owned(),
        slot,
        why,
        versions: versions(row),
        is_given_up: row.is_given_up,
        is_over: row.state != WishState::Waiting,
        since: row.made,
        puts,
        id,
    })
}

fn versions(row: &WishRow) -> Vec<KeyVersion> {
    match (&row.state, &row.wants) {
        (
            WishState::Decided(ResultRow { outcome: Outcome::Done { version }, .. }),
            Wants::Write { puts, .. },
        ) => {
            let one = |put: &crate::value::Put| KeyVersion {
                key: put.key.clone(),
                version: put.value.as_ref().map_or(0, |_| *version),
            };
            puts.iter().map(one).collect()
        }
        (WishState::Decided(ResultRow { outcome: Outcome::Refused { key, version }, .. }), _) => {
            vec![KeyVersion { key: key.clone(), version: *version }]
        }
        _ => Vec::new(),
    }
}

fn waiting_note(
    rows: &dyn Rows,
    looker: Looker,
    ledger: (LedgerId, &LedgerRow),
    row: &WishRow,
) -> Result<String, StoreError> {
    let (here, keepers, needed) = counts(rows, looker, ledger)?;
    let mut note = presence_note(here, keepers, needed);
    note.push_str(match (here >= needed, row.is_given_up) {
        (true, false) => "; it is being decided",
        (true, true) => "; it is being given up, unless it was decided before",
        (false, false) => "; the wish waits and goes on by itself",
        (false, true) => "; a keeper may have taken it: it is given up then, unless it was decided before",
    });
    Ok(note)
}

/// Makes conditions and writes of what a person asks, in the order of keys.
pub(crate) fn wants_of(needs: Vec<Need>, puts: Vec<Put>) -> Wants {
    let mut needs: Vec<_> =
        needs.into_iter().map(|Need { key, version }| crate::value::Need { key, version }).collect();
    let mut puts: Vec<_> =
        puts.into_iter().map(|Put { key, value }| crate::value::Put { key, value }).collect();
    needs.sort_by(|a, b| a.key.cmp(&b.key));
    puts.sort_by(|a, b| a.key.cmp(&b.key));
    Wants::Write { needs, puts }
}
