//! `scale`: set the desired count of an ECS service.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::plan::SCHEMA;
use super::{Action, ActionSpec, ArgumentSpec, Call, Change, Plan, PlanFailure, Step, Undo};
use crate::config::{Config, EcsService, Service};
use crate::source::{Name, Observation, Rollout, ScalingTarget};

/// Set the desired count of a service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scale {
    /// The service.
    pub service: Name,
    /// Tasks wanted.
    pub desired: u32,
}

/// The row of [`ACTIONS`](super::ACTIONS).
pub const SPEC: ActionSpec = ActionSpec {
    name: "scale",
    summary: "set the desired count of an ECS service",
    arguments: &[ArgumentSpec {
        name: "desired",
        summary: "tasks wanted: a whole number, within the scaling target's min and max",
    }],
    parse,
};

fn parse(target: &Name, arguments: &[(String, String)]) -> Result<Action, PlanFailure> {
    let hint = "write `scale SERVICE desired=N`, N a whole number";
    let [(key, value)] = arguments else {
        return Err(PlanFailure::new("scale takes exactly one argument, desired", hint));
    };
    if key != "desired" {
        return Err(PlanFailure::new(&format!("scale has no argument `{key}`"), hint));
    }
    let desired = value.parse().map_err(|_| PlanFailure::new(&format!("`{value}` is not a count of tasks"), hint))?;
    Ok(Action::Scale(Scale { service: target.clone(), desired }))
}

/// The plan of scaling one service. See [`plan_for`](super::plan_for).
pub(super) fn plan(
    scale: &Scale,
    observation: &Observation,
    config: &Config,
    now: Timestamp,
) -> Result<Plan, PlanFailure> {
    let service = find(scale, config)?;
    let ecs = service.ecs.as_ref().ok_or_else(|| not_on_ecs(scale))?;
    let before = observation.workload.desired;
    if before == scale.desired {
        return Err(nothing_to_do(scale, observation.workload.running));
    }
    Ok(Plan {
        schema: SCHEMA.to_owned(),
        action: Action::Scale(scale.clone()),
        environment: config.environment.name.clone(),
        kind: config.environment.kind,
        target_arn: observation.workload.arn.clone(),
        account: observation.identity.account.clone(),
        region: observation.identity.region.clone(),
        changes: changes(scale, observation, service),
        steps: vec![step(scale, ecs)],
        fingerprint: fingerprint(observation),
        undo: Undo::Action { action: Action::Scale(Scale { service: scale.service.clone(), desired: before }) },
        steady_deadline: config.guards.steady_deadline,
        observation: observation.clone(),
        made: now,
        expires: now.checked_add(config.guards.plan_ttl).unwrap_or(now),
        runbook_step: None,
    })
}

fn find<'a>(scale: &Scale, config: &'a Config) -> Result<&'a Service, PlanFailure> {
    config.service(&scale.service).ok_or_else(|| {
        let known: Vec<_> = config.services.iter().map(|service| service.name.as_str()).collect();
        let reason = format!("environment `{}` has no service `{}`", config.environment.name, scale.service);
        PlanFailure::new(&reason, &format!("its services are: {}", known.join(", ")))
    })
}

fn not_on_ecs(scale: &Scale) -> PlanFailure {
    let reason = format!("service `{}` has no [ecs] in the configuration, so there is no count to set", scale.service);
    PlanFailure::new(&reason, "name its cluster and service there, or scale it where it runs")
}

fn nothing_to_do(scale: &Scale, running: u32) -> PlanFailure {
    let reason = format!(
        "nothing would change: the desired count of `{}` is {} already ({running} running)",
        scale.service, scale.desired
    );
    PlanFailure::new(&reason, "choose another count, or wait for the tasks that are starting")
}

/// The first line is the change; the others are what to know of it.
fn changes(scale: &Scale, observation: &Observation, service: &Service) -> Vec<Change> {
    let workload = &observation.workload;
    let after = scale.desired.to_string();
    let same = |what: &str, value: &str| Change::new(what, value, value);
    vec![
        Change::new("desired count", &workload.desired.to_string(), &after),
        Change::new("running tasks", &workload.running.to_string(), &after),
        same("scaling bounds", &bounds(observation.scaling.target)),
        same("configured caps", &format!("{}–{}", service.caps.min_desired, service.caps.max_desired)),
        same("healthy floor", &service.caps.healthy_floor.to_string()),
    ]
}

fn bounds(target: Option<ScalingTarget>) -> String {
    target.map_or("no scaling target".to_owned(), |target| format!("{}–{}", target.min, target.max))
}

fn step(scale: &Scale, ecs: &EcsService) -> Step {
    Step {
        summary: format!("set the desired count of {}/{} to {}", ecs.cluster, ecs.service, scale.desired),
        call: Call::EcsSetDesiredCount {
            cluster: ecs.cluster.clone(),
            service: ecs.service.clone(),
            desired: scale.desired,
            place: ecs.place.clone(),
        },
    }
}

/// The facts that must still hold when the call is sent. Counts of running tasks move by themselves and are no part of it.
pub fn fingerprint(observation: &Observation) -> BTreeMap<String, String> {
    let workload = &observation.workload;
    let primary = workload.deployments.first();
    let facts = [
        ("service", workload.arn.to_string()),
        ("account", observation.identity.account.to_string()),
        ("region", observation.identity.region.to_string()),
        ("status", workload.status.to_string()),
        ("desired count", workload.desired.to_string()),
        ("task definition", workload.task_definition.to_string()),
        ("primary deployment", primary.map_or("none".to_owned(), |deployment| deployment.id.to_string())),
        ("rollout", primary.map_or("none".to_owned(), |deployment| rollout(deployment.rollout).to_owned())),
        ("scaling bounds", bounds(observation.scaling.target)),
        ("scaling suspended", suspended(observation.scaling.target)),
    ];
    facts.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}

fn rollout(rollout: Rollout) -> &'static str {
    match rollout {
        Rollout::InProgress => "in progress",
        Rollout::Completed => "completed",
        Rollout::Failed => "failed",
        Rollout::Unknown => "not known",
    }
}

/// Which kinds of scaling are suspended, in words: `none`, `in`, `in and out`, `in, out and scheduled` …
pub(super) fn suspended(target: Option<ScalingTarget>) -> String {
    let kinds = target.map_or([(false, ""); 3], |target| {
        [
            (target.scale_in_suspended, "in"),
            (target.scale_out_suspended, "out"),
            (target.scheduled_suspended, "scheduled"),
        ]
    });
    let held: Vec<&str> = kinds.into_iter().filter(|(held, _)| *held).map(|(_, kind)| kind).collect();
    match held.as_slice() {
        [] => "none".to_owned(),
        [only] => (*only).to_owned(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}
