//! `GET /api/events`: what happens, numbered, as a stream that a page reads with `fetch`.
//!
//! A watcher holds no queue: it reads the log as fast as the page takes it, so a slow page costs nothing.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use api::{Event, EventNumber};
use axum::body::Body;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use base::Fault;
use bytes::Bytes;
use serde::Deserialize;
use tokio::sync::{OwnedSemaphorePermit, watch};

use crate::gateway::{Gateway, STREAMS_MAX, aside};
use crate::refusal::{GatewayError, Refusal};
use crate::surface::Hello;

/// How often a quiet stream shows that it lives.
const KEEP_ALIVE: Duration = Duration::from_secs(25);

/// Events read at a time.
const PAGE: usize = 256;

#[derive(Debug, Deserialize)]
pub(crate) struct Ask {
    after: Option<u64>,
}

/// Answers with the stream.
pub(crate) async fn stream(
    State(gateway): State<Arc<Gateway>>,
    ask: Result<Query<Ask>, axum::extract::rejection::QueryRejection>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let Query(ask) = ask.map_err(|error| GatewayError::BadArguments {
        operation: "events".to_owned(),
        why: error.body_text(),
    })?;
    let permit = Arc::clone(&gateway.streams)
        .try_acquire_owned()
        .map_err(|_full| GatewayError::TooManyStreams { max: STREAMS_MAX })?;
    let last_seen = headers.get("last-event-id").and_then(|id| id.to_str().ok()?.parse().ok());
    let mut numbers = gateway.host.watch();
    let after = ask.after.or(last_seen).unwrap_or_else(|| *numbers.borrow_and_update());
    let write: Write = Box::new(|event| Some(message("happened", Some(event.number), event)));
    Ok(Watcher { gateway, numbers, after, stage: Stage::Greeting, write, _permit: permit }.into_response())
}

/// Writes an event for one kind of watchers; none for what does not concern them.
pub(crate) type Write = Box<dyn Fn(&Event) -> Option<String> + Send + Sync>;

/// Answers with a stream of what a writer makes of events; without `after` it starts now.
pub(crate) fn written(
    gateway: Arc<Gateway>,
    after: Option<EventNumber>,
    permit: OwnedSemaphorePermit,
    write: Write,
) -> Response {
    let mut numbers = gateway.host.watch();
    let after = after.unwrap_or_else(|| *numbers.borrow_and_update());
    Watcher { gateway, numbers, after, stage: Stage::Greeting, write, _permit: permit }.into_response()
}

struct Watcher {
    gateway: Arc<Gateway>,
    numbers: watch::Receiver<EventNumber>,
    after: EventNumber,
    stage: Stage,
    write: Write,
    _permit: OwnedSemaphorePermit,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Greeting,
    Watching,
    Over,
}

impl Watcher {
    fn into_response(self) -> Response {
        let body = Body::from_stream(futures_lite::stream::unfold(self, |watcher| async {
            watcher.next().await.map(|(bytes, watcher)| (Ok::<_, Fault>(bytes), watcher))
        }));
        let headers = [(CONTENT_TYPE, "text/event-stream; charset=utf-8"), (CACHE_CONTROL, "no-store")];
        (headers, body).into_response()
    }

    /// Returns the next piece of the stream; none at its end.
    async fn next(mut self) -> Option<(Bytes, Self)> {
        match self.stage {
            Stage::Over => None,
            Stage::Greeting => {
                self.stage = Stage::Watching;
                let text = message("hello", None, &Hello { last: self.after });
                Some((Bytes::from(text), self))
            }
            Stage::Watching => {
                let text = self.wait().await?;
                Some((Bytes::from(text), self))
            }
        }
    }

    async fn wait(&mut self) -> Option<String> {
        loop {
            // Seen before reading: what comes in between wakes us again.
            self.numbers.borrow_and_update();
            match self.read().await {
                Some(text) if !text.is_empty() => return Some(text),
                // Nothing for this watcher, but there may be more.
                Some(_) => continue,
                None => {}
            }
            tokio::select! {
                () = self.gateway.stop.cancelled() => return None,
                changed = self.numbers.changed() => changed.ok()?,
                () = tokio::time::sleep(KEEP_ALIVE) => return Some(":\n\n".to_owned()),
            }
        }
    }

    /// Returns what has happened since, if anything has; empty when none of it concerns this watcher.
    async fn read(&mut self) -> Option<String> {
        let (host, after) = (Arc::clone(&self.gateway.host), self.after);
        let page = match aside(move || host.events(after, PAGE)).await.and_then(std::convert::identity) {
            Ok(page) if page.is_cut_off => {
                self.stage = Stage::Over;
                return Some(message("reload", None, &Hello { last: self.after }));
            }
            Ok(page) => page,
            Err(fault) => {
                tracing::error!(code = %fault.code, "events cannot be read");
                self.stage = Stage::Over;
                return Some(message("reload", None, &Hello { last: self.after }));
            }
        };
        let mut text = String::new();
        for event in &page.events {
            self.after = event.number;
            text.extend((self.write)(event));
        }
        (!page.events.is_empty()).then_some(text)
    }
}

/// Writes one message of a stream.
pub(crate) fn message<T: serde::Serialize>(kind: &str, number: Option<EventNumber>, about: &T) -> String {
    let mut text = String::new();
    if let Some(number) = number {
        writeln!(text, "id: {number}").expect("a String takes all");
    }
    // JSON has no line ends of its own when written like this.
    let about = serde_json::to_string(about).unwrap_or_else(|_| "null".to_owned());
    write!(text, "event: {kind}\ndata: {about}\n\n").expect("a String takes all");
    text
}
