//! What it costs to check and evaluate ten thousand governance operations of a thousand members.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use base::WebId;
use people::evaluate::{Evaluation, Op, Timeline, evaluate};
use wire::crypto::Strict;
use wire::entry::Entry;

use super::history::{History, MEMBERS, Shape};
use crate::{Bench, median};

/// How often each evaluation is repeated; the median counts.
const REPEATS: usize = 7;

/// Operations that one side writes before it hears of the other.
const MEETING: usize = 5;

/// Operations of a history; by the first tenth the members join.
const OPERATIONS: usize = 10_000;

const SHAPES: [(&str, Shape, usize); 4] = [
    ("in a row", Shape::Row, OPERATIONS),
    ("two halves that never met", Shape::Halves, OPERATIONS),
    ("two sides that meet every 5", Shape::Meeting(MEETING), OPERATIONS),
    ("in a row, ten times as many", Shape::Row, 10 * OPERATIONS),
];

/// Time that passed, and time that this process computed.
#[derive(Debug, Clone, Copy)]
struct Cost {
    wall: Duration,
    processor: Duration,
}

/// Measures each shape in a process of its own, so that the memory of one is not the other's.
pub(crate) fn evaluation(_: &Bench) -> Result<()> {
    for (number, ..) in SHAPES.iter().enumerate() {
        let program = std::env::current_exe()?;
        let status = std::process::Command::new(program).args(["raw-trust", &number.to_string()]).status()?;
        ensure!(status.success(), "shape {number}: {status}");
    }
    Ok(())
}

#[allow(clippy::print_stdout, reason = "results go to stdout")]
pub(crate) fn of_shape(number: usize) -> Result<()> {
    let (name, shape, operations) = SHAPES.get(number).copied().context("no such shape")?;
    let history = History::new(shape, operations);
    let size: usize = history.entries.iter().map(|entry| entry.bytes.len()).sum();
    let count = history.entries.len();
    println!("{name}: {count} operations, {MEMBERS} members, {} bytes each", size / count);
    let (ops, checking) = cost(|| read(&history))?;
    let ops = ops?;
    said("  read and checked", count, checking);
    let ((timeline, grown), peak) = peak(|| {
        let before = memory()?;
        let mut timeline = Timeline::new(history.web);
        timeline.extend(ops.iter().cloned());
        Ok((timeline, memory()?.saturating_sub(before)))
    })?;
    println!("  memory: {:.1} MB at most while evaluating, {:.1} MB kept", megabytes(peak), megabytes(grown));
    let found = timeline.evaluation().clone();
    drop(timeline);
    let (_, evaluating) = median_cost(|| evaluate(history.web, ops.clone()))?;
    said("  evaluated at once, in any order", count, evaluating);
    ensure!(found.incomplete == 0 && found.void.is_empty(), "not everything counts");
    let joined = ops.len().min(MEMBERS + MEMBERS / 20);
    match shape {
        Shape::Row => arriving(history.web, &ops, (joined, 1), &found),
        Shape::Meeting(after) => arriving(history.web, &ops, (joined, after), &found),
        Shape::Halves => {
            let half = (ops.len() - joined) / 2;
            arriving(history.web, &ops, (joined + half, half), &found)
        }
    }
}

/// A peer that knows the beginning and takes the rest in parts: its own operations, and those of others as they come.
#[allow(clippy::print_stdout, reason = "results go to stdout")]
fn arriving(web: WebId, ops: &[Op], (begun, step): (usize, usize), found: &Evaluation) -> Result<()> {
    let (first, rest) = ops.split_at(begun);
    let start = || {
        let mut timeline = Timeline::new(web);
        timeline.extend(first.iter().cloned());
        timeline
    };
    let mut costs = Vec::new();
    let mut work = 0;
    for _ in 0..REPEATS {
        let mut known = start();
        work = known.work();
        let ((), once) = cost(|| {
            for part in rest.chunks(step) {
                known.extend(part.iter().cloned());
            }
        })?;
        work = known.work() - work;
        costs.push(once);
        ensure!(known.evaluation() == found, "in parts of {step} they lead to another state");
    }
    said(&format!("  {} in parts of {step}, as they come", rest.len()), rest.len(), middle(&costs));
    println!("  of that replayed: {work} operations");
    Ok(())
}

fn read(history: &History) -> Result<Vec<Op>> {
    let read = |entry: &Entry| Op::read(&Entry::read(&entry.bytes, &Strict).ok()?);
    history.entries.iter().map(|entry| read(entry).context("an entry is refused")).collect()
}

#[allow(clippy::print_stdout, reason = "results go to stdout")]
#[expect(clippy::cast_precision_loss, reason = "figures to be printed")]
fn said(what: &str, count: usize, cost: Cost) {
    println!(
        "{what}: {:.1} ms of processor, {:.1} ms passed, {:.0} operations a processor second",
        cost.processor.as_secs_f64() * 1e3,
        cost.wall.as_secs_f64() * 1e3,
        count as f64 / cost.processor.as_secs_f64().max(1e-6)
    );
}

fn median_cost<T>(work: impl Fn() -> T) -> Result<(T, Cost)> {
    let (found, first) = cost(&work)?;
    let mut costs = vec![first];
    for _ in 1..REPEATS {
        costs.push(cost(&work)?.1);
    }
    Ok((found, middle(&costs)))
}

fn middle(costs: &[Cost]) -> Cost {
    let of = |time: fn(&Cost) -> Duration| {
        Duration::from_secs_f64(median(costs.iter().map(|cost| time(cost).as_secs_f64()).collect()))
    };
    Cost { wall: of(|cost| cost.wall), processor: of(|cost| cost.processor) }
}

fn cost<T>(work: impl FnOnce() -> T) -> Result<(T, Cost)> {
    let (begun, before) = (Instant::now(), processor()?);
    let done = work();
    Ok((done, Cost { wall: begun.elapsed(), processor: processor()?.saturating_sub(before) }))
}

/// Returns what this thread has computed so far; the kernel counts it in nanoseconds.
fn processor() -> Result<Duration> {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat")?;
    let nanos = stat.split_whitespace().next().context("no time in schedstat")?.parse()?;
    Ok(Duration::from_nanos(nanos))
}

fn memory() -> Result<u64> {
    status("VmRSS:")
}

/// Returns how much more memory than before there was at most during some work.
fn peak<T>(work: impl FnOnce() -> Result<T>) -> Result<(T, u64)> {
    let before = memory()?;
    // Forgets the most there was until now.
    std::fs::write("/proc/self/clear_refs", "5")?;
    let done = work()?;
    Ok((done, status("VmHWM:")?.saturating_sub(before)))
}

fn status(name: &str) -> Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find(|line| line.starts_with(name)).context("no such line in status")?;
    let kibibytes: u64 = line.split_whitespace().nth(1).context("no number")?.parse()?;
    Ok(kibibytes * 1024)
}

#[expect(clippy::cast_precision_loss, reason = "figures to be printed")]
fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}
