//! Damage, crashes, cancelled work.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};
use std::sync::Arc;

use index::ExtractorProgram;
use kernel::JobFailure;
use search::jobs::{Document, QUERY, TextItem, UPDATE, Update, to_bytes};

use crate::house::{FAMILY, House, WORK, ask, content_of, extractor, in_place, name};

/// Damages an index while no driver has it open, and says what becomes of it.
fn check(what: &str, damage: impl Fn(&std::path::Path)) {
    let mut house = House::new();
    house.tell(FAMILY, &["Work/plan.md"]);
    house.put(FAMILY, "a.txt", b"alpha beta");
    house.tell(WORK, &["Work/plan.md"]);
    damage(&house.index_of(FAMILY));
    let mut house = house.restart();
    assert_eq!(house.names(FAMILY, "plan", false), [0; 0], "{what}");
    assert!(house.texts(FAMILY, "alpha").hits.is_empty(), "{what}");
    assert_eq!(house.lost, [FAMILY], "{what}");
    assert!(!house.index_of(FAMILY).exists(), "{what}");
    assert_eq!(house.names(WORK, "plan", false), [0], "{what}");
    // Said again by a driver that starts, until it is begun anew.
    let mut house = house.restart();
    house.tell(WORK, &["Work/plan.md"]);
    assert_eq!(house.lost, [FAMILY], "{what}");
    house.forget(FAMILY);
    let mut house = house.restart();
    house.tell(WORK, &["Work/plan.md"]);
    assert!(house.lost.is_empty(), "{what}");
    house.tell(FAMILY, &["Work/plan.md"]);
    assert_eq!(house.names(FAMILY, "plan", false), [0], "{what}");
    assert!(house.lost.is_empty(), "{what}");
}

fn files(folder: &std::path::Path, ending: &str) -> Vec<std::path::PathBuf> {
    let all = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let found: Vec<_> = all.filter(|path| path.to_str().unwrap().ends_with(ending)).collect();
    assert!(!found.is_empty(), "{ending}");
    found
}

#[test]
fn a_damaged_index_is_noticed_and_gone() {
    check("no meta", |folder| fs::remove_file(folder.join("meta.json")).unwrap());
    check("empty meta", |folder| fs::write(folder.join("meta.json"), b"").unwrap());
    check("garbage meta", |folder| fs::write(folder.join("meta.json"), b"{\"segments\": 5}").unwrap());
    for ending in [".idx", ".term", ".fast", ".store"] {
        check(ending, |folder| files(folder, ending).iter().for_each(|file| fs::remove_file(file).unwrap()));
        check(ending, |folder| files(folder, ending).iter().for_each(|file| fs::write(file, b"").unwrap()));
        check(ending, |folder| {
            for file in files(folder, ending) {
                let size = fs::metadata(&file).unwrap().len();
                fs::File::options().write(true).open(&file).unwrap().set_len(size / 2).unwrap();
            }
        });
    }
    check("no salt", |folder| fs::remove_file(folder.join("salt")).unwrap());
    check("half a salt", |folder| fs::write(folder.join("salt"), [1; 16]).unwrap());
    check("another version", |folder| {
        let meta = fs::read_to_string(folder.join("meta.json")).unwrap();
        assert!(meta.contains("bucket"));
        fs::write(folder.join("meta.json"), meta.replace("bucket", "bucket_0")).unwrap();
    });
    check("a file", |folder| {
        fs::remove_dir_all(folder).unwrap();
        fs::create_dir(folder).unwrap();
    });
}

#[test]
fn an_update_that_meets_a_damaged_index_fails_and_the_next_one_makes_it_anew() {
    let mut house = House::new();
    house.tell(FAMILY, &["Work/plan.md"]);
    fs::write(house.index_of(FAMILY).join("meta.json"), b"?").unwrap();
    let mut house = house.restart();
    let update = Update { web: FAMILY, names: vec![name(1, Some("Work/other.md"))], texts: Vec::new() };
    let failure = house.try_update(&update).unwrap_err();
    assert!(matches!(&failure, JobFailure::Failed(text) if text.starts_with("index-lost")), "{failure:?}");
    assert_eq!(house.lost, [FAMILY]);
    house.update(&update);
    assert_eq!(house.names(FAMILY, "other", false), [1]);
}

#[test]
fn an_index_that_goes_away_while_it_is_open_is_noticed_by_the_next_update() {
    let mut house = House::new();
    house.tell(FAMILY, &["Work/plan.md"]);
    fs::remove_dir_all(house.index_of(FAMILY)).unwrap();
    let update = Update { web: FAMILY, names: vec![name(1, Some("Work/other.md"))], texts: Vec::new() };
    let failure = house.try_update(&update).unwrap_err();
    assert!(matches!(&failure, JobFailure::Failed(text) if text.starts_with("index-lost")), "{failure:?}");
    assert_eq!(house.lost, [FAMILY]);
    house.update(&update);
    assert_eq!(house.names(FAMILY, "other", false), [1]);
}

/// Names a folder to the process that is killed.
const VICTIM: &str = "ALTHING_TEST_INDEX_VICTIM";

/// Not a test by itself: the process that [`what_is_said_to_be_done_is_there_after_a_crash`] kills.
#[test]
fn updates_until_it_is_killed() {
    let Some(folder) = std::env::var_os(VICTIM) else { return };
    let mut house = House::open((&folder).into(), Arc::default(), extractor());
    let before = house.query(&search::jobs::Query { names: 1, ..ask(FAMILY, "plan") }).names_total;
    for round in usize::try_from(before).unwrap() / 100.. {
        let names = (0..100).map(|at| name(round * 100 + at, Some(&format!("Work/plan {at}.md")))).collect();
        house.update(&Update { web: FAMILY, names, texts: Vec::new() });
        house.put(FAMILY, "a.txt", format!("alpha {round}").as_bytes());
        println!("\ndone {round}");
    }
}

#[test]
fn what_is_said_to_be_done_is_there_after_a_crash() {
    let folder = tempfile::tempdir().unwrap();
    let mut done = 0;
    for crash in 1..=4 {
        let mut victim = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "damage::updates_until_it_is_killed", "--nocapture"])
            .env(VICTIM, folder.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(victim.stdout.take().unwrap()).lines().map(Result::unwrap);
        let mut rounds = lines.filter_map(|line| line.strip_prefix("done ")?.parse::<u64>().ok());
        // Each time somewhere else within the work.
        done = rounds.nth(crash * 3).unwrap() + 1;
        victim.kill().unwrap();
        victim.wait().unwrap();
        done = rounds.last().map_or(done, |round| round + 1);
    }
    let mut house = House::open(folder.path().into(), Arc::default(), extractor());
    let names = house.query(&search::jobs::Query { names: 1, ..ask(FAMILY, "plan") }).names_total;
    assert!(names == done * 100 || names == (done + 1) * 100, "{names} after {done}");
    let texts = house.texts(FAMILY, "alpha").documents;
    assert!(texts == done || texts == done + 1, "{texts} after {done}");
    assert_eq!(house.lost, []);
}

#[test]
fn cancelled_work_ends_as_cancelled() {
    let mut house = House::new();
    let update = Update { web: FAMILY, names: vec![name(0, Some("Work/plan.md"))], texts: Vec::new() };
    let jobs: Vec<_> = (0..50).map(|_| house.begin(UPDATE, to_bytes(&update))).collect();
    jobs.iter().for_each(|job| house.cancel(*job));
    let mut ends: Vec<_> = jobs.iter().map(|_| house.end()).collect();
    ends.sort_by_key(|(job, _)| *job);
    assert_eq!(ends.iter().map(|(job, _)| *job).collect::<Vec<_>>(), jobs);
    assert_eq!(ends.last().unwrap().1, Err(JobFailure::Cancelled));
}

#[test]
fn many_jobs_of_many_webs_end_each_once_and_in_order_within_a_web() {
    let mut house = House::new();
    let mut jobs = Vec::new();
    for round in 0..20_usize {
        for web in [FAMILY, WORK] {
            let path = format!("Work/plan {round}.md");
            let update = Update { web, names: vec![name(0, Some(&path))], texts: Vec::new() };
            jobs.push((web, house.begin(UPDATE, to_bytes(&update))));
        }
        jobs.push((
            FAMILY,
            house.begin(QUERY, to_bytes(&search::jobs::Query { names: 5, ..ask(FAMILY, "plan") })),
        ));
    }
    let mut ends: Vec<_> = jobs.iter().map(|_| house.end().0).collect();
    ends.sort_unstable();
    assert_eq!(ends, jobs.iter().map(|(_, job)| *job).collect::<Vec<_>>());
    for web in [FAMILY, WORK] {
        let answer = house.query(&search::jobs::Query { names: 5, ..ask(web, "plan 19") });
        assert_eq!(answer.names_total, 1);
    }
}

#[test]
fn garbage_is_refused() {
    let mut house = House::new();
    for kind in [UPDATE, QUERY, search::jobs::FORGET] {
        for input in [&b""[..], b"?", &[0xFF; 100]] {
            assert!(matches!(house.run(kind, input.to_vec()), Err(JobFailure::Failed(_))), "{kind}");
        }
    }
}

#[test]
fn without_its_program_documents_are_not_said_to_be_read() {
    let extractor = ExtractorProgram { path: "/nowhere/at/all".into(), arguments: Vec::new() };
    let mut house = House::open(tempfile::tempdir().unwrap().into(), Arc::default(), extractor);
    house.put(FAMILY, "a.txt", b"plain text needs no program");
    let path = house.folder.path().join("page.html");
    fs::write(&path, b"<p>hello</p>").unwrap();
    let document = Document { name: "page.html".to_owned(), size: 12, source: in_place(&path) };
    let item = TextItem { content: content_of(b"page"), document: Some(document) };
    let update = Update { web: FAMILY, names: Vec::new(), texts: vec![item] };
    let failure = house.try_update(&update).unwrap_err();
    assert!(
        matches!(&failure, JobFailure::Failed(text) if text.contains("cannot be started")),
        "{failure:?}"
    );
    assert_eq!(house.texts(FAMILY, "plain").documents, 1);
}
