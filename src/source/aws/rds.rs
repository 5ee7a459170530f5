//! The RDS API, which serves RDS, Aurora and DocumentDB: clusters, instances, snapshots and exports, read through one client.
//! <https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_Operations.html>

use aws_config::SdkConfig;
use aws_sdk_rds::Client;
use aws_sdk_rds::types::{DbCluster, DbInstance};

use super::error::Asked;
use crate::source::{Name, SourceError, SourceErrorKind};

/// Reads the RDS API.
pub(super) struct Rds {
    client: Client,
    source: Name,
    who: String,
}

impl Rds {
    /// A reader that tells errors as `source`'s.
    pub(super) fn new(config: &SdkConfig, source: Name, who: String) -> Self {
        Self { client: Client::new(config), source, who }
    }

    /// The client, for what is read here only by one source.
    pub(super) fn client(&self) -> &Client {
        &self.client
    }

    /// A cluster of Aurora, DocumentDB or Multi-AZ RDS.
    pub(super) async fn cluster(&self, name: &str) -> Result<DbCluster, SourceError> {
        let asked = self.asked("rds:DescribeDBClusters");
        let sent = self.client.describe_db_clusters().db_cluster_identifier(name).send().await;
        let found = sent.map_err(|error| asked.failed(&error))?.db_clusters.unwrap_or_default();
        let of_this = found.into_iter().find(|cluster| cluster.db_cluster_identifier() == Some(name));
        of_this.ok_or_else(|| asked.error(SourceErrorKind::Missing, &format!("there is no cluster {name}")))
    }

    /// An instance.
    pub(super) async fn instance(&self, name: &str) -> Result<DbInstance, SourceError> {
        let asked = self.asked("rds:DescribeDBInstances");
        let sent = self.client.describe_db_instances().db_instance_identifier(name).send().await;
        let found = sent.map_err(|error| asked.failed(&error))?.db_instances.unwrap_or_default();
        let of_this = found.into_iter().find(|instance| instance.db_instance_identifier() == Some(name));
        of_this.ok_or_else(|| asked.error(SourceErrorKind::Missing, &format!("there is no instance {name}")))
    }

    /// Who asks what, for the message of an error.
    pub(super) fn asked<'a>(&'a self, operation: &'a str) -> Asked<'a> {
        Asked { source: &self.source, operation, who: &self.who }
    }
}
