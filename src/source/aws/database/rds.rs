//! RDS: clusters with their instances, single instances, maintenance that waits.
//!
//! Aurora and DocumentDB answer through the same operations
//! (<https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/>).

use aws_config::SdkConfig;
use aws_sdk_rds::Client;
use aws_sdk_rds::types::{DbInstance, Filter};

use super::rds_decode;
use crate::config::DatabaseId;
use crate::source::aws::error::Asked;
use crate::source::{Database, Name, PendingMaintenance, SourceError, SourceErrorKind};

/// Pages that are read of any listing; a page has up to 100 entries, a cluster up to 16 instances.
const PAGES: usize = 5;

/// Reads RDS through one client.
pub(super) struct Reader {
    client: Client,
    source: Name,
    who: String,
}

impl Reader {
    pub(super) fn new(config: &SdkConfig, source: Name, who: String) -> Self {
        Self { client: Client::new(config), source, who }
    }

    /// A cluster with its instances.
    pub(super) async fn cluster(&self, id: &str) -> Result<Database, SourceError> {
        let asked = self.asked("rds:DescribeDBClusters");
        let sent = self.client.describe_db_clusters().db_cluster_identifier(id).send().await;
        let answer = sent.map_err(|error| asked.failed(&error))?;
        let found = answer.db_clusters().iter().find(|cluster| cluster.db_cluster_identifier() == Some(id));
        let cluster = found.ok_or_else(|| asked.error(SourceErrorKind::Missing, &format!("no cluster {id}")))?;
        let instances = self.instances_of(id).await;
        let decoded = rds_decode::cluster(cluster, instances);
        decoded.map_err(|reason| asked.error(SourceErrorKind::Malformed, &reason))
    }

    /// An instance that is in no cluster, with its read replicas.
    pub(super) async fn instance(&self, id: &str) -> Result<Database, SourceError> {
        let asked = self.asked("rds:DescribeDBInstances");
        let sent = self.client.describe_db_instances().db_instance_identifier(id).send().await;
        let answer = sent.map_err(|error| asked.failed(&error))?;
        let found = answer.db_instances().iter().find(|instance| instance.db_instance_identifier() == Some(id));
        let instance = found.ok_or_else(|| asked.error(SourceErrorKind::Missing, &format!("no instance {id}")))?;
        let replicas = self.replicas(instance).await;
        let decoded = rds_decode::instance(instance, replicas);
        decoded.map_err(|reason| asked.error(SourceErrorKind::Malformed, &reason))
    }

    /// The instances of a cluster. Whatever the filter gave: only those that name the cluster, for an emulator gives all.
    async fn instances_of(&self, cluster: &str) -> Result<Vec<DbInstance>, SourceError> {
        let mut instances = self.instances(filter("db-cluster-id", [cluster.to_owned()])).await?;
        instances.retain(|instance| instance.db_cluster_identifier() == Some(cluster));
        Ok(instances)
    }

    /// The read replicas in this region; those elsewhere are named by their ARN, and another place tells of them.
    async fn replicas(&self, instance: &DbInstance) -> Result<Vec<DbInstance>, SourceError> {
        let named = instance.read_replica_db_instance_identifiers().iter();
        let here: Vec<String> = named.filter(|id| !id.starts_with("arn:")).cloned().collect();
        if here.is_empty() {
            return Ok(Vec::new());
        }
        let mut instances = self.instances(filter("db-instance-id", here.clone())).await?;
        instances.retain(|instance| here.iter().any(|id| Some(id.as_str()) == instance.db_instance_identifier()));
        Ok(instances)
    }

    async fn instances(&self, filter: Filter) -> Result<Vec<DbInstance>, SourceError> {
        let asked = self.asked("rds:DescribeDBInstances");
        let mut instances = Vec::new();
        let mut marker = None;
        for _ in 0..PAGES {
            let sent = self.client.describe_db_instances().filters(filter.clone()).set_marker(marker).send().await;
            let page = sent.map_err(|error| asked.failed(&error))?;
            instances.extend_from_slice(page.db_instances());
            marker = page.marker().filter(|marker| !marker.is_empty()).map(str::to_owned);
            if marker.is_none() {
                return Ok(instances);
            }
        }
        Err(asked.error(SourceErrorKind::Malformed, &format!("more than {PAGES} pages of instances")))
    }

    /// Maintenance that waits for the cluster and each of its instances.
    pub(super) async fn maintenance(
        &self,
        id: &DatabaseId,
        database: &Database,
    ) -> Result<Vec<PendingMaintenance>, SourceError> {
        let members = database.members.iter().map(|member| member.id.to_string());
        match id {
            DatabaseId::Cluster(cluster) => {
                let mut pending = self.pending(filter("db-cluster-id", [cluster.clone()])).await?;
                if !database.members.is_empty() {
                    pending.extend(self.pending(filter("db-instance-id", members)).await?);
                }
                Ok(pending)
            }
            _ => self.pending(filter("db-instance-id", members)).await,
        }
    }

    async fn pending(&self, filter: Filter) -> Result<Vec<PendingMaintenance>, SourceError> {
        let asked = self.asked("rds:DescribePendingMaintenanceActions");
        let sent = self.client.describe_pending_maintenance_actions().filters(filter).send().await;
        let answer = sent.map_err(|error| asked.failed(&error))?;
        Ok(answer.pending_maintenance_actions().iter().flat_map(rds_decode::pending).collect())
    }

    /// An id of another platform: a slip of ours.
    pub(super) fn not_ours(&self) -> SourceError {
        self.asked("rds").error(SourceErrorKind::Refused, "not a database of RDS")
    }

    fn asked<'a>(&'a self, operation: &'a str) -> Asked<'a> {
        Asked { source: &self.source, operation, who: &self.who }
    }
}

fn filter(name: &str, values: impl IntoIterator<Item = String>) -> Filter {
    Filter::builder().name(name).set_values(Some(values.into_iter().collect())).build()
}
