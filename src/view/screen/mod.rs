//! Screens, one file each.

pub mod alerts;
pub mod backups;
pub mod costs;
pub mod log;
pub mod logs;
pub mod overview;
pub mod run;
pub mod runbook;
pub mod runbooks;
pub mod runs;
pub mod service;

use ratatui::layout::Rect;

use super::part::Pen;
use crate::state::{Screen, State};

/// Draws the screen that is shown.
pub fn draw(area: Rect, state: &State, pen: &mut Pen<'_>) {
    match state.screen() {
        Screen::Overview { selected } => overview::draw(area, *selected, state, pen),
        Screen::Service { name, panel, scroll } => service::draw(area, name, (*panel, *scroll), state, pen),
        Screen::Backups { selected } => backups::draw(area, *selected, state, pen),
        Screen::Alerts { selected } => alerts::draw(area, *selected, state, pen),
        Screen::Runbooks { selected } => runbooks::draw(area, *selected, state, pen),
        Screen::Runbook { id, session, selected } => {
            runbook::draw(area, id, (session.as_deref(), *selected), state, pen);
        }
        Screen::Runs { selected } => runs::draw(area, *selected, state, pen),
        Screen::Run { id, scroll } => run::draw(area, (id, *scroll), state, pen),
        Screen::Costs { scroll } => costs::draw(area, *scroll, state, pen),
        Screen::Logs => logs::draw(area, state, pen),
        Screen::Log { scroll } => log::draw(area, *scroll, state, pen),
    }
}
