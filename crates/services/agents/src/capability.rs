//! What an agent may do: one thing each, as a line that a person can read before admitting it (spec agents, rules 6 and 7).

use base::{PersonId, ShareId, WebId};
use files::look::{self, ShareAt};
use minicbor::{Decode, Encode};
use store::{Rows, StoreError};

/// Minutes between two runs by schedule at least, and at most a week.
pub(crate) const MINUTES: std::ops::RangeInclusive<u32> = 5..=10_080;

/// One thing that an agent may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
pub(crate) enum Capability {
    /// Hear that files changed: paths and sizes.
    #[n(0)]
    Changes(#[n(0)] Scope),
    /// Read the first bytes of files that changed, as far as they are here.
    #[n(1)]
    Read(#[n(0)] Scope),
    /// See the names of all files when it runs by schedule.
    #[n(2)]
    Names(#[n(0)] Scope),
    /// Hear that somebody joined or left.
    #[n(3)]
    Members,
    /// Hear what the guard holds or warns of.
    #[n(4)]
    Guard,
    /// Run every so many minutes.
    #[n(5)]
    Every(#[n(0)] u32),
    /// See when it runs by schedule which files have no second copy, how long members are away, and how full the disk is.
    #[n(6)]
    Facts,
    /// Tell this computer's person something.
    #[n(7)]
    Notice,
    /// Ask the guard to warn of a file.
    #[n(8)]
    Warn,
    /// Ask the guard to hold a file.
    #[n(9)]
    Hold,
}

/// Which shares a capability is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
pub(crate) enum Scope {
    /// All of the web.
    #[n(0)]
    All,
    /// One. Ids, since people's labels differ from computer to computer.
    #[n(1)]
    Share {
        #[n(0)]
        person: PersonId,
        #[n(1)]
        share: ShareId,
    },
}

impl Scope {
    /// Says whether a share, by its path on this computer, is meant.
    pub(crate) fn covers<R: Rows + ?Sized>(
        self,
        rows: &R,
        web: WebId,
        path: &str,
    ) -> Result<bool, StoreError> {
        match self {
            Self::All => Ok(true),
            Self::Share { .. } => Ok(self.path(rows, web)? == path),
        }
    }

    /// Returns the share's path here; `*` for all.
    pub(crate) fn path<R: Rows + ?Sized>(self, rows: &R, web: WebId) -> Result<String, StoreError> {
        match self {
            Self::All => Ok("*".to_owned()),
            Self::Share { person, share } => look::share_path(rows, ShareAt { web, person, share }),
        }
    }
}

impl Capability {
    /// Says whether it is within its limits.
    pub(crate) fn is_within_limits(self) -> bool {
        match self {
            Self::Every(minutes) => MINUTES.contains(&minutes),
            _ => true,
        }
    }

    /// Reads a capability as a person says it; none when it is no such thing, or its share is not in the web.
    pub(crate) fn parse(rows: &dyn Rows, web: WebId, text: &str) -> Result<Option<Self>, StoreError> {
        let text = text.trim();
        let (word, rest) = text.split_once(' ').unwrap_or((text, ""));
        let rest = rest.trim();
        let scope = || -> Result<Option<Scope>, StoreError> {
            if rest == "*" {
                return Ok(Some(Scope::All));
            }
            let share = look::share_at(rows, rest)?.filter(|share| share.web == web);
            Ok(share.map(|ShareAt { person, share, .. }| Scope::Share { person, share }))
        };
        let bare = |capability: Self| Some(capability).filter(|_| rest.is_empty());
        Ok(match word {
            "changes" => scope()?.map(Self::Changes),
            "read" => scope()?.map(Self::Read),
            "names" => scope()?.map(Self::Names),
            "members" => bare(Self::Members),
            "guard" => bare(Self::Guard),
            "facts" => bare(Self::Facts),
            "notice" => bare(Self::Notice),
            "warn" => bare(Self::Warn),
            "hold" => bare(Self::Hold),
            "every" => rest.parse().ok().map(Self::Every).filter(|one| one.is_within_limits()),
            _ => None,
        })
    }

    /// Writes it as [`Self::parse`] reads it.
    pub(crate) fn text<R: Rows + ?Sized>(self, rows: &R, web: WebId) -> Result<String, StoreError> {
        Ok(match self {
            Self::Changes(scope) => format!("changes {}", scope.path(rows, web)?),
            Self::Read(scope) => format!("read {}", scope.path(rows, web)?),
            Self::Names(scope) => format!("names {}", scope.path(rows, web)?),
            Self::Members => "members".to_owned(),
            Self::Guard => "guard".to_owned(),
            Self::Every(minutes) => format!("every {minutes}"),
            Self::Facts => "facts".to_owned(),
            Self::Notice => "notice".to_owned(),
            Self::Warn => "warn".to_owned(),
            Self::Hold => "hold".to_owned(),
        })
    }

    /// Says it in a line for whoever decides about it.
    pub(crate) fn line<R: Rows + ?Sized>(self, rows: &R, web: WebId) -> Result<String, StoreError> {
        let shares = |scope: Scope| -> Result<String, StoreError> {
            match scope {
                Scope::All => Ok("any share".to_owned()),
                Scope::Share { .. } => scope.path(rows, web),
            }
        };
        Ok(match self {
            Self::Changes(scope) => format!("hears which files change in {}", shares(scope)?),
            Self::Read(scope) => format!("reads the beginning of files that change in {}", shares(scope)?),
            Self::Names(scope) => format!("sees the names of all files in {}", shares(scope)?),
            Self::Members => "hears who joins or leaves".to_owned(),
            Self::Guard => "hears what the guard finds".to_owned(),
            Self::Every(minutes) => format!("runs every {minutes} minutes"),
            Self::Facts => {
                "sees which files have no second copy, how long members are away, and how full this disk is"
                    .to_owned()
            }
            Self::Notice => "tells you things".to_owned(),
            Self::Warn => "asks the guard to warn of files".to_owned(),
            Self::Hold => "asks the guard to hold files".to_owned(),
        })
    }
}
