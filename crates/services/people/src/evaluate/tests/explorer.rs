//! Every history of a small web: each act by each device, knowing any part of what is there, so in every order in which
//! things can be heard of. Claims are checked apart from the code that makes them true.
//!
//! `EXPLORE=5 cargo test -p people --lib explorer -- --nocapture` looks at all of up to five operations; with `EXPLORE_SECONDS` each web
//! stops after that time and says how much of it was looked at. `CARGO_PROFILE_DEV_OPT_LEVEL=2` makes it several times faster.

mod claims;

use std::cell::RefCell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use super::*;
use crate::evaluate::{Void, op};

/// Operations after the beginning, in `cargo test`.
const LENGTH: usize = 3;

/// What somebody may try.
#[derive(Debug, Clone, Copy)]
enum Try {
    Remove(u16),
    SetRole(u16, Role),
    Invite(u16, Role),
    InviteToApprove(u16),
    EndInvite(u16),
    Join(u16),
    /// Welcomes or approves the newest join of somebody.
    Accept(u16),
    /// A new key for all who read, as far as the author knows.
    Epoch,
    Leave,
    /// Removes somebody with the signatures of some devices.
    Dismiss(u16, &'static [u16]),
    Revoke(u16),
    Add(u16),
    /// By the words that the author knows to be Alice's, or by those she began with.
    Recover,
    RecoverByFirst,
    /// New words for Alice, in place of those that the author knows.
    NewWords,
    /// The same, and a device ends.
    NewWordsWithout(u16),
}

/// A small web, and what is tried in it.
struct Theme {
    name: &'static str,
    roles: &'static [Role],
    /// Alice has two devices, 0 and 10.
    has_phone: bool,
    /// Who tries what; devices, not persons.
    tries: &'static [(u16, &'static [Try])],
    /// Whether devices write again at places where they have written.
    forks: bool,
    /// Whether also what its author knows to be void is written.
    lies: bool,
}

use Role::{Admin, Member, Owner};
use Try::{
    Accept, Add, Dismiss, EndInvite, Invite, InviteToApprove, Join, Leave, NewWords, NewWordsWithout,
    Recover, RecoverByFirst, Remove, Revoke, SetRole,
};

const THEMES: [Theme; 10] = [
    Theme {
        name: "three who may remove each other",
        roles: &[Owner, Admin],
        has_phone: false,
        tries: &[
            (0, &[Remove(1), Remove(2)]),
            (1, &[Remove(0), Remove(2)]),
            (2, &[Remove(0), Remove(1), Leave]),
        ],
        forks: false,
        lies: true,
    },
    Theme {
        name: "roles given and taken",
        roles: &[Owner, Member],
        has_phone: false,
        tries: &[
            (0, &[SetRole(1, Admin), SetRole(2, Admin), SetRole(2, Owner), Remove(1)]),
            (1, &[SetRole(2, Owner), SetRole(2, Member), SetRole(1, Member), Remove(0), Remove(2)]),
            (2, &[SetRole(1, Member), Remove(1), Remove(0), Invite(50, Owner)]),
            (3, &[Join(50)]),
        ],
        forks: false,
        lies: false,
    },
    Theme {
        name: "invitations and removals",
        roles: &[Admin],
        has_phone: false,
        tries: &[
            (0, &[Remove(1), EndInvite(50), SetRole(1, Member), Accept(2)]),
            (1, &[Invite(50, Member), Accept(2), EndInvite(50), Remove(2)]),
            (2, &[Join(50), Leave]),
            (3, &[Join(50)]),
        ],
        forks: false,
        lies: false,
    },
    Theme {
        name: "approvals",
        roles: &[Owner],
        has_phone: false,
        tries: &[
            (0, &[InviteToApprove(50), Accept(2), Remove(1), EndInvite(50)]),
            (1, &[Accept(2), Remove(2), SetRole(2, Admin), SetRole(2, Owner)]),
            (2, &[Join(50), Remove(1), Invite(51, Member)]),
            (3, &[Join(51)]),
        ],
        forks: false,
        lies: false,
    },
    Theme {
        name: "keys",
        roles: &[Admin, Member],
        has_phone: false,
        tries: &[
            (0, &[Remove(1), Try::Epoch, Invite(50, Member), Accept(2), Accept(3)]),
            (1, &[Remove(2), Try::Epoch, Accept(3)]),
            (2, &[Try::Epoch, Leave]),
            (3, &[Join(50), Leave]),
        ],
        forks: false,
        lies: false,
    },
    Theme {
        name: "two devices and a thief",
        roles: &[Owner],
        has_phone: true,
        tries: &[
            (0, &[Revoke(10), Remove(1), Try::Epoch, Add(11)]),
            (10, &[Revoke(0), Remove(1), Invite(50, Owner), Add(11), SetRole(0, Member)]),
            (1, &[Remove(0), Try::Epoch]),
            (2, &[Join(50)]),
            (12, &[Recover, Revoke(10)]),
        ],
        forks: false,
        lies: false,
    },
    Theme {
        name: "forks",
        roles: &[Admin, Member],
        has_phone: false,
        tries: &[
            (0, &[Remove(1), Remove(2), Try::Epoch]),
            (1, &[Remove(2), Invite(50, Member), Leave]),
            (2, &[Try::Epoch, Leave]),
            (3, &[Join(50)]),
        ],
        forks: true,
        lies: false,
    },
    Theme {
        name: "lies",
        roles: &[Admin, Member],
        has_phone: false,
        tries: &[
            (1, &[SetRole(1, Owner), SetRole(2, Admin), Invite(50, Owner), Remove(0), Accept(3)]),
            (2, &[Remove(1), SetRole(2, Owner), Invite(51, Member), Try::Epoch, Add(0)]),
            (3, &[Join(50), Join(51), Remove(0), Try::Epoch]),
        ],
        forks: true,
        lies: true,
    },
    Theme {
        name: "removals by several signatures",
        roles: &[Admin, Admin, Member],
        has_phone: false,
        tries: &[
            (0, &[Remove(1), SetRole(3, Owner), SetRole(3, Admin), Dismiss(1, &[2])]),
            (1, &[Dismiss(0, &[2]), Remove(2), Invite(50, Member)]),
            (2, &[Dismiss(0, &[1]), Dismiss(1, &[0])]),
            (3, &[Remove(1), Remove(0), Dismiss(0, &[1])]),
        ],
        forks: false,
        lies: false,
    },
    Theme {
        name: "new recovery words",
        roles: &[Member],
        has_phone: true,
        tries: &[
            (0, &[NewWords, NewWordsWithout(12), Revoke(10)]),
            (10, &[NewWords, NewWordsWithout(0)]),
            (1, &[Try::Epoch]),
            (12, &[RecoverByFirst, NewWords, NewWordsWithout(0), Revoke(0), Remove(1)]),
            (13, &[Recover, Revoke(12), NewWords]),
        ],
        forks: false,
        lies: true,
    },
];

/// What has been written after the beginning, in order.
struct Tale<'a> {
    theme: &'a Theme,
    book: Book,
    last: EntryId,
    ops: Vec<Op>,
    /// For each, which of the others are in its past.
    pasts: Vec<u32>,
    /// What sets of operations lead to. An operation's id says all about it, what it knows included, so a set is its ids: most parts of a
    /// history are parts of many others, in whatever order they came about, and are evaluated once.
    evaluated: RefCell<BTreeMap<Vec<EntryId>, Rc<Evaluation>>>,
    ends: Option<Instant>,
}

/// Operations of a set that is remembered at most. Greater ones are seldom met again, and would fill the memory.
const REMEMBERED_MAX: u32 = 4;

impl<'a> Tale<'a> {
    fn new(theme: &'a Theme) -> Self {
        let (mut book, mut last) = Book::web(theme.roles);
        if theme.has_phone {
            last = book.write(0, &[last], Act::AddDevice { person: Some(person(0)), device: device(10) });
        }
        Self {
            theme,
            book,
            last,
            ops: Vec::new(),
            pasts: Vec::new(),
            evaluated: RefCell::default(),
            ends: None,
        }
    }

    fn all(&self) -> u32 {
        (1 << self.ops.len()) - 1
    }

    fn among(&self, some: u32) -> impl Iterator<Item = (usize, &Op)> {
        self.ops.iter().enumerate().filter(move |(at, _)| some >> at & 1 == 1)
    }

    fn is_whole(&self, some: u32) -> bool {
        self.among(some).all(|(at, _)| self.pasts[at] & !some == 0)
    }

    /// The beginning and some of what came after.
    fn set(&self, some: u32) -> Vec<Op> {
        let later = self.among(some).map(|(_, op)| op.clone());
        self.book.ops.values().cloned().chain(later).collect()
    }

    fn evaluate(&self, some: u32) -> Rc<Evaluation> {
        let mut set: Vec<EntryId> = self.among(some).map(|(_, op)| op.id).collect();
        set.sort_unstable();
        if let Some(known) = self.evaluated.borrow().get(&set) {
            return Rc::clone(known);
        }
        let found = Rc::new(evaluate(WEB, self.set(some)));
        if some.count_ones() <= REMEMBERED_MAX {
            self.evaluated.borrow_mut().insert(set, Rc::clone(&found));
        }
        found
    }

    fn push(&mut self, op: Op, known: u32) {
        self.ops.push(op);
        self.pasts.push(known);
    }

    fn pop(&mut self) {
        self.ops.pop();
        self.pasts.pop();
    }

    fn is_over(&self) -> bool {
        self.ends.is_some_and(|ends| now() > ends)
    }

    fn act(&self, known: u32, state: &crate::evaluate::State, by: u16, what: Try) -> Option<Act> {
        let cuts = |whom: &[DeviceId]| {
            let newest = |device: &DeviceId| {
                let ops = self.set(known).into_iter().filter(|op| op.author == *device);
                let op = ops.max_by_key(|op| op.seq)?;
                Some(Cut { device: *device, log: Log::Governance, seq: op.seq, entry: op.id })
            };
            let mut cuts: Vec<Cut> = whom.iter().filter_map(newest).collect();
            cuts.sort_unstable();
            cuts
        };
        let devices = |whom: u16| state.members.get(&person(whom)).map(|member| member.devices.clone());
        Some(match what {
            Dismiss(whom, signers) => Act::Dismiss(op::Dismiss {
                by: state.person_of(device(by)),
                person: person(whom),
                admission: state.members.get(&person(whom))?.join,
                same: None,
                cuts: cuts(&devices(whom)?),
                signers: signers.iter().map(|signer| (device(*signer), state.lamport)).collect(),
            }),
            Remove(whom) => Act::Remove { person: person(whom), cuts: cuts(&devices(whom)?) },
            SetRole(whom, role) => {
                let is_lower = state.role(person(whom)).is_some_and(|now| role < now);
                let is_demotion = is_lower && state.person_of(device(by)) != Some(person(whom));
                let cuts = if is_demotion { cuts(&devices(whom)?) } else { Vec::new() };
                Act::SetRole { person: person(whom), role, cuts }
            }
            Invite(ticket, role) => invite(ticket, role, 1),
            InviteToApprove(ticket) => invite_approve(ticket, Member),
            EndInvite(number) => Act::RevokeInvite { ticket: ticket(number) },
            Join(ticket) => join(ticket, by),
            Accept(whom) => {
                let by_whom = |op: &&Op| matches!(op.act, Act::Join { .. }) && op.author == device(whom);
                Act::Accept { join: self.set(known).iter().filter(by_whom).max_by_key(|op| op.seq)?.id }
            }
            Try::Epoch => {
                let reading = state.members.iter().filter(|(_, member)| member.reads());
                let recipients = reading.map(|(person, _)| *person).collect();
                Act::Epoch { key: key(by * 100 + u16::try_from(self.ops.len()).unwrap()), recipients }
            }
            Leave => Act::Leave,
            Revoke(whom) => Act::Revoke {
                devices: vec![device(whom)],
                cuts: cuts(&[device(whom)]),
                person_key: id_bytes(6, by),
                words: None,
            },
            Add(new) => Act::AddDevice { person: state.person_of(device(by)), device: device(new) },
            RecoverByFirst => Act::Recover { facts: facts(0) },
            Recover => {
                let mut shown = facts(0);
                let now = state.members.get(&person(0))?.recovery;
                if let Some(shown) = shown.as_mut().filter(|shown| !shown.recovery.contains(&now)) {
                    shown.recovery.push(now);
                }
                Act::Recover { facts: shown }
            }
            NewWords | NewWordsWithout(_) => {
                let devices = if let NewWordsWithout(whom) = what { vec![device(whom)] } else { Vec::new() };
                let old = state.members.get(&person(0))?.recovery;
                let new = words_key(500 + by * 10 + u16::try_from(self.ops.len()).unwrap());
                let words = Some(op::Words { person: Some(person(0)), old, new });
                Act::Revoke { cuts: cuts(&devices), devices, person_key: id_bytes(6, by), words }
            }
        })
    }

    /// Writes an operation that knows a part of the others.
    fn op(&self, by: u16, known: u32, act: Act) -> Op {
        let newest: Vec<usize> = self
            .among(known)
            .filter(|(at, _)| self.among(known).all(|(other, _)| self.pasts[other] >> at & 1 == 0))
            .map(|(at, _)| at)
            .collect();
        let mut deps: Vec<EntryId> = newest.iter().map(|at| self.ops[*at].id).collect();
        if deps.is_empty() {
            deps.push(self.last);
        }
        deps.sort_unstable();
        let author = device(by);
        let own = self.set(known).into_iter().filter(|op| op.author == author).max_by_key(|op| op.seq);
        let previous = own.as_ref().map(|op| op.id);
        let seq = own.as_ref().map_or(1, |op| op.seq + 1);
        let lamport_of = |id: &EntryId| match self.ops.iter().find(|op| op.id == *id) {
            Some(op) => op.lamport,
            None => self.book.ops[id].lamport,
        };
        let lamport = 1 + deps.iter().chain(&previous).map(lamport_of).max().unwrap();
        let text = format!("{by} {seq} {previous:?} {deps:?} {act:?}");
        let id = EntryId::new(*blake3::hash(text.as_bytes()).as_bytes());
        Op { id, author, seq, previous, deps, lamport, time: Timestamp::from_millis(0), act }
    }

    /// Goes on with every operation that may come next in (lamport, id): so each set is seen once.
    fn explore(&mut self, length: usize, count: &mut u64) {
        if self.is_over() {
            return;
        }
        if self.ops.len() == length {
            *count += 1;
            return claims::check(self);
        }
        for known in (0..=self.all()).filter(|known| self.is_whole(*known)).collect::<Vec<_>>() {
            let evaluation = self.evaluate(known);
            for (by, tries) in self.theme.tries {
                let is_new = |(at, op): (usize, &Op)| op.author == device(*by) && known >> at & 1 == 0;
                if !self.theme.forks && self.among(self.all()).any(is_new) {
                    continue;
                }
                for what in *tries {
                    let Some(act) = self.act(known, &evaluation.state, *by, *what) else { continue };
                    let op = self.op(*by, known, act);
                    if self.ops.last().is_some_and(|last| last.place() >= op.place()) {
                        continue;
                    }
                    self.push(op, known);
                    let at = self.ops.len() - 1;
                    let is_void = self.evaluate(known | 1 << at).void.contains_key(&self.ops[at].id);
                    if self.theme.lies || !is_void {
                        self.explore(length, count);
                    }
                    self.pop();
                }
            }
        }
    }
}

/// The number of an operation's device.
fn number(op: &Op) -> u16 {
    u16::from_be_bytes([op.author.as_bytes()[0], op.author.as_bytes()[1]])
}

#[expect(clippy::disallowed_methods, reason = "a person says how far a test goes")]
fn asked_for(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|text| text.parse().ok())
}

#[expect(clippy::disallowed_methods, reason = "a person says how long a test lasts")]
fn now() -> Instant {
    Instant::now()
}

fn explore(theme: &Theme) {
    let longest = asked_for("EXPLORE").and_then(|length| usize::try_from(length).ok()).unwrap_or(LENGTH);
    let mut tale = Tale::new(theme);
    tale.ends = asked_for("EXPLORE_SECONDS").map(|seconds| now() + Duration::from_secs(seconds));
    // The shorter ones first: what is found is as small as can be.
    for length in 1..=longest {
        let (begun, mut count) = (now(), 0);
        tale.explore(length, &mut count);
        let part = if tale.is_over() { "not all" } else { "all" };
        println!("{}: {count} histories of {length} operations, {part}, {:?}", theme.name, begun.elapsed());
        assert!(count > 0 || tale.is_over(), "nothing was looked at");
    }
}

macro_rules! explored {
    ($($test:ident: $theme:literal;)*) => {$(
        #[test]
        fn $test() {
            explore(&THEMES[$theme]);
        }
    )*};
}

explored! {
    every_small_history_of_removals: 0;
    every_small_history_of_roles: 1;
    every_small_history_of_invitations: 2;
    every_small_history_of_approvals: 3;
    every_small_history_of_keys: 4;
    every_small_history_of_devices: 5;
    every_small_history_of_forks: 6;
    every_small_history_of_lies: 7;
    every_small_history_of_several_signatures: 8;
    every_small_history_of_new_words: 9;
}
