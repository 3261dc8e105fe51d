//! The floors of the house: who may use whom, by `cargo metadata`. Prints the sentence of ARCHITECTURE.md that is broken.
//!
//! Dependencies of tests are not looked at: a test may stand on any floor.

use std::process::Command;

use anyhow::Context;
use serde_json::Value;

use crate::house;

/// Floors from the ground up; folders under `crates/`.
const FLOORS: [&str; 6] = ["foundation", "engine", "services", "drivers", "interfaces", "lab"];

/// Services that all others stand on. The others are applications.
const GROUND: [&str; 3] = ["records", "people", "files"];

/// Uses within one floor that the picture of the house shows.
const SIDEWAYS: [(&str, &str); 14] = [
    ("api", "base"),
    ("wire", "base"),
    ("kernel", "store"),
    ("people", "records"),
    ("files", "records"),
    ("files", "people"),
    ("sandbox", "machine-code"),
    ("index", "reports"),
    ("sandbox", "reports"),
    ("scanner", "reports"),
    ("peer", "gateways"),
    ("peer", "mail"),
    ("althing", "gateways"),
    ("althing", "peer"),
];

/// Foreign crates that belong to some crates only; of the rest of the house, `lab` may use them, too.
const TIED: [(&str, &[&str]); 22] = [
    ("redb", &["store"]),
    ("iroh", &["network"]),
    ("iroh-blobs", &["network"]),
    ("axum", &["gateways"]),
    ("clap", &["althing"]),
    ("imap-codec", &["mail"]),
    ("imap-types", &["mail"]),
    ("mail-parser", &["mail", "scanner"]),
    ("smtp-proto", &["mail"]),
    ("notify", &["workers"]),
    ("rust-embed", &["gateways"]),
    ("comrak", &["gateways", "render"]),
    ("ammonia", &["render"]),
    ("calamine", &["render"]),
    ("krilla", &["render"]),
    ("loro", &["pages"]),
    ("tantivy", &["index"]),
    ("x11rb", &["idle"]),
    ("zbus", &["idle"]),
    ("wasmtime", &["sandbox", "machine-code"]),
    ("seccompiler", &["sandbox", "scanner"]),
    ("yara-x", &["scanner"]),
];

/// Foreign crates that nothing below the drivers may use: the simulator could not replay it.
const NOT_BELOW_DRIVERS: [&str; 8] =
    ["tokio", "tokio-util", "iroh", "iroh-blobs", "rand", "getrandom", "notify", "async-std"];

/// One crate of the house.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Crate {
    pub(crate) name: String,
    pub(crate) floor: usize,
    pub(crate) uses: Vec<String>,
}

/// Returns the crates of the house, without xtask.
pub(crate) fn crates() -> anyhow::Result<Vec<Crate>> {
    let output = Command::new(house::cargo())
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(house::root())
        .output()
        .context("cannot run cargo metadata")?;
    let metadata: Value = serde_json::from_slice(&output.stdout).context("cargo metadata wrote no JSON")?;
    let packages = metadata.get("packages").and_then(Value::as_array).context("no packages")?;
    Ok(packages.iter().filter_map(of_package).collect())
}

fn of_package(package: &Value) -> Option<Crate> {
    let path = package.get("manifest_path")?.as_str()?;
    let floor = FLOORS.iter().position(|floor| path.contains(&format!("/crates/{floor}/")))?;
    let uses = package.get("dependencies")?.as_array()?.iter();
    let uses = uses.filter(|one| one.get("kind").is_none_or(|kind| kind != "dev"));
    let uses = uses.filter_map(|one| one.get("name")?.as_str().map(str::to_owned)).collect();
    Some(Crate { name: package.get("name")?.as_str()?.to_owned(), floor, uses })
}

/// Returns what is wrong, each with the sentence it breaks.
pub(crate) fn wrongs(crates: &[Crate], architecture: &str) -> Vec<String> {
    let floor_of = |name: &str| crates.iter().find(|one| one.name == name).map(|one| one.floor);
    let mut wrongs = Vec::new();
    for one in crates {
        for used in &one.uses {
            let number = broken_invariant(one, used, floor_of(used));
            wrongs.extend(
                number.map(|number| {
                    format!("{} uses {used}.\n    {}", one.name, invariant(architecture, number))
                }),
            );
        }
    }
    wrongs
}

/// Returns the number of the invariant that a use breaks.
fn broken_invariant(one: &Crate, used: &str, floor: Option<usize>) -> Option<u8> {
    let floor_name = FLOORS.get(one.floor).copied().unwrap_or("");
    let Some(floor) = floor else {
        let is_below_drivers = one.floor < 3;
        let is_store = one.name == "store";
        if is_below_drivers && (NOT_BELOW_DRIVERS.contains(&used) || (used == "redb" && !is_store)) {
            return Some(3);
        }
        let tied = TIED.iter().find(|(name, _)| *name == used);
        return tied
            .filter(|(_, owners)| floor_name != "lab" && !owners.contains(&one.name.as_str()))
            .map(|_| 1);
    };
    let is_application = |name: &str| !GROUND.contains(&name);
    if floor_name == "services" && floor == one.floor && is_application(&one.name) && is_application(used) {
        return Some(2);
    }
    let is_sideways = floor == one.floor && floor_name != "lab";
    let is_shown = SIDEWAYS.contains(&(one.name.as_str(), used))
        || (floor_name == "services" && is_application(&one.name) && GROUND.contains(&used));
    (floor > one.floor || (is_sideways && !is_shown)).then_some(1)
}

/// Returns the sentence of that number in the list of invariants.
fn invariant(architecture: &str, number: u8) -> String {
    let start = format!("{number}. **");
    let mut lines = architecture.lines().skip_while(|line| !line.starts_with(&start));
    let Some(first) = lines.next() else { return format!("ARCHITECTURE.md, invariant {number}") };
    let rest = lines.take_while(|line| line.starts_with("   "));
    let sentence: Vec<&str> = std::iter::once(first).chain(rest).map(str::trim).collect();
    format!("ARCHITECTURE.md: {}", sentence.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn architecture() -> String {
        std::fs::read_to_string(house::root().join("ARCHITECTURE.md")).unwrap()
    }

    #[test]
    fn nothing_in_the_house_breaks_the_floors() {
        let wrongs = wrongs(&crates().unwrap(), &architecture());
        assert!(wrongs.is_empty(), "{}", wrongs.join("\n"));
    }

    #[test]
    fn what_breaks_the_floors_is_found_and_the_sentence_is_shown() {
        let floor = |name: &str| FLOORS.iter().position(|floor| *floor == name).unwrap();
        let crates = |user: &str, on: &str, uses: &str| {
            let one = |name: &str, floor, uses: Vec<String>| Crate { name: name.to_owned(), floor, uses };
            let mut all = vec![
                one("base", floor("foundation"), vec![]),
                one("store", floor("engine"), vec![]),
                one("records", floor("services"), vec![]),
                one("search", floor("services"), vec![]),
                one("network", floor("drivers"), vec![]),
                one("peer", floor("interfaces"), vec![]),
            ];
            all.push(one(user, floor(on), vec![uses.to_owned()]));
            all
        };
        let check = |user: &str, on: &str, uses: &str, sentence: Option<&str>| {
            let wrongs = wrongs(&crates(user, on, uses), &architecture());
            match sentence {
                None => assert!(wrongs.is_empty(), "{wrongs:?}"),
                Some(sentence) => assert!(wrongs.len() == 1 && wrongs[0].contains(sentence), "{wrongs:?}"),
            }
        };
        check("kernel", "engine", "base", None);
        check("kernel", "engine", "store", None);
        check("talk", "services", "records", None);
        check("bench", "lab", "iroh", None);
        check("kernel", "engine", "records", Some("**Arrows point down.**"));
        check("workers", "drivers", "network", Some("**Arrows point down.**"));
        check("records", "services", "search", Some("**Arrows point down.**"));
        check("talk", "services", "search", Some("**Applications never import each other.**"));
        check("talk", "services", "tokio", Some("**Below the drivers there is no tokio"));
        check("people", "services", "redb", Some("**Below the drivers there is no tokio"));
        check("peer2", "interfaces", "iroh", Some("**Arrows point down.**"));
    }
}
