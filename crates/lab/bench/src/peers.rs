//! Starts real peers, asks them over their sockets, and reads what they cost from `/proc`.

use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::{Value, json};

use crate::Bench;

/// Ticks of `/proc/PID/stat` per second; 100 on every Linux this runs on.
const TICKS_PER_SECOND: f64 = 100.0;

/// A running peer.
#[derive(Debug)]
pub(crate) struct Peer {
    althing: PathBuf,
    /// Its home and files.
    pub(crate) folder: PathBuf,
    /// The host of a world on which it runs; none on loopback.
    host: Option<String>,
    child: Child,
}

impl Peer {
    /// Starts a peer of that name and waits for its first answer.
    pub(crate) fn start(bench: &Bench, name: &str) -> Result<Self> {
        let folder = bench.folder.join(name);
        std::fs::create_dir_all(&folder)?;
        let host = bench.next_host();
        let child = spawn(&bench.althing, &folder, host.as_deref())?;
        let peer = Self { althing: bench.althing.clone(), folder, host, child };
        peer.wait_for_answer()?;
        Ok(peer)
    }

    /// Returns where the peer's home is.
    pub(crate) fn home(&self) -> PathBuf {
        self.folder.join("home")
    }

    /// Kills the peer the hard way and starts it again; returns the time to its first answer.
    pub(crate) fn kill_and_start(&mut self) -> Result<Duration> {
        self.kill()?;
        let begun = Instant::now();
        self.child = spawn(&self.althing, &self.folder, self.host.as_deref())?;
        self.wait_for_answer()?;
        Ok(begun.elapsed())
    }

    /// Starts the peer again after [`Self::kill`].
    pub(crate) fn start_again(&mut self) -> Result<()> {
        self.child = spawn(&self.althing, &self.folder, self.host.as_deref())?;
        self.wait_for_answer()
    }

    /// Stops the peer as it stands: it says nothing any more, and nobody is told.
    pub(crate) fn stop_in_place(&self) -> Result<()> {
        let status = Command::new("kill").arg("-STOP").arg(self.child.id().to_string()).status()?;
        ensure!(status.success(), "kill -STOP: {status}");
        Ok(())
    }

    /// Kills one of the processes that the peer has started, if there is any.
    pub(crate) fn kill_a_child(&self) -> Result<()> {
        let id = self.child.id();
        for task in std::fs::read_dir(format!("/proc/{id}/task"))? {
            let children = std::fs::read_to_string(task?.path().join("children")).unwrap_or_default();
            if let Some(child) = children.split_whitespace().last() {
                Command::new("kill").arg("-9").arg(child).status()?;
                return Ok(());
            }
        }
        Ok(())
    }

    /// Kills the peer the hard way.
    pub(crate) fn kill(&mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// Asks an operation.
    pub(crate) fn ask(&self, operation: &str, arguments: &Value) -> Result<Value> {
        ask_at(&self.home(), operation, arguments)
    }

    /// Asks until the answer is as wanted; returns the time it took.
    pub(crate) fn ask_until(
        &self,
        operation: &str,
        arguments: &Value,
        is_done: impl Fn(&Value) -> bool,
    ) -> Result<Duration> {
        let begun = Instant::now();
        loop {
            let answer = self.ask(operation, arguments);
            if answer.as_ref().is_ok_and(&is_done) {
                return Ok(begun.elapsed());
            }
            if begun.elapsed() > Duration::from_secs(300) {
                bail!("{operation} {arguments} is not as wanted after 300 s: {answer:?}");
            }
            // Asking costs processor time, too: at most a twentieth of what is measured, never seldom.
            let pause = begun.elapsed() / 20;
            std::thread::sleep(pause.clamp(Duration::from_millis(2), Duration::from_millis(20)));
        }
    }

    /// Returns the processor seconds used so far.
    pub(crate) fn processor_seconds(&self) -> Result<f64> {
        processor_seconds_of(self.child.id())
    }

    /// Returns the resident memory in megabytes (10^6 bytes).
    pub(crate) fn resident_megabytes(&self) -> Result<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).context("no VmRSS")?;
        let kibibytes: f64 = line.split_whitespace().nth(1).context("no number")?.parse()?;
        Ok(kibibytes * 1024.0 / 1e6)
    }

    /// Gets a path and waits until it is here; returns the time it took.
    pub(crate) fn get(&self, path: &str) -> Result<Duration> {
        self.get_to(path, None)
    }

    /// The same, and puts a copy into a folder.
    pub(crate) fn get_to(&self, path: &str, to: Option<&Path>) -> Result<Duration> {
        let begun = Instant::now();
        let mut asked = json!({ "path": path });
        if let Some(to) = to {
            asked["to"] = json!(to);
        }
        let transfer = self.ask("files.get", &asked)?;
        let id = transfer.get("id").cloned().unwrap_or_default();
        self.ask_until("files.transfer", &json!({ "id": id }), |answer| text(answer, "state") == "done")?;
        Ok(begun.elapsed())
    }

    fn wait_for_answer(&self) -> Result<()> {
        let begun = Instant::now();
        while self.ask("host.status", &json!({})).is_err() {
            ensure!(
                begun.elapsed() < Duration::from_secs(60),
                "no answer; see {}/peer.log",
                self.folder.display()
            );
            std::thread::sleep(Duration::from_millis(2));
        }
        Ok(())
    }
}

/// Asks the peer of a home an operation, over its socket.
pub(crate) fn ask_at(home: &Path, operation: &str, arguments: &Value) -> Result<Value> {
    let body = arguments.to_string();
    let request = format!(
        "POST /api/{operation} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let (head, body) = request_at(home, &request)?;
    let body = String::from_utf8(body)?;
    let value: Value = serde_json::from_str(&body).with_context(|| format!("{head}\n{body}"))?;
    ensure!(head.starts_with("HTTP/1.1 200"), "{operation}: {value}");
    Ok(value)
}

/// Sends a whole request to the socket of a home and returns the head and the body of the answer.
pub(crate) fn request_at(home: &Path, request: &str) -> Result<(String, Vec<u8>)> {
    let socket = home.join("althing.sock");
    let mut stream =
        UnixStream::connect(&socket).with_context(|| format!("no peer at {}", socket.display()))?;
    stream.set_read_timeout(Some(Duration::from_secs(60)))?;
    stream.write_all(request.as_bytes())?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n").context("no HTTP answer")?;
    let body = answer.split_off(end + 4);
    answer.truncate(end);
    Ok((String::from_utf8(answer)?, body))
}

/// Returns the processor seconds that a process has used so far.
pub(crate) fn processor_seconds_of(process: u32) -> Result<f64> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat"))?;
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    let ticks: f64 =
        after_name.split_whitespace().skip(11).take(2).filter_map(|field| field.parse::<f64>().ok()).sum();
    Ok(ticks / TICKS_PER_SECOND)
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _is_gone = self.kill();
    }
}

fn spawn(althing: &Path, folder: &Path, host: Option<&str>) -> Result<Child> {
    let log = std::fs::File::options().create(true).append(true).open(folder.join("peer.log"))?;
    let mut command = match host {
        // It becomes the program itself, so that signals reach it.
        Some(host) => {
            let mut command = Command::new("ip");
            command.args(["netns", "exec", host]).arg(althing);
            command
        }
        None => Command::new(althing),
    };
    command
        .arg("start")
        .env("ALTHING_HOME", folder.join("home"))
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .spawn()
        .context("cannot start althing")
}

/// Starts peers of these names; the first starts a web called `bench` and the others join it and are all connected.
pub(crate) fn web(bench: &Bench, names: &[&str]) -> Result<Vec<Peer>> {
    let peers = large_web(bench, names)?;
    for peer in &peers {
        wait_for_members(peer, peers.len(), |member| member["is_here"] == true)?;
    }
    Ok(peers)
}

/// Starts peers as [`web`] does and waits until all know all: of many, not each is connected with each.
pub(crate) fn large_web(bench: &Bench, names: &[&str]) -> Result<Vec<Peer>> {
    let peers = names.iter().map(|name| Peer::start(bench, name)).collect::<Result<Vec<_>>>()?;
    for (peer, name) in peers.iter().zip(names) {
        peer.ask("people.introduce", &json!({ "name": name }))?;
    }
    let (first, others) = peers.split_first().context("no names")?;
    first.ask("people.start_web", &json!({ "name": "bench" }))?;
    let invitation = first.ask("people.invite", &json!({ "web": "bench", "uses": 100 }))?;
    for peer in others {
        peer.ask("people.join", &json!({ "link": text(&invitation, "link") }))?;
    }
    for peer in &peers {
        wait_for_members(peer, peers.len(), |_| true)?;
    }
    Ok(peers)
}

fn wait_for_members(peer: &Peer, count: usize, is_meant: impl Fn(&Value) -> bool) -> Result<()> {
    peer.ask_until("people.members", &json!({ "web": "bench" }), |answer| {
        let members = answer.get("members").and_then(Value::as_array);
        members.is_some_and(|members| members.iter().filter(|member| is_meant(member)).count() == count)
    })?;
    Ok(())
}

/// Shares a folder with the web `bench` and waits until everything in it has been read.
pub(crate) fn share(peer: &Peer, folder: &Path, name: &str) -> Result<()> {
    peer.ask("people.me", &json!({}))?;
    peer.ask("files.share", &json!({ "web": "bench", "folder": folder, "name": name }))?;
    peer.ask_until("files.shares", &json!({}), |answer| {
        let shares = answer.get("shares").and_then(Value::as_array);
        shares.is_some_and(|shares| {
            shares
                .iter()
                .filter(|share| text(share, "path").ends_with(&format!("/{name}")))
                .all(|share| text(share, "state") == "watching" && share["files"] == share["hashed"])
        })
    })?;
    Ok(())
}

/// Returns a text field of an answer.
pub(crate) fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value.get(field).and_then(Value::as_str).unwrap_or_default()
}

/// Writes a file of random bytes.
pub(crate) fn random_file(path: &Path, bytes: u64) -> Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let mut random = std::fs::File::open("/dev/urandom")?.take(bytes);
    std::io::copy(&mut random, &mut std::fs::File::create(path)?)?;
    Ok(())
}
