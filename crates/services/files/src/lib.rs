//! Shares, the catalogue of all files of all webs, revisions, who has what, and transfers.
//!
//! Decides only: folders are walked, watched and hashed by the workers, bytes are moved by the network driver,
//! both through [`jobs`]. Not for: who is a member (`people`), how records spread (`records`).
//!
//! `source(rows: &dyn store::Rows, asker: DeviceId, content: ContentId) -> Result<Option<jobs::Source>, StoreError>`
//! and `service(home: &str) -> Files` follow here; see specs/files.md.

pub mod jobs;
