//! What a site's scripts hear and do: news of changes, and the site's shared state.

use std::time::Duration;

use crate::house::{Answer, House, LABEL, OWN, SHARE, VISIT, request};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// Opens a stream of news.
async fn listen(house: &House, query: &str, lines: &str) -> TcpStream {
    let mut stream = TcpStream::connect(("127.0.0.1", house.port)).await.unwrap();
    let path = format!("/.althing/live{query}");
    stream.write_all(&request("GET", &path, &house.site_host(LABEL), lines, "")).await.unwrap();
    stream
}

async fn read_until(stream: &mut TcpStream, end: &str) -> String {
    let mut seen = Vec::new();
    let reading = async {
        while !String::from_utf8_lossy(&seen).contains(end) {
            let mut bytes = [0; 4096];
            let count = stream.read(&mut bytes).await.unwrap();
            assert!(count > 0, "ended before {end}: {}", String::from_utf8_lossy(&seen));
            seen.extend_from_slice(&bytes[..count]);
        }
    };
    tokio::time::timeout(Duration::from_secs(10), reading).await.expect("news in time");
    String::from_utf8_lossy(&seen).into_owned()
}

#[tokio::test]
async fn open_pages_hear_what_changed_below_their_site() {
    let house = House::with_site(&[("index.html", b"x")]).await;
    let cookie = house.enter(LABEL).await;
    let mut stream = listen(&house, "", &format!("{OWN}{cookie}")).await;
    let hello = read_until(&mut stream, "event: hello").await;
    assert!(hello.contains("text/event-stream") && hello.contains("frame-ancestors 'none'"), "{hello}");
    house.host.put("plans--bob--family/secret.txt", b"x");
    house.host.happen("talk.said");
    let bobs = json!({"share": "family/bob/all", "entries": 1, "paths": ["family/bob/all/a"]});
    house.host.happen_about("files.changed", bobs);
    house.host.put(&format!("{LABEL}/a/b.css"), b"x");
    let seen = read_until(&mut stream, "b.css").await;
    assert!(seen.contains("event: change\ndata: {\"path\":\"a/b.css\"}"), "{seen}");
    assert!(!seen.contains("secret") && !seen.contains("bob"), "{seen}");
    let many = json!({"share": SHARE, "entries": 900, "paths": [format!("{SHARE}/{LABEL}/one")]});
    house.host.happen_about("files.changed", many);
    let seen = read_until(&mut stream, "data: {}").await;
    assert!(seen.contains("{\"path\":\"one\"}"), "{seen}");
    house.host.happen_about("ledger.changed", json!({"web": "work"}));
    house.host.happen_about("ledger.changed", json!({"web": "family"}));
    let seen = read_until(&mut stream, "event: ledger").await;
    let last = house.host.log.lock().unwrap().last().unwrap().number;
    assert!(
        seen.contains(&format!("id: {last}\n")) && !seen.contains(&format!("id: {}\n", last - 1)),
        "{seen}"
    );
    let mut later = listen(&house, &format!("?after={}", last - 1), &format!("{OWN}{cookie}")).await;
    read_until(&mut later, "event: ledger").await;
}

#[tokio::test]
async fn news_are_for_the_sites_own_scripts() {
    let house = House::with_site(&[("index.html", b"x")]).await;
    let cookie = house.enter(LABEL).await;
    let check = async |lines: &str, status: u16| {
        let mut stream = listen(&house, "", lines).await;
        let seen = read_until(&mut stream, "\r\n").await;
        assert!(seen.starts_with(&format!("HTTP/1.1 {status} ")), "{lines}{seen}");
    };
    check(OWN, 401).await;
    check(&format!("{VISIT}{cookie}"), 403).await;
    check(&format!("sec-fetch-site: cross-site\r\nsec-fetch-mode: cors\r\n{cookie}"), 403).await;
    check(&format!("origin: http://evil.com\r\n{cookie}"), 403).await;
    let mut open = Vec::new();
    for _ in 0..64 {
        let mut stream = listen(&house, "", &format!("{OWN}{cookie}")).await;
        read_until(&mut stream, "event: hello").await;
        open.push(stream);
    }
    check(&format!("{OWN}{cookie}"), 429).await;
}

#[tokio::test]
async fn a_site_reads_and_writes_its_own_ledger_only() {
    let house = House::with_site(&[("index.html", b"x")]).await;
    let cookie = house.enter(LABEL).await;
    let get = async |path: &str| -> Answer {
        house.raw(&request("GET", path, &house.site_host(LABEL), &format!("{OWN}{cookie}"), "")).await
    };
    let post = async |path: &str, body: &serde_json::Value| -> Answer {
        let lines = format!("{OWN}{cookie}x-althing: 1\r\ncontent-type: application/json\r\n");
        house.raw(&request("POST", path, &house.site_host(LABEL), &lines, &body.to_string())).await
    };
    let read = get("/.althing/ledger?prefix=a%2F&limit=5").await;
    let expected = json!({"ledger": "family/alice/notes", "prefix": "a/", "limit": 5});
    assert_eq!((read.status, &read.json()["asked"]), (200, &expected));
    assert_eq!(get("/.althing/ledger?ledger=work/x").await.code(), "gateways.bad-arguments");
    let id = "0a".repeat(16);
    let wish = json!({"needs": [{"key": "a", "version": 0}], "puts": [{"key": "a", "value": "1"}], "id": id});
    assert_eq!(post("/.althing/ledger", &wish).await.status, 200);
    {
        let asked = house.host.asked.lock().unwrap();
        let (operation, about, _) = asked.last().unwrap();
        assert_eq!((operation.as_str(), &about["ledger"]), ("ledger.submit", &json!("family/alice/notes")));
        assert_eq!(
            (&about["puts"], &about["needs"], &about["id"]),
            (&wish["puts"], &wish["needs"], &json!(id))
        );
    }
    assert_eq!(
        post("/.althing/ledger", &json!({"ledger": "work/x", "puts": []})).await.code(),
        "gateways.bad-arguments"
    );
    // The small host says that a wish concerns the ledger its id names.
    assert_eq!(get("/.althing/ledger/wish?id=family/alice/notes").await.status, 200);
    assert_eq!(post("/.althing/ledger/give-up", &json!({"id": "family/alice/notes"})).await.status, 200);
    for other in ["family/plans", "work/notes", "family/bob/notes", ""] {
        assert_eq!(
            get(&format!("/.althing/ledger/wish?id={other}")).await.code(),
            "gateways.no-such-wish",
            "{other}"
        );
        assert_eq!(
            post("/.althing/ledger/give-up", &json!({"id": other})).await.code(),
            "gateways.no-such-wish"
        );
    }
    let given_up =
        house.host.asked.lock().unwrap().iter().filter(|(name, ..)| name == "ledger.give_up").count();
    assert_eq!(given_up, 1);
    let large = json!({"puts": [{"key": "a", "value": "x".repeat(300_000)}]});
    assert_eq!(post("/.althing/ledger", &large).await.status, 413);
}

#[tokio::test]
async fn nobody_else_writes_a_sites_ledger() {
    let house = House::with_site(&[("index.html", b"x")]).await;
    let cookie = house.enter(LABEL).await;
    let host = house.site_host(LABEL);
    let json = "content-type: application/json\r\n";
    let check = async |lines: String, status: u16| {
        for path in ["/.althing/ledger", "/.althing/ledger/give-up"] {
            let answer =
                house.raw(&request("POST", path, &host, &lines, "{\"id\":\"family/alice/notes\"}")).await;
            assert_eq!(answer.status, status, "{path} {lines} {}", answer.text());
        }
    };
    check(format!("{OWN}{json}x-althing: 1\r\n"), 401).await;
    check(format!("{cookie}{json}x-althing: 1\r\n"), 403).await;
    check(format!("{OWN}{cookie}{json}"), 403).await;
    check(format!("{cookie}{json}x-althing: 1\r\norigin: http://evil.com\r\n"), 403).await;
    check(format!("{cookie}{json}x-althing: 1\r\norigin: http://{}\r\n", house.own_host()), 403).await;
    check(format!("{cookie}{json}x-althing: 1\r\nsec-fetch-site: cross-site\r\n"), 403).await;
    check(format!("{VISIT}{cookie}{json}x-althing: 1\r\n"), 403).await;
    check(format!("{OWN}{cookie}x-althing: 1\r\ncontent-type: text/plain\r\n"), 415).await;
    check(format!("{cookie}{json}x-althing: 1\r\norigin: http://{host}\r\n"), 200).await;
    let read = house.raw(&request("GET", "/.althing/ledger", &host, &format!("{VISIT}{cookie}"), "")).await;
    assert_eq!(read.status, 403, "a window that is led there from elsewhere");
}
