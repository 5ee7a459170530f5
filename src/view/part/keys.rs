//! Keys as the keymap has them.

use crossterm::event::{KeyCode, KeyModifiers};

use crate::config::keymap::{Context, KeyPress, Keymap};
use crate::state::command::Command;

/// The keys of a command in a context, the shortest first: `q ctrl-c`; empty where there is none.
pub fn of(keymap: &Keymap, command: Command, context: Context) -> String {
    let bound = keymap.bindings.iter().filter(|(bound, is)| bound.0 == context && **is == command);
    let mut keys: Vec<String> = bound.map(|((_, key), _)| name(*key)).collect();
    keys.sort_by_key(|key| (key.chars().count(), key.clone()));
    keys.join(" ")
}

fn name(key: KeyPress) -> String {
    let control = if key.modifiers.contains(KeyModifiers::CONTROL) { "ctrl-" } else { "" };
    match key.code {
        KeyCode::Char(c) => format!("{control}{c}"),
        other => format!("{control}{}", other.to_string().to_lowercase()),
    }
}
