//! What lies over the screen: one file an overlay, all in the same frame.

pub mod arguments;
pub mod confirm;
pub mod field;
pub mod frame;
pub mod help;
pub mod palette;
pub mod planning;
pub mod progress;

use ratatui::layout::Rect;

use crate::state::{Overlay, State};
use crate::view::part::pen::Pen;

/// Draws the open overlay over the whole screen; nothing if none is open.
pub fn draw(screen: Rect, state: &State, pen: &mut Pen<'_>) {
    match &state.overlay {
        None => {}
        Some(Overlay::Help { scroll }) => help::draw(screen, state, *scroll, pen),
        Some(Overlay::Palette { input, selected }) => palette::draw(screen, state, (input, *selected), pen),
        Some(Overlay::Filter { input }) => field::filter(screen, input, pen),
        Some(Overlay::Search { input }) => field::search(screen, input, pen),
        Some(Overlay::LogFilter { input }) => field::log_filter(screen, input, pen),
        Some(Overlay::Arguments { spec, target, input, error }) => {
            arguments::draw(screen, state, &arguments::Asked { spec, target, input, error: error.as_ref() }, pen);
        }
        Some(Overlay::Planning { action, .. }) => planning::draw(screen, action, pen),
        Some(Overlay::Confirm(confirm)) => confirm::draw(screen, state, confirm, pen),
        Some(Overlay::Progress { run, failed }) => progress::draw(screen, state, (run.as_ref(), failed.as_ref()), pen),
        Some(Overlay::Reason { step, input }) => field::reason(screen, state, (step, input), pen),
    }
}
