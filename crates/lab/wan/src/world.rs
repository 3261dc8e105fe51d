//! A world as somebody describes it: sites, their routers and lines, and the hosts on them.

use std::collections::BTreeSet;
use std::fmt;
use std::net::Ipv4Addr;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use serde::Deserialize;

use crate::Quality;

/// Sites at most: each has a network of its own, `198.18.N.0/24` (the range for tests of networks, RFC 2544).
const SITES_MAX: usize = 100;

/// Hosts of a site at most: they count from `.10` upwards.
const HOSTS_MAX: usize = 200;

/// Letters of a name at most; the kernel allows 15 for a device.
const NAME_LENGTH_MAX: usize = 15;

/// A world.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct World {
    /// What decides which packets are lost.
    #[serde(default)]
    pub seed: u64,
    /// The sites.
    #[serde(rename = "site")]
    pub sites: Vec<Site>,
}

/// A place with a router and a line to the Internet. What the line does, it does once in each direction.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Site {
    /// The name: lower-case letters, digits and `-`.
    pub name: String,
    /// What its router does with addresses.
    #[serde(default)]
    pub nat: Nat,
    /// How long a packet takes through the line.
    #[serde(default)]
    pub delay_ms: f64,
    /// How much longer or shorter it may take.
    #[serde(default)]
    pub jitter_ms: f64,
    /// How many packets of a hundred the line loses.
    #[serde(default)]
    pub loss_percent: f64,
    /// How many packets of a hundred are overtaken by later ones.
    #[serde(default)]
    pub reorder_percent: f64,
    /// Megabits in a second from the site; without it as fast as the machine.
    pub up_mbit: Option<f64>,
    /// Megabits in a second to the site; without it as fast as the machine.
    pub down_mbit: Option<f64>,
    /// The names of its hosts. They see each other directly, as in one house.
    pub hosts: Vec<String>,
}

/// What a router does with the addresses of its hosts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Nat {
    /// Nothing: hosts have public addresses, and everybody may send to them.
    #[default]
    None,
    /// One public address; a host's port keeps its number towards everybody, and only those it sent to may answer
    /// (address- and port-dependent filtering: the port-restricted cone).
    Cone,
    /// One public address, and another random port for everybody a host sends to.
    Symmetric,
}

impl fmt::Display for Nat {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::None => "public addresses",
            Self::Cone => "behind a cone NAT",
            Self::Symmetric => "behind a symmetric NAT",
        })
    }
}

/// A host, with what follows from where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Host {
    /// Its name.
    pub name: String,
    /// Its site, counted from 1.
    pub site: u8,
    /// The address it has itself.
    pub address: Ipv4Addr,
}

impl World {
    /// Reads a world from TOML.
    pub fn parse(text: &str) -> Result<Self> {
        let world: Self = toml::from_str(text).context("this is not a world")?;
        world.check()?;
        Ok(world)
    }

    /// Reads a world from a file.
    pub fn read(file: &std::path::Path) -> Result<Self> {
        let text = std::fs::read_to_string(file)
            .with_context(|| format!("cannot read the world {}", file.display()))?;
        Self::parse(&text).with_context(|| format!("in {}", file.display()))
    }

    /// Checks what types cannot say: names, counts and ranges.
    pub fn check(&self) -> Result<()> {
        ensure!(!self.sites.is_empty(), "a world needs at least one [[site]]");
        ensure!(
            self.sites.len() <= SITES_MAX,
            "{} sites: at most {SITES_MAX} are possible",
            self.sites.len()
        );
        let mut names = BTreeSet::new();
        for site in &self.sites {
            site.check()?;
            for name in site.hosts.iter().chain([&site.name]) {
                check_name(name)?;
                ensure!(
                    names.insert(name),
                    "the name {name} is used twice; sites and hosts need names of their own"
                );
            }
        }
        Ok(())
    }

    /// Returns all hosts.
    pub fn hosts(&self) -> Vec<Host> {
        let numbered = self.sites.iter().zip(1_u8..);
        let of_site = |(site, number): (&Site, u8)| {
            let hosts = site.hosts.iter().zip(10_u8..);
            let host = |(name, last): (&String, u8)| Host {
                name: name.clone(),
                site: number,
                address: site.network(number, last),
            };
            hosts.map(host).collect::<Vec<_>>()
        };
        numbered.flat_map(of_site).collect()
    }

    /// Says in lines who is where.
    pub fn describe(&self) -> String {
        let hosts = self.hosts();
        let mut text = format!("{} hosts on {} sites, seed {}\n", hosts.len(), self.sites.len(), self.seed);
        for (site, number) in self.sites.iter().zip(1_u8..) {
            text += &format!("  {:10} {}, {}\n", site.name, site.nat, site.line());
            for host in hosts.iter().filter(|host| host.site == number) {
                text += &format!("    {:8} {}", host.name, host.address);
                text += &match site.nat {
                    Nat::None => "\n".to_owned(),
                    _ => format!("  (outside: {})\n", Site::outside(number)),
                };
            }
        }
        text
    }
}

impl Site {
    /// Returns what its line is like in one direction. Rates are the kernel's work, see `machine`.
    pub fn quality(&self) -> Quality {
        Quality {
            delay: Duration::from_secs_f64(self.delay_ms / 1000.0),
            jitter: Duration::from_secs_f64(self.jitter_ms / 1000.0),
            loss: self.loss_percent / 100.0,
            reorder: self.reorder_percent / 100.0,
            rate: None,
        }
    }

    /// Returns the address a number has in the house.
    pub(crate) fn network(&self, site: u8, number: u8) -> Ipv4Addr {
        match self.nat {
            Nat::None => Ipv4Addr::new(198, 18, site, number),
            // The same in every house, as with the routers people buy: an address of a house means nothing elsewhere.
            Nat::Cone | Nat::Symmetric => Ipv4Addr::new(192, 168, 1, number),
        }
    }

    /// Returns the router's address on the Internet.
    pub(crate) fn outside(site: u8) -> Ipv4Addr {
        Ipv4Addr::new(198, 18, site, 1)
    }

    /// Says what the line is like.
    fn line(&self) -> String {
        let mut text = format!("{} ms", self.delay_ms);
        if self.jitter_ms > 0.0 {
            text += &format!(" ± {}", self.jitter_ms);
        }
        text += " each way";
        if self.loss_percent > 0.0 {
            text += &format!(", {} % lost", self.loss_percent);
        }
        if self.reorder_percent > 0.0 {
            text += &format!(", {} % overtaken", self.reorder_percent);
        }
        match (self.up_mbit, self.down_mbit) {
            (Some(up), Some(down)) => text += &format!(", {up} Mbit/s up, {down} down"),
            (Some(up), None) => text += &format!(", {up} Mbit/s up"),
            (None, Some(down)) => text += &format!(", {down} Mbit/s down"),
            (None, None) => {}
        }
        text
    }

    fn check(&self) -> Result<()> {
        let name = &self.name;
        ensure!(self.hosts.len() <= HOSTS_MAX, "site {name} has more than {HOSTS_MAX} hosts");
        let in_range = |key: &str, value: f64, most: f64| {
            ensure!(
                (0.0..=most).contains(&value),
                "site {name}: {key} = {value} is not between 0 and {most}"
            );
            Ok(())
        };
        in_range("delay_ms", self.delay_ms, 10_000.0)?;
        in_range("jitter_ms", self.jitter_ms, self.delay_ms)
            .context("a jitter cannot be longer than its delay")?;
        in_range("loss_percent", self.loss_percent, 100.0)?;
        in_range("reorder_percent", self.reorder_percent, 100.0)?;
        for (key, rate) in [("up_mbit", self.up_mbit), ("down_mbit", self.down_mbit)] {
            let Some(rate) = rate else { continue };
            ensure!(
                (0.1..=10_000.0).contains(&rate),
                "site {name}: {key} = {rate} is not between 0.1 and 10000"
            );
        }
        Ok(())
    }
}

fn check_name(name: &str) -> Result<()> {
    let is_good = name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.len() <= NAME_LENGTH_MAX
        && name.chars().all(|one| one.is_ascii_lowercase() || one.is_ascii_digit() || one == '-');
    if !is_good {
        bail!("{name:?} is no name: 1 to {NAME_LENGTH_MAX} lower-case letters, digits and -, a letter first");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEMO: &str = include_str!("../worlds/three-sites.toml");

    #[test]
    fn the_demo_is_three_sites() {
        let world = World::parse(DEMO).unwrap();
        assert_eq!(world.sites.len(), 3);
        assert!(
            world.describe().contains("office-b   public addresses, 2.5 ms ± 0.5 each way, 100 Mbit/s up")
        );
    }

    #[test]
    fn whoever_types_in_the_demo_has_a_host() {
        let world = World::parse(DEMO).unwrap();
        let hosts: Vec<_> = world.hosts().into_iter().map(|host| host.name).collect();
        let stories = std::path::Path::new(&std::env::var_os("CARGO_MANIFEST_DIR").unwrap())
            .join("../../../tests/stories");
        let mut actors = 0;
        for chapter in std::fs::read_dir(stories).unwrap().map(|entry| entry.unwrap().path()) {
            if chapter.extension().is_none_or(|ending| ending != "md") {
                continue;
            }
            for line in std::fs::read_to_string(&chapter).unwrap().lines() {
                let Some((actor, _)) = line.split_once('$') else { continue };
                if !actor.is_empty() && actor.bytes().all(|byte| byte.is_ascii_lowercase()) {
                    assert!(hosts.iter().any(|host| host == actor), "{actor} of {}", chapter.display());
                    actors += 1;
                }
            }
        }
        assert!(actors > 100, "only {actors} lines are typed in the demo");
    }

    #[test]
    fn hosts_of_a_public_site_have_addresses_of_their_own_and_those_of_homes_do_not() {
        let world = World::parse(DEMO).unwrap();
        let address = |name: &str| world.hosts().into_iter().find(|host| host.name == name).unwrap().address;
        assert_eq!(address("alice"), Ipv4Addr::new(198, 18, 2, 10));
        assert_eq!(address("carol"), Ipv4Addr::new(192, 168, 1, 10));
        assert_eq!(address("carol"), address("mallory"));
    }

    fn check(text: &str, complaint: &str) {
        let error = format!("{:#}", World::parse(text).unwrap_err());
        assert!(error.contains(complaint), "{error}");
    }

    #[test]
    fn a_bad_world_is_refused_with_the_reason() {
        check("site = []", "at least one");
        check("[[site]]\nname = 'a'\nhosts = ['b', 'b']", "the name b is used twice");
        check("[[site]]\nname = 'A B'\nhosts = []", "is no name");
        check("[[site]]\nname = 'a'\nhosts = []\nloss_percent = 101", "not between 0 and 100");
        check("[[site]]\nname = 'a'\nhosts = []\ndelay_ms = 1\njitter_ms = 2", "longer than its delay");
        check("[[site]]\nname = 'a'\nhosts = []\nup_mbit = 0", "up_mbit = 0");
        check("[[site]]\nname = 'a'\nhosts = []\ndelay = 1", "unknown field");
        check("[[site]]\nname = 'a'\nhosts = []\nnat = 'full'", "unknown variant");
    }
}
