//! Byte ranges of HTTP (RFC 9110, section 14): one range per request, which is what players and viewers ask for.

use std::ops::Range;

use axum::http::HeaderMap;
use axum::http::header::{IF_NONE_MATCH, IF_RANGE, RANGE};

/// What of a content is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// All of it.
    Whole,
    /// Some of it; never empty.
    Part(Range<u64>),
    /// Bytes that it does not have.
    Outside,
    /// Nothing: the asker has it.
    Unchanged,
}

/// Reads what is wanted of a content of this size and tag (with its quotes).
pub(crate) fn wanted(headers: &HeaderMap, size: u64, tag: &str) -> Wanted {
    let of = |name| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(known) = of(IF_NONE_MATCH) {
        let is_it = |one: &str| one == "*" || one.strip_prefix("W/").unwrap_or(one) == tag;
        if known.split(',').map(str::trim).any(is_it) {
            return Wanted::Unchanged;
        }
    }
    // A weak tag or a date never proves that the bytes are the same: then the whole is sent.
    if of(IF_RANGE).is_some_and(|condition| condition.trim() != tag) {
        return Wanted::Whole;
    }
    // A malformed range, or several, are answered with the whole, which the standard allows.
    of(RANGE).and_then(|text| part(text, size)).unwrap_or(Wanted::Whole)
}

fn part(text: &str, size: u64) -> Option<Wanted> {
    let (first, last) = text.trim().strip_prefix("bytes=")?.trim().split_once('-')?;
    let range = match (first, last) {
        ("", last) => size.saturating_sub(number(last)?)..size,
        (first, "") => number(first)?..size,
        (first, last) => {
            let (first, last) = (number(first)?, number(last)?);
            if last < first {
                return None;
            }
            first..last.saturating_add(1).min(size)
        }
    };
    Some(if range.start >= range.end { Wanted::Outside } else { Wanted::Part(range) })
}

fn number(text: &str) -> Option<u64> {
    (!text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()))
        .then(|| text.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(lines: &[(&'static str, &str)], size: u64) -> Wanted {
        let headers =
            lines.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
        wanted(&headers, size, "\"abc\"")
    }

    #[test]
    fn ranges_are_read_as_the_standard_says() {
        let check = |range, expected| assert_eq!(of(&[("range", range)], 1000), expected, "{range}");
        check("bytes=0-0", Wanted::Part(0..1));
        check("bytes=0-499", Wanted::Part(0..500));
        check("bytes=500-", Wanted::Part(500..1000));
        check("bytes=-300", Wanted::Part(700..1000));
        check("bytes=-3000", Wanted::Part(0..1000));
        check("bytes=990-2000", Wanted::Part(990..1000));
        check("bytes=1000-", Wanted::Outside);
        check("bytes=-0", Wanted::Outside);
        check("bytes=99999999999999999999999-", Wanted::Outside);
        check("bytes=0-18446744073709551615", Wanted::Part(0..1000));
        for malformed in [
            "bytes=",
            "bytes=-",
            "bytes=5-4",
            "bytes=a-b",
            "bytes=0-1,5-6",
            "items=0-1",
            "bytes=+1-2",
            "bytes=1-+2",
        ] {
            check(malformed, Wanted::Whole);
        }
    }

    #[test]
    fn an_empty_content_has_no_ranges() {
        assert_eq!(of(&[("range", "bytes=0-")], 0), Wanted::Outside);
        assert_eq!(of(&[], 0), Wanted::Whole);
    }

    #[test]
    fn conditions_hold_only_for_the_same_content() {
        assert_eq!(of(&[("range", "bytes=1-2"), ("if-range", "\"abc\"")], 10), Wanted::Part(1..3));
        assert_eq!(of(&[("range", "bytes=1-2"), ("if-range", "\"old\"")], 10), Wanted::Whole);
        assert_eq!(of(&[("range", "bytes=1-2"), ("if-range", "W/\"abc\"")], 10), Wanted::Whole);
        assert_eq!(of(&[("if-none-match", "\"x\", W/\"abc\"")], 10), Wanted::Unchanged);
        assert_eq!(of(&[("if-none-match", "\"x\"")], 10), Wanted::Whole);
    }
}
