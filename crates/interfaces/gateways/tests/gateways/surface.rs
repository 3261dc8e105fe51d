//! What the page and the CLI can rely on.

use std::sync::Arc;
use std::time::Duration;

use crate::house::{House, config, request};
use gateways::{Gateways, Host};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

#[tokio::test]
async fn an_act_reaches_the_host_with_its_id() {
    let house = House::start(&[]).await;
    let lines = format!("{}idempotency-key: {}\r\n", house.good(), "0a".repeat(16));
    let body = json!({"name": "Alice"});
    let answer = house
        .raw(&request("POST", "/api/people.introduce", &house.own_host(), &lines, &body.to_string()))
        .await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let asked = house.host.asked.lock().unwrap();
    let (operation, arguments, id) = asked.last().unwrap();
    assert_eq!((operation.as_str(), arguments), ("people.introduce", &body));
    assert_eq!(id.unwrap().to_string(), "0a".repeat(16));
}

#[tokio::test]
async fn a_link_to_the_page_is_made_here() {
    let house = House::start(&[]).await;
    let answer = house
        .socket(&request("POST", "/api/host.page", "althing", "content-type: application/json\r\n", "{}"))
        .await;
    let link = answer.json()["link"].as_str().unwrap().to_owned();
    let code = link.strip_prefix(&format!("http://althing.localhost:{}/#code=", house.port)).unwrap();
    assert_eq!(house.session(code).await.status, 200);
}

#[tokio::test]
async fn events_go_on_where_they_stopped() {
    let house = House::start(&[]).await;
    for _ in 0..300 {
        house.host.happen("files.changed");
    }
    let mut stream = TcpStream::connect(("127.0.0.1", house.port)).await.unwrap();
    let ask = request("GET", "/api/events?after=298", &house.own_host(), &house.good(), "");
    stream.write_all(&ask).await.unwrap();
    let mut seen = read_until(&mut stream, "id: 300").await;
    assert!(seen.contains("event: hello\ndata: {\"last\":298}\n\n"), "{seen}");
    assert!(seen.contains("id: 299\nevent: happened\ndata: {\"number\":299,"), "{seen}");
    assert!(!seen.contains("id: 298"));
    house.host.happen("people.joined");
    seen = read_until(&mut stream, "id: 301").await;
    assert!(seen.contains("\"kind\":\"people.joined\"") && !seen.contains("id: 300"), "{seen}");
}

#[tokio::test]
async fn who_missed_events_for_good_is_told_to_reload() {
    let house = House::start(&[]).await;
    for _ in 0..5 {
        house.host.happen("files.changed");
    }
    house.host.log.lock().unwrap().drain(..3);
    for after in [1, 99] {
        let ask = request("GET", &format!("/api/events?after={after}"), &house.own_host(), &house.good(), "");
        let answer = house.raw(&ask).await;
        assert!(answer.text().contains("event: reload\n"), "{}", answer.text());
    }
    let bad = house.raw(&request("GET", "/api/events?after=-1", &house.own_host(), &house.good(), "")).await;
    assert_eq!((bad.status, bad.code().as_str()), (400, "gateways.bad-arguments"));
}

#[tokio::test]
async fn streams_are_bounded_and_end_when_the_peer_stops() {
    let house = House::start(&[]).await;
    let ask = request("GET", "/api/events", &house.own_host(), &house.good(), "");
    let mut open = Vec::new();
    for _ in 0..32 {
        let mut stream = TcpStream::connect(("127.0.0.1", house.port)).await.unwrap();
        stream.write_all(&ask).await.unwrap();
        read_until(&mut stream, "event: hello").await;
        open.push(stream);
    }
    let full = house.raw(&ask).await;
    assert_eq!((full.status, full.code().as_str()), (429, "gateways.too-many-streams"));
    tokio::time::timeout(Duration::from_secs(5), house.serving.stop()).await.unwrap();
    let mut rest = Vec::new();
    open[0].read_to_end(&mut rest).await.unwrap();
    assert!(!house.home.path().join("althing.sock").exists());
}

#[tokio::test]
async fn a_restarted_peer_keeps_its_sessions() {
    let house = House::start(&[]).await;
    house.serving.stop().await;
    let mut settings = config(&house.home);
    settings.port = house.port;
    let serving = Gateways::bind(&settings).await.unwrap().serve(Arc::clone(&house.host) as Arc<dyn Host>);
    let again = House { serving, ..house };
    assert_eq!(again.post("/api/people.webs", &json!({})).await.status, 200);
}

#[tokio::test]
async fn a_qr_code_is_a_drawing() {
    let house = House::start(&[]).await;
    let answer = house.post("/qr", &json!({"text": format!("althing:{}", "x".repeat(2000))})).await;
    assert_eq!(answer.header("content-type").as_deref(), Some("image/svg+xml"));
    assert!(answer.text().contains("<svg") && !answer.text().contains("<script"));
}

#[tokio::test]
async fn the_socket_needs_no_token_and_gives_raw_bytes() {
    let bytes: Vec<u8> = (0..100_000_u32).flat_map(u32::to_be_bytes).collect();
    let house = House::start(&[("big file.bin", &bytes), ("empty", b""), ("away.txt", b"x")]).await;
    let whole = house.socket(&request("GET", "/content?path=big%20file.bin", "althing", "", "")).await;
    assert_eq!((whole.status, whole.body == bytes), (200, true));
    let empty = house.socket(&request("GET", "/content?path=empty", "althing", "", "")).await;
    assert_eq!((empty.status, empty.body.len()), (200, 0));
    let away = house.socket(&request("GET", "/content?path=away.txt", "althing", "", "")).await;
    assert_eq!((away.status, away.code().as_str()), (503, "files.nobody-here"));
    let none = house.socket(&request("GET", "/content?revision=1", "althing", "", "")).await;
    assert_eq!((none.status, none.code().as_str()), (400, "gateways.bad-arguments"));
    let rights = std::fs::metadata(house.home.path().join("althing.sock")).unwrap().permissions();
    assert_eq!(std::os::unix::fs::PermissionsExt::mode(&rights) & 0o777, 0o600);
}

#[tokio::test]
async fn the_socket_serves_no_page_and_the_port_no_raw_content() {
    let house = House::start(&[("a", b"x")]).await;
    assert_eq!(house.socket(&request("GET", "/", "althing", "", "")).await.status, 404);
    let content = house.raw(&request("GET", "/content?path=a", &house.own_host(), &house.good(), "")).await;
    assert!(
        !content.text().contains('x') || content.header("content-type").unwrap().starts_with("text/html")
    );
}

async fn read_until(stream: &mut TcpStream, text: &str) -> String {
    let mut seen = String::new();
    let mut buffer = vec![0; 16_384];
    while !seen.contains(text) {
        let read =
            tokio::time::timeout(Duration::from_secs(10), stream.read(&mut buffer)).await.unwrap().unwrap();
        assert_ne!(read, 0, "the stream ended: {seen}");
        seen.push_str(&String::from_utf8_lossy(&buffer[..read]));
    }
    // The end of the last message may still be on its way.
    tokio::task::yield_now().await;
    seen
}
