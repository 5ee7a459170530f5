//! What the console costs on many services: the load of `tests/lab/load` on a real Prometheus, 15 s apart, six hours of history.

use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use super::process;
use super::terminal::{Console, Terminal, size};

/// How many services are measured where none are named.
const FLEETS: [usize; 3] = [50, 500, 5000];

/// The signals of a service of the load.
const SIGNALS: usize = 6;

/// The interval of the load's configuration.
const INTERVAL: Duration = Duration::from_secs(15);

/// The step of six hours of history: the tail is asked for once in it.
const STEP: Duration = Duration::from_secs(120);

/// Presses of keys, as many states of the poll as possible among them.
const PRESSES: usize = 400;

/// One fleet, measured.
struct Measured {
    services: usize,
    cpu: f64,
    resident: u64,
    most: u64,
    frame: f64,
    keys: Vec<Duration>,
    whole: Traffic,
    refreshes: f64,
    refreshed: Traffic,
}

pub(crate) fn measure(length: Duration, only: Option<usize>) {
    let fleets: Vec<usize> = only.map_or(FLEETS.to_vec(), |count| vec![count]);
    let measured: Vec<Measured> = fleets.into_iter().map(|services| fleet(services, length.max(STEP))).collect();
    let _ = load("down", None);
    println!("many services at {:?}, each of {SIGNALS} signals, asked every {INTERVAL:?}", size());
    println!("services  series    cpu %  µs/series   MB  MB most  KB/series  ms a frame  key to paint ms");
    for one in &measured {
        one.print();
    }
    println!("services  requests a refresh  KB a refresh  KB of the whole window  share");
    for one in &measured {
        one.print_traffic();
    }
}

fn fleet(services: usize, length: Duration) -> Measured {
    let config = load("up", Some(services)).expect("tests/lab/load/up");
    let state = tempfile::tempdir().unwrap();
    let before = Traffic::read();
    let mut terminal = Terminal::start_on(&Console { config, polling: None, state_dir: state.path() });
    terminal.until("values", |screen| screen.contains("HEALTHY"));
    terminal.watch(INTERVAL);
    let whole = Traffic::read().since(before);
    let idle = idle(&mut terminal, length);
    let keys = keys(&mut terminal);
    let (resident, most) = (process::kilobytes(terminal.pid(), "VmRSS:"), process::kilobytes(terminal.pid(), "VmHWM:"));
    Measured { services, resident, most, keys, whole, ..idle }
}

/// Nobody touches it.
fn idle(terminal: &mut Terminal, length: Duration) -> Measured {
    let (began, computed, drew, before) = (Instant::now(), terminal.computed(), terminal.drew(), Traffic::read());
    let frames = terminal.watch(length);
    let seconds = began.elapsed().as_secs_f64();
    Measured {
        services: 0,
        cpu: (terminal.computed() - computed).as_secs_f64() / seconds,
        resident: 0,
        most: 0,
        frame: (terminal.drew() - drew).as_secs_f64() * 1000.0 / frames.max(1) as f64,
        keys: Vec::new(),
        whole: Traffic::default(),
        refreshes: seconds / INTERVAL.as_secs_f64(),
        refreshed: Traffic::read().since(before),
    }
}

/// From the key's write to the arrival of the frame that shows the selection moved.
fn keys(terminal: &mut Terminal) -> Vec<Duration> {
    let mut taken = Vec::new();
    for press in 0..PRESSES {
        let (key, row) = if press % 2 == 0 { ("j", 4) } else { ("k", 3) };
        let at = terminal.press(key);
        let shown = terminal.until(key, |screen| screen.lines().position(|line| line.starts_with('▸')) == Some(row));
        taken.push(shown.duration_since(at));
        // Not in step with frames, ticks and polls.
        terminal.watch(Duration::from_millis(20 + (press as u64 * 37) % 60));
    }
    taken.sort();
    taken
}

impl Measured {
    fn print(&self) {
        let series = self.services * SIGNALS;
        let a_refresh = self.cpu * INTERVAL.as_secs_f64() * 1e6 / series as f64;
        let ms = |share| super::quantile(&self.keys, share).as_secs_f64() * 1000.0;
        println!(
            "{:8} {series:7} {:8.2} {a_refresh:10.1} {:4.0} {:8.0} {:10.2} {:11.2}  p50 {:.1}, p90 {:.1}, p99 {:.1}, max {:.1}",
            self.services,
            self.cpu * 100.0,
            self.resident as f64 / 1024.0,
            self.most as f64 / 1024.0,
            self.resident as f64 / series as f64,
            self.frame,
            ms(0.5),
            ms(0.9),
            ms(0.99),
            ms(1.0),
        );
    }

    fn print_traffic(&self) {
        let bytes = self.refreshed.bytes / self.refreshes;
        println!(
            "{:8} {:19.1} {:13.1} {:23.1} {:6.3}",
            self.services,
            self.refreshed.requests / self.refreshes,
            bytes / 1024.0,
            self.whole.bytes / 1024.0,
            bytes / self.whole.bytes,
        );
    }
}

/// Queries that the load's Prometheus answered, and the bytes of its answers as they went over the wire: its own count.
#[derive(Clone, Copy, Default)]
struct Traffic {
    requests: f64,
    bytes: f64,
}

impl Traffic {
    fn read() -> Self {
        let url = format!("http://127.0.0.1:{}/metrics", port());
        let metrics = curl(&url);
        let sum = |name: &str| -> f64 {
            let of_queries = |line: &&str| line.starts_with(name) && line.contains("handler=\"/api/v1/query");
            let value = |line: &str| line.rsplit(' ').next()?.parse::<f64>().ok();
            metrics.lines().filter(of_queries).filter_map(value).sum()
        };
        Self { requests: sum("prometheus_http_requests_total"), bytes: sum("prometheus_http_response_size_bytes_sum") }
    }

    fn since(self, before: Self) -> Self {
        Self { requests: self.requests - before.requests, bytes: self.bytes - before.bytes }
    }
}

/// The load's Prometheus, as `tests/lab/load/lib.sh` counts its port.
fn port() -> u16 {
    std::env::var("QD_LAB_PORT_BASE").map_or(19_300, |base| base.parse::<u16>().expect("QD_LAB_PORT_BASE")) + 10
}

fn curl(url: &str) -> String {
    let output = Command::new("curl").args(["-sSf", "--max-time", "10", url]).output().unwrap();
    assert!(output.status.success(), "{url}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Runs `tests/lab/load/up` or `down`; the configuration that it wrote.
fn load(what: &str, services: Option<usize>) -> Option<PathBuf> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let mut command = Command::new(root.join("tests/lab/load").join(what));
    command.args(services.map(|count| count.to_string()));
    let done = command.status().is_ok_and(|status| status.success());
    done.then(|| root.join("target/lab/load/quarterdeck.toml"))
}
