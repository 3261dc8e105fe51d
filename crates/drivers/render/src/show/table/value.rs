//! Values of cells as people write them.

use calamine::{Data, DataRef, ExcelDateTime};

/// Digits of a number that spreadsheet programs show at most; more would show how binary numbers are.
const DIGITS: usize = 15;

/// Returns the text of a cell.
pub(super) fn text(value: &DataRef<'_>) -> String {
    match value {
        DataRef::Int(number) => number.to_string(),
        DataRef::Float(float) => number(*float),
        DataRef::String(text) => text.clone(),
        DataRef::SharedString(text) => (*text).to_owned(),
        DataRef::Bool(yes) => if *yes { "TRUE" } else { "FALSE" }.to_owned(),
        DataRef::DateTime(at) => date(at),
        DataRef::DateTimeIso(at) => at.replacen('T', " ", 1),
        DataRef::DurationIso(text) => duration_iso(text).unwrap_or_else(|| text.clone()),
        DataRef::Error(error) => error.to_string(),
        DataRef::Empty => String::new(),
    }
}

/// Returns the text of a cell that owns its value.
pub(super) fn owned(value: &Data) -> String {
    match value {
        Data::Int(number) => number.to_string(),
        Data::Float(float) => number(*float),
        Data::String(text) => text.clone(),
        Data::Bool(yes) => text(&DataRef::Bool(*yes)),
        Data::DateTime(at) => date(at),
        Data::DateTimeIso(at) => at.replacen('T', " ", 1),
        Data::DurationIso(text) => duration_iso(text).unwrap_or_else(|| text.clone()),
        Data::Error(error) => error.to_string(),
        Data::Empty => String::new(),
    }
}

/// Writes a number with at most 15 digits that count, as spreadsheets do: 0.1 + 0.2 is 0.3.
fn number(float: f64) -> String {
    if !float.is_finite() {
        return float.to_string();
    }
    if float == 0.0 {
        return "0".to_owned();
    }
    let rounded = format!("{float:.*e}", DIGITS - 1).parse::<f64>().unwrap_or(float);
    let size = rounded.abs();
    if (1e-9..1e21).contains(&size) { rounded.to_string() } else { format!("{rounded:e}") }
}

/// Writes a date, a time of day or both; seconds only when there are any.
fn date(at: &ExcelDateTime) -> String {
    let days = at.as_f64();
    if !days.is_finite() || days.abs() > 3_000_000.0 {
        return number(days);
    }
    if at.is_duration() {
        return duration(days);
    }
    let (year, month, day, hour, minute, second, _) = at.to_ymd_hms_milli();
    let time = match second {
        0 => format!("{hour:02}:{minute:02}"),
        _ => format!("{hour:02}:{minute:02}:{second:02}"),
    };
    let has_date = days >= 1.0;
    let has_time = hour > 0 || minute > 0 || second > 0;
    match (has_date, has_time) {
        (true, true) => format!("{year:04}-{month:02}-{day:02} {time}"),
        (true, false) => format!("{year:04}-{month:02}-{day:02}"),
        (false, _) => time,
    }
}

/// Writes days as hours, minutes and seconds.
fn duration(days: f64) -> String {
    let sign = if days < 0.0 { "-" } else { "" };
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "positive, below three million days"
    )]
    let seconds = (days.abs() * 86_400.0).round() as u64;
    format!("{sign}{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

/// Reads `PT1H30M0S`, as `OpenDocument` writes times.
fn duration_iso(text: &str) -> Option<String> {
    let rest = text.strip_prefix("PT")?;
    let (hours, rest) = rest.split_once('H')?;
    let (minutes, rest) = rest.split_once('M')?;
    let seconds = rest.strip_suffix('S')?.split(['.', ',']).next()?;
    let (hours, minutes, seconds) =
        (hours.parse::<u64>().ok()?, minutes.parse::<u64>().ok()?, seconds.parse::<u64>().ok()?);
    Some(format!("{hours}:{minutes:02}:{seconds:02}"))
}

/// Says whether people would call it a number: digits with signs, separators, a unit of money or percent.
pub(super) fn is_number(text: &str) -> bool {
    let text = text.trim().trim_matches(['€', '$', '£', '¥', '%', ' ', '\u{A0}']);
    let is_part = |letter: char| letter.is_ascii_digit() || ".,'-+:/ \u{A0}\u{202F}eE".contains(letter);
    text.chars().any(|letter| letter.is_ascii_digit()) && text.chars().all(is_part)
}
