//! Who tells when this computer was last touched: the first of several that answers.

use std::time::{Duration, Instant, SystemTime};

use zbus::Message;

use crate::bus::{Bus, Object};
use crate::fresh::Told;
use crate::logind::{self, Seats};
use crate::machine;
use crate::places::Places;
use crate::terminals;
use crate::x11::X11;

/// How long the one in use, or any while there is none, may think.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long all others may: meanwhile nobody hears the one in use.
const HURRY: Duration = Duration::from_millis(300);
/// After this a better one than that in use is tried again.
const RETRY_AFTER: Duration = Duration::from_secs(60);

const MUTTER: Object<'_> = Object {
    name: "org.gnome.Mutter.IdleMonitor",
    path: "/org/gnome/Mutter/IdleMonitor/Core",
    interface: "org.gnome.Mutter.IdleMonitor",
};
const SCREEN_SAVER: Object<'_> = Object {
    name: "org.freedesktop.ScreenSaver",
    path: "/org/freedesktop/ScreenSaver",
    interface: "org.freedesktop.ScreenSaver",
};
const NETWORK: Object<'_> = Object {
    name: "org.freedesktop.NetworkManager",
    path: "/org/freedesktop/NetworkManager",
    interface: "org.freedesktop.NetworkManager",
};
const WATCH_FIRED: &str = "WatchFired";
const PREPARE_FOR_SLEEP: &str = "PrepareForSleep";
const SESSION_RULES: &[&str] =
    &["type='signal',interface='org.gnome.Mutter.IdleMonitor',member='WatchFired'"];
const SYSTEM_RULES: &[&str] = &[
    "type='signal',interface='org.freedesktop.login1.Manager',member='PrepareForSleep'",
    "type='signal',interface='org.freedesktop.DBus.Properties',member='PropertiesChanged',path='/org/freedesktop/NetworkManager'",
];

/// One that may tell; the best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Source {
    /// GNOME's compositor.
    Mutter,
    /// Another desktop, as KDE.
    ScreenSaver,
    /// The X11 server.
    X11,
    /// logind, which hears it from the desktop, minutes late.
    Logind,
    /// Terminals, on a computer without a desktop.
    Terminals,
}

const SOURCES: [Source; 5] =
    [Source::Mutter, Source::ScreenSaver, Source::X11, Source::Logind, Source::Terminals];

/// All that may tell, and the one in use.
#[derive(Debug)]
pub(crate) struct Sources {
    places: Places,
    session: Bus,
    system: Bus,
    x11: Option<X11>,
    seats: Option<Seats>,
    /// Looked up when logind does not answer.
    has_screen: bool,
    unit: Unit,
    /// Mutter tells by a signal with this number when somebody comes back.
    watch: Option<u32>,
    used: Option<Source>,
    retry_at: Option<Instant>,
}

/// What a signal said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signal {
    /// Somebody came back.
    Touched,
    /// This computer is about to sleep, or has slept.
    Sleep(bool),
    /// The line to the Internet changed.
    Line,
}

impl Sources {
    /// Asks nobody yet.
    pub(crate) fn new(places: Places) -> Self {
        let session = Bus::new(places.session_bus.as_deref(), SESSION_RULES);
        let system = Bus::new(places.system_bus.as_deref(), SYSTEM_RULES);
        Self {
            places,
            session,
            system,
            x11: None,
            seats: None,
            has_screen: false,
            unit: Unit::default(),
            watch: None,
            used: None,
            retry_at: None,
        }
    }

    /// Returns who tells.
    pub(crate) fn used(&self) -> Option<Source> {
        self.used
    }

    /// Says whether Mutter will say when somebody comes back, so that nobody needs to ask.
    pub(crate) fn is_watched(&self) -> bool {
        self.watch.is_some()
    }

    /// Returns who tells, in words.
    pub(crate) fn words(&self) -> &'static str {
        match self.used {
            Some(Source::Mutter) => "GNOME",
            Some(Source::ScreenSaver) => "ScreenSaver",
            Some(Source::X11) => "X11",
            Some(Source::Logind) => "logind",
            Some(Source::Terminals) => "terminals",
            None if self.is_headless() => "no display: load only",
            None => "nothing tells",
        }
    }

    /// Says whether nobody can sit before this computer.
    pub(crate) fn is_headless(&self) -> bool {
        let is_seated = self.seats.map_or(self.has_screen, |seats| seats.is_seated);
        self.places.local_display().is_none() && !self.places.is_wayland && !is_seated
    }

    /// Asks how long nobody has touched this computer.
    pub(crate) async fn idle(&mut self) -> Option<Told> {
        let is_time = self.retry_at.is_none_or(|at| Instant::now() >= at);
        match self.used {
            Some(used) if !is_time => {
                if let Some(told) = self.ask(used, PATIENCE).await {
                    return Some(told);
                }
                tracing::debug!(source = ?used, "what tells of input no longer answers");
                self.leave();
            }
            None if !is_time => return None,
            Some(_) | None => {}
        }
        self.choose().await
    }

    async fn choose(&mut self) -> Option<Told> {
        let patience = self.patience(None);
        self.seats = logind::seats(&mut self.system, patience).await;
        self.has_screen = self.seats.is_none() && machine::has_screen(&self.places.root);
        let mut chosen = None;
        for source in SOURCES {
            let patience = self.patience(Some(source));
            let Some(told) = self.ask(source, patience).await else { continue };
            // Many desktops answer nought whatever happens; one that tells is heard of at the next try, when nobody types.
            if source == Source::ScreenSaver && self.used != Some(source) && told.idle.is_zero() {
                continue;
            }
            chosen = Some((source, told));
            break;
        }
        let used = chosen.map(|(source, _)| source);
        if used != self.used {
            self.leave();
            tracing::debug!(source = ?used, "what tells of input");
        }
        self.used = used;
        self.retry_at = Instant::now().checked_add(RETRY_AFTER);
        chosen.map(|(_, told)| told)
    }

    fn leave(&mut self) {
        self.used = None;
        self.watch = None;
        self.unit = Unit::default();
    }

    fn patience(&self, source: Option<Source>) -> Duration {
        if self.used.is_none() || self.used == source { PATIENCE } else { HURRY }
    }

    async fn ask(&mut self, source: Source, patience: Duration) -> Option<Told> {
        let idle = match source {
            Source::Mutter => {
                if !self.session.is_open() {
                    // Whom Mutter would have told is gone.
                    self.watch = None;
                }
                let idle: u64 = self.session.call(MUTTER, "GetIdletime", &(), patience).await?;
                Duration::from_millis(idle)
            }
            Source::ScreenSaver => {
                let idle: u32 = self.session.call(SCREEN_SAVER, "GetSessionIdleTime", &(), patience).await?;
                self.unit.read(idle, Instant::now())
            }
            Source::X11 => self.ask_x11()?,
            Source::Logind => {
                self.seats = logind::seats(&mut self.system, patience).await;
                self.seats?.idle?
            }
            Source::Terminals if self.has_desktop() => return None,
            Source::Terminals => terminals::idle(&self.places.root, SystemTime::now())?,
        };
        Some(Told { idle, at: Instant::now() })
    }

    fn ask_x11(&mut self) -> Option<Duration> {
        let display = self.places.local_display().filter(|_| !self.places.is_wayland)?;
        if self.x11.is_none() {
            self.x11 = X11::open(display);
        }
        let idle = self.x11.as_ref()?.idle();
        if idle.is_none() {
            self.x11 = None;
        }
        idle
    }

    /// A desktop may be used by mouse while all its terminals rest.
    fn has_desktop(&self) -> bool {
        let has_graphics = self.seats.map_or(self.has_screen, |seats| seats.is_graphical);
        has_graphics || self.places.is_wayland || self.places.local_display().is_some()
    }

    /// Asks Mutter to say when somebody comes back; without that it is asked often.
    pub(crate) async fn watch(&mut self) {
        if self.used == Some(Source::Mutter) && self.watch.is_none() {
            self.watch = self.session.call(MUTTER, "AddUserActiveWatch", &(), HURRY).await;
        }
    }

    /// Asks Mutter anew next time: somebody came back and it did not say so.
    pub(crate) fn forget_watch(&mut self) {
        self.watch = None;
    }

    /// Asks whether the line is paid by volume.
    pub(crate) async fn is_metered(&mut self) -> Option<bool> {
        let value = self.system.property(NETWORK, "Metered", HURRY).await?;
        parse_metered(u32::try_from(value).ok()?)
    }

    /// Asks whether this computer is about to sleep.
    pub(crate) async fn is_going_to_sleep(&mut self) -> Option<bool> {
        let value = self.system.property(logind::MANAGER, "PreparingForSleep", HURRY).await?;
        bool::try_from(value).ok()
    }

    /// Waits for a signal; losing the wait loses none.
    pub(crate) async fn signal(&mut self) -> Signal {
        loop {
            let message = tokio::select! {
                message = self.session.signal() => message,
                message = self.system.signal() => message,
            };
            if let Some(signal) = self.read_signal(&message) {
                return signal;
            }
        }
    }

    fn read_signal(&mut self, message: &Message) -> Option<Signal> {
        let header = message.header();
        match header.member()?.as_str() {
            WATCH_FIRED => {
                let fired: u32 = message.body().deserialize().ok()?;
                // It fires once.
                self.watch.take_if(|watch| *watch == fired).map(|_| Signal::Touched)
            }
            PREPARE_FOR_SLEEP => message.body().deserialize().ok().map(Signal::Sleep),
            _ => Some(Signal::Line),
        }
    }
}

/// Reads `Metered` of the network's manager, which guesses from the kind of line when nobody has told it.
pub(crate) fn parse_metered(value: u32) -> Option<bool> {
    match value {
        1 | 3 => Some(true),
        2 | 4 => Some(false),
        _ => None,
    }
}

/// In what `GetSessionIdleTime` counts: the specification says seconds, KDE has long said milliseconds.
///
/// Until answers of some untouched seconds tell, it counts as milliseconds: then this computer seems used rather than left.
#[derive(Debug, Default)]
pub(crate) struct Unit {
    first: Option<(u32, Instant)>,
    last: u32,
    is_seconds: bool,
}

impl Unit {
    /// Answers this far apart tell; of those further apart nobody knows what was between.
    const APART: std::ops::Range<u128> = 5_000..10_000;
    /// What full seconds leave out, and a slow answer.
    const DOUBT_MS: u128 = 1_500;

    /// Reads one answer.
    pub(crate) fn read(&mut self, answer: u32, now: Instant) -> Duration {
        let before = std::mem::replace(&mut self.last, answer);
        match self.first {
            Some((first, at)) if answer >= before => {
                let growth = u128::from(answer.saturating_sub(first));
                let apart = now.saturating_duration_since(at).as_millis();
                if Self::APART.contains(&apart) {
                    self.is_seconds = growth.saturating_mul(1000).abs_diff(apart) <= Self::DOUBT_MS;
                }
                if apart >= Self::APART.start {
                    self.first = Some((answer, now));
                }
            }
            // The first answer, or somebody touched it in between.
            Some(_) | None => self.first = Some((answer, now)),
        }
        if self.is_seconds {
            Duration::from_secs(answer.into())
        } else {
            Duration::from_millis(answer.into())
        }
    }
}
