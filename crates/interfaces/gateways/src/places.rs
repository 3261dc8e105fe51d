//! Which of our origins a request is for: the control page and its API, one opened file, or a member's site.
//!
//! The `Host` is compared as a whole with what this peer answers to, which is what keeps out pages whose
//! name was rebound to 127.0.0.1. Browsers that do not find `*.localhost` by themselves may use the port as their
//! proxy: requests in absolute form are taken for the same names, and nothing is ever forwarded.

use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, Uri, header, uri};

use crate::refusal::GatewayError;

/// The first part of a content origin's only label.
const VIEW_PREFIX: &str = "view--";

/// The first part of names that browsers write in other letters: such a label is never a site's.
const PUNYCODE_PREFIX: &str = "xn--";

/// The longest label that DNS allows.
const LABEL_BYTES_MAX: usize = 63;

/// An origin of this peer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    /// The page and the API. Holds `host:port` as the browser wrote it.
    Control(String),
    /// One opened file. Holds the label after `view--`.
    View(String),
    /// A member's site.
    Site(SiteHost),
}

/// The origin of a site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SiteHost {
    /// As in `notes--alice--family`.
    pub(crate) label: String,
    /// `host:port` as the browser wrote it, in lower case; without a port through the proxy.
    pub(crate) host: String,
}

/// Returns the place a request is for.
pub(crate) fn place(parts: &Parts, port: u16) -> Result<Place, GatewayError> {
    let unknown = |host: &str| GatewayError::UnknownHost { host: host.chars().take(80).collect() };
    // Nothing is tunnelled, not even to ourselves.
    if parts.method == Method::CONNECT {
        return Err(unknown(parts.uri.authority().map_or("", uri::Authority::as_str)));
    }
    let (host, name) = host_of(&parts.headers, &parts.uri, port)?;
    if ["althing.localhost", "localhost", "127.0.0.1", "[::1]"].contains(&name.as_str()) {
        return Ok(Place::Control(host));
    }
    let label = name.strip_suffix(".localhost").ok_or_else(|| unknown(&host))?;
    match label.strip_prefix(VIEW_PREFIX) {
        Some(view) if view.len() == 16 && view.bytes().all(is_base32) => Ok(Place::View(view.to_owned())),
        None if is_site_label(label) => Ok(Place::Site(SiteHost { label: label.to_owned(), host })),
        _ => Err(unknown(&host)),
    }
}

/// Says whether a DNS label can be a site's, as in `notes--alice--family`.
pub(crate) fn is_site_label(label: &str) -> bool {
    label.len() <= LABEL_BYTES_MAX
        && label.contains("--")
        && !label.starts_with(VIEW_PREFIX)
        && !label.starts_with(PUNYCODE_PREFIX)
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'))
}

/// Returns the URL of a site's origin.
pub(crate) fn site_origin(label: &str, port: u16) -> String {
    format!("http://{label}.localhost{}", port_suffix(port))
}

/// Returns the URL of a view's origin.
pub(crate) fn view_origin(label: &str, port: u16) -> String {
    format!("http://{VIEW_PREFIX}{label}.localhost{}", port_suffix(port))
}

/// Returns the URL of the control page.
pub(crate) fn control_origin(port: u16) -> String {
    format!("http://althing.localhost{}", port_suffix(port))
}

/// Returns `:PORT`, or nothing for the port that browsers leave out.
pub(crate) fn port_suffix(port: u16) -> String {
    if port == 80 { String::new() } else { format!(":{port}") }
}

/// Says whether a request was made by a page of its own origin, or by no page at all.
///
/// `Sec-Fetch-Site` and `Origin` are set by browsers and can't be set by pages. What is there has to be good; a
/// `must_show` request has to carry one of them.
pub(crate) fn is_own_site(headers: &HeaderMap, host: &str, must_show: Shows) -> bool {
    let site = headers.get("sec-fetch-site").map(|site| site == "same-origin" || site == "none");
    let origin =
        headers.get(header::ORIGIN).map(|origin| origin.as_bytes() == format!("http://{host}").as_bytes());
    match (site, origin) {
        (None, None) => must_show == Shows::MayBeSilent,
        (site, origin) => site != Some(false) && origin != Some(false),
    }
}

/// Whether a request has to show where it comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shows {
    /// It has to.
    Origin,
    /// Browsers may leave it out.
    MayBeSilent,
}

/// Returns `host:port` as the browser wrote it, and the name without the port, which has to be ours.
///
/// Through the proxy a browser may leave out the port: then the name has to end in `.localhost`, which nobody but
/// this computer answers to.
fn host_of(headers: &HeaderMap, uri: &Uri, port: u16) -> Result<(String, String), GatewayError> {
    let unknown = |host: &str| GatewayError::UnknownHost { host: host.chars().take(80).collect() };
    let mut hosts = headers.get_all(header::HOST).iter();
    let host = hosts.next().and_then(|host| host.to_str().ok()).ok_or_else(|| unknown(""))?;
    let host = host.to_ascii_lowercase();
    // Two names, or a request line that names another one, are how filters get confused: refused.
    if hosts.next().is_some() {
        return Err(unknown(""));
    }
    let suffix = port_suffix(port);
    let with_port = |host: &str| host.strip_suffix(suffix.as_str()).map(str::to_owned);
    let Some(target) = uri.authority() else {
        return with_port(&host).map(|name| (host.clone(), name)).ok_or_else(|| unknown(&host));
    };
    if uri.scheme() != Some(&uri::Scheme::HTTP) {
        return Err(unknown(""));
    }
    let through_proxy =
        |host: &str| with_port(host).or_else(|| (host.ends_with(".localhost")).then(|| host.to_owned()));
    let target = target.as_str().to_ascii_lowercase();
    match (through_proxy(&target), through_proxy(&host)) {
        (Some(name), Some(same)) if name == same => Ok((target, name)),
        _ => Err(unknown("")),
    }
}

fn is_base32(byte: u8) -> bool {
    matches!(byte, b'a'..=b'z' | b'2'..=b'7')
}

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;

    fn of(host: &str) -> Result<Place, GatewayError> {
        place(&Request::get("/").header("host", host).body(()).unwrap().into_parts().0, 7417)
    }

    #[test]
    fn own_names_are_known() {
        for host in
            ["althing.localhost:7417", "localhost:7417", "127.0.0.1:7417", "[::1]:7417", "LOCALHOST:7417"]
        {
            assert_eq!(of(host), Ok(Place::Control(host.to_ascii_lowercase())), "{host}");
        }
        assert_eq!(
            of("view--abcdefgh234567xy.localhost:7417"),
            Ok(Place::View("abcdefgh234567xy".to_owned()))
        );
        let site = |label: &str| {
            let host = format!("{label}.localhost:7417");
            Ok(Place::Site(SiteHost { label: label.to_owned(), host }))
        };
        for label in ["notes--alice--family", "notes--alice--family--18f2a", "a--b", &"a--b".repeat(15)] {
            assert_eq!(of(&format!("{label}.localhost:7417")), site(label), "{label}");
        }
        assert_eq!(of("NOTES--alice--Family.LocalHost:7417"), site("notes--alice--family"));
    }

    #[test]
    fn the_proxy_takes_our_own_names_only() {
        let check = |target: &str, host: &str, is_ours: bool| {
            let request = Request::get(target).header("host", host).body(()).unwrap();
            let place = place(&request.into_parts().0, 7417);
            assert_eq!(place.is_ok(), is_ours, "{target} {host} {place:?}");
        };
        for name in ["notes--alice--family", "view--abcdefgh234567xy", "althing"] {
            let (with, without) = (format!("{name}.localhost:7417"), format!("{name}.localhost"));
            check(&format!("http://{with}/a"), &with, true);
            check(&format!("http://{without}/a"), &without, true);
            check(&format!("http://{with}/a"), &without, true);
            check(&format!("http://{without}/a"), &with, true);
            check(&format!("https://{without}/a"), &without, false);
            check(&format!("ftp://{without}/a"), &without, false);
            check(&format!("http://me@{without}/a"), &without, false);
            check(&format!("http://{name}.localhost:80/a"), &without, false);
            check(&format!("http://{name}.localhost:7418/a"), &format!("{name}.localhost:7418"), false);
            check(&format!("http://{without}./a"), &format!("{without}."), false);
            check(&format!("http://{without}.evil.com/a"), &format!("{without}.evil.com"), false);
            check("http://evil.com/", &with, false);
            check(&format!("http://{with}/"), "evil.com", false);
        }
        check("http://localhost/", "localhost", false);
        check("http://127.0.0.1/", "127.0.0.1", false);
        check("http://dev.localhost/", "dev.localhost", false);
        for target in ["notes--alice--family.localhost:7417", "evil.com:443"] {
            let request = Request::connect(target).header("host", target).body(()).unwrap();
            assert!(place(&request.into_parts().0, 7417).is_err(), "{target}");
        }
    }

    #[test]
    fn rebound_and_forged_names_are_not() {
        for host in [
            "",
            "evil.com",
            "evil.com:7417",
            "127.0.0.1.evil.com:7417",
            "127.0.0.1",
            "127.0.0.1:80",
            "127.0.0.1:7417:7417",
            "127.0.0.1:7417.",
            "127.1:7417",
            "2130706433:7417",
            "0.0.0.0:7417",
            "[::ffff:127.0.0.1]:7417",
            "localhost.:7417",
            "althing.localhost.:7417",
            "evil.althing.localhost:7417",
            "althing.localhost.evil.com:7417",
            "user@localhost:7417",
            "view--abcdefgh234567x.localhost:7417",
            "view--abcdefgh234567x1.localhost:7417",
            "a.view--abcdefgh234567xy.localhost:7417",
            "view--abcdefgh234567xy:7417",
            "view--abcdefgh234567xy.localhost",
            "notes--alice--family.localhost",
            "notes--alice--family.localhost:7418",
            "notes--alice--family.localhost.:7417",
            "notes--alice--family.localhost:7417.",
            "notes--alice--family.localhost.evil.com:7417",
            "notes--alice--family.evil.com:7417",
            "a.notes--alice--family.localhost:7417",
            "notes--alice--family:7417",
            "notes-alice.localhost:7417",
            "-notes--alice.localhost:7417",
            "notes--alice-.localhost:7417",
            "notes--alice_b.localhost:7417",
            "xn--alice--family.localhost:7417",
            "view--alice--family.localhost:7417",
            &format!("{}.localhost:7417", "a--b".repeat(16)),
        ] {
            assert!(matches!(of(host), Err(GatewayError::UnknownHost { .. })), "{host}");
        }
    }

    #[test]
    fn a_missing_a_second_and_a_contradicting_name_are_refused() {
        let check = |request: axum::http::request::Builder| {
            assert!(place(&request.body(()).unwrap().into_parts().0, 7417).is_err());
        };
        check(Request::get("/"));
        check(Request::get("/").header("host", "localhost:7417").header("host", "evil.com"));
        check(Request::get("http://evil.com/").header("host", "localhost:7417"));
    }

    #[test]
    fn where_a_request_comes_from_is_judged_by_all_it_shows() {
        let check = |shown: &[(&'static str, &str)], posts: bool, gets: bool| {
            let headers: HeaderMap =
                shown.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
            let own = |shows| is_own_site(&headers, "localhost:7417", shows);
            assert_eq!((own(Shows::Origin), own(Shows::MayBeSilent)), (posts, gets), "{shown:?}");
        };
        check(&[], false, true);
        check(&[("sec-fetch-site", "same-origin")], true, true);
        check(&[("sec-fetch-site", "none")], true, true);
        check(&[("sec-fetch-site", "same-site")], false, false);
        check(&[("sec-fetch-site", "cross-site")], false, false);
        check(&[("origin", "http://localhost:7417")], true, true);
        check(&[("origin", "http://localhost:7418")], false, false);
        check(&[("origin", "https://localhost:7417")], false, false);
        check(&[("origin", "null")], false, false);
        check(&[("sec-fetch-site", "same-origin"), ("origin", "http://evil.com")], false, false);
        check(&[("sec-fetch-site", "cross-site"), ("origin", "http://localhost:7417")], false, false);
    }
}
