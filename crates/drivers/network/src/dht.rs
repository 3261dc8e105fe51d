//! The BitTorrent mainline DHT, while it is switched on: items are written and looked for under names that mean nothing here
//! (spec dht). Not for: deciding what is written or when (`people`).
//!
//! A node is made when it is needed and ended a minute later: nothing runs at rest, and this device never becomes one that
//! answers the questions of strangers. The library speaks IPv4 only and has a task of its own, which ends with its last handle.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_lite::StreamExt as _;
use kernel::{Input, JobFailure};
use n0_mainline::{Dht, MutableItem, SigningKey};
use people::jobs::{self, Get, Got, ITEMS_MAX, Put};
use tokio::runtime::Handle;
use tokio::sync::Mutex;

use crate::shared::Shared;
use crate::switch::Switch;

/// How long one item may take to be written or found.
const ITEM_TIME_MAX: Duration = Duration::from_secs(20);

/// How long a node is kept that nobody needs.
const IDLE_TIME_MAX: Duration = Duration::from_secs(60);

/// Answers to one question that are looked at: anybody may sign as often as it likes, but only members can sign these.
const ANSWERS_MAX: usize = 64;

/// Nodes remembered from one run of a node to the next, besides those of the configuration.
const REMEMBERED_MAX: usize = 32;

/// Bytes of a value at most, by BEP 44.
const VALUE_SIZE_MAX: usize = 1_000;

/// Where the DHT is entered when nobody says otherwise: long-lived nodes of others.
pub const BOOTSTRAP: [&str; 3] =
    ["router.bittorrent.com:6881", "dht.transmissionbt.com:6881", "dht.libtorrent.org:25401"];

/// The way into the DHT: the node, and what is kept when there is none.
#[derive(Debug)]
pub(crate) struct Entrance {
    pub(crate) switch: Switch,
    bootstrap: Vec<String>,
    node: Mutex<Node>,
    /// Where the node's socket and task live: jobs run on the kernel's runtime, which has no sockets.
    runtime: Handle,
}

#[derive(Debug, Default)]
struct Node {
    running: Option<(Dht, Instant)>,
    remembered: Vec<String>,
}

impl Entrance {
    /// Makes it; call within the runtime that the network lives in.
    pub(crate) fn new(is_on: bool, bootstrap: Vec<String>) -> Self {
        let runtime = Handle::current();
        Self { switch: Switch::new(is_on), bootstrap, node: Mutex::default(), runtime }
    }
}

impl Shared {
    /// Says whether it is switched on, whenever that changes, and ends a node that nobody needs.
    pub(crate) async fn keep_dht(self: Arc<Self>) {
        let mut switch = self.dht.switch.watch();
        loop {
            let is_on = *switch.borrow_and_update();
            self.inputs.tell(Input::Noticed { kind: jobs::SWITCHED, report: vec![u8::from(is_on)] }).await;
            if !is_on {
                self.dht.node.lock().await.running = None;
            }
            loop {
                tokio::select! {
                    () = self.stop.cancelled() => {
                        self.dht.node.lock().await.running = None;
                        return;
                    }
                    changed = switch.changed() => if changed.is_ok() { break },
                    () = tokio::time::sleep(IDLE_TIME_MAX / 2) => self.end_idle_node().await,
                }
            }
        }
    }

    async fn end_idle_node(&self) {
        let mut node = self.dht.node.lock().await;
        let is_idle = node.running.as_ref().is_some_and(|(_, used)| used.elapsed() > IDLE_TIME_MAX);
        if let Some((dht, _)) = node.running.take_if(|_| is_idle) {
            let known = dht.to_bootstrap().await.unwrap_or_default();
            node.remembered = known.into_iter().take(REMEMBERED_MAX).collect();
        }
    }

    /// Returns a node, made when there is none. Whoever asks next waits until this question has its node.
    async fn dht_node(&self) -> Result<Dht, JobFailure> {
        if !self.dht.switch.is_on() {
            return Err(JobFailure::Failed("the DHT is switched off".to_owned()));
        }
        let mut node = self.dht.node.lock().await;
        if let Some((dht, used)) = &mut node.running {
            *used = Instant::now();
            return Ok(dht.clone());
        }
        let known: Vec<String> = self.dht.bootstrap.iter().chain(&node.remembered).cloned().collect();
        let made = {
            let _entered = self.dht.runtime.enter();
            Dht::builder().bootstrap(&known).port(0).build()
        };
        let dht = made.map_err(|error| JobFailure::Failed(format!("no node of the DHT: {error}")))?;
        node.running = Some((dht.clone(), Instant::now()));
        Ok(dht)
    }

    /// Writes an item.
    pub(crate) async fn dht_put(&self, put: Put) -> Result<Vec<u8>, JobFailure> {
        let dht = self.dht_node().await?;
        let number = i64::try_from(put.number).unwrap_or(i64::MAX);
        let key = SigningKey::from_bytes(put.seed.secret());
        let item = MutableItem::new(&key, &put.value, number, None);
        match tokio::time::timeout(ITEM_TIME_MAX, dht.put_mutable(item, None)).await {
            Ok(Ok(_)) => Ok(Vec::new()),
            Ok(Err(error)) => Err(JobFailure::Failed(format!("no node took the item: {error}"))),
            Err(_) => Err(JobFailure::Failed("no node took the item in time".to_owned())),
        }
    }

    /// Looks for items, one after the other.
    pub(crate) async fn dht_get(&self, get: Get) -> Result<Vec<u8>, JobFailure> {
        let dht = self.dht_node().await?;
        let mut got = Got::default();
        for item in get.items.iter().take(ITEMS_MAX) {
            let value = match <[u8; 32]>::try_from(item.as_slice()) {
                Ok(public) => newest(&dht, &public).await,
                Err(_) => None,
            };
            got.values.push(value.map(Into::into));
        }
        Ok(jobs::to_bytes(&got))
    }
}

/// Returns the value with the greatest number that arrives in time. Every answer is signed by the item's key.
async fn newest(dht: &Dht, public: &[u8; 32]) -> Option<Vec<u8>> {
    let mut best: Option<MutableItem> = None;
    let looking = async {
        let Ok(mut answers) = dht.get_mutable(public, None, None).await else { return };
        let mut count = 0;
        while let Some(item) = answers.next().await {
            count += 1;
            let is_better = best.as_ref().is_none_or(|best| item.seq() > best.seq());
            if is_better && item.value().len() <= VALUE_SIZE_MAX {
                best = Some(item);
            }
            if count >= ANSWERS_MAX {
                break;
            }
        }
    };
    if tokio::time::timeout(ITEM_TIME_MAX, looking).await.is_err() {
        tracing::debug!("the DHT takes long to answer");
    }
    best.map(|item| item.value().to_vec())
}
