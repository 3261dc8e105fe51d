//! Bytes that are text: UTF-8, UTF-16 with its mark, else Latin-1 when it looks like text.

use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};

/// One in so many bytes may be a control character in text.
const CONTROLS_ONE_IN: usize = 50;
/// One in so many bytes may be no letter of Latin-1's western languages in text that is not UTF-8.
const FOREIGN_ONE_IN: usize = 3;

/// Says whether the first bytes of a document are text.
pub(super) fn looks_like_text(head: &[u8]) -> bool {
    if Encoding::for_bom(head).is_some() {
        return true;
    }
    let is_control = |byte: &&u8| matches!(byte, 0..=8 | 11 | 14..=26 | 28..=31 | 127);
    if head.contains(&0) || head.iter().filter(is_control).count() > head.len() / CONTROLS_ONE_IN {
        return false;
    }
    let is_utf8 = match std::str::from_utf8(head) {
        Ok(_) => true,
        // The first bytes may end within a character.
        Err(error) => error.error_len().is_none() && head.len() - error.valid_up_to() < 4,
    };
    is_utf8 || head.iter().filter(|byte| **byte >= 0x80).count() <= head.len() / FOREIGN_ONE_IN
}

/// Decodes a text; a character cut off at its end is left out.
pub(super) fn decode(bytes: &[u8]) -> Result<String, &'static str> {
    if let Some((encoding, _)) = Encoding::for_bom(bytes) {
        return Ok(encoding.decode(bytes).0.into_owned());
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(text.to_owned()),
        Err(error) if error.error_len().is_none() => {
            let valid = bytes.get(..error.valid_up_to()).unwrap_or_default();
            Ok(UTF_8.decode(valid).0.into_owned())
        }
        Err(error) if error.valid_up_to() > bytes.len() / 2 => {
            Ok(String::from_utf8_lossy(bytes).into_owned())
        }
        Err(_) if bytes.contains(&0) => Err("it is not text"),
        Err(_) => Ok(WINDOWS_1252.decode_without_bom_handling(bytes).0.into_owned()),
    }
}
