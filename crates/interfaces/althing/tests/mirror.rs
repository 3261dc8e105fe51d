//! Real processes: a carrier mirrors what it cannot read. Its whole home and its memory are searched for what it must not
//! know, while it serves.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::indexing_slicing,
    reason = "tests fail by panicking, and say what they leave out"
)]

mod processes;

use std::io::{Read as _, Seek as _};
use std::path::Path;

use processes::Peer;
use serde_json::Value;

const NAME: &str = "geheimnisvolle-bucht";
const TEXT: &str = "Only readers know of the cave below the lighthouse.";

fn holds(bytes: &[u8], marker: &[u8]) -> bool {
    bytes.windows(marker.len()).any(|window| window == marker)
}

/// Looks through every file of a folder.
fn search_folder(folder: &Path, markers: &[Vec<u8>]) -> u64 {
    let mut searched = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            searched += search_folder(&path, markers);
        } else if path.is_file() {
            let bytes = std::fs::read(&path).unwrap();
            searched += bytes.len() as u64;
            for marker in markers {
                assert!(!holds(&bytes, marker), "{}: {marker:?}", path.display());
            }
        }
    }
    searched
}

/// Looks through all memory of a process that can be written to; says how much, none where that is not allowed.
fn search_memory(process: u32, markers: &[Vec<u8>]) -> Option<u64> {
    let maps = std::fs::read_to_string(format!("/proc/{process}/maps")).ok()?;
    let mut memory = std::fs::File::open(format!("/proc/{process}/mem")).ok()?;
    let mut searched = 0;
    for line in maps.lines() {
        let mut words = line.split_whitespace();
        let (range, rights) = (words.next()?, words.next()?);
        let (from, to) = range.split_once('-')?;
        let (from, to) = (u64::from_str_radix(from, 16).ok()?, u64::from_str_radix(to, 16).ok()?);
        if !rights.starts_with("rw") {
            continue;
        }
        let mut bytes = Vec::new();
        memory.seek(std::io::SeekFrom::Start(from)).ok()?;
        // What was reserved and never touched reads as nothing but zeros; what is gone by now does not read.
        if memory.by_ref().take(to - from).read_to_end(&mut bytes).is_err() {
            continue;
        }
        searched += bytes.len() as u64;
        for marker in markers {
            assert!(!holds(&bytes, marker), "memory at {from:x} ({line}): {marker:?}");
        }
    }
    Some(searched)
}

#[test]
fn a_carrier_gives_two_who_never_meet_their_files_and_has_nothing_of_them_on_disk_or_in_memory() {
    let root = tempfile::tempdir().unwrap();
    let mut alice = Peer::start(root.path(), "alice");
    let mut bob = Peer::start(root.path(), "bob");
    let dora = Peer::start(root.path(), "dora");
    alice.ask(&["me", "set", "Alice"]).unwrap();
    bob.ask(&["me", "set", "Bob"]).unwrap();
    alice.ask(&["web", "start", "cove"]).unwrap();
    let link = |words: &[&str]| alice.ask(words).unwrap()["link"].as_str().unwrap().to_owned();
    bob.ask(&["web", "join", &link(&["invite", "cove"])]).unwrap();
    dora.ask(&["serve", &link(&["invite", "cove", "--role", "carrier"]), "--mirror", "500MB"]).unwrap();
    let is_here = |answer: &Value| answer["mirrors"][0]["is_here"] == true;
    alice.until(&["mirror", "cove"], is_here);
    bob.until(&["ls", "cove"], |listing| listing["entries"].as_array().is_some_and(|all| all.len() == 2));
    bob.stop();

    let shared = alice.folder.join(NAME);
    std::fs::create_dir_all(&shared).unwrap();
    let small = TEXT.repeat(3);
    let large = format!("{TEXT}\n").repeat(60_000);
    std::fs::write(shared.join(format!("{NAME}.txt")), &small).unwrap();
    std::fs::write(shared.join("large.txt"), &large).unwrap();
    alice.ask(&["share", "cove", shared.to_str().unwrap()]).unwrap();
    alice.until(&["mirror", "cove"], |answer| answer["mirrored"] == 2 && answer["waiting"] == 0);
    alice.stop();

    bob.go();
    let path = format!("cove/Alice/{NAME}");
    bob.until(&["ls", &path], |listing| listing["entries"].as_array().is_some_and(|all| all.len() == 2));
    bob.until(&["get", &path], |transfer| transfer["state"] == "done");
    let read = |name: &str| {
        let output = bob.althing(&["cat", &format!("{path}/{name}")]).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    assert_eq!(read(&format!("{NAME}.txt")), small);
    assert!(read("large.txt") == large, "the large file is not what it was");

    // Words of names and texts, and the content ids, which tell whoever has a guess that it is right.
    let about = bob.ask(&["about", &format!("{path}/large.txt")]).unwrap().to_string();
    let content = about.split("\"content\":\"").nth(1).and_then(|rest| rest.get(..64)).unwrap().to_owned();
    let raw: Vec<u8> =
        (0..32).map(|at| u8::from_str_radix(content.get(2 * at..2 * at + 2).unwrap(), 16).unwrap()).collect();
    let markers = [NAME.as_bytes().to_vec(), TEXT.as_bytes().to_vec(), content.into_bytes(), raw];
    // The search finds what is there.
    assert!(std::panic::catch_unwind(|| search_folder(&shared, &markers)).is_err());
    let searched = search_folder(&dora.folder, &markers);
    assert!(searched > large.len() as u64, "{searched} bytes: the copy is missing");
    match search_memory(dora.child.as_ref().unwrap().id(), &markers) {
        Some(bytes) => assert!(bytes > 1_000_000, "{bytes} bytes of memory"),
        None => println!("left out: the memory of a child may not be read here"),
    }
    let keys = dora.ask(&["ls", "cove"]);
    assert!(keys.is_none_or(|listing| listing["entries"].as_array().is_none_or(Vec::is_empty)));
}
