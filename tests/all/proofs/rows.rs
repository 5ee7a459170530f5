//! The actions that are proven: one row each, and what a call does to the made-up backend. An action that has no row is
//! named in `docs/proofs.md`.

use std::time::Duration;

use quarterdeck::action::declared::action_of;
use quarterdeck::action::restart::Restart;
use quarterdeck::action::scale::Scale;
use quarterdeck::action::{Action, Call};
use quarterdeck::config::{Config, Declared, Direction, PromQuery, Query, Role, Signal};
use quarterdeck::executor::target::ApplyError;
use quarterdeck::source::{Name, Observation, Rollout, Unit};

use crate::runs::fixture::{SERVICE, config, deployment, flag, flag_seen, observation, scale, workload};

/// One action on one backend.
#[derive(Clone, Copy)]
pub(crate) struct Row {
    pub(crate) name: &'static str,
    pub(crate) action: fn() -> Action,
    pub(crate) config: fn() -> Config,
    /// What is so before.
    pub(crate) truth: fn() -> Observation,
    /// What the gates read after the first call; the bound is 0.01.
    pub(crate) reading: f64,
}

/// What the gates read while all is well.
pub(crate) const WELL: f64 = 0.001;

/// What breaks their bound.
pub(crate) const BAD: f64 = 0.5;

pub(crate) static ROWS: &[Row] = &[
    Row { name: "scale out", action: || scale(5), config, truth: observation, reading: WELL },
    Row { name: "scale in", action: || scale(2), config, truth: observation, reading: WELL },
    Row { name: "scale, gates pass", action: || scale(5), config: gated, truth: observation, reading: WELL },
    Row { name: "scale, a gate fails", action: || scale(5), config: gated, truth: observation, reading: BAD },
    Row { name: "restart", action: restart, config, truth: observation, reading: WELL },
    Row { name: "restart, a gate fails", action: restart, config: gated, truth: observation, reading: BAD },
    Row { name: "a declared request", action: || action_of(&flag()), config: declaring, truth: flag_on, reading: WELL },
    Row {
        name: "the same, not read back",
        action: || action_of(&blind()),
        config: blindly,
        truth: unread,
        reading: WELL,
    },
];

/// The configuration with a declared request that turns a flag off.
fn declaring() -> Config {
    Config { actions: vec![flag()], ..config() }
}

fn flag_on() -> Observation {
    Observation { declared: Some(flag_seen(&flag(), "true")), ..observation() }
}

/// The same where nothing reads it back.
fn blind() -> Declared {
    Declared { read_back: None, ..flag() }
}

fn blindly() -> Config {
    Config { actions: vec![blind()], ..config() }
}

fn unread() -> Observation {
    Observation { declared: Some(flag_seen(&blind(), "true")), ..observation() }
}

pub(crate) fn restart() -> Action {
    Action::Restart(Restart { service: Name::from(SERVICE) })
}

/// The configuration with one health gate, watched for 10 s.
pub(crate) fn gated() -> Config {
    let mut config = config();
    config.guards.gate_window = Duration::from_secs(10);
    config.services[0].signals = vec![errors()];
    config
}

fn errors() -> Signal {
    Signal {
        name: Name::from("errors"),
        role: Role::Errors,
        query: Query::Prometheus(PromQuery::single("rtech:errors")),
        unit: Unit::Ratio,
        direction: Direction::HigherIsWorse,
        warning: None,
        critical: Some(0.01),
        objective: None,
        interval: Duration::from_secs(15),
        exemplars: None,
        baseline: None,
    }
}

/// What a call does to its target: what it made, if anything. `nth` tells one call from another.
pub(crate) fn take_effect(call: &Call, truth: &mut Observation, nth: usize) -> Result<Option<String>, ApplyError> {
    if let (Call::DeclaredRequest { .. }, Some(seen)) = (call, &mut truth.declared) {
        seen.read_back.iter_mut().for_each(|back| back.value = "false".into());
        return Ok(Some("HTTP 200".to_owned()));
    }
    let service = truth.workload.as_mut();
    match (call, service) {
        (Call::EcsSetDesiredCount { desired, .. }, Some(found)) => {
            found.desired = *desired;
            found.deployments[0].desired = *desired;
            Ok(None)
        }
        (Call::EcsForceNewDeployment { .. }, Some(found)) => {
            let mut fresh = deployment(found.desired, 0);
            fresh.id = format!("ecs-svc/new-{nth}").into();
            fresh.rollout = Rollout::InProgress;
            found.deployments.insert(0, fresh);
            Ok(None)
        }
        _ => Err(ApplyError::Rejected("not a call that this backend knows".into())),
    }
}

/// What moves by itself between two looks: a task more or fewer runs, a rollout gets on and ends.
pub(crate) fn move_on(truth: &mut Observation) {
    let Some(found) = truth.workload.as_mut() else { return };
    let (desired, running) = (found.desired, found.running);
    let next = if running < desired { running + 1 } else { running.min(desired.max(running.saturating_sub(1))) };
    let healthy = found.tasks.iter().all(|task| task.health.as_str() == "HEALTHY");
    if next != running || (healthy && found.tasks.len() != next as usize) {
        found.tasks = workload(desired, next).tasks;
    }
    (found.running, found.pending) = (next, desired.saturating_sub(next));
    if found.deployments.len() > 1 {
        let fresh = &mut found.deployments[0];
        fresh.running = (fresh.running + 1).min(desired);
        if fresh.running == desired {
            fresh.rollout = Rollout::Completed;
            found.deployments.truncate(1);
        }
    }
}

/// An action on this service, by chance.
pub(crate) fn any(service: &Name, dice: &mut fastrand::Rng) -> Action {
    match dice.u32(0..10) {
        0..3 => Action::Restart(Restart { service: service.clone() }),
        _ => Action::Scale(Scale { service: service.clone(), desired: dice.u32(0..12) }),
    }
}
