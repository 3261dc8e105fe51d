//! How dangerous a content is held to be, from committed rows alone (spec guard, rules 7 to 14).
//!
//! Liars can delay, never delete: nothing here follows from the word of others alone but a question before opening, or,
//! when enough persons say it, a hold that each can lift for oneself.

use std::collections::BTreeSet;
use std::time::Duration;

use base::{ContentId, PersonId, Timestamp, WebId};
use store::{Rows, StoreError};
use wire::governance::Role;

use crate::agents;
use crate::jobs::{Finding, Severity};
use crate::rules;
use crate::statement::Evidence;
use crate::tables::{ALLOWED, FOUND, REFUTED, RELEASES, RULES, SEEN, SeenRow, WARNINGS, WarningRow};

/// How long a warning counts.
pub(crate) const WARNING_FOR: Duration = Duration::from_hours(7 * 24);

/// How long a wrong warning makes its author count for less.
const REFUTED_FOR: Duration = Duration::from_hours(30 * 24);

/// What one person's word counts for; each wrong warning within [`REFUTED_FOR`] halves it.
const WHOLE: u64 = 1_024;

/// Persons who have to warn before something is held, at most.
const PERSONS_MAX: usize = 3;

/// How a content is treated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Nothing speaks against it.
    Clear,
    /// Somebody warns: opening asks first.
    Warned,
    /// Enough persons warn: it is not opened, given or put on disk.
    Held,
    /// A rule in force was met here: as held, until it is released.
    Quarantined,
}

/// Returns how many persons have to warn before something is held in a web.
pub(crate) fn persons_needed(rows: &dyn Rows, web: WebId) -> Result<usize, StoreError> {
    let members = people::read::members(rows, web)?;
    let writing = members.iter().filter(|member| member.role >= Some(Role::Member)).count();
    Ok(needed_of(writing))
}

/// One more than a tenth of the persons, at most three (facts: simulated worms).
fn needed_of(persons: usize) -> usize {
    persons.div_ceil(10).saturating_add(1).min(PERSONS_MAX)
}

/// Returns how a content is treated in a web.
pub(crate) fn in_web(
    rows: &dyn Rows,
    web: WebId,
    content: ContentId,
    now: Timestamp,
) -> Result<Level, StoreError> {
    if ALLOWED.has(rows, &content)? {
        return Ok(Level::Clear);
    }
    if released(rows, web, content)?.is_none() && is_found(rows, content)? {
        return Ok(Level::Quarantined);
    }
    let by_persons = match weight_in(rows, web, content, now)? {
        0 => Level::Clear,
        weight if weight >= weight_needed(rows, web)? => Level::Held,
        _ => Level::Warned,
    };
    Ok(by_persons.max(agents::level(rows, web, content)?))
}

/// Says whether as many persons warn of a content in a web as it takes to hold it.
pub(crate) fn is_said_enough(
    rows: &dyn Rows,
    web: WebId,
    content: ContentId,
    now: Timestamp,
) -> Result<bool, StoreError> {
    Ok(weight_in(rows, web, content, now)? >= weight_needed(rows, web)?)
}

fn weight_needed(rows: &dyn Rows, web: WebId) -> Result<u64, StoreError> {
    Ok(u64::try_from(persons_needed(rows, web)?).unwrap_or(u64::MAX).saturating_mul(WHOLE))
}

fn weight_in(rows: &dyn Rows, web: WebId, content: ContentId, now: Timestamp) -> Result<u64, StoreError> {
    let released = released(rows, web, content)?;
    let mut weight = 0_u64;
    for (person, row) in warnings(rows, web, content, now)? {
        if !is_over(released, &row) {
            weight = weight.saturating_add(weight_of(rows, web, person, now)?);
        }
    }
    Ok(weight)
}

/// Returns how the person of this peer meets a content: as in the web that speaks most against it.
pub(crate) fn anywhere(rows: &dyn Rows, content: ContentId, now: Timestamp) -> Result<Level, StoreError> {
    let mut worst = Level::Clear;
    if !is_spoken_of(rows, content)? {
        return Ok(worst);
    }
    let webs = people::read::webs(rows)?;
    let mut is_of_web = false;
    for web in &webs {
        // A release counts where the content is shown: in another web it says nothing.
        let is_here = is_of(rows, web.id, content)?;
        is_of_web |= is_here;
        if is_here || is_warned_of(rows, web.id, content)? {
            worst = worst.max(in_web(rows, web.id, content, now)?);
        }
    }
    if !is_of_web && !ALLOWED.has(rows, &content)? && is_found(rows, content)? {
        worst = Level::Quarantined;
    }
    Ok(worst)
}

/// Says whether anything was ever said or found against a content: of nearly all nothing was.
pub(crate) fn is_spoken_of(rows: &dyn Rows, content: ContentId) -> Result<bool, StoreError> {
    Ok(FOUND.has(rows, &content)?
        || WARNINGS.within(rows, &content).next().transpose()?.is_some()
        || agents::is_any(rows, content)?)
}

/// Says whether a content is of a web: kept for it, or shown there.
pub(crate) fn is_of(rows: &dyn Rows, web: WebId, content: ContentId) -> Result<bool, StoreError> {
    Ok(files::look::is_kept(rows, web, content)? || !files::look::showing(rows, web, content, 1)?.is_empty())
}

/// Says whether anybody in a web warns of a content.
fn is_warned_of(rows: &dyn Rows, web: WebId, content: ContentId) -> Result<bool, StoreError> {
    Ok(WARNINGS.within(rows, &(content, web)).next().transpose()?.is_some())
}

/// Says whether a web has to do with a content: it has it, or somebody there warns of it.
pub(crate) fn concerns(rows: &dyn Rows, web: WebId, content: ContentId) -> Result<bool, StoreError> {
    Ok(is_of(rows, web, content)? || is_warned_of(rows, web, content)?)
}

/// Says whether a rule that is in force now was met in a content here.
pub(crate) fn is_found(rows: &dyn Rows, content: ContentId) -> Result<bool, StoreError> {
    if !FOUND.has(rows, &content)? {
        return Ok(false);
    }
    let findings = SEEN.get(rows, &content)?.map(|seen| seen.findings).unwrap_or_default();
    Ok(first_counting(rows, &findings)?.is_some())
}

/// Returns the first finding that holds a content by itself.
pub(crate) fn first_counting<'a>(
    rows: &dyn Rows,
    findings: &'a [Finding],
) -> Result<Option<&'a Finding>, StoreError> {
    for finding in findings {
        if counts(rows, finding)? {
            return Ok(Some(finding));
        }
    }
    Ok(None)
}

/// Says whether a finding holds a content by itself: harmful, by a rule in force.
pub(crate) fn counts(rows: &dyn Rows, finding: &Finding) -> Result<bool, StoreError> {
    Ok(finding.severity == Severity::Harmful && rules::is_in_force(rows, finding.set)?)
}

/// Returns the warnings that count in a web: of members, not too old, not refuted by looking here; one for each human.
pub(crate) fn warnings(
    rows: &dyn Rows,
    web: WebId,
    content: ContentId,
    now: Timestamp,
) -> Result<Vec<(PersonId, WarningRow)>, StoreError> {
    let seen = SEEN.get(rows, &content)?;
    let mut humans = BTreeSet::new();
    let mut counting = Vec::new();
    for row in WARNINGS.within(rows, &(content, web)) {
        let ((_, _, person), row) = row?;
        let is_member = people::read::role_of(rows, web, person)?.is_some_and(|role| role >= Role::Member);
        if !is_member
            || now > row.heard.after(WARNING_FOR)
            || is_refuted(rows, seen.as_ref(), &row.evidence)?
            || is_of_no_force(rows, web, &row.evidence)?
        {
            continue;
        }
        if humans.insert(people::read::same_human_now(rows, web, person)?) {
            counting.push((person, row));
        }
    }
    Ok(counting)
}

/// Says whether somebody refers to a rule that is offered in the web and holds nothing there now.
fn is_of_no_force(rows: &dyn Rows, web: WebId, evidence: &Evidence) -> Result<bool, StoreError> {
    let Evidence::Rule { set, .. } = evidence else { return Ok(false) };
    let is_offered = RULES.within(rows, &(web, *set)).next().transpose()?.is_some();
    Ok(is_offered && !rules::is_in_force(rows, *set)?)
}

/// Says whether looking here contradicts what somebody says: their rule is in force here and was not met.
pub(crate) fn is_refuted(
    rows: &dyn Rows,
    seen: Option<&SeenRow>,
    evidence: &Evidence,
) -> Result<bool, StoreError> {
    let Some(seen) = seen.filter(|seen| !seen.is_blank && seen.unseen.is_empty()) else { return Ok(false) };
    let Evidence::Rule { rule, set, .. } = evidence else { return Ok(false) };
    let is_met = seen.findings.iter().any(|finding| finding.rule == *rule && finding.set == *set);
    Ok(!is_met && rules::can_refute(rows, *set)? && seen.epoch >= rules::epoch(rows)?)
}

/// Says whether a warning is from before the release, in whatever order this peer heard the two.
pub(crate) fn is_over(released: Option<Timestamp>, warning: &WarningRow) -> bool {
    released.is_some_and(|released| warning.at <= released)
}

/// Returns when whoever protects a web released a content there last: by their clock, and after all that they had heard.
pub(crate) fn released(
    rows: &dyn Rows,
    web: WebId,
    content: ContentId,
) -> Result<Option<Timestamp>, StoreError> {
    let mut last = None;
    for row in RELEASES.within(rows, &(content, web)) {
        let ((_, _, person), row) = row?;
        if rules::protects(rows, web, person)? {
            last = last.max(Some(row.at));
        }
    }
    Ok(last)
}

/// Returns what a person's word counts for in a web now.
fn weight_of(rows: &dyn Rows, web: WebId, person: PersonId, now: Timestamp) -> Result<u64, StoreError> {
    let mut weight = WHOLE;
    for row in REFUTED.within(rows, &(web, person)) {
        let (_, at) = row?;
        if now <= at.after(REFUTED_FOR) {
            weight /= 2;
        }
    }
    Ok(weight)
}

#[cfg(test)]
mod tests {
    use super::needed_of;

    #[test]
    fn a_family_needs_two_and_a_town_three() {
        let check = |persons, needed| assert_eq!(needed_of(persons), needed, "{persons} persons");
        check(1, 2);
        check(4, 2);
        check(10, 2);
        check(11, 3);
        check(10_000, 3);
    }
}
