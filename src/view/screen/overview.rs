//! The overview: one row a service; below, why the selected one stands as it does and what can be done about it.

mod columns;
mod detail;
mod row;

use std::ops::Range;

use ratatui::layout::{Constraint, Layout, Rect};

use self::columns::Columns;
use crate::config::Service;
use crate::config::theme::Role;
use crate::state::verdict::Level;
use crate::state::{State, lists};
use crate::view::panel::panels;
use crate::view::part::panel_frame::panel_frame;
use crate::view::part::pen::columns;
use crate::view::part::{Bit, Pen, badge, bit};

/// Rows that the strip needs before graphs are drawn below it.
const STRIP: u16 = 11;

/// The least and the greatest height of the graphs.
const GRAPHS: (u16, u16) = (12, 22);

/// Draws the overview.
pub fn draw(area: Rect, selected: usize, state: &State, pen: &mut Pen<'_>) {
    let services = lists::services(state);
    if services.is_empty() {
        pen.text(area.x + 1, area.y, area.width.saturating_sub(2), &nothing(state), Role::Muted);
        return;
    }
    let selected = selected.min(services.len() - 1);
    let (table, strip) = split(area, services.len());
    let columns = Columns::of(table.width);
    columns.draw_head(table, pen);
    let rows = usize::from(table.height.saturating_sub(1));
    let first = first_row(selected, services.len(), rows);
    for (index, service) in services.iter().enumerate().skip(first).take(rows) {
        let y = table.y + 1 + (index - first) as u16;
        let area = Rect { y, height: 1, ..table };
        row::draw(area, service, index == selected, &columns, state, pen);
    }
    below(strip, services[selected], state, pen);
    hidden((table, strip), &services, first..first + rows, state, pen);
}

fn nothing(state: &State) -> String {
    if state.filter.is_empty() {
        "no services are configured; add [[service]] to the configuration".to_owned()
    } else {
        format!("no service matches the filter “{}”", state.filter)
    }
}

/// Table and detail strip. The table gets what its rows need, the strip at least seven rows of the rest.
fn split(area: Rect, services: usize) -> (Rect, Rect) {
    let needs = u16::try_from(services + 2).unwrap_or(u16::MAX);
    let height = needs.min(area.height.saturating_sub(7)).max(area.height.min(3));
    let strip = Rect { y: area.y + height, height: area.height.saturating_sub(height), ..area };
    (Rect { height, ..area }, strip)
}

/// The first row that is shown, so that the selected one is among them.
fn first_row(selected: usize, count: usize, rows: usize) -> usize {
    if rows == 0 || count <= rows { 0 } else { (selected + 1).saturating_sub(rows) }
}

/// The strip, and the graphs of the selected service where there is room for them.
fn below(area: Rect, service: &Service, state: &State, pen: &mut Pen<'_>) {
    let graphs = if area.height >= STRIP + GRAPHS.0 { (area.height - STRIP).min(GRAPHS.1) } else { 0 };
    let strip = Rect { height: area.height - graphs, ..area };
    detail::draw(strip, service, state, pen);
    if graphs > 0 {
        let area = Rect { y: strip.bottom(), height: graphs, ..area };
        let panels = panels(service);
        let count = panels.len().min(if area.width >= 180 { 3 } else { 2 });
        let cells = Layout::horizontal(vec![Constraint::Fill(1); count]).split(area);
        for (cell, panel) in cells.iter().zip(panels) {
            let title = format!("{}: {}", service.name, panel.name);
            let inner = panel_frame(*cell, &title, false, pen);
            let inset = Rect { x: inner.x + 1, width: inner.width.saturating_sub(2), ..inner };
            (panel.draw)(inset, service, 0, state, pen);
        }
    }
}

/// Says at the top how many rows are above and on the strip's rule how many are below, and how they stand: with hundreds of
/// services most are out of sight.
fn hidden((table, strip): (Rect, Rect), services: &[&Service], shown: Range<usize>, state: &State, pen: &mut Pen<'_>) {
    let (above, rest) = services.split_at(shown.start.min(services.len()));
    let below = rest.get(shown.len()..).unwrap_or_default();
    for (area, hidden, place) in [(table, above, "above"), (strip, below, "below")] {
        if !hidden.is_empty() {
            let bits = told(hidden, place, state);
            let used = u16::try_from(columns(&bits)).unwrap_or(u16::MAX).min(area.width);
            pen.line(area.right() - used, area.y, used, &bits);
        }
    }
}

/// ` 12 above 1 UNHEALTHY 2 UNKNOWN `.
fn told(services: &[&Service], place: &str, state: &State) -> Vec<Bit<'static>> {
    let mut counts = [Level::Unhealthy, Level::Unknown, Level::Degraded].map(|level| (level, 0));
    for service in services {
        let level = state.level(service);
        if let Some((_, count)) = counts.iter_mut().find(|(known, _)| *known == level) {
            *count += 1;
        }
    }
    let mut bits = vec![bit(Role::Warning, format!(" {} {place}", services.len()))];
    for (level, count) in counts.into_iter().filter(|(_, count)| *count > 0) {
        bits.push(bit(badge::level_role(level), format!(" {count} {}", level.word())));
    }
    bits.push(bit(Role::Warning, " "));
    bits
}
