//! How a load balancer spreads traffic, and which targets take it.

use serde::Serialize;

use crate::text::Text;

/// The load balancer before a service.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Traffic {
    /// `active`, `provisioning`, `active_impaired` or `failed`; `None` where only target groups are configured.
    pub state: Option<Text>,
    /// Where its listeners and rules forward to, with weights.
    pub routes: Vec<Route>,
    /// Its target groups, in the order of the configuration.
    pub groups: Vec<TargetGroup>,
}

/// One forwarding action of a listener or rule.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Route {
    /// `HTTPS:443`, and the rule's priority and conditions where it is not the default one.
    pub listener: Text,
    /// The rule's ARN; a listener's default action is named by the listener's.
    pub arn: Text,
    /// Target groups by name, with weights (0 to 999) as they are set.
    pub weights: Vec<(Text, u32)>,
}

impl Route {
    /// The share of the traffic that a group gets, 0 to 1; `None` where all weights are zero or it is not in this route.
    pub fn share(&self, group: &str) -> Option<f64> {
        let sum: u32 = self.weights.iter().map(|(_, weight)| weight).sum();
        let (_, weight) = self.weights.iter().find(|(name, _)| name.as_str() == group)?;
        (sum > 0).then(|| f64::from(*weight) / f64::from(sum))
    }
}

/// A target group and its targets.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TargetGroup {
    /// Its name.
    pub name: Text,
    /// Its ARN.
    pub arn: Text,
    /// Its targets; bounded.
    pub targets: Vec<TrafficTarget>,
}

/// One registered target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TrafficTarget {
    /// An address or instance, and its port.
    pub id: Text,
    /// `healthy`, `unhealthy`, `initial`, `draining`, `unused`, `unavailable` …
    pub state: Text,
    /// `Target.ResponseCodeMismatch`, `Target.Timeout` …, where it is not healthy.
    pub reason: Option<Text>,
    /// The reason in words.
    pub description: Option<Text>,
}
