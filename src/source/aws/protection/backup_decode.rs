//! AWS Backup's shapes as ours.

use std::time::Duration;

use aws_sdk_backup::operation::describe_protected_resource::DescribeProtectedResourceOutput;
use aws_sdk_backup::types as api;
use jiff::{SignedDuration, Timestamp};

use super::backup::Of;
use crate::slo::schedule::{self, Rule, START_WITHIN};
use crate::source::aws::decode::{last_part, text, timestamp};
use crate::source::{BackupJob, CopyKind, JobKind, JobOutcome, RecoveryPoint, Schedule, Validation};
use crate::text::Text;

/// What AWS Backup says of a protected resource.
pub(super) type Resource = DescribeProtectedResourceOutput;

/// A point that is whole; none of one that is partial, expired, being made or removed, of another resource, or without a
/// date. The earlier of both dates is taken for the cut: the job's start where it is told.
pub(super) fn point(point: &api::RecoveryPointByBackupVault, resource: &str) -> Option<RecoveryPoint> {
    let whole = matches!(point.status()?, api::RecoveryPointStatus::Completed | api::RecoveryPointStatus::Available);
    let of_this = point.resource_arn().is_none_or(|arn| arn == resource);
    let [begun, made] = [point.initiation_date(), point.creation_date()].map(|at| at.and_then(timestamp));
    let cut = [begun, made].into_iter().flatten().min().filter(|_| whole && of_this)?;
    Some(RecoveryPoint {
        id: Text::clean(last_part(last_colon(point.recovery_point_arn().unwrap_or_default()))),
        kind: CopyKind::AwsBackup,
        origin: rule_of(point.created_by()),
        cut,
        cut_is_end: false,
        completed: point.completion_date().and_then(timestamp),
        bytes: point.backup_size_in_bytes().and_then(|bytes| u64::try_from(bytes).ok()),
        encrypted: Some(point.is_encrypted()),
        encryption: None,
        expires: point.calculated_lifecycle().and_then(|cycle| cycle.delete_at()).and_then(timestamp),
    })
}

/// A backup job; none without a date, or of another resource or vault (an emulator may list those too).
pub(super) fn job(job: &api::BackupJob, of: &Of<'_>) -> Option<BackupJob> {
    let here = job.resource_arn().is_none_or(|arn| arn == of.resource)
        && job.backup_vault_name().is_none_or(|vault| vault == of.vault);
    let created = job.creation_date().and_then(timestamp).filter(|_| here)?;
    let state = job.state().map(api::BackupJobState::as_str);
    Some(BackupJob {
        id: text(job.backup_job_id()),
        kind: JobKind::Backup,
        state: text(state),
        outcome: outcome(state),
        validation: None,
        message: message(job.status_message()),
        created,
        completed: job.completion_date().and_then(timestamp),
        percent: percent(job.percent_done()),
        origin: rule_of(job.created_by()),
    })
}

/// A copy to another vault or region.
pub(super) fn copy(job: &api::CopyJob, resource: &str) -> Option<BackupJob> {
    let here = job.resource_arn().is_none_or(|arn| arn == resource);
    let created = job.creation_date().and_then(timestamp).filter(|_| here)?;
    let state = job.state().map(api::CopyJobState::as_str);
    Some(BackupJob {
        id: text(job.copy_job_id()),
        kind: JobKind::Copy,
        state: text(state),
        outcome: outcome(state),
        validation: None,
        message: message(job.status_message()),
        created,
        completed: job.completion_date().and_then(timestamp),
        percent: None,
        origin: rule_of(job.created_by()),
    })
}

/// A restore, with what its validation found.
pub(super) fn restore(job: &api::RestoreJobsListMember, resource: &str) -> Option<BackupJob> {
    let here = job.source_resource_arn().is_none_or(|arn| arn == resource);
    let created = job.creation_date().and_then(timestamp).filter(|_| here)?;
    let state = job.status().map(api::RestoreJobStatus::as_str);
    Some(BackupJob {
        id: text(job.restore_job_id()),
        kind: JobKind::Restore,
        state: text(state),
        outcome: outcome(state),
        validation: job.validation_status().map(validation),
        message: message(job.status_message().or_else(|| job.validation_status_message())),
        created,
        completed: job.completion_date().and_then(timestamp),
        percent: percent(job.percent_done()),
        origin: None,
    })
}

/// The last restore that AWS Backup remembers of a resource, which may be older than its list of jobs.
pub(super) fn last_restore(resource: &Resource) -> Option<BackupJob> {
    let created = resource.latest_restore_job_creation_date().and_then(timestamp)?;
    let minutes = resource.latest_restore_execution_time_minutes().filter(|minutes| (0..=100_000).contains(minutes))?;
    Some(BackupJob {
        id: Text::from("latest restore"),
        kind: JobKind::Restore,
        state: Text::from("COMPLETED"),
        outcome: JobOutcome::Completed,
        validation: None,
        message: None,
        created,
        completed: created.checked_add(SignedDuration::from_mins(minutes)).ok(),
        percent: None,
        origin: None,
    })
}

/// A rule of a plan.
pub(super) fn schedule(rule: &api::BackupRule, since: Option<Timestamp>, now: Timestamp) -> Schedule {
    let minutes = |minutes: i64| Some(Duration::from_secs(u64::try_from(minutes).ok()?.checked_mul(60)?));
    let days = |days: Option<i64>| days.and_then(|days| u32::try_from(days).ok()).filter(|days| *days > 0);
    let cycle = rule.lifecycle();
    let found = Rule {
        name: rule.rule_name(),
        expression: rule.schedule_expression().unwrap_or_default(),
        zone: rule.schedule_expression_timezone(),
        start_within: rule.start_window_minutes().and_then(minutes).or(Some(START_WITHIN)),
        checked_since: since,
    };
    Schedule {
        cold_after_days: days(cycle.and_then(api::Lifecycle::move_to_cold_storage_after_days)),
        delete_after_days: days(cycle.and_then(api::Lifecycle::delete_after_days)),
        ..schedule::schedule(&found, now)
    }
}

/// A state that is not known to have completed or to be under way counts as failed: nothing can be relied on.
fn outcome(state: Option<&str>) -> JobOutcome {
    match state.unwrap_or_default() {
        "COMPLETED" => JobOutcome::Completed,
        "CREATED" | "PENDING" | "RUNNING" | "ABORTING" => JobOutcome::Running,
        _ => JobOutcome::Failed,
    }
}

fn validation(status: &api::RestoreValidationStatus) -> Validation {
    match status {
        api::RestoreValidationStatus::Successful => Validation::Successful,
        api::RestoreValidationStatus::Validating => Validation::Validating,
        _ => Validation::Failed,
    }
}

fn rule_of(creator: Option<&api::RecoveryPointCreator>) -> Option<Text> {
    creator?.backup_rule_name().map(Text::clean)
}

fn message(raw: Option<&str>) -> Option<Text> {
    raw.filter(|raw| !raw.is_empty()).map(Text::clean)
}

/// `"40.71"`, or `"40.71%"` as the documentation has it.
fn percent(raw: Option<&str>) -> Option<f64> {
    let percent = raw?.trim_end_matches('%').parse::<f64>().ok()?;
    (0.0..=100.0).contains(&percent).then_some(percent)
}

/// What stands after the last `:`; a recovery point's ARN ends in `recovery-point:ID` or in a snapshot's name.
fn last_colon(arn: &str) -> &str {
    arn.rsplit(':').next().unwrap_or(arn)
}
