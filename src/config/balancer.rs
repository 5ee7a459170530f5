//! The load balancer before a service.

use super::Polling;
use crate::source::Name;

/// What is read of ELBv2 for a service: a load balancer's routes, and target groups.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoadBalancer {
    /// The load balancer's name; `None` reads target groups only.
    pub name: Option<String>,
    /// Names of target groups, in the order that they are shown.
    pub target_groups: Vec<String>,
    /// The place of `[[aws.place]]`; `None` is `[aws]` itself.
    pub place: Option<Name>,
    /// Interval and deadline.
    pub polling: Polling,
}
