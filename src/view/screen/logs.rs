//! The log of a service: its lines, its saved queries, the results of one.

mod lines;
mod queries;
mod results;

use ratatui::layout::Rect;

use crate::config::theme::Role;
use crate::state::State;
use crate::state::logs::{LogView, Pane, source};
use crate::view::part::age;
use crate::view::part::list;
use crate::view::part::page::{self, Row, piece};
use crate::view::part::pen::{Bit, Pen};

/// Draws the log that is looked at.
pub fn draw(area: Rect, state: &State, pen: &mut Pen<'_>) {
    let area = Rect { x: area.x + 1.min(area.width), width: area.width.saturating_sub(2), ..area };
    let Some(view) = &state.logs else { return };
    match &view.pane {
        Pane::Lines => lines::draw(area, view, state, pen),
        Pane::Queries { selected } => queries::draw(area, view, *selected, state, pen),
        Pane::Results(query) => results::draw(area, view, query, state, pen),
    }
}

/// Name, what is read, and how following goes.
fn heading(view: &LogView, glance: Row) -> Row {
    list::heading(&format!("LOG {}", view.id), glance)
}

/// The groups that are read, and what narrows them.
fn groups(view: &LogView, state: &State) -> Row {
    let groups = source(state, &view.id).map_or_else(String::new, |log| log.groups.join(" "));
    let mut row = vec![piece(Role::Muted, format!("times UTC · {groups}"))];
    if !view.filter.is_empty() {
        row.push(piece(Role::Warning, format!(" · pattern {}", view.filter)));
    }
    if let Some(least) = view.least {
        row.push(piece(Role::Warning, format!(" · only {} and louder", least.word())));
    }
    if !view.search.is_empty() {
        row.push(piece(Role::Warning, format!(" · search “{}”", view.search)));
    }
    row
}

/// How following goes: followed, off, failing; and how old the last answer is.
fn following(view: &LogView, state: &State) -> Vec<Bit<'static>> {
    let ago = view.answered.map(|at| age::short(state.now.mono.since(at.mono)));
    if let Some(error) = &view.failing {
        let last = ago.map_or_else(|| "never read".to_owned(), |ago| format!("last read {ago} ago"));
        return vec![piece(Role::Critical, format!("FAILED, {last}: {}", error.reason))];
    }
    let mut bits = match (view.follows, state.paused, ago) {
        (_, Some(_), ago) => vec![piece(Role::Warning, format!("PAUSED{}", behind(ago)))],
        (false, None, ago) => vec![piece(Role::Warning, format!("NOT FOLLOWED{}", behind(ago)))],
        (true, None, None) => vec![piece(Role::Stale, "not read yet")],
        (true, None, Some(ago)) => vec![piece(Role::Good, "following"), piece(Role::Muted, format!(" {ago}"))],
    };
    if let Some(error) = view.partly.first() {
        bits.push(piece(Role::Critical, format!("  {} group(s) FAILED: {}", view.partly.len(), error.reason)));
    }
    bits
}

fn behind(ago: Option<String>) -> String {
    ago.map_or_else(String::new, |ago| format!(", last read {ago} ago"))
}

/// Paints rows that stay at the top; returns what is left below.
fn top(area: Rect, rows: &[Row], pen: &mut Pen<'_>) -> Rect {
    page::paint(area, rows, 0, pen);
    let used = u16::try_from(rows.len()).unwrap_or(u16::MAX).min(area.height);
    Rect { y: area.y + used, height: area.height - used, ..area }
}
