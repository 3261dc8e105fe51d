//! The bytes of the content that is looked through: they come from the parent, when they are wanted.

use std::cell::RefCell;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Stdin, Write as _};
use std::rc::Rc;

use guard::jobs::to_bytes;

use crate::frames::{self, PIECE, PIECE_SIZE_MAX, WANT, Want};

/// Bytes asked for when somebody reads a little here and there: directories of archives.
const WINDOW: usize = 256 << 10;

/// The two ends at the parent.
pub(super) struct Pipes<I = Stdin> {
    pub(super) input: I,
    pub(super) output: File,
}

/// A content at the parent, read as if it were a file.
pub(super) struct Remote {
    pipes: Rc<RefCell<Pipes>>,
    size: u64,
    at: u64,
    window: Vec<u8>,
    window_at: u64,
}

impl Remote {
    /// Reads from the beginning.
    pub(super) fn new(pipes: Rc<RefCell<Pipes>>, size: u64) -> Self {
        Self { pipes, size, at: 0, window: Vec::new(), window_at: 0 }
    }

    /// Returns how many bytes there are.
    pub(super) fn size(&self) -> u64 {
        self.size
    }

    /// Returns all of it; only for what is small.
    pub(super) fn whole(&mut self) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::with_capacity(usize::try_from(self.size).map_err(io::Error::other)?);
        while (bytes.len() as u64) < self.size {
            let left = self.size - bytes.len() as u64;
            let piece = self.piece(bytes.len() as u64, left.min(PIECE_SIZE_MAX as u64))?;
            bytes.extend_from_slice(&piece);
        }
        Ok(bytes)
    }

    fn piece(&self, offset: u64, size: u64) -> io::Result<Vec<u8>> {
        let mut pipes = self.pipes.borrow_mut();
        let want = Want { offset, size: u32::try_from(size).map_err(io::Error::other)? };
        frames::write(&mut pipes.output, WANT, &to_bytes(&want))?;
        pipes.output.flush()?;
        let frame = frames::read(&mut pipes.input.lock())?;
        match frame {
            Some((PIECE, bytes)) if bytes.len() as u64 == size => Ok(bytes),
            _ => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }
}

impl Read for Remote {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let is_within =
            |window_at: u64, size: usize, at: u64| at >= window_at && at - window_at < size as u64;
        if self.at >= self.size || buffer.is_empty() {
            return Ok(0);
        }
        if !is_within(self.window_at, self.window.len(), self.at) {
            let wanted = buffer.len().clamp(WINDOW, PIECE_SIZE_MAX) as u64;
            self.window = self.piece(self.at, wanted.min(self.size - self.at))?;
            self.window_at = self.at;
        }
        let from = usize::try_from(self.at - self.window_at).map_err(io::Error::other)?;
        let here = self.window.get(from..).unwrap_or_default();
        let count = here.len().min(buffer.len());
        for (to, byte) in buffer.iter_mut().zip(here) {
            *to = *byte;
        }
        self.at += count as u64;
        Ok(count)
    }
}

impl Seek for Remote {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => self.size.checked_add_signed(by),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        self.at = at.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.at)
    }
}
