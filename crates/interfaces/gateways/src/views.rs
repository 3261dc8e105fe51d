//! Which files are open for viewing: unguessable, ending capabilities, each on an origin of its own.
//!
//! One origin per opened file: what Mallory's file may do to its origin, it does to itself only.
//! In memory only: a restarted peer knows no old views.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use api::files::Opened;
use api::mail::MailPart;
use base::{Fault, Timestamp};

use crate::media::Media;
use crate::secrets;
use crate::surface::Disposition;

/// How long a view is good after its last use.
const IDLE_LIFE: Duration = Duration::from_hours(1);

/// How long a view is good at most.
const WHOLE_LIFE: Duration = Duration::from_hours(12);

/// Views at most; the one that ends first gives way.
const VIEWS_MAX: usize = 4096;

/// All views.
#[derive(Debug, Default)]
pub(crate) struct Views {
    kept: Mutex<BTreeMap<String, Kept>>,
}

#[derive(Debug)]
struct Kept {
    capability: String,
    view: Viewed,
    expires: Timestamp,
    ends: Timestamp,
}

/// What a view shows, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Viewed {
    pub(crate) source: Source,
    pub(crate) media: Media,
    pub(crate) disposition: Disposition,
}

/// Whose bytes a view gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Source {
    /// A member's file.
    File(Opened),
    /// A part of a mail of this person.
    Part(MailPart),
}

impl Source {
    /// Returns what it is called, in the words of whoever made it.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::File(opened) => &opened.name,
            Self::Part(part) => &part.name,
        }
    }

    pub(crate) fn size(&self) -> u64 {
        match self {
            Self::File(opened) => opened.size.0,
            Self::Part(part) => part.size.0,
        }
    }

    /// Returns what is another if the bytes are others: a file has its content, a mail's number is never given again.
    pub(crate) fn tag(&self) -> String {
        match self {
            Self::File(opened) => format!("\"{}\"", opened.content),
            Self::Part(MailPart { message, part, .. }) => {
                format!("\"{}\"", blake3::hash(format!("{part} {message}").as_bytes()).to_hex())
            }
        }
    }
}

/// A view's address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Address {
    pub(crate) label: String,
    pub(crate) capability: String,
    pub(crate) expires: Timestamp,
}

impl Views {
    /// Makes a view, or renews the one there is of the same.
    pub(crate) fn mint(&self, view: Viewed, now: Timestamp) -> Result<Address, Fault> {
        let mut kept = self.kept();
        kept.retain(|_, one| one.expires > now);
        let same = kept.iter_mut().find(|(_, one)| one.view == view && one.ends > now.after(IDLE_LIFE));
        if let Some((label, one)) = same {
            one.expires = now.after(IDLE_LIFE).min(one.ends);
            let (label, capability) = (label.clone(), one.capability.clone());
            return Ok(Address { label, capability, expires: one.expires });
        }
        if kept.len() >= VIEWS_MAX {
            let first = kept.iter().min_by_key(|(_, one)| one.expires).map(|(label, _)| label.clone());
            first.and_then(|label| kept.remove(&label));
        }
        let (label, capability) = (secrets::draw(10)?, secrets::draw(20)?);
        let (expires, ends) = (now.after(IDLE_LIFE), now.after(WHOLE_LIFE));
        kept.insert(label.clone(), Kept { capability: capability.clone(), view, expires, ends });
        Ok(Address { label, capability, expires })
    }

    /// Returns a view that is good now, and renews it.
    pub(crate) fn find(&self, label: &str, capability: &str, now: Timestamp) -> Option<Viewed> {
        let mut kept = self.kept();
        let one = kept.get_mut(label)?;
        // Hashes compare in constant time.
        let is_it = blake3::hash(one.capability.as_bytes()) == blake3::hash(capability.as_bytes());
        if !is_it || one.expires <= now {
            return None;
        }
        one.expires = now.after(IDLE_LIFE).min(one.ends);
        Some(one.view.clone())
    }

    fn kept(&self) -> MutexGuard<'_, BTreeMap<String, Kept>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use base::{ByteCount, ContentId, WebId};

    use super::*;
    use crate::media::PLAIN;

    const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

    fn view(content: u8) -> Viewed {
        let opened = Opened {
            web: WebId::new([1; 32]),
            content: ContentId::new([content; 32]),
            size: ByteCount(3),
            name: "a.txt".to_owned(),
            revision: 1,
        };
        Viewed { source: Source::File(opened), media: PLAIN, disposition: Disposition::Inline }
    }

    fn hours(later: u64) -> Timestamp {
        NOW.after(Duration::from_secs(later * 3600))
    }

    #[test]
    fn two_files_never_share_an_origin_and_one_file_keeps_its_own() {
        let views = Views::default();
        let (one, other) = (views.mint(view(1), NOW).unwrap(), views.mint(view(2), NOW).unwrap());
        assert_ne!(one.label, other.label);
        assert_eq!(views.mint(view(1), NOW).unwrap(), one);
        assert_eq!(views.find(&one.label, &other.capability, NOW), None);
        assert_eq!(views.find(&one.label, &one.capability, NOW), Some(view(1)));
    }

    #[test]
    fn a_view_ends_an_hour_after_its_last_use_and_after_twelve_in_any_case() {
        let views = Views::default();
        let idle = views.mint(view(1), NOW).unwrap();
        assert_eq!(views.find(&idle.label, &idle.capability, hours(1)), None);
        let used = views.mint(view(2), NOW).unwrap();
        for half_hours in 1..24 {
            let then = NOW.after(Duration::from_secs(half_hours * 1800));
            assert!(views.find(&used.label, &used.capability, then).is_some(), "{half_hours}");
        }
        assert_eq!(views.find(&used.label, &used.capability, hours(12)), None);
    }
}
