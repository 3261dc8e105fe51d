//! `cargo xtask tidy`.

/// Reports.
pub(crate) fn report() -> anyhow::Result<()> {
    Ok(())
}
