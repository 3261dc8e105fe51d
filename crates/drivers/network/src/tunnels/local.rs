//! Which user of this computer has a socket: a local port is open to all of them.

/// Says whether the program at `port` of a connection to our `own` port on 127.0.0.1 is run by the user of this process, or by
/// root. Where the system does not tell (not Linux), it is taken to be.
pub(crate) fn is_of_this_user(port: u16, own: u16) -> bool {
    if !cfg!(target_os = "linux") {
        return true;
    }
    let Ok(sockets) = std::fs::read_to_string("/proc/net/tcp") else { return true };
    let Some(user) = user_of(&sockets, port, own) else { return false };
    user == 0 || user == rustix::process::geteuid().as_raw()
}

/// Finds the user in what `/proc/net/tcp` lists: `sl local_address rem_address st queues timer retransmits uid …`.
fn user_of(sockets: &str, port: u16, own: u16) -> Option<u32> {
    let (local, other) = (format!("0100007F:{port:04X}"), format!("0100007F:{own:04X}"));
    sockets.lines().find_map(|line| {
        let mut fields = line.split_ascii_whitespace().skip(1);
        let is_it = fields.next()? == local && fields.next()? == other;
        is_it.then(|| fields.nth(4)?.parse().ok()).flatten()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOCKETS: &str =
        "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1538 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 1 1 0 100 0 0 10 0
   1: 0100007F:1538 0100007F:D431 01 00000000:00000000 00:00000000 00000000  1000        0 2 1 0 20 4 30 10 -1
   2: 0100007F:D431 0100007F:1538 01 00000000:00000000 00:00000000 00000000  1001        0 3 1 0 20 4 30 10 -1
";

    #[test]
    fn the_user_at_the_other_end_of_a_connection_is_found() {
        assert_eq!(user_of(SOCKETS, 0xD431, 0x1538), Some(1001));
        assert_eq!(user_of(SOCKETS, 0x1538, 0xD431), Some(1000));
        assert_eq!(user_of(SOCKETS, 0xD432, 0x1538), None);
    }

    #[test]
    fn this_process_is_of_this_user() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let own = listener.local_addr().unwrap().port();
        let socket = std::net::TcpStream::connect(("127.0.0.1", own)).unwrap();
        assert!(is_of_this_user(socket.local_addr().unwrap().port(), own));
        assert!(
            !is_of_this_user(own, socket.local_addr().unwrap().port().wrapping_add(1))
                || !cfg!(target_os = "linux")
        );
    }
}
