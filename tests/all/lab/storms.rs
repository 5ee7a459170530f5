//! Storms of throttling and of 5xx: before the call, at it, and while it is read back.

use std::time::Duration;

use serde_json::{Value, json};

use super::{plan_to, run};
use crate::harness::Stopwatch;
use crate::harness::lab::Lab;

/// The longest that a command may take that gives up on its reads.
const GIVES_UP: Duration = Duration::from_secs(40);

/// Each storm: a rule of the emulator, and what must be said of it.
fn storms() -> [(Value, &'static str); 3] {
    [
        (json!({"kind": "throttle"}), "ThrottlingException"),
        (json!({"kind": "throttle", "status": 429}), "ThrottlingException"),
        (json!({"kind": "error", "status": 503, "code": "ServiceUnavailable"}), "ServiceUnavailable"),
    ]
}

/// The rule with more said.
fn with(rule: &Value, more: Value) -> Value {
    let mut rule = rule.clone();
    let fields = rule.as_object_mut().expect("a rule");
    fields.extend(more.as_object().expect("fields").clone());
    rule
}

/// Reads of ECS, once the call was sent.
fn reads_after_the_call() -> Value {
    json!({"service": "ecs", "op": "Describe.*|List.*", "since": "UpdateService"})
}

/// A lab whose runs wait for half a minute at most.
fn hasty() -> Lab {
    let lab = Lab::take();
    lab.configure("steady_deadline", "steady_deadline = \"30s\"");
    lab
}

fn sent(lab: &Lab) -> usize {
    lab.requests("UpdateService").len()
}

#[test]
fn a_storm_of_one_answer_is_ridden_out_by_a_read_and_nobody_hears_of_it() {
    let lab = Lab::take();
    for (storm, _) in storms() {
        lab.forget_requests();
        lab.aws_faults(&json!([with(&storm, json!({"op": "DescribeServices", "n": 1}))]));
        let (text, code) = run(&lab, &["plan", "scale", "rtech-app", "desired=4"]);
        assert_eq!((code, lab.requests("DescribeServices").len()), (0, 2), "{text}");
    }
}

#[test]
fn a_storm_before_the_call_ends_plan_and_apply_in_clear_words_with_nothing_sent() {
    let lab = Lab::take();
    let plan = plan_to(&lab, 4);
    for (storm, says) in storms() {
        lab.forget_requests();
        lab.aws_faults(&json!([with(&storm, json!({"service": "ecs"}))]));
        let watch = Stopwatch::start();
        let (text, code) = run(&lab, &["plan", "scale", "rtech-app", "desired=4"]);
        assert_eq!(code, 3, "{text}");
        assert!(text.contains("not observed") && text.contains(says), "{text}");
        let (text, code) = run(&lab, &["apply", &plan, "--confirm", "rtech-app"]);
        assert_eq!((code, sent(&lab)), (4, 0), "{text}");
        assert!(text.contains("nothing was sent") && text.contains(says), "{text}");
        assert!(watch.elapsed() < GIVES_UP, "{:?}", watch.elapsed());
        let asked = lab.requests("DescribeServices").len();
        assert!(asked <= 4, "two attempts of each at most, not {asked}");
    }
}

#[test]
fn a_storm_that_begins_between_confirmation_and_call_refuses_the_run_with_nothing_sent() {
    let lab = Lab::take();
    for (storm, says) in storms() {
        lab.aws_faults(&json!([]));
        let plan = plan_to(&lab, 4);
        lab.forget_requests();
        // The first look is that of `apply`, the next is the executor's.
        lab.aws_faults(&json!([with(&storm, json!({"op": "DescribeServices", "skip": 1}))]));
        let (text, code) = run(&lab, &["apply", &plan, "--confirm", "rtech-app"]);
        assert_eq!((code, sent(&lab)), (4, 0), "{text}");
        assert!(text.contains("could not be observed") && text.contains(says), "{text}");
        assert!(text.contains("nothing was sent"), "{text}");
    }
}

#[test]
fn a_call_that_throttling_refuses_is_sent_once_and_changed_nothing() {
    let lab = Lab::take();
    for (storm, says) in storms().into_iter().take(2) {
        lab.aws_faults(&json!([]));
        let plan = plan_to(&lab, 4);
        lab.forget_requests();
        lab.aws_faults(&json!([with(&storm, json!({"op": "UpdateService"}))]));
        let (text, code) = run(&lab, &["apply", &plan, "--confirm", "rtech-app"]);
        assert_eq!((code, sent(&lab), lab.desired("rtech-app")), (5, 1, 2), "{text}");
        assert!(text.contains(says) && text.contains("nothing was changed"), "{text}");
    }
}

#[test]
fn a_call_that_took_effect_is_found_after_a_5xx_and_a_storm_of_reads_and_is_sent_once() {
    let lab = hasty();
    for (desired, (storm, says)) in (3..).zip(storms()) {
        lab.aws_faults(&json!([]));
        let plan = plan_to(&lab, desired);
        lab.forget_requests();
        let passes = with(&with(&storm, reads_after_the_call()), json!({"for_ms": 5000}));
        lab.aws_faults(&json!([{"op": "UpdateService", "kind": "error_after", "status": 503}, passes]));
        let (text, code) = run(&lab, &["apply", &plan, "--confirm", "rtech-app"]);
        assert_eq!((code, sent(&lab), lab.desired("rtech-app")), (0, 1, u64::from(desired)), "{text}");
        assert!(text.contains("could not be read back") && text.contains(says), "{text}");
        assert!(text.contains("found applied"), "{text}");
    }
}

#[test]
fn a_call_that_was_accepted_is_done_when_the_storm_of_reads_is_over() {
    let lab = hasty();
    for (desired, (storm, says)) in (3..).zip(storms()) {
        lab.aws_faults(&json!([]));
        let plan = plan_to(&lab, desired);
        lab.forget_requests();
        lab.aws_faults(&json!([with(&with(&storm, reads_after_the_call()), json!({"for_ms": 5000}))]));
        let (text, code) = run(&lab, &["apply", &plan, "--confirm", "rtech-app"]);
        assert_eq!((code, sent(&lab), lab.desired("rtech-app")), (0, 1, u64::from(desired)), "{text}");
        assert!(text.contains("could not be read back") && text.contains(says), "{text}");
    }
}

#[test]
fn a_call_that_5xx_swallowed_is_unknown_is_never_sent_again_and_is_settled_by_looking() {
    let lab = hasty();
    let plan = plan_to(&lab, 4);
    lab.forget_requests();
    lab.aws_faults(&json!([{"op": "UpdateService", "kind": "error", "status": 503}]));
    let (text, code) = run(&lab, &["apply", &plan, "--confirm", "rtech-app"]);
    assert_eq!((code, sent(&lab), lab.desired("rtech-app")), (6, 1, 2), "{text}");
    assert!(text.contains("503") && text.contains("it was not sent again"), "{text}");
    is_settled_by_looking(&lab, "the change does not show");
    assert_eq!(sent(&lab), 1);
}

#[test]
fn a_call_that_took_effect_in_a_storm_without_end_is_unknown_until_it_can_be_looked_at() {
    let lab = hasty();
    let plan = plan_to(&lab, 4);
    lab.forget_requests();
    let storm = with(&json!({"kind": "error", "status": 503}), reads_after_the_call());
    lab.aws_faults(&json!([{"op": "UpdateService", "kind": "error_after", "status": 503}, storm]));
    let (text, code) = run(&lab, &["apply", &plan, "--confirm", "rtech-app"]);
    assert_eq!((code, sent(&lab), lab.desired("rtech-app")), (6, 1, 4), "{text}");
    assert!(text.contains("could not be read back") && text.contains("quarterdeck runs resolve"), "{text}");
    let (text, code) = resolve(&lab);
    assert_eq!(code, 3, "in the storm it can't be settled: {text}");
    is_settled_by_looking(&lab, "the change shows");
    assert_eq!(sent(&lab), 1);
}

/// The run whose outcome is not known: it is the only one, or listed first.
pub(super) fn resolve(lab: &Lab) -> (String, i32) {
    let (listed, _) = run(lab, &["runs", "list"]);
    let id = listed.split_whitespace().next().expect("a run");
    run(lab, &["runs", "resolve", id])
}

/// It blocks its target; once the storm is over a look settles it.
fn is_settled_by_looking(lab: &Lab, says: &str) {
    lab.aws_faults(&json!([]));
    let another = ["plan", "scale", "rtech-app", "desired=3"];
    let (text, code) = run(lab, &another);
    assert_eq!(code, 4, "an unknown run blocks its target: {text}");
    let (text, code) = resolve(lab);
    assert_eq!(code, 0, "{text}");
    assert!(text.contains(says), "{text}");
    let (text, code) = run(lab, &another);
    assert_eq!(code, 0, "settled, it blocks no more: {text}");
}
