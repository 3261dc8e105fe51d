//! A fault as a person meets it: what failed, why, and what to do.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Whose turn it is to mend a fault; fixes exit status and HTTP status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum FaultKind {
    /// The request is wrong: exit 2, HTTP 400.
    Yours,
    /// The peer's settings or its computer stand in the way: exit 3, HTTP 409.
    Settings,
    /// Somebody may not do this: exit 4, HTTP 403.
    Refused,
    /// Who or what is needed can't be reached now: exit 5, HTTP 503.
    Unreachable,
    /// Althing is at fault: exit 1, HTTP 500.
    Broken,
}

/// One thing a person can do about a fault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Remedy {
    /// The command to type; empty when the remedy is not a command.
    pub command: String,
    /// What it does, in a few words.
    pub text: String,
}

/// What failed, why, and what to do; every interface shows the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Fault {
    /// Stable name, `service.situation`, for programs and for looking it up.
    pub code: String,
    /// Whose turn it is.
    pub kind: FaultKind,
    /// What failed with what, and why; lower case, no full stop.
    pub what: String,
    /// What the person can do, best first.
    pub remedies: Vec<Remedy>,
}

impl Fault {
    /// Makes a fault without remedies.
    pub fn new(code: &str, kind: FaultKind, what: impl Into<String>) -> Self {
        Self { code: code.to_owned(), kind, what: what.into(), remedies: Vec::new() }
    }

    /// Adds something a person can do; `command` may be empty.
    #[must_use]
    pub fn remedy(mut self, command: impl Into<String>, text: impl Into<String>) -> Self {
        self.remedies.push(Remedy { command: command.into(), text: text.into() });
        self
    }
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.what)
    }
}

impl std::error::Error for Fault {}
