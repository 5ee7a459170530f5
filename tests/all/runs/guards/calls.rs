//! Which guards judge which calls, which of them again before each call, and what they say of what they are not made for.

use std::collections::{BTreeMap, BTreeSet};

use quarterdeck::action::guard::{Scope, denials_now};
use quarterdeck::action::guards::GUARDS;
use quarterdeck::action::{Decision, Plan, judge};

use super::{Case, backup, declared, rows, traffic};
use crate::proofs::rows as actions;
use crate::runs::fixture::{context, flag, now};

/// Guards that judge the calls of each family, besides those that judge every plan.
static JUDGED: &[(&str, &[&str])] = &[
    ("Backup", &["backup-idle"]),
    ("Bounds", &["service-active", "deployment", "caps", "healthy-floor", "not-to-zero", "bounds"]),
    ("CloudFront", &["invalidation"]),
    ("Cloudflare", &["invalidation"]),
    ("Command", &["declared", "command"]),
    (
        "Count",
        &["service-active", "deployment", "scaling-bounds", "caps", "healthy-floor", "not-to-zero", "autoscaling"],
    ),
    ("Definition", &["service-active"]),
    ("Deployment", &["service-active", "deployment", "healthy-now", "paging-alerts", "error-budget"]),
    ("Export", &["backup-idle", "export-source"]),
    ("Failover", &["database-available", "failover-target", "replica-lag"]),
    ("Halt", &["service-active", "in-flight"]),
    ("Removal", &["own-copy"]),
    ("Request", &["declared"]),
    ("Restore", &["restore-point", "restore-alone", "restore-quota", "own-copy"]),
    (
        "Revision",
        &[
            "service-active",
            "deployment",
            "image",
            "definition",
            "proven",
            "healthy-now",
            "paging-alerts",
            "error-budget",
        ],
    ),
    ("Silence", &["silence"]),
    ("Suspension", &["service-active", "suspension"]),
    ("Task", &["service-active", "deployment", "healthy-floor"]),
    ("Traffic", &["traffic-step", "traffic-health", "traffic-owner", "paging-alerts", "error-budget"]),
];

/// Names of the guards that judge every plan.
fn of_every() -> BTreeSet<&'static str> {
    GUARDS.iter().filter(|guard| guard.scope == Scope::Every).map(|guard| guard.name).collect()
}

#[test]
fn each_call_is_judged_by_the_guards_of_its_family() {
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for row in actions::ROWS {
        let (plan, config) = (row.plan(), (row.config)());
        for step in plan.steps.iter().chain(&plan.on_failure) {
            let alone = Plan { steps: vec![step.clone()], on_failure: Vec::new(), ..plan.clone() };
            let judged = judge(alone, &context(&config, now().wall));
            let names = judged.verdicts.iter().map(|verdict| verdict.guard.clone());
            let (every, own): (Vec<_>, _) = names.partition(|name| of_every().contains(name.as_str()));
            assert_eq!(every.len(), of_every().len(), "{}", row.name);
            found.insert(format!("{:?}", step.call.family()), own);
        }
    }
    let wanted = JUDGED
        .iter()
        .map(|(family, names)| ((*family).to_owned(), names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>()));
    assert_eq!(found, wanted.collect());
}

/// The guards that judge again before each call: what they see may change while a run is under way, and what its own calls
/// do is no reason for them.
const AGAIN: [&str; 11] = [
    "account",
    "command",
    "database-available",
    "declared",
    "environment",
    "evidence",
    "freeze",
    "other-runs",
    "own-copy",
    "service-active",
    "traffic-health",
];

/// Reasons of those that deny when the call is due.
fn due(case: &Case, call: usize) -> Vec<String> {
    let plan = case.plan();
    denials_now(&plan, call, plan.observation.clone(), &case.context())
}

#[test]
fn before_each_call_those_guards_judge_again_that_its_own_calls_give_no_reason() {
    let mut denied = BTreeSet::new();
    for case in rows().map(Case::of) {
        for call in 0..case.plan().calls().count() {
            let reasons = due(&case, call);
            denied.extend(reasons.iter().filter_map(|reason| reason.split(':').next()).map(str::to_owned));
        }
    }
    assert_eq!(denied, AGAIN.map(str::to_owned).into());
}

#[test]
fn a_call_that_nothing_stands_against_is_sent_and_one_that_is_denied_tells_why() {
    assert_eq!(due(&Case::new(), 0), Vec::<String>::new());
    let mut case = Case::new();
    case.observed.workload.as_mut().unwrap().status = "DRAINING".into();
    assert_eq!(due(&case, 0), ["service-active: status DRAINING"]);
}

/// One healthy target is enough to go back to, and too little to go on to.
#[test]
fn a_call_that_is_due_is_judged_as_what_it_is_a_step_or_the_way_back() {
    let mut case = Case::new();
    traffic::shifted(&mut case, &[("to", "green")]);
    for group in &mut case.observed.traffic.as_mut().unwrap().groups {
        group.targets.truncate(1);
    }
    let steps = case.plan().steps.len();
    assert_eq!(due(&case, 0), ["traffic-health: green: 1 healthy for 25 %, floor 2, 2 serve now"]);
    assert_eq!(case.plan().on_failure.len(), 1);
    case.doctor = |plan| {
        let weights = vec![("blue".into(), 0), ("green".into(), 100)];
        plan.observation.traffic.as_mut().unwrap().routes[0].weights = weights;
    };
    assert_eq!(due(&case, steps), Vec::<String>::new());
}

/// Their scopes keep them from such a plan; were they handed one, they would not let it through.
#[test]
fn guards_that_are_handed_a_plan_of_another_thing_deny_what_they_do_not_find() {
    let case = Case::new();
    let (plan, context) = (case.plan(), case.context());
    let denies = |name: &&str| {
        let guard = GUARDS.iter().find(|guard| guard.name == *name).expect("a guard");
        (guard.judge)(&plan, &context).decision == Decision::Deny
    };
    let scoped = GUARDS.iter().filter(|guard| guard.scope != Scope::Every).map(|guard| guard.name);
    let (denying, others): (Vec<_>, Vec<_>) = scoped.partition(denies);
    let find_nothing_wrong = [
        "service-active",
        "deployment",
        "scaling-bounds",
        "caps",
        "healthy-floor",
        "healthy-now",
        "not-to-zero",
        "suspension",
        "traffic-owner",
        "own-copy",
        "paging-alerts",
        "error-budget",
        "autoscaling",
    ];
    assert_eq!(others, find_nothing_wrong, "{denying:?}");
}

/// What no plan that is in their scope lacks.
#[test]
fn guards_that_are_handed_no_call_of_theirs_say_so() {
    let said = |name: &str, change: fn(&mut Case)| {
        let mut case = Case::new();
        change(&mut case);
        let guard = GUARDS.iter().find(|guard| guard.name == name).expect("a guard");
        let found = (guard.judge)(&case.plan(), &case.context());
        (found.decision, found.evidence)
    };
    let denied = |reason: &str| (Decision::Deny, reason.to_owned());
    assert_eq!(said("backup-idle", |_| {}), denied("the plan starts no backup"));
    let without = |case: &mut Case| {
        backup::backup(case);
        case.doctor = |plan| plan.steps.clear();
    };
    assert_eq!(said("backup-idle", without), denied("the plan starts no backup"));
    assert_eq!(said("export-source", |_| {}), denied("the plan exports no snapshot"));
    let another = |case: &mut Case| {
        declared::declare(case, flag());
        case.doctor = |plan| plan.steps = Case::new().plan().steps;
    };
    assert_eq!(said("declared", another), denied("the plan's call is not a declared one"));
    let none = |case: &mut Case| {
        traffic::shifted(case, &[("to", "green")]);
        case.doctor = |plan| (plan.steps, plan.on_failure) = (Vec::new(), Vec::new());
    };
    assert_eq!(said("traffic-step", none), denied("the plan sets more than weights"));
}
