//! Moving large contents: against iroh-blobs' own fetch, from three providers, and after kill -9.

use std::io::BufRead as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use crate::peers::{random_file, share, text, web};
use crate::rest::loopback_bytes;
use crate::{Bench, RUNS, median};

const GIB: u64 = 1 << 30;
const FAR_SIZE: u64 = 1 << 24;

/// 1 GiB between two peers on loopback, and between two processes that use iroh-blobs' `remote().fetch`.
#[allow(clippy::print_stdout, reason = "results go to stdout")]
pub(crate) fn one_provider(bench: &Bench) -> Result<()> {
    let peers = web(bench, &["alice", "bob"])?;
    let [alice, bob] = peers.as_slice() else { unreachable!("two names make two peers") };
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for run in 0..RUNS {
        let folder = alice.folder.join(format!("run{run}"));
        let file = folder.join("file");
        random_file(&file, GIB)?;
        theirs.push(mebibytes_per_second(raw_fetch(&file)?));
        share(alice, &folder, &format!("run{run}"))?;
        let path = format!("bench/alice/run{run}/file");
        bob.ask_until("files.about", &json!({ "path": path }), |about| !about["content"].is_null())?;
        let before = (alice.processor_seconds()?, bob.processor_seconds()?);
        ours.push(mebibytes_per_second(bob.get(&path)?));
        std::fs::remove_file(&file)?;
        println!(
            "run {run}: althing {:.0} MiB/s (processor {:.1} s gives, {:.1} s takes), iroh-blobs {:.0} MiB/s",
            ours[run],
            alice.processor_seconds()? - before.0,
            bob.processor_seconds()? - before.1,
            theirs[run]
        );
    }
    let ratios: Vec<f64> = ours.iter().zip(&theirs).map(|(ours, theirs)| ours / theirs).collect();
    println!(
        "1 GiB, median of {RUNS}: althing {:.0} MiB/s, iroh-blobs remote().fetch {:.0} MiB/s, ratio {:.2}",
        median(ours),
        median(theirs),
        median(ratios)
    );
    Ok(())
}

/// What looking through adds to 1 GiB that is got and put on disk: with the guards of both on and off, in turn.
#[allow(clippy::print_stdout, reason = "results go to stdout")]
pub(crate) fn guarded(bench: &Bench) -> Result<()> {
    let peers = web(bench, &["alice", "bob"])?;
    let [alice, bob] = peers.as_slice() else { unreachable!("two names make two peers") };
    let mut times = [Vec::new(), Vec::new()];
    for run in 0..2 * RUNS {
        let is_on = run % 2 == 0;
        for peer in [alice, bob] {
            peer.ask("guard.switch", &json!({ "state": if is_on { "on" } else { "off" } }))?;
        }
        let folder = alice.folder.join(format!("run{run}"));
        let file = folder.join("file");
        random_file(&file, GIB)?;
        share(alice, &folder, &format!("run{run}"))?;
        let path = format!("bench/alice/run{run}/file");
        bob.ask_until("files.about", &json!({ "path": path }), |about| !about["content"].is_null())?;
        let to = bob.folder.join(format!("saved{run}"));
        std::fs::create_dir_all(&to)?;
        let took = bob.get_to(&path, Some(&to))?.as_secs_f64();
        println!("run {run}: guard {}: on disk after {took:.2} s", if is_on { "on" } else { "off" });
        times[usize::from(!is_on)].push(took);
        std::fs::remove_file(&file)?;
        std::fs::remove_dir_all(&to)?;
    }
    let [on, off] = times.map(median);
    println!(
        "1 GiB got and put on disk, median of {RUNS}: guard on {on:.2} s, off {off:.2} s, ratio {:.3}",
        on / off
    );
    Ok(())
}

/// 16 MiB between two peers, for lines on which more takes too long (`cargo xtask bench --wan far-file`).
#[allow(clippy::print_stdout, reason = "results go to stdout")]
pub(crate) fn far(bench: &Bench) -> Result<()> {
    let peers = web(bench, &["alice", "bob"])?;
    let [alice, bob] = peers.as_slice() else { unreachable!("two names make two peers") };
    let mut rates = Vec::new();
    for run in 0..RUNS {
        let folder = alice.folder.join(format!("run{run}"));
        random_file(&folder.join("file"), FAR_SIZE)?;
        share(alice, &folder, &format!("run{run}"))?;
        let path = format!("bench/alice/run{run}/file");
        bob.ask_until("files.about", &json!({ "path": path }), |about| !about["content"].is_null())?;
        #[expect(clippy::cast_precision_loss, reason = "a few megabytes")]
        let rate = FAR_SIZE as f64 / 1e3 / bob.get(&path)?.as_secs_f64();
        println!("run {run}: {rate:.0} kB/s");
        rates.push(rate);
    }
    println!("16 MiB, median of {RUNS}: {:.0} kB/s", median(rates));
    Ok(())
}

/// 1 GiB from three providers: how even the pieces are, and what it costs when one is killed half-way.
#[allow(clippy::print_stdout, reason = "results go to stdout")]
pub(crate) fn three_providers(bench: &Bench) -> Result<()> {
    let mut peers = web(bench, &["alice", "bob", "carol", "ted"])?;
    let folder = peers[0].folder.join("films");
    for name in ["even", "killed"] {
        random_file(&folder.join(name), GIB)?;
    }
    share(&peers[0], &folder, "films")?;
    for name in ["even", "killed"] {
        let path = format!("bench/alice/films/{name}");
        peers[1].ask_until("files.about", &json!({ "path": path }), |about| !about["content"].is_null())?;
        peers[1].get(&path)?;
        peers[2].get(&path)?;
        peers[3].ask_until("files.about", &json!({ "path": path }), |about| {
            about["holders"].as_array().is_some_and(|holders| holders.len() >= 3)
        })?;
    }
    let time = peers[3].get("bench/alice/films/even")?;
    println!(
        "1 GiB from three: {:.0} MiB/s; {}",
        mebibytes_per_second(time),
        given(&peers[3].ask("files.transfers", &json!({}))?)
    );

    peers[3].ask("files.get", &json!({ "path": "bench/alice/films/killed" }))?;
    let is_half =
        |transfers: &Value| transfers["transfers"][0]["done"].as_u64().is_some_and(|done| done > GIB / 3);
    peers[3].ask_until("files.transfers", &json!({}), is_half)?;
    peers[2].kill()?;
    peers[3].ask_until("files.transfers", &json!({}), |transfers| {
        text(&transfers["transfers"][0], "state") == "done"
    })?;
    println!("one killed half-way: done; {}", given(&peers[3].ask("files.transfers", &json!({}))?));
    Ok(())
}

/// kill -9 of the fetching peer in the middle: how much is fetched again, counted on the wire.
///
/// What one GiB costs on the loopback interface without a kill is measured in the same run; what the killed transfer
/// costs above that came twice.
#[allow(clippy::print_stdout, reason = "results go to stdout")]
pub(crate) fn resume(bench: &Bench) -> Result<()> {
    let mut peers = web(bench, &["alice", "bob"])?;
    let folder = peers[0].folder.join("films");
    let (mut again, mut starts) = (Vec::new(), Vec::new());
    for run in 0..RUNS {
        for name in ["whole", "killed"] {
            random_file(&folder.join(format!("{name}{run}")), GIB)?;
        }
    }
    share(&peers[0], &folder, "films")?;
    for run in 0..RUNS {
        let path = |name: &str| format!("bench/alice/films/{name}{run}");
        for name in ["whole", "killed"] {
            let asked = json!({ "path": path(name) });
            peers[1].ask_until("files.about", &asked, |about| !about["content"].is_null())?;
        }
        let before = loopback_bytes()?;
        peers[1].get(&path("whole"))?;
        let whole = loopback_bytes()? - before;
        let before = loopback_bytes()?;
        let transfer = peers[1].ask("files.get", &json!({ "path": path("killed") }))?;
        let id = json!({ "id": transfer["id"] });
        peers[1].ask_until("files.transfer", &id, |transfer| {
            transfer["done"].as_u64().is_some_and(|done| done > GIB / 2)
        })?;
        starts.push(peers[1].kill_and_start()?.as_secs_f64() * 1000.0);
        peers[1].ask_until("files.transfer", &id, |transfer| text(transfer, "state") == "done")?;
        let killed = loopback_bytes()? - before;
        again.push((killed - whole) / whole * 1024.0);
        println!("run {run}: {:.1} MiB came twice", again[run]);
    }
    println!(
        "killed at half of 1 GiB, median of {RUNS}: first answer after {:.0} ms, {:.1} MiB came twice",
        median(starts),
        median(again)
    );
    Ok(())
}

/// Who gave how much of the newest transfer.
fn given(transfers: &Value) -> String {
    let gave = transfers["transfers"][0]["gave"].as_array().cloned().unwrap_or_default();
    let parts: Vec<String> = gave
        .iter()
        .map(|gave| {
            format!(
                "{} {:.0} MiB",
                text(gave, "who"),
                as_float(gave["bytes"].as_u64().unwrap_or(0)) / 1_048_576.0
            )
        })
        .collect();
    parts.join(", ")
}

fn raw_fetch(file: &Path) -> Result<Duration> {
    let program = std::env::current_exe()?;
    let mut provider = Command::new(&program)
        .arg("raw-provide")
        .arg(file)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut lines = std::io::BufReader::new(provider.stdout.take().context("no output")?).lines();
    let ticket = lines.next().context("the provider said nothing")??;
    let output = Command::new(&program).arg("raw-fetch").arg(ticket).output()?;
    drop(provider.stdin.take());
    provider.wait()?;
    let millis: u64 =
        String::from_utf8(output.stdout)?.trim().parse().context("the fetcher printed no time")?;
    Ok(Duration::from_millis(millis))
}

fn mebibytes_per_second(time: Duration) -> f64 {
    1024.0 / time.as_secs_f64()
}

#[allow(clippy::cast_precision_loss, reason = "printed with three digits")]
fn as_float(bytes: u64) -> f64 {
    bytes as f64
}
