//! Agents' programs in the simulated world: a function answers what a program would.

use std::sync::Arc;

use agents::jobs::{Output, Program, Ran, Run, Taken, to_bytes};
use base::ContentId;
use files::jobs::ByteRange;
use serde_json::Value;

use crate::world::{PeerIndex, World};

/// Bytes of any program of this world.
const SIZE: u64 = 1_000;

/// Answers for all programs of a computer, by what they are given; an error is a program's own fault.
#[derive(Clone)]
pub struct Programs(Arc<Answer>);

type Answer = dyn Fn(&Value) -> Result<Vec<u8>, String> + Send + Sync;

impl std::fmt::Debug for Programs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Programs").finish_non_exhaustive()
    }
}

impl Programs {
    /// Makes programs that answer so.
    pub fn new(answer: impl Fn(&Value) -> Result<Vec<u8>, String> + Send + Sync + 'static) -> Self {
        Self(Arc::new(answer))
    }
}

/// Returns the content of the program in a file: its path stands for its bytes.
pub fn program_at(path: &str) -> ContentId {
    ContentId::new(*blake3::hash(path.as_bytes()).as_bytes())
}

/// Checks a program and keeps it: all are right but those called `bad`.
pub(crate) fn take(world: &mut World, index: PeerIndex, program: &Program) -> Result<Vec<u8>, String> {
    let taken = match program {
        Program::File { path } if path.contains("bad") => return Err("it is no WASM".to_owned()),
        Program::File { path } => Taken { content: program_at(path), size: SIZE },
        Program::Here { content, size, .. } => Taken { content: *content, size: *size },
    };
    world.peer_mut(index).disk.store(taken.content, ByteRange { from: 0, to: taken.size });
    Ok(to_bytes(&taken))
}

/// Runs a program that is here.
pub(crate) fn run(world: &mut World, index: PeerIndex, run: &Run) -> Result<Vec<u8>, String> {
    let peer = world.peer(index);
    let content = match &run.program {
        Program::File { path } => program_at(path),
        Program::Here { content, size, .. } if peer.disk.missing(*content, *size).is_empty() => *content,
        Program::Here { .. } => return Err("the program is not here".to_owned()),
    };
    let given: Value = serde_json::from_slice(&run.document).map_err(|error| error.to_string())?;
    let programs = peer.agents.as_ref().ok_or("there is no sandbox")?;
    let output = match (programs.0)(&given) {
        Ok(bytes) => Output::Given { bytes: bytes.into() },
        Err(why) => Output::Failed { why },
    };
    Ok(to_bytes(&Ran { content, cpu_us: 1_000, output }))
}
