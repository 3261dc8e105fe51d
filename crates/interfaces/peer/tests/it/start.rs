//! Starting and stopping one peer.

use std::time::{Duration, Instant};

use api::host::{AskStatus, Export, MakePageLink, Stop};
use api::people::{AskMe, AskWebs};
use peer::{Ending, Peer};

use super::cast::{Person, config};

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_answers_soon_and_remembers_who_it_is() {
    let alice = Person::new("Alice").await;
    let me = alice.ask(AskMe {}).await;
    let page = alice.peer.page();
    let addresses = alice.until(AskStatus {}, |status| !status.addresses.is_empty()).await.addresses;
    let began = Instant::now();
    let alice = alice.restart().await;
    assert_eq!(alice.ask(AskMe {}).await, me);
    eprintln!("stopped, started and answered within {:?}", began.elapsed());
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    assert_eq!(alice.peer.page(), page, "the page stays where it was");
    let again = alice.until(AskStatus {}, |status| !status.addresses.is_empty()).await;
    assert_eq!(again.addresses, addresses, "other peers find it where it was");
    assert_eq!(again.name, "Alice");
    assert_eq!(again.now, "you are in no web yet");
    alice.peer.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_home_in_use_is_told_with_the_process_that_uses_it() {
    let alice = Person::new("Alice").await;
    let fault = Peer::start(alice.peer.home(), &config()).await.unwrap_err();
    assert_eq!(fault.code, "peer.home-in-use");
    assert!(fault.what.contains(&std::process::id().to_string()), "{}", fault.what);
    alice.peer.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_can_stop_the_peer() {
    let alice = Person::new("Alice").await;
    alice.ask(Stop {}).await;
    assert_eq!(alice.peer.wait().await, Ending::Asked);
    let home = alice.peer.home().to_owned();
    alice.peer.stop().await;
    assert!(!peer::socket_path(&home).exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_web_is_exported_for_other_readers_and_never_over_other_things() {
    let alice = Person::new("Alice").await;
    alice.start_web("family").await;
    let folder = alice.path("export").to_str().unwrap().to_owned();
    alice.ask(Export { web: "family".to_owned(), folder: folder.clone() }).await;
    let manifest: serde_json::Value =
        serde_json::from_slice(&super::cast::read(alice.path("export/manifest.json"))).unwrap();
    let web = alice.ask(AskWebs {}).await.webs.remove(0);
    assert_eq!(manifest["web"], serde_json::json!(web.id));
    let entries = manifest["entries"].as_array().unwrap();
    assert!(!entries.is_empty());
    for entry in entries {
        let bytes = super::cast::read(alice.path("export").join(entry["file"].as_str().unwrap()));
        let read = wire::entry::Entry::read(&bytes, &wire::crypto::Strict).unwrap();
        assert_eq!(serde_json::json!(read.id), entry["id"]);
    }
    let again = alice.try_ask(Export { web: "family".to_owned(), folder }).await;
    assert_eq!(again.unwrap_err().code, "host.export-folder");
    let other = alice.try_ask(Export { web: "nowhere".to_owned(), folder: "/tmp/x".to_owned() }).await;
    assert_eq!(other.unwrap_err().code, "host.no-such-web");
    alice.peer.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_has_a_link_with_a_code() {
    let alice = Person::new("Alice").await;
    let link = alice.peer.page_link().unwrap();
    assert!(link.starts_with(&alice.peer.page()) && link.contains("#code="), "{link}");
    assert_ne!(alice.ask(MakePageLink {}).await.link, link, "each code is good once");
    alice.peer.stop().await;
}
