//! Which shared files a job reads: patterns over the tree, looked through some hundred files at a time.

use base::Fault;
use files::look;
use globset::{GlobBuilder, GlobMatcher};
use kernel::Step;
use store::{Rows, StoreError};

use crate::board::Board;
use crate::faults::ComputeError;
use crate::messages::{CHUNK, Part};
use crate::owner::StageKey;
use crate::service::Compute;
use crate::staging::put_inputs;
use crate::tables::{INPUTS, InputPart, InputRow, JOBS, STAGES, SourceRow, StageRow};

/// Files looked at in one step.
const LOOK: usize = 400;
/// Shares that patterns may lead to.
const SHARES_MAX: usize = 1_000;

/// Turns what a person wrote into one pattern for each share it leads to.
pub(crate) fn expand<R: Rows>(rows: &R, patterns: &[String]) -> Result<Vec<String>, Fault> {
    let mut expanded = Vec::new();
    for pattern in patterns {
        let before = expanded.len();
        let parts: Vec<&str> = pattern.trim_matches('/').splitn(4, '/').collect();
        let web = parts.first().copied().unwrap_or_default();
        let id = people::read::web_named(rows, web)?
            .ok_or_else(|| ComputeError::NoSuchWeb { web: web.to_owned() })?;
        let whole = pattern.trim_matches('/').to_owned();
        matcher(&whole)?;
        for share in look::shares_of(rows, id)? {
            let names: Vec<&str> = share.splitn(3, '/').collect();
            let is_wanted = match parts.get(1..) {
                None | Some([] | ["**", ..]) => true,
                Some([person, below @ ..]) => {
                    let person_fits = fits(person, names.get(1).copied().unwrap_or_default())?;
                    let share_fits = match below.first() {
                        None | Some(&"**") => true,
                        Some(name) => fits(name, names.get(2).copied().unwrap_or_default())?,
                    };
                    person_fits && share_fits
                }
            };
            if !is_wanted {
                continue;
            }
            // What stands for a share and what is in it is all that is in it.
            let rest = match parts.get(1..) {
                Some([_, "**"] | [_] | []) | None => "**".to_owned(),
                Some(["**", below @ ..] | [_, "**", below @ ..]) => format!("**/{}", below.join("/")),
                Some([_, _, below @ ..]) if !below.is_empty() => below.join("/"),
                Some(_) => "**".to_owned(),
            };
            expanded.push(format!("{}/{rest}", escape(&share)));
            if expanded.len() > SHARES_MAX {
                return Err(
                    ComputeError::TooManyShares { pattern: pattern.clone(), limit: SHARES_MAX }.into()
                );
            }
        }
        if expanded.len() == before {
            return Err(ComputeError::NoInputs { pattern: pattern.clone() }.into());
        }
    }
    Ok(expanded)
}

fn escape(text: &str) -> String {
    globset::escape(text)
}

fn fits(pattern: &str, name: &str) -> Result<bool, Fault> {
    Ok(matcher(pattern)?.is_match(name))
}

fn matcher(pattern: &str) -> Result<GlobMatcher, Fault> {
    let glob = GlobBuilder::new(pattern).literal_separator(true).backslash_escape(true).build();
    let glob = glob.map_err(|error| ComputeError::BadPattern {
        pattern: pattern.to_owned(),
        why: error.kind().to_string(),
    })?;
    Ok(glob.compile_matcher())
}

/// Returns the beginning of a pattern that all it matches have in common, whole folders only.
pub(crate) fn fixed_part(pattern: &str) -> String {
    let mut fixed: Vec<String> = Vec::new();
    for part in pattern.split('/') {
        let plain = unescape(part);
        match plain {
            Some(plain) => fixed.push(plain),
            None => break,
        }
    }
    // The last part may be the file itself.
    if fixed.len() == pattern.split('/').count() {
        fixed.pop();
    }
    fixed.join("/")
}

/// Returns a part without its escapes; `None` when it matches several names.
fn unescape(part: &str) -> Option<String> {
    let mut plain = String::new();
    let mut rest = part.chars().peekable();
    while let Some(letter) = rest.next() {
        match letter {
            '*' | '?' | '{' => return None,
            '[' => {
                // `globset::escape` writes a letter with a meaning as a class of one.
                let one = rest.next()?;
                if rest.next() != Some(']') {
                    return None;
                }
                plain.push(one);
            }
            '\\' => plain.extend(rest.next()),
            letter => plain.push(letter),
        }
    }
    Some(plain)
}

impl Compute {
    /// Looks through the next files of a step.
    pub(crate) fn gather(
        &mut self,
        step: &mut Step<'_>,
        key: StageKey,
        mut stage: StageRow,
    ) -> Result<(), Fault> {
        let SourceRow::Files { patterns, mut at, mut after } = stage.source.clone() else { return Ok(()) };
        if stage.is_closed {
            return Ok(());
        }
        let from = stage.total;
        let mut inputs = Vec::new();
        let mut unread = 0_u64;
        let index = usize::try_from(at).unwrap_or(usize::MAX);
        match patterns.get(index) {
            None => stage.is_closed = true,
            Some(pattern) => {
                let matcher = matcher(pattern)?;
                let share: String = fixed_share(pattern);
                let page = look::files_below(
                    step.view(),
                    &share,
                    after.as_ref().map(|after| after.as_slice()),
                    LOOK,
                )?;
                for file in page.files {
                    if !matcher.is_match(&file.path) {
                        continue;
                    }
                    match file.content {
                        Some(content) => {
                            let part = Part::Content { content, size: file.size, from: None };
                            let parts = vec![InputPart::Given { part }];
                            inputs.push(InputRow { parts, path: file.path, at: Some(file.device) });
                        }
                        None => unread += 1,
                    }
                }
                after = page.next.map(Into::into);
                if after.is_none() {
                    at += 1;
                    stage.is_closed = usize::try_from(at).unwrap_or(usize::MAX) >= patterns.len();
                }
            }
        }
        put_inputs(step, key, from, &inputs)?;
        stage.total = from + inputs.len() as u64;
        stage.source = SourceRow::Files { patterns, at, after };
        STAGES.put(step.rows(), &key, &stage);
        let Some(mut job) = JOBS.get(step.view(), &key.0)? else { return Ok(()) };
        if unread > 0 {
            "some files are left out: their owner's computer has not read them yet".clone_into(&mut job.note);
        }
        if stage.is_closed && stage.total == 0 {
            "no file matches".clone_into(&mut job.note);
        }
        JOBS.put(step.rows(), &key.0, &job);
        if let Some(board) = self.board(step, key)? {
            (board.total, board.is_closed) = (stage.total, stage.is_closed);
            for (unit, input) in (from..).zip(&inputs) {
                if let Some(device) = input.at {
                    board.note_local(device, unit);
                }
            }
        }
        self.recall(step, key, &job, from, stage.total)?;
        self.inquire_more(step, key)?;
        if stage.is_closed {
            self.live(key.0).is_changed = true;
        } else {
            self.tend_soon(step);
        }
        self.after_results(step, key)
    }
}

fn fixed_share(pattern: &str) -> String {
    let parts: Vec<String> = pattern.split('/').take(3).filter_map(unescape).collect();
    parts.join("/")
}

/// Notes on which computers the files of a step are.
pub(crate) fn note_local<R: Rows + ?Sized>(
    rows: &R,
    key: StageKey,
    stage: &StageRow,
    board: &mut Board,
) -> Result<(), StoreError> {
    if !matches!(stage.source, SourceRow::Files { .. }) {
        return Ok(());
    }
    for row in INPUTS.within(rows, &key) {
        let ((_, _, chunk), inputs) = row?;
        for (unit, input) in (chunk * CHUNK..).zip(&inputs) {
            if let Some(device) = input.at {
                board.note_local(device, unit);
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_have_a_part_that_is_fixed() {
        let check = |pattern: &str, fixed: &str| assert_eq!(fixed_part(pattern), fixed, "{pattern}");
        check("family/alice/archive/**", "family/alice/archive");
        check("family/alice/archive/2025/*.txt", "family/alice/archive/2025");
        check("family/alice/archive/a.txt", "family/alice/archive");
        check("family/alice/[*]odd[?]/b*", "family/alice/*odd?");
    }

    #[test]
    fn stars_stay_in_their_folder_and_double_stars_do_not() {
        let check = |pattern: &str, path: &str, is_match| {
            assert_eq!(matcher(pattern).unwrap().is_match(path), is_match, "{pattern} {path}");
        };
        check("w/p/s/*.txt", "w/p/s/a.txt", true);
        check("w/p/s/*.txt", "w/p/s/b/a.txt", false);
        check("w/p/s/**", "w/p/s/b/a.txt", true);
        check("w/p/s/**/*.txt", "w/p/s/a.txt", true);
        check("w/p/s/**/*.txt", "w/p/s/b/c/a.txt", true);
        check("w/p/s/**/*.txt", "w/p/s/b/c/a.md", false);
        assert!(matcher("w/[").is_err());
    }
}
