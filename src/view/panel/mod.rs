//! Panels of the service screen, one file each, listed in [`PANELS`].

pub mod errors;
pub mod health;
pub mod latency;
pub mod scaling;

use ratatui::layout::Rect;

use super::part::Pen;
use crate::config::Service;
use crate::state::State;

/// A panel of the service screen.
pub struct PanelSpec {
    /// Its name, as in its frame.
    pub name: &'static str,
    /// Draws its inside. The number is how many rows it is scrolled down.
    pub draw: fn(Rect, &Service, usize, &State, &mut Pen<'_>),
}

/// All panels of the service screen, in order.
pub static PANELS: &[PanelSpec] = &[
    PanelSpec { name: "latency", draw: latency::draw },
    PanelSpec { name: "errors", draw: errors::draw },
    PanelSpec { name: "scaling", draw: scaling::draw },
    PanelSpec { name: "health and alarms", draw: health::draw },
];
