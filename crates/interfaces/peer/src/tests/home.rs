//! Homes in every state they can be found in.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use base::Fault;
use tempfile::TempDir;

use crate::keys::{KeyFile, Passphrase};
use crate::tests::vault_of;
use crate::{Home, PeerError};
use kernel::Vault;
use wire::crypto::{PersonKey, SignKey, Signer};
use wire::identity::Inception;

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn set_mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

fn fresh() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("some/home");
    (folder, home)
}

fn open(home: &Home, passphrase: Option<&Passphrase>) -> Result<KeyFile, PeerError> {
    KeyFile::open(home, passphrase)
}

pub(super) fn opened(home: &Home) -> KeyFile {
    open(home, None).unwrap()
}

fn code(error: PeerError) -> String {
    Fault::from(error).code
}

#[test]
fn a_new_home_and_its_keys_are_for_their_owner_only() {
    let (_folder, path) = fresh();
    let home = Home::open(&path).unwrap();
    opened(&home);
    assert_eq!((mode(&path), mode(&home.keys())), (0o700, 0o600));
}

#[test]
fn the_same_home_is_the_same_device_and_person_and_another_is_another() {
    let (_folder, path) = fresh();
    let vault = |path: &Path| vault_of(&Home::open(path).unwrap());
    let (first, again) = (vault(&path), vault(&path));
    assert_eq!((first.device(), first.inception()), (again.device(), again.inception()));
    let (_folder, other) = fresh();
    assert_ne!(vault(&other).device(), first.device());
}

#[test]
fn two_peers_cannot_use_one_home() {
    let (_folder, path) = fresh();
    let home = Home::open(&path).unwrap();
    let fault = Fault::from(Home::open(&path).unwrap_err());
    assert_eq!(fault.code, "peer.home-in-use");
    assert!(fault.what.ends_with(&format!("process id {}", std::process::id())), "{}", fault.what);
    drop(home);
    Home::open(&path).unwrap();
}

#[test]
fn a_folder_with_other_things_in_it_is_left_alone() {
    let (folder, path) = fresh();
    std::fs::create_dir_all(&path).unwrap();
    std::fs::write(path.join("holiday.mp4"), "x").unwrap();
    set_mode(&path, 0o755);
    assert_eq!(code(Home::open(&path).unwrap_err()), "peer.not-a-home");
    assert_eq!(mode(&path), 0o755);
    drop(folder);
}

#[test]
fn a_home_left_open_to_others_is_closed() {
    let (_folder, path) = fresh();
    std::fs::create_dir_all(&path).unwrap();
    set_mode(&path, 0o755);
    let _home = Home::open(&path).unwrap();
    assert_eq!(mode(&path), 0o700);
}

#[test]
fn a_home_that_is_a_file_or_has_a_relative_or_too_long_path_is_refused() {
    let (folder, _) = fresh();
    std::fs::write(folder.path().join("file"), "x").unwrap();
    let check = |path: &Path, expected: &str| assert_eq!(code(Home::open(path).unwrap_err()), expected);
    check(&folder.path().join("file"), "peer.home-unusable");
    check(Path::new("relative"), "peer.home-not-absolute");
    check(&folder.path().join("x".repeat(120)), "peer.home-path-too-long");
}

#[test]
fn a_home_that_may_not_be_written_is_refused() {
    if rustix::process::geteuid().is_root() {
        return eprintln!("skipped: root may write everywhere");
    }
    let (_folder, path) = fresh();
    std::fs::create_dir_all(&path).unwrap();
    set_mode(&path, 0o500);
    assert_eq!(code(Home::open(&path).unwrap_err()), "peer.home-read-only");
}

#[test]
fn a_full_disk_is_told_from_other_trouble() {
    let kind = |kind| code(PeerError::of_home("/home", std::io::Error::from(kind)));
    assert_eq!(kind(std::io::ErrorKind::StorageFull), "peer.home-full");
    assert_eq!(kind(std::io::ErrorKind::ReadOnlyFilesystem), "peer.home-read-only");
    assert_eq!(kind(std::io::ErrorKind::Other), "peer.home-unusable");
}

#[test]
fn bad_keys_are_refused_and_left_as_they_are() {
    let (_folder, path) = fresh();
    let home = Home::open(&path).unwrap();
    opened(&home);
    let whole = std::fs::read(home.keys()).unwrap();
    let check = |bytes: &[u8], expected: &str| {
        std::fs::write(home.keys(), bytes).unwrap();
        assert_eq!(code(open(&home, None).unwrap_err()), expected);
        assert_eq!(std::fs::read(home.keys()).unwrap(), bytes);
    };
    check(b"", "peer.keys-damaged");
    check(b"nonsense", "peer.keys-damaged");
    check(&whole[..whole.len() - 1], "peer.keys-damaged");
    check(&[whole.as_slice(), b"x"].concat(), "peer.keys-damaged");
    let mut future = whole.clone();
    future[1] = 5;
    check(&future, "peer.keys-future");
    let mut other_device = whole.clone();
    other_device[10] ^= 1;
    check(&other_device, "peer.keys-damaged");
    std::fs::write(home.keys(), &whole).unwrap();
    opened(&home);
    set_mode(&home.keys(), 0o640);
    assert_eq!(code(open(&home, None).unwrap_err()), "peer.keys-exposed");
}

/// A file of version 1: seeds of 1, 2 and 3.
fn version_1() -> Vec<u8> {
    let seed = |byte: u8| [&[0x58, 0x20][..], &[byte; 32]].concat();
    [vec![0x84, 0x01], seed(1), seed(2), seed(3)].concat()
}

#[test]
fn keys_of_version_1_become_version_2_and_stay_the_same_device_and_person() {
    let (_folder, path) = fresh();
    let home = Home::open(&path).unwrap();
    std::fs::write(home.keys(), version_1()).unwrap();
    set_mode(&home.keys(), 0o600);
    let keys = opened(&home);
    let device = SignKey::from_seed(&[1; 32]);
    let inception = Inception::new(&SignKey::from_seed(&[3; 32]), &device, &PersonKey::from_seed(&[2; 32]));
    assert_eq!(keys.inception(), inception.to_bytes());
    assert_eq!(
        (*keys.device(), *keys.person(), keys.recovery().map(|it| *it)),
        ([1; 32], [2; 32], Some([3; 32]))
    );
    let written = std::fs::read(home.keys()).unwrap();
    assert_eq!((&written[..2], mode(&home.keys())), (&[0x85, 0x02][..], 0o600));
    assert_eq!(opened(&home).inception(), inception.to_bytes());
    assert_eq!(std::fs::read(home.keys()).unwrap(), written);
}

#[test]
fn a_forgotten_recovery_secret_is_gone_from_the_file_and_all_else_stays() {
    let (_folder, path) = fresh();
    let home = Home::open(&path).unwrap();
    let keys = opened(&home);
    let secret = keys.recovery().unwrap();
    let holds_secret = || std::fs::read(home.keys()).unwrap().windows(32).any(|part| part == *secret);
    assert!(holds_secret());
    keys.forget_recovery().unwrap();
    keys.forget_recovery().unwrap();
    assert!(!holds_secret() && keys.recovery().is_none());
    let again = opened(&home);
    assert_eq!((again.device(), again.inception()), (keys.device(), keys.inception()));
    assert!(again.recovery().is_none());
}

#[test]
fn the_first_person_key_of_a_new_home_comes_of_the_recovery_secret() {
    let (_folder, path) = fresh();
    let keys = opened(&Home::open(&path).unwrap());
    let derived = blake3::derive_key("althing first person key v1", &*keys.recovery().unwrap());
    assert_eq!(*keys.person(), derived);
    let inception = Inception::read(&keys.inception()).unwrap();
    assert_eq!(*inception.person_key(), PersonKey::from_seed(&derived).public());
}

#[test]
fn a_store_without_keys_does_not_get_new_ones() {
    let (_folder, path) = fresh();
    let home = Home::open(&path).unwrap();
    std::fs::write(home.store(), "x").unwrap();
    assert_eq!(code(open(&home, None).unwrap_err()), "peer.keys-missing");
    assert!(!home.keys().exists());
}

#[test]
fn each_fault_has_its_own_code_and_something_to_say() {
    let faults = crate::faults();
    let codes: std::collections::BTreeSet<&str> = faults.iter().map(|fault| fault.code.as_str()).collect();
    assert_eq!(codes.len(), faults.len());
    for fault in &faults {
        assert!(!fault.what.is_empty() && !fault.what.ends_with('.'), "{}", fault.what);
    }
}
