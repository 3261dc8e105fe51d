//! A small host and a small HTTP client for the tests of the gateways.
//!
//! The client writes what it is told, byte by byte: what browsers would never send is what these tests are for.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use api::Event;
use api::files::Opened;
use api::mail::{MailPart, TakenFile};
use base::{ByteCount, ContentId, Fault, FaultKind, OperationId, Timestamp, WebId};
use bytes::Bytes;
use futures_lite::StreamExt as _;
use gateways::{ContentStream, Events, GatewayConfig, Gateways, Host, Promise, Serving};
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpStream, UnixStream};
use tokio::sync::watch;

/// The share that all sites of the small host lie in.
pub(crate) const SHARE: &str = "family/alice/sites";

/// A host with a few files in memory.
#[derive(Debug)]
pub(crate) struct SmallHost {
    pub(crate) files: BTreeMap<String, Vec<u8>>,
    pub(crate) asked: Mutex<Vec<(String, Value, Option<OperationId>)>>,
    pub(crate) log: Mutex<Vec<Event>>,
    pub(crate) numbers: watch::Sender<u64>,
    /// Files of sites by `label/path`; a label without files is no site.
    pub(crate) sites: Mutex<BTreeMap<String, Vec<u8>>>,
    /// Labels that were sites.
    pub(crate) removed: Mutex<Vec<String>>,
    /// How often something was read.
    pub(crate) reads: AtomicU64,
}

impl SmallHost {
    pub(crate) fn happen(&self, kind: &str) {
        self.happen_about(kind, json!({"n": "a\nb"}));
    }

    /// Puts a file on a site and tells of it as `files` does.
    pub(crate) fn put(&self, path: &str, bytes: &[u8]) {
        self.sites.lock().unwrap().insert(path.to_owned(), bytes.to_vec());
        let about = json!({"web": "w", "share": SHARE, "entries": 1, "paths": [format!("{SHARE}/{path}")]});
        self.happen_about("files.changed", about);
    }

    fn site(&self, label: &str) -> Value {
        let is_there = self.sites.lock().unwrap().keys().any(|key| key.starts_with(&format!("{label}/")));
        let parts: Vec<&str> = label.split("--").collect();
        let (name, owner, web) = (parts[0], parts[1], parts[2]);
        let site = json!({
            "name": name, "owner": owner, "web": web, "label": label, "site": format!("{web}/{owner}/{name}"),
            "address": "", "path": format!("{SHARE}/{label}"), "link": format!("althing:{label}"), "changed": null,
            "note": "newest", "is_own": false,
        });
        json!({
            "site": if is_there { site } else { Value::Null },
            "was_there": self.removed.lock().unwrap().iter().any(|one| one == label),
            "at": parts.get(3).map(|_| 7),
        })
    }

    fn site_file(&self, label: &str, path: &str) -> Value {
        let full = if path.is_empty() { label.to_owned() } else { format!("{label}/{path}") };
        let sites = self.sites.lock().unwrap();
        let mut found = json!({
            "kind": "missing", "path": format!("{SHARE}/{full}"), "revision": null, "content": null, "size": null,
            "web": WebId::new([1; 32]), "note": "", "entries": [],
        });
        if let Some(bytes) = sites.get(&full) {
            found["kind"] = json!("file");
            found["revision"] = json!(2);
            if !full.contains("unread") {
                found["content"] = json!(ContentId::new(*blake3::hash(bytes).as_bytes()));
                found["size"] = json!(bytes.len());
            }
            return found;
        }
        let mut entries = BTreeMap::new();
        for (key, bytes) in sites.range(format!("{full}/")..) {
            let Some(rest) = key.strip_prefix(&format!("{full}/")) else { break };
            match rest.split_once('/') {
                Some((folder, _)) => {
                    entries.insert(folder.to_owned(), json!({"name": folder, "kind": "folder", "size": null}))
                }
                None => entries
                    .insert(rest.to_owned(), json!({"name": rest, "kind": "file", "size": bytes.len()})),
            };
        }
        if !entries.is_empty() {
            found["kind"] = json!("folder");
            found["entries"] = entries.into_values().collect();
        }
        found
    }

    fn find(&self, opened: &Opened) -> Vec<u8> {
        let sites = self.sites.lock().unwrap();
        let of_site =
            sites.values().find(|bytes| *blake3::hash(bytes).as_bytes() == *opened.content.as_bytes());
        of_site.unwrap_or_else(|| &self.files[&opened.name]).clone()
    }

    pub(crate) fn happen_about(&self, kind: &str, about: Value) {
        let mut log = self.log.lock().unwrap();
        let number = log.last().map_or(1, |event| event.number + 1);
        log.push(Event { number, at: Timestamp::from_millis(7), kind: kind.to_owned(), about });
        self.numbers.send_replace(number);
    }
}

impl Host for SmallHost {
    fn ask(&self, operation: &str, arguments: Value, id: Option<OperationId>) -> Promise<'_, Value> {
        self.asked.lock().unwrap().push((operation.to_owned(), arguments.clone(), id));
        let answer = match operation {
            "files.open" => {
                let path = arguments["path"].as_str().unwrap();
                let of_site = path.strip_prefix(&format!("{SHARE}/"));
                if let Some(bytes) = of_site.and_then(|path| self.sites.lock().unwrap().get(path).cloned()) {
                    let opened = Opened {
                        web: WebId::new([1; 32]),
                        content: ContentId::new(*blake3::hash(&bytes).as_bytes()),
                        size: ByteCount(bytes.len() as u64),
                        name: path.rsplit('/').next().unwrap().to_owned(),
                        revision: 2,
                    };
                    return Box::pin(async { Ok(serde_json::to_value(opened).unwrap()) });
                }
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

    fn read(&self, operation: &str, arguments: Value) -> Result<Value, Fault> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        let text = |name: &str| arguments[name].as_str().unwrap_or_default();
        Ok(match operation {
            "pages.site" => self.site(text("label")),
            "pages.site_file" => self.site_file(text("label"), text("path")),
            "pages.sites" => {
                let sites = self.sites.lock().unwrap();
                let labels: BTreeSet<String> =
                    sites.keys().map(|key| key.split('/').next().unwrap().to_owned()).collect();
                drop(sites);
                json!({ "sites": labels.iter().map(|label| self.site(label)["site"].clone()).collect::<Vec<_>>() })
            }
            "mail.part" => {
                let (message, part) = (text("message"), arguments["part"].clone());
                let Some(bytes) = self.files.get(message) else {
                    return Err(Fault::new("mail.no-such-part", FaultKind::Yours, "there is no such part"));
                };
                json!({"message": message, "part": part, "name": message, "size": bytes.len()})
            }
            "ledger.wish" => json!({"ledger": text("id"), "state": "waiting"}),
            "ledger.read" => json!({"entries": [], "asked": arguments}),
            _ => json!({"read": operation}),
        })
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
        let bytes = Bytes::from(self.find(&opened)[range].to_vec());
        Box::pin(async move {
            if opened.name.starts_with("away") {
                return Err(Fault::new(
                    "files.nobody-here",
                    FaultKind::Unreachable,
                    "nobody who has it is here",
                ));
            }
            Ok(in_pieces(&bytes))
        })
    }

    fn part(&self, part: MailPart, range: Range<u64>) -> Promise<'_, ContentStream> {
        let range = usize::try_from(range.start).unwrap()..usize::try_from(range.end).unwrap();
        let bytes = in_pieces(&self.files[&part.message][range]);
        Box::pin(async { Ok(bytes) })
    }

    fn attach(&self, mut bytes: ContentStream) -> Promise<'_, TakenFile> {
        Box::pin(async move {
            let mut size = 0;
            while let Some(piece) = bytes.next().await {
                size += piece?.len() as u64;
            }
            Ok(TakenFile { id: "1f".repeat(16), size: ByteCount(size) })
        })
    }
}

/// Pieces of a thousand bytes.
fn in_pieces(bytes: &[u8]) -> ContentStream {
    let pieces: Vec<Result<Bytes, Fault>> =
        bytes.chunks(1000).map(|one| Ok(Bytes::copy_from_slice(one))).collect();
    Box::pin(futures_lite::stream::iter(pieces))
}

/// The site of most tests.
pub(crate) const LABEL: &str = "notes--alice--family";

/// What a browser says when a person follows a link from another site.
pub(crate) const VISIT: &str = "sec-fetch-site: cross-site\r\nsec-fetch-mode: navigate\r\nsec-fetch-dest: document\r\naccept: text/html\r\n";

/// What a browser says when a page of the site loads something of it.
pub(crate) const OWN: &str =
    "sec-fetch-site: same-origin\r\nsec-fetch-mode: cors\r\nsec-fetch-dest: empty\r\n";

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
            sites: Mutex::default(),
            removed: Mutex::default(),
            reads: AtomicU64::default(),
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

    /// Starts with one site; its files by path.
    pub(crate) async fn with_site(files: &[(&str, &[u8])]) -> Self {
        let house = Self::start(&[]).await;
        for (path, bytes) in files {
            house.host.put(&format!("{LABEL}/{path}"), bytes);
        }
        house
    }

    pub(crate) fn site_host(&self, label: &str) -> String {
        format!("{label}.localhost:{}", self.port)
    }

    /// Makes an address that enters a site, and splits it into host and path.
    pub(crate) async fn site_url(&self, label: &str, path: &str) -> (String, String) {
        let answer = self.post("/site", &json!({"label": label, "path": path})).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let url = answer.json()["url"].as_str().unwrap().strip_prefix("http://").unwrap().to_owned();
        let (host, rest) = url.split_once('/').unwrap();
        (host.to_owned(), format!("/{rest}"))
    }

    /// Enters a site as a browser does; returns the line of its cookie.
    pub(crate) async fn enter(&self, label: &str) -> String {
        let (host, path) = self.site_url(label, "").await;
        let answer = self.raw(&request("GET", &path, &host, VISIT, "")).await;
        assert_eq!(
            (answer.status, answer.header("location").as_deref()),
            (303, Some("/")),
            "{}",
            answer.text()
        );
        let cookie = answer.header("set-cookie").unwrap();
        format!("cookie: {}\r\n", cookie.split(';').next().unwrap())
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
