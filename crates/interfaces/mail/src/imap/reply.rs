//! How a command ends.

use base::FaultKind;

use crate::plain::sentence;
use crate::post::PostError;
use crate::wire::WireEnd;

/// The last line of an answer, without its tag.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Reply {
    Ok(String),
    No(String),
    Bad(String),
}

impl Reply {
    pub(super) fn ok(text: &str) -> Self {
        Self::Ok(text.to_owned())
    }

    pub(super) fn no(text: &str) -> Self {
        Self::No(text.to_owned())
    }

    pub(super) fn bad(text: &str) -> Self {
        Self::Bad(text.to_owned())
    }

    /// Returns the line.
    pub(super) fn line(&self, tag: &str) -> String {
        let (word, text) = match self {
            Self::Ok(text) => ("OK", text),
            Self::No(text) => ("NO", text),
            Self::Bad(text) => ("BAD", text),
        };
        format!("{tag} {word} {text}\r\n")
    }
}

/// Why a command stops half-way.
#[derive(Debug)]
pub(super) enum Stop {
    /// With an answer.
    Reply(Reply),
    /// With the connection.
    Wire(WireEnd),
}

impl From<WireEnd> for Stop {
    fn from(end: WireEnd) -> Self {
        Self::Wire(end)
    }
}

impl From<Reply> for Stop {
    fn from(reply: Reply) -> Self {
        Self::Reply(reply)
    }
}

impl From<PostError> for Stop {
    fn from(error: PostError) -> Self {
        let code = match &error {
            PostError::NoFolder => "[NONEXISTENT] ",
            PostError::FolderTaken => "[ALREADYEXISTS] ",
            PostError::NoMessage => "[EXPUNGEISSUED] ",
            PostError::Refused(fault) => match fault.kind {
                FaultKind::Unreachable => "[UNAVAILABLE] ",
                FaultKind::Refused => "[NOPERM] ",
                FaultKind::Broken => "[SERVERBUG] ",
                FaultKind::Yours | FaultKind::Settings => "[CANNOT] ",
            },
        };
        Self::Reply(Reply::No(format!("{code}{}", sentence(&error))))
    }
}
