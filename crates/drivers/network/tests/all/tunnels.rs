//! Tunnels between two real peers: bytes both ways, ends of one direction, rights that are lost, and readers that stop.

use std::time::Duration;

use kernel::{Effect, Input, JobId};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tunnels::jobs::{LISTEN, Listen, Listening, RECHECK, USED, Usage, from_bytes, to_bytes};

use crate::house::{PATIENCE, Peer, WEB, alice_and_bob, noise};

/// All that may lie between a writer and a reader who does not read: QUIC's window of a stream, what was sent and not yet
/// acknowledged, and the kernel's buffers of two sockets.
const UNDER_WAY_MAX: usize = 32 * 1024 * 1024;

/// Who has not been able to write for so long waits for the reader.
const STUCK: Duration = Duration::from_secs(2);

/// What a service does with each connection.
#[derive(Clone, Copy)]
enum Service {
    /// Gives back what it gets, as it comes.
    Echo,
    /// Reads all there is, and only then answers with its length and hash.
    Weighs,
}

/// A service of this computer; ends with the test.
struct Served {
    port: u16,
    /// Held for its drop.
    _connections: JoinSet<()>,
}

async fn serve(service: Service) -> Served {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let mut tasks = JoinSet::new();
    tasks.spawn(async move {
        let mut connections = JoinSet::new();
        while let Ok((socket, _)) = listener.accept().await {
            connections.spawn(answer(service, socket));
        }
    });
    Served { port, _connections: tasks }
}

async fn answer(service: Service, mut socket: TcpStream) -> std::io::Result<()> {
    match service {
        Service::Echo => {
            let (mut read, mut write) = socket.split();
            tokio::io::copy(&mut read, &mut write).await?;
            write.shutdown().await
        }
        Service::Weighs => {
            let mut all = Vec::new();
            socket.read_to_end(&mut all).await?;
            socket.write_all(weight(&all).as_bytes()).await?;
            socket.shutdown().await
        }
    }
}

fn weight(bytes: &[u8]) -> String {
    format!("{} {}", bytes.len(), blake3::hash(bytes))
}

/// Opens a tunnel of Alice's at Bob's.
async fn open(alice: &Peer, bob: &mut Peer, name: &str) -> (JobId, u16) {
    let listen = Listen { device: alice.me(), web: WEB, name: name.to_owned(), port: 0 };
    let job = bob.begin_for("tunnels", LISTEN, to_bytes(&listen));
    (job, listening(bob, job, |_| true).await.port)
}

/// Waits until listening is as the test wants it.
async fn listening(bob: &mut Peer, wanted: JobId, is_so: impl Fn(&Listening) -> bool) -> Listening {
    bob.wait(|input| match input {
        Input::Progress { job, report } if job == wanted => {
            from_bytes::<Listening>(&report).ok().filter(|state| is_so(state))
        }
        _ => None,
    })
    .await
}

async fn used(alice: &mut Peer, is_so: impl Fn(&Usage) -> bool) -> Usage {
    alice
        .wait(|input| match input {
            Input::Noticed { kind, report } if kind == USED => {
                from_bytes::<Usage>(&report).ok().filter(|usage| is_so(usage))
            }
            _ => None,
        })
        .await
}

async fn connect(port: u16) -> TcpStream {
    TcpStream::connect(("127.0.0.1", port)).await.unwrap()
}

/// Waits for the end of a connection; how it ends is the system's.
async fn end_of(socket: &mut TcpStream) {
    let read = tokio::time::timeout(PATIENCE, async {
        let mut bytes = [0; 1024];
        while socket.read(&mut bytes).await.is_ok_and(|count| count > 0) {}
    });
    read.await.expect("it ends in time");
}

async fn echoes(socket: &mut TcpStream, words: &[u8]) {
    socket.write_all(words).await.unwrap();
    let mut back = vec![0; words.len()];
    let read = tokio::time::timeout(PATIENCE, socket.read_exact(&mut back));
    read.await.expect("an answer in time").unwrap();
    assert_eq!(back, words);
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_go_both_ways_and_the_end_of_one_direction_is_not_the_end_of_the_other() {
    let (mut alice, mut bob) = alice_and_bob().await;
    let services = [serve(Service::Weighs).await, serve(Service::Echo).await];
    for (name, service) in ["weighs", "echo"].iter().zip(&services) {
        alice.rights.offer(bob.me(), name, service.port);
    }
    let (_, weighs) = open(&alice, &mut bob, "weighs").await;
    let (_, echo) = open(&alice, &mut bob, "echo").await;

    let sent = noise(1, 9 * 1024 * 1024 + 1);
    let mut socket = connect(weighs).await;
    socket.write_all(&sent).await.unwrap();
    socket.shutdown().await.unwrap();
    let mut answer = String::new();
    tokio::time::timeout(PATIENCE, socket.read_to_string(&mut answer)).await.unwrap().unwrap();
    assert_eq!(answer, weight(&sent));

    let (mut read, mut write) = connect(echo).await.into_split();
    let mut back = Vec::new();
    let writing = async {
        write.write_all(&sent).await?;
        write.shutdown().await
    };
    let both = async { tokio::try_join!(writing, read.read_to_end(&mut back)) };
    tokio::time::timeout(PATIENCE, both).await.unwrap().unwrap();
    assert!(back == sent, "{} of {} bytes came back, or others", back.len(), sent.len());

    let usage = used(&mut alice, |usage| usage.name == "echo" && usage.open == 0).await;
    assert_eq!((usage.asker, usage.web, usage.refused), (bob.me(), WEB, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_prompt_of_one_byte_does_not_wait_for_more() {
    let (alice, mut bob) = alice_and_bob().await;
    let echoing = serve(Service::Echo).await;
    alice.rights.offer(bob.me(), "echo", echoing.port);
    let (_, port) = open(&alice, &mut bob, "echo").await;
    let mut socket = connect(port).await;
    socket.set_nodelay(true).unwrap();
    for number in 0..=255 {
        echoes(&mut socket, &[number]).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_under_way_ends_when_its_right_is_taken_back_and_others_go_on() {
    let (mut alice, mut bob) = alice_and_bob().await;
    let echoing = serve(Service::Echo).await;
    for name in ["lost", "kept"] {
        alice.rights.offer(bob.me(), name, echoing.port);
    }
    let (job, lost) = open(&alice, &mut bob, "lost").await;
    let (_, kept) = open(&alice, &mut bob, "kept").await;
    let (mut lost, mut kept) = ((lost, connect(lost).await), connect(kept).await);
    echoes(&mut lost.1, b"before").await;
    echoes(&mut kept, b"before").await;

    alice.rights.take_back(bob.me(), "lost");
    alice.begin_for("tunnels", RECHECK, Vec::new());
    end_of(&mut lost.1).await;
    echoes(&mut kept, b"after").await;

    let mut again = connect(lost.0).await;
    end_of(&mut again).await;
    let state = listening(&mut bob, job, |state| !state.trouble.is_empty()).await;
    assert_eq!(state.trouble, "it is not offered to you any more");
    used(&mut alice, |usage| usage.name == "lost" && usage.refused == 1).await;
    echoes(&mut kept, b"still").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removed_member_loses_what_flows() {
    let (alice, mut bob) = alice_and_bob().await;
    let echoing = serve(Service::Echo).await;
    alice.rights.offer(bob.me(), "echo", echoing.port);
    let (_, port) = open(&alice, &mut bob, "echo").await;
    let mut socket = connect(port).await;
    echoes(&mut socket, b"before").await;
    alice.network.effect(Effect::Admit { web: WEB, devices: Vec::new() });
    end_of(&mut socket).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_asks_where_nothing_listens_is_told_so() {
    let (alice, mut bob) = alice_and_bob().await;
    let gone = {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        listener.local_addr().unwrap().port()
    };
    alice.rights.offer(bob.me(), "gone", gone);
    let (job, port) = open(&alice, &mut bob, "gone").await;
    end_of(&mut connect(port).await).await;
    let state = listening(&mut bob, job, |state| !state.trouble.is_empty()).await;
    assert_eq!(state.trouble, "nothing listens at the other end");
}

/// Whatever was taken from a writer is somewhere: in our memory, in iroh's, or in the kernel's.
#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_stops_stops_the_writer_and_nobody_else() {
    let (alice, mut bob) = alice_and_bob().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    alice.rights.offer(bob.me(), "endless", listener.local_addr().unwrap().port());
    let echoing = serve(Service::Echo).await;
    alice.rights.offer(bob.me(), "echo", echoing.port);
    let (_, endless) = open(&alice, &mut bob, "endless").await;
    let (_, echo) = open(&alice, &mut bob, "echo").await;

    let mut reader = connect(endless).await;
    let (mut writer, _) = listener.accept().await.unwrap();
    let said = noise(2, 1024 * 1024);
    let mut taken = 0;
    while let Ok(wrote) = tokio::time::timeout(STUCK, writer.write(&said[taken % said.len()..])).await {
        taken += wrote.unwrap();
        assert!(taken < UNDER_WAY_MAX, "{taken} bytes were taken for a reader that does not read");
    }
    println!("{taken} bytes were taken for a reader that does not read");
    echoes(&mut connect(echo).await, b"not held up").await;

    // It reads on: everything comes, in order, and the writer can write again.
    let mut come = vec![0; taken];
    tokio::time::timeout(PATIENCE, reader.read_exact(&mut come)).await.unwrap().unwrap();
    assert!(come.chunks(said.len()).all(|chunk| *chunk == said[..chunk.len()]), "other bytes came");
    writer.write_all(b"more").await.unwrap();
    drop(writer);
    let mut rest = Vec::new();
    tokio::time::timeout(PATIENCE, reader.read_to_end(&mut rest)).await.unwrap().unwrap();
    assert_eq!(rest, b"more");
}
