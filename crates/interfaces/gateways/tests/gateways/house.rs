//! A small host and a small HTTP client for the tests of the gateways.
//!
//! The client writes what it is told, byte by byte: what browsers would never send is what these tests are for.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use api::Event;
use api::files::Opened;
use base::{ByteCount, ContentId, Fault, FaultKind, OperationId, Timestamp, WebId};
use bytes::Bytes;
use gateways::{ContentStream, Events, GatewayConfig, Gateways, Host, Promise, Serving};
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpStream, UnixStream};
use tokio::sync::watch;

/// A host with a few files in memory.
#[derive(Debug)]
pub(crate) struct SmallHost {
    pub(crate) files: BTreeMap<String, Vec<u8>>,
    pub(crate) asked: Mutex<Vec<(String, Value, Option<OperationId>)>>,
    pub(crate) log: Mutex<Vec<Event>>,
    pub(crate) numbers: watch::Sender<u64>,
}

impl SmallHost {
    pub(crate) fn happen(&self, kind: &str) {
        let mut log = self.log.lock().unwrap();
        let number = log.last().map_or(1, |event| event.number + 1);
        log.push(Event {
            number,
            at: Timestamp::from_millis(7),
            kind: kind.to_owned(),
            about: json!({"n": "a\nb"}),
        });
        self.numbers.send_replace(number);
    }
}

impl Host for SmallHost {
    fn ask(&self, operation: &str, arguments: Value, id: Option<OperationId>) -> Promise<'_, Value> {
        self.asked.lock().unwrap().push((operation.to_owned(), arguments.clone(), id));
        let answer = match operation {
            "files.open" => {
                let path = arguments["path"].as_str().unwrap();
                match self.files.get(path) {
                    Some(bytes) => Ok(serde_json::to_value(Opened {
                        web: WebId::new([1; 32]),
                        content: ContentId::new(*blake3::hash(path.as_bytes()).as_bytes()),
                        size: ByteCount(bytes.len() as u64),
                        name: path.to_owned(),
                        revision: 2,
                    })
                    .unwrap()),
                    None => Err(Fault::new("files.no-such-path", FaultKind::Yours, "there is no such file")),
                }
            }
            "people.start_web" => {
                Err(Fault::new("people.no-name", FaultKind::Settings, "you have no name yet"))
            }
            _ => Ok(json!({"what": operation})),
        };
        Box::pin(async { answer })
    }

    fn read(&self, operation: &str, _: Value) -> Result<Value, Fault> {
        Ok(json!({"read": operation}))
    }

    fn events(&self, after: u64, limit: usize) -> Result<Events, Fault> {
        let log = self.log.lock().unwrap();
        let last = log.last().map_or(0, |event| event.number);
        let first = log.first().map_or(1, |event| event.number);
        if after > last || after + 1 < first {
            return Ok(Events { events: Vec::new(), is_cut_off: true });
        }
        let events = log.iter().filter(|event| event.number > after).take(limit).cloned().collect();
        Ok(Events { events, is_cut_off: false })
    }

    fn watch(&self) -> watch::Receiver<u64> {
        self.numbers.subscribe()
    }

    fn content(&self, opened: Opened, range: Range<u64>) -> Promise<'_, ContentStream> {
        let range = usize::try_from(range.start).unwrap()..usize::try_from(range.end).unwrap();
        let bytes = Bytes::from(self.files[&opened.name][range].to_vec());
        Box::pin(async move {
            if opened.name == "away.txt" {
                return Err(Fault::new(
                    "files.nobody-here",
                    FaultKind::Unreachable,
                    "nobody who has it is here",
                ));
            }
            let pieces: Vec<Result<Bytes, Fault>> =
                bytes.chunks(1000).map(|one| Ok(Bytes::copy_from_slice(one))).collect();
            let stream: ContentStream = Box::pin(futures_lite::stream::iter(pieces));
            Ok(stream)
        })
    }
}

/// Running gateways with a session.
pub(crate) struct House {
    pub(crate) home: tempfile::TempDir,
    pub(crate) host: Arc<SmallHost>,
    pub(crate) serving: Serving,
    pub(crate) port: u16,
    pub(crate) token: String,
}

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("no JSON: {}", self.text()))
    }

    pub(crate) fn code(&self) -> String {
        self.json()["code"].as_str().unwrap_or_default().to_owned()
    }

    pub(crate) fn header(&self, name: &str) -> Option<String> {
        let found = self
            .head
            .lines()
            .filter_map(|line| line.split_once(": "))
            .find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.to_owned())
    }
}

impl House {
    pub(crate) async fn start(files: &[(&str, &[u8])]) -> Self {
        let home = tempfile::tempdir().unwrap();
        let host = Arc::new(SmallHost {
            files: files.iter().map(|(name, bytes)| ((*name).to_owned(), bytes.to_vec())).collect(),
            asked: Mutex::default(),
            log: Mutex::default(),
            numbers: watch::channel(0).0,
        });
        let gateways = Gateways::bind(&config(&home)).await.unwrap();
        let port = gateways.port();
        let serving = gateways.serve(Arc::clone(&host) as Arc<dyn Host>);
        let mut house = Self { home, host, serving, port, token: String::new() };
        house.token = house.new_token().await;
        house
    }

    pub(crate) async fn new_token(&self) -> String {
        let answer = self.session(&self.code()).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()["token"].as_str().unwrap().to_owned()
    }

    pub(crate) fn code(&self) -> String {
        self.serving.link().unwrap().split_once("#code=").unwrap().1.to_owned()
    }

    pub(crate) async fn session(&self, code: &str) -> Answer {
        let lines = "x-althing: 1\r\nsec-fetch-site: same-origin\r\ncontent-type: application/json\r\n";
        self.raw(&request("POST", "/session", &self.own_host(), lines, &json!({ "code": code }).to_string()))
            .await
    }

    pub(crate) fn own_host(&self) -> String {
        format!("althing.localhost:{}", self.port)
    }

    /// The headers of a good request.
    pub(crate) fn good(&self) -> String {
        format!(
            "x-althing: 1\r\nsec-fetch-site: same-origin\r\ncontent-type: application/json\r\nauthorization: Bearer {}\r\n",
            self.token
        )
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        self.raw(&request("POST", path, &self.own_host(), &self.good(), &body.to_string())).await
    }

    /// Makes a view and splits its URL into host and path.
    pub(crate) async fn view(&self, path: &str, disposition: &str) -> (Value, String, String) {
        let answer = self.post("/view", &json!({"path": path, "disposition": disposition})).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let view = answer.json();
        let url = view["url"].as_str().unwrap().strip_prefix("http://").unwrap().to_owned();
        let (host, rest) = url.split_once('/').unwrap();
        (view, host.to_owned(), format!("/{rest}"))
    }

    pub(crate) async fn raw(&self, request: &[u8]) -> Answer {
        converse(TcpStream::connect(("127.0.0.1", self.port)).await.unwrap(), request).await
    }

    pub(crate) async fn socket(&self, request: &[u8]) -> Answer {
        converse(UnixStream::connect(self.home.path().join("althing.sock")).await.unwrap(), request).await
    }
}

pub(crate) fn config(home: &tempfile::TempDir) -> GatewayConfig {
    let path = |name: &str| -> PathBuf { home.path().join(name) };
    GatewayConfig { port: 0, socket: path("althing.sock"), sessions: path("sessions") }
}

pub(crate) fn request(method: &str, path: &str, host: &str, lines: &str, body: &str) -> Vec<u8> {
    let host = if host.is_empty() { String::new() } else { format!("host: {host}\r\n") };
    let length = body.len();
    format!(
        "{method} {path} HTTP/1.1\r\n{host}{lines}content-length: {length}\r\nconnection: close\r\n\r\n{body}"
    )
    .into_bytes()
}

async fn converse<S: AsyncRead + AsyncWrite + Unpin>(mut stream: S, request: &[u8]) -> Answer {
    // A refused upload may end the connection before all is written.
    drop(stream.write_all(request).await);
    let mut bytes = Vec::new();
    let read = tokio::time::timeout(Duration::from_secs(20), stream.read_to_end(&mut bytes)).await;
    drop(read.expect("an answer within 20 s"));
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").expect("a head") + 4;
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    let body = &bytes[end..];
    let is_chunked = head.to_ascii_lowercase().contains("transfer-encoding: chunked");
    Answer { status, body: if is_chunked { unchunk(body) } else { body.to_vec() }, head }
}

fn unchunk(mut body: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    while let Some(end) = body.windows(2).position(|two| two == b"\r\n") {
        let size = usize::from_str_radix(std::str::from_utf8(&body[..end]).unwrap(), 16).unwrap();
        if size == 0 {
            break;
        }
        out.extend_from_slice(&body[end + 2..end + 2 + size]);
        body = &body[end + 2 + size + 2..];
    }
    out
}
