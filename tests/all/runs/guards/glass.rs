//! Break-glass, and what stands against a judged plan.

use quarterdeck::action::Decision::{Allow, Ask, Deny};
use quarterdeck::action::{BreakGlass, Refusal, Verdict};
use quarterdeck::config::{Approval, EnvironmentKind};

use super::{Case, pace, rows};
use crate::runs::fixture::{SERVICE, now, operator};

/// A denial of the cooldown and one of the caps.
fn denied_twice() -> Case {
    let mut case = Case::new();
    pace::past(&mut case, 10, |_| {});
    case.desired = 8;
    case
}

fn glass(guard: &str) -> BreakGlass {
    BreakGlass { guard: guard.to_owned(), reason: "orders are lost".into() }
}

#[test]
fn break_glass_skips_the_one_guard_that_it_names_and_says_so() {
    let decisions = |case: &Case| -> Vec<_> {
        let denied = |verdict: &Verdict| ["cooldown", "caps"].contains(&verdict.guard.as_str());
        case.verdicts().into_iter().filter(denied).map(|verdict| (verdict.decision, verdict.evidence)).collect()
    };
    let [(Deny, _), (Deny, caps)] = &decisions(&denied_twice())[..] else { panic!("both deny") };
    let mut case = denied_twice();
    case.facts.break_glass = Some(glass("cooldown"));
    let [(Ask, skipped), (Deny, still)] = &decisions(&case)[..] else { panic!("only the named one is skipped") };
    assert!(skipped.starts_with("SKIPPED by break-glass (orders are lost): "), "{skipped}");
    assert_eq!(still, caps);
}

/// Even where something else than [`BreakGlass::new`] made it.
#[test]
fn break_glass_never_skips_identity_evidence_and_what_was_shown() {
    for guard in ["armed", "environment", "account", "shown-is-sent", "evidence", "other-runs", "plan-age"] {
        let row = rows().find(|row| row.guard == guard && row.decision == Deny).expect("a row");
        let mut case = Case::of(row);
        case.facts.break_glass = Some(glass(guard));
        let verdicts = case.verdicts();
        let verdict = verdicts.iter().find(|verdict| verdict.guard == guard).expect("a verdict");
        assert_eq!(verdict.decision, Deny, "{verdict:?}");
        assert!(BreakGlass::new(guard, "orders are lost").is_err(), "{guard}");
    }
}

#[test]
fn break_glass_wants_a_guard_that_there_is_and_a_reason() {
    let told = |guard, reason| BreakGlass::new(guard, reason).expect_err("refused").to_string();
    let skippable = "guards that may be skipped: freeze, cooldown, actions-an-hour, credentials-last, deployment, image, \
        definition, caps, healthy-floor, not-to-zero, bounds, replica-lag, traffic-step, traffic-health, traffic-owner, \
        paging-alerts, error-budget, approval";
    assert!(told("freezes", "orders are lost").ends_with(skippable), "{}", told("freezes", "orders are lost"));
    assert!(told("freeze", "  urgent  ").contains("the reason is too short"));
    assert!(BreakGlass::new("freeze", "orders are lost").is_ok());
}

#[test]
fn a_guard_that_lets_a_plan_through_is_not_skipped() {
    let cooldown = |case: &Case| case.verdicts().into_iter().find(|verdict| verdict.guard == "cooldown");
    let mut case = Case::new();
    let before = cooldown(&case);
    case.facts.break_glass = Some(glass("cooldown"));
    assert_eq!((cooldown(&case), before.map(|verdict| verdict.decision)), (cooldown(&Case::new()), Some(Allow)));
}

#[test]
fn only_a_guard_that_stands_alone_against_a_plan_and_may_be_skipped_is_offered() {
    let named = |case: &Case| case.judged().skippable().map(str::to_owned);
    assert_eq!(named(&Case::new()), None, "nothing denies");
    let mut case = Case::new();
    pace::past(&mut case, 10, |_| {});
    assert_eq!(named(&case).as_deref(), Some("cooldown"));
    assert!(!case.judged().waits(), "it is not a second person that is missing");
    assert_eq!(named(&denied_twice()), None);
    let mut case = Case::new();
    case.doctor = |plan| plan.environment = "other".into();
    assert_eq!(named(&case), None, "never skipped");
}

#[test]
fn a_plan_waits_where_nothing_but_a_second_yes_is_missing() {
    let mut case = Case::new();
    case.config.guards.approval = Approval::TwoPerson;
    assert!(case.judged().waits(), "{:?}", case.judged().reasons());
    pace::past(&mut case, 10, |_| {});
    assert!(!case.judged().waits());
}

#[test]
fn the_reasons_against_a_plan_are_those_of_the_guards_that_deny_it() {
    let judged = denied_twice().judged();
    let caps = "caps: a step of 5 tasks; at most 4 in one action";
    assert_eq!(judged.reasons(), ["cooldown: run r ended 10 s ago; wait 50 s more of 60 s", caps]);
    assert_eq!(judged.decision(), Deny);
    assert_eq!(Case::new().judged().reasons(), Vec::<String>::new());
}

#[test]
fn where_no_guard_asks_nothing_has_to_be_typed_but_what_is_typed_must_be_the_name() {
    let mut case = Case::new();
    case.config.environment.kind = EnvironmentKind::Staging;
    assert_eq!(case.judged().decision(), Allow);
    let approve = |typed: &str| case.judged().approve(typed, operator("ada"), now().wall);
    assert!(approve("").is_ok() && approve(SERVICE).is_ok());
    assert!(matches!(approve("rtech-ap"), Err(Refusal::NotConfirmed { .. })));
}
