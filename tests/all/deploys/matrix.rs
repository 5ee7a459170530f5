//! Every state of a deployment × every action on a service: what may begin, and what may not.

use quarterdeck::action::{Decision, judge, plan_for};
use quarterdeck::source::{Deployment, Observation, Rollout};

use super::bench::{action, deployment, observed};
use crate::runs::fixture::{config, context, now};

/// A state of the service, as it is made of a settled one.
type State = (&'static str, fn(&mut Observation));

const STATES: [State; 10] = [
    ("completed", |_| {}),
    ("failed", |o| rollout(o, Rollout::Failed)),
    ("not known", |o| rollout(o, Rollout::Unknown)),
    ("none", |o| o.workload.as_mut().unwrap().deployments.clear()),
    ("two at once", two),
    ("PENDING", |o| moving(o, "PENDING")),
    ("IN_PROGRESS", |o| moving(o, "IN_PROGRESS")),
    ("STOP_REQUESTED", |o| moving(o, "STOP_REQUESTED")),
    ("ROLLBACK_REQUESTED", |o| moving(o, "ROLLBACK_REQUESTED")),
    ("ROLLBACK_IN_PROGRESS", |o| moving(o, "ROLLBACK_IN_PROGRESS")),
];

const ACTIONS: [(&str, &[(&str, &str)]); 7] = [
    ("scale", &[("desired", "5")]),
    ("restart", &[]),
    ("deploy", &[("image", "v8")]),
    ("deploy", &[("revision", "6")]),
    ("roll_back", &[("revision", "6")]),
    ("stop_task", &[("task", "task-1")]),
    ("stop_deployment", &[]),
];

fn rollout(observed: &mut Observation, rollout: Rollout) {
    observed.workload.as_mut().unwrap().deployments[0].rollout = rollout;
}

fn two(observed: &mut Observation) {
    let deployments = &mut observed.workload.as_mut().unwrap().deployments;
    let old = Deployment { status: "ACTIVE".into(), task_definition: "rtech-app:6".into(), ..deployments[0].clone() };
    deployments.push(old);
}

fn moving(observed: &mut Observation, status: &str) {
    rollout(observed, Rollout::InProgress);
    two(observed);
    observed.releases.as_mut().unwrap().deployments[0] = deployment(7, status, 0);
}

/// What the two guards about deployments say (or that there is no plan).
fn cell(name: &str, arguments: &[(&str, &str)], state: fn(&mut Observation)) -> &'static str {
    let mut observed = observed(true);
    state(&mut observed);
    let config = config();
    let Ok(plan) = plan_for(&action(name, arguments), &observed, &config, now().wall) else { return "no plan" };
    let judged = judge(plan, &context(&config, now().wall));
    let about = |guard: &str| matches!(guard, "deployment" | "in-flight");
    let decisions: Vec<_> = judged.verdicts.iter().filter(|verdict| about(&verdict.guard)).collect();
    assert_eq!(decisions.len(), 1, "exactly one of the two judges {name}");
    match decisions[0].decision {
        Decision::Allow => "allow",
        Decision::Ask => "ask",
        Decision::Deny => "deny",
    }
}

#[test]
fn nothing_but_its_end_meets_a_deployment_that_is_in_flight() {
    for (state, change) in STATES {
        for (name, arguments) in ACTIONS {
            let wanted = match (state, name) {
                ("PENDING" | "IN_PROGRESS", "stop_deployment") => "allow",
                (_, "stop_deployment") => "no plan",
                ("completed", _) => "allow",
                ("failed", _) => "ask",
                _ => "deny",
            };
            assert_eq!(cell(name, arguments, change), wanted, "{name} {arguments:?} while {state}");
        }
    }
}

#[test]
fn a_deployment_that_ends_while_it_is_to_be_stopped_is_denied_by_its_guard() {
    let mut observed = observed(true);
    moving(&mut observed, "IN_PROGRESS");
    observed.workload.as_mut().unwrap().deployments.truncate(1);
    rollout(&mut observed, Rollout::Completed);
    let plan = plan_for(&action("stop_deployment", &[]), &observed, &config(), now().wall).expect("a plan");
    let config = config();
    let judged = judge(plan, &context(&config, now().wall));
    assert!(judged.reasons().iter().any(|reason| reason.contains("nothing to stop")), "{:?}", judged.reasons());
}
