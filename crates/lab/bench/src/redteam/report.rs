//! What a run of the red team comes to: which goals were met, and the report that says so.
//!
//! Only judges what was gathered. Not for: attacking, or looking whether something was noticed (`watch`).

use std::fmt::Write as _;
use std::time::Duration;

/// Within this everything that was tried has to be noticed.
pub(crate) const NOTICED_WITHIN: Duration = Duration::from_secs(60);

/// Who noticed something, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Notice {
    /// At whose computer it could be read first.
    pub(crate) by: String,
    /// Where it stands there.
    pub(crate) place: String,
    /// The line, as a person reads it.
    pub(crate) line: String,
    /// How long after the first try.
    pub(crate) after: Duration,
}

/// One thing that an attacker tried.
#[derive(Debug, Clone, Default)]
pub(crate) struct Move {
    /// What.
    pub(crate) what: String,
    /// How often.
    pub(crate) times: u64,
    /// How it ended.
    pub(crate) end: String,
    /// Bytes that came to somebody who may not have them.
    pub(crate) bytes_read: u64,
    /// Who noticed it first; nobody did, if none.
    pub(crate) noticed: Option<Notice>,
}

/// A goal of one attack besides those of all.
#[derive(Debug, Clone)]
pub(crate) struct Claim {
    /// What has to hold.
    pub(crate) said: String,
    /// Whether it did.
    pub(crate) is_met: bool,
    /// What was seen.
    pub(crate) seen: String,
}

/// One attacker's work.
#[derive(Debug, Clone, Default)]
pub(crate) struct Attack {
    /// Its name.
    pub(crate) name: String,
    /// What it tried.
    pub(crate) moves: Vec<Move>,
    /// What has to hold of it.
    pub(crate) claims: Vec<Claim>,
    /// Why it was given up half way; the goals are not met then.
    pub(crate) broken: Option<String>,
}

/// How the honest people fared.
#[derive(Debug, Clone, Default)]
pub(crate) struct Town {
    /// What they did, and how often.
    pub(crate) acts: Vec<(String, u64)>,
    /// What of it failed, though it should not.
    pub(crate) failures: Vec<String>,
    /// Files that were compared byte for byte, one by one, at their owners and at the others.
    pub(crate) compared: u64,
    /// Those that were not as they should be.
    pub(crate) lost: Vec<String>,
    /// Secrets that were found where they must not be.
    pub(crate) leaks: Vec<String>,
    /// Bytes that were searched for secrets.
    pub(crate) searched_bytes: u64,
    /// Each honest peer and the milliseconds of its slowest answer to `status` during the attacks.
    pub(crate) slowest: Vec<(String, u64)>,
}

/// All of a run.
#[derive(Debug, Clone, Default)]
pub(crate) struct Report {
    /// How long the two working days took.
    pub(crate) took: Duration,
    /// The attacks in their order.
    pub(crate) attacks: Vec<Attack>,
    /// The honest people.
    pub(crate) town: Town,
}

impl Report {
    /// Returns every goal that was missed, each as a sentence; empty when all is well.
    pub(crate) fn missed(&self) -> Vec<String> {
        let mut missed = Vec::new();
        for attack in &self.attacks {
            missed.extend(attack.missed().into_iter().map(|what| format!("{}: {what}", attack.name)));
        }
        missed.extend(self.town.lost.iter().map(|file| format!("lost: {file}")));
        missed.extend(self.town.leaks.iter().map(|leak| format!("leaked: {leak}")));
        missed.extend(self.town.failures.iter().map(|what| format!("honest work failed: {what}")));
        for (who, slowest) in &self.town.slowest {
            if *slowest >= 1_000 {
                missed.push(format!("{who} once answered only after {slowest} ms"));
            }
        }
        if self.attacks.is_empty() || self.town.compared == 0 {
            missed.push("nothing was attacked, or nothing compared: this was no test".to_owned());
        }
        missed
    }

    fn bytes_read(&self) -> u64 {
        self.attacks.iter().flat_map(|attack| &attack.moves).map(|one| one.bytes_read).sum()
    }

    /// Writes the report.
    pub(crate) fn markdown(&self) -> String {
        let mut text = String::new();
        let moves: Vec<&Move> = self.attacks.iter().flat_map(|attack| &attack.moves).collect();
        let noticed = moves.iter().filter(|one| one.is_noticed()).count();
        let missed = self.missed();
        let verdict = if missed.is_empty() { "all goals met" } else { "**goals missed**" };
        put(&mut text, format_args!("# Red team: {verdict}\n"));
        put(&mut text, format_args!("| goal | seen |\n|---|---|"));
        put(
            &mut text,
            format_args!(
                "| 0 bytes read by who may not | {} bytes; {} secrets found in {} MB of the attackers' folders |",
                self.bytes_read(),
                self.town.leaks.len(),
                self.town.searched_bytes / 1_000_000
            ),
        );
        put(
            &mut text,
            format_args!(
                "| 0 files lost | {} of {} comparisons wrong |",
                self.town.lost.len(),
                self.town.compared
            ),
        );
        put(
            &mut text,
            format_args!("| every attack noticed within 60 s | {noticed} of {} moves |", moves.len()),
        );
        let claims: Vec<&Claim> = self.attacks.iter().flat_map(|attack| &attack.claims).collect();
        let held = claims.iter().filter(|claim| claim.is_met).count();
        put(&mut text, format_args!("| what else has to hold | {held} of {} |", claims.len()));
        put(
            &mut text,
            format_args!("\nThe two working days took {} s. Honest work meanwhile:", self.took.as_secs()),
        );
        let acts: Vec<String> =
            self.town.acts.iter().map(|(what, times)| format!("{times} {what}")).collect();
        put(&mut text, format_args!("{}.", acts.join(", ")));
        let slowest: Vec<String> =
            self.town.slowest.iter().map(|(who, ms)| format!("{who} {ms} ms")).collect();
        put(&mut text, format_args!("Slowest answer to `status`: {}.", slowest.join(", ")));
        for attack in &self.attacks {
            attack.put(&mut text);
        }
        put(&mut text, format_args!("\n## Missed\n"));
        if missed.is_empty() {
            put(&mut text, format_args!("Nothing."));
        }
        for what in missed {
            put(&mut text, format_args!("- {what}"));
        }
        text
    }
}

impl Move {
    fn is_noticed(&self) -> bool {
        self.noticed.as_ref().is_some_and(|notice| notice.after <= NOTICED_WITHIN)
    }
}

impl Attack {
    fn missed(&self) -> Vec<String> {
        let mut missed = Vec::new();
        if let Some(why) = &self.broken {
            missed.push(format!("could not be carried out: {why}"));
        }
        for one in &self.moves {
            if one.bytes_read > 0 {
                missed.push(format!("{}: {} bytes were read", one.what, one.bytes_read));
            }
            match &one.noticed {
                None => missed.push(format!("{}: nobody noticed", one.what)),
                Some(notice) if notice.after > NOTICED_WITHIN => {
                    missed.push(format!(
                        "{}: noticed only after {:.0} s",
                        one.what,
                        notice.after.as_secs_f64()
                    ));
                }
                Some(_) => {}
            }
        }
        for claim in self.claims.iter().filter(|claim| !claim.is_met) {
            missed.push(format!("{}: {}", claim.said, claim.seen.trim()));
        }
        missed
    }

    fn put(&self, text: &mut String) {
        put(text, format_args!("\n## {}\n", self.name));
        if let Some(why) = &self.broken {
            put(text, format_args!("**Given up half way:** {}\n", in_cell(why)));
        }
        put(
            text,
            format_args!(
                "| tried | times | how it ended | noticed by | after | line |\n|---|---|---|---|---|---|"
            ),
        );
        for one in &self.moves {
            let (by, after, line) = match &one.noticed {
                Some(notice) => (
                    format!("{}, {}", notice.by, notice.place),
                    format!("{:.1} s", notice.after.as_secs_f64()),
                    in_cell(&notice.line),
                ),
                None => ("**nobody**".to_owned(), "-".to_owned(), "-".to_owned()),
            };
            put(
                text,
                format_args!(
                    "| {} | {} | {} | {by} | {after} | {line} |",
                    in_cell(&one.what),
                    one.times,
                    in_cell(&one.end)
                ),
            );
        }
        for claim in &self.claims {
            let word = if claim.is_met { "yes" } else { "**no**" };
            put(text, format_args!("\n- {}: {word} ({})", claim.said, in_cell(claim.seen.trim())));
        }
    }
}

/// Makes a text fit a cell: what others wrote may hold anything.
fn in_cell(text: &str) -> String {
    text.chars().map(|one| if one.is_control() { ' ' } else { one }).collect::<String>().replace('|', "\\|")
}

fn put(text: &mut String, line: std::fmt::Arguments<'_>) {
    writeln!(text, "{line}").expect("a string takes whatever is written");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notice(seconds: u64) -> Notice {
        Notice {
            by: "Bob".to_owned(),
            place: "guard log".to_owned(),
            line: "misbehaved".to_owned(),
            after: Duration::from_secs(seconds),
        }
    }

    fn report(one: Move) -> Report {
        let attack = Attack { name: "outsider".to_owned(), moves: vec![one], ..Attack::default() };
        let town = Town { compared: 10, ..Town::default() };
        Report { attacks: vec![attack], town, ..Report::default() }
    }

    fn knock(noticed: impl Into<Option<Notice>>) -> Move {
        Move { what: "knocks".to_owned(), times: 3, noticed: noticed.into(), ..Move::default() }
    }

    fn check(report: &Report, expected: &[&str]) {
        assert_eq!(report.missed(), expected);
        assert_eq!(report.markdown().contains("goals missed"), !expected.is_empty());
    }

    #[test]
    fn what_is_noticed_within_a_minute_is_well() {
        check(&report(knock(notice(60))), &[]);
    }

    #[test]
    fn what_nobody_noticed_or_too_late_is_a_missed_goal() {
        check(&report(knock(None)), &["outsider: knocks: nobody noticed"]);
        check(&report(knock(notice(61))), &["outsider: knocks: noticed only after 61 s"]);
    }

    #[test]
    fn one_byte_read_is_a_missed_goal_though_it_was_noticed() {
        let one = Move { bytes_read: 1, ..knock(notice(1)) };
        check(&report(one), &["outsider: knocks: 1 bytes were read"]);
    }

    #[test]
    fn a_lost_file_a_leak_a_slow_peer_and_failed_work_are_missed_goals() {
        let mut all = report(knock(notice(1)));
        all.town.lost.push("plan.txt at Bob".to_owned());
        all.town.leaks.push("the minutes at Mallory".to_owned());
        all.town.failures.push("Bob cannot search".to_owned());
        all.town.slowest.push(("Bob".to_owned(), 1_000));
        all.town.slowest.push(("Carol".to_owned(), 999));
        check(
            &all,
            &[
                "lost: plan.txt at Bob",
                "leaked: the minutes at Mallory",
                "honest work failed: Bob cannot search",
                "Bob once answered only after 1000 ms",
            ],
        );
    }

    #[test]
    fn a_claim_that_does_not_hold_is_a_missed_goal() {
        let mut all = report(knock(notice(1)));
        let claim = |is_met| Claim { said: "no open".to_owned(), is_met, seen: "2 opens".to_owned() };
        all.attacks[0].claims = vec![claim(true), claim(false)];
        check(&all, &["outsider: no open: 2 opens"]);
    }

    #[test]
    fn an_attack_given_up_half_way_and_a_run_without_any_are_no_success() {
        let mut all = report(knock(notice(1)));
        all.attacks[0].broken = Some("no socket".to_owned());
        check(&all, &["outsider: could not be carried out: no socket"]);
        check(&Report::default(), &["nothing was attacked, or nothing compared: this was no test"]);
    }

    #[test]
    fn what_attackers_wrote_cannot_add_rows_to_the_report() {
        let mut all = report(knock(notice(1)));
        all.attacks[0].moves[0].end = "x |\n| forged | row".to_owned();
        assert!(all.markdown().contains("x \\| \\| forged \\| row"));
    }
}
