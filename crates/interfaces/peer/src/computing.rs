//! What the sandbox needs of this peer: bytes of contents, and the children it runs programs in.

use std::io;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use base::ContentId;
use files::jobs::Source;
use idle::{Idle, Places};
use kernel::Input;
use network::Contents;
use sandbox::{Library, ProgramCommand, Sandbox};
use tokio::sync::mpsc;

use crate::PeerError;
use crate::keys::KeyFile;
use crate::peer::{Kept, own_program};

/// Tells the program to compile programs of others ([`compile_programs`]) instead of being a peer or asking one.
pub const COMPILE: &str = "--compile-programs";

/// Tells the program to run units of programs of others ([`run_units`]) instead of being a peer or asking one.
pub const RUN_UNITS: &str = "--run-units";

/// Compiles programs for another process of this program, with limits; ends when nobody asks any more.
pub fn compile_programs() -> ExitCode {
    sandbox::compiler_main()
}

/// Runs units for another process of this program, with limits; ends when nobody asks any more.
pub fn run_units() -> ExitCode {
    sandbox::runner_main()
}

/// Starts watching whether this computer is used.
pub(crate) fn start_idle(home: &Path, inputs: mpsc::Sender<Input>) -> Result<Idle, PeerError> {
    Idle::start(Places::of_this_computer(home.to_owned()), inputs).map_err(PeerError::NoThreads)
}

/// Starts the sandbox.
pub(crate) fn start_sandbox(
    home: &Path,
    (contents, keys, idle): (&Contents, &KeyFile, &Idle),
    inputs: mpsc::Sender<Input>,
) -> Result<Sandbox, PeerError> {
    let program = own_program()?;
    let command = |word: &str| ProgramCommand { path: program.clone(), arguments: vec![word.to_owned()] };
    let config = sandbox::Config {
        home: home.to_owned(),
        compiler: command(COMPILE),
        runner: command(RUN_UNITS),
        // Compiled code is believed because this device has compiled it.
        key: blake3::derive_key("althing sandbox cache v1", &*keys.device()),
        since_input: idle.since_input(),
    };
    let library = Kept::new(contents.clone());
    Sandbox::start(config, Arc::new(library), inputs).map_err(PeerError::NoThreads)
}

impl Library for Kept {
    fn read(&self, content: ContentId, source: &Source, size_max: u64) -> io::Result<Vec<u8>> {
        self.read_from(content, source.clone(), size_max)
    }

    fn keep(&self, bytes: Vec<u8>) -> io::Result<ContentId> {
        self.keep_bytes(bytes)
    }
}
