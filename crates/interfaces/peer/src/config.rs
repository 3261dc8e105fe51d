//! What can be set: one TOML file in the home, every key documented here. Not for: finding the home (`home`).

use std::path::Path;

use toml::{Table, Value};

use wire::address::is_relay;

use crate::PeerError;

/// The file's name in the home.
pub const CONFIG_FILE: &str = "config.toml";

/// Addresses to listen on at most.
const LISTEN_MAX: usize = 8;

/// Nodes to enter the DHT by at most.
const BOOTSTRAP_MAX: usize = 16;

/// Where a value came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// Nobody said anything.
    Default,
    /// `config.toml`.
    File,
    /// Chosen at an earlier start and remembered in the home.
    Remembered,
    /// The environment or the command line.
    Given,
}

impl Origin {
    /// Returns the word shown by `althing config show`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::File => "config.toml",
            Self::Remembered => "remembered",
            Self::Given => "given",
        }
    }
}

/// A value and where it came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Set<T> {
    /// What.
    pub value: T,
    /// From where.
    pub origin: Origin,
}

impl<T> Set<T> {
    const fn default(value: T) -> Self {
        Self { value, origin: Origin::Default }
    }

    /// Makes a value given for this run.
    pub const fn given(value: T) -> Self {
        Self { value, origin: Origin::Given }
    }
}

/// All settings. Each takes effect at the next start of the peer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// `listen`: where other peers reach this one, `IP:PORT` each, UDP. Port 0 is a free port, chosen at the first
    /// start and kept from then on. Default: every address of this computer, port 0.
    pub listen: Set<Vec<String>>,
    /// `page_port`: TCP port of the page, on this computer only. 0 is a free port, chosen at the first start and kept
    /// from then on. Default: 0.
    pub page_port: Set<u16>,
    /// `lan`: whether others are looked for on the local network by multicast DNS, which shows everybody there that
    /// Althing runs here. Default: true, until `althing net lan off`.
    pub lan: Set<bool>,
    /// `dht`: whether members find each other in the BitTorrent DHT when all addresses they know are out of date (spec dht).
    /// Default: false, until `althing net dht on`.
    pub dht: Set<bool>,
    /// `dht_bootstrap`: where the DHT is entered, `HOST:PORT` each. Default: three long-lived nodes of others.
    pub dht_bootstrap: Set<Vec<String>>,
    /// `relay_url`: how others reach this computer's relay, when it is one and that can't be guessed: a host name, or the
    /// outer address of a router that forwards the port. `http://HOST:PORT/`. Default: none.
    pub relay_url: Set<Option<String>>,
    /// `log`: what is written to the log: `error`, `warn`, `info`, `debug` or `trace`, or a list such as
    /// `info,network=debug`. Default: `info`.
    pub log: Set<String>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: Set::default(vec!["0.0.0.0:0".to_owned(), "[::]:0".to_owned()]),
            page_port: Set::default(0),
            lan: Set::default(true),
            dht: Set::default(false),
            dht_bootstrap: Set::default(network::DHT_BOOTSTRAP.map(str::to_owned).to_vec()),
            relay_url: Set::default(None),
            log: Set::default("info".to_owned()),
        }
    }
}

/// One key as `althing config show` prints it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// The key.
    pub key: &'static str,
    /// Its value, as it would stand in the file.
    pub value: String,
    /// Where the value came from.
    pub origin: Origin,
    /// What it is, with its unit.
    pub what: &'static str,
    /// The value when nobody says anything.
    pub default: &'static str,
    /// When a change takes effect.
    pub when: &'static str,
}

const KEYS: [&str; 7] = ["listen", "page_port", "lan", "dht", "dht_bootstrap", "relay_url", "log"];
const AT_START: &str = "at the next start";

impl Config {
    /// Reads the file of a home; a missing file is all defaults.
    pub fn load(home: &Path) -> Result<Self, PeerError> {
        let path = home.join(CONFIG_FILE);
        match std::fs::read_to_string(&path) {
            Ok(text) => Self::parse(&text, &path),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(source) => Err(PeerError::ConfigUnreadable { path, source }),
        }
    }

    /// Reads the text of a file at `path`.
    pub fn parse(text: &str, path: &Path) -> Result<Self, PeerError> {
        let table: Table = text.parse().map_err(|error: toml::de::Error| {
            let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
            let line = before.matches('\n').count().saturating_add(1);
            PeerError::ConfigSyntax { path: path.to_owned(), line, source: Box::new(error) }
        })?;
        let mut config = Self::default();
        for (key, value) in table {
            let wrong =
                |expected| PeerError::ConfigValue { path: path.to_owned(), key: key.clone(), expected };
            match key.as_str() {
                "listen" => {
                    let listen = addresses(&value).ok_or(wrong(EXPECTED_LISTEN))?;
                    config.listen = Set { value: listen, origin: Origin::File };
                }
                "page_port" => {
                    let port = value.as_integer().and_then(|port| u16::try_from(port).ok());
                    config.page_port = Set { value: port.ok_or(wrong(EXPECTED_PORT))?, origin: Origin::File };
                }
                "lan" => {
                    let lan = value.as_bool().ok_or(wrong(EXPECTED_SWITCH))?;
                    config.lan = Set { value: lan, origin: Origin::File };
                }
                "dht" => {
                    let dht = value.as_bool().ok_or(wrong(EXPECTED_SWITCH))?;
                    config.dht = Set { value: dht, origin: Origin::File };
                }
                "dht_bootstrap" => {
                    let nodes = bootstrap(&value).ok_or(wrong(EXPECTED_BOOTSTRAP))?;
                    config.dht_bootstrap = Set { value: nodes, origin: Origin::File };
                }
                "relay_url" => {
                    let url = value.as_str().ok_or(wrong(EXPECTED_RELAY))?.to_owned();
                    if !is_relay(&url) {
                        return Err(wrong(EXPECTED_RELAY));
                    }
                    config.relay_url = Set { value: Some(url), origin: Origin::File };
                }
                "log" => {
                    let log =
                        value.as_str().filter(|log| !log.trim().is_empty()).ok_or(wrong(EXPECTED_LOG))?;
                    config.log = Set { value: log.to_owned(), origin: Origin::File };
                }
                _ => {
                    let nearest = nearest(&key);
                    return Err(PeerError::ConfigUnknown { path: path.to_owned(), key, nearest });
                }
            }
        }
        Ok(config)
    }

    /// Returns every key with its value and origin.
    pub fn settings(&self) -> Vec<Setting> {
        vec![
            Setting {
                key: "listen",
                value: texts(&self.listen.value),
                origin: self.listen.origin,
                what: "addresses for other peers, IP:PORT each (UDP); port 0 is a free one, kept from then on",
                default: "[\"0.0.0.0:0\", \"[::]:0\"]",
                when: AT_START,
            },
            Setting {
                key: "page_port",
                value: self.page_port.value.to_string(),
                origin: self.page_port.origin,
                what: "TCP port of the page on this computer; 0 is a free one, kept from then on",
                default: "0",
                when: AT_START,
            },
            Setting {
                key: "lan",
                value: self.lan.value.to_string(),
                origin: self.lan.origin,
                what: "whether others are looked for on the local network (mDNS)",
                default: "true",
                when: AT_START,
            },
            Setting {
                key: "dht",
                value: self.dht.value.to_string(),
                origin: self.dht.origin,
                what: "whether members find each other in the BitTorrent DHT when their addresses have changed",
                default: "false",
                when: AT_START,
            },
            Setting {
                key: "dht_bootstrap",
                value: texts(&self.dht_bootstrap.value),
                origin: self.dht_bootstrap.origin,
                what: "where the DHT is entered, HOST:PORT each",
                default: "[\"router.bittorrent.com:6881\", \"dht.transmissionbt.com:6881\", \"dht.libtorrent.org:25401\"]",
                when: AT_START,
            },
            Setting {
                key: "relay_url",
                value: Value::String(self.relay_url.value.clone().unwrap_or_default()).to_string(),
                origin: self.relay_url.origin,
                what: "how others reach this computer's relay, if that can't be guessed: http://HOST:PORT/",
                default: "\"\"",
                when: AT_START,
            },
            Setting {
                key: "log",
                value: Value::String(self.log.value.clone()).to_string(),
                origin: self.log.origin,
                what: "error, warn, info, debug or trace, or a list such as info,network=debug",
                default: "\"info\"",
                when: AT_START,
            },
        ]
    }
}

const EXPECTED_LISTEN: &str = "one to eight addresses such as \"0.0.0.0:4242\" or \"[::]:0\"";
const EXPECTED_PORT: &str = "a number from 0 to 65535";
const EXPECTED_SWITCH: &str = "true or false";
const EXPECTED_BOOTSTRAP: &str =
    "one to sixteen nodes such as \"192.0.2.1:6881\" or \"dht.example.org:6881\"";
const EXPECTED_RELAY: &str = "a URL with a port and nothing after it, such as \"http://192.0.2.1:4242/\"";
const EXPECTED_LOG: &str = "a text such as \"info\"";

fn addresses(value: &Value) -> Option<Vec<String>> {
    let addresses: Option<Vec<String>> = value
        .as_array()?
        .iter()
        .map(|address| {
            let address = address.as_str()?;
            address.parse::<std::net::SocketAddr>().is_ok().then(|| address.to_owned())
        })
        .collect();
    addresses.filter(|addresses| (1..=LISTEN_MAX).contains(&addresses.len()))
}

/// Writes texts as they would stand in the file.
fn texts(texts: &[String]) -> String {
    Value::Array(texts.iter().cloned().map(Value::String).collect()).to_string()
}

fn bootstrap(value: &Value) -> Option<Vec<String>> {
    let is_node = |text: &&str| {
        let parts = text.rsplit_once(':');
        parts.is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok_and(|port| port > 0))
    };
    let nodes = value.as_array()?.iter().map(|node| node.as_str().filter(is_node).map(str::to_owned));
    let nodes: Vec<String> = nodes.collect::<Option<_>>()?;
    (1..=BOOTSTRAP_MAX).contains(&nodes.len()).then_some(nodes)
}

/// Returns the known key nearest to a wrong one.
fn nearest(wrong: &str) -> &'static str {
    KEYS.into_iter().min_by_key(|key| distance(wrong, key)).unwrap_or("log")
}

/// Returns how many letters must be added, removed or replaced to make one text of the other.
fn distance(one: &str, other: &str) -> usize {
    // Enough to tell any two keys apart; a hostile key must not cost time.
    let one: Vec<char> = one.chars().take(64).collect();
    let mut row: Vec<usize> = (0..=other.chars().count()).collect();
    for (above, letter) in one.iter().enumerate() {
        let mut diagonal = above;
        let mut left = above + 1;
        let mut next = vec![left];
        for (at, other) in other.chars().enumerate() {
            let up = row.get(at + 1).copied().unwrap_or(usize::MAX - 1);
            let replaced = diagonal + usize::from(*letter != other);
            left = replaced.min(left + 1).min(up + 1);
            diagonal = up;
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use base::Fault;

    use super::*;

    fn parse(text: &str) -> Result<Config, String> {
        Config::parse(text, Path::new("/home/alice/config.toml")).map_err(|error| Fault::from(error).what)
    }

    #[test]
    fn an_empty_file_is_all_defaults() {
        assert_eq!(parse(""), Ok(Config::default()));
        assert_eq!(parse("# only a comment\n"), Ok(Config::default()));
    }

    #[test]
    fn what_stands_in_the_file_holds_and_says_so() {
        let config = parse("page_port = 8080\nlisten = [\"127.0.0.1:0\"]\nlan = false\ndht = true\ndht_bootstrap = [\"127.0.0.1:1\"]\nrelay_url = \"http://192.0.2.1:1/\"\nlog = \"debug\"\n").unwrap();
        assert_eq!(config.page_port, Set { value: 8080, origin: Origin::File });
        assert_eq!(config.listen.value, ["127.0.0.1:0"]);
        assert!(config.settings().iter().all(|setting| setting.origin == Origin::File));
    }

    #[test]
    fn a_wrong_file_is_refused_with_what_is_wrong() {
        let check = |text: &str, part: &str| {
            let what = parse(text).unwrap_err();
            assert!(what.contains(part), "{what}");
        };
        check("pageport = 1", "page_port");
        check("lissen = []", "listen");
        check("page_port = 65536", "0 to 65535");
        check("page_port = -1", "0 to 65535");
        check("page_port = \"80\"", "0 to 65535");
        check("listen = []", "one to eight");
        check("listen = [\"example.org:1\"]", "one to eight");
        check("lan = 1", "true or false");
        check("dht = \"on\"", "true or false");
        check("dht_bootstrap = []", "one to sixteen");
        check("dht_bootstrap = [\"example.org\"]", "one to sixteen");
        check("relay_url = \"example.org\"", "with a port");
        check("log = 3", "such as \"info\"");
        check("log = \"info\"\n\npage_port = = 1", "line 3");
        check("[section]\n", "section");
    }

    #[test]
    fn the_documented_defaults_are_the_defaults() {
        for setting in Config::default().settings() {
            assert_eq!(setting.value, setting.default, "{}", setting.key);
            assert_eq!(setting.origin, Origin::Default);
        }
        let keys: Vec<&str> = Config::default().settings().iter().map(|setting| setting.key).collect();
        assert_eq!(keys, KEYS);
    }

    #[test]
    fn distance_counts_letters() {
        let check = |one, other, expected| assert_eq!(distance(one, other), expected, "{one} {other}");
        check("", "log", 3);
        check("log", "log", 0);
        check("lag", "log", 1);
        check("logs", "log", 1);
        check("pageport", "page_port", 1);
    }
}
