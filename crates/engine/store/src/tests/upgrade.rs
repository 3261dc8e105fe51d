//! Homes of other formats: older ones are brought up to date, later ones are left alone.

use std::path::Path;

use super::{LINES, lines, put};
use crate::format::{NEWEST, bring_to, bring_up_to_date};
use crate::{Backing, Changes, Durability, MemoryBacking, RedbBacking, RowsMut, StoreError};

/// Homes of released formats, one per format; never rewritten.
fn homes() -> std::path::PathBuf {
    // Asked when it runs: a target folder that several clones share keeps what was true of another one.
    let crate_folder = std::env::var_os("CARGO_MANIFEST_DIR").unwrap();
    Path::new(&crate_folder).join("../../../tests/upgrade")
}

#[test]
fn a_home_of_every_format_there_was_opens() {
    for format in 1..=NEWEST {
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path().join("home.redb");
        std::fs::copy(homes().join(format!("format-{format}.redb")), &home).unwrap();
        let backing = RedbBacking::open(&home).unwrap();
        let rows = backing.snapshot().unwrap();
        assert_eq!(lines(&*rows), ["a line of format 1", "another"], "format {format}");
        put(&backing, 9, "new", "written after the upgrade");
    }
}

/// Not a check but the recipe of `tests/upgrade/format-N.redb`: run it with `ALTHING_MAKE_HOME=1` before [`NEWEST`] is
/// raised. It never replaces a home that is there.
#[test]
fn the_home_of_this_format_can_be_made() {
    let folder = tempfile::tempdir().unwrap();
    let made = folder.path().join("home.redb");
    let backing = RedbBacking::open(&made).unwrap();
    put(&backing, 1, "first", "a line of format 1");
    put(&backing, 1, "second", "another");
    drop(backing);
    let kept = homes().join(format!("format-{NEWEST}.redb"));
    if std::env::var_os("ALTHING_MAKE_HOME").is_some() && !kept.exists() {
        std::fs::copy(&made, &kept).unwrap();
    }
    assert_eq!(lines(&*RedbBacking::open(&made).unwrap().snapshot().unwrap()).len(), 2);
}

#[test]
fn a_home_of_a_later_format_is_refused_and_not_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("home.redb");
    let backing = RedbBacking::open(&path).unwrap();
    put(&backing, 1, "a", "from the future");
    let mut changes = Changes::default();
    changes.set("store.meta", b"format", Some(minicbor::to_vec(NEWEST + 1).unwrap()));
    backing.commit(changes, Durability::Durable).unwrap();
    // Once as a running peer left it, once closed.
    let killed = folder.path().join("killed.redb");
    std::fs::copy(&path, &killed).unwrap();
    drop(backing);
    let before = std::fs::read(&path).unwrap();
    for path in [&path, &killed] {
        let error = RedbBacking::open(path).unwrap_err();
        assert!(matches!(error, StoreError::FutureFormat { found: 2, known: 1 }), "{error:?}");
    }
    assert_eq!(std::fs::read(&path).unwrap(), before);
}

#[test]
fn migrations_run_one_after_the_other_each_in_a_commit_of_its_own() {
    let backing = MemoryBacking::new();
    bring_up_to_date(&backing).unwrap();
    put(&backing, 1, "a", "line");
    let shout: crate::format::Migration = |rows| {
        let all = LINES.all(rows).collect::<Result<Vec<_>, _>>()?;
        for (key, line) in all {
            LINES.put(rows, &key, &format!("{line}!"));
        }
        Ok(())
    };
    let drop_all: crate::format::Migration = |rows| {
        let keys = LINES.all(rows).map(|row| row.map(|(key, _)| key)).collect::<Result<Vec<_>, _>>()?;
        for key in keys {
            rows.put("test.former", key.1.as_bytes(), Vec::new());
        }
        Ok(())
    };
    bring_to(&backing, 3, &[(1, shout), (2, drop_all)]).unwrap();
    bring_to(&backing, 3, &[(1, shout), (2, drop_all)]).unwrap();
    let rows = backing.snapshot().unwrap();
    assert_eq!(lines(&*rows), ["line!"]);
    assert!(rows.get("test.former", b"a").unwrap().is_some());
    let error = bring_to(&backing, 2, &[(1, shout)]).unwrap_err();
    assert!(matches!(error, StoreError::FutureFormat { found: 3, known: 2 }), "{error:?}");
}

#[test]
fn a_migration_that_fails_leaves_the_home_as_it_was() {
    let backing = MemoryBacking::new();
    bring_up_to_date(&backing).unwrap();
    put(&backing, 1, "a", "line");
    let fails: crate::format::Migration = |rows| {
        LINES.put(rows, &(1, "a".to_owned()), &"half done".to_owned());
        Err(StoreError::BadKey { table: "test.lines" })
    };
    assert!(bring_to(&backing, 2, &[(1, fails)]).is_err());
    assert_eq!(lines(&*backing.snapshot().unwrap()), ["line"]);
    bring_up_to_date(&backing).unwrap();
}
