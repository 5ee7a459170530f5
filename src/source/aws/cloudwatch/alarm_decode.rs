//! CloudWatch's alarms as alerts, and which service each is about.

use aws_sdk_cloudwatch::primitives::DateTime;
use aws_sdk_cloudwatch::types::{CompositeAlarm, Dimension, MetricAlarm, StateValue};

use super::alarm_rule;
use crate::config::EcsService;
use crate::source::aws::decode::{text, timestamp};
use crate::source::{Alert, AlertOrigin, AlertState, Name, Suppression};
use crate::text::Text;

/// A service that an alarm may be about.
#[derive(Debug, Clone)]
pub(super) struct Known {
    /// Its name in the configuration.
    pub(super) name: Name,
    /// Where it runs.
    pub(super) ecs: Option<EcsService>,
}

/// What the two kinds of alarm have in common.
struct Common<'a> {
    name: Option<&'a str>,
    description: Option<&'a str>,
    state: Option<&'a StateValue>,
    reason: Option<&'a str>,
    since: Option<&'a DateTime>,
}

/// An alarm over a metric or a metric maths expression.
pub(super) fn metric(alarm: &MetricAlarm, known: &[Known]) -> Alert {
    let dimensions = dimensions(alarm);
    let name = alarm.alarm_name().unwrap_or_default();
    let service = by_dimensions(&dimensions, known)
        .or_else(|| by_name(name, known))
        .or_else(|| by_namespace(alarm.namespace().unwrap_or_default(), known));
    let mut labels = Vec::new();
    labels.extend(alarm.namespace().map(|namespace| label("namespace", namespace)));
    labels.extend(alarm.metric_name().map(|metric| label("metric", metric)));
    labels.extend(dimensions.iter().map(|(name, value)| label(name, value)));
    labels.extend((alarm.actions_enabled() == Some(false)).then(|| label("actions", "disabled")));
    let common = Common {
        name: alarm.alarm_name(),
        description: alarm.alarm_description(),
        state: alarm.state_value(),
        reason: alarm.state_reason(),
        since: alarm.state_transitioned_timestamp().or(alarm.state_updated_timestamp()),
    };
    alert(&common, service, labels)
}

/// An alarm over other alarms. It still counts as firing where a suppressor holds its actions back; that is a label.
pub(super) fn composite(alarm: &CompositeAlarm, known: &[Known]) -> Alert {
    let mut labels = Vec::new();
    labels.extend(alarm.alarm_rule().map(|rule| label("rule", rule)));
    labels.extend(alarm.actions_suppressed_by().map(|by| label("actions suppressed by", by.as_str())));
    labels.extend((alarm.actions_enabled() == Some(false)).then(|| label("actions", "disabled")));
    let common = Common {
        name: alarm.alarm_name(),
        description: alarm.alarm_description(),
        state: alarm.state_value(),
        reason: alarm.state_reason(),
        since: alarm.state_transitioned_timestamp().or(alarm.state_updated_timestamp()),
    };
    let alert = alert(&common, by_name(alarm.alarm_name().unwrap_or_default(), known), labels);
    let suppressor = alarm.actions_suppressor().map(alarm_rule::name).unwrap_or_default();
    let held = alarm.actions_suppressed_by().map(|_| Suppression::Suppressor(Text::clean(suppressor)));
    let parts = alarm.alarm_rule().map(alarm_rule::alarms).unwrap_or_default();
    Alert { parts, held_by: held.into_iter().collect(), ..alert }
}

fn alert(common: &Common<'_>, service: Option<Name>, labels: Vec<(Text, Text)>) -> Alert {
    let description = common.description.filter(|description| !description.trim().is_empty());
    Alert {
        summary: text(description.or(common.reason)),
        since: common.since.and_then(timestamp),
        service,
        labels,
        ..Alert::new(text(common.name), AlertOrigin::Cloudwatch, state(common.state))
    }
}

/// A state that we don't know is one that cannot be judged, never one that is fine.
fn state(state: Option<&StateValue>) -> AlertState {
    match state {
        Some(StateValue::Alarm) => AlertState::Firing,
        Some(StateValue::Ok) => AlertState::Ok,
        _ => AlertState::NoData,
    }
}

fn label(name: &str, value: &str) -> (Text, Text) {
    (Text::clean(name), Text::clean(value))
}

/// Dimensions of the alarm's metric, or of the metrics in its expression.
fn dimensions(alarm: &MetricAlarm) -> Vec<(&str, &str)> {
    let stats = alarm.metrics().iter().filter_map(|query| query.metric_stat()?.metric());
    let inner = stats.flat_map(|metric| metric.dimensions());
    let pair = |dimension| -> Option<(&str, &str)> {
        let dimension: &Dimension = dimension;
        Some((dimension.name()?, dimension.value()?))
    };
    let mut all: Vec<_> = alarm.dimensions().iter().chain(inner).filter_map(pair).collect();
    all.dedup();
    all
}

/// The service that `ServiceName` (and `ClusterName`, if given) names as ECS does, or any dimension as we do.
fn by_dimensions(dimensions: &[(&str, &str)], known: &[Known]) -> Option<Name> {
    let value = |name: &str| dimensions.iter().find(|(key, _)| *key == name).map(|(_, value)| *value);
    let runs_there = |service: &&Known| {
        service.ecs.as_ref().is_some_and(|ecs| {
            value("ServiceName") == Some(&ecs.service) && value("ClusterName").is_none_or(|name| name == ecs.cluster)
        })
    };
    let is_named = |service: &&Known| dimensions.iter().any(|(_, value)| service.name == **value);
    known.iter().find(runs_there).or_else(|| known.iter().find(is_named)).map(|service| service.name.clone())
}

/// The service with the longest name that stands in the alarm's name as whole words.
fn by_name(alarm: &str, known: &[Known]) -> Option<Name> {
    let named = known.iter().filter(|service| stands_in(alarm, &service.name));
    named.max_by_key(|service| service.name.len()).map(|service| service.name.clone())
}

fn stands_in(alarm: &str, name: &str) -> bool {
    let ends = |rest: Option<char>| rest.is_none_or(|c| !c.is_ascii_alphanumeric());
    !name.is_empty()
        && alarm
            .match_indices(name)
            .any(|(at, _)| ends(alarm[..at].chars().next_back()) && ends(alarm[at + name.len()..].chars().next()))
}

/// The service whose name is the namespace of its own metrics but for punctuation and case: `RtechApp` is `rtech-app`.
fn by_namespace(namespace: &str, known: &[Known]) -> Option<Name> {
    let plain = |text: &str| -> String {
        text.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
    };
    let wanted = plain(namespace);
    let same = |service: &&Known| !wanted.is_empty() && plain(&service.name) == wanted;
    known.iter().find(same).map(|service| service.name.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known() -> Vec<Known> {
        let ecs =
            |service: &str| Some(EcsService { cluster: "rtech-prod".into(), service: service.into(), place: None });
        vec![
            Known { name: Name::from("app"), ecs: None },
            Known { name: Name::from("rtech-app"), ecs: ecs("rtech-app") },
            Known { name: Name::from("web"), ecs: ecs("rtech-web-2") },
        ]
    }

    fn about(alarm: &str, namespace: &str, dimensions: &[(&str, &str)]) -> Option<String> {
        let dimensions = dimensions.iter().map(|(name, value)| Dimension::builder().name(*name).value(*value).build());
        let alarm = MetricAlarm::builder()
            .alarm_name(alarm)
            .namespace(namespace)
            .set_dimensions(Some(dimensions.collect()))
            .state_value(StateValue::Alarm)
            .build();
        metric(&alarm, &known()).service.map(|name| name.as_str().to_owned())
    }

    #[test]
    fn an_alarm_belongs_to_the_service_that_its_dimensions_name() {
        let of = [("ServiceName", "rtech-web-2"), ("ClusterName", "rtech-prod")];
        assert_eq!(about("rtech-high-cpu", "AWS/ECS", &of).as_deref(), Some("web"));
        let elsewhere = [("ServiceName", "rtech-web-2"), ("ClusterName", "staging")];
        assert_eq!(about("rtech-high-cpu", "AWS/ECS", &elsewhere), None);
    }

    #[test]
    fn without_dimensions_the_longest_name_in_the_alarms_name_wins() {
        assert_eq!(about("prod-rtech-app-errors", "X", &[]).as_deref(), Some("rtech-app"));
        assert_eq!(about("happy-days", "X", &[]), None, "`app` in `happy` is no word");
    }

    #[test]
    fn a_namespace_of_the_services_own_names_it() {
        assert_eq!(about("rtech-high-error-rate", "RtechApp", &[]).as_deref(), Some("rtech-app"));
    }

    #[test]
    fn a_state_that_is_not_known_is_never_fine() {
        let judged = |raw: &str| state(Some(&StateValue::from(raw)));
        assert_eq!(judged("OK"), AlertState::Ok);
        assert_eq!(judged("ALARM"), AlertState::Firing);
        assert_eq!(judged("INSUFFICIENT_DATA"), AlertState::NoData);
        assert_eq!(judged("WHATEVER"), AlertState::NoData);
        assert_eq!(state(None), AlertState::NoData);
    }
}
