//! Members' files in the browser: shown where that is safe, and never more.

use crate::house::{Answer, House, request};
use serde_json::json;

const EVIL: &[u8] = b"<script>fetch('/api/people.webs')</script>";

async fn get(house: &House, host: &str, path: &str, lines: &str) -> Answer {
    house.raw(&request("GET", path, host, lines, "")).await
}

#[tokio::test]
async fn html_is_shown_as_its_source_on_an_origin_of_its_own() {
    let house = House::start(&[("evil.html", EVIL), ("evil.svg", EVIL)]).await;
    let (view, host, path) = house.view("evil.html", "inline").await;
    assert_eq!(view["show"], "text");
    let answer = get(&house, &host, &path, "sec-fetch-dest: iframe\r\n").await;
    assert_eq!(answer.header("content-type").as_deref(), Some("text/plain; charset=utf-8"));
    assert_eq!(answer.header("x-content-type-options").as_deref(), Some("nosniff"));
    assert!(answer.header("content-security-policy").unwrap().starts_with("sandbox; default-src 'none'"));
    assert_eq!(answer.header("referrer-policy").as_deref(), Some("no-referrer"));
    assert_eq!(answer.header("access-control-allow-origin"), None);
    assert_eq!(answer.body, EVIL);
    let (_, other, _) = house.view("evil.svg", "inline").await;
    assert_ne!(host, other);
}

#[tokio::test]
async fn an_svg_is_a_picture_or_text_never_a_document() {
    let house =
        House::start(&[("a.svg", b"<svg xmlns='http://www.w3.org/2000/svg'><script>1</script></svg>")]).await;
    let (view, host, path) = house.view("a.svg", "inline").await;
    assert_eq!(view["show"], "image");
    for (dest, media) in [
        ("image", "image/svg+xml"),
        ("document", "text/plain; charset=utf-8"),
        ("iframe", "text/plain; charset=utf-8"),
        ("empty", "text/plain; charset=utf-8"),
    ] {
        let answer = get(&house, &host, &path, &format!("sec-fetch-dest: {dest}\r\n")).await;
        assert_eq!(answer.header("content-type").as_deref(), Some(media), "{dest}");
    }
    assert_eq!(
        get(&house, &host, &path, "").await.header("content-type").as_deref(),
        Some("text/plain; charset=utf-8")
    );
}

#[tokio::test]
async fn a_file_is_never_a_script_a_style_or_a_worker() {
    let house = House::start(&[("a.js", b"alert(1)")]).await;
    let (_, host, path) = house.view("a.js", "inline").await;
    for dest in [
        "script",
        "style",
        "worker",
        "sharedworker",
        "serviceworker",
        "object",
        "embed",
        "font",
        "manifest",
        "xslt",
    ] {
        assert_eq!(
            get(&house, &host, &path, &format!("sec-fetch-dest: {dest}\r\n")).await.status,
            403,
            "{dest}"
        );
    }
    assert_eq!(get(&house, &host, &path, "service-worker: script\r\n").await.status, 403);
}

#[tokio::test]
async fn a_content_origin_serves_its_one_file_only() {
    let house = House::start(&[("a.txt", b"a"), ("b.txt", b"b")]).await;
    let (_, host_a, path_a) = house.view("a.txt", "inline").await;
    let (_, host_b, path_b) = house.view("b.txt", "inline").await;
    for (host, path) in [
        (&host_a, path_b.as_str()),
        (&host_b, path_a.as_str()),
        (&host_a, "/"),
        (&host_a, "/api/events"),
        (&host_a, "/api/openapi.json"),
        (&host_a, "/index.html"),
        (&host_a, &path_a.replace("a.txt", "b.txt")),
        (&host_a, &format!("{path_a}/x")),
        (&house.own_host(), path_a.as_str()),
    ] {
        let answer = get(&house, host, path, &house.good()).await;
        assert_eq!(answer.status, 404, "{host} {path}");
    }
    let post = house.raw(&request("POST", "/api/people.webs", &host_a, &house.good(), "{}")).await;
    assert_eq!(post.status, 405);
}

#[tokio::test]
async fn ranges_come_as_players_ask_for_them() {
    let bytes: Vec<u8> = (0..=255).cycle().take(10_000).collect();
    let house = House::start(&[("a.mp4", &bytes)]).await;
    let (view, host, path) = house.view("a.mp4", "inline").await;
    assert_eq!((view["show"].as_str(), view["size"].as_u64()), (Some("video"), Some(10_000)));
    let whole = get(&house, &host, &path, "").await;
    let tag = whole.header("etag").unwrap();
    assert_eq!((whole.status, whole.header("accept-ranges").as_deref()), (200, Some("bytes")));
    assert_eq!(whole.body, bytes);
    let check = async |lines: String, status: u16, range: Option<&str>, body: &[u8]| {
        let answer = get(&house, &host, &path, &lines).await;
        assert_eq!((answer.status, answer.header("content-range").as_deref()), (status, range), "{lines}");
        assert_eq!(answer.body, body, "{lines}");
    };
    check("range: bytes=100-199\r\n".into(), 206, Some("bytes 100-199/10000"), &bytes[100..200]).await;
    check("range: bytes=9000-\r\n".into(), 206, Some("bytes 9000-9999/10000"), &bytes[9000..]).await;
    check("range: bytes=-5\r\n".into(), 206, Some("bytes 9995-9999/10000"), &bytes[9995..]).await;
    check("range: bytes=10000-\r\n".into(), 416, Some("bytes */10000"), b"").await;
    check(format!("range: bytes=0-0\r\nif-range: {tag}\r\n"), 206, Some("bytes 0-0/10000"), &bytes[..1])
        .await;
    check("range: bytes=0-0\r\nif-range: \"other\"\r\n".into(), 200, None, &bytes).await;
    check(format!("if-none-match: {tag}\r\n"), 304, None, b"").await;
    let head = house.raw(&request("HEAD", &path, &host, "range: bytes=1-2\r\n", "")).await;
    assert_eq!((head.status, head.header("content-length").as_deref(), head.body.len()), (206, Some("2"), 0));
}

#[tokio::test]
async fn saving_gives_the_name_and_no_type() {
    let hostile = "in\"vo\r\nice\u{202e}fdp.html";
    let house = House::start(&[(hostile, EVIL), ("empty.txt", b"")]).await;
    let (view, host, path) = house.view(hostile, "attachment").await;
    assert_eq!(view["show"], "none");
    let answer = get(&house, &host, &path, "").await;
    assert_eq!(answer.header("content-type").as_deref(), Some("application/octet-stream"));
    assert_eq!(
        answer.header("content-disposition").as_deref(),
        Some("attachment; filename=\"in_vo__ice_fdp.html\"; filename*=UTF-8''in%22vo__ice_fdp.html")
    );
    let (_, host, path) = house.view("empty.txt", "attachment").await;
    assert_eq!(get(&house, &host, &path, "").await.header("content-length").as_deref(), Some("0"));
}

#[tokio::test]
async fn markdown_is_rendered_without_anything_that_acts() {
    let house = House::start(&[("a.md", b"# Hi\n\n<script>1</script>\n\n![x](http://evil.com/x.png)")]).await;
    let (view, host, path) = house.view("a.md", "inline").await;
    assert_eq!(view["show"], "markdown");
    let answer = get(&house, &host, &path, "sec-fetch-dest: iframe\r\n").await;
    let policy = answer.header("content-security-policy").unwrap();
    assert!(
        policy.starts_with("sandbox allow-popups")
            && !policy.contains("allow-scripts")
            && policy.contains("img-src data:")
    );
    assert!(answer.text().contains("<h1>Hi</h1>") && !answer.text().contains("<script>"));
}

#[tokio::test]
async fn a_file_that_cannot_come_says_why_before_it_is_shown() {
    let house = House::start(&[("away.txt", b"x")]).await;
    let answer = house.post("/view", &json!({"path": "away.txt"})).await;
    assert_eq!((answer.status, answer.code().as_str()), (503, "files.nobody-here"));
}

#[tokio::test]
async fn a_pdf_is_not_sandboxed_because_its_viewer_is() {
    let house = House::start(&[("a.pdf", b"%PDF-1.4")]).await;
    let (view, host, path) = house.view("a.pdf", "inline").await;
    assert_eq!(view["show"], "pdf");
    let answer = get(&house, &host, &path, "sec-fetch-dest: iframe\r\n").await;
    assert_eq!(answer.header("content-type").as_deref(), Some("application/pdf"));
    let policy = answer.header("content-security-policy").unwrap();
    assert!(
        policy.starts_with("default-src 'none'") && !policy.contains("sandbox") && !policy.contains("script"),
        "{policy}"
    );
}

#[tokio::test]
async fn a_part_of_a_mail_is_only_ever_saved_under_a_harmless_name() {
    for name in ["evil.html", "evil.svg", "a.png", "../../x", "a\u{202e}fdp.exe", "<script>.html"] {
        let house = House::start(&[(name, EVIL)]).await;
        let answer = house.post("/part", &json!({"message": name, "part": 2})).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let url = answer.json()["url"].as_str().unwrap().strip_prefix("http://").unwrap().to_owned();
        let (host, path) = url.split_once('/').unwrap();
        for dest in ["document", "iframe", "image", "empty"] {
            let found = get(&house, host, &format!("/{path}"), &format!("sec-fetch-dest: {dest}\r\n")).await;
            assert_eq!(found.body, EVIL, "{name}");
            assert_eq!(found.header("content-type").as_deref(), Some("application/octet-stream"));
            assert_eq!(found.header("x-content-type-options").as_deref(), Some("nosniff"));
            assert!(
                found.header("content-security-policy").unwrap().starts_with("sandbox; default-src 'none'")
            );
            let disposition = found.header("content-disposition").unwrap();
            assert!(disposition.starts_with("attachment; filename=\""), "{disposition}");
            assert!(!disposition.contains(['/', '\\']) && disposition.is_ascii(), "{disposition}");
            assert!(!disposition.contains("%E2%80%AE"), "{disposition}");
        }
        let part = get(&house, host, &format!("/{path}"), "range: bytes=1-6\r\n").await;
        assert_eq!((part.status, part.body.as_slice()), (206, b"script".as_slice()));
    }
    let house = House::start(&[]).await;
    assert_eq!(house.post("/part", &json!({"message": "x", "part": 1})).await.code(), "mail.no-such-part");
}

#[tokio::test]
async fn bytes_for_a_mail_are_taken_from_the_page_only_and_declared_as_such() {
    let house = House::start(&[]).await;
    let bytes = "x".repeat(300_000);
    let good = house.good().replace("application/json", "application/octet-stream");
    let answer = house.raw(&request("POST", "/attachment", &house.own_host(), &good, &bytes)).await;
    assert_eq!((answer.status, answer.json()["size"].as_u64()), (200, Some(300_000)), "{}", answer.text());
    let check = async |lines: &str, code: &str| {
        let answer = house.raw(&request("POST", "/attachment", &house.own_host(), lines, "x")).await;
        assert_eq!(answer.code(), code);
    };
    check(&house.good(), "gateways.not-bytes").await;
    check(&good.replace("same-origin", "cross-site"), "gateways.cross-site").await;
    check(&good.replace("x-althing: 1\r\n", ""), "gateways.no-marker").await;
    check(&good.replace("Bearer ", "Bearer x"), "gateways.unknown-token").await;
}
