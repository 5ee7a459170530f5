//! Scaling: tasks, bounds, policies, deployments, last activities and events.

use ratatui::layout::Rect;

use crate::config::Service;
use crate::config::theme::Role;
use crate::source::{Deployment, Measured, Scaling, ScalingActivity, ScalingTarget, ScheduledAction, Workload};
use crate::state::State;
use crate::view::part::page::{Page, paint_scrolled};
use crate::view::part::reading::{state_behind, tone, trouble};
use crate::view::part::signal::of_role;
use crate::view::part::{Bit, Pen, age, badge, bit, words};

/// Events and activities that are listed; the rest is history.
const LISTED: usize = 10;

/// Draws the panel.
pub fn draw(area: Rect, service: &Service, scroll: usize, state: &State, pen: &mut Pen<'_>) {
    let mut page = Page::new(area.width);
    if service.ecs.is_some() {
        let workload = state.readings.workload(&state.config, &service.name, state.now);
        let scaling = state.readings.scaling(&state.config, &service.name, state.now);
        tasks(&mut page, &workload);
        bounds(&mut page, service, &scaling);
        saturation(&mut page, service, state);
        deployments(&mut page, &workload, state);
        policies(&mut page, &scaling);
        scheduled(&mut page, &scaling, state);
        activities(&mut page, &scaling, state);
        cluster(&mut page, &workload);
        events(&mut page, &workload, state);
    } else {
        page.text(Role::Muted, "this service has no ECS service in the configuration: nothing to scale");
    }
    paint_scrolled(area, page.rows(), scroll, pen);
}

fn tasks(page: &mut Page, measured: &Measured<'_, Workload>) {
    if let Some(line) = trouble("tasks", measured) {
        page.pieces(2, &line);
    }
    let Some((workload, _)) = measured.value() else { return };
    let short = workload.running < workload.desired;
    let running = if short { Role::Warning } else { Role::Text };
    let mut pieces = vec![
        bit(tone(measured, running), format!("running {}", workload.running)),
        bit(tone(measured, Role::Text), format!("  desired {}  pending {}", workload.desired, workload.pending)),
    ];
    if short {
        pieces.push(bit(tone(measured, Role::Warning), format!("  {} SHORT", workload.desired - workload.running)));
    }
    let unhealthy = workload.tasks.iter().filter(|task| task.health.as_str() == "UNHEALTHY").count();
    if unhealthy > 0 {
        pieces.push(bit(tone(measured, Role::Critical), format!("  {unhealthy} UNHEALTHY")));
    }
    let status = if workload.status.as_str() == "ACTIVE" { Role::Muted } else { Role::Warning };
    pieces.push(bit(tone(measured, status), format!("  {}", workload.status)));
    pieces.push(bit(tone(measured, Role::Muted), format!("  {}", workload.task_definition)));
    pieces.extend(state_behind(measured));
    page.field("tasks", &pieces);
}

fn bounds(page: &mut Page, service: &Service, measured: &Measured<'_, Scaling>) {
    if let Some(line) = trouble("scaling", measured) {
        page.pieces(2, &line);
    }
    if let Some((scaling, _)) = measured.value() {
        let mut pieces = match &scaling.target {
            Some(target) => target_bits(target, measured),
            None => vec![bit(tone(measured, Role::Warning), "no scaling target is registered")],
        };
        pieces.extend(state_behind(measured));
        page.field("bounds", &pieces);
    }
    let caps = &service.caps;
    let text = format!(
        "{}–{} tasks, {} a step, at least {} healthy",
        caps.min_desired, caps.max_desired, caps.max_step, caps.healthy_floor
    );
    page.field("caps", &[bit(Role::Muted, text)]);
}

/// The cluster that the tasks run in; nothing where it was not told.
fn cluster(page: &mut Page, measured: &Measured<'_, Workload>) {
    let Some(cluster) = measured.value().and_then(|(workload, _)| workload.cluster.as_ref()) else { return };
    let active = if cluster.status.as_str() == "ACTIVE" { Role::Text } else { Role::Warning };
    let counts = format!("  {} tasks of {} services, {} pending", cluster.running, cluster.services, cluster.pending);
    let instances = if cluster.instances > 0 { format!("  {} instances", cluster.instances) } else { String::new() };
    page.field(
        "cluster",
        &[
            bit(tone(measured, Role::Text), cluster.name.to_string()),
            bit(tone(measured, active), format!("  {}", cluster.status)),
            bit(tone(measured, Role::Muted), counts + &instances),
        ],
    );
}

fn target_bits(target: &ScalingTarget, measured: &Measured<'_, Scaling>) -> Vec<Bit<'static>> {
    let mut pieces = vec![bit(tone(measured, Role::Text), format!("min {}  max {}", target.min, target.max))];
    for (suspended, what) in [
        (target.scale_in_suspended, "scaling in"),
        (target.scale_out_suspended, "scaling out"),
        (target.scheduled_suspended, "scheduled actions"),
    ] {
        if suspended {
            pieces.push(bit(tone(measured, Role::Warning), format!("  {what} SUSPENDED")));
        }
    }
    pieces
}

/// CPU and memory: what scaling answers to.
fn saturation(page: &mut Page, service: &Service, state: &State) {
    use crate::config::Role as SignalRole;
    let mut pieces = Vec::new();
    for (role, name) in [(SignalRole::Cpu, "cpu"), (SignalRole::Memory, "memory")] {
        let Some(view) = of_role(service, role, state) else { continue };
        pieces.push(bit(Role::Muted, format!("{name} ")));
        pieces.extend(view.shown().bits());
        pieces.push(bit(Role::Text, "  "));
    }
    if !pieces.is_empty() {
        page.field("load", &pieces);
    }
}

fn deployments(page: &mut Page, measured: &Measured<'_, Workload>, state: &State) {
    let Some((workload, _)) = measured.value() else { return };
    for (index, deployment) in workload.deployments.iter().enumerate() {
        let label = if index == 0 { "deploy" } else { "" };
        page.field(label, &deployment_bits(deployment, measured, state));
    }
}

fn deployment_bits(deployment: &Deployment, measured: &Measured<'_, Workload>, state: &State) -> Vec<Bit<'static>> {
    let (word, role) = badge::rollout(deployment.rollout);
    let changed = deployment.updated.or(deployment.created);
    let ago = changed.map_or_else(String::new, |at| format!(", {} ago", age::short(age::since(state.now.wall, at))));
    let failed = if deployment.failed > 0 { format!(", {} FAILED to start", deployment.failed) } else { String::new() };
    let counts = format!(
        " {} of {} running, {} pending{failed}{ago}",
        deployment.running, deployment.desired, deployment.pending
    );
    vec![
        bit(tone(measured, role), word),
        bit(tone(measured, Role::Text), format!(" {} {}", deployment.status, deployment.task_definition)),
        bit(tone(measured, Role::Text), counts),
        bit(tone(measured, Role::Muted), format!(": {}", deployment.reason)),
    ]
}

fn policies(page: &mut Page, measured: &Measured<'_, Scaling>) {
    let Some((scaling, _)) = measured.value() else { return };
    for (index, policy) in scaling.policies.iter().enumerate() {
        let target = policy.target.map_or_else(String::new, |target| format!(" at {target}"));
        let pieces = [
            bit(tone(measured, Role::Text), policy.name.to_string()),
            bit(tone(measured, Role::Muted), format!(" {} {}{target}", policy.kind, policy.metric)),
        ];
        page.field(if index == 0 { "policies" } else { "" }, &pieces);
    }
}

/// What moves the bounds at set times; nothing where nothing does.
fn scheduled(page: &mut Page, measured: &Measured<'_, Scaling>, state: &State) {
    let Some((scaling, _)) = measured.value() else { return };
    if let Some(missing) = &scaling.scheduled_missing {
        page.field("schedule", &[bit(Role::Unknown, format!("NOT KNOWN: {missing}"))]);
    }
    for (index, action) in scaling.scheduled.iter().take(LISTED).enumerate() {
        let label = if index == 0 && scaling.scheduled_missing.is_none() { "schedule" } else { "" };
        page.field(label, &scheduled_bits(action, measured, state));
    }
    if scaling.scheduled.len() > LISTED {
        page.text(Role::Muted, format!("  and {} other scheduled actions", scaling.scheduled.len() - LISTED));
    }
}

fn scheduled_bits(action: &ScheduledAction, measured: &Measured<'_, Scaling>, state: &State) -> Vec<Bit<'static>> {
    let zone = action.zone.as_ref().map_or_else(String::new, |zone| format!(" {zone}"));
    let next = words::next_run(&action.next, state.now.wall);
    vec![
        bit(tone(measured, Role::Text), action.name.to_string()),
        bit(tone(measured, Role::Text), format!(" {}", bounds_set(action))),
        bit(tone(measured, Role::Text), format!(", {next}")),
        bit(tone(measured, Role::Muted), format!(" {}{zone}", action.schedule)),
    ]
}

/// `sets min 4 max 12`.
fn bounds_set(action: &ScheduledAction) -> String {
    match (action.min, action.max) {
        (Some(min), Some(max)) => format!("sets min {min} max {max}"),
        (Some(min), None) => format!("sets min {min}"),
        (None, Some(max)) => format!("sets max {max}"),
        (None, None) => "sets no bound".to_owned(),
    }
}

fn activities(page: &mut Page, measured: &Measured<'_, Scaling>, state: &State) {
    let Some((scaling, _)) = measured.value() else { return };
    if let Some(missing) = &scaling.activities_missing {
        page.field("activity", &[bit(Role::Unknown, format!("NOT KNOWN: {missing}"))]);
    } else if scaling.activities.is_empty() {
        page.field("activity", &[bit(tone(measured, Role::Muted), "none told")]);
    }
    for (index, activity) in scaling.activities.iter().take(LISTED).enumerate() {
        page.field(if index == 0 { "activity" } else { "" }, &activity_bits(activity, measured, state));
    }
}

fn activity_bits(activity: &ScalingActivity, measured: &Measured<'_, Scaling>, state: &State) -> Vec<Bit<'static>> {
    let role = match activity.status.as_str() {
        "Failed" | "Unfulfilled" => Role::Critical,
        "Successful" => Role::Text,
        _ => Role::Warning,
    };
    vec![
        bit(tone(measured, Role::Muted), format!("{} ago ", age::short(age::since(state.now.wall, activity.at)))),
        bit(tone(measured, role), format!("{}: ", activity.status)),
        bit(tone(measured, Role::Text), activity.description.to_string()),
        bit(tone(measured, Role::Muted), format!(" ({})", activity.cause)),
    ]
}

fn events(page: &mut Page, measured: &Measured<'_, Workload>, state: &State) {
    let Some((workload, _)) = measured.value() else { return };
    for (index, event) in workload.events.iter().take(LISTED).enumerate() {
        let pieces = [
            bit(tone(measured, Role::Muted), format!("{} ago ", age::short(age::since(state.now.wall, event.at)))),
            bit(tone(measured, Role::Text), event.message.to_string()),
        ];
        page.field(if index == 0 { "events" } else { "" }, &pieces);
    }
}
