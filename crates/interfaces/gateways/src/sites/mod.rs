//! Members' sites: any folder that a member published, at `http://LABEL.localhost:PORT/`.
//!
//! One origin per site. Each needs a cookie that only the control page, or the socket, can lead to (`keys`, `enter`);
//! behind it are the folder's files (`files`), news of them (`live`) and the site's shared state (`ledger`).
//! Not for: which site a label names and what lies in it; the host answers that.

mod answers;
mod article;
mod cache;
mod enter;
mod files;
mod keys;
mod layout;
mod ledger;
mod live;
mod paths;
mod proxy;

use std::sync::Arc;

use api::pages::{SiteSpot, SiteView};
use axum::body::Body;
use axum::extract::Request;
use axum::http::header::{ACCEPT, CONTENT_TYPE, HeaderName, ORIGIN, SET_COOKIE};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, Response, StatusCode};
use axum::response::IntoResponse as _;
use base::Fault;
use serde_json::json;
use tokio::sync::Semaphore;

use crate::gateway::{Gateway, aside, now};
use crate::host::Host;
use crate::neighbours::Neighbour;
use crate::places::{self, Shows, SiteHost};
use crate::refusal::{GatewayError, Refusal};
use answers::put;
use cache::{Cache, Spot};
use keys::{Keys, SiteId};

pub(crate) use enter::{open_by_name, open_by_page};
pub(crate) use proxy::configuration;

/// Streams of news at most, of all sites: pages that are looked at.
const STREAMS_MAX: usize = 64;

/// Uses that a site has no right to: it would outlive its removal, or act where nobody sees it.
const FORBIDDEN_USES: [&str; 8] =
    ["serviceworker", "sharedworker", "worker", "iframe", "frame", "fencedframe", "embed", "object"];

const CLEAR_SITE_DATA: HeaderName = HeaderName::from_static("clear-site-data");
const CLEAR_ALL: &str = "\"cache\", \"cookies\", \"storage\"";

/// What all sites share.
#[derive(Debug)]
pub(crate) struct Sites {
    keys: Keys,
    cache: Cache,
    streams: Arc<Semaphore>,
}

impl Sites {
    pub(crate) fn new(host: &dyn Host) -> Self {
        Self {
            keys: Keys::default(),
            cache: Cache::new(host.watch()),
            streams: Arc::new(Semaphore::new(STREAMS_MAX)),
        }
    }
}

/// A visit that was let in.
#[derive(Debug, Clone)]
struct Visit {
    label: String,
    /// `host:port` as the browser wrote it.
    host: String,
    spot: Arc<Spot>,
}

impl Visit {
    /// Returns the site; there is one whenever somebody was let in.
    fn site(&self) -> Result<&SiteView, GatewayError> {
        self.spot.found.site.as_ref().ok_or(GatewayError::SiteGone)
    }
}

/// What a browser says about the purpose of a request.
#[derive(Debug, Clone, Copy)]
struct Purpose {
    /// A person goes there.
    is_navigation: bool,
    /// The answer becomes a page of its own.
    is_document: bool,
}

impl Purpose {
    fn of(headers: &HeaderMap) -> Self {
        let said = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        // Old browsers do not say it.
        let wants_page = said(ACCEPT.as_str()).is_some_and(|kinds| kinds.contains("text/html"));
        Self {
            is_navigation: said("sec-fetch-mode").map_or(wants_page, |mode| mode == "navigate"),
            is_document: said("sec-fetch-dest").map_or(wants_page, |dest| dest == "document"),
        }
    }
}

/// Answers one request for a site.
pub(crate) async fn answer(gateway: &Arc<Gateway>, place: SiteHost, request: Request) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let purpose = Purpose::of(&parts.headers);
    let mut response = match pass(gateway, place, &parts, purpose, body).await {
        Ok(response) => response,
        Err(refused) => in_words(&refused, purpose),
    };
    if parts.method == Method::HEAD {
        *response.body_mut() = Body::empty();
    }
    answers::harden(response.headers_mut());
    response
}

/// The gate.
async fn pass(
    gateway: &Arc<Gateway>,
    place: SiteHost,
    parts: &Parts,
    purpose: Purpose,
    body: Body,
) -> Result<Response<Body>, Refusal> {
    check_neighbour(parts).await?;
    check_use(parts, &place.host, purpose)?;
    if let Some(rest) = parts.uri.path().strip_prefix("/.althing/enter/") {
        return enter::enter(gateway, &place, rest, parts).await;
    }
    // Nothing is looked up for somebody without a cookie: not even whether there is such a site can be learned.
    let Some(id) = gateway.sites.keys.site_of(&place.label, &parts.headers, now()) else {
        return to_the_page(gateway, &place.label, parts, purpose);
    };
    let spot = spot(gateway, &place.label).await?;
    match spot.id {
        None => {
            gateway.sites.keys.forget(&place.label, id);
            return Ok(gone(&spot.found, purpose));
        }
        Some(other) if other != id => {
            // Another site stands there now: it must not find what the first one left in the browser.
            gateway.sites.keys.forget(&place.label, id);
            let mut response = to_the_page(gateway, &place.label, parts, purpose)?;
            put(response.headers_mut(), CLEAR_SITE_DATA, CLEAR_ALL);
            return Ok(response);
        }
        Some(_) => {}
    }
    let visit = Visit { label: place.label, host: place.host, spot };
    match parts.uri.path().strip_prefix("/.althing") {
        Some(rest) if rest.is_empty() || rest.starts_with('/') => {
            own(gateway, &visit, rest, parts, body).await
        }
        _ => files::answer(gateway, &visit, parts, purpose).await,
    }
}

/// Keeps out other accounts' programs, as far as the system says whose they are.
async fn check_neighbour(parts: &Parts) -> Result<(), Fault> {
    let Some(neighbour) = parts.extensions.get::<Arc<Neighbour>>() else { return Ok(()) };
    let is_stranger = if let Some(known) = neighbour.known() {
        known
    } else {
        let neighbour = Arc::clone(neighbour);
        aside(move || neighbour.is_stranger()).await?
    };
    if is_stranger { Err(GatewayError::OtherAccount.into()) } else { Ok(()) }
}

/// Keeps out what another site's page asks for, unless a person goes there, and uses that no site may make.
fn check_use(parts: &Parts, host: &str, purpose: Purpose) -> Result<(), GatewayError> {
    let headers = &parts.headers;
    let forbidden = |purpose: &str| Err(GatewayError::ForbiddenUse { purpose: purpose.to_owned() });
    if headers.contains_key("service-worker") {
        return forbidden("service worker");
    }
    let said = headers.get("sec-fetch-dest").and_then(|said| said.to_str().ok()).unwrap_or("");
    if let Some(found) = FORBIDDEN_USES.iter().find(|use_of| said.eq_ignore_ascii_case(use_of)) {
        return forbidden(found);
    }
    // A person may come from anywhere, by a link: to a whole page, that only reads.
    let is_visit = purpose.is_navigation
        && purpose.is_document
        && parts.method == Method::GET
        && !headers.contains_key(ORIGIN);
    if !is_visit && !places::is_own_site(headers, host, Shows::MayBeSilent) {
        return Err(GatewayError::CrossSite);
    }
    Ok(())
}

/// Our own addresses on a site.
async fn own(
    gateway: &Arc<Gateway>,
    visit: &Visit,
    rest: &str,
    parts: &Parts,
    body: Body,
) -> Result<Response<Body>, Refusal> {
    let is_get = parts.method == Method::GET || parts.method == Method::HEAD;
    match rest {
        "/page.css" if is_get => Ok(fixed("text/css; charset=utf-8", layout::STYLE, parts)),
        "/live.js" if is_get => Ok(fixed("text/javascript; charset=utf-8", live::SCRIPT, parts)),
        "/live" if parts.method == Method::GET => live::stream(gateway, visit, parts).await,
        _ if rest.starts_with("/ledger") => {
            // Scripts read these: they get a fault they can look into.
            Ok(ledger::answer(gateway, visit, rest, parts, body).await.unwrap_or_else(Refusal::into_response))
        }
        "/page.css" | "/live.js" | "/live" => Err(wrong_method(&parts.method).into()),
        _ => Err(GatewayError::NothingHere.into()),
    }
}

fn fixed(media: &str, text: &str, parts: &Parts) -> Response<Body> {
    answers::Stored::made(text.to_owned(), media, String::new()).answer(parts)
}

fn wrong_method(method: &Method) -> GatewayError {
    GatewayError::WrongMethod { method: method.to_string().chars().take(20).collect() }
}

/// Sends a person to the control page, which leads back with a code; everything else is refused.
fn to_the_page(
    gateway: &Gateway,
    label: &str,
    parts: &Parts,
    purpose: Purpose,
) -> Result<Response<Body>, Refusal> {
    if parts.method != Method::GET && parts.method != Method::HEAD {
        return Err(GatewayError::SiteNotEntered.into());
    }
    if !purpose.is_navigation {
        return Err(GatewayError::SiteNotEntered.into());
    }
    // A browser that has come from the page, and not by itself, and again without a cookie.
    let is_led = parts.headers.get("sec-fetch-site").is_some_and(|site| site == "cross-site");
    if is_led && gateway.sites.keys.is_lost(label, &parts.headers, now()) {
        return Err(GatewayError::CookieLost.into());
    }
    let path = parts.uri.path_and_query().map_or("", |path| path.as_str());
    let path = paths::within_site(path).unwrap_or_default();
    let page = places::control_origin(gateway.port);
    Ok(answers::see_other(&format!("{page}/#/site/{label}/{}", paths::encode_path(&path))))
}

/// Returns what stands behind a label.
async fn spot(gateway: &Arc<Gateway>, label: &str) -> Result<Arc<Spot>, Fault> {
    let age = gateway.sites.cache.catch_up(&gateway.host).await;
    if let Some(spot) = gateway.sites.cache.spot(label) {
        return Ok(spot);
    }
    let (host, asked) = (Arc::clone(&gateway.host), json!({ "label": label }));
    let found: SiteSpot = parse(aside(move || host.read("pages.site", asked)).await??)?;
    let id = found.site.as_ref().map(|site| identity(site, found.at));
    let spot = Arc::new(Spot { found, id });
    gateway.sites.cache.keep_spot(label, &spot, age);
    Ok(spot)
}

/// Says which site it is: the same label may name another one later.
fn identity(site: &SiteView, at: Option<base::Timestamp>) -> SiteId {
    let whole = json!([site.web, site.owner, site.name, site.link, at]).to_string();
    blake3::hash(whole.as_bytes())
}

fn parse<T: serde::de::DeserializeOwned>(answer: serde_json::Value) -> Result<T, Fault> {
    serde_json::from_value(answer).map_err(|error| GatewayError::Broken { why: error.to_string() }.into())
}

/// Says that a site is not there (any more), and has the browser forget it.
fn gone(found: &SiteSpot, purpose: Purpose) -> Response<Body> {
    let error =
        if found.was_there { GatewayError::SiteGone } else { GatewayError::NoSite { site: String::new() } };
    let mut response = in_words(&error.into(), purpose);
    put(response.headers_mut(), CLEAR_SITE_DATA, CLEAR_ALL);
    put(response.headers_mut(), SET_COOKIE, keys::EXPIRED_COOKIE);
    response
}

/// Says a fault: as a page where a person sees it, else as text.
fn in_words(refused: &Refusal, purpose: Purpose) -> Response<Body> {
    let fault = refused.fault();
    let mut todo: Vec<String> = fault
        .remedies
        .iter()
        .map(|one| [one.command.as_str(), one.text.as_str()].join("  ").trim().to_owned())
        .collect();
    if todo.is_empty() {
        todo.push("Go back, or load this page again.".to_owned());
    }
    let (media, text) = if purpose.is_document {
        let why = match refused.status() {
            StatusCode::SERVICE_UNAVAILABLE => {
                "Nobody who has it can be reached now. It opens as soon as one of them is here."
            }
            StatusCode::INTERNAL_SERVER_ERROR => "This is a mistake of Althing itself.",
            _ => "",
        };
        let words = layout::Words { what: &fault.what, why, todo: &todo, code: &fault.code };
        ("text/html; charset=utf-8", layout::words(words))
    } else {
        ("text/plain; charset=utf-8", format!("{}\n\n{}\n[{}]\n", fault.what, todo.join("\n"), fault.code))
    };
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = refused.status();
    put(response.headers_mut(), CONTENT_TYPE, media);
    response
}
