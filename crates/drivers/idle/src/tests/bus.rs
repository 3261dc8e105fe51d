//! With a real message bus, when there is one, on which desktops and the system are played.
#![expect(clippy::unused_self, reason = "whoever is played on a bus is an object")]

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use zbus::zvariant::{OwnedObjectPath, Value};
use zbus::{Connection, interface};

use super::x11::{Program, start};
use super::{Computer, Heard};
use crate::Places;

const MUTTER: &str = "/org/gnome/Mutter/IdleMonitor/Core";
const NETWORK: &str = "/org/freedesktop/NetworkManager";
const LOGIN: &str = "/org/freedesktop/login1";
const SESSION: &str = "/org/freedesktop/login1/session/_31";

#[derive(Clone, Default)]
struct Facts {
    idle: Arc<AtomicU64>,
    watches: Arc<AtomicU32>,
    metered: Arc<AtomicU32>,
    is_idle: Arc<AtomicBool>,
}

struct Mutter(Facts);

#[interface(name = "org.gnome.Mutter.IdleMonitor")]
impl Mutter {
    fn get_idletime(&self) -> u64 {
        self.0.idle.load(Ordering::SeqCst)
    }

    fn add_user_active_watch(&self) -> u32 {
        self.0.watches.fetch_add(1, Ordering::SeqCst) + 1
    }
}

struct ScreenSaver(Facts);

#[interface(name = "org.freedesktop.ScreenSaver")]
impl ScreenSaver {
    fn get_session_idle_time(&self) -> u32 {
        u32::try_from(self.0.idle.load(Ordering::SeqCst)).unwrap()
    }
}

struct Network(Facts);

#[interface(name = "org.freedesktop.NetworkManager")]
impl Network {
    #[zbus(property)]
    fn metered(&self) -> u32 {
        self.0.metered.load(Ordering::SeqCst)
    }
}

struct Manager;

#[interface(name = "org.freedesktop.login1.Manager")]
impl Manager {
    fn list_sessions(&self) -> Vec<(String, u32, String, String, OwnedObjectPath)> {
        let path = OwnedObjectPath::try_from(SESSION).unwrap();
        vec![("1".to_owned(), 1000, "alice".to_owned(), "seat0".to_owned(), path)]
    }

    #[zbus(property)]
    fn preparing_for_sleep(&self) -> bool {
        false
    }
}

struct Session(Facts);

#[interface(name = "org.freedesktop.login1.Session")]
impl Session {
    #[zbus(property, name = "Type")]
    fn kind(&self) -> String {
        "wayland".to_owned()
    }

    #[zbus(property)]
    fn class(&self) -> String {
        "user".to_owned()
    }

    #[zbus(property)]
    fn active(&self) -> bool {
        true
    }

    #[zbus(property)]
    fn idle_hint(&self) -> bool {
        self.0.is_idle.load(Ordering::SeqCst)
    }

    #[zbus(property)]
    fn idle_since_hint(&self) -> u64 {
        1_000_000
    }
}

/// A bus that is the session's and the system's.
struct Desk {
    daemon: Program,
    address: String,
    connection: Connection,
    facts: Facts,
    computer: Computer,
}

impl Desk {
    async fn start() -> Option<Self> {
        let (daemon, address) = start("dbus-daemon", &["--session", "--nofork", "--print-address"])?;
        let facts = Facts::default();
        let connection = zbus::connection::Builder::address(address.as_str()).unwrap().build().await.unwrap();
        Some(Self { daemon, address, connection, facts, computer: Computer::new() })
    }

    async fn play<I: zbus::object_server::Interface>(&self, name: &'static str, path: &'static str, part: I) {
        assert!(self.connection.object_server().at(path, part).await.unwrap());
        self.connection.request_name(name).await.unwrap();
    }

    async fn play_login(&self) {
        let session = Session(self.facts.clone());
        assert!(self.connection.object_server().at(SESSION, session).await.unwrap());
        self.play("org.freedesktop.login1", LOGIN, Manager).await;
    }

    fn places(&self) -> Places {
        let mut places = self.computer.places();
        places.session_bus = Some(self.address.clone());
        places.system_bus = Some(self.address.clone());
        places
    }

    async fn signal<B: serde::Serialize + zbus::zvariant::DynamicType>(
        &self,
        path: &str,
        interface: &str,
        name: &str,
        body: &B,
    ) {
        self.connection.emit_signal(None::<&str>, path, interface, name, body).await.unwrap();
    }
}

#[tokio::test]
async fn gnome_tells_by_a_signal_and_logind_takes_over_when_it_goes() {
    let Some(desk) = Desk::start().await else { return };
    desk.facts.idle.store(50_000, Ordering::SeqCst);
    desk.facts.metered.store(2, Ordering::SeqCst);
    desk.play("org.gnome.Mutter.IdleMonitor", MUTTER, Mutter(desk.facts.clone())).await;
    desk.play("org.freedesktop.NetworkManager", NETWORK, Network(desk.facts.clone())).await;
    desk.play_login().await;
    let mut heard = Heard::start(desk.places());
    let first = heard.next().await;
    assert_eq!((first.source.as_str(), first.is_headless, first.is_metered), ("GNOME", false, Some(false)));
    assert!(first.idle_ms.is_some_and(|idle| (50_000..51_000).contains(&idle)), "{first:?}");

    assert_eq!(desk.facts.watches.load(Ordering::SeqCst), 1);
    desk.facts.idle.store(0, Ordering::SeqCst);
    desk.signal(MUTTER, "org.gnome.Mutter.IdleMonitor", "WatchFired", &1_u32).await;
    let (_, took) = heard.until(|machine| machine.idle_ms.is_some_and(|idle| idle < 1000)).await;
    println!("GNOME: reported {took:?} after the signal");
    assert!(took < Duration::from_millis(500));

    desk.signal(LOGIN, "org.freedesktop.login1.Manager", "PrepareForSleep", &true).await;
    heard.until(|machine| machine.is_going_to_sleep).await;
    desk.signal(LOGIN, "org.freedesktop.login1.Manager", "PrepareForSleep", &false).await;
    heard.until(|machine| !machine.is_going_to_sleep).await;
    desk.facts.metered.store(3, Ordering::SeqCst);
    let changed: HashMap<&str, Value<'_>> = HashMap::from([("Metered", Value::from(3_u32))]);
    let body = ("org.freedesktop.NetworkManager", changed, Vec::<&str>::new());
    desk.signal(NETWORK, "org.freedesktop.DBus.Properties", "PropertiesChanged", &body).await;
    heard.until(|machine| machine.is_metered == Some(true)).await;

    desk.facts.is_idle.store(true, Ordering::SeqCst);
    assert!(desk.connection.release_name("org.gnome.Mutter.IdleMonitor").await.unwrap());
    let (last, _) = heard.until(|machine| machine.source == "logind").await;
    assert!(last.idle_ms.is_some_and(|idle| idle > 1_000_000), "since a second after 1970: {last:?}");
    desk.facts.is_idle.store(false, Ordering::SeqCst);
    let (_, took) = heard.until(|machine| machine.idle_ms.is_some_and(|idle| idle < 1100)).await;
    println!("logind: reported {took:?} after the hint changed");
    assert!(took < Duration::from_secs(3));

    drop(desk.daemon);
    let (last, _) = heard.until(|machine| machine.source == "no display: load only").await;
    assert_eq!(last.idle_ms, None);
    heard.idle.stop().await;
}

#[tokio::test]
async fn another_desktop_tells_and_one_that_always_says_nought_does_not() {
    let Some(desk) = Desk::start().await else { return };
    desk.facts.idle.store(70_000, Ordering::SeqCst);
    desk.play("org.freedesktop.ScreenSaver", "/org/freedesktop/ScreenSaver", ScreenSaver(desk.facts.clone()))
        .await;
    let mut heard = Heard::start(desk.places());
    let first = heard.next().await;
    assert_eq!((first.source.as_str(), first.idle_ms.map(|idle| idle / 1000)), ("ScreenSaver", Some(70)));
    heard.idle.stop().await;

    desk.facts.idle.store(0, Ordering::SeqCst);
    desk.play_login().await;
    let mut heard = Heard::start(desk.places());
    assert_eq!(heard.next().await.source, "logind");
    heard.idle.stop().await;
}
