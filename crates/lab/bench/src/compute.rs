//! Jobs: what a unit costs, how busy two workers are, a million units; and the same by Ray and Dask, in the same run.

use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::{Value, json};

use crate::peers::{Peer, text, web};
use crate::{Bench, median};

/// Units that do nothing.
const NOOPS: u64 = 100_000;
/// Units one after the other, for the time of one.
const SINGLES: usize = 300;
/// Units of ten milliseconds.
const SHORT: u64 = 10_000;
const SHORT_MS: f64 = 10.0;
/// Units of a second.
const LONG: u64 = 240;
/// Units of one job, for what its owner needs.
const MANY: u64 = 1_000_000;
/// Moments at which somebody is killed; fewer as a part of the tests.
const KILLS: usize = 200;
const KILLS_SHORT: usize = 50;

/// Measures jobs of an owner on two workers, one core each.
#[allow(clippy::print_stdout, reason = "results go to stdout")]
pub(crate) fn jobs(bench: &Bench) -> Result<()> {
    let peers = owner_and_workers(bench)?;
    let [owner, workers @ ..] = peers.as_slice() else { bail!("three peers were started") };

    // Programs are compiled and fetched once, before anything is measured.
    run(owner, "noop", 100, "")?;
    let steps = ten_milliseconds(owner)?;

    let mut rates = Vec::new();
    for _ in 0..3 {
        let (took, _) = run(owner, "noop", NOOPS, "")?;
        rates.push(count(NOOPS) / took.as_secs_f64());
    }
    let noop = median(rates);
    println!("units that do nothing, in batches: {noop:.0} a second (signed, persisted, 2 workers, QUIC)");

    let submitted = one_by_one(owner)?;

    let before: f64 = workers.iter().map(Peer::processor_seconds).sum::<Result<f64>>()?;
    let (took, view) = run(owner, "spin", SHORT, &steps.to_string())?;
    let after: f64 = workers.iter().map(Peer::processor_seconds).sum::<Result<f64>>()?;
    let useful = view["core_micros"].as_f64().context("no time")? / 1e6;
    let short = useful / (2.0 * took.as_secs_f64());
    println!(
        "{SHORT} units of {:.1} ms: {:.1} s, the two workers computed {:.1} % of that time; their peers took {:.1} s besides",
        useful * 1_000.0 / count(SHORT),
        took.as_secs_f64(),
        short * 100.0,
        after - before
    );

    if !bench.against.is_empty() {
        for (name, [their_noop, their_single, their_short]) in against(bench)? {
            println!(
                "{name}: nothing {their_noop:.0} a second ({:.1} times in batches, {:.2} submitted), one {their_single:.2} ms, {SHORT} of {SHORT_MS} ms: {:.1} %",
                noop / their_noop,
                submitted / their_noop,
                their_short * 100.0
            );
        }
    }
    million(owner)?;
    Ok(())
}

/// Measures nothing but units that are pushed one by one.
pub(crate) fn single(bench: &Bench) -> Result<()> {
    let peers = owner_and_workers(bench)?;
    let owner = &peers[0];
    // The program is compiled and fetched once, before anything is measured.
    run(owner, "noop", 100, "")?;
    one_by_one(owner).map(drop)
}

/// Measures units that are pushed one by one, in jobs that last and in fleeting ones; returns how many a second the Python client
/// submits to one that lasts.
#[allow(clippy::print_stdout, reason = "results go to stdout")]
fn one_by_one(owner: &Peer) -> Result<f64> {
    let home = owner.home();
    let program = programs().join("noop.wasm");
    let mut lasting = 0.0;
    for is_fleeting in [false, true] {
        let kind = if is_fleeting { "fleeting" } else { "lasting" };
        let (median_ms, late_ms) = singles(owner, is_fleeting)?;
        println!("{kind}: one unit, from pushed to result: median {median_ms:.2} ms, p99 {late_ms:.2} ms");
        let [submitted, single, late] =
            python("executor.py", &[home.as_os_str(), program.as_os_str(), kind.as_ref()])?;
        println!("{kind}: the same with the Python client: median {single:.2} ms, p99 {late:.2} ms");
        println!(
            "{kind}: units submitted one by one with the Python client, awaited together: {submitted:.0} a second"
        );
        if !is_fleeting {
            lasting = submitted;
        }
    }
    Ok(lasting)
}

/// Measures how busy two workers are with units of a second, one core each: for workers far away (`--wan`).
#[allow(clippy::print_stdout, reason = "results go to stdout")]
pub(crate) fn seconds(bench: &Bench) -> Result<()> {
    let peers = owner_and_workers(bench)?;
    let owner = &peers[0];
    let steps = ten_milliseconds(owner)?.saturating_mul(100);
    let (took, view) = run(owner, "spin", LONG, &steps.to_string())?;
    let useful = view["core_micros"].as_f64().context("no time")? / 1e6;
    println!(
        "{LONG} units of {:.2} s: {:.1} s, the two workers computed {:.1} % of that time",
        useful / count(LONG),
        took.as_secs_f64(),
        useful * 50.0 / took.as_secs_f64()
    );
    Ok(())
}

/// Starts an owner and two workers of one core each, who work whatever happens.
fn owner_and_workers(bench: &Bench) -> Result<Vec<Peer>> {
    let peers = web(bench, &["owner", "first", "second"])?;
    for worker in &peers[1..] {
        worker.ask("compute.limits", &json!({ "idle_cores": 1 }))?;
        worker.ask("compute.mode", &json!({ "mode": "always" }))?;
    }
    peers[0].ask_until("compute.capacity", &json!({}), |capacity| capacity["cores_ready"] == 2)?;
    Ok(peers)
}

/// Kills owner, workers and the processes in which units run, in the middle of jobs, again and again: no unit is lost, none
/// counted twice.
pub(crate) fn killed(bench: &Bench) -> Result<()> {
    killed_often(bench, KILLS)
}

/// The same in a minute or two.
pub(crate) fn killed_short(bench: &Bench) -> Result<()> {
    killed_often(bench, KILLS_SHORT)
}

#[allow(clippy::print_stdout, reason = "results go to stdout")]
fn killed_often(bench: &Bench, kills: usize) -> Result<()> {
    let mut peers = web(bench, &["owner", "first", "second"])?;
    for worker in peers.get(1..).unwrap_or_default() {
        worker.ask("compute.mode", &json!({ "mode": "always" }))?;
    }
    peers[0].ask_until("compute.capacity", &json!({}), |capacity| {
        capacity["computers"].as_array().is_some_and(|all| all.len() == 2)
    })?;
    let steps = ten_milliseconds(&peers[0])?;
    let mut killed = 0;
    let mut seed = 7_u64;
    let mut next = |below: u64| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % below
    };
    while killed < kills {
        let units = 2_000;
        let asked = map(&peers[0], "spin", units, &(steps / 4).to_string())?;
        loop {
            std::thread::sleep(Duration::from_millis(next(900)));
            match usize::try_from(next(5))? {
                whom @ 0..3 => drop(peers[whom].kill_and_start()?),
                whom => peers[whom - 2].kill_a_child()?,
            }
            killed += 1;
            let view = peers[0].ask("compute.job", &json!({ "id": asked }))?;
            if view["is_over"] == true || killed >= kills {
                break;
            }
        }
        peers[0].ask_until("compute.job", &json!({ "id": asked }), |view| view["is_over"] == true)?;
        let (mut from, mut found) = (0, 0);
        loop {
            let page =
                peers[0].ask("compute.results", &json!({ "id": asked, "from": from, "limit": 1000 }))?;
            for result in page["results"].as_array().into_iter().flatten() {
                ensure!(result["unit"] == found, "unit {found} is missing: {result}");
                ensure!(text(result, "failure").is_empty(), "{result}");
                found += 1;
            }
            from = page["next"].as_u64().context("no place")?;
            if page["is_over"] == true {
                break;
            }
        }
        ensure!(found == units, "{found} of {units}");
        peers[0].ask("compute.forget", &json!({ "id": asked }))?;
    }
    println!(
        "{killed} kills (-9) of owner, workers and runners at random moments: no unit lost, none counted twice"
    );
    Ok(())
}

/// Returns the folder of this crate: benchmarks run in the root of the repository, and peers want whole paths.
fn here() -> PathBuf {
    std::path::absolute("crates/lab/bench").unwrap_or_else(|_| PathBuf::from("crates/lab/bench"))
}

fn programs() -> PathBuf {
    here().join("programs")
}

/// Begins a job over numbers; the workers are trusted, so that nothing is computed twice.
fn map(owner: &Peer, program: &str, units: u64, arguments: &str) -> Result<Value> {
    let program = programs().join(format!("{program}.wasm"));
    let people = json!(["first", "second"]);
    let asked = json!({ "program": program, "web": "bench", "range": units, "arguments": arguments, "trust": "trusted", "people": people, "anew": true });
    Ok(owner.ask("compute.map", &asked)?["id"].clone())
}

fn run(owner: &Peer, program: &str, units: u64, arguments: &str) -> Result<(Duration, Value)> {
    let begun = Instant::now();
    let id = map(owner, program, units, arguments)?;
    let (took, view) = loop {
        let view = owner.ask("compute.job", &json!({ "id": id }))?;
        let took = begun.elapsed();
        if view["is_over"] == true {
            break (took, view);
        }
        // Looking costs processor time, too: seldom enough to be none of what is measured, and half a hundredth of it late.
        std::thread::sleep((took / 200).clamp(Duration::from_millis(2), Duration::from_millis(200)));
    };
    ensure!(view["done"] == units && view["parked"] == 0, "{view}");
    owner.ask("compute.forget", &json!({ "id": id }))?;
    Ok((took, view))
}

/// Finds out how many steps take ten milliseconds here.
fn ten_milliseconds(owner: &Peer) -> Result<u64> {
    let steps = 20_000_000;
    run(owner, "spin", 8, &steps.to_string())?;
    let (_, view) = run(owner, "spin", 200, &steps.to_string())?;
    let each = view["core_micros"].as_f64().context("no time")? / 1_000.0 / 200.0;
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "some millions")]
    let ten = (count(steps) * SHORT_MS / each) as u64;
    Ok(ten)
}

/// Pushes units one by one and waits for each; returns the median and the 99th of a hundred, in milliseconds.
fn singles(owner: &Peer, is_fleeting: bool) -> Result<(f64, f64)> {
    let program = programs().join("noop.wasm");
    let people = json!(["first", "second"]);
    let open = json!({ "program": program, "web": "bench", "is_open": true, "trust": "trusted", "people": people, "anew": true, "is_fleeting": is_fleeting });
    let id = owner.ask("compute.map", &open)?["id"].clone();
    let mut after = 0;
    let mut times = Vec::new();
    for number in 0..SINGLES {
        let begun = Instant::now();
        owner.ask("compute.push", &json!({ "id": id, "items": [format!("{number:08}")] }))?;
        let answer = owner.ask("compute.wait", &json!({ "id": id, "after": after }))?;
        after = answer["next"].as_u64().context("no place")?;
        times.push(begun.elapsed().as_secs_f64() * 1_000.0);
    }
    times.sort_by(f64::total_cmp);
    owner.ask("compute.push", &json!({ "id": id, "is_last": true }))?;
    owner.ask_until("compute.job", &json!({ "id": id }), |view| view["is_over"] == true)?;
    Ok((times[SINGLES / 2], times[SINGLES * 99 / 100]))
}

/// What the owner of a job of a million units needs.
#[allow(clippy::print_stdout, reason = "results go to stdout")]
fn million(owner: &Peer) -> Result<()> {
    let before = owner.resident_megabytes()?;
    let begun = Instant::now();
    let id = map(owner, "noop", MANY, "")?;
    let mut most = 0.0_f64;
    loop {
        most = most.max(owner.resident_megabytes()?);
        if owner.ask("compute.job", &json!({ "id": id }))?["is_over"] == true {
            break;
        }
        std::thread::sleep(Duration::from_millis(500));
    }
    println!(
        "{MANY} units: {:.0} s; the owner's peer had {before:.0} MB before, {most:.0} MB at most",
        begun.elapsed().as_secs_f64()
    );
    Ok(())
}

/// Runs the same by others: no-op tasks a second, milliseconds for one, efficiency.
fn against(bench: &Bench) -> Result<Vec<(String, [f64; 3])>> {
    let mut found = Vec::new();
    for name in &bench.against {
        found.push((name.clone(), python("against.py", &[name.as_ref()])?));
    }
    Ok(found)
}

/// Runs a script of this folder, with our Python client at hand; returns the three numbers of its last line.
fn python(script: &str, arguments: &[&OsStr]) -> Result<[f64; 3]> {
    let here = here();
    let ran = Command::new("python3")
        .arg(here.join("src").join(script))
        .args(arguments)
        .env("PYTHONPATH", here.join("../../../clients/python"))
        .output()
        .context("python3")?;
    ensure!(ran.status.success(), "{script}: {}", String::from_utf8_lossy(&ran.stderr));
    let said = String::from_utf8(ran.stdout)?;
    let line = said.lines().last().unwrap_or_default();
    let numbers: Vec<f64> = line.split_whitespace().map(str::parse).collect::<Result<_, _>>()?;
    numbers.as_slice().try_into().with_context(|| said.clone())
}

fn count(units: u64) -> f64 {
    #[allow(clippy::cast_precision_loss, reason = "some millions")]
    let units = units as f64;
    units
}
