//! Each guard, by a table: what it decides, and that it is this guard that decides it. Its rows are in the folder, in files
//! of the names of those that the guards are in.

mod backup;
mod calls;
mod capacity;
mod database;
mod declared;
mod evidence;
mod glass;
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

use quarterdeck::action::Decision::{self, Allow, Deny};
use quarterdeck::action::guards::GUARDS;
use quarterdeck::action::restart::Restart;
use quarterdeck::action::{Action, Arming, Facts, GuardContext, Judged, Known, Plan, Verdict, judge, plan_for};
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

    /// The case that a row makes.
    fn of(row: &Row) -> Self {
        let mut case = Self::new();
        (row.change)(&mut case);
        case
    }

    fn plan(&self) -> Plan {
        let action = self.action.clone().unwrap_or_else(|| scale(self.desired));
        let mut plan = plan_for(&action, &self.observed, &self.config, now().wall).expect("a plan");
        (self.doctor)(&mut plan);
        plan
    }

    fn context(&self) -> GuardContext<'_> {
        let facts = self.facts.clone();
        GuardContext { arming: self.arming, facts, ..context(&self.config, self.now.wall) }
    }

    fn judged(&self) -> Judged {
        judge(self.plan(), &self.context())
    }

    fn verdicts(&self) -> Vec<Verdict> {
        self.judged().verdicts.clone()
    }
}

struct Row {
    guard: &'static str,
    decision: Decision,
    evidence: &'static str,
    /// Whether that is all of the evidence.
    whole: bool,
    change: fn(&mut Case),
}

/// A row of which the evidence says that, among other things.
const fn row(guard: &'static str, decision: Decision, evidence: &'static str, change: fn(&mut Case)) -> Row {
    Row { guard, decision, evidence, whole: false, change }
}

/// A row of which the evidence says that and nothing else.
const fn whole(guard: &'static str, decision: Decision, evidence: &'static str, change: fn(&mut Case)) -> Row {
    Row { whole: true, ..row(guard, decision, evidence, change) }
}

impl Row {
    fn is(&self, verdict: &Verdict) -> bool {
        let said =
            if self.whole { verdict.evidence == self.evidence } else { verdict.evidence.contains(self.evidence) };
        said && verdict.decision == self.decision
    }
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
    for row in rows() {
        let verdicts = Case::of(row).verdicts();
        let verdict = verdicts.iter().find(|verdict| verdict.guard == row.guard).expect(row.guard);
        if !row.is(verdict) {
            wrong.push(format!("wanted {:?} `{}`, got {verdict:?}", row.decision, row.evidence));
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
    assert_eq!(never, ["type-the-name"], "it asks, all others deny");
}

#[test]
fn a_plan_that_nothing_stands_against_is_only_asked_for_its_name() {
    let verdicts = Case::new().verdicts();
    let asked: Vec<_> = verdicts.iter().filter(|v| v.decision != Allow).map(|v| v.guard.as_str()).collect();
    assert_eq!(asked, ["type-the-name"]);
}
