//! Mutating calls to AWS Backup.
//! <https://docs.aws.amazon.com/aws-backup/latest/devguide/API_StartBackupJob.html>

use aws_config::SdkConfig;
use aws_sdk_backup::Client;

use super::error::{classify, not_sent, untold};
use crate::action::Call;
use crate::executor::target::{ApplyError, Permit, Receipt};
use crate::text::Text;

/// Sends one call of AWS Backup, once. An answer without the job's identifier tells nothing.
pub(super) async fn send(config: &SdkConfig, call: &Call, permit: Permit<'_>) -> Result<Receipt, ApplyError> {
    let Call::BackupStart { vault, resource, role, token, .. } = call else {
        return Err(not_sent("not a call of AWS Backup"));
    };
    let request = Client::new(config).start_backup_job().backup_vault_name(vault).resource_arn(resource);
    let request = request.iam_role_arn(role).idempotency_token(token);
    permit.last_look()?;
    let output = request.send().await.map_err(|error| classify(&error))?;
    let id = output.backup_job_id().filter(|id| !id.is_empty()).ok_or_else(|| untold("no job"))?;
    Ok(Receipt { said: Text::clean(&format!("backup job {id}")), made: Some(id.to_owned()) })
}
