//! A person has something looked through, and waits for it (spec guard, rule 22); the switch.

use std::collections::BTreeSet;

use api::guard::{Check, CheckFile, Checked, Switch, SwitchGuard};
use base::{ContentId, Fault};
use files::jobs::{Source, Stat};
use kernel::{AskId, Step};

use crate::faults::GuardError;
use crate::gate::is_off;
use crate::jobs::{SCAN, Scan, ScanItem, to_bytes};
use crate::level::is_found;
use crate::log;
use crate::looking::LANE_AWAITED;
use crate::reading;
use crate::service::{Guard, Loose, Purpose};
use crate::tables::{LogRow, NUMBER_IS_OFF, NUMBERS, QUEUE, SEEN, What};

/// Contents that one check looks through at most; a larger share is checked folder by folder.
pub(crate) const CONTENTS_MAX: usize = 100_000;

/// A check under way.
#[derive(Debug)]
pub(crate) struct Checking {
    waiting: BTreeSet<ContentId>,
    all: Vec<ContentId>,
    elsewhere: u64,
}

impl Guard {
    /// Queues all contents below a path that are here, and answers when each was looked through.
    pub(crate) fn check(&mut self, step: &mut Step<'_>, ask: AskId, asked: &Check) -> Result<(), Fault> {
        if is_off(step.view())? {
            return Err(GuardError::Off.into());
        }
        let (contents, elsewhere) = reading::contents_below(step.view(), &asked.path)?;
        if contents.is_empty() {
            return Err(GuardError::NothingHere { path: asked.path.clone() }.into());
        }
        let epoch = crate::rules::epoch(step.view())?;
        let mut waiting = BTreeSet::new();
        for content in &contents {
            let seen = SEEN.get(step.view(), content)?;
            if !asked.new_only || seen.is_none_or(|seen| seen.epoch < epoch) {
                QUEUE.put(step.rows(), &(LANE_AWAITED, *content), &());
                self.awaited.entry(*content).or_default().push(ask);
                waiting.insert(*content);
            }
        }
        let checking = Checking { waiting, all: contents, elsewhere };
        if checking.waiting.is_empty() {
            return answer(step, ask, &checking);
        }
        self.checks.insert(ask, checking);
        Ok(())
    }

    /// Has a file looked through that is in no share, and answers when it was.
    pub(crate) fn check_file(
        &mut self,
        step: &mut Step<'_>,
        ask: AskId,
        asked: CheckFile,
    ) -> Result<(), Fault> {
        if is_off(step.view())? {
            return Err(GuardError::Off.into());
        }
        if self.is_held_up {
            return Err(GuardError::Blind.into());
        }
        let CheckFile { content, file, name, size, modified, changed, inode, web } = asked;
        let epoch = crate::rules::epoch(step.view())?;
        let is_seen =
            SEEN.get(step.view(), &content)?.is_some_and(|seen| seen.epoch >= epoch && !seen.is_blank);
        let waiting = if is_seen { BTreeSet::new() } else { BTreeSet::from([content]) };
        let checking = Checking { waiting, all: vec![content], elsewhere: 0 };
        if is_seen {
            return answer(step, ask, &checking);
        }
        self.awaited.entry(content).or_default().push(ask);
        self.checks.insert(ask, checking);
        if self.is_under_way(content) {
            return Ok(());
        }
        let stat = Stat { size: size.0, mtime_ns: modified, ctime_ns: changed, inode };
        let item = ScanItem { content, source: Source::Path { path: file, stat }, name: name.clone() };
        let sets = crate::rules::to_look_with(step.view())?;
        let job = step.work(SCAN, to_bytes(&Scan { items: vec![item], sets }));
        let loose = Some(Loose { name, web });
        self.jobs.insert(job, Purpose::Look { contents: vec![content], epoch, loose });
        Ok(())
    }

    /// Answers checks that wait for nothing more, after a content was looked through.
    pub(crate) fn answer_awaiting(&mut self, step: &mut Step<'_>, content: ContentId) -> Result<(), Fault> {
        for ask in self.awaited.remove(&content).unwrap_or_default() {
            let Some(checking) = self.checks.get_mut(&ask) else { continue };
            checking.waiting.remove(&content);
            if checking.waiting.is_empty()
                && let Some(checking) = self.checks.remove(&ask)
            {
                answer(step, ask, &checking)?;
            }
        }
        Ok(())
    }

    /// Answers all checks that wait that nothing will come of them.
    pub(crate) fn give_up_checks(&mut self, step: &mut Step<'_>, why: &GuardError) {
        self.awaited.clear();
        for (ask, _) in std::mem::take(&mut self.checks) {
            step.refuse(ask, why.clone().into());
        }
    }

    /// Switches the guard of this computer on or off.
    pub(crate) fn switch(
        &mut self,
        step: &mut Step<'_>,
        ask: AskId,
        asked: &SwitchGuard,
    ) -> Result<(), Fault> {
        let is_off_now = asked.state == Switch::Off;
        if is_off(step.view())? != is_off_now {
            if is_off_now {
                self.give_up_checks(step, &GuardError::Off);
            }
            set_off(step, is_off_now)?;
        }
        let shown = reading::status(step.view(), None, step.now())?;
        step.reply(ask, &shown);
        Ok(())
    }
}

fn answer(step: &mut Step<'_>, ask: AskId, checking: &Checking) -> Result<(), Fault> {
    let (mut harmful, mut unseen) = (0_u64, 0_u64);
    for content in &checking.all {
        harmful = harmful.saturating_add(u64::from(is_found(step.view(), *content)?));
        let is_unseen = SEEN.get(step.view(), content)?.is_none_or(|seen| !seen.unseen.is_empty());
        unseen = unseen.saturating_add(u64::from(is_unseen));
    }
    let files = u64::try_from(checking.all.len()).unwrap_or(u64::MAX);
    step.reply(ask, &Checked { files, harmful, unseen, elsewhere: checking.elsewhere });
    Ok(())
}

fn set_off(step: &mut Step<'_>, is_off_now: bool) -> Result<(), Fault> {
    NUMBERS.put(step.rows(), &NUMBER_IS_OFF, &u64::from(is_off_now));
    let entry = LogRow {
        at: step.now(),
        web: None,
        content: None,
        name: String::new(),
        person: people::read::my_person(step.view())?,
        what: if is_off_now { What::Off } else { What::On },
        why: String::new(),
    };
    log::note(step, &entry)?;
    crate::health::tell(step)?;
    reading::tell_changed(step, None, None)
}
