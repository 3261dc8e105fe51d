//! What a device says in the log of a web about what harms (spec guard, rules 1 to 6).

use base::{ContentId, DeviceId, PersonId, Timestamp};
use minicbor::{Decode, Encode};
use wire::WireError;

use crate::jobs::{Deed, NOBODY, PLACES_MAX, Place, RULE_NAME_MAX, RULES_SIZE_MAX};

/// Bytes of the name of a file or a set of rules in a record at most.
pub(crate) const NAME_SIZE_MAX: usize = 255;

/// Bytes of a note at most: one sentence.
pub(crate) const NOTE_SIZE_MAX: usize = 200;

/// Bytes of a record at most: names, places and ids.
const BODY_SIZE_MAX: usize = 4 * 1024;

/// A record of the guard.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) enum Body {
    /// A content is harmful, by the evidence given.
    #[n(0)]
    Warn(#[n(0)] Warning),
    /// A content is no harm after all.
    #[n(1)]
    Release(#[n(0)] Release),
    /// A set of rules is offered, or taken back.
    #[n(2)]
    Rules(#[n(0)] Rules),
    /// A person gets or loses the task of protecting the web.
    #[n(3)]
    Officer(#[n(0)] Officer),
    /// How well the device of the author is protected.
    #[n(4)]
    Health(#[n(0)] Health),
    /// What a device did to the author's, on one day.
    #[n(5)]
    Report(#[n(0)] Report),
}

/// What a device did to the author's device on one day.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Report {
    #[n(0)]
    pub(crate) device: DeviceId,
    /// From which address; none when it is not known.
    #[n(1)]
    pub(crate) address: Option<String>,
    #[n(2)]
    pub(crate) deed: Deed,
    #[n(3)]
    pub(crate) times: u32,
    /// The day, counted from 1970 in UTC by the author's clock.
    #[n(4)]
    pub(crate) day: u64,
}

/// Bytes of an address in a report at most.
pub(crate) const ADDRESS_SIZE_MAX: usize = 64;

/// A warning.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Warning {
    #[n(0)]
    pub(crate) content: ContentId,
    #[n(1)]
    pub(crate) size: u64,
    /// The file's name where it was seen, without folders.
    #[n(2)]
    pub(crate) name: String,
    #[n(3)]
    pub(crate) at: Timestamp,
    #[n(4)]
    pub(crate) evidence: Evidence,
}

/// Why somebody says that a content is harmful.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) enum Evidence {
    /// A rule was met; whoever has the set can look.
    #[n(0)]
    Rule {
        #[n(0)]
        rule: String,
        #[n(1)]
        set: ContentId,
        #[n(2)]
        places: Vec<Place>,
    },
    /// A person says so.
    #[n(1)]
    Word {
        #[n(0)]
        note: String,
    },
}

/// Whoever protects the web says that a content is no harm; from anybody else it is an appeal.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Release {
    #[n(0)]
    pub(crate) content: ContentId,
    #[n(1)]
    pub(crate) at: Timestamp,
    #[n(2)]
    pub(crate) note: String,
}

/// A set of rules.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Rules {
    /// Its source, a content of the web.
    #[n(0)]
    pub(crate) set: ContentId,
    #[n(1)]
    pub(crate) size: u64,
    #[n(2)]
    pub(crate) name: String,
    #[n(3)]
    pub(crate) at: Timestamp,
    #[n(4)]
    pub(crate) is_offered: bool,
}

/// Who protects a web, besides its admins and owners.
#[expect(clippy::struct_field_names, reason = "an officer, or none any more")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Officer {
    #[n(0)]
    pub(crate) person: PersonId,
    #[n(1)]
    pub(crate) at: Timestamp,
    #[n(2)]
    pub(crate) is_officer: bool,
}

/// How well a device is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Health {
    #[n(0)]
    pub(crate) at: Timestamp,
    /// Whether its guard is on and its scanner works.
    #[n(1)]
    pub(crate) is_guarded: bool,
    /// Sets of rules in force there, besides the built-in one.
    #[n(2)]
    pub(crate) sets: u32,
    /// Contents it has looked through.
    #[n(3)]
    pub(crate) seen: u64,
    /// Contents of this web it holds back.
    #[n(4)]
    pub(crate) held: u32,
}

impl Body {
    /// Encodes it.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        wire::to_bytes(self)
    }

    /// Reads one and checks its limits.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, WireError> {
        let body: Self = wire::from_bytes(bytes, BODY_SIZE_MAX)?;
        let is_sound = match &body {
            Self::Warn(warning) => is_name(&warning.name) && warning.evidence.is_sound(),
            Self::Release(release) => is_note(&release.note),
            Self::Rules(rules) => is_name(&rules.name) && rules.size <= RULES_SIZE_MAX,
            Self::Report(report) => match report.address.as_deref() {
                Some(address) => is_address(address),
                // Whoever has no key has an address.
                None => report.device != NOBODY,
            },
            Self::Officer(_) | Self::Health(_) => true,
        };
        if is_sound { Ok(body) } else { Err(WireError::OutOfLimits { field: "guard" }) }
    }
}

impl Evidence {
    fn is_sound(&self) -> bool {
        match self {
            Self::Rule { rule, places, .. } => {
                !rule.is_empty()
                    && rule.len() <= RULE_NAME_MAX
                    && !rule.chars().any(char::is_control)
                    && places.len() <= PLACES_MAX
            }
            Self::Word { note } => is_note(note),
        }
    }
}

fn is_address(address: &str) -> bool {
    address.len() <= ADDRESS_SIZE_MAX && address.parse::<std::net::IpAddr>().is_ok()
}

/// Says whether a record can have this name.
pub(crate) fn is_name(name: &str) -> bool {
    (1..=NAME_SIZE_MAX).contains(&name.len()) && !name.chars().any(char::is_control)
}

/// Says whether a record can have this note.
pub(crate) fn is_note(note: &str) -> bool {
    note.len() <= NOTE_SIZE_MAX && !note.chars().any(char::is_control)
}
