//! RDS: clusters with their instances, single instances, maintenance that waits, composed of what [`Rds`] reads.

use aws_sdk_rds::types::DbInstance;

use super::rds_decode;
use crate::config::DatabaseId;
use crate::source::aws::rds::{Rds, filter};
use crate::source::{Database, PendingMaintenance, SourceError, SourceErrorKind};

/// A cluster with its instances.
pub(super) async fn cluster(rds: &Rds, id: &str) -> Result<Database, SourceError> {
    let cluster = rds.cluster(id).await?;
    let decoded = rds_decode::cluster(&cluster, instances_of(rds, id).await);
    decoded.map_err(|reason| rds.asked("rds:DescribeDBClusters").error(SourceErrorKind::Malformed, &reason))
}

/// An instance that is in no cluster, with its read replicas.
pub(super) async fn instance(rds: &Rds, id: &str) -> Result<Database, SourceError> {
    let instance = rds.instance(id).await?;
    let decoded = rds_decode::instance(&instance, replicas(rds, &instance).await);
    decoded.map_err(|reason| rds.asked("rds:DescribeDBInstances").error(SourceErrorKind::Malformed, &reason))
}

/// The instances of a cluster. Whatever the filter gave: only those that name the cluster, for an emulator gives all.
async fn instances_of(rds: &Rds, cluster: &str) -> Result<Vec<DbInstance>, SourceError> {
    let mut instances = rds.instances(filter("db-cluster-id", [cluster.to_owned()])).await?;
    instances.retain(|instance| instance.db_cluster_identifier() == Some(cluster));
    Ok(instances)
}

/// The read replicas in this region; those elsewhere are named by their ARN, and another place tells of them.
async fn replicas(rds: &Rds, instance: &DbInstance) -> Result<Vec<DbInstance>, SourceError> {
    let named = instance.read_replica_db_instance_identifiers().iter();
    let here: Vec<String> = named.filter(|id| !id.starts_with("arn:")).cloned().collect();
    if here.is_empty() {
        return Ok(Vec::new());
    }
    let mut instances = rds.instances(filter("db-instance-id", here.clone())).await?;
    instances.retain(|instance| here.iter().any(|id| Some(id.as_str()) == instance.db_instance_identifier()));
    Ok(instances)
}

/// Maintenance that waits for the cluster and each of its instances.
pub(super) async fn maintenance(
    rds: &Rds,
    id: &DatabaseId,
    database: &Database,
) -> Result<Vec<PendingMaintenance>, SourceError> {
    let members = database.members.iter().map(|member| member.id.to_string());
    let of_members = filter("db-instance-id", members);
    let mut pending = Vec::new();
    if let DatabaseId::Cluster(cluster) = id {
        pending.extend(rds.pending(filter("db-cluster-id", [cluster.clone()])).await?);
        if database.members.is_empty() {
            return Ok(pending.iter().flat_map(rds_decode::pending).collect());
        }
    }
    pending.extend(rds.pending(of_members).await?);
    Ok(pending.iter().flat_map(rds_decode::pending).collect())
}

/// An id of another platform: a slip of ours.
pub(super) fn not_ours(rds: &Rds) -> SourceError {
    rds.asked("rds").error(SourceErrorKind::Refused, "not a database of RDS")
}
