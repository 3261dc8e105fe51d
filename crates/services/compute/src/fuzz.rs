//! Mutated bytes for what members send about jobs: messages, records, signed statements. Round trips of each.

#[path = "../../../foundation/wire/tests/fuzz/engine.rs"]
mod engine;

use base::{ContentId, DeviceId, PersonId, RunId};
use engine::Read;
use proptest::prelude::*;

use crate::jobs::{Failure, Limits, Outcome};
use crate::messages::{Checkpoint, Inquired, Leased, Message, Part, RecalledRow, Says, WorkState};
use crate::tables::{InputPart, InputRow, Recalled, SourceRow, StatementRow, TrustKind, TrustRow};
use crate::value::{
    Announcement, Body, Credit, Offer, Receipt, SignedStatement, Stated, Statement, Wrong, digest,
};

const JOB: RunId = RunId::new([5; RunId::LEN]);
const CONTENT: ContentId = ContentId::new([6; 32]);

fn device(number: u8) -> DeviceId {
    DeviceId::new([number; 32])
}

fn outcomes() -> Vec<Outcome> {
    vec![
        Outcome::Output { bytes: b"42".to_vec().into() },
        Outcome::Large { content: CONTENT, size: 100_000 },
        Outcome::Failed { failure: Failure::Trapped, log: "unreachable".to_owned() },
    ]
}

fn statement() -> Statement {
    let units = (0..).zip(outcomes());
    let stated = units.map(|(unit, outcome)| Stated {
        unit,
        digest: digest(&outcome),
        cpu_us: 900,
        input: (unit == 1).then_some(CONTENT),
    });
    Statement { job: JOB, stage: 1, lease: 3, units: stated.collect(), what: Some(CONTENT) }
}

fn signed() -> SignedStatement {
    SignedStatement { bytes: wire::to_bytes(&statement()).into(), signature: vec![9; 64].into() }
}

#[expect(clippy::too_many_lines, reason = "one row for each message")]
pub(crate) fn every_message() -> Vec<Message> {
    let inline = Part::Inline { bytes: b"abc".to_vec().into() };
    let content = Part::Content { content: CONTENT, size: 7, from: Some(device(1)) };
    let trust = TrustRow {
        kind: TrustKind::Trusted,
        persons: vec![PersonId::new([2; 32])],
        quorum: 2,
        most: 4,
        drawn: 9,
    };
    let row = StatementRow {
        device: device(1),
        via: device(2),
        signed: signed(),
        outcomes: outcomes(),
        recalled: None,
    };
    let recalled = Some(Recalled { stage: 1, units: vec![(3, 0), (4, 1), (9, 2)] });
    let input = InputRow {
        parts: vec![InputPart::Given { part: inline.clone() }, InputPart::Output { stage: 0, unit: 4 }],
        path: "family/alice/a.txt".to_owned(),
        at: Some(device(3)),
    };
    let units = vec![
        Leased { unit: 1, parts: vec![inline], checkpoint: None },
        Leased { unit: 4, parts: Vec::new(), checkpoint: Some(content) },
    ];
    let each = Some(SourceRow::Each { stages: vec![0, 1] });
    let groups = Some(SourceRow::Groups { stage: 2, first: Some(7) });
    let inquired =
        vec![Inquired { unit: 1, parts: Vec::new() }, Inquired { unit: 4, parts: vec![CONTENT, CONTENT] }];
    let known = RecalledRow {
        device: device(1),
        signed: signed(),
        units: vec![(1, 0), (4, 1), (7, 2)],
        outcomes: outcomes(),
    };
    let checkpoints = vec![Checkpoint { lease: 3, unit: 1, content: CONTENT, size: 8 }];
    [
        Says::Ask { stage: 0, leases: 3 },
        Says::Lease { stage: 0, lease: 3, units },
        Says::Nothing { stage: 1 },
        Says::Results { number: 7, signed: signed(), outcomes: outcomes() },
        Says::Took { number: 7 },
        Says::Alive { leases: vec![3, 4], checkpoints },
        Says::GiveBack { leases: vec![3] },
        Says::Stop { leases: vec![3] },
        Says::Hand {
            stage: 0,
            total: 50,
            is_closed: true,
            trust: trust.clone(),
            is_paused: false,
            source: None,
        },
        Says::Hand {
            stage: 2,
            total: 0,
            is_closed: false,
            trust: trust.clone(),
            is_paused: false,
            source: each,
        },
        Says::Hand { stage: 3, total: 9, is_closed: false, trust, is_paused: true, source: groups },
        Says::Tell { stage: 0, chunks: 2, statements: 9 },
        Says::Inputs { stage: 0, chunk: 1, rows: vec![input] },
        Says::Known { number: 1, row: row.clone() },
        Says::Brought { number: 1, row: row.clone() },
        Says::Brought { number: 2, row: StatementRow { recalled, ..row } },
        Says::Status { state: WorkState::Paused },
        Says::Recall { stage: 1, number: 5, units: inquired },
        Says::Recalled { stage: 1, number: 5, rows: vec![known], is_last: true },
    ]
    .map(|says| Message { job: JOB, says })
    .into()
}

pub(crate) fn every_body() -> Vec<Body> {
    let limits = Limits { cpu_ms: 1_000, memory_mib: 64, output: 1_000, is_nan_canonical: false, fuel: None };
    let announced = Announcement {
        job: JOB,
        stage: 0,
        name: "count".to_owned(),
        program: CONTENT,
        program_size: 5_000,
        arguments: b"x".to_vec().into(),
        limits,
        deputies: vec![device(4)],
        priority: 5,
        is_range: true,
        persons: vec![PersonId::new([2; 32])],
        is_joining: false,
    };
    let offer = Offer {
        cores: 4,
        speed: 500_000,
        disk_mib: 300,
        architecture: "x86_64".to_owned(),
        memory_mib: 8_000,
    };
    let credit = Credit { person: PersonId::new([2; 32]), units: 9, cpu_us: 99 };
    vec![
        Body::Stage(announced),
        Body::Over { job: JOB },
        Body::Offer(offer),
        Body::Receipt(Receipt { job: JOB, persons: vec![credit] }),
        Body::Wrong(Wrong { device: device(1), signed: signed(), unit: 1, right: CONTENT, is_own: true }),
    ]
}

fn read_statement(bytes: &[u8]) -> Option<Statement> {
    SignedStatement { bytes: bytes.to_vec().into(), signature: Vec::new().into() }.statement()
}

const READERS: [(&str, Read); 3] = [
    ("compute message", |bytes| Some(wire::to_bytes(&Message::read(bytes).ok()?))),
    ("compute record", |bytes| Some(wire::to_bytes(&Body::read(bytes).ok()?))),
    ("compute statement", |bytes| Some(wire::to_bytes(&read_statement(bytes)?))),
];

#[test]
fn fuzz_what_members_send_about_jobs() {
    let mut seeds: Vec<Vec<u8>> = every_message().iter().map(wire::to_bytes).collect();
    seeds.extend(every_body().iter().map(wire::to_bytes));
    seeds.push(wire::to_bytes(&statement()));
    let vectors = [
        include_str!("../../../../specs/vectors/compute-accept.json"),
        include_str!("../../../../specs/vectors/compute-refuse.json"),
    ];
    seeds.extend(vectors.into_iter().flat_map(engine::bytes_of));
    assert!(seeds.len() > 100, "the vectors are not where they were: {}", seeds.len());
    engine::run("compute", &READERS, seeds);
}

#[test]
fn what_is_written_is_read_again() {
    for message in every_message() {
        assert_eq!(Message::read(&wire::to_bytes(&message)).ok(), Some(message));
    }
    for body in every_body() {
        assert_eq!(Body::read(&wire::to_bytes(&body)).ok(), Some(body));
    }
    assert_eq!(read_statement(&wire::to_bytes(&statement())), Some(statement()));
}

proptest! {
    #[test]
    fn no_bytes_make_a_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        // What is read is written as it was: an encoding is unique.
        if let Ok(message) = Message::read(&bytes) {
            prop_assert_eq!(wire::to_bytes(&message), bytes.clone());
        }
        if let Ok(body) = Body::read(&bytes) {
            prop_assert_eq!(wire::to_bytes(&body), bytes.clone());
        }
        if let Some(statement) = read_statement(&bytes) {
            prop_assert_eq!(wire::to_bytes(&statement), bytes);
        }
    }
}
