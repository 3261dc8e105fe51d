//! A second opinion by clamd's protocol: a listener of our own that answers as it does, or badly, or not at all.

use std::io::{Read as _, Write as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::house::{House, child, harmful, rules};

/// Answers so many connections and returns what they sent.
fn answer(socket: &Path, answers: Vec<&'static str>) -> JoinHandle<Vec<Vec<u8>>> {
    let listener = UnixListener::bind(socket).unwrap();
    std::thread::Builder::new()
        .spawn(move || {
            answers.iter().map(|answer| exchange(&mut listener.accept().unwrap().0, answer)).collect()
        })
        .unwrap()
}

fn exchange(stream: &mut UnixStream, answer: &str) -> Vec<u8> {
    let mut command = [0; 10];
    stream.read_exact(&mut command).unwrap();
    assert_eq!(&command, b"zINSTREAM\0");
    let mut bytes = Vec::new();
    loop {
        let mut size = [0; 4];
        stream.read_exact(&mut size).unwrap();
        let size = u32::from_be_bytes(size) as usize;
        if size == 0 {
            break;
        }
        let at = bytes.len();
        bytes.resize(at + size, 0);
        stream.read_exact(&mut bytes[at..]).unwrap();
    }
    stream.write_all(answer.as_bytes()).unwrap();
    bytes
}

#[test]
fn what_clamd_finds_is_told_with_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("clamd");
    let clamd = answer(&socket, vec!["stream: Some.Worm-1 FOUND\0", "stream: OK\0"]);
    let mut house = House::with(child(), Some(socket));
    let large = b"x".repeat(1 << 20);
    assert_eq!(harmful(&house.look("a", &large)), ["clamd/Some.Worm-1"]);
    assert_eq!(rules(&house.look("b", b"clean")), Vec::<&str>::new());
    assert_eq!(clamd.join().unwrap(), [large, b"clean".to_vec()]);
}

#[test]
fn a_clamd_that_is_missing_wrong_or_silent_stops_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("missing");
    let wrong = folder.path().join("wrong");
    let silent = folder.path().join("silent");
    let answers = answer(&wrong, vec!["INSTREAM size limit exceeded. ERROR\0"]);
    // Its queue is filled by nobody, and nobody takes from it.
    let listener = UnixListener::bind(&silent).unwrap();
    for socket in [missing, wrong, silent] {
        let mut house = House::with(child(), Some(socket));
        let begun = Instant::now();
        assert_eq!(rules(&house.look("a", b"clean")), Vec::<&str>::new());
        assert_eq!(rules(&house.look("b", b"clean, too")), Vec::<&str>::new());
        assert!(begun.elapsed() < Duration::from_secs(60));
        if answers.is_finished() {
            std::fs::remove_file(folder.path().join("wrong")).unwrap_or_default();
        }
    }
    drop(listener);
}

/// Ends with the test, also with one that fails.
struct Running(std::process::Child);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.kill().and_then(|()| self.0.wait()).unwrap();
    }
}

/// With the real one, when this computer has it: `althing` needs no signatures of others for this.
#[test]
fn the_real_clamd_is_understood() {
    let Ok(program) = std::fs::canonicalize("/usr/sbin/clamd") else { return };
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    std::fs::create_dir(at("db")).unwrap();
    std::fs::write(at("db/own.ndb"), "Own.Mark:0:*:746865206d61726b206f66206d616c6c6f7279\n").unwrap();
    let settings = format!(
        "LocalSocket {}\nDatabaseDirectory {}\nForeground yes\nUser root\nOfficialDatabaseOnly no\n",
        at("socket").display(),
        at("db").display()
    );
    std::fs::write(at("clamd.conf"), settings).unwrap();
    let clamd = std::process::Command::new(program)
        .arg("-c")
        .arg(at("clamd.conf"))
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let mut clamd = Running(clamd);
    let until = Instant::now() + Duration::from_secs(60);
    while !at("socket").exists() && Instant::now() < until && clamd.0.try_wait().unwrap().is_none() {
        std::thread::sleep(Duration::from_millis(100));
    }
    let mut house = House::with(child(), Some(at("socket")));
    let found = house.look("a", b"here is the mark of mallory, among others");
    let clean = house.look("b", b"nothing");
    drop(clamd);
    assert_eq!(harmful(&found), ["clamd/Own.Mark.UNOFFICIAL"]);
    assert_eq!(rules(&clean), Vec::<&str>::new());
}
