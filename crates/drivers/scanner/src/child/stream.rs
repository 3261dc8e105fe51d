//! Scanning what is too large to have in memory: bytes pass by, and each of them is looked at.

use std::io::{self, Read};

use base::ContentId;
use yara_x::blocks;

use super::engine::{self, Engine};
use super::look::About;
use super::tally::Tally;

/// Bytes scanned at once.
const BLOCK_SIZE: usize = 8 << 20;
/// Bytes scanned twice, so that what lies across two blocks is found, too.
const OVERLAP: usize = 64 << 10;

/// Reads on, and scans what it reads.
pub(super) struct Tee<R> {
    reader: R,
    scanners: Vec<(ContentId, blocks::Scanner<'static>)>,
    buffer: Vec<u8>,
    /// Where the buffer begins.
    base: u64,
    broken: Vec<&'static str>,
}

impl<R: Read> Tee<R> {
    /// Starts at the beginning.
    pub(super) fn new(engine: &Engine, reader: R) -> Self {
        Self { reader, scanners: engine.blocks(), buffer: Vec::new(), base: 0, broken: Vec::new() }
    }

    /// Reads what nobody else has read.
    pub(super) fn drain(&mut self) -> io::Result<()> {
        let mut scratch = vec![0; 256 << 10];
        loop {
            match self.read(&mut scratch) {
                Ok(0) => return Ok(()),
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Tells what was found.
    pub(super) fn finish(mut self, about: &About, tally: &mut Tally) {
        self.scan_buffer();
        for (id, scanner) in &mut self.scanners {
            engine::finish(*id, scanner, about, tally);
        }
        for why in self.broken {
            tally.unseen(why);
        }
    }

    fn scan_buffer(&mut self) {
        let (base, buffer, broken) = (self.base, &self.buffer, &mut self.broken);
        self.scanners.retain_mut(|(_, scanner)| match engine::scan_block(scanner, base, buffer) {
            Ok(()) => true,
            Err(why) => {
                broken.push(why);
                false
            }
        });
    }
}

impl<R: Read> Read for Tee<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.reader.read(buffer)?;
        self.buffer.extend_from_slice(buffer.get(..count).unwrap_or_default());
        if self.buffer.len() >= BLOCK_SIZE {
            self.scan_buffer();
            let past = self.buffer.len().saturating_sub(OVERLAP);
            drop(self.buffer.drain(..past));
            self.base += past as u64;
        }
        Ok(count)
    }
}
