//! Keys as the keymap has them.

use crate::config::keymap::{Context, Keymap};
use crate::state::command::Command;

/// The key of a command that hints show; empty where it has none.
pub fn first(keymap: &Keymap, command: Command, context: Context) -> String {
    keymap.keys_of(command, context).first().map_or_else(String::new, ToString::to_string)
}

/// All keys of a command that are bound in this very context, the first first: `q ctrl+c`; empty where there is none.
pub fn own(keymap: &Keymap, command: Command, context: Context) -> String {
    let keys = keymap.keys_of(command, context).into_iter();
    let own = keys.filter(|key| keymap.bindings.contains_key(&(context, *key)));
    own.map(|key| key.to_string()).collect::<Vec<_>>().join(" ")
}
