//! Contents that jobs and work need on this computer: none is let go of while anything here still needs it.
//!
//! One computer is owner, deputy and worker at once, and two jobs may have one program, one input or one output.

use base::{ContentId, Fault, RunId, WebId};
use files::lending::{self, Wanted};
use kernel::Step;
use store::StoreError;

use crate::jobs::Outcome;
use crate::service::Compute;
use crate::tables::{JOBS, NEEDED, NEEDED_BY, UNSENT};

impl Compute {
    /// Notes that a job needs a content that is here or on its way, and offers it to those who work for it.
    pub(crate) fn need(
        &mut self,
        step: &mut Step<'_>,
        web: WebId,
        job: RunId,
        (content, size): (ContentId, u64),
    ) {
        NEEDED.put(step.rows(), &(content, job), &());
        NEEDED_BY.put(step.rows(), &(job, content), &());
        lending::offer(step, web, vec![Wanted { content, size, from: None }]);
    }

    /// Notes that a job needs a content no more.
    pub(crate) fn need_no_more(
        &mut self,
        step: &mut Step<'_>,
        web: WebId,
        job: RunId,
        content: ContentId,
    ) -> Result<(), Fault> {
        NEEDED.delete(step.rows(), &(content, job));
        NEEDED_BY.delete(step.rows(), &(job, content));
        self.let_go(step, web, &[content])
    }

    /// Lets go of all that a job needed, and forgets that it did.
    pub(crate) fn need_nothing(&mut self, step: &mut Step<'_>, job: RunId) -> Result<(), Fault> {
        let Some(web) = JOBS.get(step.view(), &job)?.map(|job| job.web) else { return Ok(()) };
        let contents: Vec<ContentId> =
            NEEDED_BY.within(step.view(), &job).map(|row| Ok(row?.0.1)).collect::<Result<_, StoreError>>()?;
        for content in &contents {
            NEEDED.delete(step.rows(), &(*content, job));
            NEEDED_BY.delete(step.rows(), &(job, *content));
        }
        self.let_go(step, web, &contents)
    }

    /// Lets go of those of some contents that nothing here needs.
    pub(crate) fn let_go(
        &mut self,
        step: &mut Step<'_>,
        web: WebId,
        contents: &[ContentId],
    ) -> Result<(), Fault> {
        let mut gone = Vec::new();
        for content in contents {
            let is_needed = NEEDED.within(step.view(), content).next().transpose()?.is_some()
                || self.worker.needs(web, *content)
                || is_unsent(step, *content)?;
            if !is_needed {
                gone.push(*content);
            }
        }
        if !gone.is_empty() {
            lending::let_go(step, web, &gone);
        }
        Ok(())
    }
}

/// Says whether results that wait for their owner have a content.
fn is_unsent(step: &Step<'_>, content: ContentId) -> Result<bool, StoreError> {
    for row in UNSENT.all(step.view()) {
        let (_, row) = row?;
        let has =
            |outcome: &Outcome| matches!(outcome, Outcome::Large { content: one, .. } if *one == content);
        if row.outcomes.iter().any(has) {
            return Ok(true);
        }
    }
    Ok(false)
}
