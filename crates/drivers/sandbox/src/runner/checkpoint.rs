//! A unit written down between two steps: its memory and exported variables, compressed (spec compute-programs, rules 17 to
//! 20). It is the same on all processors. Whoever gives one is not believed: one that does not fit is not used, and one that
//! lies makes a wrong output, as its giver could have said anyway.

use std::io::Read as _;

use base::ContentId;
use compute::jobs::{Failure, Limits};
use minicbor::{Decode, Encode};
use wasmtime::{ExternType, Mutability, Val};
use wire::codec::Bytes;

use super::unit::Core;
use crate::frames::Failed;

/// The first bytes, with the version.
const MAGIC: &[u8; 8] = b"althck\0\x01";
/// Variables at most.
const GLOBALS_MAX: usize = 4_096;
/// Bytes beside the memory at most.
const REST_MAX: u64 = 1 << 20;
/// Quick; memories are mostly zeros.
const LEVEL: i32 = 1;
const PAGE_SIZE: u64 = 65_536;

/// What a checkpoint belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Of([u8; 32]);

impl Of {
    /// Names a unit of a program by all that decides its output.
    pub(super) fn new(program: ContentId, arguments: &[u8], unit: u64, input: &[u8]) -> Self {
        let mut hasher = blake3::Hasher::new_derive_key("althing 2026 sandbox: what a checkpoint belongs to");
        hasher.update(program.as_bytes());
        hasher.update(&unit.to_le_bytes());
        hasher.update(blake3::hash(arguments).as_bytes());
        hasher.update(input);
        Self(*hasher.finalize().as_bytes())
    }
}

/// A unit between two steps.
#[derive(Debug, Encode, Decode)]
pub(super) struct State {
    #[cbor(n(0), with = "minicbor::bytes")]
    of: [u8; 32],
    #[n(1)]
    globals: Vec<Global>,
    #[n(2)]
    memory: Bytes,
}

#[derive(Debug, Encode, Decode)]
struct Global {
    #[n(0)]
    name: String,
    #[n(1)]
    value: Value,
}

/// A variable's bits.
#[derive(Debug, Clone, Copy, Encode, Decode)]
enum Value {
    #[n(0)]
    I32(#[n(0)] i32),
    #[n(1)]
    I64(#[n(0)] i64),
    #[n(2)]
    F32(#[n(0)] u32),
    #[n(3)]
    F64(#[n(0)] u64),
}

/// Writes a unit down.
pub(super) fn take(core: &mut Core, of: &Of) -> Result<Vec<u8>, Failed> {
    let mut globals = Vec::new();
    for name in variables(core) {
        let value =
            core.instance.get_global(&mut core.store, &name).map(|global| global.get(&mut core.store));
        let value = match value {
            Some(Val::I32(bits)) => Value::I32(bits),
            Some(Val::I64(bits)) => Value::I64(bits),
            Some(Val::F32(bits)) => Value::F32(bits),
            Some(Val::F64(bits)) => Value::F64(bits),
            _ => continue,
        };
        globals.push(Global { name, value });
    }
    let memory = core.memory.data(&core.store).to_vec().into();
    let state = wire::to_bytes(&State { of: of.0, globals, memory });
    let mut bytes = MAGIC.to_vec();
    let unable = |error| Failed::new(Failure::Unable, format!("a checkpoint cannot be written: {error}"));
    zstd::stream::copy_encode(state.as_slice(), &mut bytes, LEVEL).map_err(unable)?;
    Ok(bytes)
}

/// Reads what was written down; `None` when it is damaged or belongs to something else.
pub(super) fn open(bytes: &[u8], of: &Of, limits: Limits) -> Option<State> {
    let packed = bytes.strip_prefix(MAGIC.as_slice())?;
    let size_max = (u64::from(limits.memory_mib) << 20).saturating_add(REST_MAX);
    let mut state = Vec::new();
    zstd::stream::read::Decoder::new(packed).ok()?.take(size_max).read_to_end(&mut state).ok()?;
    let state: State = minicbor::decode(&state).ok()?;
    let is_ours = state.of == of.0 && state.globals.len() <= GLOBALS_MAX;
    (is_ours && (state.memory.len() as u64).is_multiple_of(PAGE_SIZE)).then_some(state)
}

/// Puts a fresh instance where the unit was; `None` when it does not fit: the instance is of no use then.
pub(super) fn restore(mut core: Core, state: &State) -> Option<Core> {
    let have = core.memory.data_size(&core.store) as u64;
    let more = (state.memory.len() as u64).checked_sub(have)?;
    core.memory.grow(&mut core.store, more / PAGE_SIZE).ok()?;
    let memory = core.memory.data_mut(&mut core.store);
    if memory.len() != state.memory.len() {
        return None;
    }
    memory.copy_from_slice(&state.memory);
    let names = variables(&core);
    for Global { name, value } in &state.globals {
        let global = core.instance.get_global(&mut core.store, name).filter(|_| names.contains(name))?;
        let value = match *value {
            Value::I32(bits) => Val::I32(bits),
            Value::I64(bits) => Val::I64(bits),
            Value::F32(bits) => Val::F32(bits),
            Value::F64(bits) => Val::F64(bits),
        };
        global.set(&mut core.store, value).ok()?;
    }
    (names.len() == state.globals.len()).then_some(core)
}

/// Returns the names of exported variables, in order.
fn variables(core: &Core) -> Vec<String> {
    let module = core.instance.module(&core.store);
    let is_variable =
        |ty: &ExternType| matches!(ty, ExternType::Global(ty) if ty.mutability() == Mutability::Var);
    let mut names: Vec<String> =
        module.exports().filter(|one| is_variable(&one.ty())).map(|one| one.name().to_owned()).collect();
    names.sort();
    names
}
