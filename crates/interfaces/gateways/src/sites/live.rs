//! News for open pages: `/.althing/live` tells what changed below a site, and the script that reloads them.

use std::sync::Arc;

use api::Event;
use api::pages::SiteFile;
use axum::body::Body;
use axum::http::Response;
use axum::http::request::Parts;
use base::WebId;
use serde_json::{Value, json};

use super::cache::is_below;
use super::{STREAMS_MAX, Visit, parse};
use crate::events::{self, message};
use crate::gateway::{Gateway, aside};
use crate::refusal::{GatewayError, Refusal};

/// The script at `/.althing/live.js`.
pub(super) const SCRIPT: &str = include_str!("live.js");

/// Answers with the stream.
pub(super) async fn stream(
    gateway: &Arc<Gateway>,
    visit: &Visit,
    parts: &Parts,
) -> Result<Response<Body>, Refusal> {
    let said = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok());
    // Only a script of the site reads it; a window that goes there would only hold a stream.
    if said("sec-fetch-mode").is_some_and(|mode| mode == "navigate") {
        return Err(GatewayError::ForbiddenUse { purpose: "a page".to_owned() }.into());
    }
    let permit = Arc::clone(&gateway.sites.streams)
        .try_acquire_owned()
        .map_err(|_full| GatewayError::TooManyStreams { max: STREAMS_MAX })?;
    let asked = parts.uri.query().and_then(|query| query.strip_prefix("after="));
    let after = asked.or_else(|| said("last-event-id")).and_then(|number| number.parse().ok());
    let watched = Watched::of(gateway, visit).await?;
    Ok(events::written(Arc::clone(gateway), after, permit, Box::new(move |event| watched.news(event))))
}

/// What of the peer's events concerns a site.
#[derive(Debug)]
struct Watched {
    label: String,
    site: String,
    /// The folder, as a path of the tree.
    folder: String,
    web: String,
    web_id: Option<WebId>,
    /// An old version changes no more.
    is_old: bool,
}

impl Watched {
    async fn of(gateway: &Arc<Gateway>, visit: &Visit) -> Result<Self, Refusal> {
        let site = visit.site()?;
        let (host, asked) = (Arc::clone(&gateway.host), json!({ "label": visit.label, "path": "" }));
        let root: SiteFile = parse(aside(move || host.read("pages.site_file", asked)).await??)?;
        Ok(Self {
            label: visit.label.clone(),
            site: site.site.clone(),
            folder: site.path.clone(),
            web: site.web.clone(),
            web_id: root.web,
            is_old: visit.spot.found.at.is_some(),
        })
    }

    fn news(&self, event: &Event) -> Option<String> {
        let text = |name: &str| event.about.get(name).and_then(Value::as_str);
        let number = Some(event.number);
        if event.kind == "ledger.changed" {
            let web = text("web")?;
            let is_here = web == self.web || self.web_id.is_some_and(|id| id.to_string() == web);
            return is_here.then(|| message("ledger", number, &json!({})));
        }
        if self.is_old {
            return None;
        }
        if event.kind.starts_with("pages.") {
            let is_this = text("label") == Some(&self.label) || text("site") == Some(&self.site);
            return is_this.then(|| message("change", number, &json!({})));
        }
        if event.kind != "files.changed" {
            return None;
        }
        let share = text("share")?;
        if !is_below(&self.folder, share) && !is_below(share, &self.folder) {
            return None;
        }
        let paths: Vec<&str> =
            event.about.get("paths").and_then(Value::as_array)?.iter().filter_map(Value::as_str).collect();
        let below: Vec<&str> = paths.iter().filter_map(|path| self.inside(path)).collect();
        let total = event.about.get("entries").and_then(Value::as_u64).unwrap_or(0);
        // The event names the first ones only: the others may be anywhere.
        let has_more = total > paths.len() as u64;
        let mut out = String::new();
        for path in &below {
            out.push_str(&message("change", number, &json!({ "path": path })));
        }
        if has_more {
            out.push_str(&message("change", number, &json!({})));
        }
        (!out.is_empty()).then_some(out)
    }

    /// Returns a path of the tree as one of the site.
    fn inside<'a>(&self, path: &'a str) -> Option<&'a str> {
        let rest = path.strip_prefix(self.folder.as_str())?;
        if rest.is_empty() { Some(rest) } else { rest.strip_prefix('/') }
    }
}
