//! What attackers without the program speak with: iroh as it comes, and frames written by hand.

use std::time::Duration;

use anyhow::{Context as _, Result};
use base::DeviceId;
use iroh::endpoint::{Connection, Endpoint, RelayMode, presets};
use iroh::{EndpointAddr, EndpointId, SecretKey};

use crate::redteam::cast::Seat;

/// The protocols of a peer, as they stand on the wire.
pub(crate) const MEMBER: &[u8] = b"althing/member/1";
pub(crate) const JOIN: &[u8] = b"althing/join/1";
pub(crate) const BUNDLE: &[u8] = b"althing/bundle/1";
pub(crate) const TUNNEL: &[u8] = b"althing/tunnel/1";
/// What both sides say first on a link.
pub(crate) const GREETING: &[u8] = b"ALT1";

/// How long an attacker waits for one answer.
const WAIT: Duration = Duration::from_millis(1_500);

/// Somebody who is to be attacked: what anybody may know of a peer.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    pub(crate) name: String,
    pub(crate) address: EndpointAddr,
}

/// Returns a peer's public id and addresses.
pub(crate) fn target(seat: &Seat) -> Result<Target> {
    let device: DeviceId = seat.device()?.parse().ok().context("no device id")?;
    let id = EndpointId::from_bytes(device.as_bytes())?;
    let addresses = seat.addresses()?;
    let address = addresses
        .iter()
        .filter_map(|text| text.parse().ok())
        .fold(EndpointAddr::new(id), EndpointAddr::with_ip_addr);
    Ok(Target { name: seat.name.clone(), address })
}

/// Opens an endpoint at an address of loopback, with a key of its own or a stolen one.
pub(crate) async fn endpoint(key: [u8; 32], at: &str, protocols: &[&[u8]]) -> Result<Endpoint> {
    let builder = Endpoint::builder(presets::Minimal).relay_mode(RelayMode::Disabled).clear_ip_transports();
    let builder = builder.secret_key(SecretKey::from_bytes(&key));
    let builder = builder.alpns(protocols.iter().map(|protocol| protocol.to_vec()).collect());
    Ok(builder.bind_addr(at)?.bind().await?)
}

/// Returns a key that nobody has had.
pub(crate) fn fresh_key() -> [u8; 32] {
    SecretKey::generate().to_bytes()
}

/// Returns the id of a key, as others see it.
pub(crate) fn id_of(key: [u8; 32]) -> String {
    SecretKey::from_bytes(&key).public().to_string()
}

/// Connects; `None` when that does not come about in time.
pub(crate) async fn connect(from: &Endpoint, to: &Target, protocol: &[u8]) -> Option<Connection> {
    tokio::time::timeout(WAIT, from.connect(to.address.clone(), protocol)).await.ok()?.ok()
}

/// Says something on a new stream and returns all that is answered until the other side ends it or the time is over.
pub(crate) async fn say(connection: &Connection, bytes: &[u8]) -> Vec<u8> {
    let mut heard = Vec::new();
    let saying = async {
        let (mut send, mut receive) = connection.open_bi().await.ok()?;
        send.write_all(bytes).await.ok()?;
        while let Ok(Some(chunk)) = receive.read_chunk(64 * 1024).await {
            heard.extend_from_slice(&chunk);
        }
        Some(())
    };
    drop(tokio::time::timeout(WAIT, saying).await);
    heard
}

/// Asks for a content in the protocol of iroh-blobs and returns how many of its bytes came.
pub(crate) async fn fetch(connection: Connection, content: [u8; 32]) -> u64 {
    let get = iroh_blobs::get::request::get_blob(connection, iroh_blobs::Hash::from_bytes(content));
    match tokio::time::timeout(WAIT, get.bytes()).await {
        Ok(Ok(bytes)) => u64::try_from(bytes.len()).unwrap_or(u64::MAX),
        _ => 0,
    }
}

/// Returns why the other side has closed a connection, once it has.
pub(crate) async fn end_of(connection: &Connection) -> String {
    match tokio::time::timeout(WAIT, connection.closed()).await {
        Ok(iroh::endpoint::ConnectionError::ApplicationClosed(why)) => {
            String::from_utf8_lossy(&why.reason).into_owned()
        }
        Ok(other) => other.to_string(),
        Err(_) => "not closed".to_owned(),
    }
}

/// Writes a frame: a length, and `[service, message]` in CBOR.
pub(crate) fn frame(service: &str, message: &[u8]) -> Vec<u8> {
    let mut body = minicbor::Encoder::new(Vec::new());
    let written = body.array(2).and_then(|body| body.str(service)).and_then(|body| body.bytes(message));
    written.expect("a vector takes whatever is written");
    let body = body.into_writer();
    let mut bytes = u32::try_from(body.len()).unwrap_or(u32::MAX).to_be_bytes().to_vec();
    bytes.extend(body);
    bytes
}

/// Returns the key of a device out of the file in its home: what a thief finds on the disk.
pub(crate) fn stolen_key(seat: &Seat) -> Result<[u8; 32]> {
    let bytes = std::fs::read(seat.home.join("keys"))?;
    let mut decoder = minicbor::Decoder::new(&bytes);
    decoder.array()?;
    let version = decoder.u16()?;
    anyhow::ensure!(version <= 2, "the keys are sealed");
    decoder.bytes()?.try_into().context("no key of 32 bytes")
}

/// Returns the id of a content of 32 bytes out of its text.
pub(crate) fn content_id(text: &str) -> Result<[u8; 32]> {
    let content: base::ContentId = text.parse().ok().with_context(|| format!("{text} is no content"))?;
    Ok(*content.as_bytes())
}

/// Says whether bytes hold a marker.
pub(crate) fn holds(bytes: &[u8], marker: &[u8]) -> bool {
    bytes.windows(marker.len()).any(|part| part == marker)
}
