//! What services tell each other.

use serde_json::json;

use super::toys::{asked, heard, start, wakes};
use crate::{Channel, Input};

#[test]
fn a_told_word_arrives_in_the_same_batch_and_before_the_next_input() {
    let mut house = start();
    house.batch(vec![
        asked(1, "ledger.tell", json!({ "text": "one" })),
        heard("echo", b"two"),
        asked(2, "ledger.announce", json!({ "text": "three" })),
    ]);
    let lines = house.lines("echo.lines");
    assert_eq!((lines[0].as_str(), lines[2].as_str()), ("ledger: one", "ledger: three"));
    assert!(lines[1].starts_with("Heard"), "{lines:?}");
    assert_eq!(house.count("kernel.inbox"), 0);
}

#[test]
fn an_endless_conversation_is_cut_into_batches() {
    let mut house = start();
    let effects = house.batch(vec![asked(1, "ledger.ping", json!({}))]);
    let said = house.lines("echo.lines").len() + house.lines("ledger.lines").len();
    assert_eq!(said, 8);
    assert_eq!(house.count("kernel.inbox"), 1);
    assert_eq!(wakes(&effects), [house.now.millis()], "the kernel wants another batch at once");
    house = house.restart();
    let said = house.lines("echo.lines").len() + house.lines("ledger.lines").len();
    assert_eq!(said, 8 + 9, "what waited is taken first, then eight more");
}

#[test]
fn an_endless_conversation_keeps_nothing_else_from_its_speakers() {
    let mut house = start();
    house.batch(vec![asked(1, "ledger.ping", json!({}))]);
    let device = base::DeviceId::new([3; 32]);
    house.batch(vec![Input::Connected { device, channel: Channel::Member }]);
    let heard_of = house.lines("echo.lines").iter().filter(|line| line.starts_with("Connected")).count();
    assert_eq!(heard_of, 1);
}

#[test]
fn what_is_told_while_closing_is_delivered_before_the_commit() {
    let mut house = start();
    house.batch(vec![asked(1, "ledger.tell", json!({ "text": "close" }))]);
    let lines = house.lines("echo.lines");
    assert_eq!(lines, ["ledger: close", "echo: closed, 1 to go", "echo: closed, 0 to go"]);
}

#[test]
fn news_of_connections_goes_to_all_services_and_notices_to_the_one_they_name() {
    let mut house = start();
    let device = base::DeviceId::new([3; 32]);
    house.batch(vec![
        Input::Connected { device, channel: Channel::Member },
        Input::Noticed { kind: "echo.damaged", report: Vec::new() },
        Input::Noticed { kind: "ledger.damaged", report: Vec::new() },
        Input::Disconnected { device, channel: Channel::Member },
        Input::Reachable { addresses: vec![] },
    ]);
    let lines = house.lines("echo.lines");
    let words: Vec<_> = lines.iter().map(|line| line.split([' ', '{']).next().unwrap()).collect();
    assert_eq!(words, ["Connected", "Noticed", "Disconnected", "Reachable"]);
}

#[test]
fn nobody_outside_can_speak_as_the_kernel_or_as_a_service() {
    let mut house = start();
    house.batch(vec![
        Input::Told { by: "ledger", message: b"forged".to_vec() },
        Input::Alarm { key: "forged".to_owned() },
        Input::Started,
        heard("kernel", b"hello"),
        heard("../echo", b"hello"),
    ]);
    assert_eq!((house.lines("echo.lines").len(), house.lines("ledger.lines").len()), (0, 0));
}
