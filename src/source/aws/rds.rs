//! The RDS API, which serves RDS, Aurora and DocumentDB: clusters, instances, maintenance that waits. Snapshots and exports are
//! read through the same client where backups are.
//! <https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_Operations.html>

use aws_config::SdkConfig;
use aws_sdk_rds::Client;
use aws_sdk_rds::types::{DbCluster, DbInstance, Filter, ResourcePendingMaintenanceActions};

use super::error::Asked;
use super::protection::{Listed, Page, paged};
use crate::source::{Name, SourceError, SourceErrorKind};

/// Pages that are read of any listing; a page has up to 100 entries, a cluster up to 16 instances.
const PAGES: usize = 5;

/// Records of a page, the API's limit.
const A_PAGE: i32 = 100;

/// Pages that are read of a listing of the whole account.
const EVERY_PAGES: usize = 20;

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

    /// The instances that a filter lets through; an error rather than a part of them.
    pub(super) async fn instances(&self, filter: Filter) -> Result<Vec<DbInstance>, SourceError> {
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

    /// All clusters of the account; an error rather than a part of them.
    pub(super) async fn every_cluster(&self) -> Result<Vec<DbCluster>, SourceError> {
        let asked = &self.asked("rds:DescribeDBClusters");
        let listed = paged(EVERY_PAGES, |marker| async move {
            let sent = self.client.describe_db_clusters().max_records(A_PAGE).set_marker(marker).send().await;
            let page = sent.map_err(|error| asked.failed(&error))?;
            Ok(Page { next: page.marker, items: page.db_clusters.unwrap_or_default() })
        });
        whole(listed.await?, asked)
    }

    /// All instances of the account; an error rather than a part of them.
    pub(super) async fn every_instance(&self) -> Result<Vec<DbInstance>, SourceError> {
        let asked = &self.asked("rds:DescribeDBInstances");
        let listed = paged(EVERY_PAGES, |marker| async move {
            let sent = self.client.describe_db_instances().max_records(A_PAGE).set_marker(marker).send().await;
            let page = sent.map_err(|error| asked.failed(&error))?;
            Ok(Page { next: page.marker, items: page.db_instances.unwrap_or_default() })
        });
        whole(listed.await?, asked)
    }

    /// Maintenance that waits for what a filter lets through.
    pub(super) async fn pending(&self, filter: Filter) -> Result<Vec<ResourcePendingMaintenanceActions>, SourceError> {
        let asked = self.asked("rds:DescribePendingMaintenanceActions");
        let sent = self.client.describe_pending_maintenance_actions().filters(filter).send().await;
        let answer = sent.map_err(|error| asked.failed(&error))?;
        Ok(answer.pending_maintenance_actions.unwrap_or_default())
    }

    /// Who asks what, for the message of an error.
    pub(super) fn asked<'a>(&'a self, operation: &'a str) -> Asked<'a> {
        Asked { source: &self.source, operation, who: &self.who }
    }
}

/// A listing, if all of it was read.
fn whole<T>(listed: Listed<T>, asked: &Asked<'_>) -> Result<Vec<T>, SourceError> {
    match listed.cut {
        None => Ok(listed.items),
        Some(why) => Err(asked.error(SourceErrorKind::Malformed, &why)),
    }
}

/// A filter of the API by one name.
pub(super) fn filter(name: &str, values: impl IntoIterator<Item = String>) -> Filter {
    Filter::builder().name(name).set_values(Some(values.into_iter().collect())).build()
}
