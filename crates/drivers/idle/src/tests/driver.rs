use std::fs::{File, FileTimes};
use std::time::{Duration, SystemTime};

use kernel::{Driver, Input, JobFailure, JobId};

use super::{Computer, Heard};

#[tokio::test]
async fn a_computer_nobody_can_sit_before_says_so_at_once_and_what_it_measured_later() {
    let computer = Computer::new();
    let mut heard = Heard::start(computer.places());
    let first = heard.next().await;
    assert_eq!((first.source.as_str(), first.idle_ms), ("no display: load only", None));
    assert!(first.is_headless && first.cores > 0 && first.minute_of_day < 24 * 60);
    assert_eq!((first.memory_mib, first.free_mib, first.on_battery), (2000, 1000, None));
    assert_eq!((heard.idle.since_input())(), None);
    let (measured, _) = heard.until(|machine| machine.speed > 0 && machine.disk_mib > 0).await;
    println!("{measured:?}");
    heard.idle.stop().await;
    heard.idle.stop().await;
}

#[tokio::test]
async fn a_screen_nothing_tells_of_counts_as_unknown() {
    let computer = Computer::new();
    computer.write("sys/class/drm/card0-eDP-1/status", "connected\n");
    computer.write("dev/pts/0", "");
    let mut heard = Heard::start(computer.places());
    let first = heard.next().await;
    assert_eq!((first.source.as_str(), first.idle_ms, first.is_headless), ("nothing tells", None, false));
    heard.idle.stop().await;
}

#[tokio::test]
async fn a_key_in_a_terminal_and_a_pulled_plug_are_told_at_once() {
    let computer = Computer::new();
    let terminal = File::create(computer.write("dev/pts/0", "")).unwrap();
    let touch = |at| terminal.set_times(FileTimes::new().set_accessed(at)).unwrap();
    touch(SystemTime::now() - Duration::from_secs(100));
    computer.write("sys/class/power_supply/BAT0/type", "Battery");
    computer.write("sys/class/power_supply/AC/type", "Mains");
    computer.write("sys/class/power_supply/AC/online", "1");
    let mut heard = Heard::start(computer.places());
    let first = heard.next().await;
    assert_eq!((first.source.as_str(), first.on_battery), ("terminals", Some(false)));
    assert!(first.idle_ms.is_some_and(|idle| (92_000..95_000).contains(&idle)), "{first:?}");
    let since_input = heard.idle.since_input();
    assert!(since_input().is_some_and(|idle| idle >= Duration::from_secs(92)));

    touch(SystemTime::now());
    let (_, took) = heard.until(|machine| machine.idle_ms.is_some_and(|idle| idle < 1000)).await;
    println!("told of a key after {took:?}");
    assert!(took < Duration::from_secs(1));
    assert!(since_input().is_some_and(|idle| idle < Duration::from_secs(1)));

    touch(SystemTime::now() - Duration::from_secs(100));
    computer.write("sys/class/power_supply/AC/online", "0");
    let (_, took) = heard.until(|machine| machine.on_battery == Some(true)).await;
    println!("told of the plug after {took:?}");
    assert!(took < Duration::from_secs(4));
    heard.idle.stop().await;
}

#[tokio::test]
async fn cancel_ends_the_job_once_and_later_ones_start_anew() {
    let computer = Computer::new();
    let mut heard = Heard::start(computer.places());
    heard.idle.cancel(JobId(7));
    heard.idle.cancel(JobId(7));
    heard.idle.cancel(JobId(8));
    let mut said = heard.inputs.recv().await.unwrap();
    while matches!(said, Input::Progress { .. }) {
        said = heard.inputs.recv().await.unwrap();
    }
    assert!(
        matches!(said, Input::Finished { job: JobId(7), outcome: Err(JobFailure::Cancelled) }),
        "{said:?}"
    );
    let job =
        kernel::Job { id: JobId(7), service: "compute", kind: compute::jobs::MACHINE, input: Vec::new() };
    heard.idle.work(job);
    heard.next().await;
    heard.idle.stop().await;
    while let Ok(said) = heard.inputs.try_recv() {
        assert!(matches!(said, Input::Progress { .. }), "{said:?}");
    }
}

#[tokio::test]
async fn buses_and_displays_that_are_not_there_hold_up_nothing() {
    let computer = Computer::new();
    let silent = computer.root().join("silent");
    let _listener = std::os::unix::net::UnixListener::bind(&silent).unwrap();
    let mut places = computer.places();
    places.session_bus = Some(format!("unix:path={};unix:path=/nowhere", silent.display()));
    places.system_bus = Some("garbage".to_owned());
    places.display = Some(":9387".to_owned());
    let start = std::time::Instant::now();
    let mut heard = Heard::start(places);
    let first = heard.next().await;
    println!("{first:?} after {:?}", start.elapsed());
    assert_eq!((first.source.as_str(), first.idle_ms), ("nothing tells", None));
    assert!(start.elapsed() < Duration::from_secs(10));
    heard.idle.stop().await;
}
