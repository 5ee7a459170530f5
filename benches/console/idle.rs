//! What the console costs while nobody touches it and everything is polled once a second.

use std::time::{Duration, Instant};

use super::process::{cpu, status};
use super::terminal::{Terminal, size};

/// The histories are there and the screen has settled.
const SETTLE: Duration = Duration::from_secs(15);

pub(crate) fn measure(length: Duration) {
    let state = tempfile::tempdir().unwrap();
    let mut terminal = Terminal::start(state.path());
    terminal.until("a service is judged", |screen| screen.contains("HEALTHY"));
    terminal.watch(SETTLE);
    let (began, before, bytes, switches) = (Instant::now(), cpu(terminal.pid()), terminal.bytes, switches(&terminal));
    let drew = terminal.drew();
    let frames = terminal.watch(length);
    let a_frame = (terminal.drew() - drew).as_secs_f64() * 1000.0 / frames.max(1) as f64;
    let (seconds, after) = (began.elapsed().as_secs_f64(), cpu(terminal.pid()));
    let (user, system) = (after.0 - before.0, after.1 - before.1);
    println!("idle at {:?} for {seconds:.0} s, everything polled each second", size());
    println!("  cpu {:.2} % of a core (user {user:.2} s, system {system:.2} s)", (user + system) / seconds * 100.0);
    println!("  resident {}, at most {}", status(terminal.pid(), "VmRSS:"), status(terminal.pid(), "VmHWM:"));
    println!("  {a_frame:.2} ms of processor time a frame, events and their wake-ups included");
    let (bytes, woken) = (terminal.bytes - bytes, self::switches(&terminal) - switches);
    println!(
        "  {:.1} frames/s, {:.0} bytes/s painted, {:.0} wake-ups/s",
        frames as f64 / seconds,
        bytes as f64 / seconds,
        woken as f64 / seconds
    );
    println!("  threads {}", status(terminal.pid(), "Threads:"));
    if std::env::var_os("QD_BENCH_SCREEN").is_some() {
        println!("{}", terminal.screen());
    }
}

/// How often any of its threads went to sleep and was woken.
fn switches(terminal: &Terminal) -> u64 {
    let tasks = std::fs::read_dir(format!("/proc/{}/task", terminal.pid())).unwrap();
    let of_task = |path: std::path::PathBuf| {
        let status = std::fs::read_to_string(path.join("status")).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
        line.and_then(|count| count.trim().parse::<u64>().ok()).unwrap_or_default()
    };
    tasks.flatten().map(|task| of_task(task.path())).sum()
}
