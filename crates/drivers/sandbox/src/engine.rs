//! The settings of wasmtime: the same in the process that compiles and in those that run, and on every computer.

use wasmtime::{Config, InstanceAllocationStrategy, OptLevel, PoolingAllocationConfig};

/// The version in the names of cached code; native code of another one does not load.
pub(crate) const VERSION: &str = "wasmtime 48.0.8, settings 1";

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

/// Returns the settings that compiled code depends on.
pub(crate) fn compiling(is_nan_canonical: bool) -> Config {
    let mut config = Config::new();
    config
        .cranelift_opt_level(OptLevel::Speed)
        .cranelift_nan_canonicalization(is_nan_canonical)
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
pub(crate) fn running(is_nan_canonical: bool) -> Config {
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
    let mut config = compiling(is_nan_canonical);
    config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    config
}
