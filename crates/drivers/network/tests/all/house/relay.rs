//! A provider with a line of its own: it has what Alice has, and sends it as slowly or as little as a test wants.

use std::sync::Arc;
use std::time::Duration;

use base::{ContentId, DeviceId, WebId};
use files::jobs::Source;
use iroh::endpoint::{Connection, RecvStream, SendStream, presets};
use iroh::{Endpoint, EndpointAddr, EndpointId, RelayMode, SecretKey};
use kernel::Effect;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::Peer;

/// How the answers of a relay travel.
#[derive(Clone)]
pub(crate) enum Pace {
    /// So many bytes, then nothing more, and the stream stays open.
    Stop { after: usize },
    /// So many bytes, then the stream ends as if that were all.
    End { after: usize },
    /// So many bytes, then all others one by one with this pause between them.
    Drip { after: usize, pause: Duration },
    /// So many bytes; the rest when the gate has a permit.
    Gate { after: usize, gate: Arc<Semaphore> },
}

/// Mallory: she asks Alice for what she is asked for and passes it on at her own pace.
pub(crate) struct Relay {
    pub(crate) device: DeviceId,
    endpoint: Endpoint,
    _tasks: JoinSet<()>,
}

/// Makes an endpoint that is not one of ours.
pub(crate) async fn stranger(seed: u8, protocols: &[&[u8]]) -> Endpoint {
    let builder = Endpoint::builder(presets::Minimal).relay_mode(RelayMode::Disabled).clear_ip_transports();
    let builder = builder.secret_key(SecretKey::from_bytes(&[seed; 32]));
    let builder = builder.alpns(protocols.iter().map(|protocol| protocol.to_vec()).collect());
    builder.bind_addr("127.0.0.1:0").unwrap().bind().await.unwrap()
}

pub(crate) fn device_of(endpoint: &Endpoint) -> DeviceId {
    DeviceId::new(*endpoint.id().as_bytes())
}

pub(crate) fn address_of(peer: &Peer) -> EndpointAddr {
    let id = EndpointId::from_bytes(peer.me().as_bytes()).unwrap();
    let addresses = peer.network.addresses();
    addresses.iter().fold(EndpointAddr::new(id), |found, text| found.with_ip_addr(text.parse().unwrap()))
}

impl Peer {
    /// Admits an endpoint that is not one of ours, and knows where it is.
    pub(crate) fn trust(&self, endpoint: &Endpoint) {
        let device = device_of(endpoint);
        let web = WebId::new(*device.as_bytes());
        self.network.effect(Effect::Admit { web, devices: vec![device] });
        let addresses = endpoint.bound_sockets().iter().map(ToString::to_string).collect();
        self.network.effect(Effect::Addresses { device, addresses });
    }
}

impl Relay {
    /// Starts between Alice, who gives her the right to a content, and Bob, who trusts her.
    pub(crate) async fn start(alice: &Peer, bob: &Peer, content: (ContentId, Source), pace: Pace) -> Self {
        let endpoint = stranger(66, &[iroh_blobs::ALPN]).await;
        let device = device_of(&endpoint);
        alice.trust(&endpoint);
        alice.rights.give(device, content.0, content.1);
        bob.trust(&endpoint);
        let upstream = endpoint.connect(address_of(alice), iroh_blobs::ALPN).await.unwrap();
        let mut tasks = JoinSet::new();
        tasks.spawn(serve(endpoint.clone(), upstream, pace));
        Self { device, endpoint, _tasks: tasks }
    }

    pub(crate) async fn stop(self) {
        self.endpoint.close().await;
    }
}

async fn serve(endpoint: Endpoint, upstream: Connection, pace: Pace) {
    let mut tasks = JoinSet::new();
    while let Some(incoming) = endpoint.accept().await {
        let (upstream, pace) = (upstream.clone(), pace.clone());
        tasks.spawn(async move {
            let connection = incoming.await.unwrap();
            let mut answers = JoinSet::new();
            while let Ok((send, mut receive)) = connection.accept_bi().await {
                let Ok(request) = receive.read_to_end(1_000_000).await else { continue };
                let (mut ask, answer) = upstream.open_bi().await.unwrap();
                ask.write_all(&request).await.unwrap();
                ask.finish().unwrap();
                answers.spawn(pass_on(answer, send, pace.clone()));
            }
        });
    }
}

async fn pass_on(mut from: RecvStream, mut to: SendStream, pace: Pace) {
    let after = match &pace {
        Pace::Stop { after } | Pace::End { after } | Pace::Drip { after, .. } | Pace::Gate { after, .. } => {
            *after
        }
    };
    copy(&mut from, &mut to, after).await;
    match pace {
        Pace::Stop { .. } => return std::future::pending().await,
        Pace::End { .. } => {}
        Pace::Drip { pause, .. } => {
            let mut byte = [0];
            while from.read_exact(&mut byte).await.is_ok() && to.write_all(&byte).await.is_ok() {
                tokio::time::sleep(pause).await;
            }
        }
        Pace::Gate { gate, .. } => {
            gate.acquire().await.unwrap().forget();
            copy(&mut from, &mut to, usize::MAX).await;
        }
    }
    to.finish().ok();
}

async fn copy(from: &mut RecvStream, to: &mut SendStream, mut left: usize) {
    while left > 0
        && let Ok(Some(chunk)) = from.read_chunk(left.min(64 * 1024)).await
    {
        left -= chunk.len();
        if to.write_all(&chunk).await.is_err() {
            return;
        }
    }
}
