//! Cutting text to columns, at graphemes, never inside one.

use std::borrow::Cow;

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// Columns that a text takes.
pub fn width(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.width() }
}

/// The text, cut to `columns` and marked with `…` where something was lost.
pub fn clip(text: &str, columns: usize) -> Cow<'_, str> {
    if width(text) <= columns {
        return Cow::Borrowed(text);
    }
    if columns == 0 {
        return Cow::Borrowed("");
    }
    let mut used = 0;
    let fits = |grapheme: &&str| {
        used += grapheme.width();
        used < columns
    };
    let mut cut: String = text.graphemes(true).take_while(fits).collect();
    cut.push('…');
    Cow::Owned(cut)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_text_says_so_and_keeps_its_columns() {
        assert_eq!(clip("courses-service", 8), "courses…");
        assert_eq!(clip("short", 8), "short");
        assert_eq!(clip("abc", 0), "");
        assert_eq!(clip("abc", 1), "…");
    }

    #[test]
    fn a_wide_character_is_never_cut_in_half() {
        assert_eq!(clip("日本語", 4), "日…");
        assert!(width(&clip("日本語", 5)) <= 5);
    }
}
