//! ElastiCache: replication groups with their nodes, single cache clusters, updates that wait
//! (<https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/>).

use aws_config::SdkConfig;
use aws_sdk_elasticache::Client;
use aws_sdk_elasticache::types::{CacheCluster, UpdateActionStatus};

use super::elasticache_decode;
use crate::config::DatabaseId;
use crate::source::aws::error::Asked;
use crate::source::{Database, Name, PendingMaintenance, SourceError, SourceErrorKind};

/// Nodes that are looked at one by one; a group of more shows its roles only.
const NODES: usize = 16;

/// Reads ElastiCache through one client.
pub(super) struct Reader {
    client: Client,
    source: Name,
    who: String,
}

impl Reader {
    pub(super) fn new(config: &SdkConfig, source: Name, who: String) -> Self {
        Self { client: Client::new(config), source, who }
    }

    /// A replication group with its nodes.
    pub(super) async fn replication_group(&self, id: &str) -> Result<Database, SourceError> {
        let asked = self.asked("elasticache:DescribeReplicationGroups");
        let sent = self.client.describe_replication_groups().replication_group_id(id).send().await;
        let answer = sent.map_err(|error| asked.failed(&error))?;
        let found = answer.replication_groups().iter().find(|group| group.replication_group_id() == Some(id));
        let group =
            found.ok_or_else(|| asked.error(SourceErrorKind::Missing, &format!("no replication group {id}")))?;
        let mut nodes = Vec::new();
        for member in group.member_clusters().iter().take(NODES) {
            nodes.push(self.cluster(member).await);
        }
        let decoded = elasticache_decode::group(group, nodes);
        decoded.map_err(|reason| asked.error(SourceErrorKind::Malformed, &reason))
    }

    /// A single cache cluster with its nodes.
    pub(super) async fn cache_cluster(&self, id: &str) -> Result<Database, SourceError> {
        let cluster = self.cluster(id).await?;
        let decoded = elasticache_decode::cluster(&cluster);
        decoded.map_err(|reason| {
            self.asked("elasticache:DescribeCacheClusters").error(SourceErrorKind::Malformed, &reason)
        })
    }

    async fn cluster(&self, id: &str) -> Result<CacheCluster, SourceError> {
        let asked = self.asked("elasticache:DescribeCacheClusters");
        let asking = self.client.describe_cache_clusters().cache_cluster_id(id).show_cache_node_info(true);
        let answer = asking.send().await.map_err(|error| asked.failed(&error))?;
        let found = answer.cache_clusters().iter().find(|cluster| cluster.cache_cluster_id() == Some(id));
        found.cloned().ok_or_else(|| asked.error(SourceErrorKind::Missing, &format!("no cache cluster {id}")))
    }

    /// Service updates that were not applied yet.
    pub(super) async fn maintenance(&self, id: &DatabaseId) -> Result<Vec<PendingMaintenance>, SourceError> {
        let asked = self.asked("elasticache:DescribeUpdateActions");
        let waiting = [
            UpdateActionStatus::NotApplied,
            UpdateActionStatus::WaitingToStart,
            UpdateActionStatus::Scheduling,
            UpdateActionStatus::Scheduled,
            UpdateActionStatus::InProgress,
        ];
        let asking = self.client.describe_update_actions().set_update_action_status(Some(waiting.to_vec()));
        let asking = match id {
            DatabaseId::ReplicationGroup(id) => asking.replication_group_ids(id),
            DatabaseId::CacheCluster(id) => asking.cache_cluster_ids(id),
            _ => return Err(self.not_ours()),
        };
        let answer = asking.send().await.map_err(|error| asked.failed(&error))?;
        Ok(answer.update_actions().iter().map(elasticache_decode::update).collect())
    }

    /// An id of another platform: a slip of ours.
    pub(super) fn not_ours(&self) -> SourceError {
        self.asked("elasticache").error(SourceErrorKind::Refused, "not a cache of ElastiCache")
    }

    fn asked<'a>(&'a self, operation: &'a str) -> Asked<'a> {
        Asked { source: &self.source, operation, who: &self.who }
    }
}
