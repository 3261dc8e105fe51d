//! What the command line itself can fail at, how faults are printed, and the exit codes.

use std::path::PathBuf;

use base::{Fault, FaultKind};

use crate::words::harmless;

/// Why a command could not be carried out by the command line.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// Nobody answers on the socket.
    #[error("no peer is running with this home ({})", home.display())]
    NoPeer {
        /// The home.
        home: PathBuf,
    },
    /// The socket may not be used.
    #[error("the peer of the home {} cannot be asked: {why}", home.display())]
    CannotAsk {
        /// The home.
        home: PathBuf,
        /// The system's words.
        why: String,
    },
    /// The peer went away before it had answered.
    #[error("the peer ended before it had answered: {why}")]
    CutOff {
        /// The system's words.
        why: String,
    },
    /// What the peer answered cannot be read.
    #[error("the peer's answer cannot be read: {why}")]
    Garbled {
        /// What is wrong with it.
        why: String,
    },
    /// What was followed ended without success.
    #[error("{what}")]
    NotDone {
        /// Why, in the service's words.
        what: String,
        /// How it ended.
        state: String,
    },
    /// A path that is no UTF-8.
    #[error("the path {path} is not UTF-8 and can't be named to a peer")]
    PathNotText {
        /// The path, with the wrong bytes replaced.
        path: String,
    },
    /// The present folder is unknown.
    #[error("the present folder can't be found: {why}")]
    NoFolder {
        /// The system's words.
        why: String,
    },
    /// Input could not be read.
    #[error("the input cannot be read: {why}")]
    Input {
        /// The system's words.
        why: String,
    },
    /// Output could not be written.
    #[error("the output cannot be written: {why}")]
    Output {
        /// The system's words.
        why: String,
    },
    /// The program could not start its own machinery.
    #[error("the program cannot start: {why}")]
    CannotStart {
        /// The system's words.
        why: String,
    },
    /// The setting `log` says nothing that is understood.
    #[error("the setting log = {value:?} is not understood: {why}")]
    LogLevel {
        /// The setting.
        value: String,
        /// What is wrong with it.
        why: String,
    },
    /// Nothing was typed where a passphrase is needed.
    #[error("no passphrase was given")]
    NoPassphrase,
    /// Two passphrases that were typed differ.
    #[error("the two passphrases are not the same, so nothing was changed")]
    NotTheSame,
    /// The service's credential cannot be read.
    #[error("the credential {} cannot be read: {why}", path.display())]
    NoCredential {
        /// The file.
        path: PathBuf,
        /// The system's words.
        why: String,
    },
    /// What shall be removed is not there.
    #[error("the secrets of the home {} are not protected so", home.display())]
    NotProtectedSo {
        /// The home.
        home: PathBuf,
    },
    /// The peer ended by itself.
    #[error("the peer could not go on and has stopped; what it had confirmed is saved")]
    PeerEnded,
}

impl From<Failure> for Fault {
    fn from(failure: Failure) -> Self {
        let (code, kind) = match &failure {
            Failure::NoPeer { .. } => ("althing.no-peer", FaultKind::Unreachable),
            Failure::CannotAsk { .. } => ("althing.cannot-ask", FaultKind::Settings),
            Failure::CutOff { .. } => ("althing.cut-off", FaultKind::Unreachable),
            Failure::Garbled { .. } => ("althing.garbled", FaultKind::Broken),
            Failure::NotDone { state, .. } => ("althing.not-done", kind_of_end(state)),
            Failure::PathNotText { .. } => ("althing.path-not-text", FaultKind::Yours),
            Failure::NoFolder { .. } => ("althing.no-folder", FaultKind::Settings),
            Failure::Input { .. } => ("althing.input", FaultKind::Settings),
            Failure::Output { .. } => ("althing.output", FaultKind::Settings),
            Failure::CannotStart { .. } => ("althing.cannot-start", FaultKind::Settings),
            Failure::LogLevel { .. } => ("althing.log-level", FaultKind::Settings),
            Failure::NoPassphrase => ("althing.no-passphrase", FaultKind::Yours),
            Failure::NotTheSame => ("althing.not-the-same", FaultKind::Yours),
            Failure::NoCredential { .. } => ("althing.no-credential", FaultKind::Settings),
            Failure::NotProtectedSo { .. } => ("althing.not-protected-so", FaultKind::Yours),
            Failure::PeerEnded => ("althing.peer-ended", FaultKind::Broken),
        };
        let fault = Self::new(code, kind, failure.to_string());
        match failure {
            Failure::NoPeer { .. } => fault
                .remedy("althing start", "start it, in another window or as a service")
                .remedy("", "another home is named by ALTHING_HOME or --home"),
            Failure::CannotAsk { .. } => fault.remedy("", "use the account that started the peer"),
            Failure::CutOff { .. } => {
                fault.remedy("althing status", "see whether it runs again, then repeat")
            }
            Failure::Garbled { .. } => {
                fault.remedy("althing stop", "and start it anew: the peer may be another version")
            }
            Failure::LogLevel { .. } => fault.remedy("althing config show", "see what may stand there"),
            Failure::NoPassphrase => fault
                .remedy("", "type it in a terminal, or let it be the first line of the standard input")
                .remedy("", "a service reads it from its credential althing-passphrase: see docs/serving.md"),
            Failure::NotProtectedSo { .. } => {
                fault.remedy("althing key status", "says how they are protected")
            }
            Failure::PeerEnded => fault.remedy("althing start", "start it again; its log says why it ended"),
            _ => fault,
        }
    }
}

fn kind_of_end(state: &str) -> FaultKind {
    match state {
        "refused" => FaultKind::Refused,
        "cancelled" => FaultKind::Yours,
        _ => FaultKind::Unreachable,
    }
}

/// What each exit code means.
pub(crate) const EXIT_CODES: &str = "\
0  done
1  Althing is at fault
2  the request is wrong
3  the peer's settings or its computer stand in the way
4  somebody may not do this
5  who or what is needed can't be reached now; the same command may work later
";

/// Returns the exit code of a fault.
pub(crate) fn exit_code(kind: FaultKind) -> u8 {
    match kind {
        FaultKind::Broken => 1,
        FaultKind::Yours => 2,
        FaultKind::Settings => 3,
        FaultKind::Refused => 4,
        FaultKind::Unreachable => 5,
    }
}

/// Writes a fault as a person reads it.
pub(crate) fn text(fault: &Fault) -> String {
    let mut lines = vec![format!("Error: {}", harmless(&fault.what))];
    let width = fault.remedies.iter().map(|remedy| remedy.command.chars().count()).max().unwrap_or(0);
    for (place, remedy) in fault.remedies.iter().enumerate() {
        let start = if place == 0 { "Do:   " } else { "      " };
        let (command, text) = (harmless(&remedy.command), harmless(&remedy.text));
        lines.push(match command.is_empty() {
            true => format!("{start} {text}"),
            false => format!("{start} {command:<width$}   {text}"),
        });
    }
    let code = format!("[{}]", harmless(&fault.code));
    if let Some(last) = lines.last_mut() {
        let gap = 96_usize.saturating_sub(last.chars().count() + code.len()).max(2);
        last.push_str(&" ".repeat(gap));
        last.push_str(&code);
    }
    lines.join("\n") + "\n"
}

/// Returns one fault of each kind the command line makes.
pub(crate) fn faults() -> Vec<Fault> {
    let (home, why) = (|| PathBuf::from("/home/alice/.local/share/althing"), |text: &str| text.to_owned());
    [
        Failure::NoPeer { home: home() },
        Failure::CannotAsk { home: home(), why: why("permission denied") },
        Failure::CutOff { why: why("connection closed before message completed") },
        Failure::Garbled { why: why("expected value at line 1 column 1") },
        Failure::NotDone { what: why("the invitation is used up"), state: why("refused") },
        Failure::PathNotText { path: why("/home/alice/\u{fffd}") },
        Failure::NoFolder { why: why("no such file or directory") },
        Failure::Input { why: why("input/output error") },
        Failure::Output { why: why("no space left on device") },
        Failure::CannotStart { why: why("too many open files") },
        Failure::LogLevel { value: why("loud"), why: why("invalid filter directive") },
        Failure::NoPassphrase,
        Failure::NotTheSame,
        Failure::NoCredential {
            path: PathBuf::from("/run/credentials/althing.service/althing-passphrase"),
            why: why("permission denied"),
        },
        Failure::NotProtectedSo { home: home() },
        Failure::PeerEnded,
    ]
    .into_iter()
    .map(Fault::from)
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_says_what_failed_and_what_to_do() {
        let fault = Fault::new("files.pool-full", FaultKind::Settings, "cannot publish holiday\n.mp4")
            .remedy("althing pool give 5GB", "offer more")
            .remedy("", "or wait");
        assert_eq!(
            text(&fault),
            format!(
                "Error: cannot publish holiday\\n.mp4\nDo:    althing pool give 5GB   offer more\n       or wait{}[files.pool-full]\n",
                " ".repeat(65)
            )
        );
    }

    #[test]
    fn every_kind_has_its_exit_code_in_the_list() {
        for (kind, code) in [
            (FaultKind::Yours, "2  "),
            (FaultKind::Settings, "3  "),
            (FaultKind::Refused, "4  "),
            (FaultKind::Unreachable, "5  "),
            (FaultKind::Broken, "1  "),
        ] {
            assert!(EXIT_CODES.contains(code) && code.starts_with(&exit_code(kind).to_string()));
        }
    }
}
