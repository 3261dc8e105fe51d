//! Members' sites: who may read them, what they may do, and what a browser gets.

use crate::house::{Answer, House, LABEL, OWN, VISIT, request};
use serde_json::json;

const PAGE: &[u8] = b"<!doctype html><title>Hi</title><p>Hello";

async fn get(house: &House, path: &str, lines: &str) -> Answer {
    house.raw(&request("GET", path, &house.site_host(LABEL), lines, "")).await
}

fn visit(cookie: &str) -> String {
    format!("{VISIT}{cookie}")
}

fn own(cookie: &str) -> String {
    format!("{OWN}{cookie}")
}

#[tokio::test]
async fn a_visit_leads_over_the_page_to_the_site() {
    let house = House::with_site(&[("index.html", PAGE), ("a b/c.txt", b"text")]).await;
    let first = get(&house, "/a%20b/c.txt?x=1", &visit("")).await;
    assert_eq!((first.status, first.body.len()), (303, 0));
    let page = format!("http://althing.localhost:{}/#/site/{LABEL}/a%2520b/c.txt%3Fx%3D1", house.port);
    assert_eq!(first.header("location"), Some(page));
    assert_eq!(
        first.header("clear-site-data"),
        None,
        "a restarted peer must not clear what a site has stored"
    );
    // The page decodes the rest of its address once and asks.
    let (host, path) = house.site_url(LABEL, "a%20b/c.txt?x=1").await;
    assert_eq!(host, house.site_host(LABEL));
    let entered = house.raw(&request("GET", &path, &host, VISIT, "")).await;
    assert_eq!((entered.status, entered.header("location").as_deref()), (303, Some("/a%20b/c.txt?x=1")));
    assert_eq!(entered.header("cache-control").as_deref(), Some("no-store"));
    let cookie = entered.header("set-cookie").unwrap();
    let (pair, rest) = cookie.split_once("; ").unwrap();
    assert!(pair.strip_prefix("althing-site=").unwrap().len() > 50, "{cookie}");
    // Lax: a strict one would not come with the request after this redirect, whose chain began on another site.
    assert_eq!(rest, "Path=/; Max-Age=604800; HttpOnly; SameSite=Lax");
    let third = get(&house, "/a%20b/c.txt?x=1", &visit(&format!("cookie: {pair}\r\n"))).await;
    assert_eq!((third.status, third.text().as_str()), (200, "text"));
}

#[tokio::test]
async fn a_browser_without_cookies_is_told_so_and_not_sent_in_circles() {
    let house = House::with_site(&[("index.html", PAGE)]).await;
    assert_eq!(get(&house, "/", &visit("")).await.status, 303);
    house.enter(LABEL).await;
    let lost = get(&house, "/", &visit("")).await;
    assert!(lost.status == 403 && lost.text().contains("gateways.cookie-lost"), "{}", lost.text());
    let typed = "sec-fetch-site: none\r\nsec-fetch-mode: navigate\r\nsec-fetch-dest: document\r\n";
    assert_eq!(get(&house, "/", typed).await.status, 303, "another browser, by itself");
}

#[tokio::test]
async fn nobody_without_the_cookie_learns_anything() {
    let house = House::with_site(&[("index.html", PAGE)]).await;
    let reads = || house.host.reads.load(std::sync::atomic::Ordering::Relaxed);
    let before = reads();
    for cookie in ["", "cookie: althing-site=\r\n", "cookie: althing-site=guess\r\n", "cookie: other=1\r\n"] {
        for path in ["/", "/index.html", "/none", "/.althing/live", "/.althing/ledger", "/.althing/live.js"] {
            for label in [LABEL, "none--such--site"] {
                let host = house.site_host(label);
                let answer = house.raw(&request("GET", path, &host, &own(cookie), "")).await;
                assert_eq!(answer.status, 401, "{path} {cookie}");
                assert!(!answer.text().contains("Hello"));
                let visited = house.raw(&request("GET", path, &host, &visit(cookie), "")).await;
                assert_eq!(visited.status, 303, "{path} {cookie}");
                let plain = house.raw(&request("GET", path, &host, cookie, "")).await;
                assert_eq!(plain.status, 401, "a program");
                let post = house.raw(&request("POST", path, &host, &own(cookie), "{}")).await;
                assert_eq!(post.status, 401);
            }
        }
    }
    assert_eq!(reads(), before, "nothing is looked up");
}

#[tokio::test]
async fn a_code_is_good_once_and_a_cookie_for_its_own_label_only() {
    let house = House::with_site(&[("index.html", PAGE)]).await;
    house.host.put("plans--bob--family/index.html", PAGE);
    let (host, path) = house.site_url(LABEL, "").await;
    let other = house.site_host("plans--bob--family");
    // Neither a look ahead nor a script uses the code up.
    for lines in [format!("{VISIT}sec-purpose: prefetch\r\n"), OWN.to_owned()] {
        assert_eq!(house.raw(&request("GET", &path, &host, &lines, "")).await.status, 403, "{lines}");
    }
    assert_eq!(house.raw(&request("HEAD", &path, &host, "", "")).await.status, 405);
    let good = house.raw(&request("GET", &path, &host, VISIT, "")).await;
    assert_eq!(good.status, 303);
    for host in [&host, &other] {
        let again = house.raw(&request("GET", &path, host, VISIT, "")).await;
        assert_eq!((again.status, again.header("set-cookie")), (401, None), "{host}");
    }
    let (_, path) = house.site_url(LABEL, "").await;
    let elsewhere = house.raw(&request("GET", &path, &other, VISIT, "")).await;
    assert_eq!((elsewhere.status, elsewhere.header("set-cookie")), (401, None));
    let cookie = house.enter(LABEL).await;
    assert_eq!(get(&house, "/", &visit(&cookie)).await.status, 200);
    assert_eq!(house.raw(&request("GET", "/", &other, &visit(&cookie), "")).await.status, 303);
    assert_eq!(house.raw(&request("GET", "/", &other, &own(&cookie), "")).await.status, 401);
    let old = house.site_host(&format!("{LABEL}--18f2a"));
    assert_eq!(house.raw(&request("GET", "/", &old, &own(&cookie), "")).await.status, 401);
}

#[tokio::test]
async fn a_path_behind_a_code_stays_on_the_site() {
    let house = House::with_site(&[("index.html", PAGE)]).await;
    for path in ["//evil.com", "/\\evil.com", "http://evil.com", "a\nb", "..", ".althing/enter/x"] {
        let answer = house.post("/site", &json!({"label": LABEL, "path": path})).await;
        assert_eq!((answer.status, answer.code().as_str()), (400, "gateways.bad-site-path"), "{path}");
    }
    let (host, path) = house.site_url(LABEL, "").await;
    for tail in ["/evil.com", "%0d%0aset-cookie:x", "%5cevil.com"] {
        let answer = house.raw(&request("GET", &format!("{path}{tail}"), &host, VISIT, "")).await;
        let location = answer.header("location").unwrap_or_default();
        assert!(
            !location.starts_with("//") && !location.contains("://") && !location.contains('\\'),
            "{location}"
        );
    }
    for label in ["", "notes", "evil.com", "notes--alice--family.localhost", "NOTES--a--b", "view--a--b"] {
        assert_eq!(house.post("/site", &json!({"label": label})).await.status, 404, "{label}");
    }
}

#[tokio::test]
async fn another_sites_page_can_only_lead_here() {
    let house = House::with_site(&[("index.html", PAGE), ("a.js", b"1")]).await;
    let cookie = house.enter(LABEL).await;
    let check = async |lines: &str, status: u16| {
        let answer = get(&house, "/a.js", &format!("{lines}{cookie}")).await;
        assert_eq!(answer.status, status, "{lines}");
        assert_eq!(answer.header("access-control-allow-origin"), None);
    };
    check(VISIT, 200).await;
    check(OWN, 200).await;
    check("sec-fetch-site: none\r\nsec-fetch-mode: navigate\r\nsec-fetch-dest: document\r\n", 200).await;
    for site in ["cross-site", "same-site"] {
        for (mode, dest) in [
            ("no-cors", "script"),
            ("no-cors", "image"),
            ("cors", "empty"),
            ("navigate", "iframe"),
            ("navigate", "object"),
        ] {
            check(
                &format!("sec-fetch-site: {site}\r\nsec-fetch-mode: {mode}\r\nsec-fetch-dest: {dest}\r\n"),
                403,
            )
            .await;
        }
    }
    check("origin: http://evil.com\r\n", 403).await;
    check("origin: null\r\n", 403).await;
    check("origin: http://evil.com\r\naccept: text/html\r\n", 403).await;
    for dest in ["iframe", "frame", "embed", "object", "worker", "sharedworker", "serviceworker"] {
        check(&format!("sec-fetch-site: same-origin\r\nsec-fetch-dest: {dest}\r\n"), 403).await;
    }
    check("service-worker: script\r\nsec-fetch-site: same-origin\r\n", 403).await;
    for method in ["POST", "PUT", "DELETE", "OPTIONS"] {
        let host = house.site_host(LABEL);
        let answer = house.raw(&request(method, "/a.js", &host, &own(&cookie), "")).await;
        assert_eq!(answer.status, 405, "{method}");
        let from_afar = house.raw(&request(method, "/a.js", &host, &visit(&cookie), "")).await;
        assert_eq!(from_afar.status, 403, "{method}");
    }
}

#[tokio::test]
async fn every_answer_carries_the_policy() {
    let house = House::with_site(&[("index.html", PAGE)]).await;
    let cookie = house.enter(LABEL).await;
    let answers = [
        get(&house, "/", &visit(&cookie)).await,
        get(&house, "/", &visit("")).await,
        get(&house, "/", "").await,
        get(&house, "/none", &visit(&cookie)).await,
        get(&house, "/%2e%2e/", &visit(&cookie)).await,
        get(&house, "/.althing/enter/x/", VISIT).await,
        get(&house, "/", "service-worker: script\r\n").await,
        get(&house, "/.althing/ledger?x=1", &own(&cookie)).await,
    ];
    for answer in answers {
        let policy = answer.header("content-security-policy").unwrap();
        for part in [
            "default-src 'self'",
            "frame-ancestors 'none'",
            "worker-src 'none'",
            "object-src 'none'",
            "base-uri 'none'",
        ] {
            assert!(policy.contains(part), "{policy}");
        }
        assert!(!policy.contains("unsafe-eval") || policy.contains("'wasm-unsafe-eval'"));
        let is = |name: &str, value: &str| {
            assert_eq!(answer.header(name).as_deref(), Some(value), "{}", answer.head);
        };
        is("x-content-type-options", "nosniff");
        is("referrer-policy", "no-referrer");
        is("cross-origin-resource-policy", "same-origin");
        is("cross-origin-opener-policy", "same-origin");
        assert!(!answer.header("cache-control").unwrap().contains("public"));
        assert_eq!(answer.header("access-control-allow-origin"), None);
    }
}

#[tokio::test]
async fn paths_lead_to_files_of_the_site_only() {
    let house = House::with_site(&[("index.html", PAGE), ("docs/a.txt", b"a"), ("q?#.txt", b"q")]).await;
    house.host.put("secret--bob--family/key.txt", b"key");
    let cookie = house.enter(LABEL).await;
    for path in [
        "/../secret--bob--family/key.txt",
        "/%2e%2e/secret--bob--family/key.txt",
        "/..%2fsecret--bob--family%2fkey.txt",
        "/docs/../../secret--bob--family/key.txt",
        "/docs%2fa.txt",
        "/docs//a.txt",
        "//docs/a.txt",
        "/docs/./a.txt",
        "/docs/a.txt%00",
        "/docs%5ca.txt",
        "/%",
        "/%zz",
        "/%ff",
        "/.althing",
        "/.althing/none",
        "/docs/a.txt/",
        "/none",
    ] {
        let answer = get(&house, path, &visit(&cookie)).await;
        assert!([400, 404].contains(&answer.status), "{path}: {}", answer.head);
        assert!(!answer.text().contains("key") || answer.text().contains("key.txt"), "{path}");
        assert_eq!(answer.header("content-type").as_deref(), Some("text/html; charset=utf-8"), "{path}");
    }
    assert_eq!(get(&house, "/docs/a.txt", &own(&cookie)).await.text(), "a");
    assert_eq!(get(&house, "/q%3F%23.txt", &own(&cookie)).await.text(), "q");
    let redirect = get(&house, "/docs?x=1", &visit(&cookie)).await;
    assert_eq!((redirect.status, redirect.header("location").as_deref()), (303, Some("/docs/?x=1")));
}

#[tokio::test]
async fn a_folder_shows_its_index_or_its_names_as_text() {
    let house = House::with_site(&[
        ("index.html", PAGE),
        ("md/index.md", b"# In Markdown"),
        ("readme/README.md", b"# Read me"),
        ("list/<img src=x onerror=alert(1)>", b"x"),
        ("list/javascript:alert(1)", b"x"),
        ("list/\"'&.txt", b"x"),
        ("list/turn\u{202e}gnp.exe", b"x"),
        ("list/sub/x", b"x"),
    ])
    .await;
    let cookie = house.enter(LABEL).await;
    assert!(
        get(&house, "/", &visit(&cookie))
            .await
            .text()
            .starts_with("<!doctype html><title>Hi</title><p>Hello<script src")
    );
    assert!(get(&house, "/md/", &visit(&cookie)).await.text().contains("<h1 id=\"in-markdown\">In Markdown"));
    assert!(get(&house, "/readme/", &visit(&cookie)).await.text().contains("<title>Read me · notes</title>"));
    let list = get(&house, "/list/", &visit(&cookie)).await.text();
    for bad in ["<img", "href=\"javascript", "href=\"./javascript:alert", "\u{202e}", "\"'&.txt"] {
        assert!(!list.contains(bad), "{bad} in {list}");
    }
    assert!(
        list.contains("&lt;img src=x onerror=alert(1)&gt;") && list.contains("href=\"./sub/\""),
        "{list}"
    );
    assert!(list.contains("href=\"./javascript%3Aalert%281%29\""), "{list}");
}

#[tokio::test]
async fn markdown_is_a_page_with_what_is_beside_it() {
    let text =
        b"# Plan\n\n[next](next.md) [out](althing:web1/x) [bad](javascript:alert(1)) <script>1</script>";
    let house = House::with_site(&[
        ("docs/plan.md", text),
        ("docs/next.md", b"x"),
        ("docs/index.md", b"x"),
        ("docs/sub/a", b"x"),
    ])
    .await;
    let cookie = house.enter(LABEL).await;
    let page = get(&house, "/docs/plan.md", &visit(&cookie)).await;
    assert_eq!(page.header("content-type").as_deref(), Some("text/html; charset=utf-8"));
    let html = page.text();
    for part in [
        "<title>Plan · notes</title>",
        "href=\"next.md\"",
        &format!("href=\"http://althing.localhost:{}/go/web1/x\"", house.port),
        "<a href=\"/docs/plan.md\" aria-current=\"page\">plan</a>",
        "<a href=\"/docs/sub/\">sub/</a>",
        "<script src=\"/.althing/live.js\" defer></script>",
    ] {
        assert!(html.contains(part), "{part} in {html}");
    }
    assert!(html.find("/docs/index.md").unwrap() < html.find("/docs/next.md").unwrap(), "the index first");
    assert!(!html.contains("javascript:alert") && !html.contains("<script>1"), "{html}");
    for (path, lines) in [("/docs/plan.md?raw", visit(&cookie)), ("/docs/plan.md", own(&cookie))] {
        let raw = get(&house, path, &lines).await;
        assert_eq!(raw.header("content-type").as_deref(), Some("text/plain; charset=utf-8"));
        assert_eq!(raw.body, text);
    }
    let style = get(&house, "/.althing/page.css", &own(&cookie)).await;
    assert_eq!(
        (style.status, style.header("content-type").as_deref()),
        (200, Some("text/css; charset=utf-8"))
    );
}

#[tokio::test]
async fn what_the_browser_has_is_not_sent_again() {
    let large = vec![b'x'; 400_000];
    let house =
        House::with_site(&[("index.html", PAGE), ("a.css", b"a{}"), ("large.bin", &large), ("a.md", b"# A")])
            .await;
    let cookie = house.enter(LABEL).await;
    for (path, lines) in [
        ("/", visit(&cookie)),
        ("/index.html", own(&cookie)),
        ("/a.css", own(&cookie)),
        ("/large.bin", own(&cookie)),
        ("/a.md", visit(&cookie)),
        ("/.althing/live.js", own(&cookie)),
    ] {
        let first = get(&house, path, &lines).await;
        let tag = first.header("etag").unwrap();
        assert_eq!(
            (first.status, first.header("cache-control").as_deref()),
            (200, Some("private, no-cache")),
            "{path}"
        );
        assert_eq!(first.header("content-length"), Some(first.body.len().to_string()), "{path}");
        let again = get(&house, path, &format!("{lines}if-none-match: {tag}\r\n")).await;
        assert_eq!((again.status, again.body.len(), again.header("etag")), (304, 0, Some(tag)), "{path}");
        let head = house.raw(&request("HEAD", path, &house.site_host(LABEL), &own(&cookie), "")).await;
        assert_eq!((head.status, head.body.len()), (200, 0), "{path}");
    }
    let tag = get(&house, "/", &visit(&cookie)).await.header("etag");
    assert_ne!(tag, get(&house, "/", &own(&cookie)).await.header("etag"), "with and without news differ");
}

#[tokio::test]
async fn media_come_by_ranges_from_memory_and_from_the_host() {
    for size in [10_000, 300_000] {
        let bytes: Vec<u8> = (0..=255).cycle().take(size).collect();
        let house = House::with_site(&[("a.mp4", &bytes)]).await;
        let cookie = house.enter(LABEL).await;
        for _ in 0..2 {
            let part = get(&house, "/a.mp4", &format!("{}range: bytes=100-199\r\n", own(&cookie))).await;
            assert_eq!(
                (part.status, part.header("content-range")),
                (206, Some(format!("bytes 100-199/{size}")))
            );
            assert_eq!(part.body, &bytes[100..200]);
            let end = get(&house, "/a.mp4", &format!("{}range: bytes=-5\r\n", own(&cookie))).await;
            assert_eq!(end.body, &bytes[size - 5..]);
            let outside = get(&house, "/a.mp4", &format!("{}range: bytes={size}-\r\n", own(&cookie))).await;
            assert_eq!((outside.status, outside.body.len()), (416, 0));
            assert_eq!(get(&house, "/a.mp4", &own(&cookie)).await.body, bytes);
        }
    }
}

#[tokio::test]
async fn what_is_not_here_is_said_in_words() {
    let house = House::with_site(&[("away.html", PAGE), ("unread.html", PAGE), ("index.html", PAGE)]).await;
    let cookie = house.enter(LABEL).await;
    let away = get(&house, "/away.html", &visit(&cookie)).await;
    assert_eq!(
        (away.status, away.header("content-type").as_deref()),
        (503, Some("text/html; charset=utf-8"))
    );
    assert!(away.text().contains("nobody who has it is here") && away.text().contains("files.nobody-here"));
    let fetched = get(&house, "/away.html", &own(&cookie)).await;
    assert_eq!(
        (fetched.status, fetched.header("content-type").as_deref()),
        (503, Some("text/plain; charset=utf-8"))
    );
    assert_eq!(get(&house, "/unread.html", &own(&cookie)).await.body, PAGE, "opened by its path");
    let missing = get(&house, "/%3Cb%3Enone%3C%2Fb%3E", &visit(&cookie)).await;
    assert_eq!(missing.status, 400);
    let missing = get(&house, "/%3Cb%3Enone", &visit(&cookie)).await;
    assert!(
        missing.status == 404 && missing.text().contains("&lt;b&gt;none") && !missing.text().contains("<b>")
    );
    let asked = house.host.asked.lock().unwrap();
    let opened: Vec<&str> = asked
        .iter()
        .filter(|(operation, ..)| operation == "files.open")
        .map(|(_, about, _)| about["path"].as_str().unwrap())
        .collect();
    assert!(opened.iter().all(|path| path.contains("away") || path.contains("unread")), "{opened:?}");
}

#[tokio::test]
async fn a_site_that_is_gone_is_forgotten_by_the_browser() {
    let house = House::with_site(&[("index.html", PAGE)]).await;
    let cookie = house.enter(LABEL).await;
    assert_eq!(get(&house, "/", &visit(&cookie)).await.status, 200);
    house.host.sites.lock().unwrap().clear();
    house.host.removed.lock().unwrap().push(LABEL.to_owned());
    assert_eq!(
        get(&house, "/", &visit(&cookie)).await.status,
        200,
        "as long as nothing is known to have happened"
    );
    house.host.happen("pages.unpublished");
    let is_cleared = |answer: &Answer, status: u16| {
        assert_eq!(answer.status, status, "{}", answer.head);
        assert_eq!(answer.header("clear-site-data").as_deref(), Some("\"cache\", \"cookies\", \"storage\""));
        assert!(answer.header("set-cookie").unwrap().contains("Max-Age=0"), "{}", answer.head);
    };
    is_cleared(&get(&house, "/", &visit(&cookie)).await, 410);
    assert_eq!(get(&house, "/", &visit(&cookie)).await.status, 303, "its cookie is forgotten here, too");
    // Who comes over the page hears the same.
    let (host, path) = house.site_url(LABEL, "").await;
    is_cleared(&house.raw(&request("GET", &path, &host, VISIT, "")).await, 410);
    let (host, path) = house.site_url("none--such--site", "").await;
    is_cleared(&house.raw(&request("GET", &path, &host, VISIT, "")).await, 404);
}

#[tokio::test]
async fn an_old_version_is_a_site_of_its_own() {
    let house = House::with_site(&[("index.html", PAGE)]).await;
    let label = format!("{LABEL}--18f2a");
    house.host.put(&format!("{label}/index.html"), b"<p>old");
    let cookie = house.enter(&label).await;
    let old = house.raw(&request("GET", "/", &house.site_host(&label), &visit(&cookie), "")).await;
    assert!(old.status == 200 && old.text().starts_with("<p>old"));
    assert_eq!(get(&house, "/", &visit(&cookie)).await.status, 303);
}

#[tokio::test]
async fn memory_is_asked_until_something_happens() {
    let house = House::with_site(&[("index.html", b"one"), ("a.md", b"# One")]).await;
    let cookie = house.enter(LABEL).await;
    let reads = || house.host.reads.load(std::sync::atomic::Ordering::Relaxed);
    let text = async |path: &str| get(&house, path, &visit(&cookie)).await.text();
    assert!(text("/").await.starts_with("one") && text("/a.md").await.contains("One"));
    let before = reads();
    for _ in 0..5 {
        assert!(text("/").await.starts_with("one") && text("/a.md").await.contains("One"));
    }
    assert_eq!(reads(), before);
    house.host.happen("files.transfer");
    house.host.happen("search.indexed");
    house.host.happen_about("files.changed", json!({"share": "family/bob/other", "entries": 1, "paths": []}));
    assert!(text("/").await.starts_with("one"));
    assert!(reads() <= before + 1, "files of others are no reason to read again");
    house.host.put(&format!("{LABEL}/index.html"), b"two");
    assert!(text("/").await.starts_with("two"));
    house.host.put(&format!("{LABEL}/a.md"), b"# Two");
    assert!(text("/a.md").await.contains("Two"));
    house.host.sites.lock().unwrap().insert(format!("{LABEL}/index.html"), b"three".to_vec());
    for _ in 0..300 {
        house.host.happen("talk.said");
    }
    assert!(text("/").await.starts_with("three"), "after too many events nothing is trusted");
    for kind in ["people.changed", "pages.published", "guard.held", "records.removed"] {
        let before = reads();
        house.host.happen(kind);
        text("/").await;
        assert!(reads() > before + 1, "{kind}");
    }
}

#[tokio::test]
async fn the_port_is_a_proxy_for_our_own_names_only() {
    let house = House::with_site(&[("index.html", PAGE)]).await;
    let cookie = house.enter(LABEL).await;
    for host in [house.site_host(LABEL), format!("{LABEL}.localhost")] {
        let target = format!("http://{host}/index.html");
        let answer = house.raw(&request("GET", &target, &host, &visit(&cookie), "")).await;
        assert_eq!(answer.status, 200, "{target}: {}", answer.head);
        let (target, host) = (target.replace("notes", "plans"), host.replace("notes", "plans"));
        let bare = house.raw(&request("GET", &target, &host, VISIT, "")).await;
        assert_eq!(bare.status, 303, "{target}");
    }
    let control = house.raw(&request("GET", "http://althing.localhost/", "althing.localhost", "", "")).await;
    assert_eq!(control.status, 200);
    for target in
        ["http://evil.com/", "http://127.0.0.1:1/", "http://localhost/", "https://althing.localhost/"]
    {
        let host = target.split('/').nth(2).unwrap();
        for method in ["GET", "POST"] {
            assert_eq!(house.raw(&request(method, target, host, "", "")).await.status, 421, "{target}");
        }
    }
    for target in ["evil.com:443", &house.site_host(LABEL), &house.own_host()] {
        let answer = house.raw(&request("CONNECT", target, target, "", "")).await;
        assert_eq!(answer.status, 421, "{target}: {}", answer.head);
    }
    let script = house.raw(&request("GET", "/proxy.pac", &house.own_host(), "", "")).await;
    assert_eq!(script.header("content-type").as_deref(), Some("application/x-ns-proxy-autoconfig"));
    assert!(script.text().contains(&format!("PROXY 127.0.0.1:{}", house.port)));
    assert_eq!(get(&house, "/proxy.pac", &visit(&cookie)).await.status, 404, "not on a site");
}

#[tokio::test]
async fn a_link_opens_a_site_from_the_command_line() {
    let house = House::with_site(&[("index.html", PAGE)]).await;
    let ask = async |site: &str| {
        let body = json!({ "site": site }).to_string();
        house
            .socket(&request(
                "POST",
                "/api/host.open_site",
                "althing",
                "content-type: application/json\r\n",
                &body,
            ))
            .await
    };
    for site in [LABEL, "family/alice/notes", "notes"] {
        let link = ask(site).await.json()["link"].as_str().unwrap().to_owned();
        let path = link.strip_prefix(&format!("http://{}", house.site_host(LABEL))).unwrap().to_owned();
        let entered = get(&house, &path, VISIT).await;
        assert_eq!((entered.status, entered.header("location").as_deref()), (303, Some("/")), "{site}");
    }
    assert_eq!(ask("plans").await.code(), "gateways.no-site");
    assert_eq!(ask("none--such--site").await.code(), "gateways.no-site");
    house.host.put("notes--bob--family/index.html", PAGE);
    assert_eq!(ask("notes").await.code(), "gateways.many-sites");
    let by_page = house.post("/api/host.open_site", &json!({"site": LABEL})).await;
    assert!(by_page.json()["link"].as_str().unwrap().contains("/.althing/enter/"));
}
