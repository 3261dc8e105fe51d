//! The red team: real peers with honest people at work, and scripted attackers, for two working days that are over in
//! minutes. At the end a report says what was tried, who noticed it and when, what was cut off and what was lost.
//!
//! `cargo xtask redteam [--minutes N] [--only ATTACK,ATTACK]`; see `docs/redteam.md`. It never hides what nobody noticed:
//! that is what it is for. Nothing leaves this computer: all listen on loopback.

mod cast;
mod drown;
mod flood;
mod liars;
mod line;
mod member;
mod neighbour;
mod outsider;
mod poison;
mod ransom;
mod report;
mod slow;
mod stage;
mod thief;
mod watch;
mod work;
mod worm;

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

use crate::Bench;
use cast::{Cast, Dice, SECRET, Seat};
use report::{NOTICED_WITHIN, Report};
use stage::{Scene, Stage};
use watch::Watch;
use work::Work;

type Act = fn(&mut Stage<'_>, &mut Scene) -> Result<()>;

/// The attackers, in the order in which they come.
const ATTACKS: [(&str, Act); 11] = [
    ("outsider", outsider::act),
    ("neighbour", neighbour::act),
    ("slow-scan", slow::act),
    ("worm", worm::act),
    ("liars", liars::act),
    ("ransomware", ransom::act),
    ("poisoned-search", poison::act),
    ("member", member::act),
    ("flooding", flood::act),
    ("stolen-device", thief::act),
    // The last: what it does to reports lasts for the day.
    ("drowned-reports", drown::act),
];

/// What is asked of a run.
#[derive(Debug)]
struct Asked {
    minutes: u64,
    only: Vec<String>,
    seed: u64,
}

/// Runs it; false when a goal was missed.
#[allow(clippy::print_stdout, reason = "the report goes to stdout")]
pub(crate) fn run(althing: &str, arguments: &[String]) -> Result<bool> {
    let asked = read(arguments)?;
    let folder = tempfile::tempdir().context("cannot make a folder for the run")?;
    let bench = Bench {
        althing: althing.into(),
        folder: folder.path().to_owned(),
        hosts: Vec::new(),
        against: Vec::new(),
        started: AtomicUsize::new(0),
    };
    let report = attack(&bench, &asked)?;
    println!("{}", report.markdown());
    println!("seed {}", asked.seed);
    Ok(report.missed().is_empty())
}

fn read(arguments: &[String]) -> Result<Asked> {
    let seed =
        std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default().as_secs();
    let mut asked = Asked { minutes: 4, only: Vec::new(), seed };
    let mut rest = arguments;
    while let [flag, value, others @ ..] = rest {
        match flag.as_str() {
            "--minutes" => asked.minutes = value.parse().context("minutes, as a number")?,
            "--seed" => asked.seed = value.parse().context("a seed, as a number")?,
            "--only" => asked.only = value.split(',').map(str::to_owned).collect(),
            _ => bail!("no flag {flag}; there are --minutes N, --seed N, --only ATTACK,ATTACK"),
        }
        rest = others;
    }
    let known = |name: &String| ATTACKS.iter().any(|(known, _)| known == name);
    if !rest.is_empty() || !asked.only.iter().all(known) {
        bail!("attacks are {}", ATTACKS.map(|(name, _)| name).join(" "));
    }
    Ok(asked)
}

#[allow(clippy::print_stderr, reason = "who waits minutes wants to see that it goes on")]
fn attack(bench: &Bench, asked: &Asked) -> Result<Report> {
    let mut cast = Cast::gather(bench)?;
    let honest = cast.honest();
    let dishonest = cast.dishonest();
    // The second computer is stolen later: it only looks on.
    let workers: Vec<Seat> = honest.iter().filter(|seat| !seat.name.contains("second")).cloned().collect();
    let (watch, work, stop) = (Watch::default(), Work::default(), AtomicBool::new(false));
    let is_over = AtomicBool::new(false);
    work.begin(&workers, &mut Dice::new(asked.seed))?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let begun = Instant::now();
    let mut scenes = Vec::new();
    let (attacks, mut town, took) = std::thread::scope(|scope| {
        scope.spawn(|| watch.run(&honest, &stop));
        let working = scope.spawn(|| work.run(&workers, &is_over, Dice::new(asked.seed ^ 0x7)));
        let acts: Vec<_> = ATTACKS
            .into_iter()
            .filter(|(name, _)| asked.only.is_empty() || asked.only.iter().any(|wanted| wanted == name))
            .collect();
        // Each begins in its part of the days; who takes longer delays the next.
        let part = Duration::from_secs(asked.minutes * 60) / u32::try_from(acts.len()).unwrap_or(1).max(1);
        let mut stage = Stage {
            cast: &mut cast,
            watch: &watch,
            dice: Dice::new(asked.seed ^ 0x63),
            runtime: &runtime,
            minutes: asked.minutes,
            bench,
            searched: dishonest.into_iter().map(|seat| (seat.folder, SECRET)).collect(),
        };
        for (number, (name, act)) in acts.into_iter().enumerate() {
            let number = u32::try_from(number).unwrap_or(u32::MAX);
            std::thread::sleep((part * number).saturating_sub(begun.elapsed()));
            eprintln!("{:4} s  {name}", begun.elapsed().as_secs());
            let mut scene = Scene::new(name);
            if let Err(error) = act(&mut stage, &mut scene) {
                scene.broken = Some(format!("{error:#}"));
            }
            scenes.push(scene);
        }
        is_over.store(true, Ordering::Relaxed);
        drop(working.join());
        eprintln!("{:4} s  comparing files", begun.elapsed().as_secs());
        let took = begun.elapsed();
        let mut town = work.compare(&workers);
        // Homes keep what they fetched plain; a search that finds nothing where it must be has proven nothing.
        let mut control = report::Town::default();
        let finds = stage.searched.first().is_none_or(|(_, secret)| {
            honest.iter().all(|seat| search(&seat.home, secret, &mut control).is_ok())
                && !control.leaks.is_empty()
        });
        if !finds {
            town.failures.push("the search for secrets finds none at the honest, either".to_owned());
        }
        for (folder, secret) in &stage.searched {
            if let Err(error) = search(folder, secret, &mut town) {
                town.failures.push(format!("{} could not be searched: {error}", folder.display()));
            }
        }
        let attacks = scenes.drain(..).map(|scene| scene.close(&watch, NOTICED_WITHIN)).collect();
        stop.store(true, Ordering::Relaxed);
        (attacks, town, took)
    });
    town.slowest = watch.slowest();
    Ok(Report { took, attacks, town })
}

/// Searches all files below a folder for a secret.
fn search(folder: &std::path::Path, secret: &str, town: &mut report::Town) -> Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        if kind.is_dir() {
            search(&entry.path(), secret, town)?;
        } else if kind.is_file() {
            let bytes = std::fs::read(entry.path()).unwrap_or_default();
            town.searched_bytes += u64::try_from(bytes.len()).unwrap_or(u64::MAX);
            if bytes.windows(secret.len()).any(|part| part == secret.as_bytes()) {
                town.leaks.push(format!("{secret} in {}", entry.path().display()));
            }
        }
    }
    Ok(())
}
