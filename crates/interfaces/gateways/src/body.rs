//! Reads bodies: JSON, declared as such, of bounded size, in bounded time; or bytes, which come piece by piece. Every fault is a `Fault`.

use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::http::header::{CONTENT_TYPE, HeaderMap};
use base::Fault;
use futures_lite::StreamExt as _;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::host::ContentStream;
use crate::refusal::GatewayError;

/// Largest body of a question that anybody's page may ask: names and numbers.
const BODY_BYTES_MAX: usize = 256 * 1024;

/// Largest body of an operation's arguments, which only the person's own page and programs send: inputs of a job, 8 MiB in
/// base64, and texts of documents. Bytes of files do not travel here.
const ARGUMENTS_BYTES_MAX: usize = 12 * 1024 * 1024;

/// How long a body may take: it comes from this computer.
const BODY_TIME: Duration = Duration::from_secs(10);

/// Reads the arguments of an operation, once it is known who asks.
pub(crate) async fn arguments(headers: &HeaderMap, body: Body) -> Result<Value, GatewayError> {
    json(headers, body, ARGUMENTS_BYTES_MAX).await
}

async fn json(headers: &HeaderMap, body: Body, max: usize) -> Result<Value, GatewayError> {
    let said = headers.get(CONTENT_TYPE).and_then(|said| said.to_str().ok()).unwrap_or("");
    if !said.split(';').next().is_some_and(|said| said.trim().eq_ignore_ascii_case("application/json")) {
        return Err(GatewayError::WrongMediaType);
    }
    let bytes = match tokio::time::timeout(BODY_TIME, to_bytes(body, max)).await {
        Ok(Ok(bytes)) => bytes,
        Ok(Err(error)) if is_too_large(&error) => return Err(GatewayError::TooLarge { max }),
        Ok(Err(_)) | Err(_) => return Err(GatewayError::BodyLost),
    };
    serde_json::from_slice(&bytes).map_err(|error| GatewayError::NotJson { why: error.to_string() })
}

/// Reads a JSON value of a known type; `about` names the route.
pub(crate) async fn read<T: DeserializeOwned>(
    about: &str,
    headers: &HeaderMap,
    body: Body,
) -> Result<T, GatewayError> {
    serde_json::from_value(json(headers, body, BODY_BYTES_MAX).await?)
        .map_err(|error| GatewayError::BadArguments { operation: about.to_owned(), why: error.to_string() })
}

/// Returns bytes as they come, each piece in bounded time; whoever takes them says how many are too many. They have to be
/// declared as such: no form of another site can do that.
pub(crate) fn bytes(headers: &HeaderMap, body: Body) -> Result<ContentStream, GatewayError> {
    if headers.get(CONTENT_TYPE).is_none_or(|said| said != "application/octet-stream") {
        return Err(GatewayError::NotBytes);
    }
    let pieces = futures_lite::stream::try_unfold(body.into_data_stream(), async |mut pieces| {
        match tokio::time::timeout(BODY_TIME, pieces.next()).await {
            Ok(Some(Ok(piece))) => Ok(Some((piece, pieces))),
            Ok(None) => Ok(None),
            Ok(Some(Err(_))) | Err(_) => Err(Fault::from(GatewayError::BodyLost)),
        }
    });
    Ok(Box::pin(pieces))
}

fn is_too_large(error: &axum::Error) -> bool {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = cause {
        if error.is::<http_body_util::LengthLimitError>() {
            return true;
        }
        cause = error.source();
    }
    false
}
