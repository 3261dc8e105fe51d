//! Answers requests on content origins: the bytes of one opened file, and nothing else.
//!
//! Whatever the file holds, it gets no script, no network, no cookies and no window but its own.

use std::ops::Range;
use std::sync::Arc;

use axum::body::Body;
use axum::http::header::{
    ACCEPT_RANGES, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_RANGE,
    CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, HeaderName, HeaderValue, REFERRER_POLICY, VARY,
    X_CONTENT_TYPE_OPTIONS,
};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, Response, StatusCode};
use base::Fault;
use futures_lite::StreamExt as _;

use crate::gateway::{Gateway, aside, now};
use crate::host::{ContentStream, Host};
use crate::media::{self, Media};
use crate::names;
use crate::places::port_suffix;
use crate::ranges::{Wanted, wanted};
use crate::refusal::{GatewayError, Refusal};
use crate::surface::{Disposition, Show};
use crate::views::{Source, Viewed};
use crate::{markdown, secrets};

/// What a browser may use a member's file as. Never as a script, style, worker, font or plug-in.
const USES: [&str; 8] = ["document", "iframe", "frame", "image", "video", "audio", "track", "empty"];

/// Answers one request for a view.
pub(crate) async fn answer(gateway: &Arc<Gateway>, label: &str, parts: &Parts) -> Response<Body> {
    let mut response = match try_answer(gateway, label, parts).await {
        Ok(response) => response,
        Err(refused) => in_words(&refused),
    };
    harden(response.headers_mut(), gateway.port);
    response
}

async fn try_answer(gateway: &Arc<Gateway>, label: &str, parts: &Parts) -> Result<Response<Body>, Refusal> {
    if parts.method != Method::GET && parts.method != Method::HEAD {
        return Err(GatewayError::WrongMethod { method: parts.method.to_string() }.into());
    }
    let purpose = purpose(&parts.headers)?;
    let mut path = parts.uri.path().splitn(4, '/');
    let (Some(""), Some("v"), Some(capability), Some(name)) =
        (path.next(), path.next(), path.next(), path.next())
    else {
        return Err(GatewayError::NothingHere.into());
    };
    let view = gateway.views.find(label, capability, now()).ok_or(GatewayError::UnknownView)?;
    // A relative link inside of a document must not show the same document under another name.
    if names::in_url(view.source.name()) != name {
        return Err(GatewayError::NothingHere.into());
    }
    let served = as_served(&view, &purpose);
    if served.show == Show::Markdown {
        return rendered(gateway, &view, parts.method == Method::HEAD).await;
    }
    bytes(gateway, &view, served, parts).await
}

/// Returns for what the browser wants the file, if it says so.
fn purpose(headers: &HeaderMap) -> Result<String, GatewayError> {
    if headers.contains_key("service-worker") {
        return Err(GatewayError::ForbiddenUse { purpose: "service worker".to_owned() });
    }
    let Some(said) = headers.get("sec-fetch-dest") else { return Ok(String::new()) };
    let said = said.to_str().unwrap_or("unreadable");
    if USES.contains(&said) {
        Ok(said.to_owned())
    } else {
        Err(GatewayError::ForbiddenUse { purpose: said.chars().take(40).collect() })
    }
}

/// Says under which type the bytes leave this time.
fn as_served(view: &Viewed, purpose: &str) -> Media {
    if view.disposition == Disposition::Attachment || view.media.show == Show::None {
        return media::SAVED_ONLY;
    }
    // An SVG is a picture inside of <img>, where it can't run; opened by itself it is text.
    if view.media.media == "image/svg+xml" && purpose != "image" {
        return media::PLAIN;
    }
    view.media
}

async fn bytes(
    gateway: &Arc<Gateway>,
    view: &Viewed,
    served: Media,
    parts: &Parts,
) -> Result<Response<Body>, Refusal> {
    let size = view.source.size();
    let tag = view.source.tag();
    let (status, range) = match wanted(&parts.headers, size, &tag) {
        Wanted::Whole => (StatusCode::OK, 0..size),
        Wanted::Part(range) => (StatusCode::PARTIAL_CONTENT, range),
        Wanted::Outside => (StatusCode::RANGE_NOT_SATISFIABLE, 0..0),
        Wanted::Unchanged => (StatusCode::NOT_MODIFIED, 0..0),
    };
    let is_shown = served.show != Show::None;
    let disposition = if is_shown { Disposition::Inline } else { Disposition::Attachment };
    let mut headers = HeaderMap::new();
    put(&mut headers, CONTENT_TYPE, served.media);
    put(&mut headers, CONTENT_DISPOSITION, &names::disposition(disposition, view.source.name()));
    put(&mut headers, CONTENT_SECURITY_POLICY, &policy(served.show, gateway.port, ""));
    put(&mut headers, ETAG, &tag);
    put(&mut headers, ACCEPT_RANGES, "bytes");
    put(&mut headers, VARY, "Sec-Fetch-Dest");
    match status {
        StatusCode::PARTIAL_CONTENT => {
            let last = range.end.saturating_sub(1);
            put(&mut headers, CONTENT_RANGE, &format!("bytes {}-{last}/{size}", range.start));
        }
        StatusCode::RANGE_NOT_SATISFIABLE => put(&mut headers, CONTENT_RANGE, &format!("bytes */{size}")),
        _ => {}
    }
    let length = range.end.saturating_sub(range.start);
    if status != StatusCode::NOT_MODIFIED {
        headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
    }
    let body = if parts.method == Method::HEAD || length == 0 {
        Body::empty()
    } else {
        stream(gateway.host.as_ref(), view.source.clone(), range).await?
    };
    let mut response = Response::new(body);
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    Ok(response)
}

/// Opens a stream and waits for its first bytes, so that a fault still becomes a status.
pub(crate) async fn stream(host: &dyn Host, source: Source, range: Range<u64>) -> Result<Body, Fault> {
    let mut stream: ContentStream = read(host, source, range).await?;
    let first = match stream.next().await {
        Some(first) => first?,
        None => {
            return Err(
                GatewayError::Broken { why: "a content ended before its first byte".to_owned() }.into()
            );
        }
    };
    Ok(Body::from_stream(futures_lite::stream::once(Ok(first)).chain(stream)))
}

async fn read(host: &dyn Host, source: Source, range: Range<u64>) -> Result<ContentStream, Fault> {
    match source {
        Source::File(opened) => host.content(opened, range).await,
        Source::Part(part) => host.part(part, range).await,
    }
}

/// Reads a small range as a whole.
pub(crate) async fn collect(host: &dyn Host, source: Source, range: Range<u64>) -> Result<Vec<u8>, Fault> {
    let mut bytes = Vec::new();
    if range.is_empty() {
        return Ok(bytes);
    }
    let mut stream = read(host, source, range).await?;
    while let Some(piece) = stream.next().await {
        bytes.extend_from_slice(&piece?);
    }
    Ok(bytes)
}

async fn rendered(gateway: &Arc<Gateway>, view: &Viewed, is_head: bool) -> Result<Response<Body>, Refusal> {
    let size = view.source.size().min(media::MARKDOWN_BYTES_MAX);
    let bytes = collect(gateway.host.as_ref(), view.source.clone(), 0..size).await?;
    let nonce = secrets::draw(15)?;
    let policy = policy(Show::Markdown, gateway.port, &nonce);
    let render = move || markdown::page(&String::from_utf8_lossy(&bytes), &nonce);
    let page = aside(render).await?;
    let mut headers = HeaderMap::new();
    put(&mut headers, CONTENT_TYPE, "text/html; charset=utf-8");
    put(&mut headers, CONTENT_SECURITY_POLICY, &policy);
    put(&mut headers, CONTENT_DISPOSITION, "inline");
    headers.insert(CONTENT_LENGTH, HeaderValue::from(page.len()));
    let mut response = Response::new(if is_head { Body::empty() } else { Body::from(page) });
    *response.headers_mut() = headers;
    Ok(response)
}

/// Returns the content security policy for a kind of content.
fn policy(show: Show, port: u16, nonce: &str) -> String {
    let port = port_suffix(port);
    // An address in brackets is no valid source, so a page opened under [::1] shows no frames.
    let ancestors = format!(
        "frame-ancestors http://althing.localhost{port} http://localhost{port} http://127.0.0.1{port}"
    );
    let start = "default-src 'none'; base-uri 'none'; form-action 'none'";
    match show {
        // The browser's own viewer does not run in a sandboxed document. It has its own.
        Show::Pdf => format!("{start}; object-src 'self'; style-src 'unsafe-inline'; {ancestors}"),
        // Links open in a window of their own, which has no way back.
        Show::Markdown => format!(
            "sandbox allow-popups allow-popups-to-escape-sandbox; {start}; img-src data:; style-src 'nonce-{nonce}'; {ancestors}"
        ),
        // The browser itself styles such documents inline.
        _ => format!(
            "sandbox; {start}; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'; {ancestors}"
        ),
    }
}

/// Sets what every answer of a content origin carries.
fn harden(headers: &mut HeaderMap, port: u16) {
    if !headers.contains_key(CONTENT_SECURITY_POLICY) {
        put(headers, CONTENT_SECURITY_POLICY, &policy(Show::None, port, ""));
    }
    put(headers, X_CONTENT_TYPE_OPTIONS, "nosniff");
    put(headers, REFERRER_POLICY, "no-referrer");
    // Not in the browser's cache: it would outlive the home, and others on this computer may read it.
    put(headers, CACHE_CONTROL, "private, no-store");
    // The page shows pictures and videos of this origin; the unguessable URL is the gate.
    put(headers, HeaderName::from_static("cross-origin-resource-policy"), "cross-origin");
    put(headers, HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
    put(headers, HeaderName::from_static("x-dns-prefetch-control"), "off");
    put(
        headers,
        HeaderName::from_static("permissions-policy"),
        "camera=(), microphone=(), geolocation=(), usb=()",
    );
}

fn put(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    } else {
        tracing::error!(%name, "a header could not be written");
    }
}

/// Says a fault in words: a person may see it in a frame.
fn in_words(refused: &Refusal) -> Response<Body> {
    let fault = refused.fault();
    let mut lines = vec![fault.what.clone(), String::new()];
    lines.extend(fault.remedies.iter().map(|one| format!("{} {}", one.command, one.text)));
    lines.push(format!("[{}]\n", fault.code));
    let text = lines.join("\n");
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = refused.status();
    put(response.headers_mut(), CONTENT_TYPE, "text/plain; charset=utf-8");
    response
}
