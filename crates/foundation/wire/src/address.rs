//! Where a device is reachable, as text: `ip:port` for UDP, or the URL of a relay that admits members.

use std::net::SocketAddr;

/// Characters of an address at most.
pub const ADDRESS_LEN_MAX: usize = 128;

/// One way to a device.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Address {
    /// Straight to it: IP address and UDP port.
    Direct(SocketAddr),
    /// Through a relay: `http://host:port/` or `https://host:port/`, in that very form.
    Relay(String),
}

impl Address {
    /// Reads an address, hostile until then; `None` when it is neither form.
    pub fn read(text: &str) -> Option<Self> {
        if text.len() > ADDRESS_LEN_MAX {
            return None;
        }
        match text.parse() {
            Ok(direct) => Some(Self::Direct(direct)),
            Err(_not_direct) => is_relay_url(text).then(|| Self::Relay(text.to_owned())),
        }
    }
}

/// Says whether an address is that of a relay.
pub fn is_relay(text: &str) -> bool {
    matches!(Address::read(text), Some(Address::Relay(_)))
}

/// Plain on purpose: what is inside the relay's connection is encrypted end to end, so a path, a query or a user name
/// in the URL could only serve to have this peer call something that is no relay.
fn is_relay_url(text: &str) -> bool {
    let rest = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"));
    let Some(authority) = rest.and_then(|rest| rest.strip_suffix('/')) else { return false };
    let Some((host, port)) = authority.rsplit_once(':') else { return false };
    let is_host = match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        Some(inner) => inner.parse::<std::net::Ipv6Addr>().is_ok(),
        None => {
            !host.is_empty()
                && host
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'.' || b == b'-')
        }
    };
    // One spelling only: the same relay must not count as two.
    is_host && port.parse::<u16>().is_ok_and(|number| number > 0 && number.to_string() == port)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_an_ip_with_a_port_or_a_bare_relay() {
        let check = |text: &str, is_relay: Option<bool>| {
            let read = Address::read(text).map(|address| matches!(address, Address::Relay(_)));
            assert_eq!(read, is_relay, "{text}");
        };
        check("192.0.2.1:4242", Some(false));
        check("[2001:db8::1]:4242", Some(false));
        check("http://192.0.2.1:3340/", Some(true));
        check("http://[2001:db8::1]:3340/", Some(true));
        check("https://relay.example.org:443/", Some(true));
        check("192.0.2.1", None);
        check("http://192.0.2.1:3340", None);
        check("http://192.0.2.1/", None);
        check("http://192.0.2.1:0/", None);
        check("http://192.0.2.1:03/", None);
        check("http://user@192.0.2.1:3340/", None);
        check("http://192.0.2.1:3340/admin?x=1", None);
        check("http://Relay.example.org:3340/", None);
        check("ftp://192.0.2.1:21/", None);
        check(&format!("http://{}:1/", "a".repeat(200)), None);
        check("", None);
    }
}
