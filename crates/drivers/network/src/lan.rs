//! Finding each other on the local network by multicast DNS (RFC 6762), while it is switched on.
//!
//! Everybody on the network can see that an Althing device with this key is here, and where; so it can be switched
//! off. Only devices the deciders know are remembered: who is seen gains no right by it.

use std::sync::Arc;
use std::time::Duration;

use futures_lite::StreamExt;
use iroh::Watcher;
use iroh::address_lookup::{AddressLookup, EndpointData};
use iroh_mdns_address_lookup::{DiscoveryEvent, MdnsAddressLookup};
use kernel::Input;

use crate::protocol::device_of;
use crate::shared::Shared;

/// What devices of this program call themselves on the network: `_althing._udp.local`.
const SERVICE_NAME: &str = "althing";

/// How often others are asked for, at least: some 100 bytes each time.
const CADENCE: Duration = Duration::from_secs(4);

impl Shared {
    /// Looks for others while the switch is on, until the network stops.
    pub(crate) async fn watch_lan(self: Arc<Self>) {
        // Who listens on this computer alone has nothing to say on a network.
        let is_local = |address: &std::net::SocketAddr| address.ip().is_loopback();
        if self.endpoint.bound_sockets().iter().all(is_local) {
            return;
        }
        loop {
            tokio::select! {
                () = self.stop.cancelled() => return,
                () = self.lan.stands(true) => {}
            }
            let found = MdnsAddressLookup::builder()
                .service_name(SERVICE_NAME)
                .discovery_cadence(CADENCE)
                .build(self.endpoint.id());
            match found {
                Ok(mdns) => self.look_around(&mdns).await,
                Err(error) => {
                    tracing::warn!(%error, "the local network cannot be searched");
                    tokio::select! {
                        () = self.stop.cancelled() => return,
                        () = tokio::time::sleep(Duration::from_secs(60)) => {}
                    }
                }
            }
        }
    }

    async fn look_around(&self, mdns: &MdnsAddressLookup) {
        let mut seen = mdns.subscribe().await;
        let mut own = self.endpoint.watch_addr();
        mdns.publish(&EndpointData::new(own.get().addrs.into_iter().collect()));
        loop {
            tokio::select! {
                () = self.stop.cancelled() => return,
                () = self.lan.stands(false) => return,
                changed = own.updated() => match changed {
                    Ok(address) => mdns.publish(&EndpointData::new(address.addrs.into_iter().collect())),
                    Err(_) => return,
                },
                event = seen.next() => match event {
                    Some(DiscoveryEvent::Discovered { endpoint_info, .. }) => {
                        let device = device_of(endpoint_info.endpoint_id);
                        let addresses: Vec<_> = endpoint_info.ip_addrs().copied().collect();
                        if self.admission.is_admitted(device) && self.book.nearby(device, &addresses) {
                            let report = wire::to_bytes(&device);
                            self.inputs.tell(Input::Noticed { kind: "records.nearby", report }).await;
                        }
                    }
                    Some(_) => {}
                    None => return,
                },
            }
        }
    }
}
