//! What is between the lines of the protocol: sets, views, decoders that strangers reach.

use base::Timestamp;
use imap_codec::CommandCodec;
use imap_codec::decode::Decoder as _;
use imap_types::sequence::SequenceSet;

use super::sets::{Ranges, written};
use super::view::{Expunges, View};
use crate::flags::Flags;
use crate::post::{Folder, FolderId, Gone, Listing, Message, Subscription};

fn view() -> View {
    View::new(
        Folder {
            id: FolderId(1),
            name: "INBOX".to_owned(),
            special: None,
            subscription: Subscription::Shown,
            uid_validity: 1,
            uid_next: 1,
            messages: 0,
            unseen: 0,
        },
        false,
    )
}

fn message(uid: u32, flags: &str) -> Message {
    let mut all = Flags::default();
    assert!(flags.split_whitespace().all(|name| all.insert(name)));
    Message { uid, size: 1, date: Timestamp::from_millis(0), flags: all }
}

fn take(view: &mut View, messages: &[Message], gone: &[u32]) {
    let at = view.at + 1;
    view.take(Listing { at, messages: messages.to_vec(), gone: Gone::These(gone.to_vec()) });
}

fn said(view: &mut View, expunges: Expunges) -> String {
    let mut out = Vec::new();
    view.announce(&mut out, expunges);
    String::from_utf8(out).unwrap().replace("\r\n", "|")
}

#[test]
fn numbers_stay_until_an_expunge_is_said() {
    let mut view = view();
    take(&mut view, &[10, 20, 30, 40].map(|uid| message(uid, "")), &[]);
    assert_eq!(said(&mut view, Expunges::Now), "* 4 EXISTS|* 0 RECENT|");
    take(&mut view, &[message(50, "")], &[10, 30]);
    assert_eq!(said(&mut view, Expunges::Later), "* 5 EXISTS|* 0 RECENT|");
    let set = |text: &str| SequenceSet::try_from(text).unwrap();
    assert_eq!(view.places(&set("2"), false), Some(vec![1]));
    assert!(view.is_gone(10) && view.is_gone(30));
    assert_eq!(said(&mut view, Expunges::Now), "* 3 EXPUNGE|* 1 EXPUNGE|");
    assert_eq!(view.places(&set("1"), false), Some(vec![0]));
    assert_eq!(view.get(0).unwrap().uid, 20);
    assert_eq!(view.places(&set("4"), false), None);
    assert_eq!(view.places(&set("1:30,45:*"), true), Some(vec![0, 2]));
}

#[test]
fn what_came_and_went_unsaid_is_not_expunged() {
    let mut view = view();
    take(&mut view, &[message(1, "")], &[]);
    assert_eq!(said(&mut view, Expunges::Now), "* 1 EXISTS|* 0 RECENT|");
    take(&mut view, &[message(2, "")], &[]);
    take(&mut view, &[message(3, "")], &[1, 2]);
    assert_eq!(said(&mut view, Expunges::Now), "* 1 EXPUNGE|* 1 EXISTS|* 0 RECENT|");
    view.take(Listing { at: 9, messages: vec![message(3, "\\Seen"), message(7, "")], gone: Gone::AllOthers });
    assert_eq!(said(&mut view, Expunges::Now), "* 2 EXISTS|* 0 RECENT|* 1 FETCH (UID 3 FLAGS (\\Seen))|");
}

#[test]
fn sets_are_read_whatever_their_order_and_written_short() {
    let ranges = |text: &str| Ranges::of(&SequenceSet::try_from(text).unwrap(), 9);
    let all = |text: &str| ranges(text).iter().collect::<Vec<_>>();
    assert_eq!(all("5:3,1,2,4,8"), [(1, 5), (8, 8)]);
    assert_eq!(all("*:12"), [(9, 12)]);
    assert_eq!(all("4294967295:*,1:*"), [(1, u32::MAX)]);
    assert_eq!(Ranges::of(&SequenceSet::try_from("*").unwrap(), 0).last(), 0);
    assert!(ranges("2:4,7").has(3) && !ranges("2:4,7").has(5) && ranges("2:4,7").has(7));
    assert_eq!(written([1, 2, 3, 7, 9, 10]), "1:3,7,9:10");
    assert_eq!(written([]), "");
}

#[test]
fn fuzz_commands() {
    let seeds = [
        "a LOGIN alice {3+}\r\nabc\r\n",
        "a AUTHENTICATE PLAIN AGEAYg==\r\n",
        "a UID FETCH 1:*,5 (FLAGS BODY.PEEK[1.2.HEADER.FIELDS (Date \"X y\")]<0.9> ENVELOPE)\r\n",
        "a SEARCH CHARSET UTF-8 OR (NOT SEEN) (BEFORE 1-Jan-2026 HEADER x \"y\") 1:9\r\n",
        "a APPEND \"x\" (\\Seen k) \"01-Jan-2026 00:00:00 +0000\" {1+}\r\nx\r\n",
        "a LIST \"\" \"%/*\"\r\n",
        "a UID STORE 1 -FLAGS.SILENT (\\Deleted)\r\n",
        "a ID (\"name\" NIL)\r\n",
        "a STATUS x (MESSAGES UIDNEXT)\r\n",
    ];
    let read = |bytes: &[u8]| CommandCodec::default().decode(bytes).is_ok().then(|| bytes.to_vec());
    crate::engine::run("mail", &[("command", read)], seeds.map(|text| text.as_bytes().to_vec()).to_vec());
}
