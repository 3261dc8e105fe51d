//! A desk with Alice and Bob, and connections to it.

use std::sync::Arc;
use std::time::Duration;

use mail::{MailConfig, MailPorts, ServingMail};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::desk::Desk;

/// How long an answer may take on a busy computer.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) const ALICE: &str = "alice@test.althing.internal";
pub(crate) const BOB: &str = "bob@test.althing.internal";

pub(crate) struct House {
    pub(crate) folder: TempDir,
    pub(crate) imap_port: u16,
    pub(crate) smtp_port: u16,
    serving: ServingMail,
}

impl House {
    pub(crate) async fn start() -> Self {
        Self::start_in(TempDir::new().unwrap()).await
    }

    async fn start_in(folder: TempDir) -> Self {
        let people = [("alice".to_owned(), "pa".to_owned()), ("bob".to_owned(), "pb".to_owned())];
        let desk = Arc::new(Desk::open(folder.path(), &people).unwrap());
        let ports = MailPorts::bind(&MailConfig { imap_port: 0, smtp_port: 0 }).await.unwrap();
        let (imap_port, smtp_port) = (ports.imap_port(), ports.smtp_port());
        Self { folder, imap_port, smtp_port, serving: ports.serve(desk) }
    }

    pub(crate) async fn restart(self) -> Self {
        self.serving.stop().await;
        Self::start_in(self.folder).await
    }

    pub(crate) async fn stop(self) {
        self.serving.stop().await;
    }

    pub(crate) async fn imap(&self) -> Line {
        let mut line = Line::to(self.imap_port).await;
        line.until("\r\n").await;
        line
    }

    /// Logs in and opens the folder.
    pub(crate) async fn reading(&self, name: &str, folder: &str) -> Line {
        let mut line = self.imap().await;
        line.ask(&format!("LOGIN {name} p{}", &name[..1])).await;
        line.ask(&format!("SELECT {folder}")).await;
        line
    }

    pub(crate) async fn smtp(&self) -> Line {
        let mut line = Line::to(self.smtp_port).await;
        line.until("\r\n").await;
        line
    }

    /// Logs in and greets.
    pub(crate) async fn writing(&self, name: &str) -> Line {
        let mut line = self.smtp().await;
        let word = data_encoding::BASE64.encode(format!("\0{name}\0p{}", &name[..1]).as_bytes());
        line.send("EHLO x\r\n").await;
        line.until("ENHANCEDSTATUSCODES\r\n").await;
        assert!(line.say(&format!("AUTH PLAIN {word}")).await.starts_with("235"));
        line
    }

    /// Sends a message from Alice to Bob.
    pub(crate) async fn post(&self, subject: &str) {
        let mut line = self.writing("alice").await;
        let message = format!("From: {ALICE}\r\nTo: {BOB}\r\nSubject: {subject}\r\n\r\nhello\r\n");
        assert!(send(&mut line, BOB, &message).await.starts_with("250"));
    }
}

pub(crate) async fn send(line: &mut Line, to: &str, message: &str) -> String {
    line.say(&format!("MAIL FROM:<{ALICE}>")).await;
    line.say(&format!("RCPT TO:<{to}>")).await;
    assert!(line.say("DATA").await.starts_with("354"));
    line.say(&format!("{message}\r\n.")).await
}

/// One connection.
pub(crate) struct Line {
    stream: TcpStream,
    read: Vec<u8>,
    count: u32,
}

impl Line {
    pub(crate) async fn to(port: u16) -> Self {
        Self { stream: TcpStream::connect(("127.0.0.1", port)).await.unwrap(), read: Vec::new(), count: 0 }
    }

    pub(crate) async fn send(&mut self, text: impl AsRef<[u8]>) {
        // The other side may have had enough: what it said tells.
        let _sent = self.stream.write_all(text.as_ref()).await;
    }

    /// Reads until a text has come, or the end.
    pub(crate) async fn until(&mut self, end: &str) -> String {
        let mut buffer = vec![0; 64 * 1024];
        loop {
            let at = self.read.windows(end.len()).position(|window| window == end.as_bytes());
            if let Some(at) = at {
                let said = self.read.drain(..at + end.len()).collect::<Vec<_>>();
                return String::from_utf8_lossy(&said).into_owned();
            }
            let read = tokio::time::timeout(PATIENCE, self.stream.read(&mut buffer)).await;
            let length = read.expect("an answer comes in time").unwrap_or(0);
            if length == 0 {
                return String::from_utf8_lossy(&std::mem::take(&mut self.read)).into_owned();
            }
            self.read.extend_from_slice(&buffer[..length]);
        }
    }

    /// Says a line of SMTP and returns the answer's last line.
    pub(crate) async fn say(&mut self, text: &str) -> String {
        self.send(format!("{text}\r\n")).await;
        self.until("\r\n").await
    }

    /// Sends a command of IMAP and returns the whole answer.
    pub(crate) async fn ask(&mut self, command: &str) -> String {
        self.count += 1;
        let tag = format!("t{}", self.count);
        self.send(format!("{tag} {command}\r\n")).await;
        let said = self.until(&format!("{tag} ")).await;
        said + &self.until("\r\n").await
    }

    /// Says no more, and reads what is left.
    pub(crate) async fn finish(&mut self) -> String {
        let _closed = self.stream.shutdown().await;
        self.rest().await
    }

    /// Reads to the end of the connection.
    pub(crate) async fn rest(&mut self) -> String {
        self.until("\u{0}never\u{0}").await
    }
}
