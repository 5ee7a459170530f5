//! ELBv2's shapes as ours.

use aws_sdk_elasticloadbalancingv2::types::{
    Action, ActionTypeEnum, Listener, ProtocolEnum, Rule, RuleCondition, TargetHealthDescription,
};

use crate::source::{Route, TrafficTarget};
use crate::text::Text;

/// Cleaned text.
pub(super) fn text(raw: &str) -> Text {
    Text::clean(raw)
}

/// What is said where a listing goes on beyond what is read.
pub(super) fn partial(what: &str, read: usize) -> Text {
    text(&format!("{what}: only the first {read} are read"))
}

/// Whether a listener has rules: those of application load balancers.
pub(super) fn has_rules(listener: &Listener) -> bool {
    matches!(listener.protocol(), Some(ProtocolEnum::Http | ProtocolEnum::Https))
}

/// Where a listener forwards what no rule takes; `None` where it does not forward.
pub(super) fn default_route(listener: &Listener) -> Option<Route> {
    route(&named(listener), listener.listener_arn(), listener.default_actions())
}

/// Where a rule forwards to; `None` for a redirect, a fixed response and the default, which the listener has too.
pub(super) fn rule(listener: &Listener, rule: &Rule) -> Option<Route> {
    if rule.is_default().unwrap_or(false) {
        return None;
    }
    let conditions: Vec<String> = rule.conditions().iter().map(condition).collect();
    let name = format!("{} rule {} {}", named(listener), rule.priority().unwrap_or("?"), conditions.join(" and "));
    route(name.trim_end(), rule.rule_arn(), rule.actions())
}

/// `HTTPS:443`.
pub(super) fn named(listener: &Listener) -> String {
    let protocol = listener.protocol().map_or("?", |protocol| protocol.as_str());
    listener.port().map_or_else(|| protocol.to_owned(), |port| format!("{protocol}:{port}"))
}

fn condition(condition: &RuleCondition) -> String {
    let values = |values: &[String]| values.join("|");
    let own = values(condition.values());
    let host = condition.host_header_config().map(|config| values(config.values()));
    let path = condition.path_pattern_config().map(|config| values(config.values()));
    let told = [Some(own), host, path].into_iter().flatten().find(|values| !values.is_empty());
    format!("{} {}", condition.field().unwrap_or("?"), told.unwrap_or_default()).trim_end().to_owned()
}

fn route(listener: &str, arn: Option<&str>, actions: &[Action]) -> Option<Route> {
    let forward = actions.iter().find(|action| action.r#type() == Some(&ActionTypeEnum::Forward))?;
    let groups = forward.forward_config().map(|config| config.target_groups()).unwrap_or_default();
    let weight = |weight: Option<i32>| u32::try_from(weight.unwrap_or(1)).unwrap_or(0);
    let weights: Vec<(Text, u32)> = match (groups, forward.target_group_arn()) {
        ([], Some(arn)) => vec![(group_name(arn), 1)],
        (groups, _) => groups
            .iter()
            .filter_map(|group| Some((group_name(group.target_group_arn()?), weight(group.weight()))))
            .collect(),
    };
    let sticky = forward.forward_config().and_then(|config| config.target_group_stickiness_config());
    let sticky = sticky.filter(|sticky| sticky.enabled().unwrap_or(false)).and_then(|sticky| sticky.duration_seconds());
    let others = actions.iter().filter(|action| action.r#type() != Some(&ActionTypeEnum::Forward));
    let besides = others.map(|action| text(action.r#type().map_or("unknown", |kind| kind.as_str()))).collect();
    let sticky_seconds = sticky.and_then(|seconds| u32::try_from(seconds).ok());
    Some(Route { listener: text(listener), arn: text(arn.unwrap_or_default()), weights, sticky_seconds, besides })
}

/// The name in a target group's ARN: `…:targetgroup/NAME/ID`.
fn group_name(arn: &str) -> Text {
    text(arn.split('/').nth(1).unwrap_or(arn))
}

/// A target. Without a state it is not known, and never healthy.
pub(super) fn target(description: &TargetHealthDescription) -> TrafficTarget {
    let target = description.target();
    let id = target.and_then(|target| target.id()).unwrap_or("?");
    let port = target.and_then(|target| target.port());
    let health = description.target_health();
    TrafficTarget {
        id: text(&port.map_or_else(|| id.to_owned(), |port| format!("{id}:{port}"))),
        state: text(health.and_then(|health| health.state()).map_or("unknown", |state| state.as_str())),
        reason: health.and_then(|health| health.reason()).map(|reason| text(reason.as_str())),
        description: health.and_then(|health| health.description()).map(text),
    }
}
