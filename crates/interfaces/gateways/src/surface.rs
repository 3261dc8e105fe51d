//! The bodies of the fixed routes: what is said on `/session`, `/view`, `/part`, `/site` and `/qr`.
//!
//! Not for: operations; those are in `api`.

use base::{ByteCount, ContentId, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Asks for a session: the body of `POST /session`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AskSession {
    /// The code out of the link that opened the page.
    pub code: String,
}

/// A session: the answer of `POST /session`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Session {
    /// Goes into `Authorization: Bearer TOKEN`.
    pub token: String,
    /// When it ends.
    pub expires: Timestamp,
}

/// Whether a file is to be shown or saved.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Disposition {
    /// Shown in place where that is safe.
    #[default]
    Inline,
    /// Saved as a file.
    Attachment,
}

/// Asks for a URL under which a file can be seen or saved: the body of `POST /view`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AskView {
    /// A file's path.
    pub path: String,
    /// Which revision; the newest if not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<u64>,
    /// Whether it is to be shown or saved; shown if not said.
    #[serde(default)]
    pub disposition: Disposition,
}

/// How a page shows a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Show {
    /// In a frame, as plain text.
    Text,
    /// In a frame, rendered.
    Markdown,
    /// In a frame, by the browser's own viewer.
    Pdf,
    /// As an image.
    Image,
    /// As a video.
    Video,
    /// As sound.
    Audio,
    /// Not: it can only be saved.
    None,
}

/// Where a file can be seen or saved: the answer of `POST /view`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct View {
    /// The URL, on an origin of its own; whoever knows it can read the file.
    pub url: String,
    /// How to show it.
    pub show: Show,
    /// The file's name.
    pub name: String,
    /// Bytes in all.
    pub size: ByteCount,
    /// The media type it is served with.
    pub media: String,
    /// Its revision's number.
    pub revision: u64,
    /// Its content.
    pub content: ContentId,
    /// When the URL ends unless it is used or asked for again before.
    pub expires: Timestamp,
}

/// Asks for a URL under which a part of a mail can be saved: the body of `POST /part`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AskPart {
    /// Which mail: `FOLDER/NUMBER`.
    pub message: String,
    /// Which of its parts, as `mail.read` numbers them; 0: the mail as it came.
    pub part: u64,
}

/// Where a part of a mail can be saved: the answer of `POST /part`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PartUrl {
    /// The URL, on an origin of its own; it is never shown in place, whatever it is.
    pub url: String,
    /// Its name, made harmless.
    pub name: String,
    /// Bytes in all.
    pub size: ByteCount,
    /// When the URL ends unless it is used or asked for again before.
    pub expires: Timestamp,
}

/// Asks for an address that enters a site: the body of `POST /site`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AskSite {
    /// The name in the browser's address, before `.localhost`.
    pub label: String,
    /// What stands behind the host in the address, with its query, as the address bar shows it; empty for the
    /// site's first page.
    #[serde(default)]
    pub path: String,
}

/// Where a site is entered: the answer of `POST /site`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SiteUrl {
    /// Opens the site once, within 30 seconds; a window has to go there, a script can't.
    pub url: String,
}

/// Asks for a QR code: the body of `POST /qr`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AskQr {
    /// What the code says, 1 to 2,048 bytes.
    pub text: String,
}

/// The first message of the stream of events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Hello {
    /// The number to go on after.
    pub last: u64,
}
