//! The command palette: what matches, the best first.

use ratatui::layout::Rect;

use super::field::input;
use super::frame::{self, Content, FRAME_COLUMNS};
use crate::config::theme::Role;
use crate::state::State;
use crate::state::lists::{self, PaletteEntry};
use crate::view::part::page::{Row, pad, piece, window};
use crate::view::part::pen::Pen;

/// The widest that the box gets.
const WIDEST: u16 = 90;

/// The most matches that are shown at once.
const MOST: u16 = 16;

/// Columns of a label.
const LABELS: usize = 30;

/// Draws the palette: what was typed, and its matches.
pub fn draw(screen: Rect, state: &State, (text, selected): (&str, usize), pen: &mut Pen<'_>) {
    let entries = lists::palette(state, text);
    let shown = MOST.min(screen.height.saturating_sub(FRAME_COLUMNS + 2)).max(1);
    let selected = selected.min(entries.len().saturating_sub(1));
    let from = window(selected, entries.len(), shown);
    let mut body: Vec<Row> = vec![input(": ", text)];
    body.extend(entries.iter().enumerate().skip(from).take(shown.into()).map(|(at, entry)| row(entry, at == selected)));
    body.resize(usize::from(shown) + 1, Row::new());
    let content = Content { title: title(), body, foot: vec![foot(entries.len())], ..Content::default() };
    let area = frame::draw(screen, WIDEST, &content, pen);
    if let (false, Ok(at)) = (entries.is_empty(), u16::try_from(selected - from + 1)) {
        pen.select(Rect { y: area.y + at, height: 1, ..area }.intersection(area));
    }
}

fn title() -> Row {
    vec![piece(Role::Title, "commands, actions, services, runbooks")]
}

fn row(entry: &PaletteEntry, selected: bool) -> Row {
    let mark = if selected { "▸ " } else { "  " };
    vec![
        piece(Role::Key, mark),
        piece(Role::Title, pad(&entry.label, LABELS)),
        piece(Role::Muted, format!("  {}", entry.hint)),
    ]
}

fn foot(matches: usize) -> Row {
    let count = match matches {
        0 => "nothing matches".to_owned(),
        1 => "1 match".to_owned(),
        _ => format!("{matches} matches"),
    };
    vec![piece(Role::Muted, format!("{count} · ↑ ↓ choose · Enter runs it · Esc closes"))]
}
