//! Load balancers before services in the report.

use serde::Serialize;

use super::judge::Look;
use super::report::Item;
use super::table::{Row, dash, row};
use crate::config::Service;
use crate::source::{Route, Subject, TargetGroup, Traffic};

/// The load balancer before a service. The value is how many targets are healthy, of all its groups.
#[derive(Debug, Serialize)]
pub struct TrafficReport {
    /// Healthy targets.
    #[serde(flatten)]
    pub item: Item<Option<usize>>,
    /// Its state, routes with weights, and groups with targets; null where it never was read.
    pub details: Option<Traffic>,
}

impl Look<'_> {
    pub(super) fn traffic(&self, service: &Service) -> Option<TrafficReport> {
        service.load_balancer.as_ref()?;
        let subject = Subject::Traffic { service: service.name.clone() };
        let measured = self.readings.of::<Traffic>(self.config, &subject, self.now);
        let healthy = |traffic: &Traffic| traffic.groups.iter().map(TargetGroup::healthy).sum();
        Some(TrafficReport {
            item: Item::of(&measured, None, |traffic| traffic.map(healthy)),
            details: measured.value().map(|(traffic, _)| traffic.clone()),
        })
    }
}

/// The load balancer's line of the table: the weights of each route, then the health of each group.
pub(super) fn line(service: &str, traffic: &TrafficReport) -> Row {
    let details = traffic.details.as_ref();
    let value = details.map_or_else(dash, |traffic| {
        let all: usize = traffic.groups.iter().map(|group| group.targets.len()).sum();
        let healthy: usize = traffic.groups.iter().map(TargetGroup::healthy).sum();
        format!("{healthy}/{all} targets healthy")
    });
    let note = details.map(|traffic| {
        let routes = traffic.routes.iter().map(weights);
        let partial = traffic.partial().map(|words| format!("not whole: {words}"));
        partial.chain(routes).chain(traffic.groups.iter().map(health)).collect::<Vec<_>>().join(", ")
    });
    row(service, "traffic".to_owned(), value, &traffic.item, note.unwrap_or_default())
}

/// `HTTP:80 blue 90 green 10`: the weights as they are set.
fn weights(route: &Route) -> String {
    let weights = route.weights.iter().map(|(group, weight)| format!(" {group} {weight}"));
    format!("{}{}", route.listener, weights.collect::<String>())
}

fn health(group: &TargetGroup) -> String {
    format!("{} {}/{} healthy", group.name, group.healthy(), group.targets.len())
}
