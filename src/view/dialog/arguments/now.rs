//! How the target stands now: what the arguments can name, and how old that is.

use super::Asked;
use crate::config::theme::Role;
use crate::source::{Database, Measured, MemberRole, Subject, Task, Traffic, Workload};
use crate::state::State;
use crate::view::part::page::Page;
use crate::view::part::reading::Shown;

/// The most things that are listed; the screen of the service has all.
const MOST: usize = 8;

/// One line, by what the action is about; none where nothing of it is read.
pub(super) fn tell(page: &mut Page, state: &State, asked: &Asked<'_>) {
    let (config, now, service) = (&state.config, state.now, asked.target.clone());
    match asked.spec.name {
        "shift_traffic" => shown(page, &state.readings.of(config, &Subject::Traffic { service }, now), weights),
        "fail_over" => shown(page, &state.readings.of(config, &Subject::Database { service }, now), members),
        "stop_task" => shown(page, &state.readings.workload(config, asked.target, now), tasks),
        _ if config.service(asked.target).is_some_and(|service| service.ecs.is_some()) => {
            shown(page, &state.readings.workload(config, asked.target, now), counts);
        }
        _ => {}
    }
}

fn shown<T>(page: &mut Page, measured: &Measured<'_, T>, text: fn(&T) -> String) {
    page.field("now", &Shown::of(measured, text, |_| (Role::Text, "")).bits());
}

fn counts(workload: &Workload) -> String {
    format!("{} running, {} desired", workload.running, workload.desired)
}

/// `blue 90 green 10`, route by route.
fn weights(traffic: &Traffic) -> String {
    let one = |(name, weight): &(crate::text::Text, u32)| format!("{name} {weight}");
    let routes = traffic.routes.iter().map(|route| route.weights.iter().map(one).collect::<Vec<_>>().join(", "));
    listed(routes)
}

fn members(database: &Database) -> String {
    let role = |role| match role {
        MemberRole::Writer => "writer",
        MemberRole::Reader => "reader",
        _ => "standby",
    };
    listed(database.members.iter().map(|member| format!("{} ({}, {})", member.id, role(member.role), member.status)))
}

fn tasks(workload: &Workload) -> String {
    let one = |task: &Task| format!("{} ({})", task.id, task.health);
    listed(workload.tasks.iter().map(one))
}

fn listed(things: impl Iterator<Item = String>) -> String {
    let mut all: Vec<_> = things.collect();
    let beyond = all.len().saturating_sub(MOST);
    all.truncate(MOST);
    let rest = if beyond > 0 { format!("; and {beyond} more") } else { String::new() };
    all.join("; ") + &rest
}
