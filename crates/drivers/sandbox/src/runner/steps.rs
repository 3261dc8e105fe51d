//! Units in steps: between two of them, a unit can be written down, to go on here or elsewhere.

use compute::jobs::Failure;
use wasmtime::TypedFunc;

use super::checkpoint;
use super::unit::{Ask, Core, now};
use crate::frames::{Failed, FromRunner};

/// Runs a unit to its end, from a checkpoint when there is one that fits.
pub(super) fn run(
    fresh: &dyn Fn() -> Result<Core, Failed>,
    ask: &Ask<'_>,
    unit: u64,
    input: &[u8],
    state: Option<&[u8]>,
) -> Result<Vec<u8>, Failed> {
    let of = checkpoint::Of::new(ask.content, ask.arguments, unit, input);
    // What was counted stands in no checkpoint: a unit that goes on from one would be given more than others.
    let may_go_on = ask.limits.fuel.is_none();
    let saved = state.filter(|_| may_go_on).and_then(|state| checkpoint::open(state, &of, ask.limits));
    let restored = match &saved {
        Some(saved) => checkpoint::restore(fresh()?, saved),
        None => None,
    };
    let mut core = match restored {
        Some(core) => core,
        // One that does not fit costs the time it would have saved, no more.
        None => begin(fresh()?, ask, unit, input)?,
    };
    let step: TypedFunc<(), u64> = core.function("althing_step")?;
    let mut written = now();
    loop {
        match step.call(&mut core.store, ()) {
            Err(error) => return Err(core.failed(ask, &error)),
            Ok(0) => {}
            Ok(output) => return core.take(output, ask.limits),
        }
        if may_go_on && now().saturating_sub(written) >= ask.checkpoint_every {
            let state = checkpoint::take(&mut core, &of)?;
            let said = ask.outbox.say(&FromRunner::Checkpoint { unit, state: state.into() });
            said.map_err(|error| {
                Failed::new(Failure::Unable, format!("a checkpoint cannot be told: {error}"))
            })?;
            written = now();
        }
    }
}

fn begin(mut core: Core, ask: &Ask<'_>, unit: u64, input: &[u8]) -> Result<Core, Failed> {
    let (pointer, size) = core.give(ask, unit, input)?;
    let begin: TypedFunc<(u32, u32), ()> = core.function("althing_begin")?;
    match begin.call(&mut core.store, (pointer, size)) {
        Ok(()) => Ok(core),
        Err(error) => Err(core.failed(ask, &error)),
    }
}
