//! Builds a world out of what the kernel has: a network namespace per host and per router, joined by veth, a bridge per
//! house, nftables for NAT, and `tc` for rates. Runs inside the private namespaces that `stage` makes.

use std::ffi::OsString;
use std::net::Ipv4Addr;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};
use tokio::runtime::Runtime;

use crate::internet::{Internet, device_name};
use crate::{Count, Host, Nat, Site, World};

/// The programs a world is built with, and the package of Debian that has each.
const PROGRAMS: [(&str, &str); 5] = [
    ("unshare", "util-linux"),
    ("nsenter", "util-linux"),
    ("ip", "iproute2"),
    ("tc", "iproute2"),
    ("nft", "nftables"),
];

/// What a line may hold back to be on time with its rate, at least: some packets.
const BURST_BYTES_MIN: u64 = 32 * 1024;

/// A world that stands. When it is dropped, its namespaces and devices are removed.
#[derive(Debug)]
pub struct Machine {
    world: World,
    hosts: Vec<Host>,
    internet: Option<Internet>,
    runtime: Option<Runtime>,
    namespaces: Vec<String>,
}

impl Machine {
    /// Builds a world. Only inside private namespaces (see [`crate::enter`]).
    pub fn build(world: &World) -> Result<Self> {
        world.check()?;
        // Without this the names would stand in the machine's own list.
        run("mount", &["-t", "tmpfs", "tmpfs", "/run"])?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .context("cannot start the Internet's thread")?;
        let internet = Internet::begin(world, runtime.handle())?;
        let mut machine = Self {
            world: world.clone(),
            hosts: world.hosts(),
            internet: Some(internet),
            runtime: Some(runtime),
            namespaces: Vec::new(),
        };
        for (site, number) in world.sites.iter().zip(1_u8..) {
            machine.add_site(site, number).with_context(|| format!("building the site {}", site.name))?;
        }
        Ok(machine)
    }

    /// Returns the world.
    pub fn world(&self) -> &World {
        &self.world
    }

    /// Returns a command that runs on a host.
    pub fn command(&self, host: &str, program: &Path) -> Result<Command> {
        let host = self.find(host)?;
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &host.name]).arg(program);
        Ok(command)
    }

    /// Returns the address at which others may find a host: its own, or that of the router before it.
    pub fn address(&self, host: &str) -> Result<Ipv4Addr> {
        let host = self.find(host)?;
        let site = self.world.sites.get(usize::from(host.site).saturating_sub(1));
        let is_behind = site.is_some_and(|site| site.nat != Nat::None);
        Ok(if is_behind { Site::outside(host.site) } else { host.address })
    }

    fn find(&self, name: &str) -> Result<&Host> {
        let names: Vec<&str> = self.hosts.iter().map(|one| one.name.as_str()).collect();
        let found = self.hosts.iter().find(|one| one.name == name);
        found.with_context(|| {
            format!("no host of this world is called {name}; there are {}", names.join(", "))
        })
    }

    /// Says in lines what became of the packets so far.
    pub fn counts(&self) -> String {
        let mut text = String::new();
        for (from, start) in self.world.sites.iter().enumerate() {
            for (to, end) in self.world.sites.iter().enumerate() {
                let Count { passed, late, lost, dropped } = self.count(from, to);
                if passed + lost + dropped > 0 {
                    text += &format!(
                        "  {:>10} to {:10} {passed:8} packets, {lost} lost, {late} overtaken, {dropped} without room\n",
                        start.name, end.name
                    );
                }
            }
        }
        text
    }

    /// Returns what became of the packets from one site to another, both counted from 0.
    pub fn count(&self, from: usize, to: usize) -> Count {
        self.internet.as_ref().map(|internet| internet.count(from, to)).unwrap_or_default()
    }

    fn add_site(&mut self, site: &Site, number: u8) -> Result<()> {
        let router = site.name.as_str();
        self.add_namespace(router)?;
        let gateway = format!("{}/24", site.network(number, 1));
        ip(&["-n", router, "link", "add", "house", "type", "bridge"])?;
        ip(&["-n", router, "address", "add", &gateway, "dev", "house"])?;
        ip(&["-n", router, "link", "set", "house", "up"])?;
        let line = device_name(usize::from(number));
        ip(&["link", "set", &line, "netns", router])?;
        ip(&["-n", router, "link", "set", &line, "name", "line", "up"])?;
        if site.nat != Nat::None {
            let outside = format!("{}/32", Site::outside(number));
            ip(&["-n", router, "address", "add", &outside, "dev", "line"])?;
        }
        ip(&["-n", router, "route", "add", "default", "dev", "line"])?;
        inside(router, &["sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward"])?;
        if let Some(rules) = nat_rules(site.nat) {
            inside(router, &["nft", &rules])?;
        }
        limit(router, "line", site.up_mbit)?;
        limit(router, "house", site.down_mbit)?;
        let hosts: Vec<Host> = self.hosts.iter().filter(|host| host.site == number).cloned().collect();
        hosts.iter().try_for_each(|host| self.add_host(site, host))
    }

    fn add_host(&mut self, site: &Site, host: &Host) -> Result<()> {
        let (router, name) = (site.name.as_str(), host.name.as_str());
        self.add_namespace(name)?;
        let socket = format!("to{}", host.address.octets().last().unwrap_or(&0));
        ip(&["-n", router, "link", "add", &socket, "type", "veth", "peer", "name", "eth0", "netns", name])?;
        ip(&["-n", router, "link", "set", &socket, "master", "house", "up"])?;
        ip(&["-n", name, "address", "add", &format!("{}/24", host.address), "dev", "eth0"])?;
        ip(&["-n", name, "link", "set", "eth0", "up"])?;
        ip(&["-n", name, "route", "add", "default", "via", &site.network(host.site, 1).to_string()])
    }

    fn add_namespace(&mut self, name: &str) -> Result<()> {
        ip(&["netns", "add", name])?;
        self.namespaces.push(name.to_owned());
        ip(&["-n", name, "link", "set", "lo", "up"])?;
        // The world has one protocol; link-local addresses of another would be ways that nothing delays.
        let off = "[ ! -e /proc/sys/net/ipv6 ] || echo 1 > /proc/sys/net/ipv6/conf/all/disable_ipv6";
        inside(name, &["sh", "-c", off])
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        for name in &self.namespaces {
            // What cannot be removed now leaves with the last process of the stage.
            let _removed = ip(&["netns", "delete", name]);
        }
        drop(self.internet.take());
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// Returns the rules of a router, or nothing for one that only forwards.
///
/// Packets nobody asked for are dropped before the kernel remembers them: remembered, they would take the port number
/// that the house's own answer needs, and a cone would turn symmetric (as it does in routers built carelessly).
fn nat_rules(nat: Nat) -> Option<String> {
    let masquerade = match nat {
        Nat::None => return None,
        Nat::Cone => "masquerade",
        Nat::Symmetric => "masquerade fully-random",
    };
    Some(format!(
        "add table ip router
         add chain ip router leaving {{ type nat hook postrouting priority srcnat; }}
         add rule ip router leaving oifname line {masquerade}
         add chain ip router entering {{ type filter hook forward priority filter; }}
         add rule ip router entering iifname line ct state new drop
         add chain ip router own {{ type filter hook input priority filter; }}
         add rule ip router own iifname line drop"
    ))
}

/// Limits what leaves a router through a device.
fn limit(router: &str, device: &str, mbit: Option<f64>) -> Result<()> {
    let Some(mbit) = mbit else { return Ok(()) };
    let rate = format!("{}kbit", (mbit * 1000.0).round());
    // A hundredth of a second's worth: less, and a kernel whose clock ticks a hundred times a second stays below the rate.
    let burst = format!("{}", BURST_BYTES_MIN.max(hundredth_bytes(mbit)));
    inside(
        router,
        &[
            "tc", "qdisc", "add", "dev", device, "root", "tbf", "rate", &rate, "burst", &burst, "latency",
            "100ms",
        ],
    )
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "World::check keeps it below 10,000 Mbit/s"
)]
fn hundredth_bytes(mbit: f64) -> u64 {
    (mbit * 1_000_000.0 / 8.0 / 100.0) as u64
}

fn inside(namespace: &str, command: &[&str]) -> Result<()> {
    ip(&[&["netns", "exec", namespace], command].concat())
}

fn ip(arguments: &[&str]) -> Result<()> {
    run("ip", arguments)
}

fn run(program: &str, arguments: &[&str]) -> Result<()> {
    let output = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("cannot start {program}"))?;
    if !output.status.success() {
        bail!("{program} {}: {}", arguments.join(" "), String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(())
}

/// Returns the programs that are missing here, each with the package that has it.
pub fn missing_programs() -> Vec<(&'static str, &'static str)> {
    let path = search_path();
    let folders: Vec<_> = std::env::split_paths(&path).collect();
    let is_missing =
        |(program, _): &(&str, &str)| !folders.iter().any(|folder| folder.join(program).exists());
    PROGRAMS.into_iter().filter(is_missing).collect()
}

/// Returns where programs are looked for: those of administrators, too, which people who are none do not have there.
pub(crate) fn search_path() -> OsString {
    let mut path = std::env::var_os("PATH").unwrap_or_default();
    path.push(":/usr/sbin:/sbin");
    path
}

/// Tries everything a world needs, on a small one.
pub(crate) fn probe() -> Result<()> {
    let sites = [("left", Nat::Symmetric, "l"), ("right", Nat::None, "r")].map(|(name, nat, host)| Site {
        name: name.to_owned(),
        nat,
        up_mbit: Some(10.0),
        hosts: vec![host.to_owned()],
        ..Site::default()
    });
    Machine::build(&World { seed: 0, sites: sites.into() }).map(drop)
}
