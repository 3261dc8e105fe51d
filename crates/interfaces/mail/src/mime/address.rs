//! Reads lists of addresses (RFC 5322) without decoding them: IMAP's ENVELOPE gives them out as they are.

/// Addresses read of one field at most: more than any list of recipients that a person could have meant.
const ADDRESSES_MAX: usize = 2_000;

/// One step through a list of addresses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Entry {
    /// Somebody.
    Mailbox(Mailbox),
    /// `name:`, until the next end.
    GroupBegins(Vec<u8>),
    /// `;`
    GroupEnds,
}

/// One address.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Mailbox {
    /// The name before it, or in brackets behind it.
    pub(crate) name: Option<Vec<u8>>,
    /// `@a,@b`, as was used long ago.
    pub(crate) route: Option<Vec<u8>>,
    /// Before the `@`.
    pub(crate) local: Vec<u8>,
    /// Behind the `@`.
    pub(crate) host: Vec<u8>,
    /// Whether there is only one way to read it. What is sent must be plain: readers guess differently.
    pub(crate) is_plain: bool,
}

impl Mailbox {
    /// Returns `local@host` in lower case.
    pub(crate) fn address(&self) -> String {
        let both = [self.local.as_slice(), b"@", self.host.as_slice()].concat();
        String::from_utf8_lossy(&both).to_lowercase()
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    /// An atom, a quoted string without its quotes, or `[…]`.
    Word(Vec<u8>),
    Comment(Vec<u8>),
    Mark(u8),
    /// Something that does not end, or a control character.
    Broken,
}

/// Reads a list of addresses.
pub(crate) fn entries(value: &[u8]) -> Vec<Entry> {
    let mut list = List::default();
    let mut rest = value;
    while let Some(token) = token(&mut rest) {
        list.take(token);
        if list.entries.len() >= ADDRESSES_MAX {
            break;
        }
    }
    list.end_mailbox();
    if std::mem::take(&mut list.is_in_group) {
        list.entries.push(Entry::GroupEnds);
    }
    list.entries
}

#[derive(Default)]
struct List {
    entries: Vec<Entry>,
    is_in_group: bool,
    /// Words outside of `<…>`.
    outside: Vec<Token>,
    /// What is in `<…>`, if it has begun.
    inside: Option<Vec<Token>>,
    is_closed: bool,
    is_odd: bool,
    comment: Option<Vec<u8>>,
}

impl List {
    fn take(&mut self, token: Token) {
        let is_inside = self.inside.is_some() && !self.is_closed;
        match token {
            Token::Comment(text) => self.comment = Some(text),
            Token::Broken => self.is_odd = true,
            Token::Mark(b'<') if self.inside.is_none() => self.inside = Some(Vec::new()),
            Token::Mark(b'>') if is_inside => self.is_closed = true,
            token if is_inside => self.inside.get_or_insert_default().push(token),
            Token::Mark(b',') => self.end_mailbox(),
            Token::Mark(b':') if self.inside.is_none() && !self.is_in_group => {
                let name = phrase(&self.outside).unwrap_or_default();
                self.begin_again();
                self.is_in_group = true;
                self.entries.push(Entry::GroupBegins(name));
            }
            Token::Mark(b';') if self.is_in_group => {
                self.end_mailbox();
                self.is_in_group = false;
                self.entries.push(Entry::GroupEnds);
            }
            token => {
                self.is_odd |= self.is_closed || matches!(token, Token::Mark(b';' | b'<' | b'>'));
                self.outside.push(token);
            }
        }
    }

    fn begin_again(&mut self) {
        self.outside.clear();
        (self.inside, self.comment) = (None, None);
        (self.is_closed, self.is_odd) = (false, false);
    }

    fn end_mailbox(&mut self) {
        let is_open = self.inside.is_some() && !self.is_closed;
        let mut mailbox = match self.inside.take() {
            Some(inside) => Mailbox { name: phrase(&self.outside), ..split(&inside) },
            None if self.outside.is_empty() => return self.begin_again(),
            None => Mailbox { name: self.comment.take(), ..split(&self.outside) },
        };
        mailbox.is_plain &= !is_open && !self.is_odd;
        self.begin_again();
        self.entries.push(Entry::Mailbox(mailbox));
    }
}

/// Splits tokens at the `@`.
fn split(tokens: &[Token]) -> Mailbox {
    let mut mailbox = Mailbox { is_plain: true, ..Mailbox::default() };
    let colon = tokens.iter().rposition(|token| *token == Token::Mark(b':'));
    let (route, address): (&[Token], &[Token]) = match colon {
        Some(at) if tokens.first() == Some(&Token::Mark(b'@')) => tokens.split_at(at),
        _ => (&[], tokens),
    };
    if !route.is_empty() {
        mailbox.route = Some(joined(route));
    }
    let address = if route.is_empty() { address } else { address.get(1..).unwrap_or_default() };
    let ats = address.iter().filter(|token| **token == Token::Mark(b'@')).count();
    match address.iter().rposition(|token| *token == Token::Mark(b'@')) {
        Some(at) => {
            mailbox.local = joined(address.get(..at).unwrap_or_default());
            mailbox.host = joined(address.get(at.saturating_add(1)..).unwrap_or_default());
        }
        None => mailbox.local = joined(address),
    }
    // Two words without a dot between them: one reader joins them, the next takes the last.
    let is_gapped = address.windows(2).any(|two| matches!(two, [Token::Word(_), Token::Word(_)]));
    let is_whole = !mailbox.local.is_empty() && !mailbox.host.is_empty();
    mailbox.is_plain = ats == 1 && is_whole && mailbox.route.is_none() && !is_gapped;
    mailbox
}

fn joined(tokens: &[Token]) -> Vec<u8> {
    let mut all = Vec::new();
    for token in tokens {
        match token {
            Token::Word(word) => all.extend_from_slice(word),
            Token::Mark(mark) => all.push(*mark),
            Token::Comment(_) | Token::Broken => {}
        }
    }
    all
}

/// Joins words by single blanks, dots without.
fn phrase(tokens: &[Token]) -> Option<Vec<u8>> {
    let mut all = Vec::new();
    for token in tokens {
        match token {
            Token::Word(word) => {
                if !all.is_empty() {
                    all.push(b' ');
                }
                all.extend_from_slice(word);
            }
            Token::Mark(mark) => all.push(*mark),
            Token::Comment(_) | Token::Broken => {}
        }
    }
    (!all.is_empty()).then_some(all)
}

fn token(rest: &mut &[u8]) -> Option<Token> {
    *rest = rest.trim_ascii_start();
    let (first, behind) = rest.split_first()?;
    let (token, behind) = match first {
        b'"' => {
            delimited(behind, b'"').map_or((Token::Broken, behind), |(word, left)| (Token::Word(word), left))
        }
        b'(' => comment(behind).map_or((Token::Broken, behind), |(text, left)| (Token::Comment(text), left)),
        b'[' => match delimited(behind, b']') {
            Some((word, left)) => (Token::Word([b"[", word.as_slice(), b"]"].concat()), left),
            None => (Token::Broken, behind),
        },
        b'<' | b'>' | b'@' | b',' | b';' | b':' | b'.' => (Token::Mark(*first), behind),
        b')' | b']' | b'\\' | 0..=31 | 127 => (Token::Broken, behind),
        _ => {
            let is_end =
                |byte: &u8| byte.is_ascii_whitespace() || b"\"()[]<>@,;:.\\".contains(byte) || *byte < 32;
            let end = rest.iter().position(is_end).unwrap_or(rest.len());
            let (word, left) = rest.split_at_checked(end)?;
            (Token::Word(word.to_vec()), left)
        }
    };
    *rest = behind;
    Some(token)
}

/// Reads up to an end that no backslash stands before.
pub(crate) fn delimited(bytes: &[u8], end: u8) -> Option<(Vec<u8>, &[u8])> {
    let mut word = Vec::new();
    let mut rest = bytes;
    loop {
        match rest {
            [b'\\', escaped, left @ ..] => {
                word.push(*escaped);
                rest = left;
            }
            [byte, left @ ..] if *byte == end => return Some((word, left)),
            [byte, left @ ..] => {
                word.push(*byte);
                rest = left;
            }
            [] => return None,
        }
    }
}

/// Reads a comment, in which others may stand.
pub(crate) fn comment(bytes: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let mut text = Vec::new();
    let mut rest = bytes;
    let mut depth = 1_usize;
    loop {
        let (byte, left) = rest.split_first()?;
        rest = left;
        match byte {
            b'\\' => {
                let (escaped, left) = rest.split_first()?;
                text.push(*escaped);
                rest = left;
                continue;
            }
            b'(' => depth = depth.saturating_add(1),
            b')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            return Some((text, rest));
        }
        text.push(*byte);
    }
}
