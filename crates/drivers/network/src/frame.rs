//! Messages on a stream: a length of four bytes, then `[service, message]` in deterministic CBOR.

use std::time::Duration;

use bytes::Bytes;
use iroh::endpoint::{ReadExactError, RecvStream};
use minicbor::{Decode, Encode};

/// Room for the service's name and the CBOR heads around a message.
pub(crate) const FRAME_OVERHEAD: usize = 64;

/// Bytes read at once; a frame that only claims to be long costs no more memory than came.
const READ_STEP: usize = 64 * 1024;

/// One message.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Frame {
    /// For which service.
    #[n(0)]
    pub(crate) service: String,
    /// What.
    #[n(1)]
    pub(crate) message: wire::codec::Bytes,
}

/// Why no frame was read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FrameError {
    /// The connection or the stream is gone.
    #[error("the connection is gone")]
    Gone,
    /// What came is not in the protocol.
    #[error("{0}")]
    Violation(&'static str),
}

/// Writes a frame as it travels.
pub(crate) fn encode(service: &str, message: Vec<u8>) -> Bytes {
    let frame = Frame { service: service.to_owned(), message: message.into() };
    let body = wire::to_bytes(&frame);
    let length = u32::try_from(body.len()).unwrap_or(u32::MAX);
    let mut bytes = Vec::with_capacity(body.len() + 4);
    bytes.extend_from_slice(&length.to_be_bytes());
    bytes.extend_from_slice(&body);
    bytes.into()
}

/// Reads the next frame; `None` when the other side has said all. Waits for its first byte as long as it takes, and
/// then `time_max` for its last.
pub(crate) async fn read(
    from: &mut RecvStream,
    limit: usize,
    time_max: Duration,
) -> Result<Option<Frame>, FrameError> {
    let mut first = [0; 1];
    match from.read_exact(&mut first).await {
        Ok(()) => {}
        Err(ReadExactError::FinishedEarly(_)) => return Ok(None),
        Err(ReadExactError::ReadError(_)) => return Err(FrameError::Gone),
    }
    let rest = tokio::time::timeout(time_max, read_rest(from, first, limit));
    let body = rest.await.map_err(|_elapsed| FrameError::Violation("a frame that takes too long"))??;
    let frame: Frame = wire::from_bytes(&body, limit)
        .map_err(|_format| FrameError::Violation("a frame that is not [service, message]"))?;
    Ok(Some(frame))
}

async fn read_rest(from: &mut RecvStream, [first]: [u8; 1], limit: usize) -> Result<Vec<u8>, FrameError> {
    let mut head = [0; 3];
    read_exact(from, &mut head).await?;
    let [second, third, fourth] = head;
    let length = u32::from_be_bytes([first, second, third, fourth]);
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    if length > limit {
        return Err(FrameError::Violation("a frame that is too long"));
    }
    let mut body = Vec::new();
    while body.len() < length {
        let wanted = (length - body.len()).min(READ_STEP);
        match from.read_chunk(wanted).await {
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Ok(None) => return Err(FrameError::Violation("a frame that ends early")),
            Err(_) => return Err(FrameError::Gone),
        }
    }
    Ok(body)
}

async fn read_exact(from: &mut RecvStream, into: &mut [u8]) -> Result<(), FrameError> {
    from.read_exact(into).await.map_err(|error| match error {
        ReadExactError::FinishedEarly(_) => FrameError::Violation("a frame that ends early"),
        ReadExactError::ReadError(_) => FrameError::Gone,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_reads_what_it_writes() {
        let bytes = encode("records", b"hello".to_vec());
        let (length, body) = bytes.split_at(4);
        assert_eq!(length, u32::try_from(body.len()).unwrap().to_be_bytes());
        let frame: Frame = wire::from_bytes(body, 100).unwrap();
        assert_eq!((frame.service.as_str(), frame.message.as_slice()), ("records", b"hello".as_slice()));
    }

    #[test]
    fn the_overhead_is_enough_for_every_service() {
        let longest = encode("a-very-long-name-of-a-service-xx", vec![0; 1024 * 1024]);
        assert!(longest.len() <= 1024 * 1024 + FRAME_OVERHEAD + 4);
    }
}
