//! The house's own tools: writes the generated files, checks the house, runs simulator and benchmarks.
//!
//! Not for: anything a person needs to use Althing.

mod check;
mod floors;
mod generate;
mod house;
mod law;
mod tidy;
mod typescript;

use std::process::{Command, ExitCode};

use anyhow::Context;

/// Tests that begin with `fuzz_`: of wire, files, search, pages, talk, post, ledger and compute one each, of people two.
const FUZZERS: u64 = 10;

const HELP: &str = "\
cargo xtask generate       writes the generated files (manual, OpenAPI, TypeScript client, completions, faults)
cargo xtask check          says whether they are what the code makes, and whether the floors hold
cargo xtask tidy           reports long files and functions, synonyms, rules without a test; never fails
cargo xtask sim WORDS...   runs the simulator, as in: sim --seed 7 --peers 100 --hours 2
                           or compares ways to search: sim --scale (docs/search-at-scale.md)
                           or towns with enemies inside: sim --trust TOWNS (docs/trust-tested.md)
                           or towns around a ledger: sim --ledgers TOWNS (specs/ledger.md)
                           or towns around jobs: sim --jobs TOWNS, sim --jobs-large WORKERS (specs/compute.md)
                           or towns that sort mail on several computers: sim --mails TOWNS (specs/post.md)
                           or towns that talk: sim --talks TOWNS, or one room of many: sim --square MEMBERS (specs/talk.md)
cargo xtask bench WORDS... runs the benchmarks; with --wan first, each peer on a host of its own (docs/wan.md)
cargo xtask redteam        real peers, honest people and attackers for two working days in minutes; --minutes N for longer ones,
                           --only ATTACK,ATTACK for some (docs/redteam.md)
cargo xtask fuzz [SECONDS] gives mutated bytes to every reader of what peers send, 10 s if nothing is said
";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match run(&words) {
        Ok(code) => code,
        Err(error) => {
            say(&format!("xtask: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn run(words: &[String]) -> anyhow::Result<ExitCode> {
    let (task, rest) =
        words.split_first().map_or(("help", [].as_slice()), |(task, rest)| (task.as_str(), rest));
    match task {
        "generate" => generate::write_all(rest)?,
        "check" => return check::run(),
        "tidy" => tidy::report()?,
        "sim" => return run_built("sim", rest),
        "bench" => {
            // The profile of ./run: what people use is what is measured, and it is built already.
            let althing = house::built("althing")?.display().to_string();
            return match rest.split_first() {
                Some((flag, rest)) if flag == "--wan" => bench_far_apart(althing, rest),
                _ => run_built("bench", &[&[althing][..], rest].concat()),
            };
        }
        "redteam" => {
            let althing = house::built("althing")?.display().to_string();
            return run_built("bench", &[&[althing, "redteam".to_owned()][..], rest].concat());
        }
        "fuzz" => {
            let seconds: u64 =
                rest.first().map_or(Ok(10), |text| text.parse()).context("seconds, as a number")?;
            let status = Command::new(house::cargo())
                // The whole house, so that nothing is built with other features; only fuzzers have such names.
                .args(["test", "--workspace", "--lib", "--test", "fuzz"])
                .args(["--", "--nocapture", "--test-threads=1", "fuzz_"])
                // One after the other, each for its part of the time.
                .env("FUZZ_SECONDS", seconds.div_ceil(FUZZERS).to_string())
                .current_dir(house::root())
                .status();
            let is_well = status.context("cannot run cargo")?.success();
            return Ok(if is_well { ExitCode::SUCCESS } else { ExitCode::FAILURE });
        }
        "help" | "--help" => say(HELP),
        _ => anyhow::bail!("no task {task}; there are:\n{HELP}"),
    }
    Ok(ExitCode::SUCCESS)
}

/// Runs benchmarks inside a world: twenty sites with a host each, 80 ms and 2 % loss between any two.
fn bench_far_apart(althing: String, names: &[String]) -> anyhow::Result<ExitCode> {
    let world = house::root().join("crates/lab/wan/worlds/twenty-sites.toml").display().to_string();
    let hosts: Vec<String> = (1..=20).map(|number| format!("h{number:02}")).collect();
    let bench = house::built("bench")?.display().to_string();
    let words =
        ["run".to_owned(), world, "h01".to_owned(), bench, althing, "--hosts".to_owned(), hosts.join(",")];
    run_built("wan", &[&words[..], names].concat())
}

fn run_built(name: &str, rest: &[String]) -> anyhow::Result<ExitCode> {
    let program = house::built(name)?;
    let status = Command::new(program)
        .args(rest)
        .current_dir(house::root())
        .status()
        .with_context(|| format!("cannot run {name}"))?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

#[expect(clippy::print_stdout, reason = "this is how a tool of the house talks")]
fn say(text: &str) {
    println!("{text}");
}
