//! A content delivery network: whether it serves, invalidations in flight, behaviours; hit ratio and errors where signals
//! are named so.

use ratatui::layout::Rect;

use crate::config::theme::Role;
use crate::config::{Service, Signal};
use crate::source::{Cdn, Invalidation, Measured, SignalId, Subject};
use crate::state::State;
use crate::state::verdict::cdn::{STUCK, serving};
use crate::state::verdict::signal_level;
use crate::view::part::page::{Page, paint_scrolled};
use crate::view::part::reading::{Shown, state_behind, tone, trouble};
use crate::view::part::{Bit, Pen, age, badge, bit};

/// Signals of the service that belong here by their names.
const SIGNALS: [&str; 8] =
    ["hit_ratio", "hit_rate", "cache_hit_ratio", "cache_hit_rate", "errors", "error_rate", "errors_4xx", "errors_5xx"];

/// Completed invalidations that are told.
const COMPLETED: usize = 3;

/// Draws the panel.
pub fn draw(area: Rect, service: &Service, scroll: usize, state: &State, pen: &mut Pen<'_>) {
    let mut page = Page::new(area.width);
    let subject = Subject::Cdn { service: service.name.clone() };
    let measured = state.readings.of::<Cdn>(&state.config, &subject, state.now);
    if let Some(line) = trouble("CDN", &measured) {
        page.pieces(2, &line);
    }
    signals(&mut page, service, state);
    if let Some((cdn, _)) = measured.value() {
        status(&mut page, cdn, &measured, state);
        invalidations(&mut page, cdn, &measured, state);
        behaviours(&mut page, cdn, &measured);
        for missing in &cdn.missing {
            page.field("not known", &[bit(Role::Unknown, missing.to_string())]);
        }
    }
    paint_scrolled(area, page.rows(), scroll, pen);
}

fn signals(page: &mut Page, service: &Service, state: &State) {
    for signal in service.signals.iter().filter(|signal| SIGNALS.contains(&signal.name.as_str())) {
        page.field(signal.name.as_str(), &signal_bits(service, signal, state));
    }
}

fn signal_bits(service: &Service, signal: &Signal, state: &State) -> Vec<Bit<'static>> {
    let id = SignalId { service: service.name.clone(), signal: signal.name.clone() };
    let measured = state.readings.signal(&state.config, &id, state.now);
    let level = signal_level(signal, &measured);
    let look = (badge::level_role(level), badge::level_sign(level));
    Shown::of(&measured, |series| series.value.format(signal.unit), |_| look).bits()
}

fn status(page: &mut Page, cdn: &Cdn, measured: &Measured<'_, Cdn>, state: &State) {
    let (level, word) = serving(cdn);
    let mut pieces = vec![
        bit(tone(measured, badge::level_role(level)), format!("{}{word}", badge::level_sign(level))),
        bit(tone(measured, Role::Text), format!("  {}", cdn.id)),
    ];
    let changed = cdn.modified.map(|at| format!("  changed {} ago", age::short(age::since(state.now.wall, at))));
    pieces.extend(changed.map(|text| bit(tone(measured, Role::Muted), text)));
    pieces.extend(state_behind(measured));
    page.field("status", &pieces);
    let names: Vec<&str> = cdn.aliases.iter().map(|alias| alias.as_str()).collect();
    let names = [
        bit(tone(measured, Role::Text), format!("{}  ", names.join(", "))),
        bit(tone(measured, Role::Muted), cdn.domain.to_string()),
    ];
    page.field("serves", &names);
}

/// Invalidations: those in flight with their paths, then the newest that are completed, in one line.
fn invalidations(page: &mut Page, cdn: &Cdn, measured: &Measured<'_, Cdn>, state: &State) {
    for invalidation in cdn.invalidations.iter().filter(|invalidation| invalidation.in_flight()) {
        page.field("in flight", &in_flight(invalidation, measured, state));
    }
    let done = cdn.invalidations.iter().filter(|invalidation| !invalidation.in_flight()).take(COMPLETED);
    let done: Vec<String> = done.map(|one| format!("{} {}", one.id, ago(one, state))).collect();
    if !done.is_empty() {
        page.field("completed", &[bit(tone(measured, Role::Muted), done.join(", "))]);
    }
}

fn in_flight(invalidation: &Invalidation, measured: &Measured<'_, Cdn>, state: &State) -> Vec<Bit<'static>> {
    let stuck = invalidation.created.is_some_and(|at| age::since(state.now.wall, at) >= STUCK);
    let (role, word) = if stuck { (Role::Warning, "STUCK since ") } else { (Role::Text, "") };
    let paths: Vec<&str> = invalidation.paths.iter().map(|path| path.as_str()).collect();
    vec![
        bit(tone(measured, role), format!("{word}{} ", ago(invalidation, state))),
        bit(tone(measured, Role::Title), format!("{} ", invalidation.id)),
        bit(tone(measured, Role::Text), paths.join(" ")),
    ]
}

fn ago(invalidation: &Invalidation, state: &State) -> String {
    let since = invalidation.created.map(|at| age::short(age::since(state.now.wall, at)));
    since.map_or_else(|| "since unknown".to_owned(), |since| format!("{since} ago"))
}

fn behaviours(page: &mut Page, cdn: &Cdn, measured: &Measured<'_, Cdn>) {
    for (index, behaviour) in cdn.behaviours.iter().enumerate() {
        let caching = match (&behaviour.policy, behaviour.default_ttl) {
            (Some(policy), _) => policy.to_string(),
            (None, Some(0)) => "NOT cached".to_owned(),
            (None, Some(ttl)) => format!("cached {}", age::window(std::time::Duration::from_secs(ttl))),
            (None, None) => "caching not told".to_owned(),
        };
        let label = if index == 0 { "paths" } else { "" };
        let pieces = [
            bit(tone(measured, Role::Text), behaviour.path.to_string()),
            bit(tone(measured, Role::Muted), format!("  {caching}  from {}", behaviour.origin)),
        ];
        page.field(label, &pieces);
    }
}
