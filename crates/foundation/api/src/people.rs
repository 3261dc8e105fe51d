//! Operations of `people`: who I am, webs, invitations, members.

use base::{ByteCount, DeviceId, PersonId, TicketId, Timestamp, WebId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::operation::operations;

operations! {
    Act "people.introduce" Introduce -> Me, "me set {name}", "Says by which name others meet you.", says "You are {name}.";
    Read "people.me" AskMe -> Me, "me", "Shows who you are on this computer.";
    Act "people.start_web" StartWeb -> WebView, "web start {name}", "Starts a web; you are its owner.", says "The web {name} has started. Invite somebody: althing invite {name}";
    Read "people.webs" AskWebs -> Webs, "web list", "Lists your webs.";
    Act "people.invite" Invite -> Invitation, "invite {web}", "Makes an invitation to paste or to show as QR code.", says "{link}";
    Read "people.invitations" AskInvitations -> Invitations, "invitations {web}", "Lists the invitations of a web and who waits for approval.";
    Act "people.revoke" Revoke -> Done, "revoke {web} {invitation}", "Ends an invitation.", says "The invitation has ended.";
    Act "people.join" Join -> Joining, "web join {link}", "Joins a web by an invitation.", follow "people.joining";
    Read "people.joining" AskJoining -> Joining, "", "Tells how a join gets on.";
    Act "people.accept" Accept -> Done, "accept {web} {person}", "Admits a person who waits for approval.", says "{what}";
    Read "people.members" AskMembers -> Members, "people {web}", "Lists the people of a web.";
    Act "people.set_role" SetRole -> Done, "role {web} {person} {role}", "Changes what a person may do in a web.", says "{what}";
    Act "people.hand_over" HandOver -> Done, "hand-over {web} {person}", "Makes another person owner of a web in your place; you become admin.", says "{what}";
    Act "people.remove" Remove -> Removed, "remove {web} {person}", "Removes a person; from now on nothing new reaches them.", says "{what}";
    Act "people.leave" Leave -> Done, "web leave {web}", "Leaves a web; what you kept stays on this computer.", says "{what}";
    Act "people.serve" Serve -> Served, "serve {web}", "Makes this computer serve a web: as relay, as mirror, or as broker for those who are away.", says "{what}";
    Act "people.add_device" AddDevice -> DeviceLink, "device add", "Makes a link by which another computer becomes yours.", says "{link}";
    Act "people.pair" Pair -> Done, "device join {link} {name}", "Makes this computer, by a link from another one, that person's.", says "{what}";
    Read "people.devices" AskDevices -> Devices, "device list", "Lists your computers.";
    Act "people.revoke_device" RevokeDevice -> Done, "device revoke {device}", "Ends a computer of yours, lost or stolen, in all webs.", says "{what}";
    Act "people.name_device" NameDevice -> Done, "device name {name}", "Says what you call this computer.", says "{what}";
    Act "people.recover" Recover -> Done, "", "Asks members who the holder of the recovery words said to this peer is.", says "{what}";
    Act "people.change_words" ChangeWords -> Done, "", "Gives you new recovery words in all your webs, as the old and the new key have signed; `host.new_words` does the signing.", says "{what}";
    Read "people.address" AskAddress -> Address, "address", "Shows where you and members of your webs are found: for coming back with recovery words.";
    Read "people.audit" AskAudit -> Audit, "log {web}", "Lists every act that changed who belongs to a web.";
}

/// What a person may do in a web.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Carries sealed things for the others and reads nothing.
    Carrier,
    /// Reads everything and shares nothing.
    Guest,
    /// Reads everything, shares and writes.
    Member,
    /// Invites, and removes those it outranks.
    Admin,
    /// Grants admin.
    Owner,
}

/// Says that something was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Done {
    /// What was done, in a sentence.
    pub what: String,
}

/// Arguments of `people.introduce`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Introduce {
    /// Your name as others shall see it, 1 to 64 characters.
    pub name: String,
}

/// Arguments of `people.me`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AskMe {}

/// Who you are here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Me {
    /// Your name; empty until you have said it.
    pub name: String,
    /// You, in every web.
    pub person: PersonId,
    /// This device.
    pub device: DeviceId,
}

/// Arguments of `people.start_web`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StartWeb {
    /// What the web is called, 1 to 64 characters.
    pub name: String,
}

/// A web as you see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WebView {
    /// Its label in paths and commands; unique on this peer.
    pub name: String,
    /// Your role; none when you were removed or have left.
    pub role: Option<Role>,
    /// How many persons belong to it.
    pub members: u64,
    /// How many of them are connected to this peer now, you included.
    pub here: u64,
    /// In words what is special: `waiting for a member to hand over the keys`, `you were removed`, or empty.
    pub note: String,
    /// Its id.
    pub id: WebId,
}

/// Arguments of `people.webs`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AskWebs {}

/// Your webs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Webs {
    /// In order of names.
    pub webs: Vec<WebView>,
}

/// Arguments of `people.invite`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Invite {
    /// The web.
    pub web: String,
    /// The role a joiner gets; member if not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// How many persons may join by it, 1 to 10,000; 1 if not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uses: Option<u32>,
    /// How many hours it is good for, 1 to 8,760; 168 (a week) if not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hours: Option<u32>,
    /// Whether an admin has to accept each join.
    #[serde(default)]
    pub approve: bool,
}

/// An invitation, just made. The link is a secret and is shown only now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Invitation {
    /// What the invited person pastes.
    pub link: String,
    /// The web.
    pub web: String,
    /// The role a joiner gets.
    pub role: Role,
    /// How many persons may join by it.
    pub uses: u32,
    /// When it ends.
    pub expires: Timestamp,
    /// Names it, for revoking.
    pub id: TicketId,
}

/// Arguments of `people.invitations`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AskInvitations {
    /// The web.
    pub web: String,
}

/// One invitation of a web.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct InvitationView {
    /// Who made it.
    pub by: String,
    /// The role a joiner gets.
    pub role: Role,
    /// How many have joined by it.
    pub used: u32,
    /// How many may.
    pub uses: u32,
    /// When it ends.
    pub expires: Timestamp,
    /// Whether an admin has to accept each join.
    pub approve: bool,
    /// `open`, `used up`, `expired` or `revoked`.
    pub state: String,
    /// Names it.
    pub id: TicketId,
}

/// Somebody who waits for approval.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WaitingView {
    /// Who.
    pub person: PersonId,
    /// Since when, by the joiner's clock.
    pub since: Timestamp,
}

/// The invitations of a web.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Invitations {
    /// Newest first.
    pub invitations: Vec<InvitationView>,
    /// Who waits for approval.
    pub waiting: Vec<WaitingView>,
}

/// Arguments of `people.revoke`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Revoke {
    /// The web.
    pub web: String,
    /// The invitation's id or its first digits.
    pub invitation: String,
}

/// Arguments of `people.join`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Join {
    /// The invitation, as pasted.
    pub link: String,
}

/// Arguments of `people.joining`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AskJoining {
    /// The web.
    pub id: WebId,
}

/// How far a join is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum JoinState {
    /// Asking the members named in the invitation.
    Asking,
    /// Admitted or asked for; waiting for approval or for a member who hands over the keys.
    Waiting,
    /// In.
    Member,
    /// Refused; `why` says why.
    Refused,
}

/// How a join gets on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Joining {
    /// The web.
    pub id: WebId,
    /// What it is called here.
    pub web: String,
    /// Who invited.
    pub inviter: String,
    /// How far it is.
    pub state: JoinState,
    /// In words: what it waits for, or why it was refused.
    pub why: String,
    /// Whether nothing more will happen by itself soon.
    pub is_over: bool,
}

/// Arguments of `people.accept`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Accept {
    /// The web.
    pub web: String,
    /// The person's id or its first digits.
    pub person: String,
}

/// Arguments of `people.members`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AskMembers {
    /// The web.
    pub web: String,
}

/// A person of a web.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MemberView {
    /// Its label in paths and commands; unique in the web, and made of your own name for it if you gave one.
    pub name: String,
    /// What it calls itself; empty when that is its label.
    pub own_name: String,
    /// Your own name for it, which only you see; none if you gave none.
    #[schemars(extend("format" = "for-programs"))]
    pub petname: Option<String>,
    /// Since when it is verified: you have compared safety codes. None when it is not.
    pub verified: Option<Timestamp>,
    /// What it may do; none when it was removed or has left.
    pub role: Option<Role>,
    /// Whether it is you.
    pub is_me: bool,
    /// Whether a device of it is connected to this peer now (you: always).
    pub is_here: bool,
    /// When this peer last heard from it; none when never.
    pub last_heard: Option<Timestamp>,
    /// Its id.
    pub id: PersonId,
}

/// The people of a web.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Members {
    /// Members by seniority, then those who are gone.
    pub members: Vec<MemberView>,
}

/// Arguments of `people.set_role`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SetRole {
    /// The web.
    pub web: String,
    /// The person's label, id or first digits of the id.
    pub person: String,
    /// The new role.
    pub role: Role,
}

/// Arguments of `people.hand_over`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HandOver {
    /// The web.
    pub web: String,
    /// The person's label, id or first digits of the id.
    pub person: String,
}

/// Arguments of `people.remove`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Remove {
    /// The web.
    pub web: String,
    /// The person's label, id or first digits of the id.
    pub person: String,
}

/// What a removal means.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Removed {
    /// What was done and what the removed person could already have, in sentences.
    pub what: String,
    /// How many files of this web the person's devices said they kept.
    pub files_kept: u64,
    /// How many bytes those are.
    pub bytes_kept: ByteCount,
}

/// Arguments of `people.leave`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Leave {
    /// The web.
    pub web: String,
}

/// Arguments of `people.serve`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Serve {
    /// The web, or an invitation to one: then this computer joins it first.
    pub web: String,
    /// Carries connections between members who can't reach each other directly.
    #[serde(default)]
    pub relay: bool,
    /// Keeps sealed copies and encrypted records for those who are never here together: so many bytes at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mirror: Option<ByteCount>,
    /// Indexes everything and answers for those who are away. Takes a member; a carrier can't read.
    #[serde(default)]
    pub broker: bool,
    /// Ends what this computer does for the web.
    #[serde(default)]
    pub stop: bool,
}

/// What this computer does for a web now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Served {
    /// In words, with what is still to come.
    pub what: String,
    /// The web's id.
    pub id: WebId,
    /// Whether it is a relay.
    pub relay: bool,
    /// Bytes of sealed copies it keeps at most, when it is a mirror.
    pub mirror: Option<ByteCount>,
    /// Whether it is a broker.
    pub broker: bool,
}

/// Arguments of `people.add_device`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AddDevice {}

/// A link for a new device, just made. It is a secret: whoever has it can become you, once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DeviceLink {
    /// What is pasted on the other computer.
    pub link: String,
    /// When it ends.
    pub expires: Timestamp,
}

/// Arguments of `people.pair`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Pair {
    /// The link that the other computer has made.
    pub link: String,
    /// What you call this computer, 1 to 64 characters.
    pub name: String,
}

/// Arguments of `people.devices`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AskDevices {}

/// A computer of yours.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DeviceView {
    /// What you call it; empty until you have said it.
    pub name: String,
    /// Whether it is this one.
    pub is_this: bool,
    /// Whether it is connected now.
    pub is_here: bool,
    /// When it was last heard from.
    pub heard: Option<Timestamp>,
    /// To how many of your webs it belongs.
    pub webs: u64,
    /// Its id.
    pub id: DeviceId,
}

/// Your computers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Devices {
    /// This one first.
    pub devices: Vec<DeviceView>,
    /// What this computer is waiting for, in words; empty when for nothing.
    pub note: String,
}

/// Arguments of `people.revoke_device`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RevokeDevice {
    /// Its name, or the first digits of its id.
    pub device: String,
}

/// Arguments of `people.name_device`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NameDevice {
    /// What you call this computer, 1 to 64 characters.
    pub name: String,
}

/// Arguments of `people.recover`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Recover {
    /// Where a member is found: what `althing address` says, or any invitation of a web of yours, also an old one.
    pub address: String,
}

/// Arguments of `people.change_words`: public halves and signatures, in hexadecimal. No secrets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeWords {
    /// The recovery key until now.
    pub old: String,
    /// The recovery key from now on.
    pub new: String,
    /// The old key's signature.
    pub by_old: String,
    /// The new key's signature.
    pub by_new: String,
    /// Computers of yours that end with the old words, by name or first digits of the id.
    #[serde(default)]
    pub revoke: Vec<String>,
}

/// Arguments of `people.address`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AskAddress {}

/// Where you and members of your webs are found. No secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Address {
    /// For `althing recover`.
    pub link: String,
}

/// Arguments of `people.audit`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AskAudit {
    /// The web.
    pub web: String,
}

/// One act.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AuditView {
    /// When, by the actor's clock.
    pub at: Timestamp,
    /// Who acted.
    pub by: String,
    /// What, in words.
    pub what: String,
    /// Whether it does not count: it was not allowed, or cut off by a removal.
    pub is_void: bool,
    /// Why it does not count; empty when it does.
    #[schemars(extend("format" = "for-programs"))]
    pub why_void: String,
    /// What kind of act: `start`, `invite`, `revoke-invitation`, `join`, `admit`, `role`, `remove`, `leave`, `add-device`,
    /// `revoke-device`, `new-words`, `recover`, `serve` or `key`.
    #[schemars(extend("format" = "for-programs"))]
    pub kind: String,
    /// Who acted; none when nobody knows whose device it was.
    #[schemars(extend("format" = "for-programs"))]
    pub person: Option<PersonId>,
    /// To whom it was done, when it was done to a person.
    #[schemars(extend("format" = "for-programs"))]
    pub about: Option<PersonId>,
    /// The device that signed.
    #[schemars(extend("format" = "for-programs"))]
    pub device: DeviceId,
    /// The entry that says so.
    pub entry: base::EntryId,
}

/// Every act that changed who belongs to a web.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Audit {
    /// Oldest first.
    pub acts: Vec<AuditView>,
}
