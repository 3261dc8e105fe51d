//! The head of a mail: who it says it is from, and what becomes of that (spec post, rules 15 to 19).
//!
//! Strict on purpose: what can be read in two ways is not passed on, since a mail program would show the other one. Not for: parts, and
//! what a field means besides.

use crate::address;
use crate::naming::Claim;

/// Fields that only a computer on the way may write, and those that say that somebody sent the mail once more.
const DROPPED: [&str; 9] = [
    "bcc",
    "resent-bcc",
    "return-path",
    "authentication-results",
    "resent-from",
    "resent-sender",
    "resent-to",
    "resent-cc",
    "resent-reply-to",
];

/// Fields in which people are named by address.
const NAMING: [&str; 3] = ["to", "cc", "reply-to"];

/// A field, with the line end.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Field<'a> {
    pub(crate) name: &'a str,
    pub(crate) raw: &'a [u8],
    value: &'a [u8],
}

impl Field<'_> {
    pub(crate) fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }

    /// Returns the value in one line.
    pub(crate) fn unfolded(&self) -> String {
        let line: Vec<u8> = self.value.iter().copied().filter(|byte| !b"\r\n".contains(byte)).collect();
        String::from_utf8_lossy(&line).trim().to_owned()
    }
}

/// The head of a mail, and what follows it.
#[derive(Debug)]
pub(crate) struct Head<'a> {
    pub(crate) fields: Vec<Field<'a>>,
    /// From the empty line on.
    rest: &'a [u8],
}

impl<'a> Head<'a> {
    /// Reads a head; says why not, if it has lines that are no fields, or other line ends than CR LF.
    pub(crate) fn read(mail: &'a [u8]) -> Result<Self, &'static str> {
        let mut fields: Vec<Field<'a>> = Vec::new();
        let mut rest = mail;
        loop {
            if rest.is_empty() || rest.starts_with(b"\r\n") {
                return Ok(Self { fields, rest });
            }
            let length = field_length(rest).ok_or("a line does not end with CR LF")?;
            let (raw, behind) = rest.split_at_checked(length).ok_or("a line does not end with CR LF")?;
            let colon = raw.iter().position(|byte| *byte == b':').ok_or("a line is no field")?;
            let (name, value) = raw.split_at_checked(colon).ok_or("a line is no field")?;
            let name = std::str::from_utf8(name).map_err(|_not_text| "a field's name is no word")?;
            if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_graphic()) {
                return Err("a field's name is no word");
            }
            fields.push(Field { name, raw, value: value.get(1..).unwrap_or_default() });
            rest = behind;
        }
    }

    /// Returns a field that may stand there once; says why not, if it does so more often.
    pub(crate) fn one(&self, name: &'static str) -> Result<Option<Field<'a>>, &'static str> {
        let mut found = self.fields.iter().filter(|field| field.is(name));
        match (found.next(), found.next()) {
            (_, Some(_)) => Err("From or Sender stands there twice"),
            (first, None) => Ok(first.copied()),
        }
    }

    /// Says whether an address stands in a field that everybody sees.
    pub(crate) fn names(&self, address: &str) -> bool {
        let is_shown = |field: &&Field<'_>| field.is("to") || field.is("cc");
        self.fields.iter().filter(is_shown).any(|field| {
            let small = field.unfolded().to_lowercase();
            tokens(&small).any(|(from, to)| small.get(from..to) == Some(address))
        })
    }

    /// Writes the mail anew; each field is what `change` makes of it, nothing if it is to go.
    pub(crate) fn write(&self, mut change: impl FnMut(&Field<'a>) -> Option<Vec<u8>>) -> Vec<u8> {
        let mut mail = Vec::new();
        for field in &self.fields {
            if !DROPPED.iter().any(|name| field.is(name)) {
                mail.extend(change(field).unwrap_or_default());
            }
        }
        if self.rest.is_empty() {
            mail.extend_from_slice(b"\r\n");
        }
        mail.extend_from_slice(self.rest);
        mail
    }
}

/// Returns the bytes of the first field: up to a line end that no blank follows. None if a line ends otherwise.
fn field_length(bytes: &[u8]) -> Option<usize> {
    let mut at = 0_usize;
    loop {
        let line = bytes.get(at..)?;
        let end = line.iter().position(|byte| matches!(byte, b'\r' | b'\n' | 0))?;
        if line.get(end..end.checked_add(2)?)? != b"\r\n" {
            return None;
        }
        at = at.checked_add(end)?.checked_add(2)?;
        if !matches!(bytes.get(at), Some(b' ' | b'\t')) {
            return Some(at);
        }
    }
}

/// One person as a field names it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Named {
    /// As it stands there, quotes included.
    pub(crate) display: String,
    /// In small letters.
    pub(crate) address: String,
}

/// Reads the one person whom a field names, in the forms that all programs read alike; none if it is written otherwise.
pub(crate) fn named(value: &str) -> Option<Named> {
    let (display, written) = match value.strip_suffix('>').and_then(|value| value.rsplit_once('<')) {
        Some((display, address)) => (display.trim(), address),
        None => ("", value),
    };
    let inner = display.strip_prefix('"').and_then(|display| display.strip_suffix('"'));
    let is_plain = match inner {
        Some(inner) => !inner.contains(['"', '\\']),
        None => !display.contains(['"', '\\', '(', ')', '<', '>', '[', ']', ':', ';', ',', '@']),
    };
    let small = written.to_lowercase();
    let is_whole = small.ends_with(crate::DOMAIN) && address::split(&small).is_some();
    let is_clean = !value.chars().any(|letter| letter.is_control() && letter != '\t');
    (is_plain && is_whole && is_clean).then(|| Named { display: display.to_owned(), address: small })
}

/// Makes a mail of what came: its author's address is one that leads to it here. None: it claims to be somebody else's, or can be read in
/// two ways.
pub(crate) fn received(mail: &[u8], author: &str, mut judge: impl FnMut(&str) -> Claim) -> Option<Vec<u8>> {
    let head = Head::read(mail).ok()?;
    let from = head.one("from").ok()??;
    let sender = head.one("sender").ok()?;
    let mut claims = Vec::new();
    for field in [Some(from), sender].into_iter().flatten() {
        let named = named(&field.unfolded());
        let claim = named.as_ref().map_or(Claim::Renamed, |named| judge(&named.address));
        if claim == Claim::Forged {
            return None;
        }
        claims.push((named.map(|named| named.display).unwrap_or_default(), claim));
    }
    let mut claims = claims.into_iter();
    let of_from = claims.next()?;
    let of_sender = claims.next();
    let anew = |(display, claim): &(String, Claim), field: &Field<'_>| match claim {
        Claim::True => field.raw.to_vec(),
        Claim::Renamed | Claim::Forged => line(field.name, display, author).into_bytes(),
    };
    Some(head.write(|field| match &of_sender {
        _ if field.is("from") => Some(anew(&of_from, field)),
        Some(of_sender) if field.is("sender") => Some(anew(of_sender, field)),
        _ => Some(field.raw.to_vec()),
    }))
}

/// Writes a field that names one person.
pub(crate) fn line(name: &str, display: &str, address: &str) -> String {
    match display {
        "" => format!("{name}: {address}\r\n"),
        display => format!("{name}: {display} <{address}>\r\n"),
    }
}

/// Makes a mail ready to be sent: addresses that only this computer understands are replaced by those that all do.
pub(crate) fn sent(head: &Head<'_>, everywhere: &[(String, String)]) -> Vec<u8> {
    head.write(|field| {
        let is_naming = NAMING.iter().any(|name| field.is(name));
        match std::str::from_utf8(field.raw) {
            Ok(raw) if is_naming => Some(replaced(raw, everywhere).into_bytes()),
            _ => Some(field.raw.to_vec()),
        }
    })
}

fn replaced(raw: &str, everywhere: &[(String, String)]) -> String {
    let mut all = String::new();
    let mut done = 0;
    for (from, to) in tokens(raw) {
        let small = raw.get(from..to).unwrap_or_default().to_lowercase();
        if let Some((_, new)) = everywhere.iter().find(|(old, _)| *old == small) {
            all.push_str(raw.get(done..from).unwrap_or_default());
            all.push_str(new);
            done = to;
        }
    }
    all.push_str(raw.get(done..).unwrap_or_default());
    all
}

/// Returns where addresses stand in a text: what is around each `@`.
fn tokens(text: &str) -> impl Iterator<Item = (usize, usize)> + '_ {
    let is_part = |letter: char| letter.is_alphanumeric() || "-_.~+".contains(letter);
    text.match_indices('@').map(move |(at, _)| {
        let before = text.get(..at).unwrap_or_default();
        let behind = text.get(at.saturating_add(1)..).unwrap_or_default();
        let from = before.trim_end_matches(is_part).len();
        let length = behind.len().saturating_sub(behind.trim_start_matches(is_part).len());
        (from, at.saturating_add(1).saturating_add(length))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALICE: &str = "alice@family.althing.internal";

    fn judge(address: &str) -> Claim {
        match address.split('@').next() {
            Some("alice") => Claim::True,
            Some("bob") => Claim::Forged,
            _ => Claim::Renamed,
        }
    }

    fn taken(head: &str) -> Option<String> {
        let mail = format!("{}\r\n\r\nhello\r\n", head.replace('\n', "\r\n"));
        received(mail.as_bytes(), ALICE, judge).map(|mail| String::from_utf8(mail).unwrap())
    }

    #[test]
    fn a_true_mail_stays_as_it_is() {
        for from in
            [ALICE, "Alice <alice@family.althing.internal>", "\"A. (Alice)\" <ALICE@family.althing.internal>"]
        {
            let head = format!("From: {from}\nSubject: a\n b");
            assert_eq!(taken(&head).unwrap(), format!("{}\r\n\r\nhello\r\n", head.replace('\n', "\r\n")));
        }
    }

    #[test]
    fn a_forged_one_goes_and_an_unclear_one_gets_its_authors_address() {
        for head in [
            "From: bob@family.althing.internal",
            "From: alice@family.althing.internal\nSender: bob@family.althing.internal",
            "From: alice@family.althing.internal\nfrom: alice@family.althing.internal",
            "Subject: nobody",
            "From: alice@family.althing.internal\nno field",
            "From: alice@family.althing.internal\n: empty",
        ] {
            assert_eq!(taken(head), None, "{head}");
        }
        for from in [
            "old.name@family.althing.internal",
            "bob@family.althing.internal, alice@family.althing.internal",
            "(bob) bob@family.althing.internal",
            "\"x\\\" <bob@family.althing.internal>\" <alice@family.althing.internal>",
            "Bob <bob@gmail.com>",
            "bob@family.althing.internal <carol@family.althing.internal>",
        ] {
            let mail = taken(&format!("From: {from}\nResent-From: bob@x\nReturn-Path: <bob@x>")).unwrap();
            assert!(mail.contains("alice@family") && !mail.contains("bob@"), "{mail}");
        }
    }

    #[test]
    fn bare_line_ends_in_the_head_are_not_taken() {
        for mail in [
            "From: alice@family.althing.internal\nTo: x\r\n\r\n",
            "From: a\rb\r\n\r\n",
            "From: a\0\r\n\r\n",
            "From: a",
        ] {
            assert_eq!(received(mail.as_bytes(), ALICE, judge), None, "{mail:?}");
        }
    }

    #[test]
    fn names_of_my_own_for_people_do_not_leave() {
        let mail = b"To: Uncle <Uncle.Bob@family.althing.internal>,\r\n carol@family.althing.internal\r\nBcc: dave@x\r\n\r\nuncle.bob@family.althing.internal";
        let head = Head::read(mail).unwrap();
        let pair = ("uncle.bob@family.althing.internal".to_owned(), "bob@family.althing.internal".to_owned());
        let sent = String::from_utf8(sent(&head, &[pair])).unwrap();
        assert_eq!(
            sent,
            "To: Uncle <bob@family.althing.internal>,\r\n carol@family.althing.internal\r\n\r\nuncle.bob@family.althing.internal"
        );
        assert!(head.names("uncle.bob@family.althing.internal") && !head.names("dave@x"));
    }
}
