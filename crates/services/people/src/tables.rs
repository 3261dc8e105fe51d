//! The rows of people. Only encrypted keys stand here; plain keys live in the keyring.

use base::{DeviceId, EntryId, KeyId, PersonId, TicketId, Timestamp, WebId};
use kernel::Step;
use minicbor::{Decode, Encode};
use store::Table;
use wire::codec::Bytes;
use wire::governance::{Role, Serving};

use crate::evaluate::Facts;

/// This peer's person; written at every start.
pub(crate) const ME: Table<(), MeRecord> = Table::new("people.me");
/// The webs this peer belongs to, joins, or belonged to.
pub(crate) const WEBS: Table<WebId, WebRecord> = Table::new("people.webs");
/// Labels of webs, unique on this peer.
pub(crate) const WEB_LABELS: Table<String, WebId> = Table::new("people.web-labels");
/// Everybody who is or was a member.
pub(crate) const MEMBERS: Table<(WebId, PersonId), MemberRecord> = Table::new("people.members");
/// Whose device it is; also devices of those who are gone.
pub(crate) const DEVICES: Table<(WebId, DeviceId), PersonId> = Table::new("people.devices");
/// Where a device belongs to a member (true) or a carrier (false) now.
pub(crate) const WEBS_OF: Table<(DeviceId, WebId), bool> = Table::new("people.webs-of");
/// Labels of persons, unique in a web.
pub(crate) const LABELS: Table<(WebId, String), PersonId> = Table::new("people.labels");
/// The name a person gives itself in a web.
pub(crate) const NAMES: Table<(WebId, PersonId), String> = Table::new("people.names");
/// The newest key of each member of a web, to which is sealed what it alone shall read.
pub(crate) const PERSON_KEYS: Table<(WebId, PersonId), wire::identity::Key> =
    Table::new("people.person-keys");
/// The name a web was given by its owners: who said it, and what.
pub(crate) const WEB_NAMES: Table<(WebId, PersonId), String> = Table::new("people.web-names");
/// Where devices say they are reachable.
pub(crate) const ADDRESSES: Table<(WebId, DeviceId), Vec<String>> = Table::new("people.addresses");
/// Invitations of a web as evaluated.
pub(crate) const INVITATIONS: Table<(WebId, TicketId), InvitationRecord> = Table::new("people.invitations");
/// Who waits for approval: the join entry and what it says.
pub(crate) const WAITING: Table<(WebId, EntryId), WaitingRecord> = Table::new("people.waiting");
/// Joins this peer asked for.
pub(crate) const JOINS: Table<WebId, JoinRecord> = Table::new("people.joins");
/// Epoch keys sealed to this person, as they came.
pub(crate) const WRAPS: Table<(WebId, KeyId), Bytes> = Table::new("people.wraps");
/// What was found out once about a join entry, so that signatures are checked once.
pub(crate) const CHECKED: Table<EntryId, CheckedRecord> = Table::new("people.proven");
/// How much of a web a person keeps, as files has counted it.
pub(crate) const KEPT: Table<(WebId, PersonId), KeptRecord> = Table::new("people.kept");
/// Keys sealed under other keys, as epochs bring them: (web, older key, newer key).
pub(crate) const OLDER: Table<(WebId, KeyId, KeyId), Bytes> = Table::new("people.older");
/// Records of devices whose person is not known yet, in order of arrival.
pub(crate) const EARLY: Table<(WebId, DeviceId, u64), Bytes> = Table::new("people.early");

/// My own names for persons, in all webs.
pub(crate) const PETNAMES: Table<PersonId, String> = Table::new("people.petnames");
/// With whom I have compared safety codes, and when.
pub(crate) const VERIFIED: Table<PersonId, Timestamp> = Table::new("people.verified");
/// When the name a person gives itself came here.
pub(crate) const NAMED_AT: Table<(WebId, PersonId), Timestamp> = Table::new("people.named-at");
/// What should be known of a person: one of each kind ([`crate::notices::Kind`]).
pub(crate) const NOTICES: Table<(WebId, PersonId, u64), NoticeRecord> = Table::new("people.notices");
/// Webs to which a person invites me, by a sealed note.
pub(crate) const INVITED: Table<(PersonId, WebId), InvitedRecord> = Table::new("people.invited");
/// How many notes of a device were tried on one day.
pub(crate) const NOTES_TRIED: Table<(WebId, DeviceId), TriedRecord> = Table::new("people.notes-tried");

/// What computers do for a web, as they say.
pub(crate) const SERVING: Table<(WebId, DeviceId), Serving> = Table::new("people.serving");
/// What this computer was asked to do for a web.
pub(crate) const SERVES: Table<WebId, ServesRecord> = Table::new("people.serves");
/// Where this device's relay is reached, when it is one.
pub(crate) const RELAY: Table<(), String> = Table::new("people.relay");
/// Whether and what this device says in the DHT.
pub(crate) const DHT: Table<(), DhtRecord> = Table::new("people.dht");

/// What this computer was asked to do for a web.
#[derive(Debug, Clone, Default, PartialEq, Eq, Encode, Decode)]
pub(crate) struct ServesRecord {
    #[n(0)]
    pub(crate) relay: bool,
    /// Bytes of sealed copies at most.
    #[n(1)]
    pub(crate) mirror: Option<u64>,
    #[n(2)]
    pub(crate) broker: bool,
    /// When the web was told last.
    #[n(3)]
    pub(crate) said_at: Option<Timestamp>,
}

/// How this device stands with the DHT.
#[derive(Debug, Clone, Default, PartialEq, Eq, Encode, Decode)]
pub(crate) struct DhtRecord {
    /// Whether the driver speaks to it.
    #[n(0)]
    pub(crate) is_on: bool,
    /// The number of the newest record written.
    #[n(1)]
    pub(crate) number: u64,
    /// When nodes took one last.
    #[n(2)]
    pub(crate) stored_at: Option<Timestamp>,
}

/// This peer's person.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct MeRecord {
    #[n(0)]
    pub(crate) person: PersonId,
    #[n(1)]
    pub(crate) device: DeviceId,
    /// Empty until it was said.
    #[n(2)]
    pub(crate) name: String,
    /// Where this device is reachable, as last told by the network.
    #[n(3)]
    pub(crate) addresses: Vec<String>,
    /// What members were told last, and when.
    #[n(4)]
    pub(crate) published: Vec<String>,
    #[n(5)]
    pub(crate) published_at: Timestamp,
}

/// How this peer stands in a web.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum Standing {
    /// Asking to be let in.
    #[n(0)]
    Joining,
    /// A member.
    #[n(1)]
    Member,
    /// Was removed.
    #[n(2)]
    Removed,
    /// Has left.
    #[n(3)]
    Left,
    /// Carries for the web and can't read it.
    #[n(4)]
    Carrier,
}

impl Standing {
    /// Says whether this peer belongs to the web now, reading or carrying.
    pub fn is_in(self) -> bool {
        matches!(self, Self::Member | Self::Carrier)
    }
}

/// A web.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct WebRecord {
    #[n(0)]
    pub(crate) label: String,
    /// What the web is called where no owner has said it yet: from the ticket.
    #[n(1)]
    pub(crate) suggested: String,
    #[n(2)]
    pub(crate) standing: Standing,
    #[n(3)]
    pub(crate) members: u64,
    #[n(4)]
    pub(crate) has_key: bool,
    /// When the web came to this peer; the older keeps the bare label.
    #[n(5)]
    pub(crate) since: Timestamp,
    /// The device that founded it: its first entry is the genesis.
    #[n(6)]
    pub(crate) founder: Option<DeviceId>,
}

/// A person of a web.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct MemberRecord {
    #[n(0)]
    pub(crate) role: Option<Role>,
    /// Place by seniority, from 0.
    #[n(1)]
    pub(crate) rank: u64,
    #[n(2)]
    pub(crate) devices: Vec<DeviceId>,
    /// By the clock of who admitted.
    #[n(3)]
    pub(crate) admitted: Timestamp,
    #[n(4)]
    pub(crate) label: String,
}

/// An invitation.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct InvitationRecord {
    #[n(0)]
    pub(crate) by: PersonId,
    #[n(1)]
    pub(crate) role: Role,
    #[n(2)]
    pub(crate) uses: u32,
    #[n(3)]
    pub(crate) used: u32,
    #[n(4)]
    pub(crate) expires: Timestamp,
    #[n(5)]
    pub(crate) is_revoked: bool,
    #[n(6)]
    pub(crate) lamport: u64,
    /// By the clock of who made it.
    #[n(7)]
    pub(crate) made: Timestamp,
    /// Whether each join has to be accepted; none in rows of earlier versions, until they are written anew.
    #[n(8)]
    pub(crate) approve: Option<bool>,
}

/// A join that waits for approval.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct WaitingRecord {
    #[n(0)]
    pub(crate) person: PersonId,
    #[n(1)]
    pub(crate) since: Timestamp,
}

/// How far a join of this peer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub(crate) enum JoinStep {
    /// Knocking at the doors.
    #[n(0)]
    Asking,
    /// The join entry is written; no keys yet.
    #[n(1)]
    Waiting,
    /// In.
    #[n(2)]
    Member,
    /// Refused.
    #[n(3)]
    Refused,
}

/// A join this peer asked for. Holds the ticket, a secret only until it is used.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct JoinRecord {
    /// Empty once the join is over.
    #[n(0)]
    pub(crate) ticket: String,
    #[n(1)]
    pub(crate) inviter: String,
    #[n(2)]
    pub(crate) step: JoinStep,
    #[n(3)]
    pub(crate) why: String,
    /// The join entry, once written.
    #[n(4)]
    pub(crate) entry: Option<Bytes>,
    #[n(5)]
    pub(crate) attempts: u32,
    /// The member who let this peer in, named to records before the evaluation knows it.
    #[n(6)]
    pub(crate) welcomer: Option<DeviceId>,
}

/// What a join entry proves.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct CheckedRecord {
    /// None when its signatures do not hold.
    #[n(0)]
    pub(crate) facts: Option<Facts>,
}

/// What a person keeps of a web.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Encode, Decode)]
pub(crate) struct KeptRecord {
    #[n(0)]
    pub(crate) files: u64,
    #[n(1)]
    pub(crate) bytes: u64,
}

/// Notes how many files and bytes of a web a person's devices said they keep; `people.remove` tells them.
pub fn note_kept(step: &mut Step<'_>, web: WebId, person: PersonId, files: u64, bytes: u64) {
    KEPT.put(step.rows(), &(web, person), &KeptRecord { files, bytes });
}

/// Something that should be known of a person.
#[derive(Debug, Clone, Default, PartialEq, Eq, Encode, Decode)]
pub(crate) struct NoticeRecord {
    #[n(0)]
    pub(crate) at: Timestamp,
    /// The name before; of a namesake the label it would like to have.
    #[n(1)]
    pub(crate) before: String,
    /// The name now.
    #[n(2)]
    pub(crate) after: String,
    /// Of a namesake: like whom it looks.
    #[n(3)]
    pub(crate) like: Option<PersonId>,
}

/// An invitation that came sealed to this person.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct InvitedRecord {
    /// A secret, as in [`JoinRecord`].
    #[n(0)]
    pub(crate) ticket: String,
    /// The web by which it came.
    #[n(1)]
    pub(crate) through: WebId,
    #[n(2)]
    pub(crate) at: Timestamp,
    #[n(3)]
    pub(crate) expires: Timestamp,
    /// Path-safe.
    #[n(4)]
    pub(crate) web_name: String,
}

/// How many notes of a device were tried.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Encode, Decode)]
pub(crate) struct TriedRecord {
    /// Days since 1970, by this peer's clock.
    #[n(0)]
    pub(crate) day: u64,
    #[n(1)]
    pub(crate) count: u32,
}
