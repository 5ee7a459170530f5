//! Two persons on two hosts: what is shown to the other, what counts as a yes, and what a table that fails leaves.

use std::sync::Arc;

use jiff::SignedDuration;
use quarterdeck::action::{Plan, SecondYes};
use quarterdeck::executor::shared::{Key, NotWaiting, PutError, Table, Waiting};

use super::memory::{Host, Memory, TARGET, Way, now};
use crate::runs::fixture;

fn two() -> (Host, Host) {
    let memory = Arc::new(Memory::default());
    (Host::new(&memory, "bastion-1", 0), Host::new(&memory, "bastion-2", 777))
}

/// Ada's plan, shown to the others.
fn proposed(host: &Host) -> Plan {
    let plan = fixture::plan(4);
    propose(host, &plan);
    plan
}

fn propose(host: &Host, plan: &Plan) {
    now(host.shared.propose(plan, &fixture::operator("ada"), fixture::now().wall)).expect("shown");
}

fn yes(plan: &Plan, user: &str) -> SecondYes {
    SecondYes {
        digest: plan.digest(),
        by: fixture::operator(user),
        login: Some(1000),
        caller: Some(format!("arn:aws:sts::123456789012:assumed-role/ops/{user}").as_str().into()),
        at: fixture::now().wall,
        until: plan.expires,
    }
}

/// What stands in the table about the plan's target.
fn row(host: &Host, plan: &Plan) -> (Waiting, u64) {
    let row = now(host.link.get(key(plan))).expect("asked").expect("a row");
    (serde_json::from_str(&row.body).expect("what is written there"), row.version)
}

fn key(plan: &Plan) -> Key<'_> {
    Key { kind: "approval", id: plan.target_arn.as_str() }
}

#[test]
fn a_plan_is_found_on_another_host_by_its_digest_s_beginning_and_without_what_was_observed() {
    let (first, second) = two();
    let plan = proposed(&first);
    let found = now(second.shared.proposal(&plan.digest()[..8])).expect("found");
    assert_eq!((found.plan.digest(), found.by), (plan.digest(), fixture::operator("ada")));
    assert!(found.plan.observation.workload.is_none(), "the other host observes anew");
    assert!(row(&first, &plan).0.plans[0].plan.get("observation").is_none());
    assert!(matches!(now(second.shared.proposal("deadbeef")), Err(NotWaiting::NoPlan(_))));
    assert!(matches!(now(first.shared.proposal(&plan.digest())), Err(NotWaiting::NoPlan(_))), "its own journal has it");
    let mut other = plan.clone();
    other.expires += SignedDuration::from_secs(1);
    propose(&first, &other);
    assert!(matches!(now(second.shared.proposal("")), Err(NotWaiting::Ambiguous(_))));
}

#[test]
fn a_yes_of_another_host_is_told_with_its_aws_identity_and_without_its_login() {
    let (first, second) = two();
    let plan = proposed(&first);
    now(second.shared.agree(&plan, &yes(&plan, "eve"))).expect("agreed");
    let told = now(first.shared.yeses(&plan)).expect("asked");
    assert_eq!(told, [SecondYes { login: None, ..yes(&plan, "eve") }], "logins mean nothing on another host");
    assert_eq!(now(second.shared.yeses(&plan)).expect("asked"), told, "also where its file is applied on this host");
    now(second.shared.agree(&plan, &yes(&plan, "eve"))).expect("again");
    assert_eq!(now(first.shared.yeses(&plan)).expect("asked").len(), 1, "a later yes takes the earlier one's place");
    let other = fixture::plan(5);
    assert!(now(first.shared.yeses(&other)).expect("asked").is_empty(), "it is to that plan alone");
}

#[test]
fn nobody_agrees_to_a_plan_that_waits_no_more_or_was_altered() {
    let (first, second) = two();
    let plan = fixture::plan(4);
    assert!(matches!(now(second.shared.agree(&plan, &yes(&plan, "eve"))), Err(NotWaiting::NoPlan(_))));
    propose(&first, &plan);
    let (mut waiting, version) = row(&first, &plan);
    waiting.plans[0].plan["changes"][0]["after"] = "400".into();
    let body = serde_json::to_string(&waiting).expect("JSON");
    now(first.link.put(key(&plan), body, version)).expect("written");
    let altered = now(second.shared.proposal(&plan.digest())).expect_err("altered");
    assert!(matches!(altered, NotWaiting::Altered(_)), "{altered}");
}

#[test]
fn plans_that_expired_are_taken_out_and_of_too_many_those_that_nobody_agreed_to() {
    let (first, second) = two();
    let plan = proposed(&first);
    now(second.shared.agree(&plan, &yes(&plan, "eve"))).expect("agreed");
    for later in 1..40 {
        let mut other = plan.clone();
        other.expires += SignedDuration::from_secs(later);
        propose(&first, &other);
    }
    let (waiting, _) = row(&first, &plan);
    assert_eq!((waiting.plans.len(), waiting.plans[0].digest.clone()), (16, plan.digest()), "what was agreed to stays");
    assert_eq!(waiting.plans[15].expires, plan.expires + SignedDuration::from_secs(39), "so does the newest");
    // Not at once: hosts' clocks need not agree to the minute.
    let late = plan.expires + SignedDuration::from_secs(330);
    now(first.shared.propose(&plan, &fixture::operator("ada"), late)).expect("shown");
    let old = late - SignedDuration::from_secs(300);
    assert!(row(&first, &plan).0.plans.iter().all(|waits| waits.expires > old || waits.digest == plan.digest()));
    assert!(row(&first, &plan).0.plans.len() < 16);
}

#[test]
fn a_plan_that_is_shown_again_keeps_its_yeses() {
    let (first, second) = two();
    let plan = proposed(&first);
    now(second.shared.agree(&plan, &yes(&plan, "eve"))).expect("agreed");
    propose(&first, &plan);
    assert_eq!(now(first.shared.yeses(&plan)).expect("asked").len(), 1);
}

#[test]
fn a_row_that_can_t_be_read_is_in_the_way_of_its_own_plans_alone() {
    let (first, second) = two();
    let plan = proposed(&first);
    let broken = Key { kind: "approval", id: "another target" };
    now(first.link.put(broken, "{\"plans\": 7}".to_owned(), 0)).expect("written");
    assert!(now(second.shared.proposal(&plan.digest())).is_ok());
    let told = now(second.shared.proposal("deadbeef")).expect_err("not known");
    assert!(matches!(told, NotWaiting::Table(_)), "it may stand there: {told}");
}

#[test]
fn line_ends_of_a_declared_body_hold_no_plan_up() {
    let (first, second) = two();
    let mut plan = fixture::plan(4);
    plan.cost = Some("{\n\t\"on\": false\r\n}".to_owned());
    propose(&first, &plan);
    assert!(now(second.shared.proposal(&plan.digest())).is_ok());
}

#[test]
fn what_stands_in_the_table_can_t_act_on_a_terminal() {
    let (first, second) = two();
    let mut plan = fixture::plan(4);
    plan.changes[0].before = "\u{1b}[8m2".to_owned();
    propose(&first, &plan);
    let refused = now(second.shared.proposal(&plan.digest())).expect_err("unsafe");
    assert!(matches!(refused, NotWaiting::Unsafe(_)), "{refused}");
}

#[test]
fn a_plan_or_a_reason_with_a_secret_does_not_leave_the_host() {
    let memory = Arc::new(Memory::default());
    let host = Host::masking(&memory, "bastion-1", "hunter2hunter2");
    let mut plan = fixture::plan(4);
    plan.cost = Some("as with hunter2hunter2".to_owned());
    let refused =
        now(host.shared.propose(&plan, &fixture::operator("ada"), fixture::now().wall)).expect_err("a secret");
    assert!(matches!(refused, NotWaiting::Secret), "{refused}");
    let holder = Host::new(&memory, "bastion-2", 0);
    let _held = holder.take("run-1", 0).expect("free");
    now(host.shared.ask("run-1", &fixture::operator("eve"), &"hunter2hunter2 is out".into(), &host.at(1)))
        .expect("asked");
    let wish = now(holder.shared.wish(TARGET, "run-1")).expect("asked").expect("a wish");
    assert!(!wish.reason.contains("hunter2") && wish.reason.contains("is out"), "{}", wish.reason);
}

#[test]
fn a_plan_that_is_too_long_for_a_row_is_told_and_not_cut() {
    let (first, second) = two();
    let mut plan = proposed(&first);
    plan.cost = Some("x".repeat(200_000));
    let told = now(first.shared.propose(&plan, &fixture::operator("ada"), fixture::now().wall)).expect_err("too long");
    assert!(matches!(told, NotWaiting::TooLong(length) if length > 200_000), "{told}");
    assert!(matches!(now(second.shared.proposal(&plan.digest())), Err(NotWaiting::NoPlan(_))));
}

#[test]
fn a_table_that_can_t_be_asked_knows_of_no_yes_and_a_lost_answer_is_no_yes_either() {
    let (first, second) = two();
    let plan = proposed(&first);
    second.link.set(Way::Deaf);
    let lost = now(second.shared.agree(&plan, &yes(&plan, "eve"))).expect_err("nobody knows");
    assert!(matches!(lost, NotWaiting::Table(PutError::Unclear(_))), "{lost}");
    for host in [&first, &second] {
        host.link.set(Way::Cut);
        assert!(now(host.shared.yeses(&plan)).is_err());
        assert!(matches!(now(host.shared.proposal(&plan.digest())), Err(NotWaiting::Table(_))));
    }
}
