//! SEARCH (RFC 3501, 6.4.4): reads of a message only as much as the answer needs.

use std::collections::BTreeSet;

use imap_types::core::{AString, Charset, Vec1};
use imap_types::datetime::NaiveDate;
use imap_types::search::SearchKey;

use super::reply::{Reply, Stop};
use super::section::Looked;
use super::session::{Session, User};
use super::sets::Ranges;
use super::text::{self, Text};
use super::view::{Expunges, View};
use crate::post::{Message, PostError, Uid};

/// Messages after which others get their turn.
const TURN: usize = 64;

/// What is looked for.
#[derive(Debug)]
enum Key {
    And(Vec<Key>),
    Or(Box<(Key, Key)>),
    Not(Box<Key>),
    All,
    Numbers(Ranges),
    Uids(Ranges),
    Flag(String),
    Recent,
    Larger(u64),
    Smaller(u64),
    /// Came before this day; on it is `not before` and `before` the next.
    Before(i64),
    SentBefore(i64),
    /// Has a date at all.
    Sent,
    Field(String, String),
    Body(String),
    Text(String),
}

impl Session {
    pub(super) async fn search(
        &mut self,
        charset: Option<&Charset<'_>>,
        criteria: &Vec1<SearchKey<'_>>,
        is_uid: bool,
    ) -> Result<Reply, Stop> {
        let known = ["UTF-8", "US-ASCII"];
        if charset
            .is_some_and(|charset| !known.iter().any(|name| charset.as_ref().eq_ignore_ascii_case(name)))
        {
            return Ok(Reply::no("[BADCHARSET (UTF-8 US-ASCII)] search in UTF-8"));
        }
        let user = self.user()?;
        let view = user.view()?;
        let key = Key::And(criteria.as_ref().iter().map(|key| Key::of(key, view)).collect());
        let candidates = candidates(user, &key).await?;
        let mut found = String::new();
        let mut failed = None;
        for place in 0..user.view()?.messages().len() {
            if place % TURN == TURN - 1 {
                tokio::task::yield_now().await;
            }
            match is_match(user, &key, place, candidates.as_ref()).await {
                Ok(None) | Err(PostError::NoMessage) => {}
                Ok(Some(uid)) => {
                    found.push_str(&format!(
                        " {}",
                        if is_uid { uid as usize } else { place.saturating_add(1) }
                    ));
                }
                Err(error) => {
                    failed.get_or_insert(error);
                }
            }
        }
        self.wire.write(format!("* SEARCH{found}\r\n").as_bytes()).await?;
        self.update(if is_uid { Expunges::Now } else { Expunges::Later }).await?;
        match failed {
            Some(error) => Err(error.into()),
            None => Ok(Reply::ok("searched")),
        }
    }
}

/// Asks the post office which messages may hold the texts that all must hold.
async fn candidates(user: &mut User, key: &Key) -> Result<Option<BTreeSet<Uid>>, Stop> {
    let folder = user.view()?.folder.id;
    let Key::And(keys) = key else { return Ok(None) };
    let mut left: Option<BTreeSet<Uid>> = None;
    for key in keys {
        let (Key::Field(_, text) | Key::Body(text) | Key::Text(text)) = key else { continue };
        if text.is_empty() {
            continue;
        }
        if let Some(uids) = user.account.candidates(folder, text).await? {
            let uids: BTreeSet<Uid> = uids.into_iter().collect();
            left = Some(match left {
                Some(left) => left.intersection(&uids).copied().collect(),
                None => uids,
            });
        }
    }
    Ok(left)
}

/// Returns the uid of a message if it is one that is looked for.
async fn is_match(
    user: &mut User,
    key: &Key,
    place: usize,
    candidates: Option<&BTreeSet<Uid>>,
) -> Result<Option<Uid>, PostError> {
    let User { account, view: Some(view), outlines, .. } = user else { return Ok(None) };
    let Some(message) = view.get(place) else { return Ok(None) };
    if view.is_gone(message.uid) || candidates.is_some_and(|uids| !uids.contains(&message.uid)) {
        return Ok(None);
    }
    let found = |is_it: bool| Ok(is_it.then_some(message.uid));
    if let Some(is_it) = key.holds(view, place, message, None) {
        return found(is_it);
    }
    let mut looked =
        Looked { account: account.as_ref(), outlines, folder: view.folder.id, message, head: None };
    let mut text = text::of_head(&mut looked).await?;
    if let Some(is_it) = key.holds(view, place, message, Some(&text)) {
        return found(is_it);
    }
    text.body = Some(text::body(&mut looked).await?);
    found(key.holds(view, place, message, Some(&text)).unwrap_or(false))
}

impl Key {
    fn of(key: &SearchKey<'_>, view: &View) -> Self {
        let flag = |name: &str| Self::Flag(name.to_owned());
        let not = |key: Self| Self::Not(Box::new(key));
        let field = |name: &str, text: &AString<'_>| Self::Field(name.to_owned(), lower(text));
        match key {
            SearchKey::And(keys) => Self::And(keys.as_ref().iter().map(|key| Self::of(key, view)).collect()),
            SearchKey::Or(one, other) => Self::Or(Box::new((Self::of(one, view), Self::of(other, view)))),
            SearchKey::Not(key) => not(Self::of(key, view)),
            SearchKey::SequenceSet(set) => Self::Numbers(Ranges::of(set, view.last_number())),
            SearchKey::Uid(set) => Self::Uids(Ranges::of(set, view.last_uid())),
            SearchKey::Answered => flag("\\Answered"),
            SearchKey::Deleted => flag("\\Deleted"),
            SearchKey::Draft => flag("\\Draft"),
            SearchKey::Flagged => flag("\\Flagged"),
            SearchKey::Seen => flag("\\Seen"),
            SearchKey::Unanswered => not(flag("\\Answered")),
            SearchKey::Undeleted => not(flag("\\Deleted")),
            SearchKey::Undraft => not(flag("\\Draft")),
            SearchKey::Unflagged => not(flag("\\Flagged")),
            SearchKey::Unseen => not(flag("\\Seen")),
            SearchKey::Keyword(name) => flag(name.as_ref()),
            SearchKey::Unkeyword(name) => not(flag(name.as_ref())),
            SearchKey::New => Self::And(vec![Self::Recent, not(flag("\\Seen"))]),
            SearchKey::Old => not(Self::Recent),
            SearchKey::Recent => Self::Recent,
            SearchKey::Larger(size) => Self::Larger(u64::from(*size)),
            SearchKey::Smaller(size) => Self::Smaller(u64::from(*size)),
            SearchKey::Before(date) => Self::Before(day(date)),
            SearchKey::Since(date) => not(Self::Before(day(date))),
            SearchKey::On(date) => {
                Self::And(vec![not(Self::Before(day(date))), Self::Before(day(date).saturating_add(1))])
            }
            SearchKey::SentBefore(date) => Self::SentBefore(day(date)),
            SearchKey::SentSince(date) => Self::And(vec![Self::Sent, not(Self::SentBefore(day(date)))]),
            SearchKey::SentOn(date) => Self::And(vec![
                Self::Sent,
                not(Self::SentBefore(day(date))),
                Self::SentBefore(day(date).saturating_add(1)),
            ]),
            SearchKey::Bcc(text) => field("bcc", text),
            SearchKey::Cc(text) => field("cc", text),
            SearchKey::From(text) => field("from", text),
            SearchKey::To(text) => field("to", text),
            SearchKey::Subject(text) => field("subject", text),
            SearchKey::Header(name, text) => Self::Field(lower(name), lower(text)),
            SearchKey::Body(text) => Self::Body(lower(text)),
            SearchKey::Text(text) => Self::Text(lower(text)),
            SearchKey::All => Self::All,
        }
    }

    /// Says whether it is true of a message, as far as it is known; none if more must be read.
    fn holds(&self, view: &View, place: usize, message: &Message, text: Option<&Text>) -> Option<bool> {
        let body = text.and_then(|text| text.body.as_ref());
        Some(match self {
            Self::And(keys) => return all(keys.iter().map(|key| key.holds(view, place, message, text))),
            Self::Or(both) => {
                let holds = [&both.0, &both.1].map(|key| key.holds(view, place, message, text).map(|is| !is));
                return all(holds.into_iter()).map(|is_none| !is_none);
            }
            Self::Not(key) => !key.holds(view, place, message, text)?,
            Self::All => true,
            Self::Numbers(ranges) => {
                u32::try_from(place.saturating_add(1)).is_ok_and(|number| ranges.has(number))
            }
            Self::Uids(ranges) => ranges.has(message.uid),
            Self::Flag(name) => message.flags.has(name),
            Self::Recent => view.is_recent(message.uid),
            Self::Larger(size) => message.size > *size,
            Self::Smaller(size) => message.size < *size,
            Self::Before(day) => {
                i64::try_from(message.date.millis() / (24 * 3_600_000)).is_ok_and(|came| came < *day)
            }
            Self::SentBefore(day) => text?.sent_day.is_some_and(|sent| sent < *day),
            Self::Sent => text?.sent_day.is_some(),
            Self::Field(name, wanted) => {
                text?.fields.iter().any(|(known, value)| known == name && value.contains(wanted))
            }
            Self::Body(wanted) => body?.contains(wanted),
            Self::Text(wanted) => {
                let is_in_head = text?.fields.iter().any(|(name, value)| {
                    value.contains(wanted) || format!("{name}: {value}").contains(wanted)
                });
                is_in_head || body?.contains(wanted)
            }
        })
    }
}

/// Says whether all are true; a false one decides, an unknown one leaves it open.
fn all(holds: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    let mut is_known = true;
    for one in holds {
        match one {
            Some(false) => return Some(false),
            Some(true) => {}
            None => is_known = false,
        }
    }
    is_known.then_some(true)
}

fn lower(text: &AString<'_>) -> String {
    String::from_utf8_lossy(text.as_ref()).to_lowercase()
}

/// Returns days since 1970.
fn day(date: &NaiveDate) -> i64 {
    date.as_ref().signed_duration_since(chrono::NaiveDate::default()).num_days()
}
