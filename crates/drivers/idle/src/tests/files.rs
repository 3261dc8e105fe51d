use std::fs::{File, FileTimes};
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant, SystemTime};

use super::Computer;
use crate::logind::{Seats, Session};
use crate::machine::{
    Ticks, first_load, has_screen, on_battery, parse_average, parse_memory, parse_process, parse_processors,
};
use crate::measure;
use crate::sources::{Unit, parse_metered};
use crate::terminals;

fn supply(computer: &Computer, name: &str, files: &[(&str, &str)]) {
    for (file, text) in files {
        computer.write(&format!("sys/class/power_supply/{name}/{file}"), &format!("{text}\n"));
    }
}

#[test]
fn a_computer_without_a_battery_is_never_on_one() {
    let computer = Computer::new();
    assert_eq!(on_battery(computer.root()), None);
    supply(&computer, "AC", &[("type", "Mains"), ("online", "0")]);
    assert_eq!(on_battery(computer.root()), None);
    supply(&computer, "hidpp", &[("type", "Battery"), ("scope", "Device"), ("status", "Discharging")]);
    assert_eq!(on_battery(computer.root()), None, "the battery of a mouse");
    supply(&computer, "BAT1", &[("type", "Battery"), ("present", "0"), ("status", "Discharging")]);
    assert_eq!(on_battery(computer.root()), None, "an empty slot");
}

#[test]
fn a_notebook_is_on_its_battery_when_no_plug_is_in() {
    let check = |supplies: &[(&str, &[(&str, &str)])], expected| {
        let computer = Computer::new();
        for (name, files) in supplies {
            supply(&computer, name, files);
        }
        assert_eq!(on_battery(computer.root()), expected, "{supplies:?}");
    };
    let (full, used) =
        ([("type", "Battery"), ("status", "Full")], [("type", "Battery"), ("status", "Discharging")]);
    let (out, plugged) = ([("type", "Mains"), ("online", "0")], [("type", "USB"), ("online", "1")]);
    check(&[("BAT0", &used)], Some(true));
    check(&[("BAT0", &full)], Some(false));
    check(&[("BAT0", &used), ("AC", &out)], Some(true));
    check(&[("BAT0", &full), ("AC", &out), ("ucsi", &plugged)], Some(false));
    check(&[("BAT0", &used), ("ucsi", &plugged)], Some(false));
    check(&[("BAT0", &full), ("BAT1", &used), ("AC", &out)], Some(true));
    check(&[("BAT0", &[("type", "\u{fffd}garbage")])], None);
}

#[test]
fn the_load_of_others_leaves_ours_out() {
    let before = Ticks { all: 1000, busy: 100, own: 50 };
    let check = |after, expected| assert_eq!(Ticks::others_since(after, before), expected, "{after:?}");
    check(Ticks { all: 2000, busy: 700, own: 150 }, Some(50));
    check(Ticks { all: 2000, busy: 700, own: 650 }, Some(0));
    check(Ticks { all: 2000, busy: 700, own: u64::MAX }, Some(0));
    check(Ticks { all: 2000, busy: u64::MAX, own: 0 }, Some(100));
    check(Ticks { all: 1000, busy: 100, own: 50 }, None);
    check(Ticks { all: 0, busy: 0, own: 0 }, None);
}

#[test]
fn our_time_is_that_of_this_process_and_all_below_it() {
    let computer = Computer::new();
    let stat = |id: &str, times: &str| {
        let text = format!("{id} (a ) b) S 1 2 3 4 5 6 7 8 9 10 {times} 20 0 1\n");
        computer.write(&format!("proc/{id}/stat"), &text);
    };
    stat("self", "1 2 3 4");
    stat("50", "10 0 0 0");
    stat("51", "100 0 0 0");
    computer.write("proc/self/task/9/children", "50 ../../etc 77 \n");
    // A loop, as of numbers that were given anew in between, does not count twice.
    computer.write("proc/50/task/50/children", "51 50");
    assert_eq!(Ticks::now(computer.root()), Some(Ticks { all: 1000, busy: 200, own: 120 }));
}

#[test]
fn odd_files_say_nothing() {
    assert_eq!(parse_processors("cpu  10 1 5 80 4 1 1 7 3 0"), Some((109, 18)));
    assert_eq!(parse_processors("cpu 10 1 5 80"), Some((96, 16)));
    for odd in
        ["", "cpu", "cpu0 1 2 3 4", "cpu a b", "intr 5", "cpu 18446744073709551615 1 1 1", "cpu 1 -2 3 4"]
    {
        let read = parse_processors(odd);
        assert!(read.is_none_or(|(all, _)| all == 0), "{odd}: {read:?}");
    }
    for odd in ["", "1", "1 (x", "1 (x) S", "1 (x) S 1 2 3 4 5 6 7 8 9 10 a b c d", ") ) )"] {
        assert_eq!(parse_process(odd), None, "{odd}");
    }
    assert_eq!(parse_average("1.25 0.50 0.10 1/100 5"), Some(125));
    for odd in ["", "1", "1.2", "x.yz", "-1.25", "1.é5"] {
        assert_eq!(parse_average(odd), None, "{odd}");
    }
    assert_eq!(parse_memory("MemTotal: 4096 kB\nMemAvailable:1024 kB"), (4, 1));
    assert_eq!(parse_memory("MemTotal: 4096 kB\nMemFree: 2048 kB"), (4, 2));
    assert_eq!(parse_memory("MemTotal: 4096 kB\nMemAvailable: 9999999 kB"), (4, 4));
    assert_eq!(parse_memory("MemTotal:\n:::\n\0"), (0, 0));
    assert_eq!(
        (0..7).map(parse_metered).collect::<Vec<_>>(),
        [None, Some(true), Some(false), Some(true), Some(false), None, None]
    );
}

#[test]
fn a_folder_where_a_file_should_be_and_files_of_garbage_say_nothing() {
    let computer = Computer::new();
    std::fs::create_dir_all(computer.root().join("sys/class/power_supply/BAT0/type")).unwrap();
    std::fs::write(computer.root().join("proc/loadavg"), [0xff, 0xfe, 0]).unwrap();
    assert_eq!(on_battery(computer.root()), None);
    assert_eq!(first_load(computer.root(), 0), 0);
    computer.write("proc/loadavg", "3.00 0 0");
    assert_eq!((first_load(computer.root(), 4), first_load(computer.root(), 1)), (75, 100));
    assert!(!has_screen(computer.root()));
    computer.write("sys/class/drm/card0-HDMI-A-1/status", "disconnected\n");
    assert!(!has_screen(computer.root()));
    computer.write("sys/class/drm/card0-eDP-1/status", "connected\n");
    assert!(has_screen(computer.root()));
}

fn touch(computer: &Computer, terminal: &str, at: SystemTime) {
    let path = computer.write(terminal, "");
    File::options().write(true).open(path).unwrap().set_times(FileTimes::new().set_accessed(at)).unwrap();
}

#[test]
fn the_last_key_in_any_terminal_counts_and_the_doubt_of_eight_seconds_is_the_persons() {
    let computer = Computer::new();
    let now = SystemTime::now();
    let before = |seconds| now.checked_sub(Duration::from_secs(seconds)).unwrap();
    let idle = || terminals::idle(computer.root(), now).map(|idle| idle.as_secs());
    assert_eq!(idle(), None);
    touch(&computer, "dev/pts/ptmx", now);
    touch(&computer, "dev/tty", now);
    touch(&computer, "dev/ttyS0", now);
    assert_eq!(idle(), None, "none of them is a terminal somebody is logged in at");
    touch(&computer, "dev/pts/3", before(600));
    assert_eq!(idle(), Some(592));
    touch(&computer, "dev/pts/12", before(100));
    assert_eq!(idle(), Some(92));
    touch(&computer, "dev/pts/12", before(5));
    assert_eq!(idle(), Some(0));
    touch(&computer, "dev/pts/12", now + Duration::from_secs(1000));
    assert_eq!(idle(), Some(0), "a clock that was put back");
}

#[test]
fn one_desktop_in_use_is_enough_and_one_that_is_not_on_the_screen_does_not_count() {
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1000);
    let desktop = |is_on_screen, idle_since_us| Session {
        has_seat: true,
        is_desktop: true,
        is_on_screen,
        idle_since_us,
    };
    let check = |sessions: &[Session], expected: Option<u64>| {
        assert_eq!(Seats::of(sessions, now).idle.map(|idle| idle.as_secs()), expected, "{sessions:?}");
    };
    let ssh = Session::default();
    check(&[], None);
    check(std::slice::from_ref(&ssh), None);
    check(&[ssh, desktop(true, Some(900_000_000))], Some(100));
    check(&[desktop(true, Some(900_000_000)), desktop(true, None)], Some(0));
    check(&[desktop(true, Some(900_000_000)), desktop(false, None)], Some(100));
    check(&[desktop(true, Some(u64::MAX))], Some(0));
    assert_eq!(Seats::of(&[Session::default()], now), Seats::default());
}

#[test]
fn seconds_are_told_from_milliseconds_by_how_they_grow() {
    let start = Instant::now();
    let read = |unit: &mut Unit, at_ms: u64, answer| {
        unit.read(answer, start + Duration::from_millis(at_ms)).as_millis()
    };
    let mut seconds = Unit::default();
    assert_eq!(read(&mut seconds, 0, 100), 100, "rather used than left");
    for at in 1..=5 {
        read(&mut seconds, at * 1000, 100 + u32::try_from(at).unwrap());
    }
    assert_eq!(read(&mut seconds, 6000, 106), 106_000);
    assert_eq!(read(&mut seconds, 6100, 0), 0);
    assert_eq!(read(&mut seconds, 8100, 2), 2000);

    let mut millis = Unit::default();
    for at in 0..60 {
        // Somebody types, then leaves.
        let answer = if at < 30 { at % 3 * 7 } else { (at - 30) * 250 };
        assert_eq!(read(&mut millis, at * 250, u32::try_from(answer).unwrap()), u128::from(answer));
    }
}

#[test]
fn what_is_measured_is_plausible_and_leaves_nothing() {
    let computer = Computer::new();
    let speed = measure::speed();
    let disk = measure::disk(computer.root(), &AtomicBool::new(false)).unwrap();
    println!("{speed} thousand steps a second, {disk:?} MiB/s");
    assert!(speed > 1000, "a million steps a second at least");
    assert!(disk.is_none_or(|disk| disk > 0));
    assert_eq!(measure::disk(computer.root(), &AtomicBool::new(true)).unwrap(), None);
    let left = std::fs::read_dir(computer.root()).unwrap().filter_map(Result::ok);
    assert_eq!(left.map(|entry| entry.file_name()).collect::<Vec<_>>(), ["proc"]);
    assert!(measure::disk(&computer.root().join("missing"), &AtomicBool::new(false)).is_err());
}
