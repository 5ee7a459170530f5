//! What a runbook's step does, in words.

use super::age;
use crate::config::{Config, Query};
use crate::runbook::{Check, CheckQuery, Comparison, StepKind};
use crate::source::Unit;

/// The kind of a step in one word.
pub fn kind(kind: &StepKind) -> &'static str {
    match kind {
        StepKind::Check(_) => "check",
        StepKind::Wait { .. } => "wait",
        StepKind::Action(_) => "action",
        StepKind::Manual => "by hand",
    }
}

/// What a step does: `rtech-app/cpu > 80 %`, `scale rtech-app desired=4`.
pub fn does(step: &StepKind, config: &Config) -> String {
    match step {
        StepKind::Check(asked) => check(asked, config),
        StepKind::Wait { check: asked, deadline } => {
            format!("until {}, at most {}", check(asked, config), age::window(*deadline))
        }
        StepKind::Action(action) => format!("opens the guarded plan: {action}"),
        StepKind::Manual => "a person does it, and ticks it".to_owned(),
    }
}

fn check(check: &Check, config: &Config) -> String {
    let comparison = match check.comparison {
        Comparison::Below => "<",
        Comparison::AtMost => "≤",
        Comparison::Above => ">",
        Comparison::AtLeast => "≥",
    };
    match &check.query {
        CheckQuery::Signal(id) => {
            let unit = config.signal(id).map_or(Unit::Count, |signal| signal.unit);
            format!("{id} {comparison} {}", unit.format(check.bound))
        }
        CheckQuery::Query(Query::Prometheus(query)) => format!("{} {comparison} {}", query.expression, check.bound),
        CheckQuery::Query(_) => format!("the query {comparison} {}", check.bound),
        CheckQuery::Steady(service) => format!("{service} runs steadily what is wanted"),
    }
}
