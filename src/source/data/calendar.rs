//! What a change calendar says.

use jiff::Timestamp;

/// Whether changes are let through now, and when that turns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CalendarState {
    /// Changes are let through.
    pub open: bool,
    /// When it turns next, where it tells.
    pub next: Option<Timestamp>,
}
