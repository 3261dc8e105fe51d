//! The one tree: `web / person / share / path`, and what stands at a path of it.
//!
//! A folder lists by seeks: after each folder the walk jumps over what is inside. Not for: what is told about
//! an entry (`view.rs`).

use std::ops::Bound;

use api::files::{EntryView, List, Listing};
use base::{Fault, PersonId, WebId};
use store::{Rows, StoreError};

use crate::faults::FilesError;
use crate::label;
use crate::tables::{ENTRIES, EntryRow, Kind, ShareKey, ShareRow, inside, path_key};
use crate::view::Viewer;

/// Entries of one answer at most.
const LIMIT_MAX: u32 = 10_000;
/// Entries of one answer if not said.
const LIMIT: u32 = 1_000;

/// What stands at a path.
#[derive(Debug, Clone)]
#[expect(clippy::large_enum_variant, reason = "one at a time, never kept")]
pub(crate) enum Spot {
    /// Above all webs.
    Root,
    Web(WebId),
    Person(WebId, PersonId),
    Share(ShareSpot),
    Below(BelowSpot),
}

/// A share of the tree.
#[derive(Debug, Clone)]
pub(crate) struct ShareSpot {
    pub(crate) key: ShareKey,
    pub(crate) row: ShareRow,
    /// `web/person/share`.
    pub(crate) path: String,
}

/// Something in a share.
#[derive(Debug, Clone)]
pub(crate) struct BelowSpot {
    pub(crate) share: ShareSpot,
    /// Path key below the share.
    pub(crate) key: Vec<u8>,
    /// None for a folder that was never listed itself, only what is in it.
    pub(crate) entry: Option<EntryRow>,
}

impl BelowSpot {
    /// Returns the entry of a file.
    pub(crate) fn file(&self) -> Option<&EntryRow> {
        self.entry.as_ref().filter(|entry| entry.kind == Kind::File)
    }
}

/// Finds what stands at a path.
pub(crate) fn resolve(rows: &dyn Rows, path: &str) -> Result<Spot, Fault> {
    match resolve_above(rows, path)? {
        Above::Spot(spot) => Ok(spot),
        Above::In(share, rest) => {
            let key = path_key(&rest);
            let number = share.row.number;
            if let Some(entry) = ENTRIES.get(rows, &(number, key.clone()))? {
                return Ok(Spot::Below(BelowSpot { share, key, entry: Some(entry) }));
            }
            if first_inside(rows, number, &key)? {
                return Ok(Spot::Below(BelowSpot { share, key, entry: None }));
            }
            Err(FilesError::NoSuchPath { path: path.to_owned() }.into())
        }
    }
}

/// A path resolved down to its share.
#[expect(clippy::large_enum_variant, reason = "one at a time, never kept")]
pub(crate) enum Above {
    Spot(Spot),
    /// A share, and what follows it.
    In(ShareSpot, String),
}

/// Finds the web, person and share of a path.
pub(crate) fn resolve_above(rows: &dyn Rows, path: &str) -> Result<Above, Fault> {
    let missing = || Fault::from(FilesError::NoSuchPath { path: path.to_owned() });
    let trimmed = path.trim_matches('/');
    if trimmed.is_empty() {
        return Ok(Above::Spot(Spot::Root));
    }
    let mut parts = trimmed.splitn(4, '/');
    let web = parts.next().unwrap_or_default();
    let web =
        people::read::web_named(rows, web)?.ok_or_else(|| FilesError::NoSuchWeb { web: web.to_owned() })?;
    if people::read::web(rows, web)?.is_some_and(|web| web.standing == people::read::Standing::Carrier) {
        return Err(FilesError::Carried { web: people::read::web_label(rows, web)? }.into());
    }
    let Some(person) = parts.next() else { return Ok(Above::Spot(Spot::Web(web))) };
    let person = people::read::person_named(rows, web, person)?.ok_or_else(missing)?;
    if !is_visible(rows, web, person)? {
        return Err(missing());
    }
    let Some(name) = parts.next() else {
        return Ok(Above::Spot(Spot::Person(web, person)));
    };
    let shares = label::shares(rows, web, person)?;
    let id = name.parse().ok();
    let (label, key, row) = shares
        .into_iter()
        .find(|(label, key, _)| label == name || id == Some(key.share))
        .ok_or_else(missing)?;
    let above =
        format!("{}/{}", people::read::web_label(rows, web)?, people::read::label_of(rows, web, person)?);
    let share = ShareSpot { key, row, path: format!("{above}/{label}") };
    match parts.next() {
        None => Ok(Above::Spot(Spot::Share(share))),
        Some(rest) => Ok(Above::In(share, rest.to_owned())),
    }
}

/// Says whether the tree shows a person: members only, and oneself; in a web that is left, those who were there.
fn is_visible(rows: &dyn Rows, web: WebId, person: PersonId) -> Result<bool, StoreError> {
    if people::read::writes(rows, web, person)? {
        return Ok(true);
    }
    let me = people::read::my_person(rows)?;
    Ok(match me {
        Some(me) if me == person => true,
        Some(me) => people::read::role_of(rows, web, me)?.is_none(),
        None => false,
    })
}

/// Answers `files.list`.
pub(crate) fn list(viewer: &mut Viewer<'_>, asked: &List) -> Result<Listing, Fault> {
    let limit = usize::try_from(asked.limit.unwrap_or(LIMIT).clamp(1, LIMIT_MAX)).unwrap_or(1);
    let path = asked.path.clone().unwrap_or_default();
    let after = asked.after.as_deref();
    match resolve(viewer.rows, &path)? {
        Spot::Root => Ok(page(viewer.webs(), after, limit)),
        Spot::Web(web) => Ok(page(viewer.persons(web)?, after, limit)),
        Spot::Person(web, person) => Ok(page(viewer.shares(web, person)?, after, limit)),
        Spot::Share(share) => folder(viewer, &share, &[], after, limit),
        Spot::Below(BelowSpot { share, key, entry }) => match entry {
            Some(EntryRow { kind: Kind::File | Kind::Link, .. }) => {
                Err(FilesError::NotAFolder { path }.into())
            }
            _ => folder(viewer, &share, &key, after, limit),
        },
    }
}

fn page(mut entries: Vec<EntryView>, after: Option<&str>, limit: usize) -> Listing {
    entries.sort_by(|a, b| a.name.cmp(&b.name));
    entries.retain(|entry| after.is_none_or(|after| entry.name.as_str() > after));
    let has_more = entries.len() > limit;
    entries.truncate(limit);
    let next = entries.last().filter(|_| has_more).map(|entry| entry.name.clone());
    Listing { entries, next }
}

fn folder(
    viewer: &mut Viewer<'_>,
    share: &ShareSpot,
    key: &[u8],
    after: Option<&str>,
    limit: usize,
) -> Result<Listing, Fault> {
    let children =
        children(viewer.rows, share.row.number, &inside(key), after.map(str::as_bytes), limit + 1)?;
    let has_more = children.len() > limit;
    let mut entries = Vec::with_capacity(children.len().min(limit));
    for (child, entry) in children.into_iter().take(limit) {
        entries.push(viewer.entry(share, &child, entry.as_ref())?);
    }
    let next = entries.last().filter(|_| has_more).map(|entry| entry.name.clone());
    Ok(Listing { entries, next })
}

pub(crate) type Child = (Vec<u8>, Option<EntryRow>);

/// Returns what is directly in a folder, whose prefix is given, in order of names.
pub(crate) fn children(
    rows: &dyn Rows,
    number: u64,
    prefix: &[u8],
    after: Option<&[u8]>,
    limit: usize,
) -> Result<Vec<Child>, StoreError> {
    let mut children: Vec<Child> = Vec::new();
    let end = number.saturating_add(1).to_be_bytes();
    let mut from = number.to_be_bytes().to_vec();
    from.extend_from_slice(prefix);
    let base_len = from.len();
    if let Some(after) = after {
        from.extend_from_slice(after);
        // Above the entry of that name and all that is inside of it (0), below every other name.
        from.push(1);
    }
    'seek: while children.len() < limit {
        let pairs = rows.range(ENTRIES.name(), Bound::Included(&from), Bound::Excluded(&end));
        for pair in pairs {
            let (full, value) = pair?;
            let is_inside = full.get(8..base_len).is_some_and(|start| start == prefix);
            let Some(rest) = full.get(base_len..).filter(|rest| is_inside && !rest.is_empty()) else {
                break 'seek;
            };
            let name: Vec<u8> = rest.iter().copied().take_while(|byte| *byte != 0).collect();
            let is_itself = name.len() == rest.len();
            let read = || {
                minicbor::decode::<EntryRow>(&value)
                    .map_err(|source| StoreError::BadValue { table: ENTRIES.name(), source })
            };
            let entry = is_itself.then(read).transpose()?;
            let is_leaf = entry.as_ref().is_some_and(|entry| entry.kind != Kind::Folder);
            let mut key = prefix.to_vec();
            key.extend_from_slice(&name);
            let mut next = full.get(..base_len).unwrap_or_default().to_vec();
            next.extend_from_slice(&name);
            children.push((key, entry));
            if children.len() >= limit {
                break 'seek;
            }
            if !is_leaf {
                next.push(1);
                from = next;
                continue 'seek;
            }
        }
        break;
    }
    Ok(children)
}

/// Says whether there is anything inside a folder.
pub(crate) fn first_inside(rows: &dyn Rows, number: u64, key: &[u8]) -> Result<bool, StoreError> {
    Ok(ENTRIES.within(rows, &(number, inside(key))).next().transpose()?.is_some())
}
