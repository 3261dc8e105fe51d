//! The people of a run: who they are, their computers and webs, and what each does with its program.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};

use crate::Bench;
use crate::peers::{Peer, ask_at, request_at, text};

/// The web that all are in, attackers included.
pub(crate) const TOWN: &str = "town";
/// The web of the honest people only.
pub(crate) const COUNCIL: &str = "council";
/// What stands in every file of the council, and may be nowhere at an attacker's.
pub(crate) const SECRET: &str = "SECRET-OF-THE-COUNCIL";
/// What stands in what is shared after a device was stolen and revoked.
pub(crate) const LATER: &str = "SECRET-AFTER-THE-THEFT";

/// How long one thing may take that should work at once.
const PATIENCE: Duration = Duration::from_secs(30);

/// Listens on loopback only: nothing of a run leaves this computer.
const CONFIG: &str = "listen = [\"127.0.0.1:0\"]\nlan = false\ndht = false\n";

/// The place of one computer: enough to ask it from any thread.
#[derive(Debug, Clone)]
pub(crate) struct Seat {
    /// Whose, as the report says it.
    pub(crate) name: String,
    /// Its person's name in the webs.
    pub(crate) person: &'static str,
    /// Its home.
    pub(crate) home: PathBuf,
    /// Where its files are.
    pub(crate) folder: PathBuf,
}

impl Seat {
    /// Asks an operation.
    pub(crate) fn ask(&self, operation: &str, arguments: &Value) -> Result<Value> {
        ask_at(&self.home, operation, arguments)
    }

    /// Asks until the answer is as wanted.
    pub(crate) fn until(
        &self,
        operation: &str,
        arguments: &Value,
        is_done: impl Fn(&Value) -> bool,
    ) -> Result<Value> {
        let begun = Instant::now();
        loop {
            let answer = self.ask(operation, arguments);
            match answer {
                Ok(answer) if is_done(&answer) => return Ok(answer),
                Ok(answer) if begun.elapsed() > PATIENCE => {
                    bail!("{}: {operation} {arguments} is not as wanted: {answer}", self.name)
                }
                Err(error) if begun.elapsed() > PATIENCE => return Err(error),
                _ => std::thread::sleep(Duration::from_millis(50)),
            }
        }
    }

    /// Opens a file as a program of this computer does; the bytes, or what was said instead.
    pub(crate) fn open(&self, path: &str) -> Result<Vec<u8>> {
        let request = format!(
            "GET /content?path={} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
            in_query(path)
        );
        let (head, body) = request_at(&self.home, &request)?;
        if head.starts_with("HTTP/1.1 200") && !head.contains("chunked") {
            return Ok(body);
        }
        bail!("{}", String::from_utf8_lossy(&body))
    }

    /// Returns the device's id, in hex.
    pub(crate) fn device(&self) -> Result<String> {
        Ok(text(&self.ask("people.me", &json!({}))?, "device").to_owned())
    }

    /// Returns where others reach it.
    pub(crate) fn addresses(&self) -> Result<Vec<String>> {
        let status = self.until("host.status", &json!({}), |status| status["addresses"].get(0).is_some())?;
        let all = status["addresses"].as_array().context("no addresses")?;
        Ok(all.iter().filter_map(Value::as_str).map(str::to_owned).collect())
    }

    /// Shares a folder of this name and waits until all of it was read.
    pub(crate) fn share(&self, web: &str, name: &str) -> Result<PathBuf> {
        let folder = self.folder.join(name);
        std::fs::create_dir_all(&folder)?;
        self.ask("files.share", &json!({ "web": web, "folder": folder, "name": name }))?;
        self.read_through(name)?;
        Ok(folder)
    }

    /// Waits until everything in a share was read.
    pub(crate) fn read_through(&self, name: &str) -> Result<()> {
        let end = format!("/{name}");
        self.until("files.shares", &json!({}), |answer| {
            let shares = answer["shares"].as_array();
            shares.is_some_and(|shares| {
                shares
                    .iter()
                    .filter(|share| text(share, "path").ends_with(&end))
                    .all(|share| text(share, "state") == "watching" && share["files"] == share["hashed"])
            })
        })?;
        Ok(())
    }

    /// Returns the path of a file that this one shares.
    pub(crate) fn path(&self, web: &str, share: &str, file: &str) -> String {
        format!("{web}/{}/{share}/{file}", self.person)
    }
}

/// Writes what may not stand in a query.
fn in_query(path: &str) -> String {
    let mut text = String::new();
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            text.push(char::from(byte));
        } else {
            text.push_str(&format!("%{byte:02X}"));
        }
    }
    text
}

/// All who take part.
#[derive(Debug)]
pub(crate) struct Cast {
    peers: Vec<(Seat, Peer)>,
}

/// Four honest persons with five computers, and two of the web who are not honest.
const COMPUTERS: [(&str, &str); 7] = [
    ("alice", "Alice"),
    ("road", "Alice"),
    ("bob", "Bob"),
    ("carol", "Carol"),
    ("dan", "Dan"),
    ("eve", "Eve"),
    ("mallory", "Mallory"),
];

/// The first so many are honest people's.
const HONEST: usize = 5;

impl Cast {
    /// Starts all computers and brings all people together.
    pub(crate) fn gather(bench: &Bench) -> Result<Self> {
        let mut peers = Vec::new();
        for (name, person) in COMPUTERS {
            let folder = bench.folder.join(name);
            lay_home(&folder.join("home"))?;
            let peer = Peer::start(bench, name)?;
            let label = if name == "road" { "Alice's second computer" } else { person };
            let seat = Seat { name: label.to_owned(), person, home: peer.home(), folder };
            if name != "road" {
                seat.ask("people.introduce", &json!({ "name": person }))?;
            }
            peers.push((seat, peer));
        }
        let cast = Self { peers };
        // Eve comes before Bob: who is in a web for longer has the better claim to a name, and she will claim his.
        cast.join(TOWN, &["eve", "bob", "carol", "dan", "mallory"])?;
        cast.join(COUNCIL, &["bob", "carol", "dan"])?;
        let (alice, road) = (cast.seat("alice"), cast.seat("road"));
        let link = alice.ask("people.add_device", &json!({}))?;
        road.ask("people.pair", &json!({ "link": text(&link, "link"), "name": "road" }))?;
        for web in [TOWN, COUNCIL] {
            let seats = if web == TOWN { cast.seats() } else { cast.honest() };
            let persons = if web == TOWN { 6 } else { 4 };
            for seat in seats {
                seat.until("people.members", &json!({ "web": web }), |answer| {
                    answer["members"].as_array().is_some_and(|members| members.len() == persons)
                })?;
            }
        }
        Ok(cast)
    }

    fn join(&self, web: &str, names: &[&str]) -> Result<()> {
        let alice = self.seat("alice");
        alice.ask("people.start_web", &json!({ "name": web }))?;
        let invitation = alice.ask("people.invite", &json!({ "web": web, "uses": 20 }))?;
        for (number, name) in names.iter().enumerate() {
            self.seat(name).ask("people.join", &json!({ "link": text(&invitation, "link") }))?;
            alice.until("people.members", &json!({ "web": web }), |answer| {
                answer["members"].as_array().is_some_and(|members| members.len() == number + 2)
            })?;
        }
        Ok(())
    }

    /// Returns the place of a computer.
    pub(crate) fn seat(&self, name: &str) -> Seat {
        let place = COMPUTERS.iter().position(|(known, _)| *known == name).expect("one of the seven");
        self.peers[place].0.clone()
    }

    /// Returns the program of a computer.
    pub(crate) fn peer(&mut self, name: &str) -> &mut Peer {
        let place = COMPUTERS.iter().position(|(known, _)| *known == name).expect("one of the seven");
        &mut self.peers[place].1
    }

    fn seats(&self) -> Vec<Seat> {
        self.peers.iter().map(|(seat, _)| seat.clone()).collect()
    }

    /// Returns the computers of the honest.
    pub(crate) fn honest(&self) -> Vec<Seat> {
        self.seats().into_iter().take(HONEST).collect()
    }

    /// Returns the folders of attackers.
    pub(crate) fn dishonest(&self) -> Vec<Seat> {
        self.seats().into_iter().skip(HONEST).collect()
    }
}

/// Makes a home that listens on loopback only.
pub(crate) fn lay_home(home: &Path) -> Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(home)?;
    std::fs::write(home.join("config.toml"), CONFIG)?;
    Ok(())
}

/// Throws dice that fall the same in every run of one seed.
#[derive(Debug)]
pub(crate) struct Dice(u64);

impl Dice {
    /// Takes a seed.
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed | 1)
    }

    /// Returns a number below `end`.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        // xorshift64: it only has to be spread, not secret.
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 11).unwrap_or(0).checked_rem(end).unwrap_or(0)
    }
}
