//! Secrets in memory stay there.

/// Sees to it that the memory of this process is written nowhere when it crashes, and that other programs of the account
/// cannot attach to it.
pub fn keep_memory_private() {
    use rustix::process::{Resource, Rlimit, setrlimit};
    let nothing = Rlimit { current: Some(0), maximum: Some(0) };
    if setrlimit(Resource::Core, nothing).is_err() {
        tracing::warn!("the size of memory dumps could not be limited");
    }
    // A pipe to a collector of dumps ignores the limit.
    #[cfg(target_os = "linux")]
    if rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable).is_err() {
        tracing::warn!("memory dumps could not be switched off");
    }
}
