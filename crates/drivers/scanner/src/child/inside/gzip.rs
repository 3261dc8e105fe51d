//! Gzip: one file, in one or more members.

use std::io::BufRead;

use flate2::bufread::MultiGzDecoder;

use super::super::look::{About, Looker};

/// Looks at what is packed.
pub(in super::super) fn gzip(looker: &mut Looker<'_>, packed: impl BufRead, about: &About) {
    let name = about.name();
    let lower = name.to_ascii_lowercase();
    let inner = match () {
        () if lower.ends_with(".tgz") => format!("{}.tar", name.get(..name.len() - 4).unwrap_or_default()),
        () if lower.ends_with(".svgz") => name.get(..name.len() - 1).unwrap_or_default().to_owned(),
        () if lower.ends_with(".gz") => name.get(..name.len() - 3).unwrap_or_default().to_owned(),
        () => name.to_owned(),
    };
    let _may_go_on = looker.entry(MultiGzDecoder::new(packed), &about.within(&inner, "gzip"));
}
