//! Searching with 20 real peers: the same hits as one index of everything, how soon, and how soon what was just saved.
//!
//! Not for: what a broker changes (`broker.rs`), and how fast an index is (`crates/drivers/index/examples/measure.rs`).

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use serde_json::json;

use crate::Bench;
use crate::peers::{Peer, large_web, share, text};
use crate::words::{Dice, Library, number_of};

pub(crate) const PEERS: usize = 20;
const SEED: u64 = 20_261_123;
const QUESTIONS: usize = 50;
const SAVES: usize = 20;
const WORDS_OF_NOBODY: usize = 400;
/// Hits that are compared.
pub(crate) const FIRST: usize = 10;
/// What an answer says when it is whole although the broker was late.
const ALL_ASKED: &str = "so all members were asked";
/// A device says first after five minutes which words it has.
const SUMMARIES_WAIT: Duration = Duration::from_secs(420);

/// Peers with documents, all quiet, and what is asked.
#[derive(Debug)]
pub(crate) struct Town {
    pub(crate) peers: Vec<Peer>,
    pub(crate) library: Library,
    pub(crate) questions: Vec<Vec<String>>,
}

/// What one question came to.
#[derive(Debug, Default)]
pub(crate) struct Answered {
    /// Paths of the first hits, and whether they were found by their texts.
    paths: Vec<String>,
    /// The part of the ten best of all documents that is among the first hits.
    pub(crate) overlap: f64,
    /// Whether they are those, in that order.
    pub(crate) is_same: bool,
    /// Whether everybody's documents were searched, by the answer.
    pub(crate) is_complete: bool,
    /// Until nothing more came.
    pub(crate) seconds: f64,
    pub(crate) how: String,
    pub(crate) why: String,
}

/// 20 peers, 50 questions at each, before and after they know of each other which words they have; then 20 saves.
pub(crate) fn members(bench: &Bench) -> Result<()> {
    let town = Town::start(bench, &sizes(PEERS))?;
    let asked = town.ask_all(0..PEERS, &town.questions)?;
    report("before there are summaries", &asked);
    town.wait_for_summaries()?;
    town.count_mistaken()?;
    let asked = town.ask_all(0..PEERS, &town.questions)?;
    report("with summaries", &asked);
    saves(&town)
}

/// The same without summaries: 20 peers far from each other (`cargo xtask bench --wan far`).
pub(crate) fn far(bench: &Bench) -> Result<()> {
    let town = Town::start(bench, &sizes(PEERS))?;
    let asked = town.ask_all(0..PEERS, &town.questions)?;
    report("one question at a time", &asked);
    saves(&town)
}

/// Returns sizes of collections: 400 documents at the first, each a seventh less than the one before, 20 at the last.
pub(crate) fn sizes(count: usize) -> Vec<usize> {
    let step = |size: f64, _: usize| size * 0.05_f64.powf(1.0 / 19.0);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "20 to 400")]
    let size = |peer: usize| (0..peer).fold(400.0_f64, step).round() as usize;
    (0..count).map(size).collect()
}

impl Town {
    /// Starts peers, shares collections of these sizes, and waits until everybody has listed and indexed everything.
    #[allow(clippy::print_stdout, reason = "results go to stdout")]
    pub(crate) fn start(bench: &Bench, sizes: &[usize]) -> Result<Self> {
        let begun = Instant::now();
        let names: Vec<String> = (1..=PEERS).map(|number| format!("peer{number:02}")).collect();
        let peers = large_web(bench, &names.iter().map(String::as_str).collect::<Vec<_>>())?;
        let joined = begun.elapsed().as_secs_f64();
        let library = Library::new(SEED, sizes);
        for (number, peer) in peers.iter().enumerate().filter(|(number, _)| *number < sizes.len()) {
            let folder = peer.folder.join("texts");
            ensure!(library.write(number, &folder)? > 0, "nothing to share");
            share(peer, &folder, "texts")?;
        }
        for (size, name) in sizes.iter().zip(&names) {
            let path = json!({ "path": format!("bench/{name}/texts"), "limit": 10_000 });
            for peer in &peers {
                peer.ask_until("files.list", &path, |listing| {
                    listing["entries"].as_array().is_some_and(|entries| entries.len() == *size)
                })?;
            }
        }
        let questions = library.questions(SEED, QUESTIONS);
        let town = Self { peers, library, questions };
        town.wait_until_quiet()?;
        let (contents, places, words) = town.library.size();
        println!(
            "{PEERS} peers joined in {joined:.1} s; {contents} documents at {places} places, {words} words, seed {SEED}; all \
             listed, indexed and quiet after {:.0} s",
            begun.elapsed().as_secs_f64()
        );
        Ok(town)
    }

    /// Waits until the peers need less than a twentieth of a core for two seconds: nothing is left to be indexed.
    pub(crate) fn wait_until_quiet(&self) -> Result<()> {
        let begun = Instant::now();
        loop {
            let before = self.processor_seconds()?;
            std::thread::sleep(Duration::from_secs(2));
            if self.processor_seconds()? - before < 0.1 {
                return Ok(());
            }
            ensure!(begun.elapsed() < Duration::from_secs(120), "the peers do not come to rest in 120 s");
        }
    }

    /// Returns the processor seconds that all peers have used.
    pub(crate) fn processor_seconds(&self) -> Result<f64> {
        self.peers.iter().map(Peer::processor_seconds).sum()
    }

    /// Asks questions at each of these peers, one at a time.
    pub(crate) fn ask_all(
        &self,
        askers: std::ops::Range<usize>,
        questions: &[Vec<String>],
    ) -> Result<Vec<Answered>> {
        let mut all = Vec::new();
        for words in questions {
            for asker in askers.clone() {
                all.push(self.ask(asker, words)?);
            }
        }
        Ok(all)
    }

    /// Asks until nothing more comes, and compares the first hits with those of one list of all documents.
    pub(crate) fn ask(&self, asker: usize, words: &[String]) -> Result<Answered> {
        let peer = self.peers.get(asker).context("no such peer")?;
        let mut answered = ask(peer, words)?;
        let (best, _) = self.library.best(words, FIRST);
        let found: Vec<usize> = answered.paths.iter().filter_map(|path| number_of(path)).collect();
        let common = best.iter().filter(|number| found.contains(number)).count();
        answered.overlap = ratio(common, best.len().max(answered.paths.len()));
        answered.is_same = found == best && found.len() == answered.paths.len();
        Ok(answered)
    }

    #[allow(clippy::print_stdout, reason = "results go to stdout")]
    fn wait_for_summaries(&self) -> Result<()> {
        let begun = Instant::now();
        let mut number = 0;
        loop {
            let mut asked = Vec::new();
            for peer in &self.peers {
                // Another word each time: a filter that takes one for its own would do so for all who ask.
                number += 1;
                asked.push(devices_asked(&ask(peer, &[format!("nobodysays{number}")])?.how));
            }
            asked.sort_unstable();
            if asked[PEERS / 2] == 0 && asked[PEERS - 1] < 3 {
                println!("summaries of all at all {:.0} s later", begun.elapsed().as_secs_f64());
                return Ok(());
            }
            if begun.elapsed() > SUMMARIES_WAIT {
                println!("after {SUMMARIES_WAIT:?} words that nobody says are asked of {asked:?}");
                return Ok(());
            }
            std::thread::sleep(Duration::from_secs(10));
        }
    }

    /// Counts how often a summary takes a word for its own that is in no document.
    #[allow(clippy::print_stdout, reason = "results go to stdout")]
    fn count_mistaken(&self) -> Result<()> {
        let mut asked = 0;
        for number in 0..WORDS_OF_NOBODY {
            asked += devices_asked(&ask(&self.peers[number % PEERS], &[format!("unheard{number}of")])?.how);
        }
        let all = WORDS_OF_NOBODY * (PEERS - 1);
        println!(
            "{WORDS_OF_NOBODY} words that nobody says: {asked} devices asked of {all}, {:.2} %",
            100.0 * ratio(asked, all)
        );
        Ok(())
    }
}

/// Asks a peer until nothing more comes.
pub(crate) fn ask(peer: &Peer, words: &[String]) -> Result<Answered> {
    let begun = Instant::now();
    let mut found = peer.ask("search.find", &json!({ "query": words.join(" "), "limit": FIRST }))?;
    while found["is_over"] != true {
        let more = json!({ "id": found["id"], "seen": found["version"] });
        found = peer.ask("search.more", &more)?;
        ensure!(begun.elapsed() < Duration::from_secs(30), "a question is not over after 30 s: {found}");
    }
    let seconds = begun.elapsed().as_secs_f64();
    let (hits, why) = (found["hits"].as_array().cloned().unwrap_or_default(), text(&found, "why"));
    Ok(Answered {
        paths: hits.iter().map(|hit| text(hit, "path").to_owned()).collect(),
        is_complete: found["answered"] == found["members"] && (why.is_empty() || why.ends_with(ALL_ASKED)),
        seconds,
        how: text(&found, "how").to_owned(),
        why: why.to_owned(),
        ..Answered::default()
    })
}

/// Returns how many devices were asked, by the answer's own words.
fn devices_asked(how: &str) -> usize {
    let number = how.split(" computers were asked").next().filter(|number| number.len() < how.len());
    number.and_then(|number| number.parse().ok()).unwrap_or(PEERS - 1)
}

/// Prints what questions came to.
#[allow(clippy::print_stdout, reason = "results go to stdout")]
pub(crate) fn report(when: &str, all: &[Answered]) {
    let count = |is_meant: fn(&Answered) -> bool| all.iter().filter(|one| is_meant(one)).count();
    let least = all.iter().map(|one| one.overlap).fold(1.0, f64::min);
    println!("{when}: {} questions", all.len());
    println!(
        "  first {FIRST} against one index: overlap mean {:.4}, least {least:.2}; the same in the same order {:.1} %",
        mean(all.iter().map(|one| one.overlap)),
        100.0 * ratio(count(|one| one.is_same), all.len())
    );
    let mut times: Vec<f64> = all.iter().filter(|one| one.is_complete).map(|one| one.seconds).collect();
    println!(
        "  complete {:.2} %; until complete p50 {:.3} s, p90 {:.3} s, p99 {:.3} s, most {:.3} s",
        100.0 * ratio(times.len(), all.len()),
        percentile(&mut times, 50),
        percentile(&mut times, 90),
        percentile(&mut times, 99),
        percentile(&mut times, 100)
    );
    let asked = all.iter().filter(|one| !one.how.contains("broker")).map(|one| devices_asked(&one.how));
    let asked: Vec<usize> = asked.collect();
    if !asked.is_empty() {
        let sum: usize = asked.iter().sum();
        println!("  devices asked: {:.1} of {} on average", ratio(sum, asked.len()), PEERS - 1);
    }
    for one in all.iter().filter(|one| !one.is_complete).take(3) {
        println!("  not complete: {:.3} s; why: {}; how: {}", one.seconds, one.why, one.how);
    }
    for one in all.iter().filter(|one| one.overlap < 0.95).take(3) {
        println!("  not the same: overlap {:.2}; {}", one.overlap, one.how);
    }
}

/// A new revision at one peer: until it is the first hit for its words at all others.
#[allow(clippy::print_stdout, reason = "results go to stdout")]
fn saves(town: &Town) -> Result<()> {
    let (mut first, mut last, mut dice) = (Vec::new(), Vec::new(), Dice::new(SEED));
    for save in 0..SAVES {
        std::thread::sleep(Duration::from_millis(1_500));
        let peer = save % PEERS;
        let (name, before) = town.library.some(peer, dice.below(15)).context("no document")?;
        let words = [format!("quxsave{save}"), format!("zyxnew{save}")];
        let path = format!("bench/peer{:02}/texts/{name}", peer + 1);
        let begun = Instant::now();
        let saved = format!("{before}{} {}.\n", words[0], words[1]);
        std::fs::write(town.peers[peer].folder.join("texts").join(&name), saved)?;
        let times = std::thread::scope(|scope| -> Result<Vec<f64>> {
            let others = town.peers.iter().enumerate().filter(|(other, _)| *other != peer);
            let waiting: Vec<_> =
                others.map(|(_, other)| scope.spawn(|| until_first(other, &words, &path, begun))).collect();
            waiting.into_iter().map(|one| one.join().ok().context("a thread ended")?).collect()
        })?;
        first.extend_from_slice(&times);
        last.push(times.iter().copied().fold(0.0, f64::max));
    }
    println!(
        "saved to first hit for its words, {SAVES} saves at {} others: median {:.2} s, p99 {:.2} s; at all others: median \
         {:.2} s, worst {:.2} s",
        PEERS - 1,
        percentile(&mut first, 50),
        percentile(&mut first, 99),
        percentile(&mut last, 50),
        percentile(&mut last, 100)
    );
    Ok(())
}

fn until_first(peer: &Peer, words: &[String], path: &str, begun: Instant) -> Result<f64> {
    loop {
        let answered = ask(peer, words)?;
        if answered.paths.first().is_some_and(|first| first == path) {
            return Ok(begun.elapsed().as_secs_f64());
        }
        ensure!(begun.elapsed() < Duration::from_secs(60), "not found in 60 s: {path}, {answered:?}");
        // Nineteen ask at the same time on two cores: often enough for the goal, seldom enough to be no load.
        std::thread::sleep(Duration::from_millis(150));
    }
}

pub(crate) fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (mut sum, mut count) = (0.0, 0.0);
    for value in values {
        sum += value;
        count += 1.0;
    }
    sum / count
}

#[expect(clippy::cast_precision_loss, reason = "thousands")]
pub(crate) fn ratio(part: usize, all: usize) -> f64 {
    part as f64 / all as f64
}

/// Returns the value below which so many percent lie; 100 for the greatest.
pub(crate) fn percentile(values: &mut [f64], percent: usize) -> f64 {
    values.sort_by(f64::total_cmp);
    let place = (values.len() * percent).div_ceil(100).max(1) - 1;
    values.get(place).copied().unwrap_or(f64::NAN)
}
