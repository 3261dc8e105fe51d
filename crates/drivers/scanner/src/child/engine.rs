//! The loaded sets of rules, and what scans with them.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use base::ContentId;
use yara_x::{Compiler, Rules, ScanError, ScanResults, blocks};

use super::look::About;
use super::tally::Tally;

/// One scan with one set may take so long; then the set is left out for this content. By the clock on the wall: the engine has no
/// other, and the parent looks at processor time.
pub(super) const SCAN_TIME_MAX: Duration = Duration::from_secs(20);
/// Matches of one pattern that the engine counts at most: memory.
const MATCHES_MAX: usize = 10_000;

/// Why a set could not say anything.
const TOO_LONG: &str = "a set of rules takes too long on it";
const BROKEN: &str = "a set of rules broke on it";

/// One loaded set.
struct Set {
    id: ContentId,
    // Never given back: a child has a handful of sets and a short life.
    rules: &'static Rules,
    scanner: yara_x::Scanner<'static>,
    is_chosen: bool,
}

/// All loaded sets.
pub(super) struct Engine {
    sets: Vec<Set>,
}

/// Starts the thread that the engine measures time with, before threads can no longer be started.
pub(super) fn start_clock() -> io::Result<()> {
    let mut compiler = Compiler::new();
    compiler.add_source("rule clock { condition: true }").map_err(io::Error::other)?;
    let rules = compiler.build();
    let mut scanner = yara_x::Scanner::new(&rules);
    let seen = scanner.set_timeout(SCAN_TIME_MAX).scan(b"").map_err(io::Error::other)?;
    if seen.matching_rules().len() == 1 { Ok(()) } else { Err(io::ErrorKind::InvalidData.into()) }
}

impl Engine {
    /// Starts with no set.
    pub(super) fn new() -> Self {
        Self { sets: Vec::new() }
    }

    /// Loads a set; again is nothing.
    pub(super) fn load(&mut self, id: ContentId, code: &[u8]) -> Result<(), String> {
        if self.sets.iter().any(|set| set.id == id) {
            return Ok(());
        }
        let rules = Rules::deserialize(code).map_err(|error| error.to_string())?;
        let rules: &'static Rules = Box::leak(Box::new(rules));
        self.sets.push(Set { id, rules, scanner: scanner(rules), is_chosen: false });
        Ok(())
    }

    /// Scans with these from now on.
    pub(super) fn choose(&mut self, ids: &[ContentId]) {
        for set in &mut self.sets {
            set.is_chosen = ids.contains(&set.id);
        }
    }

    /// Forgets whatever an interrupted scan has left.
    pub(super) fn renew(&mut self) {
        for set in &mut self.sets {
            set.scanner = scanner(set.rules);
        }
    }

    /// Returns what scans bytes that come one after the other.
    pub(super) fn blocks(&self) -> Vec<(ContentId, blocks::Scanner<'static>)> {
        let chosen = self.sets.iter().filter(|set| set.is_chosen);
        chosen
            .map(|set| {
                let mut scanner = blocks::Scanner::new(set.rules);
                scanner.set_timeout(SCAN_TIME_MAX).max_matches_per_pattern(MATCHES_MAX).fast_scan(true);
                (set.id, scanner)
            })
            .collect()
    }

    /// Scans bytes with all chosen sets.
    pub(super) fn scan(&mut self, bytes: &[u8], about: &About, tally: &mut Tally) {
        for set in self.sets.iter_mut().filter(|set| set.is_chosen) {
            let scan = catch_unwind(AssertUnwindSafe(|| {
                for (name, value) in about.globals() {
                    if let Err(error) = set.scanner.set_global(name, value) {
                        return Err(error.to_string());
                    }
                }
                match set.scanner.scan(bytes) {
                    Ok(results) => {
                        add(set.id, &results, about, tally);
                        Ok(())
                    }
                    Err(ScanError::Timeout) => Err(TOO_LONG.to_owned()),
                    Err(error) => Err(error.to_string()),
                }
            }));
            if let Err(why) = scan.unwrap_or_else(|_| Err(BROKEN.to_owned())) {
                set.scanner = scanner(set.rules);
                tally.unseen(&why);
            }
        }
    }
}

fn scanner(rules: &'static Rules) -> yara_x::Scanner<'static> {
    let mut scanner = yara_x::Scanner::new(rules);
    scanner.set_timeout(SCAN_TIME_MAX).max_matches_per_pattern(MATCHES_MAX).fast_scan(true).use_mmap(false);
    scanner
}

/// Notes the rules that were met.
pub(super) fn add(set: ContentId, results: &ScanResults<'_, '_>, about: &About, tally: &mut Tally) {
    for rule in results.matching_rules() {
        tally.found(set, &rule, about);
    }
}

/// Finishes a scan in blocks, as [`Engine::scan`] does one in one piece.
pub(super) fn finish(
    id: ContentId,
    scanner: &mut blocks::Scanner<'static>,
    about: &About,
    tally: &mut Tally,
) {
    let scan = catch_unwind(AssertUnwindSafe(|| {
        for (name, value) in about.globals() {
            if let Err(error) = scanner.set_global(name, value) {
                return Err(error.to_string());
            }
        }
        match scanner.finish() {
            Ok(results) => {
                add(id, &results, about, tally);
                Ok(())
            }
            Err(ScanError::Timeout) => Err(TOO_LONG.to_owned()),
            Err(error) => Err(error.to_string()),
        }
    }));
    if let Err(why) = scan.unwrap_or_else(|_| Err(BROKEN.to_owned())) {
        tally.unseen(&why);
    }
}

/// Scans one block; says whether the scanner can go on.
pub(super) fn scan_block(
    scanner: &mut blocks::Scanner<'static>,
    base: u64,
    bytes: &[u8],
) -> Result<(), &'static str> {
    let Ok(base) = usize::try_from(base) else { return Err(BROKEN) };
    match catch_unwind(AssertUnwindSafe(|| scanner.scan(base, bytes).map(|_scanner| ()))) {
        Ok(Ok(())) => Ok(()),
        Ok(Err(ScanError::Timeout)) => Err(TOO_LONG),
        Ok(Err(_)) | Err(_) => Err(BROKEN),
    }
}
