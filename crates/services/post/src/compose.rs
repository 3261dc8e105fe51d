//! Writes a mail of plain text, as a mail program would (RFC 5322).

use base::Timestamp;
use data_encoding::{BASE64, HEXLOWER};

/// Bytes of a line of base64.
const LINE: usize = 76;

/// Bytes of text in one encoded word: 75 are allowed, with all around it.
const WORD: usize = 42;

/// Characters of a file's name at most: with four bytes each a line stays below the 998 that are allowed.
const NAME_MAX: usize = 70;

/// A file that comes with a mail.
#[derive(Debug, Clone, Copy)]
pub struct Attached<'a> {
    /// What it is called.
    pub name: &'a str,
    /// What is in it.
    pub bytes: &'a [u8],
}

/// What a mail is made of.
#[derive(Debug)]
pub(crate) struct Letter<'a> {
    pub(crate) name: &'a str,
    pub(crate) from: &'a str,
    pub(crate) to: &'a [String],
    pub(crate) cc: &'a [String],
    pub(crate) subject: &'a str,
    pub(crate) text: &'a str,
    pub(crate) at: Timestamp,
    pub(crate) random: [u8; 32],
    pub(crate) attached: &'a [Attached<'a>],
}

/// Writes it.
pub(crate) fn write(letter: &Letter<'_>) -> Vec<u8> {
    let id = HEXLOWER.encode(letter.random.get(..16).unwrap_or_default());
    let mut mail = match encoded(letter.name) {
        name if name.is_empty() => format!("From: {}\r\n", letter.from),
        name => format!("From: {name} <{}>\r\n", letter.from),
    };
    for (field, people) in [("To", letter.to), ("Cc", letter.cc)] {
        if !people.is_empty() {
            mail.push_str(&format!("{field}: {}\r\n", people.join(",\r\n ")));
        }
    }
    mail.push_str(&format!("Subject: {}\r\n", encoded(letter.subject)));
    mail.push_str(&format!("Date: {}\r\nMessage-ID: <{id}@{}>\r\n", date(letter.at), crate::DOMAIN));
    mail.push_str("MIME-Version: 1.0\r\n");
    if letter.attached.is_empty() {
        push_text(&mut mail, letter.text);
        return mail.into_bytes();
    }
    let boundary = format!("=_{}", HEXLOWER.encode(letter.random.get(16..).unwrap_or_default()));
    mail.push_str(&format!("Content-Type: multipart/mixed; boundary=\"{boundary}\"\r\n\r\n--{boundary}\r\n"));
    push_text(&mut mail, letter.text);
    for file in letter.attached {
        mail.push_str(&format!("--{boundary}\r\nContent-Type: application/octet-stream\r\n"));
        mail.push_str(&disposition(file.name));
        push_base64(&mut mail, file.bytes);
    }
    mail.push_str(&format!("--{boundary}--\r\n"));
    mail.into_bytes()
}

/// Writes the fields and the body of a text; its last line is whole.
fn push_text(mail: &mut String, text: &str) {
    mail.push_str("Content-Type: text/plain; charset=utf-8\r\n");
    let text: String = text.lines().flat_map(|line| [line, "\r\n"]).collect();
    let is_plain = text.bytes().all(|byte| matches!(byte, b' '..=b'~' | b'\t' | b'\r' | b'\n'))
        && text.lines().all(|line| line.len() <= 900 && !line.contains('\r'));
    if is_plain {
        mail.push_str("\r\n");
        mail.push_str(&text);
    } else {
        push_base64(mail, text.as_bytes());
    }
}

/// Writes the field and the body of something in 64 letters.
fn push_base64(mail: &mut String, bytes: &[u8]) {
    mail.push_str("Content-Transfer-Encoding: base64\r\n\r\n");
    // Whole lines at a time: a file of many megabytes is not wanted twice in memory.
    for line in bytes.chunks(LINE / 4 * 3) {
        BASE64.encode_append(line, mail);
        mail.push_str("\r\n");
    }
}

/// Writes what a file is called: for all programs, and as it is for those that read RFC 2231.
fn disposition(name: &str) -> String {
    let harmless = |letter: char| if letter.is_control() || "/\\".contains(letter) { '_' } else { letter };
    let name: String = name.chars().take(NAME_MAX).map(harmless).collect();
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || " -_.".contains(letter);
    let plain: String = name.chars().map(|letter| if is_plain(letter) { letter } else { '_' }).collect();
    let mut field = format!("Content-Disposition: attachment; filename=\"{plain}\"");
    if plain != name {
        field.push_str(";\r\n filename*=utf-8''");
        for byte in name.bytes() {
            match byte {
                byte if byte.is_ascii_alphanumeric() || b"-_.".contains(&byte) => {
                    field.push(char::from(byte));
                }
                byte => field.push_str(&format!("%{byte:02X}")),
            }
        }
    }
    field.push_str("\r\n");
    field
}

/// Writes a text into a field: as it is if every program reads it alike, else as encoded words (RFC 2047).
fn encoded(text: &str) -> String {
    let text = text.trim();
    let is_plain = text.len() <= 200
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b" -_+'!?.,/&%#*".contains(&byte))
        && !text.contains("=?");
    // A comma or dot is plain in a subject; in a name it would end it, so names have none here.
    if is_plain && !text.contains([',', '.']) {
        return text.to_owned();
    }
    let mut words = Vec::new();
    let mut word = String::new();
    for letter in text.chars().filter(|letter| !letter.is_control()) {
        if word.len().saturating_add(letter.len_utf8()) > WORD {
            words.push(std::mem::take(&mut word));
        }
        word.push(letter);
    }
    words.push(word);
    let words: Vec<String> = words
        .iter()
        .filter(|word| !word.is_empty())
        .map(|word| format!("=?utf-8?B?{}?=", BASE64.encode(word.as_bytes())))
        .collect();
    words.join("\r\n ")
}

/// Writes a time as RFC 5322 has it, in UTC. By the civil calendar counted in days (Hinnant, `days_from_civil`).
fn date(at: Timestamp) -> String {
    const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let seconds = at.millis() / 1_000;
    let (days, second) = (seconds / 86_400, seconds % 86_400);
    let shifted = days.saturating_add(719_468);
    let (era, of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = (shifted_month + 2) % 12;
    let year = year_of_era + era * 400 + u64::from(month < 2);
    let of = |names: &[&'static str], at: u64| {
        usize::try_from(at).ok().and_then(|at| names.get(at)).copied().unwrap_or_default()
    };
    let (hour, minute, second) = (second / 3_600, second % 3_600 / 60, second % 60);
    let (weekday, month) = (of(&DAYS, days % 7), of(&MONTHS, month));
    format!("{weekday}, {day} {month} {year} {hour:02}:{minute:02}:{second:02} +0000")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_those_of_the_calendar() {
        let check = |seconds: u64, expected: &str| {
            assert_eq!(date(Timestamp::from_millis(seconds * 1_000)), expected);
        };
        check(0, "Thu, 1 Jan 1970 00:00:00 +0000");
        check(951_782_400, "Tue, 29 Feb 2000 00:00:00 +0000");
        check(1_796_045_495, "Mon, 30 Nov 2026 13:31:35 +0000");
        check(4_107_542_399, "Sun, 28 Feb 2100 23:59:59 +0000");
        check(4_107_542_400, "Mon, 1 Mar 2100 00:00:00 +0000");
    }

    #[test]
    fn what_a_person_says_cannot_end_a_field() {
        let letter = Letter {
            name: "Alice\r\nBcc: x",
            from: "alice@family.althing.internal",
            to: &["bob@family.althing.internal".to_owned()],
            cc: &[],
            subject: "Zoë\r\nX-Evil: 1, and so on and so on and so on and so on and so on",
            text: "Grüße\n.\nAlice",
            at: Timestamp::from_millis(0),
            random: [7; 32],
            attached: &[],
        };
        let mail = write(&letter);
        let head = crate::head::Head::read(&mail).unwrap();
        let names: Vec<&str> = head.fields.iter().map(|field| field.name).collect();
        let expected = "From To Subject Date Message-ID MIME-Version Content-Type Content-Transfer-Encoding";
        assert_eq!(names.join(" "), expected);
        assert!(
            head.fields
                .iter()
                .all(|field| field.raw.split(|byte| *byte == b'\n').all(|line| line.len() <= 78))
        );
        let plain =
            String::from_utf8(write(&Letter { text: "hello\nthere", subject: "hi", ..letter })).unwrap();
        assert!(
            plain.ends_with("\r\n\r\nhello\r\nthere\r\n") && plain.contains("Subject: hi\r\n"),
            "{plain}"
        );
    }

    #[test]
    fn files_come_behind_the_text_and_their_names_cannot_end_a_field() {
        let attached = [
            Attached { name: "plan.pdf", bytes: &[0, 255, 10, 13] },
            Attached { name: "../a\r\nX-Evil: \"1\u{202e}.txt", bytes: b"" },
        ];
        let letter = Letter {
            name: "Alice",
            from: "alice@family.althing.internal",
            to: &["bob@family.althing.internal".to_owned()],
            cc: &[],
            subject: "hi",
            text: "see",
            at: Timestamp::from_millis(0),
            random: [7; 32],
            attached: &attached,
        };
        let mail = String::from_utf8(write(&letter)).unwrap();
        assert!(crate::head::Head::read(mail.as_bytes()).is_ok());
        assert!(mail.contains("\r\n\r\nsee\r\n--=_0707"), "{mail}");
        assert!(
            mail.contains("filename=\"plan.pdf\"\r\nContent-Transfer-Encoding: base64\r\n\r\nAP8KDQ==\r\n--")
        );
        let named =
            "filename=\".._a__X-Evil_ _1_.txt\";\r\n filename*=utf-8''.._a__X-Evil%3A%20%221%E2%80%AE.txt";
        assert!(mail.contains(named), "{mail}");
        assert!(mail.lines().all(|line| line.len() <= 998) && !mail.contains("\nX-Evil"));
    }
}
