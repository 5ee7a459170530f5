//! A list: rows of which one is selected, between rows that stay.

use ratatui::layout::Rect;

use super::page::{self, Row, piece, window};
use super::pen::Pen;
use crate::config::theme::Role;

/// What a list shows.
#[derive(Debug, Default)]
pub struct List {
    /// Rows that stay at the top: the heading, the titles of the columns.
    pub head: Vec<Row>,
    /// The rows.
    pub rows: Vec<Row>,
    /// The selected one.
    pub selected: Option<usize>,
    /// Rows that stay at the bottom: what belongs to the selected one.
    pub foot: Vec<Row>,
}

/// Draws a list, its foot right below its rows. Where there is too little room, the foot goes first, then rows; the
/// selected one stays.
pub fn draw(area: Rect, list: &List, pen: &mut Pen<'_>) {
    let area = Rect { x: area.x + 1.min(area.width), width: area.width.saturating_sub(2), ..area };
    let head = rows(list.head.len()).min(area.height);
    let least = rows(list.rows.len()).min(3);
    let foot = rows(list.foot.len()).min((area.height - head).saturating_sub(least));
    let middle = (area.height - head - foot).min(rows(list.rows.len()));
    let middle = Rect { y: area.y + head, height: middle, ..area };
    page::paint(Rect { height: head, ..area }, &list.head, 0, pen);
    body(middle, list, pen);
    page::paint(Rect { y: middle.bottom(), height: foot, ..area }, &list.foot, 0, pen);
}

fn rows(count: usize) -> u16 {
    u16::try_from(count).unwrap_or(u16::MAX)
}

fn body(area: Rect, list: &List, pen: &mut Pen<'_>) {
    let selected = list.selected.map(|selected| selected.min(list.rows.len().saturating_sub(1)));
    let from = window(selected.unwrap_or(0), list.rows.len(), area.height);
    page::paint(area, &list.rows, from, pen);
    if let Some(at) = selected.map(|selected| rows(selected.saturating_sub(from))).filter(|at| *at < area.height) {
        pen.select(Rect { y: area.y + at, height: 1, ..area });
    }
    let below = list.rows.len().saturating_sub(from + usize::from(area.height));
    if from + below > 0 && area.y > 0 {
        pen.right(area.x, area.y - 1, area.width, &format!(" {from} above, {below} below "), Role::Warning);
    }
}

/// A screen's heading: its name, and what to know at a glance.
pub fn heading(name: &str, glance: Row) -> Row {
    let mut row = vec![piece(Role::Title, format!("{name}  "))];
    row.extend(glance);
    row
}

/// Says that the filter hides everything, or what an empty list means.
pub fn empty(filter: &str, meaning: Row) -> Row {
    if filter.is_empty() {
        meaning
    } else {
        vec![piece(Role::Warning, format!("nothing matches the filter “{filter}”"))]
    }
}
