//! What to enter in mail programs, in the words of each.

use api::mail::MailSettings;
use base::ByteCount;

use super::Kept;

/// The user's name, if no address gives a better one. Any is taken: this peer has one account.
const USER: &str = "me";

/// Describes how mail programs are served.
pub(super) fn settings(kept: &Kept, addresses: Vec<String>) -> MailSettings {
    let (imap, smtp) = (kept.imap_port.unwrap_or_default(), kept.smtp_port.unwrap_or_default());
    let address = addresses.first().cloned().unwrap_or_default();
    let local = address.split('@').next().unwrap_or_default();
    // In the addresses of servers that mutt wants, only such letters mean themselves.
    let is_word = |text: &str| {
        !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte))
    };
    let user = if is_word(local) { local } else { USER }.to_owned();
    let thunderbird = format!(
        "Your name and {address}, then Configure manually.\n\
         Incoming: IMAP, 127.0.0.1, port {imap}, connection security None, normal password, user name {user}\n\
         Outgoing: SMTP, 127.0.0.1, port {smtp}, connection security None, normal password, user name {user}"
    );
    let mutt = format!(
        "set from=\"{address}\" use_envelope_from=yes\n\
         set folder=\"imap://{user}@127.0.0.1:{imap}/\" spoolfile=+INBOX record=+Sent postponed=+Drafts trash=+Trash\n\
         set smtp_url=\"smtp://{user}@127.0.0.1:{smtp}/\" smtp_authenticators=\"plain\"\n\
         set ssl_starttls=no ssl_force_tls=no\n\
         set imap_pass=\"PASSWORD\" smtp_pass=\"PASSWORD\""
    );
    let mbsync = format!(
        "IMAPAccount althing\nHost 127.0.0.1\nPort {imap}\nUser {user}\nPass PASSWORD\nSSLType None\nAuthMechs LOGIN\n\n\
         IMAPStore althing-far\nAccount althing\n\n\
         MaildirStore althing-near\nPath ~/Mail/althing/\nInbox ~/Mail/althing/INBOX\nSubFolders Verbatim\n\n\
         Channel althing\nFar :althing-far:\nNear :althing-near:\nPatterns *\nCreate Both\nExpunge Both\nSyncState *"
    );
    // The format of Mozilla's ISP database.
    let domain = escaped(address.split('@').nth(1).unwrap_or_default());
    let server = |kind, direction, port| {
        format!(
            "    <{direction}Server type=\"{kind}\">\n      <hostname>127.0.0.1</hostname>\n      <port>{port}</port>\n      \
             <socketType>plain</socketType>\n      <authentication>password-cleartext</authentication>\n      \
             <username>{user}</username>\n    </{direction}Server>\n"
        )
    };
    let autoconfig = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<clientConfig version=\"1.1\">\n  <emailProvider id=\"{domain}\">\n    \
         <domain>{domain}</domain>\n    <displayName>Althing</displayName>\n{}{}  </emailProvider>\n</clientConfig>\n",
        server("imap", "incoming", imap),
        server("smtp", "outgoing", smtp),
    );
    MailSettings {
        is_on: kept.is_on,
        imap_port: imap,
        smtp_port: smtp,
        user,
        has_password: kept.password_hash.is_some(),
        size_max: ByteCount(super::files::WRITTEN_MAX),
        addresses,
        thunderbird,
        mutt,
        mbsync,
        autoconfig,
    }
}

/// Writes text as XML has it: a web's name is somebody's.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
