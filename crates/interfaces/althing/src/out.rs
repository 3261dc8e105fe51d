//! Where words go: data to stdout, talk to stderr. A reader that has gone away (`| head`) is no error.

use std::io::{ErrorKind, IsTerminal as _, Write as _};

use base::Fault;

use crate::failure::Failure;

/// Why output ended.
#[derive(Debug)]
pub(crate) enum Stop {
    /// Nobody reads any more: end quietly.
    NoReader,
    /// It failed.
    Fault(Fault),
}

impl<T: Into<Fault>> From<T> for Stop {
    fn from(fault: T) -> Self {
        Self::Fault(fault.into())
    }
}

/// Writes data.
pub(crate) fn data(bytes: &[u8]) -> Result<(), Stop> {
    let mut out = std::io::stdout().lock();
    out.write_all(bytes).and_then(|()| out.flush()).map_err(|error| match error.kind() {
        ErrorKind::BrokenPipe => Stop::NoReader,
        _ => Stop::Fault(Failure::Output { why: error.to_string() }.into()),
    })
}

/// Says something beside the data. Nobody may be listening; that stops nothing.
pub(crate) fn talk(text: &str) {
    let mut err = std::io::stderr().lock();
    drop(err.write_all(text.as_bytes()).and_then(|()| err.flush()));
}

/// Says whether a person sees the data on a terminal.
pub(crate) fn is_data_seen() -> bool {
    std::io::stdout().is_terminal()
}

/// Says whether a person sees the talk on a terminal.
pub(crate) fn is_talk_seen() -> bool {
    std::io::stderr().is_terminal()
}
