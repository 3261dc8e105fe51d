//! A site's shared state, for its scripts: the ledger of the same web, owner and name, and no other.
//!
//! Values pass through as they are; what they mean is between the site and the host.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::Query;
use axum::http::request::Parts;
use axum::http::{Method, Response};
use axum::response::IntoResponse as _;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Visit, wrong_method};
use crate::gateway::{Gateway, aside};
use crate::places::{self, Shows};
use crate::refusal::{GatewayError, Refusal};
use crate::{arguments, body};

/// What is read of the ledger.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct AskEntries {
    prefix: Option<String>,
    after: Option<String>,
    limit: Option<u32>,
}

/// Which wish is meant.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct AskWish {
    id: String,
}

/// What a site's script wishes.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Submit {
    #[serde(default)]
    needs: Vec<Value>,
    #[serde(default)]
    puts: Vec<Value>,
    id: Option<String>,
}

/// Answers below `/.althing/ledger`.
pub(super) async fn answer(
    gateway: &Arc<Gateway>,
    visit: &Visit,
    rest: &str,
    parts: &Parts,
    body: Body,
) -> Result<Response<Body>, Refusal> {
    let is_get = parts.method == Method::GET;
    let shows = if is_get { Shows::MayBeSilent } else { Shows::Origin };
    if !places::is_own_site(&parts.headers, &visit.host, shows) {
        return Err(GatewayError::CrossSite.into());
    }
    let is_marked = parts.headers.get("x-althing").is_some_and(|marker| marker == "1");
    let ledger = &visit.site()?.site;
    let answer = match (rest, is_get) {
        ("/ledger", true) => {
            let asked: AskEntries = query(parts)?;
            let AskEntries { prefix, after, limit } = asked;
            let asked =
                without_nulls(json!({ "ledger": ledger, "prefix": prefix, "after": after, "limit": limit }));
            read(gateway, "ledger.read", asked).await?
        }
        ("/ledger/wish", true) => own_wish(gateway, visit, &query::<AskWish>(parts)?.id).await?,
        ("/ledger" | "/ledger/give-up", false) if parts.method != Method::POST => {
            return Err(wrong_method(&parts.method).into());
        }
        ("/ledger" | "/ledger/give-up", false) if !is_marked => return Err(GatewayError::NoMarker.into()),
        ("/ledger", false) => {
            let Submit { needs, puts, id } = body::read("ledger", &parts.headers, body).await?;
            let asked = without_nulls(json!({ "ledger": ledger, "needs": needs, "puts": puts, "id": id }));
            act(gateway, "ledger.submit", asked).await?
        }
        ("/ledger/give-up", false) => {
            let asked: AskWish = body::read("ledger/give-up", &parts.headers, body).await?;
            own_wish(gateway, visit, &asked.id).await?;
            act(gateway, "ledger.give_up", json!({ "id": asked.id })).await?
        }
        ("/ledger/give-up", true) | ("/ledger/wish", false) => return Err(wrong_method(&parts.method).into()),
        _ => return Err(GatewayError::NothingHere.into()),
    };
    Ok(Json(answer).into_response())
}

/// Returns a wish, if it concerns this site's ledger: a site learns nothing of others' by trying ids.
async fn own_wish(gateway: &Arc<Gateway>, visit: &Visit, id: &str) -> Result<Value, Refusal> {
    let wish = read(gateway, "ledger.wish", json!({ "id": id })).await?;
    let site = visit.site()?;
    let ledger = wish.get("ledger").and_then(Value::as_str).unwrap_or_default();
    if ledger == site.site { Ok(wish) } else { Err(GatewayError::NoSuchWish.into()) }
}

async fn read(gateway: &Arc<Gateway>, operation: &'static str, asked: Value) -> Result<Value, Refusal> {
    check(gateway, operation, &asked)?;
    let host = Arc::clone(&gateway.host);
    Ok(aside(move || host.read(operation, asked)).await??)
}

async fn act(gateway: &Arc<Gateway>, operation: &str, asked: Value) -> Result<Value, Refusal> {
    check(gateway, operation, &asked)?;
    Ok(gateway.host.ask(operation, asked, None).await?)
}

fn check(gateway: &Gateway, operation: &str, asked: &Value) -> Result<(), GatewayError> {
    // The table may lack what the host still answers.
    let Ok((_, schema)) = gateway.operation(operation) else { return Ok(()) };
    arguments::check(schema, asked)
        .map_err(|why| GatewayError::BadArguments { operation: operation.to_owned(), why })
}

fn query<T: serde::de::DeserializeOwned>(parts: &Parts) -> Result<T, GatewayError> {
    let read = Query::<T>::try_from_uri(&parts.uri);
    read.map(|Query(asked)| asked).map_err(|error| GatewayError::BadArguments {
        operation: "ledger".to_owned(),
        why: error.body_text(),
    })
}

fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(map) => {
            Value::Object(map.into_iter().filter(|(_, value)| !value.is_null()).collect::<Map<_, _>>())
        }
        value => value,
    }
}
