//! What a walk finds, and what it must not.

use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::time::Instant;

use files::jobs::{FoundItem, FoundKind, ITEMS_MAX, RootState, WALK, Walk, to_bytes};
use kernel::{Driver, JobFailure};

use super::Stage;

fn paths(stage: &mut Stage) -> Vec<String> {
    let (reports, _) = stage.walk();
    let mut paths: Vec<String> =
        reports.into_iter().flat_map(|report| report.items).map(|item| item.path).collect();
    paths.sort();
    paths
}

fn find(stage: &mut Stage, path: &str) -> Option<FoundItem> {
    stage.walk().0.into_iter().flat_map(|report| report.items).find(|item| item.path == path)
}

fn why(stage: &mut Stage, path: &str) -> Option<String> {
    let (reports, _) = stage.walk();
    reports
        .into_iter()
        .flat_map(|report| report.skipped)
        .find(|skipped| skipped.path == path)
        .map(|skipped| skipped.why)
}

#[test]
fn a_walk_finds_files_and_folders_each_once_and_each_folder_before_what_is_in_it() {
    let mut stage = Stage::new();
    for path in ["a.txt", "b/c.txt", "b/d/e/f.txt", ".hidden/.gitignore", "empty/."] {
        match path.strip_suffix("/.") {
            Some(folder) => std::fs::create_dir(stage.path(folder)).unwrap(),
            None => stage.write(path, path),
        }
    }
    stage.write(".gitignore", "*");
    let (reports, summary) = stage.walk();
    let order: Vec<String> =
        reports.into_iter().flat_map(|report| report.items).map(|item| item.path).collect();
    for (at, path) in order.iter().enumerate() {
        if let Some((parent, _)) = path.rsplit_once('/') {
            assert!(order[..at].iter().any(|before| before == parent), "{path} came before {parent}");
        }
    }
    assert_eq!(summary.root, RootState::Walked);
    assert_eq!(summary.items, u64::try_from(order.len()).unwrap());
    assert_eq!(
        paths(&mut stage),
        [
            ".gitignore",
            ".hidden",
            ".hidden/.gitignore",
            "a.txt",
            "b",
            "b/c.txt",
            "b/d",
            "b/d/e",
            "b/d/e/f.txt",
            "empty"
        ]
    );
}

#[test]
fn hostile_names_come_through_as_they_are() {
    let mut stage = Stage::new();
    let long = "ß".repeat(127);
    let names = [
        "line\nbreak",
        "tab\tbell\u{7}",
        "__proto__",
        "CON",
        "..hidden",
        "\u{202e}gpj.exe",
        " ",
        "a\\b",
        &long,
    ];
    for name in names {
        stage.write(name, "x");
    }
    let mut expected: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    expected.sort();
    assert_eq!(paths(&mut stage), expected);
}

#[test]
fn a_name_that_is_not_text_is_skipped_with_a_reason() {
    let mut stage = Stage::new();
    std::fs::write(stage.folder.path().join(std::ffi::OsStr::from_bytes(b"caf\xe9")), "x").unwrap();
    assert_eq!(why(&mut stage, "caf\u{fffd}").unwrap(), "its name is not valid UTF-8");
    assert!(paths(&mut stage).is_empty());
}

#[test]
fn links_are_shown_and_never_followed() {
    let mut stage = Stage::new();
    stage.write("inside/file", "x");
    symlink("..", stage.path("inside/loop")).unwrap();
    symlink("/etc", stage.path("outside")).unwrap();
    symlink("nowhere", stage.path("broken")).unwrap();
    assert_eq!(paths(&mut stage), ["broken", "inside", "inside/file", "inside/loop", "outside"]);
    assert_eq!(find(&mut stage, "outside").unwrap().kind, FoundKind::Link { target: "/etc".to_owned() });
}

#[test]
fn sockets_pipes_and_devices_are_skipped_with_a_reason() {
    let mut stage = Stage::new();
    let _socket = std::os::unix::net::UnixListener::bind(stage.path("socket")).unwrap();
    rustix::fs::mkfifoat(rustix::fs::CWD, stage.path("pipe"), rustix::fs::Mode::RWXU).unwrap();
    assert_eq!(why(&mut stage, "socket").unwrap(), "a socket");
    assert_eq!(why(&mut stage, "pipe").unwrap(), "a named pipe");
    let (reports, _) = stage.walk_of("/dev");
    assert!(reports.iter().flat_map(|report| &report.skipped).any(|skipped| skipped.why == "a device"));
}

#[test]
fn our_own_temporary_files_are_not_listed() {
    let mut stage = Stage::new();
    stage.write(".althing-tmp-0123", "x");
    stage.write("kept", "x");
    assert_eq!(paths(&mut stage), ["kept"]);
}

#[test]
fn each_wrong_root_has_its_own_word() {
    let mut stage = Stage::new();
    stage.write("file", "x");
    let root = stage.root();
    let mut check =
        |root: String, expected: RootState| assert_eq!(stage.walk_of(&root).1.root, expected, "{root}");
    check(format!("{root}/missing"), RootState::Missing);
    check(format!("{root}/file"), RootState::NotAFolder);
    check(format!("{root}/file/below"), RootState::NotAFolder);
}

#[test]
fn what_may_not_be_read_is_skipped_with_a_reason() {
    use std::os::unix::fs::PermissionsExt;
    if rustix::process::geteuid().is_root() {
        return eprintln!("skipped: root may read everything");
    }
    let mut stage = Stage::new();
    stage.write("closed/file", "x");
    let mode = |mode| std::fs::Permissions::from_mode(mode);
    std::fs::set_permissions(stage.path("closed"), mode(0o000)).unwrap();
    let why = why(&mut stage, "closed");
    std::fs::set_permissions(stage.path("closed"), mode(0o700)).unwrap();
    assert_eq!(why.unwrap(), "permission denied");
}

#[test]
fn the_root_may_be_named_through_a_link() {
    let mut stage = Stage::new();
    stage.write("real/file", "x");
    symlink(stage.path("real"), stage.path("link")).unwrap();
    let link = stage.path("link").to_str().unwrap().to_owned();
    let (reports, summary) = stage.walk_of(&link);
    assert_eq!(reports[0].items[0].path, "file");
    assert!(summary.real_root.ends_with("/real"));
}

#[test]
fn ten_thousand_entries_come_in_batches_and_the_first_comes_soon() {
    let mut stage = Stage::new();
    for number in 0..10_000 {
        stage.write(&format!("{number:05}"), "");
    }
    let began = Instant::now();
    let (reports, summary) = stage.walk();
    eprintln!("10,000 entries walked in {:?}, {} reports", began.elapsed(), reports.len());
    assert_eq!(summary.items, 10_000);
    assert!(reports.iter().all(|report| report.items.len() <= ITEMS_MAX));
    assert!(reports[0].items.len() <= 100);
}

#[test]
fn an_empty_folder_has_one_empty_report() {
    let mut stage = Stage::new();
    let (reports, summary) = stage.walk();
    assert_eq!((reports.len(), summary.items, summary.skipped), (1, 0, 0));
}

#[test]
fn very_deep_folders_end_in_a_reason_not_in_a_crash() {
    let mut stage = Stage::new();
    let name = "d".repeat(200);
    let mut folder =
        rustix::fs::open(stage.folder.path(), rustix::fs::OFlags::DIRECTORY, rustix::fs::Mode::empty())
            .unwrap();
    for _ in 0..40 {
        rustix::fs::mkdirat(&folder, name.as_str(), rustix::fs::Mode::RWXU).unwrap();
        folder = rustix::fs::openat(
            &folder,
            name.as_str(),
            rustix::fs::OFlags::DIRECTORY,
            rustix::fs::Mode::empty(),
        )
        .unwrap();
    }
    let (reports, summary) = stage.walk();
    assert_eq!((summary.root, summary.items, summary.skipped), (RootState::Walked, 20, 1));
    let skipped = reports.into_iter().flat_map(|report| report.skipped).next().unwrap();
    assert!(skipped.why.contains("longer than"), "{}", skipped.why);
}

#[test]
fn a_cancelled_walk_ends_as_cancelled() {
    let mut stage = Stage::new();
    let id = stage.give(WALK, to_bytes(&Walk { root: "/".to_owned() }));
    stage.workers.cancel(id);
    assert_eq!(stage.until_end(id).outcome, Err(JobFailure::Cancelled));
}

#[test]
fn windows_into_the_running_system_are_not_walked() {
    let mut stage = Stage::new();
    let id = stage.give(WALK, to_bytes(&Walk { root: "/".to_owned() }));
    let mut skipped = Vec::new();
    // Nearest things come first, so /proc is met long before the walk of the whole computer ends.
    while !skipped.contains(&"proc".to_owned()) {
        match stage.next() {
            kernel::Input::Progress { report, .. } => {
                let report: files::jobs::WalkReport = files::jobs::from_bytes(&report).unwrap();
                assert!(report.items.iter().all(|item| !item.path.starts_with("proc/")));
                skipped.extend(report.skipped.into_iter().map(|skipped| skipped.path));
            }
            other => panic!("{other:?}"),
        }
    }
    stage.workers.cancel(id);
    stage.until_end(id);
}
