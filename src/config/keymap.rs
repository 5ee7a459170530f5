//! Keys as data: `keymaps/*.toml`, context → key → command.
//!
//! A map of one's own is laid over the shipped one and needs only what differs; `none` takes a key away. Slips (unknown
//! contexts, keys or commands, a key that is there twice) are refused with their place.

mod press;

use std::collections::{HashMap, HashSet};
use std::path::Path;

use serde::Deserialize;

use super::error::{ConfigErrors, did_you_mean};
use super::find;
use super::raw::{Document, Entry, Section};
use crate::state::command::{COMMANDS, Command};

pub use press::KeyPress;

/// The shipped map.
const SHIPPED: &str = include_str!("../../keymaps/default.toml");

/// The name of the shipped map.
pub const SHIPPED_NAME: &str = "default";

/// The word that takes a key away.
const NONE: &str = "none";

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
    /// The log of a service.
    Logs,
    /// A dialog.
    Dialog,
}

/// All contexts with their names in keymaps.
pub const CONTEXTS: &[(&str, Context)] = &[
    ("global", Context::Global),
    ("list", Context::List),
    ("service", Context::Service),
    ("runbook", Context::Runbook),
    ("logs", Context::Logs),
    ("dialog", Context::Dialog),
];

/// A checked keymap.
#[derive(Debug, Clone, Default)]
pub struct Keymap {
    /// Command by context and key.
    pub bindings: HashMap<(Context, KeyPress), Command>,
    /// Keys that a context takes away from the global one.
    unbound: HashSet<(Context, KeyPress)>,
    /// All that was bound, in the order of the files: the first key of a command is shown first.
    order: Vec<(Context, KeyPress)>,
}

impl Keymap {
    /// The shipped map. A test proves that it is right.
    pub fn shipped() -> Self {
        Self::default().overlaid(SHIPPED, Path::new("keymaps/default.toml")).unwrap_or_default()
    }

    /// The shipped map (`default`), or a file laid over it.
    ///
    /// # Errors
    /// The file can't be read, or everything that is wrong with it.
    pub fn load(name_or_path: &str) -> Result<Self, ConfigErrors> {
        if name_or_path == SHIPPED_NAME {
            return Ok(Self::shipped());
        }
        let path = Path::new(name_or_path);
        Self::shipped().overlaid(&find::read(path)?, path)
    }

    /// This map with the text of another laid over it.
    ///
    /// # Errors
    /// Everything that is wrong with the text; `file` is named in errors.
    pub fn overlaid(mut self, text: &str, file: &Path) -> Result<Self, ConfigErrors> {
        let document = Document::parse(text, file, &|_| None)?;
        let root = document.root();
        let sections = CONTEXTS.iter().filter_map(|(name, context)| Some((*context, root.section(name)?)));
        for (context, section) in sections.collect::<Vec<_>>() {
            self.lay_section(context, &section);
        }
        root.done();
        let gone = [Command::Quit, Command::Back].into_iter().find(|c| self.keys_of(*c, Context::Global).is_empty());
        if let Some(command) = gone {
            root.error(&format!("leaves no key for `{}`", command_name(command)), Some("bind a key to it in [global]"));
        }
        document.finish(Some(self))
    }

    fn lay_section(&mut self, context: Context, section: &Section<'_>) {
        let mut written = section.all();
        written.sort_by_key(|(_, span, _)| span.start);
        let mut seen: HashMap<KeyPress, &str> = HashMap::new();
        for (key, span, entry) in written {
            let press = match key.parse::<KeyPress>() {
                Ok(press) => press,
                Err(problem) => {
                    let hint =
                        "letters and signs as typed, ctrl+…, alt+…, shift+tab, enter, esc, space, up, pageup, f1 …";
                    entry.document().report(&span, section.path(), &problem, Some(hint));
                    continue;
                }
            };
            if let Some(first) = seen.insert(press, key) {
                let message = format!("`{key}` is the same key as `{first}`");
                entry.document().report(&span, section.path(), &message, Some("keep one of them"));
                continue;
            }
            self.bind(context, press, &entry);
        }
    }

    fn bind(&mut self, context: Context, press: KeyPress, entry: &Entry<'_>) {
        let Some(bound) = command(entry) else { return };
        let slot = (context, press);
        self.unbound.remove(&slot);
        self.order.retain(|other| *other != slot);
        match bound {
            Some(command) => {
                self.order.push(slot);
                self.bindings.insert(slot, command);
            }
            None => {
                self.bindings.remove(&slot);
                self.unbound.insert(slot);
            }
        }
    }

    /// The command of a key: the context's own, else the global one.
    pub fn command(&self, context: Context, key: KeyPress) -> Option<Command> {
        let own = self.bindings.get(&(context, key));
        if own.is_none() && self.unbound.contains(&(context, key)) {
            return None;
        }
        own.or_else(|| self.bindings.get(&(Context::Global, key))).copied()
    }

    /// The keys of a command where `context` counts, the first of the file first: for help and footers. A global key that the
    /// context uses for something else is not among them.
    pub fn keys_of(&self, command: Command, context: Context) -> Vec<KeyPress> {
        let own = self.order.iter().filter(|(at, _)| *at == context);
        let global = self.order.iter().filter(|(at, _)| *at == Context::Global && context != Context::Global);
        own.chain(global).map(|(_, key)| *key).filter(|key| self.command(context, *key) == Some(command)).fold(
            Vec::new(),
            |mut keys, key| {
                if !keys.contains(&key) {
                    keys.push(key);
                }
                keys
            },
        )
    }
}

/// The command that an entry names; the inner `None` is `none`.
fn command(entry: &Entry<'_>) -> Option<Option<Command>> {
    let name = entry.expanded()?.value;
    if name == NONE {
        return Some(None);
    }
    let found = COMMANDS.iter().find(|spec| spec.name == name);
    if found.is_none() {
        let names = COMMANDS.iter().map(|spec| spec.name);
        let message = format!("there is no command `{name}`{}", did_you_mean(&name, names.clone()));
        entry.error(&message, Some(&format!("commands: {}, {NONE}", names.collect::<Vec<_>>().join(", "))));
    }
    found.map(|spec| Some(spec.command))
}

fn command_name(command: Command) -> &'static str {
    COMMANDS.iter().find(|spec| spec.command == command).map_or("", |spec| spec.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str) -> KeyPress {
        text.parse().unwrap()
    }

    fn over(text: &str) -> Result<Keymap, String> {
        Keymap::shipped().overlaid(text, Path::new("my.toml")).map_err(|errors| errors.to_string())
    }

    #[test]
    fn the_shipped_map_is_right_and_every_command_has_a_key() {
        let map =
            Keymap::default().overlaid(SHIPPED, Path::new("default.toml")).unwrap_or_else(|errors| panic!("{errors}"));
        for spec in COMMANDS {
            let bound = CONTEXTS.iter().any(|(_, context)| !map.keys_of(spec.command, *context).is_empty());
            assert!(bound, "{} has no key", spec.name);
        }
    }

    #[test]
    fn vi_keys_and_arrows_do_the_same() {
        let map = Keymap::shipped();
        for (vi, arrow) in [("j", "down"), ("k", "up"), ("l", "right"), ("h", "left"), ("g", "home"), ("G", "end")] {
            for (_, context) in CONTEXTS {
                assert_eq!(map.command(*context, key(vi)), map.command(*context, key(arrow)), "{vi} in {context:?}");
            }
        }
    }

    #[test]
    fn a_context_comes_before_the_global_one() {
        let map = Keymap::shipped();
        assert_eq!(map.command(Context::Service, key("l")), Some(Command::NextPanel));
        assert_eq!(map.command(Context::List, key("l")), Some(Command::Open));
        assert_eq!(map.command(Context::Dialog, key("l")), None);
    }

    #[test]
    fn the_keys_of_a_command_leave_out_what_the_context_uses_otherwise() {
        let map = Keymap::shipped();
        assert_eq!(map.keys_of(Command::Back, Context::Dialog), [key("q"), key("esc"), key("backspace")]);
        assert_eq!(map.keys_of(Command::Quit, Context::Dialog), [key("ctrl+c")]);
        assert_eq!(map.keys_of(Command::Quit, Context::List), [key("q"), key("ctrl+c")]);
    }

    #[test]
    fn a_map_of_ones_own_needs_only_what_differs() {
        let map = over("[global]\nz = \"pause\"\np = \"none\"\n").unwrap();
        assert_eq!(map.command(Context::List, key("z")), Some(Command::Pause));
        assert_eq!(map.command(Context::List, key("p")), None);
        assert_eq!(map.command(Context::List, key("r")), Some(Command::Refresh));
    }

    #[test]
    fn slips_are_refused_with_their_place() {
        insta::assert_snapshot!(
            over("[globl]\nq = \"quit\"\n[list]\nhyper = \"open\"\nesc = \"bak\"\nescape = \"back\"\n").unwrap_err()
        );
    }

    #[test]
    fn a_map_without_a_way_out_is_refused() {
        let gone = over("[global]\nq = \"none\"\n\"ctrl+c\" = \"none\"\n").unwrap_err();
        assert!(gone.contains("leaves no key for `quit`"), "{gone}");
    }
}
