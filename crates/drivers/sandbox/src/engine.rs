//! The settings of wasmtime: the same in the process that compiles and in those that run, and on every computer.

use compute::jobs::Limits;
use minicbor::{Decode, Encode};
use wasmtime::{Config, InstanceAllocationStrategy, OptLevel, PoolingAllocationConfig};

/// The version in the names of cached code; native code of another one does not load.
pub(crate) const VERSION: &str = "wasmtime 48.0.8, settings 2";

/// Bytes of a program's native stack. Part of what a program can observe, so one number for all.
const STACK_SIZE: usize = 512 * 1024;
/// Bytes of address space for each memory: all that 32 bits can reach, so that no access needs a check.
const RESERVATION: u64 = 4 << 30;
/// Bytes nobody can reach behind it, for offsets of instructions.
const GUARD: u64 = 32 << 20;

/// Elements of one table at most: large interpreters have some ten thousand functions.
pub(crate) const TABLE_ELEMENTS_MAX: usize = 100_000;
/// Memories of one program at most; only components have several.
pub(crate) const MEMORIES_MAX: u32 = 8;
/// Tables of one program at most.
pub(crate) const TABLES_MAX: u32 = 64;
/// Core instances of one component at most.
pub(crate) const INSTANCES_MAX: u32 = 64;

/// What a job may ask for that changes the code which is made of its program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Variant {
    /// Whether the bits of NaN are made equal.
    #[n(0)]
    pub(crate) is_nan_canonical: bool,
    /// Whether instructions are counted.
    #[n(1)]
    pub(crate) is_counted: bool,
}

impl Variant {
    /// The one for jobs that ask for nothing.
    pub(crate) const PLAIN: Self = Self { is_nan_canonical: false, is_counted: false };
    /// All there are, each at its [`place`](Self::place).
    pub(crate) const ALL: [Self; 4] = [
        Self::PLAIN,
        Self { is_nan_canonical: true, is_counted: false },
        Self { is_nan_canonical: false, is_counted: true },
        Self { is_nan_canonical: true, is_counted: true },
    ];

    /// Returns the one that a job needs.
    pub(crate) fn of(limits: &Limits) -> Self {
        Self { is_nan_canonical: limits.is_nan_canonical, is_counted: limits.fuel.is_some() }
    }

    /// Returns its number among all.
    pub(crate) fn place(self) -> u8 {
        u8::from(self.is_nan_canonical) + 2 * u8::from(self.is_counted)
    }
}

/// Returns the settings that compiled code depends on.
pub(crate) fn compiling(variant: Variant) -> Config {
    let mut config = Config::new();
    config
        .cranelift_opt_level(OptLevel::Speed)
        .cranelift_nan_canonicalization(variant.is_nan_canonical)
        .consume_fuel(variant.is_counted)
        .epoch_interruption(true)
        .max_wasm_stack(STACK_SIZE)
        .memory_reservation(RESERVATION)
        .memory_guard_size(GUARD)
        // What differs between processors, and what no compiler emits unasked, is off.
        .wasm_relaxed_simd(false)
        .wasm_tail_call(false)
        .wasm_multi_memory(false)
        .wasm_memory64(false)
        .wasm_custom_page_sizes(false)
        .wasm_wide_arithmetic(false)
        .shared_memory(false)
        .native_unwind_info(false)
        .wasm_component_model(true);
    config
}

/// Returns the settings of a process that runs units, one at a time, each in a slot that is ready.
pub(crate) fn running(variant: Variant) -> Config {
    let mut pool = PoolingAllocationConfig::new();
    pool.total_core_instances(INSTANCES_MAX)
        .total_component_instances(2)
        .total_memories(MEMORIES_MAX)
        .total_tables(TABLES_MAX)
        .max_memories_per_module(1)
        .max_tables_per_module(8)
        .max_core_instance_size(8 << 20)
        .max_component_instance_size(8 << 20)
        .table_elements(TABLE_ELEMENTS_MAX)
        .max_memory_size(usize::try_from(RESERVATION).unwrap_or(usize::MAX))
        .max_unused_warm_slots(MEMORIES_MAX)
        // Small memories are wiped by writing zeros, which costs less than giving their pages back.
        .linear_memory_keep_resident(64 << 10)
        .table_keep_resident(16 << 10);
    let mut config = compiling(variant);
    config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    config
}
