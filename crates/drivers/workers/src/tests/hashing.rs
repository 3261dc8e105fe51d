//! What hashing gives, and in which order.

use std::fs::File;
use std::io::Write;
use std::os::unix::fs::symlink;
use std::time::{Duration, Instant};

use base::ContentId;
use files::jobs::{HASH, Hash, HashReport, HashResult, from_bytes, to_bytes};
use kernel::{Driver, Input, JobFailure};

use super::{Stage, item};

fn path_of(result: &HashResult) -> &str {
    match result {
        HashResult::Hashed { path, .. }
        | HashResult::Changed { path }
        | HashResult::Unreadable { path, .. }
        | HashResult::Gone { path } => path,
    }
}

/// Makes a file of zeros that takes no space.
fn large(stage: &Stage, name: &str, size: u64) {
    File::create(stage.path(name)).unwrap().set_len(size).unwrap();
}

#[test]
fn files_of_all_sizes_get_their_content_id() {
    let mut stage = Stage::new();
    let sizes = [0, 1, 1_024, 256 * 1024, 1024 * 1024, 1024 * 1024 + 1, 40 * 1024 * 1024];
    for size in sizes {
        stage.write(&size.to_string(), vec![7; size]);
    }
    let results = stage.hash_all();
    assert_eq!(results.len(), sizes.len());
    for size in sizes {
        let expected = ContentId::new(*blake3::hash(&vec![7; size]).as_bytes());
        let found = results.iter().find(|result| path_of(result) == size.to_string()).unwrap();
        assert!(
            matches!(found, HashResult::Hashed { content, stat, .. } if *content == expected
            && stat.size == u64::try_from(size).unwrap()),
            "{found:?}"
        );
    }
}

#[test]
fn every_item_is_answered_once_and_each_problem_has_its_kind() {
    let mut stage = Stage::new();
    stage.write("file", "x");
    stage.write("folder/file", "x");
    symlink("file", stage.path("link")).unwrap();
    symlink("folder", stage.path("linked-folder")).unwrap();
    rustix::fs::mkfifoat(rustix::fs::CWD, stage.path("pipe"), rustix::fs::Mode::RWXU).unwrap();
    let names = [
        "file",
        "missing",
        "file/below",
        "folder",
        "link",
        "linked-folder/file",
        "pipe",
        "../etc/passwd",
        "/etc/passwd",
    ];
    let root = stage.root();
    let results = stage.hash(&root, names.iter().map(|name| item(name, 1)).collect()).unwrap();
    assert_eq!(results.len(), names.len());
    for result in &results {
        let is_right = match path_of(result) {
            "file" => matches!(result, HashResult::Hashed { .. }),
            _ => matches!(result, HashResult::Gone { .. }),
        };
        assert!(is_right, "{result:?}");
    }
}

#[test]
fn a_file_that_grows_while_it_is_read_counts_as_changed() {
    let mut stage = Stage::new();
    let size = 2 * 1024 * 1024 * 1024;
    large(&stage, "log", size);
    let root = stage.root();
    let id = stage.give(HASH, to_bytes(&Hash { root, items: vec![item("log", size)] }));
    let mut log = File::options().append(true).open(stage.path("log")).unwrap();
    let results: Vec<HashResult> = loop {
        log.write_all(b"one more line").unwrap();
        match stage.next_within(Duration::from_millis(1)) {
            Some(Input::Progress { job, report }) if job == id => {
                let results = from_bytes::<HashReport>(&report).unwrap().results;
                if !results.is_empty() {
                    break results;
                }
            }
            Some(other) => panic!("{other:?}"),
            None => {}
        }
    };
    assert_eq!(results, [HashResult::Changed { path: "log".to_owned() }]);
    assert_eq!(stage.until_end(id).outcome, Ok(Vec::new()));
}

#[test]
fn a_large_file_tells_how_far_it_is_until_it_is_done() {
    let mut stage = Stage::new();
    // Longer than anybody waits; it is cancelled once it has been heard twice.
    let size = 64 * 1024 * 1024 * 1024;
    large(&stage, "film", size);
    let root = stage.root();
    let id = stage.give(HASH, to_bytes(&Hash { root, items: vec![item("film", size)] }));
    let reading = |input: Input| match input {
        Input::Progress { job, report } if job == id => from_bytes::<HashReport>(&report).unwrap(),
        other => panic!("{other:?}"),
    };
    let first = reading(stage.next());
    let second = reading(stage.next());
    assert_eq!((&first.results, &second.results), (&Vec::new(), &Vec::new()));
    let (Some(first), Some(second)) = (first.reading, second.reading) else { panic!("no bytes are told") };
    eprintln!("{first:?}, then {second:?}");
    assert_eq!((&first.path, first.size), (&"film".to_owned(), size));
    assert!(0 < first.done && first.done < second.done && second.done <= size);
    stage.workers.cancel(id);
    assert_eq!(stage.until_end(id).outcome, Err(JobFailure::Cancelled));
}

#[test]
fn a_large_file_does_not_hold_up_small_ones_of_a_later_job() {
    let mut stage = Stage::new();
    let size = 8 * 1024 * 1024 * 1024;
    large(&stage, "one", size);
    large(&stage, "two", size);
    large(&stage, "three", size);
    stage.write("small", "x");
    let root = stage.root();
    let items = ["one", "two", "three"].map(|name| item(name, size)).to_vec();
    let large = stage.give(HASH, to_bytes(&Hash { root: root.clone(), items }));
    let small = stage.give(HASH, to_bytes(&Hash { root, items: vec![item("small", 1)] }));
    let began = Instant::now();
    let first = stage.next();
    eprintln!("the small file took {:?} beside three of 8 GiB", began.elapsed());
    assert!(matches!(first, Input::Progress { job, .. } if job == small), "{first:?}");
    stage.workers.cancel(large);
    let cancelled = Instant::now();
    assert_eq!(stage.until_end(large).outcome, Err(JobFailure::Cancelled));
    eprintln!("cancelled after {:?}", cancelled.elapsed());
}

#[test]
fn a_root_that_is_away_fails_the_job_instead_of_losing_every_file() {
    let mut stage = Stage::new();
    let check = |stage: &mut Stage, root: &str, word: &str| match stage.hash(root, vec![item("file", 1)]) {
        Err(JobFailure::Failed(why)) => assert!(why.starts_with(word), "{why}"),
        other => panic!("{other:?}"),
    };
    check(&mut stage, "/nowhere at all", "missing:");
    check(&mut stage, "/etc/hostname", "not-a-folder:");
}

#[test]
fn a_job_without_files_ends_at_once() {
    let mut stage = Stage::new();
    let root = stage.root();
    assert_eq!(stage.hash(&root, Vec::new()), Ok(Vec::new()));
}

#[test]
fn many_small_files_cost_little() {
    let mut stage = Stage::new();
    for number in 0..5_000 {
        stage.write(&format!("{:02}/{number}", number % 50), vec![1; 3_000]);
    }
    let before = cpu_time();
    let results = stage.hash_all();
    let per_file = cpu_time().saturating_sub(before) / 5_000;
    eprintln!("walking and hashing cost {per_file:?} of processor time per small file");
    assert!(results.iter().all(|result| matches!(result, HashResult::Hashed { .. })));
    // The goal is 0.2 ms with everything; half of it for this part, with other tests in the same process.
    assert!(per_file < Duration::from_millis(1), "{per_file:?}");
}

/// Processor time of this process so far, in ticks of 10 ms, from the system's own account.
fn cpu_time() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    let ticks: u64 = fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap();
    Duration::from_millis(ticks * 10)
}
