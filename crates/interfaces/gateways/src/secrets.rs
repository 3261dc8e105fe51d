//! Unguessable words: codes, tokens, capabilities, origin labels.

use base::Fault;

use crate::refusal::GatewayError;

const DIGITS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

/// Draws `bytes` random bytes from the system and writes them in lower-case base 32: fit for host names and URLs.
pub(crate) fn draw(bytes: usize) -> Result<String, Fault> {
    let mut raw = vec![0; bytes];
    getrandom::fill(&mut raw)
        .map_err(|error| GatewayError::Broken { why: format!("the system gives no randomness: {error}") })?;
    Ok(base32(&raw))
}

fn base32(raw: &[u8]) -> String {
    let mut text = String::with_capacity(raw.len().saturating_mul(8).div_ceil(5));
    let (mut held, mut bits) = (0_u32, 0_u32);
    for byte in raw {
        held = (held << 8) | u32::from(*byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            push(&mut text, held >> bits);
        }
        held &= 0xff;
    }
    if bits > 0 {
        push(&mut text, held << (5 - bits));
    }
    text
}

fn push(text: &mut String, value: u32) {
    let digit = usize::try_from(value & 31).ok().and_then(|place| DIGITS.get(place));
    text.extend(digit.map(|digit| char::from(*digit)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_written_as_rfc_4648_says() {
        assert_eq!(base32(b"foobar"), "mzxw6ytboi");
        assert_eq!(base32(b"f"), "my");
        assert_eq!(draw(10).unwrap().len(), 16);
        assert_ne!(draw(20).unwrap(), draw(20).unwrap());
    }
}
