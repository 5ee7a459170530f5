//! ECS services: counts, deployments, events and tasks.
//!
//! DescribeServices takes ten services of one cluster a call
//! (<https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeServices.html>), DescribeTasks a hundred tasks.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_ecs::Client;
use aws_sdk_ecs::operation::describe_services::DescribeServicesOutput;
use aws_sdk_ecs::types::Failure;
use futures_util::future::BoxFuture;
use tokio::sync::OnceCell;

use super::connect::{Connection, operation_timeout};
use super::error::{Asked, kind_of_failure};
use super::recent::Recent;
use super::{decode, ecs_decode, few_at_once};
use crate::clock::Mono;
use crate::config::{EcsService, Polling, source_at};
use crate::source::{
    Ask, Cadence, Cluster, Name, Payload, Reading, Readings, Source, SourceError, SourceErrorKind, Subject, Task,
    Workload,
};

/// Services in one DescribeServices call, the API's limit.
const SERVICES_A_CALL: usize = 10;

/// Tasks in one DescribeTasks call, the API's limit; also the page size of ListTasks.
const TASKS_A_CALL: i32 = 100;

/// Pages of tasks that are read of one service; the rest is left out, so that healthy tasks are counted too low and
/// never too high.
const TASK_PAGES: usize = 5;

/// A service of the configuration and where it runs.
#[derive(Debug, Clone)]
pub struct Placed {
    /// Its name in the configuration.
    pub service: Name,
    /// Where it runs.
    pub ecs: EcsService,
}

/// Reads the workload of all services that run on ECS.
pub struct Ecs {
    name: Name,
    connection: Arc<Connection>,
    polling: Polling,
    placed: Vec<Placed>,
    subjects: Vec<Subject>,
    reader: OnceCell<Reader>,
}

impl Ecs {
    /// A source named `ecs` for these services.
    pub fn new(connection: Arc<Connection>, polling: Polling, placed: Vec<Placed>) -> Self {
        let subjects = placed.iter().map(|placed| Subject::Workload { service: placed.service.clone() }).collect();
        Self { name: Name::from("ecs"), connection, polling, placed, subjects, reader: OnceCell::new() }
    }

    /// The same for services of a place: named after it.
    pub fn at(self, place: Option<&Name>) -> Self {
        Self { name: source_at("ecs", place), ..self }
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

impl Source for Ecs {
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

    fn poll<'a>(&'a self, ask: Ask, out: &'a Readings) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            let reader = self.reader.get_or_init(|| Reader::new(&self.connection, self.polling.timeout)).await;
            let mut batches: Vec<BoxFuture<'_, ()>> = Vec::new();
            for batch in self.batches() {
                batches.push(Box::pin(reader.poll_batch(batch, ask.now.mono, out)));
            }
            few_at_once(batches).await;
        })
    }
}

/// Reads ECS through one client.
pub(super) struct Reader {
    client: Client,
    source: Name,
    who: String,
    clusters: Recent<Option<Cluster>>,
    listed: Recent<Vec<Task>>,
}

impl Reader {
    /// A reader whose calls take `deadline` at most.
    pub(super) async fn new(connection: &Connection, deadline: Duration) -> Self {
        let config = connection.sdk_config(operation_timeout(deadline)).await;
        Self {
            client: Client::new(&config),
            source: Name::from("ecs"),
            who: connection.who(),
            clusters: Recent::new(),
            listed: Recent::new(),
        }
    }

    /// One service with its tasks, fresh.
    pub(super) async fn workload(&self, ecs: &EcsService) -> Result<Workload, SourceError> {
        let described = self.describe(&ecs.cluster, [ecs.service.as_str()]).await?;
        let mut workload = self.without_tasks(&described, ecs)?;
        workload.tasks = self.tasks(ecs).await?;
        Ok(workload)
    }

    async fn poll_batch(&self, batch: Vec<&Placed>, now: Mono, out: &Readings) {
        let cluster = batch.first().map_or("", |placed| placed.ecs.cluster.as_str());
        let services = self.describe(cluster, batch.iter().map(|placed| placed.ecs.service.as_str()));
        let (described, cluster) = tokio::join!(services, self.recent_cluster(cluster, now));
        let mut readings: Vec<BoxFuture<'_, ()>> = Vec::new();
        for placed in batch {
            readings.push(Box::pin(self.send(placed, &described, cluster.as_ref(), now, out)));
        }
        few_at_once(readings).await;
    }

    async fn recent_cluster(&self, name: &str, now: Mono) -> Option<Cluster> {
        if let Some(known) = self.clusters.get(name, now) {
            return known;
        }
        let told = self.cluster(name).await;
        self.clusters.keep(name.to_owned(), now, told.clone());
        told
    }

    /// The cluster itself. It is told beside its services, so a failure (or a missing permission) costs only this part.
    async fn cluster(&self, name: &str) -> Option<Cluster> {
        let sent = self.client.describe_clusters().clusters(name).send().await;
        match sent {
            Ok(described) => described.clusters().first().and_then(ecs_decode::cluster),
            Err(error) => {
                tracing::warn!("{}", self.asked("ecs:DescribeClusters").failed(&error));
                None
            }
        }
    }

    async fn send(
        &self,
        placed: &Placed,
        described: &Result<DescribeServicesOutput, SourceError>,
        cluster: Option<&Cluster>,
        now: Mono,
        out: &Readings,
    ) {
        let mut outcome = match described {
            Ok(described) => self.with_recent_tasks(described, &placed.ecs, now).await,
            Err(error) => Err(error.clone()),
        };
        if let Ok(workload) = &mut outcome {
            workload.cluster = cluster.cloned();
        }
        let subject = Subject::Workload { service: placed.service.clone() };
        // A closed channel means that nobody listens any more.
        let _ = out.send(Reading { subject, outcome: outcome.map(Payload::Workload) }).await;
    }

    async fn describe<'a>(
        &self,
        cluster: &str,
        services: impl IntoIterator<Item = &'a str>,
    ) -> Result<DescribeServicesOutput, SourceError> {
        let names = services.into_iter().map(str::to_owned).collect();
        let sent = self.client.describe_services().cluster(cluster).set_services(Some(names)).send().await;
        sent.map_err(|error| self.asked("ecs:DescribeServices").failed(&error))
    }

    fn without_tasks(&self, described: &DescribeServicesOutput, ecs: &EcsService) -> Result<Workload, SourceError> {
        let asked = self.asked("ecs:DescribeServices");
        let found = described.services().iter().find(|service| ecs_decode::is_called(service, &ecs.service));
        let Some(found) = found else {
            return Err(missing(asked, described.failures(), ecs));
        };
        ecs_decode::workload(found).map_err(|reason| asked.error(SourceErrorKind::Malformed, &reason))
    }

    /// For the panels: tasks are listed anew at once when a count or a deployment changed, else every few seconds. Plans rest
    /// on [`Reader::workload`], which always asks.
    async fn with_recent_tasks(
        &self,
        described: &DescribeServicesOutput,
        ecs: &EcsService,
        now: Mono,
    ) -> Result<Workload, SourceError> {
        let mut workload = self.without_tasks(described, ecs)?;
        let counts = (workload.desired, workload.running, workload.pending);
        let key = format!("{} {counts:?} {:?}", workload.arn, workload.deployments);
        if let Some(known) = self.listed.get(&key, now) {
            workload.tasks = known;
        } else {
            workload.tasks = self.tasks(ecs).await?;
            self.listed.keep(key, now, workload.tasks.clone());
        }
        Ok(workload)
    }

    /// Tasks that the service means to run, page by page.
    async fn tasks(&self, ecs: &EcsService) -> Result<Vec<Task>, SourceError> {
        let mut tasks = Vec::new();
        let mut token = None;
        for _ in 0..TASK_PAGES {
            let listing = self.client.list_tasks().cluster(&ecs.cluster).service_name(&ecs.service);
            let listed = listing.max_results(TASKS_A_CALL).set_next_token(token).send().await;
            let listed = listed.map_err(|error| self.asked("ecs:ListTasks").failed(&error))?;
            tasks.extend(self.described_tasks(&ecs.cluster, listed.task_arns()).await?);
            token = listed.next_token().filter(|token| !token.is_empty()).map(str::to_owned);
            if token.is_none() {
                break;
            }
        }
        Ok(tasks)
    }

    /// A task that ended since it was listed is among the failures of the answer, and left out.
    async fn described_tasks(&self, cluster: &str, arns: &[String]) -> Result<Vec<Task>, SourceError> {
        if arns.is_empty() {
            return Ok(Vec::new());
        }
        let sent = self.client.describe_tasks().cluster(cluster).set_tasks(Some(arns.to_vec())).send().await;
        let described = sent.map_err(|error| self.asked("ecs:DescribeTasks").failed(&error))?;
        Ok(described.tasks().iter().map(ecs_decode::task).collect())
    }

    fn asked<'a>(&'a self, operation: &'a str) -> Asked<'a> {
        Asked { source: &self.source, operation, who: &self.who }
    }
}

/// Why the answer does not name the service: its `failures[]` say so, or it is no answer to what was asked.
pub(super) fn missing(asked: Asked<'_>, failures: &[Failure], ecs: &EcsService) -> SourceError {
    let of_this = |failure: &&Failure| failure.arn().is_some_and(|arn| decode::last_part(arn) == ecs.service);
    match failures.iter().find(of_this) {
        Some(failure) if failure.reason() == Some("MISSING") => {
            let reason = format!("there is no service {} in the cluster {}", ecs.service, ecs.cluster);
            asked.error(SourceErrorKind::Missing, &reason)
        }
        Some(failure) => {
            let (reason, detail) = (failure.reason().unwrap_or("failed"), failure.detail().unwrap_or_default());
            asked.error(kind_of_failure(reason, detail), format!("{}: {reason} {detail}", ecs.service).trim_end())
        }
        None => {
            let reason = format!("the answer names neither the service {} nor a failure of it", ecs.service);
            asked.error(SourceErrorKind::Malformed, &reason)
        }
    }
}
