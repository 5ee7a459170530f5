//! What the console costs as a whole process, in a real pseudo-terminal. Not a criterion bench: whole runs, told as they are.
//!
//! ```text
//! cargo bench --bench console -- first-frame [RUNS]   # exec to the first whole frame, before any data
//! cargo bench --bench console -- idle [SECONDS]       # processor time and memory at 1 s polling of the lab
//! cargo bench --bench console -- keys [PRESSES]       # key to paint, while the lab's backends are well, hang and fail
//! cargo bench --bench console -- scale [SECONDS [SERVICES]]    # 50, 500 and 5,000 services, or so many
//! ```
//!
//! `idle` and `keys` need the lab: `tests/lab/up` and `. target/lab/env` before; `scale` starts its own load. `QD_BENCH_BINARY` names another binary, to
//! compare with; `QD_BENCH_SIZE` another size than 200x50.
// A tool that measures: it prints, reads the machine's own time, and stops at the first error.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![allow(clippy::print_stdout, clippy::disallowed_methods)]

mod first_frame;
mod idle;
mod keys;
mod process;
mod scale;
mod terminal;

use std::time::Duration;

fn main() {
    let mut words = std::env::args().skip(1).filter(|word| word != "--bench");
    let what = words.next();
    let mut number = || words.next().map(|count| count.parse::<usize>().expect("a number"));
    let count = number();
    println!("{}", machine());
    match what.as_deref() {
        Some("first-frame") => first_frame::measure(count.unwrap_or(30)),
        Some("idle") => idle::measure(Duration::from_secs(count.unwrap_or(60) as u64)),
        Some("keys") => keys::measure(count.unwrap_or(200)),
        Some("scale") => scale::measure(Duration::from_secs(count.unwrap_or(120) as u64), number()),
        _ => println!(
            "first-frame [RUNS], idle [SECONDS], keys [PRESSES] or scale [SECONDS [SERVICES]]; see benches/README.md"
        ),
    }
}

/// The processor, how many there are, and how busy the machine is with other things.
fn machine() -> String {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let cpuinfo = read("/proc/cpuinfo");
    let model = cpuinfo.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let cores = cpuinfo.lines().filter(|line| line.starts_with("processor")).count();
    let load = read("/proc/loadavg");
    let load = load.split(' ').next().unwrap_or_default();
    format!("{} × {cores}, load {load}", model.map_or("unknown processor", |(_, model)| model))
}

/// The value below which `share` of the sorted values lie.
fn quantile(sorted: &[Duration], share: f64) -> Duration {
    let last = sorted.len().saturating_sub(1);
    sorted.get((last as f64 * share).round() as usize).copied().unwrap_or_default()
}

/// Least, median, 99th percentile and most, in milliseconds.
fn spread(mut values: Vec<Duration>) -> String {
    values.sort();
    let ms = |share| quantile(&values, share).as_secs_f64() * 1000.0;
    let (least, p50, p90, p99, most) = (ms(0.0), ms(0.5), ms(0.9), ms(0.99), ms(1.0));
    format!("n {}  min {least:.1}  p50 {p50:.1}  p90 {p90:.1}  p99 {p99:.1}  max {most:.1} ms", values.len())
}
