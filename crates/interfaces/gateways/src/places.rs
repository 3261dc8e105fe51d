//! Which of our origins a request is for: the control page and its API, or one opened file.
//!
//! The `Host` is compared as a whole with what this peer answers to, which is what keeps out pages whose
//! name was rebound to 127.0.0.1.

use axum::http::request::Parts;
use axum::http::{HeaderMap, Uri, header};

use crate::refusal::GatewayError;

/// The first part of a content origin's only label.
const VIEW_PREFIX: &str = "view--";

/// An origin of this peer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    /// The page and the API. Holds `host:port` as the browser wrote it.
    Control(String),
    /// One opened file. Holds the label after `view--`.
    View(String),
}

/// Returns the place a request is for.
pub(crate) fn place(parts: &Parts, port: u16) -> Result<Place, GatewayError> {
    let host = host_of(&parts.headers, &parts.uri)?;
    let unknown = || GatewayError::UnknownHost { host: host.chars().take(80).collect() };
    let suffix = if port == 80 { String::new() } else { format!(":{port}") };
    let name = host.strip_suffix(&suffix).ok_or_else(unknown)?;
    if ["althing.localhost", "localhost", "127.0.0.1", "[::1]"].contains(&name) {
        return Ok(Place::Control(host));
    }
    let label = name.strip_suffix(".localhost").and_then(|label| label.strip_prefix(VIEW_PREFIX));
    match label {
        Some(label) if label.len() == 16 && label.bytes().all(is_base32) => Ok(Place::View(label.to_owned())),
        _ => Err(unknown()),
    }
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

fn host_of(headers: &HeaderMap, uri: &Uri) -> Result<String, GatewayError> {
    let missing = || GatewayError::UnknownHost { host: String::new() };
    let mut hosts = headers.get_all(header::HOST).iter();
    let host = hosts.next().and_then(|host| host.to_str().ok()).ok_or_else(missing)?.to_ascii_lowercase();
    let target = uri.authority().map(|authority| authority.as_str().to_ascii_lowercase());
    // Two names, or a request line that names another one, are how filters get confused: refused.
    if hosts.next().is_some() || target.is_some_and(|target| target != host) {
        return Err(missing());
    }
    Ok(host)
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
