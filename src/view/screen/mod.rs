//! Screens, one file each.

pub mod overview;

use ratatui::layout::Rect;

use super::part::Pen;
use crate::state::{Screen, State};

/// Draws the screen that is shown.
pub fn draw(area: Rect, state: &State, pen: &mut Pen<'_>) {
    if let Some(Screen::Overview { selected }) = state.screens.last() {
        overview::draw(area, *selected, state, pen);
    }
}
