//! The names of the protocols between peers, who may use each, and the codes connections and streams end with.

use base::DeviceId;
use iroh::EndpointId;
use iroh::endpoint::VarInt;

/// What a connection is for; QUIC negotiates it (ALPN).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Protocol {
    /// Messages between members of a common web.
    Member,
    /// Messages between a stranger with a ticket and a member.
    Join,
    /// Ranges of contents, verified as they stream: the protocol of iroh-blobs.
    Content,
    /// Many small contents at once.
    Bundle,
    /// TCP services of another computer.
    Tunnel,
}

impl Protocol {
    pub(crate) const ALL: [Self; 5] = [Self::Member, Self::Join, Self::Content, Self::Bundle, Self::Tunnel];

    /// Returns the name on the wire.
    pub(crate) const fn alpn(self) -> &'static [u8] {
        match self {
            Self::Member => b"althing/member/1",
            Self::Join => b"althing/join/1",
            Self::Content => iroh_blobs::ALPN,
            Self::Bundle => b"althing/bundle/1",
            Self::Tunnel => b"althing/tunnel/1",
        }
    }

    /// Returns the protocol of a name on the wire.
    pub(crate) fn of(alpn: &[u8]) -> Option<Self> {
        Self::ALL.into_iter().find(|protocol| protocol.alpn() == alpn)
    }

    /// Says whether only members of a common web may use it.
    pub(crate) fn is_for_members(self) -> bool {
        self != Self::Join
    }
}

/// Why a connection or a stream was ended, as the other side hears it.
pub(crate) mod code {
    use files::jobs::id_start;

    use super::{DeviceId, VarInt};

    /// Nothing more to say.
    pub(crate) const DONE: VarInt = VarInt::from_u32(0);
    /// Not for you: no member, or no right to this content. The number is iroh-blobs' own.
    pub(crate) const REFUSED: VarInt = VarInt::from_u32(1);
    /// Too many at once, or too soon after misbehaving. The number is iroh-blobs' own.
    pub(crate) const BUSY: VarInt = VarInt::from_u32(2);
    /// Something here cannot be read. The number is iroh-blobs' own.
    pub(crate) const BROKEN: VarInt = VarInt::from_u32(3);
    /// What you say is not in the protocol.
    pub(crate) const VIOLATION: VarInt = VarInt::from_u32(0x10);
    /// Another connection between us is used.
    pub(crate) const DUPLICATE: VarInt = VarInt::from_u32(0x11);
    /// The file behind this content is not as it was when it was hashed.
    pub(crate) const CHANGED: VarInt = VarInt::from_u32(0x12);
    /// These ranges are not here.
    pub(crate) const NOT_HERE: VarInt = VarInt::from_u32(0x13);
    /// This peer stops.
    pub(crate) const STOPPING: VarInt = VarInt::from_u32(0x14);

    /// Codes from here on name a device that has it, by the start of its id.
    const ELSEWHERE: u64 = 1 << 60;
    const ID_START: u64 = (1 << 56) - 1;

    /// Many ask me for this: ask another, or me in a moment; nobody else has it yet if none is named.
    pub(crate) fn elsewhere(device: Option<DeviceId>) -> VarInt {
        VarInt::from_u64(ELSEWHERE | device.map_or(0, id_start)).unwrap_or(BUSY)
    }

    /// Returns the start of the id that a code names.
    pub(crate) fn named(code: VarInt) -> Option<u64> {
        let code = code.into_inner();
        (code & !ID_START == ELSEWHERE).then_some(code & ID_START)
    }
}

/// Returns the device behind a network identity; they are the same key.
pub(crate) fn device_of(endpoint: EndpointId) -> DeviceId {
    DeviceId::new(*endpoint.as_bytes())
}

/// Returns the network identity of a device; `None` when its bytes are no public key.
pub(crate) fn endpoint_of(device: DeviceId) -> Option<EndpointId> {
    EndpointId::from_bytes(device.as_bytes()).ok()
}
