//! Others' Markdown: as clean HTML ([`article`]), its sections, and the components that stand in it ([`pieces`]).
//!
//! Raw HTML in it is shown as text. It fetches nothing, and the page it makes makes a browser fetch nothing from
//! elsewhere, unless the caller's [`Links`] say so.

mod address;
mod article;
mod clean;
mod pieces;
mod tree;

pub use address::{Links, Unchanged};
pub use article::{Article, Heading, article};
pub use pieces::{Piece, pieces};

pub(crate) use address::is_link;
pub(crate) use article::section;
pub(crate) use clean::{cleaned as cleaned_html, escaped};
pub(crate) use tree::{MARKDOWN_SIZE_MAX, parse, plain_text};
