//! One service: four panels, side by side where there is room, else the focused one below tabs.

use ratatui::layout::{Constraint, Layout, Rect};

use crate::config::Service;
use crate::config::theme::Role;
use crate::source::Name;
use crate::state::State;
use crate::state::verdict::service_verdict;
use crate::view::panel::PANELS;
use crate::view::part::panel_frame::panel_frame;
use crate::view::part::{Bit, Pen, badge, bit};

/// From this size on all panels are shown at once: columns, rows.
const GRID: (u16, u16) = (120, 26);

/// Draws the screen of a service. `focus` is the focused panel and the rows that it is scrolled down.
pub fn draw(area: Rect, name: &Name, focus: (usize, usize), state: &State, pen: &mut Pen<'_>) {
    let Some(service) = state.config.service(name) else {
        let text = format!("there is no service {name} in the configuration");
        pen.text(area.x + 1, area.y, area.width.saturating_sub(1), &text, Role::Warning);
        return;
    };
    let [top, rest] = Layout::vertical([Constraint::Length(1), Constraint::Min(0)]).areas(area);
    title(top, service, state, pen);
    if area.width >= GRID.0 && area.height >= GRID.1 {
        grid(rest, service, focus, state, pen);
    } else {
        focused(rest, service, focus, state, pen);
    }
}

/// The service's state and why, in one line.
fn title(area: Rect, service: &Service, state: &State, pen: &mut Pen<'_>) {
    let verdict = service_verdict(&state.readings, &state.config, service, state.now);
    let mut bits = vec![
        bit(Role::Title, format!("{} ", service.name)),
        bit(badge::level_role(verdict.level), verdict.level.word()),
    ];
    let texts: Vec<&str> = verdict.reasons.iter().map(|reason| reason.text.as_str()).collect();
    let why = if texts.is_empty() { service.summary.clone() } else { texts.join("; ") };
    bits.push(bit(Role::Text, format!("  {why}")));
    pen.line(area.x + 1, area.y, area.width.saturating_sub(2), &bits);
}

/// Two by two: graphs above, lists below, left to right as in [`PANELS`].
fn grid(area: Rect, service: &Service, (focus, scroll): (usize, usize), state: &State, pen: &mut Pen<'_>) {
    let half = [Constraint::Percentage(50), Constraint::Percentage(50)];
    let rows: [Rect; 2] = Layout::vertical(half).areas(area);
    let cells = rows.iter().flat_map(|row| Layout::horizontal(half).areas::<2>(*row));
    for (index, (cell, panel)) in cells.zip(PANELS).enumerate() {
        let inner = panel_frame(cell, panel.name, index == focus, pen);
        (panel.draw)(inset(inner), service, if index == focus { scroll } else { 0 }, state, pen);
    }
}

/// Tabs with the names of all panels, and the focused one below.
fn focused(area: Rect, service: &Service, (focus, scroll): (usize, usize), state: &State, pen: &mut Pen<'_>) {
    let focus = focus.min(PANELS.len().saturating_sub(1));
    let [tabs, rest] = Layout::vertical([Constraint::Length(1), Constraint::Min(0)]).areas(area);
    let names: Vec<Bit<'_>> =
        PANELS.iter().enumerate().flat_map(|(index, panel)| tab(panel.name, index == focus)).collect();
    pen.line(tabs.x + 1, tabs.y, tabs.width.saturating_sub(1), &names);
    let Some(panel) = PANELS.get(focus) else { return };
    let inner = panel_frame(rest, panel.name, true, pen);
    (panel.draw)(inset(inner), service, scroll, state, pen);
}

fn tab(name: &'static str, focused: bool) -> [Bit<'static>; 2] {
    let (role, text) =
        if focused { (Role::BorderFocused, format!("[{name}]")) } else { (Role::Muted, format!(" {name} ")) };
    [bit(role, text), bit(Role::Text, " ")]
}

/// One column of air at both sides.
fn inset(area: Rect) -> Rect {
    Rect { x: area.x.saturating_add(1).min(area.right()), width: area.width.saturating_sub(2), ..area }
}
