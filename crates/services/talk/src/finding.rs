//! Messages by words (spec talk, rules 40 and 41): the rarest word is walked, newest first, the others are looked up.

use std::cmp::Reverse;
use std::collections::btree_map::Entry;

use api::talk::{FindMessages, FoundMessage, FoundMessages};
use base::words::{fold, runs};
use base::{Fault, Timestamp, WebId};
use store::Rows;

use crate::faults::TalkError;
use crate::ids::{MessageId, RoomId};
use crate::message::{self, Ground};
use crate::naming;
use crate::reading::snippet;
use crate::tables::WORDS;
use crate::words::{all, count, heading, posted, posting};

/// Messages found, if nothing else is said, and at most.
const FOUND: usize = 20;
const FOUND_MAX: usize = 100;

/// Messages of the rarest word that one question looks at: some 50 ms. Beyond that the answer says that it is not whole.
const LOOKS_MAX: usize = 20_000;

/// Bytes of a text before the first word that a piece shows.
const BEFORE_MAX: usize = 60;

/// Finds messages that have all the words.
pub(crate) fn find(rows: &dyn Rows, asked: &FindMessages) -> Result<FoundMessages, Fault> {
    let wanted: Vec<String> = all(&asked.query).into_iter().collect();
    if wanted.is_empty() {
        return Err(TalkError::NoWords { query: asked.query.chars().take(100).collect() }.into());
    }
    let (webs, room) = match &asked.room {
        Some(name) => {
            let (web, room) = naming::room(rows, name)?;
            (vec![web], Some(room))
        }
        None => (naming::webs(rows, asked.web.as_deref())?, None),
    };
    let limit =
        asked.limit.map_or(FOUND, |limit| usize::try_from(limit).unwrap_or(FOUND_MAX).clamp(1, FOUND_MAX));
    let mut answer = FoundMessages { found: Vec::new(), is_whole: true };
    for web in webs {
        let is_whole = find_in(rows, (web, room), &wanted, limit, &mut answer.found)?;
        answer.is_whole &= is_whole;
    }
    answer.found.sort_by_key(|found| Reverse(found.at));
    answer.found.truncate(limit);
    Ok(answer)
}

/// Finds messages of one web; says whether all were looked at.
fn find_in(
    rows: &dyn Rows,
    (web, room): (WebId, Option<RoomId>),
    wanted: &[String],
    limit: usize,
    found: &mut Vec<FoundMessage>,
) -> Result<bool, Fault> {
    let mut counted = Vec::with_capacity(wanted.len());
    for word in wanted {
        counted.push((count(rows, web, word)?, word));
    }
    counted.sort();
    let Some(((rarest, word), others)) = counted.split_first() else { return Ok(true) };
    if *rarest == 0 {
        return Ok(true);
    }
    // Conversations change seldom within an answer.
    let mut grounds: std::collections::BTreeMap<RoomId, Option<Ground>> = std::collections::BTreeMap::new();
    let mut here = 0;
    for (looks, pair) in WORDS.within(rows, &(web, heading(word))).enumerate() {
        if here >= limit || looks >= LOOKS_MAX {
            return Ok(false);
        }
        let ((_, key), ()) = pair?;
        let Some((at, id)) = posted(&key) else { continue };
        if !has_all(rows, web, (at, id), others)? {
            continue;
        }
        let Some(row) = message::row(rows, web, id)? else { continue };
        if room.is_some_and(|room| room != row.room) {
            continue;
        }
        let ground = match grounds.entry(row.room) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(place) => place.insert(Ground::of(rows, web, row.room)?),
        };
        let Some(ground) = ground else { continue };
        let Some(shown) = ground.show(rows, id, &row)? else { continue };
        let Some(content) = shown.content else { continue };
        // It is listed by all texts that it has or had.
        let has = all(&content.text);
        if !wanted.iter().all(|word| has.contains(word)) {
            continue;
        }
        here += 1;
        found.push(FoundMessage {
            web: people::read::web_label(rows, web)?,
            name: naming::room_name(rows, web, row.room)?,
            who: naming::label(rows, web, shown.person)?,
            at: row.at,
            text: piece(&content.text, wanted),
            room: row.room.to_string(),
            message: id.to_string(),
        });
    }
    Ok(true)
}

fn has_all(
    rows: &dyn Rows,
    web: WebId,
    (at, id): (Timestamp, MessageId),
    words: &[(u64, &String)],
) -> Result<bool, Fault> {
    for (_, word) in words {
        if !WORDS.has(rows, &(web, posting(word, at, id)))? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Returns a piece of a text around the first word that was asked for.
fn piece(text: &str, wanted: &[String]) -> String {
    let is_wanted = |(from, to): &(usize, usize)| {
        let folded = fold(text.get(*from..*to).unwrap_or_default());
        wanted.contains(&folded)
    };
    let at = runs(text).find(is_wanted).map_or(0, |(from, _)| from).saturating_sub(BEFORE_MAX);
    let at = (at..text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    let mut piece = snippet(text.get(at..).unwrap_or(text));
    if at > 0 {
        piece.insert(0, '…');
    }
    piece
}
