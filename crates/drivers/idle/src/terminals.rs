//! When anybody last typed into a terminal: for computers without a desktop.

use std::path::Path;
use std::time::{Duration, SystemTime};

/// Linux moves the times of a terminal every 8 s at most, so that nobody can measure another's typing; the doubt is the
/// person's.
const CLOCK: Duration = Duration::from_secs(8);
/// Terminals that are looked at, at most.
const TERMINALS_MAX: usize = 4096;

/// Returns how long nobody has typed into any terminal somebody is logged in at; none when there is none.
///
/// Those are all terminals of programs (ssh, `tmux`), and consoles that belong to another than root: a console nobody is
/// logged in at belongs to root.
pub(crate) fn idle(root: &Path, now: SystemTime) -> Option<Duration> {
    let of_programs = times(&root.join("dev/pts"), |name, _| name.parse::<u32>().is_ok());
    let consoles = times(&root.join("dev"), |name, owner| {
        owner != 0 && name.strip_prefix("tty").is_some_and(|number| number.parse::<u32>().is_ok())
    });
    let newest = of_programs.into_iter().chain(consoles).max()?;
    Some(now.duration_since(newest).unwrap_or_default().saturating_sub(CLOCK))
}

fn times(folder: &Path, is_wanted: impl Fn(&str, u32) -> bool) -> Vec<SystemTime> {
    use std::os::unix::fs::MetadataExt as _;
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let time = |entry: std::fs::DirEntry| {
        let name = entry.file_name();
        let name = name.to_str()?;
        if !name.starts_with(|first: char| first.is_ascii_digit() || first == 't') {
            return None;
        }
        let facts = entry.metadata().ok()?;
        (!facts.is_dir() && is_wanted(name, facts.uid())).then(|| facts.accessed().ok()).flatten()
    };
    entries.take(TERMINALS_MAX).filter_map(Result::ok).filter_map(time).collect()
}
