//! What the environment costs, what reading it costs, and how well changes are delivered.

use std::time::Duration;

use ratatui::layout::Rect;

use crate::config::theme::Role;
use crate::config::{CostBudget, Service};
use crate::source::{Cost, Measured, Name, Number, Subject, Unit, Usage};
use crate::state::State;
use crate::state::delivery::{self, Over};
use crate::view::part::page::{Page, pad, paint_scrolled, piece};
use crate::view::part::reading::{state_behind, tone, trouble};
use crate::view::part::{Bit, Pen, age, list};

/// Columns of a label.
const LABELS: usize = 16;

/// Services of the bill that are listed.
const LISTED: usize = 8;

/// Draws the screen, scrolled down by so many rows.
pub fn draw(area: Rect, scroll: usize, state: &State, pen: &mut Pen<'_>) {
    let inner = Rect { x: area.x + 1.min(area.width), width: area.width.saturating_sub(2), ..area };
    let mut page = Page::new(inner.width);
    cost(&mut page, state);
    polling(&mut page, state);
    deliveries(&mut page, state);
    paint_scrolled(Rect { height: inner.height.saturating_sub(1), ..inner }, page.rows(), scroll, pen);
}

fn heading(page: &mut Page, title: &str, more: &str) {
    if !page.is_empty() {
        page.blank();
    }
    page.row(list::heading(title, vec![piece(Role::Muted, more)]));
}

fn cost(page: &mut Page, state: &State) {
    heading(page, "COST", "of the account, this month (UTC); figures of Cost Explorer are up to a day late");
    let Some(budget) = &state.config.cost else {
        page.text(Role::Muted, "no [cost] in the configuration: Cost Explorer is not asked");
        return;
    };
    let subject = Subject::Cost { source: Name::from("cost") };
    let measured = state.readings.of::<Cost>(&state.config, &subject, state.now);
    if let Some(line) = trouble("cost", &measured) {
        page.pieces(2, &line);
    }
    let Some((cost, _)) = measured.value() else { return };
    spent(page, cost, &measured);
    forecast(page, cost, budget, &measured);
    by_service(page, cost, &measured);
    for missing in &cost.missing {
        page.field_of(LABELS, "not known", &[piece(Role::Unknown, missing)]);
    }
}

fn usd(value: f64) -> String {
    Number::from(value).format(Unit::Usd)
}

fn spent(page: &mut Page, cost: &Cost, measured: &Measured<'_, Cost>) {
    let estimate = if cost.estimated { "  an estimate" } else { "" };
    let mut pieces = vec![
        piece(tone(measured, Role::Title), usd(cost.month_to_date)),
        piece(tone(measured, Role::Muted), format!("  since {}{estimate}", cost.month)),
    ];
    pieces.extend(state_behind(measured));
    page.field_of(LABELS, "month to date", &pieces);
    if let Some((day, newest)) = cost.by_day.last() {
        page.field_of(LABELS, "newest day", &[piece(tone(measured, Role::Text), format!("{} on {day}", usd(*newest)))]);
    }
}

/// The forecast against the budget; without a budget the figure alone.
fn forecast(page: &mut Page, cost: &Cost, budget: &CostBudget, measured: &Measured<'_, Cost>) {
    let told = cost.forecast.map_or_else(|| "not known: too little history, or not read".to_owned(), usd);
    let mut pieces = vec![piece(tone(measured, Role::Text), told)];
    pieces.extend(budget.monthly_usd.map(|most| against(cost, most, measured)));
    page.field_of(LABELS, "forecast", &pieces);
}

fn against(cost: &Cost, most: f64, measured: &Measured<'_, Cost>) -> Bit<'static> {
    let (role, word) = match cost.forecast {
        _ if cost.month_to_date > most => (Role::Critical, "✗ OVER it already"),
        Some(forecast) if forecast > most => (Role::Warning, "! will be over it"),
        Some(_) => (Role::Good, "✓ within it"),
        None => (Role::Unknown, "not judged"),
    };
    piece(tone(measured, role), format!("  budget {}: {word}", usd(most)))
}

fn by_service(page: &mut Page, cost: &Cost, measured: &Measured<'_, Cost>) {
    for (index, (name, value)) in cost.by_service.iter().take(LISTED).enumerate() {
        let share = if cost.month_to_date > 0.0 { value / cost.month_to_date } else { 0.0 };
        let line = format!("{:>12}  {:>6}  {name}", usd(*value), Unit::Ratio.format(share));
        page.field_of(LABELS, if index == 0 { "by service" } else { "" }, &[piece(tone(measured, Role::Text), line)]);
    }
}

/// What reading paid sources costs.
fn polling(page: &mut Page, state: &State) {
    heading(page, "POLLING", "what the console's own questions cost at list price");
    let subject = Subject::Usage { source: Name::from("cloudwatch") };
    let measured = state.readings.of::<Usage>(&state.config, &subject, state.now);
    if let Some(line) = trouble("usage", &measured) {
        page.pieces(2, &line);
    }
    let Some((usage, _)) = measured.value() else { return };
    let mut pieces = vec![piece(tone(&measured, Role::Title), format!("{} a month", usd(usage.usd_month)))];
    pieces.extend(usage.budget.map(|most| piece(tone(&measured, Role::Text), format!("  budget {}", usd(most)))));
    if usage.slowed > 1.0 {
        let text = format!("  SLOWED {:.1}× to keep within it", usage.slowed);
        pieces.push(piece(tone(&measured, Role::Warning), text));
    }
    let counts = format!("  {} requests, {} metrics since the start", usage.requests, usage.units);
    pieces.push(piece(tone(&measured, Role::Muted), counts));
    pieces.extend(state_behind(&measured));
    page.field_of(LABELS, "cloudwatch", &pieces);
    let scanned = Unit::Bytes.format(usage.log_bytes_scanned as f64);
    let more = format!("{scanned} of logs scanned, {} requests to Cost Explorer", usage.cost_requests);
    page.field_of(LABELS, "", &[piece(tone(&measured, Role::Muted), more)]);
}

fn deliveries(page: &mut Page, state: &State) {
    heading(
        page,
        "DELIVERY",
        "deployments that ECS remembers, 30 days at most; lead time counts from the image's push",
    );
    let services: Vec<&Service> = state.config.services.iter().filter(|service| service.ecs.is_some()).collect();
    if services.is_empty() {
        page.text(Role::Muted, "no service runs on ECS: no deployment is seen");
        return;
    }
    let head = [("service", 20), ("deployments", 13), ("failed", 16), ("lead time", 11), ("restored in", 13)];
    let head = head.iter().map(|(name, columns)| pad(name, *columns)).collect::<String>() + "over";
    page.row(vec![piece(Role::Muted, head)]);
    let fleet = delivery::of_fleet(&state.readings, &state.config, state.now);
    page.row(match &fleet {
        Some(over) => line("all of them", over, Role::Title),
        None => vec![piece(Role::Unknown, format!("{} not known: not all are read", pad("all of them", 20)))],
    });
    for service in services {
        page.row(service_line(service, state));
    }
}

fn service_line(service: &Service, state: &State) -> Vec<Bit<'static>> {
    let measured = delivery::releases(&state.readings, &state.config, service, state.now);
    let over = measured.value().and_then(|(releases, _)| delivery::of_service(releases, state.now));
    match over {
        Some(over) => {
            let mut line = line(service.name.as_str(), &over, tone(&measured, Role::Text));
            line.extend(state_behind(&measured));
            line
        }
        None => {
            let unread = measured.value().and_then(|(releases, _)| releases.deployments_unread());
            let word = unread.map_or_else(|| measured.word().to_string(), |_| "not known:".to_owned());
            let failed = measured.reason().map_or_else(String::new, |error| error.reason.to_string());
            vec![
                piece(Role::Stale, pad(service.name.as_str(), 20)),
                piece(Role::Stale, format!("{word} ")),
                piece(Role::Stale, unread.map_or(failed, ToString::to_string)),
            ]
        }
    }
}

fn line(name: &str, over: &Over, role: Role) -> Vec<Bit<'static>> {
    let delivery = &over.delivery;
    let rate = delivery.failure_rate.map_or_else(String::new, |rate| format!(" ({})", Unit::Ratio.format(rate)));
    let span = |span: Option<Duration>| span.map_or_else(|| "—".to_owned(), age::short);
    let open = if delivery.unrestored > 0 { format!(" {} OPEN", delivery.unrestored) } else { String::new() };
    let cells = [
        pad(name, 20),
        pad(&format!("{:.1} a day", delivery.per_day), 13),
        pad(&format!("{} of {}{rate}", delivery.failed, delivery.deployments), 16),
        pad(&span(delivery.lead_time), 11),
        pad(&format!("{}{open}", span(delivery.time_to_restore)), 13),
        age::short(over.span),
    ];
    vec![piece(role, cells.concat())]
}
