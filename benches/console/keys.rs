//! Key to paint: from the key's write into the terminal to the arrival of the frame that shows what it did.

use std::process::Command;
use std::time::Duration;

use super::terminal::{Terminal, size};

/// How long each state of the backends lasts before keys are pressed: every source has met it.
const SETTLE: Duration = Duration::from_secs(5);

pub(crate) fn measure(presses: usize) {
    let lab = Lab;
    lab.well();
    let state = tempfile::tempdir().unwrap();
    let mut terminal = Terminal::start(state.path());
    terminal.until("a service is judged", |screen| screen.contains("HEALTHY"));
    println!("key to paint at {:?}, everything polled each second", size());
    told(&mut terminal, presses, "all backends well");
    lab.prometheus("hang");
    lab.aws(r#"[{"service": ".*", "op": ".*", "kind": "throttle"}]"#);
    told(&mut terminal, presses, "Prometheus hangs, AWS throttles everything");
    lab.aws(r#"[{"service": ".*", "op": ".*", "kind": "error", "status": 500}]"#);
    told(&mut terminal, presses, "Prometheus hangs, AWS answers 500 to everything");
    lab.aws(r#"[{"service": ".*", "op": ".*", "kind": "hang", "ms": 60000}]"#);
    told(&mut terminal, presses, "Prometheus hangs, AWS hangs");
}

fn told(terminal: &mut Terminal, presses: usize, what: &str) {
    terminal.watch(SETTLE);
    let mut taken = Vec::new();
    for press in 0..presses {
        let (key, shown): (&str, fn(&str) -> bool) = match press % 4 {
            0 => ("j", |screen| selected(screen) == Some(4)),
            1 => ("?", |screen| screen.contains("help: keys")),
            2 => ("?", |screen| !screen.contains("help: keys")),
            _ => ("k", |screen| selected(screen) == Some(3)),
        };
        let at = terminal.press(key);
        taken.push(terminal.until(key, shown).duration_since(at));
        // Not in step with frames or ticks.
        terminal.watch(Duration::from_millis(20 + (press as u64 * 37) % 60));
    }
    println!("  {what}: {}", super::spread(taken));
}

/// The row on which the overview's mark stands.
fn selected(screen: &str) -> Option<usize> {
    screen.lines().position(|line| line.starts_with('▸'))
}

/// The lab's switches; all is well again when it is dropped.
struct Lab;

impl Lab {
    fn well(&self) {
        self.prometheus("pass");
        self.aws("[]");
    }

    fn prometheus(&self, mode: &str) {
        post("QD_PROMETHEUS_PROXY_CONTROL_URL", "/_mode", &format!(r#"{{"mode": "{mode}"}}"#));
    }

    fn aws(&self, rules: &str) {
        post("QD_MOTO_URL", "/_faults", rules);
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        self.well();
    }
}

fn post(variable: &str, path: &str, body: &str) {
    let base = std::env::var(variable).expect("the lab: tests/lab/up, then `. target/lab/env`");
    let url = format!("{base}{path}");
    let arguments = ["-sSf", "-o", "/dev/null", "--max-time", "10", "-H", "Content-Type: application/json", "-d", body];
    assert!(Command::new("curl").args(arguments).arg(&url).status().unwrap().success(), "{url} {body}");
}
