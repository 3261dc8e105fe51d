//! Programs of the tests.

/// A core program around a body of `althing_run`, whose input is at 1024.
pub(crate) fn core(pages: u32, body: &str) -> String {
    format!(
        r#"(module (memory (export "memory") {pages})
            (func (export "althing_alloc") (param i32) (result i32) (i32.const 1024))
            (func $pair (param i32 i32) (result i64)
                (i64.or (i64.shl (i64.extend_i32_u (local.get 0)) (i64.const 32)) (i64.extend_i32_u (local.get 1))))
            (func (export "althing_run") (param $at i32) (param $size i32) (result i64)
                (local $i i32) (local $n i64) (local $f f64)
                {body}))"#
    )
}

/// Gives back all that it was given.
pub(crate) fn echo() -> String {
    core(2, "(call $pair (local.get $at) (local.get $size))")
}

/// Never ends.
pub(crate) fn forever() -> String {
    core(1, "(loop $again (br $again)) (unreachable)")
}

/// Counts to the number in its input, and gives what a simple generator has come to.
pub(crate) fn count() -> String {
    core(
        1,
        "(loop $again
            (local.set $n (i64.add (i64.mul (local.get $n) (i64.const 6364136223846793005)) (i64.const 1442695040888963407)))
            (local.set $i (i32.add (local.get $i) (i32.const 1)))
            (br_if $again (i32.lt_u (local.get $i) (i32.load (i32.const 1036)))))
        (i64.store (i32.const 0) (local.get $n))
        (call $pair (i32.const 0) (i32.const 8))",
    )
}

/// What `count` gives.
pub(crate) fn counted(to: u32) -> Vec<u8> {
    let step = |n: u64| n.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (0..to).fold(0, |n, _| step(n)).to_le_bytes().to_vec()
}

/// The same in steps: half of it in memory, half in a variable, as many steps as its input says.
pub(crate) const STEPS: &str = r#"(module (memory (export "memory") 1 4)
    (global $n (export "n") (mut i64) (i64.const 0))
    (func (export "althing_alloc") (param i32) (result i32) (i32.const 1024))
    (func (export "althing_begin") (param $at i32) (param i32)
        (i32.store (i32.const 0) (i32.load (i32.add (local.get $at) (i32.const 12))))
        (drop (memory.grow (i32.const 1)))
        (i32.store (i32.const 100000) (i32.const 77)))
    (func (export "althing_step") (result i64) (local $i i32)
        (loop $again
            (global.set $n (i64.add (i64.mul (global.get $n) (i64.const 6364136223846793005)) (i64.const 1442695040888963407)))
            (local.set $i (i32.add (local.get $i) (i32.const 1)))
            (br_if $again (i32.lt_u (local.get $i) (i32.const 100000))))
        (i32.store (i32.const 0) (i32.sub (i32.load (i32.const 0)) (i32.const 1)))
        (if (result i64) (i32.eqz (i32.load (i32.const 0)))
            (then
                (if (i32.ne (i32.load (i32.const 100000)) (i32.const 77)) (then (unreachable)))
                (i64.store (i32.const 8) (global.get $n))
                (i64.const 0x800000008))
            (else (i64.const 0)))))"#;

/// A component around a body of `run`, whose parameters are `$unit $a $al $i $il`; the answer is at 16.
pub(crate) fn component(body: &str) -> String {
    format!(
        r#"(component
            (core module $m
                (memory (export "memory") 4)
                (global $p (mut i32) (i32.const 4096))
                (func (export "realloc") (param i32 i32 i32 i32) (result i32) (local $r i32)
                    (local.set $r (global.get $p))
                    (global.set $p (i32.add (global.get $p) (i32.and (i32.add (local.get 3) (i32.const 7)) (i32.const -8))))
                    (local.get $r))
                (data (i32.const 512) "no such planet")
                (func (export "run") (param $unit i64) (param $a i32) (param $al i32) (param $i i32) (param $il i32) (result i32)
                    {body} (i32.const 16)))
            (core instance $i (instantiate $m))
            (func (export "run") (param "unit" u64) (param "arguments" (list u8)) (param "input" (list u8))
                (result (result (list u8) (error string)))
                (canon lift (core func $i "run") (memory (core memory $i "memory")) (realloc (core func $i "realloc")))))"#
    )
}

/// A command around a body of `_start`; a buffer is at 4096, vectors are at 0 and 8, the count is at 16.
pub(crate) fn command(body: &str) -> String {
    format!(
        r#"(module
            (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
            (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
            (import "wasi_snapshot_preview1" "args_sizes_get" (func $args_sizes (param i32 i32) (result i32)))
            (import "wasi_snapshot_preview1" "args_get" (func $args (param i32 i32) (result i32)))
            (import "wasi_snapshot_preview1" "environ_sizes_get" (func $env_sizes (param i32 i32) (result i32)))
            (import "wasi_snapshot_preview1" "environ_get" (func $env (param i32 i32) (result i32)))
            (import "wasi_snapshot_preview1" "clock_time_get" (func $time (param i32 i64 i32) (result i32)))
            (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
            (import "wasi_snapshot_preview1" "path_open" (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
            (import "wasi_snapshot_preview1" "fd_prestat_get" (func $prestat (param i32 i32) (result i32)))
            (import "wasi_snapshot_preview1" "sock_accept" (func $accept (param i32 i32 i32) (result i32)))
            (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
            (memory (export "memory") 4)
            (data (i32.const 2048) "last words")
            (func $say (param $file i32) (param $at i32) (param $size i32)
                (i32.store (i32.const 0) (local.get $at))
                (i32.store (i32.const 4) (local.get $size))
                (drop (call $write (local.get $file) (i32.const 0) (i32.const 1) (i32.const 16))))
            (func (export "_start") {body}))"#
    )
}
