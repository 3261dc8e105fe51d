//! The rows of `tunnels`.

use base::{DeviceId, PersonId, Timestamp, WebId};
use minicbor::{Decode, Encode};
use store::Table;

use crate::jobs::Usage;
use crate::statement::Audience;

/// A tunnel: the web, the device that offers it, its name.
pub(crate) type TunnelKey = (WebId, DeviceId, String);

/// Offers this peer has heard of, its own among them; also those that were taken back.
pub(crate) const OFFERS: Table<TunnelKey, OfferRow> = Table::new("tunnels.offers");
/// Where the tunnels lead that this computer offers.
pub(crate) const PORTS: Table<(WebId, String), u16> = Table::new("tunnels.ports");
/// Tunnels of others that are open here, with the port they are at; opened again after a start.
pub(crate) const OPENED: Table<TunnelKey, OpenedRow> = Table::new("tunnels.opened");
/// Who used tunnels of this computer, oldest first.
pub(crate) const USES: Table<u64, UseRow> = Table::new("tunnels.uses");

/// One offer.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct OfferRow {
    #[n(0)]
    pub(crate) person: PersonId,
    #[n(1)]
    pub(crate) at: Timestamp,
    #[n(2)]
    pub(crate) is_open: bool,
    #[n(3)]
    pub(crate) audience: Audience,
    #[n(4)]
    pub(crate) note: String,
}

/// A tunnel that is open here.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct OpenedRow {
    /// 0 until the driver has said which.
    #[n(0)]
    pub(crate) port: u16,
    #[n(1)]
    pub(crate) since: Timestamp,
}

/// What one device did with one tunnel, without a pause of more than a minute.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct UseRow {
    #[n(0)]
    pub(crate) web: WebId,
    #[n(1)]
    pub(crate) name: String,
    #[n(2)]
    pub(crate) device: DeviceId,
    /// Who it was then; none when the device belonged to nobody.
    #[n(3)]
    pub(crate) person: Option<PersonId>,
    #[n(4)]
    pub(crate) from: Timestamp,
    #[n(5)]
    pub(crate) until: Timestamp,
    #[n(6)]
    pub(crate) connections: u64,
    #[n(7)]
    pub(crate) refused: u64,
    #[n(8)]
    pub(crate) up: u64,
    #[n(9)]
    pub(crate) down: u64,
}

impl UseRow {
    /// An entry without anything in it yet.
    pub(crate) fn begun(usage: &Usage, person: Option<PersonId>, now: Timestamp) -> Self {
        let (web, device, name) = (usage.web, usage.asker, usage.name.clone());
        Self { web, name, device, person, from: now, until: now, connections: 0, refused: 0, up: 0, down: 0 }
    }
}
