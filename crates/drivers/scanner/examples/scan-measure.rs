//! Measures the scanner on real files: megabytes per second of processor time, findings on what should be clean, and memory.
//!
//! `scan-measure [--generate 1000] [--rules FILE] [--most 50000] FOLDER…`

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a measurement"
)]
#![allow(clippy::cast_precision_loss, reason = "rounded figures are enough")]

use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use base::ContentId;
use files::jobs::{Source, Stat};
use guard::jobs::{
    COMPILE, Compile, Compiled, ITEMS_MAX, Outcome, SCAN, Scan, ScanItem, Scanned, Severity, from_bytes,
    to_bytes,
};
use kernel::{Driver as _, Input, Job, JobId};
use scanner::{Config, Library, ProgramCommand, Scanner};
use tokio::sync::mpsc;

/// Tells this program to be the child.
const CHILD: &str = "--child";

#[derive(Default)]
struct Shelf(Mutex<BTreeMap<ContentId, Vec<u8>>>);

impl Library for Shelf {
    fn size(&self, content: ContentId) -> std::io::Result<u64> {
        let all = self.0.lock().unwrap();
        Ok(all.get(&content).ok_or(std::io::ErrorKind::NotFound)?.len() as u64)
    }

    fn read(&self, content: ContentId, range: std::ops::Range<u64>) -> std::io::Result<Vec<u8>> {
        let all = self.0.lock().unwrap();
        let bytes = all.get(&content).ok_or(std::io::ErrorKind::NotFound)?;
        Ok(bytes[usize::try_from(range.start).unwrap()..usize::try_from(range.end).unwrap()].to_vec())
    }
}

#[derive(Default)]
struct Wanted {
    generated: usize,
    rules: Vec<PathBuf>,
    most: usize,
    folders: Vec<PathBuf>,
}

fn main() -> ExitCode {
    let mut wanted = Wanted { most: usize::MAX, ..Wanted::default() };
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            CHILD => return scanner::scanner_main(),
            "--generate" => wanted.generated = arguments.next().unwrap().parse().unwrap(),
            "--rules" => wanted.rules.push(arguments.next().unwrap().into()),
            "--most" => wanted.most = arguments.next().unwrap().parse().unwrap(),
            folder => wanted.folders.push(folder.into()),
        }
    }
    measure(&wanted);
    ExitCode::SUCCESS
}

#[derive(Default)]
struct Sum {
    files: u64,
    bytes: u64,
    harmful: Vec<String>,
    odd: BTreeMap<String, u64>,
    odd_example: BTreeMap<String, String>,
    unseen: BTreeMap<String, u64>,
    not_seen: BTreeMap<String, u64>,
}

fn measure(wanted: &Wanted) {
    let home = tempfile::tempdir().unwrap();
    let (sender, mut inputs) = mpsc::channel(64);
    let shelf: Arc<Shelf> = Arc::default();
    let program =
        ProgramCommand { path: std::env::current_exe().unwrap(), arguments: vec![CHILD.to_owned()] };
    let config = Config { home: home.path().to_owned(), program, clamd: None };
    let library: Arc<dyn Library> = Arc::<Shelf>::clone(&shelf);
    let scanner = Scanner::start(config, library, sender).unwrap();
    let mut sources: Vec<String> =
        wanted.rules.iter().map(|path| std::fs::read_to_string(path).unwrap()).collect();
    if wanted.generated > 0 {
        sources.push(generated(wanted.generated));
    }
    let mut jobs = 0;
    let mut ask = |kind: &'static str, input: Vec<u8>| {
        jobs += 1;
        scanner.work(Job { id: JobId(jobs), service: "guard", kind, input });
        match inputs.blocking_recv().unwrap() {
            Input::Finished { outcome, .. } => outcome,
            other => panic!("{other:?}"),
        }
    };
    let mut sets = Vec::new();
    for source in sources {
        let set = ContentId::new(*blake3::hash(source.as_bytes()).as_bytes());
        println!("a set of {} bytes", source.len());
        shelf.0.lock().unwrap().insert(set, source.into_bytes());
        let (before, begun) = (processor_of_children(), Instant::now());
        let compiled: Compiled = from_bytes(&ask(COMPILE, to_bytes(&Compile { set })).unwrap()).unwrap();
        let took = processor_of_children().saturating_sub(before);
        println!(
            "compiled {} rules: {took:.2?} processor, {:.2?} wall, {:?}",
            compiled.rules,
            begun.elapsed(),
            compiled.licences
        );
        sets.push(set);
    }
    // The built-in set is compiled, too, before the measurement begins.
    let memory = Memory::watch();
    let mut sum = Sum::default();
    let begun = Instant::now();
    ask(SCAN, to_bytes(&Scan { items: Vec::new(), sets: sets.clone() })).unwrap();
    println!("first question: {:.2?} wall", begun.elapsed());
    let (before, own, begun) = (processor_of_children(), own_processor(), Instant::now());
    let mut paths = Files::new(&wanted.folders);
    let mut left = wanted.most;
    while left > 0 {
        let items: Vec<ScanItem> = paths.by_ref().take(ITEMS_MAX.min(left)).collect();
        if items.is_empty() {
            break;
        }
        left -= items.len();
        let report = ask(SCAN, to_bytes(&Scan { items: items.clone(), sets: sets.clone() })).unwrap();
        let scanned: Scanned = from_bytes(&report).unwrap();
        for (item, outcome) in items.iter().zip(scanned.outcomes) {
            sum.add(item, outcome);
        }
    }
    let wall = begun.elapsed();
    let most = memory.end();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(scanner.stop());
    let (child, parent) =
        (processor_of_children().saturating_sub(before), own_processor().saturating_sub(own));
    sum.tell(wall, child, parent);
    println!("memory of the child at most: {most} kB");
}

impl Sum {
    fn add(&mut self, item: &ScanItem, outcome: Outcome) {
        let Source::Path { path, stat } = &item.source else { return };
        self.files += 1;
        self.bytes += stat.size;
        match outcome {
            Outcome::NotSeen { why } => *self.not_seen.entry(why).or_default() += 1,
            Outcome::Seen { findings, unseen } => {
                if let Some(why) = unseen {
                    *self.unseen.entry(why).or_default() += 1;
                }
                for finding in findings {
                    if finding.severity == Severity::Harmful {
                        self.harmful.push(format!(
                            "{} {path} {:?} {:?}",
                            finding.rule, finding.inside, finding.places
                        ));
                    } else {
                        *self.odd.entry(finding.rule.clone()).or_default() += 1;
                        self.odd_example.entry(finding.rule).or_insert_with(|| path.clone());
                    }
                }
            }
        }
    }

    fn tell(&self, wall: Duration, child: Duration, parent: Duration) {
        let megabytes = |time: Duration| self.bytes as f64 / 1e6 / time.as_secs_f64();
        println!("{} files, {:.1} MB, {wall:.1?} wall", self.files, self.bytes as f64 / 1e6);
        println!("child {child:.1?}: {:.1} MB per second of processor time", megabytes(child));
        println!("with the parent's {parent:.1?}: {:.1} MB per second", megabytes(child + parent));
        println!("harmful: {}", self.harmful.len());
        for finding in &self.harmful {
            println!("  {finding}");
        }
        for (rule, count) in &self.odd {
            println!("odd {rule}: {count}, as {}", self.odd_example[rule]);
        }
        for (why, count) in &self.unseen {
            println!("partly unseen {count}: {why}");
        }
        for (why, count) in &self.not_seen {
            println!("not seen {count}: {why}");
        }
    }
}

/// All regular files below some folders; links are not followed.
struct Files {
    folders: Vec<PathBuf>,
    files: Vec<PathBuf>,
}

impl Files {
    fn new(folders: &[PathBuf]) -> Self {
        Self { folders: folders.iter().rev().cloned().collect(), files: Vec::new() }
    }
}

impl Iterator for Files {
    type Item = ScanItem;

    fn next(&mut self) -> Option<ScanItem> {
        loop {
            if let Some(path) = self.files.pop() {
                if let Some(item) = item(&path) {
                    return Some(item);
                }
                continue;
            }
            let folder = self.folders.pop()?;
            for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
                match entry.file_type() {
                    Ok(kind) if kind.is_dir() => self.folders.push(entry.path()),
                    Ok(kind) if kind.is_file() => self.files.push(entry.path()),
                    _ => {}
                }
            }
        }
    }
}

fn item(path: &Path) -> Option<ScanItem> {
    let metadata = std::fs::metadata(path).ok()?;
    let stat = Stat {
        size: metadata.size(),
        mtime_ns: metadata.mtime() * 1_000_000_000 + metadata.mtime_nsec(),
        ctime_ns: metadata.ctime() * 1_000_000_000 + metadata.ctime_nsec(),
        inode: metadata.ino(),
    };
    Some(ScanItem {
        content: ContentId::new([0; 32]),
        source: Source::Path { path: path.to_str()?.to_owned(), stat },
        name: path.file_name()?.to_str()?.to_owned(),
    })
}

/// Watches the most memory that a child has had.
struct Memory {
    most: Arc<AtomicU64>,
    is_over: Arc<AtomicBool>,
    thread: std::thread::JoinHandle<()>,
}

impl Memory {
    fn watch() -> Self {
        let (most, is_over): (Arc<AtomicU64>, Arc<AtomicBool>) = Default::default();
        let (sees, ends) = (Arc::clone(&most), Arc::clone(&is_over));
        let watch = move || {
            while !ends.load(Ordering::Relaxed) {
                for entry in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
                    let status = std::fs::read_to_string(entry.path().join("status")).unwrap_or_default();
                    let field = |name: &str| {
                        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
                        line.trim().trim_end_matches(" kB").parse::<u64>().ok()
                    };
                    if field("PPid:") == Some(u64::from(std::process::id())) {
                        sees.fetch_max(field("VmHWM:").unwrap_or(0), Ordering::Relaxed);
                    }
                }
                std::thread::sleep(Duration::from_millis(200));
            }
        };
        Self { most, is_over, thread: std::thread::Builder::new().spawn(watch).unwrap() }
    }

    fn end(self) -> u64 {
        self.is_over.store(true, Ordering::Relaxed);
        self.thread.join().unwrap();
        self.most.load(Ordering::Relaxed)
    }
}

/// Processor time of children: of those that have ended, and of those that run.
fn processor_of_children() -> Duration {
    let mut ticks = fields("/proc/self/stat", 13);
    for entry in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
        let path = entry.path().join("stat");
        let stat = std::fs::read_to_string(&path).unwrap_or_default();
        let parent =
            stat.rsplit_once(')').and_then(|(_, rest)| rest.split_whitespace().nth(1)?.parse::<u32>().ok());
        if parent == Some(std::process::id()) {
            ticks += fields(path.to_str().unwrap(), 11);
        }
    }
    Duration::from_millis(ticks * 10)
}

fn own_processor() -> Duration {
    Duration::from_millis(fields("/proc/self/stat", 11) * 10)
}

/// The sum of two fields of a stat, counted behind the name.
fn fields(path: &str, from: usize) -> u64 {
    let stat = std::fs::read_to_string(path).unwrap_or_default();
    let rest = stat.rsplit_once(')').map(|(_, rest)| rest.to_owned()).unwrap_or_default();
    rest.split_whitespace().skip(from).take(2).filter_map(|field| field.parse::<u64>().ok()).sum()
}

/// Rules as free sets have them: some texts, some bytes with gaps, now and then an expression; most of them about programs.
fn generated(count: usize) -> String {
    let mut state = 7_u64;
    let mut random = move |below: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    let words = [
        "Create", "Remote", "Thread", "Virtual", "Alloc", "Write", "Process", "Memory", "Http", "Send",
        "Request", "Inject", "Loader", "Config", "Update", "Service", "Install", "Mutex", "Global", "Crypt",
        "Decrypt", "Key", "Token", "Debug", "Hook", "Keyboard", "Screen", "Capture", "Upload", "Download",
        "Shell", "Execute",
    ];
    let mut text = String::from("import \"pe\"\n");
    for number in 0..count {
        text.push_str(&format!("rule generated_{number} {{\n  meta:\n    severity = \"odd\"\n  strings:\n"));
        let strings = 3 + random(6);
        for string in 0..strings {
            let mut word = || words[usize::try_from(random(words.len() as u64)).unwrap()];
            let (one, two, three) = (word(), word(), word());
            let line = match random(10) {
                0..=4 => format!(
                    "\"{one}{two}{three}_{:04x}\" {}",
                    random(65_536),
                    ["", "nocase", "wide ascii"][usize::try_from(random(3)).unwrap()]
                ),
                5..=8 => {
                    let mut bytes = || {
                        format!(
                            "{:02X} {:02X} {:02X} {:02X}",
                            random(256),
                            random(256),
                            random(256),
                            random(256)
                        )
                    };
                    format!("{{ {} ?? {} [2-6] {} {} }}", bytes(), bytes(), bytes(), bytes())
                }
                _ => format!("/{one}[a-z]{{2,12}}\\.{two}(Ex|A|W)?\\(/ nocase"),
            };
            text.push_str(&format!("    $s{string} = {line}\n"));
        }
        let condition = match random(4) {
            0 => "pe.is_pe and pe.number_of_sections > 2 and 2 of them".to_owned(),
            1 => "all of them".to_owned(),
            _ => format!("uint16(0) == 0x5a4d and filesize < {}KB and 2 of them", 100 + random(4_000)),
        };
        text.push_str(&format!("  condition:\n    {condition}\n}}\n"));
    }
    text
}
