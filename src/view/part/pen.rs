//! Writes into cells: text with a role, cut to its columns; never outside the buffer.

use std::borrow::Cow;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};

use super::clip::{clip, width};
use crate::config::theme::{Role, Theme};

/// A piece of a line: what it means, and its text.
pub type Bit<'a> = (Role, Cow<'a, str>);

/// A piece of a line.
pub fn bit<'a>(role: Role, text: impl Into<Cow<'a, str>>) -> Bit<'a> {
    (role, text.into())
}

/// Columns that a line takes.
pub fn columns(bits: &[Bit<'_>]) -> usize {
    bits.iter().map(|(_, text)| width(text)).sum()
}

/// A buffer, and the theme that it is painted with.
pub struct Pen<'a> {
    /// The cells.
    pub buffer: &'a mut Buffer,
    /// Roles to styles.
    pub theme: &'a Theme,
}

impl<'a> Pen<'a> {
    /// A pen on a buffer.
    pub fn new(buffer: &'a mut Buffer, theme: &'a Theme) -> Self {
        Self { buffer, theme }
    }

    /// Writes `text` from `(x, y)` into at most `columns`; what is cut is marked with `…`. Returns the columns used.
    pub fn text(&mut self, x: u16, y: u16, columns: u16, text: &str, role: Role) -> u16 {
        let room = self.room(x, y, columns);
        if room == 0 || text.is_empty() {
            return 0;
        }
        // A blank that is lost at the edge is no loss.
        let text = if width(text) > room.into() { text.trim_end() } else { text };
        let style = self.theme.style(role);
        // Bold or dim of what was there before must not shine through.
        let style = style.remove_modifier(Modifier::all().difference(style.add_modifier));
        let (end, _) = self.buffer.set_stringn(x, y, clip(text, room.into()), room.into(), style);
        end.saturating_sub(x)
    }

    /// Writes `text` so that it ends at the last of `columns`.
    pub fn right(&mut self, x: u16, y: u16, columns: u16, text: &str, role: Role) {
        let used = u16::try_from(width(text)).unwrap_or(u16::MAX).min(columns);
        self.text(x + (columns - used), y, used, text, role);
    }

    /// Writes a line of pieces; returns the columns used.
    pub fn line(&mut self, x: u16, y: u16, columns: u16, bits: &[Bit<'_>]) -> u16 {
        let mut used = 0;
        for (role, text) in bits {
            if used >= columns {
                break;
            }
            used += self.text(x.saturating_add(used), y, columns - used, text, *role);
        }
        used
    }

    /// Writes lines below each other, as many as the area has rows.
    pub fn lines<'b>(&mut self, area: Rect, lines: impl IntoIterator<Item = &'b Vec<Bit<'b>>>) {
        for (y, line) in (area.top()..area.bottom()).zip(lines) {
            self.line(area.x, y, area.width, line);
        }
    }

    /// Gives an area a role's style and keeps its text.
    pub fn fill(&mut self, area: Rect, role: Role) {
        let area = area.intersection(self.buffer.area);
        self.buffer.set_style(area, self.theme.style(role));
    }

    /// Marks a row as selected: the role's background and modifiers; colours that say a state stay.
    pub fn select(&mut self, area: Rect) {
        let selected = self.theme.style(Role::Selected);
        let area = area.intersection(self.buffer.area);
        self.buffer.set_style(area, Style { fg: None, ..selected });
    }

    /// A horizontal rule.
    pub fn rule(&mut self, area: Rect, role: Role) {
        let style = self.theme.style(role);
        for x in area.left()..area.right() {
            if let Some(cell) = self.buffer.cell_mut((x, area.y)) {
                cell.set_symbol("─").set_style(style);
            }
        }
    }

    fn room(&self, x: u16, y: u16, columns: u16) -> u16 {
        let area = self.buffer.area;
        let inside = y >= area.top() && y < area.bottom() && x >= area.left() && x < area.right();
        if inside { columns.min(area.right() - x) } else { 0 }
    }
}
