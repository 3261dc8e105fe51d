//! The address book: where each device was last reachable. Survives restarts.
//!
//! Two kinds of addresses: told by the deciders (they stand in signed records), and the one that last worked.
//! Not for: finding devices nobody told us about.

use std::collections::BTreeMap;
use std::io::Write;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use base::DeviceId;
use iroh::EndpointAddr;
use minicbor::{Decode, Encode};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use wire::address::Address;

use crate::protocol::endpoint_of;

/// Addresses of one device at most: dialling tries all at once.
const ADDRESSES_MAX: usize = 16;

/// Devices in the book at most; the ones not heard of for longest leave first.
const DEVICES_MAX: usize = 10_000;

/// Bytes of the book's file at most.
const FILE_SIZE_MAX: usize = 16 * 1024 * 1024;

/// Changes within this time are written together.
const WRITE_DELAY: Duration = Duration::from_secs(1);

#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
struct Entry {
    #[n(0)]
    device: DeviceId,
    #[n(1)]
    told: Vec<String>,
    #[n(2)]
    worked: Option<String>,
    /// Counts up with every change in the book; no clock.
    #[n(3)]
    touched: u64,
    /// Seen on the local network in this run; not written.
    #[cbor(skip)]
    nearby: Vec<SocketAddr>,
}

/// Where devices are reachable.
#[derive(Debug)]
pub(crate) struct Book {
    file: PathBuf,
    entries: Mutex<BTreeMap<DeviceId, Entry>>,
    changed: Notify,
}

impl Book {
    /// Opens the book; a damaged one is put aside and a new one begun, for deciders tell addresses again.
    pub(crate) fn open(home: &Path) -> Self {
        let file = home.join("addresses");
        let entries =
            match std::fs::read(&file).map(|bytes| wire::from_bytes::<Vec<Entry>>(&bytes, FILE_SIZE_MAX)) {
                Ok(Ok(entries)) => entries.into_iter().map(|entry| (entry.device, entry)).collect(),
                Ok(Err(error)) => {
                    tracing::warn!(%error, "the address book is damaged, a new one is begun");
                    let aside = std::fs::rename(&file, home.join("addresses.damaged"));
                    tracing::debug!(?aside, "damaged address book put aside");
                    BTreeMap::new()
                }
                Err(_) => BTreeMap::new(),
            };
        Self { file, entries: Mutex::new(entries), changed: Notify::new() }
    }

    /// Remembers what a decider says; replaces what it said before.
    pub(crate) fn told(&self, device: DeviceId, addresses: &[String]) {
        let told: Vec<String> = addresses
            .iter()
            .filter_map(|text| usable(text))
            .take(ADDRESSES_MAX)
            .map(|address| match address {
                Address::Direct(address) => address.to_string(),
                Address::Relay(url) => url,
            })
            .collect();
        self.change(device, |entry| {
            let is_new = entry.told != told;
            entry.told = told;
            is_new
        });
    }

    /// Remembers that a device was reached there.
    pub(crate) fn worked(&self, device: DeviceId, address: SocketAddr) {
        let worked = Some(address.to_string());
        self.change(device, |entry| {
            let is_new = entry.worked != worked;
            entry.worked = worked;
            is_new
        });
    }

    /// Remembers where a device was seen on the local network; says whether that is new.
    pub(crate) fn nearby(&self, device: DeviceId, addresses: &[SocketAddr]) -> bool {
        let mut is_new = false;
        let nearby: Vec<SocketAddr> =
            addresses.iter().filter(|a| is_dialable(**a)).take(ADDRESSES_MAX).copied().collect();
        self.change(device, |entry| {
            is_new = !nearby.is_empty() && entry.nearby != nearby;
            entry.nearby = nearby;
            is_new
        });
        is_new
    }

    fn change(&self, device: DeviceId, change: impl FnOnce(&mut Entry) -> bool) {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let touched = entries.values().map(|entry| entry.touched).max().unwrap_or(0) + 1;
        let entry = entries.entry(device).or_insert_with(|| Entry {
            device,
            told: Vec::new(),
            worked: None,
            touched,
            nearby: Vec::new(),
        });
        if change(entry) {
            entry.touched = touched;
            self.changed.notify_one();
        }
        if entries.len() > DEVICES_MAX {
            let oldest = entries.values().min_by_key(|entry| entry.touched).map(|entry| entry.device);
            oldest.map(|device| entries.remove(&device));
        }
    }

    /// Returns where to dial a device; `None` when no address is known.
    pub(crate) fn find(&self, device: DeviceId) -> Option<EndpointAddr> {
        let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = entries.get(&device)?;
        let mut found = EndpointAddr::new(endpoint_of(device)?);
        for address in &entry.nearby {
            found = found.with_ip_addr(*address);
        }
        for address in entry.worked.iter().chain(&entry.told).filter_map(|text| usable(text)) {
            found = match address {
                Address::Direct(address) => found.with_ip_addr(address),
                Address::Relay(url) => match url.parse() {
                    Ok(url) => found.with_relay_url(url),
                    Err(_) => found,
                },
            };
        }
        (!found.addrs.is_empty()).then_some(found)
    }

    /// Writes changes to the file until told to stop, and once more then.
    pub(crate) async fn keep(&self, stop: CancellationToken) {
        loop {
            tokio::select! {
                () = stop.cancelled() => break,
                () = self.changed.notified() => {}
            }
            tokio::select! {
                () = stop.cancelled() => {}
                () = tokio::time::sleep(WRITE_DELAY) => {}
            }
            self.write();
        }
        self.write();
    }

    fn write(&self) {
        let entries: Vec<Entry> = {
            let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
            entries.values().cloned().collect()
        };
        if let Err(error) = replace(&self.file, &wire::to_bytes(&entries)) {
            // The book is a convenience: deciders tell the addresses again at the next start.
            tracing::warn!(%error, "the address book cannot be written");
        }
    }
}

fn replace(file: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let next = file.with_extension("next");
    let mut writer = std::fs::File::create(&next)?;
    writer.write_all(bytes)?;
    writer.sync_all()?;
    std::fs::rename(&next, file)
}

/// Reads an address and refuses those nobody can be dialled at.
fn usable(text: &str) -> Option<Address> {
    Address::read(text).filter(|address| match address {
        Address::Direct(address) => is_dialable(*address),
        Address::Relay(_) => true,
    })
}

fn is_dialable(address: SocketAddr) -> bool {
    address.port() != 0
        && !address.ip().is_unspecified()
        && !address.ip().is_multicast()
        && address.ip() != IpAddr::from([255, 255, 255, 255])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bob() -> DeviceId {
        DeviceId::new(*iroh::SecretKey::from_bytes(&[7; 32]).public().as_bytes())
    }

    #[test]
    fn the_book_survives_a_restart() {
        let home = tempfile::tempdir().unwrap();
        let book = Book::open(home.path());
        assert!(book.find(bob()).is_none());
        book.told(bob(), &["192.0.2.1:4433".to_owned()]);
        book.worked(bob(), "192.0.2.9:5".parse().unwrap());
        book.write();
        let again = Book::open(home.path()).find(bob()).unwrap();
        assert_eq!(again.addrs.len(), 2);
    }

    #[test]
    fn hostile_addresses_are_not_dialled() {
        let home = tempfile::tempdir().unwrap();
        let book = Book::open(home.path());
        let hostile =
            ["0.0.0.0:1", "224.0.0.1:5", "255.255.255.255:9", "10.0.0.1:0", "example.org:1", "", "[::]:1"];
        book.told(bob(), &hostile.map(str::to_owned));
        assert!(book.find(bob()).is_none());
        let many: Vec<String> = (1..100).map(|port| format!("192.0.2.1:{port}")).collect();
        book.told(bob(), &many);
        assert_eq!(book.find(bob()).unwrap().addrs.len(), ADDRESSES_MAX);
    }

    #[test]
    fn a_damaged_book_is_begun_anew() {
        let home = tempfile::tempdir().unwrap();
        std::fs::write(home.path().join("addresses"), b"garbage").unwrap();
        assert!(Book::open(home.path()).find(bob()).is_none());
        assert!(home.path().join("addresses.damaged").exists());
    }
}
