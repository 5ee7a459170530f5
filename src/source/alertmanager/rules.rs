//! Alerts of Prometheus' own alerting rules (`GET /api/v1/rules?type=alert`), and rules that fail: what can't be evaluated
//! raises no alert, and silence must not look like health.

use std::collections::HashSet;

use jiff::Timestamp;
use serde::Deserialize;

use super::decode::{Words, labelled};
use crate::source::{Alert, AlertOrigin, AlertState, Name};
use crate::text::Text;

/// The answer of Prometheus' `/api/v1/rules`.
#[derive(Debug, Deserialize)]
pub(super) struct Rules {
    data: Groups,
    #[serde(default)]
    warnings: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct Groups {
    groups: Vec<Group>,
}

#[derive(Debug, Deserialize)]
struct Group {
    rules: Vec<Rule>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Rule {
    name: String,
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    labels: Words,
    #[serde(default)]
    alerts: Vec<RuleAlert>,
    /// `ok`, `err`, or `unknown` before the first evaluation.
    health: String,
    last_error: Option<String>,
    last_evaluation: Option<Timestamp>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct RuleAlert {
    labels: Words,
    #[serde(default)]
    annotations: Words,
    state: String,
    active_at: Option<Timestamp>,
}

/// The alerts of all rules, and one that can't judge for each rule that fails and each store that did not answer.
pub(super) fn alerts(answer: &Rules, services: &HashSet<Name>) -> Vec<Alert> {
    let rules = answer.data.groups.iter().flat_map(|group| &group.rules).filter(|rule| rule.kind == "alerting");
    let mut alerts: Vec<Alert> = Vec::new();
    for rule in rules {
        alerts.extend(rule.alerts.iter().map(|alert| of_rule(alert, services)));
        alerts.extend((rule.health == "err").then(|| broken(rule, services)));
    }
    alerts.extend(answer.warnings.iter().map(|warning| incomplete(warning)));
    alerts
}

fn of_rule(raw: &RuleAlert, services: &HashSet<Name>) -> Alert {
    let state = match raw.state.as_str() {
        "firing" => AlertState::Firing,
        "pending" => AlertState::Pending,
        _ => AlertState::NoData,
    };
    let alert = labelled(AlertOrigin::Prometheus, state, &raw.labels, &raw.annotations, services);
    Alert { since: raw.active_at, ..alert }
}

fn broken(rule: &Rule, services: &HashSet<Name>) -> Alert {
    let alert = labelled(AlertOrigin::Prometheus, AlertState::NoData, &rule.labels, &Words::new(), services);
    let why = rule.last_error.as_deref().unwrap_or("the server does not say why");
    let summary = Text::clean(&format!("the rule can't be evaluated: {why}"));
    Alert { name: Text::clean(&rule.name), summary, since: rule.last_evaluation, ..alert }
}

fn incomplete(warning: &str) -> Alert {
    let name = Text::from("rules are not whole");
    Alert { summary: Text::clean(warning), ..Alert::new(name, AlertOrigin::Prometheus, AlertState::NoData) }
}
