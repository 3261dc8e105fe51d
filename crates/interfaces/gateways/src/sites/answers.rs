//! How answers of sites leave: heads, ranges, what the browser has already, and what every answer carries.

use std::ops::Range;

use axum::body::Body;
use axum::http::header::{
    ACCEPT_RANGES, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG,
    HeaderName, HeaderValue, IF_NONE_MATCH, LOCATION, REFERRER_POLICY, VARY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, Response, StatusCode};
use bytes::Bytes;

use crate::ranges::{Wanted, wanted};

/// What an answer says before its bytes.
#[derive(Debug, Clone)]
pub(crate) struct Head {
    pub(crate) media: String,
    /// With its quotes.
    pub(crate) tag: String,
    pub(crate) size: u64,
    /// Whether parts of it may be asked for: not of what is made for one request.
    pub(crate) takes_ranges: bool,
}

/// A whole answer, kept for the next time.
#[derive(Debug)]
pub(crate) struct Stored {
    pub(crate) head: Head,
    pub(crate) bytes: Bytes,
    /// The path of the tree that it was made from.
    pub(crate) source: String,
}

impl Stored {
    /// Makes an answer out of bytes that were made here, so that only they can say whether they are the same.
    pub(crate) fn made(text: String, media: &str, source: String) -> Self {
        let bytes = Bytes::from(text);
        let tag = format!("\"m-{}\"", blake3::hash(&bytes).to_hex());
        let head = Head { media: media.to_owned(), tag, size: bytes.len() as u64, takes_ranges: false };
        Self { head, bytes, source }
    }

    /// Answers a request.
    pub(crate) fn answer(&self, parts: &Parts) -> Response<Body> {
        let (response, range) = self.head.answer(parts);
        let part = usize::try_from(range.start).ok().zip(usize::try_from(range.end).ok());
        match part {
            Some((start, end)) if start < end && end <= self.bytes.len() => {
                response.map(|()| Body::from(self.bytes.slice(start..end)))
            }
            _ => response.map(|()| Body::empty()),
        }
    }
}

impl Head {
    /// Answers a request but for the bytes, and says which are wanted.
    pub(crate) fn answer(&self, parts: &Parts) -> (Response<()>, Range<u64>) {
        let size = self.size;
        let (status, range) = match self.wanted(&parts.headers) {
            Wanted::Whole => (StatusCode::OK, 0..size),
            Wanted::Part(range) => (StatusCode::PARTIAL_CONTENT, range),
            Wanted::Outside => (StatusCode::RANGE_NOT_SATISFIABLE, 0..0),
            Wanted::Unchanged => (StatusCode::NOT_MODIFIED, 0..0),
        };
        let mut response = Response::new(());
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.reserve(24);
        put(headers, ETAG, &self.tag);
        // It may be kept, but not shown without asking: who may read it, and what it is, can change at any time.
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
        headers.insert(VARY, HeaderValue::from_static("Sec-Fetch-Dest"));
        if self.takes_ranges {
            headers.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
        }
        match status {
            StatusCode::NOT_MODIFIED => return (response, range),
            StatusCode::PARTIAL_CONTENT => {
                let last = range.end.saturating_sub(1);
                put(headers, CONTENT_RANGE, &format!("bytes {}-{last}/{size}", range.start));
            }
            StatusCode::RANGE_NOT_SATISFIABLE => put(headers, CONTENT_RANGE, &format!("bytes */{size}")),
            _ => {}
        }
        put(headers, CONTENT_TYPE, &self.media);
        headers.insert(CONTENT_LENGTH, HeaderValue::from(range.end.saturating_sub(range.start)));
        let range = if parts.method == Method::HEAD { 0..0 } else { range };
        (response, range)
    }

    fn wanted(&self, headers: &HeaderMap) -> Wanted {
        if self.takes_ranges {
            return wanted(headers, self.size, &self.tag);
        }
        let known: HeaderMap =
            headers.get(IF_NONE_MATCH).map(|known| (IF_NONE_MATCH, known.clone())).into_iter().collect();
        wanted(&known, self.size, &self.tag)
    }
}

/// What a site may do: with its own things everything a page can, with others nothing.
///
/// It can still be left for any address, and take along what it knows: no policy forbids that (SECURITY.md).
const POLICY: &str = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self' 'unsafe-inline'; \
    img-src 'self' data: blob:; media-src 'self' blob:; font-src 'self' data:; connect-src 'self'; \
    worker-src 'none'; child-src 'none'; frame-src 'none'; object-src 'none'; form-action 'self'; base-uri 'none'; \
    frame-ancestors 'none'";

/// What every answer of a site carries, whatever it is.
const ALWAYS: [(HeaderName, &str); 9] = [
    (CONTENT_SECURITY_POLICY, POLICY),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("x-frame-options"), "DENY"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("origin-agent-cluster"), "?1"),
    (HeaderName::from_static("x-dns-prefetch-control"), "off"),
    (
        HeaderName::from_static("permissions-policy"),
        "camera=(), microphone=(), geolocation=(), usb=(), serial=(), hid=(), bluetooth=(), midi=(), \
         display-capture=(), payment=()",
    ),
];

/// Sets what every answer of a site carries.
pub(crate) fn harden(headers: &mut HeaderMap) {
    for (name, value) in ALWAYS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if !headers.contains_key(CACHE_CONTROL) {
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
}

/// Leads to another address.
pub(crate) fn see_other(address: &str) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SEE_OTHER;
    put(response.headers_mut(), LOCATION, address);
    response
}

/// Sets a header; text that fits none is left out, and said.
pub(crate) fn put(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    } else {
        tracing::error!(%name, "a header could not be written");
    }
}
