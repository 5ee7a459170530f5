//! State → cells. Views are pure functions of (&State, &Theme, size).
//!
//! `draw` lays out header, screen and footer, puts the overlay on top, and sweeps all cells at the end. A screen is a file
//! of `screen/`, a panel of the service screen is a file of `panel/` and a line in [`panel::PANELS`].

pub mod dialog;
pub mod footer;
pub mod header;
pub mod links;
pub mod panel;
pub mod part;
pub mod screen;
pub mod svg;

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};

use crate::config::theme::{Role, Theme};
use crate::state::State;
use part::Pen;

/// The smallest terminal that a screen fits into: columns, rows.
pub const SMALLEST: (u16, u16) = (60, 15);

/// Draws everything that is shown.
pub fn draw(frame: &mut Frame<'_>, state: &State, theme: &Theme) {
    let area = frame.area();
    let mut pen = Pen::new(frame.buffer_mut(), theme);
    pen.fill(area, Role::Text);
    if area.width < SMALLEST.0 || area.height < SMALLEST.1 {
        too_small(area, state, &mut pen);
    } else {
        console(area, state, &mut pen);
        dialog::draw(area, state, &mut pen);
    }
    part::sweep::sweep(frame.buffer_mut(), &state.config);
}

/// Header, screen, footer.
fn console(area: Rect, state: &State, pen: &mut Pen<'_>) {
    let rows = [Constraint::Length(header::ROWS), Constraint::Min(0), Constraint::Length(footer::ROWS)];
    let [top, middle, bottom] = Layout::vertical(rows).areas(area);
    header::draw(top, state, pen);
    screen::draw(middle, state, pen);
    footer::draw(bottom, state, pen);
}

/// What still fits: where one is, and that the rest does not.
fn too_small(area: Rect, state: &State, pen: &mut Pen<'_>) {
    let message = format!("terminal too small: {}x{}, needs {}x{}", area.width, area.height, SMALLEST.0, SMALLEST.1);
    let top = Rect { height: area.height.saturating_sub(1).min(header::ROWS), ..area };
    header::draw(top, state, pen);
    let below = area.y + top.height;
    pen.text(area.x, below, area.width, &message, Role::Warning);
    if state.overlay.is_some() {
        pen.text(area.x, below + 1, area.width, "a dialog is open but not shown: enlarge, or press esc", Role::Warning);
    }
}
