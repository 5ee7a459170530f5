//! Mutating calls to the RDS API, which serves RDS, Aurora and DocumentDB.
//! <https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_FailoverDBCluster.html>
//! <https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_RebootDBInstance.html>

use aws_config::SdkConfig;
use aws_sdk_rds::Client;
use aws_sdk_rds::config::http::HttpResponse;
use aws_sdk_rds::error::{ProvideErrorMetadata, SdkError};

use super::error::{classify, not_sent, untold};
use crate::action::Call;
use crate::executor::target::{ApplyError, Permit, Receipt};
use crate::text::Text;

/// Sends one call of RDS, once.
pub(super) async fn send(config: &SdkConfig, call: &Call, permit: Permit<'_>) -> Result<Receipt, ApplyError> {
    let client = Client::new(config);
    match call {
        Call::RdsFailOver { cluster, to, .. } => {
            let request = client.failover_db_cluster().db_cluster_identifier(cluster).target_db_instance_identifier(to);
            permit.last_look()?;
            let output = request.send().await.map_err(|error| classify(&error))?;
            let told = output.db_cluster().map(|found| (found.db_cluster_identifier(), found.status()));
            described("cluster", cluster, told)
        }
        Call::RdsRebootWithFailover { instance, .. } => {
            let request = client.reboot_db_instance().db_instance_identifier(instance).force_failover(true);
            permit.last_look()?;
            let output = request.send().await.map_err(|error| classify(&error))?;
            let told = output.db_instance().map(|found| (found.db_instance_identifier(), found.db_instance_status()));
            described("instance", instance, told)
        }
        Call::RdsClusterSnapshot { cluster, snapshot, .. } => {
            let request = client.create_db_cluster_snapshot().db_cluster_identifier(cluster);
            let request = request.db_cluster_snapshot_identifier(snapshot);
            permit.last_look()?;
            match request.send().await {
                Ok(output) => {
                    let told = output.db_cluster_snapshot();
                    made(snapshot, told.map(|found| (found.db_cluster_snapshot_identifier(), found.status())))
                }
                Err(error) if there_already(&error) => Ok(known(snapshot)),
                Err(error) => Err(classify(&error)),
            }
        }
        Call::RdsInstanceSnapshot { instance, snapshot, .. } => {
            let request = client.create_db_snapshot().db_instance_identifier(instance);
            let request = request.db_snapshot_identifier(snapshot);
            permit.last_look()?;
            match request.send().await {
                Ok(output) => {
                    let told = output.db_snapshot();
                    made(snapshot, told.map(|found| (found.db_snapshot_identifier(), found.status())))
                }
                Err(error) if there_already(&error) => Ok(known(snapshot)),
                Err(error) => Err(classify(&error)),
            }
        }
        _ => Err(not_sent("not a call of RDS")),
    }
}

/// Whether the error says that the snapshot is there: its identifier is of this plan alone, so the plan made it.
fn there_already<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> bool {
    let code = error.as_service_error().and_then(ProvideErrorMetadata::code).unwrap_or_default();
    matches!(code, "DBClusterSnapshotAlreadyExistsFault" | "DBClusterSnapshotAlreadyExists" | "DBSnapshotAlreadyExists")
}

fn known(snapshot: &str) -> Receipt {
    Receipt { said: Text::clean(&format!("snapshot {snapshot} is there already")), made: Some(snapshot.to_owned()) }
}

fn made(snapshot: &str, told: Option<(Option<&str>, Option<&str>)>) -> Result<Receipt, ApplyError> {
    let receipt = described("snapshot", snapshot, told)?;
    Ok(Receipt { made: Some(snapshot.to_owned()), ..receipt })
}

/// What was answered; an answer that doesn't describe what was named tells nothing.
fn described(kind: &str, name: &str, told: Option<(Option<&str>, Option<&str>)>) -> Result<Receipt, ApplyError> {
    match told {
        Some((Some(id), status)) if id.eq_ignore_ascii_case(name) => {
            Ok(Receipt::from(format!("{kind} {name} is {}", status.unwrap_or("without a status"))))
        }
        Some((id, _)) => Err(untold(&format!("the {kind} {}", id.unwrap_or("without a name")))),
        None => Err(untold(&format!("no {kind}"))),
    }
}
