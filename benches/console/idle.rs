//! What the console costs while nobody touches it and everything is polled once a second.

use std::time::{Duration, Instant};

use super::terminal::{Terminal, size};

/// The histories are there and the screen has settled.
const SETTLE: Duration = Duration::from_secs(15);

pub(crate) fn measure(length: Duration) {
    let state = tempfile::tempdir().unwrap();
    let mut terminal = Terminal::start(state.path());
    terminal.until("a service is judged", |screen| screen.contains("HEALTHY"));
    terminal.watch(SETTLE);
    let (began, before, bytes, switches) = (Instant::now(), cpu(&terminal), terminal.bytes, switches(&terminal));
    let drew = terminal.drew();
    let frames = terminal.watch(length);
    let a_frame = (terminal.drew() - drew).as_secs_f64() * 1000.0 / frames.max(1) as f64;
    let (seconds, after) = (began.elapsed().as_secs_f64(), cpu(&terminal));
    let (user, system) = (after.0 - before.0, after.1 - before.1);
    println!("idle at {:?} for {seconds:.0} s, everything polled each second", size());
    println!("  cpu {:.2} % of a core (user {user:.2} s, system {system:.2} s)", (user + system) / seconds * 100.0);
    println!("  resident {}, at most {}", status(&terminal, "VmRSS:"), status(&terminal, "VmHWM:"));
    println!("  {a_frame:.2} ms of processor time a frame, events and their wake-ups included");
    let (bytes, woken) = (terminal.bytes - bytes, self::switches(&terminal) - switches);
    println!(
        "  {:.1} frames/s, {:.0} bytes/s painted, {:.0} wake-ups/s",
        frames as f64 / seconds,
        bytes as f64 / seconds,
        woken as f64 / seconds
    );
    println!("  threads {}", status(&terminal, "Threads:"));
    if std::env::var_os("QD_BENCH_SCREEN").is_some() {
        println!("{}", terminal.screen());
    }
}

/// User and system time of the process, in seconds: fields 14 and 15 of `/proc/PID/stat`, in hundredths (USER_HZ).
fn cpu(terminal: &Terminal) -> (f64, f64) {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", terminal.pid())).unwrap();
    let fields: Vec<&str> = stat.rsplit(") ").next().unwrap().split(' ').collect();
    let seconds = |index: usize| fields[index].parse::<f64>().unwrap() / 100.0;
    (seconds(11), seconds(12))
}

fn status(terminal: &Terminal, key: &str) -> String {
    let status = std::fs::read_to_string(format!("/proc/{}/status", terminal.pid())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(key)).unwrap_or_default();
    line.trim().to_owned()
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
