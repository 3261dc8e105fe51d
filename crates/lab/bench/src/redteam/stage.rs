//! What every attacker is given, and what it leaves for the report.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::Bench;
use crate::redteam::cast::{Cast, Dice};
use crate::redteam::report::{Attack, Claim, Move};
use crate::redteam::watch::{Sign, Watch};

/// What an attacker works with.
#[derive(Debug)]
pub(crate) struct Stage<'a> {
    pub(crate) cast: &'a mut Cast,
    pub(crate) watch: &'a Watch,
    pub(crate) dice: Dice,
    pub(crate) runtime: &'a tokio::runtime::Runtime,
    /// How long the two working days are to take.
    pub(crate) minutes: u64,
    /// For who starts another program.
    pub(crate) bench: &'a Bench,
    /// Where attackers keep what they got, and the secret that may not be there.
    pub(crate) searched: Vec<(PathBuf, &'static str)>,
}

/// What one attacker did. Whether it was noticed is looked up when the time for it is over.
#[derive(Default)]
pub(crate) struct Scene {
    name: String,
    moves: Vec<(Move, Option<(Instant, Sign)>)>,
    claims: Vec<Claim>,
    pub(crate) broken: Option<String>,
}

/// One move: from when on, and by which sign it is known to be noticed.
pub(crate) struct Tried {
    pub(crate) what: &'static str,
    pub(crate) times: u64,
    pub(crate) end: String,
    pub(crate) bytes_read: u64,
    pub(crate) since: Instant,
    pub(crate) sign: Sign,
}

impl Scene {
    pub(crate) fn new(name: &str) -> Self {
        Self { name: name.to_owned(), ..Self::default() }
    }

    /// Notes a move.
    pub(crate) fn tried(&mut self, tried: Tried) {
        let Tried { what, times, end, bytes_read, since, sign } = tried;
        let one = Move { what: what.to_owned(), times, end, bytes_read, noticed: None };
        self.moves.push((one, Some((since, sign))));
    }

    /// Notes what has to hold, and what was seen.
    pub(crate) fn claim(&mut self, said: &str, is_met: bool, seen: String) {
        self.claims.push(Claim { said: said.to_owned(), is_met, seen });
    }

    /// Waits for those who have not had their minute yet, and looks up who noticed what.
    pub(crate) fn close(self, watch: &Watch, at_most: Duration) -> Attack {
        let find = |(one, sought): (Move, Option<(Instant, Sign)>)| {
            let noticed = sought.and_then(|(since, sign)| watch.wait(since, &sign, at_most));
            Move { noticed, ..one }
        };
        Attack {
            name: self.name,
            moves: self.moves.into_iter().map(find).collect(),
            claims: self.claims,
            broken: self.broken,
        }
    }
}
