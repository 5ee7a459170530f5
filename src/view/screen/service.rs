//! One service: the panels that have something to show of it, side by side where there is room, else the focused one below tabs.

use ratatui::layout::{Constraint, Layout, Rect};

use crate::config::Service;
use crate::config::theme::Role;
use crate::source::Name;
use crate::state::State;
use crate::state::verdict::service_verdict;
use crate::view::panel::panels;
use crate::view::part::panel_frame::panel_frame;
use crate::view::part::signal::unpanelled;
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

/// Two by two, left to right as in [`panels`]; an odd last one right across, and a fifth as low as its rows allow.
fn grid(area: Rect, service: &Service, (focus, scroll): (usize, usize), state: &State, pen: &mut Pen<'_>) {
    let panels = panels(service);
    let focus = focus.min(panels.len().saturating_sub(1));
    for (index, (cell, panel)) in cells(area, service, panels.len()).into_iter().zip(panels).enumerate() {
        let inner = panel_frame(cell, panel.name, index == focus, pen);
        (panel.draw)(inset(inner), service, if index == focus { scroll } else { 0 }, state, pen);
    }
}

/// Rows of a frame.
const FRAME: u16 = 2;

fn cells(area: Rect, service: &Service, count: usize) -> Vec<Rect> {
    let low = u16::try_from(unpanelled(service).count()).unwrap_or(u16::MAX).saturating_add(FRAME).min(area.height / 4);
    let rows: &[Constraint] = match count {
        0..=2 => &[Constraint::Fill(1)],
        3 | 4 => &[Constraint::Fill(1), Constraint::Fill(1)],
        _ => &[Constraint::Fill(1), Constraint::Fill(1), Constraint::Length(low)],
    };
    let rows = Layout::vertical(rows).split(area);
    let row = |(index, row): (usize, &Rect)| {
        let across = count.saturating_sub(2 * index).min(2);
        Layout::horizontal(vec![Constraint::Fill(1); across]).split(*row).to_vec()
    };
    rows.iter().enumerate().flat_map(row).collect()
}

/// Tabs with the names of all panels, and the focused one below.
fn focused(area: Rect, service: &Service, (focus, scroll): (usize, usize), state: &State, pen: &mut Pen<'_>) {
    let panels = panels(service);
    let focus = focus.min(panels.len().saturating_sub(1));
    let [tabs, rest] = Layout::vertical([Constraint::Length(1), Constraint::Min(0)]).areas(area);
    let names: Vec<Bit<'_>> =
        panels.iter().enumerate().flat_map(|(index, panel)| tab(panel.name, index == focus)).collect();
    pen.line(tabs.x + 1, tabs.y, tabs.width.saturating_sub(1), &names);
    let Some(panel) = panels.get(focus) else { return };
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
