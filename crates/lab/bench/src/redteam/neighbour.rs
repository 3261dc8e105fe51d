//! An outsider on the same computer: a web page elsewhere in the browser, or a program of another person, at the page's
//! port and at the socket.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::fs::MetadataExt as _;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use serde_json::json;

use crate::peers::text;
use crate::redteam::cast::{COUNCIL, SECRET, Seat};
use crate::redteam::line::holds;
use crate::redteam::stage::{Scene, Stage, Tried};
use crate::redteam::watch::Sign;
use crate::redteam::work::MINUTES;

/// Wrong codes tried in a row.
const CODES: usize = 40;

pub(crate) fn act(stage: &mut Stage<'_>, scene: &mut Scene) -> Result<()> {
    let bob = stage.cast.seat("bob");
    let page = text(&bob.ask("host.status", &json!({}))?, "page").to_owned();
    let port: u16 = page
        .split("://")
        .nth(1)
        .and_then(|rest| rest.split(['/', '#']).next())
        .and_then(|host| host.rsplit(':').next())
        .and_then(|port| port.parse().ok())
        .with_context(|| format!("no port in {page}"))?;
    let path = bob.path(COUNCIL, MINUTES, "note-0.txt");
    without_code(scene, port, &path)?;
    from_elsewhere(scene, port, &path)?;
    guess_codes(scene, port)?;
    at_the_files(scene, &bob)
}

/// Sends a request to the page's port; the answer, cut off after a second of silence.
fn ask(port: u16, request: &str) -> Result<Vec<u8>> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(Duration::from_secs(1)))?;
    stream.write_all(request.as_bytes())?;
    let (mut answer, mut part) = (Vec::new(), [0; 4_096]);
    while let Ok(count @ 1..) = stream.read(&mut part) {
        answer.extend_from_slice(part.get(..count).unwrap_or_default());
    }
    Ok(answer)
}

fn post(port: u16, to: &str, (host, more): (&str, &str), body: &str) -> Result<Vec<u8>> {
    let length = body.len();
    ask(
        port,
        &format!(
            "POST {to} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\nConnection: close\r\n{more}Content-Length: {length}\r\n\r\n{body}"
        ),
    )
}

/// What came of several requests: statuses, and bytes that are somebody's.
#[derive(Debug, Default)]
struct Answers {
    times: u64,
    ends: std::collections::BTreeMap<String, u64>,
    bytes_read: u64,
}

impl Answers {
    fn take(&mut self, answer: &[u8]) {
        self.times += 1;
        let status =
            answer.get(9..12).map_or("none".into(), |status| String::from_utf8_lossy(status).into_owned());
        // The empty page is for everybody; it holds nothing of anybody.
        let is_page = status == "200" && holds(answer, b"<!doctype html>");
        let is_granted = status.starts_with('2') && !is_page;
        let known = if is_page { "the empty page".to_owned() } else { fault_of(answer).unwrap_or(status) };
        *self.ends.entry(known).or_default() += 1;
        // Whatever is granted to who asks so was not for it.
        if is_granted || holds(answer, SECRET.as_bytes()) {
            self.bytes_read += u64::try_from(answer.len()).unwrap_or(u64::MAX);
        }
    }

    fn end(&self) -> String {
        let all: Vec<String> = self.ends.iter().map(|(end, times)| format!("{times} × {end}")).collect();
        format!("answered {}", all.join(", "))
    }
}

/// Returns the code of a refusal, as the answer's body has it.
fn fault_of(answer: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(answer);
    let (_, body) = text.split_once("\r\n\r\n")?;
    let fault: serde_json::Value = serde_json::from_str(body).ok()?;
    fault.get("code")?.as_str().map(str::to_owned)
}

/// By what Bob learns of it.
fn at_the_page(who: &'static str) -> Sign {
    Box::new(move |line| {
        line.by == "Bob" && line.text.contains("page of this computer") && line.text.contains(who)
    })
}

const READS: [(&str, &str); 4] = [
    ("/api/files.list", "{}"),
    ("/api/people.me", "{}"),
    ("/api/mail.messages", "{}"),
    ("/api/host.status", "{}"),
];

/// A program that has no code asks as the page does.
fn without_code(scene: &mut Scene, port: u16, path: &str) -> Result<()> {
    let (since, mut answers) = (Instant::now(), Answers::default());
    let host = format!("localhost:{port}");
    let own = format!("x-althing: 1\r\nOrigin: http://{host}\r\nSec-Fetch-Site: same-origin\r\n");
    let with_token = format!("{own}Authorization: Bearer 00000000000000000000\r\n");
    for more in [own.as_str(), &with_token] {
        for (to, body) in READS {
            answers.take(&post(port, to, (&host, more), body)?);
        }
        answers.take(&post(port, "/view", (&host, more), &json!({ "path": path }).to_string())?);
        answers.take(&ask(
            port,
            &format!("GET /content?path={path} HTTP/1.1\r\nHost: {host}\r\n{more}Connection: close\r\n\r\n"),
        )?);
        answers.take(&ask(
            port,
            &format!("GET /api/events HTTP/1.1\r\nHost: {host}\r\n{more}Connection: close\r\n\r\n"),
        )?);
    }
    scene.tried(Tried {
        what: "asks the page's port without a code, or with a token of its own making",
        times: answers.times,
        end: answers.end(),
        bytes_read: answers.bytes_read,
        since,
        sign: at_the_page("a program without a code"),
    });
    Ok(())
}

/// A page of another site in the person's own browser: rebound names, other origins, sockets of the web.
fn from_elsewhere(scene: &mut Scene, port: u16, path: &str) -> Result<()> {
    let (since, mut answers) = (Instant::now(), Answers::default());
    let evil = "Origin: http://evil.example\r\nSec-Fetch-Site: cross-site\r\n";
    let own = format!("localhost:{port}");
    let hosts = [
        format!("evil.example:{port}"),
        format!("127.0.0.1.nip.example:{port}"),
        "evil.example".to_owned(),
        own,
    ];
    for host in &hosts {
        for (to, body) in READS {
            answers.take(&post(port, to, (host, evil), body)?);
            answers.take(&post(port, to, (host, &format!("{evil}x-althing: 1\r\n")), body)?);
        }
        answers.take(&post(port, "/session", (host, evil), "{\"code\":\"00000000000000000000\"}")?);
        answers.take(&post(port, "/view", (host, evil), &json!({ "path": path }).to_string())?);
        answers.take(&ask(port, &format!("GET /api/events HTTP/1.1\r\nHost: {host}\r\n{evil}Accept: text/event-stream\r\nConnection: close\r\n\r\n"))?);
        answers.take(&ask(
            port,
            &format!(
                "GET /api/events HTTP/1.1\r\nHost: {host}\r\n{evil}Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
            ),
        )?);
        answers.take(&ask(port, &format!("OPTIONS /api/files.list HTTP/1.1\r\nHost: {host}\r\n{evil}Access-Control-Request-Method: POST\r\nConnection: close\r\n\r\n"))?);
    }
    scene.tried(Tried {
        what: "asks from another site: rebound names, foreign origins, event streams and web sockets",
        times: answers.times,
        end: answers.end(),
        bytes_read: answers.bytes_read,
        since,
        sign: at_the_page("a page of another site"),
    });
    Ok(())
}

fn guess_codes(scene: &mut Scene, port: u16) -> Result<()> {
    let (since, mut answers) = (Instant::now(), Answers::default());
    let host = format!("localhost:{port}");
    let own = format!("x-althing: 1\r\nOrigin: http://{host}\r\nSec-Fetch-Site: same-origin\r\n");
    for number in 0..CODES {
        let body = json!({ "code": format!("{number:020}") }).to_string();
        answers.take(&post(port, "/session", (&host, &own), &body)?);
    }
    scene.tried(Tried {
        what: "guesses codes for a session",
        times: answers.times,
        end: answers.end(),
        bytes_read: answers.bytes_read,
        since,
        sign: at_the_page("a program that guesses codes"),
    });
    Ok(())
}

/// What another account of this computer could open of a home.
fn at_the_files(scene: &mut Scene, seat: &Seat) -> Result<()> {
    let for_others = |mode: u32| mode & 0o077;
    let mut open = Vec::new();
    let home = std::fs::metadata(&seat.home)?;
    for entry in std::fs::read_dir(&seat.home)? {
        let entry = entry?;
        if for_others(entry.metadata()?.mode()) != 0 {
            open.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    let is_shut = for_others(home.mode()) == 0;
    let socket = std::fs::metadata(seat.home.join("althing.sock"))?.mode() & 0o777;
    scene.claim(
        "no other account of the computer can open anything of a home",
        (is_shut || open.is_empty()) && for_others(socket) == 0,
        format!(
            "home {:o}, socket {socket:o}, open to others inside: {}",
            home.mode() & 0o777,
            open.join(" ")
        ),
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_granted_counts_as_read_and_what_is_refused_does_not() {
        let mut answers = Answers::default();
        answers.take(b"HTTP/1.1 401 Unauthorized\r\n\r\n{\"code\":\"gateways.no-token\"}");
        answers.take(b"HTTP/1.1 200 OK\r\n\r\n<!doctype html><title>Althing</title>");
        assert_eq!(answers.bytes_read, 0);
        answers.take(b"HTTP/1.1 200 OK\r\n\r\n{}");
        assert_eq!(answers.bytes_read, 21);
        assert_eq!(answers.end(), "answered 1 × 200, 1 × gateways.no-token, 1 × the empty page");
    }

    #[test]
    fn a_secret_counts_as_read_whatever_the_status_says() {
        let mut answers = Answers::default();
        answers.take(format!("HTTP/1.1 403 Forbidden\r\n\r\n{SECRET}").as_bytes());
        assert!(answers.bytes_read > 0);
    }
}
