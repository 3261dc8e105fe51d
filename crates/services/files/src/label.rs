//! What shares are called in paths: safe, unique among a person's shares, the same on every peer.
//!
//! Not for: labels of webs and persons (`people` makes those).

use std::collections::BTreeSet;

use base::{PersonId, ShareId, WebId};
use store::{Rows, StoreError};

use crate::catalogue::shares_of;
use crate::tables::{ShareKey, ShareRow};

/// Characters of a share's label at most.
const LABEL_LEN_MAX: usize = 64;

/// Makes a label of what the owner calls a share; never empty, never a special path (spec files, rule 16).
pub(crate) fn safe(name: &str, share: ShareId) -> String {
    let is_safe = |c: &char| !c.is_control() && !is_invisible(*c);
    let plain: String =
        name.chars().filter(is_safe).map(|c| if matches!(c, '/' | '\\' | '~') { '-' } else { c }).collect();
    let label: String =
        plain.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(LABEL_LEN_MAX).collect();
    let label = label.trim_matches([' ', '.']);
    if label.is_empty() { share.short() } else { label.to_owned() }
}

/// Direction marks and characters without a shape could make two labels look the same.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{feff}' | '\u{fff0}'..='\u{ffff}' | '\u{e000}'..='\u{f8ff}' | '\u{e0000}'..='\u{10ffff}')
}

/// Returns a person's shares with their labels, in order of labels, and after its own those of whom it took over from as the
/// same human. Of namesakes the one with the least id keeps the plain label, so that every peer says the same (rule 16).
pub(crate) fn shares<R: Rows + ?Sized>(
    rows: &R,
    web: WebId,
    person: PersonId,
) -> Result<Vec<(String, ShareKey, ShareRow)>, StoreError> {
    let mut taken = BTreeSet::new();
    let mut shares = Vec::new();
    let mut all = Vec::new();
    for person in people::read::same_human(rows, web, person)? {
        all.extend(shares_of(rows, web, person)?.into_iter().map(|(share, row)| (person, share, row)));
    }
    for (person, share, row) in all {
        let plain = safe(&row.name, share);
        let tagged = |digits: usize| {
            let tag: String = share.to_string().chars().take(digits).collect();
            format!("{plain}~{tag}")
        };
        let label = if taken.contains(&plain.to_lowercase()) {
            (6..=32)
                .map(tagged)
                .find(|label| !taken.contains(&label.to_lowercase()))
                .unwrap_or_else(|| tagged(32))
        } else {
            plain.clone()
        };
        taken.insert(label.to_lowercase());
        shares.push((label, ShareKey { web, person, share }, row));
    }
    shares.sort_by(|(a, ..), (b, ..)| a.cmp(b));
    Ok(shares)
}

/// Returns `web/person/share`.
pub(crate) fn share_path<R: Rows + ?Sized>(rows: &R, key: ShareKey) -> Result<String, StoreError> {
    let web = people::read::web_label(rows, key.web)?;
    let now = people::read::same_human_now(rows, key.web, key.person)?;
    let person = people::read::label_of(rows, key.web, now)?;
    let share = shares(rows, key.web, now)?
        .into_iter()
        .find(|(_, other, _)| *other == key)
        .map_or_else(|| key.share.short(), |(label, ..)| label);
    Ok(format!("{web}/{person}/{share}"))
}
