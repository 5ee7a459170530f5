//! Releases of ECS services: task definition revisions with their images (ECR), service deployments, tasks that stopped.
//!
//! Most of it never changes once it is told, and is asked once: a revision's containers, which revision a deployment
//! brings. What may change is listed at every poll. One part that can't be read is named among the answer's `missing`.

mod candidate;
mod content;
mod decode;
mod deployments;
mod needs;
mod registry;
mod revisions;
mod tasks;

pub(super) use candidate::candidate;
pub(super) use needs::is_same;
pub(crate) use registry::decode_any as decode_any_image;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_ecs::Client;
use aws_sdk_ecs::operation::describe_services::DescribeServicesOutput;
use futures_util::future::BoxFuture;
use tokio::sync::OnceCell;

use self::deployments::{Deployments, Told};
use self::registry::Registry;
use self::revisions::Revisions;
use super::connect::{Connection, operation_timeout};
use super::ecs::Placed;
use super::error::Asked;
use super::{Connections, ecs, ecs_decode, few_at_once, placed};
use crate::clock::Mono;
use crate::config::{Config, Polling, RELEASES_INTERVAL};
use crate::source::{
    Ask, Cadence, Name, Payload, Reading, Readings, Releases, ServiceDeployment, SharedSource, Source, SourceError,
    Subject,
};
use crate::text::Text;

/// Services in one DescribeServices call, the API's limit.
const SERVICES_A_CALL: usize = 10;

/// The sources that the configuration asks for: one a place where services run on ECS.
pub(super) fn sources(connections: &Arc<Connections>, config: &Config) -> Vec<SharedSource> {
    let mut places: BTreeMap<Option<Name>, Vec<Placed>> = BTreeMap::new();
    for placed in placed(config) {
        places.entry(placed.ecs.place.clone()).or_default().push(placed);
    }
    let source = |(place, placed): (Option<Name>, Vec<Placed>)| -> SharedSource {
        let name = place.as_ref().map_or_else(|| "releases".to_owned(), |place| format!("releases {place}"));
        Arc::new(Released::new(Name::from(name), connections.at(place.as_ref()).clone(), config.ecs, placed))
    };
    places.into_iter().map(source).collect()
}

/// Reads what was released to all services of one place.
struct Released {
    name: Name,
    connection: Arc<Connection>,
    polling: Polling,
    placed: Vec<Placed>,
    subjects: Vec<Subject>,
    reader: OnceCell<Reader>,
}

impl Released {
    fn new(name: Name, connection: Arc<Connection>, polling: Polling, placed: Vec<Placed>) -> Self {
        let subjects = placed.iter().map(|placed| Subject::Releases { service: placed.service.clone() }).collect();
        Self { name, connection, polling, placed, subjects, reader: OnceCell::new() }
    }

    /// A reader that describes all that is listed at once where there is one service only: a plan looks once.
    async fn open(&self) -> Reader {
        let reader = Reader::new(&self.name, &self.connection, self.polling.timeout).await;
        let described_a_poll = if self.placed.len() == 1 { revisions::ALL } else { revisions::DESCRIBED_A_POLL };
        Reader { described_a_poll, ..reader }
    }

    /// Groups of services that one call asks for.
    fn batches(&self) -> Vec<Vec<&Placed>> {
        let mut clusters: BTreeMap<&str, Vec<&Placed>> = BTreeMap::new();
        for placed in &self.placed {
            clusters.entry(&placed.ecs.cluster).or_default().push(placed);
        }
        clusters.values().flat_map(|cluster| cluster.chunks(SERVICES_A_CALL).map(<[_]>::to_vec)).collect()
    }
}

impl Source for Released {
    fn name(&self) -> &Name {
        &self.name
    }

    fn cadence(&self) -> Cadence {
        Cadence { every: self.polling.interval.max(RELEASES_INTERVAL), lag: Duration::ZERO }
    }

    /// Several calls follow each other, and nobody waits for them: longer than one poll of the counts.
    fn deadline(&self) -> Duration {
        (self.polling.timeout * 2).min(RELEASES_INTERVAL)
    }

    fn subjects(&self) -> &[Subject] {
        &self.subjects
    }

    fn poll<'a>(&'a self, ask: Ask, out: &'a Readings) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            let reader = self.reader.get_or_init(|| self.open()).await;
            let mut batches: Vec<BoxFuture<'_, ()>> = Vec::new();
            for batch in self.batches() {
                batches.push(Box::pin(reader.poll_batch(batch, ask.now.mono, out)));
            }
            few_at_once(batches).await;
        })
    }
}

/// Reads ECS and ECR of one place.
struct Reader {
    api: Api,
    registry: Registry,
    revisions: Revisions,
    deployments: Deployments,
    described_a_poll: usize,
}

/// What one call said of up to ten services.
type Described = Result<DescribeServicesOutput, SourceError>;

/// ECS, and who asks it.
struct Api {
    client: Client,
    source: Name,
    who: String,
}

impl Api {
    fn asked<'a>(&'a self, operation: &'a str) -> Asked<'a> {
        Asked { source: &self.source, operation, who: &self.who }
    }
}

impl Reader {
    async fn new(source: &Name, connection: &Connection, deadline: Duration) -> Self {
        let config = connection.sdk_config(operation_timeout(deadline)).await;
        let api = Api { client: Client::new(&config), source: source.clone(), who: connection.who() };
        let registry = Registry::new(config, source.clone(), connection.who());
        Self {
            api,
            registry,
            revisions: Revisions::default(),
            deployments: Deployments::default(),
            described_a_poll: revisions::DESCRIBED_A_POLL,
        }
    }

    async fn poll_batch(&self, batch: Vec<&Placed>, now: Mono, out: &Readings) {
        let described = self.described(&batch).await;
        let mut readings: Vec<BoxFuture<'_, ()>> = Vec::new();
        for placed in batch {
            readings.push(Box::pin(self.send(placed, &described, now, out)));
        }
        few_at_once(readings).await;
    }

    async fn described(&self, batch: &[&Placed]) -> Described {
        let cluster = batch.first().map_or("", |placed| placed.ecs.cluster.as_str());
        let names = batch.iter().map(|placed| placed.ecs.service.clone()).collect();
        let sent = self.api.client.describe_services().cluster(cluster).set_services(Some(names)).send().await;
        sent.map_err(|error| self.api.asked("ecs:DescribeServices").failed(&error))
    }

    async fn send(&self, placed: &Placed, described: &Described, now: Mono, out: &Readings) {
        let outcome = match described {
            Ok(described) => self.releases(placed, described, now).await,
            Err(error) => Err(error.clone()),
        };
        let subject = Subject::Releases { service: placed.service.clone() };
        let _ = out.send(Reading { subject, outcome: outcome.map(Payload::Releases) }).await;
    }

    async fn releases(
        &self,
        placed: &Placed,
        described: &DescribeServicesOutput,
        now: Mono,
    ) -> Result<Releases, SourceError> {
        let named = |service: &&_| ecs_decode::is_called(service, &placed.ecs.service);
        let Some(service) = described.services().iter().find(named) else {
            return Err(ecs::missing(self.api.asked("ecs:DescribeServices"), described.failures(), &placed.ecs));
        };
        let (revisions, deployments, stopped, running) = tokio::join!(
            self.revisions.read(&self.api, service, self.described_a_poll),
            self.deployments.read(&self.api, &placed.ecs),
            tasks::stopped(&self.api, &placed.ecs),
            tasks::running(&self.api, &placed.ecs),
        );
        let (deployments, mut missing) = split(deployments);
        let mut releases = Releases {
            revisions: part(&mut missing, "revisions", revisions),
            deployments: part(&mut missing, "deployments", deployments),
            stopped: part(&mut missing, "stopped tasks", stopped),
            running: part(&mut missing, "images of running tasks", running),
            safety: decode::safety(service),
            missing,
        };
        self.registry.complete(&mut releases.revisions, &decode::in_use(service), now).await;
        Ok(releases)
    }
}

/// Deployments, and what of each could not be read.
fn split(read: Result<Told, SourceError>) -> (Result<Vec<ServiceDeployment>, SourceError>, Vec<Text>) {
    read.map_or_else(|error| (Err(error), Vec::new()), |told| (Ok(told.deployments), told.missing))
}

/// A part, or nothing and a word about why.
fn part<T>(missing: &mut Vec<Text>, what: &str, read: Result<Vec<T>, SourceError>) -> Vec<T> {
    read.unwrap_or_else(|error| {
        missing.push(Text::clean(&format!("{what}: {}", error.reason)));
        Vec::new()
    })
}
