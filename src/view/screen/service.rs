//! One service: the panels that have something to show of it, side by side as many as are readable, else the focused one
//! below tabs.

mod grid;
mod tabs;

use ratatui::layout::{Constraint, Layout, Rect};

use crate::config::Service;
use crate::config::theme::Role;
use crate::source::Name;
use crate::state::State;
use crate::view::panel::{PanelSpec, panels};
use crate::view::part::panel_frame::panel_frame;
use crate::view::part::{Pen, badge, bit};

/// Draws the screen of a service. `focus` is the focused panel and the rows that it is scrolled down.
pub fn draw(area: Rect, name: &Name, (focus, scroll): (usize, usize), state: &State, pen: &mut Pen<'_>) {
    let Some(service) = state.config.service(name) else {
        let text = format!("there is no service {name} in the configuration");
        pen.text(area.x + 1, area.y, area.width.saturating_sub(1), &text, Role::Warning);
        return;
    };
    let [top, rest] = Layout::vertical([Constraint::Length(1), Constraint::Min(0)]).areas(area);
    title(top, service, state, pen);
    let panels = panels(service);
    let shown = Shown { service, focus: focus.min(panels.len().saturating_sub(1)), panels, scroll, state };
    if grid::fits(area) && !state.zoomed { grid::draw(rest, &shown, pen) } else { tabs::draw(rest, &shown, pen) }
}

/// A service's panels, and which of them has the focus.
struct Shown<'a> {
    service: &'a Service,
    panels: Vec<&'static PanelSpec>,
    /// An index into `panels`.
    focus: usize,
    /// Rows that the focused panel is scrolled down.
    scroll: usize,
    state: &'a State,
}

impl Shown<'_> {
    /// Draws the panel of that index in its frame.
    fn panel(&self, index: usize, area: Rect, pen: &mut Pen<'_>) {
        let Some(panel) = self.panels.get(index) else { return };
        let focused = index == self.focus;
        let inner = panel_frame(area, panel.name, focused, pen);
        (panel.draw)(inset(inner), self.service, if focused { self.scroll } else { 0 }, self.state, pen);
    }
}

/// The service's state and why, in one line.
fn title(area: Rect, service: &Service, state: &State, pen: &mut Pen<'_>) {
    let verdict = state.verdict(service);
    let mut bits = vec![
        bit(Role::Title, format!("{} ", service.name)),
        bit(badge::level_role(verdict.level), verdict.level.word()),
    ];
    let reasons = verdict.reasons.iter().map(|reason| reason.text.as_str());
    let texts: Vec<&str> = reasons.chain(verdict.notes.iter().map(String::as_str)).collect();
    let why = if texts.is_empty() { service.summary.clone() } else { texts.join("; ") };
    bits.push(bit(Role::Text, format!("  {why}")));
    pen.line(area.x + 1, area.y, area.width.saturating_sub(2), &bits);
}

/// One column of air at both sides.
fn inset(area: Rect) -> Rect {
    Rect { x: area.x.saturating_add(1).min(area.right()), width: area.width.saturating_sub(2), ..area }
}
