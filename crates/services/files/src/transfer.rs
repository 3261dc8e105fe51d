//! What a person asks about transfers: get, pause, resume, cancel; and turning a folder into its files.
//!
//! A transfer is rows, so it survives a kill: what is left to do stands in `ITEMS`, what is here is told by the
//! content driver when asked. Not for: from whom bytes come (`fetching.rs`).

use std::time::Duration;

use api::files::{Cancel, Get, GivenView, Pause, Resume, TransferState, TransferView};
use base::{ByteCount, DeviceId, Fault, TransferId};
use kernel::{AskId, Step};
use store::{Rows, StoreError};

use crate::alarms;
use crate::faults::FilesError;
use crate::finding::random_16;
use crate::jobs::{FORGET, Forget, SMALL_SIZE, to_bytes};
use crate::lending::{self, NOBODY};
use crate::service::{Files, Purpose};
use crate::share::checked_folder;
use crate::tables::{
    COUNTER_TRANSFERS, COUNTERS, ENTRIES, EntryRow, ITEM_LARGE, ITEM_SMALL, ITEM_UNREAD, ITEMS, ItemRow,
    Kind, ORDER, PROVEN, RevisionRow, Stage, TRANSFERS, TransferRow, inside, name_of, path_of,
};
use crate::tree::{self, BelowSpot, ShareSpot, Spot};
use crate::view::Viewer;

/// Live transfers at most; one can bring a whole share.
const LIVE_MAX: usize = 1_000;
/// Entries turned into items in one step.
const EXPAND_STEP: usize = 1_000;
/// Items removed in one step after a cancel.
const SWEEP_STEP: usize = 1_000;

impl Files {
    /// Begins a transfer.
    pub(crate) fn ask_get(&mut self, step: &mut Step<'_>, ask: AskId, asked: &Get) -> Result<(), Fault> {
        let to = asked.to.as_deref().map(checked_folder).transpose()?;
        if self.bringing.live_count() >= LIVE_MAX {
            return Err(FilesError::TooManyTransfers { count: LIVE_MAX }.into());
        }
        let spot = tree::resolve(step.view(), &asked.path)?;
        let path = asked.path.trim_matches('/').to_owned();
        let id = match spot {
            Spot::Share(share) => begin_folder(step, &share, Vec::new(), path, to)?,
            Spot::Below(BelowSpot { share, key, entry }) => match entry {
                Some(entry) if entry.kind == Kind::File => {
                    begin_file(step, &share, key, &entry, (path, to, asked.revision))?
                }
                Some(EntryRow { kind: Kind::Link, .. }) => return Err(FilesError::NotAFile { path }.into()),
                _ => begin_folder(step, &share, key, path, to)?,
            },
            _ => return Err(FilesError::TooMuch { path }.into()),
        };
        self.bringing.begin(id);
        expand(step, id)?;
        self.pump(step)?;
        answer(step, ask, id)
    }

    /// Pauses a transfer.
    pub(crate) fn ask_pause(&mut self, step: &mut Step<'_>, ask: AskId, asked: &Pause) -> Result<(), Fault> {
        let (id, mut row) = named(step.view(), &asked.id)?;
        refuse_over(&row)?;
        self.bringing.note_done(id, &mut row);
        row.stage = Stage::Paused;
        row.why.clear();
        row.from.clear();
        row.speed = 0;
        TRANSFERS.put(step.rows(), &id, &row);
        self.let_go(step, id, After::Keep);
        answer(step, ask, id)
    }

    /// Goes on with a transfer.
    pub(crate) fn ask_resume(
        &mut self,
        step: &mut Step<'_>,
        ask: AskId,
        asked: &Resume,
    ) -> Result<(), Fault> {
        let (id, mut row) = named(step.view(), &asked.id)?;
        if row.stage != Stage::Failed {
            refuse_over(&row)?;
        }
        if !row.stage.is_live() {
            row.stage = Stage::Running;
            row.why.clear();
            TRANSFERS.put(step.rows(), &id, &row);
            self.bringing.begin(id);
            expand(step, id)?;
            self.pump(step)?;
        }
        answer(step, ask, id)
    }

    /// Gives a transfer up; whole files that came stay, parts of files do not.
    pub(crate) fn ask_cancel(
        &mut self,
        step: &mut Step<'_>,
        ask: AskId,
        asked: &Cancel,
    ) -> Result<(), Fault> {
        let (id, row) = named(step.view(), &asked.id)?;
        refuse_over(&row)?;
        self.cancel_transfer(step, id, row)?;
        answer(step, ask, id)
    }

    /// Cancels a transfer.
    pub(crate) fn cancel_transfer(
        &mut self,
        step: &mut Step<'_>,
        id: TransferId,
        mut row: TransferRow,
    ) -> Result<(), Fault> {
        row.stage = Stage::Cancelled;
        row.done = row.settled;
        row.from.clear();
        row.speed = 0;
        row.why.clear();
        row.expanded = None;
        TRANSFERS.put(step.rows(), &id, &row);
        self.let_go(step, id, After::Forget);
        self.sweep_items(step, id)?;
        emit(step, id, &row)
    }

    /// Marks a transfer as one that cannot go on.
    pub(crate) fn fail_transfer(
        &mut self,
        step: &mut Step<'_>,
        id: TransferId,
        why: &str,
    ) -> Result<(), Fault> {
        let Some(mut row) = TRANSFERS.get(step.view(), &id)?.filter(|row| row.stage.is_live()) else {
            return Ok(());
        };
        self.bringing.note_done(id, &mut row);
        row.stage = Stage::Failed;
        why.clone_into(&mut row.why);
        row.from.clear();
        row.speed = 0;
        TRANSFERS.put(step.rows(), &id, &row);
        self.let_go(step, id, After::Keep);
        if row.order == NOBODY {
            step.alarm(lending::AGAIN, alarms::LENT);
        }
        emit(step, id, &row)
    }

    /// Goes on with every folder that is not all turned into items, and with what is left of cancelled ones.
    pub(crate) fn go_on_expanding(&mut self, step: &mut Step<'_>) -> Result<(), Fault> {
        for id in self.bringing.live() {
            expand(step, id)?;
        }
        let over: Vec<TransferId> = self.bringing.take_sweeps();
        for id in over {
            self.sweep_items(step, id)?;
        }
        self.pump(step)
    }

    /// Removes what is left of a cancelled transfer, a part at a time.
    fn sweep_items(&mut self, step: &mut Step<'_>, id: TransferId) -> Result<(), Fault> {
        let items: Vec<_> = ITEMS.within(step.view(), &id).take(SWEEP_STEP).collect::<Result<_, _>>()?;
        let Some(row) = TRANSFERS.get(step.view(), &id)? else { return Ok(()) };
        if items.len() == SWEEP_STEP {
            self.bringing.sweep_later(id);
            step.alarm(Duration::ZERO, alarms::EXPAND);
        }
        for ((_, lane, index), item) in items {
            ITEMS.delete(step.rows(), &(id, lane, index));
            if lane == ITEM_LARGE
                && let Some(content) = item.content
                && !self.bringing.is_active(row.web, content)
            {
                self.forget_unless_held(step, content)?;
            }
        }
        Ok(())
    }

    /// Lets the content driver collect what came of a content, unless it is kept for some web.
    pub(crate) fn forget_unless_held(
        &mut self,
        step: &mut Step<'_>,
        content: base::ContentId,
    ) -> Result<(), Fault> {
        if crate::copies::is_needed(step.view(), content)? {
            return Ok(());
        }
        for web in people::read::webs(step.view())? {
            PROVEN.delete(step.rows(), &(web.id, content));
        }
        let job = step.work(FORGET, to_bytes(&Forget { content }));
        self.jobs.insert(job, Purpose::Forget);
        Ok(())
    }
}

/// Turns the next part of a folder into items; comes back by an alarm while there is more.
fn expand(step: &mut Step<'_>, id: TransferId) -> Result<(), Fault> {
    let Some(mut row) = TRANSFERS.get(step.view(), &id)?.filter(|row| row.stage.is_live()) else {
        return Ok(());
    };
    let Some(from) = row.expanded.take().map(Vec::from) else { return Ok(()) };
    let prefix = inside(&row.root);
    let folder = name_of(&row.path).to_owned();
    let start = (row.share, if from.is_empty() { prefix.clone() } else { from });
    let part: Vec<_> = ENTRIES
        .within_from(step.view(), &(row.share, prefix.clone()), &start)
        .take(EXPAND_STEP + 1)
        .collect::<Result<_, _>>()?;
    let more = part.get(EXPAND_STEP).map(|((_, key), _)| key.clone());
    for ((_, key), entry) in part.into_iter().take(EXPAND_STEP) {
        if entry.kind == Kind::File {
            let below = path_of(key.get(prefix.len()..).unwrap_or_default());
            let path = format!("{folder}/{below}");
            add_item(step, id, &mut row, &entry, (entry.head.content, entry.head.size), path);
        }
    }
    row.expanded = more.map(Into::into);
    if row.expanded.is_some() {
        step.alarm(Duration::ZERO, alarms::EXPAND);
    }
    TRANSFERS.put(step.rows(), &id, &row);
    Ok(())
}

fn answer(step: &mut Step<'_>, ask: AskId, id: TransferId) -> Result<(), Fault> {
    let row = TRANSFERS.get(step.view(), &id)?.ok_or(FilesError::NoSuchTransfer { id: id.to_string() })?;
    let view = view_of(step.view(), step.me(), id, row)?;
    step.emit("files.transfer", &view);
    step.reply(ask, &view);
    Ok(())
}

/// What becomes of parts of files when a transfer is let go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum After {
    /// They stay; the transfer may go on.
    Keep,
    /// They may be collected.
    Forget,
}

/// Publishes how a transfer gets on.
pub(crate) fn emit(step: &mut Step<'_>, id: TransferId, row: &TransferRow) -> Result<(), Fault> {
    if row.order == NOBODY {
        return Ok(());
    }
    let view = view_of(step.view(), step.me(), id, row.clone())?;
    step.emit("files.transfer", &view);
    Ok(())
}

/// Begins to bring one content again because its copy here was damaged; the share may be anybody's.
pub(crate) fn begin_again(
    step: &mut Step<'_>,
    share: &ShareSpot,
    key: Vec<u8>,
    entry: &EntryRow,
) -> Result<TransferId, Fault> {
    let path = format!("{}/{}", share.path, path_of(&key));
    begin_file(step, share, key, entry, (path, None, None))
}

fn begin_file(
    step: &mut Step<'_>,
    share: &ShareSpot,
    key: Vec<u8>,
    entry: &EntryRow,
    (path, to, revision): (String, Option<String>, Option<u64>),
) -> Result<TransferId, Fault> {
    let (content, size) = match revision {
        None => (entry.head.content, entry.head.size),
        Some(number) => {
            let found = revision_of(step.view(), share.row.number, entry, number)?;
            let Some(RevisionRow { content: Some(content), size, .. }) = found else {
                return Err(FilesError::NoSuchRevision { path, revision: number }.into());
            };
            (Some(content), size)
        }
    };
    let name = name_of(&path_of(&key)).to_owned();
    let (id, mut row) = new_transfer(step, share, key, path, to)?;
    row.is_newest = revision.is_none();
    add_item(step, id, &mut row, entry, (content, size), name);
    TRANSFERS.put(step.rows(), &id, &row);
    Ok(id)
}

fn begin_folder(
    step: &mut Step<'_>,
    share: &ShareSpot,
    key: Vec<u8>,
    path: String,
    to: Option<String>,
) -> Result<TransferId, Fault> {
    let (id, mut row) = new_transfer(step, share, key, path, to)?;
    row.expanded = Some(Vec::new().into());
    TRANSFERS.put(step.rows(), &id, &row);
    Ok(id)
}

fn new_transfer(
    step: &mut Step<'_>,
    share: &ShareSpot,
    root: Vec<u8>,
    path: String,
    to: Option<String>,
) -> Result<(TransferId, TransferRow), StoreError> {
    let id = TransferId::new(random_16(step, "transfer"));
    let order = COUNTERS.get(step.view(), &COUNTER_TRANSFERS)?.unwrap_or(0) + 1;
    COUNTERS.put(step.rows(), &COUNTER_TRANSFERS, &order);
    ORDER.put(step.rows(), &order, &id);
    let row = TransferRow {
        web: share.key.web,
        share: share.row.number,
        path,
        root,
        is_newest: true,
        to,
        stage: Stage::Running,
        why: String::new(),
        started: step.now(),
        order,
        files: 0,
        files_done: 0,
        total: 0,
        settled: 0,
        done: 0,
        speed: 0,
        from: Vec::new(),
        expanded: None,
        items: 0,
        gave: Vec::new(),
    };
    Ok((id, row))
}

fn add_item(
    step: &mut Step<'_>,
    id: TransferId,
    row: &mut TransferRow,
    entry: &EntryRow,
    (content, size): (Option<base::ContentId>, u64),
    path: String,
) {
    let lane = lane_of(content, size);
    let item = ItemRow { file: entry.file, content, size, path };
    ITEMS.put(step.rows(), &(id, lane, row.items), &item);
    row.items += 1;
    row.files += 1;
    row.total = row.total.saturating_add(size);
}

/// Returns in which lane an item waits.
pub(crate) fn lane_of(content: Option<base::ContentId>, size: u64) -> u8 {
    match content {
        None => ITEM_UNREAD,
        Some(_) if size < SMALL_SIZE => ITEM_SMALL,
        Some(_) => ITEM_LARGE,
    }
}

/// Finds a revision of a file by its number.
pub(crate) fn revision_of(
    rows: &dyn Rows,
    share: u64,
    entry: &EntryRow,
    number: u64,
) -> Result<Option<RevisionRow>, StoreError> {
    if entry.number == number {
        return Ok(Some(entry.head.clone()));
    }
    let mut older = crate::tables::REVISIONS.within(rows, &(share, entry.file, number));
    Ok(older.next().transpose()?.map(|(_, revision)| revision))
}

/// Finds a transfer by its id or its first digits.
pub(crate) fn named(rows: &dyn Rows, id: &str) -> Result<(TransferId, TransferRow), Fault> {
    let mut found = None;
    for pair in TRANSFERS.all(rows) {
        let (transfer, row) = pair?;
        if row.order != NOBODY && !id.is_empty() && transfer.to_string().starts_with(&id.to_lowercase()) {
            if found.is_some() {
                return Err(FilesError::AmbiguousTransfer { id: id.to_owned() }.into());
            }
            found = Some((transfer, row));
        }
    }
    Ok(found.ok_or_else(|| FilesError::NoSuchTransfer { id: id.to_owned() })?)
}

fn refuse_over(row: &TransferRow) -> Result<(), FilesError> {
    if row.stage.is_over() {
        let (done, total) = (ByteCount(row.done), ByteCount(row.total));
        return Err(FilesError::TransferOver { path: row.path.clone(), done, total });
    }
    Ok(())
}

/// Returns a transfer as a person sees it.
pub(crate) fn view_of(
    rows: &dyn Rows,
    me: DeviceId,
    id: TransferId,
    row: TransferRow,
) -> Result<TransferView, StoreError> {
    let mut viewer = Viewer::of(rows, me)?;
    let from =
        row.from.iter().map(|device| viewer.giver_label(row.web, *device)).collect::<Result<_, _>>()?;
    let mut gave = std::collections::BTreeMap::new();
    for (device, bytes) in &row.gave {
        let sum: &mut u64 = gave.entry(viewer.giver_label(row.web, *device)?).or_default();
        *sum = sum.saturating_add(*bytes);
    }
    let mut gave: Vec<GivenView> =
        gave.into_iter().map(|(who, bytes)| GivenView { who, bytes: ByteCount(bytes) }).collect();
    gave.sort_by_key(|given| std::cmp::Reverse(given.bytes));
    let left = row.total.saturating_sub(row.done);
    let state = match row.stage {
        Stage::Running => TransferState::Running,
        Stage::Waiting => TransferState::Waiting,
        Stage::Paused => TransferState::Paused,
        Stage::Done => TransferState::Done,
        Stage::Cancelled => TransferState::Cancelled,
        Stage::Failed => TransferState::Failed,
    };
    Ok(TransferView {
        path: row.path,
        state,
        done: ByteCount(row.done),
        total: ByteCount(row.total),
        files_done: row.files_done,
        files: row.files,
        speed: ByteCount(row.speed),
        seconds_left: (row.speed > 0 && row.stage == Stage::Running).then(|| left / row.speed),
        from,
        gave,
        why: row.why,
        to: row.to,
        is_over: row.stage.is_over(),
        started: row.started,
        id,
    })
}
