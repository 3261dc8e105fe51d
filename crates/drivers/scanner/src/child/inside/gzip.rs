//! Gzip: one file, in one or more members.

use std::io::BufRead;

use flate2::bufread::MultiGzDecoder;

use super::super::look::{About, Looker};

/// Looks at what is packed.
pub(in super::super) fn gzip(looker: &mut Looker<'_>, packed: impl BufRead, about: &About) {
    let inner = inner_name(about.name());
    let _may_go_on = looker.entry(MultiGzDecoder::new(packed), &about.within(&inner, "gzip"));
}

/// Returns the name of what is packed, by the ending of the name of the packed.
fn inner_name(name: &str) -> String {
    let Some((stem, ending)) = name.rsplit_once('.') else { return name.to_owned() };
    match ending.to_ascii_lowercase().as_str() {
        "gz" => stem.to_owned(),
        "tgz" => format!("{stem}.tar"),
        "svgz" => format!("{stem}.svg"),
        _ => name.to_owned(),
    }
}
