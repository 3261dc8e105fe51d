//! Makes the vectors of jobs in `specs/vectors` and compares: every implementation must accept or refuse these bytes, and find
//! the same in them: what is said, the names of units, the digests of outcomes, and which signatures hold.
//!
//! `UPDATE_VECTORS=1 cargo test --workspace --lib vectors` writes them anew; a change of a vector is a change of format.

use base::{ContentId, DeviceId, PersonId, RunId};
use serde_json::{Value, json};
use wire::crypto::{SignKey, Signer as _, Strict};

use crate::fuzz::{every_body, every_message};
use crate::jobs::{Failure, Outcome, PROGRAM_SIZE_MAX, UNITS_MAX};
use crate::messages::{Checkpoint, Inquired, Leased, Message, Part, RecalledRow, Says, WorkState};
use crate::tables::{InputPart, InputRow, SourceRow, StatementRow, TrustKind, TrustRow};
use crate::value::{
    Announcement, Body, Credit, Offer, Receipt, SignedStatement, Stated, Statement, Wrong, digest,
    heard_number, input_hash, step_name, unit_name,
};

const JOB: RunId = RunId::new([5; RunId::LEN]);
const DOMAIN: &str = "althing/compute-results/1";

fn hex(bytes: &[u8]) -> String {
    let digit = |number: u8| char::from_digit(u32::from(number), 16).unwrap();
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

fn vector(kind: &str, name: &str, bytes: &[u8], finds: &Value) -> Value {
    json!({ "kind": kind, "name": name, "bytes": hex(bytes), "finds": finds })
}

fn key() -> SignKey {
    SignKey::from_seed(&[3; 32])
}

fn content(number: u8) -> ContentId {
    ContentId::new([number; 32])
}

fn numbers<T: ToString>(all: impl IntoIterator<Item = T>) -> Vec<String> {
    all.into_iter().map(|one| one.to_string()).collect()
}

fn yes_no(is: bool) -> &'static str {
    if is { "yes" } else { "no" }
}

// --- records (rules 1 to 7) ---

fn announced() -> Announcement {
    match every_body().swap_remove(0) {
        Body::Stage(announced) => announced,
        _ => unreachable!("the first body is a step"),
    }
}

fn told_record(body: &Body) -> Value {
    match body {
        Body::Stage(one) => json!({
            "says": "step", "job": one.job, "step": one.stage.to_string(), "name": one.name, "program": one.program,
            "size": one.program_size.to_string(), "arguments": hex(&one.arguments),
            "limits": [one.limits.cpu_ms.to_string(), one.limits.memory_mib.to_string(),
                one.limits.output.to_string(), yes_no(one.limits.is_nan_canonical).to_owned(),
                one.limits.fuel.map_or("none".to_owned(), |fuel| fuel.to_string())],
            "deputies": one.deputies, "priority": one.priority.to_string(), "range": yes_no(one.is_range),
            "persons": one.persons, "joining": yes_no(one.is_joining),
        }),
        Body::Over { job } => json!({ "says": "over", "job": job }),
        Body::Offer(one) => json!({
            "says": "offer", "architecture": one.architecture,
            "numbers": numbers([u64::from(one.cores), one.speed, one.disk_mib, one.memory_mib]),
        }),
        Body::Receipt(one) => json!({
            "says": "receipt", "job": one.job,
            "persons": one.persons.iter().map(|one| format!("{} {} {}", one.person, one.units, one.cpu_us)).collect::<Vec<_>>(),
        }),
        Body::Wrong(one) => {
            let statement = one.signed.read(&Strict, one.device);
            let says_so = |said: &Stated| said.unit == one.unit && said.digest != one.right;
            json!({
                "says": "wrong", "device": one.device, "unit": one.unit.to_string(), "right": one.right,
                "own": yes_no(one.is_own),
                "holds": yes_no(statement.is_some_and(|statement| statement.units.iter().any(says_so))),
            })
        }
    }
}

fn records_accepted() -> Vec<Value> {
    let most = Announcement {
        stage: 63,
        name: "ä".repeat(100),
        program_size: PROGRAM_SIZE_MAX,
        deputies: (1..=3).map(|number| DeviceId::new([number; 32])).collect(),
        persons: (0..=255).map(|number| PersonId::new([number; 32])).collect(),
        priority: 9,
        limits: crate::jobs::Limits {
            cpu_ms: 86_400_000,
            memory_mib: 4_096,
            output: 64 << 20,
            is_nan_canonical: true,
            fuel: Some(1_000_000_000_000_000),
        },
        ..announced()
    };
    let least =
        Announcement { arguments: Vec::new().into(), deputies: vec![], persons: vec![], ..announced() };
    let wrong = |unit, right| {
        Body::Wrong(Wrong { device: key().device(), signed: sign(&statement()), unit, right, is_own: false })
    };
    let offer = Offer {
        cores: 4_096,
        speed: 1_000_000_000,
        disk_mib: 0,
        architecture: "x".repeat(32),
        memory_mib: 0,
    };
    let others = [
        ("the most that there may be", Body::Stage(most)),
        ("the least that there may be", Body::Stage(least)),
        ("a wrong result that was signed", wrong(1, content(9))),
        ("evidence of what is right", wrong(1, digest(&outcomes()[1]))),
        ("evidence of a unit that is not in it", wrong(2, content(9))),
        ("the largest offer", Body::Offer(offer)),
        ("a receipt of nobody", Body::Receipt(Receipt { job: JOB, persons: Vec::new() })),
    ];
    let all =
        every_body().into_iter().map(|body| (told_record(&body)["says"].as_str().unwrap().to_owned(), body));
    all.chain(others.into_iter().map(|(name, body)| (name.to_owned(), body)))
        .map(|(name, body)| vector("compute-record", &name, &wire::to_bytes(&body), &told_record(&body)))
        .collect()
}

fn records_refused() -> Vec<Value> {
    let step = |change: fn(&mut Announcement)| {
        let mut one = announced();
        change(&mut one);
        wire::to_bytes(&Body::Stage(one))
    };
    let offer = |cores, speed, architecture: String| {
        wire::to_bytes(&Body::Offer(Offer { cores, speed, disk_mib: 1, architecture, memory_mib: 1 }))
    };
    let receipt = |count, units, cpu_us| {
        let persons = vec![Credit { person: PersonId::new([2; 32]), units, cpu_us }; count];
        wire::to_bytes(&Body::Receipt(Receipt { job: JOB, persons }))
    };
    let far = Wrong {
        device: key().device(),
        signed: sign(&statement()),
        unit: 1_000_000_000,
        right: content(9),
        is_own: true,
    };
    let good = wire::to_bytes(&Body::Over { job: JOB });
    let later = [&[0x82, 5], &good[2..]].concat();
    let mut short = good.clone();
    short[3] -= 1;
    short.pop();
    [
        ("a step too many", step(|one| one.stage = 64)),
        ("no name", step(|one| one.name.clear())),
        ("a name too long", step(|one| one.name = "x".repeat(201))),
        ("a name with a control character", step(|one| one.name.push('\u{85}'))),
        ("a program of nothing", step(|one| one.program_size = 0)),
        ("a program too large", step(|one| one.program_size = PROGRAM_SIZE_MAX + 1)),
        ("too many deputies", step(|one| one.deputies = vec![DeviceId::new([4; 32]); 4])),
        ("too many persons", step(|one| one.persons = vec![PersonId::new([4; 32]); 257])),
        ("no priority", step(|one| one.priority = 0)),
        ("a priority too high", step(|one| one.priority = 10)),
        ("no processor time", step(|one| one.limits.cpu_ms = 0)),
        ("more than a day", step(|one| one.limits.cpu_ms = 86_400_001)),
        ("no memory", step(|one| one.limits.memory_mib = 0)),
        ("too much memory", step(|one| one.limits.memory_mib = 4_097)),
        ("no output", step(|one| one.limits.output = 0)),
        ("too large an output", step(|one| one.limits.output = (64 << 20) + 1)),
        ("too many cores", offer(4_097, 1, "x".to_owned())),
        ("too fast", offer(1, 1_000_000_001, "x".to_owned())),
        ("an architecture too long", offer(1, 1, "x".repeat(33))),
        ("a receipt of too many", receipt(257, 1, 1)),
        ("a receipt of too many units", receipt(1, 1_000_000_001, 1)),
        ("a receipt of too much time", receipt(1, 1, 315_360_000_000_000_001)),
        ("a wrong result beyond all units", wire::to_bytes(&Body::Wrong(far))),
        ("of a later version", later),
        ("a job's id too short", short),
        ("bytes behind it", [&good[..], &[0]].concat()),
        ("cut off", good.split_last().unwrap().1.to_vec()),
        ("a number longer than it need be", [&[0x82, 0x18, 1], &good[2..]].concat()),
        ("an array without an end", [&[0x9f, 1], &good[2..], &[0xff]].concat()),
    ]
    .into_iter()
    .map(|(name, bytes)| vector("compute-record", name, &bytes, &json!({})))
    .collect()
}

// --- messages (rules 13 and 14) ---

fn told_part(part: &Part) -> String {
    match part {
        Part::Inline { bytes } => format!("bytes {}", hex(bytes)),
        Part::Content { content, size, from } => {
            let from = from.map_or_else(|| "anybody".to_owned(), |from| from.to_string());
            format!("content {content} {size} {from}")
        }
    }
}

fn told_input(row: &InputRow) -> Value {
    let part = |part: &InputPart| match part {
        InputPart::Given { part } => told_part(part),
        InputPart::Output { stage, unit } => format!("output {stage} {unit}"),
    };
    json!({ "parts": row.parts.iter().map(part).collect::<Vec<_>>(), "path": row.path, "at": row.at })
}

fn told_leased(one: &Leased) -> Value {
    json!({
        "unit": one.unit.to_string(), "parts": one.parts.iter().map(told_part).collect::<Vec<_>>(),
        "checkpoint": one.checkpoint.as_ref().map(told_part),
    })
}

fn told_trust(trust: &TrustRow) -> Value {
    let kind = match trust.kind {
        TrustKind::Own => "own",
        TrustKind::Trusted => "trusted",
        TrustKind::Spot => "spot",
        TrustKind::Quorum => "quorum",
        TrustKind::Adaptive => "adaptive",
    };
    json!({ "kind": kind, "persons": trust.persons, "numbers": numbers([trust.quorum, trust.most, trust.drawn]) })
}

/// Which outcomes count: those of the units of a statement that is signed and says all their digests.
fn counted(device: DeviceId, signed: &SignedStatement, outcomes: &[Outcome]) -> Value {
    let digests = outcomes.iter().map(digest).collect::<Vec<_>>();
    let statement = signed.read(&Strict, device);
    let counts = statement.is_some_and(|one| {
        one.job == JOB && one.units.iter().map(|said| said.digest).collect::<Vec<_>>() == digests
    });
    json!({ "digests": digests, "counts": yes_no(counts) })
}

/// Which units are said of what: those whose place in a statement that is signed has the digest of the outcome.
fn told_recalled(row: &RecalledRow) -> Value {
    let statement = row.signed.read(&Strict, row.device);
    let told = row.units.iter().zip(&row.outcomes).map(|((unit, place), outcome)| {
        let said = statement.as_ref().and_then(|one| one.units.get(usize::try_from(*place).ok()?));
        let counts = said.is_some_and(|said| said.digest == digest(outcome));
        format!("{unit} {place} {} {}", digest(outcome), yes_no(counts))
    });
    json!({ "device": row.device, "units": told.collect::<Vec<_>>() })
}

#[expect(clippy::too_many_lines, reason = "one arm for each message")]
fn told_message(message: &Message, device: DeviceId) -> Value {
    let with = |says: &str, fields: &[u64]| json!({ "says": says, "numbers": numbers(fields) });
    let statement_row = |says: &str, number: u64, row: &StatementRow| {
        let mut finds = counted(row.device, &row.signed, &row.outcomes);
        finds["says"] = json!(says);
        finds["numbers"] = json!(numbers([number]));
        finds["devices"] = json!([row.device, row.via]);
        if let Some(recalled) = &row.recalled {
            finds["recalled"] = json!(
                std::iter::once(u64::from(recalled.stage))
                    .map(|stage| stage.to_string())
                    .chain(recalled.units.iter().map(|(unit, place)| format!("{unit} {place}")))
                    .collect::<Vec<_>>()
            );
        }
        finds
    };
    let mut finds = match &message.says {
        Says::Ask { stage, leases } => with("ask", &[u64::from(*stage), u64::from(*leases)]),
        Says::Lease { stage, lease, units } => {
            let mut finds = with("lease", &[u64::from(*stage), *lease]);
            finds["units"] = units.iter().map(told_leased).collect();
            finds
        }
        Says::Nothing { stage } => with("nothing", &[u64::from(*stage)]),
        Says::Results { number, signed, outcomes } => {
            let mut finds = counted(device, signed, outcomes);
            finds["says"] = json!("results");
            finds["numbers"] = json!(numbers([number]));
            finds["from"] = json!(device);
            finds
        }
        Says::Took { number } => with("took", &[*number]),
        Says::Alive { leases, checkpoints } => {
            let mut finds = with("alive", leases);
            let told = |one: &Checkpoint| format!("{} {} {} {}", one.lease, one.unit, one.content, one.size);
            finds["checkpoints"] = checkpoints.iter().map(told).collect();
            finds
        }
        Says::GiveBack { leases } => with("give back", leases),
        Says::Stop { leases } => with("stop", leases),
        Says::Hand { stage, total, is_closed, trust, is_paused, source } => {
            let mut finds = with("hand", &[u64::from(*stage), *total]);
            finds["closed"] = json!(yes_no(*is_closed));
            finds["paused"] = json!(yes_no(*is_paused));
            finds["trust"] = told_trust(trust);
            match source {
                Some(SourceRow::Each { stages }) => finds["each of"] = json!(numbers(stages)),
                Some(SourceRow::Groups { stage, first }) => {
                    let first = first.map_or_else(|| "none".to_owned(), |first| first.to_string());
                    finds["joins"] = json!([stage.to_string(), first]);
                }
                _ => {}
            }
            finds
        }
        Says::Tell { stage, chunks, statements } => with("tell", &[u64::from(*stage), *chunks, *statements]),
        Says::Inputs { stage, chunk, rows } => {
            let mut finds = with("inputs", &[u64::from(*stage), *chunk]);
            finds["rows"] = rows.iter().map(told_input).collect();
            finds
        }
        Says::Known { number, row } => statement_row("known", *number, row),
        Says::Brought { number, row } => statement_row("brought", *number, row),
        Says::Status { state } => with("status", &[*state as u64]),
        Says::Recall { stage, number, units } => {
            let mut finds = with("recall", &[u64::from(*stage), *number]);
            finds["units"] =
                units.iter().map(|one| json!({ "unit": one.unit.to_string(), "parts": one.parts })).collect();
            finds
        }
        Says::Recalled { stage, number, rows, is_last } => {
            let mut finds = with("recalled", &[u64::from(*stage), *number]);
            finds["last"] = json!(yes_no(*is_last));
            finds["rows"] = rows.iter().map(told_recalled).collect();
            finds
        }
    };
    finds["job"] = json!(message.job);
    finds
}

fn inline(count: usize) -> Part {
    Part::Inline { bytes: vec![7; count].into() }
}

fn leased(unit: u64, parts: Vec<Part>) -> Leased {
    Leased { unit, parts, checkpoint: None }
}

#[expect(clippy::too_many_lines, reason = "one row for each vector")]
fn messages_accepted() -> Vec<Value> {
    let device = key().device();
    let results =
        |statement: &Statement, outcomes| Says::Results { number: 1, signed: sign(statement), outcomes };
    let (other, mut swapped) = (SignKey::from_seed(&[4; 32]), outcomes());
    swapped.swap(0, 2);
    let by_other = SignedStatement {
        signature: other.sign(DOMAIN, &wire::to_bytes(&statement())).0.to_vec().into(),
        ..sign(&statement())
    };
    let others = [
        ("the last step, as many leases as can be said", Says::Ask { stage: 63, leases: u8::MAX }),
        (
            "the last unit there may be",
            Says::Lease { stage: 0, lease: u64::MAX, units: vec![leased(999_999_999, vec![])] },
        ),
        (
            "as many units as there may be",
            Says::Lease { stage: 0, lease: 1, units: (0..256).map(|unit| leased(unit, vec![])).collect() },
        ),
        (
            "as many parts as there may be",
            Says::Lease { stage: 0, lease: 1, units: vec![leased(1, vec![inline(0); 64])] },
        ),
        (
            "a content that anybody may have",
            Says::Lease {
                stage: 0,
                lease: 1,
                units: vec![leased(1, vec![Part::Content { content: content(6), size: 0, from: None }])],
            },
        ),
        ("results that count", results(&statement(), outcomes())),
        ("results with others' digests", results(&statement(), swapped)),
        ("results of fewer units than are signed", results(&statement(), outcomes()[..2].to_vec())),
        (
            "results of another job",
            results(&Statement { job: RunId::new([6; RunId::LEN]), ..statement() }, outcomes()),
        ),
        ("results whose units do not ascend", results(&unordered(), outcomes())),
        ("results of a step too many", results(&Statement { stage: 64, ..statement() }, outcomes())),
        (
            "results that another has signed",
            Says::Results { number: 1, signed: by_other, outcomes: outcomes() },
        ),
        ("as many leases as there may be", Says::Stop { leases: (0..256).collect() }),
        ("the longest that a failed unit says", results(&statement(), vec![failed(2_048)])),
        (
            "the largest output",
            results(&statement(), vec![Outcome::Large { content: content(6), size: 64 << 20 }]),
        ),
        (
            "as many inputs as there may be",
            Says::Inputs {
                stage: 0,
                chunk: 1,
                rows: vec![InputRow { parts: vec![], path: String::new(), at: None }; 64],
            },
        ),
        (
            "as many units as a step may have",
            Says::Hand {
                stage: 0,
                total: 1_000_000_000,
                is_closed: false,
                trust: TrustRow {
                    kind: TrustKind::Adaptive,
                    persons: vec![],
                    quorum: 1,
                    most: 4,
                    drawn: 20_000,
                },
                is_paused: true,
                source: None,
            },
        ),
        ("off", Says::Status { state: WorkState::Off }),
        (
            "as many units as may be asked for",
            Says::Recall {
                stage: 63,
                number: u64::MAX,
                units: (0..256).map(|unit| Inquired { unit, parts: vec![] }).collect(),
            },
        ),
        ("nothing known", Says::Recalled { stage: 0, number: 1, rows: vec![], is_last: true }),
        (
            "known of what is signed, and of what is not",
            Says::Recalled {
                stage: 0,
                number: 1,
                rows: vec![RecalledRow {
                    device,
                    signed: sign(&statement()),
                    units: vec![(5, 1), (7, 0), (8, 9)],
                    outcomes: vec![outcomes().swap_remove(1), failed(0), failed(0)],
                }],
                is_last: false,
            },
        ),
    ];
    let all = every_message()
        .into_iter()
        .map(|one| (told_message(&one, device)["says"].as_str().unwrap().to_owned(), one));
    all.chain(others.into_iter().map(|(name, says)| (name.to_owned(), Message { job: JOB, says })))
        .map(|(name, one)| {
            vector("compute-message", &name, &wire::to_bytes(&one), &told_message(&one, device))
        })
        .collect()
}

fn failed(said: usize) -> Outcome {
    Outcome::Failed { failure: Failure::TooLong, log: "x".repeat(said) }
}

#[expect(clippy::too_many_lines, reason = "one row for each vector")]
fn messages_refused() -> Vec<Value> {
    let says = |says| wire::to_bytes(&Message { job: JOB, says });
    let lease = |stage, units| says(Says::Lease { stage, lease: 1, units });
    let results = |outcomes| says(Says::Results { number: 1, signed: sign(&statement()), outcomes });
    let row = |outcomes| StatementRow {
        device: key().device(),
        via: key().device(),
        signed: sign(&statement()),
        outcomes,
        recalled: None,
    };
    let trust = || TrustRow { kind: TrustKind::Own, persons: vec![], quorum: 1, most: 4, drawn: 0 };
    let hand = |stage, total, source| {
        says(Says::Hand { stage, total, is_closed: true, trust: trust(), is_paused: false, source })
    };
    let input = InputRow { parts: vec![], path: String::new(), at: None };
    let inputs = |count| says(Says::Inputs { stage: 0, chunk: 1, rows: vec![input.clone(); count] });
    let checkpoint = Checkpoint { lease: 1, unit: 1, content: content(6), size: 8 };
    let alive = |leases, checkpoints| {
        says(Says::Alive { leases: vec![1; leases], checkpoints: vec![checkpoint.clone(); checkpoints] })
    };
    let large = |size| results(vec![Outcome::Large { content: content(6), size }]);
    let inquired = |unit, parts| Inquired { unit, parts: vec![content(1); parts] };
    let recall = |stage, units| says(Says::Recall { stage, number: 1, units });
    let recalled = |stage, units, outcomes| {
        let outcomes = vec![failed(0); outcomes];
        let row = RecalledRow { device: key().device(), signed: sign(&statement()), units, outcomes };
        says(Says::Recalled { stage, number: 1, rows: vec![row], is_last: true })
    };
    let good = says(Says::Ask { stage: 1, leases: 2 });
    let head = &good[..18];
    let without = says(Says::Lease { stage: 0, lease: 1, units: vec![leased(1, vec![])] });
    // `[1, []]` at the end becomes `[1, [], null]`.
    let mut with_nothing = without.clone();
    let at = with_nothing.len() - 3;
    with_nothing[at] += 1;
    with_nothing.push(0xf6);
    [
        ("asked for a step too many", says(Says::Ask { stage: 64, leases: 1 })),
        ("asked for nothing", says(Says::Ask { stage: 0, leases: 0 })),
        ("a lease of a step too many", lease(64, vec![leased(1, vec![])])),
        ("a lease of nothing", lease(0, vec![])),
        ("too many units", lease(0, (0..257).map(|unit| leased(unit, vec![])).collect())),
        ("units in disorder", lease(0, vec![leased(2, vec![]), leased(1, vec![])])),
        ("a unit twice", lease(0, vec![leased(2, vec![]), leased(2, vec![])])),
        ("a unit beyond all", lease(0, vec![leased(1_000_000_000, vec![])])),
        ("too many parts", lease(0, vec![leased(1, vec![inline(0); 65])])),
        ("nothing for a step too many", says(Says::Nothing { stage: 64 })),
        ("too many outcomes", results(vec![failed(0); 257])),
        ("a failed unit that says too much", results(vec![failed(2_049)])),
        ("a large output of nothing", large(0)),
        ("an output too large", large((64 << 20) + 1)),
        ("too many leases alive", alive(257, 0)),
        ("too many checkpoints", alive(1, 257)),
        ("too many leases given back", says(Says::GiveBack { leases: vec![1; 257] })),
        ("too many leases stopped", says(Says::Stop { leases: vec![1; 257] })),
        ("handed a step too many", hand(64, 1, None)),
        ("handed too many units", hand(0, 1_000_000_001, None)),
        ("handed outputs of no step", hand(1, 1, Some(SourceRow::Each { stages: vec![] }))),
        ("handed outputs of a step too many", hand(1, 1, Some(SourceRow::Each { stages: vec![64] }))),
        (
            "handed a joining of a step too many",
            hand(1, 1, Some(SourceRow::Groups { stage: 64, first: None })),
        ),
        (
            "handed a round beyond all units",
            hand(1, 1, Some(SourceRow::Groups { stage: 0, first: Some(1_000_000_000) })),
        ),
        ("handed a source that says nothing", hand(1, 1, Some(SourceRow::Items))),
        ("told of a step too many", says(Says::Tell { stage: 64, chunks: 0, statements: 0 })),
        ("inputs of a step too many", says(Says::Inputs { stage: 64, chunk: 0, rows: vec![] })),
        ("too many inputs", inputs(65)),
        (
            "a known statement of too many outcomes",
            says(Says::Known { number: 1, row: row(vec![failed(0); 257]) }),
        ),
        (
            "a brought statement that says too much",
            says(Says::Brought { number: 1, row: row(vec![failed(2_049)]) }),
        ),
        ("asked for a step too many that may be known", recall(64, vec![inquired(1, 1)])),
        ("asked for nothing that may be known", recall(0, vec![])),
        ("asked for too much that may be known", recall(0, (0..257).map(|unit| inquired(unit, 0)).collect())),
        ("asked in disorder for what may be known", recall(0, vec![inquired(2, 0), inquired(1, 0)])),
        ("asked for too many parts that may be known", recall(0, vec![inquired(1, 65)])),
        ("asked for a unit beyond all that may be known", recall(0, vec![inquired(1_000_000_000, 0)])),
        ("nothing known of somebody", recalled(0, vec![], 0)),
        ("known of too few outcomes", recalled(0, vec![(1, 0), (2, 1)], 1)),
        ("known in disorder", recalled(0, vec![(2, 0), (1, 1)], 2)),
        ("known of a unit beyond all", recalled(0, vec![(1_000_000_000, 0)], 1)),
        ("known of a step too many", recalled(64, vec![(1, 0)], 1)),
        ("of a later version", [head, &[0x82, 16, 0x81, 1]].concat()),
        ("a state that is none", [head, &[0x82, 13, 0x81, 4]].concat()),
        ("a step that is no byte", [head, &[0x82, 2, 0x81, 0x19, 1, 0]].concat()),
        ("nothing written at the end of a unit", with_nothing),
        ("bytes behind it", [&good[..], &[0]].concat()),
        ("cut off", good.split_last().unwrap().1.to_vec()),
        ("a field too many", [head, &[0x82, 0, 0x83, 1, 2, 3]].concat()),
        ("a field too few", [head, &[0x82, 0, 0x81, 1]].concat()),
        ("a number longer than it need be", [head, &[0x82, 0, 0x82, 1, 0x18, 2]].concat()),
        ("a number below 0", [head, &[0x82, 0, 0x82, 1, 0x20]].concat()),
        ("an array without an end", [head, &[0x82, 0, 0x9f, 1, 2, 0xff]].concat()),
        ("a map", [head, &[0x82, 0, 0xa1, 1, 2]].concat()),
        ("a tag", [head, &[0x82, 0, 0x82, 1, 0xc0, 2]].concat()),
        ("a job's id too short", [&[0x82, 0x4f], &head[3..], &[0x82, 0, 0x82, 1, 2]].concat()),
    ]
    .into_iter()
    .map(|(name, bytes)| vector("compute-message", name, &bytes, &json!({})))
    .collect()
}

// --- statements, names and digests (rules 8 to 12) ---

fn outcomes() -> Vec<Outcome> {
    vec![
        Outcome::Output { bytes: b"42".to_vec().into() },
        Outcome::Large { content: content(6), size: 100_000 },
        failed(3),
    ]
}

fn statement() -> Statement {
    let stated = (0..).zip(outcomes()).map(|(place, outcome)| Stated {
        unit: place * place,
        digest: digest(&outcome),
        cpu_us: 900,
        input: (place == 1).then(|| content(8)),
    });
    Statement { job: JOB, stage: 1, lease: 3, units: stated.collect(), what: Some(step_name(&announced())) }
}

fn unordered() -> Statement {
    let mut one = statement();
    one.units.swap(0, 1);
    one
}

fn sign(statement: &Statement) -> SignedStatement {
    let bytes = wire::to_bytes(statement);
    let signature = key().sign(DOMAIN, &bytes).0.to_vec();
    SignedStatement { bytes: bytes.into(), signature: signature.into() }
}

fn statement_vector(name: &str, device: DeviceId, signed: &SignedStatement) -> Value {
    let mut finds = json!({ "device": device, "signature": hex(&signed.signature) });
    if let Some(one) = signed.read(&Strict, device) {
        let told = |said: &Stated| {
            let input = said.input.map_or_else(|| "none".to_owned(), |input| input.to_string());
            format!("{} {} {} {input}", said.unit, said.digest, said.cpu_us)
        };
        finds["job"] = json!(one.job);
        finds["numbers"] = json!(numbers([u64::from(one.stage), one.lease]));
        finds["units"] = one.units.iter().map(told).collect();
        finds["what"] = json!(one.what);
    }
    vector("compute-statement", name, &signed.bytes, &finds)
}

fn statements_accepted() -> Vec<Value> {
    let said = Stated { unit: 999_999_999, digest: content(1), cpu_us: 86_400_000_000, input: None };
    let many = (0..).map(|unit| Stated { unit, cpu_us: 0, ..said }).take(UNITS_MAX).collect();
    [
        ("signed", statement()),
        ("of nothing", Statement { units: vec![], ..statement() }),
        ("that does not say of what program", Statement { what: None, ..statement() }),
        (
            "the most that there may be",
            Statement { stage: 63, lease: u64::MAX, units: vec![said], ..statement() },
        ),
        ("as many units as there may be", Statement { units: many, ..statement() }),
    ]
    .map(|(name, one)| statement_vector(name, key().device(), &sign(&one)))
    .into()
}

fn statements_refused() -> Vec<Value> {
    let said = statement().units[0];
    let of = |units| sign(&Statement { units, ..statement() });
    let good = sign(&statement());
    let mut bent = good.clone();
    bent.signature[63] ^= 1;
    let resigned = |bytes: Vec<u8>| {
        let signature = key().sign(DOMAIN, &bytes).0.to_vec().into();
        SignedStatement { bytes: bytes.into(), signature }
    };
    let in_other_domain = SignedStatement {
        signature: key().sign("althing/compute-results/2", &good.bytes).0.to_vec().into(),
        ..good.clone()
    };
    let other = SignKey::from_seed(&[4; 32]).device();
    let mine = key().device();
    [
        ("by another device", other, good.clone()),
        ("with another signature", mine, bent),
        ("signed for something else", mine, in_other_domain),
        ("without a signature", mine, SignedStatement { signature: vec![].into(), ..good.clone() }),
        ("of a step too many", mine, sign(&Statement { stage: 64, ..statement() })),
        ("units in disorder", mine, sign(&unordered())),
        ("a unit twice", mine, of(vec![said, said])),
        ("a unit beyond all", mine, of(vec![Stated { unit: 1_000_000_000, ..said }])),
        ("more than a day for a unit", mine, of(vec![Stated { cpu_us: 86_400_000_001, ..said }])),
        ("too many units", mine, of((0..257).map(|unit| Stated { unit, ..said }).collect())),
        ("bytes behind it", mine, resigned([&good.bytes[..], &[0]].concat())),
        ("cut off", mine, resigned(good.bytes.split_last().unwrap().1.to_vec())),
        (
            "another encoding of the same",
            mine,
            resigned([&good.bytes[..18], &[0x18], &good.bytes[18..]].concat()),
        ),
    ]
    .into_iter()
    .map(|(name, device, signed)| statement_vector(name, device, &signed))
    .collect()
}

fn units_named() -> Vec<Value> {
    let file = Announcement { is_range: false, ..announced() };
    let joining = Announcement { is_joining: true, ..file.clone() };
    let exact = Announcement {
        limits: crate::jobs::Limits { is_nan_canonical: true, ..file.limits },
        ..file.clone()
    };
    let longer =
        Announcement { limits: crate::jobs::Limits { cpu_ms: 2_000, ..file.limits }, ..file.clone() };
    let fuelled = |one: &Announcement| Announcement {
        limits: crate::jobs::Limits { fuel: Some(1_000_000), ..one.limits },
        ..one.clone()
    };
    let (counted, counted_range) = (fuelled(&file), fuelled(&announced()));
    let (one, two) = (vec![content(1)], vec![content(1), content(2)]);
    [
        ("a number of a range", announced(), 7, vec![]),
        ("a large number of a range", announced(), 999_999_999, vec![]),
        ("a file", file.clone(), 7, one.clone()),
        ("the same file elsewhere", file, 8, one.clone()),
        ("several parts", joining, 7, two),
        ("where NaN is made equal", exact, 7, one.clone()),
        ("with more time", longer, 7, one.clone()),
        ("with fuel", counted, 7, one),
        ("a number with fuel", counted_range, 7, vec![]),
    ]
    .map(|(name, announced, unit, parts)| {
        let finds = json!({
            "unit": unit.to_string(), "parts": parts, "unit name": unit_name(&announced, unit, &parts),
            "step name": step_name(&announced),
            "input": input_hash(&parts), "hears": heard_number(announced.is_range, unit, &parts).to_string(),
        });
        vector("compute-unit", name, &wire::to_bytes(&Body::Stage(announced)), &finds)
    })
    .into()
}

fn digests() -> Vec<Value> {
    let failures =
        [Failure::BadProgram, Failure::Trapped, Failure::TooLong, Failure::TooLarge, Failure::Unable];
    let failures = failures.map(|failure| Outcome::Failed { failure, log: format!("{failure:?}") });
    let empty = Outcome::Output { bytes: vec![].into() };
    [empty]
        .into_iter()
        .chain(outcomes())
        .chain(failures)
        .map(|outcome| {
            let name = match &outcome {
                Outcome::Output { bytes } => format!("an output of {} bytes", bytes.len()),
                Outcome::Large { .. } => "a large output".to_owned(),
                Outcome::Failed { log, .. } => format!("a failure, {log}"),
            };
            vector(
                "compute-outcome",
                &name,
                &wire::to_bytes(&outcome),
                &json!({ "digest": digest(&outcome) }),
            )
        })
        .collect()
}

fn accepted() -> Vec<Value> {
    [records_accepted(), messages_accepted(), statements_accepted(), units_named(), digests()].concat()
}

fn refused() -> Vec<Value> {
    [records_refused(), messages_refused(), statements_refused()].concat()
}

/// Compares with what stands in the repository, or writes it.
#[expect(clippy::disallowed_methods, reason = "a test that reads the repository's own files")]
fn compare(file: &str, vectors: &[Value]) {
    let lines: Vec<String> = vectors.iter().map(|vector| format!("  {vector}")).collect();
    let text = format!("[\n{}\n]\n", lines.join(",\n"));
    let path = std::path::Path::new(&std::env::var_os("CARGO_MANIFEST_DIR").unwrap())
        .join("../../../specs/vectors")
        .join(file);
    if std::env::var_os("UPDATE_VECTORS").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    assert_eq!(std::fs::read_to_string(&path).unwrap(), text, "{file} is not what the code makes");
}

fn bytes_of(vector: &Value) -> Vec<u8> {
    unhex(vector["bytes"].as_str().unwrap())
}

fn unhex(digits: &str) -> Vec<u8> {
    let digit = |byte: &u8| u8::try_from(char::from(*byte).to_digit(16).unwrap()).unwrap();
    digits.as_bytes().chunks(2).map(|two| two.iter().fold(0, |sum, one| sum << 4 | digit(one))).collect()
}

fn is_accepted(vector: &Value) -> bool {
    let bytes = bytes_of(vector);
    match vector["kind"].as_str().unwrap() {
        "compute-record" | "compute-unit" => Body::read(&bytes).is_ok(),
        "compute-message" => Message::read(&bytes).is_ok(),
        "compute-outcome" => wire::from_bytes::<Outcome>(&bytes, bytes.len()).is_ok(),
        _ => {
            let signature = unhex(vector["finds"]["signature"].as_str().unwrap()).into();
            let device = vector["finds"]["device"].as_str().unwrap().parse().unwrap();
            SignedStatement { bytes: bytes.into(), signature }.read(&Strict, device).is_some()
        }
    }
}

#[test]
fn what_must_be_accepted_is_accepted() {
    let vectors = accepted();
    for vector in &vectors {
        assert!(is_accepted(vector), "{}", vector["name"]);
    }
    compare("compute-accept.json", &vectors);
}

#[test]
fn what_must_be_refused_is_refused() {
    let vectors = refused();
    for vector in &vectors {
        assert!(!is_accepted(vector), "{}", vector["name"]);
    }
    compare("compute-refuse.json", &vectors);
}

/// Too long for vectors: each is within all limits but one.
#[test]
fn what_is_too_long_for_a_vector_is_refused_too() {
    let arguments = |size: usize| {
        Body::read(&wire::to_bytes(&Body::Stage(Announcement {
            arguments: vec![1; size].into(),
            ..announced()
        })))
    };
    assert!(arguments(64 * 1024).is_ok() && arguments(64 * 1024 + 1).is_err());
    let wrong = |size: usize| {
        let signed = SignedStatement { bytes: vec![1; size].into(), ..sign(&statement()) };
        let (device, right) = (key().device(), content(9));
        Body::read(&wire::to_bytes(&Body::Wrong(Wrong { device, signed, unit: 1, right, is_own: true })))
    };
    assert!(wrong(79 * 1024).is_ok() && wrong(80 * 1024).is_err());
    let output = |size: usize| {
        let outcomes = vec![Outcome::Output { bytes: vec![1; size].into() }];
        Message::read(&wire::to_bytes(&Message {
            job: JOB,
            says: Says::Results { number: 1, signed: sign(&statement()), outcomes },
        }))
    };
    assert!(output(64 * 1024).is_ok() && output(64 * 1024 + 1).is_err());
    let part = |size: usize| {
        let units = vec![leased(1, vec![inline(size)])];
        Message::read(&wire::to_bytes(&Message { job: JOB, says: Says::Lease { stage: 0, lease: 1, units } }))
    };
    assert!(part(895 * 1024).is_ok() && part(896 * 1024).is_err());
}
