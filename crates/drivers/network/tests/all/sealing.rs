//! Sealed copies with real bytes: made, carried by a third, opened; and what is not what it should be.

use crate::house::{Peer, id_of, in_place, noise};
use base::ContentId;
use files::jobs::{
    self, CHANGED_IN_PLACE, Forget, Seal, SealItem, SealOutcome, SealedItems, Source, Unseal, UnsealItem,
    UnsealOutcome, Unsealed,
};
use wire::crypto::EpochKey;
use wire::sealed::{ContentKey, sealed_size};

const SEGMENT: usize = 64 * 1024;

fn key(content: ContentId) -> ContentKey {
    ContentKey::of(&EpochKey::new([9; 32]), content)
}

async fn seal(peer: &mut Peer, items: Vec<(ContentId, usize, Source)>) -> Vec<SealOutcome> {
    let item = |(content, size, source): (ContentId, usize, Source)| {
        let size = u64::try_from(size).unwrap();
        SealItem { content, size, source, key: key(content) }
    };
    let seal = Seal { items: items.into_iter().map(item).collect() };
    let ended = peer.run(jobs::SEAL, &seal).await.unwrap();
    jobs::from_bytes::<SealedItems>(&ended).unwrap().outcomes
}

async fn unseal(peer: &mut Peer, sealed: ContentId, content: ContentId, size: u64) -> UnsealOutcome {
    let item = UnsealItem { sealed, content, size, key: key(content) };
    let ended = peer.run(jobs::UNSEAL, &Unseal { items: vec![item] }).await.unwrap();
    jobs::from_bytes::<Unsealed>(&ended).unwrap().outcomes.pop().unwrap()
}

/// Says whether a copy is what it is said to be.
async fn check(peer: &mut Peer, sealed: ContentId, content: ContentId, size: u64) -> UnsealOutcome {
    let ended =
        peer.run(jobs::CHECK, &UnsealItem { sealed, content, size, key: key(content) }).await.unwrap();
    jobs::from_bytes(&ended).unwrap()
}

/// Brings a copy from one peer to another.
async fn carry(from: &Peer, to: &mut Peer, sealed: ContentId, size: u64) {
    from.rights.give(to.me(), sealed, Source::Store);
    to.fetch(from.me(), sealed, size, &[(0, size)]).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_alice_seals_bob_opens_after_dora_carried_it() {
    let (mut alice, mut dora, mut bob) = (Peer::start(1).await, Peer::start(2).await, Peer::start(3).await);
    for (one, other) in [(&alice, &dora), (&dora, &bob)] {
        one.admit_also(other);
        other.admit_also(one);
    }
    for length in [1, SEGMENT - 1, SEGMENT, SEGMENT + 1, 5 * 1024 * 1024 + 3] {
        let plain = noise(7, length);
        let path = alice.path("plan");
        std::fs::write(&path, &plain).unwrap();
        let (content, size) = (id_of(&plain), u64::try_from(length).unwrap());
        let outcomes = seal(&mut alice, vec![(content, length, in_place(&path))]).await;
        let [SealOutcome::Sealed { sealed }] = outcomes.as_slice() else { panic!("{outcomes:?}") };
        // The bytes are those of the format, whoever writes them.
        assert_eq!(*sealed, id_of(&key(content).seal_all(&plain)), "{length}");
        let copy_size = sealed_size(size).unwrap();
        carry(&alice, &mut dora, *sealed, copy_size).await;
        alice.run(jobs::FORGET, &Forget { content: *sealed }).await.unwrap();
        carry(&dora, &mut bob, *sealed, copy_size).await;
        assert_eq!(check(&mut bob, *sealed, content, size).await, UnsealOutcome::Opened);
        assert_eq!(bob.missing(content, size).await, [(0, size)], "looking keeps nothing");
        assert_eq!(unseal(&mut bob, *sealed, content, size).await, UnsealOutcome::Opened);
        assert_eq!(bob.missing(content, size).await, []);
        assert_eq!(bob.read(content, 0..size).await, plain);
        // Sealed again by Bob, who has it in his store, it is the same copy.
        let again = seal(&mut bob, vec![(content, length, Source::Store)]).await;
        assert_eq!(again, [SealOutcome::Sealed { sealed: *sealed }]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_changed_is_not_sealed_and_leaves_nothing_behind() {
    let mut alice = Peer::start(1).await;
    for length in [1_000, 300_000] {
        let path = alice.path("plan");
        std::fs::write(&path, noise(1, length)).unwrap();
        let other = noise(2, length);
        // The stat fits and the bytes do not: somebody wrote between two looks.
        let content = id_of(&other);
        let outcomes = seal(&mut alice, vec![(content, length, in_place(&path))]).await;
        assert_eq!(outcomes, [SealOutcome::Failed]);
        let sealed = id_of(&key(content).seal_all(&noise(1, length)));
        let size = sealed_size(u64::try_from(length).unwrap()).unwrap();
        assert_eq!(alice.missing(sealed, size).await, [(0, size)]);
    }
    let missing = alice.path("nowhere");
    std::fs::write(&missing, b"x").unwrap();
    let source = in_place(&missing);
    std::fs::remove_file(&missing).unwrap();
    let job = alice.begin(
        jobs::SEAL,
        &Seal { items: vec![SealItem { content: id_of(b"x"), size: 1, source, key: key(id_of(b"x")) }] },
    );
    alice.noticed(CHANGED_IN_PLACE).await;
    let ended = alice.end_of(job).await.unwrap();
    assert_eq!(jobs::from_bytes::<SealedItems>(&ended).unwrap().outcomes, [SealOutcome::Failed]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_of_something_else_is_told_and_leaves_nothing_behind() {
    let (alice, mut bob) = crate::house::alice_and_bob().await;
    for length in [1_000, 300_000] {
        let (plain, other) = (noise(1, length), noise(2, length));
        let (content, size) = (id_of(&plain), u64::try_from(length).unwrap());
        // Mallory has the key, and seals another text with it; or no text at all.
        for copy in
            [key(content).seal_all(&other), noise(3, usize::try_from(sealed_size(size).unwrap()).unwrap())]
        {
            let sealed = alice.share("copy", &copy, bob.me());
            bob.fetch(
                alice.me(),
                sealed,
                u64::try_from(copy.len()).unwrap(),
                &[(0, u64::try_from(copy.len()).unwrap())],
            )
            .await
            .unwrap();
            assert_eq!(check(&mut bob, sealed, content, size).await, UnsealOutcome::Wrong, "{length}");
            assert_eq!(unseal(&mut bob, sealed, content, size).await, UnsealOutcome::Wrong, "{length}");
            assert_eq!(bob.missing(content, size).await, [(0, size)]);
            assert_ne!(bob.missing(id_of(&other), size).await, []);
        }
        // A copy that is not here is nobody's lie.
        assert_eq!(check(&mut bob, id_of(b"?"), content, size).await, UnsealOutcome::Failed);
        assert_eq!(unseal(&mut bob, id_of(b"?"), content, size).await, UnsealOutcome::Failed);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_in_pieces_is_kept_at_its_end_and_not_before() {
    let alice = Peer::start(1).await;
    let text = noise(4, 3 * 1024 * 1024 + 5);
    for has_end in [false, true] {
        let contents = alice.network.contents();
        let (pieces, receiver) = tokio::sync::mpsc::channel(2);
        let say = async {
            for piece in text.chunks(65_552) {
                pieces.send(piece.to_vec().into()).await.unwrap();
            }
            if has_end {
                pieces.send(bytes::Bytes::new()).await.unwrap();
            }
            drop(pieces);
        };
        let (kept, ()) = tokio::join!(contents.keep_stream(receiver), say);
        assert_eq!(kept.ok(), has_end.then(|| id_of(&text)));
    }
    assert_eq!(alice.read(id_of(&text), 0..u64::try_from(text.len()).unwrap()).await, text);
}
