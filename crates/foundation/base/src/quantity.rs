//! Time and sizes with their units.

use std::fmt;
use std::time::Duration;

use minicbor::{Decode, Encode};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Milliseconds since 1970-01-01 UTC, by the clock of whoever wrote it: for display and for
/// deadlines of this peer, never for deciding what is newer or who may do what.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Encode, Decode,
)]
#[serde(transparent)]
#[cbor(transparent)]
pub struct Timestamp(#[n(0)] u64);

impl Timestamp {
    /// Makes a time of milliseconds since 1970-01-01 UTC.
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis)
    }

    /// Returns the milliseconds since 1970-01-01 UTC.
    pub const fn millis(self) -> u64 {
        self.0
    }

    /// Returns year, month, day, hour, minute and second in UTC (H. Hinnant's `civil_from_days`).
    pub const fn in_utc(self) -> [u64; 6] {
        let seconds = self.0 / 1000;
        let (days, of_day) = (seconds / 86_400 + 719_468, seconds % 86_400);
        let era = days / 146_097;
        let of_era = days % 146_097;
        let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted = (5 * of_year + 2) / 153;
        let day = of_year - (153 * shifted + 2) / 5 + 1;
        let (month, later) = if shifted < 10 { (shifted + 3, 0) } else { (shifted - 9, 1) };
        [year_of_era + era * 400 + later, month, day, of_day / 3600, of_day / 60 % 60, of_day % 60]
    }

    /// Returns the time `later` after this one; the greatest time there is when that overflows.
    #[must_use]
    pub fn after(self, later: Duration) -> Self {
        Self(self.0.saturating_add(u64::try_from(later.as_millis()).unwrap_or(u64::MAX)))
    }

    /// Returns how long this is after `earlier`; zero when it is before.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }
}

impl JsonSchema for Timestamp {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Timestamp".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "integer", "format": "time", "minimum": 0 })
    }

    fn inline_schema() -> bool {
        true
    }
}

/// A number of bytes.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Encode, Decode,
)]
#[serde(transparent)]
#[cbor(transparent)]
pub struct ByteCount(#[n(0)] pub u64);

impl JsonSchema for ByteCount {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "ByteCount".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "integer", "format": "bytes", "minimum": 0 })
    }

    fn inline_schema() -> bool {
        true
    }
}

impl fmt::Display for ByteCount {
    /// Writes decimal units (kB = 1,000 bytes), as file managers do.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const UNITS: [&str; 5] = ["kB", "MB", "GB", "TB", "PB"];
        if self.0 < 1000 {
            return write!(f, "{} B", self.0);
        }
        let mut tenths = self.0 / 100;
        for unit in UNITS {
            if tenths < 10_000 || unit == "PB" {
                return write!(f, "{}.{} {unit}", tenths / 10, tenths % 10);
            }
            tenths /= 1000;
        }
        Ok(())
    }
}

/// Why a size could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a size: say it as 500MB, 1.5GB or 1TB, or as a number of bytes")]
pub struct NotASize {
    text: String,
}

impl std::str::FromStr for ByteCount {
    type Err = NotASize;

    /// Reads what [`fmt::Display`] writes, with or without the space, in any case, and binary units (`GiB`).
    fn from_str(text: &str) -> Result<Self, NotASize> {
        let not_a_size = || NotASize { text: text.to_owned() };
        let letters = text.trim().to_ascii_lowercase();
        let at = letters.find(|letter: char| letter.is_ascii_alphabetic()).unwrap_or(letters.len());
        let (number, unit) = letters.split_at_checked(at).ok_or_else(not_a_size)?;
        let unit: u64 = match unit.trim_end_matches('b') {
            "" => 1,
            "k" => 1_000,
            "m" => 1_000_000,
            "g" => 1_000_000_000,
            "t" => 1_000_000_000_000,
            "p" => 1_000_000_000_000_000,
            "ki" => 1 << 10,
            "mi" => 1 << 20,
            "gi" => 1 << 30,
            "ti" => 1 << 40,
            _ => return Err(not_a_size()),
        };
        let (whole, part) = number.trim().split_once('.').unwrap_or((number.trim(), ""));
        let is_number = |digits: &str| digits.bytes().all(|digit| digit.is_ascii_digit());
        if whole.is_empty() || !is_number(whole) || !is_number(part) || part.len() > 6 {
            return Err(not_a_size());
        }
        let whole: u64 = whole.parse().map_err(|_overflow| not_a_size())?;
        let mut bytes = whole.checked_mul(unit).ok_or_else(not_a_size)?;
        let mut place = unit;
        for digit in part.bytes() {
            place /= 10;
            bytes = bytes.saturating_add(place.saturating_mul(u64::from(digit - b'0')));
        }
        Ok(Self(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_read_as_people_write_them() {
        let check = |bytes, text| assert_eq!(ByteCount(bytes).to_string(), text);
        check(0, "0 B");
        check(999, "999 B");
        check(1_000, "1.0 kB");
        check(1_234_567, "1.2 MB");
        check(4_294_967_296, "4.2 GB");
        check(u64::MAX, "18446.7 PB");
    }

    #[test]
    fn sizes_are_read_as_people_write_them() {
        let check =
            |text: &str, bytes: Option<u64>| assert_eq!(text.parse().ok(), bytes.map(ByteCount), "{text}");
        check("0", Some(0));
        check("4096", Some(4_096));
        check("500MB", Some(500_000_000));
        check("1 GB", Some(1_000_000_000));
        check("1.5gb", Some(1_500_000_000));
        check("100G", Some(100_000_000_000));
        check("2 TiB", Some(2 << 40));
        check("1.2 MB", Some(1_200_000));
        for wrong in
            ["", "GB", "-1GB", "1,5GB", "1 parsec", "1.GB.", "99999999999 TB", "1.1234567GB", "\u{661}GB"]
        {
            check(wrong, None);
        }
    }
}
