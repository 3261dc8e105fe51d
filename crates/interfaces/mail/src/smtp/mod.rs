//! SMTP submission (RFC 6409): takes what a person's mail program sends, and refuses everything else in words.
//!
//! Not for: relaying. Only Althing's own addresses are sent to, only from those of who is logged in.

mod dots;
mod message;
mod stamp;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use data_encoding::BASE64;
use smtp_proto::{AUTH_LOGIN, AUTH_PLAIN, Error, MAIL_BODY_BINARYMIME, MailFrom, Request};
use tokio::sync::OwnedSemaphorePermit;

use crate::DOMAIN;
use crate::login::{Entered, LoginError, decoded, plain};
use crate::plain::sentence;
use crate::post::PostError;
use crate::server::Shared;
use crate::wire::{Wire, WireEnd};

/// Bytes of a command at most: RFC 5321 asks for 512, RFC 4954 for more with a password in it.
const LINE_MAX: usize = 4_096;

/// Recipients of one message at most: it is sealed for each of them. RFC 5321 asks for 100.
const RECIPIENTS_MAX: usize = 500;

/// Wrong commands before the connection ends: a program that speaks something else stops sooner; a browser's request
/// that is led here has no chance to get to its body.
const WRONG_MAX_STRANGER: u32 = 3;
const WRONG_MAX: u32 = 50;

/// How long a program that is logged in may be silent (RFC 5321, 4.5.3.2.7).
const PATIENCE: Duration = Duration::from_mins(5);

/// Where the addresses of one message are gathered.
#[derive(Debug)]
struct Envelope {
    from: String,
    to: Vec<String>,
}

/// One connection.
struct Session {
    wire: Wire,
    shared: Arc<Shared>,
    stranger: Option<OwnedSemaphorePermit>,
    entered: Option<Entered>,
    envelope: Option<Envelope>,
    wrong: u32,
}

/// Whether a connection goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    GoOn,
    End,
}

/// Serves one connection until it ends.
pub(crate) async fn serve(
    wire: Wire,
    shared: Arc<Shared>,
    room: OwnedSemaphorePermit,
) -> Result<(), WireEnd> {
    let mut session = Session { wire, shared, stranger: Some(room), entered: None, envelope: None, wrong: 0 };
    let ended = session.run().await;
    let farewell = match ended {
        Err(WireEnd::LineTooLong) => "500 5.5.6 a line is longer than 4096 bytes; goodbye\r\n",
        Err(WireEnd::BareLineFeed) => {
            "500 5.5.2 lines end with CR LF here, others are not taken; goodbye\r\n"
        }
        Err(WireEnd::TooSlow) => "421 4.4.2 nothing was said for too long; goodbye\r\n",
        Err(WireEnd::Stopping) => "421 4.3.2 Althing stops; try again later\r\n",
        Ok(()) | Err(WireEnd::Gone) => "",
    };
    session.wire.write(farewell.as_bytes()).await?;
    session.wire.flush().await?;
    ended
}

impl Session {
    async fn run(&mut self) -> Result<(), WireEnd> {
        self.say(220, "", &format!("{DOMAIN} ESMTP Althing")).await?;
        loop {
            let mut line = self.wire.line(LINE_MAX).await?.to_vec();
            line.extend_from_slice(b"\r\n");
            let next = match Request::parse(&mut line.iter()) {
                Ok(request) => self.obey(request).await?,
                Err(error) => self.complain(&error).await?,
            };
            if next == Next::End {
                return self.wire.flush().await;
            }
        }
    }

    async fn say(&mut self, code: u16, status: &str, text: &str) -> Result<(), WireEnd> {
        let gap = if status.is_empty() { "" } else { " " };
        self.wire.write(format!("{code} {status}{gap}{}\r\n", sentence(text)).as_bytes()).await
    }

    /// Says why not, and ends the connection if it was too often.
    async fn refuse(&mut self, code: u16, status: &str, text: &str) -> Result<Next, WireEnd> {
        self.say(code, status, text).await?;
        self.wrong = self.wrong.saturating_add(1);
        let max = if self.entered.is_some() { WRONG_MAX } else { WRONG_MAX_STRANGER };
        if self.wrong < max {
            return Ok(Next::GoOn);
        }
        self.say(421, "4.7.0", "too many wrong commands; goodbye").await?;
        Ok(Next::End)
    }

    async fn complain(&mut self, error: &Error) -> Result<Next, WireEnd> {
        match error {
            Error::InvalidSenderAddress => self.refuse(501, "5.1.7", "this is no address").await,
            Error::InvalidRecipientAddress => self.refuse(501, "5.1.3", "this is no address").await,
            Error::SyntaxError { syntax } => self.refuse(501, "5.5.2", &format!("write {syntax}")).await,
            Error::InvalidParameter { param } => {
                self.refuse(501, "5.5.4", &format!("the parameter {param} is wrong")).await
            }
            Error::UnsupportedParameter { param } => {
                self.refuse(555, "5.5.4", &format!("the parameter {param} is not known here")).await
            }
            _ => self.refuse(500, "5.5.1", "this command is not known here").await,
        }
    }

    async fn obey(&mut self, request: Request<std::borrow::Cow<'_, str>>) -> Result<Next, WireEnd> {
        match request {
            Request::Ehlo { .. } => self.greet().await?,
            Request::Helo { .. } => {
                self.envelope = None;
                self.say(250, "", DOMAIN).await?;
            }
            Request::Auth { mechanism, initial_response } => {
                return self.log_in(mechanism, initial_response.as_bytes()).await;
            }
            Request::Mail { from } => return self.begin(&from).await,
            Request::Rcpt { to } => return self.add_recipient(&to.address.to_lowercase()).await,
            Request::Data => return self.take_message().await,
            Request::Rset => {
                self.envelope = None;
                self.say(250, "2.0.0", "forgotten").await?;
            }
            Request::Noop { .. } => self.say(250, "2.0.0", "still here").await?,
            Request::Help { .. } => self.say(214, "2.0.0", "see RFC 6409").await?,
            Request::Quit => {
                self.say(221, "2.0.0", "goodbye").await?;
                return Ok(Next::End);
            }
            // What follows would be taken for commands.
            Request::Bdat { .. } | Request::Burl { .. } => {
                self.say(502, "5.5.1", "use DATA; goodbye").await?;
                return Ok(Next::End);
            }
            _ => return self.refuse(502, "5.5.1", "this command is not served here").await,
        }
        Ok(Next::GoOn)
    }

    async fn greet(&mut self) -> Result<(), WireEnd> {
        self.envelope = None;
        let size_max = self.shared.login.size_max();
        let lines = format!(
            "250-{DOMAIN}\r\n250-AUTH PLAIN LOGIN\r\n250-SIZE {size_max}\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n\
             250-PIPELINING\r\n250 ENHANCEDSTATUSCODES\r\n"
        );
        self.wire.write(lines.as_bytes()).await
    }

    async fn log_in(&mut self, mechanism: u64, first: &[u8]) -> Result<Next, WireEnd> {
        if self.entered.is_some() {
            return self.refuse(503, "5.5.1", "you are logged in already").await;
        }
        let first = (!first.is_empty()).then(|| first.to_vec());
        let told = match mechanism {
            AUTH_PLAIN => {
                let said = match first {
                    Some(said) => decoded(&said),
                    None => self.ask("").await?,
                };
                said.and_then(|said| plain(&said).map(|(name, word)| (name.to_vec(), word.to_vec())))
            }
            AUTH_LOGIN => {
                let name = match first {
                    Some(name) => decoded(&name),
                    None => self.ask("Username:").await?,
                };
                match name {
                    Some(name) => self.ask("Password:").await?.map(|word| (name, word)),
                    None => None,
                }
            }
            _ => return self.refuse(504, "5.5.4", "use AUTH PLAIN or AUTH LOGIN").await,
        };
        let Some((name, word)) = told else {
            return self.refuse(501, "5.5.2", "this is no name and password in base64").await;
        };
        match self.shared.login.enter(&name, &word).await {
            Ok(entered) => {
                self.entered = Some(entered);
                self.stranger = None;
                self.wrong = 0;
                self.wire.patience = PATIENCE;
                self.say(235, "2.7.0", "welcome").await?;
                Ok(Next::GoOn)
            }
            Err(error @ LoginError::Wrong) => self.refuse(535, "5.7.8", &error.to_string()).await,
            Err(error) => self.refuse(454, "4.7.0", &error.to_string()).await,
        }
    }

    /// Asks for something in base64; none if the answer is not, or `*`.
    async fn ask(&mut self, question: &str) -> Result<Option<Vec<u8>>, WireEnd> {
        self.wire.write(format!("334 {}\r\n", BASE64.encode(question.as_bytes())).as_bytes()).await?;
        Ok(decoded(&self.wire.line(LINE_MAX).await?))
    }

    async fn begin(&mut self, from: &MailFrom<std::borrow::Cow<'_, str>>) -> Result<Next, WireEnd> {
        let Some(entered) = &self.entered else {
            return self.refuse(530, "5.7.0", "log in first").await;
        };
        if self.envelope.is_some() {
            return self.refuse(503, "5.5.1", "a message has been begun already").await;
        }
        if from.flags & MAIL_BODY_BINARYMIME != 0 {
            return self.refuse(555, "5.5.4", "binary bodies are not taken: encode them as base64").await;
        }
        let size_max = self.shared.login.size_max();
        if u64::try_from(from.size).is_ok_and(|size| size > size_max) {
            return self.refuse(552, "5.3.4", &too_large(size_max)).await;
        }
        let own = match entered.account.addresses().await {
            Ok(own) => own,
            Err(error) => return self.fail(&error).await,
        };
        let said = from.address.to_lowercase();
        // Programs that only report, as that a message was read, name nobody.
        let found = own.iter().find(|address| said.is_empty() || **address == said);
        let Some(from) = found.cloned() else {
            let text = format!("{said} is not an address of yours; write from {}", own.join(" or "));
            return self.refuse(553, "5.7.1", &text).await;
        };
        self.envelope = Some(Envelope { from, to: Vec::new() });
        self.say(250, "2.1.0", "go on").await?;
        Ok(Next::GoOn)
    }

    async fn add_recipient(&mut self, to: &str) -> Result<Next, WireEnd> {
        let (Some(entered), Some(envelope)) = (&self.entered, &self.envelope) else {
            return self.refuse(503, "5.5.1", "say MAIL FROM first").await;
        };
        if envelope.to.len() >= RECIPIENTS_MAX {
            let text = format!("a message goes to {RECIPIENTS_MAX} recipients at most; write to a list");
            return self.refuse(452, "4.5.3", &text).await;
        }
        if !is_ours(to) {
            let text = format!(
                "{to} is not an address of Althing: mail goes only to members, as person@web.{DOMAIN}, never out into the internet"
            );
            return self.refuse(550, "5.7.1", &text).await;
        }
        match entered.account.accepts(to).await {
            Ok(()) => {
                if let Some(envelope) = &mut self.envelope
                    && !envelope.to.iter().any(|known| known == to)
                {
                    envelope.to.push(to.to_owned());
                }
                self.say(250, "2.1.5", "go on").await?;
                Ok(Next::GoOn)
            }
            Err(PostError::Refused(fault)) => self.refuse(550, "5.1.1", &fault.to_string()).await,
            Err(error) => self.fail(&error).await,
        }
    }

    async fn fail(&mut self, error: &PostError) -> Result<Next, WireEnd> {
        self.say(451, "4.3.0", &error.to_string()).await?;
        Ok(Next::GoOn)
    }
}

/// Says whether an address in lower case is of the form `person@web.althing.internal`.
fn is_ours(address: &str) -> bool {
    let Some((local, host)) = address.rsplit_once('@') else { return false };
    let web = host.strip_suffix(DOMAIN).and_then(|web| web.strip_suffix('.'));
    let is_word = |text: &str| {
        !text.is_empty()
            && !text
                .chars()
                .any(|letter| letter.is_whitespace() || letter.is_control() || "\"@<>,;:\\".contains(letter))
    };
    is_word(local) && web.is_some_and(is_word)
}

fn too_large(size_max: u64) -> String {
    format!("a message has {size_max} bytes at most; share the file and send a link")
}
