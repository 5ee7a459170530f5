//! The database or cache that a service is.

use std::time::Duration;

use super::Polling;
use crate::source::Name;

/// A database or cache, by its platform's identifier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatabasePlace {
    /// Which it is.
    pub id: DatabaseId,
    /// The place of `[[aws.place]]`; `None` is `[aws]` itself.
    pub place: Option<Name>,
    /// The signal of the service that tells how far replicas lie behind; `None`: CloudWatch's metrics are asked.
    pub lag: Option<Name>,
    /// How far behind a replica may lie that is to take the writes.
    pub max_lag: Duration,
    /// Interval and deadline.
    pub polling: Polling,
}

/// Identifiers of databases and caches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DatabaseId {
    /// A cluster of Aurora, DocumentDB or Multi-AZ RDS.
    Cluster(String),
    /// An instance of RDS that is in no cluster.
    Instance(String),
    /// A cache cluster of ElastiCache.
    CacheCluster(String),
    /// A replication group of ElastiCache.
    ReplicationGroup(String),
}
