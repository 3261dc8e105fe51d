//! Searching with a broker: the same hits, how many questions it takes, and what happens when it is killed.
//!
//! The broker is the last of 20 peers and shares nothing itself, so that nothing goes with it when it is killed. Not for:
//! what its index alone could do (`crates/drivers/index/examples/measure.rs`).

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use serde_json::json;

use crate::Bench;
use crate::search::{Answered, PEERS, Town, mean, percentile, ratio, report, sizes};
use crate::words::Dice;

const BROKER: usize = PEERS - 1;
const ASKED_FOR: Duration = Duration::from_secs(8);
/// Questions that each who asks has under way, and how many it asks in a second; at last, as many as it can. A broker takes
/// from one device 20 a second in the long run and 8 at a time, and 64 at a time from all (spec search, rule 12): what is above
/// is refused, and 19 times 8 are.
const LOADS: [(usize, Option<f64>); 5] =
    [(8, Some(2.0)), (8, Some(4.0)), (8, Some(8.0)), (3, None), (8, None)];
const KILLS: usize = 20;

/// One of 20 peers is a broker: hits, questions per second, kill -9.
pub(crate) fn with_broker(bench: &Bench) -> Result<()> {
    let mut town = Town::start(bench, &sizes(BROKER))?;
    become_broker(&town)?;
    one_at_a_time(&town)?;
    for load in LOADS {
        // The budgets of those who asked are full again then, too.
        town.wait_until_quiet()?;
        throughput(&town, load)?;
    }
    town.wait_until_quiet()?;
    kills(&mut town)
}

/// Has the last peer serve as broker, and waits until all others find that it answers for everybody.
#[allow(clippy::print_stdout, reason = "results go to stdout")]
fn become_broker(town: &Town) -> Result<()> {
    let begun = Instant::now();
    let before = town.peers[BROKER].processor_seconds()?;
    town.peers[BROKER].ask("people.serve", &json!({ "web": "bench", "broker": true }))?;
    wait_for_broker(town, Duration::from_secs(180))?;
    let took = begun.elapsed().as_secs_f64();
    town.wait_until_quiet()?;
    println!(
        "the broker has read everything and answers for all after {took:.1} s, {:.1} s of its processor; {:.0} MB resident",
        town.peers[BROKER].processor_seconds()? - before,
        town.peers[BROKER].resident_megabytes()?
    );
    Ok(())
}

/// Waits until every other peer is answered by the broker for all members.
fn wait_for_broker(town: &Town, most: Duration) -> Result<()> {
    let begun = Instant::now();
    let words = &town.questions[0];
    for asker in 0..BROKER {
        loop {
            let answered = town.ask(asker, words)?;
            if answered.how.contains(&format!("answered for {PEERS} members")) && answered.is_complete {
                break;
            }
            ensure!(begun.elapsed() < most, "peer {asker} after {most:?}: {answered:?}");
            std::thread::sleep(Duration::from_millis(200));
        }
    }
    Ok(())
}

/// Every question at every other peer, one at a time: hits, and what an answer costs the broker.
#[allow(clippy::print_stdout, reason = "results go to stdout")]
fn one_at_a_time(town: &Town) -> Result<()> {
    let before = (town.peers[BROKER].processor_seconds()?, town.processor_seconds()?, own_seconds()?);
    let asked = town.ask_all(0..BROKER, &town.questions)?;
    let spent = town.peers[BROKER].processor_seconds()? - before.0;
    report("with a broker, one question at a time", &asked);
    by_broker(&asked, spent);
    let all = town.processor_seconds()? - before.1;
    println!(
        "  processor: {:.2} ms of each who asks, {:.2} ms of this benchmark a question",
        1e3 * (all - spent) / ratio(asked.len(), 1),
        1e3 * (own_seconds()? - before.2) / ratio(asked.len(), 1)
    );
    for (matches, name) in [(0..8, "less than 8"), (8..64, "8 to 63"), (64..usize::MAX, "64 and more")] {
        let is_meant = |words: &&Vec<String>| matches.contains(&town.library.best(words, 1).1);
        let questions: Vec<Vec<String>> = town.questions.iter().filter(is_meant).cloned().collect();
        if questions.is_empty() {
            continue;
        }
        let before = town.peers[BROKER].processor_seconds()?;
        let asked = town.ask_all(0..BROKER, &questions)?;
        println!("  of these the {} questions that {name} documents match:", questions.len());
        by_broker(&asked, town.peers[BROKER].processor_seconds()? - before);
    }
    Ok(())
}

fn is_by_broker(answered: &Answered) -> bool {
    answered.how.contains("broker at")
}

#[allow(clippy::print_stdout, reason = "results go to stdout")]
fn by_broker(asked: &[Answered], spent: f64) {
    let answered = asked.iter().filter(|one| is_by_broker(one)).count();
    let cost = spent / ratio(answered, 1);
    println!(
        "  the broker answered {:.2} %; {:.2} ms of its processor each: two cores could answer {:.0} a second",
        100.0 * ratio(answered, asked.len()),
        cost * 1e3,
        2.0 / cost
    );
}

/// All others ask at the same time, each with several questions under way.
#[allow(clippy::print_stdout, reason = "results go to stdout")]
fn throughput(town: &Town, (in_flight, pace): (usize, Option<f64>)) -> Result<()> {
    let (next, begun) = (AtomicUsize::new(0), Instant::now());
    let before = (town.peers[BROKER].processor_seconds()?, town.processor_seconds()?, own_seconds()?);
    let asked = std::thread::scope(|scope| -> Result<Vec<Answered>> {
        let mut asking = Vec::new();
        let each = pace.map_or(0.0, |pace| ratio(in_flight, 1) / pace);
        for number in 0..BROKER * in_flight {
            let (asker, next) = (number % BROKER, &next);
            // Not all at the same moment, but in the first of the periods in which each asks once.
            let first = Duration::from_secs_f64(each * ratio(number, BROKER * in_flight));
            asking.push(scope.spawn(move || -> Result<Vec<Answered>> {
                let mut asked = Vec::new();
                std::thread::sleep(first);
                while begun.elapsed() < ASKED_FOR {
                    let due = Instant::now();
                    let question = next.fetch_add(1, Ordering::Relaxed) % town.questions.len();
                    asked.push(town.ask(asker, &town.questions[question])?);
                    std::thread::sleep(Duration::from_secs_f64(each).saturating_sub(due.elapsed()));
                }
                Ok(asked)
            }));
        }
        let mut all = Vec::new();
        for one in asking {
            all.append(&mut one.join().ok().context("a thread ended")??);
        }
        Ok(all)
    })?;
    let seconds = begun.elapsed().as_secs_f64();
    let broker = town.peers[BROKER].processor_seconds()? - before.0;
    let all = town.processor_seconds()? - before.1;
    let pace = pace.map_or_else(|| "as fast as they can".to_owned(), |pace| format!("{pace} a second each"));
    report(&format!("{BROKER} members with {in_flight} questions under way each, {pace}"), &asked);
    println!(
        "  {:.0} questions a second ({:.0} of them by the broker) in {seconds:.1} s; processor: broker {broker:.1} s, the others {:.1} s, \
         who asks {:.1} s",
        ratio(asked.len(), 1) / seconds,
        ratio(asked.iter().filter(|one| is_by_broker(one)).count(), 1) / seconds,
        all - broker,
        own_seconds()? - before.2
    );
    by_broker(&asked, broker);
    Ok(())
}

/// kill -9 while it has everybody's question.
///
/// It is stopped before they ask, so that all questions are under way when it is killed, up to 300 ms later.
#[allow(clippy::print_stdout, reason = "results go to stdout")]
fn kills(town: &mut Town) -> Result<()> {
    let mut dice = Dice::new(1);
    let (mut all, mut back) = (Vec::new(), Vec::new());
    for kill in 0..KILLS {
        let words = town.questions[kill % town.questions.len()].clone();
        let wait = Duration::from_millis(u64::try_from(dice.below(300))?);
        let mut broker = town.peers.pop().context("no broker")?;
        let stopped = broker.stop_in_place();
        let asked = std::thread::scope(|scope| -> Result<Vec<Answered>> {
            stopped?;
            let (town, words) = (&*town, &words);
            let asking: Vec<_> =
                (0..BROKER).map(|asker| scope.spawn(move || town.ask(asker, words))).collect();
            std::thread::sleep(wait);
            broker.kill()?;
            asking.into_iter().map(|one| one.join().ok().context("a thread ended")?).collect()
        })?;
        all.extend(asked);
        let begun = Instant::now();
        broker.start_again()?;
        town.peers.push(broker);
        wait_for_broker(town, Duration::from_secs(60))?;
        back.push(begun.elapsed().as_secs_f64());
    }
    let late = all.iter().filter(|one| one.why.contains("did not answer in time")).count();
    let is_pure = all.iter().filter(|one| one.is_same).count();
    let mut times: Vec<f64> = all.iter().map(|one| one.seconds).collect();
    println!(
        "broker killed {KILLS} times with questions of {BROKER} under way ({} questions, {late} said that it was late): over after \
         p50 {:.2} s, p99 {:.2} s, most {:.2} s; {:.1} % with the same hits in the same order, overlap {:.4}; it answers all \
         for everybody {:.1} s after its start (most {:.1} s)",
        all.len(),
        percentile(&mut times, 50),
        percentile(&mut times, 99),
        percentile(&mut times, 100),
        100.0 * ratio(is_pure, all.len()),
        mean(all.iter().map(|one| one.overlap)),
        percentile(&mut back, 50),
        percentile(&mut back, 100)
    );
    let strange = |one: &&Answered| !one.is_same || one.seconds > 2.0;
    for one in all.iter().filter(strange).take(3) {
        println!("  {:.2} s, overlap {:.2}; why: {}; how: {}", one.seconds, one.overlap, one.why, one.how);
    }
    Ok(())
}

/// Processor seconds of this program.
fn own_seconds() -> Result<f64> {
    crate::peers::processor_seconds_of(std::process::id())
}
