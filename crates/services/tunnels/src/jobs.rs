//! What the network driver is asked to do for tunnels, and what it tells.

use base::{DeviceId, WebId};
use minicbor::{Decode, Encode};

/// The driver listens on this computer and carries each connection to the device that offers: input [`Listen`], progress
/// [`Listening`]; it goes on until it is cancelled, or fails with a sentence.
pub const LISTEN: &str = "tunnels.listen";

/// The driver asks anew for every stream under way whether its asker still may; no input.
pub const RECHECK: &str = "tunnels.recheck";

/// The driver tells how tunnels of this computer were used: [`Usage`].
pub const USED: &str = "tunnels.used";

/// Letters, digits and hyphens of a tunnel's name at most.
pub const NAME_LEN_MAX: usize = 40;

/// Bytes of any of these at most.
pub(crate) const REPORT_SIZE_MAX: usize = 1_024;

/// Bytes of a [`Request`] at most: a web and a name.
pub const REQUEST_SIZE_MAX: usize = 256;

/// What the asker of a stream says first (spec tunnels, rule 6).
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Request {
    /// In which web.
    #[n(0)]
    pub web: WebId,
    /// Which tunnel. Whatever it is: what nobody offers is refused.
    #[n(1)]
    pub name: String,
}

/// Where to listen, and where to carry to.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Listen {
    /// Who offers.
    #[n(0)]
    pub device: DeviceId,
    /// In which web.
    #[n(1)]
    pub web: WebId,
    /// Under which name.
    #[n(2)]
    pub name: String,
    /// The port on this computer; 0 takes a free one.
    #[n(3)]
    pub port: u16,
}

/// How listening gets on; told when it begins and whenever it changes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Encode, Decode)]
pub struct Listening {
    /// The port.
    #[n(0)]
    pub port: u16,
    /// Connections under way.
    #[n(1)]
    pub connections: u64,
    /// Why the last connection came to nothing; empty when it did not.
    #[n(2)]
    pub trouble: String,
}

/// What one device did with one tunnel of this computer since the last report, at most once a second.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Usage {
    /// Who.
    #[n(0)]
    pub asker: DeviceId,
    /// In which web.
    #[n(1)]
    pub web: WebId,
    /// Which, as it asked; bounded as names are.
    #[n(2)]
    pub name: String,
    /// Connections that began.
    #[n(3)]
    pub begun: u64,
    /// Connections that it was refused.
    #[n(4)]
    pub refused: u64,
    /// Connections under way.
    #[n(5)]
    pub open: u64,
    /// Bytes from the asker to the service.
    #[n(6)]
    pub up: u64,
    /// Bytes from the service to the asker.
    #[n(7)]
    pub down: u64,
}

/// Encodes what a job is given or tells.
pub fn to_bytes<T: Encode<()>>(value: &T) -> Vec<u8> {
    wire::to_bytes(value)
}

/// Reads what a job is given or tells.
pub fn from_bytes<T: for<'b> Decode<'b, ()> + Encode<()>>(bytes: &[u8]) -> Result<T, wire::WireError> {
    wire::from_bytes(bytes, REPORT_SIZE_MAX)
}
