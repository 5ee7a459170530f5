//! What several test modules need: the real binary in a pseudo-terminal, the lab, waiting for a condition.

pub(crate) mod half_open;
pub(crate) mod lab;
pub(crate) mod pty;
pub(crate) mod starts;

use std::path::PathBuf;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

/// How often a condition is looked at.
const LOOK: Duration = Duration::from_millis(10);

/// The binary under test.
pub(crate) fn binary() -> &'static str {
    env!("CARGO_BIN_EXE_quarterdeck")
}

/// The project's folder.
pub(crate) fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Waits until `condition` gives a value; panics with `what` and the last word of `otherwise` after `within`.
#[allow(clippy::disallowed_methods)] // a deadline on the machine's own time
pub(crate) fn wait_for<T>(
    what: &str,
    within: Duration,
    mut condition: impl FnMut() -> Option<T>,
    otherwise: impl FnOnce() -> String,
) -> T {
    let end = Instant::now() + within;
    loop {
        if let Some(value) = condition() {
            return value;
        }
        assert!(Instant::now() < end, "{what}: not within {within:?}\n{}", otherwise());
        std::thread::park_timeout(LOOK);
    }
}

/// Runs the binary headless with these arguments, on the lab's variables where it was given.
pub(crate) fn quarterdeck(arguments: &[&str], variables: &[(String, String)]) -> Output {
    let mut command = Command::new(binary());
    command.args(arguments).current_dir(root()).env_remove("QUARTERDECK_CONFIG");
    command.envs(variables.iter().map(|(name, value)| (name, value)));
    command.output().expect("the binary runs")
}

/// Standard output of a run, as text.
pub(crate) fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

pub(crate) use quarterdeck::clock::Stopwatch;

/// The setting of `[guards]` with which no action waits for the last one of its kind.
pub(crate) fn no_cooldowns() -> String {
    let none: Vec<_> = quarterdeck::action::ACTIONS.iter().map(|action| format!("{} = \"0s\"", action.name)).collect();
    format!("cooldown = {{ {} }}", none.join(", "))
}
