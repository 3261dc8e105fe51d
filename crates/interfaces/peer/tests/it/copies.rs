//! Two homes with the keys of one device, as after copying a home or a virtual machine.

use std::path::Path;

use api::host::AskStatus;
use api::people::AskWebs;
use base::Fault;
use peer::{Claim, Peer, Start};

use super::cast::{Person, config};

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let (kind, to) = (entry.file_type().unwrap(), to.join(entry.file_name()));
        if kind.is_dir() {
            copy(&entry.path(), &to);
        } else if kind.is_file() {
            std::fs::copy(entry.path(), to).unwrap();
        }
    }
}

async fn start(home: &Path, claim: Claim) -> Result<Peer, Fault> {
    Peer::start_with(Start { home, config: &config(), passphrase: None, claim }).await
}

/// Stops a person's peer, copies its home, and starts it again.
async fn copied(person: Person) -> (Person, tempfile::TempDir) {
    let Person { name, peer, folder } = person;
    peer.stop().await;
    let other = tempfile::Builder::new().prefix("althing-").tempdir().unwrap();
    copy(&folder.path().join("home"), &other.path().join("home"));
    let peer = start(&folder.path().join("home"), Claim::Nothing).await.unwrap();
    (Person { name, peer, folder }, other)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copied_home_is_not_started_and_can_become_a_new_device() {
    let alice = Person::new("Alice").await;
    let (alice, other) = copied(alice).await;
    let home = other.path().join("home");
    let fault = start(&home, Claim::Nothing).await.unwrap_err();
    assert_eq!(fault.code, "peer.copied");
    let commands: Vec<&str> = fault.remedies.iter().map(|remedy| remedy.command.as_str()).collect();
    assert_eq!(commands, ["althing start --same-computer", "althing start --new-device"]);
    let renewed = start(&home, Claim::NewDevice).await.unwrap();
    assert!(renewed.is_new_device());
    assert_ne!(renewed.device(), alice.peer.device());
    renewed.stop().await;
    let again = start(&home, Claim::Nothing).await.unwrap();
    assert!(!again.is_new_device());
    again.stop().await;
    alice.peer.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_that_nobody_noticed_at_start_hears_of_the_other_and_stops_writing() {
    let (alice, bob) = (Person::new("Alice").await, Person::new("Bob").await);
    alice.start_web("family").await;
    let invitation = alice.invite("family").await;
    bob.join(&invitation.link).await;
    let (bob, other) = copied(bob).await;
    // As a copied disk of a virtual machine: nothing at its place tells it from the other.
    std::fs::remove_file(other.path().join("home/place.toml")).unwrap();
    bob.share("family", "plans", &[("plan.md", b"Plums")]).await;
    alice.sees("family/Bob/plans", &["plan.md"]).await;

    let peer = start(&other.path().join("home"), Claim::Nothing).await.unwrap();
    let copy = Person { name: "Bob's copy", peer, folder: other };
    assert_eq!(copy.peer.device(), bob.peer.device());
    let said = copy.until(AskStatus {}, |status| !status.paused.is_empty()).await;
    assert!(said.now.starts_with("nothing is written to 1 web"), "{}", said.now);
    assert!(said.paused[0].starts_with("family: another home writes"), "{:?}", said.paused);
    copy.share("family", "other", &[("other.md", b"Pears")]).await;

    let Person { peer, folder, .. } = copy;
    peer.stop().await;
    let renewed = start(&folder.path().join("home"), Claim::NewDevice).await.unwrap();
    assert_ne!(renewed.device(), bob.peer.device());
    let renewed = Person { name: "Bob's new computer", peer: renewed, folder };
    assert!(renewed.ask(AskWebs {}).await.webs.is_empty());
    bob.share("family", "more", &[("more.md", b"More plums")]).await;
    alice.sees("family/Bob/more", &["more.md"]).await;
    let shares = alice.sees("family/Bob", &["more", "plans"]).await;
    assert_eq!(shares.len(), 2, "the copy wrote nothing, so Bob's chain is whole");
    renewed.peer.stop().await;
    bob.peer.stop().await;
    alice.peer.stop().await;
}
