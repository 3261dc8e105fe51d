use proptest::prelude::*;

use super::super::Unchanged;
use super::*;

fn html(text: &str) -> String {
    article(text, &Unchanged).html
}

#[test]
fn markdown_becomes_html_with_headings_and_links() {
    let text = "intro\n\n# The *plan* `x`\n\n## Part\n\n- [x] done\n- [ ] open\n\n~~no~~ [w](althing:w/x) ![p](p.png)[^1]\n\n\
                | a | b |\n|:-:|---|\n| 1 | 2 |\n\n## Part\n\n```rust\nlet x = 1 < 2;\n```\n\n[^1]: a note\n";
    let article = article(text, &Unchanged);
    for part in [
        "<h1 id=\"s-the-plan-x\">The <em>plan</em> <code>x</code></h1>",
        "<h2 id=\"s-part\">Part</h2>",
        "<h2 id=\"s-part-1\">Part</h2>",
        "☑ done",
        "☐ open",
        "<del>no</del>",
        "<a href=\"althing:w/x\" rel=\"noopener noreferrer\">w</a>",
        "<img src=\"p.png\" alt=\"p\">",
        "<th align=\"center\">a</th>",
        "<code class=\"language-rust\">let x = 1 &lt; 2;",
        "<li id=\"fn-1\">",
        "href=\"#fn-1\"",
    ] {
        assert!(article.html.contains(part), "{part} in {}", article.html);
    }
    assert!(!article.html.contains("<input"), "{}", article.html);
    assert_eq!(article.title.as_deref(), Some("The plan x"));
    let headings: Vec<(u8, &str, &str, u64)> = article
        .headings
        .iter()
        .map(|one| (one.level, one.text.as_str(), one.id.as_str(), one.line))
        .collect();
    assert_eq!(
        headings,
        [(1, "The plan x", "s-the-plan-x", 3), (2, "Part", "s-part", 5), (2, "Part", "s-part-1", 16)]
    );
    let links: Vec<&str> = article.links.iter().map(|link| link.target.as_str()).collect();
    assert_eq!(links, ["althing:w/x", "p.png"]);
}

/// Rewrites links of a web and drops all others; pictures get a place.
struct Rewriting;

impl Links for Rewriting {
    fn link(&self, address: &str) -> Option<String> {
        Some(format!("http://althing.localhost/go/{}", address.strip_prefix("althing:")?))
    }

    fn picture(&self, address: &str) -> Option<String> {
        Some(format!("http://althing.localhost/raw/a&b?x='{address}'"))
    }
}

#[test]
fn the_caller_rewrites_links_and_pictures() {
    let html = article("[a](althing:x) [b *c*](https://y) ![d](e.png) ![f](javascript:x)", &Rewriting).html;
    assert!(
        html.contains("<a href=\"http://althing.localhost/go/x\" rel=\"noopener noreferrer\">a</a>"),
        "{html}"
    );
    assert!(html.contains(" b <em>c</em> "), "{html}");
    assert!(
        html.contains("<img src=\"http://althing.localhost/raw/a&amp;b?x='e.png'\" alt=\"d\">"),
        "{html}"
    );
    assert!(html.ends_with(" f</p>\n"), "{html}");
}

/// Returns whatever is worst.
struct Mallory;

impl Links for Mallory {
    fn link(&self, _: &str) -> Option<String> {
        Some(" java\nscript:alert(1)".to_owned())
    }

    fn picture(&self, _: &str) -> Option<String> {
        Some("data:image/svg+xml,<svg onload=alert(1)>".to_owned())
    }
}

#[test]
fn what_the_caller_returns_is_looked_at_too() {
    assert_eq!(article("[a](b) ![c](d)", &Mallory).html, "<p>a c</p>\n");
}

#[test]
fn pictures_from_elsewhere_are_not_fetched() {
    for address in [
        "https://evil.example/x.png",
        "//evil.example/x",
        "/\\evil.example/x",
        "\\\\\\\\evil.example/x",
        "/&Tab;/evil.example/x",
    ] {
        let html = html(&format!("![seen]({address})"));
        assert!(!html.contains("<img") && html.contains("seen"), "{address}: {html}");
    }
}

#[test]
fn sections_are_found_by_their_heading() {
    let text = "a\n\n# One\nb\n\n## Two\nc\n\n# Three *four*\nd\n";
    let check = |heading, lines| assert_eq!(section(text, heading), lines, "{heading}");
    check("One", Some((3, 8)));
    check("two", Some((6, 8)));
    check("Three  four", Some((9, u64::MAX)));
    check("three-four", Some((9, u64::MAX)));
    check("s-two", Some((6, 8)));
    check("Five", None);
}

/// Vectors of attacks known from the collections of OWASP, Markdown renderers' bug reports and our own thoughts.
const ATTACKS: [&str; 84] = [
    "<script>alert(1)</script>",
    "<SCRIPT SRC=//evil.example/x.js></SCRIPT>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<script\n>alert(1)</script\n>",
    "<img src=x onerror=alert(1)>",
    "<img src=\"x\" onerror=\"alert(1)\"/>",
    "<img \"\"\"><script>alert(1)</script>\">",
    "<img src=javascript:alert(1)>",
    "<svg onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<svg><a xlink:href=\"javascript:alert(1)\"><text>x</text></a></svg>",
    "<svg><style><img src=x onerror=alert(1)></style></svg>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
    "<math href=\"javascript:alert(1)\">x</math>",
    "<iframe src=\"javascript:alert(1)\"></iframe>",
    "<iframe srcdoc=\"<script>alert(1)</script>\">",
    "<object data=\"javascript:alert(1)\">",
    "<embed src=\"data:image/svg+xml;base64,PHN2Zz4=\">",
    "<form action=\"javascript:alert(1)\"><button>x</button></form>",
    "<input autofocus onfocus=alert(1)>",
    "<body onload=alert(1)>",
    "<details open ontoggle=alert(1)>",
    "<video><source onerror=alert(1)></video>",
    "<audio src=x onerror=alert(1)>",
    "<marquee onstart=alert(1)>x</marquee>",
    "<meta http-equiv=refresh content=\"0;url=javascript:alert(1)\">",
    "<link rel=stylesheet href=\"javascript:alert(1)\">",
    "<base href=\"javascript:alert(1)//\">",
    "<style>@import 'javascript:alert(1)';</style>",
    "<div style=\"background:url(javascript:alert(1))\">x</div>",
    "<a href=\"javascript:alert(1)\">x</a>",
    "<a href=\"jav&#x09;ascript:alert(1)\">x</a>",
    "<a href=\"&#106;&#97;&#118;&#97;&#115;&#99;&#114;&#105;&#112;&#116;:alert(1)\">x</a>",
    "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">",
    "<template><script>alert(1)</script></template>",
    "<!--><script>alert(1)</script>-->",
    "<!-- --!><script>alert(1)</script>",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<?xml version=\"1.0\"?><script>alert(1)</script>",
    "<x onclick=alert(1)>x</x>",
    "<p/onmouseover=alert(1)>x",
    "<textarea><script>alert(1)</script></textarea>",
    "<title></title><script>alert(1)</script>",
    "[a](javascript:alert(1))",
    "[a](JaVaScRiPt:alert(1))",
    "[a]( javascript:alert(1))",
    "[a](<javascript:alert(1)>)",
    "[a](<java\tscript:alert(1)>)",
    "[a](java&Tab;script:alert(1))",
    "[a](java&NewLine;script:alert(1))",
    "[a](&#x6A;avascript:alert(1))",
    "[a](&#1;javascript:alert(1))",
    "[a](javascript&colon;alert(1))",
    "[a](javascript\\:alert(1))",
    "[a](\\javascript:alert(1))",
    "[a](javascript://example.com/%0Aalert(1))",
    "[a](vbscript:msgbox(1))",
    "[a](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)",
    "[a](data:image/svg+xml;base64,PHN2Zz4=)",
    "[a](data:image/png;base64,iVBORw0K)",
    "[a](file:///etc/passwd)",
    "[a](view-source:javascript:alert(1))",
    "[a](livescript:alert(1))",
    "[a](feed:javascript:alert(1))",
    "[a](\u{200B}javascript:alert(1))",
    "[a](javascript:alert(1) \"onmouseover=alert(1)\")",
    "[a](x \"\\\" onmouseover=alert(1) x=\\\"\")",
    "[a](x\" onmouseover=\"alert(1))",
    "![a](javascript:alert(1))",
    "![a](data:text/html,<script>alert(1)</script>)",
    "![a\" onerror=\"alert(1)](x)",
    "![\\\"><img src=x onerror=alert(1)>](x \"\\\"><script>alert(1)</script>\")",
    "[a][r]\n\n[r]: javascript:alert(1)",
    "[r]\n\n[r]: <javascript:alert(1)> \"t\"",
    "![a][r]\n\n[r]: data:text/html,<script>alert(1)</script>",
    "<javascript:alert(1)>",
    "<data:text/html,<script>alert(1)</script>>",
    "```\"><script>alert(1)</script>\nx\n```",
    "```js\" onclick=\"alert(1)\nx\n```",
    "````\n```\n</code></pre><script>alert(1)</script>\n```\n````",
    "| <script>alert(1)</script> | [a](javascript:alert(1)) |\n|---|---|\n| <img src=x onerror=alert(1)> | `</td><script>` |",
    "`</code><script>alert(1)</script>`",
    "a[^\"><script>alert(1)</script>]\n\n[^\"><script>alert(1)</script>]: <img src=x onerror=alert(1)>",
    "# <a id=\"x\" onclick=\"alert(1)\">x</a>\n\n[a](#\"onclick=alert(1))\n\n***<b onclick=alert(1)>*** https://x.example/\"onclick=alert(1)",
];

/// The tags of HTML as a browser would read them.
struct Tags(std::cell::RefCell<Vec<Tag>>);

/// Its name and its attributes.
type Tag = (String, Vec<(String, String)>);

impl html5ever::tokenizer::TokenSink for Tags {
    type Handle = ();

    fn process_token(
        &self,
        token: html5ever::tokenizer::Token,
        _line: u64,
    ) -> html5ever::tokenizer::TokenSinkResult<()> {
        if let html5ever::tokenizer::Token::TagToken(tag) = token {
            let attributes = tag.attrs.iter().map(|one| (one.name.local.to_string(), one.value.to_string()));
            self.0.borrow_mut().push((tag.name.to_string(), attributes.collect()));
        }
        html5ever::tokenizer::TokenSinkResult::Continue
    }
}

fn assert_harmless(html: &str, source: &str) {
    use html5ever::tokenizer::{BufferQueue, Tokenizer};
    let tokenizer =
        Tokenizer::new(Tags(std::cell::RefCell::default()), html5ever::tokenizer::TokenizerOpts::default());
    let input = BufferQueue::default();
    input.push_back(html.into());
    drop(tokenizer.feed(&input));
    tokenizer.end();
    let elements = "a b blockquote br code del em h1 h2 h3 h4 h5 h6 hr i img li ol ul p pre section strong sub sup table tbody td th thead tr u";
    for (element, attributes) in tokenizer.sink.0.borrow().iter() {
        assert!(elements.split(' ').any(|one| one == element), "<{element}> of {source:?} in {html}");
        for (name, value) in attributes {
            let is_known = ["href", "src", "alt", "title", "class", "id", "rel", "align", "start"]
                .contains(&name.as_str());
            assert!(is_known, "{name} of {source:?} in {html}");
            if name == "href" || name == "src" {
                let letters: String =
                    value.chars().filter(|letter| !letter.is_control() && !letter.is_whitespace()).collect();
                let start = letters.to_lowercase();
                let scheme = start
                    .split(['/', '?', '#', '\\'])
                    .next()
                    .unwrap_or_default()
                    .split_once(':')
                    .map(|(scheme, _)| scheme.to_owned());
                let is_good = scheme
                    .is_none_or(|scheme| ["http", "https", "mailto", "althing"].contains(&scheme.as_str()));
                assert!(is_good, "{value} of {source:?} in {html}");
            }
            if name == "class" {
                assert!(value.starts_with("language-") && !value.contains(' '), "{value} of {source:?}");
            }
        }
    }
}

#[test]
fn no_script_handler_or_dangerous_address_of_the_known_attacks_comes_through() {
    for attack in ATTACKS {
        assert_harmless(&html(attack), attack);
        // As a list, a quote, a cell and a heading, too.
        for around in [
            format!("- {attack}"),
            format!("> {attack}"),
            format!("# {attack}"),
            format!("*{attack}*"),
            format!("[{attack}]({attack})"),
            format!("![{attack}]({attack})"),
        ] {
            assert_harmless(&html(&around), &around);
        }
    }
}

#[test]
fn the_wall_behind_the_renderer_holds_alone() {
    for attack in ATTACKS {
        assert_harmless(&clean::cleaned(attack, &[]), attack);
    }
}

#[test]
fn hostile_nesting_costs_no_time() {
    let started = std::time::Instant::now();
    let cases = [
        ">".repeat(100_000),
        "> ".repeat(100_000),
        format!("{}\n{}", "- ".repeat(250_000), "\n".repeat(400_000)),
        format!("{}\n{}", "1. ".repeat(100_000), "a\n".repeat(100_000)),
        "*a **a ".repeat(60_000),
        "[".repeat(500_000),
        "![".repeat(200_000),
        "[a](".repeat(100_000),
        "`".repeat(300_000),
        (1..1_000).map(|count| "`".repeat(count) + " ").collect::<String>(),
        "<a ".repeat(100_000),
        "a@".repeat(300_000),
        "www.".repeat(200_000),
        "~".repeat(300_000),
        format!("{}\n{}", "|a".repeat(5_000), "|-".repeat(5_000)) + &"\n|a".repeat(20_000),
        (0..1_200).map(|depth| "  ".repeat(depth % 400) + "- a\n").collect::<String>(),
        format!("[a]: {}\n\n{}", "x".repeat(1_000), "[a] ".repeat(100_000)),
        "[^1]\n\n[^1]: x [^1]\n".repeat(20_000),
        "\0".repeat(500_000),
        "&".repeat(1_000_000),
        "&".repeat(200_000),
        "\"x".repeat(200_000),
        "*_".repeat(400_000),
        "# a\n".repeat(100_000),
        "x\n\n".repeat(300_000),
    ];
    for (number, text) in cases.iter().enumerate() {
        let one = std::time::Instant::now();
        let article = article(text, &Unchanged);
        assert!(article.html.len() <= 40 * text.len().max(200_000), "case {number}: {}", article.html.len());
        println!("case {number}: {:?}, {} bytes", one.elapsed(), article.html.len());
        assert!(one.elapsed().as_secs() < 20, "case {number} took {:?}", one.elapsed());
    }
    println!("all: {:?}", started.elapsed());
}

proptest! {
    #[test]
    fn any_text_becomes_harmless_html(parts in proptest::collection::vec(prop_oneof![
        Just("<".to_owned()), Just("script>".to_owned()), Just("[".to_owned()), Just("](".to_owned()), Just(")".to_owned()),
        Just("javascript:".to_owned()), Just("\"".to_owned()), Just(" onerror=".to_owned()), Just("`".to_owned()),
        Just("\n".to_owned()), Just("|".to_owned()), Just("&#".to_owned()), Just("![".to_owned()), Just("img src=".to_owned()), ".{0,3}"
    ], 0..30)) {
        let text = parts.concat();
        assert_harmless(&html(&text), &text);
    }
}
