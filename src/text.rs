//! The one sanitiser: text from outside becomes [`Text`], and only that reaches a screen, a log or an export.
//!
//! Control characters, bidirectional overrides, zero-width and tag characters are shown as U+FFFD, so that a label can
//! neither move the cursor nor spoof a name; runs of combining marks are cut; the length is bounded.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use unicode_segmentation::UnicodeSegmentation;

/// The longest text that is kept, in bytes; the rest is cut and marked with `…`.
pub const LONGEST: usize = 4096;

/// The most combining marks that one grapheme keeps.
const COMBINING: usize = 4;

/// Text that came from outside and has been made safe to show.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(from = "String")]
pub struct Text(Arc<str>);

impl Text {
    /// Cleans `raw`: what is unsafe becomes U+FFFD, line ends and tabs become spaces, the length is bounded.
    pub fn clean(raw: &str) -> Self {
        Self(Arc::from(sanitise(raw)))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<String> for Text {
    fn from(raw: String) -> Self {
        Self::clean(&raw)
    }
}

impl From<&str> for Text {
    fn from(raw: &str) -> Self {
        Self::clean(raw)
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl AsRef<str> for Text {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl std::ops::Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

fn sanitise(raw: &str) -> String {
    let mut out = String::with_capacity(raw.len().min(LONGEST));
    for grapheme in raw.graphemes(true) {
        if out.len() + grapheme.len().min(16) > LONGEST {
            out.push('…');
            break;
        }
        out.extend(grapheme.chars().take(1 + COMBINING).map(safe));
    }
    out
}

fn safe(c: char) -> char {
    match c {
        '\n' | '\r' | '\t' => ' ',
        _ if is_unsafe(c) => char::REPLACEMENT_CHARACTER,
        _ => c,
    }
}

/// Whether a character may act on a terminal or hide in a name: controls, bidi marks, zero width, tags, interlinear marks.
pub fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{061C}' | '\u{00AD}' | '\u{034F}' | '\u{180E}'
            | '\u{200B}'..='\u{200F}'
            | '\u{2028}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}'
            | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}'
            | '\u{E0000}'..='\u{E007F}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_escape_sequence_loses_its_escape() {
        assert_eq!(Text::clean("1\u{1b}[2J0").as_str(), "1\u{fffd}[2J0");
    }

    #[test]
    fn a_bidi_override_cannot_spoof_a_name() {
        assert_eq!(Text::clean("app\u{202e}dorp").as_str(), "app\u{fffd}dorp");
    }

    #[test]
    fn a_combining_flood_is_cut() {
        let flood = format!("a{}b", "\u{0301}".repeat(10_000));
        assert_eq!(Text::clean(&flood).chars().count(), 1 + COMBINING + 1);
    }

    #[test]
    fn a_long_text_is_bounded_and_marked() {
        let long = Text::clean(&"x".repeat(100_000));
        assert!(long.len() <= LONGEST + 3 && long.ends_with('…'));
    }
}
