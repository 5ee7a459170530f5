//! Judges each call at the moment when it leaves, and each run at its end, by what is so: in words of its own, without the
//! guards' code.

use quarterdeck::action::fail_over::FailOver;
use quarterdeck::action::invalidate_cdn::caller_reference;
use quarterdeck::action::{Action, Call, Plan};
use quarterdeck::config::{Caps, Config};
use quarterdeck::source::{MemberRole, Observation, Rollout, ScalingTarget, SilenceState, Task, Workload};

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
    let caps =
        caps.unwrap_or(Caps { max_desired: 0, min_desired: 0, max_step: 0, healthy_floor: 0, max_traffic_step: 0 });
    let mut last = Some("nothing is known of the target".to_owned());
    for truth in past.iter().rev() {
        last = objection_then(plan, step, truth, caps);
        last.as_ref()?; // nothing against it then
    }
    last
}

/// Why not, in words.
type Objection = Option<String>;

fn objection_then(plan: &Plan, step: usize, truth: &Observation, caps: Caps) -> Objection {
    whose(plan, truth)
        .or_else(|| match &plan.action {
            Action::ShiftTraffic(_) => traffic(plan, step, truth, caps),
            Action::FailOver(action) => failover(plan, action.to.as_deref(), truth),
            Action::SuspendScaling(_) | Action::ResumeScaling(_) => active(truth)
                .or_else(|| (scaling(truth) != scaling(&plan.observation)).then(|| "scaling moved".to_owned())),
            Action::StopDeployment(_) => active(truth).or_else(|| in_flight(plan, truth)),
            Action::Http(_) | Action::Exec(_) => undeclared(truth),
            Action::InvalidateCdn(_)
            | Action::Silence(_)
            | Action::Unsilence(_)
            | Action::StartBackup(_)
            | Action::RestoreTest(_) => None,
            _ => active(truth).or_else(|| if step > 0 { None } else { settled(plan, truth, caps) }),
        })
        .or_else(|| {
            (step == 0 && truth.firing.is_none()).then(|| "alerts are not known, and this is production".to_owned())
        })
}

/// Credentials count where something on AWS is changed.
fn whose(plan: &Plan, truth: &Observation) -> Objection {
    let elsewhere =
        matches!(plan.action, Action::Silence(_) | Action::Unsilence(_) | Action::Http(_) | Action::Exec(_));
    if elsewhere || matches!(plan.step(0).map(|step| &step.call), Some(Call::CloudflarePurge { .. })) {
        return None;
    }
    let Some(identity) = &truth.identity else { return Some("identity is not known".to_owned()) };
    let ours = identity.account.as_str() == ACCOUNT && identity.region.as_str() == "us-east-1";
    (!ours).then(|| format!("the credentials are of {}", identity.account))
}

fn active(truth: &Observation) -> Objection {
    let status = truth.workload.as_ref().map_or("not known", |found| found.status.as_str());
    (status != "ACTIVE").then(|| format!("the service is {status}"))
}

/// What is stopped is the deployment that the plan was made of.
fn in_flight(plan: &Plan, truth: &Observation) -> Objection {
    let first = |found: &Observation| found.workload.iter().flat_map(|one| &one.deployments).next().cloned();
    let (now, planned) = (first(truth), first(&plan.observation));
    let moves = now.as_ref().is_some_and(|one| one.rollout == Rollout::InProgress);
    let same = now.map(|one| one.id) == planned.map(|one| one.id);
    (!moves || !same).then(|| "what it would stop is over, or another".to_owned())
}

/// What a declared action turns stands as it was declared to stand before.
fn undeclared(truth: &Observation) -> Objection {
    let read = truth.declared.iter().flat_map(|seen| &seen.read_back).next().map(|back| back.value.as_str());
    (read == Some("false")).then(|| "it is so already".to_owned())
}

fn scaling(truth: &Observation) -> Option<ScalingTarget> {
    truth.scaling.as_ref().and_then(|scaling| scaling.target)
}

/// A service on which nothing moves, as the plan found it.
fn settled(plan: &Plan, truth: &Observation, caps: Caps) -> Objection {
    let (Some(found), Some(before)) = (&truth.workload, &plan.observation.workload) else {
        return Some("the workload is not known".to_owned());
    };
    if found.desired != before.desired {
        return Some(format!("the plan rests on {} tasks, there are {}", before.desired, found.desired));
    }
    if found.deployments.len() != 1 {
        return Some("several deployments".to_owned());
    }
    if !matches!(found.deployments[0].rollout, Rollout::Completed | Rollout::Failed) {
        return Some("a deployment is in flight".to_owned());
    }
    if let Action::ScalingBounds(action) = &plan.action {
        return bounds(action.min, action.max, plan, truth, caps);
    }
    if found.task_definition != before.task_definition || found.deployments[0].id != before.deployments[0].id {
        return Some("another deployment than planned".to_owned());
    }
    match plan.step(0).map(|step| &step.call) {
        Some(Call::EcsSetDesiredCount { desired, .. }) => count(*desired, truth, found, caps),
        Some(Call::EcsStopTask { task, .. }) => stop(task, found, caps),
        _ => None,
    }
}

fn bounds(min: u32, max: u32, plan: &Plan, truth: &Observation, caps: Caps) -> Objection {
    if scaling(truth) != scaling(&plan.observation) || scaling(truth).is_none() {
        return Some("the plan rests on other bounds".to_owned());
    }
    let well = min >= caps.min_desired && max <= caps.max_desired && min <= max && max >= caps.healthy_floor;
    (!well).then(|| format!("{min} to {max} is beyond the caps"))
}

fn stop(task: &str, found: &Workload, caps: Caps) -> Objection {
    let well = |one: &&Task| one.last_status.as_str() == "RUNNING" && one.health.as_str() != "UNHEALTHY";
    let left = found.tasks.iter().filter(well).filter(|one| one.id.as_str() != task).count();
    let is_well = found.tasks.iter().any(|one| one.id.as_str() == task && well(&one));
    let few = is_well && left < caps.healthy_floor as usize;
    few.then(|| format!("{left} healthy tasks would be left"))
}

fn count(after: u32, truth: &Observation, found: &Workload, caps: Caps) -> Objection {
    let bounds = scaling(truth);
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

/// What a call sets on the route, by group; `None` where it sets something else.
fn set(plan: &Plan, step: usize) -> Option<Vec<(String, u32)>> {
    match &plan.step(step)?.call {
        Call::ElbSetWeights { weights, .. } => Some(weights.iter().map(|one| (one.name.clone(), one.weight)).collect()),
        _ => None,
    }
}

fn weights(truth: &Observation) -> Option<Vec<(String, u32)>> {
    let route = truth.traffic.as_ref()?.routes.first()?;
    Some(route.weights.iter().map(|(name, weight)| (name.to_string(), *weight)).collect())
}

fn share(weights: &[(String, u32)], group: &str) -> f64 {
    let of =
        |mine: bool| weights.iter().filter(|(name, _)| !mine || name == group).map(|(_, weight)| weight).sum::<u32>();
    100.0 * f64::from(of(true)) / f64::from(of(false).max(1))
}

/// Who gets more has enough that is healthy; the weights are those that the step before left, but on the way back.
fn traffic(plan: &Plan, step: usize, truth: &Observation, caps: Caps) -> Objection {
    let back = step >= plan.steps.len();
    let (Some(now), Some(next)) = (weights(truth), set(plan, step)) else {
        return Some("the weights are not known".to_owned());
    };
    let left = if step == 0 { weights(&plan.observation) } else { set(plan, step - 1) };
    if !back && left.as_ref() != Some(&now) {
        return Some(format!("the weights are {now:?}, the plan left {left:?}"));
    }
    for (group, _) in &next {
        let more = share(&next, group) - share(&now, group);
        let healthy = truth.traffic.iter().flat_map(|all| &all.groups).find(|one| one.name.as_str() == group);
        let healthy = healthy.map_or(0, |one| one.targets.iter().filter(|one| one.state.as_str() == "healthy").count());
        let floor = if back { 1 } else { caps.healthy_floor as usize };
        if more > 0.001 && healthy < floor {
            return Some(format!("{group} gets more and has {healthy} healthy targets"));
        }
        if !back && more.round() > f64::from(caps.max_traffic_step) {
            return Some(format!("{group} gets {more} points more at once"));
        }
    }
    None
}

fn writer(truth: &Observation) -> Option<&str> {
    let members = truth.database.iter().flat_map(|database| &database.members);
    members.into_iter().find(|one| one.role == MemberRole::Writer).map(|one| one.id.as_str())
}

fn failover(plan: &Plan, to: Option<&str>, truth: &Observation) -> Objection {
    let status = truth.database.as_ref().map_or("not known", |database| database.status.as_str());
    let lag = truth.answers.get("DBInstanceReplicaLag").and_then(|lag| lag.finite());
    if status != "available" {
        return Some(format!("the database is {status}"));
    }
    if to.is_none() {
        return (zones(truth) != zones(&plan.observation)).then(|| "it was failed over meanwhile".to_owned());
    }
    if writer(truth) != writer(&plan.observation) || writer(truth) == to {
        return Some("another instance writes than when it was planned".to_owned());
    }
    (!lag.is_some_and(|milliseconds| milliseconds <= 1_000.0)).then(|| "the target lags behind".to_owned())
}

/// Where each instance stands.
fn zones(truth: &Observation) -> Vec<Option<String>> {
    let members = truth.database.iter().flat_map(|database| &database.members);
    members.map(|one| one.zone.as_ref().map(ToString::to_string)).collect()
}

/// Whether what a run asked for was so at one of these moments.
pub(crate) fn came_true(plan: &Plan, past: &[Observation]) -> bool {
    past.iter().any(|truth| is_true(plan, truth))
}

fn is_true(plan: &Plan, truth: &Observation) -> bool {
    match &plan.action {
        Action::ShiftTraffic(_) => weights(truth) == set(plan, plan.steps.len() - 1),
        Action::FailOver(FailOver { to: None, .. }) => zones(truth) != zones(&plan.observation),
        Action::FailOver(action) => writer(truth) == action.to.as_deref(),
        Action::ScalingBounds(action) => {
            scaling(truth).is_some_and(|found| (found.min, found.max) == (action.min, action.max))
        }
        Action::SuspendScaling(_) | Action::ResumeScaling(_) => suspends(plan, truth),
        // Nothing reads a purge back.
        Action::InvalidateCdn(_) if matches!(plan.steps[0].call, Call::CloudflarePurge { .. }) => true,
        Action::InvalidateCdn(_) => {
            let reference = caller_reference(&plan.digest());
            let listed = truth.cdn.iter().flat_map(|cdn| &cdn.invalidations);
            listed.into_iter().any(|one| one.reference.as_deref() == Some(reference.as_str()))
        }
        Action::Silence(_) => truth.silences.as_ref().is_some_and(|all| !all.silences.is_empty()),
        Action::Unsilence(_) => {
            let silences = truth.silences.iter().flat_map(|all| &all.silences);
            silences.filter(|one| one.id.as_str() == "s-0").all(|one| one.state == SilenceState::Expired)
        }
        Action::RestoreTest(_) => truth.restore.iter().any(|restore| !restore.copies.is_empty()),
        Action::Http(_) | Action::Exec(_) => undeclared(truth).is_some(),
        Action::StopDeployment(_) => {
            let deployments = truth.releases.iter().flat_map(|releases| &releases.deployments);
            deployments
                .map(|one| one.status.as_str())
                .any(|status| status.starts_with("ROLLBACK") || status == "STOPPED")
        }
        Action::StartBackup(_) => {
            let count = |found: &Observation| found.protection.as_ref().map_or(0, |all| all.points.len());
            count(truth) > count(&plan.observation)
        }
        _ => truth.workload.as_ref().is_some_and(|found| on_service(plan, truth, found)),
    }
}

fn on_service(plan: &Plan, truth: &Observation, found: &Workload) -> bool {
    let before = plan.observation.workload.as_ref().and_then(|before| before.deployments.first());
    let replaced = found.deployments.first().map(|first| &first.id) != before.map(|first| &first.id);
    match plan.step(plan.steps.len() - 1).map(|step| &step.call) {
        Some(Call::EcsSetDesiredCount { desired, .. }) => found.desired == *desired && found.running == *desired,
        Some(Call::EcsForceNewDeployment { .. }) => replaced,
        Some(Call::EcsStopTask { task, .. }) => !found.tasks.iter().any(|one| one.id.as_str() == task),
        Some(Call::EcsDeployRevision { revision: Some(id), .. }) => found.task_definition.as_str() == id,
        Some(Call::EcsDeployRevision { revision: None, .. }) => {
            let runs = found.task_definition.as_str();
            let revisions = truth.releases.iter().flat_map(|releases| &releases.revisions);
            let runs = revisions.into_iter().find(|one| one.id.as_str() == runs);
            runs.is_some_and(|one| one.images.iter().any(|image| image.reference.ends_with(":v8")))
        }
        _ => true,
    }
}

fn suspends(plan: &Plan, truth: &Observation) -> bool {
    let Some(Call::ScalingSetSuspended { inward, outward, scheduled, .. }) = plan.step(0).map(|step| &step.call) else {
        return false;
    };
    let wanted = (*inward, *outward, *scheduled);
    scaling(truth)
        .is_some_and(|found| (found.scale_in_suspended, found.scale_out_suspended, found.scheduled_suspended) == wanted)
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
            ("another", |t| t.workload.as_mut().unwrap().deployments[0].id = "ecs-svc/2".into()),
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

    /// A plan of a row of the table, and what is so before it.
    fn of(name: &str) -> (Consent, Observation) {
        let row = super::super::rows::ROWS.iter().find(|row| row.name == name).expect("a row");
        (Consent { plan: row.plan(), ..consent() }, (row.truth)())
    }

    #[test]
    fn the_oracle_objects_to_what_is_wrong_with_traffic_databases_tasks_and_bounds() {
        let wrong: [(&str, usize, Wrong); 8] = [
            ("shift in steps", 0, ("the weights are", |t| t.traffic.as_mut().unwrap().routes[0].weights[0].1 = 50)),
            ("shift in steps", 0, ("0 healthy targets", |t| t.traffic.as_mut().unwrap().groups[1].targets.clear())),
            ("shift in steps", 1, ("the weights are", |_| {})),
            ("fail over", 0, ("modifying", |t| t.database.as_mut().unwrap().status = "modifying".into())),
            ("fail over", 0, ("another instance", |t| t.database.as_mut().unwrap().members.clear())),
            ("fail over", 0, ("lags", |t| t.answers.clear())),
            (
                "stop a task",
                0,
                ("1 healthy tasks", |t| t.workload.as_mut().unwrap().tasks[1].health = "UNHEALTHY".into()),
            ),
            ("bounds", 0, ("other bounds", |t| t.scaling.as_mut().unwrap().target = None)),
        ];
        for (row, step, (says, meddle)) in wrong {
            let (consent, mut truth) = of(row);
            assert_eq!(objection(&consent, 0, &[truth.clone()], &super::super::place::gated()), None, "{row}");
            meddle(&mut truth);
            let said = objection(&consent, step, &[truth], &super::super::place::gated()).unwrap_or_default();
            assert!(said.contains(says), "{row}: {says}: {said}");
        }
    }
}
