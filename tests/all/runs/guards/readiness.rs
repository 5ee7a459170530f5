//! Rows of the guards about whether this is a moment for a risky change.

use std::time::Duration;

use jiff::SignedDuration;
use quarterdeck::action::BudgetLeft;
use quarterdeck::action::Decision::{Allow, Ask, Deny};
use quarterdeck::config::{EnvironmentKind, Objective, Query, Stance};
use quarterdeck::text::Text;

use super::capacity::of_another;
use super::traffic::shifted;
use super::{Case, Row, act, restart, row};
use crate::deploys::bench;
use crate::runs::fixture::{now, scale};
use quarterdeck::source::Observation;

pub(super) static ROWS: &[Row] = &[
    row("credentials-last", Ask, "when they expire is not known, this takes up to 2 min", |c| {
        c.config.guards.unknown_expiry = Duration::from_secs(119);
    }),
    row("credentials-last", Allow, "when they expire is not known", |c| {
        c.config.guards.unknown_expiry = Duration::from_secs(120);
    }),
    row("credentials-last", Allow, "when they expire is not known", |c| {
        c.config.guards.unknown_expiry = Duration::ZERO;
        c.config.environment.kind = EnvironmentKind::Staging;
    }),
    row("credentials-last", Allow, "they last 2 min more, this takes up to 2 min", |c| expiring(c, 120)),
    row("credentials-last", Deny, "they last 1 min more, this takes up to 2 min", |c| expiring(c, 119)),
    row("credentials-last", Deny, "they last 0 min more", |c| expiring(c, -1)),
    row("credentials-last", Deny, "this takes up to 5 min", |c| {
        expiring(c, 299);
        c.doctor = |p| {
            // Two steps, a bake between them, the way back and the gates.
            p.steps[0].bake = Duration::from_secs(30);
            p.on_failure = vec![p.steps[0].clone()];
            p.on_failure[0].bake = Duration::ZERO;
            p.gate_window = Duration::from_secs(30);
        }
    }),
    row("credentials-last", Allow, "no AWS credentials are used", |c| c.doctor = |p| p.observation.identity = None),
    row("paging-alerts", Allow, "no alert pages anybody", restart),
    row("paging-alerts", Ask, "1 paging: rtech-down", |c| paging(c, Stance::Ask)),
    row("paging-alerts", Allow, "1 paging: rtech-down; told only", |c| paging(c, Stance::Allow)),
    row("paging-alerts", Ask, "1 paging: rtech-down", |c| paging(c, Stance::Deny)),
    row("paging-alerts", Deny, "1 paging: rtech-down", |c| {
        paging(c, Stance::Deny);
        not_a_remedy(c);
    }),
    row("paging-alerts", Deny, "is not known", |c| {
        paging(c, Stance::Deny);
        not_a_remedy(c);
        c.observed.paging = None;
    }),
    row("paging-alerts", Ask, "is not known", |c| {
        paging(c, Stance::Ask);
        c.observed.paging = None;
    }),
    row("paging-alerts", Ask, "1 paging: rtech-down", |c| {
        paging(c, Stance::Deny);
        act(c, "roll_back", &[("revision", "6")]);
        c.observed = Observation { paging: c.observed.paging.clone(), ..bench::observed(true) };
    }),
    row("paging-alerts", Ask, "1 paging: rtech-down", |c| {
        shifted(c, &[("to", "green")]);
        c.observed.paging = Some(vec!["rtech-down".into()]);
        c.config.guards.paging_alerts = Stance::Deny;
    }),
    row("paging-alerts", Allow, "6 paging: a, b, c, d, e; told only", |c| {
        paging(c, Stance::Allow);
        c.observed.paging = Some(["a", "b", "c", "d", "e", "f"].map(Text::from).into());
    }),
    row("paging-alerts", Ask, "none pages, but 1 held back: rtech-down", |c| {
        // A silence tells nobody; it mends nothing.
        paging(c, Stance::Deny);
        (c.observed.paging, c.observed.held_back) = (Some(Vec::new()), vec!["rtech-down".into()]);
    }),
    row("error-budget", Allow, "the configuration has no objectives", restart),
    row("error-budget", Allow, "availability: 40 % of its budget left", |c| budget(c, Ok(Some(0.4)))),
    row("error-budget", Allow, "availability: no traffic", |c| budget(c, Ok(None))),
    row("error-budget", Ask, "availability: its budget is used up (0 % left)", |c| budget(c, Ok(Some(0.0)))),
    row("error-budget", Ask, "availability: its budget is not known: timeout", |c| budget(c, Err("timeout".into()))),
    row("error-budget", Ask, "the error budget was not read", |c| {
        budget(c, Ok(Some(0.4)));
        c.facts.budgets.clear();
    }),
    row("error-budget", Ask, "is used up", |c| budget(c, Ok(Some(f64::NAN)))),
    row("error-budget", Deny, "availability: its budget is used up (-20 % left)", |c| {
        budget(c, Ok(Some(-0.2)));
        not_a_remedy(c);
    }),
    row("error-budget", Allow, "told only, as configured", |c| {
        budget(c, Ok(Some(-0.2)));
        c.config.guards.error_budget = Stance::Allow;
    }),
    row("error-budget", Ask, "availability: 40 % of its budget left; availability: its budget is used up", |c| {
        budget(c, Ok(Some(0.4)));
        let objective = c.config.services[0].objectives[0].clone();
        c.config.services[0].objectives.push(objective);
        c.facts.budgets.push(BudgetLeft { objective: "availability".into(), left: Ok(Some(0.0)) });
    }),
    row("error-budget", Deny, "has no such service", |c| {
        restart(c);
        c.doctor = of_another;
    }),
];

fn expiring(case: &mut Case, seconds: i64) {
    let at = now().wall + SignedDuration::from_secs(seconds);
    case.observed.identity.as_mut().expect("an identity").expires = Some(at);
}

/// A restart while an alert pages.
fn paging(case: &mut Case, stance: Stance) {
    restart(case);
    case.observed.paging = Some(vec!["rtech-down".into()]);
    case.config.guards.paging_alerts = stance;
}

/// A restart of a service with one objective.
fn budget(case: &mut Case, left: Result<Option<f64>, Text>) {
    restart(case);
    let query = Query::Simulator("rtech-app/requests".into());
    case.config.services[0].objectives = vec![Objective {
        name: "availability".into(),
        target: 0.999,
        period: Duration::from_secs(86_400),
        bad: query.clone(),
        valid: query,
        interval: Duration::from_secs(60),
    }];
    case.facts.budgets = vec![BudgetLeft { objective: "availability".into(), left }];
}

/// The same calls for another reason than that something is wrong.
fn not_a_remedy(case: &mut Case) {
    case.doctor = |plan| plan.action = scale(5);
}
