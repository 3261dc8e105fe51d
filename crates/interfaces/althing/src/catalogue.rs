//! All faults of the house, for the page that shows them.

use base::Fault;

use crate::{failure, manual};

/// Returns `docs/errors.md`.
pub(crate) fn page() -> String {
    manual::faults(all())
}

/// Returns one fault of each kind that any crate makes.
fn all() -> Vec<Fault> {
    [
        failure::faults(),
        gateways::faults(),
        peer::faults(),
        network::faults(),
        search::faults(),
        pages::faults(),
        tunnels::faults(),
        guard::faults(),
        agents::faults(),
        talk::faults(),
        post::faults(),
        ledger::faults(),
        compute::faults(),
        files::faults(),
        people::faults(),
        records::faults(),
        kernel::faults(),
        store::faults(),
    ]
    .concat()
}

#[cfg(test)]
mod tests {
    use clap::error::ErrorKind;

    use super::*;
    use crate::commands;

    #[test]
    fn every_command_that_a_fault_advises_exists() {
        let advised = all().into_iter().flat_map(|fault| fault.remedies).map(|remedy| remedy.command);
        let wrong: Vec<String> =
            advised.filter(|line| line.starts_with("althing ") && !is_command(line)).collect();
        assert!(wrong.is_empty(), "faults advise commands that do not exist: {wrong:#?}");
    }

    #[test]
    fn every_fault_says_something_and_is_named_after_its_crate() {
        for fault in all() {
            assert!(fault.code.contains('.') && !fault.what.is_empty(), "{fault:?}");
            assert!(!fault.what.ends_with('.'), "{}: {}", fault.code, fault.what);
        }
    }

    /// What is in capitals stands for something; `1` fits wherever a text or a number does.
    fn is_command(line: &str) -> bool {
        let is_placeholder =
            |word: &str| !word.contains(char::is_lowercase) && word.contains(char::is_alphabetic);
        let words = line.split_whitespace().map(|word| if is_placeholder(word) { "1" } else { word });
        match commands::command().try_get_matches_from(words) {
            Ok(_) => true,
            Err(error) => matches!(error.kind(), ErrorKind::InvalidValue | ErrorKind::DisplayHelp),
        }
    }
}
