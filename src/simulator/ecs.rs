//! The simulated fleet as an orchestrator and its scaling service would tell it (ECS, Application Auto Scaling).

use jiff::Timestamp;

use super::course::Course;
use super::fleet::{FLEET, Profile, RunBy};
use super::log::Mutated;
use super::measure::moment;
use super::tasks::{Crew, Ending, Task};
use super::{ACCOUNT, REGION};
use crate::slo::schedule::{Coming, next_run};
use crate::source::{
    Cluster, Deployment, Identity, Rollout, Scaling, ScalingActivity, ScalingPolicy, ScalingTarget, ScheduledAction,
    Task as TaskData, Workload, WorkloadEvent,
};
use crate::text::Text;

/// The most events and tasks that are told.
const MOST: usize = 100;

/// The service that the overload hits: somebody suspended its scaling out and forgot to resume it.
const SUSPENDED: &str = "rtech-app";

/// Whose credentials are in use: made-up ones.
pub fn identity() -> Identity {
    Identity {
        account: Text::clean(ACCOUNT),
        region: Text::clean(REGION),
        arn: Text::clean(&format!("arn:aws:sts::{ACCOUNT}:assumed-role/demo/operator")),
        expires: None,
    }
}

/// A service's workload, `seconds` after the beginning; `None` for one that no orchestrator runs.
pub fn workload(course: &Course, profile: &Profile, began: Timestamp, seconds: f64) -> Option<Workload> {
    let RunBy::Orchestrator { .. } = profile.run_by else { return None };
    let crew = course.crew(profile.name)?;
    let primary = crew.deployment(seconds);
    Some(Workload {
        arn: Text::clean(&format!("arn:aws:ecs:{REGION}:{ACCOUNT}:service/demo/{}", profile.name)),
        status: Text::clean("ACTIVE"),
        desired: crew.desired(seconds),
        running: crew.running(seconds),
        pending: crew.pending(seconds),
        task_definition: definition(profile, crew, primary),
        deployments: deployments(crew, profile, began, seconds),
        events: events(crew, profile, began, seconds),
        tasks: tasks(crew, profile, began, seconds),
        cluster: Some(cluster(course, seconds)),
        traffic_owner: None,
    })
}

/// The cluster that all orchestrated services run in.
fn cluster(course: &Course, seconds: f64) -> Cluster {
    let crews: Vec<&Crew> = FLEET.iter().filter_map(|profile| course.crew(profile.name)).collect();
    Cluster {
        name: Text::clean("demo"),
        status: Text::clean("ACTIVE"),
        running: crews.iter().map(|crew| crew.running(seconds)).sum(),
        pending: crews.iter().map(|crew| crew.pending(seconds)).sum(),
        services: u32::try_from(crews.len()).unwrap_or_default(),
        instances: 0,
    }
}

fn definition(profile: &Profile, crew: &Crew, deployment: usize) -> Text {
    Text::clean(&format!("{}:{}", profile.name, crew.revision(deployment)))
}

/// The primary deployment, and before it those whose tasks still run.
fn deployments(crew: &Crew, profile: &Profile, began: Timestamp, seconds: f64) -> Vec<Deployment> {
    let primary = crew.deployment(seconds);
    let still = |index: &usize| *index == primary || crew.tasks.iter().any(|task| of(task, *index, seconds));
    (0..=primary).rev().filter(still).map(|index| deployment(crew, profile, began, (index, seconds))).collect()
}

/// Whether a task of that deployment is there at that moment.
fn of(task: &Task, deployment: usize, seconds: f64) -> bool {
    task.deployment == deployment && (task.is_running(seconds) || task.is_pending(seconds))
}

fn deployment(crew: &Crew, profile: &Profile, began: Timestamp, (index, seconds): (usize, f64)) -> Deployment {
    let is_primary = index == crew.deployment(seconds);
    let (rollout, reason) = rollout(crew, index, seconds);
    let began_at = crew.deployments.get(index).map_or(-2.0 * 86_400.0, |deployed| deployed.at);
    let first = crew.tasks.iter().find(|task| task.deployment == index);
    let count = |what: fn(&Task, f64) -> bool| {
        let tasks = crew.tasks.iter().filter(|task| task.deployment == index && what(task, seconds));
        u32::try_from(tasks.count()).unwrap_or(u32::MAX)
    };
    Deployment {
        id: Text::clean(&format!("ecs-svc/{}", first.map_or("0", |task| &task.id[..19]))),
        status: Text::clean(if is_primary { "PRIMARY" } else { "ACTIVE" }),
        task_definition: definition(profile, crew, index),
        rollout,
        reason: Text::clean(reason),
        desired: if is_primary { crew.desired(seconds) } else { 0 },
        running: count(Task::is_running),
        pending: count(Task::is_pending),
        failed: crew.failed(index, seconds),
        created: Some(moment(began, began_at)),
        updated: Some(moment(began, began_at)),
    }
}

/// How far a deployment is, in ECS's own words.
fn rollout(crew: &Crew, index: usize, seconds: f64) -> (Rollout, &'static str) {
    let deployed = crew.deployments.get(index);
    let ended = deployed.and_then(|deployed| deployed.ended).filter(|(at, _)| *at <= seconds);
    let back = deployed.is_some_and(|deployed| deployed.is_rollback);
    match ended {
        Some((_, Ending::Failed)) => (Rollout::Failed, "ECS deployment circuit breaker: tasks failed to start."),
        Some(_) => (Rollout::Failed, "ECS deployment stopped by a user."),
        None if !crew.is_rolling(index, seconds) => (Rollout::Completed, "ECS deployment completed."),
        None if back => (Rollout::InProgress, "ECS deployment: rolling back to the revision before."),
        None => (Rollout::InProgress, "ECS deployment in progress."),
    }
}

fn tasks(crew: &Crew, profile: &Profile, began: Timestamp, seconds: f64) -> Vec<TaskData> {
    let shown = crew.tasks.iter().filter(|task| task.is_running(seconds) || task.is_pending(seconds));
    shown.take(MOST).map(|task| task_data(task, &definition(profile, crew, task.deployment), began, seconds)).collect()
}

fn task_data(task: &Task, definition: &Text, began: Timestamp, seconds: f64) -> TaskData {
    let (status, health) = match task.is_running(seconds) {
        true => ("RUNNING", "HEALTHY"),
        false if seconds - task.asked < 2.0 => ("PROVISIONING", "UNKNOWN"),
        false => ("PENDING", "UNKNOWN"),
    };
    TaskData {
        id: Text::clean(&task.id),
        last_status: Text::clean(status),
        health: Text::clean(health),
        task_definition: definition.clone(),
        started: task.is_running(seconds).then(|| moment(began, task.runs)),
    }
}

/// Events in ECS's own words, the newest first.
fn events(crew: &Crew, profile: &Profile, began: Timestamp, seconds: f64) -> Vec<WorkloadEvent> {
    let mut told: Vec<(f64, String)> = Vec::new();
    // ECS repeats the steady state every six hours.
    told.push((-1560.0, format!("(service {}) has reached a steady state.", profile.name)));
    for (at, _) in &crew.changes {
        change_events(&mut told, crew, profile, *at);
    }
    told.retain(|(at, _)| *at <= seconds);
    told.sort_by(|a, b| b.0.total_cmp(&a.0));
    told.truncate(MOST);
    let event = |(at, message): (f64, String)| WorkloadEvent { at: moment(began, at), message: Text::clean(&message) };
    told.into_iter().map(event).collect()
}

fn change_events(told: &mut Vec<(f64, String)>, crew: &Crew, profile: &Profile, at: f64) {
    let of = |when: f64| (when - at).abs() < 1e-9;
    let started: Vec<&Task> = crew.tasks.iter().filter(|task| of(task.asked)).collect();
    let stopped: Vec<&Task> =
        crew.tasks.iter().filter(|task| task.stops.is_some_and(|stops| of(stops - 2.0))).collect();
    let name = profile.name;
    if !started.is_empty() {
        told.push((at + 1.0, format!("(service {name}) has started {} tasks: {}.", started.len(), ids(&started))));
        for task in &started {
            told.push((task.runs, format!("(service {name}) registered 1 targets in (target-group {name}).")));
        }
    }
    if !stopped.is_empty() {
        told.push((
            at + 1.0,
            format!("(service {name}) has stopped {} running tasks: {}.", stopped.len(), ids(&stopped)),
        ));
    }
    let settled = started.iter().map(|task| task.runs).fold(at + 2.0, f64::max) + 1.0;
    told.push((settled, format!("(service {name}) has reached a steady state.")));
}

fn ids(tasks: &[&Task]) -> String {
    tasks.iter().map(|task| format!("(task {})", task.id)).collect::<Vec<_>>().join(" ")
}

/// A service's scaling; `None` for one that no orchestrator runs.
pub fn scaling(course: &Course, profile: &Profile, began: Timestamp, seconds: f64) -> Option<Scaling> {
    let RunBy::Orchestrator { tasks, min, max } = profile.run_by else { return None };
    let crew = course.crew(profile.name)?;
    let bounds = |set: &Mutated| if let Mutated::Bounds(min, max) = set { Some((*min, *max)) } else { None };
    let held = |set: &Mutated| if let Mutated::Suspended(a, b, c) = set { Some((*a, *b, *c)) } else { None };
    let (least, most) = crew.setting(seconds, bounds).unwrap_or((min, max));
    let forgotten = (false, profile.name == SUSPENDED, false);
    let (scale_in_suspended, scale_out_suspended, scheduled_suspended) =
        crew.setting(seconds, held).unwrap_or(forgotten);
    Some(Scaling {
        target: Some(ScalingTarget {
            min: least,
            max: most,
            scale_in_suspended,
            scale_out_suspended,
            scheduled_suspended,
        }),
        policies: vec![
            policy("cpu-70", "ECSServiceAverageCPUUtilization", 70.0),
            policy("memory-80", "ECSServiceAverageMemoryUtilization", 80.0),
        ],
        activities: vec![ScalingActivity {
            at: moment(began, -1590.0),
            status: Text::clean("Successful"),
            description: Text::clean(&format!("Setting desired count to {tasks}.")),
            cause: Text::clean("monitor alarm TargetTracking-AlarmLow in state ALARM triggered policy cpu-70"),
        }],
        activities_missing: None,
        scheduled: if profile.name == SUSPENDED { vec![peak(max, moment(began, seconds))] } else { Vec::new() },
        scheduled_missing: None,
    })
}

/// More tasks for the busiest days of the year.
fn peak(max: u32, now: Timestamp) -> ScheduledAction {
    let expression = "cron(0 6 24 12 ? *)";
    ScheduledAction {
        name: Text::clean("christmas-peak"),
        schedule: Text::clean(expression),
        zone: None,
        min: Some(4),
        max: Some(max + 4),
        next: next_run(&Coming { expression, zone: None, start: None, end: None }, now),
    }
}

fn policy(name: &str, metric: &str, target: f64) -> ScalingPolicy {
    ScalingPolicy {
        name: Text::clean(name),
        kind: Text::clean("TargetTrackingScaling"),
        metric: Text::clean(metric),
        target: Some(target),
        scales_in: true,
    }
}
