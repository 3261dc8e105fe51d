//! Several providers and several jobs on one content at the same time.

use crate::house::{Peer, fetch, in_place, noise};
use base::ContentId;
use files::jobs::{self, FetchFailure, Fetched, id_start};
use kernel::{JobFailure, JobId};

const MIB: u64 = 1024 * 1024;

/// Bob, and members who all share the same file.
async fn bob_and_providers(count: u8, bytes: &[u8]) -> (Peer, Vec<Peer>, ContentId) {
    let bob = Peer::start(2).await;
    let mut providers = Vec::new();
    for number in 0..count {
        let provider = Peer::start(10 + number).await;
        provider.admit(&bob);
        bob.admit_also(&provider);
        provider.share("film.mp4", bytes, bob.me());
        providers.push(provider);
    }
    (bob, providers, crate::house::id_of(bytes))
}

async fn bytes_of(bob: &mut Peer, jobs: &[JobId]) -> Vec<u64> {
    let ends = bob.ends_of(jobs).await;
    ends.into_iter().map(|end| jobs::from_bytes::<Fetched>(&end.unwrap()).unwrap().bytes).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn three_providers_send_one_content_at_the_same_time_each_its_ranges() {
    let bytes = noise(1, 48 * 1024 * 1024 + 777);
    let size = u64::try_from(bytes.len()).unwrap();
    let (mut bob, providers, content) = bob_and_providers(3, &bytes).await;
    // Ranges of the three lie between each other's, as the decider gives them out.
    let ranges = [
        vec![(0, 4 * MIB), (20 * MIB, 28 * MIB)],
        vec![(4 * MIB, 12 * MIB), (40 * MIB, size)],
        vec![(12 * MIB, 20 * MIB), (28 * MIB, 40 * MIB)],
    ];
    let jobs: Vec<JobId> = providers
        .iter()
        .zip(&ranges)
        .map(|(provider, ranges)| bob.begin(jobs::FETCH, &fetch(provider.me(), content, size, ranges)))
        .collect();
    let wanted: Vec<u64> =
        ranges.iter().map(|ranges| ranges.iter().map(|(from, to)| to - from).sum()).collect();
    assert_eq!(bytes_of(&mut bob, &jobs).await, wanted, "each sent its own pieces");
    assert_eq!(bob.missing(content, size).await, []);
    assert_eq!(bob.read(content, 0..size).await, bytes);
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_for_the_same_ranges_do_not_harm_each_other() {
    for providers in [1, 2] {
        // Small enough for memory, for the database, and for files of its own.
        for length in [9_000, 60_000, 200_000, 16 * 1024 * 1024 + 5] {
            let bytes = noise(length, usize::try_from(length).unwrap());
            let (mut bob, providers, content) = bob_and_providers(providers, &bytes).await;
            let half = length / 2;
            let jobs: Vec<JobId> = [(0, length), (0, length), (half, length), (0, half)]
                .into_iter()
                .zip(providers.iter().cycle())
                .map(|(range, provider)| {
                    bob.begin(jobs::FETCH, &fetch(provider.me(), content, length, &[range]))
                })
                .collect();
            bytes_of(&mut bob, &jobs).await;
            assert_eq!(bob.missing(content, length).await, [], "{length}");
            assert_eq!(bob.read(content, 0..length).await, bytes, "{length}");
            // It is passed on as a whole one is: nothing in it is damaged.
            let mut carol = Peer::start(3).await;
            carol.admit(&bob);
            bob.admit(&carol);
            bob.rights.give(carol.me(), content, jobs::Source::Store);
            carol.fetch(bob.me(), content, length, &[(0, length)]).await.unwrap();
            assert_eq!(carol.read(content, 0..length).await, bytes);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn when_many_ask_they_hear_who_has_it_and_get_it_in_the_end() {
    let alice = Peer::start(1).await;
    let (bytes, size) = (noise(7, 200_000), 200_000);
    std::fs::write(alice.path("page.html"), &bytes).unwrap();
    let content = crate::house::id_of(&bytes);
    let mut readers = Vec::new();
    for seed in 2..6 {
        let reader = Peer::start(seed).await;
        alice.admit_also(&reader);
        reader.admit(&alice);
        alice.rights.give(reader.me(), content, in_place(&alice.path("page.html")));
        readers.push(reader);
    }
    let ids: Vec<_> = readers.iter().map(Peer::me).collect();
    let [bob, carol, dave, eve] = readers.as_mut_slice() else { panic!("four read") };
    for first in [bob, carol] {
        assert_eq!(first.fetch(alice.me(), content, size, &[(0, size)]).await, Ok(size));
        assert_eq!(first.fetch(alice.me(), content, size, &[(0, 16_384)]).await, Ok(16_384), "it goes on");
    }
    // Carol has no right any more, so nobody hears of her.
    alice.rights.take(ids[1], content);
    for _ in 0..4 {
        let asked = fetch(alice.me(), content, size, &[(0, size)]);
        let Err(JobFailure::Failed(text)) = dave.run(jobs::FETCH, &asked).await else {
            panic!("another is named")
        };
        assert_eq!(text, FetchFailure::Elsewhere.text(format!("{:014x}", id_start(ids[0]))));
        tokio::time::sleep(std::time::Duration::from_millis(120)).await;
    }
    assert_eq!(dave.fetch(alice.me(), content, size, &[(0, size)]).await, Ok(size), "in the end");
    alice.rights.take(ids[3], content);
    let refused = eve.fetch(alice.me(), content, size, &[(0, size)]).await;
    assert_eq!(refused, Err(FetchFailure::Refused), "who has no right hears no name");
    assert!(alice.network.given() >= 3 * size);
}
