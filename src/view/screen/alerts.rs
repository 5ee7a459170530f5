//! Alarms and alerts of all sources, the worst first, below them the silences, and how far that can be trusted.

mod detail;
mod silences;

use std::time::Duration;

use ratatui::layout::Rect;

use crate::config::theme::Role;
use crate::source::{Alert, AlertState, Measured, Name};
use crate::state::lists::{AlertRow, Told};
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
    let rows = lists::alert_rows(state);
    let selected = selected.min(rows.len().saturating_sub(1));
    let alerts = lists::alerts(state);
    let table = Table::new(columns(area.width), area.width.saturating_sub(2));
    let cells = |(at, told): (usize, &Told<'_>)| table.row(at == selected, cells(told, area.width, state));
    let mut list = List {
        head: vec![list::heading("ALERTS", glance(&alerts, state)), table.head()],
        rows: alerts.iter().enumerate().map(cells).collect(),
        selected: (!rows.is_empty()).then_some(selected),
        foot: foot(area, state, rows.get(selected)),
    };
    if alerts.is_empty() {
        list.rows.push(list::empty(&state.filter, nothing(state)));
    }
    let between = list.rows.len() - alerts.len();
    let below = silences::section(area.width, selected.checked_sub(alerts.len()), state);
    if selected >= alerts.len() {
        list.selected = list.selected.map(|selected| selected + between + below.head);
    }
    list.rows.extend(below.rows);
    list::draw(area, &list, pen);
}

fn columns(width: u16) -> &'static [Column] {
    const NARROW: &[Column] =
        &[fixed("state", 12), fixed("severity", 8), share("alert", 3), share("service", 2), fixed("for", 4)];
    const ALL: &[Column] = &[
        fixed("state", 12),
        fixed("severity", 10),
        share("alert", 5),
        share("service", 3),
        fixed("for", 4),
        fixed("from", 12),
        share("what it says", 5),
    ];
    if width < WIDE { NARROW } else { ALL }
}

fn cells(told: &Told<'_>, width: u16, state: &State) -> Vec<Bit<'static>> {
    let alert = told.alert;
    let live = of_source(state, &told.source).live().is_some();
    let sign = signs::alert_of(alert);
    let role = if live { sign.role } else { Role::Stale };
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
        cells.push(piece(Role::Muted, told.source.as_str()));
        let held = detail::held_in_short(alert, state).map(|held| format!("{held} — ")).unwrap_or_default();
        cells.push(piece(text, format!("{held}{}", alert.summary)));
    }
    cells
}

fn or_dash(text: &str) -> &str {
    if text.is_empty() { "—" } else { text }
}

fn since(alert: &Alert, state: &State) -> String {
    alert.since.map_or_else(|| "—".to_owned(), |since| age::short(age::since(state.now.wall, since)))
}

fn of_source<'a>(state: &'a State, source: &Name) -> Measured<'a, Vec<Alert>> {
    state.readings.alerts(&state.config, source, state.now)
}

/// How many there are of each state, and whether a silence ends soon.
fn glance(alerts: &[Told<'_>], state: &State) -> Row {
    let mut counted: Vec<(signs::Sign, usize)> = Vec::new();
    for sign in alerts.iter().map(|told| signs::alert_of(told.alert)) {
        match counted.iter_mut().find(|(known, _)| *known == sign) {
            Some((_, count)) => *count += 1,
            None => counted.push((sign, 1)),
        }
    }
    let count =
        |(sign, count): (signs::Sign, usize)| piece(sign.role, format!("{} {count} {}  ", sign.sign, sign.word));
    counted.into_iter().map(count).chain(silences::soonest(state)).collect()
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

/// The selected alert or silence in full, and how old each source's list is: half of the height at most.
fn foot(area: Rect, state: &State, selected: Option<&AlertRow<'_>>) -> Vec<Row> {
    let width = area.width.saturating_sub(2);
    let mut sources = Page::new(width);
    sources.blank();
    for source in state.config.alert_sources() {
        sources.pieces(2, &source_line(&source, &of_source(state, &source)));
    }
    let mut page = Page::new(width);
    page.blank();
    match selected {
        Some(AlertRow::Alert(told)) => detail::alert(&mut page, state, told),
        Some(AlertRow::Silence(silence, of)) => silences::detail(&mut page, state, silence, of),
        None => return sources.into_rows(),
    }
    let room = usize::from(area.height / 2).saturating_sub(sources.len()).max(3);
    let mut rows = page.into_rows();
    if rows.len() > room {
        rows.truncate(room);
        rows.extend(std::iter::once(vec![piece(Role::Muted, "… a larger window shows more")]));
    }
    rows.extend(sources.into_rows());
    rows
}

fn source_line(source: &str, measured: &Measured<'_, Vec<Alert>>) -> Vec<Bit<'static>> {
    if let Some(line) = not_live(source, measured) {
        return line;
    }
    let (count, read) = measured.value().map_or((0, Duration::ZERO), |(alerts, age)| (alerts.len(), age));
    vec![piece(Role::Muted, format!("{source} read {} ago, {count} alarms or alerts told", age::short(read)))]
}

/// Whether an alert fires or is held back from telling that it does.
fn raised(alert: &Alert) -> bool {
    matches!(alert.state, AlertState::Firing | AlertState::Suppressed)
}
