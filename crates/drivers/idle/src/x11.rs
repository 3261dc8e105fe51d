//! Asks an X11 server when it was last touched. Every wait has an end; nothing is written to the server's state.

use std::io;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use x11rb::connection::Connection as _;
use x11rb::protocol::screensaver::ConnectionExt as _;
use x11rb::protocol::xproto::ConnectionExt as _;
use x11rb::rust_connection::{DefaultStream, PollMode, RustConnection, Stream};
use x11rb::utils::RawFdContainer;
use x11rb_protocol::parse_display::{ConnectAddress, parse_display};
use x11rb_protocol::xauth::get_auth;

/// How long the server may let one question wait.
const PATIENCE: Timespec = Timespec { tv_sec: 2, tv_nsec: 0 };

/// A connection to a server of this computer.
pub(crate) struct X11 {
    connection: RustConnection<Patient>,
    root: u32,
}

impl X11 {
    /// Connects; none when that fails, or when the server is Wayland's, which does not see all input.
    pub(crate) fn open(display: &str) -> Option<Self> {
        let parsed = parse_display(Some(display)).ok()?;
        let screen = usize::from(parsed.screen);
        let (stream, (family, address)) = parsed
            .connect_instruction()
            .filter(|address| matches!(address, ConnectAddress::Socket(_)))
            .find_map(|address| DefaultStream::connect(&address).ok())?;
        let (name, secret) = get_auth(family, &address, parsed.display).ok().flatten().unwrap_or_default();
        let connection =
            RustConnection::connect_to_stream_with_auth_info(Patient(stream), screen, name, secret).ok()?;
        let root = connection.setup().roots.get(screen)?.root;
        let is_wayland = connection.query_extension(b"XWAYLAND").ok()?.reply().ok()?.present;
        (!is_wayland).then_some(Self { connection, root })
    }

    /// Asks how long nobody has touched a key or the mouse.
    pub(crate) fn idle(&self) -> Option<Duration> {
        let info = self.connection.screensaver_query_info(self.root).ok()?.reply().ok()?;
        Some(Duration::from_millis(u64::from(info.ms_since_user_input)))
    }
}

impl std::fmt::Debug for X11 {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("X11").field("root", &self.root).finish_non_exhaustive()
    }
}

/// The usual stream, but a server that says nothing ends it.
struct Patient(DefaultStream);

impl Stream for Patient {
    fn poll(&self, mode: PollMode) -> io::Result<()> {
        let mut flags = PollFlags::empty();
        flags.set(PollFlags::IN, mode.readable());
        flags.set(PollFlags::OUT, mode.writable());
        loop {
            match poll(&mut [PollFd::new(&self.0, flags)], Some(&PATIENCE)) {
                Ok(0) => return Err(io::ErrorKind::TimedOut.into()),
                Ok(_) => return Ok(()),
                Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn read(&self, buffer: &mut [u8], files: &mut Vec<RawFdContainer>) -> io::Result<usize> {
        self.0.read(buffer, files)
    }

    fn write(&self, buffer: &[u8], files: &mut Vec<RawFdContainer>) -> io::Result<usize> {
        self.0.write(buffer, files)
    }
}
