//! What was found in one content, and what could not be looked at.

use std::collections::BTreeMap;

use base::ContentId;
use guard::jobs::{FINDINGS_MAX, Finding, Outcome, PLACES_MAX, Place, RULE_NAME_MAX, Severity};
use yara_x::{MetaValue, Rule};

use super::look::About;
use crate::rules::severity;

/// Findings that are kept until the worst are chosen.
const KEPT_MAX: usize = 1_024;
/// Reasons told of one content at most.
const REASONS_MAX: usize = 4;
/// Bytes of a reason at most.
const REASON_SIZE_MAX: usize = 200;

/// Collects.
#[derive(Default)]
pub(super) struct Tally {
    findings: BTreeMap<(ContentId, String, Option<String>), Finding>,
    unseen: Vec<String>,
    lost: Option<String>,
}

impl Tally {
    /// Notes that a rule was met.
    pub(super) fn found(&mut self, set: ContentId, rule: &Rule<'_, '_>, about: &About) {
        let name = cut(rule.identifier(), RULE_NAME_MAX).to_owned();
        let word = rule.metadata().find_map(|(key, value)| match value {
            MetaValue::String(word) if key == "severity" => Some(word),
            _ => None,
        });
        let severity = severity(word);
        if self.findings.len() >= KEPT_MAX && severity == Severity::Odd {
            return;
        }
        let matches = rule.patterns().flat_map(|pattern| pattern.matches().take(PLACES_MAX));
        let mut places: Vec<Place> = matches
            .map(|one| one.range())
            .map(|range| Place {
                offset: range.start as u64,
                size: u32::try_from(range.end.saturating_sub(range.start)).unwrap_or(u32::MAX),
            })
            .take(PLACES_MAX * 16)
            .collect();
        places.sort_by_key(|place| (place.offset, place.size));
        places.dedup();
        places.truncate(PLACES_MAX);
        let key = (set, name.clone(), about.inside.clone());
        self.findings.entry(key).or_insert(Finding {
            rule: name,
            set,
            severity,
            inside: about.inside.clone(),
            places,
        });
    }

    /// Notes that a part was not looked at, and why.
    pub(super) fn unseen(&mut self, why: &str) {
        let why = cut(why, REASON_SIZE_MAX);
        if self.unseen.len() < REASONS_MAX && !self.unseen.iter().any(|other| other == why) {
            self.unseen.push(why.to_owned());
        }
    }

    /// Notes that nothing can be said at all.
    pub(super) fn lost(&mut self, why: &str) {
        self.lost.get_or_insert_with(|| why.to_owned());
    }

    /// Tells the worst findings.
    pub(super) fn into_outcome(self) -> Outcome {
        if let Some(why) = self.lost {
            return Outcome::NotSeen { why };
        }
        let mut findings: Vec<Finding> = self.findings.into_values().collect();
        findings.sort_by(|one, other| {
            other
                .severity
                .cmp(&one.severity)
                .then_with(|| one.inside.cmp(&other.inside))
                .then_with(|| one.cmp(other))
        });
        findings.truncate(FINDINGS_MAX);
        let unseen = (!self.unseen.is_empty()).then(|| self.unseen.join("; "));
        Outcome::Seen { findings, unseen }
    }
}

/// Cuts a text to so many bytes.
pub(super) fn cut(text: &str, size_max: usize) -> &str {
    text.get(..text.floor_char_boundary(size_max)).unwrap_or_default()
}
