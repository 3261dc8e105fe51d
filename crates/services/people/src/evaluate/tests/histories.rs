//! Random histories: several replicas, any order of arrival, lies included. All must agree.

use proptest::prelude::*;
use wire::governance::Serving;

use super::*;
use crate::evaluate::op::Dismiss;

const PERSONS: u16 = 7;

/// What one person does next, and what it knows when it does.
#[derive(Debug, Clone)]
enum Move {
    /// Writes something; whether it is allowed is the evaluation's affair.
    Write { who: u16, what: u8, whom: u16, role: u8, back: usize },
    /// Learns all that another knows.
    Learn { who: u16, from: u16 },
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let write =
        (0..PERSONS, 0..14_u8, 0..PERSONS, 0..5_u8, prop_oneof![6 => Just(0_usize), 1 => 1..12_usize])
            .prop_map(|(who, what, whom, role, back)| Move::Write { who, what, whom, role, back });
    let learn = (0..PERSONS, 0..PERSONS).prop_map(|(who, from)| Move::Learn { who, from });
    proptest::collection::vec(prop_oneof![3 => write, 2 => learn], 20..90)
}

struct Play {
    book: Book,
    known: Vec<Vec<EntryId>>,
    tickets: u16,
}

impl Play {
    /// Four persons are members of different roles at the start; three others are not.
    fn new() -> Self {
        let (book, _) = Book::web(&[Role::Admin, Role::Owner, Role::Admin]);
        let all: Vec<EntryId> = book.ops.keys().copied().collect();
        Self { known: vec![all; usize::from(PERSONS)], book, tickets: 100 }
    }

    fn heads_of(&self, ids: &[EntryId]) -> Vec<EntryId> {
        let ops = ids.iter().map(|id| self.book.ops[id].clone()).collect();
        evaluate(WEB, ops).state.next().0
    }

    fn play(&mut self, step: &Move) {
        match *step {
            Move::Learn { who, from } => {
                let theirs = self.known[usize::from(from)].clone();
                let mine = &mut self.known[usize::from(who)];
                mine.extend(theirs);
                mine.sort_unstable();
                mine.dedup();
            }
            Move::Write { who, what, whom, role, back } => {
                // A liar pretends not to know the newest it knows.
                let mut ids = self.known[usize::from(who)].clone();
                ids.sort_by_key(|id| self.book.ops[id].place());
                ids.truncate(ids.len().saturating_sub(back).max(1));
                let deps = self.heads_of(&ids);
                let role =
                    [Role::Carrier, Role::Guest, Role::Member, Role::Admin, Role::Owner][usize::from(role)];
                let id = self.write(who, &deps, what, whom, role);
                self.known[usize::from(who)].push(id);
            }
        }
    }

    fn write(&mut self, who: u16, deps: &[EntryId], what: u8, whom: u16, role: Role) -> EntryId {
        let some_ticket = 100 + whom % (self.tickets - 99);
        let recent_join = |act: &Act| matches!(act, Act::Join { .. });
        match what {
            0 | 1 => self.book.remove(who, deps, whom),
            2 => self.book.set_role(who, deps, whom, role),
            3 => {
                self.tickets += 1;
                self.book.write(who, deps, invite(self.tickets, role, 1 + u32::from(whom % 2)))
            }
            4 => {
                self.tickets += 1;
                self.book.write(who, deps, invite_approve(self.tickets, role))
            }
            5 | 6 => self.book.write(who, deps, join(some_ticket, who)),
            7 => {
                let joins: Vec<EntryId> =
                    self.book.ops.values().filter(|op| recent_join(&op.act)).map(|op| op.id).collect();
                let join = joins[usize::from(whom) % joins.len()];
                self.book.write(who, deps, Act::Accept { join })
            }
            8 => self.book.write(who, deps, Act::RevokeInvite { ticket: ticket(some_ticket) }),
            9 => self.book.write(who, deps, epoch(whom, &[0, 1, 2, 3, whom])),
            10 => self.book.write(who, deps, Act::Leave),
            12 | 13 => {
                let known = self.book.known(who, deps);
                let past = self.book.past(&known).iter().map(|id| self.book.ops[id].clone()).collect();
                let state = evaluate(WEB, past).state;
                let signers = [0, 1, 2, 3].into_iter().filter(|signer| *signer != whom && *signer != who);
                let dismiss = Dismiss {
                    by: Some(person(who)),
                    person: person(whom),
                    admission: state.members.get(&person(whom)).map_or(EntryId::new([0; 32]), |one| one.join),
                    same: (what == 13).then(|| person(4 + whom % 3)),
                    cuts: self.book.cuts(whom, &known),
                    signers: signers.map(|signer| (device(signer), state.lamport)).collect(),
                };
                self.book.write(who, deps, Act::Dismiss(dismiss))
            }
            _ => {
                let serving = Serving { broker: whom.is_multiple_of(2), ..Serving::default() };
                self.book.write(who, deps, Act::Serve(serving))
            }
        }
    }
}

/// Feeds operations in batches of different sizes; returns how many operations that replayed.
fn feed(ops: &[Op], sizes: u64) -> (Evaluation, u64) {
    let mut timeline = Timeline::new(WEB);
    let (mut rest, mut sizes) = (ops, sizes);
    while !rest.is_empty() {
        let size = usize::try_from(sizes % 4).unwrap_or_default() + 1;
        sizes = sizes.rotate_right(2);
        let (batch, after) = rest.split_at(size.min(rest.len()));
        timeline.extend(batch.iter().cloned());
        rest = after;
    }
    (timeline.evaluation().clone(), timeline.work())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 160, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_order_of_arrival_gives_the_same_state(moves in moves(), shuffles in proptest::collection::vec(any::<u64>(), 3)) {
        let mut play = Play::new();
        for step in &moves {
            play.play(step);
        }
        let mut ordered: Vec<Op> = play.book.ops.values().cloned().collect();
        let expected = evaluate(WEB, ordered.clone());
        for shuffle in shuffles {
            ordered.sort_by_key(|op| blake3::hash(&[op.id.as_bytes().as_slice(), &shuffle.to_be_bytes()].concat()).to_hex());
            prop_assert_eq!(&evaluate(WEB, ordered.clone()), &expected);
            prop_assert_eq!(&feed(&ordered, shuffle).0, &expected);
            prop_assert_eq!(&feed(&ordered, 0).0, &expected);
        }
        ordered.sort_by_key(Op::place);
        prop_assert_eq!(&feed(&ordered, 0).0, &expected);
    }

    #[test]
    fn a_history_is_cut_exactly_where_all_that_follows_knows_all_that_came_before(moves in moves()) {
        let mut play = Play::new();
        for step in &moves {
            play.play(step);
        }
        let ops = crate::evaluate::order::complete(WEB, play.book.ops.values().cloned().collect()).0;
        let whole = crate::evaluate::order::Segment::new(&ops);
        let is_cut = |place: &usize| {
            (*place..ops.len()).all(|after| (0..*place).all(|before| whole.is_before(before, after)))
        };
        let ends = crate::evaluate::order::segments(&ops).into_iter().scan(0, |end, segment| {
            *end += segment.len();
            Some(*end)
        });
        prop_assert_eq!(ends.collect::<Vec<_>>(), (1..=ops.len()).filter(is_cut).collect::<Vec<_>>());
    }

    #[test]
    fn whatever_others_do_the_founder_stays_owner_until_she_goes_by_herself(moves in moves()) {
        let mut play = Play::new();
        let mut by_herself = false;
        for step in &moves {
            by_herself |= matches!(step, Move::Write { who: 0, what: 10, .. } | Move::Write { who: 0, what: 2, whom: 0, .. });
            // Or the others have dismissed her.
            by_herself |= matches!(step, Move::Write { what: 12 | 13, whom: 0, .. });
            play.play(step);
        }
        let role = play.book.evaluate().state.role(person(0));
        prop_assert!(by_herself || role == Some(Role::Owner), "{role:?}");
    }

    #[test]
    fn nobody_who_is_gone_or_only_carries_holds_the_current_epoch(moves in moves()) {
        let mut play = Play::new();
        for step in &moves {
            play.play(step);
        }
        let state = play.book.evaluate().state;
        if let Some((_, epoch)) = state.current_epoch() {
            for holder in epoch.holders.keys() {
                prop_assert!(state.reads(*holder), "{holder:?}");
            }
        }
    }

    #[test]
    fn no_invitation_admits_more_than_its_uses(moves in moves()) {
        let mut play = Play::new();
        for step in &moves {
            play.play(step);
        }
        for invitation in play.book.evaluate().state.invitations.values() {
            prop_assert!(invitation.used <= invitation.uses);
        }
    }
}
