//! Operations of `people` about single persons: my own names for them, safety codes, what is new of them, and webs made
//! with persons by name.

use base::{PersonId, Timestamp, WebId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::operation::operations;
use crate::people::{Done, Joining, WebView};

operations! {
    Act "people.name" NamePerson -> Done, "name {web} {person} {petname?}", "Gives a person your own name for it, which only you see.", says "{what}";
    Read "people.safety" AskSafety -> Safety, "safety {person}", "Shows the safety code of you and a person, for comparing.";
    Act "people.verify" Verify -> Done, "verify {person} {code?}", "Says that you have compared safety codes with a person.", says "{what}";
    Read "people.news" AskNews -> News, "news {web?}", "Lists changes of names and computers of people that you should know of.";
    Act "people.start_web_with" StartWebWith -> WebView, "web with {name} {persons}", "Starts a web with people you know; each gets an invitation, sealed to that person.", says "The web {name} has started. Those you named are asked to join; see: althing invitations {name}";
    Read "people.invited" AskInvited -> Invited, "invited", "Lists webs to which people you know invite you.";
    Act "people.enter" Enter -> Joining, "web enter {web}", "Joins a web to which a person you know invites you.", follow "people.joining";
    Act "people.decline" Decline -> Done, "web decline {web}", "Takes an invitation by a person you know off the list.", says "{what}";
    Act "people.dissolve" Dissolve -> Done, "web dissolve {web}", "Ends a web of yours: removes everybody and leaves.", says "{what}";
    Act "people.dismiss" Dismiss -> Done, "dismiss {web} {person}", "Signs that a person is removed whom you cannot remove alone, an owner, say; it is done when enough admins have signed.", says "{what}";
    Act "people.same_person" SamePerson -> Done, "same-person {web} {old} {new}", "Signs that a newcomer is somebody who has lost all devices and words; role and rank go over when enough admins have signed.", says "{what}";
    Read "people.dismissals" AskDismissals -> Dismissals, "dismissals {web}", "Lists what admins are asked to sign together, and how many signatures are missing.";
    Read "people.cut_off" AskCutOff -> CutOffs, "cut-off {web}", "Lists what a removal cut off: admissions and acts of who was removed, dated after what its remover knew. Files shared above the cut are erased and can't be brought back.";
    Act "people.restore" Restore -> Done, "restore {web} {act}", "Does again in your name what a removal cut off: invites who fell out, gives the role, admits, removes.", says "{what}";
    Read "people.audit_export" AskAuditExport -> AuditExport, "", "Writes the log of a web as a table or as JSON lines.";
}

/// Arguments of `people.cut_off`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AskCutOff {
    /// The web.
    pub web: String,
}

/// An act that a removal has cut off, and that can be done again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CutOff {
    /// What to name it by.
    pub act: String,
    /// When, by the actor's clock.
    pub at: Timestamp,
    /// Who acted, or came.
    pub who: String,
    /// What, in words.
    pub what: String,
    /// Whose removal of another has cut it off.
    pub cut_by: String,
    /// The entry that says so.
    #[schemars(extend("format" = "for-programs"))]
    pub entry: base::EntryId,
}

/// Acts that a removal has cut off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CutOffs {
    /// Oldest first.
    pub acts: Vec<CutOff>,
}

/// Arguments of `people.restore`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Restore {
    /// The web.
    pub web: String,
    /// The act, as `althing cut-off` names it.
    pub act: String,
}

/// Arguments of `people.name`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NamePerson {
    /// A web that the person belongs to.
    pub web: String,
    /// The person's label, id or first digits of the id.
    pub person: String,
    /// What you call it, 1 to 64 characters; it counts in all webs, on all your computers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub petname: Option<String>,
    /// Takes your name for it away: it is called again as it calls itself.
    #[serde(default)]
    pub clear: bool,
}

/// Arguments of `people.safety`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AskSafety {
    /// The person's label, id or first digits of the id.
    pub person: String,
    /// A web that the person belongs to; any common one if not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub web: Option<String>,
}

/// The safety code of you and another person. Both see the same one, unless somebody stands between you.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Safety {
    /// The person's label.
    pub name: String,
    /// 10 groups of 5 digits, for reading aloud.
    pub code: String,
    /// The same as a text for the other to paste or scan. It is no secret.
    pub link: String,
    /// Since when this person is verified; none when it is not.
    pub verified: Option<Timestamp>,
    /// The person.
    pub id: PersonId,
}

/// Arguments of `people.verify`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Verify {
    /// The person's label, id or first digits of the id.
    pub person: String,
    /// What the other's computer shows: the digits, or the text that begins with `althingperson1`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Says that you have compared the digits yourself and that all are the same.
    #[serde(default)]
    pub matches: bool,
    /// Takes the mark away: the person is not verified any more.
    #[serde(default)]
    pub undo: bool,
    /// A web that the person belongs to; any common one if not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub web: Option<String>,
}

/// Arguments of `people.news`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AskNews {
    /// The web; all of yours if not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub web: Option<String>,
}

/// A change of which a person should know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NewsView {
    /// When this computer learned of it.
    pub at: Timestamp,
    /// The web.
    pub web: String,
    /// Of whom, by the label it has now.
    pub who: String,
    /// What, in words.
    pub what: String,
    /// `renamed`, `new-device`, `other-devices`, `namesake`, `same-person` or `flood`.
    #[schemars(extend("format" = "for-programs"))]
    pub kind: String,
    /// Whether it may mean that somebody is not who you think: it concerns a person you have verified or named.
    #[schemars(extend("format" = "for-programs"))]
    pub is_loud: bool,
    /// The person.
    #[schemars(extend("format" = "for-programs"))]
    pub person: PersonId,
}

/// What is new of people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct News {
    /// Newest first.
    pub news: Vec<NewsView>,
}

/// Arguments of `people.start_web_with`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StartWebWith {
    /// What the web is called, 1 to 64 characters.
    pub name: String,
    /// Whom to invite, 1 to 16: labels in any web you have in common, ids, or first digits of ids.
    pub persons: Vec<String>,
}

/// Arguments of `people.invited`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AskInvited {}

/// An invitation that a person you know has sent you.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct InvitedView {
    /// What the inviter calls the web.
    pub web: String,
    /// Who invites, by its label in the web you have in common.
    pub by: String,
    /// The web you have in common, by which the invitation came.
    pub through: String,
    /// When it came.
    pub at: Timestamp,
    /// When it ends.
    pub expires: Timestamp,
    /// Who invites.
    #[schemars(extend("format" = "for-programs"))]
    pub person: PersonId,
    /// Names it, by the new web.
    pub id: WebId,
}

/// Webs to which people you know invite you.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Invited {
    /// Newest first.
    pub invited: Vec<InvitedView>,
}

/// Arguments of `people.enter`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Enter {
    /// The new web's name as shown, or its id or the first digits of it.
    pub web: String,
}

/// Arguments of `people.decline`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Decline {
    /// The new web's name as shown, or its id or the first digits of it.
    pub web: String,
}

/// Arguments of `people.dissolve`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Dissolve {
    /// The web.
    pub web: String,
}

/// Arguments of `people.dismiss`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Dismiss {
    /// The web.
    pub web: String,
    /// The person's label, id or first digits of the id.
    pub person: String,
}

/// Arguments of `people.same_person`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SamePerson {
    /// The web.
    pub web: String,
    /// Who has lost everything: label, id or first digits of the id.
    pub old: String,
    /// The newcomer who is the same human, a guest or member of the web by now.
    pub new: String,
}

/// Arguments of `people.dismissals`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AskDismissals {
    /// The web.
    pub web: String,
}

/// Something that takes the signatures of several admins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DismissalView {
    /// Who would go.
    pub person: String,
    /// Who takes over its role and rank, being the same human; none when the person is simply removed.
    pub same: Option<String>,
    /// Who has signed, as far as you know.
    pub signed: Vec<String>,
    /// Who could sign, too.
    pub could_sign: Vec<String>,
    /// How many of those are still needed.
    pub missing: u64,
    /// Whether you have signed.
    pub is_signed_by_me: bool,
    /// The person who would go.
    #[schemars(extend("format" = "for-programs"))]
    pub id: PersonId,
}

/// What admins are asked to sign together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Dismissals {
    /// By person.
    pub dismissals: Vec<DismissalView>,
}

/// How a log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ExportForm {
    /// A table for spreadsheets (RFC 4180).
    Csv,
    /// One JSON object a line.
    Jsonl,
}

/// Arguments of `people.audit_export`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AskAuditExport {
    /// The web.
    pub web: String,
    /// How it is written.
    pub form: ExportForm,
}

/// A log, written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AuditExport {
    /// How many acts.
    pub acts: u64,
    /// The whole text.
    pub text: String,
}
