//! Who may read a site from a browser: codes for entering it, and the cookies they are traded for.
//!
//! A cookie is good for one label and for the site that stood there when it was given. Hashes only, in memory only:
//! after a restart of the peer each site is entered anew, which a person does not see but for the page passing by.
//! Times come from the caller, so that tests need not wait.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::http::HeaderMap;
use axum::http::header::COOKIE;
use base::{Fault, Timestamp};

use crate::refusal::GatewayError;
use crate::secrets;

/// What the cookie is called.
pub(crate) const COOKIE_NAME: &str = "althing-site";

/// How long a code is good: the page opens it at once.
const CODE_LIFE: Duration = Duration::from_secs(30);

/// How long a cookie is good.
pub(crate) const COOKIE_LIFE: Duration = Duration::from_hours(7 * 24);

/// Codes at most that wait; the oldest gives way.
const CODES_MAX: usize = 64;

/// Cookies at most; the one that ends first gives way. Sites a person visits in a week, in a few browsers.
const COOKIES_MAX: usize = 4096;

/// How soon after it was let in a browser comes with its cookie.
const ARRIVAL_TIME: Duration = Duration::from_secs(3);

/// Cookies of our name looked at in a request: a site's scripts may have set more.
const COOKIES_LOOKED_AT_MAX: usize = 4;

/// Which site stands behind a label; two sites of one label in the course of time differ.
pub(crate) type SiteId = blake3::Hash;

/// Codes and cookies.
#[derive(Debug, Default)]
pub(crate) struct Keys {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    codes: Vec<(blake3::Hash, Kept)>,
    cookies: BTreeMap<[u8; 32], Kept>,
    /// When a label was entered last.
    entered: BTreeMap<String, Timestamp>,
}

#[derive(Debug, Clone)]
struct Kept {
    label: String,
    site: Option<SiteId>,
    expires: Timestamp,
}

impl Keys {
    /// Makes a code that enters a label once; `site` is none when nothing stands there any more.
    pub(crate) fn new_code(
        &self,
        label: &str,
        site: Option<SiteId>,
        now: Timestamp,
    ) -> Result<String, Fault> {
        let code = secrets::draw(20)?;
        let mut state = self.state();
        state.codes.retain(|(_, kept)| kept.expires > now);
        if state.codes.len() >= CODES_MAX {
            state.codes.remove(0);
        }
        let kept = Kept { label: label.to_owned(), site, expires: now.after(CODE_LIFE) };
        state.codes.push((blake3::hash(code.as_bytes()), kept));
        Ok(code)
    }

    /// Takes a code; answers for which site of this label it was, none if for what is gone.
    pub(crate) fn take_code(
        &self,
        label: &str,
        code: &str,
        now: Timestamp,
    ) -> Result<Option<SiteId>, GatewayError> {
        let hash = blake3::hash(code.as_bytes());
        let mut state = self.state();
        // It goes whether or not it is still good here: nobody gets a second look at it.
        let place = state.codes.iter().position(|(kept, _)| *kept == hash);
        let (_, kept) = place.map(|place| state.codes.remove(place)).ok_or(GatewayError::WrongSiteCode)?;
        let is_good = kept.label == label && kept.expires > now;
        if is_good { Ok(kept.site) } else { Err(GatewayError::WrongSiteCode) }
    }

    /// Makes a cookie's value for a site.
    pub(crate) fn new_cookie(&self, label: &str, site: SiteId, now: Timestamp) -> Result<String, Fault> {
        let value = secrets::draw(32)?;
        let mut state = self.state();
        if state.cookies.len() >= COOKIES_MAX {
            state.cookies.retain(|_, kept| kept.expires > now);
        }
        if state.cookies.len() >= COOKIES_MAX {
            let first = state.cookies.iter().min_by_key(|(_, kept)| kept.expires).map(|(hash, _)| *hash);
            first.and_then(|hash| state.cookies.remove(&hash));
        }
        state.entered.retain(|_, at| now.since(*at) < ARRIVAL_TIME);
        state.entered.insert(label.to_owned(), now);
        let kept = Kept { label: label.to_owned(), site: Some(site), expires: now.after(COOKIE_LIFE) };
        state.cookies.insert(*blake3::hash(value.as_bytes()).as_bytes(), kept);
        Ok(value)
    }

    /// Returns the site that a request may read under this label, if it carries a cookie that says so.
    pub(crate) fn site_of(&self, label: &str, headers: &HeaderMap, now: Timestamp) -> Option<SiteId> {
        let state = self.state();
        cookies(headers).take(COOKIES_LOOKED_AT_MAX).find_map(|value| {
            // Found by the hash of a secret: the time that takes says nothing about the secret.
            let kept = state.cookies.get(blake3::hash(value.as_bytes()).as_bytes())?;
            (kept.label == label && kept.expires > now).then_some(kept.site)?
        })
    }

    /// Says whether a browser that brings no cookie was given one just now: leading it back would never end.
    pub(crate) fn is_lost(&self, label: &str, headers: &HeaderMap, now: Timestamp) -> bool {
        let entered = self.state().entered.get(label).copied();
        cookies(headers).next().is_none() && entered.is_some_and(|at| now.since(at) < ARRIVAL_TIME)
    }

    /// Forgets the cookies of what stood behind a label.
    pub(crate) fn forget(&self, label: &str, site: SiteId) {
        self.state().cookies.retain(|_, kept| kept.label != label || kept.site != Some(site));
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns the values of our cookie.
fn cookies(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    let lines = headers.get_all(COOKIE).into_iter().filter_map(|line| line.to_str().ok());
    lines
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().strip_prefix(COOKIE_NAME)?.strip_prefix('='))
}

/// Writes the cookie for a browser.
///
/// `Lax` and not `Strict`: the page and other programs lead here from another site, and a strict cookie does not come
/// with the request that follows such a redirect, which would lead back to the page, for ever. A site takes no
/// top-level request that changes anything, so what `Strict` adds is not needed.
pub(crate) fn set_cookie(value: &str) -> String {
    format!("{COOKIE_NAME}={value}; Path=/; Max-Age={}; HttpOnly; SameSite=Lax", COOKIE_LIFE.as_secs())
}

/// Takes the cookie away from a browser.
pub(crate) const EXPIRED_COOKIE: &str = "althing-site=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax";

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);
    const LABEL: &str = "notes--alice--family";

    fn id(text: &str) -> SiteId {
        blake3::hash(text.as_bytes())
    }

    fn seconds(later: u64) -> Timestamp {
        NOW.after(Duration::from_secs(later))
    }

    fn with(cookie: &str) -> HeaderMap {
        HeaderMap::from_iter([(COOKIE, cookie.parse().unwrap())])
    }

    #[test]
    fn a_code_is_good_once_for_its_label_for_thirty_seconds() {
        let keys = Keys::default();
        let code = || keys.new_code(LABEL, Some(id("a")), NOW).unwrap();
        let first = code();
        assert_eq!(keys.take_code(LABEL, &first, seconds(29)), Ok(Some(id("a"))));
        assert_eq!(keys.take_code(LABEL, &first, NOW), Err(GatewayError::WrongSiteCode), "used");
        assert_eq!(keys.take_code(LABEL, &code(), seconds(30)), Err(GatewayError::WrongSiteCode), "late");
        let other = code();
        assert_eq!(keys.take_code("plans--bob--family", &other, NOW), Err(GatewayError::WrongSiteCode));
        assert_eq!(
            keys.take_code(LABEL, &other, NOW),
            Err(GatewayError::WrongSiteCode),
            "shown under another label: gone"
        );
        assert_eq!(keys.take_code(LABEL, "guess", NOW), Err(GatewayError::WrongSiteCode));
    }

    #[test]
    fn a_cookie_is_good_for_its_label_for_a_week() {
        let keys = Keys::default();
        let value = keys.new_cookie(LABEL, id("a"), NOW).unwrap();
        let good = with(&format!("theme=dark; {COOKIE_NAME}={value}"));
        assert_eq!(keys.site_of(LABEL, &good, seconds(7 * 86_400 - 1)), Some(id("a")));
        assert_eq!(keys.site_of(LABEL, &good, seconds(7 * 86_400)), None);
        assert_eq!(keys.site_of("plans--bob--family", &good, NOW), None);
        for bad in
            ["", "althing-site=", "althing-site=x", "x-althing-site=y", &format!("althing-sitex={value}")]
        {
            assert_eq!(keys.site_of(LABEL, &with(bad), NOW), None, "{bad}");
        }
        assert!(keys.is_lost(LABEL, &HeaderMap::new(), seconds(2)));
        assert!(!keys.is_lost(LABEL, &HeaderMap::new(), seconds(3)));
        assert!(!keys.is_lost(LABEL, &with("althing-site=old"), NOW), "it keeps cookies");
        assert!(!keys.is_lost("plans--bob--family", &HeaderMap::new(), NOW));
        keys.forget(LABEL, id("a"));
        assert_eq!(keys.site_of(LABEL, &good, NOW), None);
    }

    #[test]
    fn codes_and_cookies_are_bounded() {
        let keys = Keys::default();
        for later in 0..COOKIES_MAX as u64 + 10 {
            keys.new_cookie(LABEL, id("a"), NOW.after(Duration::from_millis(later))).unwrap();
            keys.new_code(LABEL, None, NOW).unwrap();
        }
        let state = keys.state();
        assert_eq!((state.cookies.len(), state.codes.len()), (COOKIES_MAX, CODES_MAX));
    }
}
