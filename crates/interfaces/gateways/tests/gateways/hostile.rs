//! What Mallory's page, Mallory's program and Mallory's file can't do.

use crate::house::{House, config, request};
use gateways::Gateways;
use serde_json::json;
use tokio::net::{TcpListener, TcpStream};

#[tokio::test]
async fn a_rebound_name_reaches_nothing() {
    let house = House::start(&[]).await;
    let port = house.port;
    for host in [
        String::new(),
        "evil.com".into(),
        format!("evil.com:{port}"),
        format!("127.0.0.1.evil.com:{port}"),
        format!("althing.localhost.:{port}"),
        format!("127.0.0.1:{port}."),
        format!("evil.localhost:{port}"),
        "127.0.0.1".into(),
        format!("127.0.0.1:{}", port.wrapping_add(1)),
    ] {
        for path in ["/", "/api/events", "/v/x/y", "/api/openapi.json"] {
            let answer = house.raw(&request("GET", path, &host, &house.good(), "")).await;
            let expected = if host.is_empty() { [400, 421] } else { [421, 421] };
            assert!(expected.contains(&answer.status), "{host:?} {path}: {}", answer.head);
        }
        let answer = house.raw(&request("POST", "/api/people.webs", &host, &house.good(), "{}")).await;
        assert_eq!(answer.status, 421, "{host:?}");
    }
    let good = house.post("/api/people.webs", &json!({})).await;
    assert_eq!((good.status, good.json()), (200, json!({"read": "people.webs"})));
}

#[tokio::test]
async fn another_site_can_ask_nothing_even_with_a_token() {
    let house = House::start(&[]).await;
    let (host, auth) = (
        house.own_host(),
        format!("authorization: Bearer {}\r\ncontent-type: application/json\r\n", house.token),
    );
    let check = async |lines: String, status: u16, code: &str| {
        for path in ["/api/people.webs", "/view", "/qr", "/session", "/session/end"] {
            let answer = house.raw(&request("POST", path, &host, &format!("{auth}{lines}"), "{}")).await;
            assert_eq!((answer.status, answer.code().as_str()), (status, code), "{path} {lines}");
            assert_eq!(answer.header("access-control-allow-origin"), None);
            assert_eq!(answer.header("set-cookie"), None);
        }
    };
    check("x-althing: 1\r\n".into(), 403, "gateways.cross-site").await;
    check("x-althing: 1\r\norigin: http://evil.com\r\n".into(), 403, "gateways.cross-site").await;
    check("x-althing: 1\r\norigin: null\r\n".into(), 403, "gateways.cross-site").await;
    check(
        format!("x-althing: 1\r\norigin: http://view--abcdefghabcdefgh.localhost:{}\r\n", house.port),
        403,
        "gateways.cross-site",
    )
    .await;
    check("x-althing: 1\r\nsec-fetch-site: same-site\r\n".into(), 403, "gateways.cross-site").await;
    check(
        format!("x-althing: 1\r\nsec-fetch-site: cross-site\r\norigin: http://{host}\r\n"),
        403,
        "gateways.cross-site",
    )
    .await;
    check("sec-fetch-site: same-origin\r\n".into(), 403, "gateways.no-marker").await;
    check("sec-fetch-site: same-origin\r\nx-althing: 2\r\n".into(), 403, "gateways.no-marker").await;
    let stream = house
        .raw(&request(
            "GET",
            "/api/events",
            &host,
            &format!("{auth}x-althing: 1\r\nsec-fetch-site: cross-site\r\n"),
            "",
        ))
        .await;
    assert_eq!(stream.status, 403);
    let preflight = house
        .raw(&request(
            "OPTIONS",
            "/api/people.webs",
            &host,
            "origin: http://evil.com\r\naccess-control-request-method: POST\r\n",
            "",
        ))
        .await;
    assert_eq!((preflight.status, preflight.header("access-control-allow-origin")), (403, None));
}

#[tokio::test]
async fn nobody_without_a_session_is_answered() {
    let house = House::start(&[]).await;
    let lines = "x-althing: 1\r\nsec-fetch-site: same-origin\r\ncontent-type: application/json\r\n";
    let check = async |auth: &str, code: &str| {
        for (method, path) in
            [("POST", "/api/people.webs"), ("POST", "/view"), ("POST", "/qr"), ("GET", "/api/events")]
        {
            let answer =
                house.raw(&request(method, path, &house.own_host(), &format!("{lines}{auth}"), "{}")).await;
            assert_eq!((answer.status, answer.code().as_str()), (401, code), "{path} {auth}");
        }
    };
    check("", "gateways.no-token").await;
    check(&format!("authorization: Basic {}\r\n", house.token), "gateways.no-token").await;
    check("authorization: Bearer \r\n", "gateways.no-token").await;
    check(&format!("cookie: token={}\r\n", house.token), "gateways.no-token").await;
    check(&format!("authorization: Bearer {}x\r\n", house.token), "gateways.unknown-token").await;
    assert_eq!(house.post("/session/end", &json!({})).await.status, 200);
    assert_eq!(house.post("/api/people.webs", &json!({})).await.code(), "gateways.unknown-token");
}

#[tokio::test]
async fn a_code_opens_one_session_and_guesses_are_slowed_down() {
    let house = House::start(&[]).await;
    let code = house.code();
    assert_eq!(house.session(&code).await.status, 200);
    assert_eq!(house.session(&code).await.code(), "gateways.wrong-code");
    let mut codes = Vec::new();
    for _ in 0..15 {
        codes.push(house.session("guess").await.code());
    }
    assert!(codes.contains(&"gateways.too-many-attempts".to_owned()), "{codes:?}");
    assert_eq!(house.post("/api/people.webs", &json!({})).await.status, 200, "who is in stays in");
}

#[tokio::test]
async fn bad_requests_get_faults_as_json() {
    let house = House::start(&[]).await;
    let check = async |path: &str, lines: String, body: &str, status: u16, code: &str| {
        let answer = house.raw(&request("POST", path, &house.own_host(), &lines, body)).await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (status, code),
            "{path} {}",
            &body[..body.len().min(40)]
        );
        assert_eq!(answer.header("content-type").as_deref(), Some("application/json"));
        assert!(!answer.json()["what"].as_str().unwrap().is_empty());
    };
    let good = house.good();
    let large = format!("{{\"web\": \"{}\"}}", "x".repeat(12 * 1024 * 1024 + 100));
    let deep = "[".repeat(100_000);
    check("/api/people.webs", good.clone(), "", 400, "gateways.not-json").await;
    check("/api/people.webs", good.clone(), "{", 400, "gateways.not-json").await;
    check("/api/people.webs", good.clone(), &deep, 400, "gateways.not-json").await;
    check("/api/people.webs", good.clone(), "[]", 400, "gateways.bad-arguments").await;
    check("/api/people.webs", good.clone(), "{\"x\": 1}", 400, "gateways.bad-arguments").await;
    check("/api/people.leave", good.clone(), "{}", 400, "gateways.bad-arguments").await;
    check("/api/people.leave", good.clone(), &large, 413, "gateways.too-large").await;
    check("/api/nothing.here", good.clone(), "{}", 404, "gateways.unknown-operation").await;
    check("/api/..%2f..%2fetc", good.clone(), "{}", 404, "gateways.unknown-operation").await;
    check(
        "/api/people.webs",
        good.replace("application/json", "text/plain"),
        "{}",
        415,
        "gateways.wrong-media-type",
    )
    .await;
    check(
        "/api/people.webs",
        format!("{good}idempotency-key: xyz\r\n"),
        "{}",
        400,
        "gateways.bad-operation-id",
    )
    .await;
    check("/api/people.start_web", good.clone(), "{\"name\": \"a\"}", 409, "people.no-name").await;
    check("/qr", good.clone(), "{\"text\": \"\"}", 400, "gateways.qr-text").await;
    check("/qr", good.clone(), &json!({"text": "x".repeat(2049)}).to_string(), 400, "gateways.qr-text").await;
    check("/view", good.clone(), "{\"path\": \"none\"}", 400, "files.no-such-path").await;
    let answer = house.raw(&request("DELETE", "/api/people.webs", &house.own_host(), &good, "")).await;
    assert_eq!((answer.status, answer.code().as_str()), (405, "gateways.wrong-method"));
}

#[tokio::test]
async fn asset_names_lead_nowhere_else() {
    let house = House::start(&[]).await;
    for path in [
        "/../Cargo.toml",
        "/..%2f..%2fCargo.toml",
        "/assets/../../Cargo.toml",
        "//etc/passwd.txt",
        "/%2e%2e/x.js",
        "/assets/\\..\\x.js",
    ] {
        let answer = house.raw(&request("GET", path, &house.own_host(), "", "")).await;
        assert!([400, 404].contains(&answer.status), "{path}: {}", answer.head);
    }
    let page = house.raw(&request("GET", "/", &house.own_host(), "", "")).await;
    assert_eq!((page.status, page.header("cache-control").as_deref()), (200, Some("no-store")));
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self'"), "{policy}");
    assert!(!policy.contains("unsafe") && policy.contains("frame-ancestors 'none'"), "{policy}");
    assert_eq!(page.header("x-frame-options").as_deref(), Some("DENY"));
}

#[tokio::test]
async fn a_taken_port_and_a_taken_socket_are_clear_faults() {
    let house = House::start(&[]).await;
    let other = tempfile::tempdir().unwrap();
    let mut settings = config(&other);
    settings.port = house.port;
    assert_eq!(Gateways::bind(&settings).await.unwrap_err().code, "gateways.port-taken");
    assert_eq!(Gateways::bind(&config(&house.home)).await.unwrap_err().code, "gateways.socket-taken");
    // Taken on one of the two addresses only: the page would share its name with another program.
    let six = TcpListener::bind("[::1]:0").await.unwrap();
    settings.port = six.local_addr().unwrap().port();
    assert_eq!(Gateways::bind(&settings).await.unwrap_err().code, "gateways.port-taken");
    settings.socket = other.path().join("long".repeat(30));
    settings.port = 0;
    assert_eq!(Gateways::bind(&settings).await.unwrap_err().code, "gateways.socket-path-too-long");
}

#[tokio::test]
async fn both_loopback_addresses_are_ours_and_no_other() {
    let house = House::start(&[]).await;
    assert!(TcpStream::connect(("::1", house.port)).await.is_ok());
    assert!(TcpStream::connect(("127.0.0.2", house.port)).await.is_err());
}
