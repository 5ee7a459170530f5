//! Each guard, by a table: what it decides, and that it is this guard that decides it. Its rows are in the folder, in files
//! of the names of those that the guards are in.

mod backup;
mod capacity;
mod database;
mod declared;
mod evidence;
mod operator;
mod outside;
mod pace;
mod place;
mod readiness;
mod release;
mod restore;
mod scaling;
mod second;
mod surroundings;
mod traffic;

use std::collections::BTreeSet;

use quarterdeck::action::Decision::{self, Allow, Ask, Deny};
use quarterdeck::action::guards::GUARDS;
use quarterdeck::action::restart::Restart;
use quarterdeck::action::{Action, Arming, BreakGlass, Facts, Known, Plan, Verdict, judge, plan_for};
use quarterdeck::clock::Now;
use quarterdeck::config::{Config, EnvironmentKind, Guards};
use quarterdeck::source::Observation;

use super::fixture::{SERVICE, config, context, now, observation, operator, scale};
use crate::deploys::bench;

/// Everything that a row may change, before and after the plan is made.
struct Case {
    config: Config,
    observed: Observation,
    desired: u32,
    arming: Arming,
    facts: Facts,
    now: Now,
    doctor: fn(&mut Plan),
    /// Another action than scaling to `desired`.
    action: Option<Action>,
}

impl Case {
    fn new() -> Self {
        let facts = Facts::quiet(operator("ada"));
        let (arming, doctor) = (Arming::Armed, (|_| {}) as fn(&mut Plan));
        let mut config = config();
        let production = Guards::defaults(EnvironmentKind::Production);
        config.guards.cooldowns = production.cooldowns;
        config.guards.actions_per_hour = production.actions_per_hour;
        config.guards.actions_per_hour_person = production.actions_per_hour_person;
        Self { config, observed: observation(), desired: 5, arming, facts, now: now(), doctor, action: None }
    }

    fn verdicts(self) -> Vec<Verdict> {
        let action = self.action.unwrap_or_else(|| scale(self.desired));
        let made = plan_for(&action, &self.observed, &self.config, now().wall);
        let mut plan = made.expect("a plan");
        (self.doctor)(&mut plan);
        let mut context = context(&self.config, self.now.wall);
        (context.arming, context.facts) = (self.arming, self.facts);
        judge(plan, &context).verdicts.clone()
    }
}

struct Row {
    guard: &'static str,
    decision: Decision,
    evidence: &'static str,
    change: fn(&mut Case),
}

const fn row(guard: &'static str, decision: Decision, evidence: &'static str, change: fn(&mut Case)) -> Row {
    Row { guard, decision, evidence, change }
}

fn restart(case: &mut Case) {
    case.action = Some(Action::Restart(Restart { service: SERVICE.into() }));
}

fn act(case: &mut Case, name: &str, arguments: &[(&str, &str)]) {
    case.action = Some(bench::action(name, arguments));
}

fn unreadable<T>() -> Known<T> {
    Err::<T, _>("disk").into()
}

/// The table: the rows of each file of guards, by its name.
fn rows() -> impl Iterator<Item = &'static Row> {
    [
        backup::ROWS,
        capacity::ROWS,
        database::ROWS,
        declared::ROWS,
        evidence::ROWS,
        operator::ROWS,
        outside::ROWS,
        pace::ROWS,
        place::ROWS,
        readiness::ROWS,
        release::ROWS,
        restore::ROWS,
        scaling::ROWS,
        second::ROWS,
        surroundings::ROWS,
        traffic::ROWS,
    ]
    .into_iter()
    .flatten()
}

#[test]
fn each_guard_decides_as_its_table_says() {
    let mut wrong = Vec::new();
    for Row { guard, decision, evidence, change } in rows() {
        let mut case = Case::new();
        change(&mut case);
        let verdicts = case.verdicts();
        let verdict = verdicts.iter().find(|verdict| verdict.guard == *guard).expect(guard);
        if verdict.decision != *decision || !verdict.evidence.contains(evidence) {
            wrong.push(format!("wanted {decision:?} `{evidence}`, got {verdict:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_guard_is_in_the_table_and_every_guard_that_can_deny_does_so_there() {
    let listed: Vec<_> = GUARDS.iter().map(|guard| guard.name).collect();
    let in_rows: BTreeSet<_> = rows().map(|row| row.guard).collect();
    assert_eq!(listed.iter().copied().collect::<BTreeSet<_>>(), in_rows);
    assert_eq!(listed.len(), in_rows.len(), "a guard is listed twice");
    let denying: BTreeSet<_> = rows().filter(|row| row.decision == Deny).map(|row| row.guard).collect();
    let never: Vec<_> = in_rows.difference(&denying).copied().collect();
    assert_eq!(never, ["autoscaling", "healthy-now", "type-the-name"], "these inform or ask, all others deny");
}

#[test]
fn a_plan_that_nothing_stands_against_is_only_asked_for_its_name() {
    let verdicts = Case::new().verdicts();
    let asked: Vec<_> = verdicts.iter().filter(|v| v.decision != Allow).map(|v| v.guard.as_str()).collect();
    assert_eq!(asked, ["type-the-name"]);
}

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
    let decisions = |case: Case| -> Vec<_> {
        let denied = |verdict: &Verdict| ["cooldown", "caps"].contains(&verdict.guard.as_str());
        case.verdicts().into_iter().filter(denied).map(|verdict| (verdict.decision, verdict.evidence)).collect()
    };
    let [(Deny, _), (Deny, caps)] = &decisions(denied_twice())[..] else { panic!("both deny") };
    let mut case = denied_twice();
    case.facts.break_glass = Some(glass("cooldown"));
    let [(Ask, skipped), (Deny, still)] = &decisions(case)[..] else { panic!("only the named one is skipped") };
    assert!(skipped.starts_with("SKIPPED by break-glass (orders are lost): "), "{skipped}");
    assert_eq!(still, caps);
}

/// Even where something else than [`BreakGlass::new`] made it.
#[test]
fn break_glass_never_skips_identity_evidence_and_what_was_shown() {
    for guard in ["armed", "environment", "account", "shown-is-sent", "evidence", "other-runs", "plan-age"] {
        let row = rows().find(|row| row.guard == guard && row.decision == Deny).expect("a row");
        let mut case = Case::new();
        (row.change)(&mut case);
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
    assert!(told("freezes", "orders are lost").contains("guards that may be skipped: freeze, cooldown"));
    assert!(told("freeze", "  urgent  ").contains("the reason is too short"));
    assert!(BreakGlass::new("freeze", "orders are lost").is_ok());
}
