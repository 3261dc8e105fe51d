//! One D-Bus connection that nobody can make wait: opened when needed, left when it fails, opened again later.

use std::pin::Pin;
use std::time::Duration;

use futures_lite::{Stream, StreamExt, stream};
use zbus::proxy::{Builder, CacheProperties, MethodFlags};
use zbus::zvariant::{DynamicDeserialize, DynamicType, OwnedValue};
use zbus::{Connection, Message, MessageStream, Proxy};

/// Signals that wait at most; they come a few a minute.
const SIGNALS_MAX: usize = 64;

type Signals = Pin<Box<dyn Stream<Item = Message>>>;

/// A bus.
pub(crate) struct Bus {
    address: Option<String>,
    rules: &'static [&'static str],
    line: Option<Line>,
}

struct Line {
    connection: Connection,
    signals: Signals,
}

/// Whom to ask on a bus.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Object<'a> {
    pub(crate) name: &'a str,
    pub(crate) path: &'a str,
    pub(crate) interface: &'a str,
}

impl Bus {
    /// Opens nothing yet; signals that match one of `rules` are heard from the first question on.
    pub(crate) fn new(address: Option<&str>, rules: &'static [&'static str]) -> Self {
        // An address may be a list of several ways to the same bus.
        let address = address.and_then(|all| all.split(';').next()).map(str::to_owned);
        Self { address, rules, line: None }
    }

    /// Says whether it is open: signals are heard.
    pub(crate) fn is_open(&self) -> bool {
        self.line.is_some()
    }

    /// Calls a method; none when there is no answer of this form within `patience`. Never starts a service.
    pub(crate) async fn call<B, R>(
        &mut self,
        object: Object<'_>,
        method: &str,
        body: &B,
        patience: Duration,
    ) -> Option<R>
    where
        B: serde::Serialize + DynamicType,
        R: for<'d> DynamicDeserialize<'d>,
    {
        let asked = tokio::time::timeout(patience, self.try_call(object, method, body)).await;
        match asked {
            Ok(Ok(answer)) => answer,
            Ok(Err(zbus::Error::InputOutput(_) | zbus::Error::Connection(..))) => {
                self.line = None;
                None
            }
            // It said no, says nothing, or is not there: the bus itself is well.
            Ok(Err(_)) | Err(_) => None,
        }
    }

    /// Reads a property, as [`Bus::call`].
    pub(crate) async fn property(
        &mut self,
        object: Object<'_>,
        name: &str,
        patience: Duration,
    ) -> Option<OwnedValue> {
        let properties = Object { interface: "org.freedesktop.DBus.Properties", ..object };
        self.call(properties, "Get", &(object.interface, name), patience).await
    }

    /// Waits for the next signal; for ever while the bus is not open. Losing the wait loses no signal.
    pub(crate) async fn signal(&mut self) -> Message {
        if let Some(line) = &mut self.line {
            if let Some(message) = line.signals.next().await {
                return message;
            }
            self.line = None;
        }
        std::future::pending().await
    }

    async fn try_call<B, R>(&mut self, object: Object<'_>, method: &str, body: &B) -> zbus::Result<Option<R>>
    where
        B: serde::Serialize + DynamicType,
        R: for<'d> DynamicDeserialize<'d>,
    {
        let Some(address) = &self.address else { return Ok(None) };
        if self.line.is_none() {
            self.line = Some(Line::open(address, self.rules).await?);
        }
        let Some(line) = &self.line else { return Ok(None) };
        let proxy: Proxy<'_> = Builder::new(&line.connection)
            .destination(object.name)?
            .path(object.path)?
            .interface(object.interface)?
            .cache_properties(CacheProperties::No)
            .build()
            .await?;
        proxy.call_with_flags(method, MethodFlags::NoAutoStart.into(), body).await
    }
}

impl Line {
    async fn open(address: &str, rules: &[&'static str]) -> zbus::Result<Self> {
        let connection = zbus::connection::Builder::address(address)?.build().await?;
        let mut signals: Signals = Box::pin(stream::pending());
        for rule in rules {
            let one = MessageStream::for_match_rule(*rule, &connection, Some(SIGNALS_MAX)).await?;
            // All end when the last one ends: with the connection.
            signals = Box::pin(stream::or(signals, one.filter_map(Result::ok)));
        }
        Ok(Self { connection, signals })
    }
}

impl std::fmt::Debug for Bus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Bus").field("is_open", &self.line.is_some()).finish_non_exhaustive()
    }
}
