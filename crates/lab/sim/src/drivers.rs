//! The drivers of the simulated world: what `workers` and `network` do for a real peer, on simulated disks.

use std::time::Duration;

use base::ContentId;
use files::jobs::{
    self, Bundle, Bundled, ByteRange, Fetch, FetchFailure, Fetched, Forget, Hash, HashReport, HashResult,
    ItemOutcome, Missing, MissingRanges, RootState, Save, Saved, Seal, SealOutcome, SealedItems, Source,
    Unseal, UnsealItem, UnsealOutcome, Unsealed, WalkReport, WalkSummary, WatchReport,
};
use kernel::{Input, Job, JobFailure};
use tunnels::jobs::{Listen, Listening};
use wire::sealed::{ContentKey, sealed_size};

use crate::world::{PeerIndex, World};

/// Bytes per second between two peers.
const BANDWIDTH: u64 = 10_000_000;

/// The port that a computer has free: nothing listens anywhere in this world.
const FREE_PORT: u16 = 40_000;

/// Carries a job out; its end comes later.
pub(crate) fn work(world: &mut World, index: PeerIndex, job: &Job) {
    world.peer_mut(index).begun(job.id);
    let quickly = Duration::from_millis(5);
    match job.kind {
        jobs::WALK => walk(world, index, job),
        jobs::WATCH => {
            world.peer_mut(index).watcher = Some(job.id);
            let nothing =
                WatchReport { changed: vec![], gone: vec![], skipped: vec![], is_rescan_needed: false };
            progress(world, index, job, quickly, jobs::to_bytes(&nothing));
        }
        jobs::HASH => hash(world, index, job),
        jobs::FETCH => fetch(world, index, job),
        jobs::BUNDLE => bundle(world, index, job),
        jobs::MISSING => {
            let end = jobs::from_bytes::<Missing>(&job.input).map(|missing| {
                let ranges = world.peer(index).disk.missing(missing.content, missing.size);
                jobs::to_bytes(&MissingRanges { ranges })
            });
            finish(world, index, job, quickly, end.map_err(|error| error.to_string()));
        }
        jobs::SAVE => {
            let end = jobs::from_bytes::<Save>(&job.input).map(|save| {
                let path = format!("{}/{}", save.folder, save.path);
                world.peer_mut(index).disk.saved.insert(path.clone(), save.content);
                jobs::to_bytes(&Saved { path })
            });
            finish(world, index, job, quickly, end.map_err(|error| error.to_string()));
        }
        jobs::FORGET => {
            if let Ok(forget) = jobs::from_bytes::<Forget>(&job.input) {
                world.peer_mut(index).disk.forget(forget.content);
            }
            finish(world, index, job, quickly, Ok(Vec::new()));
        }
        jobs::SEAL => seal(world, index, job),
        jobs::UNSEAL => unseal(world, index, job),
        jobs::CHECK => check(world, index, job),
        search::jobs::UPDATE
        | search::jobs::QUERY
        | search::jobs::SHOW
        | search::jobs::FORGET
        | search::jobs::SUMMARIZE => {
            crate::index::work(world, index, job);
        }
        tunnels::jobs::LISTEN => {
            if let Ok(listen) = tunnels::jobs::from_bytes::<Listen>(&job.input) {
                let port = if listen.port == 0 { FREE_PORT } else { listen.port };
                let report = tunnels::jobs::to_bytes(&Listening { port, ..Listening::default() });
                progress(world, index, job, quickly, report);
            }
        }
        tunnels::jobs::RECHECK => finish(world, index, job, quickly, Ok(Vec::new())),
        guard::jobs::SCAN | guard::jobs::COMPILE => guard(world, index, job),
        agents::jobs::TAKE | agents::jobs::RUN => run_agent(world, index, job),
        _ if crate::jobs::work(world, index, job) => {}
        _ => world.finish_after(quickly, index, job.id, Err(JobFailure::NoDriver)),
    }
}

fn guard(world: &mut World, index: PeerIndex, job: &Job) {
    let quickly = Duration::from_millis(5);
    if job.kind == guard::jobs::COMPILE {
        let compiled = guard::jobs::Compiled { rules: 1, licences: vec!["CC0".to_owned()] };
        return finish(world, index, job, quickly, Ok(guard::jobs::to_bytes(&compiled)));
    }
    let end = guard::jobs::from_bytes(&job.input).map(|scan| {
        let scanner = world.peer(index).scanner.clone().unwrap_or_default();
        guard::jobs::to_bytes(&scanner.look(&scan))
    });
    finish(world, index, job, quickly, end.map_err(|error| error.to_string()));
}

fn run_agent(world: &mut World, index: PeerIndex, job: &Job) {
    if job.kind == agents::jobs::TAKE {
        let end = agents::jobs::from_bytes(&job.input).map_err(|error| error.to_string());
        let end = end.and_then(|program| crate::programs::take(world, index, &program));
        return finish(world, index, job, Duration::from_millis(5), end);
    }
    let end = agents::jobs::from_bytes(&job.input).map_err(|error| error.to_string());
    let end = end.and_then(|run| crate::programs::run(world, index, &run));
    finish(world, index, job, Duration::from_millis(200), end);
}

fn finish(world: &mut World, index: PeerIndex, job: &Job, wait: Duration, end: Result<Vec<u8>, String>) {
    world.finish_after(wait, index, job.id, end.map_err(JobFailure::Failed));
}

fn progress(world: &mut World, index: PeerIndex, job: &Job, wait: Duration, report: Vec<u8>) {
    world.input_after(wait, index, Input::Progress { job: job.id, report });
}

fn walk(world: &mut World, index: PeerIndex, job: &Job) {
    let items = world.peer(index).disk.items();
    let real_root = world.peer(index).folder();
    let count = u64::try_from(items.len()).unwrap_or(0);
    let mut wait = Duration::from_millis(20);
    for part in items.chunks(jobs::ITEMS_MAX) {
        let report = WalkReport { real_root: real_root.clone(), items: part.to_vec(), skipped: vec![] };
        progress(world, index, job, wait, jobs::to_bytes(&report));
        wait += Duration::from_millis(20);
    }
    let summary = WalkSummary { root: RootState::Walked, real_root, items: count, skipped: 0 };
    finish(world, index, job, wait, Ok(jobs::to_bytes(&summary)));
}

fn hash(world: &mut World, index: PeerIndex, job: &Job) {
    let Ok(wanted) = jobs::from_bytes::<Hash>(&job.input) else {
        return finish(world, index, job, Duration::ZERO, Err("unreadable job".to_owned()));
    };
    let disk = &world.peer(index).disk;
    let mut bytes = 0;
    let results: Vec<HashResult> = wanted
        .items
        .into_iter()
        .map(|item| match disk.file(&item.path) {
            Some(file) => {
                bytes += file.stat().size;
                HashResult::Hashed { path: item.path, stat: file.stat(), content: file.content() }
            }
            None => HashResult::Gone { path: item.path },
        })
        .collect();
    let wait = Duration::from_millis(10 + bytes / 1_000_000);
    for part in results.chunks(jobs::ITEMS_MAX) {
        progress(
            world,
            index,
            job,
            wait,
            jobs::to_bytes(&HashReport { results: part.to_vec(), reading: None }),
        );
    }
    finish(world, index, job, wait, Ok(Vec::new()));
}

/// What a provider does when asked for a content.
enum Answer {
    Gives,
    Refuses(FetchFailure),
}

fn provider_answer(
    world: &World,
    asker: PeerIndex,
    provider: Option<PeerIndex>,
    content: ContentId,
    size: u64,
) -> Answer {
    let Some(provider) = provider.filter(|provider| world.is_connected(asker, *provider)) else {
        return Answer::Refuses(FetchFailure::Unreachable);
    };
    let peer = world.peer(provider);
    if peer.is_liar {
        return Answer::Refuses(FetchFailure::WrongBytes);
    }
    match peer.source_for(world.now_ms(), &world.peer(asker).device, content) {
        Some(Source::Store) if peer.disk.missing(content, size).is_empty() => Answer::Gives,
        None | Some(Source::Store) => Answer::Refuses(FetchFailure::Refused),
        Some(Source::Path { path, stat }) => {
            let path = path.strip_prefix(&format!("{}/", peer.folder())).unwrap_or(&path);
            let is_same = peer.disk.has_in_place(path, &stat, content);
            if is_same { Answer::Gives } else { Answer::Refuses(FetchFailure::Changed) }
        }
    }
}

fn fetch(world: &mut World, index: PeerIndex, job: &Job) {
    let Ok(wanted) = jobs::from_bytes::<Fetch>(&job.input) else {
        return finish(world, index, job, Duration::ZERO, Err("unreadable job".to_owned()));
    };
    world.tally.fetches += 1;
    let provider = world.by_device.get(&wanted.provider).copied();
    match provider_answer(world, index, provider, wanted.content, wanted.size) {
        Answer::Gives => {
            let bytes: u64 = wanted.ranges.iter().map(|range| range.to.saturating_sub(range.from)).sum();
            for range in &wanted.ranges {
                let range = ByteRange { from: range.from / 16_384 * 16_384, to: range.to };
                world.peer_mut(index).disk.store(wanted.content, range);
            }
            let wait = transfer_time(bytes);
            finish(world, index, job, wait, Ok(jobs::to_bytes(&Fetched { bytes })));
        }
        Answer::Refuses(failure) => {
            finish(world, index, job, Duration::from_millis(50), Err(failure.text("simulated")));
        }
    }
}

fn bundle(world: &mut World, index: PeerIndex, job: &Job) {
    let Ok(wanted) = jobs::from_bytes::<Bundle>(&job.input) else {
        return finish(world, index, job, Duration::ZERO, Err("unreadable job".to_owned()));
    };
    world.tally.fetches += 1;
    let provider = world.by_device.get(&wanted.provider).copied();
    let mut bytes = 0;
    let mut outcomes = Vec::new();
    for item in &wanted.items {
        let outcome = match provider_answer(world, index, provider, item.content, item.size) {
            _ if world.peer(index).disk.missing(item.content, item.size).is_empty() => ItemOutcome::Arrived,
            Answer::Gives => {
                bytes += item.size;
                world.peer_mut(index).disk.store(item.content, ByteRange { from: 0, to: item.size });
                ItemOutcome::Arrived
            }
            Answer::Refuses(FetchFailure::Unreachable) => {
                let failure = FetchFailure::Unreachable.text("simulated");
                return finish(world, index, job, Duration::from_millis(50), Err(failure));
            }
            Answer::Refuses(FetchFailure::WrongBytes) => ItemOutcome::Wrong,
            Answer::Refuses(_) => ItemOutcome::Refused,
        };
        outcomes.push(outcome);
    }
    finish(world, index, job, transfer_time(bytes), Ok(jobs::to_bytes(&Bundled { outcomes })));
}

/// Returns the id of a sealed copy, which in this world needs no bytes: key and content make it, as they do in the true one.
pub fn sealed_id(key: &ContentKey, content: ContentId) -> ContentId {
    ContentId::new(*blake3::keyed_hash(key.secret(), content.as_bytes()).as_bytes())
}

fn seal(world: &mut World, index: PeerIndex, job: &Job) {
    let Ok(wanted) = jobs::from_bytes::<Seal>(&job.input) else {
        return finish(world, index, job, Duration::ZERO, Err("unreadable job".to_owned()));
    };
    let mut outcomes = Vec::new();
    let mut bytes = 0;
    for item in wanted.items {
        let peer = world.peer_mut(index);
        let is_here = match &item.source {
            Source::Store => peer.disk.missing(item.content, item.size).is_empty(),
            Source::Path { path, stat } => {
                let path = path.strip_prefix(&format!("{}/", peer.folder())).unwrap_or(path);
                peer.disk.has_in_place(path, stat, item.content)
            }
        };
        let Some(to) = sealed_size(item.size).filter(|_| is_here) else {
            outcomes.push(SealOutcome::Failed);
            continue;
        };
        let mut sealed = sealed_id(&item.key, item.content);
        if peer.is_sealing_wrongly {
            sealed = ContentId::new(*blake3::hash(sealed.as_bytes()).as_bytes());
        }
        peer.disk.store(sealed, ByteRange { from: 0, to });
        bytes += item.size;
        outcomes.push(SealOutcome::Sealed { sealed });
    }
    let wait = Duration::from_millis(10 + bytes / 1_000_000);
    finish(world, index, job, wait, Ok(jobs::to_bytes(&SealedItems { outcomes })));
}

fn unseal(world: &mut World, index: PeerIndex, job: &Job) {
    let Ok(wanted) = jobs::from_bytes::<Unseal>(&job.input) else {
        return finish(world, index, job, Duration::ZERO, Err("unreadable job".to_owned()));
    };
    let mut outcomes = Vec::new();
    for item in wanted.items {
        let outcome = opened(world, index, &item);
        if outcome == UnsealOutcome::Opened {
            let range = ByteRange { from: 0, to: item.size };
            world.peer_mut(index).disk.store(item.content, range);
        }
        outcomes.push(outcome);
    }
    finish(world, index, job, Duration::from_millis(20), Ok(jobs::to_bytes(&Unsealed { outcomes })));
}

fn opened(world: &World, index: PeerIndex, item: &UnsealItem) -> UnsealOutcome {
    let size = sealed_size(item.size).unwrap_or(u64::MAX);
    if !world.peer(index).disk.missing(item.sealed, size).is_empty() {
        UnsealOutcome::Failed
    } else if sealed_id(&item.key, item.content) == item.sealed {
        UnsealOutcome::Opened
    } else {
        UnsealOutcome::Wrong
    }
}

fn check(world: &mut World, index: PeerIndex, job: &Job) {
    let item = jobs::from_bytes::<UnsealItem>(&job.input).map_err(|error| error.to_string());
    let end = item.map(|item| jobs::to_bytes(&opened(world, index, &item)));
    finish(world, index, job, Duration::from_millis(20), end);
}

fn transfer_time(bytes: u64) -> Duration {
    Duration::from_millis(20 + bytes.saturating_mul(1000) / BANDWIDTH)
}

/// Tells a peer's watcher, if it watches, that a path changed or is gone.
pub(crate) fn notice(world: &mut World, index: PeerIndex, changed: &[&str], gone: &[&str]) {
    let peer = world.peer(index);
    let Some(watcher) = peer.watcher else { return };
    let changed = changed
        .iter()
        .filter_map(|path| peer.disk.file(path).map(|file| crate::disk::item(path, file)))
        .collect();
    let gone = gone.iter().map(ToString::to_string).collect();
    let report = WatchReport { changed, gone, skipped: vec![], is_rescan_needed: false };
    let input = Input::Progress { job: watcher, report: jobs::to_bytes(&report) };
    world.input_after(Duration::from_millis(250), index, input);
}
