//! Random histories against an ordered map: whatever is put, deleted, merged and walked, all agree.

use std::collections::BTreeMap;
use std::ops::Bound;

use proptest::prelude::*;

use super::over_both;
use crate::{Backing, Durability, Overlay, Rows, RowsMut};

const TABLES: [&str; 2] = ["model.one", "model.two"];

type Model = BTreeMap<(usize, Vec<u8>), Vec<u8>>;
type Walked = Vec<(Vec<u8>, Vec<u8>)>;

/// One thing done to rows.
#[derive(Debug, Clone)]
enum Deed {
    Put(usize, Vec<u8>, Vec<u8>),
    Delete(usize, Vec<u8>),
    /// An inner overlay with deeds of its own, merged or dropped.
    Within(Vec<Deed>, bool),
}

/// Keys are short and of few letters, so that deeds meet.
fn any_key() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(prop::sample::select(vec![0_u8, 1, 254, 255]), 0..4)
}

fn any_deed() -> impl Strategy<Value = Deed> {
    let value = prop::collection::vec(any::<u8>(), 0..200);
    let leaf = prop_oneof![
        3 => (0..TABLES.len(), any_key(), value).prop_map(|(table, key, value)| Deed::Put(table, key, value)),
        1 => (0..TABLES.len(), any_key()).prop_map(|(table, key)| Deed::Delete(table, key)),
    ];
    leaf.prop_recursive(3, 24, 6, |deed| {
        (prop::collection::vec(deed, 0..6), any::<bool>())
            .prop_map(|(deeds, is_kept)| Deed::Within(deeds, is_kept))
    })
}

fn any_bound() -> impl Strategy<Value = Bound<Vec<u8>>> {
    prop_oneof![
        Just(Bound::Unbounded),
        any_key().prop_map(Bound::Included),
        any_key().prop_map(Bound::Excluded),
    ]
}

type Walk = (usize, Bound<Vec<u8>>, Bound<Vec<u8>>);

fn do_deeds(rows: &mut Overlay<'_>, model: &mut Model, deeds: &[Deed], walks: &[Walk]) {
    for deed in deeds {
        match deed {
            Deed::Put(table, key, value) => {
                rows.put(TABLES[*table], key, value.clone());
                model.insert((*table, key.clone()), value.clone());
            }
            Deed::Delete(table, key) => {
                rows.delete(TABLES[*table], key);
                model.remove(&(*table, key.clone()));
            }
            Deed::Within(deeds, is_kept) => {
                let mut inner_model = model.clone();
                let mut inner = Overlay::new(rows);
                do_deeds(&mut inner, &mut inner_model, deeds, walks);
                let changes = inner.into_changes();
                if *is_kept {
                    rows.merge(changes);
                    *model = inner_model;
                }
            }
        }
    }
    agree(rows, model, walks);
}

fn agree(rows: &dyn Rows, model: &Model, walks: &[Walk]) {
    for (table, from, to) in walks {
        let is_within = |key: &Vec<u8>| {
            let is_after = match from {
                Bound::Unbounded => true,
                Bound::Included(from) => key >= from,
                Bound::Excluded(from) => key > from,
            };
            is_after
                && match to {
                    Bound::Unbounded => true,
                    Bound::Included(to) => key <= to,
                    Bound::Excluded(to) => key < to,
                }
        };
        let wanted: Walked = model
            .iter()
            .filter(|((of, key), _)| of == table && is_within(key))
            .map(|((_, key), value)| (key.clone(), value.clone()))
            .collect();
        let (from, to) = (from.as_ref().map(Vec::as_slice), to.as_ref().map(Vec::as_slice));
        let walked: Walked = rows.range(TABLES[*table], from, to).map(Result::unwrap).collect();
        assert_eq!(walked, wanted, "{from:?} {to:?}");
        let mut back: Walked = rows.range_back(TABLES[*table], from, to).map(Result::unwrap).collect();
        back.reverse();
        assert_eq!(back, wanted, "backwards {from:?} {to:?}");
        for (key, value) in &wanted {
            assert_eq!(rows.get(TABLES[*table], key).unwrap().as_ref(), Some(value));
        }
    }
}

fn run(backing: &dyn Backing, commits: &[(Vec<Deed>, bool)], walks: &[Walk]) {
    let mut model = Model::new();
    let mut moments = Vec::new();
    for (deeds, is_relaxed) in commits {
        let snapshot = backing.snapshot().unwrap();
        let mut rows = Overlay::new(&*snapshot);
        do_deeds(&mut rows, &mut model, deeds, walks);
        let changes = rows.into_changes();
        let durability = if *is_relaxed { Durability::Relaxed } else { Durability::Durable };
        backing.commit(changes, durability).unwrap();
        moments.push((backing.snapshot().unwrap(), model.clone()));
    }
    // Every snapshot still shows its own moment.
    for (snapshot, model) in &moments {
        agree(&**snapshot, model, walks);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn both_backings_and_overlays_over_overlays_do_what_an_ordered_map_does(
        commits in prop::collection::vec((prop::collection::vec(any_deed(), 0..12), any::<bool>()), 1..5),
        walks in prop::collection::vec((0..TABLES.len(), any_bound(), any_bound()), 1..6),
    ) {
        over_both(|backing| run(backing, &commits, &walks));
    }
}
