//! How a person gets into a site: from the control page, or from the command line, by a code that is good once.

use std::sync::Arc;

use api::pages::Sites;
use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::header::SET_COOKIE;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, Response};
use base::Fault;
use serde_json::json;

use super::answers::{put, see_other};
use super::keys::set_cookie;
use super::{Purpose, gone, parse, paths, spot, wrong_method};
use crate::body;
use crate::gateway::{Gateway, aside, now};
use crate::places::{SiteHost, is_site_label, site_origin};
use crate::refusal::{GatewayError, Refusal};
use crate::surface::{AskSite, SiteUrl};

/// Answers `POST /site` of the control page.
pub(crate) async fn open_by_page(
    State(gateway): State<Arc<Gateway>>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<SiteUrl>, Refusal> {
    let asked: AskSite = body::read("site", &headers, body).await?;
    if !is_site_label(&asked.label) {
        return Err(GatewayError::NoSite { site: asked.label.chars().take(80).collect() }.into());
    }
    let path = paths::within_site(&asked.path)?;
    Ok(Json(SiteUrl { url: url(&gateway, &asked.label, &path).await? }))
}

/// Answers `host.open_site`: the site is named by a label, as `web/person/name`, or by its name alone.
pub(crate) async fn open_by_name(gateway: &Arc<Gateway>, site: &str) -> Result<String, Fault> {
    let label = label_of(gateway, site).await?;
    if !is_site_label(&label) || spot(gateway, &label).await?.id.is_none() {
        return Err(GatewayError::NoSite { site: site.chars().take(80).collect() }.into());
    }
    url(gateway, &label, "").await
}

/// Makes an address that enters a site once. It is made for what is not there, too: so the browser hears that it is
/// to forget what was.
async fn url(gateway: &Arc<Gateway>, label: &str, path: &str) -> Result<String, Fault> {
    let id = spot(gateway, label).await?.id;
    let code = gateway.sites.keys.new_code(label, id, now())?;
    Ok(format!("{}/.althing/enter/{code}/{path}", site_origin(label, gateway.port)))
}

async fn label_of(gateway: &Arc<Gateway>, site: &str) -> Result<String, Fault> {
    if is_site_label(site) {
        return Ok(site.to_owned());
    }
    let host = Arc::clone(&gateway.host);
    let sites: Sites = parse(aside(move || host.read("pages.sites", json!({}))).await??)?;
    let mut found = sites.sites.into_iter().filter(|one| one.site == site || one.name == site);
    let shown = || site.chars().take(80).collect();
    match (found.next(), found.next()) {
        (Some(one), None) => Ok(one.label),
        (Some(one), Some(other)) => {
            let sites = format!("{} and {}", one.site, other.site);
            Err(GatewayError::ManySites { site: shown(), sites }.into())
        }
        (None, _) => Err(GatewayError::NoSite { site: shown() }.into()),
    }
}

/// Answers `/.althing/enter/CODE/PATH`: gives the cookie and leads on.
pub(super) async fn enter(
    gateway: &Arc<Gateway>,
    place: &SiteHost,
    rest: &str,
    parts: &Parts,
) -> Result<Response<Body>, Refusal> {
    if parts.method != Method::GET {
        return Err(wrong_method(&parts.method).into());
    }
    let is_ahead =
        |name: &str| parts.headers.get(name).is_some_and(|value| value.as_bytes().starts_with(b"prefetch"));
    let purpose = Purpose::of(&parts.headers);
    // A code is for a person's visit: loading ahead, or a script, must not use it up.
    let says_mode = parts.headers.contains_key("sec-fetch-mode");
    if is_ahead("sec-purpose") || is_ahead("purpose") || (says_mode && !purpose.is_navigation) {
        return Err(GatewayError::ForbiddenUse {
            purpose: "something loaded by a script or ahead".to_owned(),
        }
        .into());
    }
    let (code, path) = rest.split_once('/').unwrap_or((rest, ""));
    let path = match parts.uri.query() {
        Some(query) => paths::within_site(&format!("{path}?{query}"))?,
        None => paths::within_site(path)?,
    };
    let keys = &gateway.sites.keys;
    let site = keys.take_code(&place.label, code, now())?;
    let spot = spot(gateway, &place.label).await?;
    match (site, spot.id) {
        (_, None) => Ok(gone(&spot.found, Purpose { is_document: true, ..purpose })),
        (Some(asked), Some(id)) if asked == id => {
            let cookie = keys.new_cookie(&place.label, id, now())?;
            let mut response = see_other(&format!("/{path}"));
            put(response.headers_mut(), SET_COOKIE, &set_cookie(&cookie));
            Ok(response)
        }
        _ => Err(GatewayError::WrongSiteCode.into()),
    }
}
