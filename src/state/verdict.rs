//! How a service stands, as a pure judgement of readings: the same for the overview and for `quarterdeck status`.

mod alerts;
pub mod cdn;
pub mod database;
mod probe;
mod recovery;
mod release;
mod traffic;

use serde::Serialize;

use super::ReadingStore;
use super::readings::Series;
use crate::clock::Now;
use crate::config::{Config, Direction, Service, Signal};
use crate::source::{Health, HealthState, Measured, Name, Number, Rollout, SignalId, Subject, Workload};

pub use recovery::{BackupVerdict, backup_verdict, promise};

/// How something stands. Ordered: the worse, the greater; not knowing is worse than a warning, less than a known failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Within all bounds, on fresh evidence.
    Healthy,
    /// Beyond a warning bound, or degraded.
    Degraded,
    /// Never read, stale, failed, NaN: not known.
    Unknown,
    /// Beyond a critical bound, or unhealthy.
    Unhealthy,
}

impl Level {
    /// The level as a word in capitals, for screens.
    pub fn word(self) -> &'static str {
        match self {
            Self::Healthy => "HEALTHY",
            Self::Degraded => "DEGRADED",
            Self::Unknown => "UNKNOWN",
            Self::Unhealthy => "UNHEALTHY",
        }
    }
}

pub use alerts::{fires_for, moment, silenced_until};

/// How a service stands, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ServiceVerdict {
    /// The worst of its parts.
    pub level: Level,
    /// Why it is not healthy, the worst first.
    pub reasons: Vec<Reason>,
    /// What to know besides, which does not count: alerts of it that are held back.
    pub notes: Vec<String>,
}

/// One reason why a service is not healthy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reason {
    /// How bad.
    pub level: Level,
    /// What, with its figures.
    pub text: String,
}

/// How a service stands: the worst of its bounded signals, health endpoints, workload and firing alerts. A service that
/// nothing judges is unknown, not healthy.
pub fn service_verdict(readings: &ReadingStore, config: &Config, service: &Service, now: Now) -> ServiceVerdict {
    let mut parts = Vec::new();
    signals(&mut parts, readings, config, service, now);
    endpoints(&mut parts, readings, config, service, now);
    workload(&mut parts, readings, config, service, now);
    released(&mut parts, readings, config, service, now);
    balanced(&mut parts, readings, config, service, now);
    alerts::judge(&mut parts, readings, config, service, now);
    database::database(&mut parts, readings, config, service, now);
    cdn::cdn(&mut parts, readings, config, service, now);
    probe::probes(&mut parts, readings, config, service, now);
    let level = parts.iter().map(|part| part.level).max().unwrap_or(Level::Unknown);
    let mut reasons: Vec<Reason> = parts.into_iter().filter(|part| part.level != Level::Healthy).collect();
    reasons.sort_by_key(|reason| std::cmp::Reverse(reason.level));
    if reasons.is_empty() && level == Level::Unknown {
        reasons.push(Reason { level, text: "nothing is configured that could judge it".to_owned() });
    }
    ServiceVerdict { level, reasons, notes: alerts::notes(readings, config, service, now) }
}

fn signals(parts: &mut Vec<Reason>, readings: &ReadingStore, config: &Config, service: &Service, now: Now) {
    for signal in service.signals.iter().filter(|signal| signal.warning.is_some() || signal.critical.is_some()) {
        let id = SignalId { service: service.name.clone(), signal: signal.name.clone() };
        let measured = readings.signal(config, &id, now);
        let level = signal_level(signal, &measured);
        // Nobody reads why a signal is healthy, and there are thousands.
        let text = if level == Level::Healthy { String::new() } else { signal_text(signal, &measured, level) };
        parts.push(Reason { level, text });
    }
}

fn signal_text(signal: &Signal, measured: &Measured<'_, Series>, level: Level) -> String {
    let bound = if level == Level::Unhealthy { signal.critical } else { signal.warning };
    match (measured.live(), bound) {
        (Some(series), Some(bound)) if level != Level::Unknown => {
            let sign = if signal.direction == Direction::HigherIsWorse { "≥" } else { "≤" };
            let (value, bound) = (series.value.format(signal.unit), signal.unit.format(bound));
            let least = if series.at_least { "at least " } else { "" };
            format!("{} {least}{value} {sign} {bound}", signal.name)
        }
        (Some(series), _) if series.at_least => {
            let value = series.value.format(signal.unit);
            format!("{} is at least {value}, beyond the last bucket: how much more is not known", signal.name)
        }
        (Some(series), _) => format!("{} is {}", signal.name, series.value.format(signal.unit)),
        (None, _) => not_live(signal.name.as_str(), measured),
    }
}

fn endpoints(parts: &mut Vec<Reason>, readings: &ReadingStore, config: &Config, service: &Service, now: Now) {
    for check in &service.health {
        let subject = Subject::Health { service: service.name.clone(), endpoint: check.name.clone() };
        let measured = readings.health(config, &subject, now);
        parts.push(match measured.live() {
            Some(health) => endpoint(&check.name, health),
            None => Reason { level: Level::Unknown, text: not_live(&format!("health {}", check.name), &measured) },
        });
    }
}

fn endpoint(name: &Name, health: &Health) -> Reason {
    let level = match health.state {
        HealthState::Healthy => Level::Healthy,
        HealthState::Degraded => Level::Degraded,
        HealthState::Unhealthy => Level::Unhealthy,
        HealthState::Unknown => Level::Unknown,
    };
    let reason = health.reason.as_ref().map_or_else(|| format!("HTTP {}", health.http_status), ToString::to_string);
    Reason { level, text: format!("health {name}: {reason}") }
}

fn workload(parts: &mut Vec<Reason>, readings: &ReadingStore, config: &Config, service: &Service, now: Now) {
    if service.ecs.is_none() {
        return;
    }
    let measured = readings.workload(config, &service.name, now);
    parts.push(match measured.live() {
        Some(workload) => tasks(workload),
        None => Reason { level: Level::Unknown, text: not_live("tasks", &measured) },
    });
}

fn tasks(workload: &Workload) -> Reason {
    let failed = workload.deployments.iter().any(|deployment| deployment.rollout == Rollout::Failed);
    let level = if workload.running == 0 && workload.desired > 0 {
        Level::Unhealthy
    } else if workload.running < workload.desired || failed {
        Level::Degraded
    } else {
        Level::Healthy
    };
    let rollout = if failed { ", a deployment FAILED" } else { "" };
    Reason { level, text: format!("{} of {} tasks running{rollout}", workload.running, workload.desired) }
}

/// Releases only add reasons: what is not known of them leaves the counts of tasks to judge.
fn released(parts: &mut Vec<Reason>, readings: &ReadingStore, config: &Config, service: &Service, now: Now) {
    if service.ecs.is_none() {
        return;
    }
    let subject = Subject::Releases { service: service.name.clone() };
    let measured = readings.of(config, &subject, now);
    let workload = readings.workload(config, &service.name, now);
    let current = workload.value().map(|(workload, _)| workload.task_definition.as_str());
    parts.extend(measured.live().map_or_else(Vec::new, |releases| release::releases(releases, current, now)));
}

fn balanced(parts: &mut Vec<Reason>, readings: &ReadingStore, config: &Config, service: &Service, now: Now) {
    if service.load_balancer.is_none() {
        return;
    }
    let subject = Subject::Traffic { service: service.name.clone() };
    let measured = readings.of(config, &subject, now);
    match measured.live() {
        Some(traffic) => parts.extend(traffic::traffic(traffic)),
        None => parts.push(Reason { level: Level::Unknown, text: not_live("load balancer", &measured) }),
    }
}

fn not_live<T>(what: &str, measured: &Measured<'_, T>) -> String {
    match (measured, measured.reason()) {
        (Measured::Never, _) => format!("{what}: not read yet"),
        (_, Some(error)) => format!("{what} {}: {}", measured.word(), error.reason),
        (_, None) => format!("{what} {}", measured.word()),
    }
}

/// How a signal stands against its bounds. Only a live, whole, finite number can be healthy.
pub fn signal_level(signal: &Signal, measured: &Measured<'_, Series>) -> Level {
    match measured.live() {
        Some(Series { value: Number::Finite(value), partial: false, at_least: false, .. }) => {
            bound_level(signal, *value)
        }
        Some(Series { value: Number::Finite(value), partial: false, at_least: true, .. }) => level_from(signal, *value),
        _ => Level::Unknown,
    }
}

/// How a signal stands of which only is known that it is `least` or more. Where more is worse, only the worst that a bound can
/// say is certain; where less is worse, only that no bound is reached.
fn level_from(signal: &Signal, least: f64) -> Level {
    let worst = if signal.critical.is_some() { Level::Unhealthy } else { Level::Degraded };
    let bounded = signal.warning.is_some() || signal.critical.is_some();
    let certain = match signal.direction {
        Direction::HigherIsWorse if bounded => worst,
        _ => Level::Healthy,
    };
    if bound_level(signal, least) == certain { certain } else { Level::Unknown }
}

fn bound_level(signal: &Signal, value: f64) -> Level {
    let beyond = |bound: Option<f64>| {
        bound.is_some_and(|bound| match signal.direction {
            Direction::HigherIsWorse => value >= bound,
            Direction::LowerIsWorse => value <= bound,
        })
    };
    if beyond(signal.critical) {
        Level::Unhealthy
    } else if beyond(signal.warning) {
        Level::Degraded
    } else {
        Level::Healthy
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{Payload, Reading, SignalData};

    /// A signal with these bounds.
    fn config(bounds: &str) -> Config {
        let text = format!(
            "[environment]\nname = \"e\"\nkind = \"development\"\n[prometheus]\nurl = \"http://p\"\n\
             [[service]]\nname = \"s\"\n[[service.signal]]\nname = \"p95\"\npromql = \"x\"\nunit = \"seconds\"\n{bounds}"
        );
        crate::config::check::parse(&text, std::path::Path::new("x.toml"), &|_| None).unwrap()
    }

    /// The verdict on a signal of which is known that it is `value` or more.
    fn at_least(bounds: &str, value: f64) -> (Level, String) {
        let (config, now) = (config(bounds), Now::fixed(0));
        let service = &config.services[0];
        let id = SignalId { service: service.name.clone(), signal: service.signals[0].name.clone() };
        let mut readings = ReadingStore::default();
        let data = SignalData { value: Some(Number::from(value)), at_least: true, ..SignalData::default() };
        let reading = Reading { subject: Subject::Signal(id.clone()), outcome: Ok(Payload::Signal(data)) };
        readings.receive(reading, now);
        let (signal, measured) = (&service.signals[0], readings.signal(&config, &id, now));
        let level = signal_level(signal, &measured);
        (level, signal_text(signal, &measured, level))
    }

    #[test]
    fn a_quantile_beyond_the_last_bucket_breaches_what_it_reaches_and_is_not_known_below() {
        let bounds = "warning = 1\ncritical = 5\n";
        let (level, text) = at_least(bounds, 5.0);
        assert_eq!((level, text.as_str()), (Level::Unhealthy, "p95 at least 5 s ≥ 5 s"));
        for value in [0.5, 2.0] {
            let (level, text) = at_least(bounds, value);
            assert_eq!(level, Level::Unknown, "{value}");
            assert!(text.contains("is at least") && text.contains("beyond the last bucket"), "{text}");
        }
        assert_eq!(at_least("warning = 1\n", 2.0).0, Level::Degraded, "there is nothing worse to say");
        assert_eq!(at_least("warning = 1\n", 0.5).0, Level::Unknown);
    }

    #[test]
    fn where_less_is_worse_what_is_at_least_above_the_bounds_is_healthy() {
        let bounds = "direction = \"lower_is_worse\"\nwarning = 5\ncritical = 1\n";
        assert_eq!(at_least(bounds, 6.0).0, Level::Healthy);
        assert_eq!(at_least(bounds, 5.0).0, Level::Unknown);
        assert_eq!(at_least(bounds, 0.5).0, Level::Unknown, "it may be much more");
    }
}
