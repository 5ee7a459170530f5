//! Keys as data: `keymaps/*.toml`, context → key → command.

use std::collections::HashMap;

use crossterm::event::{KeyCode, KeyModifiers};
use serde::Deserialize;

use crate::state::command::Command;

/// Where a key counts. The global context is tried after the screen's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Context {
    /// Everywhere but in a text field.
    Global,
    /// Lists and tables: overview, alerts, runs, runbooks, log.
    List,
    /// A service's screen.
    Service,
    /// A runbook that is followed.
    Runbook,
    /// A dialog.
    Dialog,
}

/// A key with its modifiers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct KeyPress {
    /// The key.
    pub code: KeyCode,
    /// Control, alt; shift is part of the character.
    pub modifiers: KeyModifiers,
}

/// A checked keymap.
#[derive(Debug, Clone, Default)]
pub struct Keymap {
    /// Command by context and key.
    pub bindings: HashMap<(Context, KeyPress), Command>,
}

impl Keymap {
    /// The command of a key: the context's own, else the global one.
    pub fn command(&self, context: Context, key: KeyPress) -> Option<Command> {
        let own = self.bindings.get(&(context, key));
        own.or_else(|| self.bindings.get(&(Context::Global, key))).copied()
    }
}
