//! Ids, times and sizes read what they write, in CBOR, JSON and text; hostile input never panics.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that fails here has found something"
)]

use base::{
    ByteCount, ContentId, DeviceId, EntryId, Fault, FaultKind, FileId, KeyId, OperationId, PersonId,
    RevisionId, ShareId, TicketId, Timestamp, TransferId, WebId,
};
use proptest::prelude::*;

fn check_cbor<T>(value: &T)
where
    T: minicbor::Encode<()> + for<'b> minicbor::Decode<'b, ()> + PartialEq + std::fmt::Debug,
{
    let bytes = minicbor::to_vec(value).unwrap();
    assert_eq!(&minicbor::decode::<T>(&bytes).unwrap(), value);
}

fn check_json<T>(value: &T)
where
    T: serde::Serialize + serde::de::DeserializeOwned + PartialEq + std::fmt::Debug,
{
    let text = serde_json::to_string(value).unwrap();
    assert_eq!(&serde_json::from_str::<T>(&text).unwrap(), value);
    assert_eq!(&serde_json::from_value::<T>(serde_json::to_value(value).unwrap()).unwrap(), value);
}

macro_rules! check_id {
    ($bytes:expr; $($id:ident),*) => {$(
        let bytes: &[u8] = &$bytes;
        let id = $id::from_slice(&bytes[..$id::LEN]).unwrap();
        check_cbor(&id);
        check_json(&id);
        assert_eq!(id.to_string().parse::<$id>(), Ok(id));
        assert_eq!(id.to_string().len(), $id::LEN * 2);
        assert!(id.to_string().starts_with(&id.short()));
        assert_eq!($id::from_slice(&bytes[..$id::LEN - 1]), None);
    )*};
}

macro_rules! check_hostile_id {
    ($text:expr, $bytes:expr; $($id:ident),*) => {$(
        if let Ok(id) = $text.parse::<$id>() {
            assert_eq!(id.to_string(), $text, "a second spelling of one id");
        }
        drop(minicbor::decode::<$id>($bytes));
        drop(serde_json::from_slice::<$id>($bytes));
    )*};
}

proptest! {
    #[test]
    fn ids_read_what_they_write(bytes in any::<[u8; 32]>()) {
        check_id!(bytes; ContentId, DeviceId, EntryId, FileId, KeyId, OperationId, PersonId, RevisionId, ShareId,
            TicketId, TransferId, WebId);
    }

    #[test]
    fn ids_have_one_spelling_and_hostile_ones_never_panic(
        text in prop_oneof![".{0,80}", "[0-9a-fA-F]{30,34}", "[0-9a-f]{32}", "[0-9a-f]{64}"],
        bytes in prop::collection::vec(any::<u8>(), 0..80)
    ) {
        check_hostile_id!(text, &bytes; ContentId, DeviceId, EntryId, FileId, KeyId, OperationId, PersonId,
            RevisionId, ShareId, TicketId, TransferId, WebId);
    }

    #[test]
    fn times_and_sizes_read_what_they_write_and_keep_their_order(one in any::<u64>(), other in any::<u64>()) {
        let (early, late) = (Timestamp::from_millis(one.min(other)), Timestamp::from_millis(one.max(other)));
        check_cbor(&early);
        check_json(&early);
        check_cbor(&ByteCount(one));
        check_json(&ByteCount(one));
        prop_assert_eq!(early.after(late.since(early)), late);
        prop_assert!(early.since(late).is_zero());
        prop_assert!(!ByteCount(one).to_string().is_empty());
    }

    #[test]
    fn a_wait_beyond_the_end_of_time_ends_there(at in any::<u64>()) {
        let end = Timestamp::from_millis(u64::MAX);
        prop_assert_eq!(Timestamp::from_millis(at).after(std::time::Duration::MAX), end);
    }

    #[test]
    fn faults_read_what_they_write(what in ".{0,60}", command in ".{0,60}") {
        check_json(&Fault::new("files.pool-full", FaultKind::Settings, what).remedy(command, "does something"));
    }
}
