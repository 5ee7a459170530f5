//! Bounds and suspension: what their plans say, what a look tells, and what they leave open.

use std::time::Duration;

use quarterdeck::action::{
    Action, Call, DebtChange, Effect, Made, Moved, Plan, PlanFailure, Scene, Sight, Stage, Undo, plan_for, spec,
};
use quarterdeck::source::{Observation, ScalingTarget};

use super::fixture::{ARN, SERVICE, config, now, observation};

/// The action that is typed so.
pub(crate) fn typed(name: &str, arguments: &[(&str, &str)]) -> Result<Action, PlanFailure> {
    let pairs: Vec<_> = arguments.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    (spec(name).expect("an action").parse)(&SERVICE.into(), &pairs)
}

fn plan(name: &str, arguments: &[(&str, &str)]) -> Plan {
    plan_of(&typed(name, arguments).expect("arguments"), &observation())
}

fn plan_of(action: &Action, found: &Observation) -> Plan {
    plan_for(action, found, &config(), now().wall).expect("a plan")
}

fn lines(plan: &Plan) -> Vec<String> {
    plan.changes.iter().map(ToString::to_string).collect()
}

fn undo(plan: &Plan) -> String {
    match &plan.undo {
        Undo::Action { action } => action.to_string(),
        Undo::Impossible { reason } => reason.clone(),
    }
}

fn target(found: &mut Observation) -> &mut ScalingTarget {
    found.scaling.as_mut().expect("scaling").target.as_mut().expect("a target")
}

#[test]
fn bounds_are_absolute_and_their_effect_on_the_count_is_shown() {
    let plan = plan("scaling_bounds", &[("min", "4"), ("max", "8")]);
    assert_eq!(
        lines(&plan),
        [
            "scaling bounds: 2–10 → 4–8",
            "desired count (moved by autoscaling): 3 → 4",
            "running tasks: 3 (unchanged)",
            "scaling suspended: none (unchanged)",
        ]
    );
    let said = plan.steps[0].call.to_string();
    let wanted = "application-autoscaling:RegisterScalableTarget rtech-prod/rtech-app MinCapacity=4 MaxCapacity=8";
    assert_eq!(said, wanted);
    assert_eq!((undo(&plan).as_str(), plan.target_arn.as_str()), ("scaling_bounds rtech-app min=2 max=10", ARN));
    let moved = Moved { before: "2–10".into(), after: "4–8".into() };
    let Some(DebtChange::Opens { key, until: None, moved: Some(found), .. }) = &plan.debt else { panic!("{plan:?}") };
    assert_eq!((key.as_str(), found), ("scaling bounds", &moved));
}

#[test]
fn a_suspension_is_absolute_for_all_three_kinds_and_due_when_it_is_meant_to_end() {
    let mut found = observation();
    target(&mut found).scheduled_suspended = true;
    let action = typed("suspend_scaling", &[("kinds", "in,out"), ("for", "90m")]).expect("arguments");
    let plan = plan_of(&action, &found);
    assert_eq!(
        lines(&plan),
        [
            "suspended scaling: scheduled → in, out",
            "scaling in: active → suspended",
            "scaling out: active → suspended",
            "scheduled actions: suspended → active",
            "scaling bounds: 2–10 (unchanged)",
        ]
    );
    assert_eq!(undo(&plan), "suspend_scaling rtech-app kinds=scheduled for=2h");
    let Some(DebtChange::Opens { until, .. }) = &plan.debt else { panic!("{plan:?}") };
    assert_eq!(*until, Some(now().plus(Duration::from_secs(90 * 60)).wall));
    assert_eq!(typed("suspend_scaling", &[("kinds", "in,out"), ("for", "90m")]), Ok(plan.action));
}

#[test]
fn resuming_names_all_three_kinds_and_settles_the_debt() {
    let mut found = observation();
    target(&mut found).scale_out_suspended = true;
    let plan = plan_of(&typed("resume_scaling", &[]).expect("arguments"), &found);
    let Call::ScalingSetSuspended { inward: false, outward: false, scheduled: false, .. } = plan.steps[0].call else {
        panic!("{plan:?}");
    };
    assert_eq!(plan.debt, Some(DebtChange::settles("scaling suspended")));
    assert_eq!(undo(&plan), "suspend_scaling rtech-app kinds=out for=2h");
}

#[test]
fn undoing_the_first_suspension_resumes() {
    assert_eq!(undo(&plan("suspend_scaling", &[])), "resume_scaling rtech-app");
}

#[test]
fn what_would_change_nothing_or_has_no_target_is_no_plan() {
    let refused = |name: &str, arguments: &[(&str, &str)], found: &Observation| {
        let action = typed(name, arguments).expect("arguments");
        plan_for(&action, found, &config(), now().wall).expect_err("no plan").to_string()
    };
    let mut none = observation();
    none.scaling.as_mut().expect("scaling").target = None;
    let same = [("min", "2"), ("max", "10")];
    assert!(refused("scaling_bounds", &same, &observation()).contains("nothing would change"));
    assert!(refused("resume_scaling", &[], &observation()).contains("nothing would change"));
    for (name, arguments) in [("scaling_bounds", &same[..]), ("suspend_scaling", &[]), ("resume_scaling", &[])] {
        let said = refused(name, arguments, &none);
        assert!(said.contains("no scaling target is registered"), "{said}");
    }
}

#[test]
fn wrong_arguments_say_what_is_wrong_and_how_it_is_written() {
    let wrong = [
        ("scaling_bounds", vec![("min", "2")], "scaling_bounds needs max=…"),
        ("scaling_bounds", vec![("min", "two"), ("max", "4")], "min: `two` is not a whole number"),
        ("scaling_bounds", vec![("min", "5"), ("max", "4")], "min=5 is above max=4"),
        ("scaling_bounds", vec![("min", "1"), ("max", "4"), ("max", "5")], "no (second) argument `max`"),
        ("suspend_scaling", vec![("kinds", "in,up")], "`in,up` is not a list of in, out and scheduled"),
        ("suspend_scaling", vec![("kinds", "")], "is not a list of"),
        ("suspend_scaling", vec![("for", "8d")], "for: `8d` is not a duration of 1m to 7d"),
        ("resume_scaling", vec![("kinds", "in")], "no (second) argument `kinds`"),
    ];
    for (name, arguments, says) in wrong {
        let failure = typed(name, &arguments).expect_err(says).to_string();
        assert!(failure.contains(says) && failure.contains("write `"), "{failure}");
    }
}

fn sight(plan: &Plan, found: &Observation) -> Sight {
    plan.action.sight(&Scene { plan, step: 0, made: &Made::new() }, found)
}

#[test]
fn a_look_tells_whether_the_call_shows_is_as_before_or_was_somebody_else_s() {
    let plan = plan("scaling_bounds", &[("min", "4"), ("max", "8")]);
    let with = |min, max| {
        let mut found = observation();
        (target(&mut found).min, target(&mut found).max) = (min, max);
        sight(&plan, &found)
    };
    assert_eq!((with(4, 8).effect, with(4, 8).stage), (Effect::Shows, Stage::Steady));
    assert_eq!(with(2, 10).effect, Effect::AsBefore);
    assert_eq!(with(4, 9).effect, Effect::Unclear);
    assert!(matches!(with(4, 9).stage, Stage::Elsewhere(_)));
    let mut gone = observation();
    gone.scaling.as_mut().expect("scaling").target = None;
    assert_eq!(sight(&plan, &gone).effect, Effect::Unclear);
}

#[test]
fn a_look_at_a_suspension_compares_all_three_kinds() {
    let plan = plan("suspend_scaling", &[("kinds", "out")]);
    let with = |inward, outward, scheduled| {
        let mut found = observation();
        let seen = target(&mut found);
        (seen.scale_in_suspended, seen.scale_out_suspended, seen.scheduled_suspended) = (inward, outward, scheduled);
        sight(&plan, &found).effect
    };
    assert_eq!(with(false, true, false), Effect::Shows);
    assert_eq!(with(false, false, false), Effect::AsBefore);
    assert_eq!((with(true, true, false), with(false, true, true)), (Effect::Unclear, Effect::Unclear));
}

#[test]
fn changed_bounds_and_suspension_are_drift_and_a_moved_count_is_so_for_bounds_alone() {
    let (bounds, held) = (plan("scaling_bounds", &[("min", "4"), ("max", "8")]), plan("suspend_scaling", &[]));
    let drift = |plan: &Plan, found: &Observation| plan.drift(&plan.action.facts(found)).len();
    let mut moved = observation();
    moved.workload.as_mut().expect("a workload").desired = 5;
    assert_eq!((drift(&bounds, &moved), drift(&held, &moved)), (1, 0));
    let mut wider = observation();
    target(&mut wider).max = 12;
    assert_eq!((drift(&bounds, &wider), drift(&held, &wider)), (1, 1));
}
