//! How fast one core computes and the disk of the home reads: measured once, at the lowest priority.

use std::fs::{File, OpenOptions};
use std::hint::black_box;
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rustix::fs::Advice;
use rustix::time::{ClockId, clock_gettime};

/// Where ordinary work has niceness 0 and 19 is the last in line.
const NICENESS: i32 = 19;
/// Processor time of the measuring loop.
const LOOP_TIME: Duration = Duration::from_millis(100);
/// Steps between two looks at the clock: some microseconds.
const STEPS: u64 = 4096;
/// A disk reads this in a tenth of a second to half a second; less would measure its cache.
const DISK_MIB: u64 = 32;
/// The disk is not measured when less than this is free: somebody needs it more.
const DISK_FREE_MIN_MIB: u64 = 512;
const MIB: usize = 1024 * 1024;

/// What was measured; 0: not yet, or it could not be.
#[derive(Debug, Default)]
pub(crate) struct Measured {
    pub(crate) speed: AtomicU64,
    pub(crate) disk_mib: AtomicU64,
    pub(crate) is_unwanted: AtomicBool,
}

/// Measures all; on a thread of its own.
pub(crate) fn measure(home: &Path, measured: &Measured) {
    // Refused at worst; then it measures at the priority it has.
    let _is_polite = rustix::process::setpriority_process(None, NICENESS).is_ok();
    measured.speed.store(speed(), Ordering::Relaxed);
    match disk(home, &measured.is_unwanted) {
        Ok(Some(mib)) => measured.disk_mib.store(mib, Ordering::Relaxed),
        Ok(None) => {}
        Err(error) => tracing::debug!(%error, "the disk could not be measured"),
    }
}

/// Steps of a fixed loop per second of processor time, in thousands; what else runs on this computer hardly matters.
pub(crate) fn speed() -> u64 {
    let start = thread_time();
    let (mut steps, mut integer, mut float) = (0_u64, 1_u64, 1_f64);
    loop {
        for _ in 0..STEPS {
            integer = integer.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            float = float * 0.999 + f64::from(u32::try_from(integer >> 40).unwrap_or(0)) * 1e-9;
        }
        black_box((integer, float));
        steps = steps.saturating_add(STEPS);
        let took = thread_time().saturating_sub(start);
        if took >= LOOP_TIME {
            let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
            return steps.saturating_mul(1000).checked_div(micros).unwrap_or(0);
        }
    }
}

fn thread_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(u64::try_from(time.tv_sec).unwrap_or(0), u32::try_from(time.tv_nsec).unwrap_or(0))
}

/// What the disk reads, MiB/s; none when there is too little room or nobody wants to know any more.
pub(crate) fn disk(home: &Path, is_unwanted: &AtomicBool) -> io::Result<Option<u64>> {
    let room = rustix::fs::statvfs(home)?;
    if room.f_bavail.saturating_mul(room.f_frsize) < DISK_FREE_MIN_MIB.saturating_mul(1024 * 1024) {
        return Ok(None);
    }
    let mut file = nameless(home)?;
    let mut block = vec![0_u8; MIB];
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    for _ in 0..DISK_MIB {
        if is_unwanted.load(Ordering::Relaxed) {
            return Ok(None);
        }
        // Noise: a file system that packs or merges equal blocks would read nothing.
        for word in block.chunks_exact_mut(8) {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            word.copy_from_slice(&state.to_le_bytes());
        }
        file.write_all(&block)?;
    }
    file.sync_all()?;
    rustix::fs::fadvise(&file, 0, None, Advice::DontNeed)?;
    file.rewind()?;
    let start = Instant::now();
    for _ in 0..DISK_MIB {
        if is_unwanted.load(Ordering::Relaxed) {
            return Ok(None);
        }
        file.read_exact(&mut block)?;
    }
    let micros = u64::try_from(start.elapsed().as_micros()).unwrap_or(u64::MAX).max(1);
    Ok(DISK_MIB.saturating_mul(1_000_000).checked_div(micros))
}

/// A file that is gone when it is closed, however this process ends.
fn nameless(home: &Path) -> io::Result<File> {
    let path = home.join(format!(".measuring-{}", std::process::id()));
    let file = OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(&path)?;
    std::fs::remove_file(&path)?;
    Ok(file)
}
