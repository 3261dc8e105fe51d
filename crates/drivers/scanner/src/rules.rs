//! Sets of rules: the built-in one, and what is the same for all.

use std::sync::LazyLock;

use base::ContentId;
use guard::jobs::Severity;

/// The source of the built-in set.
pub const BUILT_IN: &str = include_str!("built-in.yar");

/// The engine that compiled rules are for; another cannot load them.
pub(crate) const ENGINE: &str = "yara-x 1.22.1, form 1";

/// Returns the id of the built-in set: that of its source.
pub fn built_in_set() -> ContentId {
    static SET: LazyLock<ContentId> = LazyLock::new(|| set_of(BUILT_IN.as_bytes()));
    *SET
}

/// Returns what a built-in rule says of what it finds, for a person.
pub fn describe(rule: &str) -> Option<&'static str> {
    let (_, body) = BUILT_IN.split_once(&format!("\nrule {rule} {{"))?;
    let (_, text) = body.split_once("description = \"")?;
    text.split_once('"').map(|(text, _)| text)
}

/// Returns the id of a set with this source.
pub(crate) fn set_of(source: &[u8]) -> ContentId {
    ContentId::new(*blake3::hash(source).as_bytes())
}

/// Returns how bad a finding of a rule is, by what the rule says of itself. Rules of others rarely say it in our words; who
/// wrote them meant harm.
pub(crate) fn severity(meta: Option<&str>) -> Severity {
    match meta {
        Some(word)
            if ["odd", "low", "info", "informational"].contains(&word.to_ascii_lowercase().as_str()) =>
        {
            Severity::Odd
        }
        _ => Severity::Harmful,
    }
}
