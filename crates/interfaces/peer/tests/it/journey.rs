//! The first journey, end to end: a web, a share, a file found, fetched and verified, an edit, a removal.

use std::time::Instant;

use api::files::{AskHistory, Freshness, Unshare};
use api::host::AskStatus;
use api::people::{AskMembers, AskWebs, Remove};
use api::search::Find;

use super::cast::{Person, read};

/// Bytes that are nowhere else on the disk and do not compress.
fn noise(seed: u64, size: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    };
    std::iter::repeat_with(&mut next).flatten().take(size).collect()
}

fn names(query: &str) -> Find {
    Find { query: query.to_owned(), names: true, ..Find::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn bob_joins_sees_finds_and_fetches_what_alice_shares() {
    let (alice, bob) = tokio::join!(Person::new("Alice"), Person::new("Bob"));
    alice.start_web("family").await;
    let large = noise(1, 3 * 1024 * 1024);
    let files: [(&str, &[u8]); 4] = [
        ("Q4 Roadmap.md", b"# Q4 Roadmap\n"),
        ("photos/one.jpg", &noise(2, 90_000)),
        ("photos/empty", b""),
        ("video.mp4", &large),
    ];
    alice.share("family", "docs", &files).await;
    let invitation = alice.invite("family").await;
    let joining = Instant::now();
    bob.join(&invitation.link).await;
    eprintln!("joined after {:?}", joining.elapsed());
    bob.sees("family", &["Alice", "Bob"]).await;
    bob.sees("family/Alice/docs", &["Q4 Roadmap.md", "photos", "video.mp4"]).await;
    eprintln!("listed after {:?}", joining.elapsed());
    bob.sees("family/Alice/docs/photos", &["empty", "one.jpg"]).await;

    let found = bob.until(names("road q4"), |found| !found.hits.is_empty()).await;
    assert_eq!(found.hits[0].path, "family/Alice/docs/Q4 Roadmap.md");
    let status = bob.until(AskStatus {}, |status| status.people_here == 1).await;
    assert_eq!(status.now, "the one other person is here");

    bob.about("family/Alice/docs/video.mp4", |about| about.content.is_some()).await;
    bob.get("family/Alice/docs/video.mp4", "got").await;
    assert_eq!(read(bob.path("got/video.mp4")), large);
    bob.get("family/Alice/docs", "all").await;
    for (path, bytes) in files {
        assert_eq!(read(bob.path("all/docs").join(path)), bytes, "{path}");
    }
    tokio::join!(alice.peer.stop(), bob.peer.stop());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_is_seen_as_a_newer_revision_and_fetched() {
    let (alice, bob) = tokio::join!(Person::new("Alice"), Person::new("Bob"));
    alice.start_web("family").await;
    alice.share("family", "docs", &[("plan.md", b"one")]).await;
    bob.join(&alice.invite("family").await.link).await;
    let path = "family/Alice/docs/plan.md";
    bob.about(path, |about| about.content.is_some()).await;
    bob.get(path, "first").await;
    let here = bob.about(path, |about| about.entry.freshness == Some(Freshness::NewestHere)).await;
    assert_eq!((here.entry.revision, here.entry.have), (Some(1), Some(1)));

    let saved = Instant::now();
    alice.write("docs/plan.md", b"the second");
    let newer = bob.about(path, |about| about.entry.revision == Some(2)).await;
    eprintln!("an edit was seen after {:?}", saved.elapsed());
    assert_eq!(newer.entry.have, Some(1));
    let newer = bob.about(path, |about| about.entry.freshness == Some(Freshness::OlderHere)).await;
    eprintln!("and can be fetched after {:?}", saved.elapsed());
    assert_eq!(newer.entry.note, "rev 2 at Alice, you have rev 1");
    bob.about(path, |about| about.content.is_some()).await;
    bob.get(path, "second").await;
    assert_eq!(read(bob.path("second/plan.md")), b"the second");
    let history = bob.ask(AskHistory { path: path.to_owned() }).await;
    let numbers: Vec<u64> = history.revisions.iter().map(|revision| revision.number).collect();
    assert_eq!(numbers, [2, 1]);
    tokio::join!(alice.peer.stop(), bob.peer.stop());
}

#[tokio::test(flavor = "multi_thread")]
async fn when_alice_is_away_carol_gets_the_file_from_bob() {
    let (alice, bob, carol) = tokio::join!(Person::new("Alice"), Person::new("Bob"), Person::new("Carol"));
    alice.start_web("family").await;
    let bytes = noise(3, 2 * 1024 * 1024);
    alice.share("family", "docs", &[("film.mp4", &bytes)]).await;
    bob.join(&alice.invite("family").await.link).await;
    carol.join(&alice.invite("family").await.link).await;
    let path = "family/Alice/docs/film.mp4";
    bob.about(path, |about| about.content.is_some()).await;
    bob.get(path, "got").await;
    carol.about(path, |about| about.entry.who.len() == 2).await;
    carol.until(AskStatus {}, |status| status.people_here == 2).await;
    alice.peer.stop().await;
    carol.until(AskStatus {}, |status| status.people_here == 1).await;
    carol.get(path, "got").await;
    assert_eq!(read(carol.path("got/film.mp4")), bytes);
    tokio::join!(bob.peer.stop(), carol.peer.stop());
}

#[tokio::test(flavor = "multi_thread")]
async fn after_the_removal_nothing_new_reaches_bob() {
    let (alice, bob, carol) = tokio::join!(Person::new("Alice"), Person::new("Bob"), Person::new("Carol"));
    alice.start_web("family").await;
    alice.share("family", "docs", &[("before.md", b"before")]).await;
    bob.join(&alice.invite("family").await.link).await;
    carol.join(&alice.invite("family").await.link).await;
    bob.sees("family/Alice/docs", &["before.md"]).await;
    carol.until(AskStatus {}, |status| status.people_here == 2).await;

    alice.ask(Remove { web: "family".to_owned(), person: "Bob".to_owned() }).await;
    let status = bob.until(AskStatus {}, |status| status.people_here == 0).await;
    eprintln!("Bob, removed: {}", status.now);
    let members = AskMembers { web: "family".to_owned() };
    carol
        .until(members, |members| {
            members.members.iter().any(|member| member.name == "Bob" && member.role.is_none())
        })
        .await;
    alice.write("docs/after.md", b"after");
    carol.sees("family/Alice/docs", &["after.md", "before.md"]).await;
    carol.about("family/Alice/docs/after.md", |about| about.content.is_some()).await;
    carol.get("family/Alice/docs/after.md", "got").await;
    let found = bob.ask(names("after")).await;
    assert!(found.hits.is_empty(), "{found:?}");
    bob.until(AskWebs {}, |webs| webs.webs.iter().any(|web| web.note == "you were removed")).await;
    tokio::join!(alice.peer.stop(), bob.peer.stop(), carol.peer.stop());
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_is_there_again_after_a_restart() {
    let (alice, bob) = tokio::join!(Person::new("Alice"), Person::new("Bob"));
    alice.start_web("family").await;
    alice.share("family", "docs", &[("plan.md", b"one")]).await;
    bob.join(&alice.invite("family").await.link).await;
    bob.sees("family/Alice/docs", &["plan.md"]).await;
    let (alice, bob) = tokio::join!(alice.restart(), bob.restart());
    bob.until(AskStatus {}, |status| status.people_here == 1).await;
    alice.write("docs/new.md", b"new");
    bob.sees("family/Alice/docs", &["new.md", "plan.md"]).await;
    alice.ask(Unshare { path: "family/Alice/docs".to_owned() }).await;
    bob.sees("family/Alice", &[]).await;
    tokio::join!(alice.peer.stop(), bob.peer.stop());
}
