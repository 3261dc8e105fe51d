//! What the child takes away from itself before it sees the first byte of others.

use std::collections::BTreeMap;
use std::io;

use rustix::process::{Resource, Rlimit, Signal, set_parent_process_death_signal, setrlimit};
use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, TargetArch};

/// Bytes of memory that the child may write to: rules of all sets, a content of 32 MiB, and four archives within each other.
const MEMORY_MAX: u64 = 768 << 20;
/// Files that are open at most: what is there at the beginning.
const FILES_MAX: u64 = 8;
/// A person may wait for the answer, but nobody's typing should.
const NICE: i32 = 10;

/// Dies with the parent, gains no rights, and gives up memory, files and cores beyond what it needs.
pub(crate) fn humble() -> io::Result<()> {
    set_parent_process_death_signal(Some(Signal::KILL))?;
    rustix::thread::set_no_new_privs(true)?;
    rustix::process::setpriority_process(None, NICE)?;
    for (resource, most) in [
        (Resource::Data, MEMORY_MAX),
        (Resource::Core, 0),
        (Resource::Fsize, 0),
        (Resource::Nofile, FILES_MAX),
    ] {
        setrlimit(resource, Rlimit { current: Some(most), maximum: Some(most) })?;
    }
    Ok(())
}

/// Forbids all calls of the system but those that reading, writing, memory, time, locks and signals need: no files, no
/// network, no other processes or threads. What is forbidden fails with `EPERM`. For all threads of this process.
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
        131, // sigaltstack
        186, // gettid
        202, // futex
        204, // sched_getaffinity
        219, // restart_syscall
        228, // clock_gettime
        230, // clock_nanosleep
        231, // exit_group
        273, // set_robust_list: a thread that has been started but has not begun
        318, // getrandom
        334, // rseq: the same
    ]
}

/// Numbers of the calls that remain, in the order above as far as they exist.
#[cfg(target_arch = "aarch64")]
fn calls() -> Vec<i64> {
    vec![
        63, 64, 57, 73, 222, 226, 215, 214, 134, 135, 139, 66, 124, 216, 233, 101, 93, 132, 178, 98, 123,
        128, 113, 115, 94, 99, 278, 293,
    ]
}

/// None are known for this processor: [`forbid_calls`] fails first.
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
fn calls() -> Vec<i64> {
    Vec::new()
}
