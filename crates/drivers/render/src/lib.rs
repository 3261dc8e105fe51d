//! Shows parts of files, renders Markdown, finds links and exports documents: bytes in, safe results out.
//!
//! Everything it reads is hostile, others wrote it. Tables and PDF are read by a child process with limits
//! ([`Renderer`], [`renderer_main`]); Markdown, HTML and plain text in place, within limits of size and depth. It knows
//! no webs, no revisions and no operations: who may read what is decided before the bytes come here. It opens no file
//! but, for PDF, the system's fonts.

pub mod export;
pub mod links;
pub mod markdown;
mod part;
mod renderer;
mod show;
mod text;

pub use part::{CellRange, Part, PartUnreadable};
pub use renderer::{Renderer, RendererProgram, renderer_main};
pub use show::{Ask, CannotShow, Cut, Shown, Table, Window};
