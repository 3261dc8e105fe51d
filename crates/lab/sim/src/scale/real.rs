//! Counts as fractions, for means and plots: the one place where precision is given up.

/// Returns a count as a fraction.
#[expect(clippy::cast_precision_loss, reason = "counts of the model stay far below 2^52")]
pub(super) fn real(count: u64) -> f64 {
    count as f64
}

/// Returns a length as a count.
pub(super) fn wide(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

/// Divides counts; 0 by nothing.
pub(super) fn share(part: u64, whole: u64) -> f64 {
    real(part) / real(whole.max(1))
}

/// Returns the value that so many of 100 do not exceed; none of nothing.
pub(super) fn percentile(values: &mut [u32], percent: usize) -> Option<u32> {
    values.sort_unstable();
    let last = values.len().checked_sub(1)?;
    values.get(last * percent / 100).copied()
}
