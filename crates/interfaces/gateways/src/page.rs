//! The page: what `web/dist` held when this was built, or a note on how to get it.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use axum::http::{HeaderMap, Method, Response, StatusCode, Uri};
use axum::response::IntoResponse as _;
use rust_embed::RustEmbed;

use crate::gateway::Gateway;
use crate::places::port_suffix;
use crate::refusal::{GatewayError, Refusal};

#[derive(RustEmbed)]
#[folder = "../../../web/dist"]
#[allow_missing = true]
struct Built;

const NOT_BUILT: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Althing</title>\
<h1>Althing runs</h1>\
<p>This program was built without its page. Everything works on the command line: <code>althing help</code>.</p>\
<p>To get the page: install Node.js 20 or later and start Althing with <code>./run</code> in its source folder, \
which builds the page and the program again.</p></html>";

/// Answers `GET` of the page and its assets.
pub(crate) async fn answer(State(gateway): State<Arc<Gateway>>, method: Method, uri: Uri) -> Response<Body> {
    if method != Method::GET && method != Method::HEAD {
        return Refusal::from(GatewayError::WrongMethod { method: method.to_string() }).into_response();
    }
    let path = uri.path().trim_start_matches('/');
    // The page finds its way by itself: what has no ending is one of its views, not a file.
    let is_view = !path.rsplit('/').next().unwrap_or("").contains('.');
    let name = if is_view { "index.html" } else { path };
    // Names are compared with the built ones, no file is opened: `..` leads nowhere.
    let mut response = match Built::get(name) {
        Some(file) => {
            let media = mime_guess::from_path(name).first_or_octet_stream();
            let media =
                if media.type_() == "text" { format!("{media}; charset=utf-8") } else { media.to_string() };
            let mut response = Response::new(Body::from(file.data));
            put(response.headers_mut(), CONTENT_TYPE.as_str(), &media);
            response
        }
        None if is_view => axum::response::Html(NOT_BUILT).into_response(),
        None => return Refusal::from(GatewayError::NothingHere).into_response(),
    };
    let kept = if name.starts_with("assets/") { "private, max-age=31536000, immutable" } else { "no-store" };
    put(response.headers_mut(), CACHE_CONTROL.as_str(), kept);
    put(response.headers_mut(), "content-security-policy", &policy(gateway.port));
    put(response.headers_mut(), "permissions-policy", "camera=(self), microphone=(), geolocation=(), usb=()");
    if response.status() != StatusCode::OK {
        tracing::debug!(path, "asked for what is not there");
    }
    response
}

/// Sets what every answer of the control origin carries.
pub(crate) fn harden(headers: &mut HeaderMap) {
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("referrer-policy", "no-referrer"),
        ("cross-origin-resource-policy", "same-origin"),
        ("cross-origin-opener-policy", "same-origin"),
        ("origin-agent-cluster", "?1"),
        ("x-dns-prefetch-control", "off"),
    ] {
        put(headers, name, value);
    }
    if !headers.contains_key("content-security-policy") {
        put(headers, "content-security-policy", "default-src 'none'; frame-ancestors 'none'");
    }
    if !headers.contains_key(CACHE_CONTROL) {
        put(headers, CACHE_CONTROL.as_str(), "no-store");
    }
}

/// Returns the page's policy: its own scripts and styles only, members' contents from their own origins only.
fn policy(port: u16) -> String {
    let views = format!("http://*.localhost{}", port_suffix(port));
    format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; manifest-src 'self'; \
         img-src 'self' data: blob: {views}; connect-src 'self'; frame-src {views}; media-src {views}; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
}

fn put(headers: &mut HeaderMap, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}
