//! Runs towns: one by its seed, or the suite of `./test`. Or the model of search at scale, which writes its plots.

use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use sim::scale::{self, Study};
use sim::town::{Outcome, Plan, run};
use sim::worm::{Against, Brought, Plot};

const USAGE: &str = "usage: sim --suite
       sim --crowd MEMBERS
       sim --filters MEMBERS
       sim --trust TOWNS [--seed N]
       sim --ledgers TOWNS [--seed N]
       sim --writing TOWNS [--seed N]
       sim --jobs TOWNS [--seed N]
       sim --jobs-again TOWNS [--seed N]
       sim --jobs-absent TOWNS [--seed N]
       sim --jobs-lost TOWNS [--seed N]
       sim --jobs-large WORKERS [--units N] [--unit-seconds N] [--seed N]
       sim --talks TOWNS [--seed N]
       sim --mails TOWNS [--seed N]
       sim --square MEMBERS
       sim --outbreaks TOWNS [--seed N]
       sim --alarm MEMBERS
       sim --alarm-light MEMBERS
       sim --worm SEEDS [--seed N]
       sim --worm-small SEEDS [--seed N]
       sim --seed N [--peers N] [--hours N] [--searches N] [--all-signatures]
       sim --scale [--seed N] [--peers N] [--out FOLDER]
  --scale   compares ways to search webs of 100 to 100,000 members (or N), prints tables, writes
            plots into docs/search-at-scale (or FOLDER)";

/// The first seed and the number of the towns with enemies inside that the suite always runs, and how many fresh ones.
const TRUST_FIXED: (u64, u64) = (1, 60);
const TRUST_FRESH: u64 = 30;

/// The same for towns around a ledger.
const LEDGERS_FIXED: (u64, u64) = (1, 40);
const LEDGERS_FRESH: u64 = 40;

/// The same of the towns that write together.
const WRITING_FIXED: (u64, u64) = (1, 20);
const WRITING_FRESH: u64 = 10;

/// The same of the towns that talk. Towns 62 and 65 found words about messages of authors who were not known yet; 72 that a void word
/// had taken a text away for some.
const TALKS_FIXED: (u64, u64) = (60, 18);
const TALKS_FRESH: u64 = 12;

/// The same of the towns that sort their mail on several computers. Town 1013 found that a clock that was wrong put notes off for days.
const MAILS_FIXED: (u64, u64) = (1_010, 20);
const MAILS_FRESH: u64 = 12;

/// The same of the towns in which harmful files spread.
const OUTBREAKS_FIXED: (u64, u64) = (1, 20);
const OUTBREAKS_FRESH: u64 = 20;

/// The same of worms, in one web of so many.
const WORM_FIXED: (u64, u64) = (1, 3);
const WORM_MEMBERS_SMALL: usize = 40;
/// Members of the web that is asked for.
const WORM_MEMBERS: usize = 100;

/// The same of the towns around jobs. Towns 12 and 14 found that a liar who was believed alone had honest workers accused.
const JOBS_FIXED: (u64, u64) = (8, 7);
const JOBS_FRESH: u64 = 4;

/// Towns in which the same is computed twice: one of each kind.
const JOBS_AGAIN: u64 = 29;
/// Towns in which the owner of a chain goes away: each way of believing, calm and rough.
const JOBS_ABSENT: u64 = 8;

/// A web of jobs whose size the suite can bear; a thousand computers take two minutes.
const JOBS_LARGE: sim::jobs::large::Plan =
    sim::jobs::large::Plan { seed: 1, workers: 150, units: 2_000, unit: Duration::from_secs(60) };
/// Where the plots of the page stand, seen from the root of the house.
const PLOTS: &str = "docs/search-at-scale";

/// Seeds that once found something, or that cover the plan's corners; kept for ever.
const FIXED: [Plan; 4] = [
    // Found that who had said to keep a content was forgotten with a broker's wish for it, and then called a liar.
    Plan { seed: 4, peers: 1000, time: Duration::from_secs(3600), is_checking_all: false, searches: 20 },
    Plan { seed: 2, peers: 40, time: Duration::from_secs(3600), is_checking_all: true, searches: 20 },
    // Found that records of a batch that had waited for its key were applied after later ones: a file was lost from trees.
    Plan { seed: 10, peers: 60, time: Duration::from_secs(3600), is_checking_all: false, searches: 20 },
    // Ten thousand searches among churn. Found that two members saw names that match equally well in different order:
    // by the numbers of shares, which every peer gives by itself.
    Plan { seed: 3, peers: 60, time: Duration::from_secs(3600), is_checking_all: false, searches: 90 },
];

/// What a town is like unless something else is said.
const PLAIN: Plan =
    Plan { seed: 0, peers: 100, time: Duration::from_secs(3600), is_checking_all: false, searches: 20 };

/// Runs one or more towns, prints what they found and says whether all was right.
type Job = Box<dyn FnOnce() -> bool + Send>;

#[allow(clippy::print_stdout, clippy::print_stderr, reason = "printing is what this program is for")]
fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    for (word, run) in [
        ("--trust", trust as fn(u64, u64) -> bool),
        ("--ledgers", ledgers),
        ("--writing", writing),
        ("--jobs", job_towns),
        ("--jobs-again", jobs_again),
        ("--jobs-absent", jobs_absent),
        ("--jobs-lost", jobs_lost),
        ("--talks", talks),
        ("--mails", mails),
        ("--outbreaks", outbreaks),
        ("--worm", worms),
        ("--worm-small", worm_small),
    ] {
        if let Some((first, towns)) = small_towns(word, &arguments) {
            return if run(first, towns) { ExitCode::SUCCESS } else { ExitCode::FAILURE };
        }
    }
    if let Some(plan) = large(&arguments) {
        return if jobs_large(plan) { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    }
    if let [word, members] = arguments.as_slice()
        && let Ok(members) = members.parse()
    {
        match word.as_str() {
            "--crowd" => return crowd(members),
            "--filters" => return filters(members),
            "--square" => return square(members),
            "--alarm" => return alarm("alarm", &sim::alarms::alarm(7, members), members),
            "--alarm-light" => {
                return alarm("alarm of light peers", &sim::alarms::light(7, members), members);
            }
            _ => {}
        }
    }
    let run = if arguments.iter().any(|word| word == "--scale") {
        study(&arguments).map(|(study, folder)| match run_study(study, &folder) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("Error: cannot write into {}: {error}", folder.display());
                ExitCode::FAILURE
            }
        })
    } else {
        jobs(&arguments).map(|jobs| {
            let (passed, failed) = run_beside(jobs);
            println!("{passed} passed, {failed} failed");
            if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        })
    };
    run.unwrap_or_else(|| {
        eprintln!("{USAGE}");
        ExitCode::from(2)
    })
}

/// Runs the model at all its sizes, smallest first, so that there is something to read early.
#[allow(clippy::print_stdout, clippy::print_stderr, reason = "printing is what this program is for")]
fn run_study(study: Study, folder: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    let mut findings = Vec::new();
    for members in study.sizes() {
        let begun = Instant::now();
        let found = study.run(members);
        println!("{}", found.tables());
        eprintln!("{members} members took {:.1} s", begun.elapsed().as_secs_f64());
        findings.push(found);
    }
    for (name, svg) in scale::plots(&findings) {
        std::fs::write(folder.join(name), svg)?;
    }
    std::fs::write(folder.join("measured.csv"), scale::comma_separated(&findings))
}

/// Runs towns that know nothing of each other beside each other, as many as there are processors, in the order given.
/// Returns how many passed and failed.
fn run_beside(jobs: Vec<Job>) -> (usize, usize) {
    let (all, jobs) = (jobs.len(), Mutex::new(jobs.into_iter()));
    let next = || jobs.lock().ok().and_then(|mut jobs| jobs.next());
    let passed = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, NonZero::get) {
            scope.spawn(|| {
                while let Some(job) = next() {
                    passed.fetch_add(usize::from(job()), Ordering::Relaxed);
                }
            });
        }
    });
    let passed = passed.into_inner();
    (passed, all.saturating_sub(passed))
}

/// Runs a town and prints what it found. Says whether all was right.
#[allow(clippy::print_stdout, reason = "printing is what this program is for")]
fn run_town(plan: Plan) -> bool {
    let begun = Instant::now();
    let Outcome { tally, wrong, checked, searches, search_messages, search_questions } = run(plan);
    let mut lines = format!(
        "NOTE simulator: seed {} with {} peers for {} s: {} claims checked, {} batches, {} messages, {} power cuts, {} fetches, in {} s\n",
        plan.seed,
        plan.peers,
        plan.time.as_secs(),
        checked,
        tally.batches,
        tally.messages,
        tally.power_cuts,
        tally.fetches,
        begun.elapsed().as_secs()
    );
    lines += &format!(
        "NOTE searches: {} trials, {} over, {} interrupted; {} were asked of {} members, {} times a broker; {} texts of others looked for; {} hits, {} certain, {} stale on top, {} said to be older; {} liars named; {:.1} messages and {:.0} bytes a search; over after {} ms median, {} ms at 99 of 100, {} ms at most\n",
        searches.trials,
        searches.over,
        searches.interrupted,
        search_questions,
        searches.members,
        searches.brokered,
        searches.recalled,
        searches.hits,
        searches.certain,
        searches.stale_tops,
        searches.past,
        searches.liars_named,
        per(search_messages.0, searches.trials),
        per(search_messages.1, searches.trials),
        searches.time(50),
        searches.time(99),
        searches.time(100),
    );
    for line in &wrong {
        lines += &format!("  wrong: {line}\n");
    }
    if !wrong.is_empty() {
        lines += &format!(
            "  replay: cargo xtask sim --seed {} --peers {} --searches {}\n",
            plan.seed, plan.peers, plan.searches
        );
    }
    print!("{lines}");
    wrong.is_empty()
}

/// Reads a word and a number of towns, and the first seed if one is given.
fn small_towns(kind: &str, arguments: &[String]) -> Option<(u64, u64)> {
    match arguments {
        [word, towns] if word == kind => Some((fresh_seed() >> 16, towns.parse().ok()?)),
        [word, towns, seed, first] if word == kind && seed == "--seed" => {
            Some((first.parse().ok()?, towns.parse().ok()?))
        }
        _ => None,
    }
}

/// Runs towns with enemies inside. Says whether all was right.
fn trust(first: u64, towns: u64) -> bool {
    small("trust", (first, towns), |seed, ()| sim::trust::run(seed), |()| String::new())
}

/// Runs towns that write together. Says whether all was right.
fn writing(first: u64, towns: u64) -> bool {
    small("writing", (first, towns), |seed, ()| sim::writing::run(seed).0, |()| String::new())
}

/// Runs small towns of a kind, one seed after the other; each adds to a sum, which is told in words. Says whether all was right.
#[allow(clippy::print_stdout, reason = "printing is what this program is for")]
fn small<T: Default>(
    kind: &str,
    (first, towns): (u64, u64),
    run: fn(u64, &mut T) -> sim::check::Report,
    words: fn(&T) -> String,
) -> bool {
    let (begun, mut checked, mut failed, mut sum) = (Instant::now(), 0, 0, T::default());
    for seed in first..first.saturating_add(towns) {
        let report = run(seed, &mut sum);
        checked += report.checked;
        for line in &report.wrong {
            println!("  wrong: {line}");
        }
        if !report.wrong.is_empty() {
            failed += 1;
            println!("  replay: cargo xtask sim --{kind} 1 --seed {seed}");
        }
    }
    println!(
        "NOTE {kind}: {towns} towns from seed {first}: {checked} claims checked, {failed} towns wrong{}; in {} s",
        words(&sum),
        begun.elapsed().as_secs()
    );
    failed == 0
}

/// Runs towns around a ledger. Says whether all was right.
fn ledgers(first: u64, towns: u64) -> bool {
    let run = |seed, sum: &mut sim::ledgers::LedgerTally| {
        let (report, tally) = sim::ledgers::run(seed);
        sum.add(&tally);
        report
    };
    small("ledgers", (first, towns), run, |sum| {
        format!(
            "; {} orders done, {} refused, {} given up in {} slots, {} messages, {} power cuts, {} changes of keepers; calm after {} ms at most",
            sum.done,
            sum.refused,
            sum.given_up,
            sum.slots,
            sum.messages,
            sum.power_cuts,
            sum.moves,
            sum.calm_ms
        )
    })
}

/// Runs towns around jobs. Says whether all was right.
fn job_towns(first: u64, towns: u64) -> bool {
    let run = |seed, sum: &mut sim::jobs::JobTally| {
        let (report, tally) = sim::jobs::run(seed);
        sum.add(&tally);
        report
    };
    small("jobs", (first, towns), run, |sum| {
        format!(
            "; {} jobs done, {} cancelled; {} units, {:.2} runs of each, {} parked, {} known; {} leases, {} messages, {} power cuts; {} lies told, {} believed, {} cases; calm after {} s at most",
            sum.done,
            sum.cancelled,
            sum.units,
            per(sum.executed, sum.units),
            sum.parked,
            sum.known,
            sum.leases,
            sum.messages,
            sum.power_cuts,
            sum.lies,
            sum.wrong_believed,
            sum.cases,
            sum.calm_ms / 1_000
        )
    })
}

/// Runs towns that talk. Says whether all was right.
fn mails(first: u64, towns: u64) -> bool {
    let run = |seed, sum: &mut sim::mails::MailTally| {
        let (report, tally) = sim::mails::run(seed);
        sum.add(&tally);
        report
    };
    small("mails", (first, towns), run, |sum| {
        let counts: Vec<String> =
            sum.counts().iter().map(|(name, count)| format!("{count} {name}")).collect();
        format!("; {}", counts.join(", "))
    })
}

/// Runs towns in which harmful files spread. Says whether all was right.
fn outbreaks(first: u64, towns: u64) -> bool {
    let run = |seed, sum: &mut sim::outbreaks::OutbreakTally| {
        let (report, tally) = sim::outbreaks::run(seed);
        sum.add(&tally);
        report
    };
    small("outbreaks", (first, towns), run, |sum| {
        format!(
            "; {} harmful files and {} others, {} copies brought, {} lies ({} times by as many as it takes), {} released, {} gates shut, {} messages between peers, {} power cuts",
            sum.harmful,
            sum.clean,
            sum.copies,
            sum.lies,
            sum.outvoted,
            sum.released,
            sum.shut,
            sum.messages,
            sum.power_cuts
        )
    })
}

fn talks(first: u64, towns: u64) -> bool {
    let run = |seed, sum: &mut sim::talks::TalkTally| {
        let (report, tally) = sim::talks::run(seed);
        sum.add(&tally);
        report
    };
    small("talks", (first, towns), run, |sum| {
        format!(
            "; {} messages in rooms, {} in threads, {} direct; {} edits, {} taken away by authors, {} by moderators, {} reactions, {} muted ({} kept off), {} removed, {} forged records, {} states; {} messages between peers, {} power cuts",
            sum.open,
            sum.threads,
            sum.sealed,
            sum.edits,
            sum.deletes,
            sum.moderated,
            sum.reactions,
            sum.mutes,
            sum.hidden,
            sum.removed,
            sum.forged,
            sum.states,
            sum.messages,
            sum.power_cuts
        )
    })
}

/// Runs towns in which the same is computed twice. Says whether all was right.
fn jobs_again(first: u64, towns: u64) -> bool {
    small("jobs-again", (first, towns), |seed, ()| sim::jobs::again::run(seed), |()| String::new())
}

/// Runs towns in which the owner of a chain goes away. Says whether all was right.
fn jobs_absent(first: u64, towns: u64) -> bool {
    small("jobs-absent", (first, towns), |seed, ()| sim::jobs::absent::run(seed), |()| String::new())
}

/// Runs small jobs in which power is lost. Says whether all was right.
fn jobs_lost(first: u64, towns: u64) -> bool {
    let run = |seed, runs: &mut Vec<[u64; 2]>| {
        let (report, adaptive) = sim::jobs::lost::run(seed);
        runs.push(adaptive);
        report
    };
    small("jobs-lost", (first, towns), run, |runs| format!("; runs of 1,000 adaptive units: {runs:?}"))
}

/// Reads what the large web of jobs is to be like.
fn large(arguments: &[String]) -> Option<sim::jobs::large::Plan> {
    let [word, workers, rest @ ..] = arguments else { return None };
    if word != "--jobs-large" {
        return None;
    }
    let mut plan = sim::jobs::large::Plan {
        seed: fresh_seed() >> 16,
        workers: workers.parse().ok()?,
        units: 20_000,
        unit: Duration::from_secs(60),
    };
    let mut words = rest.iter();
    while let Some(word) = words.next() {
        let number: u64 = words.next()?.parse().ok()?;
        match word.as_str() {
            "--units" => plan.units = number,
            "--unit-seconds" => plan.unit = Duration::from_secs(number),
            "--seed" => plan.seed = number,
            _ => return None,
        }
    }
    Some(plan)
}

/// Runs jobs in a web of a thousand. Says whether all was right.
#[allow(clippy::print_stdout, reason = "printing is what this program is for")]
fn jobs_large(plan: sim::jobs::large::Plan) -> bool {
    let begun = Instant::now();
    let (report, tally) = sim::jobs::large::run(plan);
    for line in &report.wrong {
        println!("  wrong: {line}");
    }
    for job in &tally.jobs {
        println!(
            "NOTE {}: {} units done after {} s, {:.3} runs of each; {} wrong results believed; {} shut out, {} of them honest",
            job.trust,
            job.done,
            job.seconds,
            per(job.executed, job.done),
            job.wrong,
            job.shut_out.0,
            job.shut_out.1
        );
    }
    let units: u64 = tally.jobs.iter().map(|job| job.done).sum();
    let runs: u64 = tally.jobs.iter().map(|job| job.executed).sum();
    let of_all = |units: u64| per(units.saturating_mul(plan.unit.as_secs()), tally.core_seconds);
    println!(
        "NOTE jobs in one web: seed {}, {} workers, {} claims checked, {} wrong; {units} units in {} s: once they are {:.2}, all {runs} runs {:.2} of the {} core seconds there were; {} leases, {} messages, {} batches, {} power cuts, {} lies told; in {} s",
        plan.seed,
        plan.workers,
        report.checked,
        report.wrong.len(),
        tally.seconds,
        of_all(units),
        of_all(runs),
        tally.core_seconds,
        tally.leases,
        tally.messages,
        tally.batches,
        tally.power_cuts,
        tally.lies,
        begun.elapsed().as_secs()
    );
    report.wrong.is_empty()
}

/// Times messages in one room of many members. Says whether all came.
#[allow(clippy::print_stdout, reason = "printing is what this program is for")]
fn square(members: usize) -> ExitCode {
    let crowd = sim::talks::crowd(7, members);
    println!(
        "NOTE square: {} of {} members in one room: a message is at 50 of 100 after {} ms, 99 of 100 after {} ms, all after {} ms; {} missed; {} messages between peers for each; in {:.0?}",
        crowd.members,
        members,
        crowd.time(50),
        crowd.time(99),
        crowd.time(100),
        crowd.missed,
        crowd.messages,
        crowd.wall
    );
    if crowd.missed == 0 && crowd.members == members { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

#[allow(clippy::print_stdout, reason = "printing is what this program is for")]
fn alarm(kind: &str, alarm: &sim::alarms::Alarm, members: usize) -> ExitCode {
    println!(
        "NOTE {kind}: {} of {} members: found {} ms after the file was written; half are warned after {} ms, 99 of 100 after {} ms, all after {} ms; {} missed; {} messages between peers; {:.1?} of wall time at each; in {:.0?}",
        alarm.members,
        members,
        alarm.time(0),
        alarm.time(50),
        alarm.time(99),
        alarm.time(100),
        alarm.missed,
        alarm.messages,
        alarm.wall_each,
        alarm.wall
    );
    if alarm.missed == 0 && alarm.members == members { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// How worms are let loose.
const WORM_KINDS: [(&str, Against, Brought); 3] = [
    ("brought when it is sent", Against::Guard, Brought::WhenSent),
    ("brought when it is opened", Against::Guard, Brought::WhenOpened),
    ("without any guard", Against::Nothing, Brought::WhenSent),
];

/// Lets worms loose in a web of a hundred. Says whether the guard does what is wanted of it.
#[allow(clippy::print_stdout, reason = "printing is what this program is for")]
fn worms(first: u64, seeds: u64) -> bool {
    let begun = Instant::now();
    let all: Mutex<[Vec<f64>; 3]> = Mutex::default();
    let next = AtomicU64::new(first);
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, NonZero::get) {
            scope.spawn(|| {
                // Each gathers the same web for itself.
                let plot = Plot::gather(WORM_MEMBERS);
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= first.saturating_add(seeds) {
                        return;
                    }
                    let outcomes =
                        WORM_KINDS.map(|(_, against, brought)| plot.let_loose(seed, against, brought));
                    println!("{}", worm_line(seed, &outcomes));
                    if let Ok(mut all) = all.lock() {
                        all.iter_mut().zip(&outcomes).for_each(|(all, outcome)| all.push(outcome.of_100()));
                    }
                }
            });
        }
    });
    let mut all = all.into_inner().unwrap_or_default();
    for ((kind, ..), all) in WORM_KINDS.into_iter().zip(&mut all) {
        all.sort_unstable_by(f64::total_cmp);
        println!(
            "NOTE worm: {kind}: of {WORM_MEMBERS} members {:.1} % infected median, {:.1} % mean, {:.1} to {:.1} %; {seeds} seeds from {first}",
            middle(all),
            all.iter().sum::<f64>() * per(1, seeds),
            all.first().unwrap_or(&0.0),
            all.last().unwrap_or(&0.0)
        );
    }
    println!("NOTE worm: in {} s", begun.elapsed().as_secs());
    let [with, _, without] = all;
    let is_held = middle(&with) <= 2.0 && with.last().is_some_and(|worst| *worst <= 9.0);
    is_held && without.first().is_some_and(|least| *least >= 50.0)
}

/// Says what came of one seed.
fn worm_line(seed: u64, outcomes: &[sim::worm::Outcome]) -> String {
    let told = WORM_KINDS.iter().zip(outcomes).map(|((kind, ..), outcome)| {
        format!(
            "{kind} {} infected ({} before the first warning, {} asked and kept off, {} held off, {} warnings, {} gates shut, {} min)",
            outcome.infected,
            outcome.infected_before,
            outcome.asked,
            outcome.held,
            outcome.warnings,
            outcome.shut,
            outcome.seconds / 60
        )
    });
    format!("  seed {seed}: {}", told.collect::<Vec<_>>().join("; "))
}

/// Returns the median of what is sorted; of an even number the upper one, which flatters nobody.
fn middle(sorted: &[f64]) -> f64 {
    sorted.get(sorted.len() / 2).copied().unwrap_or(0.0)
}

/// The worms of the suite. Says whether all was right.
#[allow(clippy::print_stdout, reason = "printing is what this program is for")]
fn worm_small(first: u64, seeds: u64) -> bool {
    let begun = Instant::now();
    let mut report = sim::check::Report::default();
    let plot = Plot::gather(WORM_MEMBERS_SMALL);
    let all = sim::worm::check(&plot, first..first.saturating_add(seeds), &mut report);
    let infected = |outcome: &sim::worm::Outcome| format!("{:.0}", outcome.of_100());
    let (with, without): (Vec<_>, Vec<_>) =
        all.iter().map(|(with, without)| (infected(with), infected(without))).unzip();
    println!(
        "NOTE worm: {WORM_MEMBERS_SMALL} members, {seeds} worms from seed {first}: {} of 100 infected, without a guard {}; in {} s",
        with.join(", "),
        without.join(", "),
        begun.elapsed().as_secs()
    );
    for line in &report.wrong {
        println!("  wrong: {line}");
    }
    report.wrong.is_empty()
}

#[allow(clippy::print_stdout, reason = "printing is what this program is for")]
fn filters(members: usize) -> ExitCode {
    let all = sim::crowd::filters(members);
    for asked in &all {
        println!(
            "NOTE filters: {} words: {:.1} of {} members are asked, {:.1} have them, {} of those not asked; {} bytes a filter",
            asked.words, asked.asked, asked.members, asked.have, asked.missed, asked.filter_size
        );
    }
    if all.iter().all(|asked| asked.missed == 0) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

#[allow(clippy::print_stdout, reason = "printing is what this program is for")]
fn crowd(members: usize) -> ExitCode {
    let counted = sim::crowd::run(7, members);
    println!(
        "NOTE crowd: of {} members, {:.1} are asked for words of one file, {:.1} for two common words; with a broker {:.2}; {} hits missed; a broker's services take {:.0?} a question; in {:.0?}",
        counted.members,
        per(counted.rare.0, counted.rare.1),
        per(counted.common.0, counted.common.1),
        per(counted.brokered.0, counted.brokered.1),
        counted.missed,
        counted.broker_time,
        counted.wall
    );
    if counted.missed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

#[expect(clippy::cast_precision_loss, reason = "a figure to be printed")]
fn per(count: u64, trials: u64) -> f64 {
    count as f64 / trials.max(1) as f64
}

/// Returns what the suite runs, the longest first, or the one town that was asked for.
fn jobs(arguments: &[String]) -> Option<Vec<Job>> {
    if arguments != ["--suite"] {
        let plan = plan(arguments)?;
        return Some(vec![Box::new(move || run_town(plan))]);
    }
    let fresh = fresh_seed();
    let fresh_town = Plan { seed: fresh, peers: 120, ..PLAIN };
    let mut jobs: Vec<Job> = Vec::new();
    for plan in FIXED.into_iter().chain([fresh_town]) {
        jobs.push(Box::new(move || run_town(plan)));
    }
    jobs.push(Box::new(|| trust(TRUST_FIXED.0, TRUST_FIXED.1)));
    jobs.push(Box::new(move || trust(fresh >> 16, TRUST_FRESH)));
    jobs.push(Box::new(|| writing(WRITING_FIXED.0, WRITING_FIXED.1)));
    jobs.push(Box::new(move || writing(fresh >> 16, WRITING_FRESH)));
    jobs.push(Box::new(|| talks(TALKS_FIXED.0, TALKS_FIXED.1)));
    jobs.push(Box::new(move || talks(fresh >> 16, TALKS_FRESH)));
    jobs.push(Box::new(|| mails(MAILS_FIXED.0, MAILS_FIXED.1)));
    jobs.push(Box::new(move || mails(fresh >> 16, MAILS_FRESH)));
    jobs.push(Box::new(|| outbreaks(OUTBREAKS_FIXED.0, OUTBREAKS_FIXED.1)));
    jobs.push(Box::new(move || outbreaks(fresh >> 16, OUTBREAKS_FRESH)));
    jobs.push(Box::new(|| worm_small(WORM_FIXED.0, WORM_FIXED.1)));
    jobs.push(Box::new(|| job_towns(JOBS_FIXED.0, JOBS_FIXED.1)));
    jobs.push(Box::new(move || job_towns(fresh >> 16, JOBS_FRESH)));
    jobs.push(Box::new(|| jobs_again(0, JOBS_AGAIN)));
    jobs.push(Box::new(|| jobs_absent(0, JOBS_ABSENT)));
    jobs.push(Box::new(move || jobs_absent(fresh >> 16, JOBS_ABSENT)));
    jobs.push(Box::new(|| jobs_large(JOBS_LARGE)));
    jobs.push(Box::new(|| ledgers(LEDGERS_FIXED.0, LEDGERS_FIXED.1)));
    jobs.push(Box::new(move || ledgers(fresh >> 16, LEDGERS_FRESH)));
    Some(jobs)
}

fn plan(arguments: &[String]) -> Option<Plan> {
    let mut plan = PLAIN;
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        match word.as_str() {
            "--all-signatures" => plan.is_checking_all = true,
            "--searches" => plan.searches = words.next()?.parse().ok()?,
            "--seed" => plan.seed = words.next()?.parse().ok()?,
            "--peers" => plan.peers = words.next()?.parse().ok()?,
            "--hours" => {
                plan.time = Duration::from_secs(words.next()?.parse::<u64>().ok()?.saturating_mul(3600));
            }
            _ => return None,
        }
    }
    (!arguments.is_empty()).then_some(plan)
}

fn study(arguments: &[String]) -> Option<(Study, PathBuf)> {
    let (mut study, mut folder) = (Study::FULL, PathBuf::from(PLOTS));
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        match word.as_str() {
            "--scale" => {}
            "--seed" => study.seed = words.next()?.parse().ok()?,
            "--peers" => study.members_max = words.next()?.parse().ok()?,
            "--out" => folder = words.next()?.into(),
            _ => return None,
        }
    }
    // Fewer members than in the smallest webs leave nothing to run.
    study.sizes().next().map(|_| (study, folder))
}

/// A seed nobody chose; printed, so that what it finds can be replayed.
fn fresh_seed() -> u64 {
    std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(0, |time| u64::from(time.subsec_nanos()) ^ time.as_secs())
}
