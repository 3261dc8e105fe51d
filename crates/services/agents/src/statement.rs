//! What an admin says in the log of a web about an agent (spec agents, rules 1 to 5).

use base::{ContentId, Timestamp};
use minicbor::{Decode, Encode};
use wire::WireError;

use crate::capability::Capability;
use crate::jobs::PROGRAM_SIZE_MAX;

/// Letters, digits and hyphens of an agent's name at most.
pub(crate) const NAME_LEN_MAX: usize = 40;
/// Bytes of a note at most: one sentence.
pub(crate) const NOTE_SIZE_MAX: usize = 200;
/// Bytes of settings at most.
pub(crate) const SETTINGS_SIZE_MAX: usize = 4 * 1024;
/// Capabilities of one agent at most: what nobody reads to the end nobody has decided about.
pub(crate) const CAPABILITIES_MAX: usize = 16;
/// Bytes of a record at most: names, settings, capabilities.
const BODY_SIZE_MAX: usize = 8 * 1024;

/// An admin admits an agent, changes it, or stops it.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Said {
    #[n(0)]
    pub(crate) name: String,
    #[n(1)]
    pub(crate) at: Timestamp,
    /// None: it is stopped.
    #[n(2)]
    pub(crate) admission: Option<Admission>,
}

/// What is admitted.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Admission {
    /// The program: no other one runs under this admission, whatever its name.
    #[n(0)]
    pub(crate) program: ContentId,
    #[n(1)]
    pub(crate) size: u64,
    /// In order, each once.
    #[n(2)]
    pub(crate) capabilities: Vec<Capability>,
    #[n(3)]
    pub(crate) budget: Budget,
    #[n(4)]
    pub(crate) place: Place,
    #[n(5)]
    pub(crate) settings: String,
    #[n(6)]
    pub(crate) note: String,
}

/// Where an agent runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub(crate) enum Place {
    /// On every computer of every member.
    #[n(0)]
    Each,
    /// Only on the computer that said it.
    #[n(1)]
    Here,
}

/// What an agent may use up, on each computer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Budget {
    #[n(0)]
    pub(crate) cpu_ms: u32,
    #[n(1)]
    pub(crate) memory_mib: u32,
    #[n(2)]
    pub(crate) runs_per_hour: u32,
    #[n(3)]
    pub(crate) actions_per_day: u32,
    #[n(4)]
    pub(crate) state_bytes: u32,
}

impl Default for Budget {
    fn default() -> Self {
        Self { cpu_ms: 1_000, memory_mib: 32, runs_per_hour: 60, actions_per_day: 50, state_bytes: 64 * 1024 }
    }
}

impl Budget {
    /// Says whether it is within what any web can allow.
    pub(crate) fn is_within_limits(self) -> bool {
        (10..=10_000).contains(&self.cpu_ms)
            && (1..=256).contains(&self.memory_mib)
            && (1..=600).contains(&self.runs_per_hour)
            && (1..=1_000).contains(&self.actions_per_day)
            && self.state_bytes <= 256 * 1024
    }
}

impl Said {
    /// Encodes it.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        wire::to_bytes(self)
    }

    /// Reads one and checks its limits.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, WireError> {
        let said: Self = wire::from_bytes(bytes, BODY_SIZE_MAX)?;
        let is_right = is_name(&said.name) && said.admission.as_ref().is_none_or(Admission::is_within_limits);
        if is_right { Ok(said) } else { Err(WireError::OutOfLimits { field: "agent" }) }
    }
}

impl Admission {
    /// Says whether everything is within its limits.
    pub(crate) fn is_within_limits(&self) -> bool {
        let capabilities = &self.capabilities;
        (1..=PROGRAM_SIZE_MAX).contains(&self.size)
            && capabilities.len() <= CAPABILITIES_MAX
            && capabilities.iter().all(|one| one.is_within_limits())
            // In order and each once: one list has one form.
            && capabilities.iter().zip(capabilities.iter().skip(1)).all(|(a, b)| a < b)
            && capabilities.iter().filter(|one| matches!(one, Capability::Every(_))).count() <= 1
            && self.budget.is_within_limits()
            && is_settings(&self.settings)
            && is_note(&self.note)
    }

    /// Says whether it may do this.
    pub(crate) fn may(&self, capability: Capability) -> bool {
        self.capabilities.contains(&capability)
    }
}

/// Says whether an agent can have this name.
pub(crate) fn is_name(name: &str) -> bool {
    (1..=NAME_LEN_MAX).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        && !name.starts_with('-')
        && !name.ends_with('-')
}

/// Says whether an agent can have this note.
pub(crate) fn is_note(note: &str) -> bool {
    note.len() <= NOTE_SIZE_MAX && !note.chars().any(is_hidden)
}

/// Says whether an agent can be told this with each event.
pub(crate) fn is_settings(settings: &str) -> bool {
    settings.len() <= SETTINGS_SIZE_MAX && !settings.chars().any(|c| is_hidden(c) && c != '\n' && c != '\t')
}

/// Says whether a character can make a text look like another one: control characters, those that turn its direction
/// or end its line, and those without a shape.
pub(crate) fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}
