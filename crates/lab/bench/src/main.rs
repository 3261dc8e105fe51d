//! The benchmarks: real peers, real opponents, medians of interleaved runs, ratios within one run.
//!
//! `cargo xtask bench [NAME ...]` builds the release profile and runs them; results go into `docs/benchmarks.md`.

#![allow(
    clippy::indexing_slicing,
    reason = "a benchmark that finds too few peers or runs shall stop with a message"
)]

mod broker;
mod compute;
mod fetch;
mod folders;
mod mirror;
mod pages;
mod peers;
mod raw;
mod redteam;
mod rest;
mod rooms;
mod search;
mod sites;
mod trust;
mod tunnels;
mod words;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context as _, Result, bail};

/// Runs of each measurement; the median counts.
pub(crate) const RUNS: usize = 5;

type Benchmark = fn(&Bench) -> Result<()>;

const BENCHMARKS: [(&str, Benchmark); 25] = [
    ("fetch", fetch::one_provider),
    ("guarded", fetch::guarded),
    ("providers", fetch::three_providers),
    ("resume", fetch::resume),
    ("far-file", fetch::far),
    ("listing", folders::listing),
    ("visible", folders::save_to_visible),
    ("mirror", mirror::never_together),
    ("search", search::members),
    ("far", search::far),
    ("broker", broker::with_broker),
    ("documents", pages::live),
    ("large-document", pages::large),
    ("site", sites::readers),
    ("compute", compute::jobs),
    ("one-unit", compute::single),
    ("jobs-of-seconds", compute::seconds),
    ("killed-jobs", compute::killed),
    ("killed-jobs-short", compute::killed_short),
    ("rooms", rooms::said_until_shown),
    ("tunnel", tunnels::measure),
    ("rest", rest::at_rest),
    ("start", rest::start),
    ("trust", trust::evaluation),
    ("large-web", trust::large),
];

/// What every benchmark needs.
#[derive(Debug)]
pub(crate) struct Bench {
    /// The program under test.
    pub(crate) althing: PathBuf,
    /// A folder for homes and files, removed afterwards.
    pub(crate) folder: PathBuf,
    /// Hosts of the world this program runs in, for one peer each; none on loopback.
    pub(crate) hosts: Vec<String>,
    /// Others to measure in the same run.
    pub(crate) against: Vec<String>,
    /// Peers started so far.
    pub(crate) started: AtomicUsize,
}

impl Bench {
    /// Returns the host of the next peer; none on loopback.
    pub(crate) fn next_host(&self) -> Option<String> {
        let number = self.started.fetch_add(1, Ordering::Relaxed);
        self.hosts.get(number.checked_rem(self.hosts.len())?).cloned()
    }
}

#[allow(clippy::print_stdout, clippy::print_stderr, reason = "printing is what this program is for")]
fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let done = match arguments.as_slice() {
        [althing, what, rest @ ..] if what == "redteam" => redteam::run(althing, rest),
        _ => run(&arguments).map(|()| true),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        // The report has said what was missed.
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("Error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

#[allow(clippy::print_stdout, reason = "results go to stdout")]
fn run(arguments: &[String]) -> Result<()> {
    if let [mode, number] = arguments
        && mode == "raw-trust"
    {
        return trust::of_shape(number.parse()?);
    }
    if let Some((mode, rest)) = arguments.split_first().filter(|(mode, _)| mode.starts_with("raw-")) {
        return raw::run(mode, rest);
    }
    let Some((althing, names)) = arguments.split_first() else {
        bail!(
            "usage: bench ALTHING [--hosts HOST,HOST,...] [NAME ...] [--against ray,dask]\nnames: {}",
            BENCHMARKS.map(|(name, _)| name).join(" ")
        );
    };
    let (hosts, names) = match names {
        [flag, hosts, names @ ..] if flag == "--hosts" => {
            (hosts.split(',').map(str::to_owned).collect(), names)
        }
        names => (Vec::new(), names),
    };
    let (against, names) = match names {
        [names @ .., flag, others] if flag == "--against" => {
            (others.split(',').map(str::to_owned).collect(), names)
        }
        names => (Vec::new(), names),
    };
    let folder = tempfile::tempdir().context("cannot make a folder for the benchmarks")?;
    println!("load before: {}", std::fs::read_to_string("/proc/loadavg").unwrap_or_default().trim());
    for (name, benchmark) in BENCHMARKS {
        if names.is_empty() || names.iter().any(|wanted| wanted == name) {
            let folder = folder.path().join(name);
            std::fs::create_dir_all(&folder)?;
            let bench = Bench {
                althing: PathBuf::from(althing),
                folder: folder.clone(),
                hosts: hosts.clone(),
                against: against.clone(),
                started: AtomicUsize::new(0),
            };
            println!("\n## {name}");
            benchmark(&bench).with_context(|| format!("benchmark {name}"))?;
            std::fs::remove_dir_all(&folder)?;
        }
    }
    println!("\nload after: {}", std::fs::read_to_string("/proc/loadavg").unwrap_or_default().trim());
    Ok(())
}

/// Returns the middle value.
pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
