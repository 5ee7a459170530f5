//! Mutating calls to the RDS API, which serves RDS, Aurora and DocumentDB.
//! <https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_FailoverDBCluster.html>
//! <https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_RebootDBInstance.html>

use aws_config::SdkConfig;
use aws_sdk_rds::Client;

use super::error::{classify, not_sent, untold};
use crate::action::Call;
use crate::executor::target::{ApplyError, Permit, Receipt};

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
        _ => Err(not_sent("not a call of RDS")),
    }
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
