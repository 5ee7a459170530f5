//! What a step does: the TOML of its block → [`StepKind`].

use std::time::Duration;

use super::{Check, CheckQuery, Comparison, StepKind};
use crate::action::{ACTIONS, Action, ActionSpec, Objection};
use crate::config::check::{comparison, words};
use crate::config::error::{did_you_mean, nearest};
use crate::config::raw::{Entry, Section};
use crate::config::{Config, PromQuery, Query};
use crate::source::{Name, SignalId};

/// The longest that a wait may take.
const LONGEST_WAIT: Duration = Duration::from_secs(2 * 3600);

/// Reads a block of one kind.
type Read = fn(&Section<'_>, Option<&Config>) -> Option<StepKind>;

/// The kinds, by the info string of their block.
const KINDS: &[(&str, Read)] =
    &[("check", check_step), ("wait", wait_step), ("action", action_step), ("manual", manual)];

/// Names of the kinds.
pub(super) fn names() -> impl Iterator<Item = &'static str> + Clone {
    KINDS.iter().map(|(name, _)| *name)
}

/// Whether a fenced block is meant to say what a step does: its info string is a kind, or nearly one.
pub(super) fn is_meant(info: &str) -> bool {
    !info.contains(char::is_whitespace) && nearest(&info.to_lowercase(), names()).is_some()
}

/// How to read a block with this info string.
pub(super) fn reader(info: &str) -> Option<Read> {
    KINDS.iter().find(|(name, _)| *name == info).map(|(_, read)| *read)
}

fn manual(section: &Section<'_>, _: Option<&Config>) -> Option<StepKind> {
    if !section.all().is_empty() {
        section.error("a manual step takes no keys", Some("write what to do as text below the heading"));
        return None;
    }
    Some(StepKind::Manual)
}

fn check_step(section: &Section<'_>, config: Option<&Config>) -> Option<StepKind> {
    let check = check(section, config);
    section.done();
    check.map(StepKind::Check)
}

fn wait_step(section: &Section<'_>, config: Option<&Config>) -> Option<StepKind> {
    let check = check(section, config);
    let deadline = section.need("deadline");
    let deadline = deadline.and_then(|entry| words::duration(&entry, Duration::from_secs(1)..=LONGEST_WAIT));
    section.done();
    Some(StepKind::Wait { check: check?, deadline: deadline? })
}

fn check(section: &Section<'_>, config: Option<&Config>) -> Option<Check> {
    let signal = section.get("signal").map(|entry| signal(&entry, config).map(CheckQuery::Signal));
    let promql = section.get("promql").map(|entry| promql(&entry, config));
    let steady = section.get("steady").map(|entry| service(&entry, config).map(CheckQuery::Steady));
    let mut given: Vec<Option<CheckQuery>> = [signal, promql, steady].into_iter().flatten().collect();
    let one = given.len() == 1;
    if !one {
        let message = if given.is_empty() { "the step asks nothing" } else { "the step asks several things" };
        section.error(message, Some("give one of signal = \"service/signal\", promql = \"…\", steady = \"service\""));
    }
    let query = given.pop().flatten();
    // A steady state needs none: all tasks run.
    let steady = matches!(query, Some(CheckQuery::Steady(_)));
    let bound = comparison::bound(section, "the step", steady.then_some((Comparison::AtLeast, 1.0)));
    let (comparison, bound) = bound?;
    query.filter(|_| one).map(|query| Check { query, comparison, bound })
}

fn signal(entry: &Entry<'_>, config: Option<&Config>) -> Option<SignalId> {
    let value = words::filled(entry)?;
    let Some((service, name)) = value.split_once('/') else {
        entry.error("is not a signal", Some("write `service/signal`, such as rtech-app/latency_p95"));
        return None;
    };
    let id = SignalId { service: Name::from(service), signal: Name::from(name) };
    let Some(config) = config else { return Some(id) };
    let Some(found) = config.service(service) else {
        unknown_service(entry, service, config);
        return None;
    };
    if config.signal(&id).is_none() {
        let known: Vec<&str> = found.signals.iter().map(|signal| signal.name.as_str()).collect();
        let message = format!("{service} has no signal `{name}`{}", did_you_mean(name, known.iter().copied()));
        entry.error(&message, Some(&format!("allowed: {}", known.join(", "))));
        return None;
    }
    Some(id)
}

fn promql(entry: &Entry<'_>, config: Option<&Config>) -> Option<CheckQuery> {
    let text = words::query(entry)?;
    if config.is_some_and(|config| config.prometheus.is_none()) {
        entry.error(
            "needs the section [prometheus] in the configuration",
            Some("ask a signal instead: signal = \"service/signal\""),
        );
        return None;
    }
    Some(CheckQuery::Query(Query::Prometheus(PromQuery::single(&text))))
}

/// A service, which the configuration must have.
pub(super) fn service(entry: &Entry<'_>, config: Option<&Config>) -> Option<Name> {
    let name = words::name(entry)?;
    match config {
        Some(config) if config.service(&name).is_none() => {
            unknown_service(entry, &name, config);
            None
        }
        _ => Some(name),
    }
}

fn unknown_service(entry: &Entry<'_>, name: &str, config: &Config) {
    let known: Vec<&str> = config.services.iter().map(|service| service.name.as_str()).collect();
    let message = format!("the configuration has no service `{name}`{}", did_you_mean(name, known.iter().copied()));
    entry.error(&message, Some(&format!("allowed: {}", known.join(", "))));
}

fn action_step(section: &Section<'_>, config: Option<&Config>) -> Option<StepKind> {
    let called = section.need("action");
    let target = section.need("target");
    let (called, target) = (called?, target?);
    let name = words::filled(&called)?;
    let known = || ACTIONS.iter().map(|spec| spec.name);
    let Some(spec) = ACTIONS.iter().find(|spec| spec.name == name) else {
        let message = format!("unknown action `{name}`{}", did_you_mean(&name, known()));
        called.error(&message, Some(&format!("allowed: {}", known().collect::<Vec<_>>().join(", "))));
        return None;
    };
    let target = action_target(spec, &target, config);
    let arguments: Vec<Option<(String, String)>> = spec
        .arguments
        .iter()
        .filter_map(|argument| Some((argument.name, section.get(argument.name)?)))
        .map(|(name, entry)| Some((name.to_owned(), plain(&entry)?)))
        .collect();
    section.done();
    let arguments: Vec<(String, String)> = arguments.into_iter().collect::<Option<_>>()?;
    match (spec.parse)(&target?, &arguments) {
        Ok(action) => within_caps(section, action, config).map(StepKind::Action),
        Err(failure) => {
            section.error(&failure.reason, Some(&failure.hint));
            None
        }
    }
}

/// What an action can be done to: a service, or what else the configuration names for it (an Alertmanager).
fn action_target(spec: &ActionSpec, entry: &Entry<'_>, config: Option<&Config>) -> Option<Name> {
    match (words::name(entry), config) {
        (Some(name), Some(config)) if (spec.targets)(config).contains(&name) => Some(name),
        _ => service(entry, config),
    }
}

/// An argument as it would be typed.
fn plain(entry: &Entry<'_>) -> Option<String> {
    match entry.written() {
        Some(_) => words::filled(entry),
        None => entry.integer(0..=u64::from(u32::MAX)).map(|number| number.to_string()),
    }
}

/// A step that the guards would always deny is an error of the runbook.
fn within_caps(section: &Section<'_>, action: Action, config: Option<&Config>) -> Option<Action> {
    let Some(Objection { argument, reason, hint }) = config.and_then(|config| action.objection(config)) else {
        return Some(action);
    };
    let hint = hint.as_deref();
    match argument.and_then(|argument| section.get(argument)) {
        Some(entry) => entry.error(&reason, hint),
        None => section.error(&reason, hint),
    }
    None
}
