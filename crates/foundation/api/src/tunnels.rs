//! Operations of `tunnels`: a TCP service of one computer, used by people of a web as if it ran on theirs.

use base::{ByteCount, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::operation::operations;
use crate::people::Role;

operations! {
    Act "tunnels.offer" OfferTunnel -> TunnelView, "tunnel offer {port}", "Offers a TCP service of this computer to people of a web.", says "{name} is offered to {audience}.";
    Act "tunnels.withdraw" WithdrawTunnel -> TunnelView, "tunnel withdraw {name}", "Takes a tunnel of this computer back at once: connections under way end.", says "{name} is offered to nobody any more.";
    Act "tunnels.open" OpenTunnel -> TunnelView, "tunnel open {tunnel}", "Opens a tunnel of another at a port of this computer, until it is closed.", says "{tunnel} is at {address}.";
    Act "tunnels.close" CloseTunnel -> TunnelView, "tunnel close {tunnel}", "Closes a tunnel on this computer: nothing listens there any more.", says "{tunnel} is closed here.";
    Read "tunnels.list" AskTunnels -> Tunnels, "tunnel list {web?}", "Lists tunnels that are offered to you, that you offer, and that are open here.";
    Read "tunnels.log" AskTunnelLog -> TunnelLog, "tunnel log {name?}", "Shows who used tunnels of this computer, newest first.";
}

/// Arguments of `tunnels.offer`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OfferTunnel {
    /// The port of this computer at which the service listens, 1 to 65535. It is told to nobody.
    pub port: u32,
    /// What the tunnel is called: 1 to 40 of a-z, 0-9 and hyphens inside.
    #[serde(rename = "as")]
    pub name: String,
    /// The web; the only one you are in if not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub web: Option<String>,
    /// Labels of people who may use it, at most 64; all members if neither they nor a role are said.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub to: Vec<String>,
    /// Whoever has at least this role may use it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// A sentence about it that all members can read, up to 200 bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// Arguments of `tunnels.withdraw`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WithdrawTunnel {
    /// Its name.
    pub name: String,
    /// The web, if this computer offers the name in several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub web: Option<String>,
}

/// Arguments of `tunnels.open`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OpenTunnel {
    /// Which: `name`, `person/name`, or `web/person/name`.
    pub tunnel: String,
    /// The web, if it is not said in the name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub web: Option<String>,
    /// The port of this computer; a free one if not said, and the same again after a start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<u32>,
}

/// Arguments of `tunnels.close`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CloseTunnel {
    /// Which, as for opening.
    pub tunnel: String,
    /// The web, if it is not said in the name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub web: Option<String>,
}

/// Arguments of `tunnels.list`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AskTunnels {
    /// The web; all of yours if not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub web: Option<String>,
}

/// Arguments of `tunnels.log`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AskTunnelLog {
    /// The tunnel's name; all of this computer if not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// A tunnel.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact that a page shows by itself")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TunnelView {
    /// How it is named: `web/person/name`.
    pub tunnel: String,
    /// What it is called.
    pub name: String,
    /// How it is, in words.
    pub state: String,
    /// Where programs of this computer find it, as `127.0.0.1:5432`; empty while it is not open here.
    pub address: String,
    /// Who may use it, in words.
    pub audience: String,
    /// To whom it is offered by name, as `to` says it; empty when by role.
    pub to: Vec<String>,
    /// To whom it is offered by role; none when by name.
    pub role: Option<Role>,
    /// What its owner says about it; empty when nothing.
    pub note: String,
    /// The web.
    pub web: String,
    /// Who offers it, you as `you`.
    pub by: String,
    /// Whether it is offered now.
    pub is_offered: bool,
    /// Whether this computer offers it.
    pub is_offered_here: bool,
    /// Whether it is open on this computer.
    pub is_open: bool,
    /// Whether the computer that offers it is connected.
    pub is_reachable: bool,
    /// When its owner changed it last.
    pub changed: Timestamp,
}

/// Tunnels.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Tunnels {
    /// By web, person and name.
    pub tunnels: Vec<TunnelView>,
}

/// What one computer did with one tunnel, without a pause of more than a minute.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TunnelUse {
    /// The tunnel.
    pub name: String,
    /// Who, as the person was known then.
    pub who: String,
    /// Connections made.
    pub connections: u64,
    /// Connections refused: the tunnel was not offered to that person then.
    pub refused: u64,
    /// Bytes to the service.
    pub sent: ByteCount,
    /// Bytes from the service.
    pub received: ByteCount,
    /// When it began.
    pub from: Timestamp,
    /// When the last connection was used.
    pub until: Timestamp,
    /// The web.
    pub web: String,
}

/// Who used tunnels of this computer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TunnelLog {
    /// Newest first; the last 1,000.
    pub uses: Vec<TunnelUse>,
}
