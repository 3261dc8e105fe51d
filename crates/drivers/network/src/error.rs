//! What can keep the network from starting.

use std::net::SocketAddr;
use std::path::PathBuf;

use base::{Fault, FaultKind};

/// Why the network did not start.
#[derive(Debug, thiserror::Error)]
pub enum NetworkError {
    /// Another program, or another peer, has the port.
    #[error("cannot listen at {address}: another program uses this port")]
    PortTaken {
        /// Where.
        address: SocketAddr,
    },
    /// The address is not one of this computer, or the network is off.
    #[error("cannot listen at {}", list(addresses))]
    CannotListen {
        /// Where.
        addresses: Vec<SocketAddr>,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The content store cannot be opened.
    #[error("cannot open the stored contents in {}", path.display())]
    Contents {
        /// Where.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
}

fn list(addresses: &[SocketAddr]) -> String {
    addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

impl From<NetworkError> for Fault {
    fn from(error: NetworkError) -> Self {
        let what = error.to_string();
        match error {
            NetworkError::PortTaken { .. } => Self::new("network.port-taken", FaultKind::Settings, what)
                .remedy("", "stop the other program, or choose another port in the configuration"),
            NetworkError::CannotListen { .. } => {
                Self::new("network.cannot-listen", FaultKind::Settings, what)
                    .remedy("", "choose an address of this computer in the configuration")
            }
            NetworkError::Contents { .. } => Self::new("network.contents", FaultKind::Settings, what)
                .remedy("", "check that the disk of the home is there, may be written and has free space"),
        }
    }
}

/// Returns one fault for each variant, for the page that lists all messages.
pub(crate) fn faults() -> Vec<Fault> {
    let address = SocketAddr::from(([127, 0, 0, 1], 4433));
    let source = || std::io::Error::from(std::io::ErrorKind::PermissionDenied);
    vec![
        NetworkError::PortTaken { address }.into(),
        NetworkError::CannotListen { addresses: vec![address], source: source() }.into(),
        NetworkError::Contents { path: PathBuf::from("contents"), source: source() }.into(),
    ]
}
