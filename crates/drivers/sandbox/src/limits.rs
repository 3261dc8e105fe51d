//! What the children take away from themselves before they see the first byte of others.

use std::collections::BTreeMap;
use std::io;

use rustix::process::{Resource, Rlimit, Signal, set_parent_process_death_signal, setrlimit};
use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, TargetArch};

/// Sets limits that cannot be raised again.
pub(crate) fn limit(limits: &[(Resource, u64)]) -> io::Result<()> {
    for (resource, most) in limits {
        setrlimit(*resource, Rlimit { current: Some(*most), maximum: Some(*most) })?;
    }
    Ok(())
}

/// Dies with the parent, gains no rights, and takes only what nobody else wants of the processor.
///
/// `nice` counts among the processes of one session only where the system groups them by session (`autogroup`), so the
/// child gets a session of its own and that group is made nice, too. `SCHED_IDLE` would need unsafe code; nice 19 gets
/// about a 68th of a busy core.
pub(crate) fn humble() -> io::Result<()> {
    set_parent_process_death_signal(Some(Signal::KILL))?;
    rustix::thread::set_no_new_privs(true)?;
    // A leader of its session already: then it is alone, too.
    let _is_new = rustix::process::setsid().is_ok();
    drop(std::fs::write("/proc/self/autogroup", "19"));
    rustix::process::setpriority_process(None, 19)?;
    Ok(())
}

/// Forbids all calls of the system but those that reading, writing, memory, time, locks and signals need: no files, no
/// network, no other processes. What is forbidden fails with `EPERM`.
///
/// For all threads of this process; none can be started afterwards.
pub(crate) fn forbid_calls() -> io::Result<()> {
    let arch = TargetArch::try_from(std::env::consts::ARCH).map_err(io::Error::other)?;
    let rules = calls().into_iter().map(|call| (call, Vec::new())).collect::<BTreeMap<_, _>>();
    let filter = SeccompFilter::new(rules, SeccompAction::Errno(1), SeccompAction::Allow, arch);
    let program: BpfProgram = filter.and_then(TryInto::try_into).map_err(io::Error::other)?;
    seccompiler::apply_filter_all_threads(&program).map_err(io::Error::other)
}

/// Numbers of the calls that remain. Not among them: what opens files or sockets, starts or signals processes.
#[cfg(target_arch = "x86_64")]
fn calls() -> Vec<i64> {
    vec![
        0,   // read
        1,   // write
        3,   // close
        7,   // poll
        9,   // mmap
        10,  // mprotect
        11,  // munmap
        12,  // brk
        13,  // rt_sigaction
        14,  // rt_sigprocmask
        15,  // rt_sigreturn
        20,  // writev
        24,  // sched_yield
        25,  // mremap
        28,  // madvise
        35,  // nanosleep
        60,  // exit
        72,  // fcntl: seals of memfd
        77,  // ftruncate: of memfd
        131, // sigaltstack
        186, // gettid
        202, // futex
        204, // sched_getaffinity
        219, // restart_syscall
        228, // clock_gettime
        230, // clock_nanosleep
        231, // exit_group
        318, // getrandom
        319, // memfd_create: images of memories
    ]
}

/// Numbers of the calls that remain, in the order above as far as they exist.
#[cfg(target_arch = "aarch64")]
fn calls() -> Vec<i64> {
    vec![
        63, 64, 57, 73, 222, 226, 215, 214, 134, 135, 139, 66, 124, 216, 233, 101, 93, 25, 46, 132, 178, 98,
        123, 128, 113, 115, 94, 278, 279,
    ]
}

/// None are known for this processor: [`forbid_calls`] fails first.
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
fn calls() -> Vec<i64> {
    Vec::new()
}
