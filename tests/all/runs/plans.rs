//! Plans and approvals.

use std::time::Duration;

use quarterdeck::action::{Decision, Plan, Refusal, Undo, plan_for};

use super::fixture::{SERVICE, config, judged, now, observation, operator, plan, scale};

#[test]
fn a_plan_shows_absolute_counts_before_and_after_and_how_to_undo_it() {
    let plan = plan(5);
    let lines: Vec<_> = plan.changes.iter().map(ToString::to_string).collect();
    assert_eq!(
        lines,
        [
            "desired count: 3 → 5",
            "running tasks: 3 → 5",
            "scaling bounds: 2–10 (scales in) (unchanged)",
            "caps: 1–9 (unchanged)",
            "healthy floor: 2 (unchanged)",
        ]
    );
    assert_eq!(plan.undo, Undo::Action { action: scale(3) });
    assert_eq!(plan.fingerprint["desired count"], "3");
    assert_eq!(plan.fingerprint["primary deployment"], "ecs-svc/1");
}

#[test]
fn a_plan_that_would_change_nothing_is_none() {
    let failure = plan_for(&scale(3), &observation(), &config(), now().wall).expect_err("no plan");
    assert!(failure.reason.contains("nothing would change"), "{failure}");
}

#[test]
fn a_plan_of_an_unknown_service_names_those_that_there_are() {
    let mut config = config();
    config.services[0].name = "other".into();
    let failure = plan_for(&scale(5), &observation(), &config, now().wall).expect_err("no plan");
    assert!(failure.hint.contains("other"), "{failure}");
}

#[test]
fn the_digest_binds_everything_but_the_evidence() {
    let plan = plan(5);
    let mut newer = observation();
    newer.workload.as_mut().unwrap().running = 2;
    assert_eq!(plan.digest(), plan.with_observation(newer).digest());
    let mut other: Vec<Plan> = vec![plan.clone(); 4];
    other[0].expires = other[0].expires.checked_add(Duration::from_secs(1)).expect("a time");
    other[1].changes[0].after = "6".into();
    other[2].fingerprint.insert("desired count".into(), "4".into());
    other[3].runbook_step = Some("scale-out#2".into());
    for changed in other {
        assert_ne!(plan.digest(), changed.digest(), "{changed:?}");
    }
}

#[test]
fn a_plan_survives_its_file_with_the_same_digest() {
    let plan = plan(5);
    let text = serde_json::to_string_pretty(&plan).expect("text");
    let again: Plan = serde_json::from_str(&text).expect("a plan");
    assert_eq!((again.digest(), &again), (plan.digest(), &plan));
}

#[test]
fn drift_names_what_was_planned_and_what_was_found() {
    let plan = plan(5);
    let mut found = plan.fingerprint.clone();
    found.insert("desired count".into(), "4".into());
    found.remove("rollout");
    let lines: Vec<_> = plan.drift(&found).iter().map(ToString::to_string).collect();
    assert_eq!(lines, ["desired count: 3 → 4", "rollout: completed → none"]);
}

#[test]
fn in_production_only_the_exact_name_confirms() {
    for wrong in ["", "rtech-app ", " rtech-app", "RTECH-APP", "rtech", "rtech-appp", "yes", "rtech\u{2011}app"] {
        let refusal = judged(5).approve(wrong, operator("ada"), now().wall).expect_err(wrong);
        assert!(matches!(refusal, Refusal::NotConfirmed { .. }), "{wrong}: {refusal}");
    }
    let approved = judged(5).approve(SERVICE, operator("ada"), now().wall).expect("approved");
    assert_eq!(approved.digest(), approved.plan().digest());
}

#[test]
fn an_expired_plan_is_not_approved() {
    let late = now().plus(Duration::from_secs(300)).wall;
    let refusal = judged(5).approve(SERVICE, operator("ada"), late).expect_err("expired");
    assert!(matches!(refusal, Refusal::Expired { .. }), "{refusal}");
}

#[test]
fn an_approval_waits_a_minute_and_never_outlives_its_plan() {
    let early = judged(5).approve(SERVICE, operator("ada"), now().wall).expect("approved");
    assert_eq!(early.until(), now().plus(Duration::from_secs(60)).wall);
    let late = now().plus(Duration::from_secs(290)).wall;
    let approved = judged(5).approve(SERVICE, operator("ada"), late).expect("approved");
    assert_eq!(approved.until(), approved.plan().expires);
}

#[test]
fn a_denied_plan_is_not_approved_whatever_is_typed() {
    let judged = judged(10);
    assert_eq!(judged.decision(), Decision::Deny);
    let refusal = judged.approve(SERVICE, operator("ada"), now().wall).expect_err("denied");
    assert!(refusal.to_string().contains("caps: 10 is not within 1–9"), "{refusal}");
}
