//! Renders others' Markdown: no raw HTML, no scripts, nothing fetched from elsewhere.

use comrak::Options;

/// Returns a whole page. The style may be applied by the nonce only; raw HTML in the text appears as text.
pub(crate) fn page(text: &str, nonce: &str) -> String {
    let mut options = Options::default();
    options.extension.strikethrough = true;
    options.extension.table = true;
    options.extension.autolink = true;
    options.extension.tasklist = true;
    options.extension.footnotes = true;
    // Both stand in the way of raw HTML; the content security policy is the third.
    options.render.escape = true;
    options.render.r#unsafe = false;
    let body = comrak::markdown_to_html(text, &options);
    format!(
        "<!doctype html><html><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <meta name=\"color-scheme\" content=\"light dark\"><base target=\"_blank\"><style nonce=\"{nonce}\">{STYLE}</style></head>\
         <body>{body}</body></html>"
    )
}

const STYLE: &str = "\
:root{color-scheme:light dark}\
body{font:16px/1.55 system-ui,sans-serif;max-width:46rem;margin:1.5rem auto;padding:0 1.25rem;overflow-wrap:anywhere}\
pre,code{font:14px/1.45 ui-monospace,monospace}\
pre{padding:.75rem;border:1px solid color-mix(in srgb,currentColor 20%,transparent);border-radius:6px;overflow:auto}\
table{border-collapse:collapse}td,th{border:1px solid color-mix(in srgb,currentColor 25%,transparent);padding:.25rem .5rem}\
blockquote{margin-inline:0;padding-inline-start:1rem;border-inline-start:3px solid color-mix(in srgb,currentColor 30%,transparent)}\
img{max-width:100%}";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markdown_becomes_a_page() {
        let page = page("# Q4\n\n- [x] done\n\n| a | b |\n|---|---|\n| 1 | 2 |\n", "n0nce");
        assert!(page.contains("<h1>Q4</h1>") && page.contains("<table>") && page.contains("nonce=\"n0nce\""));
    }

    #[test]
    fn raw_html_and_script_links_do_not_come_through() {
        let hostile = "<script>alert(1)</script>\n\nhi <img src=x onerror=alert(1)> <b>\n\n\
                       [a](javascript:alert(1)) [b](  JaVaScRiPt:alert(1)) [c](data:text/html;base64,PHNjcmlwdD4=) \
                       [d](vbscript:x) ![e](javascript:alert(1))\n\n[x]: javascript:alert(1)\n[x]\n\n\
                       ```\"><script>\n</code></pre><script>alert(2)</script>\n```\n";
        let page = page(hostile, "n");
        let body = page.split("<body>").nth(1).unwrap().to_ascii_lowercase();
        for bad in [
            "<script",
            "<img src=\"x",
            "<b>",
            "href=\"javascript",
            "href=\"  javascript",
            "href=\"data",
            "href=\"vbscript",
            "src=\"javascript",
        ] {
            assert!(!body.contains(bad), "{bad} in {body}");
        }
    }
}
