//! What stops when it should, and goes on where it was.

use std::time::{Duration, Instant};

use compute::jobs::{Allowance, Failure, Limits, Outcome};
use kernel::{Driver as _, Input, JobFailure};

use crate::house::{House, are_stopped, is_working, limits, output, unit, wasm};
use crate::programs::{count, counted, forever};

const TURNS: u32 = 600_000_000;

fn all(cores: u32) -> Allowance {
    Allowance { cores, percent: 100, memory_mib: 8_192, is_for_idle: false }
}

/// Looks for a while, and says whether the processes took processor time meanwhile.
fn takes_time(house: &House) -> bool {
    let before: u64 = house.runners().iter().map(|(_, _, cpu)| cpu).sum();
    std::thread::sleep(Duration::from_millis(300));
    let after: u64 = house.runners().iter().map(|(_, _, cpu)| cpu).sum();
    after > before
}

#[test]
fn with_no_cores_everything_stops_and_later_goes_on_where_it_was() {
    let house = House::new();
    let job = house.begin(&wasm(&count()), b"", limits(), vec![unit(1, &TURNS.to_le_bytes())]);
    house.await_runners("it runs", is_working);
    house.set(all(0));
    house.await_runners("it stops", are_stopped);
    assert!(!takes_time(&house), "stopped is stopped");
    house.set(all(2));
    let (report, outcome) = house.end(job);
    assert_eq!(outcome, Ok(Vec::new()));
    assert_eq!(report.results[0].outcome, output(&counted(TURNS)));
}

#[test]
fn time_that_a_unit_is_stopped_does_not_count() {
    let house = House::new();
    // It takes far less than a second of its own, and is stopped for longer.
    let limits = Limits { cpu_ms: 60_000, ..limits() };
    let job = house.begin(&wasm(&count()), b"", limits, vec![unit(1, &TURNS.to_le_bytes())]);
    house.await_runners("it runs", is_working);
    house.set(all(0));
    house.await_runners("it stops", are_stopped);
    let stopped = Instant::now();
    std::thread::sleep(Duration::from_millis(1_000));
    let stopped = stopped.elapsed();
    let begun = Instant::now();
    house.set(all(1));
    let (report, _) = house.end(job);
    let cpu = Duration::from_micros(report.results[0].cpu_us);
    assert_eq!(report.results[0].outcome, output(&counted(TURNS)));
    // It counts at most what it ran before (some hundredths of a second) and after.
    assert!(cpu < begun.elapsed() + stopped, "{cpu:?}");
}

#[test]
fn nothing_runs_before_it_is_allowed() {
    let house = House::quiet(std::sync::Arc::new(tempfile::tempdir().unwrap()), Duration::from_secs(10));
    let job = house.begin(&wasm(&count()), b"", limits(), vec![unit(1, &3_u32.to_le_bytes())]);
    std::thread::sleep(Duration::from_millis(100));
    assert_eq!(house.runners(), []);
    house.allow(1);
    assert_eq!(house.end(job).0.results[0].outcome, output(&counted(3)));
}

#[test]
fn with_fewer_cores_the_younger_unit_stops() {
    let house = House::new();
    if std::thread::available_parallelism().map_or(1, usize::from) < 2 {
        return;
    }
    let limits = Limits { cpu_ms: 600_000, ..limits() };
    let jobs = [1, 2].map(|number| house.begin(&wasm(&forever()), b"", limits, vec![unit(number, b"")]));
    house.await_runners("both run", |runners| runners.len() == 2 && runners.iter().all(|one| one.2 >= 5));
    house.set(all(1));
    let states = |runners: &[(u32, char, u64)]| runners.iter().filter(|one| one.1 == 'T').count();
    house.await_runners("one stops", |runners| states(runners) == 1);
    house.set(all(2));
    house.await_runners("both run", |runners| states(runners) == 0);
    jobs.iter().for_each(|job| house.sandbox.cancel(*job));
    jobs.iter().for_each(|job| assert_eq!(house.end(*job).1, Err(JobFailure::Cancelled)));
}

#[test]
fn of_a_core_a_percentage_is_taken() {
    let house = House::new();
    house.set(Allowance { percent: 30, ..all(1) });
    let job = house.begin(&wasm(&forever()), b"", Limits { cpu_ms: 600_000, ..limits() }, vec![unit(1, b"")]);
    house.await_runners("it runs", is_working);
    // It is seen stopped and seen running, without anybody having said so.
    house.await_runners("off the beat", are_stopped);
    house.await_runners("on the beat", |runners| !are_stopped(runners));
    house.await_runners("off the beat", are_stopped);
    house.set(all(1));
    house.await_runners("all of it", |runners| !are_stopped(runners));
    house.sandbox.cancel(job);
    assert_eq!(house.end(job).1, Err(JobFailure::Cancelled));
}

#[test]
fn a_touched_key_stops_everything_until_the_next_word() {
    let house = House::new();
    house.set(Allowance { is_for_idle: true, ..all(2) });
    let job = house.begin(&wasm(&count()), b"", limits(), vec![unit(1, &TURNS.to_le_bytes())]);
    house.await_runners("it runs", is_working);
    *house.input_at.lock().unwrap() = Instant::now();
    house.await_runners("it stops", are_stopped);
    assert!(!takes_time(&house));
    // Whoever is away again later is not noticed here: the decider says when.
    *house.input_at.lock().unwrap() = Instant::now().checked_sub(Duration::from_secs(600)).unwrap();
    assert!(!takes_time(&house));
    house.set(Allowance { is_for_idle: true, ..all(2) });
    assert_eq!(house.end(job).0.results[0].outcome, output(&counted(TURNS)));
}

#[test]
fn a_cancelled_job_ends_and_the_next_one_runs() {
    let house = House::new();
    let limits = Limits { cpu_ms: 600_000, ..limits() };
    let jobs: Vec<_> =
        (0..6).map(|number| house.begin(&wasm(&forever()), b"", limits, vec![unit(number, b"")])).collect();
    house.await_runners("it runs", is_working);
    jobs.iter().for_each(|job| house.sandbox.cancel(*job));
    for job in &jobs {
        match house.hear(*job) {
            Input::Finished { outcome, .. } => assert_eq!(outcome, Err(JobFailure::Cancelled)),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(house.one(&count(), b"", limits, &7_u32.to_le_bytes()), output(&counted(7)));
    // Also while it is stopped.
    let job = house.begin(&wasm(&forever()), b"", limits, vec![unit(1, b"")]);
    house.await_runners("it runs", is_working);
    house.set(all(0));
    house.await_runners("it stops", |runners| runners.iter().any(|one| one.1 == 'T'));
    house.sandbox.cancel(job);
    assert_eq!(house.end(job).1, Err(JobFailure::Cancelled));
}

#[test]
fn a_job_makes_room_when_memory_gets_scarce_and_loses_nothing() {
    let house = House::new();
    let job = house.begin(
        &wasm(&count()),
        b"",
        limits(),
        vec![unit(1, &TURNS.to_le_bytes()), unit(2, &3_u32.to_le_bytes())],
    );
    house.await_runners("it runs", is_working);
    house.set(Allowance { memory_mib: 10, ..all(2) });
    let (report, _) = house.end(job);
    let outcomes: Vec<_> = report.results.iter().map(|result| &result.outcome).collect();
    assert_eq!(outcomes.len(), 2);
    for outcome in outcomes {
        let Outcome::Failed { failure, log } = outcome else { panic!("{outcome:?}") };
        assert_eq!(*failure, Failure::Unable);
        assert!(log.contains("64 MiB"), "{log}");
    }
}

#[test]
fn no_process_is_left_when_the_sandbox_stops() {
    let house = House::new();
    house.begin(&wasm(&forever()), b"", Limits { cpu_ms: 600_000, ..limits() }, vec![unit(1, b"")]);
    house.await_runners("it runs", is_working);
    house.set(all(0));
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(house.sandbox.stop());
    assert_eq!(house.runners(), []);
}
