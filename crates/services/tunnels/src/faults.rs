//! What can go wrong with tunnels, in the words a person reads.

use base::{Fault, FaultKind};

/// Why something asked of `tunnels` was not done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the sentence of each says it")]
pub enum TunnelError {
    #[error("{operation} cannot be understood: {why}")]
    BadArguments { operation: String, why: String },
    #[error("there is no web called {web} on this peer")]
    NoSuchWeb { web: String },
    #[error("it is not said in which web, and you are in {count}")]
    WhichWeb { count: usize },
    #[error("cannot offer a tunnel in {web}: you are no member there who writes")]
    NotWriting { web: String },
    #[error("{name} cannot be a tunnel's name: 1 to {limit} of a-z, 0-9 and hyphens inside are")]
    BadName { name: String, limit: usize },
    #[error("the note cannot be kept: up to {limit} bytes without control characters can")]
    BadNote { limit: usize },
    #[error("{port} is no port: 1 to 65535 are")]
    BadPort { port: u32 },
    #[error("nobody in {web} is called {who}")]
    NoSuchPerson { web: String, who: String },
    #[error("a tunnel is offered to a role or to persons, not to both")]
    TwoAudiences,
    #[error("a tunnel is offered to {limit} persons at most")]
    TooManyPersons { limit: usize },
    #[error("this computer offers {limit} tunnels in that web, and no more can be kept")]
    TooMany { limit: usize },
    #[error("this computer offers no tunnel called {name}")]
    NotOffered { name: String },
    #[error("{name} is offered in several webs")]
    SeveralWebs { name: String },
    #[error("there is no tunnel called {tunnel}")]
    NoSuchTunnel { tunnel: String },
    #[error("several people offer a tunnel called {tunnel}")]
    Ambiguous { tunnel: String },
    #[error("{name} is offered by this computer itself")]
    YourOwn { name: String },
    #[error("{name} is not offered to you by {by}")]
    NotForYou { name: String, by: String },
    #[error("{limit} tunnels are open on this computer, and no more can be")]
    TooManyOpen { limit: usize },
    #[error("{tunnel} is not open on this computer")]
    NotOpen { tunnel: String },
    #[error("it was asked again before it was open")]
    AskedAgain,
    #[error("cannot open {name} at that port of this computer: {why}")]
    CannotListen { name: String, why: String },
}

impl From<TunnelError> for Fault {
    fn from(error: TunnelError) -> Self {
        use FaultKind::{Refused, Settings, Yours};
        use TunnelError as E;
        let (code, kind, command, text) = match &error {
            E::BadArguments { .. } => ("tunnels.bad-arguments", Yours, "", "see the manual of operations"),
            E::NoSuchWeb { .. } => ("tunnels.no-such-web", Yours, "althing web list", "lists your webs"),
            E::WhichWeb { .. } => ("tunnels.which-web", Yours, "", "say it with --web"),
            E::NotWriting { .. } => ("tunnels.not-writing", Refused, "", "an admin can make you a member"),
            E::BadName { .. } => ("tunnels.bad-name", Yours, "", "say another name with --as"),
            E::BadNote { .. } => ("tunnels.bad-note", Yours, "", "say it shorter"),
            E::BadPort { .. } => ("tunnels.bad-port", Yours, "", "say the port at which the service listens"),
            E::NoSuchPerson { .. } => {
                ("tunnels.no-such-person", Yours, "althing people WEB", "lists who is in a web")
            }
            E::TwoAudiences => ("tunnels.two-audiences", Yours, "", "leave --role or --to out"),
            E::TooManyPersons { .. } => {
                ("tunnels.too-many-persons", Yours, "", "offer it to a role, or in a web of these people")
            }
            E::TooMany { .. } => {
                ("tunnels.too-many", Refused, "", "use a name again that you offered before")
            }
            E::NotOffered { .. } => ("tunnels.not-offered", Yours, "althing tunnel list", "lists tunnels"),
            E::SeveralWebs { .. } => ("tunnels.several-webs", Yours, "", "say in which with --web"),
            E::NoSuchTunnel { .. } => {
                ("tunnels.no-such-tunnel", Yours, "althing tunnel list", "lists what is offered to you")
            }
            E::Ambiguous { .. } => {
                ("tunnels.ambiguous", Yours, "", "say whose: PERSON/NAME, or WEB/PERSON/NAME")
            }
            E::YourOwn { .. } => ("tunnels.your-own", Yours, "", "connect to the service itself"),
            E::NotForYou { .. } => ("tunnels.not-for-you", Refused, "", "ask whoever offers it"),
            E::TooManyOpen { .. } => {
                ("tunnels.too-many-open", Refused, "althing tunnel list", "shows which could be closed")
            }
            E::NotOpen { .. } => ("tunnels.not-open", Yours, "althing tunnel list", "shows which are open"),
            E::AskedAgain => {
                ("tunnels.asked-again", Yours, "althing tunnel list", "shows at which port it is")
            }
            E::CannotListen { .. } => {
                ("tunnels.cannot-listen", Settings, "", "say another port, or none: then a free one is taken")
            }
        };
        Self::new(code, kind, error.to_string()).remedy(command, text)
    }
}

/// Returns one fault for each variant, for the page of all faults.
pub fn faults() -> Vec<Fault> {
    let text = str::to_owned;
    [
        TunnelError::BadArguments { operation: text("tunnels.offer"), why: text("missing field `port`") },
        TunnelError::NoSuchWeb { web: text("famly") },
        TunnelError::WhichWeb { count: 2 },
        TunnelError::NotWriting { web: text("family") },
        TunnelError::BadName { name: text("My DB"), limit: 40 },
        TunnelError::BadNote { limit: 200 },
        TunnelError::BadPort { port: 70_000 },
        TunnelError::NoSuchPerson { web: text("family"), who: text("carl") },
        TunnelError::TwoAudiences,
        TunnelError::TooManyPersons { limit: 64 },
        TunnelError::TooMany { limit: 64 },
        TunnelError::NotOffered { name: text("ledger") },
        TunnelError::SeveralWebs { name: text("ledger") },
        TunnelError::NoSuchTunnel { tunnel: text("alice/leger") },
        TunnelError::Ambiguous { tunnel: text("ledger") },
        TunnelError::YourOwn { name: text("ledger") },
        TunnelError::NotForYou { name: text("ledger"), by: text("alice") },
        TunnelError::TooManyOpen { limit: 64 },
        TunnelError::NotOpen { tunnel: text("alice/ledger") },
        TunnelError::AskedAgain,
        TunnelError::CannotListen { name: text("ledger"), why: text("something else listens there") },
    ]
    .map(Fault::from)
    .to_vec()
}
