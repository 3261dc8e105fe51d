//! Homes that are renamed, copied and carried about.

use std::path::{Path, PathBuf};

use crate::place::{Claim, Found, Place};
use crate::renew::{Settled, settle};
use crate::{Home, PeerError};

fn new_home() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("home");
    let home = Home::open(&path).unwrap();
    super::home::opened(&home);
    Place::remember_from(&home, Some("desk")).unwrap();
    (folder, path)
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        match entry.file_type().unwrap().is_dir() {
            true => copy(&entry.path(), &to.join(entry.file_name())),
            false => drop(std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap()),
        }
    }
}

fn look(path: &Path, machine: &str) -> Found {
    Place::look_from(&Home::open(path).unwrap(), Some(machine)).unwrap()
}

fn settled(path: &Path, claim: Claim) -> Result<Settled, PeerError> {
    settle(&Home::open(path).unwrap(), claim, None)
}

#[test]
fn a_renamed_home_is_the_same_and_a_copy_beside_it_is_not() {
    let (folder, path) = new_home();
    assert_eq!(look(&path, "desk"), Found::Here);
    let copied = folder.path().join("copied");
    copy(&path, &copied);
    assert_eq!(look(&copied, "desk"), Found::Copied(path.clone()));
    let renamed = folder.path().join("renamed");
    std::fs::rename(&path, &renamed).unwrap();
    assert_eq!(look(&renamed, "desk"), Found::Here);
}

#[test]
fn a_home_that_is_moved_to_another_disk_or_restored_is_not_refused() {
    let (folder, path) = new_home();
    let moved = folder.path().join("moved");
    Place::remember(&Home::open(&path).unwrap()).unwrap();
    copy(&path, &moved);
    std::fs::rename(&path, folder.path().join("gone")).unwrap();
    assert_eq!(look(&moved, "desk"), Found::Moved);
    assert_eq!(Place::look_from(&Home::open(&moved).unwrap(), None).unwrap(), Found::Moved);
    copy(&moved, &path);
    assert_eq!(look(&path, "desk"), Found::Moved, "put back where it was");
    assert_eq!(settled(&path, Claim::Nothing).unwrap(), Settled::OnlyOne);
}

#[test]
fn a_disk_that_is_carried_to_another_computer_is_not_asked_about() {
    let (_folder, path) = new_home();
    assert_eq!(look(&path, "attic"), Found::Here);
    Place::remember_from(&Home::open(&path).unwrap(), Some("attic")).unwrap();
    let home = Home::open(&path).unwrap();
    assert_eq!(Place::look_from(&home, None).unwrap(), Found::Here, "where nothing names the computer");
    let text = std::fs::read_to_string(home.place()).unwrap();
    assert!(!text.contains("desk") && !text.contains("attic"), "{text}");
}

#[test]
fn a_copy_on_another_computer_is_noticed() {
    let (folder, path) = new_home();
    let copied = folder.path().join("copied");
    copy(&path, &copied);
    std::fs::rename(&path, folder.path().join("on the other computer")).unwrap();
    assert_eq!(look(&copied, "attic"), Found::Copied(path));
    Place::remember_from(&Home::open(&copied).unwrap(), Some("attic")).unwrap();
    let again = folder.path().join("again");
    copy(&copied, &again);
    std::fs::remove_dir_all(&copied).unwrap();
    assert_eq!(look(&again, "attic"), Found::Moved);
    assert_eq!(look(&again, "desk"), Found::Copied(copied), "a copy forgets the computers of its original");
}

#[test]
fn a_home_that_remembers_no_place_starts_as_before() {
    let (_folder, path) = new_home();
    let home = Home::open(&path).unwrap();
    for text in [None, Some("nonsense")] {
        match text {
            None => std::fs::remove_file(home.place()).unwrap(),
            Some(text) => std::fs::write(home.place(), text).unwrap(),
        }
        assert_eq!(Place::look_from(&home, Some("attic")).unwrap(), Found::Here);
    }
}

#[test]
fn a_copy_is_not_started_until_a_person_says_what_it_is() {
    let (folder, path) = new_home();
    let copied = folder.path().join("copied");
    copy(&path, &copied);
    let keys = || std::fs::read(crate::keys_path(&copied)).unwrap();
    let before = keys();
    assert!(matches!(settled(&copied, Claim::Nothing), Err(PeerError::Copied { .. })));
    assert_eq!(settled(&copied, Claim::OnlyOne).unwrap(), Settled::OnlyOne);
    assert!(
        settled(&copied, Claim::Nothing).is_err(),
        "nothing is taken as said before the peer has started"
    );
    Place::remember(&Home::open(&copied).unwrap()).unwrap();
    assert_eq!((settled(&copied, Claim::Nothing).unwrap(), keys()), (Settled::AsBefore, before));
}

#[test]
fn a_copy_becomes_a_new_device_and_keeps_its_contents_only() {
    let (folder, path) = new_home();
    std::fs::create_dir_all(path.join("network/contents")).unwrap();
    for file in ["network/contents/plum", "network/addresses", "store.redb", "ports.toml", "config.toml"] {
        std::fs::write(path.join(file), "x").unwrap();
    }
    let copied = folder.path().join("copied");
    copy(&path, &copied);
    let device = |path: &Path| super::home::opened(&Home::open(path).unwrap()).device();
    let before = device(&copied);
    assert_eq!(settled(&copied, Claim::NewDevice).unwrap(), Settled::NewDevice);
    assert_ne!(device(&copied), before);
    assert_eq!(device(&path), before, "the other home is untouched");
    let is_there = |file: &str| copied.join(file).exists();
    assert!(is_there("network/contents/plum") && is_there("config.toml"));
    assert!(!is_there("network/addresses") && !is_there("store.redb") && !is_there("ports.toml"));
    assert_eq!(settled(&copied, Claim::Nothing).unwrap(), Settled::AsBefore);
}

#[test]
fn a_home_that_is_no_copy_does_not_throw_its_keys_away() {
    let (_folder, path) = new_home();
    Place::remember(&Home::open(&path).unwrap()).unwrap();
    let before = std::fs::read(crate::keys_path(&path)).unwrap();
    assert!(matches!(settled(&path, Claim::NewDevice), Err(PeerError::NoCopy { .. })));
    assert_eq!(std::fs::read(crate::keys_path(&path)).unwrap(), before);
}

#[test]
fn what_was_left_undone_is_done_at_the_next_start() {
    let (_folder, path) = new_home();
    let home = Home::open(&path).unwrap();
    let before = super::home::opened(&home).device();
    std::fs::write(home.store(), "rows of the old device").unwrap();
    Place::begin_renewal(&home).unwrap();
    drop(home);
    assert_eq!(settled(&path, Claim::Nothing).unwrap(), Settled::NewDevice);
    let home = Home::open(&path).unwrap();
    assert!(!home.store().exists());
    assert_ne!(super::home::opened(&home).device(), before);
}
