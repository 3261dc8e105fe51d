//! What a watch tells.

use std::time::Instant;

use files::jobs::{FoundKind, WATCH, Watch, WatchReport, from_bytes, to_bytes};
use kernel::{Driver, Input, JobFailure, JobId};

use super::Stage;

/// Begins a watch and returns when it stands.
fn watch(stage: &mut Stage) -> JobId {
    let root = stage.root();
    let id = stage.give(WATCH, to_bytes(&Watch { root }));
    match stage.next() {
        Input::Progress { job, report } if job == id => {
            let report: WatchReport = from_bytes(&report).unwrap();
            assert_eq!(report, EMPTY, "the first report says that the watch stands, nothing more");
        }
        other => panic!("{other:?}"),
    }
    id
}

const EMPTY: WatchReport =
    WatchReport { changed: Vec::new(), gone: Vec::new(), skipped: Vec::new(), is_rescan_needed: false };

/// Gathers reports until they fulfil a claim.
fn until(stage: &mut Stage, claim: impl Fn(&WatchReport) -> bool) -> WatchReport {
    let mut all = EMPTY;
    while !claim(&all) {
        match stage.next() {
            Input::Progress { report, .. } => {
                let report: WatchReport = from_bytes(&report).unwrap();
                all.changed.extend(report.changed);
                all.gone.extend(report.gone);
                all.skipped.extend(report.skipped);
                all.is_rescan_needed |= report.is_rescan_needed;
            }
            other => panic!("{other:?}"),
        }
    }
    all
}

fn has(report: &WatchReport, path: &str) -> bool {
    report.changed.iter().any(|item| item.path == path)
}

#[test]
fn a_save_is_told_with_its_stat_within_half_a_second() {
    let mut stage = Stage::new();
    stage.write("sub/notes", "one");
    watch(&mut stage);
    let saved = Instant::now();
    stage.write("sub/notes", "three");
    let told = until(&mut stage, |told| has(told, "sub/notes"));
    eprintln!("told after {:?}", saved.elapsed());
    let item = told.changed.iter().find(|item| item.path == "sub/notes").unwrap();
    assert_eq!((&item.kind, item.stat.size), (&FoundKind::File, 5));
}

#[test]
fn a_rename_is_told_as_gone_and_changed_in_one_report() {
    let mut stage = Stage::new();
    stage.write("old", "x");
    watch(&mut stage);
    std::fs::rename(stage.path("old"), stage.path("new")).unwrap();
    let told = until(&mut stage, |told| !told.gone.is_empty());
    assert_eq!(told.gone, ["old"]);
    assert!(has(&told, "new"));
}

#[test]
fn a_removed_folder_is_told_alone() {
    let mut stage = Stage::new();
    stage.write("folder/inner/file", "x");
    watch(&mut stage);
    std::fs::remove_dir_all(stage.path("folder")).unwrap();
    let told = until(&mut stage, |told| !told.gone.is_empty());
    assert_eq!(told.gone, ["folder"]);
}

#[test]
fn a_new_folder_is_told_with_all_that_is_in_it() {
    let mut stage = Stage::new();
    watch(&mut stage);
    stage.write("new/deep/deeper/file", "x");
    let told = until(&mut stage, |told| has(told, "new/deep/deeper/file"));
    assert!(has(&told, "new") && has(&told, "new/deep"));
    // And it is watched from now on.
    stage.write("new/deep/deeper/second", "x");
    until(&mut stage, |told| has(told, "new/deep/deeper/second"));
}

#[test]
fn a_folder_moved_in_is_told_with_all_that_is_in_it() {
    let mut stage = Stage::new();
    watch(&mut stage);
    let outside = tempfile::tempdir_in(stage.folder.path().parent().unwrap()).unwrap();
    std::fs::create_dir(outside.path().join("inner")).unwrap();
    std::fs::write(outside.path().join("inner/file"), "x").unwrap();
    std::fs::rename(outside.path(), stage.path("moved")).unwrap();
    until(&mut stage, |told| has(told, "moved/inner/file"));
}

#[test]
fn reading_files_tells_nothing() {
    let mut stage = Stage::new();
    for number in 0..100 {
        stage.write(&number.to_string(), "x");
    }
    watch(&mut stage);
    for number in 0..100 {
        std::fs::read(stage.path(&number.to_string())).unwrap();
    }
    stage.write("last", "x");
    let told = until(&mut stage, |told| has(told, "last"));
    assert!(told.changed.iter().all(|item| item.path == "last"), "{told:?}");
}

#[test]
fn a_burst_of_changes_is_told_or_a_rescan_is_asked_for() {
    let mut stage = Stage::new();
    watch(&mut stage);
    for number in 0..6_000 {
        stage.write(&format!("burst-{number}"), "x");
    }
    until(&mut stage, |told| told.is_rescan_needed || has(told, "burst-5999"));
}

#[test]
fn a_root_that_goes_away_ends_the_watch_with_a_rescan() {
    let mut stage = Stage::new();
    let id = watch(&mut stage);
    std::fs::remove_dir_all(stage.folder.path()).unwrap();
    let said = stage.until_end(id);
    assert!(matches!(said.outcome, Err(JobFailure::Failed(why)) if why.starts_with("missing:")));
    let last: WatchReport = from_bytes(said.reports.last().unwrap()).unwrap();
    assert!(last.is_rescan_needed);
}

#[test]
fn a_missing_root_cannot_be_watched() {
    let mut stage = Stage::new();
    let id = stage.give(WATCH, to_bytes(&Watch { root: "/nowhere at all".to_owned() }));
    assert!(
        matches!(stage.until_end(id).outcome, Err(JobFailure::Failed(why)) if why.starts_with("missing:"))
    );
}

#[test]
fn a_cancelled_watch_ends_as_cancelled() {
    let mut stage = Stage::new();
    let id = watch(&mut stage);
    stage.workers.cancel(id);
    assert_eq!(stage.until_end(id).outcome, Err(JobFailure::Cancelled));
}
