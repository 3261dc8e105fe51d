//! Measures the index driver: `measure all FOLDER DOCUMENTS_FOLDER` does what follows, in processes of their own, so that
//! memory and processor time are theirs: `measure names FOLDER COUNT`, `measure texts FOLDER DOCUMENTS...`,
//! `measure broker FOLDER COUNT`. `measure pdf FOLDER DOCUMENTS_FOLDER` compares the words of PDFs with those that poppler's
//! pdftotext reads.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a measurement"
)]
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "rounded figures are enough"
)]

use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use base::{ContentId, FileId, WebId};
use files::jobs::{Source, Stat};
use index::{Config, ExtractorProgram, Index, Library};
use kernel::{Driver as _, Input, Job, JobId};
use search::jobs::{
    Answer, Document, FORGET, Forget, NameItem, QUERY, Query, TextItem, UPDATE, Update, Updated, from_bytes,
    to_bytes,
};
use search::words::words;
use tokio::sync::mpsc;

const WEB: WebId = WebId::new([1; 32]);

struct Nothing;

impl Library for Nothing {
    fn read(&self, _: ContentId, _: u64) -> io::Result<Vec<u8>> {
        Err(io::ErrorKind::NotFound.into())
    }
}

struct House {
    index: Index,
    inputs: mpsc::Receiver<Input>,
    jobs: u64,
}

impl House {
    fn new(folder: &Path) -> Self {
        let (sender, inputs) = mpsc::channel(64);
        let me = std::env::current_exe().unwrap();
        let extractor = ExtractorProgram { path: me, arguments: vec!["--read-documents".to_owned()] };
        let config = Config { home: folder.to_owned(), extractor };
        Self { index: Index::start(config, Arc::new(Nothing), sender).unwrap(), inputs, jobs: 0 }
    }

    fn begin(&mut self, kind: &'static str, input: Vec<u8>) {
        self.jobs += 1;
        self.index.work(Job { id: JobId(self.jobs), service: "search", kind, input });
    }

    fn end(&mut self) -> Vec<u8> {
        match self.inputs.blocking_recv() {
            Some(Input::Finished { outcome, .. }) => outcome.unwrap(),
            other => panic!("{other:?}"),
        }
    }
}

fn main() -> std::process::ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.first().map(String::as_str) {
        Some("--read-documents") => return index::extractor_main(),
        Some("names") => names(Path::new(&arguments[1]), arguments[2].parse().unwrap()),
        Some("texts") => texts(Path::new(&arguments[1]), &arguments[2..]),
        Some("broker") => broker(Path::new(&arguments[1]), arguments[2].parse().unwrap()),
        Some("pdf") => return pdf(Path::new(&arguments[1]), Path::new(&arguments[2])),
        Some("all") => all(Path::new(&arguments[1]), Path::new(&arguments[2])),
        _ => println!(
            "measure all FOLDER DOCUMENTS_FOLDER | names FOLDER COUNT | texts FOLDER DOCUMENTS... | broker FOLDER COUNT | pdf FOLDER DOCUMENTS_FOLDER"
        ),
    }
    std::process::ExitCode::SUCCESS
}

/// Random numbers that are always the same.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }

    /// A word of a vocabulary of `limit`, common ones far more often.
    fn word(&mut self, limit: u64) -> String {
        let place = (self.below(limit) * self.below(limit)) / limit;
        let mut rest = place * 7_919 + 17;
        let mut word = String::new();
        for _ in 0..(3 + place % 3) {
            word.push(char::from(b"bcdfghklmnprstvw"[(rest % 16) as usize]));
            word.push(char::from(b"aeiou"[(rest / 16 % 5) as usize]));
            rest /= 80;
        }
        word
    }
}

fn names(folder: &Path, count: u64) {
    let mut house = House::new(folder);
    let mut dice = Dice(1);
    let started = (Instant::now(), cpu());
    let mut waiting = 0;
    for first in (0..count).step_by(500) {
        let names = (first..count.min(first + 500)).map(|_| {
            let id = u128::from(dice.below(1 << 31)) << 64 | u128::from(dice.below(1 << 31)) << 32;
            let file = FileId::new((id | u128::from(dice.below(1 << 31))).to_be_bytes());
            let ending = ["md", "pdf", "jpg", "docx", "rs", "txt"][dice.below(6) as usize];
            let path = format!(
                "{}/{}/{} {}/{} {} {}.{ending}",
                dice.word(20),
                dice.word(300),
                dice.word(2_000),
                dice.below(100),
                dice.word(50_000),
                dice.word(50_000),
                dice.below(10_000)
            );
            NameItem { number: dice.below(30), file, path: Some(path) }
        });
        house.begin(UPDATE, to_bytes(&Update { web: WEB, names: names.collect(), texts: Vec::new() }));
        waiting += 1;
        if waiting == 64 {
            house.end();
            waiting -= 1;
        }
    }
    (0..waiting).for_each(|_| drop(house.end()));
    let spent = cpu().saturating_sub(started.1);
    println!(
        "{count} names: {:.1?} wall, {spent:.1?} cpu, {:.0} a cpu second",
        started.0.elapsed(),
        count as f64 / spent.as_secs_f64()
    );
    println!("memory after building: {}", memory());
    rest(&mut house);
    println!("index: {} bytes, {} a name; memory at rest: {}", size(folder), size(folder) / count, memory());
    let mut all = Vec::new();
    for (what, is_typing, make) in KINDS {
        let queries: Vec<String> = (0..500).map(|_| make(&mut dice)).collect();
        let (hits, times) = ask(&mut house, &queries, is_typing, 50, 0);
        all.extend_from_slice(&times);
        println!("{what}: {}, {hits} names on average; memory {}", spread(times), memory());
    }
    println!("all of these: {}", spread(all));
}

/// Does everything, one after the other: a million names, ten thousand documents, a broker's questions.
fn all(folder: &Path, documents: &Path) {
    let me = std::env::current_exe().unwrap();
    let run = |what: &str, more: &[String]| {
        let home = folder.join(what);
        println!("-- {what}");
        let status = Command::new(&me).arg(what).arg(&home).args(more).status().unwrap();
        assert!(status.success(), "{what}: {status}");
        std::fs::remove_dir_all(&home).unwrap();
    };
    run("names", &["1000000".to_owned()]);
    run("texts", &documents_below(documents, 10_000, &["md", "html", "rs", "txt", "pdf", "docx", "odt"]));
    run("broker", &["10000".to_owned()]);
}

/// Finds documents below a folder, by their endings.
fn documents_below(folder: &Path, limit: usize, endings: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    let mut open: Vec<PathBuf> = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        let mut entries: Vec<PathBuf> =
            std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
        entries.sort();
        for path in entries {
            let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
            if path.is_dir() && !path.is_symlink() {
                open.push(path);
            } else if endings.contains(&ending) && found.len() < limit {
                found.extend(path.to_str().map(str::to_owned));
            }
        }
    }
    found
}

/// Compares what PDFs are found by with the words that poppler's pdftotext reads in them: each word counts as often as it
/// does, so the part that is found is the chance that a word somebody remembers finds the document.
fn pdf(folder: &Path, documents: &Path) -> std::process::ExitCode {
    const FILES_MAX: usize = 300;
    if Command::new("pdftotext").arg("-v").output().is_err() {
        println!("pdftotext is missing: install poppler-utils; nothing was compared");
        return std::process::ExitCode::FAILURE;
    }
    let mut house = House::new(folder);
    let (mut found, mut all, mut files, mut below, mut none) = (0_u64, 0_u64, 0, Vec::new(), Vec::new());
    for (number, path) in (0..).zip(documents_below(documents, FILES_MAX, &["pdf"])) {
        let theirs = Command::new("pdftotext").args(["-q", "-enc", "UTF-8", &path, "-"]).output().unwrap();
        let theirs = String::from_utf8_lossy(&theirs.stdout).into_owned();
        let mut counts = std::collections::BTreeMap::<String, u64>::new();
        for word in words(&theirs).filter(|word| !word.text.is_empty()) {
            *counts.entry(word.text).or_default() += 1;
        }
        // Scanned pages have no text for either.
        if counts.is_empty() {
            continue;
        }
        let mut id = [0xFF; 32];
        id[..8].copy_from_slice(&u64::to_be_bytes(number));
        let web = WebId::new(id);
        house.begin(
            UPDATE,
            to_bytes(&Update { web, names: Vec::new(), texts: vec![item(number, &path, &mut 0)] }),
        );
        let updated: Updated = from_bytes(&house.end()).unwrap();
        none.extend(updated.unread.into_iter().map(|unread| format!("{path}: {}", unread.why)));
        let (mut here, mut of) = (0, 0);
        for (word, count) in counts {
            let query = text_query(web, vec![word], 1, 0);
            house.begin(QUERY, to_bytes(&query));
            let texts = from_bytes::<Answer>(&house.end()).unwrap().texts;
            here += texts.hits.first().map_or(0, |hit| u64::from(hit.counts[0])).min(count);
            of += count;
        }
        house.begin(FORGET, to_bytes(&Forget { web }));
        house.end();
        (found, all, files) = (found + here, all + of, files + 1);
        let part = here as f64 / of as f64;
        if part < 0.95 {
            below.push(format!("  {part:.3} of {of} words: {path}"));
        }
    }
    println!(
        "{files} PDFs, {all} words by pdftotext: {:.4} of them found; below 0.95:",
        found as f64 / all as f64
    );
    for line in &below {
        println!("{line}");
    }
    println!("not read: {}", none.len());
    for line in &none {
        println!("  {line}");
    }
    std::process::ExitCode::SUCCESS
}

fn text_query(web: WebId, words: Vec<String>, texts: u32, snippets: u32) -> Query {
    Query { web, words, phrases: Vec::new(), is_typing: false, names: 0, texts, snippets }
}

/// Questions a broker's index is asked while it answers: as many as it serves at once.
const AT_ONCE: usize = 64;

/// Fills an index with texts as long as letters are, and asks it as members ask a broker: many at once.
fn broker(folder: &Path, count: u64) {
    let mut house = House::new(folder);
    let mut dice = Dice(3);
    let texts = folder.with_extension("texts");
    std::fs::create_dir_all(&texts).unwrap();
    let mut size_all = 0;
    for first in (0..count).step_by(100) {
        let items = (first..count.min(first + 100)).map(|number| {
            let text: Vec<String> = (0..300).map(|_| dice.word(50_000)).collect();
            let path = texts.join(format!("{number}.txt"));
            std::fs::write(&path, text.join(" ")).unwrap();
            item(number, path.to_str().unwrap(), &mut size_all)
        });
        let texts = items.collect();
        house.begin(UPDATE, to_bytes(&Update { web: WEB, names: Vec::new(), texts }));
        house.end();
    }
    rest(&mut house);
    println!("{count} texts, {size_all} bytes; index: {} bytes", size(folder));
    std::fs::remove_dir_all(&texts).unwrap();
    for (words, snippets) in [(1, 0), (1, 16), (2, 16), (3, 16)] {
        const QUESTIONS: u64 = 10_000;
        let started = (Instant::now(), cpu());
        let (mut begun, mut ended, mut hits) = (0, 0, 0);
        while ended < QUESTIONS {
            if begun < QUESTIONS && begun - ended < AT_ONCE as u64 {
                let words = (0..words).map(|_| dice.word(50_000)).collect();
                let query = text_query(WEB, words, 64, snippets);
                house.begin(QUERY, to_bytes(&query));
                begun += 1;
            } else {
                hits += from_bytes::<Answer>(&house.end()).unwrap().texts.hits.len();
                ended += 1;
            }
        }
        let (wall, spent) = (started.0.elapsed(), cpu().saturating_sub(started.1));
        println!(
            "{words} words, {snippets} snippets: {:.0} questions a second on 2 threads, {:.0} a processor second; {:.1} texts on average",
            QUESTIONS as f64 / wall.as_secs_f64(),
            QUESTIONS as f64 / spent.as_secs_f64(),
            hits as f64 / QUESTIONS as f64
        );
    }
}

/// Makes the item of a document on the disk, under a number.
fn item(number: u64, path: &str, size_read: &mut u64) -> TextItem {
    let metadata = Path::new(path).metadata().unwrap();
    let stat = Stat {
        size: metadata.size(),
        mtime_ns: metadata.mtime() * 1_000_000_000 + metadata.mtime_nsec(),
        ctime_ns: metadata.ctime() * 1_000_000_000 + metadata.ctime_nsec(),
        inode: metadata.ino(),
    };
    let mut id = [0; 32];
    id[..8].copy_from_slice(&number.to_be_bytes());
    let source = Source::Path { path: path.to_owned(), stat };
    *size_read += stat.size;
    TextItem {
        content: ContentId::new(id),
        document: Some(Document { name: path.to_owned(), size: stat.size, source }),
    }
}

type Make = fn(&mut Dice) -> String;
const KINDS: [(&str, bool, Make); 6] = [
    ("one word", false, |dice| dice.word(50_000)),
    ("three words", false, |dice| format!("{} {} {}", dice.word(300), dice.word(2_000), dice.word(50_000))),
    ("typing two letters", true, |dice| dice.word(50_000).chars().take(2).collect()),
    ("typing after a word", true, |dice| {
        format!("{} {}", dice.word(2_000), dice.word(50_000).chars().take(3).collect::<String>())
    }),
    ("ending and folder", false, |dice| format!("{} pdf", dice.word(20))),
    ("misspelt", false, |dice| {
        let mut word = dice.word(50_000);
        word.insert(3, 'x');
        word
    }),
];

/// Gives the driver time to put things away: this example may wait.
fn rest(house: &mut House) {
    std::thread::sleep(Duration::from_secs(12));
    house.begin(QUERY, to_bytes(&text_query(WEB, Vec::new(), 0, 0)));
    house.end();
}

fn ask(
    house: &mut House,
    queries: &[String],
    is_typing: bool,
    names: u32,
    texts: u32,
) -> (u64, Vec<Duration>) {
    let mut times = Vec::new();
    let mut hits = 0;
    for query in queries {
        let words = words(query).map(|word| word.text).collect();
        let query = Query { web: WEB, words, phrases: Vec::new(), is_typing, names, texts, snippets: texts };
        let started = Instant::now();
        house.begin(QUERY, to_bytes(&query));
        let answer: Answer = from_bytes(&house.end()).unwrap();
        times.push(started.elapsed());
        hits += answer.names_total + answer.texts.hits.len() as u64;
    }
    (hits / queries.len() as u64, times)
}

fn spread(mut times: Vec<Duration>) -> String {
    times.sort();
    let at = |part: usize| times[(times.len() - 1) * part / 100];
    format!("p50 {:.2?}, p99 {:.2?}, max {:.2?}", at(50), at(99), at(100))
}

fn texts(folder: &Path, documents: &[String]) {
    let mut house = House::new(folder);
    let started = (Instant::now(), cpu());
    let (mut read, mut size_read, mut unread) = (0_u64, 0_u64, Vec::new());
    for (part, documents) in documents.chunks(100).enumerate() {
        let items = documents
            .iter()
            .enumerate()
            .map(|(at, path)| item((part * 100 + at) as u64, path, &mut size_read));
        let texts: Vec<TextItem> = items.collect();
        read += texts.len() as u64;
        house.begin(UPDATE, to_bytes(&Update { web: WEB, names: Vec::new(), texts }));
        let updated: Updated = from_bytes(&house.end()).unwrap();
        unread.extend(updated.unread.into_iter().map(|one| one.why));
    }
    let spent = cpu().saturating_sub(started.1);
    println!(
        "{read} documents, {size_read} bytes: {:.1?} wall, {spent:.1?} cpu; not read: {}",
        started.0.elapsed(),
        unread.len()
    );
    rest(&mut house);
    println!(
        "index: {} bytes, {:.3} of the documents; memory {}",
        size(folder),
        size(folder) as f64 / size_read as f64,
        memory()
    );
    let common = [
        "the", "function", "error", "value", "return", "struct", "license", "string", "result", "example",
        "parse",
    ];
    let mut dice = Dice(2);
    let mut pick = |count: u64| -> Vec<String> {
        let mut words = || (0..count).map(|_| common[dice.below(11) as usize]).collect::<Vec<_>>().join(" ");
        (0..200).map(|_| words()).collect()
    };
    for count in 1..=3 {
        let queries = pick(count);
        let (hits, times) = ask(&mut house, &queries, false, 0, 10);
        println!(
            "{count} words, 10 texts with snippets: {}, {hits} on average; memory {}",
            spread(times),
            memory()
        );
    }
}

fn size(folder: &Path) -> u64 {
    let mut sum = 0;
    let mut open: Vec<PathBuf> = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).unwrap().flatten() {
            let metadata = entry.metadata().unwrap();
            if metadata.is_dir() { open.push(entry.path()) } else { sum += metadata.len() }
        }
    }
    sum
}

fn memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let of =
        |name: &str| status.lines().find_map(|line| line.strip_prefix(name)).unwrap_or("?").trim().to_owned();
    format!("{} ({} of it files)", of("VmRSS:"), of("RssFile:"))
}

/// Processor time of this process, without its children.
fn cpu() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    let ticks: u64 = fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap();
    Duration::from_millis(ticks * 10)
}
