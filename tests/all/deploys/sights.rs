//! What one look tells of a rollout: shows, as before, unclear; moving, steady, failed, somebody else's.

use quarterdeck::action::{Effect, Made, Plan, Scene, Sight, Stage, plan_for};
use quarterdeck::source::{Deployment, Observation, Rollout, Workload};

use super::bench::{action, deployment, observed, revision};
use crate::runs::fixture::{config, now};

fn plan(rolls_back: bool) -> Plan {
    plan_for(&action("deploy", &[("image", "v8")]), &observed(rolls_back), &config(), now().wall).expect("a plan")
}

fn sight(plan: &Plan, step: usize, found: &Observation) -> Sight {
    let made: Made = if step == 0 { Made::new() } else { [(0, "rtech-app:8".to_owned())].into() };
    plan.action.sight(&Scene { plan, step, made: &made }, found)
}

/// The service as it is when revision 8 is the primary deployment, so far.
fn rolling(rolls_back: bool, rollout: Rollout) -> Observation {
    let mut found = observed(rolls_back);
    let workload = found.workload.as_mut().expect("a workload");
    workload.task_definition = "rtech-app:8".into();
    let old = Deployment { status: "ACTIVE".into(), ..workload.deployments[0].clone() };
    let new = Deployment {
        id: "ecs-svc/2".into(),
        task_definition: "rtech-app:8".into(),
        rollout,
        running: 0,
        ..workload.deployments[0].clone()
    };
    workload.deployments = vec![new, old];
    found
}

fn workload(found: &mut Observation) -> &mut Workload {
    found.workload.as_mut().expect("a workload")
}

#[test]
fn a_registering_is_found_by_what_the_new_revision_is_made_of() {
    let plan = plan(true);
    let mut found = observed(true);
    let told = sight(&plan, 0, &found);
    assert_eq!((told.effect, told.made), (Effect::AsBefore, None));
    let revisions = &mut found.releases.as_mut().expect("releases").revisions;
    revisions.insert(0, revision(8, "v9"));
    assert_eq!(sight(&plan, 0, &found).effect, Effect::Unclear, "somebody else registered another image");
    let revisions = &mut found.releases.as_mut().expect("releases").revisions;
    let mut other = revision(9, "v8");
    other.content = Some("other variables".into());
    revisions.insert(0, other);
    assert_eq!(sight(&plan, 0, &found).effect, Effect::Unclear, "with other variables it is not ours");
    let revisions = &mut found.releases.as_mut().expect("releases").revisions;
    revisions.insert(0, revision(10, "v8"));
    let told = sight(&plan, 0, &found);
    assert_eq!((told.effect, told.made.as_deref()), (Effect::Shows, Some("rtech-app:10")));
}

#[test]
fn a_rollout_moves_is_steady_or_failed_by_what_the_platform_says() {
    let plan = plan(true);
    let told = sight(&plan, 1, &rolling(true, Rollout::InProgress));
    assert_eq!((told.effect, told.stage), (Effect::Shows, Stage::Moving));
    let mut found = rolling(true, Rollout::Completed);
    workload(&mut found).deployments.truncate(1);
    assert_eq!(sight(&plan, 1, &found).stage, Stage::Steady);
    assert_eq!(sight(&plan, 1, &observed(true)).effect, Effect::AsBefore);
}

#[test]
fn a_failed_rollout_is_left_to_the_platform_where_it_rolls_back_and_else_is_failed() {
    let told = sight(&plan(true), 1, &rolling(true, Rollout::Failed));
    assert!(matches!(&told.stage, Stage::Elsewhere(why) if why.contains("not rolled it back")), "{told:?}");
    let told = sight(&plan(false), 1, &rolling(false, Rollout::Failed));
    assert!(matches!(told.stage, Stage::Failed(_)), "{told:?}");
    let mut found = rolling(false, Rollout::InProgress);
    workload(&mut found).deployments[0].failed = 3;
    let told = sight(&plan(false), 1, &found);
    assert!(matches!(&told.stage, Stage::Failed(why) if why.contains("3 tasks of rtech-app:8")), "{told:?}");
}

#[test]
fn a_rollback_by_the_platform_shows_and_is_nobody_s_success() {
    let plan = plan(true);
    let mut found = observed(true);
    let mut rolled = deployment(8, "ROLLBACK_SUCCESSFUL", 0);
    rolled.reason = Some("circuit breaker: 3 tasks failed".into());
    found.releases.as_mut().expect("releases").deployments.insert(0, rolled);
    let told = sight(&plan, 1, &found);
    assert_eq!(told.effect, Effect::Shows, "it took effect, and was taken back");
    let Stage::Elsewhere(why) = told.stage else { panic!("{:?}", told.stage) };
    assert!(why.contains("rolled back to rtech-app:7, by the platform") && why.contains("3 tasks failed"), "{why}");
}

#[test]
fn another_revision_is_somebody_else_s() {
    let mut found = rolling(true, Rollout::InProgress);
    workload(&mut found).deployments[0].task_definition = "rtech-app:9".into();
    let told = sight(&plan(true), 1, &found);
    assert_eq!(told.effect, Effect::Unclear);
    assert!(matches!(&told.stage, Stage::Elsewhere(why) if why.contains("someone else brought rtech-app:9")));
}

#[test]
fn the_way_back_is_judged_by_the_old_revision() {
    let plan = plan(false);
    assert_eq!(sight(&plan, 2, &rolling(false, Rollout::Failed)).effect, Effect::AsBefore);
    let told = sight(&plan, 2, &observed(false));
    assert_eq!((told.effect, told.stage), (Effect::Shows, Stage::Steady));
}

#[test]
fn a_deployment_that_is_stopped_is_followed_to_its_end() {
    let mut planned = observed(true);
    planned.releases.as_mut().expect("releases").deployments[0] = deployment(7, "IN_PROGRESS", 0);
    let action = action("stop_deployment", &[]);
    let plan = plan_for(&action, &planned, &config(), now().wall).expect("a plan");
    let told = |status: &str| {
        let mut found = planned.clone();
        found.releases.as_mut().expect("releases").deployments[0].status = status.into();
        let told = sight(&plan, 0, &found);
        (told.effect, told.stage)
    };
    assert_eq!(told("IN_PROGRESS"), (Effect::AsBefore, Stage::Moving));
    assert_eq!(told("STOP_REQUESTED"), (Effect::Shows, Stage::Moving));
    assert_eq!(told("ROLLBACK_IN_PROGRESS"), (Effect::Shows, Stage::Moving));
    assert_eq!(told("ROLLBACK_SUCCESSFUL"), (Effect::Shows, Stage::Steady));
    assert_eq!(told("STOPPED"), (Effect::Shows, Stage::Steady));
    assert!(matches!(told("ROLLBACK_FAILED"), (Effect::Shows, Stage::Failed(_))));
    assert!(matches!(told("SUCCESSFUL"), (Effect::Unclear, Stage::Failed(_))), "it was too late");
}

#[test]
fn a_task_that_is_gone_shows_and_is_steady_once_another_runs() {
    let planned = observed(true);
    let plan = plan_for(&action("stop_task", &[("task", "task-1")]), &planned, &config(), now().wall).expect("a plan");
    assert_eq!(sight(&plan, 0, &planned).effect, Effect::AsBefore);
    let mut found = planned.clone();
    workload(&mut found).tasks.remove(1);
    workload(&mut found).running = 2;
    let told = sight(&plan, 0, &found);
    assert_eq!((told.effect, told.stage), (Effect::Shows, Stage::Moving));
    workload(&mut found).running = 3;
    assert_eq!(sight(&plan, 0, &found).stage, Stage::Steady);
}
