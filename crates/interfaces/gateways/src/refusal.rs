//! What a gateway itself can refuse, and how any fault becomes an HTTP answer.
//!
//! Not for: faults of operations; those come through from the host unchanged.

use axum::Json;
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, HeaderValue};
use axum::response::{IntoResponse, Response};
use base::{Fault, FaultKind};

use crate::trespass::Trespass;

/// What can go wrong in a gateway.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GatewayError {
    /// Another program listens where the page should be.
    #[error("cannot open the page's address: port {port} of this computer is taken by another program")]
    PortTaken {
        /// The port.
        port: u16,
    },
    /// No address can be listened on.
    #[error("cannot listen on {address}: {why}")]
    CannotListen {
        /// Where.
        address: String,
        /// The system's words.
        why: String,
    },
    /// A running peer answers on the socket.
    #[error("cannot open the socket {path}: another peer runs with this home")]
    SocketTaken {
        /// The socket.
        path: String,
    },
    /// The system has a limit for such paths.
    #[error("cannot open the socket {path}: the path is longer than the {max} bytes that the system allows")]
    SocketPathTooLong {
        /// The socket.
        path: String,
        /// Bytes at most.
        max: usize,
    },
    /// The request names a host that is not ours.
    #[error("this is not the host {host}")]
    UnknownHost {
        /// As the request says it, shortened.
        host: String,
    },
    /// The request comes from another site.
    #[error("a page of another site may not ask this peer")]
    CrossSite,
    /// The marking header is missing.
    #[error("the request lacks the header x-althing: 1")]
    NoMarker,
    /// There is no token.
    #[error("the request carries no session")]
    NoToken,
    /// The token is unknown, ended, or too old.
    #[error("the session has ended or was never there")]
    UnknownToken,
    /// The code is unknown, used, or too old.
    #[error("the code is wrong, used already, or older than 30 seconds")]
    WrongCode,
    /// Too many failed attempts.
    #[error("too many failed attempts; the next one is possible in a second")]
    TooManyAttempts,
    /// There is no such operation.
    #[error("there is no operation {name}")]
    UnknownOperation {
        /// As asked.
        name: String,
    },
    /// There is nothing at this address.
    #[error("there is nothing at this address")]
    NothingHere,
    /// The method does not fit.
    #[error("this address does not take {method}")]
    WrongMethod {
        /// As asked.
        method: String,
    },
    /// The body is not declared as JSON.
    #[error("the request's body is not declared as application/json")]
    WrongMediaType,
    /// The body is not declared as bytes.
    #[error("the request's body is not declared as application/octet-stream")]
    NotBytes,
    /// The body is not JSON.
    #[error("the request's body is not JSON: {why}")]
    NotJson {
        /// Where and why.
        why: String,
    },
    /// The body ended early or came too slowly.
    #[error("the request's body did not arrive")]
    BodyLost,
    /// The body is too large.
    #[error("the request's body is larger than {max} bytes")]
    TooLarge {
        /// Bytes at most.
        max: usize,
    },
    /// The arguments do not fit the operation.
    #[error("{operation} cannot be asked like this: {why}")]
    BadArguments {
        /// The operation.
        operation: String,
        /// What does not fit.
        why: String,
    },
    /// The key that makes an act happen once is malformed.
    #[error("the header Idempotency-Key is not 32 lower-case hex digits")]
    BadOperationId,
    /// Too many streams of events are open.
    #[error("too many windows watch this peer: {max} at most")]
    TooManyStreams {
        /// Streams at most.
        max: usize,
    },
    /// The link to a file's content has ended.
    #[error("this view of a file has ended or was never there")]
    UnknownView,
    /// The browser wants to use content as something it may never be.
    #[error("a member's file may not be used as {purpose}")]
    ForbiddenUse {
        /// What the browser wants it for.
        purpose: String,
    },
    /// No member has a site of that name.
    #[error("there is no site {site} in your webs")]
    NoSite {
        /// As asked; empty when it is the one whose address is open.
        site: String,
    },
    /// Several sites are called so.
    #[error("several sites are called {site}: {sites}")]
    ManySites {
        /// As asked.
        site: String,
        /// Two of them.
        sites: String,
    },
    /// The site was taken away, or its web is no longer here.
    #[error("this site was taken away")]
    SiteGone,
    /// The browser has no cookie for the site.
    #[error("this browser has not entered the site")]
    SiteNotEntered,
    /// The program at the other end belongs to somebody else.
    #[error("a program of another account of this computer may not read sites")]
    OtherAccount,
    /// The browser was given the cookie a moment ago and does not bring it.
    #[error("this browser does not keep the site's cookie")]
    CookieLost,
    /// The code of an address that enters a site is unknown, used, or too old.
    #[error("this address was used already, or is older than 30 seconds")]
    WrongSiteCode,
    /// A path that is none of a site.
    #[error("{path} is no path of a site")]
    BadSitePath {
        /// As asked, shortened.
        path: String,
    },
    /// A site has no such file.
    #[error("there is nothing at {path} on this site{}", said(note))]
    NoSuchPage {
        /// Decoded, shortened.
        path: String,
        /// What the host knows about it; may be empty.
        note: String,
    },
    /// What a site's script asked about its shared state belongs to another site.
    #[error("the site has no such wish")]
    NoSuchWish,
    /// Nothing, or too much for a QR code.
    #[error("a text of {bytes} bytes does not fit a QR code: 1 to {max}")]
    QrText {
        /// Its length.
        bytes: usize,
        /// Bytes at most.
        max: usize,
    },
    /// Althing's fault.
    #[error("an answer could not be made: {why}")]
    Broken {
        /// For the log and a report.
        why: String,
    },
}

/// Puts a note behind a sentence, if there is one.
fn said(note: &str) -> String {
    if note.is_empty() { String::new() } else { format!(": {note}") }
}

impl GatewayError {
    fn status(&self) -> Option<StatusCode> {
        Some(match self {
            Self::UnknownHost { .. } => StatusCode::MISDIRECTED_REQUEST,
            Self::NoToken
            | Self::UnknownToken
            | Self::WrongCode
            | Self::SiteNotEntered
            | Self::WrongSiteCode => StatusCode::UNAUTHORIZED,
            Self::SiteGone => StatusCode::GONE,
            Self::TooManyAttempts | Self::TooManyStreams { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::UnknownOperation { .. }
            | Self::NothingHere
            | Self::UnknownView
            | Self::NoSite { .. }
            | Self::NoSuchPage { .. }
            | Self::NoSuchWish => StatusCode::NOT_FOUND,
            Self::WrongMethod { .. } => StatusCode::METHOD_NOT_ALLOWED,
            Self::WrongMediaType | Self::NotBytes => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::BodyLost => StatusCode::REQUEST_TIMEOUT,
            Self::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            _ => return None,
        })
    }

    /// Returns what was tried, if nobody who is let in does that.
    fn trespass(&self) -> Option<Trespass> {
        match self {
            Self::UnknownHost { .. } | Self::CrossSite => Some(Trespass::Site),
            Self::NoToken | Self::UnknownToken => Some(Trespass::Program),
            Self::WrongCode | Self::TooManyAttempts => Some(Trespass::Guess),
            _ => None,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::PortTaken { .. } => "gateways.port-taken",
            Self::CannotListen { .. } => "gateways.cannot-listen",
            Self::SocketTaken { .. } => "gateways.socket-taken",
            Self::SocketPathTooLong { .. } => "gateways.socket-path-too-long",
            Self::UnknownHost { .. } => "gateways.unknown-host",
            Self::CrossSite => "gateways.cross-site",
            Self::NoMarker => "gateways.no-marker",
            Self::NoToken => "gateways.no-token",
            Self::UnknownToken => "gateways.unknown-token",
            Self::WrongCode => "gateways.wrong-code",
            Self::TooManyAttempts => "gateways.too-many-attempts",
            Self::UnknownOperation { .. } => "gateways.unknown-operation",
            Self::NothingHere => "gateways.nothing-here",
            Self::WrongMethod { .. } => "gateways.wrong-method",
            Self::WrongMediaType => "gateways.wrong-media-type",
            Self::NotBytes => "gateways.not-bytes",
            Self::NotJson { .. } => "gateways.not-json",
            Self::BodyLost => "gateways.body-lost",
            Self::TooLarge { .. } => "gateways.too-large",
            Self::BadArguments { .. } => "gateways.bad-arguments",
            Self::BadOperationId => "gateways.bad-operation-id",
            Self::TooManyStreams { .. } => "gateways.too-many-streams",
            Self::UnknownView => "gateways.unknown-view",
            Self::ForbiddenUse { .. } => "gateways.forbidden-use",
            Self::NoSite { .. } => "gateways.no-site",
            Self::ManySites { .. } => "gateways.many-sites",
            Self::SiteGone => "gateways.site-gone",
            Self::SiteNotEntered => "gateways.site-not-entered",
            Self::OtherAccount => "gateways.other-account",
            Self::CookieLost => "gateways.cookie-lost",
            Self::WrongSiteCode => "gateways.wrong-site-code",
            Self::BadSitePath { .. } => "gateways.bad-site-path",
            Self::NoSuchPage { .. } => "gateways.no-such-page",
            Self::NoSuchWish => "gateways.no-such-wish",
            Self::QrText { .. } => "gateways.qr-text",
            Self::Broken { .. } => "gateways.broken",
        }
    }

    fn kind(&self) -> FaultKind {
        match self {
            Self::PortTaken { .. }
            | Self::CannotListen { .. }
            | Self::SocketTaken { .. }
            | Self::SocketPathTooLong { .. } => FaultKind::Settings,
            Self::UnknownHost { .. }
            | Self::CrossSite
            | Self::NoMarker
            | Self::NoToken
            | Self::UnknownToken
            | Self::WrongCode
            | Self::TooManyAttempts
            | Self::UnknownView
            | Self::SiteNotEntered
            | Self::CookieLost
            | Self::OtherAccount
            | Self::WrongSiteCode
            | Self::ForbiddenUse { .. } => FaultKind::Refused,
            Self::TooManyStreams { .. } | Self::BodyLost => FaultKind::Unreachable,
            Self::Broken { .. } => FaultKind::Broken,
            _ => FaultKind::Yours,
        }
    }
}

impl From<GatewayError> for Fault {
    fn from(error: GatewayError) -> Self {
        let fault = Fault::new(error.code(), error.kind(), error.to_string());
        match error {
            GatewayError::PortTaken { .. } => fault
                .remedy("althing start --port 0", "take any free port")
                .remedy("", "or set another page_port in the configuration"),
            GatewayError::SocketTaken { .. } => fault
                .remedy("althing stop", "stop the one that runs")
                .remedy("althing status", "see how it is"),
            GatewayError::SocketPathTooLong { .. } => {
                fault.remedy("", "choose a home with a shorter path (--home or ALTHING_HOME)")
            }
            GatewayError::NoToken | GatewayError::UnknownToken | GatewayError::WrongCode => {
                fault.remedy("althing page", "make a new link and open it")
            }
            GatewayError::UnknownHost { .. } => {
                fault.remedy("althing page", "open the page under its own address")
            }
            GatewayError::UnknownOperation { .. } | GatewayError::BadArguments { .. } => {
                fault.remedy("althing commands", "read what can be asked, and how")
            }
            GatewayError::NoSite { .. } | GatewayError::SiteGone => {
                fault.remedy("althing page list", "see which sites there are")
            }
            GatewayError::ManySites { .. } => fault.remedy("althing page list", "name it as web/person/name"),
            GatewayError::SiteNotEntered | GatewayError::WrongSiteCode => {
                fault.remedy("", "open the site from Althing's page, or by althing page open")
            }
            GatewayError::CookieLost => fault
                .remedy("", "allow cookies for addresses that end in localhost, then load this page again"),
            GatewayError::NoSuchPage { .. } | GatewayError::BadSitePath { .. } => {
                fault.remedy("", "look at the site's first page, or ask its owner")
            }
            GatewayError::UnknownView => fault.remedy("", "open the file again"),
            _ => fault,
        }
    }
}

/// A fault on its way out.
#[derive(Debug, Clone)]
pub(crate) struct Refusal {
    status: StatusCode,
    fault: Fault,
    trespass: Option<Trespass>,
}

impl From<GatewayError> for Refusal {
    fn from(error: GatewayError) -> Self {
        let (status, trespass) = (error.status(), error.trespass());
        let fault = Fault::from(error);
        Self { status: status.unwrap_or_else(|| status_of(fault.kind)), fault, trespass }
    }
}

impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Self {
        Self { status: status_of(fault.kind), fault, trespass: None }
    }
}

impl Refusal {
    /// Makes a refusal of another status than the fault's kind says.
    pub(crate) fn of(status: StatusCode, fault: Fault) -> Self {
        Self { status, fault, trespass: None }
    }

    /// Returns the HTTP status.
    pub(crate) fn status(&self) -> StatusCode {
        self.status
    }

    /// Returns the fault.
    pub(crate) fn fault(&self) -> &Fault {
        &self.fault
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(self.fault)).into_response();
        if let Some(trespass) = self.trespass {
            response.extensions_mut().insert(trespass);
        }
        response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if self.status == StatusCode::TOO_MANY_REQUESTS {
            response.headers_mut().insert("retry-after", HeaderValue::from_static("1"));
        }
        response
    }
}

fn status_of(kind: FaultKind) -> StatusCode {
    match kind {
        FaultKind::Yours => StatusCode::BAD_REQUEST,
        FaultKind::Settings => StatusCode::CONFLICT,
        FaultKind::Refused => StatusCode::FORBIDDEN,
        FaultKind::Unreachable => StatusCode::SERVICE_UNAVAILABLE,
        FaultKind::Broken => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// Returns one fault of each kind that the gateways can answer, for the page of all faults.
pub fn faults() -> Vec<Fault> {
    let text = |text: &str| text.to_owned();
    [
        GatewayError::PortTaken { port: 7417 },
        GatewayError::CannotListen { address: text("127.0.0.1:80"), why: text("permission denied") },
        GatewayError::SocketTaken { path: text("/home/alice/.local/share/althing/althing.sock") },
        GatewayError::SocketPathTooLong { path: text("/a/very/long/path/althing.sock"), max: 107 },
        GatewayError::UnknownHost { host: text("evil.example") },
        GatewayError::CrossSite,
        GatewayError::NoMarker,
        GatewayError::NoToken,
        GatewayError::UnknownToken,
        GatewayError::WrongCode,
        GatewayError::TooManyAttempts,
        GatewayError::UnknownOperation { name: text("files.fetch") },
        GatewayError::NothingHere,
        GatewayError::WrongMethod { method: text("PUT") },
        GatewayError::WrongMediaType,
        GatewayError::NotBytes,
        GatewayError::NotJson { why: text("expected value at line 1 column 1") },
        GatewayError::BodyLost,
        GatewayError::TooLarge { max: 262_144 },
        GatewayError::BadArguments { operation: text("files.get"), why: text("path is missing") },
        GatewayError::BadOperationId,
        GatewayError::TooManyStreams { max: 32 },
        GatewayError::UnknownView,
        GatewayError::ForbiddenUse { purpose: text("script") },
        GatewayError::NoSite { site: text("notes") },
        GatewayError::ManySites { site: text("notes"), sites: text("family/alice/notes and work/bob/notes") },
        GatewayError::SiteGone,
        GatewayError::SiteNotEntered,
        GatewayError::OtherAccount,
        GatewayError::CookieLost,
        GatewayError::WrongSiteCode,
        GatewayError::BadSitePath { path: text("//evil.example") },
        GatewayError::NoSuchPage { path: text("plans/2027.md"), note: String::new() },
        GatewayError::NoSuchWish,
        GatewayError::QrText { bytes: 3000, max: 2048 },
        GatewayError::Broken { why: text("a task ended early") },
    ]
    .into_iter()
    .map(Fault::from)
    .collect()
}
