//! Reads `Content-Type` and `Content-Disposition`, and forgives as much as mail programs do.

use super::address::{comment, delimited};

/// Parameters read of one field at most.
const PARAMETERS_MAX: usize = 64;

/// A value with parameters, undecoded.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Parametered {
    /// As in `text/plain` or `attachment`.
    pub(crate) value: Vec<u8>,
    /// In their order, names as they are.
    pub(crate) parameters: Vec<(Vec<u8>, Vec<u8>)>,
}

impl Parametered {
    /// Returns a parameter by its name in lower case.
    pub(crate) fn parameter(&self, name: &[u8]) -> Option<&[u8]> {
        let found = self.parameters.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_slice())
    }

    /// Returns type and subtype; none if it is not of this form.
    pub(crate) fn media(&self) -> Option<(&[u8], &[u8])> {
        let slash = self.value.iter().position(|byte| *byte == b'/')?;
        let (kind, sub) = self.value.split_at_checked(slash)?;
        let (kind, sub) = (kind.trim_ascii(), sub.get(1..)?.trim_ascii());
        let is_token = |part: &[u8]| {
            !part.is_empty() && part.iter().all(|byte| byte.is_ascii_graphic() && *byte != b'/')
        };
        (is_token(kind) && is_token(sub)).then_some((kind, sub))
    }
}

/// Reads an unfolded value.
pub(crate) fn parametered(value: &[u8]) -> Parametered {
    let mut rest = value;
    let mut all = Parametered { value: piece(&mut rest, b";"), parameters: Vec::new() };
    while !rest.is_empty() && all.parameters.len() < PARAMETERS_MAX {
        let name = piece(&mut rest, b"=;");
        let value = match rest.split_first() {
            Some((b'=', left)) => {
                rest = left;
                Some(piece(&mut rest, b";"))
            }
            _ => None,
        };
        rest = rest.strip_prefix(b";").unwrap_or(rest);
        if let Some(value) = value.filter(|_| !name.is_empty()) {
            all.parameters.push((name, value));
        }
    }
    all
}

/// Reads up to one of the ends, outside of quotes and comments, and stays before it (behind it, if it is `;`).
fn piece(rest: &mut &[u8], ends: &[u8]) -> Vec<u8> {
    let mut all = Vec::new();
    let mut is_quoted = false;
    while let Some((byte, left)) = rest.split_first() {
        if ends.contains(byte) {
            if ends == b";" {
                *rest = left;
            }
            break;
        }
        *rest = left;
        match byte {
            b'"' => match delimited(left, b'"') {
                Some((text, behind)) => {
                    all = all.trim_ascii().to_vec();
                    all.extend_from_slice(&text);
                    (*rest, is_quoted) = (behind, true);
                }
                None => all.push(b'"'),
            },
            b'(' => match comment(left) {
                Some((_, behind)) => *rest = behind,
                None => all.push(b'('),
            },
            // Behind a quoted string only blanks may come.
            byte if is_quoted && byte.is_ascii_whitespace() => {}
            byte => all.push(*byte),
        }
    }
    if is_quoted { all } else { all.trim_ascii().to_vec() }
}
