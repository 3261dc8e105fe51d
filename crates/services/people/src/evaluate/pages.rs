//! A sorted map whose copies share what is equal in them.
//!
//! The evaluation keeps states of several moments; they differ in little, and a copy of a web of a thousand members must not
//! cost a thousand members. Copying is one count; a change copies the one page that it is on.

use std::fmt::{self, Debug};
use std::sync::Arc;

/// Entries of one page at most. Larger ones make changes dear, smaller ones memory.
const PAGE_MAX: usize = 32;

type Page<K, V> = Vec<(K, V)>;

/// A sorted map in pages; none of them is empty.
#[derive(Clone)]
pub struct Pages<K, V> {
    pages: Arc<Vec<Arc<Page<K, V>>>>,
    len: usize,
}

/// A sorted set in pages.
pub type PageSet<K> = Pages<K, ()>;

impl<K, V> Default for Pages<K, V> {
    fn default() -> Self {
        Self { pages: Arc::new(Vec::new()), len: 0 }
    }
}

impl<K, V> Pages<K, V> {
    /// Returns how many entries there are.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Says whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Goes through all entries in order.
    pub fn iter(&self) -> Iter<'_, K, V> {
        Iter { pages: self.pages.iter(), page: [].iter() }
    }

    /// Goes through all keys in order.
    pub fn keys(&self) -> impl Iterator<Item = &K> {
        self.iter().map(|(key, _)| key)
    }

    /// Goes through all values in the order of their keys.
    pub fn values(&self) -> impl Iterator<Item = &V> {
        self.iter().map(|(_, value)| value)
    }
}

impl<K: Ord + Copy, V: Clone> Pages<K, V> {
    /// Returns the page where a key is or belongs, and its place there.
    fn find(&self, key: &K) -> (usize, Result<usize, usize>) {
        let is_at_or_before = |page: &Arc<Page<K, V>>| page.first().is_some_and(|(first, _)| first <= key);
        let page = self.pages.partition_point(is_at_or_before).saturating_sub(1);
        let place = self.pages.get(page).map(|page| page.binary_search_by(|(one, _)| one.cmp(key)));
        (page, place.unwrap_or(Err(0)))
    }

    /// Returns what stands under a key.
    pub fn get(&self, key: &K) -> Option<&V> {
        let (page, place) = self.find(key);
        self.pages.get(page)?.get(place.ok()?).map(|(_, value)| value)
    }

    /// Says whether there is such a key.
    pub fn contains_key(&self, key: &K) -> bool {
        self.find(key).1.is_ok()
    }

    /// Returns what stands under a key, to be changed.
    pub fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        let (page, place) = self.find(key);
        let place = place.ok()?;
        let page = Arc::make_mut(Arc::make_mut(&mut self.pages).get_mut(page)?);
        page.get_mut(place).map(|(_, value)| value)
    }

    /// Puts something under a key; returns what stood there.
    pub fn insert(&mut self, key: K, value: V) -> Option<V> {
        if let Some(known) = self.get_mut(&key) {
            return Some(std::mem::replace(known, value));
        }
        let (page, place) = self.find(&key);
        let place = place.unwrap_or_else(|place| place);
        let pages = Arc::make_mut(&mut self.pages);
        match pages.get_mut(page) {
            None => pages.push(Arc::new(vec![(key, value)])),
            Some(shared) => {
                let entries = Arc::make_mut(shared);
                entries.insert(place, (key, value));
                if entries.len() > PAGE_MAX {
                    // What grows at its end, as most does, leaves full pages behind.
                    let is_at_end = place.saturating_add(1) == entries.len();
                    let half = if is_at_end { PAGE_MAX } else { PAGE_MAX / 2 };
                    let upper = entries.split_off(half);
                    pages.insert(page.saturating_add(1), Arc::new(upper));
                }
            }
        }
        self.len = self.len.saturating_add(1);
        None
    }

    /// Takes a key out; returns what stood there.
    pub fn remove(&mut self, key: &K) -> Option<V> {
        let (page, place) = self.find(key);
        let place = place.ok()?;
        let pages = Arc::make_mut(&mut self.pages);
        let entries = Arc::make_mut(pages.get_mut(page)?);
        let (_, value) = entries.remove(place);
        if entries.is_empty() {
            pages.remove(page);
        }
        self.len = self.len.saturating_sub(1);
        Some(value)
    }

    /// Begins to fill the place of a key.
    pub fn entry(&mut self, key: K) -> Place<'_, K, V> {
        Place { pages: self, key }
    }

    /// Changes all entries that are meant; the pages of others stay shared.
    pub fn change_where(&mut self, is_meant: impl Fn(&K, &V) -> bool, mut change: impl FnMut(&K, &mut V)) {
        let has_one = |page: &Page<K, V>| page.iter().any(|(key, value)| is_meant(key, value));
        if !self.pages.iter().any(|page| has_one(page)) {
            return;
        }
        for page in Arc::make_mut(&mut self.pages).iter_mut().filter(|page| has_one(page)) {
            for (key, value) in Arc::make_mut(page) {
                if is_meant(key, value) {
                    change(key, value);
                }
            }
        }
    }
}

impl<K: Ord + Copy> Pages<K, ()> {
    /// Says whether something is in the set.
    pub fn contains(&self, key: &K) -> bool {
        self.contains_key(key)
    }

    /// Adds something to the set; says whether it was new.
    pub fn add(&mut self, key: K) -> bool {
        // Most that is said of a set is said again: looking first leaves its page shared.
        !self.contains(&key) && self.insert(key, ()).is_none()
    }
}

/// The place of a key, filled or not.
#[derive(Debug)]
pub struct Place<'a, K, V> {
    pages: &'a mut Pages<K, V>,
    key: K,
}

impl<'a, K: Ord + Copy, V: Clone> Place<'a, K, V> {
    /// Returns what stands there, after putting something there if it was empty.
    pub fn or_insert_with(self, make: impl FnOnce() -> V) -> &'a mut V {
        if !self.pages.contains_key(&self.key) {
            self.pages.insert(self.key, make());
        }
        self.pages.get_mut(&self.key).expect("it stands there since the line before")
    }

    /// As [`Self::or_insert_with`], with a value made already.
    pub fn or_insert(self, value: V) -> &'a mut V {
        self.or_insert_with(|| value)
    }

    /// As [`Self::or_insert_with`], with the default.
    pub fn or_default(self) -> &'a mut V
    where
        V: Default,
    {
        self.or_insert_with(V::default)
    }
}

impl<K: Ord + Copy, V: Clone> Extend<(K, V)> for Pages<K, V> {
    fn extend<I: IntoIterator<Item = (K, V)>>(&mut self, entries: I) {
        for (key, value) in entries {
            self.insert(key, value);
        }
    }
}

impl<K: Ord + Copy, V: Clone> FromIterator<(K, V)> for Pages<K, V> {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        let mut pages = Self::default();
        pages.extend(entries);
        pages
    }
}

/// The entries of a map, in order.
#[derive(Debug)]
pub struct Iter<'a, K, V> {
    pages: std::slice::Iter<'a, Arc<Page<K, V>>>,
    page: std::slice::Iter<'a, (K, V)>,
}

impl<'a, K, V> Iterator for Iter<'a, K, V> {
    type Item = (&'a K, &'a V);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some((key, value)) = self.page.next() {
                return Some((key, value));
            }
            self.page = self.pages.next()?.iter();
        }
    }
}

impl<'a, K, V> IntoIterator for &'a Pages<K, V> {
    type Item = (&'a K, &'a V);
    type IntoIter = Iter<'a, K, V>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

// How it is cut into pages depends on the order in which it was filled, and is nobody's business.
impl<K: PartialEq, V: PartialEq> PartialEq for Pages<K, V> {
    fn eq(&self, other: &Self) -> bool {
        self.len == other.len && (Arc::ptr_eq(&self.pages, &other.pages) || self.iter().eq(other.iter()))
    }
}

impl<K: Eq, V: Eq> Eq for Pages<K, V> {}

impl<K: Debug, V: Debug> Debug for Pages<K, V> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_map().entries(self.iter()).finish()
    }
}

#[cfg(test)]
impl<K: Ord + Copy, V: Clone> std::ops::Index<&K> for Pages<K, V> {
    type Output = V;

    fn index(&self, key: &K) -> &V {
        self.get(key).expect("a test names what is there")
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn pages_are_a_sorted_map_and_copies_keep_what_they_had(
            acts in proptest::collection::vec((0..4_u8, 0..200_u16, any::<u32>()), 0..400),
        ) {
            let (mut map, mut pages) = (BTreeMap::new(), Pages::default());
            let mut copies = Vec::new();
            for (act, key, value) in acts {
                match act {
                    0 => prop_assert_eq!(pages.remove(&key), map.remove(&key)),
                    1 => {
                        let is_odd = |_: &u16, value: &u32| value % 2 == 1;
                        pages.change_where(is_odd, |_, one| *one = one.wrapping_add(value));
                        for (_, one) in map.iter_mut().filter(|(key, one)| is_odd(key, one)) {
                            *one = one.wrapping_add(value);
                        }
                    }
                    2 => prop_assert_eq!(pages.insert(key, value), map.insert(key, value)),
                    _ => {
                        *pages.entry(key).or_default() ^= value;
                        *map.entry(key).or_default() ^= value;
                        copies.push((pages.clone(), map.clone()));
                    }
                }
                prop_assert_eq!(pages.get(&key), map.get(&key));
                prop_assert_eq!(pages.len(), map.len());
            }
            copies.push((pages, map));
            for (pages, map) in copies {
                prop_assert!(pages.iter().eq(map.iter()));
                prop_assert_eq!(&map.into_iter().rev().collect::<Pages<_, _>>(), &pages);
            }
        }
    }
}
