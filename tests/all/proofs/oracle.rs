//! Judges each call at the moment when it leaves, and each run at its end, by what is so: in words of its own, without the
//! guards' code.

use quarterdeck::action::{Action, Call, Plan};
use quarterdeck::config::{Caps, Config};
use quarterdeck::source::{Observation, Rollout, Workload};

use crate::runs::fixture::ACCOUNT;

/// How a plan came to its approval.
#[derive(Debug, Clone)]
pub(crate) struct Consent {
    pub(crate) plan: Plan,
    pub(crate) armed: bool,
    pub(crate) name_typed: bool,
    pub(crate) doctored: bool,
}

/// Why this call must not leave, if all that was so lately is as in `past`: it is enough that one of those moments allows it,
/// because the executor can't know of a change that came after it looked.
pub(crate) fn objection(consent: &Consent, step: usize, past: &[Observation], config: &Config) -> Option<String> {
    let plan = &consent.plan;
    if !consent.armed {
        return Some("the console was read-only".to_owned());
    }
    if !consent.name_typed {
        return Some("the name was not typed, and this is production".to_owned());
    }
    if consent.doctored {
        return Some("the plan was doctored".to_owned());
    }
    let caps = config.services.iter().find(|service| &service.name == plan.action.target()).map(|found| found.caps);
    let Some(caps) = caps else { return Some("no such service".to_owned()) };
    let mut last = Some("nothing is known of the target".to_owned());
    for truth in past.iter().rev() {
        last = objection_then(plan, step, truth, caps);
        last.as_ref()?; // nothing against it then
    }
    last
}

fn objection_then(plan: &Plan, step: usize, truth: &Observation, caps: Caps) -> Option<String> {
    let (Some(identity), Some(found), Some(before)) = (&truth.identity, &truth.workload, &plan.observation.workload)
    else {
        return Some("identity or workload are not known".to_owned());
    };
    if identity.account.as_str() != ACCOUNT || identity.region.as_str() != "us-east-1" {
        return Some(format!("the credentials are of {}", identity.account));
    }
    if found.status.as_str() != "ACTIVE" {
        return Some(format!("the service is {}", found.status));
    }
    if step > 0 {
        return None;
    }
    if truth.firing.is_none() {
        return Some("alerts are not known, and this is production".to_owned());
    }
    if found.desired != before.desired || found.task_definition != before.task_definition {
        return Some(format!("the plan rests on {} tasks, there are {}", before.desired, found.desired));
    }
    if found.deployments.len() != 1 || found.deployments[0].id != before.deployments[0].id {
        return Some("another deployment than planned, or several".to_owned());
    }
    if !matches!(found.deployments[0].rollout, Rollout::Completed | Rollout::Failed) {
        return Some("a deployment is in flight".to_owned());
    }
    match plan.step(0).map(|step| &step.call) {
        Some(Call::EcsSetDesiredCount { desired, .. }) => count(*desired, truth, found, caps),
        _ => None,
    }
}

fn count(after: u32, truth: &Observation, found: &Workload, caps: Caps) -> Option<String> {
    let bounds = truth.scaling.as_ref().and_then(|scaling| scaling.target);
    if bounds.is_some_and(|bounds| after < bounds.min || after > bounds.max) {
        return Some(format!("{after} is beyond the scaling target"));
    }
    if after < caps.min_desired || after > caps.max_desired || after.abs_diff(found.desired) > caps.max_step {
        return Some(format!("{after} is beyond the caps"));
    }
    let stopped = if after < found.desired { found.desired.max(found.running) - after } else { 0 };
    let well = |health: &str, status: &str| status == "RUNNING" && health != "UNHEALTHY";
    let well = found.tasks.iter().filter(|task| well(&task.health, &task.last_status)).count();
    let left = u32::try_from(well).unwrap_or(0).saturating_sub(stopped);
    if after < caps.healthy_floor || (stopped > 0 && left < caps.healthy_floor) {
        return Some(format!("{left} healthy tasks would be left"));
    }
    None
}

/// Whether what a run asked for was so at one of these moments.
pub(crate) fn came_true(plan: &Plan, past: &[Observation]) -> bool {
    let before = plan.observation.workload.as_ref().and_then(|before| before.deployments.first());
    past.iter().filter_map(|truth| truth.workload.as_ref()).any(|found| match &plan.action {
        Action::Scale(scale) => found.desired == scale.desired && found.running == scale.desired,
        Action::Restart(_) => found.deployments.first().map(|first| &first.id) != before.map(|first| &first.id),
        #[allow(unreachable_patterns)] // of the actions that have no row yet
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use quarterdeck::action::plan_for;

    use super::*;
    use crate::runs::fixture::{config, deployment, now, observation, plan, scale};

    /// What the oracle says of it, and what is wrong.
    type Wrong = (&'static str, fn(&mut Observation));

    fn consent() -> Consent {
        Consent { plan: plan(5), armed: true, name_typed: true, doctored: false }
    }

    #[test]
    fn the_oracle_objects_to_each_thing_that_is_wrong_and_to_nothing_else() {
        let wrong: [Wrong; 8] = [
            ("credentials", |t| t.identity.as_mut().unwrap().account = "999999999999".into()),
            ("DRAINING", |t| t.workload.as_mut().unwrap().status = "DRAINING".into()),
            ("alerts", |t| t.firing = None),
            ("rests on", |t| t.workload.as_mut().unwrap().desired = 4),
            ("several", |t| t.workload.as_mut().unwrap().deployments.push(deployment(1, 1))),
            ("several", |t| t.workload.as_mut().unwrap().deployments[0].id = "ecs-svc/2".into()),
            ("in flight", |t| t.workload.as_mut().unwrap().deployments[0].rollout = Rollout::InProgress),
            ("scaling target", |t| t.scaling.as_mut().unwrap().target.as_mut().unwrap().max = 4),
        ];
        assert_eq!(objection(&consent(), 0, &[observation()], &config()), None);
        for (says, meddle) in wrong {
            let mut truth = observation();
            meddle(&mut truth);
            let said = objection(&consent(), 0, &[truth.clone()], &config()).unwrap_or_default();
            assert!(said.contains(says), "{says}: {said}");
            assert_eq!(objection(&consent(), 0, &[observation(), truth], &config()), None, "it was well a moment ago");
        }
        let mut sick = observation();
        sick.workload.as_mut().unwrap().tasks[0].health = "UNHEALTHY".into();
        let fewer = plan_for(&scale(2), &observation(), &config(), now().wall).unwrap();
        let said = objection(&Consent { plan: fewer, ..consent() }, 0, &[sick], &config()).unwrap_or_default();
        assert!(said.contains("1 healthy tasks"), "{said}");
        for consent in [
            Consent { armed: false, ..consent() },
            Consent { name_typed: false, ..consent() },
            Consent { doctored: true, ..consent() },
        ] {
            assert!(objection(&consent, 0, &[observation()], &config()).is_some());
        }
    }
}
