//! With a real X server, when there is one.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::{Computer, Heard};
use crate::Idle;

/// A process that ends with the test.
pub(super) struct Program(pub(super) Child);

impl Drop for Program {
    fn drop(&mut self) {
        let _is_killed = self.0.kill().is_ok();
        let _is_gone = self.0.wait().is_ok();
    }
}

/// Starts a program that says where it is in its first line; none when it is not installed.
pub(super) fn start(program: &str, arguments: &[&str]) -> Option<(Program, String)> {
    let started = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn();
    let Ok(mut child) = started else {
        println!("skipped: {program} is not installed");
        return None;
    };
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    Some((Program(child), line.trim().to_owned()))
}

fn touch(display: &str) -> bool {
    let moved =
        Command::new("xdotool").args(["mousemove_relative", "3", "3"]).env("DISPLAY", display).status();
    moved.is_ok_and(|status| status.success())
}

#[tokio::test]
async fn an_x_server_tells_of_a_touched_mouse_within_a_tenth_of_a_second() {
    let Some((server, number)) =
        start("Xvfb", &["-displayfd", "1", "-screen", "0", "320x200x24", "-nolisten", "tcp"])
    else {
        return;
    };
    let display = format!(":{number}");
    let computer = Computer::new();
    let mut places = computer.places();
    places.display = Some(display.clone());
    let mut heard = Heard::start(places);
    let first = heard.next().await;
    assert_eq!((first.source.as_str(), first.is_headless), ("X11", false));
    if !touch(&display) {
        println!("skipped: xdotool is not installed");
        return;
    }
    let since_input = heard.idle.since_input();
    while since_input().is_none_or(|idle| idle < Duration::from_millis(1500)) {
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    // Whoever asks often hears it without a report; the others hear it by one.
    assert!(touch(&display));
    let touched = Instant::now();
    while since_input().is_none_or(|idle| idle > Duration::from_millis(500)) {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    println!("asked: told {:?} after xdotool had ended", touched.elapsed());
    assert!(touched.elapsed() < Duration::from_millis(300));

    while since_input().is_none_or(|idle| idle < Duration::from_millis(1500)) {
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    // Nobody asks any more; the driver looks by itself.
    tokio::time::sleep(Duration::from_millis(500)).await;
    while heard.inputs.try_recv().is_ok() {}
    assert!(touch(&display));
    let (_, took) = heard.until(|machine| machine.idle_ms.is_some_and(|idle| idle < 500)).await;
    println!("reported {took:?} after xdotool had ended");
    assert!(took < Duration::from_millis(500));

    a_server_that_hangs_says_nothing(&server, &heard.idle).await;
    drop(server);
    let (last, took) = heard.until(|machine| machine.source == "nothing tells").await;
    println!("gone: {:?} after {took:?}", last.idle_ms);
    assert_eq!(last.idle_ms, None);
    heard.idle.stop().await;
}

async fn a_server_that_hangs_says_nothing(server: &Program, idle: &Idle) {
    let process = rustix::process::Pid::from_child(&server.0);
    let since_input = idle.since_input();
    rustix::process::kill_process(process, rustix::process::Signal::STOP).unwrap();
    let start = Instant::now();
    while since_input().is_some() {
        assert!(start.elapsed() < Duration::from_secs(5));
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    println!("a server that hangs: nothing told after {:?}", start.elapsed());
}
