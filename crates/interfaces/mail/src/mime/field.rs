//! Splits the head of a message or part into its fields.

/// Bytes of a head that are looked at. Exim allows as much, Postfix a tenth; real heads have some kilobytes.
pub(crate) const HEAD_BYTES_MAX: usize = 1024 * 1024;

/// One field as it stands in the head.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Field<'a> {
    /// Before the colon.
    pub(crate) name: &'a [u8],
    /// Behind the colon, folded as it was, with its line end.
    pub(crate) value: &'a [u8],
    /// All of it.
    pub(crate) raw: &'a [u8],
}

/// Returns the fields of a head; what stands behind its end is not looked at.
pub(crate) fn fields(head: &[u8]) -> impl Iterator<Item = Field<'_>> {
    let mut rest = head;
    std::iter::from_fn(move || {
        loop {
            let (raw, behind) = rest.split_at_checked(field_length(rest)?)?;
            rest = behind;
            // The line `From …` of old mailbox files is no field; nor is what is folded to nothing, or has no name.
            let Some((name, value)) = name_length(raw).and_then(|colon| raw.split_at_checked(colon)) else {
                continue;
            };
            return Some(Field { name: name.trim_ascii_end(), value: value.get(1..)?, raw });
        }
    })
}

/// Returns how long a head is: up to and with the empty line, or up to the first line that belongs into no head. None if
/// the bytes end before that.
pub(crate) fn head_length(bytes: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        let rest = bytes.get(at..)?;
        let line = line_length(rest)?;
        match line_kind(rest.get(..line)?) {
            LineKind::Empty => return Some(at.saturating_add(line)),
            LineKind::Foreign => return Some(at),
            LineKind::Field | LineKind::Folded => at = at.saturating_add(line),
        }
    }
}

/// What a line is in a head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LineKind {
    Empty,
    Field,
    Folded,
    /// No line of a head: the body has begun without an empty line before it.
    Foreign,
}

/// Says what a line is in a head, as Python's `email` does.
pub(crate) fn line_kind(line: &[u8]) -> LineKind {
    match line {
        [] | [b'\n'] | [b'\r', b'\n'] => LineKind::Empty,
        [b' ' | b'\t', ..] => LineKind::Folded,
        // A line that begins with the colon is the field of nothing.
        [b':', ..] => LineKind::Field,
        _ if line.starts_with(b"From ") || name_length(line).is_some() => LineKind::Field,
        _ => LineKind::Foreign,
    }
}

/// Returns where the colon is behind a field's name. Blanks before it are an old way that is still met.
fn name_length(line: &[u8]) -> Option<usize> {
    let colon = line.iter().position(|byte| *byte == b':')?;
    let name = line.get(..colon)?.trim_ascii_end();
    (!name.is_empty() && name.iter().all(u8::is_ascii_graphic)).then_some(colon)
}

fn line_length(bytes: &[u8]) -> Option<usize> {
    bytes.iter().position(|byte| *byte == b'\n').map(|at| at.saturating_add(1))
}

/// Returns how long the first field is, with the lines folded behind it; none at the end of the head.
fn field_length(bytes: &[u8]) -> Option<usize> {
    let first = line_length(bytes).unwrap_or(bytes.len());
    if first == 0 || !matches!(line_kind(bytes.get(..first)?), LineKind::Field | LineKind::Folded) {
        return None;
    }
    let mut at = first;
    while matches!(bytes.get(at), Some(b' ' | b'\t')) {
        at = at.saturating_add(line_length(bytes.get(at..)?).unwrap_or(bytes.len()));
    }
    Some(at.min(bytes.len()))
}

/// Joins the lines of a value, makes tabs blanks, and cuts blanks at its ends.
pub(crate) fn unfolded(value: &[u8]) -> Vec<u8> {
    let kept = value.iter().copied().filter(|byte| !matches!(byte, b'\r' | b'\n' | 0));
    let line: Vec<u8> = kept.map(|byte| if byte == b'\t' { b' ' } else { byte }).collect();
    line.trim_ascii().to_vec()
}
