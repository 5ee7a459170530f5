//! Databases and caches: RDS, Aurora and DocumentDB (one API for all three), ElastiCache.
//!
//! One source a database, for each has an interval of its own. Maintenance that waits changes by the day and costs a call of
//! its own, so it is asked every ten minutes and kept in between.

mod elasticache;
mod elasticache_decode;
mod rds;
mod rds_decode;

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::sync::{Mutex, OnceCell};

use super::Connections;
use super::connect::{Connection, operation_timeout};
use super::rds::Rds;
use crate::clock::Now;
use crate::config::{Config, DatabaseId, DatabasePlace};
use crate::source::{
    Ask, Cadence, Database, Name, Payload, PendingMaintenance, Reading, Readings, SharedSource, Source, SourceError,
    Subject,
};
use crate::text::Text;

/// How often maintenance that waits is asked.
const MAINTENANCE_EVERY: Duration = Duration::from_secs(600);

/// The sources that the configuration asks for: one a database.
pub(super) fn sources(connections: &Arc<Connections>, config: &Config) -> Vec<SharedSource> {
    let databases = config.services.iter().filter_map(|service| Some((&service.name, service.database.clone()?)));
    let source = |(service, place): (&Name, DatabasePlace)| {
        let connection = connections.at(place.place.as_ref()).clone();
        Arc::new(DatabaseSource::new(service, place, connection)) as SharedSource
    };
    databases.map(source).collect()
}

/// Reads one database or cache.
struct DatabaseSource {
    name: Name,
    subjects: [Subject; 1],
    place: DatabasePlace,
    connection: Arc<Connection>,
    reader: OnceCell<Reader>,
    maintenance: Mutex<Option<(Now, Maintenance)>>,
}

/// Maintenance that waits, or why it is not known.
type Maintenance = Result<Vec<PendingMaintenance>, SourceError>;

enum Reader {
    Rds(Rds),
    ElastiCache(elasticache::Reader),
}

impl DatabaseSource {
    fn new(service: &Name, place: DatabasePlace, connection: Arc<Connection>) -> Self {
        let subjects = [Subject::Database { service: service.clone() }];
        let name = Name::from(format!("database {service}"));
        Self { name, subjects, place, connection, reader: OnceCell::new(), maintenance: Mutex::default() }
    }

    async fn open(&self) -> Reader {
        let config = self.connection.sdk_config(operation_timeout(self.place.polling.timeout)).await;
        let (source, who) = (self.name.clone(), self.connection.who());
        match self.place.id {
            DatabaseId::Cluster(_) | DatabaseId::Instance(_) => Reader::Rds(Rds::new(&config, source, who)),
            DatabaseId::CacheCluster(_) | DatabaseId::ReplicationGroup(_) => {
                Reader::ElastiCache(elasticache::Reader::new(&config, source, who))
            }
        }
    }

    async fn read(&self, now: Now) -> Result<Database, SourceError> {
        let reader = self.reader.get_or_init(|| self.open()).await;
        let mut database = reader.database(&self.place.id).await?;
        match self.maintenance(reader, &database, now).await {
            Ok(pending) => database.pending = pending,
            Err(error) => database.missing.push(Text::clean(&format!("pending maintenance: {}", error.reason))),
        }
        Ok(database)
    }

    /// What was asked last, or asked anew where that is too old. A failure is kept no longer than one poll.
    async fn maintenance(&self, reader: &Reader, database: &Database, now: Now) -> Maintenance {
        let mut kept = self.maintenance.lock().await;
        match &*kept {
            Some((asked, Ok(pending))) if now.mono.since(asked.mono) < MAINTENANCE_EVERY => Ok(pending.clone()),
            _ => {
                let pending = reader.maintenance(&self.place.id, database).await;
                *kept = Some((now, pending.clone()));
                pending
            }
        }
    }
}

impl Reader {
    async fn database(&self, id: &DatabaseId) -> Result<Database, SourceError> {
        match (self, id) {
            (Self::Rds(api), DatabaseId::Cluster(id)) => rds::cluster(api, id).await,
            (Self::Rds(api), DatabaseId::Instance(id)) => rds::instance(api, id).await,
            (Self::ElastiCache(cache), DatabaseId::ReplicationGroup(id)) => cache.replication_group(id).await,
            (Self::ElastiCache(cache), DatabaseId::CacheCluster(id)) => cache.cache_cluster(id).await,
            (Self::Rds(api), _) => Err(rds::not_ours(api)),
            (Self::ElastiCache(cache), _) => Err(cache.not_ours()),
        }
    }

    async fn maintenance(&self, id: &DatabaseId, database: &Database) -> Maintenance {
        match self {
            Self::Rds(api) => rds::maintenance(api, id, database).await,
            Self::ElastiCache(cache) => cache.maintenance(id).await,
        }
    }
}

impl Source for DatabaseSource {
    fn name(&self) -> &Name {
        &self.name
    }

    fn cadence(&self) -> Cadence {
        Cadence { every: self.place.polling.interval, lag: Duration::ZERO }
    }

    fn deadline(&self) -> Duration {
        self.place.polling.timeout
    }

    fn subjects(&self) -> &[Subject] {
        &self.subjects
    }

    fn poll<'a>(&'a self, ask: Ask, out: &'a Readings) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            let outcome = self.read(ask.now).await.map(Payload::Database);
            let _ = out.send(Reading { subject: self.subjects[0].clone(), outcome }).await;
        })
    }
}
