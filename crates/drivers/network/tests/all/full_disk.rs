//! What happens when the disk is nearly full, or fills up while contents come: nothing that is here gets lost, the
//! failure says so, and with free space everything goes on.
//!
//! Real full disks are small file systems in memory, mounted in a namespace of the test's own.

use std::ffi::OsStr;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use crate::house::relay::{Pace, Relay};
use crate::house::{Peer, WEB, config, fetch, in_place, noise};
use files::jobs::{self, BundleItem, FetchFailure, ItemOutcome};
use kernel::JobFailure;
use tokio::sync::Semaphore;

const MIB: u64 = 1024 * 1024;

/// Set for a test that runs in a namespace: where its small disk is.
const SMALL_DISK: &str = "ALTHING_TEST_SMALL_DISK";

/// Returns the small disk this test runs on; `None` when it ran in a namespace of its own, or may not.
fn small_disk(test: &str) -> Option<PathBuf> {
    if let Some(disk) = std::env::var_os(SMALL_DISK) {
        return Some(disk.into());
    }
    let place = tempfile::tempdir().unwrap();
    // Whoever may not mount in the main namespace may in one where it is root.
    let spaces = [&["-Urm"][..], &["-m"]];
    let mount = "mount -t tmpfs -o size=24m none \"$0\" && exec \"$@\"";
    let inside = |space: &[&str], program: &[&OsStr]| {
        let mut command = Command::new("unshare");
        command.args(space).args(["sh", "-c", mount]).arg(place.path()).args(program);
        command.env(SMALL_DISK, place.path());
        command
    };
    let is_possible = |space: &&[&str]| {
        inside(space, &["true".as_ref()]).output().is_ok_and(|output| output.status.success())
    };
    let Some(space) = spaces.into_iter().find(is_possible) else {
        println!("skipped {test}: no small file system may be mounted here (unshare -Urm, or root)");
        return None;
    };
    let program = std::env::current_exe().unwrap();
    let test = format!("full_disk::{test}");
    let program = [program.as_os_str(), "--exact".as_ref(), test.as_ref(), "--nocapture".as_ref()];
    let output = inside(space, &program).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let complained = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.contains("1 passed"), "{said}\n{complained}");
    None
}

fn free_bytes(disk: &Path) -> u64 {
    let disk = rustix::fs::statvfs(disk).unwrap();
    disk.f_bavail * disk.f_frsize
}

/// Takes all of a disk but so many bytes, until the file is removed. Others may be taking some meanwhile.
fn fill(disk: &Path, but: u64) -> PathBuf {
    let path = disk.join("ballast");
    let mut file = std::fs::File::create(&path).unwrap();
    loop {
        let step = free_bytes(disk).saturating_sub(but).min(64 * 1024);
        if step == 0 || file.write_all(&vec![0; usize::try_from(step).unwrap()]).is_err() {
            return path;
        }
    }
}

async fn on_disk(seed: u8, disk: &Path) -> Peer {
    let home = tempfile::tempdir_in(disk).unwrap();
    Peer::start_with(config(seed, home.path()), home, 1_000).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reserve_larger_than_the_free_disk_refuses_what_is_new_and_keeps_what_is_here() {
    let (alice, mut bob) = crate::house::alice_and_bob().await;
    let (old, new) = (noise(1, 3_000_000), noise(2, 3_000_000));
    let kept = alice.share("old", &old, bob.me());
    let half = alice.share("half", &new, bob.me());
    bob.fetch(alice.me(), kept, 3_000_000, &[(0, 3_000_000)]).await.unwrap();
    bob.fetch(alice.me(), half, 3_000_000, &[(0, MIB)]).await.unwrap();

    let home = bob.stop().await;
    let mut tight = config(2, home.path());
    tight.reserve = base::ByteCount(free_bytes(home.path()) + 1024 * MIB);
    let mut bob = Peer::start_with(tight, home, 1_000).await;
    bob.admit(&alice);
    alice.know(&bob);
    let refused = bob.fetch(alice.me(), half, 3_000_000, &[(MIB, 3_000_000)]).await;
    assert_eq!(refused, Err(FetchFailure::DiskFull));
    assert_eq!(bob.missing(half, 3_000_000).await, [(MIB, 3_000_000)]);
    assert_eq!(bob.read(kept, 0..3_000_000).await, old);
    assert_eq!(bob.read(half, 0..MIB).await, new[..1024 * 1024]);

    let home = bob.stop().await;
    let mut bob = Peer::start_in(2, home, 1_000).await;
    bob.admit(&alice);
    bob.fetch(alice.me(), half, 3_000_000, &[(MIB, 3_000_000)]).await.unwrap();
    assert_eq!(bob.read(half, 0..3_000_000).await, new);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_fills_up_in_the_middle_of_a_large_content_stops_it_and_space_lets_it_go_on() {
    let name = "a_disk_that_fills_up_in_the_middle_of_a_large_content_stops_it_and_space_lets_it_go_on";
    let Some(disk) = small_disk(name) else { return };
    let (alice, mut bob) = (Peer::start(1).await, on_disk(2, &disk).await);
    alice.admit(&bob);
    bob.admit(&alice);
    let old = noise(1, 2_000_000);
    let kept = alice.share("old", &old, bob.me());
    bob.fetch(alice.me(), kept, 2_000_000, &[(0, 2_000_000)]).await.unwrap();

    let bytes = noise(2, 12 * 1024 * 1024);
    let size = 12 * MIB;
    let content = alice.share("large", &bytes, bob.me());
    let gate = Arc::new(Semaphore::new(0));
    let source = in_place(&alice.path("large"));
    let pace = Pace::Gate { after: 4 * 1024 * 1024, gate: gate.clone() };
    let relay = Relay::start(&alice, &bob, (content, source), pace).await;
    // What has come with a fetch that ended well survives anything.
    bob.fetch(alice.me(), content, size, &[(0, 2 * MIB)]).await.unwrap();
    let job = bob.begin(jobs::FETCH, &fetch(relay.device, content, size, &[(2 * MIB, size)]));
    while bob.missing(content, size).await == [(2 * MIB, size)] {}
    let ballast = fill(&disk, MIB);
    gate.add_permits(1);
    let Err(JobFailure::Failed(text)) = bob.end_of(job).await else { panic!("it fits") };
    assert_eq!(FetchFailure::of(&text), FetchFailure::DiskFull, "{text}");
    assert_eq!(bob.read(kept, 0..2_000_000).await, old, "what was here is still here");
    let refused = bob.fetch(alice.me(), content, size, &[(0, size)]).await;
    assert_eq!(refused, Err(FetchFailure::DiskFull), "and nothing is begun");

    std::fs::remove_file(ballast).unwrap();
    let missing = bob.missing(content, size).await;
    let left: u64 = missing.iter().map(|(from, to)| to - from).sum();
    assert!(left <= 10 * MIB, "what came before is not fetched again: {missing:?}");
    let fetched = bob.fetch(alice.me(), content, size, &missing).await;
    assert_eq!(fetched, Ok(left));
    assert_eq!(bob.read(content, 0..size).await, bytes);
    assert_eq!(bob.read(kept, 0..2_000_000).await, old);
    relay.stop().await;
}

/// Lets the disk fill up to the last byte while a small content is under way, whose place is in the database.
async fn stop_the_database(
    disk: &Path,
    alice: &Peer,
    bob: &mut Peer,
) -> (PathBuf, base::ContentId, FetchFailure) {
    let content = alice.share("small", &noise(3, 60_000), bob.me());
    let gate = Arc::new(Semaphore::new(0));
    let pace = Pace::Gate { after: 45_000, gate: gate.clone() };
    let relay = Relay::start(alice, bob, (content, in_place(&alice.path("small"))), pace).await;
    let job = bob.begin(jobs::FETCH, &fetch(relay.device, content, 60_000, &[(0, 60_000)]));
    while bob.missing(content, 60_000).await == [(0, 60_000)] {}
    let ballast = fill(disk, 0);
    gate.add_permits(1);
    let Err(JobFailure::Failed(text)) = bob.end_of(job).await else { panic!("it fits") };
    println!("{text}");
    relay.stop().await;
    (ballast, content, FetchFailure::of(&text))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_whose_database_stopped_on_a_full_disk_opens_again() {
    let Some(disk) = small_disk("a_store_whose_database_stopped_on_a_full_disk_opens_again") else { return };
    let (alice, mut bob) = (Peer::start(1).await, on_disk(2, &disk).await);
    alice.admit(&bob);
    bob.admit(&alice);
    let old = noise(1, 2_000_000);
    let kept = alice.share("old", &old, bob.me());
    bob.fetch(alice.me(), kept, 2_000_000, &[(0, 2_000_000)]).await.unwrap();
    let tiny = alice.share("tiny", &noise(4, 5_000), bob.me());
    let items = vec![BundleItem { content: tiny, size: 5_000 }];
    let bundle = jobs::Bundle { web: WEB, provider: alice.me(), items };
    bob.run(jobs::BUNDLE, &bundle).await.unwrap();

    let (ballast, content, failure) = stop_the_database(&disk, &alice, &mut bob).await;
    assert_eq!(failure, FetchFailure::DiskFull);
    std::fs::remove_file(ballast).unwrap();
    assert_eq!(bob.read(kept, 0..2_000_000).await, old, "what was here is still here");
    assert_eq!(bob.read(tiny, 0..5_000).await, noise(4, 5_000));
    let fetched = bob.fetch(alice.me(), content, 60_000, &[(0, 60_000)]).await;
    assert!(fetched.is_ok(), "{fetched:?}");
    assert_eq!(bob.read(content, 0..60_000).await, noise(3, 60_000));
    let next = alice.share("next", &noise(5, 9_000), bob.me());
    let items = vec![BundleItem { content: next, size: 9_000 }, BundleItem { content: tiny, size: 5_000 }];
    let bundle = jobs::Bundle { web: WEB, provider: alice.me(), items };
    let bundled: jobs::Bundled = jobs::from_bytes(&bob.run(jobs::BUNDLE, &bundle).await.unwrap()).unwrap();
    assert_eq!(bundled.outcomes, [ItemOutcome::Arrived, ItemOutcome::Arrived]);

    // It survives a restart as well.
    let home = bob.stop().await;
    let bob = Peer::start_in(2, home, 1_000).await;
    assert_eq!(bob.read(content, 0..60_000).await, noise(3, 60_000));
    assert_eq!(bob.read(next, 0..9_000).await, noise(5, 9_000));
    assert_eq!(bob.read(kept, 0..2_000_000).await, old);
}
