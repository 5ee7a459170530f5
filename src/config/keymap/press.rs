//! One key with its modifiers: as a keymap writes it, and as the terminal sends it.

use std::fmt;
use std::str::FromStr;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// A key with its modifiers, in one form only: shift is part of a character and counts else with tab alone (`BackTab`), as
/// terminals differ in sending it; a letter with control or alt is small. Build one with `from` or `parse`, so that equal keys are equal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct KeyPress {
    /// The key.
    pub code: KeyCode,
    /// Control, alt; shift is part of the character.
    pub modifiers: KeyModifiers,
}

/// Keys with names. The first name of a key is the one that is shown.
const NAMED: &[(&str, KeyCode)] = &[
    ("enter", KeyCode::Enter),
    ("return", KeyCode::Enter),
    ("esc", KeyCode::Esc),
    ("escape", KeyCode::Esc),
    ("space", KeyCode::Char(' ')),
    ("tab", KeyCode::Tab),
    ("backspace", KeyCode::Backspace),
    ("delete", KeyCode::Delete),
    ("insert", KeyCode::Insert),
    ("home", KeyCode::Home),
    ("end", KeyCode::End),
    ("pageup", KeyCode::PageUp),
    ("pagedown", KeyCode::PageDown),
    ("up", KeyCode::Up),
    ("down", KeyCode::Down),
    ("left", KeyCode::Left),
    ("right", KeyCode::Right),
];

const MODIFIERS: &[(&str, KeyModifiers)] =
    &[("ctrl+", KeyModifiers::CONTROL), ("alt+", KeyModifiers::ALT), ("shift+", KeyModifiers::SHIFT)];

impl KeyPress {
    /// The one form of a key.
    pub fn new(code: KeyCode, modifiers: KeyModifiers) -> Self {
        let shift = modifiers.contains(KeyModifiers::SHIFT);
        let modifiers = modifiers & (KeyModifiers::CONTROL | KeyModifiers::ALT);
        let code = match code {
            KeyCode::Char(c) if !modifiers.is_empty() => KeyCode::Char(c.to_ascii_lowercase()),
            KeyCode::Char(c) if shift => KeyCode::Char(c.to_ascii_uppercase()),
            KeyCode::Tab if shift => KeyCode::BackTab,
            other => other,
        };
        Self { code, modifiers }
    }

    /// The character that it types into a text field, if it types one.
    pub fn typed(self) -> Option<char> {
        match self.code {
            KeyCode::Char(c) if self.modifiers.is_empty() => Some(c),
            _ => None,
        }
    }
}

impl From<KeyEvent> for KeyPress {
    fn from(event: KeyEvent) -> Self {
        Self::new(event.code, event.modifiers)
    }
}

/// Reads a key as keymaps write it; the error is a sentence.
impl FromStr for KeyPress {
    type Err = String;

    fn from_str(written: &str) -> Result<Self, String> {
        let (mut rest, mut modifiers) = (written, KeyModifiers::NONE);
        while let Some((prefix, modifier)) =
            MODIFIERS.iter().find(|(prefix, _)| rest.len() > prefix.len() && rest.starts_with(prefix))
        {
            rest = &rest[prefix.len()..];
            modifiers |= *modifier;
        }
        let code = code(rest).ok_or_else(|| format!("`{written}` is not a key"))?;
        if modifiers.contains(KeyModifiers::SHIFT) && code != KeyCode::Tab {
            return Err(format!(
                "`{written}`: shift counts with tab only; else write the character that it gives, such as `G`"
            ));
        }
        Ok(Self::new(code, modifiers))
    }
}

fn code(name: &str) -> Option<KeyCode> {
    if let Some((_, code)) = NAMED.iter().find(|(known, _)| *known == name) {
        return Some(*code);
    }
    let mut characters = name.chars();
    match (characters.next(), characters.next()) {
        (Some(c), None) if !c.is_control() && !c.is_whitespace() => Some(KeyCode::Char(c)),
        (Some('f'), Some(_)) => name[1..].parse().ok().filter(|number| (1..=12).contains(number)).map(KeyCode::F),
        _ => None,
    }
}

/// As keymaps write it.
impl fmt::Display for KeyPress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (prefix, modifier) in MODIFIERS {
            if self.modifiers.contains(*modifier) {
                f.write_str(prefix)?;
            }
        }
        let named = NAMED.iter().find(|(_, code)| *code == self.code);
        match (named, self.code) {
            (Some((name, _)), _) => f.write_str(name),
            (None, KeyCode::BackTab) => f.write_str("shift+tab"),
            (None, KeyCode::F(number)) => write!(f, "f{number}"),
            (None, KeyCode::Char(c)) => write!(f, "{c}"),
            (None, other) => write!(f, "{other}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_reads_as_it_is_shown() {
        for written in
            ["g", "G", "?", "+", "-", "ctrl+c", "alt+x", "shift+tab", "enter", "space", "f1", "f12", "pageup", "ctrl++"]
        {
            let key: KeyPress = written.parse().unwrap();
            assert_eq!(key.to_string(), written);
        }
    }

    #[test]
    fn what_is_no_key_is_refused() {
        for written in ["", "hyper", "shift+g", "f0", "f13", "ctrl+", "gg", "\n"] {
            assert!(written.parse::<KeyPress>().is_err(), "{written:?}");
        }
    }

    #[test]
    fn however_a_terminal_sends_shift_the_key_is_the_same() {
        let sent = |code, modifiers| KeyPress::from(KeyEvent::new(code, modifiers)).to_string();
        assert_eq!(sent(KeyCode::Char('G'), KeyModifiers::SHIFT), "G");
        assert_eq!(sent(KeyCode::Char('g'), KeyModifiers::SHIFT), "G");
        assert_eq!(sent(KeyCode::Char('?'), KeyModifiers::SHIFT), "?");
        assert_eq!(sent(KeyCode::BackTab, KeyModifiers::SHIFT), "shift+tab");
        assert_eq!(sent(KeyCode::Tab, KeyModifiers::SHIFT), "shift+tab");
        assert_eq!(sent(KeyCode::Char('C'), KeyModifiers::CONTROL | KeyModifiers::SHIFT), "ctrl+c");
    }

    #[test]
    fn only_a_plain_character_types() {
        let typed = |written: &str| written.parse::<KeyPress>().unwrap().typed();
        assert_eq!(typed("a"), Some('a'));
        assert_eq!(typed("space"), Some(' '));
        assert_eq!(typed("ctrl+a"), None);
        assert_eq!(typed("enter"), None);
    }
}
