//! Health and alarms: endpoints with their components, and the alarms and alerts of this service.

use ratatui::layout::Rect;

use crate::config::theme::Role;
use crate::config::{HealthCheck, Service};
use crate::source::{Alert, AlertState, Component, Health, Measured, Name, Subject, Unit};
use crate::state::State;
use crate::view::part::page::{Page, paint_scrolled};
use crate::view::part::reading::{state_behind, tone, trouble};
use crate::view::part::signs;
use crate::view::part::{Bit, Pen, age, badge, bit};

/// How deep components are shown within components.
const DEEPEST: usize = 4;

/// Draws the panel.
pub fn draw(area: Rect, service: &Service, scroll: usize, state: &State, pen: &mut Pen<'_>) {
    let mut page = Page::new(area.width);
    let sources = state.config.alert_sources();
    for source in &sources {
        not_well(&mut page, source, &service.name, state);
    }
    for check in &service.health {
        endpoint(&mut page, service, check, state);
    }
    if service.health.is_empty() {
        page.text(Role::Muted, "no health endpoint is configured for this service");
    }
    for source in &sources {
        well(&mut page, source, &service.name, state);
    }
    if sources.is_empty() {
        page.text(Role::Muted, "no source of alarms or alerts is configured");
    }
    paint_scrolled(area, page.rows(), scroll, pen);
}

fn endpoint(page: &mut Page, service: &Service, check: &HealthCheck, state: &State) {
    let subject = Subject::Health { service: service.name.clone(), endpoint: check.name.clone() };
    let measured = state.readings.health(&state.config, &subject, state.now);
    if let Some(line) = trouble(&format!("endpoint {}", check.name), &measured) {
        page.pieces(2, &line);
    }
    let Some((health, _)) = measured.value() else { return };
    page.pieces(2, &endpoint_bits(check, health, &measured, state));
    for component in &health.components {
        tree(page, component, 1, &measured);
    }
}

fn endpoint_bits(
    check: &HealthCheck,
    health: &Health,
    measured: &Measured<'_, Health>,
    state: &State,
) -> Vec<Bit<'static>> {
    let (word, role) = badge::health(health.state);
    let slow = check.slow.is_some_and(|slow| health.latency >= slow);
    let latency =
        format!("  {}{}", Unit::Seconds.format(health.latency.as_secs_f64()), if slow { " SLOW" } else { "" });
    let mut bits = vec![
        bit(tone(measured, Role::Title), format!("{} ", check.name)),
        bit(tone(measured, role), word),
        bit(tone(measured, if slow { Role::Warning } else { Role::Text }), latency),
        bit(tone(measured, Role::Muted), format!("  HTTP {}", health.http_status)),
    ];
    bits.extend(tls(check, health, measured, state));
    bits.extend(health.version.iter().map(|version| bit(tone(measured, Role::Muted), format!("  version {version}"))));
    bits.extend(state_behind(measured));
    bits.extend(health.reason.iter().map(|reason| bit(tone(measured, role), format!("  {reason}"))));
    bits
}

/// Days to the certificate's expiry.
fn tls(check: &HealthCheck, health: &Health, measured: &Measured<'_, Health>, state: &State) -> Option<Bit<'static>> {
    let left = health.tls_expires?.duration_since(state.now.wall);
    if left.is_negative() {
        return Some(bit(tone(measured, Role::Critical), "  TLS EXPIRED"));
    }
    let days = left.as_hours() / 24;
    let role = if days < i64::from(check.tls_warning_days) { Role::Warning } else { Role::Muted };
    let word = if role == Role::Warning { "  TLS EXPIRES in" } else { "  TLS" };
    Some(bit(tone(measured, role), format!("{word} {days} d")))
}

/// A component and its parts, indented by their depth.
fn tree(page: &mut Page, component: &Component, depth: usize, measured: &Measured<'_, Health>) {
    let (word, role) = badge::health(component.state);
    let mut bits = vec![
        bit(tone(measured, Role::Text), format!("{}{} ", "  ".repeat(depth), component.name)),
        bit(tone(measured, role), word),
    ];
    let latency = component.latency_ms.map(|latency| format!("  {}", Unit::Milliseconds.format(latency)));
    bits.extend(latency.map(|text| bit(tone(measured, Role::Text), text)));
    bits.extend(component.detail.iter().map(|detail| bit(tone(measured, Role::Muted), format!("  {detail}"))));
    page.pieces(2 * depth + 2, &bits);
    if depth < DEEPEST {
        component.components.iter().for_each(|part| tree(page, part, depth + 1, measured));
    }
}

/// Why the alerts of a source are not live, and those about this service that are not well, the worst first.
fn not_well(page: &mut Page, source: &Name, service: &Name, state: &State) {
    let measured = state.readings.alerts(&state.config, source, state.now);
    if let Some(line) = trouble(&format!("alerts of {source}"), &measured) {
        page.pieces(2, &line);
    }
    let mut mine: Vec<&Alert> = about(&measured, service).filter(|alert| alert.state != AlertState::Ok).collect();
    mine.sort_by_key(|alert| alert.state);
    for alert in mine {
        page.pieces(2, &alert_bits(alert, &measured, state));
    }
}

/// In one line, how many of a source's alerts about this service are well.
fn well(page: &mut Page, source: &Name, service: &Name, state: &State) {
    let measured = state.readings.alerts(&state.config, source, state.now);
    if measured.value().is_none() {
        return;
    }
    let (well, rest): (Vec<&Alert>, Vec<&Alert>) =
        about(&measured, service).partition(|alert| alert.state == AlertState::Ok);
    let mut summary = vec![bit(tone(&measured, Role::Muted), well_text(source, rest.len(), well.len()))];
    summary.extend(state_behind(&measured));
    page.pieces(2, &summary);
}

fn about<'a>(measured: &Measured<'a, Vec<Alert>>, service: &'a Name) -> impl Iterator<Item = &'a Alert> {
    let all = measured.value().map_or(&[][..], |(alerts, _)| alerts.as_slice());
    all.iter().filter(move |alert| alert.service.as_ref() == Some(service))
}

fn well_text(source: &Name, not_well: usize, well: usize) -> String {
    match (not_well, well) {
        (0, 0) => format!("{source}: nothing about this service"),
        (_, well) => format!("{source}: {well} ok"),
    }
}

fn alert_bits(alert: &Alert, measured: &Measured<'_, Vec<Alert>>, state: &State) -> Vec<Bit<'static>> {
    let sign = signs::alert_of(alert);
    let since =
        alert.since.map_or_else(String::new, |at| format!(" for {}", age::short(age::since(state.now.wall, at))));
    let severity = if alert.severity.is_empty() { String::new() } else { format!(" ({})", alert.severity) };
    vec![
        bit(tone(measured, sign.role), format!("{} {} ", sign.sign, sign.word)),
        bit(tone(measured, Role::Title), alert.name.to_string()),
        bit(tone(measured, Role::Text), format!("{severity}{since}")),
        bit(tone(measured, Role::Muted), format!(": {}", alert.summary)),
    ]
}
