//! Panels side by side: as many as are readable, in pages; a line names those that are not in sight.

use std::ops::Range;

use ratatui::layout::{Constraint, Layout, Rect};

use super::Shown;
use crate::config::theme::Role;
use crate::view::part::{Bit, Pen, bit};

/// From this size of the screen on panels are shown side by side: columns, rows. A terminal of 120×26 has it, header and
/// footer taken off.
const LEAST: (u16, u16) = (120, 22);

/// From this width on three panels stand in a row.
const THREE_ACROSS: u16 = 180;

/// The lowest that a panel is readable, its frame included.
const PANEL_ROWS: u16 = 10;

/// Whether there is room for a grid.
pub(super) fn fits(area: Rect) -> bool {
    area.width >= LEAST.0 && area.height >= LEAST.1
}

/// Left to right in rows, as [`panels`](crate::view::panel::panels) lists them.
pub(super) fn draw(area: Rect, shown: &Shown<'_>, pen: &mut Pen<'_>) {
    let count = shown.panels.len();
    let whole = page(area, count, shown.focus);
    if whole.len() == count {
        return cells(area, whole, shown, pen);
    }
    let [area, below] = Layout::vertical([Constraint::Min(0), Constraint::Length(1)]).areas(area);
    let page = page(area, count, shown.focus);
    pen.line(below.x + 1, below.y, below.width.saturating_sub(2), &also(shown, &page));
    cells(area, page, shown, pen);
}

fn across(area: Rect, count: usize) -> usize {
    if area.width >= THREE_ACROSS && count > 4 { 3 } else { 2 }
}

/// The panels in sight: the page that the focused one is on. The last page is filled up from the one before it.
fn page(area: Rect, count: usize, focus: usize) -> Range<usize> {
    let rows = usize::from(area.height / PANEL_ROWS).max(1);
    let room = (rows * across(area, count)).min(count).max(1);
    let from = (focus / room * room).min(count.saturating_sub(room));
    from..count.min(from + room)
}

/// As few rows as hold them all; an incomplete last row is spread across the width.
fn cells(area: Rect, page: Range<usize>, shown: &Shown<'_>, pen: &mut Pen<'_>) {
    let indices: Vec<usize> = page.collect();
    let rows: Vec<&[usize]> = indices.chunks(across(area, indices.len())).collect();
    for (row, area) in rows.iter().zip(Layout::vertical(vec![Constraint::Fill(1); rows.len()]).split(area).iter()) {
        let cells = Layout::horizontal(vec![Constraint::Fill(1); row.len()]).split(*area);
        for (index, cell) in row.iter().zip(cells.iter()) {
            shown.panel(*index, *cell, pen);
        }
    }
}

/// `also: releases, logs (tab)`.
fn also(shown: &Shown<'_>, page: &Range<usize>) -> Vec<Bit<'static>> {
    let hidden = shown.panels.iter().enumerate().filter(|(index, _)| !page.contains(index));
    let names: Vec<&str> = hidden.map(|(_, panel)| panel.name).collect();
    vec![bit(Role::Muted, "also: "), bit(Role::Text, names.join(", ")), bit(Role::Muted, "  (tab)")]
}
