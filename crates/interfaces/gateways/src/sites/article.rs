//! Markdown of a site as HTML: the one place that knows which renderer does it.
//!
//! Not for: the page around it (`layout`). Raw HTML in the text appears as text; links lead where people expect.

use comrak::nodes::{Node, NodeValue};
use comrak::{Arena, Options};

use crate::places::control_origin;

/// A rendered text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Article {
    /// Its first heading, as text; empty when it has none.
    pub(crate) title: String,
    /// Harmless HTML.
    pub(crate) html: String,
}

/// Renders a text; `port` is the page's, for links `althing:…`.
pub(crate) fn render(text: &str, port: u16) -> Article {
    let options = options();
    let arena = Arena::new();
    let root = comrak::parse_document(&arena, text, &options);
    let links: Vec<Node<'_>> = root.descendants().collect();
    for node in links {
        let target = match &mut node.data_mut().value {
            NodeValue::Link(link) | NodeValue::Image(link) => {
                let target = target(&link.url, port);
                if let Some(target) = &target {
                    link.url.clone_from(target);
                }
                target
            }
            _ => continue,
        };
        if target.is_none() {
            // The words stay, the way goes.
            let words: Vec<Node<'_>> = node.children().collect();
            for word in words {
                node.insert_before(word);
            }
            node.detach();
        }
    }
    let title = title(root);
    let mut html = String::new();
    if comrak::format_html(root, &options, &mut html).is_err() {
        html.clear();
    }
    Article { title, html }
}

fn options() -> Options<'static> {
    let mut options = Options::default();
    options.extension.strikethrough = true;
    options.extension.table = true;
    options.extension.autolink = true;
    options.extension.tasklist = true;
    options.extension.footnotes = true;
    options.extension.header_id_prefix = Some(String::new());
    options.extension.front_matter_delimiter = Some("---".to_owned());
    // Both stand in the way of raw HTML; the content security policy is the third.
    options.render.escape = true;
    options.render.r#unsafe = false;
    options
}

/// Returns where a link leads; none when it may not.
fn target(url: &str, port: u16) -> Option<String> {
    // Browsers skip these, so what they hide must not be judged by what it looks like.
    let url: String = url.trim().chars().filter(|one| !one.is_control()).collect();
    let go = |rest: &str| format!("{}/go/{rest}", control_origin(port));
    if let Some(rest) = url.strip_prefix("http://althing.localhost/go/") {
        return Some(go(rest));
    }
    let before = url.split(['/', '?', '#', '\\']).next().unwrap_or("");
    let Some((scheme, _)) = before.split_once(':') else { return Some(url) };
    match scheme.to_ascii_lowercase().as_str() {
        "http" | "https" | "mailto" => Some(url),
        "althing" => url.split_once(':').map(|(_, rest)| go(rest.trim_start_matches('/'))),
        _ => None,
    }
}

fn title(root: Node<'_>) -> String {
    let mut title = String::new();
    let Some(heading) = root.children().find(|node| matches!(node.data().value, NodeValue::Heading(_)))
    else {
        return title;
    };
    for node in heading.descendants() {
        match &node.data().value {
            NodeValue::Text(text) => title.push_str(text),
            NodeValue::Code(code) => title.push_str(&code.literal),
            NodeValue::SoftBreak | NodeValue::LineBreak => title.push(' '),
            _ => {}
        }
    }
    title.chars().take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_becomes_an_article() {
        let text = "---\nfoo: bar\n---\n# The `Q4` plan\n\n- [x] done\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n\
                    ![p](pictures/a%20b.png) [next](next.md#goals)\n\n```rust\nfn main() {}\n```\n";
        let article = render(text, 7417);
        assert_eq!(article.title, "The Q4 plan");
        for part in [
            "<table>",
            "type=\"checkbox\" checked=\"\"",
            "src=\"pictures/a%20b.png\"",
            "href=\"next.md#goals\"",
            "<pre><code class=\"language-rust\">",
            "id=\"the-q4-plan\"",
        ] {
            assert!(article.html.contains(part), "{part} in {}", article.html);
        }
        assert!(!article.html.contains("foo"));
    }

    #[test]
    fn links_lead_where_people_expect() {
        let check = |url: &str, expected: Option<&str>| {
            assert_eq!(target(url, 7417).as_deref(), expected, "{url}");
        };
        for same in [
            "a.md",
            "../b/c.md?x#y",
            "/top.md",
            "#here",
            "https://e.org/",
            "HTTP://e.org",
            "mailto:a@b.c",
            "a/b:c",
        ] {
            check(same, Some(same));
        }
        check("althing:web1/file2", Some("http://althing.localhost:7417/go/web1/file2"));
        check("ALTHING:web1#x", Some("http://althing.localhost:7417/go/web1#x"));
        check("http://althing.localhost/go/web1", Some("http://althing.localhost:7417/go/web1"));
        for bad in [
            "javascript:alert(1)",
            " JaVaScRiPt:alert(1)",
            "java\nscript:alert(1)",
            "\u{1}javascript:alert(1)",
            "data:text/html,x",
            "vbscript:x",
            "file:///etc/passwd",
            "tel:1",
            "x:y",
            "blob:http://a/b",
        ] {
            check(bad, None);
        }
    }

    #[test]
    fn hostile_markdown_does_nothing() {
        let hostile = "<script>alert(1)</script>\n\nhi <img src=x onerror=alert(1)> <b>\n\n\
                       [a](javascript:alert(1)) [b](  JaVaScRiPt:alert(1)) [c](data:text/html;base64,PHNjcmlwdD4=) \
                       [d](vbscript:x) ![e](javascript:alert(1))\n\n[x]: javascript:alert(1)\n[x]\n\n<javascript:alert(2)>\n\n\
                       ```\"><script>\n</code></pre><script>alert(2)</script>\n```\n\n# <script>x</script>\n";
        let html = render(hostile, 7417).html.to_ascii_lowercase();
        for bad in [
            "<script",
            "<img src=\"x",
            "<b>",
            "href=\"javascript",
            "href=\"data",
            "href=\"vbscript",
            "src=\"javascript",
        ] {
            assert!(!html.contains(bad), "{bad} in {html}");
        }
        assert!(html.contains(">a ") || html.contains("a b c"), "the words stay: {html}");
        for depth in ["> ".repeat(5000), "* ".repeat(5000), "[".repeat(20_000), "![".repeat(20_000)] {
            assert!(render(&depth, 7417).html.len() < 10_000_000);
        }
    }
}
