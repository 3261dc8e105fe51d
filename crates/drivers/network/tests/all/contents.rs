//! Contents between real peers on this computer: rights, verification, failures, resuming, saving.

use std::io::{Read, Seek, SeekFrom, Write};
use std::time::{Duration, Instant};

use crate::house::{PATIENCE, Peer, WEB, alice_and_bob, fetch, id_of, in_place, noise};
use base::ContentId;
use files::jobs::{self, BundleItem, FetchFailure, ItemOutcome, Source};
use futures_lite::StreamExt;
use kernel::{Driver, Effect, JobFailure};

const MIB: u64 = 1024 * 1024;

async fn read_all(peer: &Peer, content: ContentId, source: Source, range: std::ops::Range<u64>) -> Vec<u8> {
    let mut reading = peer.network.contents().read(content, source, range, PATIENCE);
    let mut bytes = Vec::new();
    while let Some(chunk) = reading.next().await {
        bytes.extend_from_slice(&chunk.unwrap());
    }
    bytes
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shared_file_is_fetched_by_ranges_and_passed_on() {
    let (alice, mut bob) = alice_and_bob().await;
    let bytes = noise(1, 40 * 1024 * 1024 + 12_345);
    let size = u64::try_from(bytes.len()).unwrap();
    let content = alice.share("film.mp4", &bytes, bob.me());

    assert_eq!(bob.missing(content, size).await, [(0, size)]);
    let middle = bob.fetch(alice.me(), content, size, &[(16 * MIB, 32 * MIB)]).await.unwrap();
    assert_eq!(middle, 16 * MIB);
    assert_eq!(bob.missing(content, size).await, [(0, 16 * MIB), (32 * MIB, size)]);
    bob.fetch(alice.me(), content, size, &[(0, 16 * MIB), (32 * MIB, size)]).await.unwrap();
    assert_eq!(bob.missing(content, size).await, []);
    assert_eq!(read_all(&bob, content, Source::Store, 0..size).await, bytes);
    let part = read_all(&bob, content, Source::Store, 1_000_001..3_000_003).await;
    assert_eq!(part, bytes[1_000_001..3_000_003]);
    assert_eq!(
        read_all(&alice, content, in_place(&alice.path("film.mp4")), 5..500_000).await,
        bytes[5..500_000]
    );

    // Alice goes away; Carol still gets it from Bob.
    alice.stop().await;
    let mut carol = Peer::start(3).await;
    carol.admit(&bob);
    bob.admit(&carol);
    bob.rights.give(carol.me(), content, Source::Store);
    carol.fetch(bob.me(), content, size, &[(0, size)]).await.unwrap();
    assert_eq!(read_all(&carol, content, Source::Store, 0..size).await, bytes);
}

#[tokio::test(flavor = "multi_thread")]
async fn sizes_of_all_kinds_arrive_whole() {
    let (alice, mut bob) = alice_and_bob().await;
    for length in [0, 1, 1023, 1024, 1025, 16_384, 16_385, 65_535, 65_536, 65_537, 1_000_000, 5_000_000] {
        let bytes = noise(length, usize::try_from(length).unwrap());
        let content = alice.share(&format!("{length}"), &bytes, bob.me());
        bob.fetch(alice.me(), content, length, &[(0, length)]).await.unwrap();
        assert_eq!(bob.missing(content, length).await, [], "{length}");
        assert_eq!(read_all(&bob, content, Source::Store, 0..length).await, bytes, "{length}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn knowing_a_hash_is_no_right() {
    let (alice, mut bob) = alice_and_bob().await;
    let carol = Peer::start(3).await;
    let bytes = noise(1, 100_000);
    let content = alice.share("for carol only", &bytes, carol.me());
    let refused = bob.fetch(alice.me(), content, 100_000, &[(0, 100_000)]).await;
    assert_eq!(refused, Err(FetchFailure::Refused));
    let unknown = bob.fetch(alice.me(), id_of(b"nothing"), 7, &[(0, 7)]).await;
    assert_eq!(unknown, Err(FetchFailure::Refused), "what is not here looks the same");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removed_device_loses_its_running_streams_at_once() {
    let (alice, mut bob) = alice_and_bob().await;
    let bytes = noise(1, 300 * 1024 * 1024);
    let size = u64::try_from(bytes.len()).unwrap();
    let content = alice.share("large", &bytes, bob.me());
    let job = bob.begin(jobs::FETCH, &fetch(alice.me(), content, size, &[(0, size)]));
    while bob.missing(content, size).await == [(0, size)] {}
    alice.rights.take(bob.me(), content);
    alice.network.effect(Effect::Admit { web: WEB, devices: Vec::new() });
    let since = Instant::now();
    let ended = bob.end_of(job).await;
    assert!(matches!(ended, Err(JobFailure::Failed(_))), "{ended:?}");
    assert!(since.elapsed() < Duration::from_secs(2), "{:?}", since.elapsed());
    let again = bob.fetch(alice.me(), content, size, &[(0, size)]).await;
    assert!(matches!(again, Err(FetchFailure::Refused | FetchFailure::Unreachable)), "{again:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_right_lost_in_one_web_ends_streams_though_another_web_remains() {
    let (alice, mut bob) = alice_and_bob().await;
    let other = base::WebId::new([2; 32]);
    alice.network.effect(Effect::Admit { web: other, devices: vec![bob.me()] });
    let bytes = noise(1, 300 * 1024 * 1024);
    let size = u64::try_from(bytes.len()).unwrap();
    let content = alice.share("large", &bytes, bob.me());
    let job = bob.begin(jobs::FETCH, &fetch(alice.me(), content, size, &[(0, size)]));
    while bob.missing(content, size).await == [(0, size)] {}
    alice.rights.take(bob.me(), content);
    alice.network.effect(Effect::Admit { web: WEB, devices: Vec::new() });
    let ended = bob.end_of(job).await;
    let Err(JobFailure::Failed(text)) = ended else { panic!("{ended:?}") };
    assert_eq!(FetchFailure::of(&text), FetchFailure::Refused);
    let small = alice.share("small", b"still friends", bob.me());
    assert_eq!(bob.fetch(alice.me(), small, 13, &[(0, 13)]).await, Ok(13));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_changed_in_place_is_never_served() {
    let (mut alice, mut bob) = alice_and_bob().await;
    let bytes = noise(1, 3_000_000);
    let content = alice.share("report", &bytes, bob.me());
    std::fs::write(alice.path("report"), noise(2, 3_000_000)).unwrap();
    let fetched = bob.fetch(alice.me(), content, 3_000_000, &[(0, 3_000_000)]).await;
    assert_eq!(fetched, Err(FetchFailure::Changed));
    let report: jobs::ChangedInPlace =
        jobs::from_bytes(&alice.noticed(jobs::CHANGED_IN_PLACE).await).unwrap();
    assert_eq!(report.path, alice.path("report").to_str().unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_that_changed_under_an_equal_stat_are_noticed_before_they_leave() {
    let (mut alice, mut bob) = alice_and_bob().await;
    // The stat is right, the bytes are not: a disk that lies, or a clock set back. Small and large go different ways.
    for length in [10_000_u64, 3_000_000, 40_000_000] {
        let bytes = noise(1, usize::try_from(length).unwrap());
        let content = id_of(&bytes);
        let path = alice.path(&format!("tampered {length}"));
        std::fs::write(&path, noise(2, usize::try_from(length).unwrap())).unwrap();
        alice.rights.give(bob.me(), content, in_place(&path));
        let fetched = bob.fetch(alice.me(), content, length, &[(0, length)]).await;
        assert_eq!(fetched, Err(FetchFailure::Changed), "{length}");
        alice.noticed(jobs::CHANGED_IN_PLACE).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_lies_is_found_out() {
    use iroh::endpoint::presets;
    use iroh::{Endpoint, RelayMode, SecretKey};

    // Mallory's own program answers every request with a right size and wrong bytes.
    let builder = Endpoint::builder(presets::Minimal).relay_mode(RelayMode::Disabled).clear_ip_transports();
    let endpoint = builder
        .secret_key(SecretKey::from_bytes(&[66; 32]))
        .alpns(vec![iroh_blobs::ALPN.to_vec(), b"althing/bundle/1".to_vec()])
        .bind_addr("127.0.0.1:0")
        .unwrap()
        .bind()
        .await
        .unwrap();
    let mallory = base::DeviceId::new(*endpoint.id().as_bytes());
    let addresses: Vec<String> = endpoint.bound_sockets().iter().map(ToString::to_string).collect();
    let lying = endpoint.clone();
    let mut tasks = tokio::task::JoinSet::new();
    tasks.spawn(async move {
        let mut connections = Vec::new();
        while let Some(incoming) = lying.accept().await {
            let connection = incoming.await.unwrap();
            let is_bundle = connection.alpn() == b"althing/bundle/1";
            let (mut send, mut receive) = connection.accept_bi().await.unwrap();
            receive.read_to_end(100_000).await.unwrap();
            if is_bundle {
                send.write_all(&[0; 6 + 1 + 6 + 1]).await.unwrap();
            } else {
                send.write_all(&5_000_000_u64.to_le_bytes()).await.unwrap();
                send.write_all(&[7; 1_000_000]).await.ok();
            }
            send.finish().ok();
            connections.push(connection);
        }
    });

    let mut bob = Peer::start(2).await;
    bob.network.effect(Effect::Admit { web: WEB, devices: vec![mallory] });
    bob.network.effect(Effect::Addresses { device: mallory, addresses: addresses.clone() });
    let wrong = bob.fetch(mallory, id_of(b"x"), 5_000_000, &[(0, 5_000_000)]).await;
    assert_eq!(wrong, Err(FetchFailure::WrongBytes));
    let items = vec![
        BundleItem { content: id_of(b"secret"), size: 6 },
        BundleItem { content: id_of(&[0; 6]), size: 6 },
    ];
    let bundle = jobs::Bundle { web: WEB, provider: mallory, items };
    // Who gave wrong bytes is not talked to for a while; others do not know that yet.
    assert!(bob.run(jobs::BUNDLE, &bundle).await.is_err());
    let mut carol = Peer::start(3).await;
    carol.network.effect(Effect::Admit { web: WEB, devices: vec![mallory] });
    carol.network.effect(Effect::Addresses { device: mallory, addresses });
    let bundled: jobs::Bundled = jobs::from_bytes(&carol.run(jobs::BUNDLE, &bundle).await.unwrap()).unwrap();
    assert_eq!(bundled.outcomes, [ItemOutcome::Wrong, ItemOutcome::Arrived]);
    assert!(carol.run(jobs::BUNDLE, &bundle).await.is_err());
    endpoint.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fetch_goes_on_where_it_was_after_a_crash() {
    let (alice, mut bob) = alice_and_bob().await;
    let bytes = noise(1, 64 * 1024 * 1024);
    let size = u64::try_from(bytes.len()).unwrap();
    let content = alice.share("large", &bytes, bob.me());
    bob.fetch(alice.me(), content, size, &[(0, 16 * MIB)]).await.unwrap();
    let job = bob.begin(jobs::FETCH, &fetch(alice.me(), content, size, &[(16 * MIB, size)]));
    while bob.missing(content, size).await == [(16 * MIB, size)] {}
    bob.network.cancel(job);
    assert_eq!(bob.end_of(job).await, Err(JobFailure::Cancelled));
    // What a crash leaves: the files as they are now, nothing flushed, nothing closed.
    let copy = tempfile::tempdir().unwrap();
    copy_folder(bob.home.path(), copy.path());
    let mut bob = Peer::start_in(2, copy, 1_000).await;
    bob.admit(&alice);
    let missing = bob.missing(content, size).await;
    let left: u64 = missing.iter().map(|(from, to)| to - from).sum();
    assert!(left <= 48 * MIB, "{missing:?}");
    bob.fetch(alice.me(), content, size, &missing).await.unwrap();
    assert_eq!(read_all(&bob, content, Source::Store, 0..size).await, bytes);
}

fn copy_folder(from: &std::path::Path, to: &std::path::Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.metadata().unwrap().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// Flips one bit of a stored content and returns the content.
async fn with_a_flipped_bit(alice: &Peer, bob: &mut Peer, length: usize) -> ContentId {
    let bytes = noise(9, length);
    let size = u64::try_from(length).unwrap();
    let content = alice.share("original", &bytes, bob.me());
    bob.fetch(alice.me(), content, size, &[(0, size)]).await.unwrap();
    let path = bob.path("contents/data").join(format!("{content}.data"));
    let mut file = std::fs::File::options().read(true).write(true).open(path).unwrap();
    let place = SeekFrom::Start(size / 2);
    let mut byte = [0];
    file.seek(place).unwrap();
    file.read_exact(&mut byte).unwrap();
    file.seek(place).unwrap();
    file.write_all(&[byte[0] ^ 1]).unwrap();
    content
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flipped_bit_is_noticed_when_read_and_fetched_again() {
    let (alice, mut bob) = alice_and_bob().await;
    for length in [1_000_000, 20_000_000] {
        let size = u64::try_from(length).unwrap();
        let content = with_a_flipped_bit(&alice, &mut bob, length).await;
        let mut reading = bob.network.contents().read(content, Source::Store, 0..size, PATIENCE);
        let mut got = 0;
        let error = loop {
            match reading.next().await.expect("an error comes before the end") {
                Ok(bytes) => got += bytes.len(),
                Err(error) => break error,
            }
        };
        assert!(matches!(error, network::ReadError::Damaged { .. }), "{error}");
        assert!(got <= length / 2);
        let damaged: jobs::Damaged = jobs::from_bytes(&bob.noticed(jobs::DAMAGED).await).unwrap();
        assert_eq!(damaged.content, content);
        assert_eq!(bob.missing(content, size).await, [(0, size)], "it no longer counts as here");
        assert!(
            bob.path("contents/damaged").join(content.to_string()).exists(),
            "what is left of it is kept"
        );
        bob.fetch(alice.me(), content, size, &[(0, size)]).await.unwrap();
        assert_eq!(id_of(&read_all(&bob, content, Source::Store, 0..size).await), content);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flipped_bit_is_noticed_by_the_provider_who_serves_it() {
    let (alice, mut bob) = alice_and_bob().await;
    for length in [1_000_000, 20_000_000] {
        let size = u64::try_from(length).unwrap();
        let content = with_a_flipped_bit(&alice, &mut bob, length).await;
        bob.rights.give(alice.me(), content, Source::Store);
        let mut carol = Peer::start(3).await;
        carol.admit(&bob);
        bob.admit(&carol);
        bob.rights.give(carol.me(), content, Source::Store);
        let fetched = carol.fetch(bob.me(), content, size, &[(0, size)]).await;
        assert!(matches!(fetched, Err(failure) if failure != FetchFailure::WrongBytes), "{fetched:?}");
        bob.noticed(jobs::DAMAGED).await;
        bob.admit(&alice);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_copy_is_never_saved() {
    let (alice, mut bob) = alice_and_bob().await;
    let content = with_a_flipped_bit(&alice, &mut bob, 1_000_000).await;
    let folder = bob.path("saved");
    let save = save(content, Source::Store, &folder, "a.bin");
    let ended = bob.run(jobs::SAVE, &save).await;
    assert!(matches!(ended, Err(JobFailure::Failed(_))), "{ended:?}");
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 0, "no draft is left");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_waits_for_bytes_that_are_on_their_way() {
    let (alice, mut bob) = alice_and_bob().await;
    let bytes = noise(1, 5_000_000);
    let content = alice.share("film", &bytes, bob.me());
    let mut reading = bob.network.contents().read(content, Source::Store, 1_000_000..2_000_000, PATIENCE);
    let mut too_late = bob.network.contents().read(content, Source::Store, 0..10, Duration::from_millis(50));
    let error = too_late.next().await.unwrap().unwrap_err();
    assert!(matches!(error, network::ReadError::NotArrived { .. }), "{error}");
    bob.begin(jobs::FETCH, &fetch(alice.me(), content, 5_000_000, &[(0, 5_000_000)]));
    let mut read = Vec::new();
    while let Some(chunk) = reading.next().await {
        read.extend_from_slice(&chunk.unwrap());
    }
    assert_eq!(read, bytes[1_000_000..2_000_000]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_a_clear_failure() {
    let alice = Peer::start(1).await;
    let home = tempfile::tempdir().unwrap();
    let mut config = crate::house::config(2, home.path());
    config.reserve = base::ByteCount(u64::MAX / 2);
    let mut bob = Peer::start_with(config, home, 100).await;
    alice.admit(&bob);
    bob.admit(&alice);
    let content = alice.share("a", &noise(1, 100_000), bob.me());
    let refused = bob.fetch(alice.me(), content, 100_000, &[(0, 100_000)]).await;
    assert_eq!(refused, Err(FetchFailure::DiskFull));
    let items = vec![BundleItem { content: id_of(b"x"), size: 1 }];
    let bundle = jobs::Bundle { web: WEB, provider: alice.me(), items };
    let Err(JobFailure::Failed(text)) = bob.run(jobs::BUNDLE, &bundle).await else { panic!("it fits") };
    assert_eq!(FetchFailure::of(&text), FetchFailure::DiskFull);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bundle_brings_what_may_be_had_and_says_what_not() {
    let (mut alice, mut bob) = alice_and_bob().await;
    let here = alice.share("here", &noise(1, 5_000), bob.me());
    let empty = alice.share("empty", b"", bob.me());
    let largest = alice.share("largest", &noise(2, 65_535), bob.me());
    let foreign = alice.share("foreign", &noise(3, 5_000), alice.me());
    let changed = alice.share("changed", &noise(4, 5_000), bob.me());
    std::fs::write(alice.path("changed"), b"other").unwrap();
    let items =
        [(here, 5_000), (empty, 0), (largest, 65_535), (foreign, 5_000), (changed, 5_000), (here, 4_999)];
    let items = items.map(|(content, size)| BundleItem { content, size }).to_vec();
    let bundle = jobs::Bundle { web: WEB, provider: alice.me(), items };
    let ended = bob.run(jobs::BUNDLE, &bundle).await.unwrap();
    let bundled: jobs::Bundled = jobs::from_bytes(&ended).unwrap();
    use ItemOutcome::{Arrived, Refused};
    assert_eq!(bundled.outcomes, [Arrived, Arrived, Arrived, Refused, Refused, Refused]);
    assert_eq!(read_all(&bob, largest, Source::Store, 0..65_535).await, noise(2, 65_535));
    alice.noticed(jobs::CHANGED_IN_PLACE).await;
    // What was fetched is passed on from the store.
    let mut carol = Peer::start(3).await;
    carol.admit(&bob);
    bob.admit(&carol);
    bob.rights.give(carol.me(), here, Source::Store);
    let items = vec![BundleItem { content: here, size: 5_000 }];
    let ended = carol.run(jobs::BUNDLE, &jobs::Bundle { web: WEB, provider: bob.me(), items }).await.unwrap();
    assert_eq!(jobs::from_bytes::<jobs::Bundled>(&ended).unwrap().outcomes, [Arrived]);
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_small_files_travel_in_bundles() {
    let (alice, mut bob) = alice_and_bob().await;
    let mut items = Vec::new();
    for number in 0..10_000_u64 {
        let content = alice.share(&format!("small {number}"), &noise(number, 6 * 1024), bob.me());
        items.push(BundleItem { content, size: 6 * 1024 });
    }
    let since = Instant::now();
    let bundles = items.chunks(jobs::BUNDLE_ITEMS_MAX);
    let ids: Vec<_> = bundles
        .map(|items| {
            bob.begin(jobs::BUNDLE, &jobs::Bundle { web: WEB, provider: alice.me(), items: items.to_vec() })
        })
        .collect();
    let mut arrived = 0;
    let mut ended = 0;
    while ended < ids.len() {
        let outcome = bob
            .wait(|input| match input {
                kernel::Input::Finished { outcome, .. } => Some(outcome),
                _ => None,
            })
            .await;
        let bundled: jobs::Bundled = jobs::from_bytes(&outcome.unwrap()).unwrap();
        arrived += bundled.outcomes.iter().filter(|outcome| **outcome == ItemOutcome::Arrived).count();
        ended += 1;
    }
    assert_eq!(arrived, 10_000);
    println!("10,000 files of 6 KiB in {:?}", since.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_forgotten_goes_and_the_rest_stays() {
    let (alice, mut bob) = alice_and_bob().await;
    let mut contents = Vec::new();
    for seed in 0..4_u64 {
        let length = if seed < 2 { 2_000_000 } else { 5_000 };
        let content = alice.share(&format!("{seed}"), &noise(seed, length), bob.me());
        let size = u64::try_from(length).unwrap();
        bob.fetch(alice.me(), content, size, &[(0, size)]).await.unwrap();
        contents.push((content, size));
    }
    let before = bob.network.kept_bytes().await.0;
    let jobs = [contents[0].0, contents[2].0, id_of(b"never heard of")]
        .map(|content| bob.begin(jobs::FORGET, &jobs::Forget { content }));
    let mut ended = 0;
    while ended < jobs.len() {
        bob.wait(|input| matches!(input, kernel::Input::Finished { outcome: Ok(_), .. }).then_some(())).await;
        ended += 1;
    }
    for (number, (content, size)) in contents.into_iter().enumerate() {
        let missing = bob.missing(content, size).await;
        assert_eq!(missing.is_empty(), number % 2 == 1, "{number}");
    }
    assert!(bob.network.kept_bytes().await.0 < before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_saved_copy_never_overwrites_and_never_leaves_its_folder() {
    let (alice, mut bob) = alice_and_bob().await;
    let bytes = noise(1, 300_000);
    let content = alice.share("report", &bytes, bob.me());
    bob.fetch(alice.me(), content, 300_000, &[(0, 300_000)]).await.unwrap();
    let folder = bob.path("Downloads");
    std::fs::create_dir_all(folder.join("docs")).unwrap();
    std::fs::write(folder.join("docs/report.pdf"), b"mine").unwrap();
    let outside = bob.path("outside");
    std::fs::create_dir(&outside).unwrap();
    std::os::unix::fs::symlink(&outside, folder.join("link")).unwrap();

    let mut saved = async |path: &str| {
        let ended = bob.run(jobs::SAVE, &save(content, Source::Store, &folder, path)).await;
        ended.map(|ended| jobs::from_bytes::<jobs::Saved>(&ended).unwrap().path)
    };
    let at = |path: &str| Ok(folder.join(path).to_str().unwrap().to_owned());
    assert_eq!(saved("docs/report.pdf").await, at("docs/report (2).pdf"));
    assert_eq!(
        saved("docs/report.pdf").await,
        at("docs/report (2).pdf"),
        "the same bytes are not saved twice"
    );
    assert_eq!(saved("../../etc/passwd").await, at("_/_/etc/passwd"));
    assert_eq!(saved("/CON/a\u{202e}b").await, at("_/_CON/a_b"));
    assert!(saved("link/escape").await.is_err());
    assert_eq!(std::fs::read(folder.join("docs/report.pdf")).unwrap(), b"mine");
    assert_eq!(std::fs::read(folder.join("docs/report (2).pdf")).unwrap(), bytes);
    assert_eq!(std::fs::read_dir(outside).unwrap().count(), 0);
    let names: Vec<_> =
        std::fs::read_dir(folder.join("docs")).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(names.len(), 2, "no draft is left: {names:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shared_file_is_saved_elsewhere_unless_it_changed() {
    let mut alice = Peer::start(1).await;
    let me = alice.me();
    let content = alice.share("mine", b"my bytes", me);
    let source = in_place(&alice.path("mine"));
    let folder = alice.path("copies");
    alice.run(jobs::SAVE, &save(content, source.clone(), &folder, "copy")).await.unwrap();
    assert_eq!(std::fs::read(folder.join("copy")).unwrap(), b"my bytes");
    std::fs::write(alice.path("mine"), b"others now").unwrap();
    let ended = alice.run(jobs::SAVE, &save(content, source, &folder, "copy 2")).await;
    let Err(JobFailure::Failed(text)) = ended else { panic!("{ended:?}") };
    assert_eq!(FetchFailure::of(&text), FetchFailure::Changed);
}

fn save(content: ContentId, source: Source, folder: &std::path::Path, path: &str) -> jobs::Save {
    jobs::Save { content, source, folder: folder.to_str().unwrap().to_owned(), path: path.to_owned() }
}
