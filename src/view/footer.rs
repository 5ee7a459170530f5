//! The footer: filter, range and notice; below them the keys of the screen.

use ratatui::layout::Rect;

use super::part::age;
use super::part::{Bit, Pen, bit};
use crate::config::theme::Role;
use crate::event::LogLevel;
use crate::state::State;

/// Rows of the footer.
pub const ROWS: u16 = 2;

/// Draws the footer.
pub fn draw(area: Rect, state: &State, pen: &mut Pen<'_>) {
    if area.height == 0 {
        return;
    }
    let used = pen.line(area.x + 1, area.y, area.width.saturating_sub(2), &view_bits(state));
    notice(Rect { x: area.x + used + 3, width: area.width.saturating_sub(used + 4), ..area }, state, pen);
}

/// What narrows the view: the range of the graphs and the filter.
fn view_bits(state: &State) -> Vec<Bit<'static>> {
    let mut bits = vec![bit(Role::Muted, "range "), bit(Role::Text, age::window(state.range))];
    if !state.filter.is_empty() {
        bits.push(bit(Role::Warning, format!("  filter “{}”", state.filter)));
    }
    bits
}

fn notice(area: Rect, state: &State, pen: &mut Pen<'_>) {
    let Some(notice) = state.notice.as_ref().filter(|notice| state.now.mono < notice.until) else { return };
    let (word, role) = match notice.level {
        LogLevel::Info => ("", Role::Text),
        LogLevel::Warning => ("warning: ", Role::Warning),
        LogLevel::Error => ("error: ", Role::Critical),
    };
    pen.right(area.x, area.y, area.width, &format!("{word}{}", notice.text), role);
}
