//! What an operation is, and the macro that makes a service's part of the table.

use schemars::{JsonSchema, Schema};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Whether an operation changes anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Looks at a snapshot; changes nothing.
    Read,
    /// Goes through the kernel's loop.
    Act,
}

/// The arguments of one thing a person can ask; the type of its answer belongs to it.
pub trait Operation: Serialize + DeserializeOwned + JsonSchema {
    /// Its name, as in `files.get`: service, dot, verb.
    const NAME: &'static str;
    /// The answer.
    type Answer: Serialize + DeserializeOwned + JsonSchema;
}

/// One row of the table of operations.
#[derive(Debug, Clone, Copy)]
pub struct OperationEntry {
    /// Its name; also the HTTP path: `POST /api/NAME`.
    pub name: &'static str,
    /// Whether it changes anything.
    pub kind: Kind,
    /// The CLI's words with the positional arguments, as in `share {web} {folder}`; `{x?}` may be left out.
    /// Empty: for programs only.
    pub command: &'static str,
    /// What it does, one sentence.
    pub summary: &'static str,
    /// How the CLI says the answer, as in `{name} is shared`; empty: as a table.
    pub says: &'static str,
    /// A read operation that tells how this one gets on; it takes the answer's `id` and answers the same type,
    /// with `state`, `done` and `total`. The CLI follows it until `is_over`.
    pub follow: Option<&'static str>,
    /// Whether the answer is worth keeping for whoever asks the same again, by an operation id: not when asking again does no
    /// harm and the answer changes from moment to moment.
    pub is_kept: bool,
    /// The JSON schema of the arguments.
    pub arguments: fn() -> Schema,
    /// The JSON schema of the answer.
    pub answer: fn() -> Schema,
}

/// Returns the schema of an operation's arguments.
pub fn arguments_schema<O: Operation>() -> Schema {
    schemars::schema_for!(O)
}

/// Returns the schema of an operation's answer.
pub fn answer_schema<O: Operation>() -> Schema {
    schemars::schema_for!(O::Answer)
}

/// Makes `operations()`, a service's part of the table.
macro_rules! operations {
    ($($kind:ident $name:literal $arguments:ident -> $answer:ident,
        $command:literal, $summary:literal $(, says $says:literal)? $(, follow $follow:literal)? $(=> $passing:ident)?;)*) => {
        $(impl $crate::Operation for $arguments {
            const NAME: &'static str = $name;
            type Answer = $answer;
        })*

        /// Returns this service's operations.
        pub(crate) fn operations() -> Vec<$crate::OperationEntry> {
            vec![$($crate::OperationEntry {
                name: $name,
                kind: $crate::Kind::$kind,
                command: $command,
                summary: $summary,
                says: operations!(@says $($says)?),
                follow: operations!(@follow $($follow)?),
                is_kept: operations!(@kept $($passing)?),
                arguments: $crate::arguments_schema::<$arguments>,
                answer: $crate::answer_schema::<$arguments>,
            },)*]
        }
    };
    (@says) => { "" };
    (@says $says:literal) => { $says };
    (@kept) => { true };
    (@kept passing) => { false };
    (@follow) => { None };
    (@follow $follow:literal) => { Some($follow) };
}

pub(crate) use operations;
