//! The configuration of `quarterdeck demo`.

use std::path::Path;

use crate::config::Config;
use crate::config::check;
use crate::config::error::ConfigErrors;

/// The demo's services, objectives and backups, as a person would write them.
const BODY: &str = include_str!("demo.toml");

/// The demo's configuration as TOML: this story, kept in `state_dir`. Written to a file, the executor's process reads it too.
pub fn demo_text(scenario: &str, seed: u64, state_dir: &Path) -> String {
    let quoted = |text: &str| toml::Value::String(text.to_owned()).to_string();
    let state_dir = quoted(&state_dir.to_string_lossy());
    let scenario = quoted(scenario);
    format!("state_dir = {state_dir}\n\n[simulator]\nseed = {seed}\nscenario = {scenario}\ninterval = \"1s\"\n\n{BODY}")
}

/// The demo's configuration: this story, kept in `state_dir`.
///
/// # Errors
/// The scenario's name or the seed is not allowed.
pub fn demo_config(scenario: &str, seed: u64, state_dir: &Path) -> Result<Config, ConfigErrors> {
    check::parse(&demo_text(scenario, seed, state_dir), Path::new(""), &|_| None)
}
