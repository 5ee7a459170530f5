//! How a load balancer spreads traffic, and which targets take it.

use serde::{Deserialize, Serialize};

use crate::text::Text;

/// The load balancer before a service.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Traffic {
    /// `active`, `provisioning`, `active_impaired` or `failed`; `None` where only target groups are configured.
    pub state: Option<Text>,
    /// Where its listeners and rules forward to, with weights.
    pub routes: Vec<Route>,
    /// Its target groups, in the order of the configuration.
    pub groups: Vec<TargetGroup>,
    /// Why there may be listeners or rules beyond `routes`: the listing is longer than is read. `None` where it is whole.
    pub routes_partial: Option<Text>,
    /// The same of target groups beyond `groups`.
    pub groups_partial: Option<Text>,
}

impl Traffic {
    /// The greatest share that a group gets of any route, 0 to 1; `None` where no route names it, or no route is known.
    pub fn greatest_share(&self, group: &str) -> Option<f64> {
        self.routes.iter().filter_map(|route| route.share(group)).reduce(f64::max)
    }

    /// Whether a group takes traffic, or may: without all routes nothing says that it does not.
    pub fn takes(&self, group: &str) -> bool {
        let known = !self.routes.is_empty() && self.routes_partial.is_none();
        !known || self.greatest_share(group).is_some_and(|share| share > 0.0)
    }

    /// What lies beyond the bounds of what is read.
    pub fn partial(&self) -> impl Iterator<Item = &Text> {
        self.routes_partial.iter().chain(&self.groups_partial)
    }
}

/// One forwarding action of a listener or rule.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Route {
    /// `HTTPS:443`, and the rule's priority and conditions where it is not the default one.
    pub listener: Text,
    /// The rule's ARN; a listener's default action is named by the listener's.
    pub arn: Text,
    /// Target groups by name, with weights (0 to 999) as they are set.
    pub weights: Vec<(Text, u32)>,
    /// How long a visitor stays with a group, in seconds; `None` where that is not set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sticky_seconds: Option<u32>,
    /// What it does besides forwarding, such as `authenticate-oidc`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub besides: Vec<Text>,
}

impl Route {
    /// The share of the traffic that a group gets, 0 to 1; `None` where all weights are zero or it is not in this route.
    pub fn share(&self, group: &str) -> Option<f64> {
        let sum: u32 = self.weights.iter().map(|(_, weight)| weight).sum();
        let (_, weight) = self.weights.iter().find(|(name, _)| name.as_str() == group)?;
        (sum > 0).then(|| f64::from(*weight) / f64::from(sum))
    }

    /// Whether all its weights are zero: what it takes is answered with 503.
    pub fn is_dead(&self) -> bool {
        self.weights.iter().all(|(_, weight)| *weight == 0)
    }
}

/// A target group and its targets.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TargetGroup {
    /// Its name.
    pub name: Text,
    /// Its ARN.
    pub arn: Text,
    /// Its targets; bounded.
    pub targets: Vec<TrafficTarget>,
}

impl TargetGroup {
    /// Targets that are healthy.
    pub fn healthy(&self) -> usize {
        self.targets.iter().filter(|target| target.state.as_str() == "healthy").count()
    }
}

/// One registered target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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

impl TrafficTarget {
    /// Whether its health checks fail.
    pub fn is_unhealthy(&self) -> bool {
        self.state.as_str().starts_with("unhealthy")
    }

    /// Whether its health is not told: checks are off, or the answer lacks it.
    pub fn is_untold(&self) -> bool {
        matches!(self.state.as_str(), "unavailable" | "unknown")
    }
}
