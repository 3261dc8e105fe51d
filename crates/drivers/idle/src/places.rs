//! Where the driver looks.

use std::path::{Path, PathBuf};

/// Where the driver looks; tests give others than those of this computer.
#[derive(Debug, Clone)]
pub struct Places {
    /// Has `proc`, `sys` and `dev` below it.
    pub root: PathBuf,
    /// Address of the bus of this person's session.
    pub session_bus: Option<String>,
    /// Address of the bus of this computer.
    pub system_bus: Option<String>,
    /// The X11 display, as `:0`. One of another computer (`localhost:10.0`) counts as none: its keyboard is elsewhere.
    pub display: Option<String>,
    /// Whether the session is Wayland's; the X11 display then does not see what is typed into other windows than its own.
    pub is_wayland: bool,
    /// A folder on the disk whose speed is measured.
    pub home: PathBuf,
}

impl Places {
    /// Reads them from the environment of this process.
    pub fn of_this_computer(home: PathBuf) -> Self {
        let text = |name: &str| std::env::var(name).ok().filter(|text| !text.is_empty());
        let runtime = text("XDG_RUNTIME_DIR");
        let session_bus =
            text("DBUS_SESSION_BUS_ADDRESS").or_else(|| socket(&Path::new(&runtime?).join("bus")));
        let system_bus = text("DBUS_SYSTEM_BUS_ADDRESS")
            .or_else(|| socket(Path::new("/run/dbus/system_bus_socket")))
            .or_else(|| socket(Path::new("/var/run/dbus/system_bus_socket")));
        let is_wayland = text("WAYLAND_DISPLAY").is_some()
            || text("XDG_SESSION_TYPE").is_some_and(|kind| kind == "wayland");
        Self { root: PathBuf::from("/"), session_bus, system_bus, display: text("DISPLAY"), is_wayland, home }
    }

    /// Returns the X11 display when it is one of this computer.
    pub(crate) fn local_display(&self) -> Option<&str> {
        self.display.as_deref().filter(|display| {
            let host = display.rsplit_once(':').map_or("?", |(host, _)| host);
            host.is_empty() || host == "unix" || host.starts_with('/')
        })
    }
}

fn socket(path: &Path) -> Option<String> {
    path.exists().then(|| format!("unix:path={}", path.display()))
}
