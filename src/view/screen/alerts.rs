//! Alarms and alerts of all sources, the worst first, and how far that can be trusted.

use std::time::Duration;

use ratatui::layout::Rect;

use crate::config::theme::Role;
use crate::source::{Alert, AlertOrigin, AlertState, Measured, Name};
use crate::state::{State, lists};
use crate::view::part::list::{self, List};
use crate::view::part::page::{Page, Row, piece};
use crate::view::part::pen::{Bit, Pen};
use crate::view::part::reading::not_live;
use crate::view::part::table::{Column, Table, fixed, share};
use crate::view::part::{age, signs};

/// From this width on the origin and what the alert says have columns of their own; else they stand below the list.
const WIDE: u16 = 110;

/// Draws the alerts.
pub fn draw(area: Rect, selected: usize, state: &State, pen: &mut Pen<'_>) {
    let alerts = lists::alerts(state);
    let table = Table::new(columns(area.width), area.width.saturating_sub(2));
    let selected = selected.min(alerts.len().saturating_sub(1));
    let cells = |(at, alert): (usize, &&Alert)| table.row(at == selected, cells(alert, area.width, state));
    let mut list = List {
        head: vec![list::heading("ALERTS", glance(&alerts)), table.head()],
        rows: alerts.iter().enumerate().map(cells).collect(),
        selected: (!alerts.is_empty()).then_some(selected),
        foot: foot(state, alerts.get(selected).copied(), area.width),
    };
    if alerts.is_empty() {
        list.rows.push(list::empty(&state.filter, nothing(state)));
    }
    list::draw(area, &list, pen);
}

fn columns(width: u16) -> &'static [Column] {
    const NARROW: &[Column] =
        &[fixed("state", 10), fixed("severity", 8), share("alert", 3), share("service", 2), fixed("for", 4)];
    const ALL: &[Column] = &[
        fixed("state", 10),
        fixed("severity", 10),
        share("alert", 5),
        share("service", 3),
        fixed("for", 4),
        fixed("from", 12),
        share("what it says", 5),
    ];
    if width < WIDE { NARROW } else { ALL }
}

fn cells(alert: &Alert, width: u16, state: &State) -> Vec<Bit<'static>> {
    let live = of_origin(state, alert.origin).is_some_and(|measured| measured.live().is_some());
    let sign = signs::alert(alert.state);
    let (role, _) = sign.piece(0);
    let role = if live { role } else { Role::Stale };
    let text = if live { Role::Text } else { Role::Stale };
    let word = format!("{} {}{}", sign.sign, sign.word, if live { "" } else { "~" });
    let service = alert.service.as_ref().map_or("—", |name| name.as_str());
    let mut cells = vec![
        piece(role, word),
        piece(text, or_dash(&alert.severity)),
        piece(if live { Role::Title } else { Role::Stale }, &alert.name),
        piece(text, service),
        piece(text, since(alert, state)),
    ];
    if width >= WIDE {
        cells.push(piece(Role::Muted, origin(alert.origin)));
        cells.push(piece(text, &alert.summary));
    }
    cells
}

fn or_dash(text: &str) -> &str {
    if text.is_empty() { "—" } else { text }
}

fn since(alert: &Alert, state: &State) -> String {
    alert.since.map_or_else(|| "—".to_owned(), |since| age::short(age::since(state.now.wall, since)))
}

/// The name of the source that raises it, as in the configuration.
fn origin(origin: AlertOrigin) -> &'static str {
    match origin {
        AlertOrigin::Cloudwatch => "cloudwatch",
        AlertOrigin::Alertmanager => "alertmanager",
        AlertOrigin::Prometheus => "prometheus",
        AlertOrigin::Simulator => "simulator",
    }
}

fn of_origin(state: &State, from: AlertOrigin) -> Option<Measured<'_, Vec<Alert>>> {
    let name = Name::from(origin(from));
    state.config.alert_sources().contains(&name).then(|| of_source(state, &name))
}

fn of_source<'a>(state: &'a State, source: &Name) -> Measured<'a, Vec<Alert>> {
    state.readings.alerts(&state.config, source, state.now)
}

/// How many there are of each state.
fn glance(alerts: &[&Alert]) -> Row {
    let states = [AlertState::Firing, AlertState::NoData, AlertState::Pending, AlertState::Suppressed];
    let count = |of: AlertState| alerts.iter().filter(|alert| alert.state == of).count();
    let counted = states.into_iter().map(|of| (of, count(of))).filter(|(_, count)| *count > 0);
    counted
        .map(|(of, count)| {
            let sign = signs::alert(of);
            piece(sign.role, format!("{} {count} {}  ", sign.sign, sign.word))
        })
        .collect()
}

/// What an empty list means: that nothing fires only where every source answers.
fn nothing(state: &State) -> Row {
    let sources = state.config.alert_sources();
    let ages: Option<Vec<Duration>> = sources.iter().map(|source| live_age(&of_source(state, source))).collect();
    match ages.and_then(|ages| ages.into_iter().max()) {
        Some(oldest) => vec![piece(Role::Good, format!("✓ no alarm fires — read {} ago", age::short(oldest)))],
        None if sources.is_empty() => {
            vec![piece(Role::Warning, "no source of alerts is configured: nothing would be seen here")]
        }
        None => vec![piece(Role::Unknown, "? NOT KNOWN whether an alarm fires: not every source answers, see below")],
    }
}

fn live_age<T>(measured: &Measured<'_, T>) -> Option<Duration> {
    match measured {
        Measured::Live { age, .. } => Some(*age),
        _ => None,
    }
}

/// The selected alert in full, and how old each source's list is.
fn foot(state: &State, selected: Option<&Alert>, width: u16) -> Vec<Row> {
    let mut page = Page::new(width.saturating_sub(2));
    page.blank();
    if let Some(alert) = selected {
        detail(&mut page, state, alert);
        page.blank();
    }
    for source in state.config.alert_sources() {
        let measured = of_source(state, &source);
        page.pieces(2, &source_line(&source, &measured));
    }
    page.into_rows()
}

fn detail(page: &mut Page, state: &State, alert: &Alert) {
    page.field(
        "says",
        &[piece(Role::Text, or_dash(&alert.summary)), piece(Role::Muted, format!("  from {}", origin(alert.origin)))],
    );
    let labels: Vec<String> = alert.labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
    if !labels.is_empty() {
        page.field("labels", &[piece(Role::Muted, labels.join("  "))]);
    }
    let rows = lists::runbooks(state);
    let answer = rows.iter().find(|row| row.suggested_by.is_some_and(|by| by.name == alert.name));
    if let Some(row) = answer {
        page.field(
            "runbook",
            &[piece(Role::Key, row.runbook.id.as_str()), piece(Role::Text, format!("  {}", row.runbook.title))],
        );
    }
}

fn source_line(source: &str, measured: &Measured<'_, Vec<Alert>>) -> Vec<Bit<'static>> {
    if let Some(line) = not_live(source, measured) {
        return line;
    }
    let (count, read) = measured.value().map_or((0, Duration::ZERO), |(alerts, age)| (alerts.len(), age));
    vec![piece(Role::Muted, format!("{source} read {} ago, {count} alarms or alerts told", age::short(read)))]
}
