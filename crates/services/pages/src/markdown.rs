//! What a document's text says to Althing: its title, its components, its links (spec pages, rules 20 to 23).
//!
//! A component is a line that holds nothing but a picture whose address is a link. Not for: showing Markdown (`render`).

use crate::link::{Link, SCHEME};

/// Characters of a title at most; what is longer is cut.
const TITLE_LEN_MAX: usize = 200;

/// Components of a document at most; what follows is shown as text.
pub const COMPONENTS_MAX: usize = 1_000;

/// Links taken from one text at most.
pub const LINKS_MAX: usize = 1_000;

/// A component, or a link with its words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mention {
    /// Where it leads.
    pub link: Link,
    /// What the text says of it.
    pub words: String,
    /// The line it stands in, from 1.
    pub line: u64,
}

/// Returns a text's title: its first heading, else its first words; empty when it has none.
pub fn title(text: &str) -> String {
    let lines = || text.lines().map(str::trim).filter(|line| !line.is_empty());
    let heading = lines().take(50).find_map(|line| {
        let rest = line.trim_start_matches('#');
        (rest.len() < line.len() && rest.starts_with(' ')).then(|| rest.trim_matches([' ', '#']))
    });
    let plain = heading.or_else(|| lines().next()).unwrap_or_default();
    let is_seen = |c: &char| !c.is_control();
    plain.chars().filter(is_seen).take(TITLE_LEN_MAX).collect::<String>().trim().to_owned()
}

/// Returns the components of a text in order of lines.
pub fn components(text: &str) -> Vec<Mention> {
    plain_lines(text).filter_map(|(line, text)| component(line, text)).take(COMPONENTS_MAX).collect()
}

/// Reads a line that is a component.
fn component(line: u64, text: &str) -> Option<Mention> {
    // Four spaces make it code.
    let indent =
        text.chars().take_while(|c| c.is_whitespace()).map(|c| if c == '\t' { 4 } else { 1 }).sum::<usize>();
    if indent >= 4 {
        return None;
    }
    let inner = text.trim().strip_prefix("![")?.strip_suffix(')')?;
    let (words, address) = inner.rsplit_once("](")?;
    let is_one = !words.contains("](") && !address.contains(char::is_whitespace);
    let link = Link::read(address).ok().filter(|_| is_one)?;
    Some(Mention { link, words: unescape(words), line })
}

/// Returns all links of a text, components among them.
pub fn links(text: &str) -> Vec<Mention> {
    let mut found = Vec::new();
    for (line, text) in plain_lines(text) {
        let mut rest = text;
        while let Some(at) = next_link(rest) {
            let (before, from) = rest.split_at(at);
            let end = from.find(|c: char| c.is_whitespace() || ")>]\"'`|".contains(c)).unwrap_or(from.len());
            let (address, after) = from.split_at(end);
            // A sentence may end after a bare link.
            if let Ok(link) = Link::read(address.trim_end_matches(['.', ',', ';', ':', '!', '?'])) {
                found.push(Mention { link, words: words_before(before), line });
            }
            if found.len() >= LINKS_MAX {
                return found;
            }
            rest = after;
        }
    }
    found
}

/// Returns where the next link begins.
fn next_link(text: &str) -> Option<usize> {
    let copy = |scheme: &str| text.find(&format!("{scheme}://althing.localhost"));
    [text.find(SCHEME), copy("http"), copy("https")].into_iter().flatten().min()
}

/// Returns the words of `[words](`, if the text ends so.
fn words_before(before: &str) -> String {
    let Some(inner) = before.trim_end_matches('<').strip_suffix("](") else { return String::new() };
    inner.rfind('[').and_then(|at| inner.get(at + 1..)).map(unescape).unwrap_or_default()
}

fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let escaped = chars.next_if(|next| c == '\\' && next.is_ascii_punctuation());
        out.push(escaped.unwrap_or(c));
    }
    out
}

/// Writes words so that they can stand in `[…]`.
pub fn escape(words: &str) -> String {
    let mut out = String::with_capacity(words.len());
    for c in words.chars() {
        match c {
            '\\' | '[' | ']' | '(' | ')' | '!' | '*' | '_' | '`' | '<' | '>' => out.extend(['\\', c]),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

/// Walks the lines of a text with their numbers, without those inside of fenced code.
fn plain_lines(text: &str) -> impl Iterator<Item = (u64, &str)> {
    let mut fence: Option<(char, usize)> = None;
    (1..).zip(text.split('\n')).filter(move |(_, line)| {
        let line = line.trim();
        let mark = line.chars().next().filter(|c| matches!(c, '`' | '~'));
        let count = mark.map_or(0, |mark| line.chars().take_while(|c| *c == mark).count());
        match fence {
            None if count >= 3 => {
                fence = mark.map(|mark| (mark, count));
                false
            }
            None => true,
            Some((open, least)) => {
                if mark == Some(open) && count >= least && line.chars().all(|c| c == open) {
                    fence = None;
                }
                false
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn link(text: &str) -> String {
        text.replace("LINK", &format!("althing:web/{}", "07".repeat(10)))
    }

    #[test]
    fn a_title_is_the_first_heading_or_the_first_words() {
        let check = |text: &str, expected: &str| assert_eq!(title(text), expected);
        check("# Q4 Roadmap #\n\ntext", "Q4 Roadmap");
        check("intro\n\n## Later", "Later");
        check("\n\njust words\nmore", "just words");
        check("#no heading", "#no heading");
        check("", "");
        check("# a\u{0}b\u{7}", "ab");
    }

    #[test]
    fn a_component_is_a_line_of_its_own_outside_of_code() {
        let text = link(
            "# T\n\n![Sales \\[a\\]](LINK)\n\ntext ![no](LINK)\n```\n![code](LINK)\n```\n    ![code](LINK)\n  ![in](LINK#lines=1-2)  \n\
             ![two](LINK)![three](LINK)\n![title](LINK \"t\")\n![far](https://example.org/a.png)\n",
        );
        let found = components(&text);
        let told: Vec<_> = found.iter().map(|one| (one.line, one.words.as_str())).collect();
        assert_eq!(told, [(3, "Sales [a]"), (10, "in")]);
        assert_eq!(found[1].link.part, "lines=1-2");
    }

    #[test]
    fn links_are_found_with_their_words_and_lines() {
        let text = link("see [the \\*plan\\*](LINK), LINK.\n\n~~~\nLINK\n~~~\n<LINK#page=2>\n![c](LINK)");
        let told: Vec<_> = links(&text).into_iter().map(|one| (one.line, one.words, one.link.part)).collect();
        let one = |line, words: &str, part: &str| (line, words.to_owned(), part.to_owned());
        assert_eq!(told, [one(1, "the *plan*", ""), one(1, "", ""), one(6, "", "page=2"), one(7, "c", "")]);
    }

    proptest! {
        #[test]
        fn words_come_back_from_a_component(words in "[^\u{0}-\u{1f}\u{7f}-\u{9f}]{0,40}") {
            let text = link(&format!("![{}](LINK)", escape(&words)));
            prop_assert_eq!(&components(&text)[0].words, &words);
        }

        #[test]
        fn any_text_does_not_panic(text in "(.|\n|```|!\\[|\\]\\(|althing:){0,80}") {
            let _all = (title(&text), components(&text), links(&text));
        }
    }
}
