//! Exports of snapshots and clusters to S3.

use aws_sdk_rds::types::ExportTask;
use jiff::Timestamp;

use super::{Found, Listed, Page, paged};
use crate::source::aws::decode::{text, timestamp};
use crate::source::aws::rds::Rds;
use crate::source::{BackupJob, CopyKind, JobKind, JobOutcome, RecoveryPoint, SourceError};
use crate::text::Text;

/// Records of a page, the API's limit.
const A_PAGE: i32 = 100;

/// Pages of tasks that are read. The list is of the whole account.
const PAGES: usize = 5;

/// The export tasks of the account.
pub(super) async fn tasks(rds: &Rds) -> Result<Listed<ExportTask>, SourceError> {
    let asked = &rds.asked("rds:DescribeExportTasks");
    paged(PAGES, |marker| async move {
        let sent = rds.client().describe_export_tasks().max_records(A_PAGE).set_marker(marker).send().await;
        let page = sent.map_err(|error| asked.failed(&error))?;
        Ok(Page { next: page.marker, items: page.export_tasks.unwrap_or_default() })
    })
    .await
}

/// Adds the tasks of these sources: each as a job, each complete one as a point that was cut when its snapshot was.
pub(super) fn add(found: &mut Found, tasks: Result<Listed<ExportTask>, SourceError>, of: &[&str], now: Timestamp) {
    let (tasks, _) = found.take_list("export tasks", true, tasks);
    let own = tasks.iter().filter(|task| task.source_arn().is_some_and(|arn| of.contains(&arn)));
    for task in own {
        let job = job(task, now);
        found.protection.points.extend(point(task).filter(|_| job.outcome == JobOutcome::Completed));
        found.protection.jobs.push(job);
    }
}

/// A task without any date begins now: who asks whether one is under way must see it.
fn job(task: &ExportTask, now: Timestamp) -> BackupJob {
    let status = task.status().unwrap_or_default();
    let message = task.failure_cause().or_else(|| task.warning_message());
    BackupJob {
        id: text(task.export_task_identifier()),
        kind: JobKind::Export,
        state: Text::clean(status),
        outcome: outcome(status),
        validation: None,
        message: message.filter(|message| !message.is_empty()).map(Text::clean),
        created: begun(task).unwrap_or(now),
        completed: task.task_end_time().and_then(timestamp),
        percent: task.percent_progress().filter(|percent| (0..=100).contains(percent)).map(f64::from),
        origin: None,
    }
}

/// A task that waits has not begun: its snapshot's time is the only date.
fn begun(task: &ExportTask) -> Option<Timestamp> {
    task.task_start_time().or_else(|| task.snapshot_time()).and_then(timestamp)
}

fn point(task: &ExportTask) -> Option<RecoveryPoint> {
    let place = format!("s3://{}/{}", task.s3_bucket().unwrap_or_default(), task.s3_prefix().unwrap_or_default());
    Some(RecoveryPoint {
        id: text(task.export_task_identifier()),
        kind: CopyKind::Export,
        origin: Some(Text::clean(&place)),
        cut: task.snapshot_time().or_else(|| task.task_start_time()).and_then(timestamp)?,
        cut_is_end: false,
        completed: task.task_end_time().and_then(timestamp),
        bytes: gigabytes(task.total_extracted_data_in_gb()),
        encrypted: Some(task.kms_key_id().is_some()),
        encryption: None,
        expires: None,
    })
}

/// 0 is what is told of less than one gigabyte, and is not a size.
fn gigabytes(gigabytes: Option<i32>) -> Option<u64> {
    let whole = u64::try_from(gigabytes?).ok().filter(|whole| *whole > 0)?;
    whole.checked_mul(1 << 30)
}

/// `STARTING`, `IN_PROGRESS`, `CANCELING`, `COMPLETE`, `CANCELED`, `FAILED`; emulators write them small.
fn outcome(status: &str) -> JobOutcome {
    match status.to_ascii_uppercase().as_str() {
        "COMPLETE" | "COMPLETED" => JobOutcome::Completed,
        "STARTING" | "IN_PROGRESS" | "CANCELING" => JobOutcome::Running,
        _ => JobOutcome::Failed,
    }
}
