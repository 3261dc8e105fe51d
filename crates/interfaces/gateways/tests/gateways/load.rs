//! How fast small files of sites are served. Not run with the others: `cargo test -p gateways --test gateways -- --ignored --nocapture load`.

use std::time::{Duration, Instant};

use crate::house::{House, LABEL, OWN, VISIT};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

const CONNECTIONS: usize = 16;
const TIME: Duration = Duration::from_secs(4);

async fn ask(stream: &mut TcpStream, request: &[u8], buffer: &mut Vec<u8>) {
    stream.write_all(request).await.unwrap();
    buffer.clear();
    loop {
        assert!(stream.read_buf(buffer).await.unwrap() > 0);
        let Some(end) = buffer.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
        let head = std::str::from_utf8(&buffer[..end]).unwrap();
        assert!(head.starts_with("HTTP/1.1 200"), "{head}");
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
        if buffer.len() == end + 4 + length.parse::<usize>().unwrap() {
            return;
        }
    }
}

async fn measure(house: &House, name: &str, path: &str, lines: &str) {
    let cookie = house.enter(LABEL).await;
    let request = format!("GET {path} HTTP/1.1\r\nhost: {}\r\n{lines}{cookie}\r\n", house.site_host(LABEL))
        .into_bytes();
    let mut stream = TcpStream::connect(("127.0.0.1", house.port)).await.unwrap();
    let begun = Instant::now();
    ask(&mut stream, &request, &mut Vec::new()).await;
    let first = begun.elapsed();
    let begun = Instant::now();
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..CONNECTIONS {
        let (request, port) = (request.clone(), house.port);
        tasks.spawn(async move {
            let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
            let (mut times, mut buffer) = (Vec::new(), Vec::new());
            while begun.elapsed() < TIME {
                let asked = Instant::now();
                ask(&mut stream, &request, &mut buffer).await;
                times.push(asked.elapsed());
            }
            times
        });
    }
    let mut times: Vec<Duration> = tasks.join_all().await.concat();
    times.sort_unstable();
    let per_second = times.len() as u128 * 1000 / begun.elapsed().as_millis();
    let at = |share: usize| times[times.len() * share / 1000];
    println!(
        "{name}: {per_second} requests/s over {CONNECTIONS} connections; first {first:?}, half {:?}, 99 % {:?}",
        at(500),
        at(990)
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "measures; it checks nothing"]
async fn load() {
    let small = vec![b'x'; 2048];
    let house =
        House::with_site(&[("a.css", &small), ("index.html", &small), ("a.md", b"# A\n\n- text")]).await;
    measure(&house, "2 kB file", "/a.css", OWN).await;
    measure(&house, "2 kB page", "/", VISIT).await;
    measure(&house, "rendered Markdown", "/a.md", VISIT).await;
}
