//! Reads the source of a set of rules, and tries it before it is believed.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use yara_x::{Compiler, MetaValue, Rules, ScanError};

use super::tally::cut;
use crate::frames::CompiledSet;

/// Rules of one set at most.
const RULES_MAX: usize = 50_000;
/// Licences told at most, and the bytes of each.
const LICENCES_MAX: usize = 16;
const LICENCE_SIZE_MAX: usize = 128;
/// Bytes of a complaint at most.
const COMPLAINT_SIZE_MAX: usize = 1_024;
/// The trial may take so long: a hundred times what a thousand rules need.
const TRIAL_TIME_MAX: Duration = Duration::from_secs(5);
/// Bytes of each text of the trial.
const TRIAL_SIZE: usize = 256 << 10;
/// Modules of others that are not built in: rules that need them are left out, the rest of the set is of use.
const ABSENT: [&str; 10] =
    ["androguard", "crx", "cuckoo", "dex", "magic", "msi", "olecf", "vba", "vt", "zip"];

/// Compiles a set; fails with a sentence for the person who gave it.
pub(super) fn compile(source: &[u8]) -> Result<CompiledSet, String> {
    let source = std::str::from_utf8(source).map_err(|_error| "it is no text in UTF-8".to_owned())?;
    let rules = catch_unwind(AssertUnwindSafe(|| read(source)));
    let rules = rules.unwrap_or_else(|_| Err("it breaks the compiler".to_owned()))?;
    let count = rules.iter().len();
    if count == 0 {
        return Err("there is no rule in it that can be used here".to_owned());
    }
    if count > RULES_MAX {
        return Err(format!("{count} rules are more than {RULES_MAX}"));
    }
    try_out(&rules)?;
    let code = rules.serialize().map_err(|error| error.to_string())?;
    Ok(CompiledSet {
        rules: u32::try_from(count).unwrap_or(u32::MAX),
        licences: licences(&rules),
        code: code.into(),
    })
}

fn read(source: &str) -> Result<Rules, String> {
    let mut compiler = Compiler::new();
    // Sets written for the older engine are lenient in their expressions.
    compiler.relaxed_re_syntax(true).enable_includes(false).max_warnings(0).colorize_errors(false);
    for module in ABSENT {
        compiler.ignore_module(module);
    }
    for name in ["filename", "filepath", "extension", "filetype", "owner", "container"] {
        compiler.define_global(name, "").map_err(|error| error.to_string())?;
    }
    match compiler.add_source(source) {
        Ok(_) => Ok(compiler.build()),
        Err(error) => Err(cut(error.to_string().trim(), COMPLAINT_SIZE_MAX).to_owned()),
    }
}

/// Scans some texts: a set that takes for ever on these would on anything.
fn try_out(rules: &Rules) -> Result<(), String> {
    let letters = b"the quick brown fox 0123456789 ABCDEF()[]{}<>=+/\\\"'\r\n".iter().copied().cycle();
    let texts: [Vec<u8>; 3] =
        [vec![0; TRIAL_SIZE], vec![b'a'; TRIAL_SIZE], letters.take(TRIAL_SIZE).collect()];
    let mut scanner = yara_x::Scanner::new(rules);
    scanner.set_timeout(TRIAL_TIME_MAX);
    for text in &texts {
        let scan = catch_unwind(AssertUnwindSafe(|| scanner.scan(text).map(drop)));
        match scan {
            Ok(Ok(())) => {}
            Ok(Err(ScanError::Timeout)) => {
                return Err("its rules take too long: 256 KiB could not be looked through in 5 s".to_owned());
            }
            Ok(Err(error)) => return Err(error.to_string()),
            Err(_) => return Err("its rules break the scanner".to_owned()),
        }
    }
    Ok(())
}

fn licences(rules: &Rules) -> Vec<String> {
    let named = rules.iter().flat_map(|rule| {
        rule.metadata().filter_map(|(key, value)| match value {
            MetaValue::String(text) if is_licence(key) => Some(cut(text, LICENCE_SIZE_MAX).to_owned()),
            _ => None,
        })
    });
    let all: BTreeSet<String> = named.collect();
    all.into_iter().take(LICENCES_MAX).collect()
}

fn is_licence(key: &str) -> bool {
    key.eq_ignore_ascii_case("license") || key.eq_ignore_ascii_case("licence")
}
