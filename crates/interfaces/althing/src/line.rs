//! The line to the running peer: HTTP over the socket in its home.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use base::Fault;
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use hyper::{Method, Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::UnixStream;
use tokio::task::JoinSet;

use crate::failure::Failure;

/// A connection to the peer of a home.
#[derive(Debug)]
pub(crate) struct Line {
    requests: SendRequest<Full<Bytes>>,
    /// Carries the bytes; ends with the line.
    _carrier: JoinSet<()>,
}

impl Line {
    /// Connects to the peer of a home.
    pub(crate) async fn open(home: &Path) -> Result<Self, Fault> {
        let socket = peer::socket_path(home);
        let stream =
            UnixStream::connect(&socket).await.map_err(|error| no_peer(home.to_path_buf(), &error))?;
        let (requests, connection) =
            http1::handshake(TokioIo::new(stream)).await.map_err(|error| cut_off(&error))?;
        let mut carrier = JoinSet::new();
        carrier.spawn(async move {
            // How it ended is seen by whoever waits for an answer.
            drop(connection.await);
        });
        Ok(Self { requests, _carrier: carrier })
    }

    /// Asks an operation.
    pub(crate) async fn ask(&mut self, operation: &str, arguments: &Value) -> Result<Value, Fault> {
        let body = Full::from(arguments.to_string());
        let response = self.send(Method::POST, &format!("/api/{operation}"), body).await?;
        let bytes = response.into_body().collect().await.map_err(|error| cut_off(&error))?.to_bytes();
        serde_json::from_slice(&bytes).map_err(|error| garbled(&error))
    }

    /// Opens a stream of bytes. A status that is no success is a fault.
    pub(crate) async fn stream(&mut self, path: &str) -> Result<Incoming, Fault> {
        Ok(self.send(Method::GET, path, Full::default()).await?.into_body())
    }

    async fn send(
        &mut self,
        method: Method,
        path: &str,
        body: Full<Bytes>,
    ) -> Result<Response<Incoming>, Fault> {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", "althing.localhost")
            .header("content-type", "application/json")
            .body(body)
            .map_err(|error| garbled(&error))?;
        self.requests.ready().await.map_err(|error| cut_off(&error))?;
        let response = self.requests.send_request(request).await.map_err(|error| cut_off(&error))?;
        if response.status().is_success() {
            return Ok(response);
        }
        let bytes = response.into_body().collect().await.map_err(|error| cut_off(&error))?.to_bytes();
        Err(serde_json::from_slice(&bytes).unwrap_or_else(|error| garbled(&error)))
    }
}

/// Reads the next bytes of a stream; none at its end.
pub(crate) async fn next(stream: &mut Incoming) -> Result<Option<Bytes>, Fault> {
    loop {
        match stream.frame().await {
            None => return Ok(None),
            Some(Err(error)) => return Err(cut_off(&error)),
            Some(Ok(frame)) => {
                if let Ok(bytes) = frame.into_data() {
                    return Ok(Some(bytes));
                }
            }
        }
    }
}

fn no_peer(home: PathBuf, error: &std::io::Error) -> Fault {
    match error.kind() {
        ErrorKind::NotFound | ErrorKind::ConnectionRefused => Failure::NoPeer { home }.into(),
        _ => Failure::CannotAsk { home, why: error.to_string() }.into(),
    }
}

fn cut_off(error: &dyn std::error::Error) -> Fault {
    Failure::CutOff { why: error.to_string() }.into()
}

fn garbled(error: &dyn std::error::Error) -> Fault {
    Failure::Garbled { why: error.to_string() }.into()
}
