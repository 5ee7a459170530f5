//! The strip below the table: why the selected service stands as it does, its values in full, what can be done about it.

use ratatui::layout::Rect;

use super::columns::SIGNALS;
use crate::config::keymap::Context;
use crate::config::theme::Role;
use crate::config::{Role as SignalRole, Service, Signal};
use crate::state::command::Command;
use crate::state::verdict::ServiceVerdict;
use crate::state::{State, lists};
use crate::view::part::flow::flow;
use crate::view::part::page::{Page, Row};
use crate::view::part::reading::Shown;
use crate::view::part::signal::{of_role, unpanelled, view};
use crate::view::part::{Bit, Pen, age, badge, bit, keys};

/// Draws the strip.
pub(super) fn draw(area: Rect, service: &Service, state: &State, pen: &mut Pen<'_>) {
    if area.height == 0 {
        return;
    }
    let verdict = state.verdict(service);
    title(area, service, &verdict, pen);
    let inner = Rect { x: area.x + 1, y: area.y + 1, width: area.width.saturating_sub(2), height: area.height - 1 };
    let mut tail: Vec<Row> =
        verdict.notes.iter().map(|note| vec![bit(Role::Muted, format!("held back {note}"))]).collect();
    tail.extend(flowed(inner.width, values(service, state)));
    let mut below = runbooks(service, state);
    below.extend(last_run(service, state));
    let others = flowed(inner.width, others(service, state));
    let taken = verdict.reasons.len().max(1) + tail.len() + below.len();
    if taken + others.len() <= usize::from(inner.height) {
        tail.extend(others);
    }
    tail.extend(below);
    let room = usize::from(inner.height).saturating_sub(tail.len()).max(1);
    let mut lines = reasons(&verdict, room);
    lines.extend(tail);
    pen.lines(inner, &lines);
}

fn flowed(width: u16, groups: Vec<Vec<Bit<'static>>>) -> Vec<Row> {
    let mut page = Page::new(width);
    flow(&mut page, groups);
    page.into_rows()
}

fn title(area: Rect, service: &Service, verdict: &ServiceVerdict, pen: &mut Pen<'_>) {
    pen.rule(Rect { height: 1, ..area }, Role::Border);
    let bits = [
        bit(Role::Title, format!(" {} ", service.name)),
        bit(badge::level_role(verdict.level), verdict.level.word()),
        bit(Role::Muted, format!(" {} ", service.summary)),
    ];
    pen.line(area.x + 1, area.y, area.width.saturating_sub(2), &bits);
}

/// The reasons, the worst first; the last line says how many more there are.
fn reasons(verdict: &ServiceVerdict, rows: usize) -> Vec<Vec<Bit<'static>>> {
    if verdict.reasons.is_empty() {
        return vec![vec![bit(Role::Good, "all within bounds, on fresh readings")]];
    }
    let fits = verdict.reasons.len() <= rows;
    let shown = if fits { rows } else { rows.saturating_sub(1) };
    let line = |(role, word, text): (Role, &str, &str)| {
        vec![bit(role, format!("{word:<9} ")), bit(Role::Text, text.to_owned())]
    };
    let mut lines: Vec<_> = verdict
        .reasons
        .iter()
        .take(shown)
        .map(|reason| line((badge::level_role(reason.level), reason.level.word(), &reason.text)))
        .collect();
    if !fits {
        lines.push(vec![bit(Role::Muted, format!("… and {} more; open the service", verdict.reasons.len() - shown))]);
    }
    lines
}

/// Each value of the row in full, with its age or its state in words.
fn values(service: &Service, state: &State) -> Vec<Vec<Bit<'static>>> {
    let mut values: Vec<Vec<Bit<'static>>> = SIGNALS
        .into_iter()
        .filter_map(|role| Some(labelled(label(role), &of_role(service, role, state)?.shown())))
        .collect();
    if service.ecs.is_some() {
        let workload = state.readings.workload(&state.config, &service.name, state.now);
        values.push(labelled("tasks", &super::row::shown_tasks(&workload)));
    }
    values
}

/// Signals without a column, by their names: shown where nothing more urgent needs the rows.
fn others(service: &Service, state: &State) -> Vec<Vec<Bit<'static>>> {
    let has_column = |signal: &&Signal| SIGNALS.contains(&signal.role);
    let shown = |signal: &Signal| labelled(signal.name.as_str(), &view(service, signal, state).shown());
    unpanelled(service).filter(|signal| !has_column(signal)).map(shown).collect()
}

fn label(role: SignalRole) -> &'static str {
    match role {
        SignalRole::LatencyP50 => "p50",
        SignalRole::LatencyP95 => "p95",
        SignalRole::LatencyP99 => "p99",
        SignalRole::Errors => "errors",
        SignalRole::Traffic => "traffic",
        SignalRole::Cpu => "cpu",
        SignalRole::Memory => "memory",
        SignalRole::Other => "",
    }
}

fn labelled(label: &str, shown: &Shown) -> Vec<Bit<'static>> {
    let mut bits = vec![bit(Role::Muted, format!("{label} "))];
    bits.extend(shown.bits());
    bits
}

fn runbooks(service: &Service, state: &State) -> Vec<Vec<Bit<'static>>> {
    let line = |row: &lists::RunbookRow<'_>| {
        let alert = row.suggested_by.map_or_else(String::new, |alert| format!(" answers {}", alert.name));
        let open = if row.session.is_some() { " (begun)" } else { "" };
        vec![
            bit(Role::Warning, "runbook "),
            bit(Role::Title, row.runbook.title.to_string()),
            bit(Role::Muted, format!("{alert}{open}  ")),
            bit(Role::Key, keys::first(&state.keymap, Command::Runbooks, Context::Global)),
            bit(Role::Muted, " lists it"),
        ]
    };
    lists::suggested(state, &service.name).iter().take(2).map(line).collect()
}

fn last_run(service: &Service, state: &State) -> Option<Vec<Bit<'static>>> {
    let run = state.runs.iter().find(|run| run.plan.action.target() == &service.name)?;
    let (word, role) = badge::run(run.state);
    let ago = age::short(age::since(state.now.wall, run.approved));
    Some(vec![
        bit(Role::Muted, format!("last run {} ", run.plan.action.name())),
        bit(role, word),
        bit(Role::Muted, format!(" {ago} ago by {}: ", run.by.user)),
        bit(Role::Text, run.last_word()),
    ])
}
