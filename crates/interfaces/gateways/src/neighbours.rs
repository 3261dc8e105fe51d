//! Whose program stands at the other end of a connection to the port: cookies do not know ports, so another account's
//! program could be given one that is not meant for it.
//!
//! Linux says it; elsewhere, and where it does not say, nobody is a stranger. Not for: the Unix socket, which knows.

use std::net::{IpAddr, SocketAddr};
use std::sync::OnceLock;

/// The two ends of one connection.
#[derive(Debug)]
pub(crate) struct Neighbour {
    ends: Option<(SocketAddr, SocketAddr)>,
    is_stranger: OnceLock<bool>,
}

impl Neighbour {
    /// `theirs` and `ours` are the ends of an accepted connection.
    pub(crate) fn new(theirs: Option<SocketAddr>, ours: Option<SocketAddr>) -> Self {
        Self { ends: theirs.zip(ours), is_stranger: OnceLock::new() }
    }

    /// Says whether it is known to be a stranger; none if nobody has looked yet.
    pub(crate) fn known(&self) -> Option<bool> {
        self.is_stranger.get().copied()
    }

    /// Says whether the other end runs as another user than this peer, and not as root. Reads files the first time.
    pub(crate) fn is_stranger(&self) -> bool {
        *self.is_stranger.get_or_init(|| {
            let Some((theirs, ours)) = self.ends else { return false };
            let owner = ["/proc/net/tcp", "/proc/net/tcp6"]
                .into_iter()
                .filter_map(|table| std::fs::read_to_string(table).ok())
                .find_map(|table| owner(&table, theirs, ours));
            let me = rustix::process::geteuid().as_raw();
            owner.is_some_and(|owner| owner != me && owner != 0)
        })
    }
}

/// Returns the user whose socket leads from `theirs` to `ours`.
fn owner(table: &str, theirs: SocketAddr, ours: SocketAddr) -> Option<u32> {
    table.lines().find_map(|line| {
        let mut columns = line.split_whitespace().skip(1);
        let is_it = is_at(columns.next()?, theirs) && is_at(columns.next()?, ours);
        if is_it { columns.nth(4)?.parse().ok() } else { None }
    })
}

/// Says whether an address of the table, as in `0100007F:1CF9`, is this one.
///
/// The last word tells loopback addresses apart, also those of version 4 in the table of version 6. It is in the
/// order of the computer, so both are looked for.
fn is_at(written: &str, address: SocketAddr) -> bool {
    let last_word = match address.ip() {
        IpAddr::V4(ip) => ip.to_bits(),
        IpAddr::V6(ip) => u32::try_from(ip.to_bits() & u128::from(u32::MAX)).unwrap_or_default(),
    };
    let Some((host, port)) = written.split_once(':') else { return false };
    let word = host.get(host.len().saturating_sub(8)..).and_then(|word| u32::from_str_radix(word, 16).ok());
    let is_here = word.is_some_and(|word| word == last_word || word.swap_bytes() == last_word);
    is_here && u16::from_str_radix(port, 16) == Ok(address.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n\
        \u{20}  0: 0100007F:1CF9 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 1 1 0 100 0 0 10 0\n\
        \u{20}  1: 0100007F:1CF9 0100007F:C350 01 00000000:00000000 00:00000000 00000000  1000        0 2 1 0 20 4 30 10 -1\n\
        \u{20}  2: 0100007F:C350 0100007F:1CF9 01 00000000:00000000 00:00000000 00000000  1001        0 3 1 0 20 4 30 10 -1\n\
        \u{20}  3: 0000000000000000FFFF00000100007F:C351 0000000000000000FFFF00000100007F:1CF9 01 00000000:00000000 00:00000000 00000000  1002        0 3 1 0\n\
        \u{20}  4: 00000000000000000000000001000000:C352 00000000000000000000000001000000:1CF9 01 00000000:00000000 00:00000000 00000000  1003        0 3 1 0\n";

    #[test]
    fn the_table_says_whose_socket_it_is() {
        let check = |theirs: &str, ours: &str, expected: Option<u32>| {
            assert_eq!(
                owner(TABLE, theirs.parse().unwrap(), ours.parse().unwrap()),
                expected,
                "{theirs} {ours}"
            );
        };
        check("127.0.0.1:50000", "127.0.0.1:7417", Some(1001));
        check("127.0.0.1:50001", "127.0.0.1:7417", Some(1002));
        check("[::1]:50002", "[::1]:7417", Some(1003));
        check("127.0.0.1:50002", "127.0.0.1:7418", None);
        check("127.0.0.2:50000", "127.0.0.1:7417", None);
        assert_eq!(
            owner("nonsense\n\n: : :", "127.0.0.1:1".parse().unwrap(), "127.0.0.1:2".parse().unwrap()),
            None
        );
    }

    #[test]
    fn this_program_is_no_stranger_to_itself() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let client = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (theirs, ours) = (client.local_addr().unwrap(), listener.local_addr().unwrap());
        let neighbour = Neighbour::new(Some(theirs), Some(ours));
        assert_eq!(
            (neighbour.known(), neighbour.is_stranger(), neighbour.known()),
            (None, false, Some(false))
        );
        if let Ok(table) = std::fs::read_to_string("/proc/net/tcp") {
            assert_eq!(owner(&table, theirs, ours), Some(rustix::process::geteuid().as_raw()));
        }
    }
}
