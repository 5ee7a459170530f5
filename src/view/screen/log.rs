//! The console's own doings: what it did, what sources failed, newest at the bottom.

use ratatui::layout::Rect;

use crate::config::theme::Role;
use crate::state::{LogLine, State, lists};
use crate::view::part::page::{self, Page, Row, piece};
use crate::view::part::pen::Pen;
use crate::view::part::{list, signs, words};

/// Columns before a line's text: time and level.
const HANG: usize = 21;

/// Draws the log, scrolled up by so many lines from the newest.
pub fn draw(area: Rect, scroll: usize, state: &State, pen: &mut Pen<'_>) {
    let area = Rect { x: area.x + 1.min(area.width), width: area.width.saturating_sub(2), ..area };
    let lines = lists::log(state);
    let newest = lines.len().saturating_sub(scroll);
    let glance = if scroll == 0 { "newest at the bottom".to_owned() } else { format!("{scroll} newer lines below") };
    let heading = list::heading("LOG", vec![piece(Role::Muted, format!("{} lines, {glance}", lines.len()))]);
    page::paint(area, &[heading], 0, pen);
    let body = Rect { y: area.y + 1.min(area.height), height: area.height.saturating_sub(1), ..area };
    let shown = lines[..newest].iter().copied().rev().take(body.height.into());
    let mut rows = rows(shown, area.width);
    if rows.is_empty() {
        rows.push(list::empty(&state.filter, vec![piece(Role::Muted, "nothing was logged yet")]));
    }
    page::paint(body, &rows, rows.len().saturating_sub(body.height.into()), pen);
}

/// Rows of lines that are given newest first.
fn rows<'a>(lines: impl DoubleEndedIterator<Item = &'a LogLine>, columns: u16) -> Vec<Row> {
    let mut page = Page::new(columns);
    let lines: Vec<&LogLine> = lines.collect();
    for line in lines.into_iter().rev() {
        let sign = signs::level(line.level);
        let time = piece(Role::Muted, format!("{}  ", words::clock(line.at)));
        page.pieces(HANG, &[time, sign.piece(HANG - 11), piece(Role::Text, &line.text)]);
    }
    page.into_rows()
}
