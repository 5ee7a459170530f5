//! Load balancers (ELBv2): where listeners and rules forward to, with weights, and the health of targets.

mod decode;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_elasticloadbalancingv2::Client;
use aws_sdk_elasticloadbalancingv2::types::{Listener, LoadBalancer as Balancer, Rule, TargetGroup as Group};
use futures_util::future::{BoxFuture, try_join_all};
use tokio::sync::OnceCell;

use super::connect::{Connection, operation_timeout};
use super::error::Asked;
use super::{Connections, few_at_once};
use crate::config::{Config, LoadBalancer, Polling};
use crate::source::{
    Ask, Cadence, Name, Payload, Reading, Readings, Route, SharedSource, Source, SourceError, SourceErrorKind, Subject,
    TargetGroup, Traffic,
};
use crate::text::Text;

/// Pages that are read of one listing.
const PAGES: usize = 4;

/// Target groups that are read where the configuration names none.
const GROUPS: usize = 20;

/// A listing, and a word about what lies beyond its bound.
type Partly<T> = (Vec<T>, Option<Text>);

/// The sources that the configuration asks for: services of one place that are asked equally often are asked together.
pub(super) fn sources(connections: &Arc<Connections>, config: &Config) -> Vec<SharedSource> {
    let mut together: BTreeMap<(Option<Name>, Duration, Duration), Vec<Before>> = BTreeMap::new();
    for service in &config.services {
        let Some(balancer) = service.load_balancer.clone() else { continue };
        let key = (balancer.place.clone(), balancer.polling.interval, balancer.polling.timeout);
        together.entry(key).or_default().push(Before { service: service.name.clone(), balancer });
    }
    let several = together.len() > 1;
    let source = |((place, interval, timeout), services): (_, Vec<Before>)| -> SharedSource {
        let connection = connections.at(Option::as_ref(&place)).clone();
        let first = services.first().map_or("", |before| before.service.as_str());
        let name = if several { format!("balancer-{first}") } else { "balancer".to_owned() };
        Arc::new(Balancers::new(Name::from(name), connection, Polling { interval, timeout }, services))
    };
    together.into_iter().map(source).collect()
}

/// A service and the load balancer before it.
struct Before {
    service: Name,
    balancer: LoadBalancer,
}

/// Reads the load balancers before services.
struct Balancers {
    name: Name,
    connection: Arc<Connection>,
    polling: Polling,
    services: Vec<Before>,
    subjects: Vec<Subject>,
    reader: OnceCell<Reader>,
}

impl Balancers {
    fn new(name: Name, connection: Arc<Connection>, polling: Polling, services: Vec<Before>) -> Self {
        let subjects = services.iter().map(|before| Subject::Traffic { service: before.service.clone() }).collect();
        Self { name, connection, polling, services, subjects, reader: OnceCell::new() }
    }
}

impl Source for Balancers {
    fn name(&self) -> &Name {
        &self.name
    }

    fn cadence(&self) -> Cadence {
        Cadence { every: self.polling.interval, lag: Duration::ZERO }
    }

    fn deadline(&self) -> Duration {
        self.polling.timeout
    }

    fn subjects(&self) -> &[Subject] {
        &self.subjects
    }

    fn poll<'a>(&'a self, _ask: Ask, out: &'a Readings) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            let reader = self.reader.get_or_init(|| Reader::new(&self.name, &self.connection, self.polling.timeout));
            let reader = reader.await;
            let mut readings: Vec<BoxFuture<'_, ()>> = Vec::new();
            for before in &self.services {
                readings.push(Box::pin(async move {
                    let outcome = reader.traffic(&before.balancer).await.map(Payload::Traffic);
                    let subject = Subject::Traffic { service: before.service.clone() };
                    let _ = out.send(Reading { subject, outcome }).await;
                }));
            }
            few_at_once(readings).await;
        })
    }
}

/// Reads ELBv2 through one client.
struct Reader {
    client: Client,
    source: Name,
    who: String,
}

impl Reader {
    async fn new(source: &Name, connection: &Connection, deadline: Duration) -> Self {
        let config = connection.sdk_config(operation_timeout(deadline)).await;
        Self { client: Client::new(&config), source: source.clone(), who: connection.who() }
    }

    async fn traffic(&self, wanted: &LoadBalancer) -> Result<Traffic, SourceError> {
        let balancer = match &wanted.name {
            Some(name) => Some(self.balancer(name).await?),
            None => None,
        };
        let arn = balancer.as_ref().and_then(Balancer::load_balancer_arn);
        let ((routes, routes_partial), (groups, groups_partial)) =
            tokio::try_join!(self.routes(arn), self.groups(arn, wanted))?;
        let state = balancer.as_ref().and_then(|balancer| balancer.state()?.code());
        let state = balancer.as_ref().map(|_| decode::text(state.map_or("unknown", |code| code.as_str())));
        let is_ours = |route: &Route| {
            let named = |name: &str| wanted.target_groups.iter().any(|group| group == name);
            wanted.target_groups.is_empty() || route.weights.iter().any(|(name, _)| named(name.as_str()))
        };
        let routes = routes.into_iter().filter(is_ours).collect();
        Ok(Traffic { state, routes, groups, routes_partial, groups_partial })
    }

    async fn balancer(&self, name: &str) -> Result<Balancer, SourceError> {
        let sent = self.client.describe_load_balancers().names(name).send().await;
        let asked = self.asked("elasticloadbalancing:DescribeLoadBalancers");
        let described = sent.map_err(|error| asked.failed(&error))?;
        let found = described.load_balancers().iter().find(|balancer| balancer.load_balancer_name() == Some(name));
        let found = found.filter(|balancer| balancer.load_balancer_arn().is_some()).cloned();
        found.ok_or_else(|| asked.error(SourceErrorKind::Malformed, &format!("the answer does not name {name}")))
    }

    /// Where a load balancer forwards to: default actions and rules of its listeners; and what of it was not read.
    async fn routes(&self, balancer: Option<&str>) -> Result<Partly<Route>, SourceError> {
        let Some(balancer) = balancer else { return Ok((Vec::new(), None)) };
        let (listeners, mut partial) = self.listeners(balancer).await?;
        let mut routes = Vec::new();
        for listener in listeners {
            if decode::has_rules(&listener) {
                let (rules, more) = self.rules(&listener).await?;
                routes.extend(rules.iter().filter_map(|rule| decode::rule(&listener, rule)));
                partial = partial.or(more);
            }
            routes.extend(decode::default_route(&listener));
        }
        Ok((routes, partial))
    }

    async fn listeners(&self, balancer: &str) -> Result<Partly<Listener>, SourceError> {
        let (mut listeners, mut marker) = (Vec::new(), None);
        for _ in 0..PAGES {
            let sent = self.client.describe_listeners().load_balancer_arn(balancer).set_marker(marker).send().await;
            let asked = self.asked("elasticloadbalancing:DescribeListeners");
            let page = sent.map_err(|error| asked.failed(&error))?;
            listeners.extend_from_slice(page.listeners());
            marker = next(page.next_marker());
            if marker.is_none() {
                return Ok((listeners, None));
            }
        }
        let partial = decode::partial("listeners", listeners.len());
        Ok((listeners, Some(partial)))
    }

    async fn rules(&self, listener: &Listener) -> Result<Partly<Rule>, SourceError> {
        let (mut rules, mut marker) = (Vec::new(), None);
        let arn = listener.listener_arn().unwrap_or_default();
        for _ in 0..PAGES {
            let sent = self.client.describe_rules().listener_arn(arn).set_marker(marker).send().await;
            let page = sent.map_err(|error| self.asked("elasticloadbalancing:DescribeRules").failed(&error))?;
            rules.extend_from_slice(page.rules());
            marker = next(page.next_marker());
            if marker.is_none() {
                return Ok((rules, None));
            }
        }
        let partial = decode::partial(&format!("rules of {}", decode::named(listener)), rules.len());
        Ok((rules, Some(partial)))
    }

    /// The target groups that the configuration names, in its order; the first of the load balancer where it names none.
    async fn groups(&self, balancer: Option<&str>, wanted: &LoadBalancer) -> Result<Partly<TargetGroup>, SourceError> {
        let names = &wanted.target_groups;
        let (mut groups, mut partial) = self.listed_groups(balancer, names).await?;
        let is_called = |group: &Group, name: &str| group.target_group_name() == Some(name);
        if let Some(lost) = names.iter().find(|name| !groups.iter().any(|group| is_called(group, name))) {
            let asked = self.asked("elasticloadbalancing:DescribeTargetGroups");
            return Err(asked.error(SourceErrorKind::Missing, &format!("there is no target group {lost}")));
        }
        if names.is_empty() && groups.len() > GROUPS {
            groups.truncate(GROUPS);
            partial = Some(decode::partial("target groups", GROUPS));
        }
        groups.sort_by_key(|group| names.iter().position(|name| is_called(group, name)));
        Ok((try_join_all(groups.iter().map(|group| self.group(group))).await?, partial))
    }

    async fn listed_groups(&self, balancer: Option<&str>, names: &[String]) -> Result<Partly<Group>, SourceError> {
        let (mut groups, mut marker) = (Vec::new(), None);
        for _ in 0..PAGES {
            let asking = self.client.describe_target_groups().set_marker(marker);
            let asking = match names {
                [] => asking.set_load_balancer_arn(balancer.map(str::to_owned)),
                names => asking.set_names(Some(names.to_vec())),
            };
            let asked = self.asked("elasticloadbalancing:DescribeTargetGroups");
            let page = asking.send().await.map_err(|error| asked.failed(&error))?;
            groups.extend_from_slice(page.target_groups());
            marker = next(page.next_marker());
            if marker.is_none() {
                return Ok((groups, None));
            }
        }
        let partial = decode::partial("target groups", groups.len());
        Ok((groups, Some(partial)))
    }

    async fn group(&self, group: &Group) -> Result<TargetGroup, SourceError> {
        let arn = group.target_group_arn().unwrap_or_default();
        let sent = self.client.describe_target_health().target_group_arn(arn).send().await;
        let asked = self.asked("elasticloadbalancing:DescribeTargetHealth");
        let described = sent.map_err(|error| asked.failed(&error))?;
        let targets = described.target_health_descriptions().iter().map(decode::target).collect();
        Ok(TargetGroup {
            name: decode::text(group.target_group_name().unwrap_or_default()),
            arn: decode::text(arn),
            targets,
        })
    }

    fn asked<'a>(&'a self, operation: &'a str) -> Asked<'a> {
        Asked { source: &self.source, operation, who: &self.who }
    }
}

/// The marker of the next page, where there is one.
fn next(marker: Option<&str>) -> Option<String> {
    marker.filter(|marker| !marker.is_empty()).map(str::to_owned)
}
