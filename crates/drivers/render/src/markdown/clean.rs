//! The wall behind the renderer: HTML with a short list of what may stand in it, and nothing else.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use super::address::{Target, target_of};

/// Elements that may stand in a document.
const ELEMENTS: [&str; 32] = [
    "a",
    "b",
    "i",
    "u",
    "blockquote",
    "br",
    "code",
    "del",
    "em",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "img",
    "li",
    "ol",
    "p",
    "pre",
    "section",
    "strong",
    "sub",
    "sup",
    "table",
    "tbody",
    "td",
    "th",
    "thead",
    "tr",
    "ul",
];
/// Letters of a language's name at most.
const LANGUAGE_SIZE_MAX: usize = 40;

/// Returns HTML without anything that is not on the list. Pictures keep these addresses and no others.
pub(crate) fn cleaned(html: &str, pictures: &[String]) -> String {
    let pictures: HashSet<String> = pictures.iter().flat_map(|one| [one.clone(), written(one)]).collect();
    let attributes: HashMap<&str, HashSet<&str>> = [
        ("a", ["href", "title", "id"].as_slice()),
        ("img", &["src", "alt", "title"]),
        ("code", &["class"]),
        ("ol", &["start"]),
        ("td", &["align"]),
        ("th", &["align"]),
        ("li", &["id"]),
        ("h1", &["id"]),
        ("h2", &["id"]),
        ("h3", &["id"]),
        ("h4", &["id"]),
        ("h5", &["id"]),
        ("h6", &["id"]),
    ]
    .into_iter()
    .map(|(element, names)| (element, names.iter().copied().collect()))
    .collect();
    ammonia::Builder::empty()
        .tags(ELEMENTS.into_iter().collect())
        .clean_content_tags(["script", "style"].into_iter().collect())
        .tag_attributes(attributes)
        .generic_attributes(HashSet::new())
        .url_schemes(["http", "https", "mailto", "althing", "data"].into_iter().collect())
        .url_relative(ammonia::UrlRelative::PassThrough)
        .link_rel(Some("noopener noreferrer"))
        .attribute_filter(move |element, attribute, value| filtered(element, attribute, value, &pictures))
        .clean(html)
        .to_string()
}

/// Looks at the value of an attribute that may be there.
fn filtered<'a>(
    element: &str,
    attribute: &str,
    value: &'a str,
    pictures: &HashSet<String>,
) -> Option<Cow<'a, str>> {
    let is_right = match (element, attribute) {
        ("img", "src") => {
            let is_picture = matches!(target_of(value), Target::Relative | Target::Web | Target::Picture);
            is_picture && pictures.contains(value)
        }
        ("a", "href") => {
            matches!(target_of(value), Target::Relative | Target::Web | Target::Mail | Target::Althing)
        }
        ("code", "class") => value.strip_prefix("language-").is_some_and(|language| {
            let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"+#.-_".contains(&byte);
            language.len() <= LANGUAGE_SIZE_MAX && language.bytes().all(is_plain)
        }),
        (_, "id") => value.starts_with("s-") || value.starts_with("fn"),
        (_, "start") => value.len() <= 9 && value.bytes().all(|byte| byte.is_ascii_digit()),
        (_, "align") => matches!(value, "left" | "center" | "right"),
        _ => true,
    };
    is_right.then_some(Cow::Borrowed(value))
}

/// Returns an address as the renderer writes it, and the parser of HTML reads it.
fn written(address: &str) -> String {
    let mut encoded = String::new();
    match comrak::html::escape_href(&mut encoded, address, false) {
        Ok(()) => encoded.replace("&amp;", "&").replace("&#x27;", "'"),
        Err(_) => String::new(),
    }
}

/// Escapes a text for HTML, in elements as well as in attributes.
pub(crate) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            // No browser shows it, and parsers differ in what they make of it.
            '\0' => escaped.push('\u{FFFD}'),
            _ => escaped.push(letter),
        }
    }
    escaped
}
