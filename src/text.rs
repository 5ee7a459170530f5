//! The one sanitiser: text from outside becomes [`Text`], and only that reaches a screen, a log or an export.
//!
//! Control characters, bidirectional overrides, zero-width and tag characters are shown as U+FFFD, so that a label can
//! neither move the cursor nor spoof a name; runs of combining marks are cut; the length is bounded.

pub mod mask;

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use unicode_width::UnicodeWidthChar;

/// The longest text that is kept, in bytes, the sign `…` of a cut included.
pub const LONGEST: usize = 4096;

/// The most combining marks that one character keeps.
const COMBINING: usize = 4;

/// What stands where a text was cut.
const CUT: char = '…';

/// Text that came from outside and has been made safe to show.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(from = "String")]
pub struct Text(Arc<str>);

impl Text {
    /// Cleans `raw`: what is unsafe becomes U+FFFD, line ends and tabs become spaces, the length is bounded.
    pub fn clean(raw: &str) -> Self {
        // Most text is plain: nothing of it is unsafe, and nothing is longer than it looks.
        let is_plain = raw.len() <= LONGEST && raw.bytes().all(|byte| matches!(byte, b' '..=b'~'));
        if is_plain { Self(Arc::from(raw)) } else { Self(Arc::from(sanitise(raw))) }
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

/// Cleaned text stays as it is when it is cleaned again, or what was written to a file and read back would be another text
/// with another digest: so marks are counted in what comes out, and the cut leaves room for its sign.
fn sanitise(raw: &str) -> String {
    let mut out = String::with_capacity(raw.len().min(LONGEST));
    let (mut marks, mut fits) = (0, 0);
    for c in raw.chars().map(safe) {
        let is_mark = c.width() == Some(0);
        marks = if is_mark { marks + 1 } else { 0 };
        if marks > COMBINING {
            continue;
        }
        if !is_mark && out.len() + CUT.len_utf8() <= LONGEST {
            fits = out.len();
        }
        out.push(c);
        if out.len() > LONGEST {
            out.truncate(fits);
            out.push(CUT);
            break;
        }
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
