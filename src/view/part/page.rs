//! Text laid out in rows of pieces, each with its role: what dialogs and text screens are made of.
//!
//! Rows know roles, not colours, so whether a text fits is a question of its words and the width alone.

use ratatui::layout::Rect;
use unicode_segmentation::UnicodeSegmentation;

use super::clip::{clip, width};
use super::pen::{Bit, Pen, bit};
use crate::config::theme::Role;
use crate::text::Text;

/// Columns of a field's label, the gap included.
pub const LABEL: usize = 10;

/// One row of cells, from left to right.
pub type Row = Vec<Bit<'static>>;

/// A piece of a row. Cleans its text: whatever it came from, it cannot leave its row.
pub fn piece(role: Role, text: impl AsRef<str>) -> Bit<'static> {
    bit(role, Text::clean(text.as_ref()).to_string())
}

/// Rows of one width, built from top to bottom; what is too wide is wrapped between words.
#[derive(Debug, Clone, Default)]
pub struct Page {
    width: usize,
    rows: Vec<Row>,
}

impl Page {
    /// An empty page of `width` columns.
    pub fn new(width: u16) -> Self {
        Self { width: usize::from(width), rows: Vec::new() }
    }

    /// Its width, in columns.
    pub fn width(&self) -> usize {
        self.width
    }

    /// How many rows it has so far.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether it has no row yet.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// An empty row.
    pub fn blank(&mut self) {
        self.rows.push(Row::new());
    }

    /// A row exactly as it is; what is too wide for the page is cut when it is painted.
    pub fn row(&mut self, row: Row) {
        self.rows.push(row);
    }

    /// A text of one role, wrapped.
    pub fn text(&mut self, role: Role, text: impl AsRef<str>) {
        self.pieces(0, &[piece(role, text)]);
    }

    /// Pieces, wrapped; rows after the first are indented by `hang` columns.
    pub fn pieces(&mut self, hang: usize, pieces: &[Bit<'static>]) {
        self.rows.extend(wrap(pieces, self.width, hang));
    }

    /// A label and what belongs to it, wrapped beside it.
    pub fn field(&mut self, label: &str, pieces: &[Bit<'static>]) {
        self.field_of(LABEL, label, pieces);
    }

    /// The same with a label of so many columns.
    pub fn field_of(&mut self, columns: usize, label: &str, pieces: &[Bit<'static>]) {
        let mut all = vec![piece(Role::Muted, pad(label, columns))];
        all.extend_from_slice(pieces);
        self.pieces(columns, &all);
    }

    /// The rows.
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// The rows, to keep.
    pub fn into_rows(self) -> Vec<Row> {
        self.rows
    }
}

/// Paints rows from the row `from` on, as far as the area reaches.
pub fn paint(area: Rect, rows: &[Row], from: usize, pen: &mut Pen<'_>) {
    pen.lines(area, rows.iter().skip(from));
}

/// Paints rows scrolled down by at most what does not fit, and says on the frame below how many are hidden.
pub fn paint_scrolled(area: Rect, rows: &[Row], scroll: usize, pen: &mut Pen<'_>) {
    let from = scroll.min(rows.len().saturating_sub(area.height.into()));
    paint(area, rows, from, pen);
    let below = rows.len().saturating_sub(from + usize::from(area.height));
    if from + below > 0 {
        let text = format!(" {from} above, {below} below ");
        pen.right(area.x, area.bottom(), area.width, &text, Role::Warning);
    }
}

/// The first row to paint so that row `selected` of `len` stands in a window of `height` rows, near its middle.
pub fn window(selected: usize, len: usize, height: u16) -> usize {
    let height = usize::from(height);
    selected.saturating_sub(height / 2).min(len.saturating_sub(height))
}

/// The text cut or filled with blanks to exactly `columns`.
pub fn pad(text: &str, columns: usize) -> String {
    let mut out = clip(text, columns).into_owned();
    let missing = columns.saturating_sub(width(&out));
    out.extend(std::iter::repeat_n(' ', missing));
    out
}

/// The longest beginning of the text that is at most so many columns wide.
fn head(text: &str, columns: usize) -> &str {
    let mut used = 0;
    for (at, grapheme) in text.grapheme_indices(true) {
        used += width(grapheme);
        if used > columns {
            return &text[..at];
        }
    }
    text
}

fn wrap(pieces: &[Bit<'_>], columns: usize, hang: usize) -> Vec<Row> {
    let (columns, hang) = (columns.max(1), hang.min(columns / 2));
    let mut wrapping = Wrapping { rows: vec![Row::new()], column: 0, columns, hang };
    for (role, text) in pieces {
        for word in text.split_inclusive(' ') {
            wrapping.word(*role, word);
        }
    }
    wrapping.rows
}

struct Wrapping {
    rows: Vec<Row>,
    column: usize,
    columns: usize,
    hang: usize,
}

impl Wrapping {
    fn word(&mut self, role: Role, word: &str) {
        if !self.takes(word) && self.column > self.hang {
            self.next_row();
        }
        let mut rest = word;
        while !self.takes(rest) {
            let part = head(rest, self.columns.saturating_sub(self.column));
            if part.is_empty() && self.column <= self.hang {
                return; // not even one grapheme fits
            }
            self.put(role, part);
            rest = &rest[part.len()..];
            self.next_row();
        }
        self.put(role, rest);
    }

    /// Whether the row has room for a word; a blank behind it may be lost at the edge.
    fn takes(&self, word: &str) -> bool {
        self.column + width(word.trim_end()) <= self.columns
    }

    fn put(&mut self, role: Role, text: &str) {
        let left = self.columns.saturating_sub(self.column);
        self.column += width(text);
        let text = if width(text) > left { text.trim_end() } else { text };
        let Some(row) = self.rows.last_mut() else { return };
        match row.last_mut() {
            Some((last, kept)) if *last == role => kept.to_mut().push_str(text),
            _ => row.push(bit(role, text.to_owned())),
        }
    }

    fn next_row(&mut self) {
        self.rows.push(vec![bit(Role::Text, " ".repeat(self.hang))]);
        self.column = self.hang;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn plain(rows: &[Row]) -> Vec<String> {
        rows.iter().map(|row| row.iter().map(|(_, text)| text.as_ref()).collect::<String>()).collect()
    }

    #[test]
    fn a_long_field_wraps_beside_its_label() {
        let mut page = Page::new(24);
        page.field("undo", &[piece(Role::Text, "scale rtech-app desired=2")]);
        assert_eq!(plain(page.rows()), ["undo      scale ", "          rtech-app ", "          desired=2"]);
    }

    #[test]
    fn a_word_wider_than_the_page_is_broken_and_nothing_is_lost() {
        let mut page = Page::new(4);
        page.text(Role::Text, "abcdefghij");
        assert_eq!(plain(page.rows()), ["abcd", "efgh", "ij"]);
    }

    #[test]
    fn text_from_outside_cannot_leave_its_row() {
        let mut page = Page::new(40);
        page.text(Role::Text, "a\nb\u{1b}[2J\u{202e}c");
        assert_eq!(plain(page.rows()), ["a b\u{fffd}[2J\u{fffd}c"]);
    }

    #[test]
    fn a_padded_text_has_exactly_its_columns() {
        assert_eq!(pad("rtech-app", 5), "rtec…");
        assert_eq!(pad("目", 4), "目  ");
        assert_eq!(pad("x", 0), "");
    }

    #[test]
    fn the_selected_row_stays_in_the_window() {
        assert_eq!(window(0, 100, 10), 0);
        assert_eq!(window(50, 100, 10), 45);
        assert_eq!(window(99, 100, 10), 90);
        assert_eq!(window(3, 5, 10), 0);
        assert_eq!(window(3, 5, 0), 3);
    }

    proptest! {
        #[test]
        fn no_row_is_wider_than_its_page(text in "\\PC{0,200}", columns in 2u16..60, hang in 0usize..20) {
            let mut page = Page::new(columns);
            page.pieces(hang, &[piece(Role::Text, &text)]);
            for row in plain(page.rows()) {
                prop_assert!(super::width(&row) <= usize::from(columns), "{row:?}");
            }
        }

        #[test]
        fn wrapping_loses_nothing_but_blanks(text in "[a-z目 ]{0,200}", columns in 4u16..40) {
            let mut page = Page::new(columns);
            page.text(Role::Text, &text);
            let kept: String = plain(page.rows()).concat().split_whitespace().collect();
            let given: String = text.split_whitespace().collect();
            prop_assert_eq!(kept, given);
        }
    }
}
