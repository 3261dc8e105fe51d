//! What agents of this computer ask of its guard (spec guard, rules 31 to 33).
//!
//! Their capabilities and budgets were checked by whoever tells this. What they say counts on this computer and nowhere else.

use base::{ContentId, Fault, WebId};
use kernel::Step;
use minicbor::{Decode, Encode};
use store::{Rows, StoreError};

use crate::level::{self, Level};
use crate::log;
use crate::reading;
use crate::tables::{LogRow, NUMBER_SAID, NUMBERS, SAID, SaidRow, What};

/// Bytes of a wish at most.
const WISH_SIZE_MAX: usize = 4 * 1024;

/// Agents whose word about one content is kept for a web at most.
const AGENTS_MAX: usize = 16;

/// Contents of which agents say something that are kept at most; what is more is not taken.
const CONTENTS_MAX: u64 = 10_000;

/// What an agent asks, as `agents` writes it (spec agents, rule 21).
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) enum Wish {
    /// To warn of a file or to hold it.
    #[n(0)]
    Act(#[n(0)] Word),
    /// To forget what it asked for: it is stopped.
    #[n(1)]
    TakeBack {
        #[n(0)]
        web: WebId,
        #[n(1)]
        agent: String,
    },
}

/// An agent's word about a file.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Word {
    #[n(0)]
    pub(crate) web: WebId,
    #[n(1)]
    pub(crate) content: ContentId,
    #[n(2)]
    pub(crate) size: u64,
    #[n(3)]
    pub(crate) name: String,
    #[n(4)]
    pub(crate) what: Act,
    #[n(5)]
    pub(crate) why: String,
    #[n(6)]
    pub(crate) agent: String,
}

/// What an agent can ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
#[cbor(index_only)]
pub(crate) enum Act {
    #[n(0)]
    Warn,
    #[n(1)]
    Hold,
}

/// Hears what an agent asks.
pub(crate) fn hear(step: &mut Step<'_>, message: &[u8]) -> Result<(), Fault> {
    match wire::from_bytes(message, WISH_SIZE_MAX) {
        Ok(Wish::Act(word)) => act(step, word),
        Ok(Wish::TakeBack { web, agent }) => take_back(step, web, &agent),
        Err(error) => {
            tracing::warn!(%error, "a wish of an agent was dropped");
            Ok(())
        }
    }
}

fn act(step: &mut Step<'_>, word: Word) -> Result<(), Fault> {
    let now = step.now();
    let Word { web, content, size, name, what, why, agent } = word;
    let key = (content, web);
    let mut said = SAID.get(step.view(), &key)?.unwrap_or_default();
    let is_new = said.is_empty();
    // A release ends what agents say, too: they are no persons, who may know better.
    if level::released(step.view(), web, content)?.is_some() {
        return Ok(());
    }
    let known = said.iter().position(|row| row.agent == agent);
    // Said again it is nothing new.
    if known.and_then(|at| said.get(at)).is_some_and(|row| row.act == what && row.why == why) {
        return Ok(());
    }
    if (known.is_none() && said.len() >= AGENTS_MAX)
        || (is_new && NUMBERS.get(step.view(), &NUMBER_SAID)?.unwrap_or(0) >= CONTENTS_MAX)
    {
        tracing::warn!(%agent, "a wish of an agent was dropped: too many are kept");
        return Ok(());
    }
    known.map(|at| said.remove(at));
    said.push(SaidRow {
        agent: agent.clone(),
        act: what,
        at: now,
        size,
        name: name.clone(),
        why: why.clone(),
    });
    put(step, key, &said)?;
    let entry = LogRow {
        at: now,
        web: Some(web),
        content: Some(content),
        name,
        person: None,
        what: if what == Act::Hold { What::AgentHeld } else { What::AgentWarned },
        why: format!("{agent}: {why}"),
    };
    log::note(step, &entry)?;
    reading::tell_changed_by(step, (Some(web), Some(content)), &agent)
}

/// Forgets what an agent of a web asked for.
fn take_back(step: &mut Step<'_>, web: WebId, agent: &str) -> Result<(), Fault> {
    for (key, mut said) in all_of(step.view(), |of| of == web)? {
        let before = said.len();
        said.retain(|row| row.agent != agent);
        if said.len() < before {
            put(step, key, &said)?;
            reading::tell_changed_by(step, (Some(web), Some(key.0)), agent)?;
        }
    }
    Ok(())
}

/// Forgets what was said of contents that are of their web no more.
pub(crate) fn forget_gone(step: &mut Step<'_>) -> Result<(), StoreError> {
    let webs: Vec<WebId> = people::read::webs(step.view())?.into_iter().map(|web| web.id).collect();
    for ((content, web), _) in all_of(step.view(), |_| true)? {
        if !webs.contains(&web) || !level::is_of(step.view(), web, content)? {
            put(step, (content, web), &[])?;
        }
    }
    Ok(())
}

type Said = ((ContentId, WebId), Vec<SaidRow>);

fn all_of(rows: &dyn Rows, is_meant: impl Fn(WebId) -> bool) -> Result<Vec<Said>, StoreError> {
    let those = SAID.all(rows).filter(|row| row.as_ref().map_or(true, |((_, web), _)| is_meant(*web)));
    those.collect()
}

fn put(step: &mut Step<'_>, key: (ContentId, WebId), said: &[SaidRow]) -> Result<(), StoreError> {
    let kept = NUMBERS.get(step.view(), &NUMBER_SAID)?.unwrap_or(0);
    let is_kept = SAID.has(step.view(), &key)?;
    let kept = match (is_kept, said.is_empty()) {
        (true, true) => kept.saturating_sub(1),
        (false, false) => kept.saturating_add(1),
        _ => kept,
    };
    NUMBERS.put(step.rows(), &NUMBER_SAID, &kept);
    match said {
        [] => SAID.delete(step.rows(), &key),
        said => SAID.put(step.rows(), &key, &said.to_vec()),
    }
    Ok(())
}

/// Returns what agents say of a content in a web; nothing when it was released there.
pub(crate) fn counting(rows: &dyn Rows, web: WebId, content: ContentId) -> Result<Vec<SaidRow>, StoreError> {
    let said = SAID.get(rows, &(content, web))?.unwrap_or_default();
    let is_over = !said.is_empty() && level::released(rows, web, content)?.is_some();
    Ok(if is_over { Vec::new() } else { said })
}

/// Returns how agents want a content treated.
pub(crate) fn level(rows: &dyn Rows, web: WebId, content: ContentId) -> Result<Level, StoreError> {
    let worst = counting(rows, web, content)?.iter().map(|row| row.act).max();
    Ok(match worst {
        None => Level::Clear,
        Some(Act::Warn) => Level::Warned,
        Some(Act::Hold) => Level::Held,
    })
}

/// Says whether any agent ever said anything of a content.
pub(crate) fn is_any(rows: &dyn Rows, content: ContentId) -> Result<bool, StoreError> {
    Ok(SAID.within(rows, &content).next().transpose()?.is_some())
}

/// Returns an agent's word about a content: by its name it is shown when nobody else names it.
pub(crate) fn any_word(rows: &dyn Rows, content: ContentId) -> Result<Option<SaidRow>, StoreError> {
    let first = SAID.within(rows, &content).next().transpose()?;
    Ok(first.and_then(|(_, said)| said.into_iter().next_back()))
}
