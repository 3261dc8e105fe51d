//! The keys of this service's alarms.

/// Removes rows of ended shares.
pub(crate) const SWEEP: &str = "sweep";
/// Tells members the hashes and kept contents that have gathered.
pub(crate) const FLUSH: &str = "flush";
/// Tries files again that changed while they were read.
pub(crate) const HASH: &str = "hash";
/// Writes how transfers get on.
pub(crate) const TICK: &str = "tick";
/// Tries again what could not be brought.
pub(crate) const RETRY: &str = "retry";
/// Goes on with what services want, after the disk was full.
pub(crate) const LENT: &str = "lent";
/// Asks those again who named others.
pub(crate) const CROWD: &str = "crowd";
/// Goes on turning folders into items of transfers.
pub(crate) const EXPAND: &str = "expand";
/// Looks at contents that moved, and at what mirrors lack.
pub(crate) const MIRROR_LOOK: &str = "mirror-look";
/// Says again to mirrors what they have not answered.
pub(crate) const MIRROR_SAY: &str = "mirror-say";
/// Tells members what this mirror keeps.
pub(crate) const MIRROR_TELL: &str = "mirror-tell";
/// Lets go of what is kept for a web; its id follows.
pub(crate) const MIRROR_CLEAR: &str = "mirror-clear/";
/// Lets go of contents that were opened for reading long ago.
pub(crate) const READINGS: &str = "readings";
/// Walks a share again; its number follows.
pub(crate) const WALK: &str = "walk/";
/// Looks for what is gone after a walk; the share's number follows.
pub(crate) const GONE: &str = "gone/";

/// Reads the share number off an alarm's key.
pub(crate) fn number(key: &str, prefix: &str) -> Option<u64> {
    key.strip_prefix(prefix)?.parse().ok()
}
