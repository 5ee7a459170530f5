//! One service's row.

use std::ops::Range;
use std::time::Duration;

use ratatui::layout::Rect;

use super::columns::{Column, Columns, SIGNALS, Slot};
use crate::config::theme::Role;
use crate::config::{Role as SignalRole, Service};
use crate::source::{Measured, Rollout, Subject, Workload};
use crate::state::State;
use crate::state::lists;
use crate::state::verdict::fires_for;
use crate::view::part::pen::columns as pen_columns;
use crate::view::part::reading::{NOTHING, Shown};
use crate::view::part::signal::{of_role, unpanelled, view};
use crate::view::part::{Bit, Pen, age, badge, bit, number, spark};

/// Draws the row of a service.
pub(super) fn draw(area: Rect, service: &Service, selected: bool, columns: &Columns, state: &State, pen: &mut Pen<'_>) {
    if selected {
        pen.text(area.x, area.y, 1, "▸", Role::Title);
    }
    let others = others(service, columns, state);
    let mut x = area.x + 1;
    for (index, slot) in columns.slots.iter().enumerate() {
        let area = Rect { x, width: slot.width().min(area.right().saturating_sub(x)), ..area };
        match &others {
            Some((range, bits)) if range.contains(&index) => {
                if index == range.start {
                    pen.line(area.x, area.y, u16::try_from(pen_columns(bits)).unwrap_or(u16::MAX), bits);
                }
            }
            _ => cell(area, slot, service, state, pen),
        }
        x = x.saturating_add(slot.width() + 1);
    }
    if selected {
        pen.select(area);
    }
}

/// The fewest empty columns in a row whose place other signals take.
const EMPTY: usize = 3;

/// What a row of a service shows that has none of the last columns' signals: those that it has, by their names, as many as
/// fit whole in place of the empty columns.
fn others(service: &Service, columns: &Columns, state: &State) -> Option<(Range<usize>, Vec<Bit<'static>>)> {
    let is_signal = |slot: &Slot| matches!(slot.column, Column::Signal(_));
    let end = columns.slots.iter().rposition(is_signal)? + 1;
    let empty = |slot: &&Slot| matches!(slot.column, Column::Signal(role) if service.signal_of(role).is_none());
    let count = columns.slots[..end].iter().rev().take_while(empty).count();
    let range = end - count..end;
    let room = columns.slots[range.clone()].iter().map(|slot| usize::from(slot.width()) + 1).sum::<usize>();
    let mut bits = Vec::new();
    for signal in unpanelled(service).filter(|signal| signal.role == SignalRole::Other) {
        let shown = view(service, signal, state).shown();
        let mut group = vec![bit(Role::Muted, format!(" {} ", signal.name))];
        group.extend(shown.bits());
        if pen_columns(&bits) + pen_columns(&group) >= room {
            break;
        }
        bits.extend(group);
    }
    (count >= EMPTY && !bits.is_empty()).then_some((range, bits))
}

fn cell(area: Rect, slot: &Slot, service: &Service, state: &State, pen: &mut Pen<'_>) {
    match slot.column {
        Column::State => {
            let level = state.level(service);
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
    if all.is_empty() {
        all.extend(unpanelled(service).map(|signal| view(service, signal, state).shown()));
    }
    let oldest: Option<Duration> = all.iter().filter_map(|shown| shown.age).max();
    let role = if all.iter().all(|shown| shown.word == "live") { Role::Muted } else { Role::Stale };
    pen.right(area.x, area.y, area.width, &oldest.map_or_else(|| NOTHING.to_owned(), age::short), role);
}
