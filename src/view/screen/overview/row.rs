//! One service's row.

use std::time::Duration;

use ratatui::layout::Rect;

use super::columns::{Column, Columns, SIGNALS, Slot};
use crate::config::theme::Role;
use crate::config::{Role as SignalRole, Service};
use crate::source::{Measured, Rollout, Subject, Workload};
use crate::state::State;
use crate::state::lists;
use crate::state::verdict::{fires_for, service_verdict};
use crate::view::part::reading::{NOTHING, Shown};
use crate::view::part::signal::of_role;
use crate::view::part::{Pen, age, badge, number, spark};

/// Draws the row of a service.
pub(super) fn draw(area: Rect, service: &Service, selected: bool, columns: &Columns, state: &State, pen: &mut Pen<'_>) {
    if selected {
        pen.text(area.x, area.y, 1, "▸", Role::Title);
    }
    let mut x = area.x + 1;
    for slot in &columns.slots {
        let area = Rect { x, width: slot.width().min(area.right().saturating_sub(x)), ..area };
        cell(area, slot, service, state, pen);
        x = x.saturating_add(slot.width() + 1);
    }
    if selected {
        pen.select(area);
    }
}

fn cell(area: Rect, slot: &Slot, service: &Service, state: &State, pen: &mut Pen<'_>) {
    match slot.column {
        Column::State => {
            let level = service_verdict(&state.readings, &state.config, service, state.now).level;
            pen.text(area.x, area.y, area.width, level.word(), badge::level_role(level));
        }
        Column::Service => {
            pen.text(area.x, area.y, area.width, service.name.as_str(), Role::Title);
        }
        Column::Signal(role) => signal(area, slot, role, service, state, pen),
        Column::Tasks => tasks(area, slot, service, state, pen),
        Column::Deploy => deploy(area, service, state, pen),
        Column::Alerts => alerts(area, service, state, pen),
        Column::Age => oldest(area, service, state, pen),
    }
}

fn signal(area: Rect, slot: &Slot, role: SignalRole, service: &Service, state: &State, pen: &mut Pen<'_>) {
    let Some(view) = of_role(service, role, state) else {
        pen.right(area.x, area.y, slot.value.min(area.width), "·", Role::Muted);
        return;
    };
    let columns = slot.value.into();
    let shown = view.shown_as(|series| number::tight(series.value, view.signal.unit, columns));
    value(area, slot, &shown, pen);
    if slot.spark > 0
        && let Some((series, _)) = view.measured.value()
    {
        let history =
            spark::spark(&series.points, state.now.wall, state.range, slot.spark.into(), bound(service, role));
        let role = if shown.word == "live" { Role::Series1 } else { Role::Stale };
        pen.text(area.x + slot.value + 2, area.y, slot.spark, &history, role);
    }
}

/// What a history is held against: the bound of its signal, so that low looks low.
fn bound(service: &Service, role: SignalRole) -> Option<f64> {
    service.signal_of(role).and_then(|signal| signal.warning.or(signal.critical).or(signal.objective))
}

/// Value, sign and, where the column has one, the age at its end.
fn value(area: Rect, slot: &Slot, shown: &Shown, pen: &mut Pen<'_>) {
    pen.right(area.x, area.y, slot.value.min(area.width), &shown.text, shown.role);
    pen.text(area.x + slot.value, area.y, 1, shown.sign, sign_role(shown));
    if slot.age > 0 {
        let role = if shown.word == "live" { Role::Muted } else { Role::Stale };
        pen.right(area.x, area.y, area.width, &shown.age(), role);
    }
}

fn sign_role(shown: &Shown) -> Role {
    if shown.word == "failed" { Role::Critical } else { shown.role }
}

/// Tasks as they may be shown: running of desired.
pub(super) fn shown_tasks(measured: &Measured<'_, Workload>) -> Shown {
    Shown::of(
        measured,
        |workload| format!("{}/{}", workload.running, workload.desired),
        |workload| {
            if workload.running == 0 && workload.desired > 0 {
                (Role::Critical, "▲")
            } else if workload.running < workload.desired {
                (Role::Warning, "!")
            } else {
                (Role::Text, "")
            }
        },
    )
}

fn workload<'a>(state: &'a State, service: &Service) -> Measured<'a, Workload> {
    state.readings.workload(&state.config, &service.name, state.now)
}

fn tasks(area: Rect, slot: &Slot, service: &Service, state: &State, pen: &mut Pen<'_>) {
    if service.ecs.is_none() {
        pen.right(area.x, area.y, slot.value.min(area.width), "·", Role::Muted);
        return;
    }
    value(area, slot, &shown_tasks(&workload(state, service)), pen);
}

fn deploy(area: Rect, service: &Service, state: &State, pen: &mut Pen<'_>) {
    let measured = workload(state, service);
    let Some((workload, _)) = measured.value() else {
        pen.text(area.x, area.y, area.width, if service.ecs.is_some() { NOTHING } else { "·" }, Role::Muted);
        return;
    };
    let failed = workload.deployments.iter().any(|deployment| deployment.rollout == Rollout::Failed);
    let (text, role) = match workload.in_flight() {
        Some(flight) if area.width >= 12 => (format!("ROLLING {}/{}", flight.running, flight.desired), Role::Warning),
        Some(_) => ("ROLLING".to_owned(), Role::Warning),
        None if failed => ("FAILED".to_owned(), Role::Critical),
        None => ("none".to_owned(), Role::Muted),
    };
    let role = if measured.live().is_some() { role } else { Role::Stale };
    pen.text(area.x, area.y, area.width, &text, role);
}

fn alerts(area: Rect, service: &Service, state: &State, pen: &mut Pen<'_>) {
    let firing = lists::all_alerts(state).filter(|alert| fires_for(alert, &service.name)).count();
    let (text, role) =
        if firing > 0 { (format!("{firing} firing"), Role::Critical) } else { ("none".to_owned(), Role::Muted) };
    pen.text(area.x, area.y, area.width, &text, role);
}

/// The greatest age among the row's values.
fn oldest(area: Rect, service: &Service, state: &State, pen: &mut Pen<'_>) {
    let signals = SIGNALS.into_iter().filter_map(|role| of_role(service, role, state)).map(|view| view.shown());
    let tasks = service.ecs.is_some().then(|| shown_tasks(&workload(state, service)));
    let mut all: Vec<Shown> = signals.chain(tasks).collect();
    for check in &service.health {
        let subject = Subject::Health { service: service.name.clone(), endpoint: check.name.clone() };
        let measured = state.readings.health(&state.config, &subject, state.now);
        all.push(Shown::of(&measured, |_| String::new(), |_| (Role::Text, "")));
    }
    let oldest: Option<Duration> = all.iter().filter_map(|shown| shown.age).max();
    let role = if all.iter().all(|shown| shown.word == "live") { Role::Muted } else { Role::Stale };
    pen.right(area.x, area.y, area.width, &oldest.map_or_else(|| NOTHING.to_owned(), age::short), role);
}
