//! The routes and their gate: who gets to which answer.

use std::sync::Arc;
use std::time::Instant;

use api::files::{Open, Opened};
use api::mail::{AskMailPart, MailPart, TakenFile};
use api::{Kind, Operation as _};
use axum::body::Body;
use axum::extract::{Path, Query, Request, State};
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use axum::http::{HeaderMap, Method};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use base::{Fault, OperationId};
use serde_json::{Value, json};

use crate::gateway::{Gateway, aside, now};
use crate::places::{self, Place, Shows};
use crate::refusal::{GatewayError, Refusal};
use crate::surface::{AskPart, AskQr, AskSession, AskView, Disposition, PartUrl, Session, View};
use crate::trespass::Trespass;
use crate::views::{Address, Source, Viewed};
use crate::{arguments, body, content, events, media, names, openapi, page, sites};

/// Longest text of a QR code that telephones still read.
const QR_BYTES_MAX: usize = 2048;

/// Returns the routes for browsers: every request passes the gate.
pub(crate) fn for_browsers(gateway: &Arc<Gateway>) -> Router {
    let gated = operations()
        .route("/session/end", post(end_session).fallback(wrong_method))
        .route_layer(from_fn_with_state(Arc::clone(gateway), check_token))
        .route("/session", post(open_session).fallback(wrong_method))
        .route_layer(from_fn_with_state(Arc::clone(gateway), check_origin));
    gated
        .route("/proxy.pac", get(sites::configuration).fallback(wrong_method))
        .route("/api/openapi.json", get(async || Json(openapi())).fallback(wrong_method))
        .fallback(page::answer)
        .layer(from_fn_with_state(Arc::clone(gateway), by_host))
        .with_state(Arc::clone(gateway))
}

/// Returns the routes for the Unix socket, whose file rights are the gate.
pub(crate) fn for_socket(gateway: &Arc<Gateway>) -> Router {
    operations()
        .route("/content", get(raw_content).fallback(wrong_method))
        .route("/content/{id}", get(raw_output).fallback(wrong_method))
        .fallback(async || Refusal::from(GatewayError::NothingHere))
        .with_state(Arc::clone(gateway))
}

fn operations() -> Router<Arc<Gateway>> {
    Router::new()
        .route("/api/events", get(events::stream).fallback(wrong_method))
        .route("/api/{operation}", post(operate).fallback(wrong_method))
        .route("/view", post(view).fallback(wrong_method))
        .route("/part", post(part).fallback(wrong_method))
        .route("/attachment", post(attachment).fallback(wrong_method))
        .route("/site", post(sites::open_by_page).fallback(wrong_method))
        .route("/qr", post(qr).fallback(wrong_method))
}

/// First of all: is it for us, and for which of our origins?
async fn by_host(State(gateway): State<Arc<Gateway>>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let mut response = match places::place(&parts, gateway.port) {
        Ok(Place::View(label)) => return content::answer(&gateway, &label, &parts).await,
        Ok(Place::Site(site)) => {
            return sites::answer(&gateway, site, Request::from_parts(parts, body)).await;
        }
        Ok(Place::Control(host)) => {
            let mut request = Request::from_parts(parts, body);
            request.extensions_mut().insert(ControlHost(host));
            next.run(request).await
        }
        Err(error) => Refusal::from(error).into_response(),
    };
    if let Some(what) = response.extensions().get::<Trespass>().copied()
        && let Some(times) = gateway.trespasses.note(what, Instant::now())
    {
        gateway.host.trespassed(what, times);
    }
    page::harden(response.headers_mut());
    response
}

/// `host:port` as the browser wrote it, checked.
#[derive(Debug, Clone)]
struct ControlHost(String);

/// Keeps out requests that another site's page has made.
async fn check_origin(request: Request, next: Next) -> Response {
    let headers = request.headers();
    let shows = if request.method() == Method::GET { Shows::MayBeSilent } else { Shows::Origin };
    let host = request.extensions().get::<ControlHost>();
    let error = match host {
        Some(ControlHost(host)) if places::is_own_site(headers, host, shows) => {
            (headers.get("x-althing").is_none_or(|marker| marker != "1")).then_some(GatewayError::NoMarker)
        }
        _ => Some(GatewayError::CrossSite),
    };
    match error {
        Some(error) => Refusal::from(error).into_response(),
        None => next.run(request).await,
    }
}

/// Keeps out everybody without a session.
async fn check_token(State(gateway): State<Arc<Gateway>>, request: Request, next: Next) -> Response {
    let checked = match token(request.headers()) {
        Some(token) => gateway.sessions.check(token, now()),
        None => Err(GatewayError::NoToken),
    };
    match checked {
        Ok(()) => next.run(request).await,
        Err(error) => Refusal::from(error).into_response(),
    }
}

fn token(headers: &HeaderMap) -> Option<&str> {
    let mut lines = headers.get_all(AUTHORIZATION).iter();
    let line = lines.next()?;
    if lines.next().is_some() {
        return None;
    }
    line.to_str().ok()?.strip_prefix("Bearer ")
}

async fn wrong_method(method: Method) -> Refusal {
    GatewayError::WrongMethod { method: method.to_string().chars().take(20).collect() }.into()
}

async fn open_session(
    State(gateway): State<Arc<Gateway>>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Session>, Refusal> {
    let asked: AskSession = body::read("session", &headers, body).await?;
    Ok(Json(gateway.sessions.open(&asked.code, now())?))
}

async fn end_session(State(gateway): State<Arc<Gateway>>, headers: HeaderMap) -> Json<Value> {
    if let Some(token) = token(&headers) {
        gateway.sessions.end(token);
    }
    Json(json!({}))
}

async fn operate(
    State(gateway): State<Arc<Gateway>>,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Value>, Refusal> {
    let (entry, schema) = gateway.operation(&name)?;
    let arguments = body::arguments(&headers, body).await?;
    arguments::check(schema, &arguments)
        .map_err(|why| GatewayError::BadArguments { operation: name.clone(), why })?;
    let id = operation_id(&headers)?;
    if entry.name == "host.page" {
        return Ok(Json(json!({ "link": gateway.link()? })));
    }
    if entry.name == "host.open_site" {
        let site = arguments.get("site").and_then(Value::as_str).unwrap_or_default();
        return Ok(Json(json!({ "link": sites::open_by_name(&gateway, site).await? })));
    }
    Ok(Json(match entry.kind {
        Kind::Act => gateway.host.ask(entry.name, arguments, id).await?,
        Kind::Read => {
            let (host, name) = (Arc::clone(&gateway.host), entry.name);
            aside(move || host.read(name, arguments)).await??
        }
    }))
}

fn operation_id(headers: &HeaderMap) -> Result<Option<OperationId>, GatewayError> {
    let Some(key) = headers.get("idempotency-key") else { return Ok(None) };
    let id = key.to_str().ok().and_then(|key| key.parse().ok());
    id.map(Some).ok_or(GatewayError::BadOperationId)
}

async fn open(gateway: &Gateway, path: String, revision: Option<u64>) -> Result<Opened, Fault> {
    let arguments = serde_json::to_value(Open { path, revision });
    let broken = |error: serde_json::Error| GatewayError::Broken { why: error.to_string() };
    let answer = gateway.host.ask("files.open", arguments.map_err(broken)?, None).await?;
    Ok(serde_json::from_value(answer).map_err(broken)?)
}

async fn view(
    State(gateway): State<Arc<Gateway>>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<View>, Refusal> {
    let asked: AskView = body::read("view", &headers, body).await?;
    let opened = open(&gateway, asked.path, asked.revision).await?;
    // Waits for the first bytes: they say what the file is, and if they can't come the page gets to know why.
    let head = 0..opened.size.0.min(media::HEAD_BYTES);
    let head = content::collect(gateway.host.as_ref(), Source::File(opened.clone()), head).await?;
    let shown = match asked.disposition {
        Disposition::Inline => media::of(&opened.name, opened.size.0, &head),
        Disposition::Attachment => media::SAVED_ONLY,
    };
    let source = Source::File(opened.clone());
    let address =
        gateway.views.mint(Viewed { source, media: shown, disposition: asked.disposition }, now())?;
    Ok(Json(View {
        url: url(&gateway, &address, &opened.name),
        show: shown.show,
        name: opened.name,
        size: opened.size,
        media: shown.media.to_owned(),
        revision: opened.revision,
        content: opened.content,
        expires: address.expires,
    }))
}

fn url(gateway: &Gateway, address: &Address, name: &str) -> String {
    let origin = places::view_origin(&address.label, gateway.port);
    format!("{origin}/v/{}/{}", address.capability, names::in_url(name))
}

/// Makes an address at which a part of a mail can be saved, and nothing else: strangers have made it.
async fn part(
    State(gateway): State<Arc<Gateway>>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<PartUrl>, Refusal> {
    let asked: AskPart = body::read("part", &headers, body).await?;
    let broken = |error: serde_json::Error| GatewayError::Broken { why: error.to_string() };
    let arguments = serde_json::to_value(AskMailPart { message: asked.message, part: asked.part });
    let (host, arguments) = (Arc::clone(&gateway.host), arguments.map_err(broken)?);
    let found = aside(move || host.read(AskMailPart::NAME, arguments)).await??;
    let found: MailPart = serde_json::from_value(found).map_err(broken)?;
    let (name, size) = (names::safe(&found.name), found.size);
    let view = Viewed {
        source: Source::Part(found),
        media: media::SAVED_ONLY,
        disposition: Disposition::Attachment,
    };
    let address = gateway.views.mint(view, now())?;
    Ok(Json(PartUrl { url: url(&gateway, &address, &name), name, size, expires: address.expires }))
}

/// Takes the bytes of a file for a mail that is being written.
async fn attachment(
    State(gateway): State<Arc<Gateway>>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<TakenFile>, Refusal> {
    Ok(Json(gateway.host.attach(body::bytes(&headers, body)?).await?))
}

async fn qr(headers: HeaderMap, body: Body) -> Result<Response, Refusal> {
    let asked: AskQr = body::read("qr", &headers, body).await?;
    let bytes = asked.text.len();
    if bytes == 0 || bytes > QR_BYTES_MAX {
        return Err(GatewayError::QrText { bytes, max: QR_BYTES_MAX }.into());
    }
    let code = qrcode::QrCode::with_error_correction_level(asked.text, qrcode::EcLevel::M)
        .map_err(|error| GatewayError::Broken { why: error.to_string() })?;
    let drawing = code.render::<qrcode::render::svg::Color<'_>>().min_dimensions(240, 240).build();
    Ok(([(CONTENT_TYPE, "image/svg+xml")], drawing).into_response())
}

async fn raw_content(
    State(gateway): State<Arc<Gateway>>,
    asked: Result<Query<Open>, axum::extract::rejection::QueryRejection>,
) -> Result<Response, Refusal> {
    let Query(asked) = asked.map_err(|error| GatewayError::BadArguments {
        operation: "content".to_owned(),
        why: error.body_text(),
    })?;
    let opened = open(&gateway, asked.path, asked.revision).await?;
    raw(&gateway, opened).await
}

/// Answers with an output of a job that is a content of its own.
async fn raw_output(
    State(gateway): State<Arc<Gateway>>,
    asked: Result<Path<String>, axum::extract::rejection::PathRejection>,
) -> Result<Response, Refusal> {
    let bad = |why: String| GatewayError::BadArguments { operation: "content".to_owned(), why };
    let Path(content) = asked.map_err(|error| bad(error.body_text()))?;
    let arguments = serde_json::json!({ "content": content });
    let host = Arc::clone(&gateway.host);
    let read = move || host.read("compute.output", arguments);
    let opened = tokio::task::spawn_blocking(read).await.map_err(|error| bad(error.to_string()))??;
    let opened: Opened = serde_json::from_value(opened).map_err(|error| bad(error.to_string()))?;
    raw(&gateway, opened).await
}

async fn raw(gateway: &Gateway, opened: Opened) -> Result<Response, Refusal> {
    let size = opened.size.0;
    let bytes = match size {
        0 => Body::empty(),
        size => content::stream(gateway.host.as_ref(), Source::File(opened), 0..size).await?,
    };
    Ok((
        [("content-type", "application/octet-stream".to_owned()), ("content-length", size.to_string())],
        bytes,
    )
        .into_response())
}
