//! What a file of rows is after a crash, a power cut, a full disk.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard};

use proptest::prelude::*;
use redb::StorageBackend;

use super::{lines, put};
use crate::backing::redb_file::builder;
use crate::{Backing, Changes, Durability, MemoryBacking, RedbBacking, StoreError};

/// A disk that keeps what was synced, and of the rest what a power cut happens to leave.
#[derive(Debug, Clone, Default)]
struct Disk(Arc<Mutex<Platters>>);

#[derive(Debug, Default)]
struct Platters {
    now: Vec<u8>,
    synced: Vec<u8>,
    /// Writes since the last sync, in order.
    unsynced: Vec<(usize, Vec<u8>)>,
    /// Writes and syncs that still work; `None`: all.
    left: Option<u32>,
    error: Option<io::ErrorKind>,
}

impl Disk {
    fn platters(&self) -> MutexGuard<'_, Platters> {
        self.0.lock().unwrap()
    }

    /// Lets `left` writes and syncs happen, and fails the later ones with `error`.
    fn fail_after(&self, left: u32, error: io::ErrorKind) {
        let mut platters = self.platters();
        (platters.left, platters.error) = (Some(left), Some(error));
    }

    fn mend(&self) {
        self.platters().left = None;
    }

    /// Returns the disk as a power cut leaves it: what was synced, and those unsynced writes that `keeps` picks, the
    /// last of them torn.
    fn power_cut(&self, keeps: impl Fn(usize) -> bool) -> Self {
        let platters = self.platters();
        let mut found = platters.synced.clone();
        let picked: Vec<_> =
            platters.unsynced.iter().enumerate().filter(|(place, _)| keeps(*place)).collect();
        for (place, (offset, bytes)) in &picked {
            let is_last = picked.last().is_some_and(|(last, _)| last == place);
            let bytes = if is_last { &bytes[..bytes.len() / 2] } else { &bytes[..] };
            // A write beyond the synced length may arrive before the new length does.
            found.resize(found.len().max(offset + bytes.len()), 0);
            found[*offset..offset + bytes.len()].copy_from_slice(bytes);
        }
        Self(Arc::new(Mutex::new(Platters { now: found.clone(), synced: found, ..Platters::default() })))
    }

    fn open(&self) -> Result<RedbBacking, StoreError> {
        let disk = self.clone();
        RedbBacking::over(Box::new(move || Ok(builder().create_with_backend(disk.clone())?)))
    }
}

impl Platters {
    fn spend(&mut self) -> io::Result<()> {
        match &mut self.left {
            None => Ok(()),
            Some(0) => Err(self.error.unwrap().into()),
            Some(left) => {
                *left -= 1;
                Ok(())
            }
        }
    }
}

impl StorageBackend for Disk {
    fn len(&self) -> io::Result<u64> {
        Ok(self.platters().now.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let offset = usize::try_from(offset).unwrap();
        out.copy_from_slice(&self.platters().now[offset..offset + out.len()]);
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let mut platters = self.platters();
        platters.spend()?;
        platters.now.resize(usize::try_from(len).unwrap(), 0);
        // Lengths are journaled by the file system: they survive.
        let len = platters.now.len();
        platters.synced.resize(len, 0);
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        let mut platters = self.platters();
        platters.spend()?;
        platters.synced = platters.now.clone();
        platters.unsynced.clear();
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let mut platters = self.platters();
        platters.spend()?;
        let offset = usize::try_from(offset).unwrap();
        platters.now[offset..offset + data.len()].copy_from_slice(data);
        platters.unsynced.push((offset, data.to_vec()));
        Ok(())
    }
}

fn change(number: u64) -> Changes {
    let mut changes = Changes::default();
    // Two tables and a long value: a commit of many pages.
    changes.set("crash.small", &number.to_be_bytes(), Some(number.to_be_bytes().to_vec()));
    changes.set("crash.large", &number.to_be_bytes(), Some(vec![7; 30_000]));
    changes
}

/// Returns how many changes are there, all of them whole.
fn committed(backing: &RedbBacking) -> u64 {
    let rows = backing.snapshot().unwrap();
    let all = |table| rows.range(table, std::ops::Bound::Unbounded, std::ops::Bound::Unbounded);
    let small: Vec<_> = all("crash.small").map(Result::unwrap).collect();
    let large =
        all("crash.large").map(Result::unwrap).inspect(|(_, value)| assert_eq!(*value, vec![7; 30_000]));
    assert_eq!(large.count(), small.len(), "a commit came through in half");
    u64::try_from(small.len()).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn a_power_cut_in_mid_commit_loses_nothing_committed_and_leaves_no_half(
        works in 0..120_u32, picks in any::<u64>()
    ) {
        let disk = Disk::default();
        let backing = disk.open().unwrap();
        disk.fail_after(works, io::ErrorKind::Other);
        let mut done = 0;
        while done < 20 && backing.commit(change(done), Durability::Durable).is_ok() {
            done += 1;
        }
        let left = disk.power_cut(|place| picks >> (place % 64) & 1 == 1);
        drop(backing);
        let found = committed(&left.open().unwrap());
        // The commit that was under way may have come through; none before it may be missing.
        prop_assert!(found == done || found == done + 1, "{done} were committed, {found} are there");
    }

    #[test]
    fn a_power_cut_loses_relaxed_commits_from_some_point_on_and_none_before_a_durable_one(
        works in 0..160_u32, picks in any::<u64>(), relaxed in prop::collection::vec(any::<bool>(), 20)
    ) {
        let disk = Disk::default();
        let backing = disk.open().unwrap();
        disk.fail_after(works, io::ErrorKind::Other);
        let (mut done, mut safe) = (0, 0);
        for is_relaxed in relaxed {
            let durability = if is_relaxed { Durability::Relaxed } else { Durability::Durable };
            if backing.commit(change(done), durability).is_err() {
                break;
            }
            done += 1;
            safe = if is_relaxed { safe } else { done };
        }
        let left = disk.power_cut(|place| picks >> (place % 64) & 1 == 1);
        drop(backing);
        let found = committed(&left.open().unwrap());
        prop_assert!((safe..=done + 1).contains(&found), "{done} were committed, {safe} of them durable, {found} are there");
    }

    #[test]
    fn a_disk_that_is_full_for_a_while_loses_nothing_and_then_goes_on(works in 0..120_u32) {
        let disk = Disk::default();
        let backing = disk.open().unwrap();
        disk.fail_after(works, io::ErrorKind::StorageFull);
        let mut done = 0;
        let error = loop {
            match backing.commit(change(done), Durability::Durable) {
                Ok(()) => done += 1,
                Err(error) => break error,
            }
        };
        prop_assert!(matches!(error, StoreError::Full(_)), "{error:?}");
        disk.mend();
        let found = committed(&backing);
        prop_assert!(found == done || found == done + 1, "{done} were committed, {found} are there");
        backing.commit(change(found), Durability::Durable).unwrap();
        prop_assert_eq!(committed(&backing), found + 1);
    }
}

#[test]
fn a_power_cut_finds_memory_as_the_last_durable_commit_left_it() {
    let backing = MemoryBacking::new();
    let set = |key: &str, value: Option<&str>, durability| {
        let mut changes = Changes::default();
        changes.set("crash.memory", key.as_bytes(), value.map(|value| value.as_bytes().to_vec()));
        backing.commit(changes, durability).unwrap();
    };
    set("a", Some("1"), Durability::Durable);
    set("b", Some("1"), Durability::Relaxed);
    set("a", Some("2"), Durability::Relaxed);
    // Whatever is durable takes all before it along.
    set("c", Some("1"), Durability::Durable);
    set("a", None, Durability::Relaxed);
    set("a", Some("3"), Durability::Relaxed);
    set("b", Some("3"), Durability::Relaxed);
    set("d", Some("1"), Durability::Relaxed);
    let left = backing.power_cut();
    let rows = left.snapshot().unwrap();
    let found = |key: &str| rows.get("crash.memory", key.as_bytes()).unwrap();
    assert_eq!(
        ["a", "b", "c", "d"].map(found),
        [Some(b"2".to_vec()), Some(b"1".to_vec()), Some(b"1".to_vec()), None]
    );
}

#[test]
fn a_peer_that_is_killed_finds_all_that_was_committed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("home.redb");
    let backing = RedbBacking::open(&path).unwrap();
    put(&backing, 1, "a", "one");
    put(&backing, 2, "b", "two");
    // The file as it is while the peer runs: never closed.
    let found = folder.path().join("found.redb");
    std::fs::copy(&path, &found).unwrap();
    put(&backing, 3, "c", "three");
    let reopened = RedbBacking::open(&found).unwrap();
    assert_eq!(lines(&*reopened.snapshot().unwrap()), ["one", "two"]);
    drop(backing);
    assert_eq!(lines(&*RedbBacking::open(&path).unwrap().snapshot().unwrap()), ["one", "two", "three"]);
}

#[test]
fn a_home_in_use_is_not_opened_twice() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("home.redb");
    let running = RedbBacking::open(&path).unwrap();
    let error = RedbBacking::open(&path).unwrap_err();
    assert!(matches!(error, StoreError::Locked), "{error:?}");
    put(&running, 1, "a", "still fine");
    drop(running);
    RedbBacking::open(&path).unwrap();
}

#[test]
fn a_file_that_is_no_home_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("home.redb");
    let letter = b"Dear Bob, this is a letter and no database. ".repeat(200);
    std::fs::write(&path, &letter).unwrap();
    assert!(RedbBacking::open(&path).is_err());
    assert_eq!(std::fs::read(&path).unwrap(), letter);
}

#[test]
fn a_home_that_cannot_be_written_is_said_to_be_so() {
    let folder = tempfile::tempdir().unwrap();
    let error = RedbBacking::open(folder.path().join("missing").join("home.redb")).unwrap_err();
    assert!(matches!(error, StoreError::Database(_)), "{error:?}");
    let disk = Disk::default();
    let backing = disk.open().unwrap();
    disk.fail_after(0, io::ErrorKind::ReadOnlyFilesystem);
    let error = backing.commit(change(0), Durability::Durable).unwrap_err();
    assert!(matches!(error, StoreError::ReadOnly(_)), "{error:?}");
}
