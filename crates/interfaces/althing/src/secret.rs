//! Reading a secret that a person types, or that a service is given: never from arguments or the environment.

use std::io::{IsTerminal as _, Read as _};
use std::path::PathBuf;

use peer::Passphrase;
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use zeroize::Zeroizing;

use crate::failure::Failure;
use crate::out;

/// The credential in which systemd hands over the passphrase.
const CREDENTIAL: &str = "althing-passphrase";

/// Bytes of a line at most.
const LINE_MAX: usize = 4_096;

/// Returns the passphrase of a home that is being started: the service's credential, else what is typed.
pub(crate) fn at_start() -> Result<Passphrase, Failure> {
    match credential()? {
        Some(passphrase) => Ok(passphrase),
        None => read("The passphrase of this home: "),
    }
}

/// Reads a new passphrase; on a terminal twice.
pub(crate) fn new() -> Result<Passphrase, Failure> {
    let passphrase = read("The new passphrase: ")?;
    if std::io::stdin().is_terminal() && *read("Once more: ")? != *passphrase {
        return Err(Failure::NotTheSame);
    }
    Ok(passphrase)
}

/// Reads a line without showing it, from the terminal or whatever else stdin is.
pub(crate) fn read(prompt: &str) -> Result<Passphrase, Failure> {
    let _hidden = std::io::stdin().is_terminal().then(|| {
        out::talk(prompt);
        Hidden::begin()
    });
    let line = line()?;
    if line.is_empty() { Err(Failure::NoPassphrase) } else { Ok(line) }
}

fn credential() -> Result<Option<Passphrase>, Failure> {
    let Some(folder) = std::env::var_os("CREDENTIALS_DIRECTORY") else { return Ok(None) };
    let path = PathBuf::from(folder).join(CREDENTIAL);
    let Ok(file) = std::fs::File::open(&path) else { return Ok(None) };
    let mut bytes = Zeroizing::new(Vec::with_capacity(LINE_MAX));
    let limit = u64::try_from(LINE_MAX).unwrap_or(0);
    let read = file.take(limit).read_to_end(&mut bytes);
    read.map_err(|error| Failure::NoCredential { path, why: error.to_string() })?;
    Ok(Some(text(&bytes)?))
}

/// Reads up to the end of the line, one byte at a time: a buffer of the system's library would keep the secret.
fn line() -> Result<Passphrase, Failure> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(LINE_MAX));
    let mut byte = [0];
    while bytes.len() < LINE_MAX {
        match rustix::io::read(rustix::stdio::stdin(), &mut byte) {
            Ok(0) => break,
            Ok(_) if byte == *b"\n" => break,
            Ok(_) => bytes.extend_from_slice(&byte),
            Err(rustix::io::Errno::INTR) => {}
            Err(_) => return Err(Failure::NoPassphrase),
        }
    }
    text(&bytes)
}

fn text(bytes: &[u8]) -> Result<Passphrase, Failure> {
    let text = std::str::from_utf8(bytes).ok().ok_or(Failure::NoPassphrase)?;
    Ok(Zeroizing::new(text.trim_end_matches(['\r', '\n']).to_owned()))
}

/// A terminal that does not show what is typed; as before on drop.
struct Hidden(Option<Termios>);

impl Hidden {
    fn begin() -> Self {
        let before = tcgetattr(rustix::stdio::stdin()).ok();
        if let Some(mut modes) = before.clone() {
            modes.local_modes.remove(LocalModes::ECHO);
            let _is_set = tcsetattr(rustix::stdio::stdin(), OptionalActions::Now, &modes).is_ok();
        }
        Self(before)
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        if let Some(before) = &self.0 {
            let _is_set = tcsetattr(rustix::stdio::stdin(), OptionalActions::Now, before).is_ok();
            // The line's end was not shown either.
            out::talk("\n");
        }
    }
}
