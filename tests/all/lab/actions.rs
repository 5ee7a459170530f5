//! The changes of a service, one after the other, on the emulator: each with the calls that it says, and read back.

use serde_json::{Value, json};

use super::{carry_out, run};
use crate::harness::lab::Lab;

/// Carries a change of the service out; what `apply` said, and how often each of these operations was asked for.
fn change<const N: usize>(lab: &Lab, arguments: &[&str], operations: [&str; N]) -> (String, [usize; N]) {
    lab.forget_requests();
    let text = carry_out(lab, arguments, "rtech-app");
    (text, operations.map(|operation| lab.requests(operation).len()))
}

/// What is left open.
fn debts(lab: &Lab) -> usize {
    let (text, code) = run(lab, &["debts", "--output", "json"]);
    assert_eq!(code, 0, "{text}");
    let listed: Value = serde_json::from_str(&text).expect("JSON");
    listed["debts"].as_array().expect("a list").len()
}

/// Plans and applies the undo of the last run.
fn take_back(lab: &Lab) -> String {
    let (listed, _) = run(lab, &["runs", "list", "--output", "json"]);
    let listed: Value = serde_json::from_str(&listed).expect("JSON");
    let id = listed["runs"][0]["id"].as_str().expect("a run");
    let file = lab.state_dir().join("undo.json").display().to_string();
    let (text, code) = run(lab, &["undo", id, "--out", &file]);
    assert_eq!(code, 0, "{text}");
    let (text, code) = run(lab, &["apply", &file, "--confirm", "rtech-app"]);
    assert_eq!(code, 0, "{text}");
    text
}

#[test]
fn a_restart_is_one_call_and_done_when_new_tasks_run() {
    let lab = Lab::take();
    let (text, calls) = change(&lab, &["restart", "rtech-app"], ["UpdateService"]);
    assert_eq!(calls, [1]);
    assert!(text.contains("deployment ecs-svc/") && text.contains("0 pending"), "{text}");
}

#[test]
fn a_revision_is_deployed_rolled_back_and_that_is_undone() {
    let lab = Lab::take();
    for (action, revision) in [("deploy", "1"), ("deploy", "2"), ("roll_back", "1")] {
        let wanted = format!("revision={revision}");
        let (text, calls) = change(&lab, &[action, "rtech-app", &wanted], ["UpdateService"]);
        assert_eq!(calls, [1], "{text}");
        assert!(text.contains(&format!("0 pending, rtech-app:{revision}")), "{text}");
    }
    let text = take_back(&lab);
    assert!(text.contains("0 pending, rtech-app:2"), "{text}");
}

#[test]
fn bounds_are_set_owed_and_put_back() {
    let lab = Lab::take();
    let bounds = ["scaling_bounds", "rtech-app", "min=3", "max=9"];
    let (text, calls) = change(&lab, &bounds, ["RegisterScalableTarget"]);
    assert_eq!((calls, debts(&lab)), ([1], 1), "{text}");
    assert!(text.contains("done: bounds 3–9"), "{text}");
    let text = take_back(&lab);
    assert!(text.contains("done: bounds 2–10"), "{text}");
    assert_eq!(debts(&lab), 0);
}

#[test]
fn scaling_is_suspended_owed_and_resumed() {
    let lab = Lab::take();
    let suspend = ["suspend_scaling", "rtech-app", "for=30m"];
    let (text, calls) = change(&lab, &suspend, ["RegisterScalableTarget"]);
    assert_eq!((calls, debts(&lab)), ([1], 1), "{text}");
    assert!(text.contains("done: suspended: in, out and scheduled"), "{text}");
    let (text, calls) = change(&lab, &["resume_scaling", "rtech-app"], ["RegisterScalableTarget"]);
    assert_eq!((calls, debts(&lab)), ([1], 0), "{text}");
    assert!(text.contains("done: suspended: none"), "{text}");
}

#[test]
fn divided_traffic_is_owed_until_it_is_put_back_to_where_it_began() {
    let lab = Lab::take();
    let half = ["shift_traffic", "rtech-app", "to=rtech-green", "steps=50", "bake=1s"];
    let (text, calls) = change(&lab, &half, ["ModifyListener"]);
    assert_eq!((calls, debts(&lab)), ([1], 1), "{text}");
    let text = take_back(&lab);
    assert!(text.contains("done: HTTP:80: rtech-blue=90 rtech-green=10"), "{text}");
    assert_eq!(debts(&lab), 0);
}

#[test]
fn traffic_is_shifted_whole_in_steps_of_one_call_each() {
    let lab = Lab::take();
    let shift = ["shift_traffic", "rtech-app", "to=rtech-green", "steps=50,100", "bake=1s"];
    let (text, calls) = change(&lab, &shift, ["ModifyListener"]);
    assert_eq!((calls, debts(&lab)), ([2], 0), "{text}");
    assert!(text.contains("step 1 is steady: HTTP:80: rtech-blue=50 rtech-green=50"), "{text}");
    assert!(text.contains("done: HTTP:80: rtech-blue=0 rtech-green=100"), "{text}");
}

#[test]
fn one_task_is_stopped_and_another_takes_its_place() {
    let lab = Lab::take();
    let list = |lab: &Lab| {
        let body = json!({ "cluster": "rtech-prod", "serviceName": "rtech-app" });
        let told = lab.call_as(("test", "ecs"), "AmazonEC2ContainerServiceV20141113.ListTasks", &body);
        let arns = told["taskArns"].as_array().cloned().unwrap_or_default();
        arns.iter().filter_map(|arn| Some(arn.as_str()?.rsplit('/').next()?.to_owned())).collect::<Vec<_>>()
    };
    let before = list(&lab);
    let victim = before.first().expect("a task");
    let (text, calls) = change(&lab, &["stop_task", "rtech-app", &format!("task={victim}")], ["StopTask"]);
    assert_eq!(calls, [1], "{text}");
    let after = list(&lab);
    assert!(!after.contains(victim) && after.len() == before.len(), "{before:?} {after:?}");
}
