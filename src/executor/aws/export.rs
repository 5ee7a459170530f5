//! Exports of snapshots to S3.
//! <https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_StartExportTask.html>

use aws_config::SdkConfig;
use aws_sdk_rds::Client;
use aws_sdk_rds::error::ProvideErrorMetadata;
use aws_sdk_rds::operation::start_export_task::StartExportTaskOutput;

use super::error::{classify, not_sent, untold};
use crate::action::{Call, ExportTask};
use crate::executor::target::{ApplyError, Permit, Receipt};
use crate::text::Text;

/// What RDS answers where there is a task of that identifier: it is of this plan alone, so the plan made it.
const THERE_ALREADY: &str = "ExportTaskAlreadyExists";

/// Starts one export, once.
pub(super) async fn send(config: &SdkConfig, call: &Call, permit: Permit<'_>) -> Result<Receipt, ApplyError> {
    let Call::RdsExport { task, .. } = call else { return Err(not_sent("not an export to S3")) };
    let request = Client::new(config).start_export_task().export_task_identifier(&task.task);
    let request = request.source_arn(&task.snapshot).s3_bucket_name(&task.bucket);
    let request = request.set_s3_prefix(Some(task.prefix.clone()).filter(|prefix| !prefix.is_empty()));
    let request = request.iam_role_arn(&task.role).kms_key_id(&task.key);
    let request = request.set_export_only(Some(task.only.clone()).filter(|only| !only.is_empty()));
    permit.last_look()?;
    match request.send().await {
        Ok(output) => started(task, &output),
        Err(error) if error.as_service_error().and_then(ProvideErrorMetadata::code) == Some(THERE_ALREADY) => {
            Ok(receipt(task, "is there already"))
        }
        Err(error) => Err(classify(&error)),
    }
}

/// What was answered; an answer about another task tells nothing.
fn started(task: &ExportTask, output: &StartExportTaskOutput) -> Result<Receipt, ApplyError> {
    match output.export_task_identifier() {
        Some(id) if id == task.task => {
            Ok(receipt(task, &format!("is {}", output.status().unwrap_or("without a status"))))
        }
        id => Err(untold(&format!("the export {}", id.unwrap_or("without a name")))),
    }
}

fn receipt(task: &ExportTask, state: &str) -> Receipt {
    Receipt { said: Text::clean(&format!("export {} {state}", task.task)), made: Some(task.task.clone()) }
}
