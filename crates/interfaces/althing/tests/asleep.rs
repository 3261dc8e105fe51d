//! Real processes: a laptop that falls asleep, and one that is killed, while others talk to it.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::indexing_slicing,
    reason = "tests fail by panicking, and say what they leave out"
)]

mod processes;

use std::path::Path;

use processes::Peer;
use serde_json::Value;

/// Bytes that take a while to be fetched.
const LARGE: usize = 200_000_000;

/// Alice and the others in one web, all connected.
fn town(root: &Path, names: &[&str]) -> Vec<Peer> {
    let peers: Vec<Peer> = names.iter().map(|name| Peer::start(root, name)).collect();
    for (peer, name) in peers.iter().zip(names) {
        peer.ask(&["me", "set", name]).unwrap();
    }
    let alice = &peers[0];
    alice.ask(&["web", "start", "cove"]).unwrap();
    for peer in &peers[1..] {
        let invitation = alice.ask(&["invite", "cove"]).unwrap();
        peer.ask(&["web", "join", invitation["link"].as_str().unwrap()]).unwrap();
    }
    for peer in &peers {
        peer.until(&["status"], |status| status["people_here"] == names.len() - 1);
    }
    peers
}

fn share(peer: &Peer, name: &str, bytes: &[u8]) {
    let folder = peer.folder.join(name);
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("film"), bytes).unwrap();
    peer.ask(&["share", "cove", folder.to_str().unwrap()]).unwrap();
}

fn noise(size: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    };
    std::iter::repeat_with(&mut next).flatten().take(size).collect()
}

fn has_content(about: &Value) -> bool {
    about["content"].is_string()
}

#[test]
fn a_laptop_that_sleeps_in_the_middle_of_a_transfer_goes_on_when_it_wakes() {
    let root = tempfile::tempdir().unwrap();
    let peers = town(root.path(), &["Alice", "Bob"]);
    let (alice, bob) = (&peers[0], &peers[1]);
    let bytes = noise(LARGE);
    share(alice, "films", &bytes);
    bob.until(&["about", "cove/Alice/films/film"], has_content);
    let got = bob.folder.join("got");
    std::fs::create_dir_all(&got).unwrap();
    bob.ask(&["get", "cove/Alice/films/film", "--to", got.to_str().unwrap(), "--no-wait"]).unwrap();
    bob.signal("-STOP");
    // Until it is missed: longer than any connection lives without a sign.
    alice.until(&["status"], |status| status["people_here"] == 0);
    bob.signal("-CONT");
    alice.until(&["status"], |status| status["people_here"] == 1);
    bob.until(&["transfers"], |all| all["transfers"][0]["state"] == "done");
    assert!(std::fs::read(got.join("film")).unwrap() == bytes, "the film is not what it was");
    // What is saved after that is seen as ever.
    std::fs::write(alice.folder.join("films/notes"), b"awake").unwrap();
    bob.until(&["ls", "cove/Alice/films"], |listing| listing["entries"].as_array().unwrap().len() == 2);
}

#[test]
fn who_is_killed_and_starts_again_is_spoken_to_at_once_by_all() {
    let root = tempfile::tempdir().unwrap();
    let mut peers = town(root.path(), &["Alice", "Bob", "Carol"]);
    peers[1].kill_and_start();
    // Nobody says anything to a connection that leads nowhere: what both share now, Bob sees.
    for (number, name) in [(0, "Alice"), (2, "Carol")] {
        share(&peers[number], "after", name.as_bytes());
        let path = format!("cove/{name}/after/film");
        peers[1].until(&["about", &path], has_content);
        peers[1].until(&["get", &path], |transfer| transfer["state"] == "done");
        let said = peers[1].althing(&["cat", &path]).output().unwrap().stdout;
        assert_eq!(String::from_utf8(said).unwrap(), name);
        let net = peers[number].ask(&["net"]).unwrap();
        println!("{name}: {}", net["now"]);
    }
}
