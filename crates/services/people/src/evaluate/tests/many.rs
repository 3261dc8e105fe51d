//! Thousands of random histories with liars, forks, thieves of devices and back-dating: nothing diverges, nobody has power that
//! was not given, nobody who is gone was given the key of now. Claims are checked apart from the code that makes them true.
//!
//! `HISTORIES=10000 HISTORIES_FROM=1 cargo test -p people --lib many -- --nocapture`; the numbers are seeds.

use super::exported::Town;
use super::*;
use crate::evaluate::State;

/// Histories in `cargo test`, from the first seed that the vectors do not have.
const HISTORIES: u64 = 40;
const FROM: u64 = 1_000;

#[expect(clippy::disallowed_methods, reason = "a person says how far a test goes")]
fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

/// What was looked at.
#[derive(Debug, Default)]
struct Sum {
    histories: u64,
    operations: usize,
    void: usize,
    forked: usize,
    /// Persons who were removed and are out at the end.
    removed: usize,
    /// Admins and owners but the founder, at the end.
    powerful: usize,
    epochs: usize,
}

#[test]
fn no_history_diverges_escalates_or_gives_the_key_of_now_to_who_is_gone() {
    let (from, count) = (number("HISTORIES_FROM", FROM), number("HISTORIES", HISTORIES));
    let mut sum = Sum::default();
    for seed in from..from + count {
        check(seed, &mut sum);
    }
    println!("histories from seed {from}: {sum:?}, nothing wrong");
    assert!(
        sum.void > 0 && sum.removed > 0 && sum.powerful > 0 && sum.epochs > 0,
        "nothing was looked at: {sum:?}"
    );
}

fn check(seed: u64, sum: &mut Sum) {
    let book = Town::new(seed).play();
    let whole = book.evaluate();
    let removed = whole.state.members.values().filter(|member| member.role().is_none()).count();
    sum.histories += 1;
    sum.operations += book.ops.len();
    sum.void += whole.void.len();
    sum.forked += whole.forked.len();
    sum.removed += removed;
    for (name, claim) in [
        (
            "the same set has the same state",
            same_state as fn(&Book, &Evaluation, u64, &mut Sum) -> Result<(), String>,
        ),
        ("nobody has more power than was given", no_escalation),
        ("no key of now was given to who reads no more", no_key_for_the_gone),
    ] {
        if let Err(why) = claim(&book, &whole, seed, sum) {
            let mut ops: Vec<&Op> = book.ops.values().collect();
            ops.sort_by_key(|op| op.place());
            let told = ops.iter().map(|op| format!("  {op:?} {:?}", whole.void.get(&op.id)));
            panic!("seed {seed}: {name}: {why}\n{}", told.collect::<Vec<_>>().join("\n"));
        }
    }
}

fn same_state(book: &Book, whole: &Evaluation, seed: u64, _: &mut Sum) -> Result<(), String> {
    let mut ops: Vec<Op> = book.ops.values().cloned().collect();
    for shuffle in 0..3_u64 {
        ops.sort_by_key(|op| {
            let text = [op.id.as_bytes().as_slice(), &seed.to_be_bytes(), &shuffle.to_be_bytes()].concat();
            *blake3::hash(&text).as_bytes()
        });
        if evaluate(WEB, ops.clone()) != *whole {
            return Err(format!("shuffle {shuffle}"));
        }
    }
    // One by one, as it was written and as it was shuffled last.
    for is_shuffled in [false, true] {
        if !is_shuffled {
            ops.sort_by_key(|op| (op.time, op.id));
        }
        let mut timeline = Timeline::new(WEB);
        for op in &ops {
            timeline.extend([op.clone()]);
        }
        if timeline.evaluation() != whole {
            return Err(format!("one by one, shuffled: {is_shuffled}"));
        }
    }
    Ok(())
}

fn known_to(book: &Book, op: &Op) -> State {
    let parents: Vec<EntryId> = op.parents().collect();
    let past = book.past(&parents);
    evaluate(WEB, past.iter().map(|id| book.ops[id].clone()).collect()).state
}

/// Who is an admin or owner was made so by an owner, as far as that one ever knew.
fn no_escalation(book: &Book, whole: &Evaluation, _: u64, sum: &mut Sum) -> Result<(), String> {
    for (who, member) in &whole.state.members {
        let Some(now) = member.power.filter(|now| now.role > Role::Member) else { continue };
        if *who == person(0)
            && matches!(book.ops[&member.join].act, Act::Genesis { .. })
            && now.role == Role::Owner
        {
            continue;
        }
        sum.powerful += 1;
        let gives = |op: &&Op| match &op.act {
            Act::SetRole { person, role, .. } => person == who && *role == now.role,
            Act::Invite(terms) => terms.role == now.role,
            _ => false,
        };
        let given = book.ops.values().filter(gives).filter(|op| !whole.void.contains_key(&op.id));
        let is_owner = |op: &Op| {
            let giver = whole.state.person_of(op.author);
            let had = |at: &Op| {
                let state = known_to(book, at);
                giver.and_then(|giver| state.role(giver)) == Some(Role::Owner)
            };
            had(op) || book.past(&[op.id]).iter().any(|id| had(&book.ops[id]))
        };
        if !given.into_iter().any(is_owner) && !is_heir(book, whole, *who, now.role) {
            return Err(format!("{who:?} is {now:?}"));
        }
    }
    Ok(())
}

/// Somebody took over the role of who was dismissed, who had it: as the same human, or as one of the signers after the last
/// owner (spec governance rules 86 and 87).
fn is_heir(book: &Book, whole: &Evaluation, who: PersonId, role: Role) -> bool {
    let counts = |op: &&Op| !whole.void.contains_key(&op.id);
    book.ops.values().filter(counts).any(|op| {
        let Act::Dismiss(dismiss) = &op.act else { return false };
        let known = known_to(book, op);
        let mut signed = dismiss.signers.iter().map(|(device, _)| *device).chain([op.author]);
        let takes_over = match dismiss.same {
            Some(same) => same == who,
            None => role == Role::Owner && signed.any(|device| known.person_of(device) == Some(who)),
        };
        takes_over && known.role(dismiss.person) >= Some(role)
    })
}

/// A key that is used was given to nobody who does not read, by no operation that counts.
fn no_key_for_the_gone(book: &Book, whole: &Evaluation, _: u64, sum: &mut Sum) -> Result<(), String> {
    let state = &whole.state;
    let is_used = |key: &KeyId| state.epochs.get(key).is_some_and(|epoch| !epoch.is_stale);
    let counts = |op: &&Op| !whole.void.contains_key(&op.id);
    for op in book.ops.values().filter(counts) {
        match &op.act {
            Act::Epoch { key, recipients } if is_used(key) => {
                sum.epochs += 1;
                if let Some(gone) = recipients.iter().find(|who| !state.reads(**who)) {
                    return Err(format!("{gone:?} was given {key:?} by {:?}", op.id));
                }
            }
            Act::Accept { join } => {
                let whose = book.ops.get(join).and_then(|join| state.person_of(join.author));
                // Whoever welcomes hands over what it holds; to a carrier, nothing.
                let is_reader = |whose: &PersonId| known_to(book, op).reads(*whose);
                if whose.is_none_or(|whose| state.reads(whose)) || !whose.iter().any(is_reader) {
                    continue;
                }
                let parents: Vec<EntryId> = op.parents().collect();
                let past = book.past(&parents);
                let known = past.iter().map(|id| &book.ops[id]).filter(counts);
                if known.into_iter().any(|epoch| matches!(&epoch.act, Act::Epoch { key, .. } if is_used(key)))
                {
                    return Err(format!("{whose:?}, welcomed by {:?}, holds a key that is used", op.id));
                }
            }
            _ => {}
        }
    }
    match state.current_epoch() {
        Some((_, epoch)) if epoch.holders.keys().any(|holder| !state.reads(*holder)) => {
            Err("a holder".into())
        }
        _ => Ok(()),
    }
}
