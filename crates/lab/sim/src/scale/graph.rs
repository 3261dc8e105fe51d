//! Who is there, and who has a line to whom.
//!
//! The graph is like that of `records` (`neighbours.rs`): a ring, so that it hangs together, and lines to anywhere, so
//! that ways are short; six to eight in all. Members who are away are stepped over. Some went so lately that their
//! neighbours have not noticed: what is sent to them is lost.

use super::chance::{any, shuffle};
use super::lists::{Lists, number};
use crate::dice::Dice;

/// Members who are away, of 1,000.
const AWAY_PER_MILLE: u64 = 300;

/// Of those, of 1,000, who went so lately that others count on them still.
const UNNOTICED_PER_MILLE: u64 = 100;

/// Neighbours after each peer on the ring; as many before it.
const RING: usize = 2;

/// Further lines of a peer, to anywhere: at least, and how many more at most.
const FAR_LEAST: u32 = 2;
const FAR_SPREAD: u32 = 2;

/// Whether a member's peer runs and can be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Presence {
    Here,
    /// Away, and its neighbours do not know yet.
    Unnoticed,
    Away,
}

/// The peers of one web and the lines between them.
#[derive(Debug)]
pub(super) struct Graph {
    presence: Vec<Presence>,
    neighbours: Lists,
    here: u32,
}

impl Graph {
    /// Draws who is there, and lines between those who are.
    pub(super) fn new(members: u32, dice: &mut Dice) -> Self {
        let presence: Vec<Presence> = (0..members).map(|_| draw_presence(dice)).collect();
        let mut placed = Vec::new();
        for (peer, presence) in (0..members).zip(&presence) {
            if *presence != Presence::Away {
                placed.push(peer);
            }
        }
        let mut lines = Vec::new();
        for step in 1..=RING {
            let after = placed.iter().cycle().skip(step);
            lines.extend(placed.iter().copied().zip(after.copied()));
        }
        let mut ends = Vec::new();
        for peer in &placed {
            let far = FAR_LEAST + any(dice, FAR_SPREAD + 1);
            ends.extend((0..far).map(|_| *peer));
        }
        shuffle(dice, &mut ends);
        lines.extend(ends.chunks_exact(2).filter_map(|pair| Some((*pair.first()?, *pair.last()?))));
        Self::from_lines(presence, &lines)
    }

    /// Makes a graph of given lines; each line counts once and in both directions, none leads to where it began.
    pub(super) fn from_lines(presence: Vec<Presence>, lines: &[(u32, u32)]) -> Self {
        let mut pairs: Vec<(u32, u32)> =
            lines.iter().filter(|(a, b)| a != b).flat_map(|(a, b)| [(*a, *b), (*b, *a)]).collect();
        pairs.sort_unstable();
        pairs.dedup();
        let here = number(presence.iter().filter(|presence| **presence == Presence::Here).count());
        Self { neighbours: Lists::from_pairs(number(presence.len()), &pairs), presence, here }
    }

    /// Counts all members.
    pub(super) fn members(&self) -> u32 {
        number(self.presence.len())
    }

    /// Counts who is here.
    pub(super) fn here(&self) -> u32 {
        self.here
    }

    /// Says whether a peer is here.
    pub(super) fn is_here(&self, peer: u32) -> bool {
        self.presence(peer) == Presence::Here
    }

    /// Says whether others believe that a peer is here.
    pub(super) fn seems_here(&self, peer: u32) -> bool {
        self.presence(peer) != Presence::Away
    }

    fn presence(&self, peer: u32) -> Presence {
        self.presence.get(peer as usize).copied().unwrap_or(Presence::Away)
    }

    /// Returns to whom a peer has lines.
    pub(super) fn neighbours(&self, peer: u32) -> &[u32] {
        self.neighbours.of(peer)
    }

    /// Says whether two have a line to each other.
    pub(super) fn is_line(&self, one: u32, other: u32) -> bool {
        self.neighbours(one).binary_search(&other).is_ok()
    }

    /// Draws a peer that is here.
    pub(super) fn any_here(&self, dice: &mut Dice) -> u32 {
        loop {
            let peer = any(dice, self.members());
            // Were nobody here, there would be nobody to draw, and the loop no end.
            if self.is_here(peer) || self.here == 0 {
                return peer;
            }
        }
    }
}

fn draw_presence(dice: &mut Dice) -> Presence {
    if !dice.chance(AWAY_PER_MILLE) {
        Presence::Here
    } else if dice.chance(UNNOTICED_PER_MILLE) {
        Presence::Unnoticed
    } else {
        Presence::Away
    }
}

/// Not reached.
const NEVER: u32 = u32::MAX;

/// A flood through the graph: everybody passes on what it hears first, to all neighbours but where it came from.
#[derive(Debug)]
pub(super) struct Flood {
    depths: Vec<u32>,
    /// From whom each heard first.
    parents: Vec<u32>,
    /// Who was reached, in order.
    order: Vec<u32>,
}

impl Flood {
    /// Makes room for a web.
    pub(super) fn new(members: u32) -> Self {
        let fill = || vec![NEVER; members as usize];
        Self { depths: fill(), parents: fill(), order: Vec::new() }
    }

    /// Floods from `start` to the end and tells of each message: how deep its sender is, and who was to get it.
    pub(super) fn run(&mut self, graph: &Graph, start: u32, mut sent: impl FnMut(u32, u32)) {
        for peer in self.order.drain(..) {
            set(&mut self.depths, peer, NEVER);
            set(&mut self.parents, peer, NEVER);
        }
        self.reach(start, NEVER, 0);
        let mut next = 0;
        while let Some(sender) = self.order.get(next).copied() {
            next += 1;
            let depth = self.depth(sender).unwrap_or(0);
            let parent = self.parents.get(sender as usize).copied().unwrap_or(NEVER);
            for peer in graph.neighbours(sender) {
                if *peer == parent {
                    continue;
                }
                sent(depth, *peer);
                if self.depth(*peer).is_none() && graph.is_here(*peer) {
                    self.reach(*peer, sender, depth + 1);
                }
            }
        }
    }

    /// Returns how many hops a peer is from the start, or none if the flood never comes there.
    pub(super) fn depth(&self, peer: u32) -> Option<u32> {
        self.depths.get(peer as usize).copied().filter(|depth| *depth != NEVER)
    }

    /// Returns who was reached, the start first, nearer ones before those further away.
    pub(super) fn reached(&self) -> &[u32] {
        &self.order
    }

    /// Returns how far the furthest is.
    pub(super) fn depth_max(&self) -> u32 {
        self.order.last().and_then(|peer| self.depth(*peer)).unwrap_or(0)
    }

    fn reach(&mut self, peer: u32, parent: u32, depth: u32) {
        set(&mut self.depths, peer, depth);
        set(&mut self.parents, peer, parent);
        self.order.push(peer);
    }
}

fn set(values: &mut [u32], peer: u32, value: u32) {
    if let Some(slot) = values.get_mut(peer as usize) {
        *slot = value;
    }
}
