//! Latency: the percentiles over the window, the objective drawn in.

use std::time::Duration;

use ratatui::layout::Rect;

use crate::config::theme::Role;
use crate::config::{Role as SignalRole, Service, Signal};
use crate::source::{Exemplars, Measured, SignalId, Subject};
use crate::state::State;
use crate::state::readings::Series;
use crate::view::part::chart::{Chart, Trace};
use crate::view::part::flow::flow;
use crate::view::part::page::{Page, paint};
use crate::view::part::signal::{SignalView, gap, of_role};
use crate::view::part::{Pen, age, bit};

/// The percentiles: role, name, role of the series. A later one is drawn over an earlier one.
const PERCENTILES: [(SignalRole, &str, Role); 3] = [
    (SignalRole::LatencyP99, "p99", Role::Series3),
    (SignalRole::LatencyP50, "p50", Role::Series1),
    (SignalRole::LatencyP95, "p95", Role::Series2),
];

/// The most traces that are shown.
const TRACES: usize = 2;

/// Draws the panel.
pub fn draw(area: Rect, service: &Service, _scroll: usize, state: &State, pen: &mut Pen<'_>) {
    let mut page = Page::new(area.width);
    values(&mut page, service, state);
    if page.is_empty() {
        pen.text(area.x, area.y, area.width, "no latency signal is configured for this service", Role::Muted);
        return;
    }
    paint(area, page.rows(), 0, pen);
    let used = u16::try_from(page.len()).unwrap_or(u16::MAX).min(area.height);
    let rest = Rect { y: area.y + used, height: area.height - used, ..area };
    if let Some(chart) = chart(service, state) {
        chart.draw(rest, pen);
    }
}

/// The newest values in order of the percentiles, the objective, and why anything is not live.
fn values(page: &mut Page, service: &Service, state: &State) {
    let mut groups = Vec::new();
    let mut reasons = Vec::new();
    for role in [SignalRole::LatencyP50, SignalRole::LatencyP95, SignalRole::LatencyP99] {
        let Some(view) = of_role(service, role, state) else { continue };
        let (name, series) = named(role);
        let mut group = vec![bit(view.series_role(series), format!("━ {name} "))];
        group.extend(view.shown().bits());
        groups.push(group);
        reasons.extend(view.trouble(name));
    }
    if let Some(objective) = objective(service) {
        groups.push(vec![bit(Role::Objective, format!("╌ objective {}", objective.1))]);
    }
    flow(page, groups);
    reasons.dedup();
    for reason in reasons {
        page.pieces(2, &[reason]);
    }
    for signal in service.signals.iter().filter(|signal| signal.exemplars.is_some()) {
        traces(page, service, signal, state);
    }
}

/// The slowest requests behind a signal, by their traces; with its address the identifier is a link.
fn traces(page: &mut Page, service: &Service, signal: &Signal, state: &State) {
    let id = SignalId { service: service.name.clone(), signal: signal.name.clone() };
    let measured = state.readings.of::<Exemplars>(&state.config, &Subject::Exemplars(id), state.now);
    if let Some(error) = measured.reason() {
        page.pieces(2, &[bit(Role::Critical, format!("traces: {}: {}", error.source_name, error.reason))]);
    }
    let Some((exemplars, _)) = measured.value() else { return };
    let role = if measured.live().is_some() { Role::Text } else { Role::Stale };
    for exemplar in exemplars.0.iter().take(TRACES) {
        let ago = age::short(age::since(state.now.wall, exemplar.at));
        let text = format!("{} {ago} ago ", signal.unit.format(exemplar.value));
        let label = bit(Role::Muted, "slow trace ".to_owned());
        page.pieces(2, &[label, bit(role, text), bit(role, exemplar.trace_id.as_str().to_owned())]);
    }
}

fn named(role: SignalRole) -> (&'static str, Role) {
    let found = PERCENTILES.into_iter().find(|(known, _, _)| *known == role);
    found.map_or(("", Role::Series1), |(_, name, series)| (name, series))
}

/// The signal whose objective is drawn (p95 before the others), and the objective in words.
fn objective(service: &Service) -> Option<(&Signal, String)> {
    let roles = [SignalRole::LatencyP95, SignalRole::LatencyP99, SignalRole::LatencyP50];
    let signal = roles.into_iter().filter_map(|role| service.signal_of(role)).find(|s| s.objective.is_some())?;
    let value = signal.unit.format(signal.objective?);
    Some((signal, format!("{} < {value}", named(signal.role).0)))
}

fn chart<'a>(service: &Service, state: &'a State) -> Option<Chart<'a>> {
    let views: Vec<SignalView<'_, 'a>> =
        PERCENTILES.into_iter().filter_map(|(role, _, _)| of_role(service, role, state)).collect();
    let unit = views.first()?.signal.unit;
    // Percentiles in different units cannot share an axis; only those of the first are drawn.
    let traces =
        views.iter().filter(|view| view.signal.unit == unit).filter_map(|view| trace(view, state.range)).collect();
    let objective =
        objective(service).filter(|(signal, _)| signal.unit == unit).and_then(|(signal, _)| signal.objective);
    Some(Chart { traces, objective, unit, now: state.now.wall, range: state.range })
}

fn trace<'a>(view: &SignalView<'_, 'a>, window: Duration) -> Option<Trace<'a>> {
    let (label, role) = named(view.signal.role);
    let (series, _) = Measured::<'a, Series>::value(&view.measured)?;
    Some(Trace { points: &series.points, role: view.series_role(role), label, gap: gap(view.signal, window) })
}
