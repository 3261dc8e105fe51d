//! What can go wrong here, as a person meets it.

use base::{Fault, FaultKind};

/// The code of [`PeopleError::CatchingUp`], which this service itself waits out.
pub(crate) const CATCHING_UP: &str = "people.catching-up";

/// Why something people-related can't be done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PeopleError {
    /// No such operation.
    #[error("there is no operation {operation}")]
    UnknownOperation {
        /// What was asked for.
        operation: String,
    },
    /// Arguments of another form than the operation's.
    #[error("the arguments of {operation} are not in order: {why}")]
    BadArguments {
        /// The operation.
        operation: String,
        /// What is wrong.
        why: String,
    },
    /// An empty name, or one of invisible characters.
    #[error("the name has no letters that can be shown")]
    NameEmpty,
    /// A name over the limit.
    #[error("the name has {length} characters, 64 allowed")]
    NameTooLong {
        /// How many.
        length: usize,
    },
    /// No web of that name here.
    #[error("there is no web {name} on this peer")]
    UnknownWeb {
        /// What was asked for.
        name: String,
    },
    /// Not a member of that web, or no longer.
    #[error("you are not a member of {web}")]
    NotAMember {
        /// The web.
        web: String,
    },
    /// Nobody of that name.
    #[error("there is nobody called {name} in {web}")]
    UnknownPerson {
        /// The web.
        web: String,
        /// What was asked for.
        name: String,
    },
    /// The own role does not allow it.
    #[error("cannot {act} in {web}: it takes the role {needed}")]
    NotAllowed {
        /// What was tried.
        act: &'static str,
        /// The web.
        web: String,
        /// Who may.
        needed: &'static str,
    },
    /// The other person is not outranked.
    #[error("cannot {act} {person}: you do not outrank this person in {web}")]
    Outranked {
        /// What was tried.
        act: &'static str,
        /// Who.
        person: String,
        /// The web.
        web: String,
    },
    /// Acts on oneself that have their own command.
    #[error("cannot remove yourself from {web}")]
    RemoveYourself {
        /// The web.
        web: String,
    },
    /// Nothing would change.
    #[error("{person} already has the role {role}")]
    SameRole {
        /// Who.
        person: String,
        /// The role.
        role: &'static str,
    },
    /// The last owner wants to go.
    #[error("cannot leave {web}: you are its only owner and others would stay without one")]
    LastOwner {
        /// The web.
        web: String,
    },
    /// A count or a time outside of its limits.
    #[error("{field} is {value}, allowed is {least} to {most}")]
    OutOfLimits {
        /// Which argument.
        field: &'static str,
        /// What was given.
        value: u32,
        /// The least.
        least: u32,
        /// The most.
        most: u32,
    },
    /// No such invitation, or several that begin so.
    #[error("no single invitation of {web} begins with {id}")]
    UnknownInvitation {
        /// The web.
        web: String,
        /// What was asked for.
        id: String,
    },
    /// It ended before.
    #[error("the invitation has ended already")]
    InvitationEnded,
    /// Nobody of that id waits.
    #[error("nobody whose id begins with {id} waits to join {web}")]
    NobodyWaits {
        /// The web.
        web: String,
        /// What was asked for.
        id: String,
    },
    /// A letter of the invitation is wrong.
    #[error("the invitation is damaged: a letter is wrong or missing")]
    TicketDamaged,
    /// A device link with a wrong letter, or none at all.
    #[error("this is no whole link for a device: a letter is wrong or missing")]
    DeviceLinkDamaged,
    /// A device link whose time is over.
    #[error("the link to become a computer of {name} has expired")]
    DeviceLinkExpired {
        /// What the person calls itself.
        name: String,
    },
    /// This device is the person's.
    #[error("this computer is {name}'s already")]
    DeviceAlready {
        /// The person.
        name: String,
    },
    /// This device belongs to webs as somebody else.
    #[error("this computer cannot become {name}'s: it belongs to webs as somebody else")]
    DeviceInUse {
        /// The person.
        name: String,
    },
    /// The recovery words were not said to this peer, or too long ago.
    #[error("cannot ask who you are: the recovery words were not said, or more than half an hour ago")]
    WordsFirst,
    /// Words that are not this person's, or no longer.
    #[error("these are not your recovery words, or no longer")]
    NotYourWords,
    /// As often as a chain of statements is long.
    #[error("your recovery words were changed 7 times already: no more fit")]
    WordsTooOften,
    /// No such act was cut off.
    #[error("no act {act} in {web} was cut off by a removal, or it was done again")]
    NothingCutOff {
        /// The web.
        web: String,
        /// What was asked for.
        act: String,
    },
    /// Text that is neither an address link nor an invitation.
    #[error("the address is not one: a letter may be wrong or missing")]
    AddressDamaged,
    /// This device belongs to webs as somebody else.
    #[error("cannot come back on this computer: it belongs to webs as somebody else")]
    RecoverInUse,
    /// No device of the person has that name.
    #[error("you have no other computer called {name}")]
    UnknownDevice {
        /// What was asked for.
        name: String,
    },
    /// Several have it.
    #[error("you have several computers called {name}")]
    DeviceAmbiguous {
        /// What was asked for.
        name: String,
    },
    /// Who has no name yet can't be recognized by the other device.
    #[error("you have not said your name")]
    NameFirst,
    /// An invitation that does not hold what it should.
    #[error("the invitation cannot be read: {why}")]
    TicketUnreadable {
        /// What is wrong.
        why: String,
    },
    /// An invitation of a later format.
    #[error("the invitation was made by a newer Althing (format {version}, this one reads {known})")]
    TicketFuture {
        /// What it says.
        version: u16,
        /// What this program reads.
        known: u16,
    },
    /// Too late, by the own clock.
    #[error("the invitation to {web} has expired, by the clock of this computer")]
    TicketExpired {
        /// What the ticket calls the web.
        web: String,
    },
    /// An invitation that names nobody to ask.
    #[error("the invitation to {web} names nobody to ask")]
    TicketWithoutDoor {
        /// What the ticket calls the web.
        web: String,
    },
    /// In already.
    #[error("you are already a member of {web}")]
    AlreadyMember {
        /// The web.
        web: String,
    },
    /// No such join.
    #[error("this peer is not joining that web")]
    NotJoining,
    /// The web's history has not arrived yet.
    #[error("the history of {web} is not complete on this peer yet")]
    CatchingUp {
        /// The web.
        web: String,
    },
    /// An act of ours that the evaluation does not accept: somebody was faster.
    #[error("the act did not count in {web}: {why}")]
    DidNotCount {
        /// The web.
        web: String,
        /// Why.
        why: String,
    },
    /// A carrier is asked to do what takes reading.
    #[error("this computer cannot be a broker of {web}: it carries for the web and cannot read it")]
    CarrierCannotRead {
        /// The web.
        web: String,
    },
    /// A role that is fixed at admission.
    #[error("cannot make a carrier of {person}, or {person} of a carrier: that is fixed when somebody joins")]
    CarrierStays {
        /// Who.
        person: String,
    },
    /// Hardly any room.
    #[error("a mirror with {bytes} is too small, {least} is the least")]
    MirrorTooSmall {
        /// What was offered.
        bytes: base::ByteCount,
        /// The least.
        least: base::ByteCount,
    },
    /// Nothing to do was named.
    #[error("nothing to do was named: a relay, a mirror or a broker")]
    ServeNothing,
    /// What is done to others, tried on oneself.
    #[error("cannot {act} yourself")]
    NotOfYourself {
        /// What was tried.
        act: &'static str,
    },
    /// Neither a name nor the wish to take it away, or both.
    #[error("neither a name was given nor was it said to take one away, or both")]
    PetnameOrClear,
    /// A name of one's own that would stand for two.
    #[error("you use the name {name} already, for somebody else or for yourself, and the two look alike")]
    PetnameTaken {
        /// The name it looks like.
        name: String,
    },
    /// More than a limit.
    #[error("there are too many {what}: {most} at most")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// How many are allowed.
        most: usize,
    },
    /// There are not enough admins who could sign.
    #[error("cannot do that to {person}: it takes the signatures of two admins besides, and {web} has fewer")]
    TooFewAdmins {
        /// Who would go.
        person: String,
        /// The web.
        web: String,
    },
    /// Who shall take over is no newcomer.
    #[error("{person} cannot take over: that takes a guest or member with no greater role than the other")]
    NoNewcomer {
        /// Who would take over.
        person: String,
    },
    /// Nobody to invite.
    #[error("nobody was named")]
    NobodyNamed,
    /// Several persons of that name in different webs.
    #[error("several people are called {name} in your webs")]
    PersonAmbiguous {
        /// What was asked for.
        name: String,
    },
    /// It was not said how codes were compared.
    #[error("it was not said how you compared the safety codes")]
    HowVerified,
    /// No whole safety code.
    #[error("this is no whole safety code: a letter or digit is wrong or missing")]
    SafetyCodeDamaged,
    /// Another code than this peer's.
    #[error("the safety codes differ: what you were shown is not the code of you and {name}")]
    SafetyCodeDiffers {
        /// Whom it should be of.
        name: String,
    },
    /// No invitation by a person to such a web.
    #[error("nobody you know invites you to {name}")]
    NotInvited {
        /// What was asked for.
        name: String,
    },
    /// Invitations to several webs of one name.
    #[error("you are invited to several webs called {name}")]
    InvitedAmbiguous {
        /// What was asked for.
        name: String,
    },
    /// A key that a person gave for itself can't be used.
    #[error("cannot seal a key to a member of {web}: the person's key is not usable")]
    UnusableKey {
        /// The web.
        web: String,
    },
}

/// What helps whoever uses an invitation of a web that it belongs to, or belonged to without knowing what has changed.
fn help_members(fault: Fault, web: &str) -> Fault {
    fault
        .remedy(format!("althing ls {web}"), "shows what the web shares")
        .remedy(format!("althing web leave {web}"), "before you come in anew, if you have fallen out")
}

impl From<PeopleError> for Fault {
    fn from(error: PeopleError) -> Self {
        use PeopleError as E;
        let (code, kind) = code_of(&error);
        let fault = Self::new(code, kind, error.to_string());
        match &error {
            E::UnknownOperation { .. } | E::BadArguments { .. } => {
                fault.remedy("althing help", "lists every command")
            }
            E::NameEmpty | E::NameTooLong { .. } => fault.remedy("", "choose a name of 1 to 64 characters"),
            E::UnknownWeb { .. } | E::NotJoining => fault.remedy("althing web list", "lists your webs"),
            E::NotAMember { .. } => fault.remedy("", "ask a member for an invitation"),
            E::UnknownPerson { web, .. } => {
                fault.remedy(format!("althing people {web}"), "lists the people of the web by seniority")
            }
            E::Outranked { web, .. } => fault
                .remedy(format!("althing people {web}"), "lists the people of the web by seniority")
                .remedy(
                    format!("althing dismiss {web} PERSON"),
                    "removes a person together with other admins",
                ),
            E::NotAllowed { web, .. } => {
                fault.remedy(format!("althing people {web}"), "shows whom you can ask")
            }
            E::RemoveYourself { web } => fault.remedy(format!("althing web leave {web}"), "leaves the web"),
            E::LastOwner { web } => {
                fault.remedy(format!("althing role {web} NAME owner"), "makes somebody else an owner first")
            }
            E::OutOfLimits { .. } => fault.remedy("", "choose a value within the limits"),
            E::UnknownInvitation { web, .. } | E::NobodyWaits { web, .. } => {
                fault.remedy(format!("althing invitations {web}"), "lists invitations and who waits")
            }
            E::SameRole { .. } | E::InvitationEnded => fault,
            E::TicketDamaged => {
                fault.remedy("", "copy the whole invitation again, from `althing1` to its end")
            }
            E::TicketUnreadable { .. } | E::TicketWithoutDoor { .. } => {
                fault.remedy("", "ask for a new invitation")
            }
            E::TicketFuture { .. } => fault.remedy("", "update Althing, then paste the invitation again"),
            E::TicketExpired { .. } => fault
                .remedy("", "ask for a new invitation")
                .remedy("", "if the date of this computer is wrong, set it and try again"),
            E::AlreadyMember { web } => help_members(fault, web),
            E::CatchingUp { .. } => fault.remedy("", "try again when a member is here"),
            E::DidNotCount { web, .. } => {
                fault.remedy(format!("althing log {web}"), "shows what was done, and what does not count")
            }
            E::CarrierCannotRead { web } => fault.remedy(
                format!("althing serve {web} --relay --mirror 100GB"),
                "does what a carrier can; for a broker join with an invitation as member",
            ),
            E::CarrierStays { .. } => {
                fault.remedy("", "remove the person and invite it again with the other role")
            }
            E::MirrorTooSmall { .. } => fault.remedy("", "offer more room, as in --mirror 100GB"),
            E::ServeNothing => fault
                .remedy(
                    "althing serve WEB --relay --mirror 100GB",
                    "carries connections and keeps sealed copies",
                )
                .remedy("althing serve WEB --stop", "ends it"),
            E::UnusableKey { web } => fault.remedy(
                format!("althing people {web}"),
                "shows who belongs to the web; remove who is not known",
            ),
            _ => of_persons(&error, fault),
        }
    }
}

/// What to do about what is about a person's own computers.
fn of_devices(error: &PeopleError, fault: Fault) -> Fault {
    use PeopleError as E;
    match error {
        E::DeviceLinkDamaged => {
            fault.remedy("", "copy the whole link again, from `althingdevice1` to its end")
        }
        E::DeviceLinkExpired { .. } => {
            fault.remedy("althing device add", "makes a new one, on a computer that is already yours")
        }
        E::DeviceAlready { .. } | E::UnknownDevice { .. } => {
            fault.remedy("althing device list", "lists your computers")
        }
        E::DeviceAmbiguous { .. } => fault
            .remedy("althing device list --json", "lists them with their ids; name one by its first digits"),
        E::WordsFirst => fault.remedy("althing recover ADDRESS", "asks for the words, then members for you"),
        E::NothingCutOff { web, .. } => {
            fault.remedy(format!("althing cut-off {web}"), "lists what removals have cut off")
        }
        E::NotYourWords => {
            fault.remedy("", "look for the newest paper; the words on older ones are worth nothing")
        }
        E::WordsTooOften => {
            fault.remedy("", "begin as another person, and ask your admins to confirm that it is you")
        }
        E::AddressDamaged => fault
            .remedy("althing address", "says it, on the computer of any member of your webs")
            .remedy("", "any invitation to a web of yours will do as well, also an old one"),
        E::DeviceInUse { .. } | E::RecoverInUse => fault
            .remedy("export ALTHING_HOME=FOLDER", "starts with a fresh home; nothing of this one is lost"),
        E::NameFirst => fault.remedy("althing me set NAME", "says by which name others meet you"),
        _ => fault,
    }
}

/// Adds what a person can do when it does not work with another person.
fn of_persons(error: &PeopleError, fault: Fault) -> Fault {
    use PeopleError as E;
    match error {
        E::NotOfYourself { .. } => fault.remedy("", "name somebody else"),
        E::PetnameOrClear => fault
            .remedy("althing name WEB PERSON PETNAME", "gives the person your own name for it")
            .remedy("althing name WEB PERSON --clear", "takes it away"),
        E::PetnameTaken { .. } => fault.remedy("", "choose a name that looks different"),
        E::TooMany { .. } => fault.remedy("", "do it in several steps, or with fewer"),
        E::TooFewAdmins { .. } => fault.remedy("althing role WEB PERSON admin", "an owner makes more admins"),
        E::NoNewcomer { .. } => {
            fault.remedy("althing people WEB", "shows the roles; invite the newcomer as a member first")
        }
        E::NobodyNamed => fault.remedy("althing web with NAME PERSON", "invites a person you know"),
        E::PersonAmbiguous { .. } => {
            fault.remedy("", "name the web, too (--web), or the person by the first digits of its id")
        }
        E::HowVerified => fault
            .remedy("althing verify PERSON CODE", "compares what the other's computer shows")
            .remedy("althing verify PERSON --matches", "says that you have compared all digits yourself")
            .remedy("althing verify PERSON --undo", "takes the mark away"),
        E::SafetyCodeDamaged => {
            fault.remedy("", "copy all of it again: 10 groups of 5 digits, or all of althingperson1…")
        }
        E::SafetyCodeDiffers { name } => fault
            .remedy(format!("althing safety {name}"), "shows the right one: was it copied for somebody else?")
            .remedy(
                "",
                "if it really differs, somebody may stand between you: trust nothing that comes by this name",
            ),
        E::NotInvited { .. } => {
            fault.remedy("althing invited", "lists webs to which people you know invite you")
        }
        E::InvitedAmbiguous { .. } => {
            fault.remedy("althing invited", "lists them with their ids; name one by its first digits")
        }
        _ => of_devices(error, fault),
    }
}

fn code_of(error: &PeopleError) -> (&'static str, FaultKind) {
    use FaultKind::{Broken, Refused, Settings, Unreachable, Yours};
    use PeopleError as E;
    match error {
        E::UnknownOperation { .. } => ("people.no-operation", Yours),
        E::BadArguments { .. } => ("people.bad-arguments", Yours),
        E::NameEmpty => ("people.name-empty", Yours),
        E::NameTooLong { .. } => ("people.name-too-long", Yours),
        E::UnknownWeb { .. } => ("people.unknown-web", Yours),
        E::NotAMember { .. } => ("people.not-a-member", Refused),
        E::UnknownPerson { .. } => ("people.unknown-person", Yours),
        E::NotAllowed { .. } => ("people.not-allowed", Refused),
        E::Outranked { .. } => ("people.outranked", Refused),
        E::RemoveYourself { .. } => ("people.remove-yourself", Yours),
        E::SameRole { .. } => ("people.same-role", Yours),
        E::LastOwner { .. } => ("people.last-owner", Yours),
        E::OutOfLimits { .. } => ("people.out-of-limits", Yours),
        E::UnknownInvitation { .. } => ("people.unknown-invitation", Yours),
        E::InvitationEnded => ("people.invitation-ended", Yours),
        E::NobodyWaits { .. } => ("people.nobody-waits", Yours),
        E::TicketDamaged => ("people.ticket-damaged", Yours),
        E::DeviceLinkDamaged => ("people.device-link-damaged", Yours),
        E::DeviceLinkExpired { .. } => ("people.device-link-expired", Refused),
        E::DeviceAlready { .. } => ("people.device-already", Yours),
        E::DeviceInUse { .. } => ("people.device-in-use", Yours),
        E::WordsFirst => ("people.words-first", Yours),
        E::NothingCutOff { .. } => ("people.nothing-cut-off", Yours),
        E::NotYourWords => ("people.not-your-words", Yours),
        E::WordsTooOften => ("people.words-too-often", Refused),
        E::AddressDamaged => ("people.address-damaged", Yours),
        E::RecoverInUse => ("people.recover-in-use", Yours),
        E::UnknownDevice { .. } => ("people.unknown-device", Yours),
        E::DeviceAmbiguous { .. } => ("people.device-ambiguous", Yours),
        E::NameFirst => ("people.name-first", Yours),
        E::TicketUnreadable { .. } => ("people.ticket-unreadable", Yours),
        E::TicketFuture { .. } => ("people.ticket-future", Settings),
        E::TicketExpired { .. } => ("people.ticket-expired", Refused),
        E::TicketWithoutDoor { .. } => ("people.ticket-without-door", Yours),
        E::AlreadyMember { .. } => ("people.already-member", Yours),
        E::NotJoining => ("people.not-joining", Yours),
        E::CatchingUp { .. } => (CATCHING_UP, Unreachable),
        E::DidNotCount { .. } => ("people.did-not-count", Refused),
        E::CarrierCannotRead { .. } => ("people.carrier-cannot-read", Refused),
        E::CarrierStays { .. } => ("people.carrier-stays", Refused),
        E::MirrorTooSmall { .. } => ("people.mirror-too-small", Yours),
        E::ServeNothing => ("people.serve-nothing", Yours),
        E::UnusableKey { .. } => ("people.unusable-key", Broken),
        E::NotOfYourself { .. } => ("people.not-of-yourself", Yours),
        E::PetnameOrClear => ("people.petname-or-clear", Yours),
        E::PetnameTaken { .. } => ("people.petname-taken", Yours),
        E::TooMany { .. } => ("people.too-many", Yours),
        E::TooFewAdmins { .. } => ("people.too-few-admins", Refused),
        E::NoNewcomer { .. } => ("people.no-newcomer", Yours),
        E::NobodyNamed => ("people.nobody-named", Yours),
        E::PersonAmbiguous { .. } => ("people.person-ambiguous", Yours),
        E::HowVerified => ("people.how-verified", Yours),
        E::SafetyCodeDamaged => ("people.safety-code-damaged", Yours),
        E::SafetyCodeDiffers { .. } => ("people.safety-code-differs", Refused),
        E::NotInvited { .. } => ("people.not-invited", Yours),
        E::InvitedAmbiguous { .. } => ("people.invited-ambiguous", Yours),
    }
}

/// Lists one fault per situation, for the page of all messages.
pub fn faults() -> Vec<Fault> {
    use PeopleError as E;
    let web = || "family".to_owned();
    let name = || "Bob".to_owned();
    let id = || "0a1b2c".to_owned();
    [
        E::UnknownOperation { operation: "people.dance".to_owned() },
        E::BadArguments { operation: "people.invite".to_owned(), why: "missing field `web`".to_owned() },
        E::NameEmpty,
        E::NameTooLong { length: 300 },
        E::UnknownWeb { name: web() },
        E::NotAMember { web: web() },
        E::UnknownPerson { web: web(), name: name() },
        E::NotAllowed { act: "invite", web: web(), needed: "admin" },
        E::Outranked { act: "remove", person: name(), web: web() },
        E::RemoveYourself { web: web() },
        E::SameRole { person: name(), role: "admin" },
        E::LastOwner { web: web() },
        E::OutOfLimits { field: "uses", value: 0, least: 1, most: 10_000 },
        E::UnknownInvitation { web: web(), id: id() },
        E::InvitationEnded,
        E::NobodyWaits { web: web(), id: id() },
        E::TicketDamaged,
        E::DeviceLinkDamaged,
        E::DeviceLinkExpired { name: "Alice".to_owned() },
        E::DeviceAlready { name: "Alice".to_owned() },
        E::DeviceInUse { name: "Alice".to_owned() },
        E::WordsFirst,
        E::NothingCutOff { web: web(), act: "4bd1".to_owned() },
        E::NotYourWords,
        E::WordsTooOften,
        E::AddressDamaged,
        E::RecoverInUse,
        E::UnknownDevice { name: "phone".to_owned() },
        E::DeviceAmbiguous { name: "phone".to_owned() },
        E::NameFirst,
        E::TicketUnreadable { why: "not in the expected format".to_owned() },
        E::TicketFuture { version: 2, known: 1 },
        E::TicketExpired { web: web() },
        E::TicketWithoutDoor { web: web() },
        E::AlreadyMember { web: web() },
        E::NotJoining,
        E::CatchingUp { web: web() },
        E::DidNotCount { web: web(), why: "the invitation was ended".to_owned() },
        E::CarrierCannotRead { web: web() },
        E::CarrierStays { person: name() },
        E::MirrorTooSmall { bytes: base::ByteCount(1_000), least: base::ByteCount(10_000_000) },
        E::ServeNothing,
        E::UnusableKey { web: web() },
        E::NotOfYourself { act: "verify" },
        E::PetnameOrClear,
        E::PetnameTaken { name: name() },
        E::TooMany { what: "people to invite", most: 16 },
        E::TooFewAdmins { person: name(), web: web() },
        E::NoNewcomer { person: name() },
        E::NobodyNamed,
        E::PersonAmbiguous { name: name() },
        E::HowVerified,
        E::SafetyCodeDamaged,
        E::SafetyCodeDiffers { name: name() },
        E::NotInvited { name: web() },
        E::InvitedAmbiguous { name: web() },
    ]
    .into_iter()
    .map(Fault::from)
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_has_its_own_code_and_says_what_to_do() {
        let faults = faults();
        let codes: std::collections::BTreeSet<&str> =
            faults.iter().map(|fault| fault.code.as_str()).collect();
        assert_eq!(codes.len(), faults.len());
        for fault in &faults {
            let needs_none = ["people.same-role", "people.invitation-ended"].contains(&fault.code.as_str());
            assert!(needs_none || !fault.remedies.is_empty(), "{}", fault.code);
        }
    }
}
