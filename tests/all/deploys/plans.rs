//! Plans of actions on revisions, deployments and tasks: absolute, undone in words or by an action, refused with what to do.

use quarterdeck::action::{Action, Call, Plan, PlanFailure, plan_for, spec};
use quarterdeck::source::{Observation, Registered};

use super::bench::{REPOSITORY, action, deployment, image, observed, revision};
use crate::runs::fixture::{SERVICE, config, now};

fn plan(action: &Action, observed: &Observation) -> Result<Plan, PlanFailure> {
    plan_for(action, observed, &config(), now().wall)
}

fn lines(plan: &Plan) -> Vec<String> {
    plan.changes.iter().map(ToString::to_string).collect()
}

fn calls(plan: &Plan) -> Vec<String> {
    plan.calls().map(ToString::to_string).collect()
}

#[test]
fn a_deploy_of_an_image_registers_a_copy_and_rolls_out_to_what_that_made() {
    let plan = plan(&action("deploy", &[("image", "v8")]), &observed(true)).expect("a plan");
    assert_eq!(
        calls(&plan),
        [
            format!("ecs:RegisterTaskDefinition as rtech-app:7 with app image={REPOSITORY}:v8"),
            "ecs:UpdateService rtech-prod/rtech-app taskDefinition=(the one that step 1 makes)".to_owned(),
            "ecs:UpdateService rtech-prod/rtech-app taskDefinition=rtech-app:7".to_owned(),
        ]
    );
    assert_eq!((plan.steps.len(), plan.on_failure.len()), (2, 1));
    insta::assert_snapshot!(lines(&plan).join("\n"));
    let second = &plan.steps[1].call;
    assert_eq!(second.resolved(&[].into()), None, "it is not sent without what step 1 made");
    let made = second.resolved(&[(0, "rtech-app:8".to_owned())].into()).expect("resolved");
    assert!(made.to_string().ends_with("taskDefinition=rtech-app:8"), "{made}");
}

#[test]
fn who_takes_a_failed_rollout_back_is_said() {
    let said = |rolls_back| lines(&plan(&action("deploy", &[("image", "v8")]), &observed(rolls_back)).expect("a plan"));
    assert!(said(true).iter().any(|line| line.contains("the platform rolls it back to rtech-app:7")));
    assert!(said(false).iter().any(|line| line.contains("this run goes back to rtech-app:7 once 3 tasks")));
}

#[test]
fn a_deploy_of_a_revision_only_rolls_out_and_is_undone_by_going_back() {
    let plan = plan(&action("deploy", &[("revision", "5")]), &observed(true)).expect("a plan");
    assert_eq!(calls(&plan)[0], "ecs:UpdateService rtech-prod/rtech-app taskDefinition=rtech-app:5");
    assert_eq!((plan.steps.len(), lines(&plan)[0].as_str()), (1, "revision: rtech-app:7 → rtech-app:5"));
    let quarterdeck::action::Undo::Action { action: undo } = &plan.undo else { panic!("{:?}", plan.undo) };
    assert_eq!(undo.to_string(), "roll_back rtech-app revision=7");
}

#[test]
fn a_tag_keeps_the_repository_with_its_port_and_a_digest_takes_the_place_of_a_tag() {
    let mut old = image("app", "v7");
    let digest = format!("sha256:{}", "a".repeat(64));
    assert_eq!(old.with("v8"), format!("{REPOSITORY}:v8"));
    assert_eq!(old.with(&digest), format!("{REPOSITORY}@{digest}"));
    for reference in ["localhost:5000/app", "localhost:5000/app:1", "localhost:5000/app:1@sha256:00"] {
        old.reference = reference.into();
        assert_eq!(old.with("2"), "localhost:5000/app:2");
    }
}

#[test]
fn going_back_takes_the_newest_earlier_revision_that_served_long_enough() {
    let plan = plan(&action("roll_back", &[]), &observed(true)).expect("a plan");
    assert_eq!(calls(&plan), ["ecs:UpdateService rtech-prod/rtech-app taskDefinition=rtech-app:6"]);
    insta::assert_snapshot!(lines(&plan).join("\n"));
    let quarterdeck::action::Undo::Action { action: undo } = &plan.undo else { panic!("{:?}", plan.undo) };
    assert_eq!(undo.to_string(), "deploy rtech-app revision=7");
}

#[test]
fn going_back_tells_how_the_service_did_while_a_revision_served_and_never_takes_unknown_for_none() {
    for (errors, words) in
        [(Some(0.000_2), "errors 0.02 % (mean)"), (None, "errors not known (3 of 60 samples are there)")]
    {
        let seen = Observation { served: Some(super::bench::served(errors)), ..observed(true) };
        let told = lines(&plan(&action("roll_back", &[]), &seen).expect("a plan")).join("\n");
        let line = format!("rtech-app:6 served: 2 d 0 h, until 2025-12-31 22:16Z; {words}, latency_p95 120 ms (mean)");
        assert!(told.contains(&line), "{told}");
        assert!(
            told.contains("rtech-app:5 served: 5 min, until 2025-12-29 22:16Z; error rate and p95 not known"),
            "{told}"
        );
    }
}

#[test]
fn stopping_a_deployment_names_it_by_its_arn_and_says_where_it_leads() {
    let plan = plan(&action("stop_deployment", &[]), &in_flight("IN_PROGRESS")).expect("a plan");
    let arn = "arn:aws:ecs:us-east-1:123456789012:service-deployment/rtech-prod/rtech-app/d7";
    assert_eq!(calls(&plan), [format!("ecs:StopServiceDeployment {arn} stopType=ROLLBACK")]);
    assert_eq!(lines(&plan)[0], "deployment d7: IN_PROGRESS to rtech-app:7 → rolled back to rtech-app:6");
    let aborted = action("stop_deployment", &[("rollback", "false")]);
    let plan = plan_for(&aborted, &in_flight("PENDING"), &config(), now().wall).expect("a plan");
    assert!(calls(&plan)[0].ends_with("stopType=ABORT") && lines(&plan)[0].contains("where it stands"));
}

/// What could not be listed is no wrong request: `plan` exits with 3.
#[test]
fn a_plan_that_rests_on_deployments_that_could_not_be_listed_is_not_observed() {
    for name in ["stop_deployment", "roll_back"] {
        let mut observed = observed(true);
        let releases = observed.releases.as_mut().expect("releases");
        (releases.deployments, releases.missing) = (Vec::new(), vec!["deployments: HTTP 500".into()]);
        let failure = plan(&action(name, &[]), &observed).expect_err(name);
        assert!(failure.unread && failure.to_string().contains("HTTP 500"), "{failure}");
    }
}

fn in_flight(status: &str) -> Observation {
    let mut observed = observed(true);
    let workload = observed.workload.as_mut().expect("a workload");
    workload.deployments[0].rollout = quarterdeck::source::Rollout::InProgress;
    let mut old = workload.deployments[0].clone();
    (old.status, old.task_definition) = ("ACTIVE".into(), "rtech-app:6".into());
    workload.deployments.push(old);
    observed.releases.as_mut().expect("releases").deployments[0] = deployment(7, status, 0);
    observed
}

#[test]
fn stopping_a_task_says_which_and_that_there_is_no_undo() {
    let plan = plan(&action("stop_task", &[("task", "task-1")]), &observed(true)).expect("a plan");
    assert_eq!(calls(&plan), ["ecs:StopTask rtech-prod task=task-1"]);
    assert_eq!(lines(&plan)[0], "task task-1: RUNNING HEALTHY → stopped");
    assert!(matches!(&plan.undo, quarterdeck::action::Undo::Impossible { reason } if reason.contains("another")));
}

/// Why there is no plan, and what to do.
fn refused(name: &str, arguments: &[(&str, &str)], change: fn(&mut Observation)) -> String {
    let mut observed = observed(true);
    change(&mut observed);
    plan(&action(name, arguments), &observed).expect_err(name).to_string()
}

#[test]
fn what_can_t_be_planned_is_refused_with_what_to_do() {
    let image: &[(&str, &str)] = &[("image", "v8")];
    let rows: Vec<(String, &str)> = vec![
        (refused("deploy", image, |o| candidate(o, Registered::Missing)), "push it first"),
        (refused("deploy", image, |o| o.candidate = None), "make the plan again"),
        (refused("deploy", image, |o| revisions(o)[0].images[0] = super::bench::image("app", "v8")), "`restart`"),
        (refused("deploy", image, |o| revisions(o).insert(0, revision(8, "v8"))), "deploy rtech-app revision=8"),
        (refused("deploy", image, |o| revisions(o)[0].images.push(super::bench::image("log", "v1"))), "container=NAME"),
        (refused("deploy", &[("image", "v8"), ("container", "log")], |_| {}), "no container log (it has app)"),
        (refused("deploy", &[("revision", "7")], |_| {}), "nothing would change"),
        (refused("deploy", &[("revision", "3")], |_| {}), "the newest are: rtech-app:7, rtech-app:6"),
        (refused("deploy", &[("revision", "6")], |o| revisions(o)[1].status = "INACTIVE".into()), "is INACTIVE"),
        (refused("deploy", image, |o| o.releases = None), "were not read"),
        (refused("deploy", image, |o| unread(o, "revisions: denied")), "revisions: denied"),
        (refused("roll_back", &[], |o| o.releases.as_mut().unwrap().deployments.truncate(1)), "revision=N"),
        (refused("roll_back", &[("revision", "7")], |_| {}), "nothing would change"),
        (refused("stop_deployment", &[], |_| {}), "no deployment is in flight"),
        (refused("stop_deployment", &[], |o| *o = in_flight("ROLLBACK_IN_PROGRESS")), "is ended already"),
        (refused("stop_deployment", &[], |o| unread(o, "deployments: denied")), "deployments: denied"),
        (refused("stop_task", &[("task", "task-9")], |_| {}), "its tasks are: task-0, task-1, task-2"),
    ];
    for (said, wanted) in rows {
        assert!(said.contains(wanted), "wanted `{wanted}`: {said}");
    }
}

fn candidate(observed: &mut Observation, registry: Registered) {
    observed.candidate.as_mut().expect("a candidate").registry = registry;
}

fn revisions(observed: &mut Observation) -> &mut Vec<quarterdeck::source::Revision> {
    &mut observed.releases.as_mut().expect("releases").revisions
}

fn unread(observed: &mut Observation, part: &str) {
    let releases = observed.releases.as_mut().expect("releases");
    (releases.revisions, releases.deployments) = (Vec::new(), Vec::new());
    releases.missing = vec![part.into()];
}

#[test]
fn wrong_arguments_are_refused_with_how_to_write_it_and_right_ones_make_the_same_action_again() {
    let parse = |name: &str, arguments: &[(&str, &str)]| {
        let pairs: Vec<_> = arguments.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        (spec(name).expect("an action").parse)(&SERVICE.into(), &pairs)
    };
    let wrong: [(&str, &[(&str, &str)]); 14] = [
        ("deploy", &[]),
        ("deploy", &[("image", "")]),
        ("deploy", &[("image", "a b")]),
        ("deploy", &[("image", "sha256:12")]),
        ("deploy", &[("image", "other/app:1")]),
        ("deploy", &[("image", "a"), ("revision", "1")]),
        ("deploy", &[("revision", "0")]),
        ("deploy", &[("revision", "1"), ("container", "app")]),
        ("deploy", &[("tag", "a")]),
        ("roll_back", &[("revision", "-1")]),
        ("stop_deployment", &[("rollback", "maybe")]),
        ("stop_deployment", &[("force", "true")]),
        ("stop_task", &[]),
        ("stop_task", &[("task", "a/b")]),
    ];
    for (name, arguments) in wrong {
        let failure = parse(name, arguments).expect_err(name);
        assert!(failure.hint.contains("write `"), "{name} {arguments:?}: {failure}");
    }
    let right: [(&str, &[(&str, &str)]); 7] = [
        ("deploy", &[("image", "v1.2_a-b")]),
        ("deploy", &[("image", "v1"), ("container", "app")]),
        ("deploy", &[("revision", "12")]),
        ("roll_back", &[]),
        ("roll_back", &[("revision", "3")]),
        ("stop_deployment", &[("rollback", "false")]),
        ("stop_task", &[("task", "0123abc")]),
    ];
    for (name, arguments) in right {
        let action = parse(name, arguments).expect(name);
        let again: Vec<_> = action.arguments().iter().map(|(k, v)| (*k, v.as_str().to_owned())).collect();
        let again: Vec<(&str, &str)> = again.iter().map(|(k, v)| (*k, v.as_str())).collect();
        assert_eq!(parse(name, &again).as_ref(), Ok(&action), "{name}");
        let json = serde_json::to_string(&action).expect("JSON");
        assert_eq!(serde_json::from_str::<Action>(&json).expect("an action"), action, "{json}");
    }
}

#[test]
fn a_tag_that_moves_and_a_revision_that_comes_are_drift() {
    let planned = plan(&action("deploy", &[("image", "v8")]), &observed(true)).expect("a plan");
    let mut found = observed(true);
    let Some(Registered::Found { digest, .. }) = found.candidate.as_mut().map(|one| &mut one.registry) else {
        panic!("found")
    };
    *digest = "sha256:moved".into();
    revisions(&mut found).insert(0, revision(8, "v9"));
    let facts = planned.action.facts(&found);
    let drift = |step| planned.drift_at(step, &facts).iter().map(|change| change.what.clone()).collect::<Vec<_>>();
    assert_eq!(drift(0), ["image", "newest revision"]);
    assert_eq!(drift(1), ["image"], "the first step made a revision, but the tag must still be the same");
    assert!(drift(2).is_empty(), "the way back is open whatever became of tag and family: {:?}", drift(2));
    assert_eq!(planned.steps[1].call.family(), Call::family(&planned.on_failure[0].call));
}
