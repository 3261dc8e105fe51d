//! Keys sealed under a passphrase.

use std::path::PathBuf;

use base::Fault;
use zeroize::Zeroizing;

use crate::keys::{KeyFile, Passphrase, Protect, Protection};
use crate::{Home, PeerError, protection};

fn words(text: &str) -> Passphrase {
    Zeroizing::new(text.to_owned())
}

fn new_home() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("home");
    (folder, path)
}

fn protect(home: &Home, present: Option<&str>, by: Protect) -> Result<(), PeerError> {
    KeyFile::protect(home, present.map(words).as_ref(), by)
}

fn open(home: &Home, passphrase: &str) -> Result<KeyFile, PeerError> {
    KeyFile::open(home, Some(&words(passphrase)))
}

fn code<T: std::fmt::Debug>(result: Result<T, PeerError>) -> String {
    Fault::from(result.unwrap_err()).code
}

fn holds(home: &Home, secret: &[u8; 32]) -> bool {
    std::fs::read(home.keys()).unwrap().windows(32).any(|part| part == secret)
}

#[test]
fn a_passphrase_seals_the_keys_and_opens_them_again() {
    let (_folder, path) = new_home();
    let home = Home::open(&path).unwrap();
    let plain = super::home::opened(&home);
    assert!(holds(&home, &plain.device()));
    protect(&home, None, Protect::Passphrase(words("plum harvest"))).unwrap();
    assert_eq!(protection(&path).unwrap(), Some(Protection::Passphrase));
    for secret in [plain.device(), plain.person(), plain.recovery().unwrap()] {
        assert!(!holds(&home, &secret));
    }
    let sealed = open(&home, "plum harvest").unwrap();
    assert_eq!((sealed.device(), sealed.inception()), (plain.device(), plain.inception()));
}

#[test]
fn a_wrong_or_missing_passphrase_changes_and_loses_nothing() {
    let (_folder, path) = new_home();
    let home = Home::open(&path).unwrap();
    protect(&home, None, Protect::Passphrase(words("plum harvest"))).unwrap();
    let before = std::fs::read(home.keys()).unwrap();
    assert_eq!(code(open(&home, "pear harvest")), "peer.passphrase-wrong");
    assert_eq!(code(KeyFile::open(&home, None)), "peer.passphrase-needed");
    assert_eq!(code(protect(&home, Some("pear harvest"), Protect::FileRights)), "peer.passphrase-wrong");
    assert_eq!(code(protect(&home, None, Protect::FileRights)), "peer.passphrase-needed");
    let short = Protect::Passphrase(words("plum"));
    assert_eq!(code(protect(&home, Some("plum harvest"), short)), "peer.passphrase-length");
    assert_eq!(code(KeyFile::may_renew(&home, Some(&words("pear harvest")))), "peer.passphrase-wrong");
    assert_eq!(std::fs::read(home.keys()).unwrap(), before);
    assert!(open(&home, "plum harvest").is_ok());
}

#[test]
fn a_passphrase_is_changed_and_removed() {
    let (_folder, path) = new_home();
    let home = Home::open(&path).unwrap();
    let device = super::home::opened(&home).device();
    protect(&home, None, Protect::Passphrase(words("plum harvest"))).unwrap();
    protect(&home, Some("plum harvest"), Protect::Passphrase(words("pear harvest"))).unwrap();
    assert_eq!(code(open(&home, "plum harvest")), "peer.passphrase-wrong");
    protect(&home, Some("pear harvest"), Protect::FileRights).unwrap();
    assert_eq!(protection(&path).unwrap(), Some(Protection::FileRights));
    assert_eq!(super::home::opened(&home).device(), device);
}

#[test]
fn keys_of_a_new_home_can_be_sealed_before_they_are_ever_written() {
    let (_folder, path) = new_home();
    assert_eq!(protection(&path).unwrap(), None);
    let home = Home::open(&path).unwrap();
    protect(&home, None, Protect::Passphrase(words("plum harvest"))).unwrap();
    let keys = open(&home, "plum harvest").unwrap();
    assert!(keys.recovery().is_some());
}

#[test]
fn the_recovery_secret_is_forgotten_under_the_same_passphrase() {
    let (_folder, path) = new_home();
    let home = Home::open(&path).unwrap();
    protect(&home, None, Protect::Passphrase(words("plum harvest"))).unwrap();
    open(&home, "plum harvest").unwrap().forget_recovery().unwrap();
    assert!(open(&home, "plum harvest").unwrap().recovery().is_none());
}

#[test]
fn a_sealed_file_that_was_changed_opens_nothing_and_is_left_alone() {
    let (_folder, path) = new_home();
    let home = Home::open(&path).unwrap();
    protect(&home, None, Protect::Passphrase(words("plum harvest"))).unwrap();
    let whole = std::fs::read(home.keys()).unwrap();
    for place in [1, 8, whole.len() / 2, whole.len() - 1] {
        let mut bad = whole.clone();
        bad[place] ^= 1;
        std::fs::write(home.keys(), &bad).unwrap();
        let code = code(open(&home, "plum harvest"));
        assert!(["peer.passphrase-wrong", "peer.keys-damaged"].contains(&code.as_str()), "{place}: {code}");
        assert_eq!(std::fs::read(home.keys()).unwrap(), bad);
    }
    std::fs::write(home.keys(), &whole[..whole.len() - 1]).unwrap();
    assert_eq!(code(open(&home, "plum harvest")), "peer.keys-damaged");
}
