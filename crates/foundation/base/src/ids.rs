//! The identifiers of Althing: fixed-length byte strings, written as lower-case hex.

use std::fmt;
use std::str::FromStr;

/// Why a text is not an identifier.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not {article} {name}: expected {digits} lower-case hex digits")]
pub struct IdError {
    article: &'static str,
    name: &'static str,
    digits: usize,
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $bytes:literal, $article:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; $bytes]);

        impl $name {
            /// Length in bytes.
            pub const LEN: usize = $bytes;

            /// Makes an id of its bytes.
            pub const fn new(bytes: [u8; $bytes]) -> Self {
                Self(bytes)
            }

            /// Returns the bytes.
            pub const fn as_bytes(&self) -> &[u8; $bytes] {
                &self.0
            }

            /// Makes an id of a slice; `None` when the length is not [`Self::LEN`].
            pub fn from_slice(bytes: &[u8]) -> Option<Self> {
                bytes.try_into().ok().map(Self)
            }

            /// Returns the first ten hex digits, for logs and for telling namesakes apart.
            pub fn short(&self) -> String {
                self.to_string().chars().take(10).collect()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.short())
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                let mut bytes = [0; $bytes];
                from_hex(text, &mut bytes).then_some(Self(bytes)).ok_or(IdError {
                    article: $article,
                    name: stringify!($name),
                    digits: $bytes * 2,
                })
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }

        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({
                    "type": "string",
                    "format": "id",
                    "pattern": format!("^[0-9a-f]{{{}}}$", $bytes * 2),
                })
            }

            fn inline_schema() -> bool {
                true
            }
        }

        impl<C> minicbor::Encode<C> for $name {
            fn encode<W: minicbor::encode::Write>(
                &self,
                encoder: &mut minicbor::Encoder<W>,
                _: &mut C,
            ) -> Result<(), minicbor::encode::Error<W::Error>> {
                encoder.bytes(&self.0)?.ok()
            }
        }

        impl<'b, C> minicbor::Decode<'b, C> for $name {
            fn decode(
                decoder: &mut minicbor::Decoder<'b>,
                _: &mut C,
            ) -> Result<Self, minicbor::decode::Error> {
                let position = decoder.position();
                Self::from_slice(decoder.bytes()?).ok_or_else(|| {
                    minicbor::decode::Error::message(concat!("wrong length of ", stringify!($name)))
                        .at(position)
                })
            }
        }
    };
}

id!(
    /// BLAKE3 of a file's plain bytes: the same content has the same id everywhere.
    ContentId, 32, "a"
);
id!(
    /// A device's Ed25519 public key; also its network address (iroh's `EndpointId`).
    DeviceId, 32, "a"
);
id!(
    /// A person: the hash of the inception that names the person's keys (spec identity).
    PersonId, 32, "a"
);
id!(
    /// A web: the hash of its genesis entry (spec governance).
    WebId, 32, "a"
);
id!(
    /// A signed log entry: BLAKE3 of its bytes, signature included (spec records).
    EntryId, 32, "an"
);
id!(
    /// An epoch key's name: a hash of the key, so that a name commits to one key.
    KeyId, 32, "a"
);
id!(
    /// An invitation: the public half of the ticket's Ed25519 key.
    TicketId, 32, "a"
);
id!(
    /// A share: one folder that a person shows to a web.
    ShareId, 16, "a"
);
id!(
    /// A file, whatever it is called and whatever it holds: survives rename and edit.
    FileId, 16, "a"
);
id!(
    /// One revision of a file.
    RevisionId, 16, "a"
);
id!(
    /// A transfer that a person asked for.
    TransferId, 16, "a"
);
id!(
    /// A document that members of a web write together.
    DocumentId, 16, "a"
);
id!(
    /// What a person asked, named by the asker so that a repeated request acts once.
    OperationId, 16, "an"
);
id!(
    /// A ledger: a hash of its announcement, so that nobody can announce another one of that id (spec ledger).
    LedgerId, 16, "a"
);
id!(
    /// A run of a program over many inputs: random, given by whoever asks for it (spec compute).
    RunId, 16, "a"
);

fn from_hex(text: &str, bytes: &mut [u8]) -> bool {
    fn digit(byte: u8) -> Option<u8> {
        match byte {
            b'0'..=b'9' => Some(byte - b'0'),
            b'a'..=b'f' => Some(byte - b'a' + 10),
            _ => None,
        }
    }
    let pairs = text.as_bytes().chunks_exact(2);
    if !pairs.remainder().is_empty() || pairs.len() != bytes.len() {
        return false;
    }
    for (pair, byte) in pairs.zip(bytes) {
        let [high, low] = pair else { return false };
        let (Some(high), Some(low)) = (digit(*high), digit(*low)) else { return false };
        *byte = high << 4 | low;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_reads_what_it_writes() {
        let id = ShareId::new(*b"0123456789abcdef");
        assert_eq!(id.to_string().parse(), Ok(id));
    }

    #[test]
    fn hostile_texts_are_not_ids() {
        for text in ["", "00", "é", "0g", &"0".repeat(33), &"F".repeat(32), &"é".repeat(16)] {
            assert!(text.parse::<ShareId>().is_err(), "{text}");
        }
    }
}
