//! "Where is Q4 Roadmap?": finds entries by letters of their names among all listings, newest revisions only.
//!
//! Reads keys only; an entry is decoded when it is a hit, so 100,000 names take well under 150 ms. Not for: what
//! is inside of files (`search`, later).

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::ops::Bound;

use api::files::{EntryView, Find, Found};
use base::Fault;
use store::StoreError;

use crate::label;
use crate::tables::{ENTRIES, EntryRow};
use crate::tree::ShareSpot;
use crate::view::Viewer;

/// Hits of one answer at most.
const LIMIT_MAX: u32 = 1_000;
/// Hits of one answer if not said.
const LIMIT: u32 = 50;
/// Words of a query that count.
const WORDS_MAX: usize = 8;
/// Characters of a query that count.
const QUERY_LEN_MAX: usize = 256;

/// How good a hit is: smaller is better. Then short names before long ones, then in order of the tree.
type Rank = (u8, usize, usize, Vec<u8>);

/// Answers `files.find`.
pub(crate) fn find(viewer: &mut Viewer<'_>, asked: &Find) -> Result<Found, Fault> {
    let limit = usize::try_from(asked.limit.unwrap_or(LIMIT).clamp(1, LIMIT_MAX)).unwrap_or(1);
    let query: String = asked.query.chars().take(QUERY_LEN_MAX).collect::<String>().to_lowercase();
    let words: Vec<&str> =
        query.split([' ', '\t', '\n', '/']).filter(|word| !word.is_empty()).take(WORDS_MAX).collect();
    if words.is_empty() {
        return Ok(Found { hits: Vec::new(), has_more: false });
    }
    let shares = visible(viewer)?;
    let mut best: BinaryHeap<Rank> = BinaryHeap::new();
    let mut count = 0_usize;
    for (at, share) in shares.iter().enumerate() {
        let above = share.path.to_lowercase();
        scan(viewer, share.row.number, |path| {
            if let Some((class, length)) = rank(path, &words, &above) {
                count += 1;
                let is_better = best.len() <= limit
                    || best.peek().is_some_and(|worst| (class, length) < (worst.0, worst.1));
                if is_better {
                    best.push((class, length, at, path.to_vec()));
                    if best.len() > limit {
                        best.pop();
                    }
                }
            }
        })?;
    }
    let mut hits: Vec<EntryView> = Vec::new();
    for (_, _, at, path) in best.into_sorted_vec() {
        let Some(share) = shares.get(at) else { continue };
        let entry: Option<EntryRow> = ENTRIES.get(viewer.rows, &(share.row.number, path.clone()))?;
        hits.push(viewer.entry(share, &path, entry.as_ref())?);
    }
    Ok(Found { has_more: count > hits.len(), hits })
}

/// Returns all shares of members, those of the person's own last.
fn visible(viewer: &mut Viewer<'_>) -> Result<Vec<ShareSpot>, StoreError> {
    let mut shares = Vec::new();
    for web in people::read::webs(viewer.rows)? {
        for member in people::read::members(viewer.rows, web.id)? {
            if member.role.is_none() {
                continue;
            }
            for (label, key, row) in label::shares(viewer.rows, web.id, member.person)? {
                shares.push(ShareSpot { key, row, path: format!("{}/{}/{label}", web.label, member.label) });
            }
        }
    }
    shares.sort_by_key(|share| Reverse(share.key.web));
    Ok(shares)
}

fn scan(viewer: &Viewer<'_>, number: u64, mut visit: impl FnMut(&[u8])) -> Result<(), StoreError> {
    let from = number.to_be_bytes();
    let to = number.saturating_add(1).to_be_bytes();
    for pair in viewer.rows.range(ENTRIES.name(), Bound::Included(&from), Bound::Excluded(&to)) {
        let (key, _) = pair?;
        visit(key.get(8..).unwrap_or_default());
    }
    Ok(())
}

/// Ranks a path: 0 the name begins with the first word, 1 a word of it does, 2 the name holds all words, 3 the
/// path does; `None` when a word is missing.
fn rank(path: &[u8], words: &[&str], above: &str) -> Option<(u8, usize)> {
    let folded = fold(path);
    let name_at = folded.iter().rposition(|byte| *byte == 0).map_or(0, |at| at + 1);
    let name = folded.get(name_at..).unwrap_or_default();
    let mut class = 0;
    for (index, word) in words.iter().enumerate() {
        let word = word.as_bytes();
        class = class.max(match position(name, word) {
            Some(0) => u8::from(index > 0),
            Some(_) if starts_word(name, word) => 1,
            Some(_) => 2,
            None if position(&folded, word).is_some() || position(above.as_bytes(), word).is_some() => 3,
            None => return None,
        });
    }
    // A hit somewhere above the name alone would be every file of a folder; the folder itself is the better hit.
    let has_name_hit = words.iter().any(|word| position(name, word.as_bytes()).is_some());
    (has_name_hit || class < 3).then_some((class, name.len()))
}

/// Lower case, as queries are; most paths are ASCII and need no decoding.
fn fold(path: &[u8]) -> Vec<u8> {
    if path.is_ascii() {
        return path.to_ascii_lowercase();
    }
    String::from_utf8_lossy(path).to_lowercase().into_bytes()
}

fn position(text: &[u8], word: &[u8]) -> Option<usize> {
    let (first, rest) = word.split_first()?;
    let mut from = 0;
    loop {
        let at = from + text.get(from..)?.iter().position(|byte| byte == first)?;
        if text.get(at + 1..)?.starts_with(rest) {
            return Some(at);
        }
        from = at + 1;
    }
}

fn starts_word(name: &[u8], word: &[u8]) -> bool {
    let mut from = 0;
    while let Some(at) = name.get(from..).and_then(|rest| position(rest, word)).map(|at| at + from) {
        let is_start = at
            .checked_sub(1)
            .and_then(|before| name.get(before))
            .is_none_or(|byte| !byte.is_ascii_alphanumeric() && byte.is_ascii());
        if is_start {
            return true;
        }
        from = at + 1;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(path: &str, query: &str, class: Option<u8>) {
        let words: Vec<&str> = query.split(' ').collect();
        let found = rank(&crate::tables::path_key(path), &words, "family/alice/docs");
        assert_eq!(found.map(|(class, _)| class), class, "{query} in {path}");
    }

    #[test]
    fn names_that_begin_so_come_first() {
        check("plans/Q4 Roadmap.md", "q4", Some(0));
        check("plans/Q4 Roadmap.md", "roadmap", Some(1));
        check("plans/Q4 Roadmap.md", "oadm", Some(2));
        check("plans/Q4 Roadmap.md", "q4 roadmap", Some(1));
        check("plans/Q4 Roadmap.md", "q4 plans", Some(3));
        check("plans/Q4 Roadmap.md", "alice roadmap", Some(3));
        check("plans/Q4 Roadmap.md", "plans", None);
        check("plans/Q4 Roadmap.md", "q5", None);
    }

    #[test]
    fn case_does_not_matter_in_any_script() {
        check("ÄRGER.txt", "ärger", Some(0));
        check("Отчёт.doc", "отчёт", Some(0));
        check("a\u{202e}b\nc", "b\nc", Some(2));
    }
}
