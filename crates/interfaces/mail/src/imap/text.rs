//! What is searched of a message: its fields and texts, decoded, in lower case.

use mail_parser::parsers::MessageStream;
use mail_parser::{DateTime, MessageParser, PartType};

use super::outlines::read_all;
use super::section::Looked;
use crate::mime::field::fields;
use crate::mime::media::parametered;
use crate::mime::outline::{FieldName, Kind, Part};
use crate::post::PostError;

/// Bytes of one part that are searched, and of one message: a novel has one megabyte. What is behind is not found.
const PART_BYTES_MAX: usize = 2 * 1024 * 1024;
const MESSAGE_TEXT_MAX: usize = 8 * 1024 * 1024;

/// What a message says.
#[derive(Debug, Default)]
pub(super) struct Text {
    /// Names and values, in lower case.
    pub(super) fields: Vec<(String, String)>,
    /// By its field `Date`, days since 1970 where it was written.
    pub(super) sent_day: Option<i64>,
    /// None until it was read.
    pub(super) body: Option<String>,
}

/// Reads the head.
pub(super) async fn of_head(looked: &mut Looked<'_>) -> Result<Text, PostError> {
    let head = looked.head().await?;
    let mut text = Text::default();
    for field in fields(&head) {
        let name = String::from_utf8_lossy(field.name).to_lowercase();
        let value = decoded(field.value);
        if name == "date" && text.sent_day.is_none() {
            text.sent_day = DateTime::parse_rfc822(value.trim()).filter(DateTime::is_valid).map(|date| {
                let written_here = DateTime { tz_before_gmt: false, tz_hour: 0, tz_minute: 0, ..date };
                written_here.to_timestamp().div_euclid(24 * 3_600)
            });
        }
        text.fields.push((name, value.to_lowercase()));
    }
    Ok(text)
}

/// Decodes a field's value; its line end is part of it.
pub(crate) fn decoded(value: &[u8]) -> String {
    let mut line = value.to_vec();
    if !line.ends_with(b"\n") {
        line.extend_from_slice(b"\r\n");
    }
    let text = MessageStream::new(&line).parse_unstructured().into_text();
    text.map(std::borrow::Cow::into_owned).unwrap_or_default()
}

/// Reads the texts of all parts.
pub(super) async fn body(looked: &mut Looked<'_>) -> Result<String, PostError> {
    let outline = looked.outline().await?;
    let mut all = String::new();
    // Parts within parts are put on a list: messages of strangers must not decide how deep this calls itself.
    let mut open: Vec<&Part> = vec![&outline];
    while let Some(part) = open.pop() {
        open.extend(part.parts.iter().rev());
        if part.kind != Kind::Leaf || !is_text(part) || all.len() > MESSAGE_TEXT_MAX {
            continue;
        }
        let length = usize::try_from(part.body.len()).unwrap_or(usize::MAX).min(PART_BYTES_MAX);
        let place = (looked.folder, looked.message.uid);
        let bytes = read_all(looked.account, place, part.body.from, length).await?;
        all.push_str(&decoded_part(part, &bytes).to_lowercase());
        all.push('\n');
    }
    Ok(all)
}

fn is_text(part: &Part) -> bool {
    let said = parametered(part.field(FieldName::ContentType).unwrap_or_default());
    said.media()
        .is_none_or(|(kind, _)| kind.eq_ignore_ascii_case(b"text") || kind.eq_ignore_ascii_case(b"multipart"))
}

/// Decodes one text. The parser is shown nothing but that, so what is in it can't nest.
pub(crate) fn decoded_part(part: &Part, bytes: &[u8]) -> String {
    let said = parametered(part.field(FieldName::ContentType).unwrap_or_default());
    let mut message = b"Content-Type: text/plain".to_vec();
    if let Some(charset) = said.parameter(b"charset") {
        let plain: Vec<u8> = charset
            .iter()
            .copied()
            .filter(|byte| byte.is_ascii_alphanumeric() || b"-_:.".contains(byte))
            .collect();
        message.extend_from_slice(&[b"; charset=", plain.as_slice()].concat());
    }
    if let Some(encoding) = part.field(FieldName::ContentTransferEncoding) {
        let plain = encoding.iter().copied().filter(|byte| byte.is_ascii_alphanumeric() || *byte == b'-');
        message.extend_from_slice(b"\r\nContent-Transfer-Encoding: ");
        message.extend(plain);
    }
    message.extend_from_slice(b"\r\n\r\n");
    message.extend_from_slice(bytes);
    let parsed = MessageParser::default().parse(&message);
    match parsed.as_ref().and_then(|message| message.parts.first()).map(|part| &part.body) {
        Some(PartType::Text(text) | PartType::Html(text)) => text.clone().into_owned(),
        _ => String::from_utf8_lossy(bytes).into_owned(),
    }
}
