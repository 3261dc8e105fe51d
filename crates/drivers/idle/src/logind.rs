//! What systemd-logind knows: who sits before this computer, whether their desktop says that they are away, and whether
//! this computer is about to sleep.

use std::collections::HashMap;
use std::time::{Duration, SystemTime};

use zbus::zvariant::{OwnedObjectPath, OwnedValue};

use crate::bus::{Bus, Object};

/// The manager of sessions.
pub(crate) const MANAGER: Object<'_> = Object {
    name: "org.freedesktop.login1",
    path: "/org/freedesktop/login1",
    interface: "org.freedesktop.login1.Manager",
};
/// Sessions that are looked at, at most.
const SESSIONS_MAX: usize = 32;

/// Who sits before this computer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Seats {
    /// There is a session at a screen and keyboard of this computer.
    pub(crate) is_seated: bool,
    /// One of those is a desktop, or a desktop that waits for somebody to log in.
    pub(crate) is_graphical: bool,
    /// How long all desktops that are on the screen say that nobody is there; none when there is none.
    pub(crate) idle: Option<Duration>,
}

/// One session.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Session {
    pub(crate) has_seat: bool,
    pub(crate) is_desktop: bool,
    pub(crate) is_on_screen: bool,
    /// Since when nobody is there, microseconds from 1970; none: somebody is.
    pub(crate) idle_since_us: Option<u64>,
}

/// Asks for all sessions; none when logind does not answer.
pub(crate) async fn seats(bus: &mut Bus, patience: Duration) -> Option<Seats> {
    let listed: Vec<(String, u32, String, String, OwnedObjectPath)> =
        bus.call(MANAGER, "ListSessions", &(), patience).await?;
    let mut sessions = Vec::new();
    for (_, _, _, seat, path) in listed.into_iter().take(SESSIONS_MAX) {
        let object =
            Object { name: MANAGER.name, path: path.as_str(), interface: "org.freedesktop.DBus.Properties" };
        let facts: Option<HashMap<String, OwnedValue>> =
            bus.call(object, "GetAll", &"org.freedesktop.login1.Session", patience).await;
        // One that has just ended has no facts; one that is there and hides them counts as somebody who is there.
        sessions.push(session(!seat.is_empty(), &facts.unwrap_or_default()));
    }
    Some(Seats::of(&sessions, SystemTime::now()))
}

fn session(has_seat: bool, facts: &HashMap<String, OwnedValue>) -> Session {
    let text = |name: &str| facts.get(name).and_then(|value| <&str>::try_from(&**value).ok());
    let flag = |name: &str| facts.get(name).and_then(|value| bool::try_from(&**value).ok());
    let is_desktop = matches!(text("Type"), Some("x11" | "wayland" | "mir"))
        && matches!(text("Class"), Some("user" | "greeter"))
        && flag("Remote") != Some(true);
    let since = facts.get("IdleSinceHint").and_then(|value| u64::try_from(&**value).ok());
    let is_idle = flag("IdleHint") == Some(true);
    Session {
        has_seat,
        is_desktop,
        is_on_screen: flag("Active") == Some(true),
        idle_since_us: since.filter(|since| is_idle && *since > 0),
    }
}

impl Seats {
    /// Puts sessions together.
    pub(crate) fn of(sessions: &[Session], now: SystemTime) -> Self {
        let now_us = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_micros();
        let now_us = u64::try_from(now_us).unwrap_or(u64::MAX);
        let idle = |session: &Session| {
            session
                .idle_since_us
                .map_or(Duration::ZERO, |since| Duration::from_micros(now_us.saturating_sub(since)))
        };
        Self {
            is_seated: sessions.iter().any(|session| session.has_seat),
            is_graphical: sessions.iter().any(|session| session.is_desktop),
            idle: sessions.iter().filter(|one| one.is_desktop && one.is_on_screen).map(idle).min(),
        }
    }
}
