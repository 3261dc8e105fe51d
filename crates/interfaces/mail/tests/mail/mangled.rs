//! Conversations that somebody has damaged: whatever comes, nothing panics, hangs or grows.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use crate::house::{ALICE, BOB, House, Line};

/// `SplitMix64`.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % limit.max(1) as u64).unwrap()
    }

    fn mangle(&mut self, bytes: &mut Vec<u8>) {
        const MARKS: [&[u8]; 12] = [
            b"\r\n",
            b"\n",
            b"{9}",
            b"{9+}\r\n",
            b"\"",
            b"(",
            b")",
            b"\0",
            b"*",
            b".\r\n",
            b"99999999999",
            b"\xff",
        ];
        for _ in 0..=self.below(3) {
            let at = self.below(bytes.len());
            match self.below(4) {
                0 => bytes[at] ^= 1 << self.below(8),
                1 => drop(bytes.drain(at..(at + self.below(9)).min(bytes.len()))),
                2 => {
                    let mark = MARKS[self.below(MARKS.len())];
                    bytes.splice(at..at, mark.iter().copied());
                }
                _ => {
                    let end = (at + self.below(40)).min(bytes.len());
                    let piece = bytes[at..end].to_vec();
                    bytes.splice(at..at, piece);
                }
            }
            if bytes.is_empty() {
                bytes.push(b'x');
            }
        }
    }
}

const IMAP: &str = "b SELECT INBOX\r\nc APPEND INBOX (\\Seen x) {64+}\r\nSubject: x\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nx\r\n--b\r\n\r\nd UID FETCH 1:* (FLAGS ENVELOPE BODYSTRUCTURE BODY[HEADER.FIELDS (Subject)] BODY.PEEK[1.MIME]<0.9> BODY[])\r\ne STORE 1:2,* +FLAGS (\\Deleted k)\r\nf SEARCH OR (TEXT \"x\" NOT SEEN) BODY x UID 1:3\r\ng COPY 1 Archive\r\nh UID MOVE 1:* Archive\r\ni EXPUNGE\r\nj LIST \"\" \"%*\"\r\nk CREATE \"a/&AOQ-\"\r\nl RENAME a/x y\r\nm STATUS INBOX (MESSAGES UNSEEN)\r\nn IDLE\r\nDONE\r\no LOGOUT\r\n";

/// The last words of both, so that every conversation has an end.
const FAREWELL: &str = "\r\nDONE\r\nzz LOGOUT\r\n.\r\nQUIT\r\n";

async fn talk(mut line: Line, first: String, bytes: Vec<u8>, seed: u64) {
    line.send(first).await;
    line.send(&bytes).await;
    line.send(FAREWELL).await;
    // Literals that were promised and do not come would be waited for: a closed line ends that.
    let said = tokio::time::timeout(Duration::from_secs(20), async { line.finish().await }).await;
    assert!(said.is_ok(), "seed {seed}: a conversation hangs after {:?}", String::from_utf8_lossy(&bytes));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mangled_conversations_end() {
    static PANICS: AtomicU32 = AtomicU32::new(0);
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        PANICS.fetch_add(1, Ordering::SeqCst);
        usual(panic);
    }));
    let number = |name| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let fresh = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().subsec_nanos();
    let seed = number("FUZZ_SEED").unwrap_or(u64::from(fresh));
    let seconds = number("FUZZ_SECONDS").unwrap_or(3);
    println!("seed {seed}");
    let house = House::start().await;
    house.post("seed").await;
    let smtp = format!(
        "EHLO x\r\nMAIL FROM:<{ALICE}> SIZE=100 BODY=8BITMIME\r\nRCPT TO:<{BOB}>\r\nDATA\r\nFrom: {ALICE}\r\nSubject: x\r\n\r\n..x\r\n.\r\nRSET\r\nVRFY x\r\nNOOP\r\nQUIT\r\n"
    );
    let (mut dice, begun, mut count) = (Dice(seed), Instant::now(), 0_u32);
    while begun.elapsed() < Duration::from_secs(seconds) {
        let (is_imap, is_in) = (dice.below(2) == 0, dice.below(8) != 0);
        let mut bytes = if is_imap { IMAP.as_bytes().to_vec() } else { smtp.clone().into_bytes() };
        dice.mangle(&mut bytes);
        let (line, first) = match is_imap {
            true => (house.imap().await, "a LOGIN bob pb\r\n"),
            false => (house.smtp().await, "AUTH PLAIN AGFsaWNlAHBh\r\n"),
        };
        talk(line, if is_in { first.to_owned() } else { String::new() }, bytes, seed).await;
        count += 1;
    }
    println!("{count} conversations in {seconds} s");
    let mut line = house.reading("alice", "INBOX").await;
    assert!(line.ask("NOOP").await.contains("OK"));
    house.stop().await;
    assert_eq!(PANICS.load(Ordering::SeqCst), 0, "seed {seed}: something has panicked");
    assert!(count > 10);
}
