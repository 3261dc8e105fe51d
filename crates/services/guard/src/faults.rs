//! What can go wrong with the guard, in the words a person reads.

use base::{Fault, FaultKind};

/// Why something asked of `guard` was not done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the sentence of each says it")]
pub enum GuardError {
    #[error("{operation} cannot be understood: {why}")]
    BadArguments { operation: String, why: String },
    #[error("there is no web called {web} on this peer")]
    NoSuchWeb { web: String },
    #[error("it is not said in which web, and you are in {count}")]
    WhichWeb { count: usize },
    #[error("cannot say that in {web}: you are no member there who writes")]
    NotWriting { web: String },
    #[error("cannot say who protects {web}: you are no admin there")]
    NoAdmin { web: String },
    #[error("nobody in {web} is called {who}")]
    NoSuchPerson { web: String, who: String },
    #[error("there is no file at {path} whose content is known")]
    NoSuchFile { path: String },
    #[error("nothing at {path} is on this computer")]
    NothingHere { path: String },
    #[error("{name} is neither held nor warned of")]
    NotHeld { name: String },
    #[error("it was not said of {name} that it may be opened here")]
    NotAllowed { name: String },
    #[error("there are more than {limit} files below {path}")]
    TooMany { path: String, limit: usize },
    #[error("the note cannot be kept: up to {limit} bytes without control characters can")]
    BadNote { limit: usize },
    #[error("{path} is no set of rules: up to {limit} bytes can be")]
    RulesTooLarge { path: String, limit: u64 },
    #[error("you offer no set of rules called {rules}")]
    NoSuchRules { rules: String },
    #[error("nothing can be looked through now: the scanner did not work")]
    Blind,
    #[error("the guard of this computer is off")]
    Off,
    #[error("the peer stopped before all was looked through")]
    Interrupted,
    #[error("{name} is quarantined: {why}")]
    Quarantined { name: String, why: String },
    #[error("{name} is held: {why}")]
    Held { name: String, why: String },
    #[error("{name} may be harmful: {why}")]
    Warned { name: String, why: String },
    #[error("{name} could not be looked through in time")]
    NotYet { name: String },
}

impl From<GuardError> for Fault {
    fn from(error: GuardError) -> Self {
        use FaultKind::{Refused, Settings, Unreachable, Yours};
        use GuardError as E;
        let allow = "opens it all the same on this computer; see first: althing guard show FILE";
        let (code, kind, command, text) = match &error {
            E::BadArguments { .. } => ("guard.bad-arguments", Yours, "", "see the manual of operations"),
            E::NoSuchWeb { .. } => ("guard.no-such-web", Yours, "althing web list", "lists your webs"),
            E::WhichWeb { .. } => ("guard.which-web", Yours, "", "say it with --web"),
            E::NotWriting { .. } => ("guard.not-writing", Refused, "", "an admin can make you a member"),
            E::NoAdmin { .. } => ("guard.no-admin", Refused, "", "ask an admin of the web"),
            E::NoSuchPerson { .. } => {
                ("guard.no-such-person", Yours, "althing people WEB", "lists who is in a web")
            }
            E::NoSuchFile { .. } => {
                ("guard.no-such-file", Yours, "althing guard list", "lists what is held or warned of")
            }
            E::NothingHere { .. } => (
                "guard.nothing-here",
                Yours,
                "althing get PATH",
                "brings it here; it is looked through when it comes",
            ),
            E::NotHeld { .. } => ("guard.not-held", Yours, "althing guard list", "lists what is"),
            E::NotAllowed { .. } => {
                ("guard.not-allowed", Yours, "althing guard show FILE", "says how it stands")
            }
            E::TooMany { .. } => ("guard.too-many", Yours, "", "check its folders one by one"),
            E::BadNote { .. } => ("guard.bad-note", Yours, "", "say it shorter"),
            E::RulesTooLarge { .. } => ("guard.rules-too-large", Yours, "", "offer it in parts"),
            E::NoSuchRules { .. } => ("guard.no-such-rules", Yours, "althing guard rules", "lists all sets"),
            E::Blind => ("guard.blind", Settings, "", "it is tried again in a moment"),
            E::Off => ("guard.off", Refused, "althing guard switch on", "switches it on"),
            E::Interrupted => ("guard.interrupted", Unreachable, "", "ask again"),
            E::Quarantined { .. } => ("guard.quarantined", Refused, "althing guard release FILE", allow),
            E::Held { .. } => ("guard.held", Refused, "althing guard release FILE", allow),
            E::Warned { .. } => ("guard.warned", Refused, "althing guard release FILE", allow),
            E::NotYet { .. } => ("guard.not-yet", Unreachable, "", "try again in a moment"),
        };
        Self::new(code, kind, error.to_string()).remedy(command, text)
    }
}

/// Returns one fault for each variant, for the page of all faults.
pub fn faults() -> Vec<Fault> {
    let text = str::to_owned;
    let (name, why) = ("love-letter.txt.vbs", "rule mass_mailer_script");
    [
        GuardError::BadArguments { operation: text("guard.check"), why: text("missing field `path`") },
        GuardError::NoSuchWeb { web: text("famly") },
        GuardError::WhichWeb { count: 2 },
        GuardError::NotWriting { web: text("family") },
        GuardError::NoAdmin { web: text("family") },
        GuardError::NoSuchPerson { web: text("family"), who: text("carl") },
        GuardError::NoSuchFile { path: text("family/bob/lettr.txt") },
        GuardError::NothingHere { path: text("family/bob/letters") },
        GuardError::NotHeld { name: text("letter.txt") },
        GuardError::NotAllowed { name: text("letter.txt") },
        GuardError::TooMany { path: text("family/bob"), limit: 100_000 },
        GuardError::BadNote { limit: 200 },
        GuardError::RulesTooLarge { path: text("family/bob/rules.yar"), limit: 8 << 20 },
        GuardError::NoSuchRules { rules: text("own.yar") },
        GuardError::Blind,
        GuardError::Off,
        GuardError::Interrupted,
        GuardError::Quarantined { name: text(name), why: text(why) },
        GuardError::Held { name: text(name), why: text("2 persons warn of it") },
        GuardError::Warned { name: text(name), why: text("bob warns of it") },
        GuardError::NotYet { name: text("film.mkv") },
    ]
    .map(Fault::from)
    .to_vec()
}
